"""Followers: each reads the journal from its own durable cursor, at its own pace, for ever.

At least once and in order. A fault (the world says no) is retried with back-off, logged once when
it breaks and once when it heals. An entry that this build cannot digest is parked with a reason;
its neighbours flow.
"""

import asyncio
import contextlib
import logging
import sqlite3
from collections.abc import Awaitable, Callable, Sequence

from edge.database import Busy, Database, DatabaseBroken
from edge.journal import Followed, Journal

log = logging.getLogger("edge.follower")

BATCH_MAX = 200
SAVE_EVERY_S = 1.0
"""A cursor is at most this stale: what was done since is done again after a crash, harmlessly."""
FLOOD_REST = 8
"""While commands flood in, a follower rests this many times as long as it worked: taking goes first."""
BACK_OFF_S = (0.2, 0.5, 1.0, 2.0, 5.0)

Follow = Callable[[Sequence[Followed]], Awaitable[None]]


class Fault(Exception):
    """The world says no (printer, broker, network): the follower tries the same entries again."""


class Follower:
    """Drives one `follow` function along the journal."""

    def __init__(
        self,
        name: str,
        journal: Journal,
        database: Database,
        follow: Follow,
        *,
        flooded: Callable[[], bool] = lambda: False,
    ) -> None:
        self.name = name
        self.journal = journal
        self.database = database
        self.position = 0
        self.fault: str | None = None
        self.parked = 0
        self._follow = follow
        self._flooded = flooded
        self._saved = 0
        self._task: asyncio.Task[None] | None = None
        self._saver: asyncio.Task[None] | None = None

    @property
    def lag(self) -> int:
        """Committed entries this follower has not handled yet."""
        return self.journal.position - self.position

    async def start(self) -> None:
        """Resume from the durable cursor."""
        self.position = self._saved = await self.database.read(lambda db: cursor_of(db, self.name))
        self.parked = await self.database.read(lambda db: _parked_by(db, self.name))
        self._task = asyncio.create_task(self._run(), name=f"follower {self.name}")
        self._saver = asyncio.create_task(self._save_now_and_then(), name=f"cursor {self.name}")

    async def stop(self) -> None:
        """Stop following and save the cursor."""
        for task in (self._task, self._saver):
            if task is not None:
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task
        self._task = self._saver = None
        with contextlib.suppress(Busy, DatabaseBroken):
            await self._save()

    async def _run(self) -> None:
        attempt = 0
        one_by_one_until = 0
        while True:
            await self.journal.wait_after(self.position)
            began = asyncio.get_running_loop().time()
            limit = 1 if self.position < one_by_one_until else BATCH_MAX
            batch: Sequence[Followed] = ()
            try:
                batch = await self.journal.read_after(self.position, limit)
                await self._follow(batch)
            except Exception as error:  # noqa: BLE001 - a follower never ends by itself
                if _is_poison(error) and len(batch) > 1:
                    one_by_one_until = batch[-1].at.position
                    continue
                parked = _is_poison(error) and batch and await self._park(batch[0], error)
                if not parked:
                    self._note_fault(str(error) or repr(error))
                    await asyncio.sleep(BACK_OFF_S[min(attempt, len(BACK_OFF_S) - 1)])
                    attempt += 1
                    continue
            self.position = batch[-1].at.position
            attempt = 0
            self._note_heal()
            if self._flooded():
                took = asyncio.get_running_loop().time() - began
                await asyncio.sleep(took * FLOOD_REST)

    async def _park(self, followed: Followed, bug: Exception) -> bool:
        """Whether the entry is now listed as parked; a disk that is busy says no for the moment."""
        at, entry, reason = followed.at, followed.entry, repr(bug)
        row = (self.name, at.position, entry.aggregate_id, reason, entry.wall_ms)
        try:
            new = await self.database.write(
                lambda db: db.execute("INSERT OR IGNORE INTO parked VALUES (?,?,?,?,?)", row)
            )
        except (Busy, DatabaseBroken):
            return False
        self.parked += new.rowcount
        log.error(
            "%s parked entry %d (%s): %s", self.name, at.position, entry.type, reason, exc_info=bug
        )
        return True

    async def _save_now_and_then(self) -> None:
        while True:
            await asyncio.sleep(SAVE_EVERY_S)
            with contextlib.suppress(Busy, DatabaseBroken):
                await self._save()

    async def _save(self) -> None:
        position = self.position
        if position > self._saved:
            await self.database.write(lambda db: save_cursor(db, self.name, position))
            self._saved = position

    def _note_fault(self, sentence: str) -> None:
        if self.fault is None:
            log.warning("%s stands still: %s", self.name, sentence)
        self.fault = sentence

    def _note_heal(self) -> None:
        if self.fault is not None:
            log.info("%s goes on", self.name)
        self.fault = None


def _is_poison(error: Exception) -> bool:
    return not isinstance(error, (Fault, Busy, DatabaseBroken, sqlite3.OperationalError))


def _parked_by(db: sqlite3.Connection, name: str) -> int:
    row: tuple[int] = db.execute(
        "SELECT count(*) FROM parked WHERE follower = ?", (name,)
    ).fetchone()
    return row[0]


def cursor_of(db: sqlite3.Connection, name: str) -> int:
    """The last position a follower has finished; 0 when it has never run."""
    row = db.execute("SELECT position FROM cursors WHERE name = ?", (name,)).fetchone()
    return row[0] if row else 0


def save_cursor(db: sqlite3.Connection, name: str, position: int) -> None:
    """Move a follower's durable cursor forward inside the running transaction."""
    db.execute(
        "INSERT INTO cursors (name, position) VALUES (?,?)"
        " ON CONFLICT (name) DO UPDATE SET position = max(position, excluded.position)",
        (name, position),
    )
