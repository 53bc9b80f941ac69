"""Backups as files: `pg_dump` into one, `pg_restore` out of it, and what HQ notes before and after."""

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from cloud.backups import Backup, begin_backup, drop_backup, finish_backup, keep_newest
from cloud.database import connect_as_owner
from cloud.outlets import Impossible
from cloud.platform import Platform
from cloud.postgres_programs import find_tool

ROLES = ("kedai_app", "kedai_lookup")
"""Roles belong to the whole server and are in no dump; the first migration makes them too."""
NO_TOOL = (
    "{tool} {major} or newer is not installed. Install Debian's postgresql-client-{major} or its "
    "like, or copy with a tool of your own between `kedai cloud backup begin` and `kedai cloud "
    "backup finish NUMBER`."
)


async def back_up(owner_url: str, file: Path, platform: Platform, keep: int | None = None) -> str:
    """Copy HQ's database into a new file; says in words what was made and what was dropped.

    With `keep`, older backups than the newest so many are dropped, and their files deleted if this
    database made them: in one that was put back from a copy they belong to the other one.
    Raises Impossible when the file exists, when there is no fitting pg_dump, or when it fails.
    """
    file = await asyncio.to_thread(_new, file)
    program = await _tool("pg_dump", owner_url)
    number = await begin_backup(owner_url, str(file), platform.wall_ms())
    part = file.with_name(f"{file.name}.part")
    try:
        url, secret = _without_password(owner_url)
        await _run([str(program), "-Fc", "-f", str(part), f"--dbname={url}"], secret)
        await asyncio.to_thread(_settle, part, file)
    except BaseException:
        part.unlink(missing_ok=True)
        await drop_backup(owner_url, number, platform.wall_ms())
        raise
    await finish_backup(owner_url, number, platform.wall_ms())
    said = f"Backup {number} is in {file}."
    if keep is not None:
        gone = await keep_newest(owner_url, keep, platform.wall_ms())
        said += "".join(f" Dropped backup {b.number} ({_delete_file(b)})." for b in gone)
    return said


async def put_back(owner_url: str, file: Path) -> None:
    """Read a backup's file into an empty database. Raises Impossible when that cannot be."""
    if not await asyncio.to_thread(file.is_file):
        raise Impossible(f"There is no file {file}.")
    program = await _tool("pg_restore", owner_url)
    connection = await connect_as_owner(owner_url)
    try:
        if await connection.fetchval("SELECT to_regclass('schema_migrations') IS NOT NULL"):
            raise Impossible(
                "This database is in use by HQ; nothing was changed. If it was just now put back and "
                "that was cut short, the copy is whole: end it with `kedai cloud restored`. Else put "
                "the backup into a new, empty database: createdb, then --database-url."
            )
        for role in ROLES:
            if not await connection.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", role):
                await connection.execute(f"CREATE ROLE {role} NOLOGIN")
    finally:
        await connection.close()
    url, secret = _without_password(owner_url)
    options = ["--exit-on-error", "--single-transaction", f"--dbname={url}", str(file)]
    await _run([str(program), *options], secret)


# ---------------------------------------------------------------- parts


async def _tool(name: str, owner_url: str) -> Path:
    connection = await connect_as_owner(owner_url)
    try:
        major = connection.get_server_version().major
    finally:
        await connection.close()
    found = await asyncio.to_thread(find_tool, name, major)
    if found is None:
        raise Impossible(NO_TOOL.format(tool=name, major=major))
    return found


async def _run(argv: Sequence[str], secret: dict[str, str]) -> None:
    process = await asyncio.create_subprocess_exec(
        *argv,
        env=os.environ | secret,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        _, trouble = await process.communicate()
    except BaseException:
        process.kill()
        await process.wait()
        raise
    if process.returncode:
        words = trouble.decode("utf-8", "replace").strip()
        hint = ""
        if "row-level security" in words:
            hint = " Name a superuser in `owner_url`: others do not see past the walls."
        raise Impossible(f"{Path(argv[0]).name} failed: {words}{hint}")


def _without_password(url: str) -> tuple[str, dict[str, str]]:
    """The address as others on this machine may see it in a list of processes, and the rest."""
    parts = urlsplit(url)
    if not parts.password:
        return url, {}
    place = f"{parts.username}@{parts.netloc.rpartition('@')[2]}"
    return urlunsplit(parts._replace(netloc=place)), {"PGPASSWORD": parts.password}


def _new(file: Path) -> Path:
    if file.exists():
        raise Impossible(f"{file} exists already; give a backup a name of its own.")
    return file.absolute()


def _settle(part: Path, file: Path) -> None:
    """A backup counts once it is on the disk, under its name."""
    with part.open("rb") as written:
        os.fsync(written.fileno())
    part.rename(file)
    folder = os.open(file.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _delete_file(backup: Backup) -> str:
    file = Path(backup.label)
    if not backup.made_here:
        return f"{backup.label}, another database's file, left alone"
    if not file.is_absolute() or not file.is_file():
        return f"{backup.label}, no file here"
    file.unlink()
    return f"{file} deleted"
