"""Jobs of other printing programs come out as somebody else's readers say they do."""

import json
import re
from pathlib import Path

import pytest
from data_readers import DATA

from edge.printing.bitmap import Bitmap
from edge.printing.decoding import decode
from edge.printing.machine import DEFAULT, Machine
from edge.printing.raster import bitmap_of_png, sheet_dots
from edge.printing.sheet import Picture, Run

JOBS = DATA / "escpos-fixtures"
NARROW = Machine(dots=384, eight_dot_pitch=1, raster_eats_feed=True)
"""What was measured of the narrow printer whose pictures these are (its profile says so)."""
REFERENCE = Machine(cutter_dots=80)
UNTRUSTED = {"escpos-php/character-encodings.bin"}
"""The reader that wrote these answers did not know all of the job's code pages."""


def read_answers():
    place = JOBS / "known_answers.json"
    return json.loads(place.read_text("utf-8")) if place.is_file() else {}


ANSWERS = read_answers()
NAMES = [name for name in ANSWERS if name.endswith((".bin", ".escpos"))]
PICTURES = [name for name in ANSWERS if "goldens" in name and name.endswith(".png")]

pytestmark = pytest.mark.skipif(not ANSWERS, reason=f"no print jobs at {JOBS}")


def machine_of(name) -> Machine:
    if "mechanism" in name:
        return REFERENCE
    return NARROW if "goldens" in name else DEFAULT


def decoded(name):
    return decode((JOBS / name).read_bytes(), machine_of(name))


def items_of(job, kind):
    return [
        item
        for sheet in job.sheets
        for line in sheet.lines
        for item in line.items
        if isinstance(item, kind)
    ]


def squeezed(texts):
    return re.sub(r"[\s\x00-\x1f]", "", "".join(texts))


@pytest.mark.parametrize("name", NAMES)
def test_cuts_pulses_pictures_and_codes_are_counted_alike(name):
    job, known = decoded(name), ANSWERS[name]
    pictures = items_of(job, Picture)
    codes = [picture for picture in pictures if picture.meaning]
    assert job.cuts == len(known["cuts"])
    assert job.drawer_kicks == len(known["drawer_pulses"])
    assert len(pictures) - len(codes) == known["images"]["count"]
    assert [code.meaning for code in codes] == [
        code["data"] for code in (*known["barcodes"], *known["symbols_2d"])
    ]
    assert not job.unknown


@pytest.mark.parametrize("name", [n for n in NAMES if n not in UNTRUSTED])
def test_every_letter_comes_out_in_order(name):
    job, known = decoded(name), ANSWERS[name]
    beside = [code["data"] for code in known["barcodes"]]
    printed = squeezed(run.text for run in items_of(job, Run))
    wanted = squeezed(known["text_lines"])
    if not beside:
        assert printed == wanted
        return
    at = 0  # the text of bar codes stands between the lines, where the job asks for it
    for letter in wanted:
        at = printed.index(letter, at) + 1
    assert len(printed) - len(wanted) <= 2 * sum(map(len, beside))


def test_sizes_of_pictures_are_kept():
    known = ANSWERS["escpos-php/bit-image.bin"]["images"]["first"]
    pictures = items_of(decoded("escpos-php/bit-image.bin"), Picture)
    assert [(p.bitmap.width, p.bitmap.height) for p in pictures] == [
        (k["width_dots"], k["height_dots"]) for k in known
    ]
    assert [(p.scale_x, p.scale_y) for p in pictures] == [(1, 1), (2, 1), (1, 2), (2, 2)]


def test_a_page_of_every_alphabet_has_every_trusted_line():
    known = ANSWERS["escpos-php/character-encodings.bin"]["text_lines"]
    printed = squeezed(r.text for r in items_of(decoded("escpos-php/character-encodings.bin"), Run))
    trusted = known[: known.index("Vietnamese:")]
    assert len(trusted) == 30
    assert [line for line in trusted if squeezed([line]) not in printed] == []


@pytest.mark.parametrize("name", PICTURES)
def test_sheets_are_as_large_as_in_the_pictures(name):
    number = int(Path(name).stem.rsplit("-", 1)[1])
    sheet = decoded(str(Path(name).parent / "input.bin")).sheets[number - 1]
    assert [sheet.dots, sheet.height] == ANSWERS[name]["png_size_dots"]


@pytest.mark.parametrize("name", [n for n in PICTURES if "/graphics/" in n or "/motion/" in n])
def test_pictures_come_out_dot_by_dot(name):
    """Those without letters, which have another face here."""
    job = decoded(str(Path(name).parent / "input.bin"))
    assert not items_of(job, Run)
    expected: Bitmap = bitmap_of_png((JOBS / name).read_bytes())
    assert sheet_dots(job.sheets[0]) == expected


def test_lines_of_text_stand_where_they_do_in_the_picture():
    place = JOBS / "escpost-goldens/text/ascii-fonts-and-styles"
    mine = sheet_dots(decode((place / "input.bin").read_bytes(), NARROW).sheets[0])
    theirs = bitmap_of_png((place / "expected-001.png").read_bytes())
    for top, height in ((0, 24), (30, 17), (60, 48), (108, 24), (138, 24), (168, 24)):
        for bitmap in (mine, theirs):
            assert has_ink(bitmap, top, top + height)
        assert not has_ink(mine, top + height, top + height + 6) or height == 48
    assert edges(mine, 60, 108) == pytest.approx(edges(theirs, 60, 108), abs=4), "centred alike"


def has_ink(bitmap, top, bottom):
    return any(bitmap.data[top * bitmap.stride : min(bottom, bitmap.height) * bitmap.stride])


def edges(bitmap, top, bottom):
    columns = [x for x in range(bitmap.width) for y in range(top, bottom) if bitmap.is_black(x, y)]
    return min(columns), max(columns)
