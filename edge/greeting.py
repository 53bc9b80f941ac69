"""What the box says of itself when it greets HQ, read in one go."""

import sqlite3

import msgspec

from edge.role import facts
from protocol.ids import StreamId
from protocol.journal import CHAIN_START
from protocol.replication import StreamState


class Greeting(msgspec.Struct, frozen=True, kw_only=True):
    """The part of a hello that is on disk."""

    streams: tuple[StreamState, ...]
    feed_incarnation: str
    feed_pos: int
    menu_version: int
    succeeds: str
    take_over: bool
    parked: int
    acknowledged: int


def read_greeting(db: sqlite3.Connection) -> Greeting:
    """Everything as of one moment of the database."""
    db.execute("BEGIN")
    try:
        kept = facts(db)
        menu = db.execute("SELECT max(version) FROM menus").fetchone()[0] or 0
        parked = db.execute("SELECT count(*) FROM parked").fetchone()[0]
        waiting = db.execute("SELECT count(*) FROM feed_rows WHERE state = 'parked'").fetchone()[0]
        known = db.execute("SELECT count(*) FROM commands WHERE refusal IS NULL").fetchone()[0]
        return Greeting(
            streams=tuple(stream_states(db)),
            feed_incarnation=kept.get("feed_incarnation", ""),
            feed_pos=int(kept.get("feed_pos", "0")),
            menu_version=menu,
            succeeds=kept.get("succeeds", ""),
            take_over=bool(kept.get("take_over")),
            parked=parked + waiting,
            acknowledged=known,
        )
    finally:
        db.execute("COMMIT")


def stream_states(db: sqlite3.Connection) -> list[StreamState]:
    """Every stream the box has, or had until it was pruned: first and last seq kept, acked.

    Of a stream that was pruned to its end, `first` is one more than `last`.
    """
    rows = db.execute(
        "SELECT stream, coalesce((SELECT min(seq) FROM journal WHERE stream_id = s.id),"
        " pruned_seq + 1), coalesce((SELECT max(seq) FROM journal WHERE stream_id = s.id),"
        " pruned_seq), acked_seq FROM streams s ORDER BY s.id"
    ).fetchall()
    return [
        StreamState(StreamId(stream), first, last, chain_at(db, StreamId(stream), last) or b"", ack)
        for stream, first, last, ack in rows
        if last
    ]


def chain_at(db: sqlite3.Connection, stream: StreamId, seq: int) -> bytes | None:
    """Our chain of a stream after `seq`; None when that is not kept here."""
    if seq == 0:
        return CHAIN_START
    row = db.execute(
        "SELECT chain FROM journal WHERE stream_id = (SELECT id FROM streams WHERE stream = ?)"
        " AND seq = ?",
        (stream, seq),
    ).fetchone()
    row = (
        row
        or db.execute(
            "SELECT pruned_chain FROM streams WHERE stream = ? AND pruned_seq = ?", (stream, seq)
        ).fetchone()
    )
    return row[0] if row else None


def sent_through(db: sqlite3.Connection) -> int:
    """Everything up to this position is confirmed by HQ."""
    first = db.execute(
        "SELECT min((SELECT position FROM journal WHERE stream_id = s.id AND seq > s.acked_seq"
        " ORDER BY seq LIMIT 1)) FROM streams s"
    ).fetchone()[0]
    if first is not None:
        return int(first) - 1
    return int(db.execute("SELECT coalesce(max(position), 0) FROM journal").fetchone()[0])


def acked_seqs(db: sqlite3.Connection) -> dict[StreamId, int]:
    """How far HQ has confirmed each stream."""
    return {StreamId(s): acked for s, acked in db.execute("SELECT stream, acked_seq FROM streams")}
