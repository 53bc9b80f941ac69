"""`kedai cloud …`: run HQ, and tell it of tenants, outlets and keys."""

from pathlib import Path
from typing import Any

import click
import msgspec

from cloud import access, cli_data, config, outlets
from cloud.cli_house import house_group
from cloud.cli_menu import menu_group
from cloud.cli_routing import route_command
from cloud.cli_staff import staff_group
from cloud.cli_work import TENANT, ensure_database, or_say, say, with_database
from cloud.database import Database
from cloud.platform import Platform

TAKES_OVER = "From then on it takes the orders, and a box that is there now stands by."


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--config", "file", type=click.Path(path_type=Path), help="Settings file (TOML).")
@click.option("--database-url", default="", help="Where Postgres is; wins over --data.")
@click.option("--data", default="", help="Folder for a Postgres of HQ's own.")
@click.pass_context
def main(context: click.Context, file: Path | None, database_url: str, data: str) -> None:
    """Headquarters: every outlet's sales, the menu, and who may see them."""
    settings = or_say(lambda: config.load(file))
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
        settings = or_say(lambda: config.load(file))
    given = {
        k: v for k, v in (("data", data), ("host", host), ("port", port)) if v not in ("", None)
    }
    settings = msgspec.structs.replace(settings, **given)
    ensure_database(settings)
    or_say(lambda: app.run(settings))


for verb in cli_data.VERBS:
    main.add_command(verb)


main.add_command(house_group)
main.add_command(staff_group)
main.add_command(menu_group)


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

    added = with_database(settings, work)
    say(added, as_json, f"Added {added.name} ({added.currency}, {added.zone}): {added.tenant_id}")


@tenant.command("list")
@click.option("--json", "as_json", is_flag=True, help="Answer as JSON.")
@click.pass_obj
def tenant_list(settings: config.Config, as_json: bool) -> None:
    """Show all businesses."""
    found = with_database(settings, outlets.list_tenants)
    say(found, as_json, "\n".join(f"{t.tenant_id}  {t.name}  {t.currency}" for t in found))


@main.group()
def outlet() -> None:
    """Outlets and the codes their boxes join with."""


outlet.add_command(route_command)


@outlet.command("add")
@click.argument("name")
@click.option("--tenant", "tenant_name", default="", help=TENANT)
@click.option("--zone", default=None, help="Time zone, when it differs from the tenant's.")
@click.option("--rollover-hour", default=0, show_default=True, help="Hour a business date begins.")
@click.option("--id", "outlet_id", default="", help="Its old id, when HQ lost an outlet.")
@click.option("--json", "as_json", is_flag=True, help="Answer as JSON.")
@click.pass_obj
def outlet_add(
    settings: config.Config,
    name: str,
    tenant_name: str,
    zone: str | None,
    rollover_hour: int,
    outlet_id: str,
    as_json: bool,
) -> None:
    """Add an outlet and print the one-time code its box enrols with."""

    async def work(database: Database) -> dict[str, Any]:
        owner = await outlets.get_tenant(database, tenant_name)
        made = await outlets.add_outlet(
            *(database, Platform(), owner),
            name=name,
            zone=zone,
            rollover_hour=rollover_hour,
            outlet_id=outlet_id,
        )
        return await _code(database, owner, made, name)

    made = with_database(settings, work)
    say(made, as_json, f"Added {name}. Its box enrols within a day with: {made['code']}")


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

    made = with_database(settings, work)
    say(
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

    found = with_database(settings, work)
    rows = [
        f"{o.outlet_id}  {o.name}  received {o.head}, projected {o.projected}, parked {o.parked}, "
        f"unsent {'?' if o.unsent is None else o.unsent}"
        for o in found
    ]
    say(found, as_json, "\n".join(rows))


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

    made = with_database(settings, work)
    say(made, as_json, f"{made['key']}\nIt is shown this once; open HQ with /?key=…")


@key.command("list")
@click.option("--tenant", "tenant_name", default="", help=TENANT)
@click.option("--json", "as_json", is_flag=True, help="Answer as JSON.")
@click.pass_obj
def key_list(settings: config.Config, tenant_name: str, as_json: bool) -> None:
    """Show the keys of a business, without their secrets."""

    async def work(database: Database) -> list[access.Key]:
        owner = await outlets.get_tenant(database, tenant_name)
        return await access.list_keys(database, owner.tenant_id)

    found = with_database(settings, work)
    rows = [f"{k.key_id}  {k.name}{'  revoked' if k.revoked_ms else ''}" for k in found]
    say(found, as_json, "\n".join(rows))


@key.command("revoke")
@click.argument("key_id")
@click.option("--tenant", "tenant_name", default="", help=TENANT)
@click.pass_obj
def key_revoke(settings: config.Config, key_id: str, tenant_name: str) -> None:
    """Make a key useless; running HQs forget it within half a minute."""

    async def work(database: Database) -> bool:
        owner = await outlets.get_tenant(database, tenant_name)
        return await access.revoke_key(database, Platform(), owner.tenant_id, key_id)

    if not with_database(settings, work):
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
