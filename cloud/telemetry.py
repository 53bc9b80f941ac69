"""Figures that boxes send of themselves: the newest of each name is kept, apart from anything sold."""

from math import isfinite

import msgspec

from cloud.database import Database, Transaction
from cloud.nodes import Node
from cloud.platform import Platform
from protocol.replication import SAMPLES_MAX, Telemetry

NAMES_MAX = 100
"""Names kept per outlet; a new one beyond is left out."""
NAME_CHARS_MAX = 60
DROPPED = "dropped"
"""Under this name: samples the box threw away for want of room, all told."""
BIGINT_MAX = (1 << 63) - 1


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """The newest value of a name, when the box measured it and when HQ got it (Unix ms)."""

    name: str
    value: float
    at_ms: int
    received_ms: int


class Telemetries:
    """What is lost of this is lost: nothing waits for it and nothing is told twice."""

    def __init__(self, database: Database, platform: Platform) -> None:
        self._database = database
        self._platform = platform

    async def take(self, node: Node, told: Telemetry) -> None:
        """Keep the newest sample of each name; at most SAMPLES_MAX of a message are read."""
        now_ms = self._platform.wall_ms()
        newest = {
            _name(s.name): (max(-BIGINT_MAX, min(s.at_ms, BIGINT_MAX)), s.value)
            for s in told.samples[:SAMPLES_MAX]
            if isfinite(s.value)
        }
        newest.pop(DROPPED, None)
        async with self._database.transaction(node.tenant_id) as tx:
            # A figure is not worth waiting for the disk.
            await tx.execute("SET LOCAL synchronous_commit = off")
            await tx.execute(
                """INSERT INTO telemetry
                   SELECT $1, $2, s.name, s.at_ms, s.value, $3
                   FROM unnest($4::text[], $5::bigint[], $6::float8[]) AS s (name, at_ms, value)
                   WHERE EXISTS (SELECT 1 FROM telemetry t WHERE t.tenant_id = $1
                                 AND t.outlet_id = $2 AND t.name = s.name)
                   OR (SELECT count(*) FROM telemetry t WHERE t.tenant_id = $1
                       AND t.outlet_id = $2) + cardinality($4::text[]) <= $7
                   ON CONFLICT (tenant_id, outlet_id, name) DO UPDATE SET at_ms = excluded.at_ms,
                       value = excluded.value, received_ms = excluded.received_ms""",
                *(node.tenant_id, node.outlet_id, now_ms, list(newest)),
                *([at for at, _ in newest.values()], [value for _, value in newest.values()]),
                NAMES_MAX,
            )
            if told.dropped > 0:
                await tx.execute(
                    """INSERT INTO telemetry VALUES ($1, $2, $3, $4, $5, $4)
                       ON CONFLICT (tenant_id, outlet_id, name) DO UPDATE SET
                           value = telemetry.value + excluded.value, at_ms = excluded.at_ms,
                           received_ms = excluded.received_ms""",
                    *(node.tenant_id, node.outlet_id, DROPPED, now_ms),
                    float(min(told.dropped, BIGINT_MAX)),
                )


async def list_figures(tx: Transaction, tenant_id: str) -> dict[str, list[Figure]]:
    """The newest figures of every outlet of the tenant, by name."""
    rows = await tx.fetch("SELECT * FROM telemetry WHERE tenant_id = $1 ORDER BY name", tenant_id)
    found: dict[str, list[Figure]] = {}
    for row in rows:
        figure = Figure(**{name: row[name] for name in Figure.__struct_fields__})
        found.setdefault(str(row["outlet_id"]), []).append(figure)
    return found


def _name(text: str) -> str:
    return text.replace("\x00", "")[:NAME_CHARS_MAX]
