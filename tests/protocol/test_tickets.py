"""What tickets tell beyond the lines: rush, courses, additions, fewer, the pass (FS-43, FS-45)."""

import pytest
from msgspec.structs import replace

from protocol import commands as c
from protocol.events import LineReduced, OrderRushed, StockMoved
from protocol.kitchen import TicketStatus, tickets_of
from protocol.menu import MenuIndex, Station
from protocol.orders import LineStatus, OrderStatus
from protocol.refusals import Refusal
from protocol.rules import carts
from protocol.rules.folding import apply


def ticket(counter, station="kitchen"):
    (found,) = [t for t in tickets_of(counter.order) if t.station_id == station]
    return found


def told(counter, station="kitchen"):
    """Each line of a ticket: its status, and whether it was added."""
    return [(x.status, x.added) for x in ticket(counter, station).lines]


def reduce(counter, by, at=0):
    line_id = counter.order.lines[at].line_id
    command = c.VoidLine(order_id=counter.order_id, line_id=line_id, reason="fewer", quantity=by)
    return counter.take(command)


def rush(counter, rush=True):
    return counter.take(c.RushOrder(order_id=counter.order_id, rush=rush))


# ---------------------------------------------------------------- FS-43: a second round


def test_fs43_a_second_round_is_one_addition_and_repeats_nothing(counter):
    counter.place(counter.line(), counter.line("set-1"), table="1")
    first = ticket(counter).lines
    (added, fired) = counter.add(counter.line())
    assert fired.line_ids == tuple(x.line_id for x in added.lines)
    now = ticket(counter)
    assert now.lines[:2] == first
    assert told(counter) == [("fired", False), ("fired", False), ("fired", True)]
    assert (now.table, len(tickets_of(counter.order))) == ("1", 2)


def test_fs43_what_the_station_gets_first_is_no_addition_for_it(counter):
    counter.place(counter.line("latte-s"))
    counter.add(counter.line())
    assert told(counter) == [("fired", False)]
    assert told(counter, "bar") == [("fired", False)]


def test_a_course_fired_later_was_ordered_from_the_start(counter):
    counter.place(counter.line(course=1), counter.line(course=2), fire_courses=(1,))
    assert ticket(counter).waiting_courses == (2,)
    counter.take(c.FireOrder(order_id=counter.order_id))
    assert told(counter) == [("fired", False), ("fired", False)]
    assert ticket(counter).waiting_courses == ()


def test_a_station_is_told_of_its_own_waiting_courses_only(counter):
    lines = (counter.line("latte-s"), counter.line(course=1), counter.line(course=3))
    counter.place(*lines, fire_courses=(1,))
    assert ticket(counter).waiting_courses == (3,)
    assert ticket(counter, "bar").waiting_courses == ()
    counter.void(2)
    assert ticket(counter).waiting_courses == ()


def test_a_ticket_of_a_later_course_comes_back_when_it_is_fired(counter):
    counter.place(counter.line(course=1), counter.line(course=2), fire_courses=(1,))
    counter.bump("kitchen")
    assert ticket(counter).status is TicketStatus.DONE
    counter.take(c.FireOrder(order_id=counter.order_id, courses=(2,)))
    assert ticket(counter).status is TicketStatus.OPEN
    assert [x.status for x in ticket(counter).lines] == ["done", "fired"]
    assert ticket(counter).fired_ms == counter.now_ms


def test_a_ticket_marks_allergens_and_how_long_it_may_take(counter, cafe_menu):
    items = list(cafe_menu.items)
    items[1] = replace(items[1], allergens=("egg", "peanut"), target_s=480)
    counter.menu = MenuIndex(replace(cafe_menu, items=tuple(items)))
    counter.place()
    (line,) = ticket(counter).lines
    assert (line.allergens, line.target_s) == (("egg", "peanut"), 480)


# ---------------------------------------------------------------- rush


def test_a_rush_is_on_every_ticket_and_can_be_taken_back(counter):
    counter.place(counter.line(), counter.line("latte-s"))
    (rushed,) = rush(counter)
    assert isinstance(rushed, OrderRushed)
    assert [t.rush for t in tickets_of(counter.order)] == [True, True]
    assert rush(counter) == []
    rush(counter, rush=False)
    assert [t.rush for t in tickets_of(counter.order)] == [False, False]


def test_a_rush_offered_again_is_the_fact_that_it_was(counter):
    counter.place()
    rush(counter)
    counter.accepted = counter.order
    (again,) = rush(counter)
    assert again.rush
    assert counter.order.rush


def test_an_order_that_waits_may_be_rushed_before_the_kitchen_has_it(counter):
    counter.place(hold=True)
    rush(counter)
    counter.move("fired")
    assert ticket(counter).rush


@pytest.mark.parametrize("status", ["served", "cancelled"])
def test_what_is_over_is_not_rushed(counter, status):
    counter.place()
    counter.move(status)
    assert rush(counter).code == "order_closed"
    assert rush(type(counter)()).code == "unknown_order"


# ---------------------------------------------------------------- FS-45: fewer, voided, cancelled


def test_fs45_fewer_of_a_line_is_charged_and_the_cook_sees_how_many_went(counter):
    counter.tracked = frozenset({"rice"})
    counter.place(counter.line(quantity=3))
    reduced, back = reduce(counter, 2)
    assert isinstance(reduced, LineReduced)
    assert isinstance(back, StockMoved)
    assert back.moves[0].delta == 2
    assert counter.order.totals.total == 25_000
    (line,) = ticket(counter).lines
    assert (line.quantity, line.reduced, line.status) == (1, 2, "fired")
    counter.bump("kitchen")
    assert ticket(counter).lines[0].reduced == 0


def test_fs45_taking_all_of_a_line_off_bit_by_bit_strikes_it(counter):
    counter.place(counter.line(quantity=3), counter.line())
    reduce(counter, 1)
    reduce(counter, 2)
    assert told(counter)[0] == ("voided", False)
    assert counter.order.lines[0].status is LineStatus.VOIDED


def test_fewer_of_what_the_kitchen_has_not_got_is_nothing_to_see(counter):
    counter.place(counter.line(quantity=3), hold=True)
    reduce(counter, 1)
    counter.move("fired")
    assert [(x.quantity, x.reduced) for x in ticket(counter).lines] == [(2, 0)]


def test_more_than_there_is_what_is_made_and_what_is_paid_is_not_taken_off(counter):
    counter.place(counter.line(quantity=2), counter.line())
    refusal = reduce(counter, 3)
    assert (refusal.code, refusal.params["most"]) == ("wrong_quantity", "2")
    counter.pay(75_000)
    assert reduce(counter, 1).code == "paid_order"
    counter.bump("kitchen")
    assert reduce(counter, 1).code == "line_made"


def test_the_last_line_may_get_smaller_and_not_disappear(counter):
    counter.place(counter.line(quantity=2))
    assert reduce(counter, 2).code == "last_line"
    assert not isinstance(reduce(counter, 1), Refusal)


def test_what_another_system_charged_is_not_divided(counter):
    counter.imported(counter.line(quantity=2, amount=30_000))
    assert reduce(counter, 1).code == "wrong_quantity"


def test_a_cart_has_fewer_too_and_does_not_bring_them_back(counter):
    counter.place(counter.line(quantity=3), counter.line("latte-s"), hold=True)
    other = counter.order.lines[1].line_id
    counter.merge(carts.add(carts.cart_of(counter.order), "c2", other, 1))
    reduce(counter, 1)
    counter.merge(carts.add(counter.order.cart, "c2", other, 1))
    assert [x.quantity for x in counter.order.lines] == [2, 3]


def test_two_boxes_that_both_took_more_off_than_there_is_strike_the_line(counter):
    counter.place(counter.line(quantity=2), counter.line())
    (first,) = reduce(counter, 1)
    order = apply(apply(counter.order, first), first)
    assert order.lines[0].status is LineStatus.VOIDED
    assert order.totals.total == 25_000


def test_fs45_a_cancelled_order_is_struck_at_each_station_until_bumped(counter):
    counter.place(counter.line("set-1", quantity=2), counter.line(course=3), fire_courses=(1,))
    reduce(counter, 1)
    counter.move("cancelled")
    for station in ("bar", "kitchen"):
        assert told(counter, station) == [("voided", False)]
        assert ticket(counter, station).status is TicketStatus.OPEN
        counter.bump(station)
        assert ticket(counter, station).status is TicketStatus.DONE


# ---------------------------------------------------------------- the pass


@pytest.fixture
def with_pass(counter, cafe_menu):
    """A counter whose café has a pass where orders are put together."""
    expo = Station(id="pass", names={"en": "Pass"}, kind="expo")
    counter.menu = MenuIndex(replace(cafe_menu, stations=(*cafe_menu.stations, expo)))
    return counter


def test_an_expo_sees_every_fired_line_and_who_is_done_with_it(with_pass):
    lines = (with_pass.line("latte-s"), with_pass.line("set-1"), with_pass.line(course=2))
    with_pass.place(*lines, fire_courses=(1,))
    with_pass.bump("bar")
    view = ticket(with_pass, "pass")
    assert view.expo
    assert [(x.station_ids, x.made) for x in view.lines] == [
        (("bar",), ("bar",)),
        (("bar", "kitchen"), ("bar",)),
    ]
    assert view.waiting_courses == (2,)
    assert not ticket(with_pass, "bar").expo
    assert ticket(with_pass, "bar").lines[0].station_ids == ()


def test_an_order_is_ready_without_the_expo_and_stays_on_its_view_until_handed_out(with_pass):
    with_pass.place(with_pass.line("latte-s"), with_pass.line())
    with_pass.bump("bar")
    with_pass.bump("kitchen")
    assert with_pass.order.status is OrderStatus.READY
    assert ticket(with_pass, "bar").status is TicketStatus.DONE
    assert ticket(with_pass, "pass").status is TicketStatus.OPEN
    with_pass.bump("pass", 0)
    assert [x.status for x in ticket(with_pass, "pass").lines] == ["done", "fired"]
    with_pass.bump("pass")
    assert ticket(with_pass, "pass").status is TicketStatus.DONE
    assert with_pass.order.status is OrderStatus.READY


def test_what_the_expo_takes_back_is_not_made_again(with_pass):
    with_pass.place()
    with_pass.bump("kitchen")
    with_pass.bump("pass")
    with_pass.unbump("pass")
    assert with_pass.order.status is OrderStatus.READY
    assert ticket(with_pass, "pass").status is TicketStatus.OPEN
    assert ticket(with_pass, "kitchen").status is TicketStatus.DONE


def test_an_expo_that_hands_out_early_makes_nothing_ready(with_pass):
    with_pass.place()
    with_pass.bump("pass")
    assert with_pass.order.status is OrderStatus.FIRED
    assert ticket(with_pass, "kitchen").status is TicketStatus.OPEN


def test_a_struck_line_is_struck_at_the_pass_and_a_served_order_is_off_it(with_pass):
    with_pass.place(with_pass.line(), with_pass.line("latte-s"))
    with_pass.void(0)
    assert [x.status for x in ticket(with_pass, "pass").lines] == ["voided", "fired"]
    with_pass.move("served")
    assert ticket(with_pass, "pass").status is TicketStatus.DONE


def test_an_item_that_only_the_pass_has_is_made_there(with_pass):
    menu = with_pass.menu.menu
    water = replace(menu.items[3], station_ids=("pass",))
    with_pass.menu = MenuIndex(replace(menu, items=(*menu.items[:3], water)))
    with_pass.place(with_pass.line("water-1"))
    assert not ticket(with_pass, "pass").expo
    with_pass.add(with_pass.line("latte-s"))
    assert [(x.station_ids, x.made) for x in ticket(with_pass, "pass").lines] == [
        ((), ()),
        (("bar",), ()),
    ]
    with_pass.bump("bar")
    with_pass.bump("pass", 0)
    assert with_pass.order.status is OrderStatus.READY
