"""The journal's table: how entries are written, read, and moved to another stream."""

import json
import sqlite3
from collections.abc import Iterable, Sequence

import msgspec

from protocol.clock import Confidence
from protocol.events import Event, encode, tag_of
from protocol.ids import EventId, StreamId
from protocol.journal import CHAIN_START, Entry, Position, link
from protocol.orders import Order

COLUMNS = (
    "event_id, type, version, aggregate_kind, aggregate_id, stamp, wall_ms, mono_ms, boot,"
    " confidence, command_id, actor, body"
)
INSERT = f"INSERT INTO journal (position, stream_id, seq, chain, {COLUMNS})"
INSERT_RETURNED = f"INSERT INTO journal (standing, position, stream_id, seq, chain, {COLUMNS})"
WRITTEN, RETURNED, SUPERSEDED = 0, 1, 2
"""Standings: written here; came back from HQ; written here again while HQ holds the first."""
MOVED_AT_ONCE = 1_000
BODY_BYTES_MAX = 900_000
"""Most bytes of one event: HQ takes it by itself, however badly it packs
(`protocol.replication.COMPRESSED_BYTES_MAX`). A larger one would hold up all that follow, for ever."""
LastRow = tuple[int, int, str, int, int, bytes]
"""Position, stamp, stream (name and number in the table), seq and chain."""


class TooLarge(ValueError):
    """An event that HQ could never be sent; nothing of it was written."""


class Followed(msgspec.Struct, frozen=True, gc=False):
    """An entry as a follower gets it; `order` is its order as of the commit, when still at hand.

    `standing` is 1 for an entry that came back from HQ after a loss: it has happened before, so
    nothing is printed for it.
    """

    at: Position
    entry: Entry
    order: Order | None = None
    standing: int = WRITTEN


def body_of(event: Event) -> bytes:
    """An event as it is kept and sent. Raises TooLarge."""
    body = encode(event)
    if len(body) > BODY_BYTES_MAX:
        raise TooLarge(f"{len(body)} bytes of {tag_of(event)} are more than {BODY_BYTES_MAX}")
    return body


def read_rows(db: sqlite3.Connection, after: int, limit: int) -> list[Followed]:
    """Stored entries after a position, oldest first."""
    rows: Iterable[tuple[object, ...]] = db.execute(
        f"SELECT standing, position, stream, seq, chain, {COLUMNS} FROM journal"
        " JOIN streams ON streams.id = stream_id WHERE position > ? ORDER BY position LIMIT ?",
        (after, limit),
    )
    return [_followed(row) for row in rows]


def first_position(db: sqlite3.Connection) -> int:
    """The oldest position that is still kept; 0 when none is."""
    row = db.execute("SELECT min(position) FROM journal").fetchone()
    return int(row[0] or 0)


def row_of(stream_id: int, followed: Followed) -> tuple[object, ...]:
    """What `INSERT` takes."""
    at, e = followed.at, followed.entry
    return (
        at.position,
        stream_id,
        at.seq,
        at.chain,
        e.event_id,
        e.type,
        e.version,
        e.aggregate_kind,
        e.aggregate_id,
        e.stamp,
        e.wall_ms,
        e.mono_ms,
        e.boot,
        e.confidence.value,
        e.command_id,
        e.actor,
        e.body,
    )


def last_row(db: sqlite3.Connection) -> LastRow | None:
    """The last entry of the journal."""
    row: LastRow | None = db.execute(
        "SELECT position, stamp, stream, stream_id, seq, chain FROM journal"
        " JOIN streams ON streams.id = stream_id ORDER BY position DESC LIMIT 1"
    ).fetchone()
    return row


def high_water(db: sqlite3.Connection) -> tuple[int, int]:
    """The last position a follower has seen, and the latest stamp kept apart from the entries.

    Both only matter where the entries themselves were pruned, or came from elsewhere.
    """
    position = db.execute("SELECT coalesce(max(position), 0) FROM cursors").fetchone()[0]
    stamp = db.execute("SELECT value FROM facts WHERE name = 'stamp'").fetchone()
    return position, int(stamp[0]) if stamp else 0


def keep_stamp(db: sqlite3.Connection, stamp: int) -> None:
    """Remember a stamp that no entry of the journal has reached yet."""
    db.execute(
        "INSERT INTO facts (name, value) VALUES ('stamp', ?)"
        " ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        (str(stamp),),
    )


def end_of(db: sqlite3.Connection, stream: StreamId) -> tuple[int, int, bytes]:
    """A stream's number in the table (made if need be), its last seq here and the chain there."""
    db.execute("INSERT INTO streams (stream) VALUES (?) ON CONFLICT DO NOTHING", (stream,))
    stream_id, pruned_seq, pruned_chain = db.execute(
        "SELECT id, pruned_seq, pruned_chain FROM streams WHERE stream = ?", (stream,)
    ).fetchone()
    row = db.execute(
        "SELECT seq, chain FROM journal WHERE stream_id = ? ORDER BY seq DESC LIMIT 1", (stream_id,)
    ).fetchone()
    return (stream_id, *row) if row else (stream_id, pruned_seq, pruned_chain or CHAIN_START)


def move_tail(
    db: sqlite3.Connection, stream: StreamId, after_seq: int, fresh: StreamId
) -> tuple[int, int, bytes]:
    """Move what a stream holds after `after_seq` to the stream `fresh`, its chain worked out anew.

    Positions and event ids stay. What is counted by stream and seq elsewhere moves along. Returns
    the new stream's number, how many entries it has and the chain at its end.
    """
    old_id = end_of(db, stream)[0]
    db.execute("INSERT INTO streams (stream, forked_from) VALUES (?,?)", (fresh, stream))
    fresh_id = end_of(db, fresh)[0]
    moved, chain = 0, CHAIN_START
    first = db.execute(
        "SELECT min(seq) FROM journal WHERE stream_id = ? AND seq > ?", (old_id, after_seq)
    ).fetchone()[0]
    while rows := db.execute(
        "SELECT position, event_id, body FROM journal WHERE stream_id = ? AND seq > ?"
        " ORDER BY seq LIMIT ?",
        (old_id, after_seq, MOVED_AT_ONCE),
    ).fetchall():
        places = []
        for position, event, body in rows:
            moved += 1
            chain = link(chain, EventId(event), body)
            places.append((fresh_id, moved, chain, position))
        db.executemany(
            "UPDATE journal SET stream_id = ?, seq = ?, chain = ? WHERE position = ?", places
        )
    db.execute(
        "UPDATE stock_moves SET stream = ?, seq = seq - ? WHERE stream = ? AND seq > ?",
        (fresh, (first or after_seq + 1) - 1, stream, after_seq),
    )
    return fresh_id, moved, chain


def mark_superseded(db: sqlite3.Connection, event_ids: Iterable[EventId]) -> None:
    """These entries were written here a second time: HQ's copy, which came back, is the first."""
    db.execute(
        f"UPDATE journal SET standing = {SUPERSEDED} WHERE standing = {WRITTEN}"
        " AND event_id IN (SELECT value FROM json_each(?))",
        (json.dumps(sorted(event_ids)),),
    )


def entry_of(columns: Sequence[object]) -> Entry:
    """The entry in a row of `COLUMNS`."""
    fields = list(columns)
    fields[9] = Confidence(str(fields[9]))
    return Entry(*fields)  # type: ignore[arg-type]


def _followed(row: tuple[object, ...]) -> Followed:
    standing, *fields = row
    return Followed(
        Position(*fields[:4]),  # type: ignore[arg-type]
        entry_of(fields[4:]),
        None,
        standing,  # type: ignore[arg-type]
    )
