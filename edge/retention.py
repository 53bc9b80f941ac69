"""The journal does not grow for ever: what HQ could restore from its own backups goes after a while.

An entry leaves the box only when HQ has confirmed it *and* holds it in the oldest backup that it
would still restore, when it is older than the window, and when every follower here has passed it.
Entries go from the front, whole positions at a time; of each stream the place and chain of the last
one that went stay, so that what follows can still be verified. Orders and reports stay whole.

What no certified Z report has counted yet stays a while longer, also where no day was closed so far:
the certificate says what the box itself has, and which Z counted an order can only be told, after a
loss, from the entries that ended it.
"""

import asyncio
import logging
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from functools import partial

import msgspec

from edge.backfill import folded_through
from edge.database import Database
from edge.journal import Journal
from protocol.clock import STAMP_MAX, Confidence, stamp_at

log = logging.getLogger("edge.retention")

DAY_MS = 24 * 3600 * 1000
PORTION = 500
"""Entries that go in one transaction: a few milliseconds, which no screen notices."""
BETWEEN_S = 0.2
UNCOUNTED_MS = 30 * DAY_MS
"""How much longer than others an entry waits for the Z report that counts it."""
KEPT_LEAST = 2_000
"""Entries that stay whatever their age: the kitchen and screens look back so far."""


_ends = msgspec.json.Decoder(dict[str, int])


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
            since_ms = reading.wall_ms - self.window_ms
            let_go = partial(
                prune,
                before=stamp_at(since_ms),
                uncounted_before=stamp_at(max(0, since_ms - UNCOUNTED_MS)),
                followers=tuple(self.followers()),
            )
            some = await self.database.write(let_go)
            went += some
            if some < PORTION:
                break
            await asyncio.sleep(BETWEEN_S)
        self.pruned += went
        return went


def prune(
    db: sqlite3.Connection,
    *,
    before: int,
    followers: Sequence[str],
    uncounted_before: int = STAMP_MAX,
    most: int = PORTION,
) -> int:
    """Let go of up to `most` entries stamped before `before`, inside the running transaction; of
    those that still wait for a Z report to count them only what is stamped before
    `uncounted_before`.
    """
    through = _last_to_go(db, before, uncounted_before, _passed_by_all(db, followers), most)
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
    for table, kind in (("orders", "order"), ("shifts", "shift")):
        # What came back lies in the order in which it came: newer entries may go before older ones.
        db.execute(
            f"UPDATE {table} SET partly_gone = 1 WHERE partly_gone = 0 AND {kind}_id IN (SELECT"
            " aggregate_id FROM journal WHERE position <= ? AND aggregate_kind = ?)",
            (through, kind),
        )
    return db.execute("DELETE FROM journal WHERE position <= ?", (through,)).rowcount


def _passed_by_all(db: sqlite3.Connection, followers: Sequence[str]) -> int:
    """The last position that every follower has behind it, those of an older build included. What
    comes back from HQ is kept first and folded into its orders later: until then it stays.
    """
    cursors: dict[str, int] = dict(db.execute("SELECT name, position FROM cursors"))
    passed = [cursors.get(name, 0) for name in followers]
    head: int = db.execute("SELECT coalesce(max(position), 0) FROM journal").fetchone()[0]
    through = folded_through(db)
    folded = [] if through is None else [through]
    return min([head - KEPT_LEAST, *passed, *cursors.values(), *folded])


def _last_to_go(
    db: sqlite3.Connection, before: int, uncounted_before: int, passed: int, most: int
) -> int:
    """The last position of the run from the front in which every entry may go; 0 for none."""
    counted = _counted(db)
    rows = db.execute(
        "SELECT position, stamp < ? AND seq <= min(safe_seq, acked_seq), stream, seq, stamp"
        " FROM journal JOIN streams ON streams.id = stream_id WHERE position <= ?"
        " ORDER BY position LIMIT ?",
        (before, passed, most),
    )
    through = 0
    for position, may_go, stream, seq, stamp in rows:
        waits = seq > counted.get(stream, 0) and stamp >= uncounted_before
        if not may_go or waits:
            break
        through = position
    return through


def _counted(db: sqlite3.Connection) -> Mapping[str, int]:
    """How far certified Z reports have counted each stream."""
    ends: dict[str, int] = {}
    for (as_of,) in db.execute("SELECT as_of FROM days WHERE certified IS NOT NULL"):
        for stream, end in _ends.decode(as_of).items():
            ends[stream] = max(end, ends.get(stream, 0))
    return ends
