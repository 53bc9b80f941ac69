"""`kedai edge staff`: who works at this box, and people of a box that has no HQ."""

import asyncio
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import click

T = TypeVar("T")
ROLES = ("owner", "admin", "manager", "cashier", "kitchen")

_config_option = click.option(
    "--config", "config_file", type=click.Path(path_type=Path), help="TOML file; see `config.py`."
)
_port_option = click.option("--port", type=int, help="HTTP port of the running box.")
_pin_option = click.option("--pin", default="", help="Four to six digits; asked for when left out.")


@click.group()
def staff() -> None:
    """Who works here. With an HQ, people are kept there: `kedai cloud staff`."""


@staff.command("list")
@_config_option
@_port_option
def staff_list(config_file: Path | None, port: int | None) -> None:
    """Everybody who works at this box."""
    from edge import staff_asked

    found = _asked(staff_asked.listed(_port(config_file, port)))
    for person in found.people:
        click.echo(f"{person.staff_id}  {person.name}  {person.role.value}")
    needed = "Screens ask who is there." if found.sign_in else "Nobody has to sign in."
    click.echo(needed)


@staff.command("add")
@click.argument("name")
@click.option("--role", type=click.Choice(ROLES), default="cashier", show_default=True)
@click.option("--language", default="", help="id or en; else the screen's own.")
@_pin_option
@_config_option
@_port_option
def staff_add(
    name: str, role: str, language: str, pin: str, config_file: Path | None, port: int | None
) -> None:
    """Add somebody to a box that has no HQ; from then on its counters ask who is there."""
    from edge import staff_asked
    from protocol.staff import Role

    at, chosen = _port(config_file, port), _chosen(pin)
    person = _asked(staff_asked.add(at, name, Role(role), chosen, language))
    click.echo(f"{person.name} ({person.role.value}) can sign in now.")


@staff.command("pin")
@click.argument("name")
@_pin_option
@_config_option
@_port_option
def staff_pin(name: str, pin: str, config_file: Path | None, port: int | None) -> None:
    """Give somebody of a box that has no HQ another PIN."""
    from edge import staff_asked

    at, chosen = _port(config_file, port), _chosen(pin)
    click.echo(f"{_asked(staff_asked.give_pin(at, name, chosen)).name} has another PIN.")


@staff.command("remove")
@click.argument("name")
@_config_option
@_port_option
def staff_remove(name: str, config_file: Path | None, port: int | None) -> None:
    """Somebody of a box that has no HQ does not work here any more."""
    from edge import staff_asked

    person = _asked(staff_asked.remove(_port(config_file, port), name))
    click.echo(f"{person.name} is signed out.")


def _chosen(pin: str) -> str:
    return pin or str(click.prompt("PIN", hide_input=True, confirmation_prompt=True))


def _asked(work: Coroutine[Any, Any, T]) -> T:
    from edge import staff_asked

    try:
        return asyncio.run(work)
    except staff_asked.NotDone as no:
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
