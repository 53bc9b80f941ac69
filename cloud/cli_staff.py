"""`kedai cloud staff`: who works where, and their PINs."""

from collections.abc import Coroutine, Mapping

import click

from cloud import config, outlets
from cloud.cli_work import TENANT, say, with_database
from cloud.database import Database
from cloud.people import People, PersonView, PersonWish, UnfitPerson
from cloud.platform import Platform
from protocol.staff import Role

ROLES = click.Choice([role.value for role in Role])
OUTLET = "Name or id of an outlet, several times for several; left out: every outlet."


@click.group("staff")
def staff_group() -> None:
    """People: who works where, in what role, with what PIN."""


@staff_group.command("add")
@click.argument("name")
@click.option("--role", type=ROLES, default="cashier", show_default=True)
@click.option("--outlet", "places", multiple=True, help=OUTLET)
@click.option("--language", default="", help="id or en; else the outlet's own.")
@click.option("--pin", default="", help="Four to six digits; asked for when left out.")
@click.option("--tenant", "tenant_name", default="", help=TENANT)
@click.option("--json", "as_json", is_flag=True, help="Answer as JSON.")
@click.pass_obj
def staff_add(
    settings: config.Config,
    name: str,
    role: str,
    places: tuple[str, ...],
    language: str,
    pin: str,
    tenant_name: str,
    as_json: bool,
) -> None:
    """Add somebody; the boxes of their outlets hear of it."""
    pin = pin or click.prompt("PIN", hide_input=True, confirmation_prompt=True)

    async def work(database: Database) -> PersonView:
        owner = await outlets.get_tenant(database, tenant_name)
        found = [await outlets.get_outlet(database, owner.tenant_id, p) for p in places]
        wish = PersonWish(
            name=name,
            role=Role(role),
            outlets=tuple(o.outlet_id for o in found),
            language=language,
        )
        return await _fit(People(database, Platform()).add(owner.tenant_id, wish, pin))

    person = with_database(settings, work)
    say(person, as_json, f"{person.name} ({person.role.value}) is added: {person.staff_id}")


@staff_group.command("list")
@click.option("--tenant", "tenant_name", default="", help=TENANT)
@click.option("--json", "as_json", is_flag=True, help="Answer as JSON.")
@click.pass_obj
def staff_list(settings: config.Config, tenant_name: str, as_json: bool) -> None:
    """List everybody."""

    async def work(database: Database) -> tuple[list[PersonView], Mapping[str, str]]:
        owner = await outlets.get_tenant(database, tenant_name)
        found = await outlets.list_outlets(database, owner.tenant_id)
        places = {str(o.outlet_id): o.name for o in found}
        return await People(database, Platform()).list(owner.tenant_id), places

    people, places = with_database(settings, work)
    say(people, as_json, "\n".join(_row(p, places) for p in people) or "Nobody yet.")


@staff_group.command("pin")
@click.argument("name")
@click.option("--pin", default="", help="Four to six digits; asked for when left out.")
@click.option("--tenant", "tenant_name", default="", help=TENANT)
@click.pass_obj
def staff_pin(settings: config.Config, name: str, pin: str, tenant_name: str) -> None:
    """Give somebody (name or id) another PIN."""
    pin = pin or click.prompt("PIN", hide_input=True, confirmation_prompt=True)

    async def work(database: Database) -> PersonView:
        owner = await outlets.get_tenant(database, tenant_name)
        people = People(database, Platform())
        person = await _get(people, owner.tenant_id, name)
        return await _fit(people.set_pin(owner.tenant_id, person.staff_id, pin))

    click.echo(f"{with_database(settings, work).name} has another PIN.")


@staff_group.command("remove")
@click.argument("name")
@click.option("--tenant", "tenant_name", default="", help=TENANT)
@click.pass_obj
def staff_remove(settings: config.Config, name: str, tenant_name: str) -> None:
    """Somebody (name or id) does not work here any more."""

    async def work(database: Database) -> PersonView:
        owner = await outlets.get_tenant(database, tenant_name)
        people = People(database, Platform())
        person = await _get(people, owner.tenant_id, name)
        gone = PersonWish(active=False)
        return await _fit(people.change(owner.tenant_id, person.staff_id, gone))

    click.echo(f"{with_database(settings, work).name} is signed out as soon as the boxes hear it.")


# ---------------------------------------------------------------- parts


async def _fit(asked: Coroutine[None, None, PersonView]) -> PersonView:
    try:
        return await asked
    except UnfitPerson as no:
        raise click.ClickException(f"Nothing was changed: {no}.") from None


async def _get(people: People, tenant_id: str, name: str) -> PersonView:
    """Somebody by id, or by a name that only one person has."""
    everybody = await people.list(tenant_id)
    found = [p for p in everybody if p.staff_id == name] or [
        p for p in everybody if p.name.casefold() == name.strip().casefold() and p.active
    ]
    if len(found) != 1:
        why = "Nobody is" if not found else f"{len(found)} people are"
        raise click.ClickException(f"{why} called {name!r}; `staff list` shows everybody.")
    return found[0]


def _row(person: PersonView, places: Mapping[str, str]) -> str:
    where = ", ".join(places.get(x, x) for x in person.outlets) or "every outlet"
    notes = ("" if person.has_pin else "  no PIN") + ("" if person.active else "  left")
    return f"{person.staff_id}  {person.name}  {person.role.value}  {where}{notes}"
