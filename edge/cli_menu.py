"""`kedai edge menu`: the menu of a box that works alone, in from a file and out as a spreadsheet."""

import asyncio
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import click

T = TypeVar("T")

_config_option = click.option(
    "--config", "config_file", type=click.Path(path_type=Path), help="TOML file; see `config.py`."
)
_port_option = click.option("--port", type=int, help="HTTP port of the running box.")


@click.group()
def menu() -> None:
    """What the box sells. With an HQ, the menu is kept there: `kedai cloud menu`."""


@menu.command("import")
@click.argument("name", metavar="FORMAT")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--publish", is_flag=True, help="Sell from it; else it is only shown.")
@click.option("--language", default="", help="Language of plain names; else the box's own.")
@_config_option
@_port_option
def menu_import(
    name: str,
    file: Path,
    publish: bool,
    language: str,
    config_file: Path | None,
    port: int | None,
) -> None:
    """Read a menu from FILE and say what it changes. FORMAT is csv, square or platform."""
    from edge import menu_asked

    try:
        data = menu_asked.read_file(file)
    except (menu_asked.NotDone, OSError) as no:
        _fail(str(no))
    at = _port(config_file, port)
    done = _asked(menu_asked.import_menu(at, name, data, language=language, publish=publish))
    for change in done.changes:
        click.echo(f"  {change}")
    for note in done.notes:
        click.echo(f"  note: {note}")
    what = f"{done.items} items, {done.variants} to sell"
    if done.published:
        click.echo(f"The box sells from version {done.version} now: {what}.")
    elif not done.changes and done.version:
        click.echo(f"Version {done.version} is this menu already: {what}.")
    else:
        click.echo(f"{what}. Nothing was changed yet; --publish sells from it.")


@menu.command("export")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@_config_option
@_port_option
def menu_export(file: Path, config_file: Path | None, port: int | None) -> None:
    """Write the box's menu to FILE as a spreadsheet (CSV)."""
    from edge import menu_asked

    file.write_bytes(_asked(menu_asked.export_menu(_port(config_file, port))))
    click.echo(f"Wrote {file}.")


def _asked(work: Coroutine[Any, Any, T]) -> T:
    from edge import menu_asked

    try:
        return asyncio.run(work)
    except menu_asked.NotDone as no:
        _fail(str(no))


def _port(config_file: Path | None, given: int | None) -> int:
    from edge.config import ConfigError, load

    try:
        return given or load(config_file).http_port
    except ConfigError as fault:
        _fail(f"{fault}. Nothing was changed.")


def _fail(sentence: str) -> NoReturn:
    click.echo(sentence, err=True)
    sys.exit(1)
