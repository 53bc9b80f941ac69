"""A sheet as the printer left it: what stands where, in dots, and the same as text."""

import msgspec

from edge.printing.bitmap import Bitmap
from edge.printing.profiles import CELL_DOTS


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


class Picture(msgspec.Struct, frozen=True):
    """A bitmap from `x` dots on; `meaning` is set when the printer was told it (a QR code's data)."""

    x: int
    bitmap: Bitmap
    scale_x: int = 1
    scale_y: int = 1
    meaning: str = ""

    @property
    def dots(self) -> int:
        """Width on paper."""
        return self.bitmap.width * self.scale_x


class Line(msgspec.Struct, frozen=True):
    """One printed line, `y` dots from the top and `height` dots high; runs stand on its bottom."""

    y: int
    height: int
    items: tuple[Run | Picture, ...]


class SheetModel(msgspec.Struct, frozen=True):
    """Everything on one sheet: `dots` wide, `height` dots long."""

    dots: int
    height: int
    lines: tuple[Line, ...]

    @property
    def inked_height(self) -> int:
        """Dots down to the end of the last line with anything on it.

        What is fed after it only carries the paper from the head to the cutter: on a real roll it
        is the empty top of the next sheet.
        """
        return max((line.y + line.height for line in self.lines if line.items), default=0)

    @property
    def text(self) -> str:
        """The sheet as text, one row per printed line: what golden files and the blind reader see."""
        rows = "\n".join(_row_of(line) for line in self.lines).rstrip("\n")
        return f"{rows}\n" if rows else ""


def _row_of(line: Line) -> str:
    row = ""
    for item in sorted(line.items, key=lambda item: item.x):
        if isinstance(item, Picture):
            what = f"QR {item.meaning}" if item.meaning else "picture"
            size = f"{item.bitmap.width * item.scale_x}×{item.bitmap.height * item.scale_y}"
            text = f"[{what}]" if item.meaning else f"[{what} {size}]"
        else:
            text = item.text
        row = row.ljust(round(item.x / CELL_DOTS)) + text
    return row.rstrip()
