"""The life of an order, driven at random: what must hold after every command that was accepted."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from protocol import commands as c
from protocol.events import OrderCancelled
from protocol.kitchen import tickets_of
from protocol.menu import MenuIndex, Station
from protocol.orders import (
    LINE_MAY_BECOME,
    ORDER_MAY_BECOME,
    TAKES_LINES,
    LineStatus,
    OrderStatus,
    find_line,
)
from protocol.refusals import Refusal
from protocol.rules.folding import apply, fold

NUMBER = st.integers(0, 10**6)
STEPS = st.lists(
    st.tuples(
        st.sampled_from(
            (
                "add",
                "void",
                "hold",
                "recall",
                "fire",
                "pay",
                "bump",
                "unbump",
                "repeat",
                "fire course",
                "rush",
                "reduce",
                *OrderStatus,
            )
        ),
        NUMBER,
        NUMBER,
    ),
    max_size=14,
)
OFFERED = ("latte-s", "latte-l", "rice-1", "set-1", "water-1")


def step(counter, what, one, other):
    """One thing that somebody does to the order; the numbers choose on what, and how much."""
    order = counter.order
    at = one % len(order.lines)
    station = ("bar", "kitchen", "pass")[other % 3]
    match what:
        case "add":
            variant = OFFERED[one % len(OFFERED)]
            course = other % 4
            return counter.add(counter.line(variant, quantity=1 + other % 3, course=course))
        case "void":
            return counter.void(at)
        case "hold":
            return counter.take(c.HoldOrder(order_id=order.order_id))
        case "recall":
            return counter.take(c.RecallOrder(order_id=order.order_id))
        case "fire":
            return counter.take(c.FireOrder(order_id=order.order_id))
        case "fire course":
            return counter.take(c.FireOrder(order_id=order.order_id, courses=(one % 4,)))
        case "rush":
            return counter.take(c.RushOrder(order_id=order.order_id, rush=not order.rush))
        case "reduce":
            line = order.lines[at].line_id
            by = 1 + other % 2
            return counter.take(c.VoidLine(order_id=order.order_id, line_id=line, quantity=by))
        case "pay":
            tendered = order.due if one % 2 else 1 + other % 60_000
            return counter.pay(tendered)
        case "bump":
            return counter.bump(station, *((at,) if one % 2 else ()))
        case "unbump":
            return counter.unbump(station, *((at,) if one % 2 else ()))
        case "repeat":
            if not order.payments:
                return None
            paid = order.payments[one % len(order.payments)]
            return counter.pay(1_000, payment_id=paid.payment_id)
        case _:
            return counter.move(what, reason="asked for")


@settings(max_examples=300)
@given(
    hold=st.booleans(),
    first=st.sampled_from(OFFERED),
    courses=st.none() | st.lists(st.integers(0, 3), max_size=2).map(tuple),
    steps=STEPS,
)
def test_whatever_is_done_to_an_order_it_stays_sound(
    new_counter, cafe_menu, hold, first, courses, steps
):
    expo = Station(id="pass", names={"en": "Pass"}, kind="expo")
    counter = new_counter(menu=MenuIndex(replace(cafe_menu, stations=(*cafe_menu.stations, expo))))
    counter.place(counter.line(first), counter.line(), hold=hold, fire_courses=courses)
    ensure_sound(counter)
    for what, one, other in steps:
        before, told = counter.order, len(counter.history)
        outcome = step(counter, what, one, other)
        if outcome is None or isinstance(outcome, Refusal):
            assert counter.order is before
            continue
        assert outcome, "what is accepted has happened"
        ensure_moved_as_the_tables_say(before, counter.history[told:])
        ensure_sound(counter)
    assert fold(counter.history) == counter.order


def ensure_sound(counter):
    order = counter.order
    live = [x for x in order.lines if x.status is not LineStatus.VOIDED]
    assert order.totals.total == order.totals.lines == sum(x.amount for x in live)
    assert order.paid + order.due == order.totals.total
    assert order.due >= 0
    assert len({p.payment_id for p in order.payments}) == len(order.payments)
    assert len({x.line_id for x in order.lines}) == len(order.lines)
    for payment in order.payments:
        assert payment.tendered == payment.amount + payment.change
        assert payment.amount > 0 <= payment.change
    statuses = {x.status for x in live}
    match order.status:
        case OrderStatus.CANCELLED:
            assert (order.totals.total, order.paid, live) == (0, 0, [])
        case OrderStatus.OPEN | OrderStatus.HELD:
            assert statuses == {LineStatus.WAITING}
            assert order.fired_ms is None
        case OrderStatus.FIRED:
            assert statuses <= {LineStatus.FIRED, LineStatus.READY, LineStatus.WAITING}
            assert statuses != {LineStatus.READY}, "it would be ready"
            assert order.ready_ms is None
        case OrderStatus.READY:
            assert statuses == {LineStatus.READY}
            assert order.ready_ms is not None
        case OrderStatus.SERVED:
            assert statuses == {LineStatus.SERVED}
            assert order.due > 0
        case OrderStatus.CLOSED:
            assert statuses == {LineStatus.SERVED}
            assert order.due == 0
    ensure_tickets_tell(order)


def ensure_tickets_tell(order):
    over = order.status in (OrderStatus.SERVED, OrderStatus.CLOSED)
    sent = [x for x in order.lines if x.fired_ms is not None]
    tickets = tickets_of(order)
    assert {t.station_id for t in tickets} == {
        s for x in sent for s in (*x.station_ids, *x.expo_ids)
    }
    for ticket in tickets:
        mine = [x for x in sent if ticket.station_id in (*x.station_ids, *x.expo_ids)]
        assert [x.line_id for x in ticket.lines] == [x.line_id for x in mine]
        not_bumped = [x for x in mine if ticket.station_id not in x.bumped]
        assembled = (LineStatus.FIRED, LineStatus.READY) if ticket.expo else (LineStatus.FIRED,)
        to_do = [x for x in not_bumped if x.status in assembled]
        unseen = [x for x in not_bumped if x.status is LineStatus.VOIDED]
        assert (ticket.status == "open") is (not over and bool(to_do or unseen))


def ensure_moved_as_the_tables_say(before, events):
    for event in events:
        after = apply(before, event)
        reached = ORDER_MAY_BECOME[before.status]
        if OrderStatus.SERVED in reached:
            reached |= {OrderStatus.CLOSED}  # served and paid closes in one move
        assert after.status is before.status or after.status in reached
        for line in before.lines:
            now = find_line(after, line.line_id).status
            assert now is line.status or now in LINE_MAY_BECOME[line.status]
            if line.status is LineStatus.READY and now is LineStatus.VOIDED:
                assert isinstance(event, OrderCancelled)
        before = after


def test_the_tables_cover_every_status_and_end_somewhere():
    assert set(ORDER_MAY_BECOME) == set(OrderStatus)
    assert set(LINE_MAY_BECOME) == set(LineStatus)
    over = {s for s, after in ORDER_MAY_BECOME.items() if not after}
    assert over == {OrderStatus.CLOSED, OrderStatus.CANCELLED}
    assert not TAKES_LINES & (over | {OrderStatus.SERVED})


@pytest.mark.parametrize("status", OrderStatus)
def test_no_status_is_out_of_reach(status):
    reached = {OrderStatus.OPEN, OrderStatus.HELD}
    while more := {after for s in reached for after in ORDER_MAY_BECOME[s]} - reached:
        reached |= more
    assert status in reached
