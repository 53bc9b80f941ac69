"""What HQ sends down: the box follows HQ's feed from a durable cursor, and any trouble with the
cursor ends in everything being taken anew."""

import asyncio
import contextlib
import logging
import sqlite3
from collections.abc import Sequence
from functools import partial

from edge import alarms
from edge.database import Busy, Database, DatabaseBroken
from edge.feed_rows import FeedRows, cursor, digests
from edge.follower import Fault
from edge.journal import Journal
from edge.replication import Replication
from edge.uplink import FEED_WAIT_S, Uplink
from protocol.replication import Alarm, Digest, FeedPage

log = logging.getLogger("edge.feed_down")

BACK_OFF_S = (1.0, 2.0, 5.0, 10.0, 20.0)
ANEW_EVERY_MS = 10 * 60 * 1000
"""A box asks for everything anew no more often; an HQ that is wrong would be asked for ever."""
SNAPSHOTS_MAX = 3
"""Snapshots taken in one such time, whoever wanted them: HQ may be put back twice in an evening."""
TOO_OFTEN_S = 120.0
"""Pause after one snapshot too many: each costs the line as much as all there is."""
INTEGER_MAX = (1 << 63) - 1


class TooOften(Fault):
    """HQ sends everything anew although this box has just taken it."""


class FeedDown:
    """Follows HQ's feed; a cursor HQ does not know ends in a snapshot."""

    def __init__(
        self,
        uplink: Uplink,
        journal: Journal,
        database: Database,
        rows: FeedRows,
        replication: Replication,
    ) -> None:
        self.uplink = uplink
        self.journal = journal
        self.database = database
        self.rows = rows
        self.replication = replication
        self.fault: str | None = None
        self.parked: dict[str, str] = {}
        """Rows this build could not use, by kind and key, with the reason."""
        self.snapshots = 0
        self._anew = False
        self._anew_ms: int | None = None
        self._taken_ms: list[int] = []
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Try what an earlier build could not use, then begin polling."""
        self.parked = await self.database.write(self.rows.try_again)
        self._task = asyncio.create_task(self._run(), name="feed from HQ")

    async def stop(self) -> None:
        """Stop polling."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    async def note_welcome(self, theirs: Sequence[Digest], pos: int) -> None:
        """Compare what HQ says this box should have at `pos` with what it has; HQ's word counts.

        When they differ everything is taken anew: at most once in ten minutes, so that an HQ whose
        digests never fit is not asked for ever.
        """
        held = await self.database.read(_held)
        if pos != held[0]:
            return
        ours = {d.kind: d for d in held[1]}
        wanted = {d.kind: d for d in theirs}
        differing = sorted(k for k in ours.keys() | wanted.keys() if ours.get(k) != wanted.get(k))
        now_ms = self.journal.platform.mono_ms()
        early = self._anew_ms is not None and now_ms < self._anew_ms + ANEW_EVERY_MS
        if not differing or early:
            return
        self._anew, self._anew_ms = True, now_ms
        log.warning("what HQ sent (%s) is not what is here: all of it is taken anew", differing)
        alarm = Alarm("feed_differs", {"kinds": ", ".join(differing)}, self._now_ms())
        await self.database.write(lambda db: alarms.put(db, alarm))

    async def _run(self) -> None:
        attempt = 0
        while True:
            try:
                await self._poll()
                if self.fault is not None or self._only_replication_is_down:
                    self.replication.try_now()
                self.fault = None
                attempt = 0
            except TooOften as fault:
                self.fault = str(fault)
                await asyncio.sleep(TOO_OFTEN_S)
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

    @property
    def _only_replication_is_down(self) -> bool:
        """Its last request was lost on a line that this one got through: it need not sit that out."""
        return self.replication.fault is not None and not self.replication.answered

    async def _pause(self, attempt: int) -> None:
        ceiling = BACK_OFF_S[min(attempt, len(BACK_OFF_S) - 1)]
        await asyncio.sleep(self.journal.platform.jitter(ceiling))

    async def _poll(self) -> None:
        held = await self.database.read(cursor)
        asked = ("", 0) if self._anew else held
        page = await self.uplink.feed(
            *asked,
            unsent=self.replication.unsent,
            head=self.journal.position,
            # After a fault HQ answers at once: else all is well only when there is news.
            wait_s=0 if self.fault or self._anew else FEED_WAIT_S,
            instance=self.journal.platform.instance,
            stamp=self.journal.stamp(),
        )
        self._ensure_sense(page, asked)
        self.journal.receive(page.stamp)
        await self.replication.take_role(page.role)
        self.replication.note_head(page.head)
        if held[0] not in ("", page.incarnation):
            # HQ was put back to an older state: what it lost is sent again now, not in ten minutes.
            # (The feed's life has a name of its own; it changes with that of HQ's database.)
            self.replication.try_now()
        if page.snapshot:
            self._ensure_not_too_often()
        if page.snapshot or page.rows or page.pos != held[1]:
            take = partial(self.rows.take_page, page=page, held=held)
            self.parked = await self.database.write(take)
        if page.snapshot:
            self._anew = False
            self.snapshots += 1
            self._taken_ms.append(self.journal.platform.mono_ms())

    def _ensure_sense(self, page: FeedPage, asked: tuple[str, int]) -> None:
        """Raises Fault for a page that does not follow from what was asked; then all is asked anew."""
        follows = page.snapshot or (page.incarnation == asked[0] and page.pos >= asked[1])
        places = [row.pos for row in page.rows]
        least = 0 if page.snapshot else asked[1] + 1
        sound = (
            bool(page.incarnation)
            and 0 <= page.pos <= INTEGER_MAX
            and all(least <= pos <= page.pos for pos in places)
            and (page.snapshot or places == sorted(set(places)))
            and all(0 <= row.version <= INTEGER_MAX for row in page.rows)
        )
        if follows and sound:
            return
        self._anew = self._anew or not follows
        raise Fault("HQ sent a page that does not follow what was asked; nothing was changed")

    def _ensure_not_too_often(self) -> None:
        since = self.journal.platform.mono_ms() - ANEW_EVERY_MS
        self._taken_ms = [taken for taken in self._taken_ms if taken > since]
        if len(self._taken_ms) >= SNAPSHOTS_MAX:
            raise TooOften("HQ sends everything anew each time; what is here stays for now")

    def _now_ms(self) -> int:
        return self.journal.reading().wall_ms


def _held(db: sqlite3.Connection) -> tuple[int, tuple[Digest, ...]]:
    return cursor(db)[1], digests(db)
