"""What the box does now and then by itself, so that its disk does not fill."""

import asyncio
import contextlib
import logging
from functools import partial

from edge.database import Busy, Database, DatabaseBroken
from edge.deliveries import forget_old_deliveries
from edge.journal import Journal
from edge.order_state import forget_old_commands
from edge.printing.spool import forget_old_papers
from edge.retention import Retention

log = logging.getLogger("edge")

HOUSEKEEPING_S = 3600.0


class Housekeeping:
    """What is done now and then: forgetting answers and papers nobody can ask for any more, and
    what the journal need not keep."""

    def __init__(
        self, database: Database, journal: Journal, retention: Retention | None = None
    ) -> None:
        self.database = database
        self.journal = journal
        self.retention = retention
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin; the first round is after an hour."""
        self._task = asyncio.create_task(self._run(), name="housekeeping")

    async def stop(self) -> None:
        """End."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(HOUSEKEEPING_S)
            now_ms = self.journal.reading().wall_ms
            try:
                answers = await self.database.write(partial(forget_old_commands, now_ms=now_ms))
                papers = await self.database.write(partial(forget_old_papers, now_ms=now_ms))
                await self.database.write(partial(forget_old_deliveries, now_ms=now_ms))
                pruned = await self.retention.prune() if self.retention else 0
            except (Busy, DatabaseBroken) as fault:
                log.info("housekeeping waits for its next round: %s", fault)
                continue
            if answers or papers:
                log.info("forgot %d answers and %d papers nobody asks for", answers, papers)
            if pruned:
                log.info("%d entries left the journal; HQ has them, and its backups too", pruned)
