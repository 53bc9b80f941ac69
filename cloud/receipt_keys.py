"""What the codes on printed receipts are made with, kept for the box that replaces the one that did."""

from cloud.database import Transaction
from cloud.nodes import Node

KEY_BYTES = 32
KEYS_MAX = 20
"""Boxes of one outlet whose papers are still read; the oldest is forgotten first."""


async def receipt_keys(tx: Transaction, node: Node, key: bytes, now_ms: int) -> tuple[bytes, ...]:
    """Keep a box's own key; returns those of all boxes of its outlet, the oldest first."""
    place = (node.tenant_id, node.outlet_id)
    if len(key) == KEY_BYTES:
        new = await tx.fetchval(
            """INSERT INTO receipt_keys VALUES ($1, $2, $3, $4)
               ON CONFLICT DO NOTHING RETURNING true""",
            *(*place, key, now_ms),
        )
        if new:
            await tx.execute(
                """DELETE FROM receipt_keys WHERE tenant_id = $1 AND outlet_id = $2
                   AND key NOT IN (SELECT key FROM receipt_keys WHERE tenant_id = $1
                       AND outlet_id = $2 ORDER BY heard_ms DESC, key LIMIT $3)""",
                *(*place, KEYS_MAX),
            )
    rows = await tx.fetch(
        """SELECT key FROM receipt_keys WHERE tenant_id = $1 AND outlet_id = $2
           ORDER BY heard_ms, key""",
        *place,
    )
    return tuple(row["key"] for row in rows)
