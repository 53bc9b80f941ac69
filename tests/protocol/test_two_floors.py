"""A floor and a copy of it go on apart, and meet: every bill still ties out, every line counts once."""

import copy
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_up_floor import HOUSES, STEPS, Floor

from protocol import commands as c
from protocol import floor_commands as f
from protocol.bill import RefundLine
from protocol.checks import dues
from protocol.events import ORDER_TAGS, tag_of
from protocol.floor_events import LinesCame
from protocol.orders import DiningOption, OrderStatus
from protocol.pricing import terms_of, totals_of
from protocol.rules.folding import apply, fold, fold_all
from protocol.rules.moved_twice import Arrival, moved_twice
from protocol.rules.refund_cards import refunded_beyond, refunded_twice
from tests.examples import examples


def apart(seed, house):
    """Two floors with a common past."""
    one = Floor(seed, house)
    live(one, 40)
    other = copy.deepcopy(one)
    other.name, other.chance = f"copy of {other.name}", random.Random(seed + 1)
    past = len(one.events)
    live(one, 30)
    live(other, 30)
    return one, other, past


def live(floor, steps):
    for _ in range(steps):
        floor.step(floor.chance.choice(STEPS))


def met(one, other, past):
    """The orders that all events together make, lines moved twice and all."""
    told = [*enumerate(one.events), *((past + n, e) for n, e in enumerate(other.events[past:]))]
    entries = {}
    for place, (stamp, event) in enumerate(told):
        if tag_of(event) in ORDER_TAGS:
            entries.setdefault(event.order_id, []).append(((stamp, f"{place:05}"), event))
    orders = {}
    for order_id, mine in entries.items():
        orders[order_id], stuck = fold_all(mine, read=lambda x: x[1], when=lambda x: x[0])
        assert stuck is None
    came = [Arrival(*x) for mine in entries.values() for x in mine if isinstance(x[1], LinesCame)]
    for event in moved_twice(came, orders, ()):
        orders[event.order_id] = apply(orders[event.order_id], event)
    return orders


@examples(40, deadline=None)
@given(seed=st.integers(0, 10**6), house=st.sampled_from(HOUSES))
def test_bills_tie_out_after_two_floors_have_met(seed, house):
    orders = met(*apart(seed, house))
    for order in orders.values():
        t = order.totals
        assert totals_of(order.lines, terms_of(order)) == t, "it is the bill of what is on it"
        assert t.discounts == sum(a.given for a in order.adjustments)
        assert t.total >= 0
        assert order.due == t.total - order.credited - order.paid
        # What is overpaid can be given back; what two boxes each gave back is a card.
        assert order.paid >= -order.due or refunded_beyond(order)
        if order.checks:
            assert sum(x.total for x in order.checks) == t.total
            assert sum(dues(order).values()) == order.due
        if order.status is OrderStatus.CANCELLED:
            assert order.live_lines == (), "what counts in no figure has nothing on it"
    lines = [x.line_id for order in orders.values() for x in order.live_lines]
    assert len(lines) == len(set(lines)), "a line is on one order"


@pytest.mark.parametrize("later", ["added", "fired"])
def test_what_is_put_on_an_order_that_another_box_called_off_brings_it_back(new_counter, later):
    trunk = new_counter()
    trunk.place(hold=True)
    past = len(trunk.history)
    branch = new_counter(order=trunk.order, history=list(trunk.history))
    trunk.move("cancelled", "nobody came")
    branch._ids = iter(range(500, 599))
    if later == "added":
        branch.add(branch.line("latte-l"))
    else:
        branch.take(c.FireOrder(order_id=branch.order_id))
    order = fold([*trunk.history, *branch.history[past:]])
    if later == "added":
        assert (order.status, order.cancel_reason) == (OrderStatus.OPEN, None)
        assert order.totals.total == 20_000
    else:
        assert order.status is OrderStatus.CANCELLED, "what was struck is not made"


def test_a_party_that_takes_it_along_pays_no_service_for_what_another_box_added(new_counter):
    trunk = new_counter(more={"house": HOUSES[1]})
    trunk.place()
    past = len(trunk.history)
    branch = new_counter(order=trunk.order, history=list(trunk.history), more=dict(trunk.more))
    branch._ids = iter(range(500, 599))
    branch.add(branch.line("latte-l"))
    eats = f.ChangeDetails(order_id=trunk.order_id, dining_option=DiningOption.TAKEAWAY)
    trunk.take(eats)
    order = fold([*trunk.history, *branch.history[past:]])
    assert order.totals == totals_of(order.lines, terms_of(order))
    assert order.totals.service == 0


def apart_with(new_counter, pay):
    """A served order of two dishes that is paid, at a box and at a copy of it."""
    trunk = new_counter()
    trunk.place(trunk.line(), trunk.line("latte-l"))
    trunk.pay(pay)
    trunk.move("served")
    past = len(trunk.history)
    branch = new_counter(order=trunk.order, history=list(trunk.history))
    branch._ids = iter(range(500, 599))
    return trunk, branch, past


def test_a_dish_that_two_boxes_each_gave_back_is_a_card_although_nothing_is_due(new_counter):
    trunk, branch, past = apart_with(new_counter, 45_000)
    for counter in (trunk, branch):
        dish = RefundLine(line_id=counter.order.lines[1].line_id, quantity=1)
        counter.refund(dish, reason="cold")
        assert refunded_twice("outlet", counter.order) is None
    order = fold([*trunk.history, *branch.history[past:]])
    assert (order.due, order.paid) == (0, 5_000)
    card = refunded_twice("outlet", order)
    assert (card.money, card.params["over"]) == (-20_000, "Rp 20.000")


def test_a_payment_that_two_boxes_each_gave_back_is_a_card(new_counter):
    trunk, branch, past = apart_with(new_counter, 45_000)
    for counter in (trunk, branch):
        counter.refund(amount=45_000, payment_id=counter.order.payments[0].payment_id)
    order = fold([*trunk.history, *branch.history[past:]])
    assert order.paid == -45_000
    assert refunded_twice("outlet", order).money == -45_000
