"""The outlet's own reports, summed from its orders: the same figures HQ must arrive at."""

import sqlite3
from collections.abc import Iterator

import msgspec

from protocol.menu import MenuIndex, name_in
from protocol.orders import Order
from protocol.reports import Figure, SalesReport, sales_report

_decoder = msgspec.json.Decoder(Order)


def sales(
    db: sqlite3.Connection, menu: MenuIndex, first: str, last: str, currency: str
) -> SalesReport:
    """Sales of the business dates `first` to `last` (ISO), both included."""
    report = sales_report(_orders(db, first, last), currency, first, last)
    return msgspec.structs.replace(
        report, by_category=tuple(_named(f, menu) for f in report.by_category)
    )


def _orders(db: sqlite3.Connection, first: str, last: str) -> Iterator[Order]:
    rows = db.execute(
        "SELECT body FROM orders WHERE order_id IN"
        " (SELECT order_id FROM orders WHERE business_date BETWEEN ?1 AND ?2"
        " UNION SELECT order_id FROM refunds WHERE business_date BETWEEN ?1 AND ?2)"
        " ORDER BY business_date, placed_ms",
        (first, last),
    )
    for (body,) in rows:
        yield _decoder.decode(body)


def _named(figure: Figure, menu: MenuIndex) -> Figure:
    category = menu.categories.get(figure.key)
    name = name_in(category.names, "en") if category else figure.key
    return msgspec.structs.replace(figure, name=name)
