"""Money given back: never more than was sold or paid; closed orders brought back to be put right."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol import floor_commands as f
from protocol.bill import BillRules, Check, RefundLine, RuleBook, Service, Tax
from protocol.house import House
from protocol.orders import OrderStatus
from protocol.refusals import Refusal
from protocol.tills import Shift

HOUSE = House(
    bill=RuleBook(
        rules=(
            BillRules(
                version=1,
                taxes=(Tax(id="pbjt", names={"id": "PBJT"}, amount="10"),),
                service=Service(names={"en": "Service"}, percent="5"),
            ),
        )
    )
)


def code(decision):
    assert isinstance(decision, Refusal), decision
    return decision.code


def lines(counter, *wanted):
    return [RefundLine(line_id=counter.order.lines[at].line_id, quantity=n) for at, n in wanted]


@pytest.fixture
def sold(counter):
    """Three rice and a latte, served and paid: Rp 95.000."""
    counter.place(counter.line(quantity=3), counter.line("latte-l"))
    counter.pay(100_000)
    counter.move("served")
    return counter


@pytest.fixture
def taxed(counter):
    """The same with 5 % service and 10 % tax on top, paid by card."""
    counter.more["house"] = HOUSE
    counter.place(counter.line(quantity=3), counter.line("latte-l"))
    counter.pay(counter.order.due, "card")
    counter.move("served")
    return counter


def test_a_dish_that_was_bad_is_given_back(sold):
    (given,) = sold.refund(*lines(sold, (0, 1)), reason="cold")
    assert (given.refund.amount, given.refund.credit, given.due_after) == (25_000, 25_000, 0)
    order = sold.order
    assert (order.paid, order.credited, order.due, order.status) == (70_000, 25_000, 0, "closed")


def test_service_and_tax_of_a_dish_go_back_with_it(taxed):
    (given,) = taxed.refund(*lines(taxed, (1, 1)), tender="card")
    assert given.refund.credit == 20_000 * 105 * 110 // 10_000


def test_piece_by_piece_it_is_the_whole_bill_and_then_nothing_more(taxed):
    total = taxed.order.totals.total
    for _ in range(3):
        taxed.refund(*lines(taxed, (0, 1)), tender="card")
    taxed.refund(*lines(taxed, (1, 1)), tender="card")
    assert (taxed.order.credited, taxed.order.paid, taxed.order.due) == (total, 0, 0)
    assert code(taxed.refund(*lines(taxed, (0, 1)))) == "refund_over_sold"


def test_cash_goes_back_rounded_like_it_came(counter):
    counter.more["house"] = HOUSE
    counter.place(counter.line("latte-l"))
    counter.pay(30_000)
    assert (counter.order.due, counter.order.payments[0].rounding) == (0, 0)
    (given,) = counter.refund(amount=1_130, payment_id=counter.order.payments[0].payment_id)
    assert (given.refund.amount, given.refund.rounding) == (1_130, -30)


def test_a_wrong_tender_is_put_right(sold):
    cash = sold.order.payments[0].payment_id
    sold.take(f.ReopenOrder(order_id=sold.order_id, reason="it was the card"))
    assert (sold.order.status, sold.order.reopened) == (OrderStatus.SERVED, True)
    sold.refund(amount=95_000, payment_id=cash)
    assert (sold.order.due, sold.order.credited) == (95_000, 0)
    sold.pay(95_000, "card")
    assert (sold.order.status, sold.order.reopened) == (OrderStatus.CLOSED, False)


def test_a_closed_order_that_owes_again_is_open_again(sold):
    sold.refund(amount=95_000)
    assert (sold.order.status, sold.order.due) == (OrderStatus.SERVED, 95_000)


def test_a_reopened_order_is_closed_by_hand(sold):
    sold.take(f.ReopenOrder(order_id=sold.order_id))
    sold.move("closed")
    assert (sold.order.status, sold.order.reopened) == (OrderStatus.CLOSED, False)
    sold.take(f.ReopenOrder(order_id=sold.order_id))
    sold.refund(amount=1_000)
    assert code(sold.move("closed")) == "still_due"


def test_only_what_is_closed_is_reopened(counter):
    counter.place()
    assert code(counter.take(f.ReopenOrder(order_id=counter.order_id))) == "not_closed"


def test_it_goes_out_of_the_till_it_is_taken_from(sold):
    sold.more["shift"] = Shift(
        shift_id="s1",
        till_id="t1",
        opened_ms=0,
        opened_by=None,
        business_date="2026-05-28",
        opening=0,
    )
    (given,) = sold.refund(*lines(sold, (1, 1)), till_id="t1")
    assert given.refund.shift_id == "s1"


WRONG = {
    "more than was paid": ("refund_over_paid", {"amount": 95_001}),
    "more than that payment": ("refund_over_paid", {"amount": 95_001, "payment_id": 0}),
    "nothing": ("wrong_amount", {"amount": 0}),
    "less than nothing": ("wrong_amount", {"amount": -5}),
    "neither lines nor an amount": ("bad_refund", {}),
    "a payment that is not there": ("unknown_payment", {"amount": 5, "payment_id": "x"}),
    "by a tender that is not taken": ("unknown_tender", {"amount": 5, "tender": "shells"}),
}


@pytest.mark.parametrize("situation", WRONG)
def test_refused_is(sold, situation):
    wanted, given = WRONG[situation]
    if given.get("payment_id") == 0:
        given = {**given, "payment_id": sold.order.payments[0].payment_id}
    assert code(sold.refund(**given)) == wanted
    assert sold.order.refunds == ()


@pytest.mark.parametrize("quantity", [0, -1, 4])
def test_no_more_goes_back_than_was_sold(sold, quantity):
    assert code(sold.refund(*lines(sold, (0, quantity)))) == "refund_over_sold"


def test_lines_that_nobody_paid_for_are_no_refund(counter):
    counter.place(counter.line(quantity=2))
    counter.pay(10_000)
    assert code(counter.refund(*lines(counter, (0, 1)))) == "refund_over_paid"


def test_lines_and_an_amount_at_once_are_refused(sold):
    assert code(sold.refund(*lines(sold, (0, 1)), amount=5)) == "bad_refund"


def test_a_refund_counts_once(sold):
    one = sold.new_id()
    sold.refund(*lines(sold, (0, 1)), refund_id=one)
    assert code(sold.refund(*lines(sold, (0, 1)), refund_id=one)) == "duplicate_id"
    elsewhere = sold.new_id()
    sold.taken_ids = frozenset({elsewhere})
    assert code(sold.refund(*lines(sold, (0, 1)), refund_id=elsewhere)) == "duplicate_id"
    assert code(sold.refund(*lines(sold, (0, 1)), refund_id="r1")) == "bad_id"


STEPS = st.lists(
    st.tuples(
        st.sampled_from(("lines", "amount", "of payment", "pay", "reopen", "close")),
        st.integers(0, 9_999),
    ),
    max_size=12,
)


@settings(max_examples=150)
@given(taxed=st.booleans(), split=st.booleans(), steps=STEPS)
def test_whatever_is_given_back_it_was_sold_and_paid(new_counter, taxed, split, steps):
    counter = new_counter(more={"house": HOUSE if taxed else House()})
    counter.place(counter.line(quantity=3), counter.line("latte-s", quantity=2))
    if split:
        counter.split(*(Check(check_id=x, parts=1) for x in "ab"))
    counter.pay(20_000, check_id="a" if split else None)
    counter.pay(counter.order.due, "card")
    counter.move("served")
    for what, n in steps:
        order = counter.order
        match what:
            case "lines":
                counter.refund(*lines(counter, (n % 2, 1 + n % 3)))
            case "amount":
                counter.refund(amount=n, tender="card")
            case "of payment":
                paid = order.payments[n % len(order.payments)]
                counter.refund(amount=n * 7, payment_id=paid.payment_id)
            case "pay":
                counter.pay(1 + n)
            case "reopen":
                counter.take(f.ReopenOrder(order_id=order.order_id))
            case "close":
                counter.move("closed")
        order = counter.order
        assert 0 <= order.credited <= order.totals.total
        assert 0 <= order.paid <= order.totals.total
        assert (order.status is OrderStatus.CLOSED) <= (order.due <= 0)
        for line in order.lines:
            back = sum(
                x.quantity for r in order.refunds for x in r.lines if x.line_id == line.line_id
            )
            assert back <= line.quantity
