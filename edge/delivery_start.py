"""What the delivery desk reads from the tables: what was unconfirmed when the box last stopped."""

import sqlite3

import msgspec

from edge.deliveries import proofs_of
from edge.delivery_board import Key, wanted_of
from edge.order_state import load_order
from protocol.deliveries import Delivery
from protocol.ids import LineId, OrderId, StationId
from protocol.orders import Order, Source

_DONE = frozenset({Delivery.SHOWN, Delivery.PRINTED, Delivery.BUMPED})
_order_decoder = msgspec.json.Decoder(Order)


def unconfirmed(
    db: sqlite3.Connection, since_ms: int
) -> tuple[int, list[tuple[Order, StationId, Delivery, list[LineId]]]]:
    """The journal's end, and what no cook has of the orders fired since, by how far it came."""
    db.execute("BEGIN")
    try:
        position = db.execute("SELECT coalesce(max(position), 0) FROM journal").fetchone()[0]
        rows = db.execute("SELECT body FROM orders WHERE status NOT IN ('closed', 'cancelled')")
        orders = [o for row in rows if (o := _order_decoder.decode(row[0])).fired_ms is not None]
        proofs = proofs_of(db, [o.order_id for o in orders])
    finally:
        db.execute("COMMIT")
    found: list[tuple[Order, StationId, Delivery, list[LineId]]] = []
    for order in orders:
        if order.source is Source.IMPORT:
            continue
        young = {x.line_id for x in order.lines if (x.fired_ms or 0) >= since_ms}
        known = proofs.get(order.order_id, {})
        states: dict[tuple[StationId, Delivery], list[LineId]] = {}
        for key, line in wanted_of(order):
            proof = known.get((key.station_id, line))
            state = Delivery.SENT if proof is None else proof.state
            if line in young and state not in _DONE:
                states.setdefault((key.station_id, state), []).append(line)
        found.extend((order, *place, lines) for place, lines in states.items())
    return position, found


def unproven_lines(db: sqlite3.Connection, key: Key) -> set[LineId]:
    """Lines that a station has to make and nobody has confirmed."""
    order = load_order(db, OrderId(key.order_id))
    if order is None or order.source is Source.IMPORT:
        return set()
    proofs = proofs_of(db, [key.order_id]).get(key.order_id, {})
    return {
        line
        for at, line in wanted_of(order)
        if at == key
        and ((proof := proofs.get((key.station_id, line))) is None or proof.state not in _DONE)
    }
