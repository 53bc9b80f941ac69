"""Folding what happened on the floor into an order: details, adjustments, splits, moves, refunds."""

from msgspec.structs import replace

from protocol import floor_events as f
from protocol.bill import Adjustment, AdjustmentKind
from protocol.orders import (
    TRANSFERRED,
    LineStatus,
    Order,
    OrderStatus,
    Totals,
)
from protocol.pricing import terms_of, totals_of

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
        case f.LinesLeft() | f.LinesCame():
            return _move(order, event)
        case f.PaymentRefunded():
            if any(r.refund_id == event.refund.refund_id for r in order.refunds):
                return order
            return replace(order, refunds=(*order.refunds, event.refund))
        case f.OrderReopened():
            if order.status is not OrderStatus.CLOSED:
                return order
            return replace(order, status=OrderStatus.SERVED, reopened=True)


def rebilled(order: Order, totals: Totals) -> Order:
    """The order with an event's own bill, unless others had changed what it is made of too.

    Two boxes that went on with one order, a copy of each other, know only their own lines.
    """
    billed = totals_of(order.lines, terms_of(order))
    same = (totals.lines, totals.discounts) == (billed.lines, billed.discounts)
    return replace(order, totals=totals if same else billed)


def _without(order: Order, adjustment_id: str) -> tuple[Adjustment, ...]:
    return tuple(a for a in order.adjustments if a.adjustment_id != adjustment_id)


def _change_line(order: Order, event: f.LineChanged) -> Order:
    lines = tuple(
        replace(x, note=event.note, seat=event.seat, course=event.course)
        if x.line_id == event.line_id
        else x
        for x in order.lines
    )
    return replace(order, lines=lines)


def _move(order: Order, event: f.LinesLeft | f.LinesCame) -> Order:
    if isinstance(event, f.LinesCame):
        there = {x.line_id for x in order.lines if x.void_reason != TRANSFERRED}
        new = tuple(x for x in event.lines if x.line_id not in there)
        new_ids = {x.line_id for x in new}
        kept = tuple(x for x in order.lines if x.line_id not in new_ids)
        return rebilled(replace(order, lines=(*kept, *new)), event.totals)
    gone = frozenset(event.line_ids)
    lines = tuple(
        replace(x, status=LineStatus.VOIDED, void_reason=TRANSFERRED) if x.line_id in gone else x
        for x in order.lines
    )
    left = rebilled(replace(order, lines=lines), event.totals)
    if not event.merged:
        return left
    return replace(left, status=OrderStatus.CANCELLED, merged_into=event.to_order_id)
