"""How an outlet's replication stands, for people: its boxes, what they said, what was odd or refused."""

from collections.abc import Iterable

import msgspec

from cloud.completeness import Sentence
from cloud.database import Row, Transaction
from cloud.oddities import OddityView, list_oddities
from cloud.roles import PRIMARY, STANDBY
from cloud.telemetry import Figure, list_figures
from protocol.alarms import sentence
from protocol.replication import Alarm

SHOWN_MS = 7 * 24 * 3_600_000
"""A box that was replaced is shown this long after it last spoke; the primary always is."""
ODDITIES_SHOWN = 20


class AlarmView(msgspec.Struct, frozen=True, kw_only=True):
    """An alarm of a box, in words; since when in Unix milliseconds of the box."""

    code: str
    since_ms: int
    sentence: Sentence


class BoxView(msgspec.Struct, frozen=True, kw_only=True):
    """One box as it last introduced itself. `instance` names its present start."""

    node_id: str
    instance: str
    role: str
    first_heard_ms: int
    last_heard_ms: int
    product: str
    unsent: int | None
    alarms: tuple[AlarmView, ...]


class RefusedView(msgspec.Struct, frozen=True, kw_only=True):
    """Requests in the name of the outlet's boxes that HQ did not take, and why the last was not."""

    times: int
    last_code: str
    last_sentence: str
    last_ms: int


class ReplicationState(msgspec.Struct, frozen=True, kw_only=True):
    """Figures the primary gave at its last hello beside those of HQ. Times in Unix milliseconds.

    `backup_ms`: when the oldest backup that could be put back was begun; boxes keep what it lacks.
    """

    term: int
    acknowledged: int | None
    replicated: int
    parked_at_box: int | None
    parked_at_hq: int
    unsent: int | None
    oldest_unsent_ms: int | None
    boxes: tuple[BoxView, ...]
    alarms: tuple[AlarmView, ...]
    refused: RefusedView | None
    oddities: tuple[OddityView, ...]
    telemetry: tuple[Figure, ...]
    backup_ms: int | None
    newest_backup_ms: int | None
    cards: int = 0
    """Cards of the outlet that wait for a person, what is parked included."""


async def read_states(tx: Transaction, tenant_id: str, now_ms: int) -> dict[str, ReplicationState]:
    """The state of every outlet of a tenant, by outlet id."""
    outlets = await tx.fetch(
        """SELECT o.*, (SELECT count(*) FROM parked p WHERE p.tenant_id = o.tenant_id
                        AND p.outlet_id = o.outlet_id) AS parked_at_hq,
               (SELECT count(*) FROM decisions d WHERE d.tenant_id = o.tenant_id
                AND d.outlet_id = o.outlet_id AND d.open) AS cards
           FROM outlets o WHERE o.tenant_id = $1""",
        tenant_id,
    )
    boxes = await _read_boxes(tx, tenant_id, now_ms)
    refused = {
        str(r["outlet_id"]): _refused(r)
        for r in await tx.fetch("SELECT * FROM refused_requests WHERE tenant_id = $1", tenant_id)
    }
    oddities = await list_oddities(tx, tenant_id)
    figures = await list_figures(tx, tenant_id)
    backups = await tx.fetchrow(
        """SELECT min(begun_ms) AS oldest, max(begun_ms) AS newest FROM backups
           WHERE finished_ms IS NOT NULL AND dropped_ms IS NULL"""
    )
    assert backups is not None
    return {
        (key := str(row["outlet_id"])): ReplicationState(
            term=row["term"],
            acknowledged=row["acknowledged"],
            replicated=row["head"],
            parked_at_box=row["parked_at_box"],
            parked_at_hq=row["parked_at_hq"],
            unsent=row["unsent"],
            oldest_unsent_ms=row["oldest_unsent_ms"],
            boxes=tuple(boxes.get(key, ())),
            alarms=_alarms(row["alarms"]),
            refused=refused.get(key),
            oddities=tuple(oddities.get(key, [])[:ODDITIES_SHOWN]),
            telemetry=tuple(figures.get(key, ())),
            backup_ms=backups["oldest"],
            newest_backup_ms=backups["newest"],
            cards=row["cards"] + row["parked_at_hq"],
        )
        for row in outlets
    }


# ---------------------------------------------------------------- parts


async def _read_boxes(tx: Transaction, tenant_id: str, now_ms: int) -> dict[str, list[BoxView]]:
    rows = await tx.fetch(
        """SELECT i.*, n.term = o.term AND i.line = o.primary_line AS is_primary
           FROM instances i JOIN outlets o USING (tenant_id, outlet_id)
           JOIN nodes n USING (tenant_id, node_id)
           WHERE tenant_id = $1 AND i.ended_stamp IS NULL AND n.retired_ms IS NULL
           ORDER BY is_primary DESC, i.last_heard_ms DESC""",
        tenant_id,
    )
    found: dict[str, list[BoxView]] = {}
    for row in rows:
        if row["is_primary"] or now_ms - row["last_heard_ms"] < SHOWN_MS:
            found.setdefault(str(row["outlet_id"]), []).append(_box(row))
    return found


def _box(row: Row) -> BoxView:
    return BoxView(
        node_id=row["node_id"],
        instance=row["instance"],
        role=PRIMARY if row["is_primary"] else STANDBY,
        first_heard_ms=row["first_heard_ms"],
        last_heard_ms=row["last_heard_ms"],
        product=row["product"],
        unsent=row["unsent"],
        alarms=_alarms(row["alarms"]),
    )


def _alarms(kept: bytes) -> tuple[AlarmView, ...]:
    alarms: Iterable[Alarm] = msgspec.json.decode(kept, type=tuple[Alarm, ...])
    return tuple(
        AlarmView(
            code=a.code,
            since_ms=a.since_ms,
            sentence=Sentence(en=sentence(a, "en"), id=sentence(a, "id")),
        )
        for a in alarms
    )


def _refused(row: Row) -> RefusedView:
    return RefusedView(**{name: row[name] for name in RefusedView.__struct_fields__})
