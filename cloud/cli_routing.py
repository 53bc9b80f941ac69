"""`kedai cloud outlet route`: who makes what at an outlet, where that differs from the menu."""

from collections.abc import Iterable
from typing import TypeVar

import click

from cloud import config, outlets
from cloud.cli_work import TENANT, say, with_database
from cloud.database import Database
from cloud.menus import Menus
from cloud.platform import Platform
from cloud.routing import OutletRouting, Routings, UnfitRouting
from protocol.ids import ItemId, StationId
from protocol.menu import Menu, name_in
from protocol.routing import NO_ROUTING, Routing

K = TypeVar("K", bound=str)
V = TypeVar("V")

HINT = (
    "Write NAME=STATION, several stations with commas; NAME= leaves it to the menu again, and "
    "--station NAME=none says that the outlet has no such station."
)


@click.command("route", epilog=HINT)
@click.argument("name")
@click.option("--tenant", "tenant_name", default="", help=TENANT)
@click.option("--item", "items", multiple=True, metavar="PLU=STATION", help="Who makes an item.")
@click.option(
    "--category", "categories", multiple=True, metavar="ID=STATION", help="Or a category."
)
@click.option(
    "--station", "stations", multiple=True, metavar="ID=STATION", help="Who has a station's work."
)
@click.option("--target", "targets", multiple=True, metavar="STATION=SECONDS", help="Time to make.")
@click.option("--clear", is_flag=True, help="Leave everything to the menu, then do the rest.")
@click.option("--json", "as_json", is_flag=True, help="Answer as JSON.")
@click.pass_obj
def route_command(  # one parameter for each thing the operator decides
    settings: config.Config,
    name: str,
    tenant_name: str,
    items: tuple[str, ...],
    categories: tuple[str, ...],
    stations: tuple[str, ...],
    targets: tuple[str, ...],
    clear: bool,
    as_json: bool,
) -> None:
    """Say who makes what at an outlet (name or id); without options, show it.

    The list of items that have only the fallback station is at the end.
    """
    said = bool(items or categories or stations or targets or clear)

    async def work(database: Database) -> tuple[OutletRouting, Menu | None]:
        owner = await outlets.get_tenant(database, tenant_name)
        found = await outlets.get_outlet(database, owner.tenant_id, name)
        routings = Routings(database, Platform())
        menu = await Menus(database, Platform()).find_current(owner.tenant_id)
        if said:
            old = (await routings.show(owner.tenant_id, found.outlet_id)).routing
            old = NO_ROUTING if clear else old
            new = Routing(
                items=_changed(old.items, ((_item(menu, k), _split(v)) for k, v in _pairs(items))),
                categories=_changed(
                    old.categories, ((k, _split(v)) for k, v in _pairs(categories))
                ),
                stations=_changed(
                    old.stations, ((StationId(k), _split(v)) for k, v in _pairs(stations))
                ),
                targets_s=_changed(
                    old.targets_s, ((StationId(k), _seconds(v)) for k, v in _pairs(targets))
                ),
            )
            await _publish(routings, owner.tenant_id, found.outlet_id, new)
        return await routings.show(owner.tenant_id, found.outlet_id), menu

    shown, menu = with_database(settings, work)
    say(shown, as_json, in_words(shown, menu))


def in_words(shown: OutletRouting, menu: Menu | None) -> str:
    """The routing as an operator reads it, and what has only the fallback station."""
    routing = shown.routing
    names = {} if menu is None else {i.id: name_in(i.names, "en") for i in menu.items}
    rows = [f"item {names.get(i, i)}: {', '.join(s)}" for i, s in routing.items.items()]
    rows += [f"category {c}: {', '.join(s)}" for c, s in routing.categories.items()]
    rows += [
        f"instead of {s}: {', '.join(there) or 'nobody'}" for s, there in routing.stations.items()
    ]
    rows += [f"target at {s}: {seconds} s" for s, seconds in routing.targets_s.items()]
    rows = rows or ["Everything goes where the menu says."]
    if shown.unserved and menu is not None:
        rows.append(f"Only the fallback station ({menu.fallback_station}) has:")
        for item in shown.unserved:
            why = f"no station {', '.join(item.missing)}" if item.missing else "no station named"
            rows.append(f"  {name_in(item.names, 'en')}: {why}")
    return "\n".join(rows)


async def _publish(routings: Routings, tenant_id: str, outlet_id: str, routing: Routing) -> None:
    try:
        await routings.publish(tenant_id, outlet_id, routing)
    except UnfitRouting as no:
        told = "\n".join(f"- {fault}" for fault in no.faults)
        raise click.ClickException(f"Nothing was changed:\n{told}") from None


def _pairs(given: tuple[str, ...]) -> list[tuple[str, str]]:
    pairs = [text.partition("=") for text in given]
    if wrong := [name for name, sign, _ in pairs if not name or not sign]:
        raise click.ClickException(f"{wrong[0]!r} says nothing. {HINT}")
    return [(name.strip(), value.strip()) for name, _, value in pairs]


def _split(value: str) -> tuple[StationId, ...] | None:
    if value == "none":
        return ()
    return tuple(StationId(s.strip()) for s in value.split(",") if s.strip()) or None


def _seconds(value: str) -> int | None:
    if value and not value.isdecimal():
        raise click.ClickException(f"{value!r} is not a number of seconds.")
    return int(value) if value else None


def _item(menu: Menu | None, plu: str) -> ItemId:
    """An item by one of its PLUs, or by its id."""
    for item in () if menu is None else menu.items:
        if plu == item.id or plu in {v.plu for v in item.variants}:
            return item.id
    raise click.ClickException(f"The menu has no item {plu!r}.")


def _changed(old: dict[K, V], news: Iterable[tuple[K, V | None]]) -> dict[K, V]:
    """The old ones with the news; what is left empty goes."""
    changed = dict(old)
    for name, value in news:
        changed.pop(name, None)
        if value is not None:
            changed[name] = value
    return changed
