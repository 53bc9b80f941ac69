"""HQ's database in the simulation: the real SQL on a real Postgres, one transaction at a time.

Statements run on asyncpg, on a private loop that is driven to the end of each statement while
virtual time stands still; a seeded pause follows. A simulated lock is held from BEGIN to COMMIT,
so that no row lock can ever be waited for on the one thread there is.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from random import Random
from typing import Any, TypeVar

import asyncpg

from cloud.database import Database, settings_of
from cloud.migrate import migrate

T = TypeVar("T")
STATEMENT_S = (0.0002, 0.004)
"""Virtual seconds that a statement takes, drawn between these."""


class Postgres:
    """Databases on one real server, spoken to synchronously."""

    def __init__(self, server_url: str) -> None:
        self.server_url = server_url
        self._loop = asyncio.new_event_loop()
        self._maintenance: Any = None
        self._made: list[str] = []
        self._watching: dict[str, Any] = {}

    def wait(self, work: Coroutine[Any, Any, T]) -> T:
        """The result of real asyncio work, while virtual time stands still."""
        outer = asyncio._get_running_loop()
        asyncio._set_running_loop(None)
        try:
            return self._loop.run_until_complete(work)
        finally:
            asyncio._set_running_loop(outer)

    def url(self, name: str) -> str:
        """The address of one of the databases."""
        return self.server_url.replace("@/postgres?", f"@/{name}?")

    def prepare(self, template: str) -> None:
        """Make an empty database with HQ's schema, unless it is there from another run."""
        if self._row("SELECT 1 FROM pg_database WHERE datname = $1", template):
            return
        self.run(f"CREATE DATABASE {template}")
        self.wait(migrate(self.url(template)))

    def copy(self, source: str, name: str) -> None:
        """A new database with all that another holds; nobody may be connected to that one."""
        self.drop(name)
        self.look_away(source)
        self.run(f"CREATE DATABASE {name} TEMPLATE {source} STRATEGY FILE_COPY")
        self._made.append(name)

    def drop(self, name: str) -> None:
        """Remove a database, whoever is connected."""
        self.look_away(name)
        self.run(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def run(self, sql: str) -> None:
        """A statement about databases as a whole."""
        self.wait(self._connect().execute(sql))

    def rows(self, name: str, sql: str, *values: object) -> list[Any]:
        """All rows of a query on one of the databases, as its superuser."""
        if name not in self._watching:
            self._watching[name] = self.wait(asyncpg.connect(self.url(name)))
        return list(self.wait(self._watching[name].fetch(sql, *values)))

    def look_away(self, name: str) -> None:
        """Hang up on one of the databases, so that it can be copied."""
        connection = self._watching.pop(name, None)
        if connection is not None:
            self.wait(connection.close())

    def close(self) -> None:
        """Remove what was made here and hang up."""
        for name in list(self._watching):
            self.look_away(name)
        for name in self._made:
            self.drop(name)
        if self._maintenance is not None:
            self.wait(self._maintenance.close())
        self._loop.close()

    def _row(self, sql: str, *values: object) -> Any:
        return self.wait(self._connect().fetchrow(sql, *values))

    def _connect(self) -> Any:
        if self._maintenance is None:
            self._maintenance = self.wait(asyncpg.connect(self.server_url))
        return self._maintenance


class Session:
    """A connection as code inside a transaction sees it: each statement takes virtual time."""

    def __init__(self, postgres: Postgres, connection: Any, dice: Random) -> None:
        self.postgres = postgres
        self.connection = connection
        self._dice = dice
        self.statements = 0
        self.on_commit: Callable[[], None] | None = None
        """Called once a commit is done, before anybody hears of it."""

    async def fetch(self, query: str, *values: object) -> Any:
        """All rows."""
        return await self._do(self.connection.fetch, query, values)

    async def fetchrow(self, query: str, *values: object) -> Any:
        """The first row."""
        return await self._do(self.connection.fetchrow, query, values)

    async def fetchval(self, query: str, *values: object) -> Any:
        """The first column of the first row."""
        return await self._do(self.connection.fetchval, query, values)

    async def execute(self, query: str, *values: object) -> Any:
        """The command's tag."""
        return await self._do(self.connection.execute, query, values)

    def is_closed(self) -> bool:
        """Whether the connection is gone."""
        return bool(self.connection.is_closed())

    def terminate(self) -> None:
        """A connection of the simulation is mended by rolling back."""

    async def _do(self, method: Any, query: str, values: tuple[object, ...]) -> Any:
        await asyncio.sleep(self._dice.uniform(*STATEMENT_S))
        self.statements += 1
        result = self.postgres.wait(method(query, *values))
        if query == "COMMIT" and self.on_commit is not None:
            self.on_commit()
        await asyncio.sleep(self._dice.uniform(*STATEMENT_S))
        return result


class SimDatabase(Database):
    """`cloud.database.Database` over one real connection that belongs to one life of HQ."""

    def __init__(self, postgres: Postgres, name: str, dice: Random) -> None:
        super().__init__(postgres.url(name))
        self.postgres = postgres
        self.name = name
        self.away = False
        """Whether Postgres cannot be reached now."""
        self._dice = dice
        self._lock = asyncio.Lock()
        self._holder: Any = None
        self._session: Session | None = None
        self._listeners: list[tuple[tuple[str, ...], Callable[[str, Any], None]]] = []
        self._heard: list[tuple[str, str]] = []

    async def start(self) -> None:
        """Connect."""
        self.connect()

    def connect(self) -> None:
        """A connection as HQ opens it, hearing what was listened to before."""
        url = self.postgres.url(self.name)
        connection = self.postgres.wait(
            asyncpg.connect(url, server_settings=settings_of(url), statement_cache_size=500)
        )
        self._session = Session(self.postgres, connection, self._dice)
        for channels, _ in self._listeners:
            self._hear_on(connection, channels)

    def hang_up(self) -> None:
        """Leave the database alone for a moment."""
        assert self._session is not None
        self.postgres.wait(self._session.connection.close())

    @asynccontextmanager
    async def alone(self) -> AsyncIterator[None]:
        """Between two transactions."""
        async with self._lock:
            yield

    async def stop(self) -> None:
        """Hang up in good order."""
        self.cut()

    def cut(self) -> None:
        """The process died: Postgres rolls back what was open, and forgets the connection."""
        session, self._session = self._session, None
        if session is not None:
            self.postgres.wait(session.connection.close())

    def after_commit(self, tell: Callable[[], None]) -> None:
        """Call `tell` at each commit, before the code that committed goes on."""
        if self._session is not None:
            self._session.on_commit = tell

    @property
    def statements(self) -> int:
        """How many were run in this life."""
        return 0 if self._session is None else self._session.statements

    async def listen(
        self, channels: Sequence[str], hear: Callable[[str, Any], None], ready: Callable[[], None]
    ) -> None:
        """Hear what this HQ's own transactions tell, after their commit."""
        assert self._session is not None, "HQ's database is started"
        self._hear_on(self._session.connection, channels)
        self._listeners.append((tuple(channels), hear))
        ready()
        await asyncio.Event().wait()

    def _hear_on(self, connection: Any, channels: Sequence[str]) -> None:
        for channel in channels:
            self.postgres.wait(connection.add_listener(channel, self._on_notify))

    def _on_notify(self, _connection: object, _pid: int, channel: str, payload: str) -> None:
        self._heard.append((channel, payload))

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[Any]:
        task = asyncio.current_task()
        assert self._holder is not task, "a transaction inside a transaction would wait for itself"
        if self.away:
            raise ConnectionRefusedError("the simulated Postgres is away")
        async with self._lock:
            session = self._session
            if session is None:
                raise ConnectionRefusedError("HQ is stopping")
            self._holder = task
            try:
                yield session
            finally:
                self._holder = None
                if self._session is session and session.connection.is_in_transaction():
                    self.postgres.wait(session.connection.execute("ROLLBACK"))
        self._tell()

    def _tell(self) -> None:
        """Hand on what Postgres delivered with the last commit, a moment later."""
        if not self._listeners or self._session is None:
            return
        self.postgres.wait(asyncio.sleep(0))
        heard, self._heard = self._heard, []
        loop = asyncio.get_running_loop()
        for channel, payload in heard:
            for channels, hear in self._listeners:
                if channel in channels:
                    pause_s = self._dice.uniform(0.001, 0.05)
                    loop.call_later(pause_s, hear, channel, json.loads(payload))
