"""What stands on X and Z reports, reviewed as text in `tests/golden/receipts`, and that it adds up."""

import msgspec
import pytest

from edge.outlet import Outlet
from edge.printing.layouts import banner
from edge.printing.paper import Columns, Text
from edge.printing.profiles import PROFILES
from edge.printing.report_layout import Names, cash_slip, shift_slip, x_report, z_report
from edge.printing.words import TIME_NOT_CONFIRMED
from protocol.floor_events import CashMoved, DayClosed
from protocol.reports import sales_report
from protocol.tills import (
    CashKind,
    CategoryFigure,
    DayFigures,
    Outstanding,
    Shift,
    TaxFigure,
    TenderFigure,
)

AT_MS = 1_795_364_040_000
"""22 November 2026, 23:14 in Jakarta."""
PROFILE_BY_WIDTH = {
    "48": PROFILES["virtual"],
    "42": PROFILES["80mm-42"],
    "32": PROFILES["58mm"],
}
SENJA = Outlet(
    outlet_id="o1", tenant_id="t1", node_id="n1", name="Kedai Senja", currency="IDR",
    zone="Asia/Jakarta", rollover_hour=0, language="id", tenders=("cash",),
)  # fmt: skip
ENGLISH = msgspec.structs.replace(SENJA, language="en")
FIRST_TILL = Shift(
    shift_id="s1",
    till_id="depan",
    opened_ms=AT_MS - 14 * 3_600_000,
    opened_by="budi",
    business_date="2026-11-22",
    opening=500_000,
    paid_out=150_000,
    drops=5_000_000,
    no_sales=2,
    closed_ms=AT_MS - 600_000,
    closed_by="siti",
    counted=3_549_000,
    expected=3_554_000,
    reason="kembalian salah",
)
SECOND_TILL = Shift(
    shift_id="s2",
    till_id="belakang",
    opened_ms=AT_MS - 9 * 3_600_000,
    opened_by="budi",
    business_date="2026-11-22",
    opening=300_000,
    closed_ms=AT_MS - 900_000,
    closed_by="budi",
    counted=300_000,
    expected=300_000,
)
DAY = DayFigures(
    business_date="2026-11-22",
    orders=183,
    units=611,
    covers=402,
    gross=18_245_000,
    discounts=345_000,
    service=895_000,
    taxes=(TaxFigure(name="PB1 10%", base=18_795_000, amount=1_879_500),),
    rounding=-500,
    total=20_674_000,
    tenders=(
        TenderFigure(tender="cash", count=96, amount=8_204_000, tips=25_000, rounding=300),
        TenderFigure(tender="qris", count=87, amount=12_470_000),
    ),
    refunds=1,
    refund_amount=38_000,
    categories=(
        CategoryFigure(category_id="food", units=340, amount=12_905_000),
        CategoryFigure(category_id="drinks", units=271, amount=5_340_000),
    ),
    voids=4,
    void_amount=101_000,
    cancelled=2,
    earlier=3,
    shifts=(FIRST_TILL, SECOND_TILL),
)
CLOSED = DayClosed(
    number_z=117,
    close_id="c1",
    business_date="2026-11-22",
    at_ms=AT_MS,
    figures=DAY,
    outstanding=(
        Outstanding(kind="order", id="o1", label="A184", where="Meja 7", amount=120_000),
        Outstanding(kind="screen", id="screen:t3", label="Tablet teras", amount=2),
    ),
    through=4_711,
    previous="",
    digest="9f2c41d07ab3e6588d10c7a2f4be3391",
    staff="siti",
)
NAMES = Names(
    categories={"food": "Makanan", "drinks": "Minuman"},
    tills={"depan": "Kasir 1", "belakang": "Kasir 2"},
    people={"budi": "Budi", "siti": "Bu Siti"},
)


def z(closed=CLOSED, outlet=SENJA, **changes):
    figures = msgspec.structs.replace(closed.figures, **changes)
    return z_report(msgspec.structs.replace(closed, figures=figures), outlet, AT_MS, "IDR", NAMES)


@pytest.mark.parametrize("width", PROFILE_BY_WIDTH)
class TestGolden:
    def test_x_report(self, order, printed, golden, width):
        paid = msgspec.structs.replace(order, order_id="order-2", hour=20)
        report = sales_report((order, paid), "IDR", "2026-11-22", "2026-11-22")
        text = printed(x_report(report, SENJA, AT_MS), PROFILE_BY_WIDTH[width]).text
        golden(f"x_report_{width}", text)

    def test_z_report(self, printed, golden, width):
        golden(f"z_report_{width}", printed(z(), PROFILE_BY_WIDTH[width]).text)

    def test_shift_slip(self, printed, golden, width):
        paper = shift_slip(FIRST_TILL, SENJA, AT_MS, "IDR", NAMES)
        golden(f"shift_slip_{width}", printed(paper, PROFILE_BY_WIDTH[width]).text)

    def test_cash_slip(self, printed, golden, width):
        moved = CashMoved(
            shift_id="s1",
            till_id="depan",
            move_id="m1",
            kind=CashKind.PAID_OUT,
            amount=150_000,
            at_ms=AT_MS,
            business_date="2026-11-22",
            reason="beli es batu",
            staff="budi",
            approved_by="siti",
        )
        paper = cash_slip(moved, SENJA, "IDR", NAMES)
        golden(f"cash_slip_{width}", printed(paper, PROFILE_BY_WIDTH[width]).text)


def amounts(paper):
    return {r.left: r.right for r in paper.rows if isinstance(r, Columns)}


def said(paper):
    return [r.text for r in paper.rows if isinstance(r, Text)]


def test_the_figures_of_a_z_report_add_up():
    taxes = sum(tax.amount for tax in DAY.taxes if not tax.inclusive)
    assert DAY.gross - DAY.discounts + DAY.service + taxes + DAY.rounding == DAY.total
    assert sum(one.amount for one in DAY.tenders) == DAY.total
    shown = amounts(z(outlet=ENGLISH))
    assert (shown["Sales"], shown["Discount"], shown["Net sales"]) == (
        "18.245.000", "-345.000", "17.900.000",
    )  # fmt: skip
    assert shown["TOTAL"] == "Rp 20.674.000"


def test_its_number_is_large_and_keeps_its_places():
    assert "Z 00117" in said(z())


def test_what_an_auditor_asks_for_stands_there_when_it_is_nothing():
    shown = amounts(z(outlet=ENGLISH, voids=0, void_amount=0, cancelled=0))
    assert [shown[f"0 × {what}"] for what in ("Voids", "Comps", "Cancelled orders")] == ["0"] * 3


def test_over_and_short_are_named():
    assert amounts(z(outlet=ENGLISH))["SHORT"] == "-5.000"
    over = msgspec.structs.replace(FIRST_TILL, counted=FIRST_TILL.expected + 2_000)
    assert amounts(z(outlet=ENGLISH, shifts=(over,)))["OVER"] == "2.000"
    exact = msgspec.structs.replace(FIRST_TILL, counted=FIRST_TILL.expected)
    assert not {"OVER", "SHORT"} & set(amounts(z(outlet=ENGLISH, shifts=(exact,))))


def test_what_a_till_took_in_cash_follows_from_what_it_should_hold():
    shown = amounts(shift_slip(FIRST_TILL, ENGLISH, AT_MS, "IDR", NAMES))
    assert shown["Cash taken"] == "8.204.000"
    assert shown["By"] == "Bu Siti"


def test_a_report_that_lacks_something_says_what_and_where():
    rows = z().rows
    left = Columns("Pesanan terbuka A184 · Meja 7", "120.000", hang=2)
    assert rows.index(banner("BELUM LENGKAP")) < rows.index(left)
    whole = msgspec.structs.replace(CLOSED, outstanding=())
    assert "BELUM LENGKAP" not in said(z(whole))


def test_an_unsure_date_is_marked():
    unsure = msgspec.structs.replace(CLOSED, unsure=True)
    assert TIME_NOT_CONFIRMED in said(z(unsure))
    assert TIME_NOT_CONFIRMED not in said(z())


def test_an_x_report_says_that_nothing_is_closed(order):
    report = sales_report((order,), "IDR", "2026-11-21", "2026-11-22")
    paper = x_report(report, ENGLISH, AT_MS)
    assert "Interim: the day is not closed" in said(paper)
    shown = amounts(paper)
    assert shown["Business date"] == "21/11/2026 - 22/11/2026"
    assert shown["Average per order"] == "219.500"
    assert shown["1 × Cash"] == "219.500"


def test_a_day_without_a_sale_is_a_report_too(printed):
    report = sales_report((), "IDR", "2026-11-22", "2026-11-22")
    text = printed(x_report(report, SENJA, AT_MS), PROFILES["58mm"]).text
    assert "TOTAL" in text
    assert "Rata-rata" not in text


def test_a_till_that_is_called_a_till_is_not_called_so_twice():
    names = Names(tills={"depan": "Laci depan", "belakang": "Belakang"})
    said = [row.text for row in z_report(CLOSED, SENJA, AT_MS, "IDR", names).rows if _bold(row)]
    assert "LACI DEPAN" in said
    assert "LACI BELAKANG" in said


def test_what_is_left_says_what_is_owed_and_counts_as_unpaid_only_then():
    paid = Outstanding(kind="order", id="o2", label="A185", where="Bu Sri", amount=0)
    closed = msgspec.structs.replace(CLOSED, outstanding=(*CLOSED.outstanding, paid))
    rows = z(closed).rows
    assert Columns("Pesanan terbuka A184 · Meja 7", "120.000", hang=2) in rows
    assert Text("Pesanan terbuka A185 · Bu Sri", hang=2) in rows
    assert Columns("1 × Belum dibayar", "120.000") in rows


def _bold(row):
    return isinstance(row, Text) and row.bold
