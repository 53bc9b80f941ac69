"""Which font draws which character, and in which order runs of scripts stand on the row.

Finds fonts by their usual file names; opens none of them (that is `raster.py`'s door).
"""

import functools
import os
import re
import unicodedata
from collections.abc import Callable, Iterable
from pathlib import Path

import msgspec

FONT_FOLDERS = (
    "/usr/share/fonts",
    "/usr/local/share/fonts",
    "~/.local/share/fonts",
    "~/.fonts",
    "/Library/Fonts",
    "/System/Library/Fonts",
)
_FILES_MAX = 5000

MONOSPACED = {
    False: ("DejaVuSansMono.ttf", "NotoSansMono-Regular.ttf", "LiberationMono-Regular.ttf"),
    True: ("DejaVuSansMono-Bold.ttf", "NotoSansMono-Bold.ttf", "LiberationMono-Bold.ttf"),
}
_CJK = {
    "CJK",
    "HIRAGANA",
    "KATAKANA",
    "HANGUL",
    "BOPOMOFO",
    "FULLWIDTH",
    "HALFWIDTH",
    "IDEOGRAPHIC",
}
_CJK_FILES = (
    "NotoSansCJK-{weight}.ttc",
    "NotoSansCJKsc-{weight}.otf",
    "NotoSansSC-{weight}.otf",
    "SourceHanSansSC-{weight}.otf",
    "wqy-microhei.ttc",
    "wqy-zenhei.ttc",
    "DroidSansFallbackFull.ttf",
    "DroidSansFallback.ttf",
    "ipag.ttf",
    "Hiragino Sans GB.ttc",
    "PingFang.ttc",
)
_ENLARGED = {"ARABIC": 1.25, "THAI": 1.2, "LAO": 1.2, "KHMER": 1.2, "MYANMAR": 1.2}
"""Scripts whose letters are small in their em square, and by how much to enlarge them."""


class Run(msgspec.Struct, frozen=True):
    """Neighbouring characters of one font. `file` is None when no font on this machine has them."""

    text: str
    file: Path | None
    right_to_left: bool
    enlarge: float = 1.0


def script_of(character: str) -> str:
    """First word of the Unicode name: ARABIC, CJK, THAI … Empty when the character has no name."""
    return unicodedata.name(character, "").split(" ")[0].split("-")[0]


@functools.lru_cache(maxsize=4)
def _files(folders: tuple[str, ...]) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for folder in folders:
        for parent, _, names in os.walk(Path(folder).expanduser()):
            for name in names:
                if name.lower().endswith((".ttf", ".otf", ".ttc")):
                    found.setdefault(name, Path(parent) / name)
            if len(found) > _FILES_MAX:
                return found
    return found


def font_files() -> dict[str, Path]:
    """Font files of this machine by name. `KEDAI_FONTS` adds a folder that is looked at first."""
    own = os.environ.get("KEDAI_FONTS")
    return _files((own, *FONT_FOLDERS) if own else FONT_FOLDERS)


def monospaced(bold: bool) -> Path | None:
    """The font that stands in for the printer's own, or None."""
    files = font_files()
    return next((files[name] for name in MONOSPACED[bold] if name in files), None)


def candidates(character: str, bold: bool) -> list[Path]:
    """Fonts that may have `character`, best first."""
    files, weight = font_files(), "Bold" if bold else "Regular"
    script = script_of(character)
    if script in _CJK:
        names = [name.format(weight=weight) for name in _CJK_FILES]
        names += [name.format(weight="Regular") for name in _CJK_FILES]
    else:
        title = script.title()
        names = [
            *MONOSPACED[bold],
            f"NotoSans{title}-{weight}.ttf",
            f"NotoSans{title}-Regular.ttf",
            f"NotoSerif{title}-{weight}.ttf",
            "DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf",
            f"NotoSans-{weight}.ttf",
            "NotoSansSymbols2-Regular.ttf",
            "NotoSansMath-Regular.ttf",
        ]
        if unicodedata.bidirectional(character) in {"R", "AL"}:
            names = names[3:]
    return [files[name] for name in dict.fromkeys(names) if name in files]


def split_runs(text: str, bold: bool, has: Callable[[Path, str], bool]) -> list[Run]:
    """`text` cut where the font or the direction changes; spaces and marks stay with what precedes."""
    runs: list[Run] = []
    for character in text:
        last = runs[-1] if runs else None
        joins = _is_neutral(character)
        if last is not None and last.file is not None and joins and has(last.file, character):
            runs[-1] = msgspec.structs.replace(last, text=last.text + character)
            continue
        file = next((f for f in candidates(character, bold) if has(f, character)), None)
        right = unicodedata.bidirectional(character) in {"R", "AL"}
        run = Run(character, file, right, _ENLARGED.get(script_of(character), 1.0))
        same = last is not None and (last.file, last.right_to_left, last.enlarge) == (
            run.file, run.right_to_left, run.enlarge,
        )  # fmt: skip
        if last is not None and same and file is not None:
            runs[-1] = msgspec.structs.replace(last, text=last.text + character)
        else:
            runs.append(run)
    return runs


def _is_neutral(character: str) -> bool:
    """Characters that take the font and direction of their surroundings: spaces, marks, joiners."""
    return unicodedata.category(character) in {"Zs", "Mn", "Me", "Mc", "Cf"}


def reads_right_to_left(text: str) -> bool:
    """Whether the row as a whole runs right to left: its first letter or digit decides.

    A row that begins with a quantity keeps it at the left, where the kitchen looks for it.
    """
    for character in text:
        kind = unicodedata.bidirectional(character)
        if kind in {"R", "AL"}:
            return True
        if kind in {"L", "EN"}:
            return False
    return False


_QUANTITY = re.compile(r"(\d+ × )(.+)", re.DOTALL)


def split_quantity(text: str) -> tuple[str, str]:
    """A quantity and the right-to-left name after it; for all other rows an empty head.

    The quantity keeps its place at the left edge while the name begins at the right one: beside
    the name, a number inside it ("200 grams") would look like another quantity.
    """
    found = _QUANTITY.fullmatch(text)
    if found is None or not reads_right_to_left(found[2]):
        return "", text
    return found[1], found[2]


def visual_order(runs: Iterable[Run], right_to_left: bool) -> list[Run]:
    """Runs from left to right as they stand on paper (two levels of Unicode's UAX #9).

    A number after right-to-left words belongs to them: it keeps the order of its digits and its
    place in the sentence, which is to their left.
    """
    logical = list(runs)
    turned = [run.right_to_left for run in logical]
    for at in range(1, len(logical)):
        text = logical[at].text
        if turned[at] or not turned[at - 1] or _has_letters(text):
            continue
        followed = at + 1 < len(logical) and turned[at + 1]
        if followed or any(character.isdigit() for character in text):
            turned[at] = True
            logical[at] = _gap_to_the_left(logical[at])
    against = [one != right_to_left for one in turned]
    ordered: list[Run] = []
    group: list[Run] = []
    for run, backwards in zip(logical, against, strict=True):
        if backwards:
            group.append(run)
            continue
        ordered += reversed(group)
        group = []
        ordered.append(run)
    ordered += reversed(group)
    return ordered[::-1] if right_to_left else ordered


def _has_letters(text: str) -> bool:
    return any(unicodedata.bidirectional(character) == "L" for character in text)


def _gap_to_the_left(run: Run) -> Run:
    """A number inside right-to-left words is followed by its space on the left."""
    digits = run.text.rstrip()
    return msgspec.structs.replace(run, text=run.text[len(digits) :] + digits)
