"""Receipts of bills with everything on them: each row adds up, in both languages."""

import msgspec
import pytest
from msgspec.structs import replace

from edge.outlet import Outlet
from edge.printing.paper import Columns, Rule
from edge.printing.profiles import PROFILES
from edge.printing.receipt_layout import receipt
from edge.printing.web_page import paper_html
from protocol.bill import (
    Adjustment,
    AdjustmentKind,
    BillRules,
    Check,
    CheckLine,
    Refund,
    Service,
    Tax,
)
from protocol.checks import rechecked
from protocol.discounts import with_given
from protocol.money import Rounding
from protocol.orders import Payment
from protocol.pricing import terms_of, totals_of

PROFILE_BY_WIDTH = {"48": "virtual", "42": "80mm-42", "32": "58mm"}
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
ENGLISH = replace(SENJA, language="en")
RULES = BillRules(
    version=4,
    taxes=(Tax(id="pbjt", names={"id": "PBJT", "en": "Restaurant tax"}, amount="10"),),
    service=Service(names={"id": "Layanan", "en": "Service"}, percent="7.5"),
)
INSIDE = BillRules(
    version=5,
    taxes=(Tax(id="pbjt", names={"id": "PBJT", "en": "Tax"}, amount="10", included=True),),
    service=Service(names={"id": "Layanan", "en": "Service"}, percent="5", included=True),
)


def billed(order, rules=RULES, adjustments=(), **changes):
    order = replace(order, rules=rules, adjustments=tuple(adjustments), payments=(), **changes)
    given = with_given(order.lines, order.adjustments, Rounding.HALF_UP)
    order = replace(order, adjustments=given)
    return replace(order, totals=totals_of(order.lines, terms_of(order)))


def off(name, line=None, kind="discount", percent=None, amount=None):
    return Adjustment(
        adjustment_id=name,
        kind=AdjustmentKind(kind),
        names={"id": name},
        line_id=line,
        percent=percent,
        amount=amount,
    )


@pytest.fixture
def everything(order):
    """A happy hour on a line, a comp, a discount on all, service, tax, two checks, cash and a tip."""
    lines = order.lines
    bill = billed(
        order,
        adjustments=(
            off("Sore hemat", lines[0].line_id, "promotion", percent="20"),
            off("Gratis", lines[2].line_id, "comp", percent="100"),
            off("Anggota", percent="10"),
            off("Kupon", kind="coupon", amount=7_350),
        ),
    )
    total = bill.totals.total
    checks = (
        Check(check_id="c1", name="Ayu", parts=1, total=total - total // 2),
        Check(check_id="c2", parts=1, total=total // 2),
    )
    cash = Payment(payment_id="p1", tender="cash", amount=checks[0].total, tendered=70_000,
                   change=70_000 - checks[0].total - 5_000 - 11, at_ms=0, check_id="c1", tip=5_000,
                   rounding=11)  # fmt: skip
    qris = Payment(payment_id="p2", tender="qris", amount=checks[1].total,
                   tendered=checks[1].total, change=0, at_ms=0, check_id="c2")  # fmt: skip
    return replace(bill, checks=checks, payments=(cash, qris))


def rows_of(paper):
    return [(row.left, row.right) for row in paper.rows if isinstance(row, Columns)]


def amount_of(text):
    return int(text.replace("Rp", "").replace(".", "").strip() or 0)


@pytest.mark.parametrize("width", PROFILE_BY_WIDTH)
def test_the_whole_bill(everything, printed, golden, width):
    paper = receipt(everything, SENJA)
    golden(f"receipt_bill_{width}", printed(paper, PROFILES[PROFILE_BY_WIDTH[width]]).text)


@pytest.mark.parametrize("width", PROFILE_BY_WIDTH)
def test_prices_that_include_it_all(order, printed, golden, width):
    bill = billed(order, INSIDE, adjustments=(off("Staff", percent="50"),))
    paper = receipt(bill, ENGLISH)
    golden(f"receipt_inside_{width}", printed(paper, PROFILES[PROFILE_BY_WIDTH[width]]).text)


def test_every_amount_above_the_total_adds_up_to_it(everything):
    paper = receipt(everything, SENJA)
    told = paper.rows[paper.rows.index(Rule()) :]
    rows = [(row.left, amount_of(row.right)) for row in told if isinstance(row, Columns)]
    names = [left for left, _ in rows]
    subtotal, total = names.index("Subtotal"), names.index("TOTAL")
    assert sum(amount for _, amount in rows[:subtotal]) == rows[subtotal][1]
    assert sum(amount for _, amount in rows[subtotal:total]) == rows[total][1]
    assert rows[total][1] == everything.totals.total


def test_each_discount_has_its_name_and_each_tax_its_base(everything):
    told = dict(rows_of(receipt(everything, SENJA)))
    assert told["Sore hemat 20%"] == "-17.200"
    assert told["Gratis"] == "-66.000"
    assert {"Anggota 10%", "Kupon", "Layanan 7,5%", "PBJT 10%"} <= set(told)
    assert f"dari {everything.totals.taxes[0].base:,}".replace(",", ".") in str(
        receipt(everything, SENJA)
    )


def test_names_follow_the_reader(everything):
    told = dict(rows_of(receipt(everything, ENGLISH)))
    assert {"Service 7.5%", "Restaurant tax 10%", "Cash (Check 1 · Ayu)", "Cash rounding"} <= set(
        told
    )


def test_money_that_went_back_is_on_the_paper(everything):
    back = Refund(refund_id="r1", amount=10_000, tender="cash", at_ms=0, credit=10_000)
    told = dict(rows_of(receipt(replace(everything, refunds=(back,)), SENJA)))
    assert told["Dikembalikan Tunai"] == "-10.000"


def test_the_same_order_prints_the_same_whatever_the_house_says_now(everything):
    """The order brings its own rules, so nothing that HQ decides later is looked at."""
    kept = msgspec.json.encode(everything)
    again = msgspec.json.decode(kept, type=type(everything))
    assert receipt(again, SENJA) == receipt(everything, SENJA)


def test_a_phone_sees_the_same_rows(everything):
    page = paper_html(receipt(everything, ENGLISH))
    for words in ("Restaurant tax 10%", "Service 7.5%", "Sore hemat", "Check 1 · Ayu"):
        assert words in page


# ------------------------------------------------------------------ one guest's check


@pytest.fixture
def split(order):
    """Ayu has the rice and half of the coffees, somebody else the rest."""
    rice, sate, coffee, _ = order.lines
    bill = billed(order, adjustments=(off("Anggota", percent="10"),))
    half = CheckLine(line_id=coffee.line_id, parts=1, of=2)
    checks = (
        Check(check_id="c1", name="Ayu", lines=(CheckLine(line_id=rice.line_id), half)),
        Check(check_id="c2", lines=(CheckLine(line_id=sate.line_id), half)),
    )
    return rechecked(replace(bill, checks=checks))


@pytest.mark.parametrize("width", PROFILE_BY_WIDTH)
def test_a_check_has_its_own_lines(split, printed, golden, width):
    paper = receipt(split, SENJA, check=split.checks[0])
    golden(f"receipt_check_{width}", printed(paper, PROFILES[PROFILE_BY_WIDTH[width]]).text)


def test_every_check_adds_up_and_all_make_the_bill(split):
    totals = []
    for check in split.checks:
        paper = receipt(split, SENJA, check=check)
        told = paper.rows[paper.rows.index(Rule()) + 1 :]
        rows = [(row.left, amount_of(row.right)) for row in told if isinstance(row, Columns)]
        names = [left for left, _ in rows]
        subtotal, total = names.index("Subtotal"), names.index("TOTAL")
        assert sum(amount for _, amount in rows[:subtotal]) == rows[subtotal][1]
        assert sum(amount for _, amount in rows[subtotal:total]) == rows[total][1]
        totals.append(rows[total][1])
    assert sum(totals) == split.totals.total


def test_a_part_of_the_bill_says_of_what(everything):
    paper = receipt(everything, SENJA, check=everything.checks[0])
    told = dict(rows_of(paper))
    assert told["Bagian dari tagihan 1/2"] == "113.289"
    assert amount_of(told["TOTAL"]) == 56_645
    assert "QRIS (Bon 2)" not in told
    assert "LUNAS" in str(paper)


def test_a_check_that_owes_says_so_though_another_is_paid(split):
    paid = Payment(payment_id="p", tender="qris", amount=split.checks[0].total, at_ms=0, change=0,
                   tendered=split.checks[0].total, check_id="c1")  # fmt: skip
    order = replace(split, payments=(paid,))
    assert "BELUM LUNAS" not in str(receipt(order, SENJA, check=order.checks[0]))
    assert "BELUM LUNAS" in str(receipt(order, SENJA, check=order.checks[1]))
