"""Where each line of the kitchen's part of an order is: the table of proofs, and what it tells.

A projection of the journal. What no entry speaks of is worked out from the order itself: a fired
line without a row is on its way. So an order costs one row a line, when somebody has proved it.
"""

import json
import sqlite3
from collections.abc import Iterable, Sequence

import msgspec

from edge.journal_table import read_rows
from edge.order_state import load_order
from protocol.deliveries import Delivery, LineDelivery
from protocol.events import (
    Event,
    PaperPrinted,
    TicketEscalated,
    TicketRecalled,
    TicketRerouted,
    TicketShown,
    decode,
)
from protocol.floor_events import LinesCame
from protocol.ids import LineId, OrderId, StationId
from protocol.orders import Line, LineStatus, Order

MOVED_TAG = "lines.came"
"""Lines came over from another order; whoever had them there still has them."""
TOLD_TAGS = frozenset({"ticket.shown", "ticket.rerouted", "ticket.escalated", "paper.printed"})
"""Entries that say where lines are and leave the order as it is: they change at most where its
tickets are shown."""
SPEAKING = TOLD_TAGS | {"ticket.recalled", MOVED_TAG}
"""Entries that the table is made of."""
KEPT_MS = 30 * 24 * 3600 * 1000
"""How long it is kept who had a line; the journal and HQ know it for longer."""
SCANNED = 1_000

_RANK = "rerouted escalated shown printed bumped"
"""What is further along stands later: a state only ever moves on, in whatever order proofs come."""

_UPSERT = f"""
INSERT INTO deliveries
    (order_id, station_id, line_id, state, by_name, device, at_ms, routed_to, elsewhere)
VALUES (?,?,?,?,?,?,?,?,?)
ON CONFLICT (order_id, station_id, line_id) DO UPDATE SET
    state = excluded.state, by_name = excluded.by_name, device = excluded.device,
    at_ms = excluded.at_ms, elsewhere = excluded.elsewhere,
    routed_to = coalesce(deliveries.routed_to, excluded.routed_to)
WHERE instr('{_RANK}', excluded.state) > instr('{_RANK}', deliveries.state)
"""

_CARRY = """
INSERT INTO deliveries
    (order_id, station_id, line_id, state, by_name, device, at_ms, routed_to, elsewhere)
SELECT ?, station_id, line_id, state, by_name, device, at_ms, routed_to, elsewhere
FROM deliveries WHERE order_id = ? AND line_id IN (SELECT value FROM json_each(?))
ON CONFLICT (order_id, station_id, line_id) DO NOTHING
"""

Place = tuple[StationId, LineId]


class Proof(msgspec.Struct, frozen=True):
    """What the table says of one line at one station."""

    state: Delivery
    by: str
    at_ms: int
    routed_to: str | None = None


def keep(db: sqlite3.Connection, events: Iterable[Event], names: dict[str, str]) -> None:
    """Fold entries into the table; twice or in another order makes no difference.

    `names` is what people call the printers, by id.
    """
    for event in events:
        db.executemany(_UPSERT, _rows(event, names))
        if isinstance(event, LinesCame):
            lines = json.dumps(_ids_of(event))
            db.execute(_CARRY, (event.order_id, event.from_order_id, lines))


_Row = tuple[OrderId, StationId, LineId, Delivery, str, str, int, str | None, bool]


def _rows(event: Event, names: dict[str, str]) -> list[_Row]:
    state, by, device = Delivery.SHOWN, "", ""
    to, elsewhere = None, False
    match event:
        case TicketShown():
            by, device = event.screen, event.device
            elsewhere = event.elsewhere
        case TicketRerouted():
            state, to = Delivery.REROUTED, None if event.by_printer else str(event.to)
        case TicketEscalated():
            state = Delivery.ESCALATED
        case PaperPrinted() if event.kind == "kitchen_ticket":
            state, by = Delivery.PRINTED, names.get(event.printer, event.printer)
        case TicketRecalled():
            pass  # whoever takes it back has it in front of them
        case _:
            return []
    station = event.station_id
    if station is None:
        return []
    return [
        (event.order_id, station, line, state, by, device, event.at_ms, to, elsewhere)
        for line in event.line_ids
    ]


def proofs_of(
    db: sqlite3.Connection, order_ids: Sequence[str]
) -> dict[OrderId, dict[Place, Proof]]:
    """What the table says of these orders."""
    found: dict[OrderId, dict[Place, Proof]] = {}
    rows = db.execute(
        "SELECT order_id, station_id, line_id, state, by_name, at_ms, routed_to FROM deliveries"
        " WHERE order_id IN (SELECT value FROM json_each(?))",
        (json.dumps(order_ids),),
    )
    for order_id, station, line, state, by, at_ms, to in rows:
        proof = Proof(Delivery(state), by, at_ms, to)
        found.setdefault(order_id, {})[station, line] = proof
    return found


def deliveries_of(
    order: Order, proofs: dict[Place, Proof], *, sent: bool
) -> tuple[LineDelivery, ...]:
    """Where each line of an order is, at each of its stations; `sent` when the broker has them.

    What waits for its course, and what was struck before anybody had it, is nowhere.
    """
    return tuple(
        found
        for line in order.lines
        if line.fired_ms is not None
        for station in line.station_ids
        if (found := _whereabouts(line, station, proofs.get((station, line.line_id)), sent))
    )


def _whereabouts(
    line: Line, station: StationId, proof: Proof | None, sent: bool
) -> LineDelivery | None:
    by, at_ms = (proof.by, proof.at_ms) if proof else ("", line.fired_ms or 0)
    if station in line.bumped:
        state = Delivery.BUMPED
    elif proof is not None:
        state = proof.state
    elif line.status is LineStatus.FIRED:
        state = Delivery.SENT if sent else Delivery.QUEUED
    else:
        return None
    return LineDelivery(line_id=line.line_id, station_id=station, state=state, by=by, at_ms=at_ms)


def told_of(db: sqlite3.Connection, order_id: str, sent: int) -> tuple[LineDelivery, ...] | None:
    """Where an order's lines are, or None when there is no such order.

    What is in the journal up to `sent` the broker has.
    """
    order = load_order(db, order_id)
    if order is None:
        return None
    proofs = proofs_of(db, [order_id]).get(order.order_id, {})
    return deliveries_of(order, proofs, sent=_position(db, order_id) <= sent)


def after(
    db: sqlite3.Connection, event: Event, names: dict[str, str], order_id: OrderId, sent: int
) -> tuple[LineDelivery, ...]:
    """Where an order's lines are once `event` is known, which the table may not have yet."""
    order = load_order(db, order_id)
    if order is None:
        return ()
    proofs = dict(proofs_of(db, [order_id]).get(order_id, {}))
    if isinstance(event, LinesCame):
        there = proofs_of(db, [event.from_order_id]).get(event.from_order_id, {})
        came = {place: proof for place, proof in there.items() if place[1] in _ids_of(event)}
        proofs = came | proofs
    for _, station, line, state, by, _, at_ms, to, _ in _rows(event, names):
        known = proofs.get((station, line))
        if known is None or _RANK.index(state) > _RANK.index(known.state):
            proofs[station, line] = Proof(state, by, at_ms, to)
    return deliveries_of(order, proofs, sent=_position(db, order_id) <= sent)


def _ids_of(event: LinesCame) -> list[LineId]:
    return [line.line_id for line in event.lines]


def _position(db: sqlite3.Connection, order_id: str) -> int:
    row = db.execute("SELECT position FROM orders WHERE order_id = ?", (order_id,)).fetchone()
    return int(row[0])


def rebuild(db: sqlite3.Connection, names: dict[str, str]) -> int:
    """Make the table again from what is kept of the journal; returns how many entries spoke of it."""
    db.execute("DELETE FROM deliveries")
    position, told = 0, 0
    while found := read_rows(db, position, SCANNED):
        speaking = [f.entry.body for f in found if f.entry.type in SPEAKING]
        keep(db, map(decode, speaking), names)
        told += len(speaking)
        position = found[-1].at.position
    return told


def forget_old_deliveries(db: sqlite3.Connection, now_ms: int) -> int:
    """Drop what is older than `KEPT_MS` and of no order alive; returns how many rows went.

    Not by time alone: a clock that was wrong this morning makes today's lines look old.
    """
    return db.execute(
        "DELETE FROM deliveries WHERE at_ms < ? AND order_id NOT IN"
        " (SELECT order_id FROM orders WHERE status NOT IN ('closed', 'cancelled'))",
        (now_ms - KEPT_MS,),
    ).rowcount
