"""The feed: a snapshot and the changes after it make what a later snapshot shows."""

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol.events import tag_of
from protocol.feed import Change, apply_change

ACTIONS = ("add", "void", "fired", "ready", "served", "cancelled", "pay")


def live(orders):
    """What a snapshot holds: orders that are not over."""
    return {k: o for k, o in orders.items() if o.status not in ("closed", "cancelled")}


def story(new_counter, steps):
    """Three orders lived through side by side: each change, and all orders after it."""
    counters = [new_counter() for _ in range(3)]
    changes, states = [], [{}]
    for who, what in steps:
        counter = counters[who]
        known = len(counter.history)
        if counter.order is None:
            counter.place(
                counter.line(), counter.line(), order_id=f"{who}" * 8 + counter.order_id[8:]
            )
        elif what == "add":
            counter.add(counter.line())
        elif what == "void":
            counter.void(0)
        elif what == "pay":
            counter.pay(counter.order.due or 1)
        else:
            counter.move(what)
        for event in counter.history[known:]:
            position = len(states)
            value = msgspec.to_builtins(counter.order)
            changes.append(
                Change(
                    position=position,
                    kind="order",
                    key=counter.order_id,
                    event=tag_of(event),
                    value=value,
                )
            )
            states.append({**states[-1], counter.order_id: counter.order})
    return changes, states


@settings(max_examples=100)
@given(
    st.lists(st.tuples(st.integers(0, 2), st.sampled_from(ACTIONS)), min_size=1, max_size=20),
    st.data(),
)
def test_a_snapshot_and_what_follows_show_the_same_as_a_fresh_one(new_counter, steps, data):
    changes, states = story(new_counter, steps)
    start = data.draw(st.integers(0, len(changes)))
    orders, position = live(states[start]), start
    # A screen that reconnects may be told again what it knows already.
    again = data.draw(st.integers(0, start))
    for change in changes[again:]:
        position = apply_change(orders, position, change)
    assert orders == live(states[-1])
    assert position == len(changes)


def test_a_change_that_comes_late_is_ignored(counter):
    counter.place()
    value = msgspec.to_builtins(counter.order)
    late = Change(position=4, kind="order", key=counter.order_id, event="order.fired", value=value)
    orders = {}
    assert apply_change(orders, 4, late) == 4
    assert orders == {}


def test_news_of_items_and_menus_moves_only_the_position():
    orders = {}
    sold_out = {"item_id": "rice", "eighty_six": True}
    for position, (kind, value) in enumerate([("item", sold_out), ("menu", {"version": 8})], 1):
        change = Change(position=position, kind=kind, key="k", event="e", value=value)
        assert apply_change(orders, position - 1, change) == position
    assert orders == {}
