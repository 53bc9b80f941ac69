"""The rows that HQ keeps of each order for its sales figures, and the statements that write them."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, NamedTuple

import msgspec

from cloud.database import Transaction
from cloud.follower import Place
from protocol.bill import AdjustmentKind
from protocol.bill_sums import BESIDE_BILLS, COLUMNS, counts, order_sums, refund_date
from protocol.orders import LineStatus, Order

AMOUNT_MAX = 10**15
COUNT_MAX = 10**6
"""Beyond these a figure is damage, not a sale; the order waits for a person."""

Bucket = tuple[date, int]

_SUMS = ", ".join(COLUMNS)
_MANY = ", ".join(f"${n}::bigint[]" for n in range(19, 19 + len(COLUMNS)))


def _hourly(column: str) -> str:
    """The sum of a column over an hour's orders: of those in the figures, or of all of them."""
    only = "" if column in BESIDE_BILLS else "FILTER (WHERE counts)"
    return f"coalesce(sum(o.{column}) {only}, 0)"


ADD_ORDERS = f"""
INSERT INTO orders (tenant_id, outlet_id, order_id, number, business_date, hour, placed_ms, status,
    source, dining_option, lines, units, total, paid, counts, currency, menu_version, merged, {_SUMS})
SELECT $1, $2, * FROM unnest($3::text[], $4::text[], $5::date[], $6::smallint[], $7::bigint[],
    $8::text[], $9::text[], $10::text[], $11::integer[], $12::integer[], $13::bigint[],
    $14::bigint[], $15::boolean[], $16::text[], $17::integer[], $18::boolean[], {_MANY})
"""
WRITE_ORDERS = f"""{ADD_ORDERS}
ON CONFLICT (tenant_id, outlet_id, order_id) DO UPDATE SET
    number = excluded.number, business_date = excluded.business_date, hour = excluded.hour,
    placed_ms = excluded.placed_ms, status = excluded.status, source = excluded.source,
    dining_option = excluded.dining_option, lines = excluded.lines, units = excluded.units,
    total = excluded.total, paid = excluded.paid, counts = excluded.counts,
    currency = excluded.currency, menu_version = excluded.menu_version,
    merged = excluded.merged, {", ".join(f"{c} = excluded.{c}" for c in COLUMNS)}
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

ADD_TAXES = """
INSERT INTO order_taxes (tenant_id, outlet_id, order_id, name, inclusive, business_date, base,
    amount)
SELECT $1, $2, * FROM unnest($3::text[], $4::text[], $5::boolean[], $6::date[], $7::bigint[],
    $8::bigint[])
"""
ADD_COUPONS = """
INSERT INTO order_coupons (tenant_id, outlet_id, order_id, promotion_id)
SELECT $1, $2, * FROM unnest($3::text[], $4::text[])
"""
ADD_REFUNDS = """
INSERT INTO order_refunds (tenant_id, outlet_id, order_id, refund_id, business_date, tender, amount,
    credit, rounding, tip, at_ms)
SELECT $1, $2, * FROM unnest($3::text[], $4::text[], $5::date[], $6::text[], $7::bigint[],
    $8::bigint[], $9::bigint[], $10::bigint[], $11::bigint[])
"""
WRITE_REFUNDS = f"""{ADD_REFUNDS}
ON CONFLICT (tenant_id, outlet_id, order_id, refund_id) DO UPDATE SET
    business_date = excluded.business_date, amount = excluded.amount, credit = excluded.credit,
    rounding = excluded.rounding, tip = excluded.tip
"""

# A bucket whose last order went stays, with zeros.
WRITE_HOURS = f"""
INSERT INTO hourly_sales (tenant_id, outlet_id, business_date, hour, orders, lines, units, sales,
    paid, cancelled, {_SUMS})
SELECT $1, $2, b.day, b.hour,
    count(*) FILTER (WHERE counts), coalesce(sum(o.lines) FILTER (WHERE counts), 0),
    coalesce(sum(o.units) FILTER (WHERE counts), 0),
    coalesce(sum(o.total) FILTER (WHERE counts), 0),
    coalesce(sum(o.paid) FILTER (WHERE counts), 0),
    count(*) FILTER (WHERE NOT counts AND NOT merged),
    {", ".join(_hourly(c) for c in COLUMNS)}
FROM unnest($3::date[], $4::smallint[]) AS b (day, hour)
LEFT JOIN orders o ON o.tenant_id = $1 AND o.outlet_id = $2
    AND o.business_date = b.day AND o.hour = b.hour
GROUP BY b.day, b.hour
ON CONFLICT (tenant_id, outlet_id, business_date, hour) DO UPDATE SET
    orders = excluded.orders, lines = excluded.lines, units = excluded.units,
    sales = excluded.sales, paid = excluded.paid, cancelled = excluded.cancelled,
    {", ".join(f"{c} = excluded.{c}" for c in COLUMNS)}
"""

OF_ORDERS = ("order_lines", "payments", "order_taxes", "order_refunds", "order_coupons")
TABLES = ("orders", *OF_ORDERS, "hourly_sales")


class Rows(NamedTuple):
    """One order as it goes into the tables."""

    order_id: str
    bucket: Bucket
    order: tuple[Any, ...]
    lines: list[tuple[Any, ...]]
    payments: list[tuple[Any, ...]]
    taxes: list[tuple[Any, ...]]
    refunds: list[tuple[Any, ...]]
    coupons: list[tuple[Any, ...]]


def rows_of(order: Order) -> Rows:
    """The rows of an order. Raises ValueError for one whose figures cannot be true."""
    day = date.fromisoformat(order.business_date)
    in_figures = counts(order)
    live = order.live_lines
    units = sum(line.quantity for line in live)
    paid = order.paid
    sums = order_sums(order)
    if not 0 <= order.hour <= 23:
        raise ValueError(f"its hour is {order.hour}")
    amounts = (order.totals.total, paid, *sums.values())
    if max(map(abs, amounts)) > AMOUNT_MAX or not 0 <= units <= COUNT_MAX:
        raise ValueError("its amounts are beyond anything that can be sold")
    key = order.order_id
    return Rows(
        key,
        (day, order.hour),
        (
            *(key, order.number, day, order.hour, order.placed_ms, order.status.value),
            *(order.source.value, order.dining_option.value, len(live), units),
            *(order.totals.total, paid, in_figures, order.currency, order.menu_version),
            *(order.merged_into is not None, *sums.values()),
        ),
        [
            (
                *(key, x.line_id, day, x.item_id, x.variant_id, x.plu, _text(x.names)),
                *(_text(x.variant_names), x.category_id, x.size or "", x.quantity, x.amount),
                *(x.expected, in_figures and x.status is not LineStatus.VOIDED),
            )
            for x in order.lines
        ],
        [
            (
                *(key, p.payment_id, day, p.tender, p.label, p.amount, p.tendered, p.change),
                *(p.at_ms, in_figures),
            )
            for p in order.payments
        ],
        _taxes_of(order, day) if in_figures else [],
        [
            (
                *(key, r.refund_id, date.fromisoformat(refund_date(order, r)), r.tender),
                *(r.amount, r.credit if in_figures else 0, r.rounding, r.tip, r.at_ms),
            )
            for r in order.refunds
        ],
        [(key, promotion_id) for promotion_id in _coupons_of(order)] if in_figures else [],
    )


def _coupons_of(order: Order) -> list[str]:
    coupons = (a for a in order.adjustments if a.kind is AdjustmentKind.COUPON)
    return sorted({a.promotion_id for a in coupons if a.promotion_id})


def _taxes_of(order: Order, day: date) -> list[tuple[Any, ...]]:
    """One row a tax; two rules of one name are one tax to whoever reads the report."""
    found: dict[tuple[str, bool], tuple[int, int]] = {}
    for tax in order.totals.taxes:
        base, amount = found.get((tax.name, tax.inclusive), (0, 0))
        found[tax.name, tax.inclusive] = base + tax.base, amount + tax.amount
    return [(order.order_id, *named, day, *sums) for named, sums in found.items()]


def _text(names: dict[str, str]) -> str:
    return msgspec.json.encode(names).decode()


async def write_rows(tx: Transaction, at: Place, rows: Sequence[Rows], *, new: bool) -> None:
    """Put these orders into the tables; `new` ones have nothing there yet, which is cheaper."""
    if not rows:
        return
    await _put(tx, at, ADD_ORDERS if new else WRITE_ORDERS, (r.order for r in rows))
    await _put(tx, at, ADD_LINES if new else WRITE_LINES, (x for r in rows for x in r.lines))
    await _put(
        tx, at, ADD_PAYMENTS if new else WRITE_PAYMENTS, (x for r in rows for x in r.payments)
    )
    if not new:
        await erase_from(tx, at, ("order_taxes", "order_coupons"), [r.order_id for r in rows])
    await _put(tx, at, ADD_COUPONS, (x for r in rows for x in r.coupons))
    await _put(tx, at, ADD_TAXES, (x for r in rows for x in r.taxes))
    await _put(tx, at, ADD_REFUNDS if new else WRITE_REFUNDS, (x for r in rows for x in r.refunds))


async def erase_rows(tx: Transaction, at: Place, order_ids: Sequence[str]) -> set[Bucket]:
    """Take orders out of the tables; returns the hours whose figures this changes."""
    if not order_ids:
        return set()
    await erase_from(tx, at, OF_ORDERS, order_ids)
    gone = await tx.fetch(
        """DELETE FROM orders WHERE tenant_id = $1 AND outlet_id = $2
           AND order_id = ANY($3::text[]) RETURNING business_date, hour""",
        *(*at, order_ids),
    )
    return {(r["business_date"], r["hour"]) for r in gone}


async def erase_from(
    tx: Transaction, at: Place, tables: Iterable[str], order_ids: Sequence[str]
) -> None:
    """Delete the rows of these orders from tables that have an order's id."""
    for table in tables:
        await tx.execute(
            f"""DELETE FROM {table} WHERE tenant_id = $1 AND outlet_id = $2
                AND order_id = ANY($3::text[])""",
            *(*at, order_ids),
        )


async def write_hours(tx: Transaction, at: Place, buckets: set[Bucket]) -> None:
    """Sum these hours anew."""
    if buckets:
        await tx.execute(WRITE_HOURS, *at, *zip(*sorted(buckets), strict=True))


async def _put(tx: Transaction, at: Place, statement: str, rows: Iterable[tuple[Any, ...]]) -> None:
    if several := list(rows):
        await tx.execute(statement, *at, *zip(*several, strict=True))
