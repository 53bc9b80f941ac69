"""Single orders and what is parked: the questions asked when a figure surprises somebody."""

from datetime import date
from typing import Any

import msgspec

from cloud.database import Database, Row
from cloud.histories import COLUMNS, fold_history
from cloud.outlets import find_outlets
from protocol.ids import TenantId
from protocol.money import CURRENCIES, decimal_text
from protocol.orders import Order

ORDERS_MAX = 500


class OrderRow(msgspec.Struct, frozen=True, kw_only=True):
    """An order as a list shows it."""

    order_id: str
    outlet_id: str
    number: str
    business_date: str
    hour: int
    placed_ms: int
    status: str
    source: str
    dining_option: str
    lines: int
    units: int
    total_minor: int
    total: str
    paid_minor: int
    currency: str


class OrderList(msgspec.Struct, frozen=True, kw_only=True):
    """Orders, newest first; `more` when the limit left some out, and `next` is where they begin."""

    orders: tuple[OrderRow, ...]
    more: bool
    next: str | None = None


class HistoryEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One event as the box sent it; `event` is its body when it can be read."""

    position: int
    type: str
    wall_ms: int
    actor: str
    duplicate: bool
    event: Any


class OrderHistory(msgspec.Struct, frozen=True, kw_only=True):
    """An order with everything that happened to it, straight from the ledger."""

    order: Order | None
    outlet_id: str
    outlet_name: str
    parked: str | None
    history: tuple[HistoryEntry, ...]


class ParkedThing(msgspec.Struct, frozen=True, kw_only=True):
    """Something HQ could not project, and why; everything else flows."""

    outlet_id: str
    outlet_name: str
    aggregate_id: str
    event_type: str
    position: int
    reason: str
    since_ms: int


async def list_orders(
    database: Database,
    tenant_id: TenantId,
    *,
    outlet_id: str | None = None,
    day: date | None = None,
    number: str | None = None,
    before: tuple[int, str] | None = None,
    limit: int = 100,
) -> OrderList:
    """Orders that fit all of what is given; `before` is a time (Unix ms) and an order's id.

    The id is part of the place: many orders of an import have the same time, and a page that
    ended between them would lose the rest.
    """
    before_ms, before_id = before or (None, None)
    limit = max(1, min(limit, ORDERS_MAX))
    async with database.reading(tenant_id) as tx:
        rows = await tx.fetch(
            """SELECT * FROM orders WHERE tenant_id = $1
               AND ($2::uuid IS NULL OR outlet_id = $2)
               AND ($3::date IS NULL OR business_date = $3)
               AND ($4::text IS NULL OR number = $4)
               AND ($5::bigint IS NULL OR (placed_ms, order_id) < ($5, $6))
               ORDER BY placed_ms DESC, order_id DESC LIMIT $7""",
            *(tenant_id, outlet_id, day, number, before_ms, before_id, limit + 1),
        )
    shown, more = rows[:limit], len(rows) > limit
    place = f"{shown[-1]['placed_ms']}-{shown[-1]['order_id']}" if more else None
    return OrderList(orders=tuple(_order_row(r) for r in shown), more=more, next=place)


async def find_history(
    database: Database, tenant_id: TenantId, order_id: str
) -> OrderHistory | None:
    """One order from the ledger itself, so it is right even before it is projected."""
    async with database.reading(tenant_id) as tx:
        outlets = await find_outlets(tx, tenant_id)
        rows = await tx.fetch(
            f"""SELECT outlet_id, {COLUMNS} FROM ledger
                WHERE tenant_id = $1 AND outlet_id = ANY($2::uuid[]) AND aggregate_id = $3
                AND aggregate_kind = 'order' ORDER BY outlet_id, position""",
            *(tenant_id, [o.outlet_id for o in outlets], order_id),
        )
    if not rows:
        return None
    mine = [r for r in rows if r["outlet_id"] == rows[0]["outlet_id"]]
    folded = fold_history(order_id, [r for r in mine if not r["duplicate"]])
    outlet_id = str(mine[0]["outlet_id"])
    return OrderHistory(
        order=folded.order,
        outlet_id=outlet_id,
        outlet_name=next(o.name for o in outlets if o.outlet_id == outlet_id),
        parked=folded.stuck.reason if folded.stuck else None,
        history=tuple(_entry(r) for r in mine),
    )


async def list_parked(database: Database, tenant_id: TenantId) -> list[ParkedThing]:
    """What waits for a person or for a newer version, oldest first."""
    async with database.reading(tenant_id) as tx:
        rows = await tx.fetch(
            """SELECT p.*, o.name FROM parked p JOIN outlets o USING (tenant_id, outlet_id)
               WHERE p.tenant_id = $1 ORDER BY p.since_ms LIMIT 1000""",
            tenant_id,
        )
    return [
        ParkedThing(
            outlet_id=str(r["outlet_id"]),
            outlet_name=r["name"],
            aggregate_id=r["aggregate_id"],
            event_type=r["event_type"],
            position=r["position"],
            reason=r["reason"],
            since_ms=r["since_ms"],
        )
        for r in rows
    ]


def _order_row(row: Row) -> OrderRow:
    currency = CURRENCIES.get(row["currency"])
    return OrderRow(
        order_id=row["order_id"],
        outlet_id=str(row["outlet_id"]),
        number=row["number"],
        business_date=row["business_date"].isoformat(),
        hour=row["hour"],
        placed_ms=row["placed_ms"],
        status=row["status"],
        source=row["source"],
        dining_option=row["dining_option"],
        lines=row["lines"],
        units=row["units"],
        total_minor=row["total"],
        total=decimal_text(row["total"], currency) if currency else str(row["total"]),
        paid_minor=row["paid"],
        currency=row["currency"],
    )


def _entry(row: Row) -> HistoryEntry:
    try:
        event = msgspec.json.decode(row["body"])
    except (msgspec.DecodeError, RecursionError):
        event = None
    return HistoryEntry(
        position=row["position"],
        type=row["type"],
        wall_ms=row["wall_ms"],
        actor=row["actor"],
        duplicate=row["duplicate"],
        event=event,
    )
