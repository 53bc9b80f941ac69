"""Whatever people do on a floor, bills tie out (invariants 20 and 24) and nobody's line counts twice."""

from fractions import Fraction

import pytest
from examples import examples
from hypothesis import given
from hypothesis import strategies as st
from made_up_floor import DAYS, HOUSES, Floor

from protocol.bill_sums import BillSums
from protocol.checks import dues
from protocol.day_figures import given_of, paid_of, tenders_of
from protocol.events import ORDER_TAGS, PaymentTaken, tag_of
from protocol.floor_events import PaymentRefunded
from protocol.orders import OrderStatus
from protocol.reports import sales_report
from protocol.rules.folding import fold


@examples(60, deadline=None)
@given(seed=st.integers(0, 10**6), house=st.sampled_from(HOUSES))
def test_bills_tie_out_after_every_story(seed, house):
    floor = Floor(seed, house)
    floor.live(60)
    for order in floor.orders.values():
        ensure_bill(order)
    ids = [x.line_id for order in floor.orders.values() for x in order.live_lines]
    assert len(ids) == len(set(ids)), "a line is on one order"
    for order_id, order in floor.orders.items():
        told = [e for e in floor.events if tag_of(e) in ORDER_TAGS and e.order_id == order_id]
        assert fold(told) == order


def ensure_bill(order):
    t = order.totals
    on_top = sum(x.amount for x in t.taxes if not x.inclusive)
    assert t.lines - t.discounts + t.service + on_top + t.rounding == t.total >= 0
    assert t.lines == sum(x.amount for x in order.live_lines)
    assert t.discounts == sum(a.given for a in order.adjustments)
    assert all(a.given >= 0 for a in order.adjustments)
    assert order.due == t.total - order.credited - order.paid
    # One journal takes no more than is due; a dish ordered later may earn an offer on all of it.
    assert order.due >= 0 or any(a.promotion_id for a in order.adjustments)
    assert order.paid >= max(0, -order.due), "what is overpaid can be given back"
    assert all(x.amount >= 0 and x.base >= 0 for x in t.taxes)
    assert 0 <= order.credited <= t.total
    for payment in order.payments:
        kept = payment.amount + payment.tip + payment.rounding
        assert payment.tendered == kept + payment.change
        assert payment.change >= 0
        back = [r for r in order.refunds if r.payment_id == payment.payment_id]
        assert sum(r.amount for r in back) <= payment.amount
        assert sum(r.tip for r in back) <= payment.tip
    if order.checks:
        assert sum(x.total for x in order.checks) == t.total
        assert sum(dues(order).values()) == order.due
        assert all(x.total >= 0 for x in order.checks)
    if order.merged_into is not None:
        assert (order.status, order.live_lines) == (OrderStatus.CANCELLED, ())


@examples(20, deadline=None)
@given(seed=st.integers(0, 10**6), house=st.sampled_from(HOUSES))
def test_reports_tie_out_and_days_add_up(seed, house):
    floor = Floor(seed, house)
    floor.live(120)
    orders = list(floor.orders.values())
    whole = sales_report(orders, "IDR", DAYS[0], DAYS[-1])
    ensure_sums(whole.bill)
    assert whole.bill.total == whole.totals.amount_minor
    assert whole.bill.gross == sum(x.amount_minor for x in whole.by_item)
    days = [sales_report(orders, "IDR", day, day).bill for day in DAYS]
    for column in BillSums.__struct_fields__:
        if isinstance(getattr(whole.bill, column), int):
            assert sum(getattr(day, column) for day in days) == getattr(whole.bill, column), column
    ensure_money(floor, whole)
    shuffled = sales_report(orders[::-1], "IDR", DAYS[0], DAYS[-1])
    assert shuffled == whole


def ensure_money(floor, report):
    """What drawers hold is what was paid less what went back, in every figure that says so."""
    paid = [paid_of(e) for e in floor.events if isinstance(e, PaymentTaken)]
    given = [given_of(e) for e in floor.events if isinstance(e, PaymentRefunded)]
    tenders = tenders_of(paid, given)
    handed = sum(
        sum(p.tendered - p.change for p in o.payments)
        - sum(r.amount + r.tip + r.rounding for r in o.refunds)
        for o in floor.orders.values()
    )
    assert sum(t.amount + t.tips + t.rounding - t.refunds for t in tenders) == handed
    came = {x.key: x.amount_minor for x in report.by_tender}
    assert came == {t.tender: t.amount for t in tenders if t.count}
    back = sum(r.amount for r in report.bill.refunds)
    assert sum(came.values()) - back == sum(o.paid for o in floor.orders.values())
    assert report.bill.tips == sum(t.tips for t in tenders)
    assert report.bill.cash_rounding == sum(t.rounding for t in tenders)


def ensure_sums(bill):
    on_top = sum(x.amount for x in bill.taxes if not x.inclusive)
    assert bill.gross - bill.discounts + bill.service + on_top + bill.rounding == bill.total
    assert bill.total - bill.credited == bill.net
    assert bill.discounts >= bill.comps + bill.promotions + bill.coupons >= 0


@pytest.mark.parametrize("house", HOUSES, ids=["plain", "taxed", "inclusive", "offers"])
def test_stories_have_everything_in_them(house):
    floor = Floor(11, house)
    floor.live(900)
    told = {tag_of(e) for e in floor.events}
    assert told >= {"lines.left", "checks.split", "payment.refunded", "bill.adjusted"}
    assert told >= {"order.reopened", "order.detailed", "bill.unadjusted"}
    assert floor.refused >= {"transfer_paid", "check_paid", "nothing_due", "order_merged"}
    assert Fraction(len(floor.refused), 40) < 1
