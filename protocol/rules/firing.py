"""The kitchen's rules: fire, bump and recall tickets, and moving an order on by hand."""

from protocol import commands as c
from protocol.events import (
    Event,
    OrderCancelled,
    OrderFired,
    OrderHeld,
    OrderRecalled,
    OrderRushed,
    OrderServed,
    TicketBumped,
    TicketRecalled,
)
from protocol.ids import LineId, StationId
from protocol.menu import name_in
from protocol.orders import (
    ORDER_MAY_BECOME,
    TAKES_LINES,
    TRANSFERRED,
    Line,
    LineStatus,
    Order,
    OrderStatus,
    Source,
)
from protocol.refusals import Refusal
from protocol.rules.coursing import IN_THE_KITCHEN, ensure_all_fired, of_courses
from protocol.rules.state import Moment, State, refuse
from protocol.rules.stock_keeping import moved_by
from protocol.rules.taking import ensure_may_become
from protocol.staff import May


def fire(state: State, command: c.FireOrder, moment: Moment) -> list[Event] | Refusal:
    """Release waiting lines to the kitchen: those of the courses named, or all of them."""
    order = state.order
    if order is None:
        return refuse("unknown_order", order_id=command.order_id)
    of_them = of_courses(order.lines, command.courses or None)
    lines = tuple(x for x in of_them if x.status is LineStatus.WAITING)
    at_ms = moment.at_ms
    if state.accepted is not None:
        lines, at_ms = _as_fired_at_first(of_them, state.accepted, at_ms)
    if (
        order.status not in IN_THE_KITCHEN
        and OrderStatus.FIRED not in ORDER_MAY_BECOME[order.status]
    ):
        return refuse("order_closed", number=order.number, status=order.status.value)
    if not lines:
        return refuse("nothing_to_fire", number=order.number)
    gone = _sold_out(state, order, lines)
    if gone is not None:
        return refuse("item_unavailable", item=name_in(gone.names, "en"), item_id=gone.item_id)
    line_ids = tuple(x.line_id for x in lines)
    return [OrderFired(order_id=order.order_id, at_ms=at_ms, line_ids=line_ids)]


def _as_fired_at_first(
    lines: tuple[Line, ...], accepted: Order, at_ms: int
) -> tuple[tuple[Line, ...], int]:
    """Of these the ones that the command sent at first, and when, as its first answer shows.

    What was put on the order later, or was to wait then, is not sent along when a screen offers the
    command again. What another one sent meanwhile is named all the same, so that the event is the
    same: the kitchen has it already, and nothing more comes of it.
    """
    fired = {x.line_id: x.fired_ms for x in accepted.lines if x.fired_ms is not None}
    known = [x for x in lines if x.line_id in fired]
    last_ms = max((fired[x.line_id] for x in known), default=at_ms)
    sent = tuple(x for x in known if x.status is LineStatus.WAITING or fired[x.line_id] == last_ms)
    return sent, last_ms


def rush(state: State, command: c.RushOrder, moment: Moment) -> list[Event] | Refusal:
    """Ask the kitchen to make it before others, while it has something to make."""
    order = state.order
    if order is None:
        return refuse("unknown_order", order_id=command.order_id)
    if order.status not in TAKES_LINES:
        return refuse("order_closed", number=order.number, status=order.status.value)
    # Offered again it is the fact that it was, also where somebody has asked for the same since.
    if order.rush is command.rush and state.accepted is None:
        return []
    return [OrderRushed(order_id=order.order_id, at_ms=moment.at_ms, rush=command.rush)]


def _sold_out(state: State, order: Order, lines: tuple[Line, ...]) -> Line | None:
    """One of these that the kitchen cannot make any more: of a held order, or a later course.

    What was once accepted and is offered again by a screen was in the kitchen already.
    """
    if state.accepted is not None or order.source is Source.IMPORT:
        return None
    for line in lines:
        item = state.menu.items.get(line.item_id)
        offered = item is None or item.available
        if line.item_id in state.eighty_six or not offered:
            return line
    return None


def change_status(
    state: State, command: c.ChangeOrderStatus, moment: Moment
) -> list[Event] | Refusal:
    """Move an order on by hand; each status is reached by the same event its own command makes."""
    wanted = command.status
    if wanted is OrderStatus.FIRED and state.order and state.order.status not in IN_THE_KITCHEN:
        return fire(state, c.FireOrder(order_id=command.order_id), moment)
    order = ensure_may_become(state, command.order_id, wanted)
    if isinstance(order, Refusal):
        return order
    match wanted:
        case OrderStatus.HELD:
            return [OrderHeld(order_id=order.order_id, at_ms=moment.at_ms)]
        case OrderStatus.OPEN:
            return [OrderRecalled(order_id=order.order_id, at_ms=moment.at_ms)]
        case OrderStatus.SERVED:
            if (waits := ensure_all_fired(order)) is not None:
                return waits
            return [OrderServed(order_id=order.order_id, at_ms=moment.at_ms)]
        case OrderStatus.CANCELLED:
            if order.paid:
                paid = state.money(order.paid)
                return refuse("paid_order", number=order.number, paid=paid)
            return _cancel(state, order, command, moment)
        case OrderStatus.READY:
            if (waits := ensure_all_fired(order)) is not None:
                return waits
            return _bump_everything(order, moment)
        case OrderStatus.CLOSED if order.reopened:
            if order.due > 0:
                return refuse("still_due", number=order.number, due=state.money(order.due))
            return [OrderServed(order_id=order.order_id, at_ms=moment.at_ms)]
        case _:
            return refuse(
                "not_possible_now",
                number=order.number,
                status=order.status.value,
                wanted=wanted.value,
            )


def bump(state: State, command: c.BumpTicket, moment: Moment) -> list[Event] | Refusal:
    """A station is done with lines; a line is ready when all stations that make it are."""
    found = _at_station(state, command.order_id, command.station_id, command.line_ids, done=False)
    if isinstance(found, Refusal):
        return found
    order, lines = found
    station = StationId(command.station_id)
    return [
        TicketBumped(
            order_id=order.order_id, station_id=station, at_ms=moment.at_ms, line_ids=lines
        )
    ]


def recall(state: State, command: c.RecallTicket, moment: Moment) -> list[Event] | Refusal:
    """Bring a bumped ticket back to its station."""
    found = _at_station(state, command.order_id, command.station_id, command.line_ids, done=True)
    if isinstance(found, Refusal):
        return found
    order, lines = found
    station = StationId(command.station_id)
    return [
        TicketRecalled(
            order_id=order.order_id, station_id=station, at_ms=moment.at_ms, line_ids=lines
        )
    ]


def _at_station(
    state: State, order_id: str, station: str, wanted: tuple[LineId, ...], *, done: bool
) -> tuple[Order, tuple[LineId, ...]] | Refusal:
    order = state.order
    if order is None:
        return refuse("unknown_order", order_id=order_id)
    # A struck line can be bumped away on a cancelled order too: the cook has seen it.
    if order.status in (OrderStatus.SERVED, OrderStatus.CLOSED):
        return refuse("order_closed", number=order.number, status=order.status.value)
    seen = (LineStatus.FIRED, LineStatus.READY, LineStatus.VOIDED)
    recallable = (LineStatus.FIRED, LineStatus.READY)
    lines = tuple(
        x.line_id
        for x in order.lines
        if (station in x.station_ids or station in x.expo_ids)
        and x.fired_ms is not None
        and x.void_reason != TRANSFERRED  # it is on another order's ticket
        and x.status in (recallable if done else seen)
        and (station in x.bumped) is done
        and (not wanted or x.line_id in wanted)
    )
    if not lines:
        return refuse("no_ticket", number=order.number, station_id=station)
    return order, lines


def _cancel(
    state: State, order: Order, command: c.ChangeOrderStatus, moment: Moment
) -> list[Event]:
    cancelled = OrderCancelled(
        order_id=order.order_id,
        at_ms=moment.at_ms,
        reason=command.reason,
        approved_by=state.approver(order.order_id, May.CANCEL),
        approval_id=command.approval_id,
    )
    not_made = [x for x in order.lines if x.status in (LineStatus.WAITING, LineStatus.FIRED)]
    return [cancelled, *moved_by(order.order_id, not_made, (), moment.at_ms)]


def _bump_everything(order: Order, moment: Moment) -> list[Event]:
    stations: dict[StationId, list[LineId]] = {}
    for line in order.live_lines:
        for station in line.station_ids:
            if line.status is LineStatus.FIRED and station not in line.bumped:
                stations.setdefault(station, []).append(line.line_id)
    return [
        TicketBumped(order_id=order.order_id, station_id=s, at_ms=moment.at_ms, line_ids=tuple(ids))
        for s, ids in sorted(stations.items())
    ]
