"""The CSV of sales: one row per line sold, gathered into orders, with every fault by its row."""

import re
from collections.abc import Container
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from pathlib import Path

from protocol.commands import AMOUNT_MAX, QUANTITY_MAX
from protocol.importing.sheet import Row, RowFault, Table, amount_of, text_of, whole_number
from protocol.money import Currency
from protocol.orders import DiningOption
from protocol.trading_day import instant, local_time

REQUIRED = ("order", "time", "plu", "quantity")
COLUMNS = (
    *("order", "outlet", "time", "plu", "quantity", "amount", "note", "dining_option"),
    *("tender", "tender_label", "table", "staff"),
)
TEXT_MAX = 200
"""Longest note, table, tender, label or name of staff: what a command may carry."""

APART_MAX = timedelta(hours=12)
"""Rows of one order further apart are two orders that share a number."""

TIME = re.compile(r"(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d(?::\d\d)?)", re.ASCII)


@dataclass(frozen=True, slots=True)
class SoldLine:
    """One row: `amount` is what was charged for all of it, minor units; None: the menu's price."""

    row: int
    plu: str
    quantity: int
    amount: int | None
    note: str


@dataclass(frozen=True, slots=True)
class SoldOrder:
    """The rows of one order. `local` is the outlet's own time, `at_ms` the same in Unix ms."""

    outlet: str
    key: str
    local: datetime
    at_ms: int
    dining_option: DiningOption
    tender: str
    tender_label: str
    table: str
    staff: str
    lines: tuple[SoldLine, ...]


@dataclass(slots=True)
class Sales:
    """What a file holds for one outlet: whole orders by time, and what is wrong with the rest."""

    orders: list[SoldOrder] = field(default_factory=list)
    faults: list[RowFault] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    """Orders with a broken row: none of their rows is in `orders`."""
    usable: bool = True
    """False when even the rows without a fault cannot be trusted to be whole orders."""


class SalesFault(Exception):
    """The file holds several outlets and none was chosen, or not the one that was."""


def read_sales(
    path: Path,
    currency: Currency,
    zone: tzinfo,
    *,
    outlet: str = "",
    plus: Container[str] | None = None,
) -> Sales:
    """Orders of one outlet, sorted by time; rows of an order need not stand together.

    Amounts are in `currency`, times local in `zone`; `plus` are the PLUs that can be sold. Raises SalesFault when the file holds several
    outlets and `outlet` does not choose one; OSError when it cannot be read.
    """
    table = Table(text_of(path.read_bytes()), COLUMNS, REQUIRED)
    rows = list(table.rows())
    if table.readable:
        outlet = _choose_outlet(rows, outlet)
    mine = [row for row in rows if isinstance(row, RowFault) or row["outlet"] in ("", outlet)]
    faults = [*table.faults, *_nameless(mine, outlet)]
    broken = {fault.row for fault in faults}
    sales = Sales(usable=table.readable and not table.cut_short)
    for key, its_rows in _by_order(mine).items():
        order = _read_order(outlet, its_rows, _Terms(currency, zone, plus), faults)
        if order is None or any(row.number in broken for row in its_rows):
            sales.left_out.append(key)
        else:
            sales.orders.append(order)
    sales.orders.sort(key=lambda order: (order.at_ms, order.lines[0].row))
    sales.faults = sorted(set(faults))
    return sales


@dataclass(frozen=True, slots=True)
class _Terms:
    currency: Currency
    zone: tzinfo
    plus: Container[str] | None


def _choose_outlet(rows: list[Row | RowFault], wanted: str) -> str:
    there = sorted({row["outlet"] for row in rows if isinstance(row, Row) and row["outlet"]})
    named = ", ".join(there)
    if wanted and not there:
        raise SalesFault(f"The file names no outlets, so {wanted!r} cannot be chosen from it.")
    if wanted and wanted not in there:
        raise SalesFault(f"The file has no sales of outlet {wanted!r}; it has: {named}.")
    if not wanted and len(there) > 1:
        raise SalesFault(f"The file holds several outlets; choose one of: {named}.")
    return wanted or "".join(there)


def _nameless(rows: list[Row | RowFault], outlet: str) -> list[RowFault]:
    """Faults of rows that do not say which order they belong to.

    Such a row may be part of the order above or below it, so neither is known to be whole.
    """
    faults = []
    for at, row in enumerate(rows):
        if isinstance(row, Row):
            missing = "order" if not row["order"] else "outlet" if row["outlet"] != outlet else ""
            if not missing:
                continue
            faults.append(RowFault(row.number, f"has no {missing}", row["order"]))
        for near in (*rows[max(0, at - 1) : at], *rows[at + 1 : at + 2]):
            if isinstance(near, Row) and near["order"]:
                reason = f"row {_number(row)} beside it may belong to the same order"
                faults.append(RowFault(near.number, reason, near["order"]))
    return faults


def _number(row: Row | RowFault) -> int:
    return row.row if isinstance(row, RowFault) else row.number


def _by_order(rows: list[Row | RowFault]) -> dict[str, list[Row]]:
    orders: dict[str, list[Row]] = {}
    for row in rows:
        if isinstance(row, Row) and row["order"]:
            orders.setdefault(row["order"], []).append(row)
    return orders


def _read_order(
    outlet: str, rows: list[Row], terms: _Terms, faults: list[RowFault]
) -> SoldOrder | None:
    """The order of these rows; None when a row is broken, which `faults` then says."""
    known = len(faults)
    first = rows[0]
    key = first["order"]
    local = _read_time(first, terms.zone, faults)
    dining_option = _read_dining_option(first, faults)
    lines = [line for row in rows if (line := _read_line(row, terms, faults))]
    faults.extend(
        RowFault(row.number, f"{column} is over {TEXT_MAX} letters", key)
        for row in rows
        for column in ("order", "outlet", "tender", "tender_label", "table", "staff")
        if len(row[column]) > TEXT_MAX
    )
    for row in rows[1:]:
        _compare(first, row, local, faults)
    if local is None or dining_option is None or len(faults) > known:
        return None
    return SoldOrder(
        outlet=outlet,
        key=key,
        local=local,
        at_ms=instant(local, terms.zone),
        dining_option=dining_option,
        tender=first["tender"] or "cash",
        tender_label=first["tender_label"],
        table=first["table"],
        staff=first["staff"],
        lines=tuple(lines),
    )


def _read_line(row: Row, terms: _Terms, faults: list[RowFault]) -> SoldLine | None:
    problems = []
    quantity, amount = 0, None
    if not row["plu"]:
        problems.append("has no plu")
    elif terms.plus is not None and row["plu"] not in terms.plus:
        problems.append(f"plu {row['plu']!r} is not on the menu")
    try:
        quantity = whole_number(row["quantity"], 1, QUANTITY_MAX)
    except ValueError as error:
        problems.append(f"quantity {error}")
    try:
        amount = amount_of(row["amount"], terms.currency, AMOUNT_MAX) if row["amount"] else None
    except ValueError as error:
        problems.append(f"amount {error}")
    if len(row["note"]) > TEXT_MAX:
        problems.append(f"note is over {TEXT_MAX} letters")
    faults.extend(RowFault(row.number, problem, row["order"]) for problem in problems)
    if problems:
        return None
    return SoldLine(row.number, row["plu"], quantity, amount, row["note"])


def _read_time(row: Row, zone: tzinfo, faults: list[RowFault]) -> datetime | None:
    local = _find_time(row["time"])
    if local is None:
        reason = f"time {row['time']!r} is not a time like 2026-01-31 18:05:00"
    elif local_time(instant(local, zone), zone).replace(tzinfo=None) != local:
        reason = f"time {row['time']!r} never was in {zone}: clocks were put forward over it"
    else:
        return local
    faults.append(RowFault(row.number, reason, row["order"]))
    return None


def _find_time(text: str) -> datetime | None:
    match = TIME.fullmatch(text)
    try:
        return datetime.fromisoformat(f"{match[1]} {match[2]}") if match else None
    except ValueError:
        return None


def _read_dining_option(row: Row, faults: list[RowFault]) -> DiningOption | None:
    try:
        return DiningOption(row["dining_option"] or DiningOption.DINE_IN)
    except ValueError:
        reason = f"dining_option {row['dining_option']!r} is none of {', '.join(DiningOption)}"
        faults.append(RowFault(row.number, reason, row["order"]))
        return None


def _compare(first: Row, row: Row, local: datetime | None, faults: list[RowFault]) -> None:
    """What a later row of an order says again must agree with the first."""
    for column in ("dining_option", "tender", "tender_label"):
        if row[column] and row[column] != first[column]:
            reason = f"{column} is {row[column]!r}, but {first[column]!r} in row {first.number}"
            faults.append(RowFault(row.number, reason, row["order"]))
    if not row["time"]:
        return
    time = _find_time(row["time"])
    if time is None:
        reason = f"time {row['time']!r} is not a time like 2026-01-31 18:05:00"
    elif local and abs(time - local) > APART_MAX:
        reason = (
            f"is {time}, long from {local} in row {first.number}; if order numbers start again "
            f"each day, put the date before them, as in {local.date()}/{row['order']}"
        )
    else:
        return
    faults.append(RowFault(row.number, reason, row["order"]))
