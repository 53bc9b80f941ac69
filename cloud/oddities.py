"""What HQ notices about an outlet's replication and a person should see; the same again is counted."""

from collections.abc import Iterable
from typing import NamedTuple

import msgspec

from cloud.database import Row, Transaction
from cloud.nodes import Node

KEPT_MAX = 200
"""Different oddities kept per outlet; what comes beyond is counted under one subject per kind."""
REST = "*"
DETAIL_CHARS_MAX = 500


class Oddity(NamedTuple):
    """A kind (`diverged`, `gap`, `event_differs`, `two_boxes`, `forked`), what it is about, a
    sentence."""

    kind: str
    subject: str
    detail: str


class OddityView(msgspec.Struct, frozen=True, kw_only=True):
    """An oddity as it is shown, with how often and when it was seen (Unix ms)."""

    kind: str
    subject: str
    detail: str
    times: int
    first_ms: int
    last_ms: int


async def note_oddities(tx: Transaction, node: Node, found: Iterable[Oddity], now_ms: int) -> None:
    """Keep or count these. The outlet's row is held by the caller, so the bound holds."""
    place = (node.tenant_id, node.outlet_id)
    for odd in {(o.kind, o.subject): o for o in found}.values():
        again = await tx.fetchval(
            """UPDATE oddities SET times = times + 1, last_ms = $5, detail = $6
               WHERE tenant_id = $1 AND outlet_id = $2 AND kind = $3 AND subject = $4
               RETURNING times""",
            *(*place, odd.kind, odd.subject, now_ms, odd.detail[:DETAIL_CHARS_MAX]),
        )
        if again is None:
            await tx.execute(
                """INSERT INTO oddities SELECT $1, $2, $3,
                       CASE WHEN count(*) < $7 THEN $4 ELSE $8 END, $6, 1, $5, $5
                   FROM oddities WHERE tenant_id = $1 AND outlet_id = $2
                   ON CONFLICT (tenant_id, outlet_id, kind, subject) DO UPDATE
                   SET times = oddities.times + 1, last_ms = excluded.last_ms,
                       detail = excluded.detail""",
                *(*place, odd.kind, odd.subject, now_ms, odd.detail[:DETAIL_CHARS_MAX]),
                *(KEPT_MAX, REST),
            )


async def list_oddities(tx: Transaction, tenant_id: str) -> dict[str, list[OddityView]]:
    """Those of every outlet of the tenant, the latest first."""
    rows = await tx.fetch(
        "SELECT * FROM oddities WHERE tenant_id = $1 ORDER BY last_ms DESC", tenant_id
    )
    found: dict[str, list[OddityView]] = {}
    for row in rows:
        found.setdefault(str(row["outlet_id"]), []).append(_view(row))
    return found


def _view(row: Row) -> OddityView:
    return OddityView(**{name: row[name] for name in OddityView.__struct_fields__})
