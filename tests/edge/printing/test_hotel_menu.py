"""Every name of a menu in five languages and four scripts comes out, on wide and narrow paper."""

import json

import pytest
from data_readers import DATA

from edge.printing import raster
from edge.printing.bitmap import Bitmap
from edge.printing.decoding import decode
from edge.printing.encoder import encode
from edge.printing.machine import Machine
from edge.printing.paper import Columns, Cut, Paper, Text, columns_of, wrap
from edge.printing.profiles import PROFILES
from edge.printing.sheet import Picture

PLACE = DATA / "hotel-menu-5-languages" / "menu.json"
LANGUAGES = ("en", "am", "zh", "ar", "fr")


def names_in(value, language):
    """All names of the menu in one language, wherever they stand in it."""
    if isinstance(value, list):
        return [name for one in value for name in names_in(one, language)]
    if not isinstance(value, dict):
        return []
    key = "name" if language == "en" else f"name_{language}"
    mine = [value[key]] if "name_am" in value else []
    return mine + [name for one in value.values() for name in names_in(one, language)]


@pytest.fixture(scope="module")
def menu():
    if not PLACE.is_file():
        pytest.skip(f"no menu at {PLACE}")
    return json.loads(PLACE.read_text("utf-8"))


def ensure_fonts(names):
    missing = {c for name in names for c in raster.missing_characters(name)}
    if missing:
        pytest.skip(f"this machine has no font for {len(missing)} characters of it")


def bitmaps_of(paper, profile):
    (sheet,) = decode(encode(paper, profile), Machine(dots=profile.dots)).sheets
    strips = [x.bitmap for line in sheet.lines for x in line.items if isinstance(x, Picture)]
    return sheet, strips


@pytest.mark.parametrize("profile", ["80mm-42", "58mm"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_name_is_on_the_paper(menu, language, profile):
    names = names_in(menu, language)
    assert len(names) == 241
    ensure_fonts(names)
    shape = PROFILES[profile]
    names = names if profile == "58mm" else names[::4]
    rows = [Columns(f"{n % 12 + 1} × {name}", "38.000", hang=4) for n, name in enumerate(names)]
    for start in range(0, len(rows), 60):
        paper = Paper("receipt", "A042", (*rows[start : start + 60], Cut()))
        sheet, strips = bitmaps_of(paper, shape)
        assert all(strip.width <= shape.dots for strip in strips)
        assert "�" not in sheet.text
        assert "?" not in sheet.text
        drawn = sum(any(strip.data) for strip in strips)
        assert drawn >= 60 * (language in {"am", "zh", "ar"}) * 0.9 or start + 60 > len(rows)


@pytest.mark.parametrize("language", LANGUAGES)
def test_names_wrap_without_losing_a_letter(menu, language):
    for name in names_in(menu, language):
        rows = wrap(name, 14)
        assert "".join("".join(rows).split()) == "".join(name.split())
        assert all(columns_of(row) <= 14 for row in rows)


@pytest.mark.parametrize("language", ["en", "fr"])
def test_what_a_code_page_has_is_never_drawn(menu, language):
    shape = PROFILES["80mm"]
    plain = [n for n in names_in(menu, language) if n.isascii()]
    assert len(plain) > 100
    for start in range(0, len(plain), 60):
        paper = Paper("receipt", "", (*(Text(n) for n in plain[start : start + 60]), Cut()))
        assert bitmaps_of(paper, shape)[1] == []


def ink_columns(bitmap: Bitmap):
    return [
        x for x in range(bitmap.width) if any(bitmap.is_black(x, y) for y in range(bitmap.height))
    ]


def test_arabic_is_joined_and_begins_at_the_right(menu):
    names = names_in(menu, "ar")
    ensure_fonts(names)
    for name in names[:40]:
        row = raster.row_bitmap(Text(f"2 × {name}", size=1), 2000)
        columns = ink_columns(row)
        head, tail = columns[0], columns[-1]
        assert head < 24, "the quantity stays at the left"
        assert tail > 1980, "the name begins at the right"
        apart = sum(raster.measure(letter, 1.0, bold=False) for letter in name)
        assert raster.measure(name, 1.0, bold=False) < apart * 0.95, "letters join"


def test_wide_names_need_no_space_to_wrap(menu):
    names = [n for n in names_in(menu, "zh") if " " not in n and columns_of(n) > 12]
    assert names
    for name in names:
        first, *rest = wrap(f"2 × {name}", 16)
        assert columns_of(first) >= 10, "the first row is filled, not left to the quantity alone"
        assert rest
