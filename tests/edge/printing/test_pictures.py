"""What a printer draws when other programs ask for it: needle pictures, logos, bars and squares."""

import pytest

from edge.printing import barcodes, qr
from edge.printing.bitmap import Bitmap, cropped, from_columns
from edge.printing.decoding import decode
from edge.printing.machine import Machine
from edge.printing.raster import sheet_dots
from edge.printing.sheet import Picture

PLAIN = Machine(dots=384, eight_dot_pitch=1)


def drawn(data, machine=PLAIN):
    (sheet,) = decode(data, machine).sheets
    return [item for line in sheet.lines for item in line.items if isinstance(item, Picture)]


def rows(bitmap):
    return [
        "".join(".#"[bitmap.is_black(x, y)] for x in range(bitmap.width))
        for y in range(bitmap.height)
    ]


def test_a_needle_picture_is_columns_of_eight():
    (picture,) = drawn(b"\x1b*\x01\x03\x00\x80\x40\xff\n")
    assert rows(picture.bitmap)[:2] == ["#.#", ".##"]
    assert (picture.scale_x, picture.bitmap.height) == (1, 8)


@pytest.mark.parametrize(
    ("mode", "height", "scale"), [(0, 8, 2), (1, 8, 1), (32, 24, 2), (33, 24, 1)]
)
def test_needle_pictures_have_four_densities(mode, height, scale):
    dots = 3 if mode >= 32 else 1
    (picture,) = drawn(bytes([0x1B, 0x2A, mode, 2, 0]) + b"\xff" * 2 * dots + b"\n")
    assert (picture.bitmap.height, picture.scale_x) == (height, scale)


def test_an_eight_dot_row_is_three_dots_high_on_most_printers():
    (picture,) = drawn(b"\x1b*\x01\x01\x00\x80\n", Machine())
    assert rows(picture.bitmap)[:4] == ["#", "#", "#", "."]


def test_needle_pictures_and_letters_share_a_line():
    (sheet,) = decode(b"A\x1b*\x01\x08\x00" + b"\xff" * 8 + b"B\n", PLAIN).sheets
    assert [item.x for item in sheet.lines[0].items] == [0, 12, 20]


def test_a_kept_logo_is_printed_as_often_as_asked():
    logo = b"\x1d*\x01\x01\x80\x40\x20\x10\x08\x04\x02\x01"
    pictures = drawn(logo + b"\x1d/\x00\x1d/\x03")
    assert [(p.dots, p.height) for p in pictures] == [(8, 8), (16, 16)]
    assert decode(b"\x1d/\x00").sheets == ()


def test_stored_graphics_may_come_in_rows_or_columns():
    by_rows = b"\x1d(L\x0c\x000p0\x01\x011\x08\x00\x02\x00\xff\x01\x1d(L\x02\x0002"
    (picture,) = drawn(by_rows)
    assert rows(picture.bitmap) == ["########", ".......#"]
    by_columns = b"\x1d(L\x0c\x000q0\x01\x011\x02\x00\x08\x00\x80\xff\x1d(L\x02\x0002"
    (picture,) = drawn(by_columns)
    assert rows(picture.bitmap)[0] == "##"


def test_graphics_with_too_few_bytes_are_not_printed():
    assert decode(b"\x1d(L\x0b\x000p0\x01\x011\x08\x00\x02\x00\xff\x1d(L\x02\x0002").sheets == ()


@pytest.mark.parametrize(
    ("system", "value", "length"),
    [
        (65, b"01234567890", 95),
        (67, b"012345678901", 95),
        (68, b"0123456", 67),
        (69, b"ABC 012", 9 * 16 - 1),
        (70, b"0123", 4 + 2 * 18 + 5),
        (73, b"{BHIjk09", 11 * 8 + 13),
    ],
)
def test_bars_are_as_many_modules_as_the_standard_says(system, value, length):
    modules = barcodes.modules(system, value)
    assert len(modules) == length
    assert set(modules) == {"0", "1"}
    assert (modules[0], modules[-1]) == ("1", "1")


def test_known_bars():
    left, right = "0001011010111101111010110111", "1001110111001010001001011100"
    assert barcodes.modules(68, b"9638507") == f"101{left}01010{right}101", "4 checks it"
    assert barcodes.modules(73, b"{C\x0c\x22").startswith("1101001110010110011100")
    assert barcodes.modules(2, b"012345678901") == barcodes.modules(67, b"012345678901")


@pytest.mark.parametrize(
    ("system", "value"),
    [
        (65, b"12"),
        (67, b"abc"),
        (69, b"abc"),
        (70, b"123"),
        (71, b"x"),
        (72, b"A"),
        (73, b"{A\xff"),
    ],
)
def test_what_cannot_be_bars_is_framed_and_still_told(system, value):
    assert barcodes.modules(system, value) == ""
    job = bytes([0x1D, 0x6B, system, len(value)]) + value
    (picture,) = drawn(job)
    assert picture.meaning == value.decode("latin-1")
    assert any(picture.bitmap.data)


@pytest.mark.parametrize(
    ("where", "shown"), [(0, "[EAN8 9638507]\n"), (2, "[EAN8 9638507]\n9638507\n")]
)
def test_the_text_of_bars_stands_where_it_is_wanted(where, shown):
    job = bytes([0x1D, 0x48, where]) + b"\x1dh\x20\x1dw\x02\x1dk\x44\x079638507"
    (sheet,) = decode(job, PLAIN).sheets
    assert sheet.text == shown
    assert [(p.dots, p.height) for p in drawn(job)] == [(134, 32)]


def test_a_qr_code_keeps_its_size_and_level():
    def job(module, level):
        return (
            b"\x1d(k\x03\x001C" + bytes([module]) + b"\x1d(k\x03\x001E" + bytes([level])
            + b"\x1d(k\x10\x001P0A042-12345678\x1d(k\x03\x001Q0"
        )  # fmt: skip

    small, large = (drawn(job(*how))[0] for how in ((4, 48), (4, 51)))
    assert small.dots == 4 * len(qr.matrix("A042-12345678", "L"))
    assert large.dots > small.dots
    assert small.meaning == "A042-12345678"


@pytest.mark.parametrize(("symbol", "kind"), [(48, "PDF417"), (54, "DATAMATRIX"), (55, "AZTEC")])
def test_other_squares_say_what_they_hold(symbol, kind):
    sign = bytes([symbol])
    job = b"\x1d(k\x07\x00" + sign + b"P0A042" + b"\x1d(k\x03\x00" + sign + b"Q0"
    assert decode(job).sheets[0].text == f"[{kind} A042]\n"


def test_a_printer_that_eats_the_feed_after_a_picture():
    job = b"\x1dv0\x00\x01\x00\x08\x00" + b"\xff" * 8 + b"\nA\n"
    eats, feeds = (decode(job, Machine(raster_eats_feed=how)).sheets[0] for how in (True, False))
    assert feeds.height - eats.height == 30


def test_where_the_head_goes():
    def at(data):
        return [item.x for item in decode(data).sheets[0].lines[0].items]

    assert at(b"A\tB\n") == [0, 96]
    assert at(b"\x1bD\x03\x05\x00A\tB\tC\n") == [0, 36, 60]
    assert at(b"A\x1b\\\x18\x00B\n") == [0, 36]
    assert at(b"AAA\x1b\\\xe8\xff_\n") == [0, 12]
    assert at(b"\x1b \x0cAB\n") == [0, 24]


def test_feeding_counts_from_the_line_that_is_printed():
    (sheet,) = decode(b"\x1b3\x0aA\x1bd\x02B\n").sheets
    assert sheet.lines[0].height == 24
    assert decode(b"A\x1bd\x03B\n").sheets[0].text == "A\n\n\nB\n"


def test_half_width_katakana_have_a_page():
    assert decode(b"\x1bt\x01\xb2\xdb\xca A\xff\n").sheets[0].text == "ｲﾛﾊ A\ufffd\n"


def test_columns_and_crops():
    assert rows(from_columns(b"\xc0\x00\xff", 1))[:3] == ["#.#", "#.#", "..#"]
    assert rows(cropped(from_columns(b"\xff" * 20, 1), 3, 2)) == ["###", "###"]
    assert cropped(Bitmap(8, 1, b"\xff"), 0, 5) == Bitmap(0, 0, b"")
    assert sheet_dots(decode(b"\x1b*\x01\x01\x00\x80\n", PLAIN).sheets[0], 3).height == 3
