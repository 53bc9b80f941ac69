"""The kitchen: fire, bump and recall, moving an order on by hand, and every refusal of these."""

import pytest

from protocol import commands as c
from protocol.events import OrderCancelled, OrderFired, OrderServed, TicketBumped, TicketRecalled
from protocol.orders import LineStatus, OrderStatus
from protocol.refusals import Refusal


def code(decision):
    assert isinstance(decision, Refusal), decision
    return decision.code


def statuses(counter):
    return [x.status.value for x in counter.order.lines]


def test_firing_releases_all_that_waits(counter):
    counter.place(counter.line(), counter.line("latte-s"), counter.line(), hold=True)
    counter.void(2)
    (fired,) = counter.take(c.FireOrder(order_id=counter.order_id))
    assert isinstance(fired, OrderFired)
    assert fired.line_ids == tuple(x.line_id for x in counter.order.lines[:2])
    assert statuses(counter) == ["fired", "fired", "voided"]


def test_an_order_is_not_fired_twice(counter):
    counter.place()
    assert code(counter.take(c.FireOrder(order_id=counter.order_id))) == "nothing_to_fire"
    assert code(counter.move("fired")) == "not_possible_now"


@pytest.mark.parametrize("status", ["served", "cancelled"])
def test_an_order_that_is_over_is_not_fired(counter, status):
    counter.place()
    counter.move(status)
    assert code(counter.take(c.FireOrder(order_id=counter.order_id))) == "order_closed"


def test_a_line_is_ready_when_all_its_stations_are(counter):
    counter.place(counter.line("set-1"), counter.line())
    counter.bump("bar")
    assert statuses(counter) == ["fired", "fired"]
    (bumped,) = counter.bump("kitchen", 0)
    assert isinstance(bumped, TicketBumped)
    assert statuses(counter) == ["ready", "fired"]
    assert counter.order.status is OrderStatus.FIRED
    counter.bump("kitchen")
    assert counter.order.status is OrderStatus.READY
    assert counter.order.ready_ms == counter.now_ms


def test_a_recalled_ticket_makes_a_ready_order_unready(counter):
    counter.place(counter.line("set-1"), counter.line("latte-s"))
    counter.move("ready")
    (recalled,) = counter.unbump("bar", 1)
    assert isinstance(recalled, TicketRecalled)
    assert statuses(counter) == ["ready", "fired"]
    assert (counter.order.status, counter.order.ready_ms) == (OrderStatus.FIRED, None)


def test_a_half_made_line_can_be_recalled_and_voided(counter):
    counter.place(counter.line("set-1"), counter.line())
    counter.bump("bar")
    counter.unbump("bar")
    assert counter.order.lines[0].bumped == ()
    counter.bump("bar")
    counter.void(0)
    assert statuses(counter) == ["voided", "fired"]


def test_bumping_twice_finds_nothing_the_second_time(counter):
    counter.place()
    counter.bump("kitchen")
    assert code(counter.bump("kitchen")) == "no_ticket"


def test_a_station_bumps_and_recalls_only_what_it_was_sent(counter):
    counter.place(counter.line("latte-s"), counter.line())
    assert code(counter.bump("grill")) == "no_ticket"
    assert code(counter.bump("kitchen", 0)) == "no_ticket"
    assert code(counter.unbump("kitchen")) == "no_ticket"
    (bumped,) = counter.bump("bar", 0, 1)
    assert bumped.line_ids == (counter.order.lines[0].line_id,)


def test_a_struck_line_is_bumped_away_and_not_recalled(counter):
    counter.place(counter.line(), counter.line())
    counter.void(0)
    counter.bump("kitchen", 0)
    assert statuses(counter) == ["voided", "fired"]
    assert code(counter.unbump("kitchen", 0)) == "no_ticket"


def test_a_cancelled_order_can_be_bumped_off_the_display(counter):
    counter.place()
    counter.move("cancelled")
    counter.bump("kitchen")
    assert counter.order.status is OrderStatus.CANCELLED
    assert code(counter.bump("kitchen")) == "no_ticket"


def test_a_served_order_is_off_the_displays(counter):
    counter.place()
    counter.move("served")
    assert code(counter.bump("kitchen")) == "order_closed"
    assert code(counter.unbump("kitchen")) == "order_closed"


def test_an_order_that_waits_has_no_ticket(counter):
    counter.place(hold=True)
    assert code(counter.bump("kitchen")) == "no_ticket"
    assert code(counter.unbump("kitchen")) == "no_ticket"


def test_each_status_is_reached_by_hand(counter):
    counter.place(counter.line("set-1"), counter.line("latte-s"), hold=True)
    for status in ("open", "held", "fired", "ready", "served"):
        assert not isinstance(counter.move(status), Refusal)
        assert counter.order.status == status
    assert set(statuses(counter)) == {"served"}
    assert counter.order.served_ms == counter.now_ms


def test_ready_by_hand_bumps_every_station_once(counter):
    counter.place(counter.line("set-1"), counter.line("latte-s"))
    counter.bump("bar")
    events = counter.move("ready")
    assert [(e.station_id, len(e.line_ids)) for e in events] == [("kitchen", 1)]


def test_serving_a_paid_order_closes_it_and_an_unpaid_one_stays_served(counter, new_counter):
    counter.place()
    counter.pay(25_000)
    assert isinstance(counter.move("served")[0], OrderServed)
    assert counter.order.status is OrderStatus.CLOSED
    unpaid = new_counter()
    unpaid.place()
    unpaid.move("served")
    assert unpaid.order.status is OrderStatus.SERVED
    unpaid.pay(25_000, "card")
    assert unpaid.order.status is OrderStatus.CLOSED


def test_an_order_that_costs_nothing_closes_when_served(counter):
    counter.place(counter.line("water-1"))
    counter.move("served")
    assert counter.order.status is OrderStatus.CLOSED


@pytest.mark.parametrize("first", ["held", "fired", "ready"])
def test_a_cancelled_order_costs_nothing_even_if_it_was_made(counter, first):
    counter.place(hold=True)
    if first != "held":
        counter.move("fired")
    if first == "ready":
        counter.move("ready")
    assert isinstance(counter.move("cancelled", "guest left")[0], OrderCancelled)
    order = counter.order
    assert (order.totals.total, order.cancel_reason) == (0, "guest left")
    assert order.lines[0].status is LineStatus.VOIDED
    assert order.lines[0].void_reason == "guest left"


def test_an_order_with_money_on_it_is_not_cancelled(counter):
    counter.place()
    counter.pay(1_000)
    refusal = counter.move("cancelled")
    assert (refusal.code, refusal.params["paid"]) == ("paid_order", "Rp 1.000")


@pytest.mark.parametrize(
    ("now", "wanted"),
    [
        ("held", "held"),
        ("held", "ready"),
        ("held", "served"),
        ("fired", "held"),
        ("fired", "open"),
        ("fired", "closed"),
        ("ready", "fired"),
        ("served", "ready"),
        ("served", "cancelled"),
        ("served", "closed"),
        ("cancelled", "open"),
        ("cancelled", "served"),
        ("cancelled", "cancelled"),
    ],
)
def test_what_does_not_follow_is_refused(counter, now, wanted):
    counter.place(hold=now == "held")
    if now not in ("held", "fired"):
        counter.move(now)
    refusal = counter.move(wanted)
    assert code(refusal) == "not_possible_now"
    assert (refusal.params["status"], refusal.params["wanted"]) == (now, wanted)


def test_a_line_voided_before_it_was_fired_is_nothing_to_bump(counter):
    counter.place(counter.line(), counter.line("latte-s"), hold=True)
    counter.void(0)
    counter.move("fired")
    assert code(counter.bump("kitchen")) == "no_ticket"
