"""The journal does not grow for ever: what HQ could restore from its own backups goes after a while.

An entry leaves the box only when HQ has confirmed it *and* holds it in the oldest backup that it
would still restore, when it is older than the window, and when every follower here has passed it.
Entries go from the front, whole positions at a time; of each stream the place and chain of the last
one that went stay, so that what follows can still be verified. Orders and reports stay whole.
"""

import asyncio
import logging
import sqlite3
from collections.abc import Callable, Sequence
from functools import partial

from edge.database import Database
from edge.journal import Journal
from protocol.clock import Confidence, stamp_at

log = logging.getLogger("edge.retention")

DAY_MS = 24 * 3600 * 1000
PORTION = 500
"""Entries that go in one transaction: a few milliseconds, which no screen notices."""
BETWEEN_S = 0.2
KEPT_LEAST = 2_000
"""Entries that stay whatever their age: the kitchen and screens look back so far."""


class Retention:
    """Prunes in quiet moments."""

    def __init__(
        self,
        journal: Journal,
        database: Database,
        *,
        days: int,
        followers: Callable[[], Sequence[str]],
        busy: Callable[[], bool] = lambda: False,
    ) -> None:
        self.journal = journal
        self.database = database
        self.window_ms = days * DAY_MS
        self.followers = followers
        """Names of those who must have passed an entry; who has no cursor yet has passed none."""
        self.busy = busy
        self.pruned = 0

    async def prune(self) -> int:
        """Let go of all that may go, a portion at a time; stops for a rush. Raises Busy and
        DatabaseBroken.
        """
        went = 0
        while not self.busy():
            reading = self.journal.reading()
            if reading.confidence is not Confidence.SYNCED:
                break  # without the time, the age of nothing is known
            before = stamp_at(reading.wall_ms - self.window_ms)
            names = tuple(self.followers())
            some = await self.database.write(partial(prune, before=before, followers=names))
            went += some
            if some < PORTION:
                break
            await asyncio.sleep(BETWEEN_S)
        self.pruned += went
        return went


def prune(
    db: sqlite3.Connection, *, before: int, followers: Sequence[str], most: int = PORTION
) -> int:
    """Let go of up to `most` entries stamped before `before`, inside the running transaction."""
    through = _last_to_go(db, before, _passed_by_all(db, followers), most)
    if through == 0:
        return 0
    ends = db.execute(
        "SELECT stream_id, min(seq), max(seq), count(*) FROM journal WHERE position <= ? GROUP BY 1",
        (through,),
    ).fetchall()
    for stream_id, first, last, count in ends:
        had, safe = db.execute(
            "SELECT pruned_seq, min(safe_seq, acked_seq) FROM streams WHERE id = ?", (stream_id,)
        ).fetchone()
        assert (first, last) == (had + 1, had + count), "a stream goes from its front, whole"
        assert last <= safe, "what HQ could not restore stays"
        db.execute(
            "UPDATE streams SET pruned_seq = ?, pruned_chain = (SELECT chain FROM journal"
            " WHERE stream_id = streams.id AND seq = ?) WHERE id = ?",
            (last, last, stream_id),
        )
    return db.execute("DELETE FROM journal WHERE position <= ?", (through,)).rowcount


def _passed_by_all(db: sqlite3.Connection, followers: Sequence[str]) -> int:
    """The last position that every follower has behind it, those of an older build included."""
    cursors: dict[str, int] = dict(db.execute("SELECT name, position FROM cursors"))
    passed = [cursors.get(name, 0) for name in followers]
    head: int = db.execute("SELECT coalesce(max(position), 0) FROM journal").fetchone()[0]
    return min([head - KEPT_LEAST, *passed, *cursors.values()])


def _last_to_go(db: sqlite3.Connection, before: int, passed: int, most: int) -> int:
    """The last position of the run from the front in which every entry may go; 0 for none."""
    rows = db.execute(
        "SELECT position, stamp < ? AND seq <= min(safe_seq, acked_seq) FROM journal"
        " JOIN streams ON streams.id = stream_id WHERE position <= ? ORDER BY position LIMIT ?",
        (before, passed, most),
    )
    through = 0
    for position, may_go in rows:
        if not may_go:
            break
        through = position
    return through
