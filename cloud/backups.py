"""Which backups of HQ's database could be put back, and so what boxes may let go of.

A box deletes nothing that the oldest of these lacks: HQ may go back to it any day.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import msgspec

from cloud.database import connect_as_owner
from cloud.outlets import Impossible

OLDEST_RESTORABLE = """SELECT min(number) FROM backups
    WHERE finished_ms IS NOT NULL AND dropped_ms IS NULL"""
LOCK = 0x6B65646169_62
"""Advisory lock number: one backup begins, ends or goes at a time; their numbers are their order."""

HERE = """(SELECT i.incarnation || '/' || d.oid FROM installation i, pg_database d
    WHERE d.datname = current_database())"""
"""This database in this life. One that was put back from a copy of it, next to it, is another."""
COLUMNS = f"*, coalesce(made_by = {HERE}, false) AS made_here"

OUTLIVED = """
SELECT finished_ms, dropped_ms,
    EXISTS (SELECT 1 FROM backups WHERE number > $1 AND finished_ms IS NOT NULL)
    AND NOT EXISTS (SELECT 1 FROM backups WHERE number < $1 AND finished_ms IS NOT NULL
                    AND dropped_ms IS NULL) AS outlived
FROM backups WHERE number = $1
"""
NONE_OF_THIS_NUMBER = "There is no backup {number}; `kedai cloud backups` lists them."
TOO_LATE = (
    "Backup {number} does not count: it was dropped, or a newer one was finished before it, and "
    "boxes may have let go of what it lacks. Make a new one."
)


class Backup(msgspec.Struct, frozen=True, kw_only=True):
    """A backup as HQ knows it. Times in Unix milliseconds.

    It counts as one that could be put back from `finished_ms` to `dropped_ms`. `made_here` is false
    for what another database made that this one was put back from: its files are not ours.
    """

    number: int
    label: str
    begun_ms: int
    finished_ms: int | None
    dropped_ms: int | None
    made_here: bool


async def begin_backup(owner_url: str, label: str, now_ms: int) -> int:
    """Note how far every stream is; call it before the copy is made. Returns its number.

    Whatever is copied afterwards holds at least this much.
    """
    async with _owner(owner_url) as connection:
        await connection.execute("SELECT pg_advisory_xact_lock($1)", LOCK)
        number: int = await connection.fetchval(
            f"""INSERT INTO backups (number, label, begun_ms, made_by)
                SELECT coalesce(max(number), 0) + 1, $1, $2, {HERE} FROM backups
                RETURNING number""",
            *(label[:500], now_ms),
        )
        # Not even the owner sees past the walls, so each tenant is entered in turn.
        for row in await connection.fetch("SELECT tenant_id FROM list_tenants()"):
            await connection.execute(f"SET LOCAL app.tenant = '{row['tenant_id']}'")
            await connection.execute(
                """INSERT INTO backup_ends
                   SELECT s.tenant_id, s.outlet_id, s.stream, $1, s.last_seq
                   FROM streams s WHERE s.tenant_id = $2 AND s.last_seq > coalesce((
                       SELECT e.last_seq FROM backup_ends e WHERE e.tenant_id = s.tenant_id
                       AND e.outlet_id = s.outlet_id AND e.stream = s.stream
                       ORDER BY e.number DESC LIMIT 1), 0)""",
                *(number, row["tenant_id"]),
            )
    return number


async def finish_backup(owner_url: str, number: int, now_ms: int) -> None:
    """The copy is made and safe: from now on it could be put back.

    Raises Impossible when boxes may have let go of what it lacks: it was dropped, or a newer backup
    was for a time the oldest that counted.
    """
    async with _owner(owner_url) as connection:
        # With finishing and dropping one at a time, the oldest that counts only ever gets newer.
        await connection.execute("SELECT pg_advisory_xact_lock($1)", LOCK)
        row = await connection.fetchrow(OUTLIVED, number)
        if row is None:
            raise Impossible(NONE_OF_THIS_NUMBER.format(number=number))
        if row["dropped_ms"] is not None or (row["finished_ms"] is None and row["outlived"]):
            raise Impossible(TOO_LATE.format(number=number))
        await connection.execute(
            "UPDATE backups SET finished_ms = coalesce(finished_ms, $2) WHERE number = $1",
            *(number, now_ms),
        )


async def drop_backup(owner_url: str, number: int, now_ms: int) -> None:
    """This backup will never be put back. Raises Impossible when there is none of this number."""
    async with _owner(owner_url) as connection:
        await connection.execute("SELECT pg_advisory_xact_lock($1)", LOCK)
        found = await connection.fetchval(
            """UPDATE backups SET dropped_ms = coalesce(dropped_ms, $2) WHERE number = $1
               RETURNING number""",
            *(number, now_ms),
        )
    if found is None:
        raise Impossible(NONE_OF_THIS_NUMBER.format(number=number))


async def keep_newest(owner_url: str, keep: int, now_ms: int) -> list[Backup]:
    """Drop all but the newest `keep` finished backups; returns those that were dropped now.

    One that was begun before the oldest of these and never finished is dropped as well.
    """
    async with _owner(owner_url) as connection:
        await connection.execute("SELECT pg_advisory_xact_lock($1)", LOCK)
        rows = await connection.fetch(
            f"""UPDATE backups SET dropped_ms = $2 WHERE dropped_ms IS NULL AND number < (
                    SELECT min(number) FROM (
                        SELECT number FROM backups
                        WHERE finished_ms IS NOT NULL AND dropped_ms IS NULL
                        ORDER BY number DESC LIMIT $1) AS kept)
                RETURNING {COLUMNS}""",
            *(max(1, keep), now_ms),
        )
    return sorted((_backup(r) for r in rows), key=lambda b: b.number)


async def list_backups(owner_url: str) -> list[Backup]:
    """All backups there ever were, oldest first."""
    async with _owner(owner_url) as connection:
        rows = await connection.fetch(f"SELECT {COLUMNS} FROM backups ORDER BY number")
        return [_backup(r) for r in rows]


async def by_hand(owner_url: str, words: Sequence[str], now_ms: int) -> str:
    """`begin`, `finish N` or `drop N`, for copies that another tool makes; says what was done.

    Raises Impossible for other words.
    """
    match words:
        case ["begin"]:
            number = await begin_backup(owner_url, "by hand", now_ms)
            return f"Backup {number} is begun. Copy now; then: kedai cloud backup finish {number}"
        case ["finish", text] if text.isdecimal():
            await finish_backup(owner_url, int(text), now_ms)
            return f"Backup {text} could be put back from now on."
        case ["drop", text] if text.isdecimal():
            await drop_backup(owner_url, int(text), now_ms)
            return (
                f"Backup {text} will never be put back; boxes may let go of what newer ones hold."
            )
    raise Impossible("Say `backup FILE`, `backup begin`, `backup finish N` or `backup drop N`.")


def describe(backup: Backup) -> str:
    """One line about a backup."""
    state = "could be put back"
    if backup.dropped_ms is not None:
        state = "dropped"
    elif backup.finished_ms is None:
        state = "not finished"
    begun = datetime.fromtimestamp(backup.begun_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M UTC")
    return f"{backup.number}  {begun}  {state}  {backup.label}"


async def finish_what_was_put_back(connection: Any, now_ms: int) -> None:
    """In a database just put back: the backup it came from was begun in it and never finished.

    It can be put back, as was just shown, and so can any other copy that was being made then.
    """
    await connection.execute(
        "UPDATE backups SET finished_ms = $1 WHERE finished_ms IS NULL AND dropped_ms IS NULL",
        now_ms,
    )


# ---------------------------------------------------------------- parts


@asynccontextmanager
async def _owner(owner_url: str) -> AsyncIterator[Any]:
    connection = await connect_as_owner(owner_url)
    try:
        async with connection.transaction():
            yield connection
    finally:
        await connection.close()


def _backup(row: Any) -> Backup:
    return Backup(**{name: row[name] for name in Backup.__struct_fields__})
