"""After a backup was put back: HQ begins a new life, and every box sends what the backup lacks."""

from typing import Any

from cloud.backups import finish_what_was_put_back
from cloud.database import connect_as_owner
from cloud.distribution import begin_again


async def begin_new_life(owner_url: str) -> str:
    """Give the database and every feed a new incarnation; returns the database's.

    Boxes that knew the old one are answered 409, say hello, and compare chains; their feed cursors
    no longer fit, so each takes what HQ has now, also a menu older than its own.
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
        await begin_again(connection)
    return str(incarnation)
