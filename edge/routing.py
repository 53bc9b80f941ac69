"""The outlet's own word on stations, as HQ says it: in force for every line that is priced from now on."""

import sqlite3
from hashlib import blake2b

import msgspec

from edge.feed_rows import Arrival
from protocol.replication import FeedRow
from protocol.routing import NO_ROUTING, Routing

KIND = "routing"
BODY, DIGEST = "routing", "routing_digest"
"""Facts: the routing in force, and a digest of it; `edge.menu` looks at the latter."""
_decoder = msgspec.json.Decoder(Routing)


class RoutingHere:
    """Rows of kind `routing`: one for the outlet, under key `*`.

    The last good one stays when a row cannot be used: a kitchen must not lose its stations to a
    mistake at HQ. What it names and the menu has not goes to the fallback station.
    """

    def take_row(self, db: sqlite3.Connection, row: FeedRow, at: Arrival) -> None:
        """HQ's word in place of the one before; the same one again is the same."""
        del at
        assert row.body is not None
        routing = _decoder.decode(row.body)
        if any(target_s < 1 for target_s in routing.targets_s.values()):
            raise ValueError("a ticket cannot take less than a second")
        _keep(db, routing)

    def withdraw_row(self, db: sqlite3.Connection, row: FeedRow, at: Arrival) -> None:
        """HQ says nothing of its own about this outlet any more: the menu's stations hold."""
        del row, at
        _keep(db, NO_ROUTING)


def read_routing(db: sqlite3.Connection) -> Routing:
    """The routing in force."""
    row = db.execute("SELECT value FROM facts WHERE name = ?", (BODY,)).fetchone()
    return NO_ROUTING if row is None else _decoder.decode(row[0])


def _keep(db: sqlite3.Connection, routing: Routing) -> None:
    body = msgspec.json.encode(routing)
    digest = blake2b(body, digest_size=16).hexdigest()
    db.executemany(
        "INSERT INTO facts (name, value) VALUES (?,?)"
        " ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        [(BODY, body.decode()), (DIGEST, digest)],
    )
