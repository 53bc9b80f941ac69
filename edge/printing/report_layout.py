"""X and Z reports on paper. What a day came to is a value, so that box, HQ and paper agree on it."""

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from edge.outlet import Outlet, zone_of
from edge.printing.layouts import banner, number
from edge.printing.paper import Columns, Cut, Feed, Paper, Row, Rule, Text
from edge.printing.words import word
from protocol.money import CURRENCIES, Currency, format_amount
from protocol.orders import TaxAmount
from protocol.reports import SalesReport
from protocol.trading_day import local_time


class Counted(msgspec.Struct, frozen=True):
    """So many of something, and what they came to in minor units. `name` is for people."""

    name: str
    count: int = 0
    amount: int = 0


class TillCount(msgspec.Struct, frozen=True, kw_only=True):
    """One till from its opening float to its count, in minor units. `counted` None: not counted."""

    name: str
    opening: int = 0
    cash_sales: int = 0
    paid_in: int = 0
    paid_out: int = 0
    drops: int = 0
    expected: int = 0
    counted: int | None = None


class DayFigures(msgspec.Struct, frozen=True, kw_only=True):
    """What one business date came to. Everything in minor units of `currency`.

    sales − discounts + service + exclusive taxes + rounding = total, as on every bill.
    `incomplete` says what is not in the figures, in words; empty when nothing is missing.
    """

    currency: str
    business_date: str
    opened_ms: int
    closed_ms: int
    orders: int = 0
    units: int = 0
    covers: int = 0
    sales: int = 0
    discounts: int = 0
    service: int = 0
    taxes: tuple[TaxAmount, ...] = ()
    rounding: int = 0
    total: int = 0
    tenders: tuple[Counted, ...] = ()
    refunds: Counted = Counted("")
    unpaid: Counted = Counted("")
    categories: tuple[Counted, ...] = ()
    voids: Counted = Counted("")
    comps: Counted = Counted("")
    cancelled: Counted = Counted("")
    tills: tuple[TillCount, ...] = ()
    first_number: str = ""
    last_number: str = ""
    grand_total: int | None = None
    incomplete: str = ""


def x_report(report: SalesReport, outlet: Outlet, at_ms: int, header: Sequence[str] = ()) -> Paper:
    """How the day stands, from the box's own sales report: nothing is closed by it.

    Raises ConfigError for an unknown time zone.
    """
    language, money = outlet.language, CURRENCIES[report.currency]
    totals = report.totals
    dates = _day(report.first)
    if report.last != report.first:
        dates = f"{dates} - {_day(report.last)}"
    rows: list[Row] = [
        *_head("x_report", outlet, header),
        Text(word("not_final", language), align="center"),
        Columns(word("business_date", language), dates),
        Columns(word("printed", language), _time(at_ms, outlet)),
        Rule(double=True),
        Columns(word("orders", language), str(totals.orders)),
        Columns(word("units", language), str(totals.units)),
        *_average(totals.amount_minor, totals.orders, money, language),
        Columns(
            word("total", language), format_amount(totals.amount_minor, money), size=2, bold=True
        ),
    ]
    sections = (
        ("tenders", [Counted(word(f.key, language), f.orders, f.amount_minor)
                     for f in report.by_tender]),
        ("categories", [Counted(f.name or f.key, f.units, f.amount_minor)
                        for f in report.by_category]),
        ("hours", [Counted(f"{int(f.key):02}:00", f.orders, f.amount_minor)
                   for f in report.by_hour]),
    )  # fmt: skip
    for key, counted in sections:
        rows += _section(key, counted, money, language)
    rows += [Rule(double=True), Cut()]
    return Paper("report", f"{word('x_report', language)} {report.last}", tuple(rows))


def z_report(
    day: DayFigures, outlet: Outlet, number_z: int, at_ms: int, header: Sequence[str] = ()
) -> Paper:
    """The close of a business date. `number_z` counts an outlet's closes without a gap.

    Raises ConfigError for an unknown time zone.
    """
    language, money = outlet.language, CURRENCIES[day.currency]
    rows: list[Row] = [
        *_head("z_report", outlet, header),
        Text(f"Z {number_z:05}", size=2, bold=True, align="center"),
        Columns(word("business_date", language), _day(day.business_date), bold=True),
        Columns(word("opened", language), _time(day.opened_ms, outlet)),
        Columns(word("closed", language), _time(day.closed_ms, outlet)),
        Columns(word("printed", language), _time(at_ms, outlet)),
    ]
    if day.first_number:
        rows.append(Columns(word("numbers", language), f"{day.first_number} - {day.last_number}"))
    if day.incomplete:
        rows += [banner(word("incomplete", language)), Text(day.incomplete, bold=True)]
    rows += [Rule(double=True), *_sums(day, money, language)]
    rows += _section("tenders", day.tenders, money, language)
    rows += _named((("refunds", day.refunds), ("unpaid", day.unpaid)), money, language)
    rows += _section("categories", day.categories, money, language)
    losses = (("voids", day.voids), ("comps", day.comps), ("cancelled", day.cancelled))
    rows += [Rule(), *_named(losses, money, language, always=True)]
    for till in day.tills:
        rows += _till(till, money, language)
    if day.grand_total is not None:
        total = format_amount(day.grand_total, money)
        rows += [Rule(), Columns(word("grand_total", language), total, bold=True)]
    rows += [Rule(double=True), *_signatures(language), Cut()]
    return Paper("report", f"Z {number_z:05}", tuple(rows))


def _head(key: str, outlet: Outlet, header: Sequence[str]) -> Iterator[Row]:
    yield Text(outlet.name, size=2, bold=True, align="center")
    for line in header:
        yield Text(line, align="center")
    yield Feed()
    yield banner(word(key, outlet.language))


def _sums(day: DayFigures, money: Currency, language: str) -> Iterator[Row]:
    """From what was rung up to what is owed, in the order of a bill."""
    yield Columns(word("orders", language), str(day.orders))
    yield Columns(word("units", language), str(day.units))
    if day.covers:
        yield Columns(word("guests", language), str(day.covers))
    yield from _average(day.total, day.orders, money, language)
    yield Rule()
    yield Columns(word("sales", language), number(day.sales, money))
    yield Columns(word("discount", language), number(-day.discounts, money))
    yield Columns(word("net", language), number(day.sales - day.discounts, money), bold=True)
    if day.service:
        yield Columns(word("service", language), number(day.service, money))
    for tax in (x for x in day.taxes if not x.inclusive):
        yield Columns(tax.name, number(tax.amount, money))
    if day.rounding:
        yield Columns(word("rounding", language), number(day.rounding, money))
    yield Columns(word("total", language), format_amount(day.total, money), size=2, bold=True)
    for tax in (x for x in day.taxes if x.inclusive):
        yield Columns(f"{word('included', language)} {tax.name}", number(tax.amount, money))


def _average(total: int, orders: int, money: Currency, language: str) -> Iterator[Row]:
    if orders:
        yield Columns(word("average", language), number(total // orders, money))


def _section(key: str, counted: Sequence[Counted], money: Currency, language: str) -> Iterator[Row]:
    """A titled list; nothing at all when it is empty."""
    if not counted:
        return
    yield Rule()
    yield Text(word(key, language).upper(), bold=True)
    for one in counted:
        yield Columns(f"{one.count} × {one.name}", number(one.amount, money), hang=4)


def _named(
    figures: Iterable[tuple[str, Counted]], money: Currency, language: str, always: bool = False
) -> Iterator[Row]:
    """Single figures; those that an auditor asks for stand there when they are nothing, too."""
    for key, one in figures:
        if one.count or one.amount or always:
            yield Columns(f"{one.count} × {word(key, language)}", number(one.amount, money))


def _till(till: TillCount, money: Currency, language: str) -> Iterator[Row]:
    yield Rule()
    yield Text(f"{word('till', language)} {till.name}".upper(), bold=True)
    moves = (
        ("opening", till.opening),
        ("cash_sales", till.cash_sales),
        ("paid_in", till.paid_in),
        ("paid_out", -till.paid_out),
        ("drops", -till.drops),
    )
    for key, amount in moves:
        if amount or key in {"opening", "cash_sales"}:
            yield Columns(word(key, language), number(amount, money))
    yield Columns(word("expected", language), number(till.expected, money), bold=True)
    if till.counted is None:
        yield Columns(word("counted", language), "________")
        return
    yield Columns(word("counted", language), number(till.counted, money), bold=True)
    difference = till.counted - till.expected
    if difference:
        key = "over" if difference > 0 else "short"
        yield Columns(word(key, language), number(difference, money), bold=True, tall=True)


def _signatures(language: str) -> Iterator[Row]:
    yield Feed(2)
    yield Columns("_" * 14, "_" * 14)
    yield Columns(word("cashier", language), word("manager", language))


def _day(iso: str) -> str:
    return "/".join(reversed(iso.split("-")))


def _time(at_ms: int, outlet: Outlet) -> str:
    return local_time(at_ms, zone_of(outlet.zone)).strftime("%d/%m/%Y %H:%M")
