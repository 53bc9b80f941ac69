"""QR codes for paper and screens."""

import pytest

from edge.printing import qr
from edge.printing.bitmap import Bitmap, from_matrix


def test_the_matrix_has_its_three_finders():
    modules = qr.matrix("https://kedai.example/r/1")
    side = len(modules)
    finder = [True] * 7
    assert list(modules[0][:7]) == list(modules[0][side - 7 :]) == list(modules[-1][:7]) == finder
    assert (side - 17) % 4 == 0


def test_long_data_gets_the_weaker_correction_so_modules_stay_large():
    assert qr.level_of("x" * 1000) == "M"
    assert qr.level_of("x" * 1001) == "L"


def test_data_beyond_any_code_is_refused():
    with pytest.raises(qr.QrTooLongError):
        qr.matrix("x" * 3000)


def test_the_svg_has_a_quiet_zone_and_every_dark_module():
    modules = qr.matrix("1")
    picture = qr.svg("1")
    assert f'viewBox="0 0 {len(modules) + 8} {len(modules) + 8}"' in picture
    assert picture.count("h1v1h-1z") == sum(map(sum, modules))


def test_a_matrix_is_scaled_and_centred():
    bitmap = from_matrix([[True, False], [False, True]], 2, 16)
    assert bitmap == Bitmap(16, 4, bytes([0x03, 0x00, 0x03, 0x00, 0x00, 0xC0, 0x00, 0xC0]))
    assert [strip.height for strip in bitmap.strips(3)] == [3, 1]
