"""A tip goes back with its own payment: all of it with all of the payment, or as much as is named."""

import pytest

from protocol.bill import RefundLine
from protocol.bill_sums import BillAdder
from protocol.day_figures import cash_expected, given_of, paid_of, tenders_of
from protocol.orders import OrderStatus
from protocol.refusals import Refusal
from protocol.tills import Shift


@pytest.fixture
def tipped(counter):
    """Rice for 25.000, paid by card with a tip of 5.000, and served."""
    counter.place()
    counter.pay(30_000, "card", tip=5_000)
    counter.move("served")
    return counter


def back(counter, amount, **given):
    """Money of the order's one payment goes back."""
    paid = counter.order.payments[0].payment_id
    return counter.refund(amount=amount, payment_id=paid, **{"tender": "card", **given})


def test_the_whole_payment_goes_back_with_its_tip(tipped):
    (given,) = back(tipped, 25_000)
    assert (given.refund.amount, given.refund.tip, given.due_after) == (25_000, 5_000, 25_000)
    tipped.pay(30_000, "cash", tip=5_000)
    assert (tipped.order.status, tipped.order.due) == (OrderStatus.CLOSED, 0)


def test_some_of_a_payment_leaves_the_tip_until_the_rest_goes_back(tipped):
    (first,) = back(tipped, 10_000)
    assert first.refund.tip == 0
    (rest,) = back(tipped, 15_000)
    assert rest.refund.tip == 5_000


def test_as_much_of_a_tip_as_is_named(tipped):
    (some,) = back(tipped, 0, tip=3_000)
    assert (some.refund.amount, some.refund.tip, some.due_after) == (0, 3_000, 0)
    assert tipped.order.status is OrderStatus.CLOSED, "nothing is owed for it"
    (whole,) = back(tipped, 25_000)
    assert whole.refund.tip == 2_000, "what is left of it"


def test_a_guest_may_leave_the_tip(tipped):
    (given,) = back(tipped, 25_000, tip=0)
    assert given.refund.tip == 0


def test_a_dish_that_goes_back_takes_a_tip_along_only_when_it_is_named(tipped):
    dish = RefundLine(line_id=tipped.order.lines[0].line_id, quantity=1)
    paid = tipped.order.payments[0].payment_id
    (given,) = tipped.refund(dish, tender="card", payment_id=paid, tip=5_000)
    assert (given.refund.amount, given.refund.credit, given.refund.tip) == (25_000, 25_000, 5_000)


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"tip": 5_001}, "refund_over_tip"),
        ({"tip": -1}, "refund_over_tip"),
        ({"amount": 0, "tip": 0}, "wrong_amount"),
        ({"payment_id": None, "tip": 1_000}, "bad_refund"),
        ({"payment_id": "another"}, "unknown_payment"),
    ],
)
def test_refused_is(tipped, asked, code):
    known = {"amount": 1_000, "payment_id": tipped.order.payments[0].payment_id, "tender": "card"}
    no = tipped.refund(**{**known, **asked})
    assert isinstance(no, Refusal)
    assert no.code == code
    assert tipped.order.refunds == ()


def test_nothing_of_a_tip_goes_back_twice(tipped):
    back(tipped, 0, tip=5_000)
    assert back(tipped, 0, tip=1).code == "refund_over_tip"
    (rest,) = back(tipped, 25_000)
    assert rest.refund.tip == 0


def test_the_drawer_gives_it_and_the_day_knows(tipped):
    (given,) = back(tipped, 25_000, tender="cash")
    paid = [paid_of(e) for e in tipped.history if hasattr(e, "payment")]
    drawer = Shift(shift_id="s", till_id="t", opened_ms=0, opened_by=None,
                   business_date="2026-05-28", opening=100_000)  # fmt: skip
    assert cash_expected(drawer, paid, [given_of(given)]) == 100_000 - 30_000
    card, cash = sorted(tenders_of(paid, [given_of(given)]), key=lambda t: t.tender)[::-1]
    assert {card.tender: card.tips, cash.tender: cash.tips} == {"card": 5_000, "cash": -5_000}


def test_reports_have_what_was_kept_of_tips(tipped):
    back(tipped, 0, tip=3_000)
    day = BillAdder("2026-05-28", "2026-05-28")
    day.add(tipped.order)
    assert day.sums().tips == 2_000
    assert [(r.tender, r.amount, r.tips) for r in day.sums().refunds] == [("card", 0, 3_000)]
