"""Ledger → product fields: what outlets wrote about products, joined with what HQ wrote.

An edit competes with its own stamp, or with HQ's clock when it came if its box's clock ran ahead of
that. Both follow from the ledger alone, so a rebuild gives the same.
"""

from collections.abc import Sequence

import msgspec

from cloud.database import Row, Transaction
from cloud.follower import Place
from cloud.histories import Stuck
from cloud.parking import park, read_parked, unpark_all
from cloud.platform import Platform
from cloud.products import Edit, take_edits
from protocol import events as e
from protocol.clock import Stamp
from protocol.rules.product_fields import ingest

FIELD_CHARS_MAX = 200


class ProductEdits:
    """The projection of `product.edited`."""

    name = "products"
    columns = """position, event_id, type, aggregate_kind, aggregate_id, stamp, actor, body,
        received_ms, duplicate"""
    only = "type = 'product.edited'"
    behind = "products_behind"

    def __init__(self, platform: Platform) -> None:
        self._platform = platform

    async def project(self, tx: Transaction, at: Place, rows: Sequence[Row]) -> int:
        """Take in edits in the order of the ledger; one that cannot be read parks its product."""
        clock = Stamp(
            await tx.fetchval(
                """SELECT coalesce(max(clock), 0) FROM product_edits
                   WHERE tenant_id = $1 AND origin = $2""",
                *(at.tenant_id, at.outlet_id),
            )
        )
        edits: list[Edit] = []
        stuck: dict[str, Stuck] = {}
        for row in rows:
            if row["duplicate"]:
                continue
            event = _read(row)
            if isinstance(event, str):
                stuck[row["aggregate_id"]] = Stuck(row, event)
                continue
            clock, effective = ingest(clock, Stamp(row["stamp"]), row["received_ms"])
            edits.append(
                Edit(
                    edit_id=row["event_id"].hex(),
                    origin=at.outlet_id,
                    position=row["position"],
                    item_id=event.item_id,
                    field=event.field,
                    value=event.value,
                    stamp=effective,
                    clock=clock,
                    who=row["actor"],
                    at_ms=event.at_ms,
                )
            )
        await take_edits(tx, at.tenant_id, edits, self._platform)
        await park(tx, at, self.name, stuck, self._platform.wall_ms())
        return len(stuck)

    async def retry(self, tx: Transaction, at: Place) -> None:
        """Read again what this version may understand."""
        rows = await read_parked(tx, at, self.name, self.columns, self.only)
        await unpark_all(tx, at, self.name)
        await self.project(tx, at, rows)

    async def drop(self, tx: Transaction, at: Place) -> None:
        """Forget the outlet's edits. What is published stays until they are back."""
        await tx.execute("DELETE FROM product_edits WHERE tenant_id = $1 AND origin = $2", *at)
        await unpark_all(tx, at, self.name)


def _read(row: Row) -> e.ProductEdited | str:
    """The event, or why it cannot be taken in."""
    try:
        event = e.decode(row["body"])
    except (msgspec.MsgspecError, RecursionError) as no:
        return str(no)
    if not isinstance(event, e.ProductEdited):
        return f"it is filed as {row['type']} and says something else"
    texts = (event.item_id, event.field)
    if any("\x00" in text for text in (*texts, event.value)):
        return "it holds a character that cannot be kept"
    if any(len(text) > FIELD_CHARS_MAX for text in texts):
        return "its names are longer than any there are"
    if not 0 <= event.at_ms < 1 << 62:
        return "its time cannot be"
    return event
