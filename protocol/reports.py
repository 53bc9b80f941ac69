"""The sales report: one shape for box and HQ, and the pure sum over orders that defines it.

Cancelled and merged orders, and voided lines, count in no figure of what was sold. All amounts are integer minor units, with the
plain decimal beside them for people and files.
"""

from collections.abc import Callable, Iterable

import msgspec

from protocol.bill_sums import BillAdder, BillSums, counts
from protocol.menu import name_in
from protocol.money import CURRENCIES, decimal_text
from protocol.orders import Line, Order


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """One row: what was sold under `key` (a date, an hour, an id), called `name` for people."""

    key: str
    orders: int = 0
    lines: int = 0
    units: int = 0
    amount_minor: int = 0
    amount: str = "0"
    name: str = ""


class SalesReport(msgspec.Struct, frozen=True, kw_only=True):
    """Sales of business dates from `first` to `last`, both included.

    `by_tender` counts payments: `orders` are orders paid with it, `amount` what it brought.
    """

    currency: str
    first: str
    last: str
    totals: Figure
    by_day: tuple[Figure, ...] = ()
    by_hour: tuple[Figure, ...] = ()
    by_category: tuple[Figure, ...] = ()
    by_size: tuple[Figure, ...] = ()
    by_item: tuple[Figure, ...] = ()
    by_tender: tuple[Figure, ...] = ()
    bill: BillSums = BillSums()
    """How gross sales become the total, and what was given back: see `BillSums`."""


class _Sum:
    """A growing figure; orders are counted once each."""

    __slots__ = ("amount", "last_order", "lines", "name", "orders", "units")

    def __init__(self) -> None:
        self.orders = self.lines = self.units = self.amount = 0
        self.last_order = self.name = ""

    def add(self, order_id: str, lines: int, units: int, amount: int, name: str = "") -> None:
        self.orders += order_id != self.last_order
        self.last_order = order_id
        self.lines += lines
        self.units += units
        self.amount += amount
        self.name = self.name or name


def sales_report(orders: Iterable[Order], currency: str, first: str, last: str) -> SalesReport:
    """The report of these dates (ISO, both included), of orders placed or refunded on them."""
    bill = BillAdder(first, last)
    sums: dict[str, dict[str, _Sum]] = {
        k: {} for k in ("totals", "day", "hour", "category", "size", "item", "tender")
    }
    for order in orders:
        bill.add(order)
        if first <= order.business_date <= last:
            if counts(order):
                _add(sums, order)
            # What was paid was in a drawer, also when the order was called off and all went back.
            for payment in order.payments:
                _at(sums["tender"], payment.tender).add(order.order_id, 0, 0, payment.amount)

    def figures(
        kind: str, order_by: Callable[[Figure], object] = lambda f: f.key
    ) -> tuple[Figure, ...]:
        found = [_figure(key, s, currency) for key, s in sums[kind].items()]
        return tuple(sorted(found, key=order_by))  # type: ignore[arg-type]

    by_amount: Callable[[Figure], object] = lambda f: (-f.amount_minor, f.key)  # noqa: E731
    return SalesReport(
        currency=currency,
        first=first,
        last=last,
        totals=_figure("", sums["totals"].get("", _Sum()), currency),
        by_day=figures("day"),
        by_hour=figures("hour", lambda f: int(f.key)),
        by_category=figures("category", by_amount),
        by_size=figures("size", by_amount),
        by_item=figures("item", by_amount),
        by_tender=figures("tender", by_amount),
        bill=bill.sums(),
    )


def _add(sums: dict[str, dict[str, _Sum]], order: Order) -> None:
    lines = order.live_lines
    units, amount = sum(x.quantity for x in lines), order.totals.total
    for kind, key in (("totals", ""), ("day", order.business_date), ("hour", str(order.hour))):
        _at(sums[kind], key).add(order.order_id, len(lines), units, amount)
    for line in lines:
        for kind, key, name in _keys(line):
            _at(sums[kind], key).add(order.order_id, 1, line.quantity, line.amount, name)


def _keys(line: Line) -> tuple[tuple[str, str, str], ...]:
    return (
        ("category", line.category_id, ""),
        ("size", line.size or "", line.size or ""),
        ("item", line.item_id, name_in(line.names, "en")),
    )


def _at(sums: dict[str, _Sum], key: str) -> _Sum:
    found = sums.get(key)
    if found is None:
        found = sums[key] = _Sum()
    return found


def _figure(key: str, total: _Sum, currency: str) -> Figure:
    return Figure(
        key=key,
        orders=total.orders,
        lines=total.lines,
        units=total.units,
        amount_minor=total.amount,
        amount=decimal_text(total.amount, CURRENCIES[currency]),
        name=total.name,
    )
