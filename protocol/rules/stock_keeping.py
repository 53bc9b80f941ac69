"""Stock: what sells, comes or is thrown away moves it, a count sets it, and no clock is asked.

An item's state is a set of movements and a set of counts. The level is the last count plus every
movement the count had not seen. Any order of arrival and any repetition give the same level.
"""

from collections import Counter
from collections.abc import Iterable

import msgspec

from protocol import commands as c
from protocol.events import Event, StockCounted, StockMove, StockMoved
from protocol.ids import EventId, ItemId, OrderId
from protocol.menu import name_in
from protocol.orders import Line, LineStatus
from protocol.refusals import Refusal
from protocol.rules.state import Moment, State, refuse
from protocol.stock import Counted, Movement, StockLevel


class Stock(msgspec.Struct, frozen=True):
    """All that is known of one item at one outlet, by event id; it only grows."""

    movements: dict[EventId, Movement] = {}
    counts: dict[EventId, Counted] = {}


def count(state: State, command: c.CountStock, moment: Moment) -> list[Event] | Refusal:
    """So many are here now, after all that this box knows; from then on the item is counted."""
    if command.item_id not in state.menu.items:
        return refuse("unknown_item", variant_id=command.item_id)
    counted = StockCounted(
        item_id=command.item_id,
        quantity=command.quantity,
        as_of=dict(state.stream_ends),  # type: ignore[arg-type]
        at_ms=moment.at_ms,
    )
    return [counted]


def move(state: State, command: c.MoveStock, moment: Moment) -> list[Event] | Refusal:
    """A delivery came, or something was thrown away."""
    item = state.menu.items.get(command.item_id)
    if item is None:
        return refuse("unknown_item", variant_id=command.item_id)
    if command.item_id not in state.tracked:
        return refuse("not_counted", item=name_in(item.names, "en"), item_id=item.id)
    if command.delta == 0:
        return []
    moved = StockMoved(
        moves=(StockMove(item_id=command.item_id, delta=command.delta),),
        cause="delivery" if command.delta > 0 else "waste",
        at_ms=moment.at_ms,
        reason=command.reason,
    )
    return [moved]


def moved_by(
    order_id: OrderId,
    before: Iterable[Line],
    after: Iterable[Line],
    at_ms: int,
) -> list[Event]:
    """What an order's change does to counted items: a sale takes, taking back brings back.

    A line says by itself whether its sale took stock (`Line.counted`): what did not take brings
    nothing back, and a box that lost the order and is offered it again moves what was moved at
    first, although it may not know yet what is counted here.

    What was made already does not come back when its order is called off. A sale is never refused
    for a number, so the level may fall below zero: HQ lists it.
    """
    deltas = Counter[ItemId]()
    for line in before:
        if line.counted:
            deltas[line.item_id] += _held(line)
    for line in after:
        if line.counted:
            deltas[line.item_id] -= _held(line)
    moves = [StockMove(item_id=i, delta=n) for i, n in sorted(deltas.items()) if n]
    sold = tuple(m for m in moves if m.delta < 0)
    back = tuple(m for m in moves if m.delta > 0)
    return [
        StockMoved(moves=part, cause=cause, at_ms=at_ms, order_id=order_id)
        for part, cause in ((sold, "sale"), (back, "void"))
        if part
    ]


def join(one: Stock, other: Stock) -> Stock:
    """Everything that either knows."""
    return Stock(one.movements | other.movements, one.counts | other.counts)


def level(stock: Stock) -> int:
    """Units there should be: the last count, and every movement that it had not seen."""
    last = last_count(stock)
    as_of = {} if last is None else last.as_of
    moved = sum(m.delta for m in stock.movements.values() if m.seq > as_of.get(m.stream, 0))
    return moved + (0 if last is None else last.quantity)


def last_count(stock: Stock) -> Counted | None:
    """The count that holds: the largest by stamp, then event id."""
    return max(stock.counts.values(), key=lambda x: (x.stamp, x.event_id), default=None)


def shown(published: StockLevel | None, own: Stock) -> int:
    """What the box shows: HQ's level, and what the box did that the level does not hold yet.

    `own` is what this box has in its own streams. What HQ has confirmed but not yet published is
    not lost between the two: what the level holds is said by its own `as_of`, not by an ack.
    """
    if published is None:
        return level(own)
    unseen = [x for x in own.counts.values() if x.seq > published.as_of.get(x.stream, 0)]
    newer = [x for x in unseen if (x.stamp, x.event_id) > (published.stamp, published.event_id)]
    last = max(newer, key=lambda x: (x.stamp, x.event_id), default=None)
    base, as_of = (
        (published.quantity, published.as_of) if last is None else (last.quantity, last.as_of)
    )
    moved = sum(m.delta for m in own.movements.values() if m.seq > as_of.get(m.stream, 0))
    return base + moved


def _held(line: Line) -> int:
    return 0 if line.status is LineStatus.VOIDED else line.quantity
