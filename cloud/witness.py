"""What HQ can say under oath of an outlet: read from the ledger itself, for a box or HQ's staff to compare."""

from cloud.backups import OLDEST_RESTORABLE
from cloud.database import Database
from cloud.nodes import Node
from cloud.platform import Platform
from cloud.resolution import count_open
from cloud.roles import PRIMARY, peek
from protocol.replication import KnownStream, Witness


class NoSuchOutlet(Exception):
    """The tenant has no outlet of this id."""


class Witnesses:
    """Tells a Witness; nothing in it comes from a counter that could have drifted."""

    def __init__(self, database: Database, platform: Platform) -> None:
        self._database = database
        self._platform = platform

    async def tell(
        self, tenant_id: str, outlet_id: str, node: Node | None = None, instance: str = ""
    ) -> Witness:
        """Every stream of an outlet, how much is in its ledger, how far that is projected.

        The role is the one of `node`. Raises NoSuchOutlet.
        """
        place = (tenant_id, outlet_id)
        async with self._database.reading(tenant_id) as tx:
            outlet = await tx.fetchrow(
                f"""SELECT o.head, i.incarnation,
                       (SELECT begun_ms FROM backups WHERE number = ({OLDEST_RESTORABLE})) AS backup,
                       (SELECT min(position) FROM cursors c WHERE c.tenant_id = $1
                        AND c.outlet_id = $2 AND c.projection = 'sales') AS projected,
                       (SELECT count(*) FROM parked p WHERE p.tenant_id = $1
                        AND p.outlet_id = $2) AS parked,
                       (SELECT count(*) FROM ledger l WHERE l.tenant_id = $1
                        AND l.outlet_id = $2 AND NOT l.duplicate) AS distinct_events
                    FROM outlets o, installation i WHERE o.tenant_id = $1 AND o.outlet_id = $2""",
                *place,
            )
            if outlet is None:
                raise NoSuchOutlet(outlet_id)
            streams = await tx.fetch(
                f"""SELECT s.stream, s.last_seq, s.chain, coalesce((
                        SELECT e.last_seq FROM backup_ends e WHERE e.tenant_id = $1
                        AND e.outlet_id = $2 AND e.stream = s.stream
                        AND e.number <= ({OLDEST_RESTORABLE})
                        ORDER BY e.number DESC LIMIT 1), 0) AS safe
                    FROM streams s WHERE s.tenant_id = $1 AND s.outlet_id = $2
                    ORDER BY s.first_position, s.stream""",
                *place,
            )
            cards = await count_open(tx, tenant_id, outlet_id)
            role = PRIMARY if node is None else await peek(tx, node, instance)
        return Witness(
            incarnation=str(outlet["incarnation"]),
            server_ms=self._platform.wall_ms(),
            streams=tuple(
                KnownStream(r["stream"], r["last_seq"], r["chain"], r["safe"]) for r in streams
            ),
            head=outlet["head"],
            distinct=outlet["distinct_events"],
            projected=outlet["projected"] or 0,
            parked=outlet["parked"],
            cards=cards,
            role=role,
            backup_ms=outlet["backup"],
        )
