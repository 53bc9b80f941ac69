"""The questions HQ asks, each one transaction, each answer saying how complete it is."""

from collections.abc import Iterable, Sequence
from datetime import date
from zoneinfo import ZoneInfo

import msgspec

from cloud.completeness import Completeness, all_complete, completeness_of
from cloud.database import Database, Row, Transaction
from cloud.menus import find_current_menu
from cloud.outlets import Outlet, Tenant, find_outlets
from cloud.platform import Platform
from cloud.prices import find_current_book
from cloud.replicated import ReplicationState, read_states
from protocol.bill_sums import COLUMNS, BillSums, RefundSum, TaxSum, summed
from protocol.ids import TenantId
from protocol.menu import name_in
from protocol.money import CURRENCIES, decimal_text
from protocol.reports import Figure, SalesReport
from protocol.trading_day import business_date

OF_DAYS = """tenant_id = $1 AND outlet_id = ANY($2::uuid[])
    AND business_date BETWEEN $3 AND $4"""

SUMS = "sum(orders) orders, sum(lines) lines, sum(units) units, sum(sales) amount"

BY_LINE = """count(DISTINCT (outlet_id, order_id)) orders, count(*) lines, sum(quantity) units,
    sum(amount) amount"""


BILLS = ", ".join(f"sum({column}) {column}" for column in COLUMNS)
TAXES = f"""SELECT name, inclusive, sum(base) base, sum(amount) amount
    FROM order_taxes WHERE {OF_DAYS} GROUP BY 1, 2"""
REFUNDS = f"""SELECT tender, count(*) count, sum(amount) amount, sum(credit) credit,
    sum(rounding) rounding, sum(tip) tips FROM order_refunds WHERE {OF_DAYS} GROUP BY 1"""


class SalesAtHq(SalesReport, frozen=True, kw_only=True):
    """The sales report of several outlets, with how complete it is."""

    by_outlet: tuple[Figure, ...]
    paid_minor: int
    paid: str
    cancelled: int
    complete: bool
    completeness: tuple[Completeness, ...]
    uncertain_dates: int = 0
    """Orders among these whose box did not know the time, so that their business date may be
    another one. They are counted on the date the box gave them."""


class OutletToday(msgspec.Struct, frozen=True, kw_only=True):
    """An outlet's figures of its own current business date."""

    outlet_id: str
    outlet_name: str
    business_date: str
    figure: Figure
    paid_minor: int
    cancelled: int
    by_hour: tuple[Figure, ...]
    completeness: Completeness


class Today(msgspec.Struct, frozen=True, kw_only=True):
    """Every outlet's business date so far."""

    at_ms: int
    currency: str
    totals: Figure
    outlets: tuple[OutletToday, ...]


class OutletView(Completeness, frozen=True, kw_only=True):
    """An outlet as HQ lists it: its settings, its box, and how complete its figures are."""

    currency: str
    zone: str
    rollover_hour: int
    business_date: str
    enrolled: bool
    menu_version: int | None
    menu_current: int
    product: str | None
    clock_offset_ms: int | None
    replication: ReplicationState
    price_version: int | None = None
    """The price book its box has; it is behind when this is below `price_current`."""
    price_current: int = 0


class UnknownOutlet(Exception):
    """The tenant has no such outlet."""


class Reports:
    """Reads what the projections keep; never the ledger, never another tenant."""

    def __init__(self, database: Database, platform: Platform) -> None:
        self._database = database
        self._platform = platform

    async def sales(
        self, tenant_id: TenantId, first: date, last: date, outlet_id: str | None = None
    ) -> SalesAtHq:
        """Sales of business dates, both included. Raises UnknownOutlet."""
        async with self._database.reading(tenant_id) as tx:
            tenant = await _tenant(tx, tenant_id)
            outlets = _chosen(await find_outlets(tx, tenant_id), outlet_id)
            where = (tenant_id, [o.outlet_id for o in outlets], first, last)
            total = await tx.fetchrow(
                f"""SELECT '' AS key, {SUMS}, sum(paid) paid, sum(cancelled) cancelled, {BILLS}
                    FROM hourly_sales WHERE {OF_DAYS}""",
                *where,
            )
            hours = "FROM hourly_sales WHERE " + OF_DAYS + " AND orders > 0 GROUP BY 1 ORDER BY 1"
            days = await tx.fetch(f"SELECT business_date AS key, {SUMS} {hours}", *where)
            by_hour = await tx.fetch(f"SELECT hour AS key, {SUMS} {hours}", *where)
            by_outlet = await tx.fetch(f"SELECT outlet_id AS key, {SUMS} {hours}", *where)
            lines = f"FROM order_lines WHERE {OF_DAYS} AND counts GROUP BY 1"
            categories = await tx.fetch(f"SELECT category_id AS key, {BY_LINE} {lines}", *where)
            sizes = await tx.fetch(f"SELECT size AS key, {BY_LINE} {lines}", *where)
            items = await tx.fetch(
                f"SELECT item_id AS key, {BY_LINE}, max(names) AS names {lines}", *where
            )
            tenders = await tx.fetch(
                f"""SELECT tender AS key, count(DISTINCT (outlet_id, order_id)) orders, 0 AS lines,
                        0 AS units, sum(amount) amount
                    FROM payments WHERE {OF_DAYS} GROUP BY 1""",
                *where,
            )
            taxes, refunds = [await tx.fetch(sums, *where) for sums in (TAXES, REFUNDS)]
            uncertain = await tx.fetchval(
                f"SELECT count(*) FROM order_times WHERE {OF_DAYS} AND NOT certain", *where
            )
            menu = await find_current_menu(tx, tenant_id)
        assert total is not None
        named = {c.id: name_in(c.names, "en") for c in menu.categories} if menu else {}
        of = _Figures(tenant.currency)
        now_ms = self._platform.wall_ms()
        known = tuple(completeness_of(o, now_ms) for o in outlets)
        paid = int(total["paid"] or 0)
        return SalesAtHq(
            currency=tenant.currency,
            first=first.isoformat(),
            last=last.isoformat(),
            totals=of.figure(total),
            by_day=of.in_order(days),
            by_hour=of.in_order(by_hour),
            by_category=of.by_amount(categories, named),
            by_size=of.by_amount(sizes, {r["key"]: r["key"] for r in sizes}),
            by_item=of.by_amount(items, {r["key"]: _english(r["names"]) for r in items}),
            by_tender=of.by_amount(tenders, {}),
            by_outlet=of.by_amount(by_outlet, {o.outlet_id: o.name for o in outlets}),
            paid_minor=paid,
            paid=decimal_text(paid, CURRENCIES[tenant.currency]),
            cancelled=int(total["cancelled"] or 0),
            complete=all_complete(known),
            completeness=known,
            uncertain_dates=uncertain,
            bill=_bill(total, taxes, refunds),
        )

    async def today(self, tenant_id: TenantId, only: Iterable[str] | None = None) -> Today:
        """Each outlet's business date so far; `only` leaves out the other outlets' rows.

        The totals are always of all outlets.
        """
        now_ms = self._platform.wall_ms()
        async with self._database.reading(tenant_id) as tx:
            tenant = await _tenant(tx, tenant_id)
            outlets = await find_outlets(tx, tenant_id)
            rows = await tx.fetch(
                f"""SELECT h.outlet_id, h.hour AS key, {SUMS}, sum(paid) paid,
                        sum(cancelled) cancelled
                    FROM hourly_sales h JOIN unnest($2::uuid[], $3::date[]) AS t (outlet, day)
                        ON h.outlet_id = t.outlet AND h.business_date = t.day
                    WHERE h.tenant_id = $1 GROUP BY 1, 2 ORDER BY 1, 2""",
                *(tenant_id, [o.outlet_id for o in outlets]),
                [trading_date(o, now_ms) for o in outlets],
            )
        of = _Figures(tenant.currency)
        hours: dict[str, list[Row]] = {}
        for row in rows:
            hours.setdefault(str(row["outlet_id"]), []).append(row)
        wanted = None if only is None else set(only)
        return Today(
            at_ms=now_ms,
            currency=tenant.currency,
            totals=of.total(rows),
            outlets=tuple(
                OutletToday(
                    outlet_id=o.outlet_id,
                    outlet_name=o.name,
                    business_date=trading_date(o, now_ms).isoformat(),
                    figure=of.total(mine := hours.get(o.outlet_id, [])),
                    paid_minor=sum(int(r["paid"]) for r in mine),
                    cancelled=sum(int(r["cancelled"]) for r in mine),
                    by_hour=of.in_order([r for r in mine if r["orders"]]),
                    completeness=completeness_of(o, now_ms),
                )
                for o in outlets
                if wanted is None or o.outlet_id in wanted
            ),
        )

    async def outlets(self, tenant_id: TenantId) -> tuple[Tenant, list[OutletView]]:
        """The tenant, and every outlet with the state of its box."""
        now_ms = self._platform.wall_ms()
        async with self._database.reading(tenant_id) as tx:
            tenant = await _tenant(tx, tenant_id)
            outlets = await find_outlets(tx, tenant_id)
            menu = await find_current_menu(tx, tenant_id)
            book = await find_current_book(tx, tenant_id)
            states = await read_states(tx, tenant_id, now_ms)
        return tenant, [
            OutletView(
                **msgspec.structs.asdict(completeness_of(o, now_ms)),
                currency=o.currency,
                zone=o.zone,
                rollover_hour=o.rollover_hour,
                business_date=trading_date(o, now_ms).isoformat(),
                enrolled=o.enrolled,
                menu_version=o.menu_version,
                menu_current=menu.version if menu else 0,
                product=o.product,
                clock_offset_ms=o.clock_offset_ms,
                replication=states[o.outlet_id],
                price_version=o.price_version,
                price_current=book.version if book else 0,
            )
            for o in outlets
        ]


def _bill(total: Row, taxes: Iterable[Row], refunds: Sequence[Row]) -> BillSums:
    """The sums of bills, from rows of sums."""
    sums = {column: int(total[column] or 0) for column in COLUMNS}
    sums["total"] = int(total["amount"] or 0)
    sums["credited"] = sum(int(r["credit"]) for r in refunds)
    return summed(
        sums,
        (
            TaxSum(
                name=r["name"],
                base=int(r["base"]),
                amount=int(r["amount"]),
                inclusive=r["inclusive"],
            )
            for r in taxes
        ),
        (
            RefundSum(
                tender=r["tender"],
                count=r["count"],
                amount=int(r["amount"]),
                rounding=int(r["rounding"]),
                tips=int(r["tips"]),
            )
            for r in refunds
        ),
    )


def trading_date(outlet: Outlet, now_ms: int) -> date:
    """The business date at an outlet."""
    return business_date(now_ms, ZoneInfo(outlet.zone), outlet.rollover_hour)


class _Figures:
    """Rows of sums as figures of one currency."""

    def __init__(self, currency: str) -> None:
        self._currency = CURRENCIES[currency]

    def figure(self, row: Row, name: str = "") -> Figure:
        return self._make(
            str(row["key"]),
            name,
            *(int(row[c] or 0) for c in ("orders", "lines", "units", "amount")),
        )

    def total(self, rows: Iterable[Row]) -> Figure:
        sums = [0, 0, 0, 0]
        for row in rows:
            for index, column in enumerate(("orders", "lines", "units", "amount")):
                sums[index] += int(row[column])
        return self._make("", "", *sums)

    def in_order(self, rows: Iterable[Row]) -> tuple[Figure, ...]:
        return tuple(self.figure(row) for row in rows)

    def by_amount(self, rows: Iterable[Row], names: dict[str, str]) -> tuple[Figure, ...]:
        figures = (self.figure(row, names.get(str(row["key"]), "")) for row in rows)
        return tuple(sorted(figures, key=lambda f: (-f.amount_minor, f.key)))

    def _make(
        self, key: str, name: str, orders: int, lines: int, units: int, amount: int
    ) -> Figure:
        return Figure(
            key=key,
            orders=orders,
            lines=lines,
            units=units,
            amount_minor=amount,
            amount=decimal_text(amount, self._currency),
            name=name,
        )


async def _tenant(tx: Transaction, tenant_id: TenantId) -> Tenant:
    row = await tx.fetchrow(
        "SELECT name, currency, zone FROM tenants WHERE tenant_id = $1", tenant_id
    )
    assert row is not None, "a visitor of a tenant that is not there"
    return Tenant(tenant_id=tenant_id, name=row["name"], currency=row["currency"], zone=row["zone"])


def _chosen(outlets: list[Outlet], outlet_id: str | None) -> list[Outlet]:
    chosen = [o for o in outlets if outlet_id in (None, "", o.outlet_id)]
    if not chosen and outlet_id:
        raise UnknownOutlet(outlet_id)
    return chosen


def _english(names: str) -> str:
    return name_in(msgspec.json.decode(names, type=dict[str, str]), "en")
