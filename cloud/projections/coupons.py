"""Judges how often coupons with a limit were used at all outlets of a tenant together."""

from collections.abc import Sequence

from cloud.database import Transaction
from cloud.follower import Place
from cloud.histories import Judged
from cloud.house import read_house
from cloud.resolution import forget, record_decisions, withdraw_about
from protocol.bill import AdjustmentKind
from protocol.ids import OutletId
from protocol.rules.coupon_cards import coupon_overused

KINDS = ("coupon_overused",)


class CouponJudge:
    """Looks at the coupons that the orders of a tick have, or had."""

    async def judge(self, tx: Transaction, at: Place, judged: Sequence[Judged]) -> dict[str, str]:
        """A card where a coupon was given too often; it goes when enough of them were given back."""
        touched = {
            a.promotion_id: order.placed_ms
            for order in (j.order for j in judged if j.order is not None)
            for a in order.adjustments
            if a.kind is AdjustmentKind.COUPON and a.promotion_id
        }
        if any(j.known for j in judged):
            # An order that gave its coupon back names it no more; a card that is open does.
            rows = await tx.fetch(
                """SELECT subject, at_ms FROM decisions WHERE tenant_id = $1 AND outlet_id = $2
                   AND kind = 'coupon_overused' AND settled_ms IS NULL""",
                *at,
            )
            touched = {row["subject"]: row["at_ms"] for row in rows} | touched
        if not touched:
            return {}
        coupons = {p.id: p for p in (await read_house(tx, *at)).promotions if p.id in touched}
        for promotion_id in sorted(touched):
            # Two outlets that use the last one at the same moment must see each other here.
            lock = "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))"
            await tx.execute(lock, f"coupon:{at.tenant_id}:{promotion_id}")
        rows = await tx.fetch(
            """SELECT promotion_id, count(*) AS used, count(*) FILTER (WHERE outlet_id = $2) AS here
               FROM order_coupons WHERE tenant_id = $1 AND promotion_id = ANY($3::text[])
               GROUP BY 1""",
            *(*at, sorted(touched)),
        )
        found = [
            coupon_overused(
                OutletId(at.outlet_id),
                coupons[row["promotion_id"]],
                row["used"],
                row["here"],
                touched[row["promotion_id"]],
            )
            for row in rows
            if row["promotion_id"] in coupons
        ]
        cards = [card for card in found if card is not None]
        await withdraw_about(tx, at, KINDS, sorted(touched), [c.decision_id for c in cards])
        await record_decisions(tx, at, cards)
        return {}

    async def drop(self, tx: Transaction, at: Place) -> None:
        """Forget what nobody settled; it is found again."""
        await forget(tx, at, KINDS)
