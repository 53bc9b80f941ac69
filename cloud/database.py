"""Postgres: the pool, the one way to switch to a tenant, and news between processes."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Protocol
from urllib.parse import urlsplit
from uuid import UUID

import asyncpg

APP_ROLE = "kedai_app"
ACQUIRE_S_MAX = 10

Row = Any
"""A row of a result: columns by name or by number."""


class NotConnected(Exception):
    """Postgres answered, but would not let us in now."""


Unreachable = (
    NotConnected,
    OSError,
    TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # what it says of a connection that was cut in mid-sentence
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
)
"""The database cannot be spoken to now; the same thing may work later."""

BadData = (
    asyncpg.DataError,
    asyncpg.IntegrityConstraintViolationError,
    asyncpg.ProgramLimitExceededError,
    asyncpg.CardinalityViolationError,
    asyncpg.exceptions._base.DataError,  # noqa: SLF001  what its encoders raise; it has no public name
)
"""Postgres will never take this value."""


class NotAsPromised(Exception):
    """The database would not keep tenants apart for the role we connect as: HQ does not start."""


class Transaction(Protocol):
    """What code inside a transaction may ask of the database."""

    async def fetch(self, query: str, *values: object) -> Sequence[Row]:
        """All rows."""

    async def fetchrow(self, query: str, *values: object) -> Row | None:
        """The first row."""

    async def fetchval(self, query: str, *values: object) -> Any:
        """The first column of the first row."""

    async def execute(self, query: str, *values: object) -> str:
        """The command's tag."""


class Database:
    """HQ's connections. Every one of them runs as a role that row-level security holds."""

    def __init__(self, url: str, *, size: int = 10, statement_cache: int = 200) -> None:
        self._url = url
        self._size = size
        self._statement_cache = statement_cache
        self._pool: Any = None

    async def start(self) -> None:
        """Connect. Raises NotAsPromised when the role could look past row-level security."""
        self._pool = await asyncpg.create_pool(
            self._url,
            min_size=min(2, self._size),
            max_size=self._size,
            statement_cache_size=self._statement_cache,
            server_settings=settings_of(self._url),
            command_timeout=60,
        )
        try:
            await self._ensure_apart()
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Close every connection; work in progress gets a second to end."""
        pool, self._pool = self._pool, None
        if pool is None:
            return
        try:
            await asyncio.wait_for(pool.close(), 1)
        except TimeoutError:
            pool.terminate()

    def reading(self, tenant_id: str) -> AbstractAsyncContextManager[Transaction]:
        """A transaction that only reads, all of it at one moment, so that its figures agree."""
        return self.transaction(tenant_id, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")

    @asynccontextmanager
    async def transaction(self, tenant_id: str, begin: str = "BEGIN") -> AsyncIterator[Transaction]:
        """One transaction that sees and writes only this tenant's rows.

        Raises ValueError when `tenant_id` is no UUID. `SET LOCAL` with the value written in is the
        form that distributed Postgres hands on to its shards, so the value is checked first.
        """
        tenant = UUID(tenant_id)
        async with self._connection() as connection:
            try:
                await connection.execute(f"{begin}; SET LOCAL app.tenant = '{tenant}'")
                yield connection
            except BaseException:
                await _roll_back(connection)
                raise
            # Postgres answers COMMIT after an error with ROLLBACK and no error: nothing may be
            # acknowledged on the strength of that.
            said = await connection.execute("COMMIT")
            assert said == "COMMIT", f"a transaction that had failed was ended with {said}"

    async def lookup(self, function: str, *values: object) -> Sequence[Row]:
        """Rows of one of the functions of `0005_lookups.sql`: what is asked before the tenant is known."""
        holes = ", ".join(f"${i + 1}" for i in range(len(values)))
        async with self._connection() as connection:
            rows: Sequence[Row] = await connection.fetch(
                f"SELECT * FROM {function}({holes})", *values
            )
        return rows

    async def incarnation(self) -> str:
        """Which life of the database this is."""
        async with self._connection() as connection:
            return str(await connection.fetchval("SELECT incarnation FROM installation"))

    async def notify(self, channel: str, value: object) -> None:
        """Tell every process of HQ, this one too. `value` travels as JSON, at most 7,900 bytes."""
        async with self._connection() as connection:
            await connection.execute("SELECT pg_notify($1, $2)", channel, json.dumps(value))

    async def listen(
        self, channels: Sequence[str], hear: Callable[[str, Any], None], ready: Callable[[], None]
    ) -> None:
        """Hear the news of these channels until the connection breaks, which raises Unreachable.

        `hear` is called with channel and value and must not wait; `ready` once listening.
        """
        try:
            connection = await asyncpg.connect(self._url, server_settings=settings_of(self._url))
        except asyncpg.PostgresError as fault:
            raise NotConnected(str(fault)) from fault
        closed = asyncio.Event()

        def heard(_connection: object, _pid: int, channel: str, payload: str) -> None:
            hear(channel, json.loads(payload))

        try:
            connection.add_termination_listener(lambda _c: closed.set())
            for channel in channels:
                await connection.add_listener(channel, heard)
            ready()
            await closed.wait()
            raise ConnectionResetError("the connection that hears the news was closed")
        finally:
            connection.terminate()

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[Any]:
        try:
            connection = await self._pool.acquire(timeout=ACQUIRE_S_MAX)
        except asyncpg.PostgresError as fault:
            raise NotConnected(str(fault)) from fault
        try:
            yield connection
        finally:
            await self._pool.release(connection)

    async def _ensure_apart(self) -> None:
        role = await self._pool.fetchrow(
            """SELECT r.rolname, r.rolsuper OR r.rolbypassrls AS free,
                      EXISTS (SELECT 1 FROM pg_class c WHERE c.relowner = r.oid
                              AND c.relname IN ('ledger', 'orders')) AS owner
               FROM pg_roles r WHERE r.rolname = current_user"""
        )
        if role is None or role["free"] or role["owner"]:
            raise NotAsPromised(
                f"HQ is connected as {role and role['rolname']!r}, which may look past the walls "
                f"between tenants. Connect as a role that is a member of {APP_ROLE}."
            )


async def _roll_back(connection: Any) -> None:
    """End a transaction that failed; a connection that cannot even do that is thrown away."""
    try:
        if not connection.is_closed():
            await connection.execute("ROLLBACK")
    except (*Unreachable, asyncpg.PostgresError):
        connection.terminate()


@asynccontextmanager
async def savepoint(tx: Transaction) -> AsyncIterator[None]:
    """Part of a transaction that can fail alone: an exception undoes this part and goes on up."""
    await tx.execute("SAVEPOINT part")
    try:
        yield
    except BaseException:
        await tx.execute("ROLLBACK TO SAVEPOINT part; RELEASE SAVEPOINT part")
        raise
    await tx.execute("RELEASE SAVEPOINT part")


def settings_of(url: str) -> dict[str, str]:
    """What every session starts with; the role is given up at the door, not after it."""
    settings = {
        "application_name": "kedai",
        "synchronous_commit": "on",
        "jit": "off",
        # Statements work on hundreds of rows: planning each anew costs little, while a plan kept
        # from when a table was empty read whole ledgers.
        "plan_cache_mode": "force_custom_plan",
    }
    if urlsplit(url).username != APP_ROLE:
        settings["role"] = APP_ROLE
    return settings


async def connect_as_owner(url: str) -> Any:
    """One connection as whoever the address names, to change the schema."""
    return await asyncpg.connect(url, server_settings={"application_name": "kedai migrate"})


async def answers(url: str) -> bool:
    """Whether a Postgres answers at this address."""
    try:
        connection = await asyncpg.connect(url, timeout=2)
    except (*Unreachable, asyncpg.PostgresError):
        return False
    await connection.close()
    return True
