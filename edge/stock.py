"""Stock as screens see it: HQ's level, and what this box did that the level does not hold yet.

HQ says with each level how far it has counted (`as_of`: stream → last seq). What this box did after
that is added, and nothing else: an acknowledgement says nothing about the level (a sale that HQ has
taken in but not yet counted would be missing between the two).
"""

import json
import sqlite3
from collections.abc import Iterable

import msgspec

from edge.feed_rows import Arrival
from protocol.events import StockCounted, StockMoved
from protocol.ids import EventId, StreamId
from protocol.replication import FeedRow
from protocol.rules.stock_keeping import Stock, shown
from protocol.stock import Counted, Movement, StockLevel

KIND = "stock"
_decoder = msgspec.json.Decoder(StockLevel)
_encode = msgspec.json.Encoder().encode


class ShownStock(msgspec.Struct, frozen=True):
    """How many units of a counted item there should be; below zero when more was sold than known."""

    item_id: str
    quantity: int


class StockKeeping:
    """Rows of kind `stock`: key an item's id, body HQ's `StockLevel` of it at this outlet."""

    def take_row(self, db: sqlite3.Connection, row: FeedRow, at: Arrival) -> None:
        """HQ's level, in place of the one before; what it holds of ours is let go."""
        del at
        assert row.body is not None
        level = _decoder.decode(row.body)
        if level.item_id != row.key:
            raise ValueError(f"the row is filed under {row.key!r} and is about {level.item_id!r}")
        db.execute("INSERT OR REPLACE INTO stock_levels VALUES (?,?)", (row.key, _encode(level)))
        as_of = json.dumps(level.as_of)
        db.execute(
            "DELETE FROM stock_moves WHERE item_id = ? AND seq <= coalesce("
            "(SELECT value FROM json_each(?) WHERE key = stream), 0)",
            (row.key, as_of),
        )
        db.execute(
            "DELETE FROM stock_counts WHERE item_id = ? AND NOT EXISTS ("
            " SELECT 1 FROM journal JOIN streams ON streams.id = stream_id"
            " WHERE journal.position = stock_counts.position AND seq > coalesce("
            " (SELECT value FROM json_each(?) WHERE key = stream), 0))",
            (row.key, as_of),
        )

    def withdraw_row(self, db: sqlite3.Connection, row: FeedRow, at: Arrival) -> None:
        """HQ does not count the item any more. What was moved and counted here and HQ has not
        published yet stays: after HQ was put back it is counted from that again."""
        del at
        db.execute("DELETE FROM stock_levels WHERE item_id = ?", (row.key,))


def keep_moves(db: sqlite3.Connection, event: StockMoved, position: int) -> None:
    """What was just moved here; in the transaction of its entry, which is in the journal already."""
    db.executemany(
        "INSERT OR IGNORE INTO stock_moves (item_id, stream, seq, delta)"
        " SELECT ?, stream, seq, ? FROM journal JOIN streams ON streams.id = stream_id"
        " WHERE position = ?",
        [(move.item_id, move.delta, position) for move in event.moves],
    )


def keep_count(db: sqlite3.Connection, event: StockCounted, position: int) -> None:
    """What was just counted here: it shows at once, and the item is a counted one from now on."""
    db.execute(
        "INSERT OR REPLACE INTO stock_counts (item_id, position, quantity, as_of) VALUES (?,?,?,?)",
        (event.item_id, position, event.quantity, json.dumps(event.as_of)),
    )


def tracked(db: sqlite3.Connection) -> frozenset[str]:
    """Ids of the items that are counted here: what is sold of them moves their stock."""
    rows = db.execute("SELECT item_id FROM stock_levels UNION SELECT item_id FROM stock_counts")
    return frozenset(row[0] for row in rows)


def shown_stock(db: sqlite3.Connection) -> list[ShownStock]:
    """Every counted item with how many units there should be now."""
    return [
        ShownStock(item_id, shown(_level(db, item_id), _own(db, item_id)))
        for item_id in sorted(tracked(db))
    ]


def stream_ends(db: sqlite3.Connection) -> dict[str, int]:
    """Last seq of every stream on this box: what a count made now has seen."""
    rows: Iterable[tuple[str, int]] = db.execute(
        "SELECT stream, max(pruned_seq, coalesce("
        "(SELECT max(seq) FROM journal WHERE stream_id = streams.id), 0)) FROM streams"
    )
    return dict(rows)


def _level(db: sqlite3.Connection, item_id: str) -> StockLevel | None:
    row = db.execute("SELECT body FROM stock_levels WHERE item_id = ?", (item_id,)).fetchone()
    return None if row is None else _decoder.decode(row[0])


def _own(db: sqlite3.Connection, item_id: str) -> Stock:
    moves = db.execute("SELECT stream, seq, delta FROM stock_moves WHERE item_id = ?", (item_id,))
    counts = db.execute(
        "SELECT stamp, event_id, stream, seq, quantity, as_of FROM stock_counts"
        " JOIN journal USING (position) JOIN streams ON streams.id = stream_id WHERE item_id = ?",
        (item_id,),
    )
    return Stock(
        movements={
            EventId(f"{stream}:{seq}"): Movement(StreamId(stream), seq, delta)
            for stream, seq, delta in moves
        },
        counts={
            EventId(event_id): Counted(
                stamp, EventId(event_id), StreamId(stream), seq, quantity, json.loads(as_of)
            )
            for stamp, event_id, stream, seq, quantity, as_of in counts
        },
    )
