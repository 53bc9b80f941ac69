"""`kedai cloud …` on the database as a whole: its schema, its backups, and what is made from it."""

from pathlib import Path

import click

from cloud import backups, config, copying, migrate, outlets, restoring
from cloud.cli_work import TENANT, database_url, run, say, with_database
from cloud.database import Database
from cloud.follower import Follower, Place
from cloud.headquarters import projections
from cloud.metrics import Metrics
from cloud.platform import Platform


@click.command("migrate")
@click.pass_obj
def migrate_command(settings: config.Config) -> None:
    """Bring the database schema up to date (serve does so by itself)."""

    async def work() -> list[str]:
        async with database_url(settings) as url:
            return await migrate.migrate(settings.owner_url or url)

    done = run(work())
    click.echo(f"Ran {', '.join(done)}." if done else "The schema is up to date.")


@click.command("restored")
@click.pass_obj
def restored_command(settings: config.Config) -> None:
    """Say that a backup was put back: every box then sends what it does not hold."""

    async def work() -> str:
        async with database_url(settings) as url:
            owner = settings.owner_url or url
            await migrate.migrate(owner)
            return await restoring.begin_new_life(owner)

    click.echo(f"HQ begins anew as {run(work())}. Boxes say hello and send what is missing.")


@click.command("backup")
@click.argument("what", nargs=-1, required=True, metavar="FILE | begin | finish N | drop N")
@click.option("--keep", type=click.IntRange(min=1), help="Drop all but the newest so many.")
@click.pass_obj
def backup_command(settings: config.Config, what: tuple[str, ...], keep: int | None) -> None:
    """Copy HQ's database into a new FILE, and note what it holds: boxes keep the rest.

    For a tool of your own: `begin` before it copies, `finish N` when the copy is safe, `drop N`
    when it will never be put back.
    """

    async def work() -> str:
        async with database_url(settings) as url:
            await migrate.migrate(owner := settings.owner_url or url)
            if len(what) == 1 and what[0] != "begin":
                return await copying.back_up(owner, Path(what[0]), Platform(), keep)
            return await backups.by_hand(owner, what, Platform().wall_ms())

    click.echo(run(work()))


@click.command("backups")
@click.option("--json", "as_json", is_flag=True, help="Answer as JSON.")
@click.pass_obj
def backups_command(settings: config.Config, as_json: bool) -> None:
    """Show the backups; boxes keep whatever the oldest that could be put back lacks."""

    async def work() -> list[backups.Backup]:
        async with database_url(settings) as url:
            await migrate.migrate(owner := settings.owner_url or url)
            return await backups.list_backups(owner)

    found = run(work())
    say(found, as_json, "\n".join(backups.describe(b) for b in found) or "There is none yet.")


@click.command("restore")
@click.argument("file", type=click.Path(path_type=Path))
@click.pass_obj
def restore_command(settings: config.Config, file: Path) -> None:
    """Put a backup FILE into a new, empty database, and begin anew with it (see `restored`)."""

    async def work() -> str:
        async with database_url(settings) as url:
            await copying.put_back(owner := settings.owner_url or url, file)
            await migrate.migrate(owner)
            return await restoring.begin_new_life(owner)

    click.echo(f"HQ begins anew as {run(work())}. Boxes say hello and send what is missing.")


@click.command("rebuild")
@click.argument("outlet_name", metavar="OUTLET")
@click.option("--tenant", "tenant_name", default="", help=TENANT)
@click.option("--only", type=click.Choice(outlets.PROJECTIONS), help="Nothing but these figures.")
@click.pass_obj
def rebuild_command(
    settings: config.Config, outlet_name: str, tenant_name: str, only: str | None
) -> None:
    """Drop what HQ made of an outlet's ledger (name or id) and make it again."""

    async def work(database: Database) -> str:
        owner = await outlets.get_tenant(database, tenant_name)
        found = await outlets.get_outlet(database, owner.tenant_id, outlet_name)
        sales, rare = projections(Platform())
        # Sales last: they are judged by the times that the clocks are worked out to.
        wanted = [p for p in (*rare, sales) if only in (None, p.name)]
        for projection in wanted:
            follower = Follower(database, Metrics(), projection)
            await follower.rebuild(Place(owner.tenant_id, found.outlet_id))
        return f"Projected {found.head} entries again: {', '.join(p.name for p in wanted)}."

    click.echo(with_database(settings, work))


VERBS: tuple[click.Command, ...] = (
    migrate_command,
    restored_command,
    backup_command,
    backups_command,
    restore_command,
    rebuild_command,
)
