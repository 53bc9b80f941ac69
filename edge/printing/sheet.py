"""A sheet as the printer left it: what stands where, in dots, and the same as text."""

import msgspec

from edge.printing.bitmap import Bitmap
from edge.printing.profiles import CELL_DOTS

_ITEM_BYTES = 250
"""Of a line, or of something in it, beside a picture's dots (measured)."""


class Run(msgspec.Struct, frozen=True):
    """Characters in one style. `x` is dots from the left edge; `width`, `height` multiply the cell."""

    x: int
    text: str
    cell: tuple[int, int] = (CELL_DOTS, 2 * CELL_DOTS)
    width: int = 1
    height: int = 1
    bold: bool = False
    inverse: bool = False
    underline: int = 0

    @property
    def dots(self) -> int:
        """Width on paper."""
        return len(self.text) * self.cell[0] * self.width

    @property
    def rows(self) -> int:
        """Height on paper, in dots."""
        return self.cell[1] * self.height


class Picture(msgspec.Struct, frozen=True):
    """A bitmap from `x` dots on; `meaning` is set when the printer was told it (a code's data), and
    `kind` says what sort of code it is.
    """

    x: int
    bitmap: Bitmap
    scale_x: int = 1
    scale_y: int = 1
    meaning: str = ""
    kind: str = "QR"

    @property
    def dots(self) -> int:
        """Width on paper."""
        return self.bitmap.width * self.scale_x

    @property
    def height(self) -> int:
        """Height on paper, in dots."""
        return self.bitmap.height * self.scale_y


class Line(msgspec.Struct, frozen=True):
    """One printed line, `y` dots from the top and `height` dots high with the gap to the next.

    The highest item begins at the top of the line; the others stand on the same foot as it.
    """

    y: int
    height: int
    items: tuple[Run | Picture, ...]

    @property
    def foot(self) -> int:
        """Dots from the top of the sheet to the lower edge of what is printed in this line."""
        return self.y + max((height_of(item) for item in self.items), default=0)


def height_of(item: Run | Picture) -> int:
    """Height of an item on paper, in dots."""
    return item.rows if isinstance(item, Run) else item.height


class SheetModel(msgspec.Struct, frozen=True):
    """Everything on one sheet: `dots` wide, `height` dots long."""

    dots: int
    height: int
    lines: tuple[Line, ...]

    @property
    def bytes(self) -> int:
        """About how much memory it takes."""
        items = [item for line in self.lines for item in line.items]
        pictures = sum(len(item.bitmap.data) for item in items if isinstance(item, Picture))
        return pictures + _ITEM_BYTES * (len(self.lines) + len(items))

    @property
    def inked_height(self) -> int:
        """Dots down to the end of the last line with anything on it.

        What is fed after it only carries the paper from the head to the cutter: on a real roll it
        is the empty top of the next sheet.
        """
        return max((line.y + line.height for line in self.lines if line.items), default=0)

    @property
    def text(self) -> str:
        """The sheet as text, one row per printed line: what golden files and the blind reader see.

        A picture sent in strips is one picture. Letters of double width take one place each, but
        a gap between two columns is kept so wide that the right one ends at the edge.
        """
        rows: list[str] = []
        picture: Picture | None = None
        for line in self.lines:
            only = line.items[0] if len(line.items) == 1 else None
            strip = only if isinstance(only, Picture) and not only.meaning else None
            if strip is not None and picture is not None and strip.dots == picture.dots:
                picture = _joined(picture, strip)
                rows[-1] = _row_of((picture,))
                continue
            picture = strip
            rows.append(_row_of(line.items))
        text = "\n".join(rows).rstrip("\n")
        return f"{text}\n" if text else ""


def _joined(above: Picture, below: Picture) -> Picture:
    """Two strips as one: only its size matters here."""
    height = above.height + below.height
    bitmap = Bitmap(above.bitmap.width * above.scale_x, height, b"")
    return Picture(above.x, bitmap)


def _row_of(items: tuple[Run | Picture, ...]) -> str:
    row = ""
    for item in sorted(items, key=lambda item: item.x):
        if not isinstance(item, Picture):
            text = _spread(item)
        elif item.meaning:
            text = f"[{item.kind} {item.meaning}]"
        else:
            text = f"[picture {item.dots}×{item.height}]"
        row = row.ljust(round(item.x / CELL_DOTS)) + text
    return row.rstrip()


def _spread(run: Run) -> str:
    """A wide run with a gap in it, as long in letters as it is on paper."""
    left, gap, right = run.text.rstrip().partition("  ")
    if run.width == 1 or not gap or not left.strip():
        return run.text
    length = run.dots // CELL_DOTS
    return left + right.lstrip().rjust(length - len(left))
