"""`kedai edge day` and `kedai edge till`: how the day stands, closing it, and who has a till open."""

import asyncio
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import click
import msgspec

T = TypeVar("T")

_config_option = click.option(
    "--config", "config_file", type=click.Path(path_type=Path), help="TOML file; see `config.py`."
)
_data_option = click.option("--data", "data_dir", help="Folder with the box's data.")
_port_option = click.option("--port", type=int, help="HTTP port of the running box.")
_json_option = click.option("--json", "as_json", is_flag=True, help="Print everything as JSON.")
_staff_option = click.option(
    "--staff", help="Id of who asks, where people sign in; the PIN is asked for."
)
_date_option = click.option("--date", help="Business date such as 2026-01-31; else today's.")


@click.group()
def day() -> None:
    """The business date: how it stands, closing it, and whether closed days are what they were."""


@click.group()
def till() -> None:
    """Tills and shifts."""


@day.command()
@_date_option
@_staff_option
@_json_option
@_config_option
@_port_option
def show(
    date: str | None,
    staff: str | None,
    config_file: Path | None,
    port: int | None,
    *,
    as_json: bool,
) -> None:
    """What no Z report has counted yet, and what is not done; it counts nothing."""
    from edge import closing

    standing = _asked(closing.standing(_port(config_file, port), date, _who(staff)))
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(standing)))
        return
    for line in closing.standing_in_words(standing):
        click.echo(line)


@day.command()
@_date_option
@click.option(
    "--knowing",
    is_flag=True,
    help="Close also with what is not done; it is listed on the Z report.",
)
@_staff_option
@_config_option
@_port_option
def close(
    date: str | None,
    staff: str | None,
    config_file: Path | None,
    port: int | None,
    *,
    knowing: bool,
) -> None:
    """Close the day with a Z report, and those before it that were missed."""
    from edge import closing
    from edge.platform import Platform

    work = closing.close(
        *(_port(config_file, port), date, Platform().new_id), knowing=knowing, staff=_who(staff)
    )
    for line in _asked(work):
        click.echo(line)


@day.command()
@_json_option
@_config_option
@_data_option
def verify(config_file: Path | None, data_dir: str | None, *, as_json: bool) -> None:
    """Check every closed day: its figures' digest, its number, its certificate and who signed it."""
    from edge import closing

    config = _config(config_file, data_dir)
    try:
        verdicts = closing.verify_folder(Path(config.data_dir))
    except closing.NotDone as no:
        _fail(str(no))
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(verdicts)))
    else:
        for line in closing.verdicts_in_words(verdicts):
            click.echo(line)
    if any(v.wrong for v in verdicts):
        sys.exit(1)


@till.command("list")
@_json_option
@_config_option
@_port_option
def list_tills(config_file: Path | None, port: int | None, *, as_json: bool) -> None:
    """Tills, and who has them open since when."""
    from edge import closing

    found = _asked(closing.tills(_port(config_file, port)))
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(found)))
        return
    for line in closing.tills_in_words(found):
        click.echo(line)


def _who(staff: str | None) -> tuple[str, str] | None:
    return (staff, click.prompt("PIN", hide_input=True)) if staff else None


def _asked(work: Coroutine[Any, Any, T]) -> T:
    from edge import closing

    try:
        return asyncio.run(work)
    except closing.NotDone as no:
        _fail(str(no))


def _config(config_file: Path | None, data_dir: str | None = None) -> Any:
    from edge.config import ConfigError, load

    try:
        config = load(config_file)
    except ConfigError as fault:
        _fail(f"{fault}. Nothing was changed.")
    return msgspec.structs.replace(config, data_dir=data_dir) if data_dir else config


def _port(config_file: Path | None, given: int | None) -> int:
    return given or int(_config(config_file).http_port)


def _fail(sentence: str) -> NoReturn:
    click.echo(sentence, err=True)
    sys.exit(1)
