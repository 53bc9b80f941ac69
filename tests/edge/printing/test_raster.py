"""Pictures: rows no code page has, sheets as thermal paper, and which script stands where."""

import struct
from pathlib import Path

import pytest

from edge.printing import fonts, raster
from edge.printing.bitmap import Bitmap, from_matrix
from edge.printing.paper import Columns, Text
from edge.printing.sheet import Line, Picture, Run, SheetModel


def size_of(png):
    return struct.unpack(">II", png[16:24])


def ink(bitmap: Bitmap, left=0, right=None):
    """Black dots between two columns of dots."""
    columns = range(left, bitmap.width if right is None else right)
    return sum(bitmap.is_black(x, y) for y in range(bitmap.height) for x in columns)


def test_a_sheet_is_as_wide_as_its_paper_and_as_long_as_its_ink():
    run = Run(0, "Nasi")
    inked = Line(0, 30, (run,))
    short = SheetModel(384, 30, (inked,))
    fed = SheetModel(384, 230, (inked, Line(30, 200, ())))
    assert size_of(raster.sheet_png(short)) == size_of(raster.sheet_png(fed))
    assert size_of(raster.sheet_png(short))[0] == 384 + 2 * raster.MARGIN_DOTS


def test_everything_a_sheet_can_hold_can_be_drawn():
    bitmap = from_matrix([[True, False], [False, True]], 4)
    items = (
        Run(0, "Aé░€", (9, 17), 1, 1),
        Run(60, "B", width=2, height=4, bold=True, inverse=True, underline=2),
        Picture(120, bitmap, 2, 2),
        Picture(160, Bitmap(0, 0, b"")),
    )
    assert raster.sheet_png(SheetModel(384, 96, (Line(0, 96, items),))).startswith(b"\x89PNG")
    assert raster.sheet_png(SheetModel(384, 0, ())).startswith(b"\x89PNG")


def test_a_drawn_row_keeps_the_amount_at_the_right_edge():
    bitmap = raster.row_bitmap(Columns("شاورما", "52.000"), 576)
    assert (bitmap.width, len(bitmap.data)) == (576, bitmap.stride * bitmap.height)
    assert ink(bitmap, 576 - 8) > 0
    assert ink(bitmap, 250, 450) == 0, "the name stands at the left, under the other names"


def test_a_row_of_right_to_left_words_alone_begins_at_the_right():
    bitmap = raster.row_bitmap(Text("شاورما"), 576)
    assert ink(bitmap, 0, 288) == 0
    assert ink(bitmap, 288) > 0


def test_a_long_row_wraps_between_words_and_hangs():
    one, long = (raster.row_bitmap(Text(text, hang=4), 384) for text in ("शेव", "शेव पुरी " * 10))
    assert long.height > 1.5 * one.height
    first_height = one.height + 4
    below = Bitmap(384, long.height - first_height, long.data[first_height * long.stride :])
    assert ink(below, 0, 46) == 0


def test_inverse_rows_are_white_on_black():
    plain = raster.row_bitmap(Text("борщ"), 384)
    inverse = raster.row_bitmap(Text("борщ", inverse=True), 384)
    assert ink(plain) + ink(inverse) == 384 * plain.height


def test_larger_and_bolder_rows_have_more_ink():
    plain, bold, large = (
        ink(raster.row_bitmap(Text("борщ", size=size, bold=heavy), 384))
        for size, heavy in ((1, False), (1, True), (2, False))
    )
    assert plain < bold
    assert plain * 2 < large


def test_a_character_no_font_has_is_named_and_boxed():
    assert raster.missing_characters("Nasi \U000e0042\U00013000x") >= {"\U000e0042"}
    assert ink(raster.row_bitmap(Text("\U0001d9ff"), 384)) > 0


def test_scripts_without_a_font_are_known(monkeypatch):
    here = set(raster.missing_scripts())
    assert "RU" not in here
    monkeypatch.setattr(raster, "missing_characters", lambda text: set(text) & set("宫ش"))
    assert raster.missing_scripts() == ("CJK", "AR")


def test_it_draws_without_any_font_on_the_machine(monkeypatch):
    monkeypatch.setattr(fonts, "font_files", dict)
    for cache in (raster._font, raster._base_size, raster._cell, raster._cached_runs):
        cache.cache_clear()
    try:
        assert ink(raster.row_bitmap(Text("Nasi"), 384)) > 0
        sheet = SheetModel(384, 30, (Line(0, 30, (Run(0, "Nasi"),)),))
        assert raster.sheet_png(sheet).startswith(b"\x89PNG")
    finally:
        for cache in (raster._font, raster._base_size, raster._cell, raster._cached_runs):
            cache.cache_clear()


LATIN, ARABIC = Path("latin"), Path("arabic")


def runs_of(text):
    """Runs as two made-up fonts would give them: one for Arabic, one for everything else."""
    runs = []
    for word in text.split("|"):
        arabic = any("\u0600" <= c <= "\u06ff" for c in word)
        runs.append(fonts.Run(word, ARABIC if arabic else LATIN, arabic))
    return runs


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("2 × |شاي", "2 × |شاي"),
        ("2 × |شاي |200 |مل", "2 × |مل| 200|شاي "),
        ("2 × |شاي |200", "2 × |200|شاي "),
        ("2 × |شاي |Lipton", "2 × |شاي |Lipton"),
        ("شاي |200 |مل", "مل| 200|شاي "),
        ("شاي |Lipton ABC| قهوة", " قهوة|Lipton ABC|شاي "),
    ],
)
def test_scripts_of_both_directions_share_a_row(text, shown):
    turned = fonts.reads_right_to_left(text.replace("|", ""))
    ordered = fonts.visual_order(runs_of(text), turned)
    assert "|".join(run.text for run in ordered) == shown


@pytest.mark.parametrize(
    ("text", "right"), [("2 × شاي", False), ("شاي 2", True), ("Teh شاي", False), ("...", False)]
)
def test_the_first_letter_or_digit_decides_the_direction(text, right):
    assert fonts.reads_right_to_left(text) is right


def test_pictures_of_bitmaps_have_a_margin():
    square = from_matrix([[True, True], [True, True]], 1)
    assert size_of(raster.bitmap_png(square, scale=4, quiet=3)) == (32, 32)
