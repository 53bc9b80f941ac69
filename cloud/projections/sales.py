"""Stage 8: ledger → orders with lines and payments, and sales by hour.

Every order that a tick touches is folded anew from all its events, so what is kept depends on the
set of events and never on the order in which they arrived. Cancelled orders and voided lines count
in no figure.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, NamedTuple

import msgspec

from cloud.database import BadData, Row, Transaction, savepoint
from cloud.follower import Place
from cloud.histories import (
    COLUMNS,
    KNOWN_TAGS,
    Folded,
    Judge,
    Judged,
    Stuck,
    fold_history,
    read_histories,
)
from cloud.parking import park, unpark, unpark_all
from cloud.platform import Platform
from protocol.orders import LineStatus, Order, OrderStatus
from protocol.replication import SHIPPED_AS_OPAQUE

AMOUNT_MAX = 10**15
COUNT_MAX = 10**6
"""Beyond these a figure is damage, not a sale; the order waits for a person."""
EVERYTHING = 1 << 62
"""Beyond every ledger position."""

ADD_ORDERS = """
INSERT INTO orders (tenant_id, outlet_id, order_id, number, business_date, hour, placed_ms, status,
    source, dining_option, lines, units, total, paid, counts, currency, menu_version)
SELECT $1, $2, * FROM unnest($3::text[], $4::text[], $5::date[], $6::smallint[], $7::bigint[],
    $8::text[], $9::text[], $10::text[], $11::integer[], $12::integer[], $13::bigint[],
    $14::bigint[], $15::boolean[], $16::text[], $17::integer[])
"""
WRITE_ORDERS = f"""{ADD_ORDERS}
ON CONFLICT (tenant_id, outlet_id, order_id) DO UPDATE SET
    number = excluded.number, business_date = excluded.business_date, hour = excluded.hour,
    placed_ms = excluded.placed_ms, status = excluded.status, source = excluded.source,
    dining_option = excluded.dining_option, lines = excluded.lines, units = excluded.units,
    total = excluded.total, paid = excluded.paid, counts = excluded.counts,
    currency = excluded.currency, menu_version = excluded.menu_version
"""

ADD_LINES = """
INSERT INTO order_lines (tenant_id, outlet_id, order_id, line_id, business_date, item_id,
    variant_id, plu, names, variant_names, category_id, size, quantity, amount, expected, counts)
SELECT $1, $2, * FROM unnest($3::text[], $4::text[], $5::date[], $6::text[], $7::text[],
    $8::text[], $9::text[], $10::text[], $11::text[], $12::text[], $13::integer[], $14::bigint[],
    $15::bigint[], $16::boolean[])
"""
WRITE_LINES = f"""{ADD_LINES}
ON CONFLICT (tenant_id, outlet_id, order_id, line_id) DO UPDATE SET
    quantity = excluded.quantity, amount = excluded.amount, expected = excluded.expected,
    counts = excluded.counts
WHERE (order_lines.quantity, order_lines.amount, order_lines.expected, order_lines.counts)
    IS DISTINCT FROM (excluded.quantity, excluded.amount, excluded.expected, excluded.counts)
"""

ADD_PAYMENTS = """
INSERT INTO payments (tenant_id, outlet_id, order_id, payment_id, business_date, tender, label,
    amount, tendered, change, at_ms, counts)
SELECT $1, $2, * FROM unnest($3::text[], $4::text[], $5::date[], $6::text[], $7::text[],
    $8::bigint[], $9::bigint[], $10::bigint[], $11::bigint[], $12::boolean[])
"""
WRITE_PAYMENTS = f"""{ADD_PAYMENTS}
ON CONFLICT (tenant_id, outlet_id, order_id, payment_id) DO UPDATE SET counts = excluded.counts
WHERE payments.counts <> excluded.counts
"""

ADD = (ADD_ORDERS, ADD_LINES, ADD_PAYMENTS)
WRITE = (WRITE_ORDERS, WRITE_LINES, WRITE_PAYMENTS)

# A bucket whose last order went stays, with zeros.
WRITE_HOURS = """
INSERT INTO hourly_sales (tenant_id, outlet_id, business_date, hour, orders, lines, units, sales,
    paid, cancelled)
SELECT $1, $2, b.day, b.hour,
    count(*) FILTER (WHERE counts), coalesce(sum(o.lines) FILTER (WHERE counts), 0),
    coalesce(sum(o.units) FILTER (WHERE counts), 0),
    coalesce(sum(o.total) FILTER (WHERE counts), 0),
    coalesce(sum(o.paid) FILTER (WHERE counts), 0), count(*) FILTER (WHERE NOT counts)
FROM unnest($3::date[], $4::smallint[]) AS b (day, hour)
LEFT JOIN orders o ON o.tenant_id = $1 AND o.outlet_id = $2
    AND o.business_date = b.day AND o.hour = b.hour
GROUP BY b.day, b.hour
ON CONFLICT (tenant_id, outlet_id, business_date, hour) DO UPDATE SET
    orders = excluded.orders, lines = excluded.lines, units = excluded.units,
    sales = excluded.sales, paid = excluded.paid, cancelled = excluded.cancelled
"""

Bucket = tuple[date, int]


class _Rows(NamedTuple):
    """One order as it goes into the tables."""

    order_id: str
    bucket: Bucket
    order: tuple[Any, ...]
    lines: list[tuple[Any, ...]]
    payments: list[tuple[Any, ...]]


class Sales:
    """The projection that HQ's sales figures come from."""

    name = "sales"
    columns = COLUMNS
    only = behind = ""

    def __init__(self, platform: Platform, judges: Sequence[Judge] = ()) -> None:
        self._platform = platform
        self._judges = judges

    async def project(self, tx: Transaction, at: Place, rows: Sequence[Row]) -> int:
        """Fold the orders that these rows touch, and write them. Returns how many are parked."""
        touched: dict[str, list[Row]] = {}
        for row in rows:
            if not row["duplicate"]:
                touched.setdefault(row["aggregate_id"], []).append(row)
        return await self._project_things(tx, at, touched, rows[0]["position"])

    async def retry(self, tx: Transaction, at: Place) -> None:
        """Fold again what is parked: this version may understand what the last one did not."""
        ids = await tx.fetch(
            """SELECT p.aggregate_id, c.position FROM parked p JOIN cursors c USING
                   (tenant_id, outlet_id, projection)
               WHERE tenant_id = $1 AND outlet_id = $2 AND projection = $3""",
            *(*at, self.name),
        )
        if ids:
            things: dict[str, list[Row]] = {r["aggregate_id"]: [] for r in ids}
            await self._project_things(tx, at, things, ids[0]["position"] + 1)

    async def judge_again(self, tx: Transaction, at: Place, order_ids: Sequence[str]) -> None:
        """Something beside their events changed what is to be said of these orders."""
        # A tick under way has judged by what was before: its word must not be the last.
        await tx.execute(
            """SELECT 1 FROM cursors WHERE tenant_id = $1 AND outlet_id = $2 AND projection = $3
               FOR UPDATE""",
            *(*at, self.name),
        )
        things: dict[str, list[Row]] = {order_id: [] for order_id in order_ids}
        for row in await read_histories(tx, *at, list(things), EVERYTHING):
            things[row["aggregate_id"]].append(row)
        folded = [_fold(thing, rows) for thing, rows in things.items() if rows]
        whole = [f for f in folded if f.stuck is None]
        await self._judge(tx, at, whole, things, set(things))

    async def drop(self, tx: Transaction, at: Place) -> None:
        """Forget everything about an outlet; the ledger has it all."""
        for table in ("orders", "order_lines", "payments", "hourly_sales"):
            await tx.execute(f"DELETE FROM {table} WHERE tenant_id = $1 AND outlet_id = $2", *at)
        for judge in self._judges:
            await judge.drop(tx, at)
        await unpark_all(tx, at, self.name)

    async def _project_things(
        self, tx: Transaction, at: Place, things: dict[str, list[Row]], before: int
    ) -> int:
        earlier = await read_histories(tx, *at, list(things), before)
        known = {row["aggregate_id"] for row in earlier}
        for row in earlier:
            things[row["aggregate_id"]].append(row)
        folded = [_fold(thing, rows) for thing, rows in things.items()]
        rows, stuck = [], {f.order_id: f.stuck for f in folded if f.stuck is not None}
        for item in folded:
            if item.order is not None:
                try:
                    rows.append(_rows_of(item.order))
                except ValueError as no:
                    last = max(things[item.order_id], key=lambda r: r["position"])
                    stuck[item.order_id] = Stuck(last, str(no))
        # What is stuck may have got further when fewer of its events were known.
        buckets = await self._erase(tx, at, sorted(known & stuck.keys()))
        unfit = await self._write(tx, at, rows, known, buckets)
        for order_id, reason in unfit.items():
            last = max(things[order_id], key=lambda r: r["position"])
            stuck[order_id] = Stuck(last, reason)
        await _write_hours(tx, at, buckets)
        # What is stuck is no order to them: what they said of it before goes.
        whole = [f._replace(order=None) if f.order_id in stuck else f for f in folded]
        for order_id, reason in (await self._judge(tx, at, whole, things, known)).items():
            last = max(things[order_id], key=lambda r: r["position"])
            stuck[order_id] = Stuck(last, reason)
        await self._park(tx, at, stuck, known - stuck.keys())
        return len(stuck)

    async def _judge(
        self,
        tx: Transaction,
        at: Place,
        folded: list[Folded],
        things: dict[str, list[Row]],
        known: set[str],
    ) -> dict[str, str]:
        judged = [
            Judged(f.order_id, f.order, things[f.order_id], f.order_id in known) for f in folded
        ]
        failed: dict[str, str] = {}
        for judge in self._judges:
            failed |= await judge.judge(tx, at, judged)
        return failed

    async def _write(
        self, tx: Transaction, at: Place, rows: list[_Rows], known: set[str], buckets: set[Bucket]
    ) -> dict[str, str]:
        """Write all together; when Postgres will not have one of them, one by one.

        Returns why some were not written. Hours whose figures change are added to `buckets`.
        """
        if not rows:
            return {}
        buckets.update(row.bucket for row in rows)
        unfit: dict[str, str] = {}
        try:
            async with savepoint(tx):
                # An order whose whole history is in this tick has no rows yet: adding is cheaper.
                await _write_rows(tx, at, [r for r in rows if r.order_id not in known], ADD)
                await _write_rows(tx, at, [r for r in rows if r.order_id in known], WRITE)
        except BadData:
            for row in rows:
                try:
                    async with savepoint(tx):
                        await _write_rows(tx, at, [row], WRITE)
                except BadData as no:
                    unfit[row.order_id] = f"it cannot be stored: {no}"
                    buckets |= await self._erase(tx, at, [row.order_id])
        return unfit

    async def _erase(self, tx: Transaction, at: Place, order_ids: list[str]) -> set[Bucket]:
        """Take orders out of the tables; returns the hours whose figures this changes."""
        if not order_ids:
            return set()
        for table in ("order_lines", "payments"):
            await tx.execute(
                f"""DELETE FROM {table} WHERE tenant_id = $1 AND outlet_id = $2
                    AND order_id = ANY($3::text[])""",
                *(*at, order_ids),
            )
        gone = await tx.fetch(
            """DELETE FROM orders WHERE tenant_id = $1 AND outlet_id = $2
               AND order_id = ANY($3::text[]) RETURNING business_date, hour""",
            *(*at, order_ids),
        )
        return {(r["business_date"], r["hour"]) for r in gone}

    async def _park(
        self, tx: Transaction, at: Place, stuck: dict[str, Stuck], flowing: Iterable[str]
    ) -> None:
        await unpark(tx, at, self.name, flowing)
        await park(tx, at, self.name, stuck, self._platform.wall_ms())


def _fold(thing: str, rows: list[Row]) -> Folded:
    # Whatever else is filed under an order's id, in whatever order it came, the order is folded.
    if of_order := [r for r in rows if r["aggregate_kind"] == "order"]:
        return fold_history(thing, of_order)
    # Other things change no sales figure; one that this version does not know is worth a look.
    unknown = next((r for r in rows if r["type"] not in KNOWN_TAGS), None)
    if unknown is None:
        return Folded(thing, None, None)
    if unknown["type"] == SHIPPED_AS_OPAQUE:
        return Folded(thing, None, Stuck(unknown, "its envelope could not be read; it is all kept"))
    return Folded(thing, None, Stuck(unknown, f"this version of HQ has no {unknown['type']}"))


def _rows_of(order: Order) -> _Rows:
    """The rows of an order. Raises ValueError for one whose figures cannot be true."""
    day = date.fromisoformat(order.business_date)
    counts = order.status is not OrderStatus.CANCELLED
    live = order.live_lines
    units = sum(line.quantity for line in live)
    paid = order.paid
    if not 0 <= order.hour <= 23:
        raise ValueError(f"its hour is {order.hour}")
    if max(abs(order.totals.total), abs(paid)) > AMOUNT_MAX or not 0 <= units <= COUNT_MAX:
        raise ValueError("its amounts are beyond anything that can be sold")
    key = order.order_id
    return _Rows(
        key,
        (day, order.hour),
        (
            *(key, order.number, day, order.hour, order.placed_ms, order.status.value),
            *(order.source.value, order.dining_option.value, len(live), units),
            *(order.totals.total, paid, counts, order.currency, order.menu_version),
        ),
        [
            (
                *(key, x.line_id, day, x.item_id, x.variant_id, x.plu, _text(x.names)),
                *(_text(x.variant_names), x.category_id, x.size or "", x.quantity, x.amount),
                *(x.expected, counts and x.status is not LineStatus.VOIDED),
            )
            for x in order.lines
        ],
        [
            (
                *(key, p.payment_id, day, p.tender, p.label, p.amount, p.tendered, p.change),
                *(p.at_ms, counts),
            )
            for p in order.payments
        ],
    )


def _text(names: dict[str, str]) -> str:
    return msgspec.json.encode(names).decode()


async def _write_rows(
    tx: Transaction, at: Place, rows: list[_Rows], statements: tuple[str, str, str]
) -> None:
    for_orders, for_lines, for_payments = statements
    if rows:
        await tx.execute(for_orders, *at, *zip(*(r.order for r in rows), strict=True))
    if lines := [line for r in rows for line in r.lines]:
        await tx.execute(for_lines, *at, *zip(*lines, strict=True))
    if payments := [payment for r in rows for payment in r.payments]:
        await tx.execute(for_payments, *at, *zip(*payments, strict=True))


async def _write_hours(tx: Transaction, at: Place, buckets: set[Bucket]) -> None:
    if buckets:
        await tx.execute(WRITE_HOURS, *at, *zip(*sorted(buckets), strict=True))
