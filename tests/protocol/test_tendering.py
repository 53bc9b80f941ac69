"""Taking money: what counts towards the order, the change, and every refusal."""

import pytest
from msgspec.structs import replace

from protocol.bill import BillRules, RuleBook
from protocol.house import House
from protocol.menu import MenuIndex, Variant
from protocol.orders import OrderStatus
from protocol.refusals import Refusal
from protocol.tills import Shift

RICE = Variant(id="rice-1", names={}, price=25_030, plu="201")
SHIFT = Shift(
    shift_id="s1",
    till_id="t1",
    opened_ms=0,
    opened_by=None,
    business_date="2026-05-28",
    opening=0,
)


def code(decision):
    assert isinstance(decision, Refusal), decision
    return decision.code


@pytest.fixture
def ordered(counter):
    """An order of Rp 25.000."""
    counter.place()
    return counter


@pytest.mark.parametrize(
    ("tender", "tendered", "amount", "counts", "change"),
    [
        ("cash", 25_000, None, 25_000, 0),
        ("cash", 50_000, None, 25_000, 25_000),
        ("cash", 10_000, None, 10_000, 0),
        ("cash", 20_000, 12_500, 12_500, 7_500),
        ("card", 25_000, None, 25_000, 0),
        ("card", 10_000, 10_000, 10_000, 0),
    ],
)
def test_money_counts_towards_the_order_and_the_rest_is_change(
    ordered, tender, tendered, amount, counts, change
):
    (taken,) = ordered.pay(tendered, tender, amount=amount)
    assert (taken.payment.amount, taken.payment.change) == (counts, change)
    assert taken.due_after == ordered.order.due == 25_000 - counts
    assert (taken.business_date, taken.hour) == ("2026-05-28", 9)


def test_a_bill_is_paid_in_parts(ordered):
    ordered.pay(10_000, "card")
    ordered.pay(20_000)
    order = ordered.order
    assert [p.amount for p in order.payments] == [10_000, 15_000]
    assert (order.due, order.status) == (0, OrderStatus.FIRED)


@pytest.mark.parametrize("hold", [True, False])
def test_an_order_may_be_paid_before_it_is_made(counter, hold):
    counter.place(hold=hold)
    before = counter.order.status
    counter.pay(25_000)
    assert (counter.order.status, counter.order.due) == (before, 0)


WRONG = {
    "nothing handed over": ("wrong_amount", {"tendered": 0}),
    "less than nothing handed over": ("wrong_amount", {"tendered": -25_000}),
    "more money than there is": ("wrong_amount", {"tendered": 10**12 + 1}),
    "a part of nothing": ("wrong_amount", {"tendered": 5_000, "amount": 0}),
    "a part below nothing": ("wrong_amount", {"tendered": 5_000, "amount": -1}),
    "a part that is more than is due": ("more_than_due", {"tendered": 30_000, "amount": 25_001}),
    "less handed over than the part": ("too_little", {"tendered": 5_000, "amount": 6_000}),
    "a card charged for more than is due": (
        "more_than_due",
        {"tendered": 25_001, "tender": "card"},
    ),
    "change from a card": (
        "more_than_due",
        {"tendered": 10_000, "amount": 5_000, "tender": "card"},
    ),
    "a tender that the outlet does not take": (
        "unknown_tender",
        {"tendered": 25_000, "tender": "shells"},
    ),
    "a payment without a proper id": ("bad_id", {"tendered": 25_000, "payment_id": "p1"}),
}


@pytest.mark.parametrize("situation", WRONG)
def test_refused_is(ordered, situation):
    wanted, given = WRONG[situation]
    assert code(ordered.pay(**given)) == wanted
    assert ordered.order.paid == 0


def test_a_payment_counts_once_whichever_command_brings_it(ordered):
    ordered.pay(10_000)
    once = ordered.order.payments[0].payment_id
    assert code(ordered.pay(10_000, payment_id=once)) == "duplicate_id"
    elsewhere = ordered.new_id()
    ordered.taken_ids = frozenset({elsewhere})
    assert code(ordered.pay(10_000, payment_id=elsewhere)) == "duplicate_id"


@pytest.mark.parametrize("served", [True, False])
def test_a_paid_order_takes_no_more_money(ordered, served):
    ordered.pay(25_000)
    if served:
        ordered.move("served")
    assert code(ordered.pay(1_000)) == "nothing_due"


def test_an_order_that_costs_nothing_takes_no_money(counter):
    counter.place(counter.line("water-1"))
    assert code(counter.pay(1_000)) == "nothing_due"


def test_a_cancelled_order_takes_no_money(ordered):
    ordered.move("cancelled")
    assert code(ordered.pay(25_000)) == "order_closed"


def test_an_import_is_paid_with_whatever_it_was(counter):
    counter.imported()
    (taken,) = counter.pay(25_000, "voucher", label="old card terminal")
    assert (taken.payment.tender, taken.payment.label) == ("voucher", "old card terminal")


COINS = House(bill=RuleBook(rules=(BillRules(version=1, cash_step=500),)))


@pytest.fixture
def odd(counter):
    """A bill of Rp 25.030 where the smallest coin is Rp 500."""
    counter.more["house"] = COINS
    rice = replace(counter.menu.menu.items[1], variants=(RICE,))
    counter.menu = MenuIndex(replace(counter.menu.menu, items=(rice,)))
    counter.place()
    return counter


@pytest.mark.parametrize(
    ("tender", "tendered", "counts", "rounding", "change"),
    [
        ("cash", 25_000, 25_030, -30, 0),
        ("cash", 30_000, 25_030, -30, 5_000),
        ("card", 25_030, 25_030, 0, 0),
        ("cash", 10_000, 10_000, 0, 0),
    ],
)
def test_cash_is_rounded_where_it_settles_and_counts_in_full(
    odd, tender, tendered, counts, rounding, change
):
    (taken,) = odd.pay(tendered, tender)
    paid = taken.payment
    assert (paid.amount, paid.rounding, paid.change) == (counts, rounding, change)
    assert odd.order.due == 25_030 - counts


def test_the_last_cash_rounds_what_is_left(odd):
    odd.pay(10_000)
    (taken,) = odd.pay(15_000)
    assert (taken.payment.amount, taken.payment.rounding, odd.order.due) == (15_030, -30, 0)


def test_rounding_up_is_asked_for_but_exact_money_is_taken(odd):
    odd.pay(10, "card")
    odd.pay(10_300, "card")  # 14.720 is left: 14.500 in cash
    (taken,) = odd.pay(14_500)
    assert (taken.payment.amount, taken.payment.rounding) == (14_720, -220)


def test_what_is_less_than_the_smallest_coin_is_settled_with_nothing(odd):
    odd.pay(24_900, "card")
    assert code(odd.pay(0, "card")) == "wrong_amount"
    (taken,) = odd.pay(0)
    assert (taken.payment.amount, taken.payment.rounding, taken.payment.change) == (130, -130, 0)
    assert odd.order.due == 0


def test_a_tip_is_beside_the_bill(ordered):
    (taken,) = ordered.pay(30_000, tip=3_000)
    paid = taken.payment
    assert (paid.amount, paid.tip, paid.change, ordered.order.due) == (25_000, 3_000, 2_000, 0)
    assert code(ordered.pay(1_000, tip=1_000)) == "nothing_due"


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ({"tendered": 2_000, "tip": 2_000}, "wrong_amount"),
        ({"tendered": 26_000, "tip": 2_000, "amount": 25_000}, "too_little"),
        ({"tendered": 28_000, "tip": 2_000, "tender": "card"}, "more_than_due"),
    ],
)
def test_a_tip_is_paid_from_what_was_handed_over(ordered, given, wanted):
    assert code(ordered.pay(**given)) == wanted


def test_a_card_slip_with_a_tip_is_taken_as_it_is(ordered):
    (taken,) = ordered.pay(27_000, "card", tip=2_000, reference="slip 17")
    assert (taken.payment.amount, taken.payment.reference) == (25_000, "slip 17")


def test_money_goes_into_the_open_till(ordered):
    ordered.more["house"] = House(till_needed=True)
    assert code(ordered.pay(25_000, till_id="t1")) == "no_shift"
    assert not isinstance(ordered.pay(5_000, "card"), Refusal), "a card needs no drawer"
    ordered.more["shift"] = SHIFT
    (taken,) = ordered.pay(25_000, till_id="t1")
    assert taken.payment.shift_id == "s1"


def test_what_was_taken_before_is_taken_again_without_a_till(ordered):
    ordered.more["house"] = House(till_needed=True)
    ordered.more["offered"] = True
    assert not isinstance(ordered.pay(25_000), Refusal)


def test_a_refund_in_cash_needs_the_till_too(ordered):
    ordered.pay(25_000)
    ordered.more["house"] = House(till_needed=True)
    assert code(ordered.refund(amount=1_000)) == "no_shift"
    assert not isinstance(ordered.refund(amount=1_000, tender="card"), Refusal)
