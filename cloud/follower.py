"""Followers: each projection reads every outlet's ledger from its own durable cursor.

The cursor moves in the same transaction as the rows the projection wrote, so a kill at any moment
loses nothing and counts nothing twice. Several processes may follow at once: whoever holds an
outlet's cursor projects it, the others step past.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import NamedTuple, Protocol

from cloud import logs
from cloud.database import Database, Row, Transaction, Unreachable
from cloud.metrics import Metrics

CHANNEL = "kedai_projected"
TICK_ROWS = 1_000
STATISTICS_ROWS = 200
POLL_S = 2.0
"""How often to look for work nobody told us of: another process died, or news was lost."""
BACK_OFF_S = (0.2, 0.5, 1.0, 2.0, 5.0)
NEWS_MAX = 60
"""Outlets named in one message; its payload holds 8,000 bytes."""

_log = logs.log("follower")


class Place(NamedTuple):
    """Whose ledger."""

    tenant_id: str
    outlet_id: str


class Projection(Protocol):
    """Turns ledger rows into rows for reports; everything it keeps can be dropped and made again."""

    name: str
    columns: str
    """Columns of the ledger it needs."""
    only: str
    """SQL: which entries it reads; empty for all. Word for word as in an index of the ledger."""
    behind: str
    """The look-up that names the outlets with entries it has not read; empty: any entry is one."""

    async def project(self, tx: Transaction, at: Place, rows: Sequence[Row]) -> int:
        """Take in the next rows, in order of position; returns how many things were parked."""

    async def retry(self, tx: Transaction, at: Place) -> None:
        """Try again what is parked."""

    async def drop(self, tx: Transaction, at: Place) -> None:
        """Forget everything about an outlet."""


class Follower:
    """Drives one projection along all ledgers."""

    def __init__(self, database: Database, metrics: Metrics, projection: Projection) -> None:
        self._database = database
        self._metrics = metrics
        self._projection = projection
        self._only = f"AND ({projection.only})" if projection.only else ""
        self._behind: dict[Place, None] = {}
        self._woken = asyncio.Event()
        self._looked_s = -POLL_S
        self._task: asyncio.Task[None] | None = None
        self._met: set[Place] = set()
        """Outlets that Postgres' statistics know. Bounded by the number of outlets."""
        self.mended = logs.Mended(_log, f"projection {projection.name}")

    @property
    def name(self) -> str:
        """The projection's name."""
        return self._projection.name

    async def start(self) -> None:
        """Begin to follow; what is parked is tried again first, since this may be a newer version."""
        self._task = asyncio.create_task(self._run(), name=f"follower {self.name}")

    async def stop(self) -> None:
        """Stop at once; the transaction in hand is rolled back, to be done again."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    def wake(self, tenant_id: str, outlet_id: str) -> None:
        """There is something new in this outlet's ledger. Bounded by the number of outlets."""
        self._behind[Place(tenant_id, outlet_id)] = None
        self._woken.set()

    async def catch_up(self) -> None:
        """Project everything there is, everywhere."""
        while behind := await self._find_behind():
            for at in behind:
                await self.advance(at)

    async def advance(self, at: Place) -> int:
        """Project the next rows of one ledger; returns how many there were.

        0 also when another process is at work on this outlet.
        """
        async with self._database.transaction(at.tenant_id) as tx:
            # Rows and cursor stand or fall together, so a tick that a crash loses is done again:
            # it need not wait for the disk.
            await tx.execute("SET LOCAL synchronous_commit = off")
            position = await self._hold_cursor(tx, at)
            if position is None:
                return 0
            rows = await tx.fetch(
                f"""SELECT {self._projection.columns} FROM ledger
                    WHERE tenant_id = $1 AND outlet_id = $2 AND position > $3 {self._only}
                    ORDER BY position LIMIT $4""",
                *(*at, position, TICK_ROWS),
            )
            if not rows:
                return 0
            if len(rows) >= STATISTICS_ROWS and at not in self._met:
                await self._meet(tx, at)
            parked = await self._projection.project(tx, at, rows)
            await self._move_cursor(tx, at, rows[-1]["position"])
        self._metrics.projected.inc(len(rows))
        self._metrics.parked.inc(parked)
        return len(rows)

    async def rebuild(self, at: Place) -> None:
        """Drop what was projected of one outlet and project its whole ledger again."""
        async with self._database.transaction(at.tenant_id) as tx:
            await self._hold_cursor(tx, at, "")  # waits while another process ends its tick
            await self._projection.drop(tx, at)
            await self._move_cursor(tx, at, 0)
        while await self.advance(at):
            pass

    # ------------------------------------------------------------ parts

    async def _run(self) -> None:
        attempt = 0
        retried = False
        while True:
            try:
                if not retried:
                    await self._retry_parked()
                    retried = True
                await self._wait()
                await self._tick()
                self.mended.healed()
                attempt = 0
            except Unreachable as fault:
                self.mended.broke(fault)
            except Exception as bug:  # noqa: BLE001  a bug in one projection must not end HQ
                self.mended.broke(bug)
            if self.mended.reason is not None:
                await asyncio.sleep(BACK_OFF_S[min(attempt, len(BACK_OFF_S) - 1)])
                attempt += 1
                self._woken.set()

    async def _wait(self) -> None:
        """Until there is news, or it is time to look: a rush at one outlet puts off no other."""
        loop = asyncio.get_running_loop()
        left_s = self._looked_s + POLL_S - loop.time()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._woken.wait(), max(0.0, left_s))
        self._woken.clear()
        if loop.time() - self._looked_s >= POLL_S:
            self._behind.update(dict.fromkeys(await self._find_behind()))
            self._looked_s = loop.time()

    async def _tick(self) -> None:
        """One round over the outlets that are behind; one piece of news for all of them."""
        behind, self._behind = list(self._behind), {}
        moved: list[Place] = []
        trouble: Exception | None = None
        for index, at in enumerate(behind):
            try:
                count = await self.advance(at)
            except Unreachable:
                self._behind.update(dict.fromkeys(behind[index:]))
                raise
            except Exception as bug:  # noqa: BLE001  the other outlets' figures go on
                trouble = bug
                continue
            if count:
                moved.append(at)
            if count == TICK_ROWS:
                self.wake(*at)
        for start in range(0, len(moved), NEWS_MAX):
            await self._database.notify(
                CHANNEL, [list(at) for at in moved[start : start + NEWS_MAX]]
            )
        if trouble is not None:
            raise trouble

    async def _find_behind(self) -> list[Place]:
        if self._projection.behind:
            rows = await self._database.lookup(self._projection.behind)
        else:
            rows = await self._database.lookup("outlets_behind", self.name)
        return [Place(str(r["tenant_id"]), str(r["outlet_id"])) for r in rows]

    async def _retry_parked(self) -> None:
        for row in await self._database.lookup("outlets_parked", self.name):
            at = Place(str(row["tenant_id"]), str(row["outlet_id"]))
            async with self._database.transaction(at.tenant_id) as tx:
                if await self._hold_cursor(tx, at) is not None:
                    await self._projection.retry(tx, at)

    async def _meet(self, tx: Transaction, at: Place) -> None:
        """Before the first large tick of an outlet: one that statistics have not met seems to have
        no rows, then any index looks good enough, and each look-up reads its whole ledger.
        """
        await tx.execute("SELECT refresh_statistics()")
        rows = await tx.fetch(
            "SELECT outlet_id FROM outlets WHERE tenant_id = $1 AND head > 0", at.tenant_id
        )
        self._met.update(Place(at.tenant_id, str(r["outlet_id"])) for r in rows)
        self._met.add(at)

    async def _hold_cursor(
        self, tx: Transaction, at: Place, if_held: str = "SKIP LOCKED"
    ) -> int | None:
        position: int | None = await tx.fetchval(
            f"""SELECT position FROM cursors WHERE tenant_id = $1 AND outlet_id = $2
                AND projection = $3 FOR UPDATE {if_held}""",
            *(*at, self.name),
        )
        return position

    async def _move_cursor(self, tx: Transaction, at: Place, position: int) -> None:
        await tx.execute(
            """UPDATE cursors SET position = $4
               WHERE tenant_id = $1 AND outlet_id = $2 AND projection = $3""",
            *(*at, self.name, position),
        )
