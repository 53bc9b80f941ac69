"""What every verb of `kedai cloud` needs: the database, and sentences instead of tracebacks."""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

import click
import msgspec

from cloud import config, migrate, outlets
from cloud.database import Database, NotAsPromised, Unreachable, answers

T = TypeVar("T")

TENANT = "Name or id of the tenant; not needed when there is only one."
NO_DATABASE = (
    "HQ needs a Postgres. Give its address with --database-url or KEDAI_CLOUD_DATABASE_URL, "
    "or a folder with --data for one of HQ's own."
)


@asynccontextmanager
async def database_url(settings: config.Config) -> AsyncIterator[str]:
    """The database's address; HQ's own Postgres is started for the moment unless HQ runs it."""
    ensure_database(settings)
    if settings.database_url:
        yield settings.database_url
        return
    note = Path(settings.data) / "database_url"
    if note.is_file() and await answers(url := note.read_text("utf-8")):
        yield url
        return
    from cloud.embedded import EmbeddedPostgres

    postgres = EmbeddedPostgres(Path(settings.data) / "postgres")
    try:
        yield await postgres.start()
    finally:
        await postgres.stop()


def with_database(settings: config.Config, work: Callable[[Database], Coroutine[Any, Any, T]]) -> T:
    """Do it with HQ's database, its schema up to date."""

    async def connected() -> T:
        async with database_url(settings) as url:
            await migrate.migrate(settings.owner_url or url)
            database = Database(url, size=2, statement_cache=settings.statement_cache)
            await database.start()
            try:
                return await work(database)
            finally:
                await database.stop()

    return run(connected())


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run it to its end, as `or_say` does."""
    return or_say(lambda: asyncio.run(work))


def or_say(work: Callable[[], T]) -> T:
    """Do it; what an operator can act on becomes a sentence instead of a traceback."""
    from cloud.embedded import PostgresFault

    wrong = (config.BadConfig, outlets.Impossible, NotAsPromised, migrate.SchemaIsNewer)
    try:
        return work()
    except (*wrong, PostgresFault) as no:
        raise click.ClickException(str(no)) from None
    except Unreachable as fault:
        raise click.ClickException(f"The database cannot be reached: {fault}") from None


def ensure_database(settings: config.Config) -> None:
    """Whether anybody said where the database is; ends with a sentence when not."""
    if not settings.database_url and not settings.data:
        raise click.ClickException(NO_DATABASE)


def say(value: object, as_json: bool, text: str) -> None:
    """Print the value as JSON, or the text."""
    if as_json:
        sys.stdout.write(msgspec.json.format(msgspec.json.encode(value)).decode() + "\n")
    else:
        click.echo(text)
