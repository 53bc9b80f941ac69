"""`kedai cloud …`: run HQ, and tell it of tenants, outlets and keys."""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

import click
import msgspec

from cloud import access, backups, config, copying, migrate, outlets, restoring
from cloud.database import Database, NotAsPromised, Unreachable, answers
from cloud.follower import Follower, Place
from cloud.headquarters import sales_projection
from cloud.metrics import Metrics
from cloud.platform import Platform

T = TypeVar("T")

TAKES_OVER = "From then on it takes the orders, and a box that is there now stands by."
TENANT = "Name or id of the tenant; not needed when there is only one."
NO_DATABASE = (
    "HQ needs a Postgres. Give its address with --database-url or KEDAI_CLOUD_DATABASE_URL, "
    "or a folder with --data for one of HQ's own."
)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--config", "file", type=click.Path(path_type=Path), help="Settings file (TOML).")
@click.option("--database-url", default="", help="Where Postgres is; wins over --data.")
@click.option("--data", default="", help="Folder for a Postgres of HQ's own.")
@click.pass_context
def main(context: click.Context, file: Path | None, database_url: str, data: str) -> None:
    """Headquarters: every outlet's sales, the menu, and who may see them."""
    settings = _or_say(lambda: config.load(file))
    given = {k: v for k, v in (("database_url", database_url), ("data", data)) if v}
    context.obj = msgspec.structs.replace(settings, **given)


@main.command()
@click.option("--config", "file", type=click.Path(path_type=Path), help="Settings file (TOML).")
@click.option("--data", default="", help="Folder for a Postgres of HQ's own.")
@click.option("--host", default="", help="Address to listen on.")
@click.option("--port", type=int, default=None, help="Port to listen on; 0 takes a free one.")
@click.pass_obj
def serve(
    settings: config.Config, file: Path | None, data: str, host: str, port: int | None
) -> None:
    """Run HQ until Ctrl-C."""
    from cloud import app

    if file is not None:
        settings = _or_say(lambda: config.load(file))
    given = {
        k: v for k, v in (("data", data), ("host", host), ("port", port)) if v not in ("", None)
    }
    settings = msgspec.structs.replace(settings, **given)
    _ensure_database(settings)
    _or_say(lambda: app.run(settings))


@main.command("migrate")
@click.pass_obj
def migrate_command(settings: config.Config) -> None:
    """Bring the database schema up to date (serve does so by itself)."""

    async def work() -> list[str]:
        async with _url(settings) as url:
            return await migrate.migrate(settings.owner_url or url)

    done = _run(work())
    click.echo(f"Ran {', '.join(done)}." if done else "The schema is up to date.")


@main.command("restored")
@click.pass_obj
def restored_command(settings: config.Config) -> None:
    """Say that a backup was put back: every box then sends what it does not hold."""

    async def work() -> str:
        async with _url(settings) as url:
            owner = settings.owner_url or url
            await migrate.migrate(owner)
            return await restoring.begin_new_life(owner)

    click.echo(f"HQ begins anew as {_run(work())}. Boxes say hello and send what is missing.")


@main.command("backup")
@click.argument("what", nargs=-1, required=True, metavar="FILE | begin | finish N | drop N")
@click.option("--keep", type=click.IntRange(min=1), help="Drop all but the newest so many.")
@click.pass_obj
def backup_command(settings: config.Config, what: tuple[str, ...], keep: int | None) -> None:
    """Copy HQ's database into a new FILE, and note what it holds: boxes keep the rest.

    For a tool of your own: `begin` before it copies, `finish N` when the copy is safe, `drop N`
    when it will never be put back.
    """

    async def work() -> str:
        async with _url(settings) as url:
            await migrate.migrate(owner := settings.owner_url or url)
            if len(what) == 1 and what[0] != "begin":
                return await copying.back_up(owner, Path(what[0]), Platform(), keep)
            return await backups.by_hand(owner, what, Platform().wall_ms())

    click.echo(_run(work()))


@main.command("backups")
@click.option("--json", "as_json", is_flag=True, help="Answer as JSON.")
@click.pass_obj
def backups_command(settings: config.Config, as_json: bool) -> None:
    """Show the backups; boxes keep whatever the oldest that could be put back lacks."""

    async def work() -> list[backups.Backup]:
        async with _url(settings) as url:
            await migrate.migrate(owner := settings.owner_url or url)
            return await backups.list_backups(owner)

    found = _run(work())
    _say(found, as_json, "\n".join(backups.describe(b) for b in found) or "There is none yet.")


@main.command("restore")
@click.argument("file", type=click.Path(path_type=Path))
@click.pass_obj
def restore_command(settings: config.Config, file: Path) -> None:
    """Put a backup FILE into a new, empty database, and begin anew with it (see `restored`)."""

    async def work() -> str:
        async with _url(settings) as url:
            await copying.put_back(owner := settings.owner_url or url, file)
            await migrate.migrate(owner)
            return await restoring.begin_new_life(owner)

    click.echo(f"HQ begins anew as {_run(work())}. Boxes say hello and send what is missing.")


@main.command("rebuild")
@click.argument("outlet_name", metavar="OUTLET")
@click.option("--tenant", "tenant_name", default="", help=TENANT)
@click.pass_obj
def rebuild_command(settings: config.Config, outlet_name: str, tenant_name: str) -> None:
    """Drop the figures of an outlet (name or id) and make them again from its ledger."""

    async def work(database: Database) -> int:
        owner = await outlets.get_tenant(database, tenant_name)
        found = await outlets.get_outlet(database, owner.tenant_id, outlet_name)
        follower = Follower(database, Metrics(), sales_projection(Platform()))
        await follower.rebuild(Place(owner.tenant_id, found.outlet_id))
        return found.head

    click.echo(f"Projected {_with_database(settings, work)} entries again.")


@main.group()
def tenant() -> None:
    """Businesses whose outlets this HQ serves."""


@tenant.command("add")
@click.argument("name")
@click.option("--currency", default="IDR", show_default=True)
@click.option("--zone", default="Asia/Jakarta", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Answer as JSON.")
@click.pass_obj
def tenant_add(settings: config.Config, name: str, currency: str, zone: str, as_json: bool) -> None:
    """Add a business."""

    async def work(database: Database) -> outlets.Tenant:
        return await outlets.add_tenant(
            database, Platform(), name=name, currency=currency, zone=zone
        )

    added = _with_database(settings, work)
    _say(added, as_json, f"Added {added.name} ({added.currency}, {added.zone}): {added.tenant_id}")


@tenant.command("list")
@click.option("--json", "as_json", is_flag=True, help="Answer as JSON.")
@click.pass_obj
def tenant_list(settings: config.Config, as_json: bool) -> None:
    """Show all businesses."""
    found = _with_database(settings, outlets.list_tenants)
    _say(found, as_json, "\n".join(f"{t.tenant_id}  {t.name}  {t.currency}" for t in found))


@main.group()
def outlet() -> None:
    """Outlets and the codes their boxes join with."""


@outlet.command("add")
@click.argument("name")
@click.option("--tenant", "tenant_name", default="", help=TENANT)
@click.option("--zone", default=None, help="Time zone, when it differs from the tenant's.")
@click.option("--rollover-hour", default=0, show_default=True, help="Hour a business date begins.")
@click.option("--json", "as_json", is_flag=True, help="Answer as JSON.")
@click.pass_obj
def outlet_add(
    settings: config.Config,
    name: str,
    tenant_name: str,
    zone: str | None,
    rollover_hour: int,
    as_json: bool,
) -> None:
    """Add an outlet and print the one-time code its box enrols with."""

    async def work(database: Database) -> dict[str, Any]:
        owner = await outlets.get_tenant(database, tenant_name)
        outlet_id = await outlets.add_outlet(
            database, Platform(), owner, name=name, zone=zone, rollover_hour=rollover_hour
        )
        return await _code(database, owner, outlet_id, name)

    made = _with_database(settings, work)
    _say(made, as_json, f"Added {name}. Its box enrols within a day with: {made['code']}")


@outlet.command("code")
@click.argument("name")
@click.option("--tenant", "tenant_name", default="", help=TENANT)
@click.option("--json", "as_json", is_flag=True, help="Answer as JSON.")
@click.pass_obj
def outlet_code(settings: config.Config, name: str, tenant_name: str, as_json: bool) -> None:
    """Print a further one-time code, for a new box of an outlet (name or id)."""

    async def work(database: Database) -> dict[str, Any]:
        owner = await outlets.get_tenant(database, tenant_name)
        found = await outlets.get_outlet(database, owner.tenant_id, name)
        return await _code(database, owner, found.outlet_id, found.name)

    made = _with_database(settings, work)
    _say(
        made,
        as_json,
        f"A box of {made['name']} enrols within a day with: {made['code']}\n{TAKES_OVER}",
    )


@outlet.command("list")
@click.option("--tenant", "tenant_name", default="", help=TENANT)
@click.option("--json", "as_json", is_flag=True, help="Answer as JSON.")
@click.pass_obj
def outlet_list(settings: config.Config, tenant_name: str, as_json: bool) -> None:
    """Show the outlets and how far each one is."""

    async def work(database: Database) -> list[outlets.Outlet]:
        owner = await outlets.get_tenant(database, tenant_name)
        return await outlets.list_outlets(database, owner.tenant_id)

    found = _with_database(settings, work)
    rows = [
        f"{o.outlet_id}  {o.name}  received {o.head}, projected {o.projected}, parked {o.parked}, "
        f"unsent {'?' if o.unsent is None else o.unsent}"
        for o in found
    ]
    _say(found, as_json, "\n".join(rows))


@main.group()
def key() -> None:
    """Access keys for HQ's screens and API."""


@key.command("add")
@click.option("--tenant", "tenant_name", default="", help=TENANT)
@click.option("--name", default="unnamed", help="Who or what uses it.")
@click.option("--json", "as_json", is_flag=True, help="Answer as JSON.")
@click.pass_obj
def key_add(settings: config.Config, tenant_name: str, name: str, as_json: bool) -> None:
    """Make a key; it is shown this once."""

    async def work(database: Database) -> dict[str, Any]:
        owner = await outlets.get_tenant(database, tenant_name)
        made = await access.add_key(database, Platform(), owner.tenant_id, name)
        return {"key": made, "name": name, "tenant_id": owner.tenant_id}

    made = _with_database(settings, work)
    _say(made, as_json, f"{made['key']}\nIt is shown this once; open HQ with /?key=…")


@key.command("list")
@click.option("--tenant", "tenant_name", default="", help=TENANT)
@click.option("--json", "as_json", is_flag=True, help="Answer as JSON.")
@click.pass_obj
def key_list(settings: config.Config, tenant_name: str, as_json: bool) -> None:
    """Show the keys of a business, without their secrets."""

    async def work(database: Database) -> list[access.Key]:
        owner = await outlets.get_tenant(database, tenant_name)
        return await access.list_keys(database, owner.tenant_id)

    found = _with_database(settings, work)
    rows = [f"{k.key_id}  {k.name}{'  revoked' if k.revoked_ms else ''}" for k in found]
    _say(found, as_json, "\n".join(rows))


@key.command("revoke")
@click.argument("key_id")
@click.option("--tenant", "tenant_name", default="", help=TENANT)
@click.pass_obj
def key_revoke(settings: config.Config, key_id: str, tenant_name: str) -> None:
    """Make a key useless; running HQs forget it within half a minute."""

    async def work(database: Database) -> bool:
        owner = await outlets.get_tenant(database, tenant_name)
        return await access.revoke_key(database, Platform(), owner.tenant_id, key_id)

    if not _with_database(settings, work):
        raise click.ClickException(f"There is no key {key_id} in use; `key list` shows them.")
    click.echo("Revoked.")


# ---------------------------------------------------------------- parts


async def _code(
    database: Database, owner: outlets.Tenant, outlet_id: str, name: str
) -> dict[str, Any]:
    code, expires_ms = await outlets.make_code(database, Platform(), owner.tenant_id, outlet_id)
    return {
        "tenant_id": owner.tenant_id,
        "outlet_id": outlet_id,
        "name": name,
        "code": code,
        "expires_ms": expires_ms,
    }


@asynccontextmanager
async def _url(settings: config.Config) -> AsyncIterator[str]:
    """The database's address; HQ's own Postgres is started for the moment unless HQ runs it."""
    _ensure_database(settings)
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


def _with_database(
    settings: config.Config, work: Callable[[Database], Coroutine[Any, Any, T]]
) -> T:
    async def connected() -> T:
        async with _url(settings) as url:
            await migrate.migrate(settings.owner_url or url)
            database = Database(url, size=2, statement_cache=settings.statement_cache)
            await database.start()
            try:
                return await work(database)
            finally:
                await database.stop()

    return _run(connected())


def _run(work: Coroutine[Any, Any, T]) -> T:
    return _or_say(lambda: asyncio.run(work))


def _or_say(work: Callable[[], T]) -> T:
    """Do it; what an operator can act on becomes a sentence instead of a traceback."""
    from cloud.embedded import PostgresFault

    wrong = (config.BadConfig, outlets.Impossible, NotAsPromised, migrate.SchemaIsNewer)
    try:
        return work()
    except (*wrong, PostgresFault) as no:
        raise click.ClickException(str(no)) from None
    except Unreachable as fault:
        raise click.ClickException(f"The database cannot be reached: {fault}") from None


def _ensure_database(settings: config.Config) -> None:
    if not settings.database_url and not settings.data:
        raise click.ClickException(NO_DATABASE)


def _say(value: object, as_json: bool, text: str) -> None:
    if as_json:
        sys.stdout.write(msgspec.json.format(msgspec.json.encode(value)).decode() + "\n")
    else:
        click.echo(text)
