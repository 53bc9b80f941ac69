"""Drawing: rows a printer has no letters for, and pictures of what came out. The door of Pillow."""

import functools
import io
from collections.abc import Iterable
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from edge.printing import fonts
from edge.printing.bitmap import Bitmap
from edge.printing.paper import Columns, Text, wrap
from edge.printing.profiles import CELL_DOTS
from edge.printing.sheet import Line, Picture, Run, SheetModel, height_of

PAPER = (251, 250, 245)
INK = (40, 39, 43)
MARGIN_DOTS = 28
"""Unprintable edge on each side: 3.5 mm at 8 dots per millimetre."""
_TOP_DOTS = 40
_TOOTH_DOTS = 8

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


# ------------------------------------------------------------------ pictures of the paper


def sheet_png(sheet: SheetModel) -> bytes:
    """The sheet as thermal paper looks: off-white, dark grey ink, a serrated lower edge."""
    width = sheet.dots + 2 * MARGIN_DOTS
    height = _TOP_DOTS + sheet.inked_height + _TOP_DOTS
    ink = Image.new("L", (width, height), 0)
    for line in sheet.lines:
        for item in line.items:
            _draw_item(ink, line, item, (MARGIN_DOTS, _TOP_DOTS))
    picture = Image.new("RGB", (width, height), PAPER)
    picture.paste(INK, (0, 0), ink)
    picture.putalpha(_cut_edge(width, height))
    return _png(picture)


def sheet_dots(sheet: SheetModel, rows: int | None = None) -> Bitmap:
    """The sheet as the printer's dots, nothing around them; `rows` high when given, else as fed."""
    ink = Image.new("L", (sheet.dots, max(1, sheet.height if rows is None else rows)), 0)
    for line in sheet.lines:
        for item in line.items:
            _draw_item(ink, line, item, (0, 0))
    dotted = ink.point([255 if value >= 110 else 0 for value in range(256)]).convert("1")
    return Bitmap(sheet.dots, ink.height, dotted.tobytes())


def bitmap_of_png(png: bytes) -> Bitmap:
    """The dark dots of a picture. Raises OSError when it is none."""
    picture = Image.open(io.BytesIO(png)).convert("L")
    dark = picture.point([255 if value < 128 else 0 for value in range(256)]).convert("1")
    return Bitmap(picture.width, picture.height, dark.tobytes())


def bitmap_png(bitmap: Bitmap, scale: int = 1, quiet: int = 0) -> bytes:
    """A bitmap as a black and white PNG, each dot `scale` pixels, with `quiet` dots of margin."""
    size = (bitmap.width * scale, bitmap.height * scale)
    picture = Image.new("L", (size[0] + 2 * quiet * scale, size[1] + 2 * quiet * scale), 255)
    picture.paste(
        0, (quiet * scale, quiet * scale), _mask(bitmap).resize(size, Image.Resampling.NEAREST)
    )
    return _png(picture)


def _png(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    picture.save(out, "PNG", compress_level=6)
    return out.getvalue()


def _cut_edge(width: int, height: int) -> Image.Image:
    """Transparency of the paper: teeth along the lower edge, where it was torn over the blade."""
    alpha = Image.new("L", (width, height), 255)
    draw = ImageDraw.Draw(alpha)
    for x in range(0, width, _TOOTH_DOTS):
        middle, right = x + _TOOTH_DOTS // 2, x + _TOOTH_DOTS
        draw.polygon([(x, height), (middle, height - _TOOTH_DOTS // 2), (right, height)], fill=0)
    return alpha


def _draw_item(ink: Image.Image, line: Line, item: Run | Picture, corner: tuple[int, int]) -> None:
    left, top = corner[0] + item.x, corner[1] + line.foot - height_of(item)
    if isinstance(item, Picture):
        if item.bitmap.data:
            size = (item.dots, item.height)
            ink.paste(255, (left, top), _mask(item.bitmap).resize(size, Image.Resampling.NEAREST))
        return
    width, height = item.cell[0] * item.width, item.rows
    if item.inverse:
        ink.paste(255, (left, top, left + item.dots, top + height))
    for index, character in enumerate(item.text):
        if character.isspace():
            continue
        mask = _cell(character, width, height, item.bold)
        ink.paste(0 if item.inverse else 255, (left + index * width, top), mask)
    if item.underline:
        under = top + height - 1
        ink.paste(255, (left, under - item.underline, left + item.dots, under))


@functools.lru_cache(maxsize=2048)
def _cell(character: str, width: int, height: int, bold: bool) -> Image.Image:
    """One character in the printer's cell, squeezed or stretched when the cell is not 1 : 2."""
    font = _font(fonts.monospaced(bold), height / 24 * _base_size(bold))
    full = max(1, round(font.getlength("0")))
    cell = Image.new("L", (full, height), 0)
    ImageDraw.Draw(cell).text((0, round(height * 0.79)), character, 255, font, anchor="ls")
    return cell if full == width else cell.resize((width, height), Image.Resampling.LANCZOS)


def _mask(bitmap: Bitmap) -> Image.Image:
    return Image.frombytes("1", (bitmap.width, bitmap.height), bitmap.data, "raw", "1").convert("L")


# ------------------------------------------------------------------ rows drawn for the printer


def row_bitmap(row: Text | Columns, dots: int) -> Bitmap:
    """A row of any script as dots, `dots` wide: wrapped by words, shaped, right to left included.

    Follows the same rules as text sent as characters: size, weight, indent, hang, alignment.
    """
    scale = row.size * (1.5 if row.tall else 1.0)
    right = row.right if isinstance(row, Columns) else ""
    indent, hang = row.indent * CELL_DOTS * row.size, row.hang * CELL_DOTS * row.size
    right_dots = measure(right, scale, row.bold) + CELL_DOTS if right else 0
    head, text = fonts.split_quantity(row.left if isinstance(row, Columns) else row.text)
    first = indent + round(measure(head, scale, row.bold))
    pieces = wrap(
        text,
        max(CELL_DOTS, dots - first - right_dots),
        max(CELL_DOTS, dots - indent - hang - right_dots),
        width_of=lambda piece: measure(piece, scale, row.bold),
    )
    turned = fonts.reads_right_to_left(text)
    draw = _RowDrawing(row, dots, scale, turned, to_right=turned and bool(head or not right))
    edge = dots - round(right_dots) if head else dots
    # What is indented at the left in one direction is so at the right in the other.
    inset, more = (0, 0) if head or right or not turned else (indent, hang)
    canvases = [
        draw.row(piece, edge - inset - more, left=indent + hang - inset - more)
        if index
        else draw.row(piece, edge - inset, first - inset, head, head_at=indent, right=right)
        for index, piece in enumerate(pieces)
    ]
    return _stack(canvases, dots, isinstance(row, Text) and row.inverse)


def measure(text: str, scale: float, bold: bool) -> float:
    """Width in dots of `text` on one row."""
    return sum(_run_length(run, scale) for run in _runs(text, bold))


SAMPLES = {
    "CJK": "宫保鸡丁", "AR": "شاورما", "TH": "ผัดไทย", "HI": "पनीर", "AM": "ዶሮ", "RU": "борщ",
}  # fmt: skip
"""A word of each script that menus are likely to have."""


def missing_scripts() -> tuple[str, ...]:
    """Scripts of `SAMPLES` this machine has no font for. Blocking: opens fonts."""
    return tuple(key for key, word in SAMPLES.items() if missing_characters(word))


def missing_characters(text: str) -> set[str]:
    """Characters no font of this machine can draw."""
    return {run.text for run in _runs(text, bold=False) if run.file is None}


class _RowDrawing:
    """What the printed rows of one paper row have in common."""

    def __init__(
        self, row: Text | Columns, dots: int, scale: float, turned: bool, to_right: bool
    ) -> None:
        self._dots, self._scale, self._bold, self._turned = dots, scale, row.bold, turned
        align = row.align if isinstance(row, Text) else "left"
        self._align = "right" if to_right and align == "left" else align
        self._struck = isinstance(row, Text) and row.struck

    def row(
        self,
        text: str,
        edge: int,
        left: int,
        head: str = "",
        head_at: int = 0,
        right: str = "",
    ) -> Image.Image:
        """One row on its own canvas, cropped to its ink but never lower than a row of plain text.

        `text` stands between `left` and `edge`, the quantity `head` before and the amount `right`
        after it.
        """
        scale, baseline = self._scale, round(40 * self._scale)
        canvas = Image.new("L", (self._dots, round(64 * scale)), 0)
        gap = max(0, round(edge - left - measure(text, scale, self._bold)))
        if self._align == "center":
            left += gap // 2
        elif self._align == "right":
            left += gap
        _draw_runs(canvas, head, head_at, baseline, scale, self._bold, turned=False)
        _draw_runs(canvas, text, left, baseline, scale, self._bold, self._turned)
        if self._struck and (ink := canvas.getbbox()):
            middle, half = baseline - round(7 * scale), max(1, round(scale))
            line = (ink[0], middle - half, ink[2], middle + half)
            ImageDraw.Draw(canvas).rectangle(line, fill=255)
        start = round(self._dots - measure(right, scale, self._bold))
        _draw_runs(canvas, right, start, baseline, scale, self._bold, turned=False)
        box = canvas.getbbox() or (0, baseline, 1, baseline)
        top = min(box[1] - 2, baseline - round(21 * scale))
        bottom = max(box[3] + 2, baseline + round(9 * scale))
        return canvas.crop((0, max(0, top), self._dots, min(canvas.height, bottom)))


def _stack(rows: list[Image.Image], dots: int, inverse: bool) -> Bitmap:
    """Rows under one another, as black and white dots."""
    page = Image.new("L", (dots, sum(row.height for row in rows)), 0)
    y = 0
    for row in rows:
        page.paste(row, (0, y))
        y += row.height
    cut = [255 if value >= 110 else 0 for value in range(256)]
    dotted = page.point([255 - value for value in cut] if inverse else cut).convert("1")
    return Bitmap(dots, page.height, dotted.tobytes())


def _draw_runs(
    canvas: Image.Image,
    text: str,
    left: float,
    baseline: int,
    scale: float,
    bold: bool,
    turned: bool,
) -> None:
    draw = ImageDraw.Draw(canvas)
    for run in fonts.visual_order(_runs(text, bold), turned):
        length = _run_length(run, scale)
        if run.file is None and fonts.monospaced(bold) is not None:
            _draw_unknown(draw, run.text, left, baseline, scale)
        else:
            font = _font(run.file, _base_size(bold) * scale * run.enlarge)
            shown, direction = _shaped(run, font)
            # Many fonts of other scripts come in one weight only; an outline makes them heavier.
            thin = bold and run.file is not None and "Bold" not in run.file.name
            draw.text(
                (left, baseline), shown, 255, font, anchor="ls", direction=direction,
                stroke_width=0.4 * scale if thin else 0,
            )  # fmt: skip
        left += length


def _shaped(run: fonts.Run, font: Font) -> tuple[str, str | None]:
    """Without raqm a right-to-left run is at least turned around; letters then stand unjoined."""
    if isinstance(font, ImageFont.FreeTypeFont) and font.layout_engine == ImageFont.Layout.RAQM:
        return run.text, "rtl" if run.right_to_left else "ltr"
    return (run.text[::-1] if run.right_to_left else run.text), None


def _draw_unknown(
    draw: ImageDraw.ImageDraw, text: str, left: float, baseline: int, scale: float
) -> None:
    """A box with the character's number: the cook sees that something stands there, and what."""
    font = _font(fonts.monospaced(bold=False), 10 * scale)
    for character in text:
        number = f"{ord(character):04X}"
        top, width = baseline - 19 * scale, 18 * scale
        draw.rectangle((left + 1, top, left + width, baseline + 3 * scale), outline=255, width=1)
        for line, at in ((number[:-2], 10), (number[-2:], 1)):
            draw.text((left + width / 2 + 0.5, baseline - at * scale), line, 255, font, anchor="ms")
        left += 20 * scale


@functools.lru_cache(maxsize=4096)
def _run_length(run: fonts.Run, scale: float) -> float:
    if run.file is None and fonts.monospaced(bold=False) is not None:
        return 20 * scale * len(run.text)
    font = _font(run.file, _base_size(bold=False) * scale * run.enlarge)
    shown, direction = _shaped(run, font)
    if isinstance(font, ImageFont.FreeTypeFont):
        return float(font.getlength(shown, direction=direction))
    return float(font.getlength(shown))


# ------------------------------------------------------------------ fonts


def _runs(text: str, bold: bool) -> Iterable[fonts.Run]:
    return _cached_runs(text, bold)


@functools.lru_cache(maxsize=1024)
def _cached_runs(text: str, bold: bool) -> tuple[fonts.Run, ...]:
    return tuple(fonts.split_runs(text, bold, _has_glyph))


@functools.lru_cache(maxsize=8192)
def _has_glyph(file: Path, character: str) -> bool:
    """Whether the font draws `character` as something else than its sign for missing ones."""
    if character.isspace():
        return True
    drawn, missing = (_glyph(file, c) for c in (character, "\U0010fffd"))
    return drawn != missing


def _glyph(file: Path, character: str) -> tuple[tuple[int, int], bytes]:
    font = ImageFont.truetype(file, 16, layout_engine=ImageFont.Layout.BASIC)
    mask = font.getmask(character, mode="L")
    return mask.size, bytes(mask)


@functools.lru_cache(maxsize=128)
def _font(file: Path | None, size: float) -> Font:
    """A font at a size in dots; Pillow's own when the machine has none."""
    if file is None:
        return ImageFont.load_default(size)
    return ImageFont.truetype(file, size)


@functools.lru_cache(maxsize=2)
def _base_size(bold: bool) -> float:
    """The font size at which the monospaced font is as wide as the printer's cell."""
    return CELL_DOTS * 100 / _font(fonts.monospaced(bold), 100).getlength("0")
