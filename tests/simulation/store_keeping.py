"""What a store does to its own journal: lets the front go, and moves a tail after a live clone."""

import sqlite3
from random import Random
from typing import Any

from edge import retention
from edge.journal import Journal

KEPT_LEAST = 12
"""Entries that stay in these short lives."""
ROWS = (
    "SELECT position, stream, seq, chain, event_id, type, command_id, body FROM journal"
    " JOIN streams ON streams.id = stream_id ORDER BY position"
)


async def keep_house(life: Any, store: Any, dice: Random) -> None:
    """Prune, or fork."""
    if dice.random() < 0.5:
        most = dice.randint(1, 40)
        await store.database.write(lambda db: _prune(db, life.let_go, most))
    else:
        share = dice.random()
        await store.database.write(lambda db: _fork(db, store.journal, share))


def _prune(db: sqlite3.Connection, let_go: dict[int, tuple[Any, ...]], most: int) -> None:
    """HQ has confirmed everything and can restore it; of that, the oldest goes."""
    db.execute(
        "UPDATE streams SET acked_seq = x.last, safe_seq = x.last FROM (SELECT stream_id,"
        " max(seq) AS last FROM journal GROUP BY stream_id) AS x WHERE x.stream_id = streams.id"
    )
    rows = db.execute(ROWS).fetchall()
    went = retention.prune(db, before=2**62, followers=(), most=most)
    let_go.update({row[0]: row for row in rows[:went]})


def _fork(db: sqlite3.Connection, journal: Journal, share: float) -> None:
    """HQ has another history of the stream being written, from some place on."""
    if journal.stream is None:
        return
    pruned, last = db.execute(
        "SELECT pruned_seq, (SELECT max(seq) FROM journal WHERE stream_id = streams.id)"
        " FROM streams WHERE stream = ?",
        (journal.stream,),
    ).fetchone()
    if last is not None:
        journal.fork(db, journal.stream, pruned + int((last - pruned) * share))
