"""After a backup was put back: HQ begins a new life, and every box sends what the backup lacks."""

from typing import Any

import msgspec

from cloud.backups import finish_what_was_put_back
from cloud.database import connect_as_owner
from cloud.distribution import EVERYWHERE, MENU, Publication, publish
from cloud.menus import find_current_menu

PUBLISHES_LOST_MAX = 1_000
"""More menus than can have been published after any backup that is put back."""


async def begin_new_life(owner_url: str) -> str:
    """Give the database and every feed a new incarnation; returns the database's.

    Boxes that knew the old one are answered 409, say hello, and compare chains; their feed cursors
    no longer fit, so they bootstrap. Each menu is published again under a number above all that the
    lost days can have used: a box never goes back to a lower one, so without this it would sell
    from a menu that HQ has no trace of, and pass over the next ones without a word.
    """
    connection = await connect_as_owner(owner_url)
    try:
        async with connection.transaction():
            return await _renew(connection)
    finally:
        await connection.close()


async def _renew(connection: Any) -> str:
    incarnation = await connection.fetchval(
        "UPDATE installation SET incarnation = gen_random_uuid() RETURNING incarnation"
    )
    now_ms = await connection.fetchval("SELECT (extract(epoch FROM now()) * 1000)::bigint")
    await finish_what_was_put_back(connection, now_ms)
    # Not even the owner sees past the walls, so each tenant is entered in turn.
    for row in await connection.fetch("SELECT tenant_id FROM list_tenants()"):
        await connection.execute(f"SET LOCAL app.tenant = '{row['tenant_id']}'")
        await connection.execute("UPDATE feed_heads SET incarnation = gen_random_uuid()")
        tenant_id = str(row["tenant_id"])
        await _publish_menu_again(connection, tenant_id, f"restored-{incarnation}", now_ms)
    return str(incarnation)


async def _publish_menu_again(
    connection: Any, tenant_id: str, publish_id: str, now_ms: int
) -> None:
    menu = await find_current_menu(connection, tenant_id)
    if menu is None:
        return
    again = msgspec.structs.replace(menu, version=menu.version + PUBLISHES_LOST_MAX)
    row = Publication(
        kind=MENU, key=EVERYWHERE, version=again.version, body=msgspec.json.encode(again)
    )
    await publish(connection, tenant_id, [row], publish_id=publish_id, now_ms=now_ms)
