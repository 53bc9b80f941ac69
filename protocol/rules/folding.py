"""Folding events into an order: what the box keeps as state and HQ projects is made here."""

from collections.abc import Callable, Iterable
from typing import TypeVar

import msgspec
from msgspec.structs import replace

from protocol import events as e
from protocol.checks import rechecked
from protocol.floor_events import OrderFloorEvent
from protocol.ids import StationId
from protocol.orders import Line, LineStatus, Order, OrderStatus, Totals, settled_status
from protocol.pricing import terms_of, totals_of
from protocol.rules.carts import ORDER, cart_of, follow_cart, join, resized, take
from protocol.rules.coursing import IN_THE_KITCHEN
from protocol.rules.floor_folding import fold_floor, rebilled

T = TypeVar("T")


class OutOfPlace(Exception):
    """An event that cannot follow what the order is: its order waits, everything else flows."""


def apply(order: Order | None, event: e.OrderEvent) -> Order:
    """The order after an event.

    Raises OutOfPlace when an order's first event is not `order.placed`, or comes twice.
    """
    if isinstance(event, e.OrderPlaced):
        if order is not None:
            raise OutOfPlace(f"order {event.order_id} was placed already")
        return _placed(event)
    if order is None:
        raise OutOfPlace(f"{e.tag_of(event)} before order {event.order_id} was placed")
    changed = rechecked(_alive(order, _fold(order, event)))
    status = settled_status(changed)
    if status is changed.status:
        return changed
    if status is OrderStatus.CLOSED:
        return replace(changed, status=status)
    ready_ms = _at(event) if status is OrderStatus.READY else None
    return replace(changed, status=status, ready_ms=ready_ms)


def _alive(before: Order, after: Order) -> Order:
    """An order that one box called off, or merged, while another went on with it.

    It is over as long as nothing of it is left to make and to pay; what the other box put on it
    afterwards brings it back, or that would be in no figure. One journal does neither.
    """
    if before.status is not OrderStatus.CANCELLED:
        return after
    if not after.live_lines:
        over = after.status is OrderStatus.CANCELLED
        return after if over else replace(after, status=OrderStatus.CANCELLED)
    status = after.status
    if status is OrderStatus.CANCELLED:
        made = any(x.fired_ms is not None for x in after.live_lines)
        status = OrderStatus.FIRED if made else OrderStatus.OPEN
    return replace(after, status=status, cancel_reason=None, merged_into=None)


def fold(events: Iterable[e.OrderEvent]) -> Order | None:
    """The order that a whole history makes."""
    order: Order | None = None
    for event in events:
        order = apply(order, event)
    return order


def fold_all(
    told: Iterable[T],
    *,
    read: Callable[[T], e.OrderEvent | None],
    when: Callable[[T], tuple[int, str | bytes]],
) -> tuple[Order | None, tuple[T, str] | None]:
    """The order that a set of events makes, and what it is stuck at with the reason, if anything.

    In whatever order and however often they arrived, from one box or from two that each went on
    with a copy of it: they are sorted by `when` (stamp, event id), and each event id counts once.
    `read` gives the event, None for what does not change the order. What it raises, and what cannot
    follow, stops the order there: events behind it wait with it.
    """
    order: Order | None = None
    seen: set[str | bytes] = set()
    for item in sorted(told, key=when):
        event_id = when(item)[1]
        if event_id in seen:
            continue
        seen.add(event_id)
        try:
            event = read(item)
            if event is not None:
                order = apply(order, event)
        except (msgspec.MsgspecError, OutOfPlace) as no:
            return order, (item, str(no))
        except Exception as bug:  # noqa: BLE001  whatever a poison event sets off, only its order waits
            return order, (item, f"{type(bug).__name__}: {bug}")
    return order, None


def _placed(event: e.OrderPlaced) -> Order:
    return Order(
        order_id=event.order_id,
        number=event.number,
        business_date=event.business_date,
        hour=event.hour,
        placed_ms=event.at_ms,
        confidence=event.confidence,
        status=OrderStatus.HELD if event.held else OrderStatus.OPEN,
        source=event.source,
        dining_option=event.dining_option,
        lines=event.lines,
        totals=event.totals,
        currency=event.currency,
        menu_version=event.menu_version,
        table=event.table,
        tab_name=event.tab_name,
        covers=event.covers,
        screen=event.screen,
        staff=event.staff,
        device_ms=event.device_ms,
        rules=event.rules,
    )


def _fold(order: Order, event: e.OrderEvent) -> Order:
    match event:
        case e.LinesAdded():
            there = {x.line_id for x in order.lines}
            new = tuple(x for x in event.lines if x.line_id not in there)
            return _billed(order, (*order.lines, *new), event.totals)
        case e.LineVoided():
            voided = _change(order, (event.line_id,), lambda x: _void(x, event.reason))
            return _billed(order, voided.lines, event.totals)
        case e.LineReduced():
            return _reduced(order, event)
        case e.LineRepriced():
            return _reprice(order, event)
        case e.CartMerged():
            cart = join(cart_of(order), event.cart)
            lines = follow_cart(order.lines, cart, event.lines)
            return replace(_billed(order, lines, event.totals), cart=cart)
        case e.OrderHeld():
            return replace(order, status=OrderStatus.HELD)
        case e.OrderRecalled():
            return replace(order, status=OrderStatus.OPEN)
        case e.OrderFired() | e.OrderRushed() | e.TicketBumped() | e.TicketRecalled():
            return _in_the_kitchen(order, event)
        case e.OrderServed():
            return _serve(order, event)
        case e.OrderCancelled():
            struck = tuple(_void(x, event.reason) for x in order.lines)
            return replace(
                _billed(order, struck, totals_of(struck, terms_of(order))),
                status=OrderStatus.CANCELLED,
                cancel_reason=event.reason,
            )
        case e.PaymentTaken():
            if any(p.payment_id == event.payment.payment_id for p in order.payments):
                return order
            paid = replace(order, payments=(*order.payments, event.payment))
            return replace(paid, reopened=paid.reopened and paid.due > 0)
        case _ if isinstance(event, OrderFloorEvent):
            return fold_floor(order, event)
        case _:
            raise OutOfPlace(f"{e.tag_of(event)} cannot follow")


def _serve(order: Order, event: e.OrderServed) -> Order:
    """The guest has everything; of a reopened order: it is done with, for the second time."""
    if order.reopened:
        return replace(order, reopened=False)
    served = tuple(
        x if x.status is LineStatus.VOIDED else replace(x, status=LineStatus.SERVED)
        for x in order.lines
    )
    return replace(order, lines=served, status=OrderStatus.SERVED, served_ms=event.at_ms)


def _in_the_kitchen(
    order: Order, event: e.OrderFired | e.OrderRushed | e.TicketBumped | e.TicketRecalled
) -> Order:
    match event:
        case e.OrderFired():
            fired = _change(order, event.line_ids, lambda x: _fire(x, event.at_ms))
            if order.status in IN_THE_KITCHEN and fired == order:
                return order  # another firing sent them: offered again, or by a second box
            first = order.fired_ms if order.fired_ms is not None else event.at_ms
            return replace(fired, status=OrderStatus.FIRED, fired_ms=first, ready_ms=None)
        case e.OrderRushed():
            return replace(order, rush=event.rush)
        case e.TicketBumped():
            return _change(order, event.line_ids, lambda x: _bump(x, event.station_id))
        case e.TicketRecalled():
            return _change(order, event.line_ids, lambda x: _unbump(x, event.station_id))


def _billed(order: Order, lines: tuple[Line, ...], totals: Totals) -> Order:
    """The order with these lines. The event's own bill holds unless others had changed lines too.

    Two boxes that went on with one order, a copy of each other, know only their own lines.
    """
    return rebilled(replace(order, lines=lines), totals)


def _reduced(order: Order, event: e.LineReduced) -> Order:
    """Fewer of a line; with none left it is struck. A cart that has the line has fewer, too."""

    def fewer(line: Line) -> Line:
        if line.status is LineStatus.VOIDED:
            return line
        if event.by >= line.quantity:
            return _void(line, event.reason)
        # What waits was never seen: there is nothing to strike out.
        unseen = line.fired_ms is None
        left = resized(line, line.quantity - event.by)
        return left if unseen else replace(left, reduced=line.reduced + event.by)

    lines = _change(order, (event.line_id,), fewer).lines
    cart = order.cart and take(order.cart, ORDER, event.line_id, event.by)
    return replace(_billed(order, lines, event.totals), cart=cart)


def _reprice(order: Order, event: e.LineRepriced) -> Order:
    """New prices for what nobody has paid on yet: a paid line's amount never changes."""
    if order.payments:
        return order
    return _billed(order, repriced(order.lines, event), event.totals)


def repriced(lines: Iterable[Line], event: e.LineRepriced) -> tuple[Line, ...]:
    """The lines at an event's prices, each at the quantity it has now."""
    priced = {x.line_id: x for x in event.lines}
    return tuple(_at_prices(x, priced[x.line_id]) if x.line_id in priced else x for x in lines)


def _at_prices(line: Line, new: e.Repriced) -> Line:
    if line.price_reason is not None or len(new.choice_prices) != len(line.choices):
        return line
    choices = tuple(
        replace(x, price=price) for x, price in zip(line.choices, new.choice_prices, strict=True)
    )
    line = replace(
        line,
        unit_price=new.unit_price,
        choices=choices,
        menu_version=new.menu_version,
        price_version=new.price_version,
    )
    return resized(line, line.quantity)


def _change(order: Order, ids: tuple[str, ...], change: Callable[[Line], Line]) -> Order:
    wanted = frozenset(ids)
    lines = tuple(change(x) if x.line_id in wanted else x for x in order.lines)
    return replace(order, lines=lines)


def _fire(line: Line, at_ms: int) -> Line:
    if line.status is not LineStatus.WAITING:
        return line
    return replace(line, status=LineStatus.FIRED, fired_ms=at_ms)


def _void(line: Line, reason: str) -> Line:
    if line.status is LineStatus.VOIDED:
        return line
    return replace(line, status=LineStatus.VOIDED, void_reason=reason)


def _bump(line: Line, station: StationId) -> Line:
    makes, assembles = station in line.station_ids, station in line.expo_ids
    if station in line.bumped or not (makes or assembles):
        return line
    bumped = (*line.bumped, station)
    done = line.status is LineStatus.FIRED and set(bumped) >= set(line.station_ids)
    return replace(line, bumped=bumped, status=LineStatus.READY if done else line.status)


def _unbump(line: Line, station: str) -> Line:
    if station not in line.bumped:
        return line
    bumped = tuple(s for s in line.bumped if s != station)
    made = line.status is LineStatus.READY and station in line.station_ids
    return replace(line, bumped=bumped, status=LineStatus.FIRED if made else line.status)


def _at(event: e.OrderEvent) -> int | None:
    return getattr(event, "at_ms", None)
