"""HQ in the simulation: the real parts and the real application, in a process that can die."""

import asyncio
from collections.abc import Callable
from random import Random
from typing import Any

from simulation.asgi import Answer, ask
from simulation.loop import Process, SimLoop
from simulation.network import Dropped, Request
from simulation.platforms import Clock, SimPlatform
from simulation.postgres import Postgres, SimDatabase

from cloud import backups
from cloud.app import create_app
from cloud.config import Config
from cloud.headquarters import Headquarters
from cloud.restoring import begin_new_life


class SimHq:
    """One HQ on one database. `start` after `kill` is a restart on the same data."""

    def __init__(
        self, loop: SimLoop, postgres: Postgres, database: str, dice: Callable[[str], Random]
    ) -> None:
        self.loop = loop
        self.postgres = postgres
        self.database_name = database
        self.clock = Clock(loop)
        self.lives = 0
        self.statements = 0
        self.backups: list[tuple[int, str]] = []
        """Number and database of each that could be put back, oldest first."""
        self.process: Process | None = None
        self.database: SimDatabase
        self.hq: Headquarters
        self._dice = dice
        self._counted = 0
        self._app: Any = None
        self._open: dict[asyncio.Future[Answer], None] = {}

    @property
    def up(self) -> bool:
        """Whether requests are served."""
        return self._app is not None

    async def start(self) -> None:
        """A new process of HQ on the database."""
        self.lives += 1
        process = self.process = Process(self.loop, f"hq-{self.lives}")
        dice = self._dice(f"hq {self.lives}")
        platform: Any = SimPlatform(self.clock, dice, self.loop.now_s)
        self.database = SimDatabase(self.postgres, self.database_name, dice)
        self.hq = Headquarters(Config(), self.database, platform)
        for part in self.hq.parts():
            await process.run(part.start())
        self._app = create_app(self.hq)
        self.loop.note("hq started", self.lives)

    def kill(self) -> None:
        """The process dies: its transaction is rolled back, whoever waits hears nothing."""
        if self.process is None:
            return
        self.loop.note("hq killed", self.lives)
        self._app = None
        self.process.kill()
        self.process = None
        self.statements += self.database.statements
        self.database.cut()
        waiting, self._open = list(self._open), {}
        for future in waiting:
            if not future.done():
                future.set_exception(Dropped("HQ went away"))
                future.exception()  # whoever waited may be dead as well

    def die_after_commit(self, commits: int) -> "asyncio.Future[None]":
        """Die between the n-th commit from now and the answer to whoever asked for it."""
        died: asyncio.Future[None] = self.loop.create_future()
        left = commits

        def count() -> None:
            nonlocal left
            left -= 1
            if left == 0:
                self.kill()
                died.set_result(None)

        self.database.after_commit(count)
        return died

    async def back_up(self, keep: int) -> None:
        """Begin, copy, finish, drop the oldest: what `kedai cloud backup` does."""
        async with self.database.alone():
            self._counted += 1
            copy = f"{self.database_name}_{self._counted}"
            postgres, url, now_ms = self.postgres, self._url, self.clock.wall_ms()
            number = postgres.wait(backups.begin_backup(url, copy, now_ms))
            self.database.hang_up()
            postgres.copy(self.database_name, copy)
            self.database.connect()
            postgres.wait(backups.finish_backup(url, number, now_ms))
            postgres.wait(backups.keep_newest(url, keep, now_ms))
            self.backups.append((number, copy))
            for _, old in self.backups[:-keep]:
                postgres.drop(old)
            del self.backups[:-keep]

    def put_back(self, backup: tuple[int, str]) -> None:
        """The database becomes this backup again; newer ones are thrown away with it."""
        assert self.process is None, "HQ is stopped while its database is put back"
        for newer in [b for b in self.backups if b[0] > backup[0]]:
            self.postgres.drop(newer[1])
            self.backups.remove(newer)
        self.postgres.copy(backup[1], self.database_name)
        self.postgres.wait(begin_new_life(self._url))
        self.loop.note("HQ put back", backup[0])

    @property
    def _url(self) -> str:
        return self.postgres.url(self.database_name)

    async def start_again(self) -> None:
        """Start, unless somebody else has."""
        if self.process is None:
            await self.start()

    async def deliver(self, request: Request) -> Answer:
        """Serve a request. Raises Dropped when HQ is not there, or dies over it."""
        if self._app is None or self.process is None:
            raise Dropped("HQ is not there")
        future: asyncio.Future[Answer] = self.loop.create_future()
        self._open[future] = None
        self.process.spawn(self._serve(request, future), "request at HQ")
        try:
            return await future
        finally:
            self._open.pop(future, None)

    async def _serve(self, request: Request, future: "asyncio.Future[Answer]") -> None:
        answer = await ask(self._app, request.method, request.path, request.body, request.headers)
        if not future.done():
            future.set_result(answer)

    async def run(self, work: Any) -> Any:
        """Something an operator does inside this life of HQ. Raises Dropped when HQ dies over it."""
        if self.process is None:
            work.close()
            raise Dropped("HQ is not there")
        future: asyncio.Future[Any] = self.loop.create_future()
        self._open[future] = None
        self.process.spawn(_settle(work, future), "at HQ")
        try:
            return await future
        finally:
            self._open.pop(future, None)

    def rows(self, query: str, *values: object) -> list[Any]:
        """What is in the database now, past the walls between tenants; for oracles."""
        return self.postgres.rows(self.database_name, query, *values)


async def _settle(work: Any, future: "asyncio.Future[Any]") -> None:
    try:
        result = await work
    except Exception as error:  # noqa: BLE001  told to whoever asked
        if not future.done():
            future.set_exception(error)
        return
    if not future.done():
        future.set_result(result)
