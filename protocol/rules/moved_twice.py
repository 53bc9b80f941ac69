"""A line that two boxes, copies of each other, each moved to another order counts only once.

It counts on the order to which it came first; on the others it is struck. What an outlet's boxes and
HQ make of it follows from what they know together, so they agree once they have met.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from msgspec.structs import replace

from protocol.conflicts import Decision, Side, decision_id
from protocol.floor_events import LinesCame, LinesMovedTwice
from protocol.ids import LineId, OrderId, OutletId
from protocol.menu import name_in
from protocol.money import CURRENCIES, format_amount
from protocol.orders import LineStatus, Order, find_line


class Arrival(NamedTuple):
    """Lines that came to an order; `when` puts arrivals in the order of cause (stamp, event id)."""

    when: tuple[int, str]
    event: LinesCame


class _Copy(NamedTuple):
    """A line as it lives on one order, to which it came."""

    order: Order
    arrival: Arrival


def moved_twice(
    arrivals: Iterable[Arrival], orders: Mapping[str, Order], stands: Collection[str]
) -> list[LinesMovedTwice]:
    """What has to be said of lines that live on several of these orders: they count on the first.

    An order that a line never came to is not asked: that the line is still there says only that not
    all about that order is known here. `stands` are orders whose bill stands as it is, because a Z
    report has counted it. On those, and where money went back for the line, nothing is struck: a
    person must look.
    """
    found: dict[tuple[OrderId, OrderId, bool], LinesMovedTwice] = {}
    for line_id, (first, *others) in _copies(arrivals, orders).items():
        for order, arrival in others:
            back = {x.line_id for refund in order.refunds for x in refund.lines}
            struck = order.order_id not in stands and line_id not in back
            key = (order.order_id, first.order.order_id, struck)
            told = found.get(key) or LinesMovedTwice(
                order_id=order.order_id,
                at_ms=arrival.event.at_ms,
                line_ids=(),
                kept_order_id=first.order.order_id,
                kept_number=first.order.number,
                from_number=arrival.event.from_number,
                struck=struck,
            )
            found[key] = replace(told, line_ids=(*told.line_ids, line_id))
    return list(found.values())


def _copies(arrivals: Iterable[Arrival], orders: Mapping[str, Order]) -> dict[LineId, list[_Copy]]:
    """Lines that live on more than one order, each with where it does, first come first."""
    came: dict[LineId, dict[OrderId, Arrival]] = {}
    for arrival in sorted(arrivals, key=lambda a: a.when):
        for line in arrival.event.lines:
            came.setdefault(line.line_id, {})[arrival.event.order_id] = arrival
    found: dict[LineId, list[_Copy]] = {}
    for line_id, places in sorted(came.items()):
        copies = [
            _Copy(orders[order_id], arrival)
            for order_id, arrival in places.items()
            if order_id in orders and _lives(orders[order_id], line_id)
        ]
        if len(copies) > 1:
            found[line_id] = sorted(copies, key=lambda c: (c.arrival.when, c.order.order_id))
    return found


def _lives(order: Order, line_id: str) -> bool:
    line = find_line(order, line_id)
    return line is not None and line.status is not LineStatus.VOIDED


def moved_twice_card(outlet_id: OutletId, order: Order, event: LinesMovedTwice) -> Decision:
    """What HQ's people see of it: where the line counts, and that somebody should ask."""
    lines = [x for line_id in event.line_ids if (x := find_line(order, line_id)) is not None]
    items = ", ".join(f"{x.quantity} × {name_in(x.names, 'en')}" for x in lines)
    amount = sum(x.amount for x in lines)
    currency = CURRENCIES.get(order.currency)
    subject = ":".join((order.order_id, event.kept_order_id, *event.line_ids))
    struck = ("and struck from", "dan dihapus dari")
    both = (
        "but could not be struck any more from",
        "tetapi tidak bisa dihapus lagi dari",
    )
    done_en, done_id = struck if event.struck else both
    return Decision(
        decision_id=decision_id("moved_twice", outlet_id, subject),
        kind="moved_twice",
        outlet_id=outlet_id,
        subject=order.order_id,
        automatic=False,
        sides=(
            Side(
                who="box",
                what=f"moved to {event.kept_number}",
                what_id=f"dipindah ke {event.kept_number}",
            ),
            Side(
                who="other_box",
                what=f"moved to {order.number}",
                what_id=f"dipindah ke {order.number}",
                at_ms=event.at_ms,
            ),
        ),
        at_ms=event.at_ms,
        money=0 if event.struck else amount,
        currency=order.currency,
        order_id=order.order_id,
        params={
            "items": items,
            "from": event.from_number,
            "kept": event.kept_number,
            "number": order.number,
            "amount": str(amount) if currency is None else format_amount(amount, currency),
            "done_en": done_en,
            "done_id": done_id,
        },
    )
