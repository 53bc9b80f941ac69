"""Lines that this box and a copy of it each moved to another order, settled once both have met.

What another box of the outlet wrote comes with each hello; orders are folded anew from it. A line
that then lives on two of them counts where it came first (`protocol.rules.moved_twice`), and the box
says so in its journal. Both boxes say the same, under the same event id, so HQ hears it once.
"""

import json
import logging
import sqlite3
from collections.abc import Iterable, Sequence

import msgspec
from msgspec.structs import replace

from edge.database import Database
from edge.house import read_house
from edge.journal import Journal
from edge.journal_table import SUPERSEDED
from edge.outlet import Outlet
from edge.platform import Platform
from protocol.clock import Reading
from protocol.events import Event, decode
from protocol.floor_events import LinesCame, LinesMovedTwice
from protocol.ids import CommandId, OrderId, derive
from protocol.orders import Order
from protocol.rules import apply
from protocol.rules.moved_twice import Arrival, moved_twice
from protocol.rules.promoting import applied_to

log = logging.getLogger("edge.moved_twice")

_encode = msgspec.json.Encoder().encode
_decoder = msgspec.json.Decoder(Order)


class MovedTwice:
    """Looks at orders that came back, for as far as the journal still holds how lines came there."""

    def __init__(
        self, journal: Journal, database: Database, platform: Platform, outlet: Outlet
    ) -> None:
        self.journal = journal
        self.database = database
        self.platform = platform
        self.outlet = outlet

    async def settle(self, _orders: Sequence[OrderId]) -> None:
        """Orders look different now: strike what lives on two of them from the later one."""
        if await self.database.read(_found):
            await self.database.write(self._settle)

    def _settle(self, db: sqlite3.Connection) -> None:
        reading = self.journal.reading()
        for event in _found(db):
            order = _orders(db, [event.order_id])[event.order_id]
            self._keep(db, order, event, reading)
            log.warning(
                "lines of order %s moved twice: they count on %s, %s %s",
                *(event.from_number, event.kept_number),
                *("struck from" if event.struck else "and still on", order.number),
            )

    def _keep(
        self, db: sqlite3.Connection, order: Order, event: LinesMovedTwice, reading: Reading
    ) -> None:
        said = derive(order.order_id, event.kept_order_id, *event.line_ids, str(event.struck))
        after = self._append(db, order, event, reading, CommandId(f"moved_twice:{said}"))
        offers = applied_to(after, read_house(db), self.outlet.moment(reading))
        if event.struck and offers is not None:
            # What they had earned goes with them. Its time is this box's own, and so is its id.
            self._append(db, after, offers, reading, CommandId(self.platform.new_id()))

    def _append(
        self,
        db: sqlite3.Connection,
        order: Order,
        event: Event,
        reading: Reading,
        command: CommandId,
    ) -> Order:
        after = apply(order, event)  # type: ignore[arg-type]
        position = self.journal.append(
            *(db, [event], reading),
            command_id=command,
            actor=self.journal.node_id,
            orders={after.order_id: after},
        )
        db.execute(
            "UPDATE orders SET status = ?, position = ?, body = ? WHERE order_id = ?",
            (after.status.value, position, _encode(after), after.order_id),
        )
        return after


def _found(db: sqlite3.Connection) -> list[LinesMovedTwice]:
    """What is to be said and was not said yet."""
    arrivals: list[Arrival] = []
    told: set[tuple[str, str]] = set()
    rows = db.execute(
        "SELECT stamp, event_id, body FROM journal"
        f" WHERE type IN ('lines.came', 'lines.moved_twice') AND standing <> {SUPERSEDED}"
    )
    for stamp, event_id, body in rows:
        try:
            event = decode(body)
        except msgspec.DecodeError:
            continue  # parked with its order
        if isinstance(event, LinesCame):
            arrivals.append(Arrival((stamp, event_id), event))
        elif isinstance(event, LinesMovedTwice):
            told |= {(event.order_id, line_id) for line_id in event.line_ids}
    # What an order is cannot be said before all of it is folded.
    stuck = {row[0] for row in db.execute("SELECT DISTINCT aggregate_id FROM parked")}
    ids = {arrival.event.order_id for arrival in arrivals} - stuck
    orders = _orders(db, ids)
    found = moved_twice(arrivals, orders, _counted(db, ids))
    new = (
        replace(e, line_ids=tuple(x for x in e.line_ids if e.struck or (e.order_id, x) not in told))
        for e in found
    )
    return [event for event in new if event.line_ids]


def _orders(db: sqlite3.Connection, ids: Iterable[str]) -> dict[str, Order]:
    rows = db.execute(
        "SELECT order_id, body FROM orders WHERE order_id IN (SELECT value FROM json_each(?))",
        (json.dumps(sorted(ids)),),
    )
    return {order_id: _decoder.decode(body) for order_id, body in rows}


def _counted(db: sqlite3.Connection, ids: Iterable[str]) -> set[str]:
    """Those that a Z report has counted: their bill stands."""
    rows = db.execute(
        "SELECT order_id FROM orders WHERE z > 0 AND order_id IN (SELECT value FROM json_each(?))",
        (json.dumps(sorted(ids)),),
    )
    return {order_id for (order_id,) in rows}
