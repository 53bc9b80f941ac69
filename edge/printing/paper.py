"""The paper as a value: rows of text, amounts, rules and codes, before any printer is known."""

import unicodedata
from collections.abc import Callable, Iterator
from typing import Literal

import msgspec

Size = Literal[1, 2, 3, 4]
Align = Literal["left", "center", "right"]
Kind = Literal[
    "kitchen_ticket", "rush_slip", "move_slip", "receipt", "report", "test_page", "drawer"
]


class Text(msgspec.Struct, frozen=True, tag="text", omit_defaults=True):
    """Words, wrapped between words.

    `size` multiplies width and height, `tall` doubles the height alone; `inverse` is white on a
    black bar over the whole width. `indent` columns come before each row, `hang` more before each
    row but the first, so that a wrapped name stays clear of its quantity. `struck` rows are drawn
    with a line through them, as printers have no such letters.
    """

    text: str
    size: Size = 1
    bold: bool = False
    align: Align = "left"
    inverse: bool = False
    tall: bool = False
    indent: int = 0
    hang: int = 0
    struck: bool = False


class Columns(msgspec.Struct, frozen=True, tag="columns", omit_defaults=True):
    """A name on the left, wrapped between words, and an amount at the right edge of its first row."""

    left: str
    right: str
    bold: bool = False
    size: Size = 1
    tall: bool = False
    indent: int = 0
    hang: int = 0


class Rule(msgspec.Struct, frozen=True, tag="rule", omit_defaults=True):
    """A line across the paper."""

    double: bool = False


class Feed(msgspec.Struct, frozen=True, tag="feed"):
    """Empty rows."""

    rows: int = 1


class QrCode(msgspec.Struct, frozen=True, tag="qr_code"):
    """A QR code in the middle of the paper, drawn as large as scans well."""

    data: str


class Kick(msgspec.Struct, frozen=True, tag="kick"):
    """Opens the cash drawer. Printers without one skip it, and so does every duplicate: reprinting
    must not be a way to the cash."""


class Cut(msgspec.Struct, frozen=True, tag="cut"):
    """Ends the sheet; printers without a cutter feed it past the tear bar."""


Row = Text | Columns | Rule | Feed | QrCode | Kick | Cut


class Paper(msgspec.Struct, frozen=True, omit_defaults=True):
    """One job: what must come out, independent of the printer. Kept as JSON in the spool.

    Three facts that are known only when it is sent stand at its top by construction, whatever its
    rows say. `duplicate_of`: an earlier attempt may have printed, and how many there were (field
    failure FS-52). `rerouted_from`: the printer or station that should have had it, as people call
    it. `late_min`: it should have come out so many minutes ago.
    """

    kind: Kind
    title: str
    rows: tuple[Row, ...]
    duplicate_of: int | None = None
    rerouted_from: str = ""
    late_min: int = 0


def columns_of(text: str) -> int:
    """Printer columns `text` takes: wide (CJK) characters two, combining marks none."""
    return sum(_columns_of_character(character) for character in text)


def _columns_of_character(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) in {"Cf", "Me", "Mn"}:
        return 0
    return 2 if unicodedata.east_asian_width(character) in {"W", "F"} else 1


def wrap(
    text: str,
    limit: float,
    rest: float | None = None,
    width_of: Callable[[str], float] = columns_of,
) -> list[str]:
    """`text` in rows no wider than `limit`, broken between words.

    `rest` is the limit of the rows after the first (default: the same). Scripts written without
    spaces (Chinese, Japanese) break between their characters. A word is broken only when it alone
    is wider than a row. The unit is the printer column unless `width_of` measures
    something else, such as dots. Always returns at least one row, and loses no character but the
    spaces at which it broke.
    """
    limits = _limits(limit, limit if rest is None else rest)
    rows: list[str] = []
    for paragraph in text.split("\n"):
        row, room = "", next(limits)
        for word, spaced in _words_of(paragraph):
            joined = f"{row} {word}" if row and spaced else row + word
            if width_of(joined) <= room:
                row = joined
                continue
            if row:
                rows.append(row)
                row, room = "", next(limits)
            row = word
            while width_of(row) > room:
                head = _longest_head(row, room, width_of)
                rows.append(head)
                row, room = row[len(head) :], next(limits)
        rows.append(row)
    return rows


_NEVER_FIRST = frozenset("，。、！？：；）」』】》〉·…％%,.!?:;)]}")
_NEVER_LAST = frozenset("（「『【《〈([{")
"""Signs that may not begin or end a row where a script without spaces is broken (UAX #14)."""


def _words_of(paragraph: str) -> Iterator[tuple[str, bool]]:
    """What a row may not break, in order, and whether a space stands before it."""
    for word in paragraph.split():
        start = 0
        for at in range(1, len(word)):
            before, after = word[at - 1], word[at]
            wide = _columns_of_character(before) == 2 or _columns_of_character(after) == 2
            held = after in _NEVER_FIRST or before in _NEVER_LAST
            if wide and not held and _columns_of_character(after):
                yield word[start:at], start == 0
                start = at
        yield word[start:], start == 0


def _limits(first: float, rest: float) -> Iterator[float]:
    yield first
    while True:
        yield rest


def _longest_head(word: str, room: float, width_of: Callable[[str], float]) -> str:
    """The longest beginning of `word` that fits, at least one character with its marks."""
    end = 1
    while end < len(word) and (_columns_of_character(word[end]) == 0 or end == 0):
        end += 1
    while end < len(word) and width_of(word[: end + 1]) <= room:
        end += 1
    return word[:end]
