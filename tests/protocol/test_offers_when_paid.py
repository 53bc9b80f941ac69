"""Offers where some of the bill is paid: they follow the lines, until a check is paid or a dish went back."""

import pytest

from protocol import floor_commands as f
from protocol.bill import AdjustmentKind, Check, RefundLine
from protocol.house import House, Promotion
from protocol.refusals import Refusal

GIFT = Promotion(id="gift", names={"en": "Gift"}, percent="20", code="GIFT 20", min_spend=50_000)
THREE = Promotion(id="three", names={}, buy=2, get=1, ids=("rice",))
OVER = Promotion(id="over", names={}, amount=20_000, min_spend=60_000)


def test_a_dish_that_is_struck_takes_the_offer_along_also_where_some_was_paid(counter):
    with_offers(counter, THREE).place(*(counter.line("rice-1") for _ in range(3)))
    counter.pay(10_000)
    assert counter.order.totals.total == 50_000, "the third is free"
    assert names_of(counter.void(0)) == ["LineVoided", "PromotionsApplied"]
    assert (counter.order.totals.total, counter.order.due) == (50_000, 40_000)
    assert counter.order.adjustments == ()


def test_what_is_ordered_later_earns_too_and_what_is_then_overpaid_goes_back(counter):
    with_offers(counter, OVER).place(counter.line("rice-1", quantity=2))
    counter.pay(50_000)
    counter.add(counter.line("latte-s"))
    order = counter.order
    assert (order.totals.total, order.due) == (45_000, -5_000)
    counter.refund(amount=5_000, payment_id=order.payments[0].payment_id)
    assert counter.order.due == 0


def test_nothing_is_struck_that_the_offers_then_leave_unpaid_for(counter):
    """Without one of three the other two cost what was paid; without two of them it is less."""
    with_offers(counter, THREE).place(*(counter.line("rice-1") for _ in range(3)))
    counter.pay(50_000)
    counter.void(0)
    assert (counter.order.totals.total, counter.order.due) == (50_000, 0)
    assert counter.void(1).code == "paid_order"


def test_once_a_check_was_paid_offers_stand_as_they_were(counter):
    five = Promotion(id="five", names={}, amount=5_000, min_spend=50_000)
    with_offers(counter, five).place(counter.line("rice-1", quantity=2))
    counter.split(*(Check(check_id=x, parts=1) for x in "ab"))
    counter.pay(22_500, check_id="a")
    counter.more["house"] = House(version=2)
    counter.add(counter.line("rice-1"))
    assert counter.order.totals.discounts == 5_000
    counter.refund(amount=22_500, payment_id=counter.order.payments[0].payment_id)
    counter.add(counter.line("rice-1"))
    assert counter.order.totals.discounts == 0, "nobody has paid after all"


def test_once_a_dish_was_given_back_offers_stand_as_they_were(counter):
    with_offers(counter, OVER).place(counter.line("rice-1", quantity=2))
    counter.pay(50_000)
    counter.refund(RefundLine(line_id=counter.order.lines[0].line_id, quantity=2))
    assert (counter.order.paid, counter.order.credited) == (0, 50_000)
    counter.add(counter.line("latte-s"))
    assert (counter.order.totals.total, counter.order.due) == (65_000, 15_000)


@pytest.mark.parametrize("paid", [0, 5_000, 50_000])
def test_a_coupon_is_shown_before_the_bill_is_paid(counter, paid):
    with_offers(counter, GIFT).place(counter.line("rice-1", quantity=2))
    if paid:
        counter.pay(paid)
    answer = show(counter, "GIFT20")
    assert (isinstance(answer, Refusal) and answer.code == "paid_order") is (paid == 50_000)
    assert counter.order.due == (0 if paid == 50_000 else 40_000 - paid)


def test_no_coupon_once_a_check_was_paid(counter):
    with_offers(counter, GIFT).place(counter.line("rice-1", quantity=2))
    counter.split(*(Check(check_id=x, parts=1) for x in "ab"))
    counter.pay(5_000, check_id="a")
    assert show(counter, "GIFT20").code == "paid_order"


def with_offers(counter, *promotions):
    counter.more["house"] = House(promotions=promotions)
    return counter


def show(counter, code):
    coupon = f.Adjust(
        order_id=counter.order_id, adjustment_id="any", kind=AdjustmentKind.COUPON, code=code
    )
    return counter.take(coupon)


def names_of(decision):
    return [type(event).__name__ for event in decision]
