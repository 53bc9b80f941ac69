"""`kedai cloud menu`: a menu from a file, shown before it is published, and out to a file again."""

from pathlib import Path

import click

from cloud import config, outlets
from cloud.cli_work import TENANT, say, with_database
from cloud.database import Database
from cloud.menu_import import Imported, MenuImports
from cloud.menus import Menus, UnfitMenu
from cloud.platform import Platform
from protocol.importing import FORMATS
from protocol.importing.reading import FILE_BYTES_MAX


@click.group("menu")
def menu_group() -> None:
    """The menu: in from a spreadsheet or another system, out to a spreadsheet."""


@menu_group.command("import")
@click.argument("name", metavar="FORMAT", type=click.Choice(list(FORMATS)))
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--publish", is_flag=True, help="Send it to the outlets; else it is only shown.")
@click.option("--language", default="", help="Language of plain names; else the menu's first.")
@click.option("--tenant", "tenant_name", default="", help=TENANT)
@click.option("--json", "as_json", is_flag=True, help="Answer as JSON.")
@click.pass_obj
def menu_import(
    settings: config.Config,
    name: str,
    file: Path,
    publish: bool,
    language: str,
    tenant_name: str,
    as_json: bool,
) -> None:
    """Read a menu from FILE and say what it changes. FORMAT is csv, square or platform."""
    data = _read(file)

    async def work(database: Database) -> Imported:
        owner = await outlets.get_tenant(database, tenant_name)
        imports = MenuImports(database, Menus(database, Platform()))
        try:
            return await imports.take(
                *(owner.tenant_id, name, data), language=language, publish=publish
            )
        except UnfitMenu as no:
            told = "\n".join(f"- {fault}" for fault in no.faults)
            raise click.ClickException(f"Nothing was changed:\n{told}") from None

    done = with_database(settings, work)
    say(done, as_json, in_words(done))


@menu_group.command("export")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--tenant", "tenant_name", default="", help=TENANT)
@click.pass_obj
def menu_export(settings: config.Config, file: Path, tenant_name: str) -> None:
    """Write the menu in force to FILE as a spreadsheet (CSV) that `import csv` takes back."""

    async def work(database: Database) -> bytes | None:
        owner = await outlets.get_tenant(database, tenant_name)
        imports = MenuImports(database, Menus(database, Platform()))
        return await imports.export(owner.tenant_id)

    data = with_database(settings, work)
    if data is None:
        raise click.ClickException("Nothing has been published yet, so there is no menu to write.")
    file.write_bytes(data)
    click.echo(f"Wrote {file}.")


def in_words(done: Imported) -> str:
    """What was found, for a person."""
    said = [*(f"  {change}" for change in done.changes)]
    said += [f"  note: {note}" for note in done.notes]
    what = f"{done.items} items, {done.variants} to sell, {done.modifier_groups} modifier groups"
    if done.unchanged:
        said.append(f"Version {done.version} is this menu already: {what}.")
    elif done.published:
        said.append(f"Version {done.version} goes to the outlets: {what}.")
    else:
        said.append(f"{what}. Nothing was changed yet; --publish sends it to the outlets.")
    return "\n".join(said)


def _read(file: Path) -> bytes:
    if file.stat().st_size > FILE_BYTES_MAX:
        most = FILE_BYTES_MAX // (1024 * 1024)
        raise click.ClickException(f"{file} is larger than {most} MB, so it is no menu.")
    return file.read_bytes()
