"""Lines that go over to another order: a guest changes the table, or two parties become one."""

from msgspec.structs import replace

from protocol import floor_commands as f
from protocol.bill import Adjustment, AdjustmentKind
from protocol.discounts import in_turn, rounding_of, take_off
from protocol.events import Event
from protocol.floor_events import LinesCame, LinesLeft
from protocol.ids import LineId
from protocol.money import allocate
from protocol.orders import TRANSFERRED, Line, Order, OrderStatus, Source, find_line
from protocol.pricing import terms_of, totals_of
from protocol.refusals import Refusal
from protocol.rules.details import live_order
from protocol.rules.floor_folding import FROM_OFFERS, fold_floor
from protocol.rules.promoting import stand
from protocol.rules.state import Moment, State, refuse


def transfer(state: State, command: f.TransferLines, moment: Moment) -> list[Event] | Refusal:
    """Move lines to another order as they are: seat, course, and how far the kitchen is.

    What staff took off those lines goes with them. An order that all lines leave is cancelled, with
    the order that has them now; what was taken off all of it is then shared out over its lines.
    Refused once the order that they leave has been paid on: its money would stay behind.
    """
    source, target = state.order, state.other
    refusal = _orders_refused(state, command)
    if refusal is not None:
        done = source is not None and _is_over_there(source, target, command)
        return [] if state.offered and done else refusal
    assert source is not None
    assert target is not None
    moved = _moved(source, command.line_ids)
    if isinstance(moved, Refusal):
        return moved
    if not moved and state.offered:
        return []
    if not moved:
        return refuse("nothing_to_transfer", number=source.number)
    return _moves(source, target, moved, moment)


def _moves(source: Order, target: Order, moved: tuple[Line, ...], moment: Moment) -> list[Event]:
    ids = tuple(x.line_id for x in moved)
    merged = len(moved) == len(source.live_lines)
    went = _adjustments_with(source, target, frozenset(ids), merged)
    left = LinesLeft(
        order_id=source.order_id,
        at_ms=moment.at_ms,
        line_ids=ids,
        to_order_id=target.order_id,
        to_number=target.number,
        totals=source.totals,
        merged=merged,
    )
    came = LinesCame(
        order_id=target.order_id,
        at_ms=moment.at_ms,
        lines=moved,
        from_order_id=source.order_id,
        from_number=source.number,
        from_table=source.table,
        totals=target.totals,
        adjustments=went,
    )
    return [_billed(source, left), _billed(target, came)]


def _billed(order: Order, event: LinesLeft | LinesCame) -> LinesLeft | LinesCame:
    """The event with the bill that the order has after it."""
    after = fold_floor(order, event)
    return replace(event, totals=totals_of(after.lines, terms_of(after)))


def _orders_refused(state: State, command: f.TransferLines) -> Refusal | None:
    source, target = state.order, state.other
    if command.order_id == command.to_order_id:
        return refuse("same_order")
    if target is None:
        return refuse("unknown_order", order_id=command.to_order_id)
    if source is not None and source.merged_into is not None:
        return refuse("order_merged", number=source.number)
    order = live_order(state, command.order_id)
    if isinstance(order, Refusal):
        return order
    sums = replace(state.sums, counted_in=state.sums.other_counted_in)
    other = live_order(replace(state, order=target, sums=sums), command.to_order_id)
    # Offered again: what was closed over there by now was so with these lines on it.
    if isinstance(other, Refusal) and not (state.offered and target.status is OrderStatus.CLOSED):
        return other
    if Source.IMPORT in (order.source, target.source):
        return refuse("order_closed", number=order.number, status="import")
    if order.kept and not state.offered:
        return refuse("transfer_paid", number=order.number, paid=state.money(order.kept))
    return None


def _moved(source: Order, wanted: tuple[LineId, ...]) -> tuple[Line, ...] | Refusal:
    """The lines that go; those that are over there already are passed over."""
    for line_id in wanted:
        line = find_line(source, line_id)
        if line is None or (line not in source.live_lines and line.void_reason != TRANSFERRED):
            return refuse("unknown_line", number=source.number, line_id=line_id)
    return tuple(x for x in source.live_lines if not wanted or x.line_id in wanted)


def _is_over_there(source: Order, target: Order | None, command: f.TransferLines) -> bool:
    """Whether everything that was asked has come about before."""
    there = frozenset(x.line_id for x in target.lines) if target is not None else frozenset()
    gone = {x.line_id for x in source.lines if x.void_reason == TRANSFERRED}
    asked = frozenset(command.line_ids) or gone
    return bool(asked) and asked <= gone and asked <= there


def _adjustments_with(
    source: Order, target: Order, ids: frozenset[LineId], merged: bool
) -> tuple[Adjustment, ...]:
    """What was taken off, as it goes with these lines. Offers are worked out anew where they are.

    Not on an order where offers stand as they are: there none is given any more. What these lines
    had earned then goes with them, and a coupon stays theirs: on all of it it would be another one.
    """
    stays = stand(target)
    went: list[Adjustment] = []
    for adjustment in source.adjustments:
        if adjustment.line_id is not None:
            if adjustment.line_id in ids and (stays or adjustment.kind not in FROM_OFFERS):
                went.append(adjustment)
        elif merged and adjustment.kind is AdjustmentKind.COUPON and not stays:
            went.append(adjustment)
        elif merged and (stays or adjustment.kind not in FROM_OFFERS):
            went.extend(_shared_out(source, adjustment))
    return tuple(went)


def _shared_out(source: Order, adjustment: Adjustment) -> list[Adjustment]:
    """What was taken off a whole order, as so much off each of its lines."""
    lines = source.live_lines
    if adjustment.percent is not None:
        parts = [replace(adjustment, line_id=x.line_id) for x in lines]
    else:
        # As it is on the bill now: what is free already, or half of it, bears no more than is left.
        turn = in_turn(source.adjustments)
        before = turn[: turn.index(adjustment)]
        left = take_off(lines, before, rounding_of(source.rules)).left
        amounts = allocate(adjustment.given, [max(0, x) for x in left])
        parts = [
            replace(adjustment, line_id=x.line_id, amount=amount, given=amount)
            for x, amount in zip(lines, amounts, strict=True)
            if amount
        ]
    return [
        replace(part, adjustment_id=f"{adjustment.adjustment_id[:60]}.{n}")
        for n, part in enumerate(parts, 1)
    ]
