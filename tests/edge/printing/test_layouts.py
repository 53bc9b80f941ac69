"""What stands on the papers, reviewed as text in `tests/golden/receipts`."""

import re

import msgspec
import pytest

from edge.outlet import Outlet
from edge.printing import layouts, receipt_layout, words
from edge.printing.paper import Kick, Paper, Text
from edge.printing.profiles import PROFILES
from protocol.bill import Refund
from protocol.orders import Payment

WIDE, NARROW = PROFILES["virtual"], PROFILES["58mm"]
PROFILE_BY_WIDTH = {"48": WIDE, "42": PROFILES["80mm-42"], "32": NARROW}
SENJA = Outlet(
    outlet_id="o1",
    tenant_id="t1",
    node_id="n1",
    name="Kedai Senja",
    currency="IDR",
    zone="Asia/Jakarta",
    rollover_hour=0,
    language="id",
    tenders=("cash",),
)
KITCHEN = (SENJA, "Dapur")


@pytest.mark.parametrize("width", PROFILE_BY_WIDTH)
class TestGolden:
    def test_kitchen_ticket(self, ticket, printed, golden, width):
        paper = layouts.kitchen_ticket(ticket, *KITCHEN)
        text = printed(paper, PROFILE_BY_WIDTH[width]).text
        golden(f"kitchen_ticket_{width}", without_sizes(text))

    def test_receipt(self, order, printed, golden, width):
        header = ("Jl. Braga No. 12, Bandung", "NPWP 01.234.567.8-901.000")
        link = "https://kedai.example/r/7f3a"
        paper = receipt_layout.receipt(order, SENJA, header=header, link=link, kick=True)
        golden(f"receipt_{width}", printed(paper, PROFILE_BY_WIDTH[width]).text)

    def test_foreign_kitchen_ticket(self, foreign_ticket, printed, golden, width):
        paper = layouts.kitchen_ticket(foreign_ticket, *KITCHEN)
        text = printed(paper, PROFILE_BY_WIDTH[width]).text
        golden(f"kitchen_ticket_foreign_{width}", without_sizes(text))

    def test_foreign_receipt_in_english(self, foreign_order, printed, golden, width):
        paper = receipt_layout.receipt(foreign_order, msgspec.structs.replace(SENJA, language="en"))
        text = printed(paper, PROFILE_BY_WIDTH[width]).text
        golden(f"receipt_foreign_{width}", without_sizes(text))

    def test_duplicate(self, ticket, printed, golden, width):
        paper = layouts.kitchen_ticket(ticket, *KITCHEN, only=frozenset({"l3"}))
        again = msgspec.structs.replace(paper, duplicate_of=1)
        golden(f"duplicate_{width}", printed(again, PROFILE_BY_WIDTH[width]).text)

    def test_rush_slip(self, ticket, printed, golden, width):
        paper = layouts.rush_slip(ticket, *KITCHEN)
        golden(f"rush_slip_{width}", printed(paper, PROFILE_BY_WIDTH[width]).text)

    def test_void_slip(self, ticket, printed, golden, width):
        line = msgspec.structs.replace(ticket.lines[2], quantity=1, reduced=2)
        voided = msgspec.structs.replace(ticket, lines=(line, ticket.lines[3]))
        paper = layouts.kitchen_ticket(voided, *KITCHEN, voids=True)
        text = printed(paper, PROFILE_BY_WIDTH[width]).text
        golden(f"void_slip_{width}", without_sizes(text))

    def test_everything_a_kitchen_ticket_can_say(self, ticket, printed, golden, width):
        first, second, third, _ = ticket.lines
        lines = (
            msgspec.structs.replace(first, allergens=("peanut", "egg")),
            msgspec.structs.replace(second, course=2, station_ids=("grill",)),
            msgspec.structs.replace(third, course=2),
        )
        full = msgspec.structs.replace(
            ticket, lines=lines, rush=True, tab_name="Ibu Sari", waiting_courses=(3,)
        )
        paper = layouts.kitchen_ticket(full, SENJA, "Dapur panas")
        marked = msgspec.structs.replace(paper, rerouted_from="Grill", late_min=7)
        golden(f"kitchen_ticket_full_{width}", printed(marked, PROFILE_BY_WIDTH[width]).text)


def without_sizes(text):
    """How large a drawn row is depends on the fonts of the machine; that it is drawn does not."""
    return re.sub(r"(\s*\[picture [^]]*\]\n)+", "\n[picture]\n", text)


def only(ticket, *line_ids):
    mine = tuple(line for line in ticket.lines if line.line_id in line_ids)
    return msgspec.structs.replace(ticket, lines=mine)


def words_of(paper: Paper) -> str:
    return msgspec.json.encode(paper).decode()


def test_papers_survive_the_spool(ticket, order):
    for paper in (layouts.kitchen_ticket(ticket, *KITCHEN), receipt_layout.receipt(order, SENJA)):
        assert msgspec.json.decode(msgspec.json.encode(paper), type=Paper) == paper


def test_an_addition_shows_only_what_is_new(ticket):
    paper = layouts.kitchen_ticket(ticket, *KITCHEN, only=frozenset({"l2"}))
    assert "TAMBAHAN" in words_of(paper)
    assert "Sate Ayam" in words_of(paper)
    assert "Nasi Goreng" not in words_of(paper)


def test_a_voided_line_stays_on_the_ticket_and_off_the_receipt(ticket, order):
    kitchen = words_of(layouts.kitchen_ticket(ticket, *KITCHEN))
    assert '"text":"1 × Kerupuk"' in kitchen
    assert '"struck":true' in kitchen
    assert "Kerupuk" not in words_of(receipt_layout.receipt(order, SENJA))
    assert "6 item" in kitchen, "a voided line is not counted"


def test_a_ticket_of_voided_lines_alone_is_headed_so(ticket):
    assert words.VOIDED in words_of(layouts.kitchen_ticket(only(ticket, "l4"), *KITCHEN))
    assert words.VOIDED not in words_of(layouts.kitchen_ticket(ticket, *KITCHEN))


def test_a_receipt_never_says_paid_while_something_is_due(order):
    partly = msgspec.structs.replace(order, payments=(paid(order, 100_000),))
    assert words.NOT_PAID in words_of(receipt_layout.receipt(partly, SENJA))
    assert "119.500" in words_of(receipt_layout.receipt(partly, SENJA))
    whole = msgspec.structs.replace(partly, payments=(paid(order, 219_500),))
    assert f'"{words.PAID}"' in words_of(receipt_layout.receipt(whole, SENJA))


def test_a_double_payment_is_shown_as_overpaid(order):
    twice = (paid(order, 219_500), paid(order, 219_500))
    paper = receipt_layout.receipt(msgspec.structs.replace(order, payments=twice), SENJA)
    assert '"Kelebihan bayar","right":"219.500"' in words_of(paper)


def test_a_tip_that_went_back_stands_with_what_was_given_back(order):
    back = Refund(refund_id="r", amount=19_500, tip=5_000, tender="card", at_ms=1, payment_id="p")
    given = msgspec.structs.replace(order, payments=(paid(order, 219_500),), refunds=(back,))
    said = words_of(receipt_layout.receipt(given, SENJA))
    assert '"right":"-24.500"' in said, "what the guest got in hand"
    assert '"Tip","right":"-5.000"' in said


def paid(order, amount) -> Payment:
    return Payment(
        payment_id=f"p{amount}", tender="card", amount=amount, tendered=amount, change=0, at_ms=0
    )


def test_an_uncertain_time_is_marked_on_both_papers(foreign_order, foreign_ticket):
    mark = words.TIME_NOT_CONFIRMED
    assert mark in words_of(receipt_layout.receipt(foreign_order, SENJA))
    assert mark in words_of(layouts.kitchen_ticket(foreign_ticket, *KITCHEN))


def test_a_sale_after_midnight_names_its_business_date(order):
    late = msgspec.structs.replace(order, business_date="2026-11-21")
    assert '"Hari usaha","right":"21/11/2026"' in words_of(receipt_layout.receipt(late, SENJA))
    assert "Hari usaha" not in words_of(receipt_layout.receipt(order, SENJA))


def test_the_drawer_opens_only_when_asked(order):
    assert Kick() not in receipt_layout.receipt(order, SENJA).rows
    assert receipt_layout.receipt(order, SENJA, kick=True).rows[0] == Kick()


@pytest.mark.parametrize("profile", PROFILES.values(), ids=list(PROFILES))
def test_the_test_page_prints_on_every_profile(printed, profile):
    paper = layouts.test_page("Kasir", "10.0.0.9:9100", profile, SENJA, 0, ())
    ruler = "".join(str(n % 10) for n in range(1, profile.columns + 1))
    assert ruler in printed(paper, profile).text.splitlines(), "a full row fits exactly"


class TestKitchenTicket:
    def test_a_rush_and_what_waits_are_said(self, ticket):
        urgent = msgspec.structs.replace(ticket, rush=True, waiting_courses=(2, 3))
        paper = layouts.kitchen_ticket(urgent, *KITCHEN)
        assert paper.rows[0].text == words.RUSH
        assert "Ditahan: Hidangan 2, 3" in words_of(paper)
        assert words.RUSH not in words_of(layouts.kitchen_ticket(ticket, *KITCHEN))

    def test_allergens_stand_out_in_the_language_of_the_kitchen(self, ticket):
        line = msgspec.structs.replace(ticket.lines[0], allergens=("peanut", "buckwheat"))
        paper = layouts.kitchen_ticket(msgspec.structs.replace(ticket, lines=(line,)), *KITCHEN)
        (warning,) = (r for r in paper.rows if isinstance(r, Text) and "ALERGEN" in r.text)
        assert warning.inverse
        assert warning.text.endswith("KACANG TANAH, BUCKWHEAT")

    def test_a_takeaway_cannot_be_taken_for_a_table(self, foreign_ticket, ticket):
        bars = [r.text for r in layouts.kitchen_ticket(foreign_ticket, *KITCHEN).rows if bar(r)]
        assert bars == ["BAWA PULANG"]
        inside = layouts.kitchen_ticket(only(ticket, "l1"), *KITCHEN)
        assert not any(bar(row) for row in inside.rows)

    def test_a_course_is_named_when_there_are_several_or_it_is_not_the_first(self, ticket):
        first, second = ticket.lines[:2]
        later = msgspec.structs.replace(second, course=2)
        several = msgspec.structs.replace(ticket, lines=(later, first))
        said = words_of(layouts.kitchen_ticket(several, *KITCHEN))
        assert said.index("HIDANGAN 1") < said.index("Nasi") < said.index("HIDANGAN 2")
        alone = words_of(layouts.kitchen_ticket(only(several, "l2"), *KITCHEN))
        assert "HIDANGAN 2" in alone
        assert "HIDANGAN" not in words_of(layouts.kitchen_ticket(only(ticket, "l2"), *KITCHEN))

    @pytest.mark.parametrize("profile", [WIDE, NARROW])
    @pytest.mark.parametrize("table", ["7", "12A", "TERAS 103", "VIP ROOM UPSTAIRS"])
    def test_the_table_is_as_large_as_fits_on_one_row(self, ticket, printed, profile, table):
        at = msgspec.structs.replace(ticket, table=table)
        rows = printed(layouts.kitchen_ticket(at, *KITCHEN), profile).text.splitlines()
        assert len(table) > 10 or f"MEJA {table}" in [row.strip() for row in rows]

    def test_some_of_a_line_taken_off_is_told_with_what_is_left(self, ticket):
        line = msgspec.structs.replace(ticket.lines[2], quantity=1, reduced=2)
        fewer = msgspec.structs.replace(ticket, lines=(line,))
        slip = layouts.kitchen_ticket(fewer, *KITCHEN, voids=True)
        assert slip.rows[0].text == words.VOIDED
        shown = [r for r in slip.rows if isinstance(r, Text) and "Es Kopi" in r.text]
        assert [(r.text[:3], r.struck) for r in shown] == [("3 ×", True), ("1 ×", False)]
        assert "BATAL 2 ×" in words_of(slip)
        whole = layouts.kitchen_ticket(fewer, *KITCHEN)
        assert words.VOIDED not in words_of(whole), "a reprint is no void"

    def test_a_station_that_assembles_reads_who_makes_each_line(self, ticket):
        line = msgspec.structs.replace(ticket.lines[0], station_ids=("grill", "wok"))
        paper = layouts.kitchen_ticket(msgspec.structs.replace(ticket, lines=(line,)), *KITCHEN)
        assert '"text":"< grill, wok"' in words_of(paper)

    def test_a_rush_slip_is_small_and_says_where(self, ticket, printed):
        paper = layouts.rush_slip(ticket, *KITCHEN)
        text = printed(paper, NARROW).text
        assert paper.kind == "rush_slip"
        assert [text.index(x) for x in (words.RUSH, "DAPUR", "MEJA 7", "A042")] == sorted(
            text.index(x) for x in (words.RUSH, "DAPUR", "MEJA 7", "A042")
        )
        assert "6 item" in text
        assert "Nasi" not in text


def bar(row) -> bool:
    return isinstance(row, Text) and row.inverse


def test_a_dated_price_is_named_under_its_line(order):
    happy = msgspec.structs.replace(order.lines[2], price_names={"id": "Jam senang"})
    paper = receipt_layout.receipt(msgspec.structs.replace(order, lines=(happy,)), SENJA)
    assert "* Jam senang" in words_of(paper)
    assert "@ 22.000" not in words_of(paper), "the menu's price is not what was charged"


def test_marks_stand_above_everything_else(ticket, printed):
    paper = layouts.kitchen_ticket(ticket, *KITCHEN)
    late = msgspec.structs.replace(paper, duplicate_of=1, rerouted_from="Grill", late_min=75)
    rows = [row.strip() for row in printed(late, WIDE).text.splitlines()]
    assert rows[:3] == [
        "*** DUPLICATE / SALINAN 1 ***",
        "DIALIHKAN DARI / REROUTED FROM GRILL",
        "TERLAMBAT / LATE 1 h 15 min",
    ]


def test_the_test_page_says_which_scripts_have_no_font_and_what_to_do():
    lacks = layouts.test_page("Kasir", "", WIDE, SENJA, 0, ("CJK", "AM"))
    assert "Tidak ada huruf untuk: CJK, AM" in words_of(lacks)
    assert "fonts-noto-cjk" in words_of(lacks)
    assert "huruf untuk" not in words_of(layouts.test_page("Kasir", "", WIDE, SENJA, 0, ()))
