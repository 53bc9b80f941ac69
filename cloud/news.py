"""News between HQ's processes: what one of them wrote, all of them hear."""

import asyncio
from collections.abc import Callable
from typing import Any

from cloud import logs
from cloud.database import Database, Unreachable

BACK_OFF_S = (0.2, 0.5, 1.0, 2.0, 5.0)

_log = logs.log("news")

Hear = Callable[[Any], None]


class News:
    """Hears the database's notifications and hands them on.

    Handlers are called in the event loop and must not wait. `missed` is called whenever listening
    begins anew: what was said in between is lost, so whoever follows looks for himself.
    """

    def __init__(
        self, database: Database, handlers: dict[str, Hear], missed: Callable[[], None]
    ) -> None:
        self._database = database
        self._handlers = handlers
        self._missed = missed
        self._task: asyncio.Task[None] | None = None
        self.mended = logs.Mended(_log, "hearing news from the database")

    async def start(self) -> None:
        """Begin to listen."""
        self._task = asyncio.create_task(self._run(), name="news")

    async def stop(self) -> None:
        """Stop listening."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _run(self) -> None:
        attempt = 0
        while True:
            try:
                await self._database.listen(list(self._handlers), self._hear, self._ready)
            except Unreachable as fault:
                if self.mended.reason is None:
                    attempt = 0
                self.mended.broke(fault)
            await asyncio.sleep(BACK_OFF_S[min(attempt, len(BACK_OFF_S) - 1)])
            attempt += 1

    def _ready(self) -> None:
        self.mended.healed()
        self._missed()

    def _hear(self, channel: str, value: Any) -> None:
        self._handlers[channel](value)
