"""`kedai edge reprint` and `kedai edge papers`: what printers owe, and paper once more."""

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
_port_option = click.option("--port", type=int, help="HTTP port of the running box.")


@click.command()
@click.argument("order")
@click.option(
    "--what",
    type=click.Choice(("receipt", "tickets")),
    default="receipt",
    show_default=True,
    help="The guest's paper, or the kitchen's.",
)
@click.option("--printer", help="Print there instead of where it belongs.")
@_config_option
@_port_option
def reprint(
    order: str, what: str, printer: str | None, config_file: Path | None, port: int | None
) -> None:
    """Print an order's paper again. ORDER is its number, such as A042, or its id.

    Anything that was on paper before says DUPLICATE and how often.
    """
    from edge import reprinting
    from edge.platform import Platform

    at = _port(config_file, port)
    key = Platform().new_id()
    for line in _asked(reprinting.reprint(at, order, what, printer, key)):
        click.echo(line)


@click.command()
@click.option("--all", "everything", is_flag=True, help="Those that came out as well.")
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON.")
@_config_option
@_port_option
def papers(config_file: Path | None, port: int | None, *, everything: bool, as_json: bool) -> None:
    """List the papers that have not come out, with the reason, newest first."""
    from edge import reprinting

    found = _asked(reprinting.papers(_port(config_file, port), everything=everything))
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(found)))
        return
    for paper in found:
        click.echo(f"{reprinting.in_words(paper)}  [{paper.job_id}]")
    if not found:
        click.echo("Every paper has come out.")


def _asked(work: Coroutine[Any, Any, T]) -> T:
    from edge import reprinting

    try:
        return asyncio.run(work)
    except reprinting.NotDone as no:
        _fail(str(no))


def _port(config_file: Path | None, given: int | None) -> int:
    from edge.config import ConfigError, load

    try:
        return given or load(config_file).http_port
    except ConfigError as fault:
        _fail(f"{fault}. Nothing was printed.")


def _fail(sentence: str) -> NoReturn:
    click.echo(sentence, err=True)
    sys.exit(1)
