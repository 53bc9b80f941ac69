"""Bytes to sheets: framing that does not care how bytes arrive, and what each command does."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.printing.framing import Framer
from edge.printing.interpreter import Asked, CutOff, DrawerKicked, Interpreter
from edge.printing.sheet import Picture, Run

JOB = (
    b"\x1b@Nasi \x1bE\x01goreng\x1bE\x00\n\x1ba\x02\x1d!\x11kanan\n\x1ba\x00\x1d!\x00"
    b"\x1dv0\x00\x02\x00\x03\x00\xff\x00\x0f\xf0\xaa\x55"
    b"\x1d(k\x04\x001A2\x00\x1d(k\x03\x001C\x05\x1d(k\x07\x001P0abcd\x1d(k\x03\x001Q0"
    b"\x1dk\x04123\x00\x1dk\x49\x05{B123\x1bD\x08\x10\x00\x1b&\x01AA\x02\x11\x22"
    b"\x1c2\x21\x21" + bytes(72) + b"\x1bp\x00\x19\x19\x1dr\x01\x1bd\x03\x1dVA\x00sisa\n"
)


BYTES = st.integers(0x20, 0x7E)


def run(data, splits=(), dots=576):
    """All effects of `data`, handed over in pieces cut at `splits`."""
    framer, interpreter = Framer(), Interpreter(dots)
    cuts = [0, *sorted(splits), len(data)]
    pieces = [data[a:b] for a, b in itertools.pairwise(cuts)]
    effects = [
        effect
        for piece in pieces
        for command in framer.feed(piece)
        for effect in interpreter.execute(command)
    ]
    return effects, interpreter


def sheet_of(data, dots=576):
    effects, interpreter = run(data, dots=dots)
    cut = [effect.sheet for effect in effects if isinstance(effect, CutOff)]
    return cut[0] if cut else interpreter.take_sheet()


@given(st.sets(st.integers(0, len(JOB)), max_size=12))
def test_how_the_bytes_arrive_changes_nothing(splits):
    whole, split = run(JOB), run(JOB, splits)
    assert split[0] == whole[0]
    assert split[1].take_sheet() == whole[1].take_sheet()
    assert not split[1].unknown


PREFIXES = st.builds(lambda a, b: bytes([a, b]), st.sampled_from(b"\x10\x1b\x1c\x1d"), BYTES)


@given(st.lists(st.one_of(PREFIXES, st.binary(max_size=12)), max_size=60))
def test_no_bytes_ever_crash_it(pieces):
    _, interpreter = run(b"".join(pieces))
    if (sheet := interpreter.take_sheet()) is not None:
        assert sheet.text is not None


def test_everything_in_one_job():
    effects, interpreter = run(JOB)
    assert [type(effect) for effect in effects] == [DrawerKicked, Asked, CutOff]
    assert effects[-1].sheet.text.splitlines()[:4] == [
        "Nasi goreng",
        " " * 38 + "kanan",
        "[picture 16×3]",
        "[QR abcd]",
    ]
    assert interpreter.take_sheet().text == "sisa\n"


def test_bold_is_a_run_of_its_own():
    plain, bold = sheet_of(JOB).lines[0].items
    assert (plain.text, plain.bold, bold.text, bold.bold) == ("Nasi ", False, "goreng", True)
    assert bold.x == plain.dots


@pytest.mark.parametrize(
    ("number", "byte", "letter"),
    [(0, 0x82, "é"), (2, 0x9E, "×"), (19, 0xD5, "€"), (16, 0x93, "“"), (17, 0x8C, "М")],
)
def test_code_pages(number, byte, letter):
    assert sheet_of(bytes([0x1B, 0x74, number, byte, 0x0A])).text == f"{letter}\n"


def test_a_full_line_goes_on_in_the_next():
    text = sheet_of(b"x" * 50 + b"\n", dots=384).text
    assert text == "x" * 32 + "\n" + "x" * 18 + "\n"


def test_double_size_takes_twice_the_room():
    rows = sheet_of(b"\x1d!\x11" + b"x" * 20 + b"\n", dots=384).lines
    assert [(row.items[0].text, row.height) for row in rows] == [("x" * 16, 48), ("x" * 4, 48)]


def test_select_mode_sets_everything_at_once():
    (item,) = sheet_of(b"\x1b!\xb8A\n").lines[0].items
    assert item == Run(0, "A", (12, 24), 2, 2, bold=True, underline=1)


def test_the_small_font_is_narrower():
    assert sheet_of(b"\x1bM\x01" + b"x" * 64 + b"\n").lines[0].items[0].dots == 576


def test_alignment_is_by_dots():
    left, middle, right = (
        sheet_of(b"\x1ba" + bytes([n]) + b"abcd\n").lines[0].items[0].x for n in (0, 1, 2)
    )
    assert (left, middle, right) == (0, 264, 528)


def test_pictures_keep_their_dots_and_scale():
    (picture,) = sheet_of(b"\x1dv0\x03\x01\x00\x02\x00\x80\x01").lines[0].items
    assert isinstance(picture, Picture)
    assert (picture.scale_x, picture.scale_y, picture.dots) == (2, 2, 16)
    assert picture.bitmap.is_black(0, 0)
    assert picture.bitmap.is_black(7, 1)
    assert not picture.bitmap.is_black(1, 0)


def test_unknown_commands_are_counted_and_passed_over():
    effects, interpreter = run(b"\x1bZ\x1d~\x1bZakhir\n")
    assert effects == []
    assert interpreter.unknown == {b"\x1bZ": 2, b"\x1d~": 1}
    assert interpreter.take_sheet().text == "akhir\n"


def test_a_command_of_absurd_length_does_not_eat_the_rest():
    _, interpreter = run(b"\x1dv0\x00\xff\xff\xff\xffakhir\n")
    assert interpreter.unknown == {b"\x1dv": 1}
    assert interpreter.take_sheet().text.endswith("akhir\n")


def test_each_cut_ends_a_sheet_and_an_empty_one_is_none():
    effects, _ = run(b"satu\n\x1dV\x00\x1dV\x00dua\n\x1bi")
    assert [effect.sheet.text for effect in effects] == ["satu\n", "dua\n"]
