"""Folding what happened on the floor into an order: details, adjustments, splits, moves, refunds."""

from msgspec.structs import replace

from protocol import floor_events as f
from protocol.bill import Adjustment, AdjustmentKind
from protocol.discounts import rounding_of, with_given
from protocol.orders import (
    ELSEWHERE,
    MOVED_TWICE,
    TRANSFERRED,
    Line,
    LineStatus,
    Order,
    OrderStatus,
    Totals,
)
from protocol.pricing import terms_of, totals_of
from protocol.rules.carts import ORDER, came_over, write_note

FROM_OFFERS = frozenset({AdjustmentKind.PROMOTION, AdjustmentKind.COUPON})
"""Adjustments that are worked out anew whenever the bill changes."""


def fold_floor(order: Order, event: f.OrderFloorEvent) -> Order:
    """The order after an event of the floor."""
    match event:
        case f.DetailsChanged():
            changed = replace(
                order,
                dining_option=event.dining_option,
                table=event.table,
                tab_name=event.tab_name,
                covers=event.covers,
            )
            return rebilled(changed, event.totals)
        case f.LineChanged():
            return _change_line(order, event)
        case f.BillAdjusted():
            rest = _without(order, event.adjustment.adjustment_id)
            return rebilled(replace(order, adjustments=(*rest, event.adjustment)), event.totals)
        case f.AdjustmentRemoved():
            rest = _without(order, event.adjustment_id)
            return rebilled(replace(order, adjustments=rest), event.totals)
        case f.PromotionsApplied():
            own = tuple(a for a in order.adjustments if a.kind not in FROM_OFFERS)
            return rebilled(replace(order, adjustments=(*own, *event.promotions)), event.totals)
        case f.ChecksSplit():
            return replace(order, checks=event.checks)
        case f.LinesLeft():
            return _leave(order, event)
        case f.LinesCame():
            return _come(order, event)
        case f.LinesMovedTwice():
            return _strike(order, event) if event.struck else order
        case f.PaymentRefunded():
            return _refund(order, event)
        case f.OrderReopened():
            if order.status is not OrderStatus.CLOSED:
                return order
            return replace(order, status=OrderStatus.SERVED, reopened=True)


def rebilled(order: Order, totals: Totals) -> Order:
    """The order with an event's own bill, unless others had changed what it is made of too.

    Two boxes that went on with one order, a copy of each other, know only their own lines.
    """
    billed = totals_of(order.lines, terms_of(order))
    after = replace(order, totals=totals if _made_of(totals) == _made_of(billed) else billed)
    if not order.adjustments:
        return after
    given = with_given(order.lines, order.adjustments, rounding_of(order.rules))
    return replace(after, adjustments=given)


def _made_of(totals: Totals) -> tuple[object, ...]:
    """What lines and details come to on a bill: two that have the same differ by rounding at most."""
    taxes = [tax.tax_id for tax in totals.taxes]
    return totals.lines, totals.discounts, totals.service, taxes


def _without(order: Order, adjustment_id: str) -> tuple[Adjustment, ...]:
    return tuple(a for a in order.adjustments if a.adjustment_id != adjustment_id)


def _change_line(order: Order, event: f.LineChanged) -> Order:
    lines = tuple(
        replace(x, note=event.note, seat=event.seat, course=event.course)
        if x.line_id == event.line_id
        else x
        for x in order.lines
    )
    # A cart that is merged later must not write back what it was before.
    cart = order.cart and write_note(order.cart, ORDER, event.line_id, event.note, event.at_ms)
    return replace(order, lines=lines, cart=cart)


def _refund(order: Order, event: f.PaymentRefunded) -> Order:
    """Less is paid. A closed order that owes again is open again; one that was put right closes."""
    if any(r.refund_id == event.refund.refund_id for r in order.refunds):
        return order
    after = replace(order, refunds=(*order.refunds, event.refund))
    if after.status is OrderStatus.CLOSED and after.due > 0:
        return replace(after, status=OrderStatus.SERVED)
    return replace(after, reopened=after.reopened and after.due != 0)


def _leave(order: Order, event: f.LinesLeft) -> Order:
    """Lines are gone from here, with what was taken off them."""
    gone = frozenset(event.line_ids)
    lines = tuple(
        replace(x, status=LineStatus.VOIDED, void_reason=TRANSFERRED) if x.line_id in gone else x
        for x in order.lines
    )
    kept = tuple(a for a in order.adjustments if a.line_id not in gone)
    if event.merged:
        kept = ()
    left = rebilled(replace(order, lines=lines, adjustments=kept), event.totals)
    # A line that somebody else put on it meanwhile keeps the order alive.
    if not event.merged or left.live_lines:
        return left
    return replace(left, status=OrderStatus.CANCELLED, merged_into=event.to_order_id)


def _strike(order: Order, event: f.LinesMovedTwice) -> Order:
    """Lines that count on another order count here no more; an order left with none goes on there."""
    gone = frozenset(event.line_ids)
    lines = tuple(
        replace(x, status=LineStatus.VOIDED, void_reason=MOVED_TWICE)
        if x.line_id in gone and x.status is not LineStatus.VOIDED
        else x
        for x in order.lines
    )
    kept = tuple(a for a in order.adjustments if a.line_id not in gone)
    without = replace(order, lines=lines, adjustments=kept)
    left = rebilled(without, totals_of(lines, terms_of(without)))
    if left.live_lines or left.payments:
        return left
    return replace(left, status=OrderStatus.CANCELLED, merged_into=event.kept_order_id)


def _come(order: Order, event: f.LinesCame) -> Order:
    """Lines are here now, as far as the kitchen was with them; one that came back lives again."""
    there = {x.line_id for x in order.lines if x.void_reason not in ELSEWHERE}
    new = tuple(x for x in event.lines if x.line_id not in there)
    new_ids = {x.line_id for x in new}
    kept = tuple(x for x in order.lines if x.line_id not in new_ids)
    known = {a.adjustment_id for a in order.adjustments}
    came = tuple(a for a in event.adjustments if a.adjustment_id not in known)
    cart = order.cart and came_over(order.cart, new)
    after = replace(order, lines=(*kept, *new), adjustments=(*order.adjustments, *came), cart=cart)
    return _as_far_as(rebilled(after, event.totals), new, event.at_ms)


def _as_far_as(order: Order, new: tuple[Line, ...], at_ms: int) -> Order:
    """How far an order is with lines that came: the kitchen may have something of it only now."""
    made = [x.fired_ms or at_ms for x in new if x.status is not LineStatus.WAITING]
    if order.status in (OrderStatus.OPEN, OrderStatus.HELD) and made:
        return replace(order, status=OrderStatus.FIRED, fired_ms=min(made))
    if order.status is OrderStatus.SERVED and any(x.status is not LineStatus.SERVED for x in new):
        return replace(order, status=OrderStatus.FIRED, ready_ms=None, served_ms=None)
    return order
