"""Tickets: a station's part of an order, derived from the order and never kept beside it."""

from enum import StrEnum

import msgspec

from protocol.clock import Confidence
from protocol.ids import LineId, OrderId, StationId
from protocol.menu import Names
from protocol.orders import TRANSFERRED, DiningOption, Line, LineStatus, Order, OrderStatus


class TicketStatus(StrEnum):
    """OPEN while the station has something to make, or a struck line to see, DONE otherwise."""

    OPEN = "open"
    DONE = "done"


class TicketChoice(msgspec.Struct, frozen=True, kw_only=True):
    """A modifier as the cook reads it."""

    names: Names
    quantity: int = 1


class TicketLine(msgspec.Struct, frozen=True, kw_only=True):
    """One line as the cook reads it. `status`: `fired` to make, `done` here, `voided` struck
    out until it is bumped."""

    line_id: LineId
    quantity: int
    names: Names
    variant_names: Names
    choices: tuple[TicketChoice, ...]
    note: str
    course: int
    seat: int | None
    status: str
    fired_ms: int
    size: str | None = None
    allergens: tuple[str, ...] = ()
    target_s: int | None = None
    added: bool = False
    """Was put on the order after the station's first lines were in the kitchen."""
    reduced: int = 0
    """How many fewer there are than were fired: shown struck beside the quantity."""
    station_ids: tuple[StationId, ...] = ()
    """Of a line that this station only assembles: who makes it."""
    made: tuple[StationId, ...] = ()
    """Which of them are done with it."""


class Ticket(msgspec.Struct, frozen=True, kw_only=True):
    """A station's part of an order; `position` is the journal position it shows.

    `fired_ms`: since when the oldest line still to make waits, so that what was added late is not
    late at once.
    """

    ticket_id: str
    order_id: OrderId
    number: str
    station_id: StationId
    status: TicketStatus
    dining_option: DiningOption
    placed_ms: int
    fired_ms: int
    confidence: Confidence
    lines: tuple[TicketLine, ...]
    table: str | None = None
    tab_name: str | None = None
    covers: int | None = None
    source: str = "counter"
    position: int = 0
    rush: bool = False
    waiting_courses: tuple[int, ...] = ()
    """Courses of this station that are still held back."""
    expo: bool = False
    """The station assembles: it has every line of the order, and what others make is ready without
    it."""
    late: bool = False
    """Nobody at the station had it in time: it was sent another way, or people were told."""
    also_at: StationId | None = None
    """The backup station whose displays were sent it as well, while nobody here had it."""


def ticket_id(order_id: str, station_id: str) -> str:
    """The id of a station's part of an order, also the last level of its MQTT topic."""
    return f"{order_id}.{station_id}"


def tickets_of(order: Order, position: int = 0) -> list[Ticket]:
    """The tickets of an order as it now is, one per station that was ever sent something.

    One whose lines all went over to another order is done, with nothing on it.
    """
    fired = [line for line in order.lines if line.fired_ms is not None]
    stations = sorted({s for line in fired for s in (*line.station_ids, *line.expo_ids)})
    return [_ticket(order, station, position) for station in stations]


def _ticket(order: Order, station: StationId, position: int) -> Ticket:
    # What went over to another order is on that one's ticket; here nobody struck it out.
    of_order = [x for x in order.lines if x.void_reason != TRANSFERRED]
    here = [x for x in of_order if station in x.station_ids or station in x.expo_ids]
    mine = [x for x in here if x.fired_ms is not None]
    began_ms = _began_ms(order, mine)
    lines = tuple(_line(x, station, began_ms) for x in mine)
    over = order.status in (OrderStatus.SERVED, OrderStatus.CLOSED)
    to_do = any(x.status == "fired" for x in lines)
    unseen_void = any(
        x.status is LineStatus.VOIDED and station not in x.bumped for x in mine
    )  # a struck line stays until the cook has bumped it
    is_open = not over and (to_do or unseen_void)
    return Ticket(
        ticket_id=ticket_id(order.order_id, station),
        order_id=order.order_id,
        number=order.number,
        station_id=station,
        status=TicketStatus.OPEN if is_open else TicketStatus.DONE,
        dining_option=order.dining_option,
        placed_ms=order.placed_ms,
        fired_ms=min((x.fired_ms for x in lines if x.status == "fired"), default=began_ms),
        confidence=order.confidence,
        lines=lines,
        table=order.table,
        tab_name=order.tab_name,
        covers=order.covers,
        source=order.source.value,
        position=position,
        rush=order.rush,
        waiting_courses=tuple(sorted({x.course for x in here if x.status is LineStatus.WAITING})),
        expo=any(station in x.expo_ids for x in mine),
    )


def _began_ms(order: Order, lines: list[Line]) -> int:
    """When the station got the first of these; what came from an older order began elsewhere."""
    fired = [x.fired_ms for x in lines if x.fired_ms is not None]
    own = [at_ms for at_ms in fired if at_ms >= order.placed_ms]
    return min(own or fired, default=order.placed_ms)


def _line(line: Line, station: StationId, began_ms: int) -> TicketLine:
    status, expo = _status(line, station), station in line.expo_ids
    return TicketLine(
        line_id=line.line_id,
        quantity=line.quantity,
        names=line.names,
        variant_names=line.variant_names,
        choices=tuple(TicketChoice(names=c.names, quantity=c.quantity) for c in line.choices),
        note=line.note,
        course=line.course,
        seat=line.seat,
        status=status,
        fired_ms=line.fired_ms or 0,
        size=line.size,
        allergens=line.allergens,
        target_s=line.target_s,
        # A course that was held back is not an addition: it was ordered from the start.
        added=(line.priced_ms or line.fired_ms or 0) > began_ms,
        reduced=line.reduced if status == "fired" else 0,
        station_ids=line.station_ids if expo else (),
        made=tuple(s for s in line.bumped if s in line.station_ids) if expo else (),
    )


def _status(line: Line, station: StationId) -> str:
    if station in line.bumped or line.status is LineStatus.SERVED:
        return "done"
    if line.status is LineStatus.VOIDED:
        return "voided"
    # What is made is still to be handed out by whoever assembles it.
    made = line.status is LineStatus.READY and station in line.station_ids
    return "done" if made else "fired"
