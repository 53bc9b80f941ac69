"""Paper to bytes: code pages where they suffice, pictures where not, and nothing smuggled in."""

import subprocess
import sys
import tempfile

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.printing.encoder import encode, rows_of
from edge.printing.framing import Framer
from edge.printing.interpreter import DrawerKicked, Interpreter
from edge.printing.paper import Columns, Cut, Kick, Paper, QrCode, Rule, Text, columns_of
from edge.printing.profiles import COMMAND_BYTES_MAX, PROFILES, PrinterProfile

WIDE = PROFILES["virtual"]


def paper_of(*rows, **more) -> Paper:
    return Paper("receipt", "A042", rows, **more)


def commands_of(data):
    return Framer().feed(data)


def kicks(data):
    interpreter = Interpreter(WIDE.dots)
    effects = [e for command in commands_of(data) for e in interpreter.execute(command)]
    return sum(isinstance(effect, DrawerKicked) for effect in effects)


def test_the_amount_stands_at_the_right_edge(printed):
    text = printed(paper_of(Columns("Nasi goreng", "38.000")), WIDE).text
    assert text == "Nasi goreng" + " " * 31 + "38.000\n"
    assert len(text.rstrip()) == WIDE.columns


def test_a_long_name_wraps_beside_its_amount(printed):
    name = "Sate Ayam Madura dengan Lontong dan Sambal Kecap Rawit"
    rows = printed(paper_of(Columns(name, "45.000", hang=2)), PROFILES["virtual-58"]).text
    assert rows.splitlines() == [
        "Sate Ayam Madura dengan   45.000",
        "  Lontong dan Sambal",
        "  Kecap Rawit",
    ]


def test_an_amount_that_does_not_fit_beside_its_name_stands_whole_beneath_it(printed):
    narrow = PROFILES["virtual-58"]
    total = Columns("TOTAL", "Rp 12.182.000", size=2, bold=True)
    assert printed(paper_of(total), narrow).text.split() == ["TOTAL", "Rp", "12.182.000"]
    assert len(printed(paper_of(total), narrow).lines) == 2
    vast = Columns("TOTAL", "Rp 999.999.182.000.000", size=2)
    assert "Rp 999.999.182.000.000" in printed(paper_of(vast), narrow).text, "smaller, not cut"
    long = Columns("Kartu", "a very long name of some payment provider or other")
    assert all(len(row) <= 32 for row in printed(paper_of(long), narrow).text.splitlines())


WORDS = st.text(
    st.characters(codec="cp437", exclude_categories=("Cc", "Zs", "Nd", "Pd")), max_size=24
)


@given(
    st.lists(WORDS, max_size=6).map(" ".join),
    st.integers(-(10**12), 10**12),
    st.sampled_from([32, 42, 48]),
    st.sampled_from([1, 2]),
    st.integers(0, 4),
)
def test_amounts_end_at_the_edge_and_no_row_is_wider_than_paper(name, amount, columns, size, hang):
    shown = f"{amount:,}"
    rows = rows_of(Columns(name, shown, size=size, hang=hang), columns)
    assert all(columns_of(row) <= columns // size for row in rows)
    said = "".join("".join(rows).split())
    assert sorted(said) == sorted("".join(f"{name}{shown}".split())), "no letter is lost"
    if columns_of(shown) <= columns // size:
        (holder,) = (row for row in rows if row.endswith(shown))
        assert columns_of(holder) == columns // size


def test_what_is_struck_is_drawn_with_a_line_through_it(printed):
    plain, struck = (
        printed(paper_of(Text("1 x Kerupuk", size=2, struck=how)), WIDE) for how in (False, True)
    )
    assert "Kerupuk" in plain.text
    assert struck.text.startswith("[picture 576×")


@pytest.mark.parametrize("text", ["Nasi", "Café", "Señor × 2", "€ 5", "“maison”", "½ porsi ░"])
def test_what_a_code_page_has_is_sent_as_text(printed, text):
    assert printed(paper_of(Text(text)), WIDE).text == f"{text}\n"


@pytest.mark.parametrize("text", ["宫保鸡丁", "شاورما", "ผัดไทย", "पनीर", "борщ", "Nasi 😀"])
def test_what_no_code_page_has_is_drawn(printed, text):
    sheet = printed(paper_of(Text(text)), WIDE)
    assert sheet.text.startswith("[picture 576×")
    assert any(any(item.bitmap.data) for line in sheet.lines for item in line.items)


def test_a_profile_that_has_the_code_page_needs_no_picture():
    russian = msgspec.structs.replace(WIDE, code_pages={"CP866": 17})
    data = encode(paper_of(Text("борщ")), russian)
    assert b"\x1bt\x11" in data
    assert data.endswith("борщ\n".encode("cp866"))
    assert b"\x1dv0" not in data


def test_typography_is_made_plain_before_it_is_drawn(printed):
    old = msgspec.structs.replace(WIDE, code_pages={"CP437": 0})
    assert printed(paper_of(Text("2 × “teh” – panas…")), old).text == '2 x "teh" - panas...\n'


def test_a_note_cannot_open_the_drawer_or_cut_the_paper():
    note = "pedas\x1bp\x00\x32\x32 \x1dV\x00 \x1b@ \x10\x14\x01\x00\x05"
    data = encode(paper_of(Text(note), Text("akhir")), WIDE)
    assert kicks(data) == 0
    names = [command.name for command in commands_of(data)]
    assert b"\x1dV" not in names
    assert names.count(b"\x1b@") == 1, "only the reset at the beginning"


def test_the_drawer_opens_once_and_never_for_a_duplicate():
    paper = paper_of(Kick(), Text("LUNAS"))
    assert kicks(encode(paper, WIDE)) == 1
    assert kicks(encode(msgspec.structs.replace(paper, duplicate_of=1), WIDE)) == 0
    without = msgspec.structs.replace(WIDE, drawer=False)
    assert kicks(encode(paper, without)) == 0


def test_a_duplicate_says_so_at_the_top(printed):
    once = paper_of(Text("A042"))
    assert "DUPLICATE" not in printed(once, WIDE).text
    again = printed(msgspec.structs.replace(once, duplicate_of=2), WIDE)
    assert again.text.splitlines()[0].strip() == "*** DUPLICATE / SALINAN 2 ***"
    assert again.lines[0].items[0].inverse


def test_a_job_begins_clean_whatever_the_last_one_left(printed):
    leftovers = b"\x1b!\x38\x1bE\x01\x1dB\x01\x1ba\x02\x1bt\x11\x1dL\x40\x00\x1b3\x05"
    interpreter = Interpreter(WIDE.dots)
    data = encode(paper_of(Text("Café")), WIDE)
    for command in commands_of(leftovers + data):
        interpreter.execute(command)
    assert interpreter.take_sheet() == printed(paper_of(Text("Café")), WIDE)


def test_style_does_not_leak_from_row_to_row(printed):
    loud = Text("A042", size=4, bold=True, align="right", inverse=True)
    plain = printed(paper_of(loud, Text("Nasi")), WIDE).lines[-1].items[0]
    assert (plain.width, plain.height, plain.bold, plain.inverse, plain.x) == (
        1,
        1,
        False,
        False,
        0,
    )


def test_a_drawn_row_starts_at_the_left_whatever_stood_above(printed):
    rows = (Text("Meja 7", align="right"), Text("شاورما 1"))
    picture = printed(paper_of(*rows), PROFILES["80mm-42"]).lines[-1].items[0]
    assert picture.x == 0


@pytest.mark.parametrize("profile", PROFILES.values(), ids=list(PROFILES))
def test_a_qr_code_is_scannable_and_fits(printed, profile):
    data = "https://kedai.example/r/" + "7f3a" * 20
    sheet = printed(paper_of(QrCode(data)), profile)
    pictures = [item for line in sheet.lines for item in line.items]
    assert 0 < pictures[0].dots <= profile.dots
    assert (pictures[0].meaning == data) is profile.native_qr


def test_no_command_is_longer_than_promised():
    paper = paper_of(Text("شاورما " * 20, size=4), QrCode("x" * 300), Rule(), Cut())
    for profile in PROFILES.values():
        longest = max(len(c.name + c.data) for c in commands_of(encode(paper, profile)) if c.name)
        assert longest <= COMMAND_BYTES_MAX


def test_a_printer_without_a_cutter_is_fed_instead():
    assert b"\x1dV" not in encode(paper_of(Cut()), PROFILES["58mm"])


@pytest.mark.parametrize(
    "wrong", [{"columns": 49, "dots": 576}, {"columns": 8}, {"dots": 580}, {"code_pages": {}}]
)
def test_a_profile_that_cannot_be_is_refused(wrong):
    with pytest.raises(ValueError, match=r"columns|profile"):
        PrinterProfile(**wrong)


def test_the_library_leaves_the_process_as_it_found_it():
    code = (
        "import logging, os, sys, tempfile\n"
        "from edge.printing.encoder import encode\n"
        "from edge.printing.paper import Paper, Text\n"
        "from edge.printing.profiles import PrinterProfile\n"
        "assert 'escpos' not in sys.modules, 'not before it is needed'\n"
        "encode(Paper('receipt', 'x', (Text('x'),)), PrinterProfile())\n"
        "assert not logging.getLogger().handlers\n"
        "assert not os.listdir(tempfile.gettempdir())\n"
    )
    run_in_own_temporary_folder(code)


def run_in_own_temporary_folder(code):
    with tempfile.TemporaryDirectory() as folder:
        environment = {"TMPDIR": folder, "PATH": ""}
        subprocess.run([sys.executable, "-c", code], env=environment, check=True, timeout=60)


def test_a_warm_encoder_has_imported_its_library_and_opened_its_fonts():
    script = (
        "import sys, time\n"
        "from edge.printing.encoder import encode, warm_up\n"
        "from edge.printing.paper import Paper, Text\n"
        "from edge.printing.profiles import PROFILES\n"
        "assert 'escpos.printer' not in sys.modules\n"
        "warm_up(48)\n"
        "assert 'escpos.printer' in sys.modules\n"
        "begun = time.process_time()\n"
        "encode(Paper('receipt', '', (Text('Nasi', struck=True),)), PROFILES['80mm'])\n"
        "print(time.process_time() - begun)\n"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)
    assert float(run.stdout) < 0.1
