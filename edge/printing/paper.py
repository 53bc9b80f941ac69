"""The paper as a value: rows of text, amounts, rules and codes, before any printer is known."""

from collections.abc import Callable, Iterator
from typing import Literal

import msgspec

from edge.printing.clusters import REPEATS, clusters, columns_of, pieces

__all__ = [
    "Columns", "Cut", "Feed", "Kick", "Paper", "QrCode", "Row", "Rule", "Text", "columns_of", "wrap",
]  # fmt: skip

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

    Four facts that are known only when it is sent stand at its top by construction, whatever its
    rows say. `duplicate_of`: an earlier attempt may have printed, and how many there were (field
    failure FS-52). `rerouted_from`: the printer or station that should have had it, as people call
    it. `late_min`: it should have come out so many minutes ago. `from_before`: it waited while the box
    was off, and nobody has confirmed the time since, so its age is not known (FS-56).
    """

    kind: Kind
    title: str
    rows: tuple[Row, ...]
    duplicate_of: int | None = None
    rerouted_from: str = ""
    late_min: int = 0
    from_before: bool = False


def wrap(
    text: str,
    limit: float,
    rest: float | None = None,
    width_of: Callable[[str], float] = columns_of,
) -> list[str]:
    """`text` in rows no wider than `limit`, broken between words.

    `rest` is the limit of the rows after the first (default: the same). Scripts written without
    spaces break between their characters (Chinese, Japanese) or where a syllable begins (Thai, Lao):
    see `clusters.py`. Any other word is broken only when it alone is wider than a row, and none
    inside a character and its marks. The unit is the printer column unless `width_of` measures
    something else, such as dots. Always returns at least one row, and loses no character but the
    spaces at which it broke.
    """
    limits = _limits(limit, limit if rest is None else rest)
    rows: list[str] = []
    for paragraph in text.split("\n"):
        row, room, above = "", next(limits), len(rows)
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
                row, room = row[len(head) :].lstrip(), next(limits)
        if row or len(rows) == above:
            rows.append(row)
    return rows


def _words_of(paragraph: str) -> Iterator[tuple[str, bool]]:
    """What a row need not break, in order, and whether a space stands before it."""
    held: tuple[str, bool] | None = None
    for word in paragraph.split():
        for number, piece in enumerate(pieces(word)):
            if held is not None and number == 0 and piece[0] in REPEATS:
                held = (f"{held[0]} {piece}", held[1])
                continue
            if held is not None:
                yield held
            held = (piece, number == 0)
    if held is not None:
        yield held


def _limits(first: float, rest: float) -> Iterator[float]:
    yield first
    while True:
        yield rest


def _longest_head(word: str, room: float, width_of: Callable[[str], float]) -> str:
    """The longest beginning of `word` that fits, at least one character with its marks."""
    head, *others = clusters(word)
    for cluster in others:
        if width_of(head + cluster) > room:
            break
        head += cluster
    return head
