"""Numbered SQL files, each run once, in order, in a transaction of its own."""

import asyncio
from pathlib import Path
from typing import Any

from cloud.database import connect_as_owner

FOLDER = Path(__file__).parent / "migrations"
LOCK = 0x6B65646169
"""Advisory lock number: two processes starting at once must not both change the schema."""


class SchemaIsNewer(Exception):
    """The database was changed by a newer version of HQ than this one."""


async def migrate(url: str) -> list[str]:
    """Bring the schema up to date; returns the names of the files that were run.

    Raises SchemaIsNewer when the database knows files that this version does not.
    """
    connection = await connect_as_owner(url)
    try:
        # Polled: a blocking lock would deadlock with a step that builds an index concurrently.
        while not await connection.fetchval("SELECT pg_try_advisory_lock($1)", LOCK):  # noqa: ASYNC110  another process holds it
            await asyncio.sleep(0.1)
        return await _run_missing(connection)
    finally:
        await connection.close()


async def _run_missing(connection: Any) -> list[str]:
    await connection.execute(
        "CREATE TABLE IF NOT EXISTS schema_migrations "
        "(name text PRIMARY KEY, applied timestamptz NOT NULL DEFAULT now())"
    )
    done = {r["name"] for r in await connection.fetch("SELECT name FROM schema_migrations")}
    files = {path.stem: path for path in sorted(FOLDER.glob("*.sql"))}
    if newer := sorted(done - files.keys()):
        raise SchemaIsNewer(
            f"The database was changed by a newer HQ ({', '.join(newer)}). Start that version."
        )
    missing = [name for name in files if name not in done]
    for name in missing:
        async with connection.transaction():
            await connection.execute(files[name].read_text("utf-8"))
            await connection.execute("INSERT INTO schema_migrations (name) VALUES ($1)", name)
    return missing
