"""Things a projection cannot take in: each waits alone with its reason, everything else flows."""

from collections.abc import Iterable, Mapping

from cloud.database import Row, Transaction
from cloud.follower import Place
from cloud.histories import Stuck


async def park(
    tx: Transaction, at: Place, projection: str, stuck: Mapping[str, Stuck], now_ms: int
) -> None:
    """Let these things wait; one that waits already keeps its time."""
    for thing, (row, reason) in stuck.items():
        await tx.execute(
            """INSERT INTO parked VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
               ON CONFLICT (tenant_id, outlet_id, projection, aggregate_id) DO UPDATE SET
                   event_id = excluded.event_id, event_type = excluded.event_type,
                   position = excluded.position, reason = excluded.reason""",
            *(*at, projection, thing, row["event_id"], row["type"], row["position"]),
            *(reason.replace("\x00", "\ufffd")[:500], now_ms),
        )


async def unpark(tx: Transaction, at: Place, projection: str, things: Iterable[str]) -> None:
    """These flow again."""
    if flowing := list(things):
        await tx.execute(
            """DELETE FROM parked WHERE tenant_id = $1 AND outlet_id = $2 AND projection = $3
               AND aggregate_id = ANY($4::text[])""",
            *(*at, projection, flowing),
        )


async def unpark_all(tx: Transaction, at: Place, projection: str) -> None:
    """Nothing of this projection waits: it begins anew."""
    await tx.execute(
        "DELETE FROM parked WHERE tenant_id = $1 AND outlet_id = $2 AND projection = $3",
        *(*at, projection),
    )


async def read_parked(
    tx: Transaction, at: Place, projection: str, columns: str, only: str
) -> list[Row]:
    """Every entry, of those a projection reads, of the things that wait."""
    return list(
        await tx.fetch(
            f"""SELECT {columns} FROM ledger WHERE tenant_id = $1 AND outlet_id = $2 AND ({only})
                AND aggregate_id IN (SELECT aggregate_id FROM parked WHERE tenant_id = $1
                    AND outlet_id = $2 AND projection = $3)
                ORDER BY position""",
            *(*at, projection),
        )
    )
