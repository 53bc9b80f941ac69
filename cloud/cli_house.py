"""`kedai cloud house`: the rules of the house, read and published from a file."""

from pathlib import Path
from typing import Any

import click
import msgspec

from cloud import config, outlets
from cloud.cli_work import TENANT, say, with_database
from cloud.database import Database
from cloud.house import Houses, HouseShown, PublishedHouse, UnfitHouse
from cloud.platform import Platform
from protocol.bill import BillRules
from protocol.house import House
from protocol.menu import name_in

OUTLET = "Name or id of one outlet; else the rules of all."


@click.group("house")
def house_group() -> None:
    """Taxes, service charge, promotions, floor plan, tills: what holds at the outlets."""


@house_group.command("show")
@click.option("--outlet", "outlet_name", default="", help=OUTLET)
@click.option("--tenant", "tenant_name", default="", help=TENANT)
@click.option("--json", "as_json", is_flag=True, help="Answer as JSON; `set` takes it back.")
@click.pass_obj
def house_show(settings: config.Config, outlet_name: str, tenant_name: str, as_json: bool) -> None:
    """Show the rules in force."""

    async def work(database: Database) -> HouseShown:
        tenant_id, outlet_id = await _where(database, tenant_name, outlet_name)
        return await Houses(database, Platform()).show(tenant_id, outlet_id)

    shown = with_database(settings, work)
    say(shown.house, as_json, in_words(shown))


@house_group.command("set")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--outlet", "outlet_name", default="", help=OUTLET)
@click.option("--tenant", "tenant_name", default="", help=TENANT)
@click.option("--json", "as_json", is_flag=True, help="Answer as JSON.")
@click.pass_obj
def house_set(
    settings: config.Config, file: Path, outlet_name: str, tenant_name: str, as_json: bool
) -> None:
    """Publish the rules in FILE (JSON, or TOML when it is named so), whole.

    Outlets with rules of their own keep those; name one with --outlet to give it some.
    """
    house = _read(file)

    async def work(database: Database) -> PublishedHouse:
        tenant_id, outlet_id = await _where(database, tenant_name, outlet_name)
        houses = Houses(database, Platform())
        try:
            return await houses.publish(tenant_id, house, outlet_id=outlet_id)
        except UnfitHouse as no:
            told = "\n".join(f"- {fault}" for fault in no.faults)
            raise click.ClickException(f"Nothing was changed:\n{told}") from None

    done = with_database(settings, work)
    new = "was in force already" if done.unchanged else "goes to the outlets"
    say(done, as_json, f"Version {done.version} {new}.")


@house_group.command("unset")
@click.argument("outlet_name", metavar="OUTLET")
@click.option("--tenant", "tenant_name", default="", help=TENANT)
@click.pass_obj
def house_unset(settings: config.Config, outlet_name: str, tenant_name: str) -> None:
    """Let one outlet go by everybody's rules again."""

    async def work(database: Database) -> PublishedHouse:
        tenant_id, outlet_id = await _where(database, tenant_name, outlet_name)
        assert outlet_id is not None
        return await Houses(database, Platform()).take_back(tenant_id, outlet_id)

    done = with_database(settings, work)
    click.echo("It had none of its own." if done.unchanged else "It goes by everybody's rules.")


def in_words(shown: HouseShown) -> str:
    """The rules as an operator reads them."""
    house = shown.house
    if shown.version == 0:
        return "No house rules were published: guests pay what the menu says."
    rows = [f"Version {shown.version}{', of this outlet alone' if shown.own else ''}"]
    rows += [_bill_in_words(rules) for rules in house.bill.rules]
    for name, count in (
        ("promotion", len(house.promotions)),
        ("discount to choose", len(house.discounts)),
        ("table", sum(len(s.tables) for s in house.sections)),
        ("till", len(house.tills)),
    ):
        rows.append(f"{count} {name}{'' if count == 1 else 's'}")
    if shown.outlets_with_own and not shown.own:
        rows.append(f"Outlets with rules of their own: {', '.join(shown.outlets_with_own)}")
    return "\n".join(rows)


def _bill_in_words(rules: BillRules) -> str:
    parts = [
        f"{name_in(tax.names, 'en')} {tax.amount}{' % in the price' if tax.included else ' %'}"
        for tax in rules.taxes
    ]
    if rules.service is not None:
        parts.insert(0, f"{name_in(rules.service.names, 'en')} {rules.service.percent} %")
    since = f"From {rules.from_date}" if rules.from_date else "Bill"
    return f"{since}: {', '.join(parts) or 'nothing is added'}"


def _read(file: Path) -> House:
    body = file.read_bytes()
    try:
        said: Any = (
            msgspec.toml.decode(body) if file.suffix == ".toml" else msgspec.json.decode(body)
        )
        return msgspec.convert(said, House)
    except (msgspec.DecodeError, UnicodeDecodeError) as no:
        raise click.ClickException(f"{file} cannot be read: {no}") from None


async def _where(database: Database, tenant_name: str, outlet_name: str) -> tuple[str, str | None]:
    owner = await outlets.get_tenant(database, tenant_name)
    if not outlet_name:
        return owner.tenant_id, None
    found = await outlets.get_outlet(database, owner.tenant_id, outlet_name)
    return owner.tenant_id, found.outlet_id
