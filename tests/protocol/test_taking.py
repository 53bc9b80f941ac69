"""Taking orders: what is accepted and priced how, and every situation in which it is refused."""

import pytest

from protocol import commands as c
from protocol.events import (
    LinesAdded,
    LineVoided,
    OrderFired,
    OrderHeld,
    OrderPlaced,
    OrderRecalled,
)
from protocol.menu import EMPTY_MENU, MenuIndex
from protocol.orders import LineStatus, OrderStatus
from protocol.refusals import Refusal


def kinds(events):
    assert not isinstance(events, Refusal), events
    return [type(e) for e in events]


def code(decision):
    assert isinstance(decision, Refusal), decision
    return decision.code


def test_an_order_is_numbered_dated_priced_and_sent_to_the_kitchen(counter):
    assert kinds(counter.place(counter.line(quantity=2), table="7")) == [OrderPlaced, OrderFired]
    order = counter.order
    assert (order.number, order.business_date, order.hour) == ("A042", "2026-05-28", 9)
    assert (order.status, order.table, order.due) == (OrderStatus.FIRED, "7", 50_000)
    assert order.fired_ms == order.lines[0].fired_ms == order.placed_ms


def test_a_held_order_waits(counter):
    assert kinds(counter.place(hold=True)) == [OrderPlaced]
    assert counter.order.status is OrderStatus.HELD
    assert counter.order.lines[0].status is LineStatus.WAITING


def test_modifiers_are_priced_per_item_and_kept_as_sold(counter):
    choices = (
        c.NewChoice(modifier_id="oat"),
        c.NewChoice(modifier_id="shot", quantity=2),
    )
    counter.place(counter.line("latte-l", quantity=3, choices=choices))
    line = counter.order.lines[0]
    assert line.amount == line.expected == (20_000 + 5_000 + 2 * 4_000) * 3
    assert [(x.price, x.quantity) for x in line.choices] == [(5_000, 1), (4_000, 2)]
    assert (line.plu, line.size, line.course, line.menu_version) == ("102", "L", 1, 7)
    assert line.price_reason is None


def test_a_course_asked_for_wins_over_the_menus(counter):
    counter.place(counter.line(), counter.line(course=3))
    assert [x.course for x in counter.order.lines] == [2, 3]


def test_lines_added_to_an_order_in_the_kitchen_go_there_at_once(counter):
    counter.place()
    assert kinds(counter.add(counter.line("latte-s"))) == [LinesAdded, OrderFired]
    assert counter.order.totals.total == 40_000


def test_lines_added_to_a_ready_order_make_it_unready_again(counter):
    counter.place()
    counter.bump("kitchen")
    counter.add(counter.line("latte-s"))
    order = counter.order
    assert (order.status, order.ready_ms) == (OrderStatus.FIRED, None)
    assert [x.status for x in order.lines] == [LineStatus.READY, LineStatus.FIRED]


def test_lines_added_to_a_held_order_wait_with_it(counter):
    counter.place(hold=True)
    assert kinds(counter.add(counter.line())) == [LinesAdded]
    assert {x.status for x in counter.order.lines} == {LineStatus.WAITING}


def test_lines_added_to_a_paid_order_are_due(counter):
    counter.place()
    counter.pay(25_000)
    counter.add(counter.line("water-1"), counter.line())
    assert counter.order.due == 25_000


def test_a_voided_line_stays_struck_and_costs_nothing(counter):
    counter.place(counter.line(), counter.line("set-1"))
    assert kinds(counter.void(1)) == [LineVoided]
    order = counter.order
    assert (order.lines[1].status, order.lines[1].void_reason) == (LineStatus.VOIDED, "changed")
    assert order.totals.total == 25_000


def test_voiding_the_last_line_still_to_make_leaves_the_order_ready(counter):
    counter.place(counter.line(), counter.line("latte-s"))
    counter.bump("kitchen")
    counter.void(1)
    assert counter.order.status is OrderStatus.READY
    assert counter.order.ready_ms == counter.now_ms


def test_a_void_may_leave_exactly_what_was_paid(counter):
    counter.place(counter.line(), counter.line("latte-s"))
    counter.pay(25_000)
    counter.void(1)
    assert counter.order.due == 0


def test_an_order_is_parked_and_brought_back(counter):
    counter.place(hold=True)
    assert kinds(counter.take(c.RecallOrder(order_id=counter.order_id))) == [OrderRecalled]
    assert kinds(counter.take(c.HoldOrder(order_id=counter.order_id))) == [OrderHeld]
    counter.pay(25_000)
    assert kinds(counter.take(c.RecallOrder(order_id=counter.order_id))) == [OrderRecalled]
    assert counter.order.due == 0


def choose(**counts):
    return tuple(c.NewChoice(modifier_id=m, quantity=n) for m, n in counts.items())


CANNOT_BE_PLACED = {
    "an order whose id is no id": ("bad_id", lambda k: k.place(order_id="ORDER-1")),
    "a line whose id is no id": ("bad_id", lambda k: k.place(k.line(line_id="1"))),
    "a line twice": (
        "duplicate_id",
        lambda k: k.place(*[k.line(line_id=k.order_id)] * 2),
    ),
    "nothing of something": ("wrong_quantity", lambda k: k.place(k.line(quantity=0))),
    "a quantity below zero": ("wrong_quantity", lambda k: k.place(k.line(quantity=-1))),
    "a thousand": ("wrong_quantity", lambda k: k.place(k.line(quantity=1_000))),
    "what is not on the menu": ("unknown_item", lambda k: k.place(k.line("pizza"))),
    "what HQ does not offer": ("item_unavailable", lambda k: k.place(k.line("retired-1"))),
    "a modifier that the item cannot have": (
        "unknown_modifier",
        lambda k: k.place(k.line("rice-1", "oat")),
    ),
    "a latte without milk": ("modifier_count", lambda k: k.place(k.line("latte-s", "shot"))),
    "a latte with two milks": (
        "modifier_count",
        lambda k: k.place(k.line("latte-s", "oat", "dairy")),
    ),
    "too much of one extra": (
        "modifier_count",
        lambda k: k.place(k.line("latte-s", choices=choose(oat=1, shot=3))),
    ),
    "too much of two extras": (
        "modifier_count",
        lambda k: k.place(k.line("latte-s", choices=choose(oat=1, shot=2, syrup=1))),
    ),
    "a price of the screen's own": ("not_an_import", lambda k: k.place(k.line(amount=1))),
    "another total than the guest saw": ("total_differs", lambda k: k.place(expected_total=24_000)),
    "another total on an older menu": (
        "stale_menu",
        lambda k: k.place(expected_total=24_000, menu_version=6),
    ),
    "an older menu and no total seen": ("stale_menu", lambda k: k.place(menu_version=6)),
}


@pytest.mark.parametrize("situation", CANNOT_BE_PLACED)
def test_an_order_is_refused_for(counter, situation):
    wanted, place = CANNOT_BE_PLACED[situation]
    assert code(place(counter)) == wanted
    assert counter.order is None


def test_the_most_that_is_allowed_is_taken(counter):
    counter.place(counter.line("latte-s", quantity=999, choices=choose(oat=1, shot=1, syrup=1)))
    assert counter.order.due == 27_000 * 999


def test_a_new_menu_with_the_same_total_is_no_reason_to_refuse(counter):
    counter.place(expected_total=25_000, menu_version=6)
    assert counter.order.menu_version == 7


def test_without_a_menu_nothing_is_taken(counter):
    counter.menu = MenuIndex(EMPTY_MENU)
    assert code(counter.place()) == "not_ready"


def test_what_is_86_is_refused_on_new_orders_and_on_running_ones(counter):
    counter.eighty_six = frozenset({"rice"})
    refusal = counter.place()
    assert (refusal.code, refusal.params["item"]) == ("item_unavailable", "Fried rice")
    counter.place(counter.line("latte-s"))
    assert code(counter.add(counter.line())) == "item_unavailable"


def test_an_order_is_placed_once(counter):
    counter.place()
    assert code(counter.place(order_id=counter.order_id)) == "duplicate_id"


def test_the_line_that_another_order_has_is_named(counter):
    line = counter.line()
    counter.taken_ids = frozenset({line.line_id})
    refusal = counter.place(counter.line(), line)
    assert (refusal.code, refusal.params["id"]) == ("duplicate_id", line.line_id)


def test_the_line_that_the_order_already_has_is_named_even_if_it_was_voided(counter):
    counter.place(counter.line(), counter.line())
    counter.void(0)
    again = counter.line(line_id=counter.order.lines[0].line_id)
    refusal = counter.add(counter.line(), again)
    assert (refusal.code, refusal.params["id"]) == ("duplicate_id", again.line_id)


@pytest.mark.parametrize("status", ["served", "cancelled"])
def test_an_order_that_is_over_takes_no_lines_and_no_voids(counter, status):
    counter.place(counter.line(), counter.line())
    counter.move(status)
    assert code(counter.add(counter.line())) == "order_closed"
    assert code(counter.void(0)) == "order_closed"


def test_lines_that_are_wrong_are_refused_on_a_running_order_too(counter):
    counter.place()
    assert code(counter.add(counter.line(quantity=0))) == "wrong_quantity"
    assert code(counter.add(counter.line("pizza"))) == "unknown_item"
    assert code(counter.add(counter.line(amount=5))) == "not_an_import"


def test_what_is_made_is_not_voided(counter):
    counter.place(counter.line(), counter.line("latte-s"))
    counter.bump("kitchen")
    refusal = counter.void(0)
    assert (refusal.code, refusal.params["status"]) == ("line_made", "ready")


def test_what_is_voided_is_not_voided_again(counter):
    counter.place(counter.line(), counter.line())
    counter.void(0)
    assert code(counter.void(0)) == "line_made"


def test_the_last_line_is_not_voided_but_the_order_cancelled(counter):
    counter.place(counter.line(), counter.line())
    counter.void(0)
    assert code(counter.void(1)) == "last_line"


def test_a_void_that_would_leave_the_order_overpaid_is_refused(counter):
    counter.place(counter.line(), counter.line("latte-s"))
    counter.pay(25_001)
    refusal = counter.void(1)
    assert (refusal.code, refusal.params["paid"]) == ("paid_order", "Rp 25.001")


def test_a_line_of_another_order_is_not_voided_here(counter):
    counter.place()
    void = c.VoidLine(order_id=counter.order_id, line_id=counter.new_id())
    assert code(counter.take(void)) == "unknown_line"


def test_an_order_in_the_kitchen_is_not_parked(counter):
    counter.place()
    assert code(counter.take(c.HoldOrder(order_id=counter.order_id))) == "not_possible_now"
    assert code(counter.take(c.RecallOrder(order_id=counter.order_id))) == "not_possible_now"


def test_nothing_is_done_to_an_order_that_is_not_here(counter):
    order_id = counter.order_id
    for command in (
        c.AddLines(order_id=order_id, lines=(counter.line(),)),
        c.VoidLine(order_id=order_id, line_id=counter.new_id()),
        c.HoldOrder(order_id=order_id),
        c.RecallOrder(order_id=order_id),
        c.FireOrder(order_id=order_id),
        c.ChangeOrderStatus(order_id=order_id, status="fired"),
        c.ChangeOrderStatus(order_id=order_id, status="served"),
        c.TenderPayment(order_id=order_id, payment_id=counter.new_id(), tendered=1),
        c.BumpTicket(order_id=order_id, station_id="bar"),
        c.RecallTicket(order_id=order_id, station_id="bar"),
    ):
        assert code(counter.take(command)) == "unknown_order"


def test_an_import_brings_its_own_time_and_what_was_charged(counter):
    counter.happened_ms = 1_500_000_000_000
    counter.eighty_six = frozenset({"rice"})
    counter.imported(counter.line(amount=20_000), counter.line("retired-1"))
    order = counter.order
    assert order.placed_ms == 1_500_000_000_000
    assert order.totals.total == 29_000
    charged = order.lines[0]
    assert (charged.amount, charged.expected, charged.price_reason) == (20_000, 25_000, "imported")
    counter.add(counter.line(amount=0))
    assert counter.order.totals.total == 29_000


def test_an_import_may_lack_choices_that_a_guest_would_be_asked_for(counter):
    counter.imported(counter.line("latte-s", choices=()))
    assert counter.order.due == 15_000


@pytest.mark.parametrize("amount", [-1, 10**12 + 1])
def test_an_impossible_charge_is_refused_even_from_an_import(counter, amount):
    assert code(counter.imported(counter.line(amount=amount))) == "wrong_amount"


def test_an_import_from_the_future_is_refused_with_a_time_one_can_read(counter):
    counter.happened_ms = 2_000_000_000_000
    refusal = counter.imported()
    assert refusal.code == "in_the_future"
    assert refusal.params["when"] == "2033-05-18T03:33:20+00:00"


def test_an_import_from_before_1970_is_refused(counter):
    counter.happened_ms = -1
    assert code(counter.imported()) == "bad_request"


def test_only_an_import_may_say_when_anything_happened(counter):
    counter.happened_ms = 1_500_000_000_000
    assert code(counter.place()) == "not_an_import"
    counter.happened_ms = None
    counter.place()
    counter.happened_ms = 1_500_000_000_000
    assert code(counter.pay(25_000)) == "not_an_import"
    assert code(counter.move("cancelled")) == "not_an_import"
    assert code(counter.take(c.EightySixItem(item_id="rice"))) == "not_an_import"
    assert counter.order.payments == ()
