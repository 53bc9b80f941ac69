"""What is retained on the broker of each order: its tickets, and copies for a backup station.

Each is published once per change. A ticket that its own station did not confirm is retained under
its backup station as well, with only the lines concerned. The copy goes when its lines are done, or
when the ticket's own station has them first; what the backup has shown meanwhile stays with it.
"""

import sqlite3
from collections.abc import Iterable
from typing import Any

import msgspec
from msgspec.structs import replace

from edge.lan.inbox import Message
from protocol import lan
from protocol.deliveries import Delivery
from protocol.events import (
    Event,
    PaperPrinted,
    TicketEscalated,
    TicketRerouted,
    TicketShown,
)
from protocol.floor_events import LinesLeft
from protocol.ids import LineId, StationId
from protocol.kitchen import Ticket, TicketStatus, tickets_of
from protocol.orders import Order

TOLD_MAX = 10_000
"""Topics whose last payload is known; of one forgotten the next change is published once more."""
LATE_MAX = 2_000
"""Late tickets that are remembered; of an older one no copy is taken away any more."""

_encode = msgspec.json.Encoder().encode
Key = tuple[str, str]


class _Late(msgspec.Struct):
    """A ticket nobody had in time: where it was sent as well, which lines, and which of them the
    backup's displays have shown."""

    to: StationId | None = None
    lines: set[LineId] = msgspec.field(default_factory=set)
    taken: set[LineId] = msgspec.field(default_factory=set)


class TicketTopics:
    """Turns orders into retained messages."""

    def __init__(self, outlet_id: str) -> None:
        self.outlet_id = outlet_id
        self._told: dict[str, Any] = {}
        self._late: dict[Key, _Late] = {}

    def take_up(self, rows: Iterable[tuple[str, str, str, str, str | None, int]]) -> None:
        """What `late_lines` found after a start."""
        for order_id, station, line, state, to, elsewhere in rows:
            late = self._late_of((order_id, station))
            late.to = late.to or (StationId(to) if to else None)
            if to and elsewhere:
                late.taken.add(LineId(line))
            if to and (elsewhere or state in (Delivery.REROUTED, Delivery.ESCALATED)):
                late.lines.add(LineId(line))

    def note(self, event: Event) -> bool:
        """Take in what the delivery desk or a printer said; whether the tickets look different."""
        if isinstance(event, TicketRerouted):
            late = self._late_of((event.order_id, event.station_id))
            if not event.by_printer:
                late.to = late.to or StationId(event.to)
                late.lines.update(event.line_ids)
            return True
        if isinstance(event, TicketEscalated):
            self._late_of((event.order_id, event.station_id))
            return True
        if isinstance(event, PaperPrinted) and event.kind != "kitchen_ticket":
            return False
        if isinstance(event, TicketShown | PaperPrinted) and event.station_id is not None:
            known = self._late.get((event.order_id, event.station_id))
            if known is None:
                return False
            if isinstance(event, TicketShown) and event.elsewhere:
                known.taken.update(known.lines.intersection(event.line_ids))
            else:
                known.lines.difference_update(set(event.line_ids) - known.taken)
            return True
        return False

    def move(self, event: LinesLeft) -> None:
        """What a backup station was sent of these lines, it keeps under the order they are on now."""
        moved = frozenset(event.line_ids)
        for (order_id, station), late in tuple(self._late.items()):
            if order_id != event.order_id or not late.lines & moved:
                continue
            there = self._late_of((event.to_order_id, station))
            there.to = there.to or late.to
            there.lines |= late.lines & moved
            there.taken |= late.taken & moved
            late.lines -= moved

    def messages(self, order: Order, position: int) -> list[Message]:
        """What has changed of an order's tickets since they were last asked for."""
        found: list[Message] = []
        for ticket in tickets_of(order, position):
            late = self._late.get((order.order_id, ticket.station_id))
            home = ticket
            if late is not None:
                home = replace(ticket, late=True, also_at=late.to if late.lines else None)
                if late.to is not None:
                    found += self._message(late.to, _copy(home, late.lines))
            found += self._message(ticket.station_id, home)
        return found

    def forget(self) -> None:
        """Nobody knows what the broker has: everything is published again when it is asked for."""
        self._told.clear()

    def _late_of(self, key: Key) -> _Late:
        late = self._late.setdefault(key, _Late())
        if len(self._late) > LATE_MAX:
            del self._late[next(iter(self._late))]
        return late

    def _message(self, station: StationId, ticket: Ticket) -> list[Message]:
        topic = lan.ticket_topic(self.outlet_id, station, ticket.ticket_id)
        is_open = ticket.status is TicketStatus.OPEN
        picture = replace(ticket, position=0) if is_open else None
        if topic in self._told and self._told.pop(topic) == picture:
            self._told[topic] = picture
            return []
        self._told[topic] = picture
        while len(self._told) > TOLD_MAX:
            del self._told[next(iter(self._told))]
        return [Message(topic, _encode(ticket) if is_open else b"", retain=True)]


def _copy(ticket: Ticket, lines: set[LineId]) -> Ticket:
    """What the backup station sees of a ticket: nothing once none of the lines is to be made."""
    mine = tuple(x for x in ticket.lines if x.line_id in lines)
    is_open = any(x.status != "done" for x in mine) and ticket.status is TicketStatus.OPEN
    return replace(ticket, lines=mine, status=TicketStatus.OPEN if is_open else TicketStatus.DONE)


def late_lines(db: sqlite3.Connection) -> list[tuple[str, str, str, str, str | None, int]]:
    """Order, station, line, state, backup and whether that has it, of what nobody had in time."""
    return db.execute(
        "SELECT order_id, station_id, line_id, state, routed_to, elsewhere FROM deliveries"
        " WHERE state IN ('rerouted', 'escalated') OR routed_to IS NOT NULL"
        " ORDER BY at_ms DESC LIMIT ?",
        (LATE_MAX,),
    ).fetchall()[::-1]
