"""One card for many paid lines that deviate alike, kept in step with the records it stands for."""

from collections.abc import Iterable, Sequence

from cloud.database import Row, Transaction
from cloud.follower import Place
from cloud.resolution import record_decisions, withdraw_about
from protocol.ids import OutletId
from protocol.rules.price_cards import CARDS, NUMBERS_MAX, Sold, price_card

SOLD = f"""
SELECT part_of, count(*) AS lines, count(DISTINCT order_id) AS orders,
    sum((params->>'amount')::numeric) AS charged, sum(money) AS too_much,
    min(at_ms) AS first_ms, max(at_ms) AS last_ms,
    (array_agg(DISTINCT (params->>'number') COLLATE "C"))[1:{NUMBERS_MAX + 1}] AS numbers
FROM decisions WHERE tenant_id = $1 AND outlet_id = $2 AND part_of = ANY($3::text[])
GROUP BY part_of
"""
CHARGED_MAX = 10**18


async def parts_of(tx: Transaction, at: Place, orders: Sequence[str]) -> set[str]:
    """The cards that records about these orders are part of, before they are judged again."""
    rows = await tx.fetch(
        """SELECT DISTINCT part_of FROM decisions WHERE tenant_id = $1 AND outlet_id = $2
           AND order_id = ANY($3::text[]) AND part_of <> ''""",
        *(*at, list(orders)),
    )
    return {r["part_of"] for r in rows}


async def bring_up_to_date(tx: Transaction, at: Place, parts: Iterable[str]) -> None:
    """Say of these cards what their records add up to now; one without any goes."""
    wanted = sorted(set(parts))
    if not wanted:
        return
    rows = await tx.fetch(SOLD, *at, wanted)
    cards = [price_card(OutletId(at.outlet_id), r["part_of"], _sold(r)) for r in rows]
    await withdraw_about(tx, at, CARDS, wanted, [c.decision_id for c in cards])
    await record_decisions(tx, at, cards)


def _sold(row: Row) -> Sold:
    return Sold(
        lines=row["lines"],
        orders=row["orders"],
        charged=max(-CHARGED_MAX, min(int(row["charged"]), CHARGED_MAX)),
        too_much=int(row["too_much"]),
        first_ms=row["first_ms"],
        last_ms=row["last_ms"],
        numbers=tuple(row["numbers"]),
    )
