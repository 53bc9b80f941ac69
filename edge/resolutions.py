"""What HQ sends down: feed rows are applied whole, with the cursor, in one transaction."""

import asyncio
import contextlib
import logging
import sqlite3
from functools import partial

import msgspec

from edge.database import Busy, Database, DatabaseBroken
from edge.follower import Fault
from edge.journal import Journal
from edge.menu import Menus
from edge.replication import Replication
from edge.uplink import FEED_WAIT_S, Uplink
from protocol.replication import FeedPage, FeedRow

log = logging.getLogger("edge.feed_down")

BACK_OFF_S = (1.0, 2.0, 5.0, 10.0, 20.0)


class FeedDown:
    """Follows HQ's feed from a durable cursor; a cursor HQ does not know ends in a snapshot."""

    def __init__(
        self,
        uplink: Uplink,
        journal: Journal,
        database: Database,
        menus: Menus,
        replication: Replication,
    ) -> None:
        self.uplink = uplink
        self.journal = journal
        self.database = database
        self.menus = menus
        self.replication = replication
        self.fault: str | None = None
        self.parked: dict[str, str] = {}
        """Rows this build could not apply, by kind and key, with the reason."""
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin polling."""
        self._task = asyncio.create_task(self._run(), name="feed from HQ")

    async def stop(self) -> None:
        """Stop polling."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    async def _run(self) -> None:
        attempt = 0
        while True:
            try:
                incarnation, pos = await self.database.read(_cursor)
                page = await self.uplink.feed(
                    incarnation,
                    pos,
                    unsent=self.replication.unsent,
                    head=self.journal.position,
                    # After a fault HQ answers at once: else all is well only when there is news.
                    wait_s=0 if self.fault else FEED_WAIT_S,
                )
                if page.rows or page.incarnation != incarnation or page.pos != pos:
                    await self.database.write(partial(self._apply, page=page))
                    await self.database.write(self.menus.current)
                if self.fault is not None:
                    self.replication.try_now()
                self.fault = None
                attempt = 0
            except Fault as fault:
                self.fault = str(fault)
                await self._pause(attempt)
                attempt += 1
            except (Busy, DatabaseBroken):
                await asyncio.sleep(BACK_OFF_S[0])
            except Exception as bug:
                # A menu would otherwise never arrive again, and nobody would know.
                if self.fault is None:
                    log.exception("what HQ sent down stopped at a bug; it is tried again")
                self.fault = repr(bug)
                await self._pause(attempt)
                attempt += 1

    async def _pause(self, attempt: int) -> None:
        ceiling = BACK_OFF_S[min(attempt, len(BACK_OFF_S) - 1)]
        await asyncio.sleep(self.journal.platform.jitter(ceiling))

    def _apply(self, db: sqlite3.Connection, page: FeedPage) -> None:
        for row in page.rows:
            self._apply_row(db, row)
        db.executemany(
            "INSERT INTO facts (name, value) VALUES (?,?)"
            " ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            [("feed_incarnation", page.incarnation), ("feed_pos", str(page.pos))],
        )

    def _apply_row(self, db: sqlite3.Connection, row: FeedRow) -> None:
        name = f"{row.kind}/{row.key}"
        try:
            if row.kind == "menu" and row.body is not None:
                reading = self.journal.reading()
                self.menus.apply(db, row.body, row.version, row.publish_id, reading)
                self.parked.pop(name, None)
                return
        except (msgspec.DecodeError, ValueError) as fault:
            # The cursor still moves: the row is kept and HQ sees that it is parked.
            log.warning("%s from HQ cannot be used: %s. The last good one stays", name, fault)
            self.parked[name] = str(fault)
        db.execute(
            "INSERT INTO unknown_rows (kind, key, pos, body) VALUES (?,?,?,?)"
            " ON CONFLICT (kind, key) DO UPDATE SET pos = excluded.pos, body = excluded.body",
            (row.kind, row.key, row.pos, row.body),
        )


def _cursor(db: sqlite3.Connection) -> tuple[str, int]:
    facts = dict(db.execute("SELECT name, value FROM facts WHERE name LIKE 'feed_%'"))
    return facts.get("feed_incarnation", ""), int(facts.get("feed_pos", "0"))
