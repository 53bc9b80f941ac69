"""What stands on X and Z reports, reviewed as text in `tests/golden/receipts`, and that it adds up."""

import msgspec
import pytest

from edge.outlet import Outlet
from edge.printing.paper import Columns, Text
from edge.printing.profiles import PROFILES
from edge.printing.report_layout import Counted, DayFigures, TillCount, x_report, z_report
from protocol.orders import TaxAmount
from protocol.reports import sales_report

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
DAY = DayFigures(
    currency="IDR",
    business_date="2026-11-22",
    opened_ms=AT_MS - 14 * 3_600_000,
    closed_ms=AT_MS,
    orders=183,
    units=611,
    covers=402,
    sales=18_245_000,
    discounts=345_000,
    service=895_000,
    taxes=(TaxAmount(name="PB1 10%", base=18_795_000, amount=1_879_500),),
    rounding=-500,
    total=20_674_000,
    tenders=(Counted("Tunai", 96, 8_204_000), Counted("QRIS", 87, 12_470_000)),
    refunds=Counted("", 1, -38_000),
    categories=(Counted("Makanan", 340, 12_905_000), Counted("Minuman", 271, 5_340_000)),
    voids=Counted("", 4, 101_000),
    comps=Counted("", 0, 0),
    cancelled=Counted("", 2, 76_000),
    tills=(
        TillCount(
            name="Kasir 1",
            opening=500_000,
            cash_sales=8_204_000,
            paid_out=150_000,
            drops=5_000_000,
            expected=3_554_000,
            counted=3_549_000,
        ),
        TillCount(name="Kasir 2", opening=300_000, expected=300_000),
    ),
    first_number="A001",
    last_number="A185",
    grand_total=4_810_220_500,
)


@pytest.mark.parametrize("width", PROFILE_BY_WIDTH)
class TestGolden:
    def test_x_report(self, order, printed, golden, width):
        paid = msgspec.structs.replace(order, order_id="order-2", hour=20)
        report = sales_report((order, paid), "IDR", "2026-11-22", "2026-11-22")
        text = printed(x_report(report, SENJA, AT_MS), PROFILE_BY_WIDTH[width]).text
        golden(f"x_report_{width}", text)

    def test_z_report(self, printed, golden, width):
        text = printed(z_report(DAY, SENJA, 117, AT_MS), PROFILE_BY_WIDTH[width]).text
        golden(f"z_report_{width}", text)


def amounts(paper):
    return {r.left: r.right for r in paper.rows if isinstance(r, Columns)}


def said(paper):
    return [r.text for r in paper.rows if isinstance(r, Text)]


def test_the_figures_of_a_z_report_add_up():
    taxes = sum(tax.amount for tax in DAY.taxes if not tax.inclusive)
    assert DAY.sales - DAY.discounts + DAY.service + taxes + DAY.rounding == DAY.total
    assert sum(one.amount for one in DAY.tenders) == DAY.total
    shown = amounts(z_report(DAY, ENGLISH, 117, AT_MS))
    assert (shown["Sales"], shown["Discount"], shown["Net sales"]) == (
        "18.245.000", "-345.000", "17.900.000",
    )  # fmt: skip
    assert shown["TOTAL"] == "Rp 20.674.000"


def test_its_number_is_large_and_keeps_its_places():
    assert "Z 00117" in said(z_report(DAY, SENJA, 117, AT_MS))


def test_what_an_auditor_asks_for_stands_there_when_it_is_nothing():
    nothing = msgspec.structs.replace(DAY, voids=Counted(""), cancelled=Counted(""))
    shown = amounts(z_report(nothing, ENGLISH, 1, AT_MS))
    assert [shown[f"0 × {what}"] for what in ("Voids", "Comps", "Cancelled orders")] == ["0"] * 3


def test_over_and_short_are_named():
    shown = amounts(z_report(DAY, ENGLISH, 1, AT_MS))
    assert shown["SHORT"] == "-5.000"
    (first, *_) = DAY.tills
    over = msgspec.structs.replace(first, counted=first.expected + 2_000)
    more = msgspec.structs.replace(DAY, tills=(over,))
    assert amounts(z_report(more, ENGLISH, 1, AT_MS))["OVER"] == "2.000"
    exact = msgspec.structs.replace(DAY, tills=(msgspec.structs.replace(first, counted=3_554_000),))
    assert not {"OVER", "SHORT"} & set(amounts(z_report(exact, ENGLISH, 1, AT_MS)))


def test_a_till_that_was_not_counted_leaves_room_for_it():
    assert amounts(z_report(DAY, ENGLISH, 1, AT_MS))["Counted"] == "________"


def test_a_report_that_lacks_something_says_so_before_its_figures():
    lacking = msgspec.structs.replace(DAY, incomplete="3 pesanan belum dibayar")
    rows = said(z_report(lacking, SENJA, 1, AT_MS))
    assert rows.index("BELUM LENGKAP") < rows.index("3 pesanan belum dibayar")
    assert "BELUM LENGKAP" not in said(z_report(DAY, SENJA, 1, AT_MS))


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
