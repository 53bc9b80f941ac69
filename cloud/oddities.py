"""What HQ notices about an outlet's replication and a person should see; the same again is counted."""

from collections.abc import Iterable
from typing import NamedTuple

import msgspec

from cloud.database import Row, Transaction
from cloud.follower import Place
from cloud.nodes import Node
from cloud.resolution import record_decisions, withdraw_about
from protocol.conflicts import Decision, Side
from protocol.ids import OutletId
from protocol.rules.resolving import event_differs, hq_restored, two_boxes

KEPT_MAX = 200
"""Different oddities kept per outlet; what comes beyond is counted under one subject per kind."""
REST = "*"
DETAIL_CHARS_MAX = 500


class Oddity(NamedTuple):
    """A kind (`diverged`, `gap`, `event_differs`, `two_boxes`, `stream.forked`), what it is about,
    and a sentence."""

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
    # A NUL in one would keep a whole batch from being taken, and its stream with it.
    clean = [Oddity(*(text.replace("\x00", "\ufffd") for text in odd)) for odd in found]
    for odd in {(o.kind, o.subject): o for o in clean}.values():
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


async def find_differing(tx: Transaction, node: Node, positions: list[int]) -> list[Oddity]:
    """Of these duplicates, those whose body is not the one their event came with first.

    Both are kept. Which one is right only a person can say, so each is a card as well.
    """
    rows = await tx.fetch(
        """SELECT again.*, first.position AS first_position, first.stream AS first_stream,
                  first.seq AS first_seq, first.wall_ms AS first_ms
           FROM ledger again JOIN ledger first USING (tenant_id, outlet_id, event_id)
           WHERE again.tenant_id = $1 AND again.outlet_id = $2 AND NOT first.duplicate
           AND again.position = ANY($3::bigint[]) AND again.body <> first.body""",
        *(node.tenant_id, node.outlet_id, positions),
    )
    cards = [_differing(node, row) for row in rows]
    await record_decisions(tx, Place(node.tenant_id, node.outlet_id), cards)
    return [Oddity(c.kind, c.subject, f"{c.sides[0].what}; {c.sides[1].what}") for c in cards]


async def note_standby(tx: Transaction, node: Node, line: str, now_ms: int) -> None:
    """A box that stands by spoke: a card, since somebody should switch one of the two off.

    `line` names the lives of one disk (`cloud.roles`), so a box that starts again is the same card;
    one that was put away and comes back, or that stands by again after it was in charge, is not.
    """
    at = Place(node.tenant_id, node.outlet_id)
    first = await tx.fetchrow(
        """SELECT i.node_id, i.line FROM instances i
           JOIN outlets o USING (tenant_id, outlet_id) JOIN nodes n USING (tenant_id, node_id)
           WHERE i.tenant_id = $1 AND i.outlet_id = $2 AND n.term = o.term
           AND i.line = o.primary_line AND i.ended_stamp IS NULL LIMIT 1""",
        *at,
    )
    began = await tx.fetchrow(
        """SELECT o.term, coalesce(max(i.awake_since_ms), 0) AS ms
           FROM outlets o LEFT JOIN instances i ON i.tenant_id = o.tenant_id
               AND i.outlet_id = o.outlet_id AND i.node_id = $3 AND i.line = $4
           WHERE o.tenant_id = $1 AND o.outlet_id = $2 GROUP BY o.term""",
        *(*at, node.node_id, line),
    )
    assert began is not None, "a node without its outlet"
    primary = "?" if first is None else _box(first["node_id"], first["line"])
    standby = _box(node.node_id, line)
    episode = f"{began['term']}:{began['ms']}"
    card = two_boxes(OutletId(node.outlet_id), primary, standby, now_ms, episode=episode)
    await withdraw_about(tx, at, [card.kind], [standby, primary], [card.decision_id])
    await record_decisions(tx, at, [card])


async def note_regress(
    tx: Transaction, node: Node, incarnation: str, entries: int, now_ms: int
) -> None:
    """A box had entries confirmed that HQ does not hold: HQ was put back, and gets them again."""
    card = hq_restored(OutletId(node.outlet_id), incarnation, node.node_id[:8], entries, now_ms)
    await record_decisions(tx, Place(node.tenant_id, node.outlet_id), [card])


async def list_oddities(tx: Transaction, tenant_id: str) -> dict[str, list[OddityView]]:
    """Those of every outlet of the tenant, the latest first."""
    rows = await tx.fetch(
        "SELECT * FROM oddities WHERE tenant_id = $1 ORDER BY last_ms DESC", tenant_id
    )
    found: dict[str, list[OddityView]] = {}
    for row in rows:
        found.setdefault(str(row["outlet_id"]), []).append(_view(row))
    return found


def _differing(node: Node, row: Row) -> Decision:
    return event_differs(
        OutletId(node.outlet_id),
        row["event_id"].hex(),
        row["type"],
        Side(
            who="first_record",
            what=f"counts (ledger position {row['first_position']})",
            what_id=f"dipakai (posisi {row['first_position']} di buku besar)",
            at_ms=row["first_ms"],
        ),
        Side(
            who="second_record",
            what=f"says something else (ledger position {row['position']})",
            what_id=f"isinya berbeda (posisi {row['position']} di buku besar)",
            at_ms=row["wall_ms"],
        ),
        row["received_ms"],
        row["aggregate_id"] if row["aggregate_kind"] == "order" else None,
    )


def _box(node_id: str, instance: str) -> str:
    """What to call a box: of two with one key, only the start tells them apart."""
    return f"{node_id[:8]}/{instance[:8]}"


def _view(row: Row) -> OddityView:
    return OddityView(**{name: row[name] for name in OddityView.__struct_fields__})
