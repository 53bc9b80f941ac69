"""Lines that go over to another order: everything goes with them, nothing twice, nothing lost."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from protocol import commands as c
from protocol import floor_commands as f
from protocol.bill import Adjustment, AdjustmentKind, Check, CheckLine
from protocol.floor_events import BillAdjusted
from protocol.house import House, Promotion
from protocol.kitchen import TicketStatus, tickets_of
from protocol.orders import TRANSFERRED, LineStatus, OrderStatus
from protocol.pricing import terms_of, totals_of
from protocol.refusals import Refusal
from protocol.rules.carts import add, cart_of, quantity
from protocol.rules.folding import fold
from protocol.rules.resolving import late_cart_edits

COUPONS = House(
    promotions=(Promotion(id="regular", names={"en": "Regular"}, percent="10", code="REG"),)
)
SECOND_FREE = House(
    promotions=(Promotion(id="two", names={"en": "Two"}, ids=("latte",), buy=1, get=1),)
)


def code(decision):
    assert isinstance(decision, Refusal), decision
    return decision.code


@pytest.fixture
def table(counter):
    """Rice and a latte in the kitchen, on table 4."""
    counter.place(counter.line(seat=2), counter.line("latte-l"), table="4")
    return counter


@pytest.fixture
def other(counter, new_counter):
    """A latte on table 9."""
    two = new_counter(_ids=counter._ids)
    two.place(two.line("latte-s"), table="9")
    return two


def test_a_line_goes_over_as_far_as_it_is(table, other):
    table.bump("kitchen", 0)
    rice = table.order.lines[0]
    left, came = table.transfer(other, 0)
    assert (left.to_number, came.from_number) == ("A042", "A042")
    assert other.order.lines[-1] == rice, "seat, course and kitchen as they were"
    gone = table.order.lines[0]
    assert (gone.status, gone.void_reason) == (LineStatus.VOIDED, TRANSFERRED)
    assert (table.order.totals.total, other.order.totals.total) == (20_000, 40_000)
    assert table.order.status is OrderStatus.FIRED


def test_the_last_line_takes_the_order_with_it(table, other):
    table.transfer(other)
    assert (table.order.status, table.order.merged_into) == (
        OrderStatus.CANCELLED,
        other.order.order_id,
    )
    assert (table.order.totals.total, table.order.due) == (0, 0)
    assert other.order.totals.total == 60_000
    assert len(other.order.live_lines) == 3
    for again in (
        table.transfer(other),
        table.add(table.line()),
        table.merge(cart_of(table.order)),
    ):
        assert code(again) == "order_merged"


def test_an_order_that_waits_is_in_the_kitchen_when_something_of_it_is(table, other, new_counter):
    held = new_counter(_ids=table._ids)
    held.place(held.line(), hold=True)
    table.transfer(held, 1)
    assert held.order.status is OrderStatus.FIRED
    assert [x.status for x in held.order.lines] == [LineStatus.WAITING, LineStatus.FIRED]
    held.transfer(other)
    assert {x.status for x in other.order.lines} == {LineStatus.FIRED, LineStatus.WAITING}


def test_a_served_order_that_gets_food_to_make_is_in_the_kitchen_again(table, other):
    other.move("served")
    table.transfer(other)
    assert other.order.status is OrderStatus.FIRED
    other.bump("kitchen")
    other.bump("bar")
    other.move("served")
    other.pay(60_000)
    assert other.order.status is OrderStatus.CLOSED


def test_what_the_kitchen_sees_moves_without_being_struck_or_new(table, other):
    table.transfer(other, 0)
    by_station = {t.station_id: t for t in tickets_of(table.order)}
    assert by_station["kitchen"].status is TicketStatus.DONE
    assert by_station["kitchen"].lines == ()
    (rice,) = {t.station_id: t for t in tickets_of(other.order)}["kitchen"].lines
    assert (rice.status, rice.added) == ("fired", False)
    (own,) = {t.station_id: t for t in tickets_of(other.order)}["bar"].lines
    assert not own.added


def test_what_is_done_late_to_a_line_that_went_is_not_done_to_its_shadow(table, other):
    table.transfer(other, 0)
    assert code(table.bump("kitchen", 0)) == "no_ticket"
    assert code(table.void(0)) == "unknown_line"
    assert other.bump("kitchen", 1)
    assert other.order.lines[1].status is LineStatus.READY


def test_what_staff_took_off_a_line_goes_with_it(table, other):
    rice = table.order.lines[0]
    discount(
        table,
        Adjustment(
            adjustment_id="d1",
            kind=AdjustmentKind.DISCOUNT,
            names={},
            line_id=rice.line_id,
            percent="50",
        ),
    )
    assert table.order.totals.total == 32_500
    table.transfer(other, 0)
    assert (table.order.adjustments, table.order.totals.total) == ((), 20_000)
    assert other.order.totals.total == 15_000 + 12_500


@pytest.mark.parametrize("off", [{"percent": "10"}, {"amount": 4_500}])
def test_what_was_taken_off_a_whole_order_goes_with_all_of_it(table, other, off):
    discount(table, Adjustment(adjustment_id="d1", kind=AdjustmentKind.DISCOUNT, names={}, **off))
    assert table.order.totals.total == 40_500
    table.transfer(other, 0)
    assert other.order.totals.total == 40_000, "it stays with the order that stays"
    table.transfer(other)
    assert other.order.totals.total == 40_000 + 20_000 - (2_000 if "percent" in off else 4_500)


def test_what_was_taken_off_all_is_not_lost_on_a_line_that_is_free_already(table, other):
    comp = {"kind": AdjustmentKind.COMP, "line_id": table.order.lines[0].line_id, "percent": "100"}
    discount(table, Adjustment(adjustment_id="c", names={}, **comp))
    off = Adjustment(adjustment_id="d", kind=AdjustmentKind.DISCOUNT, names={}, amount=10_000)
    discount(table, off)
    before = table.order.totals.total + other.order.totals.total
    assert before == 20_000 - 10_000 + 15_000
    table.transfer(other)
    assert other.order.totals.total == before


def pay_a_check(counter, amount):
    """From now on offers stand on it as they are."""
    counter.split(*(Check(check_id=x, parts=1) for x in "ab"))
    counter.pay(amount, check_id="a")


def test_a_coupon_takes_nothing_off_what_a_guest_paid_before_it_came(table, other):
    """Where one of the party has paid no offer is given: it stays with the lines it came with."""
    table.more["house"] = other.more["house"] = COUPONS
    show_coupon(table, "REG")
    pay_a_check(other, 7_500)
    table.transfer(other)
    assert other.order.totals.total == 15_000 + 45_000 - 4_500
    assert other.order.due == 7_500 + 45_000 - 4_500


def test_where_some_was_paid_together_a_coupon_is_for_all_as_before(table, other):
    table.more["house"] = other.more["house"] = COUPONS
    show_coupon(table, "REG")
    other.pay(10_000)
    table.transfer(other)
    assert (other.order.totals.total, other.order.due) == (54_000, 44_000)


@pytest.mark.parametrize("lines", [(), (0, 1)])
def test_what_lines_have_earned_goes_where_offers_stand_as_they_are(table, other, lines):
    table.more["house"] = other.more["house"] = SECOND_FREE
    table.add(table.line("latte-l"))
    assert table.order.totals.discounts == 20_000
    pay_a_check(other, 7_500)
    table.transfer(other, *lines)
    assert (table.order.totals.discounts, other.order.totals.discounts) == (0, 20_000)


def test_a_line_leaves_its_check_and_falls_to_one_over_there(table, other):
    halves = [
        Check(check_id=x, lines=(CheckLine(line_id=table.order.lines[i].line_id),))
        for i, x in ((0, "a"), (1, "b"))
    ]
    table.split(*halves)
    other.split(Check(check_id="c", lines=(CheckLine(line_id=other.order.lines[0].line_id),)))
    table.transfer(other, 0)
    assert [x.total for x in table.order.checks] == [0, 20_000]
    assert [x.total for x in other.order.checks] == [40_000]


def test_an_order_that_was_paid_on_keeps_its_lines(table, other):
    table.pay(10_000)
    assert code(table.transfer(other, 0)) == "transfer_paid"
    paid = table.order.payments[0]
    table.refund(amount=10_000, payment_id=paid.payment_id)
    assert table.transfer(other, 0)


def test_refused_is(table, other):
    assert code(table.transfer(table, 0)) == "same_order"
    wrong = c.VoidLine(order_id=table.order_id, line_id=table.new_id())
    assert code(table.take(wrong)) == "unknown_line"
    table.void(1)
    assert code(table.transfer(other, 1)) == "unknown_line"
    table.transfer(other, 0)
    assert code(table.transfer(other, 0)) == "order_merged"
    other.move("cancelled")
    three = other.order
    assert three.status is OrderStatus.CANCELLED
    table.order = replace(table.order, status=OrderStatus.FIRED, merged_into=None)
    assert code(table.transfer(other)) == "order_closed"
    table.more["other"] = None
    other.order = None
    assert code(table.transfer(other)) == "unknown_order"


def test_offered_again_where_it_has_come_about_nothing_more_happens(table, other):
    table.transfer(other)
    table.more["offered"] = True
    assert table.transfer(other) == []


def test_a_late_edit_of_a_line_that_moved_neither_loses_nor_doubles_it(table, other, new_counter):
    table = new_counter(_ids=table._ids)
    table.place(table.line(), table.line("latte-l"), hold=True)
    seen = cart_of(table.order)
    rice = table.order.lines[0].line_id
    table.merge(add(seen, "one", rice, 1))
    stale = add(seen, "two", rice, 1)
    table.transfer(other, 0)
    (merged, *_) = table.merge(stale)
    assert merged.late == (rice,), "the screen that was late is told"
    (card,) = late_cart_edits("outlet", table.order, merged, "one")
    assert "on another order now" in str(card)
    assert [x.quantity for x in other.order.lines if x.line_id == rice] == [2]
    assert rice not in {x.line_id for x in table.order.live_lines}


def test_a_line_that_comes_back_has_what_was_changed_over_there(table, new_counter):
    here, there = (new_counter(_ids=table._ids) for _ in range(2))
    here.place(here.line(), here.line("latte-l"), hold=True)
    there.place(there.line(), hold=True)
    rice = here.order.lines[0].line_id
    here.merge(add(cart_of(here.order), "one", rice, 1))
    here.transfer(there, 0)
    there.merge(add(cart_of(there.order), "two", rice, 3))
    there.transfer(here, 1)
    back = next(x for x in here.order.lines if x.line_id == rice)
    assert (back.quantity, back.status) == (5, LineStatus.WAITING)
    assert quantity(cart_of(here.order).lines[rice]) == 5
    here.merge(add(cart_of(here.order), "one", here.order.lines[0].line_id, 1))
    assert next(x for x in here.order.lines if x.line_id == rice).quantity == 5


def show_coupon(counter, coupon):
    shown = {"kind": AdjustmentKind.COUPON, "code": coupon, "adjustment_id": counter.new_id()}
    counter.take(f.Adjust(order_id=counter.order_id, **shown))


def discount(counter, adjustment):
    order = counter.order
    totals = totals_of(
        order.lines, terms_of(replace(order, adjustments=(*order.adjustments, adjustment)))
    )
    given = replace(adjustment, given=totals.discounts - order.totals.discounts)
    counter.keep(BillAdjusted(order_id=order.order_id, at_ms=1, adjustment=given, totals=totals))


@settings(max_examples=100)
@given(
    steps=st.lists(
        st.tuples(
            st.sampled_from(("move", "back", "add", "void", "bump", "pay")), st.integers(0, 99)
        ),
        max_size=12,
    )
)
def test_wherever_lines_go_each_counts_once(new_counter, steps):
    one = new_counter()
    two = new_counter(_ids=one._ids)
    for each in (one, two):
        each.place(*(each.line(v) for v in ("rice-1", "latte-s", "set-1")))
    for what, n in steps:
        counter = (one, two)[n % 2]
        before = one.order.totals.total + two.order.totals.total
        at = n % len(counter.order.lines)
        match what:
            case "move":
                one.transfer(two, n % len(one.order.lines))
            case "back":
                two.transfer(one, *((n % len(two.order.lines),) if n % 3 else ()))
            case "add":
                counter.add(counter.line("rice-1"))
            case "void":
                counter.void(at)
            case "bump":
                counter.bump(("bar", "kitchen")[n % 2])
            case "pay":
                counter.pay(1 + n)
        if what in ("move", "back"):
            assert one.order.totals.total + two.order.totals.total == before
        ids = [x.line_id for each in (one, two) for x in each.order.live_lines]
        assert len(ids) == len(set(ids))
        for each in (one, two):
            assert fold(each.history) == each.order
            assert each.order.live_lines or each.order.status is OrderStatus.CANCELLED


def test_offered_again_it_happened_whatever_was_paid_and_closed_since(table, other):
    other.pay(15_000)
    other.move("served")
    assert other.order.status is OrderStatus.CLOSED
    assert code(table.transfer(other, 0)) == "order_closed"
    table.pay(5_000)
    table.more["offered"] = True
    table.transfer(other, 0)
    assert other.order.totals.total == 40_000
    assert other.order.due == 25_000
    assert table.order.due == 15_000


def test_a_coupon_goes_with_the_whole_order(table, other):
    table.more["house"] = other.more["house"] = COUPONS
    show_coupon(table, "REG")
    assert table.order.totals.discounts == 4_500
    table.transfer(other)
    assert other.order.totals.discounts == 6_000, "it is worked out anew for what is there now"
    assert [a.code for a in other.order.adjustments] == ["REG"]


def test_offers_follow_what_went_over(table, other):
    table.more["house"] = other.more["house"] = SECOND_FREE
    before = other.order.totals.total
    table.transfer(other, 1)
    assert other.order.totals.total == before + 20_000 - 15_000, "of two lattes the cheaper is free"
