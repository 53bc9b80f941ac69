"""X and Z reports and till slips on paper, from the figures that box and HQ count by."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from edge.outlet import Outlet, zone_of
from edge.printing.layouts import banner, number
from edge.printing.paper import Columns, Cut, Feed, Kick, Paper, Row, Rule, Text
from edge.printing.words import TIME_NOT_CONFIRMED, word
from protocol.certificates import in_groups
from protocol.floor_events import CashMoved, DayClosed
from protocol.money import CURRENCIES, Currency, format_amount
from protocol.reports import SalesReport
from protocol.tills import DayFigures, Shift, TenderFigure
from protocol.trading_day import local_time

UNPAID = frozenset({"order", "held", "unpaid", "more"})
"""Kinds of outstanding things that somebody still has to pay."""
LISTED_MOST = 20
"""Outstanding things named on paper; all of them are in the journal."""


class Counted(msgspec.Struct, frozen=True):
    """So many of something, and what they came to in minor units. `name` is for people."""

    name: str
    count: int = 0
    amount: int = 0


class Names(msgspec.Struct, frozen=True, kw_only=True):
    """What ids are called on paper; an id without a name stands as it is."""

    categories: Mapping[str, str] = {}
    tills: Mapping[str, str] = {}
    people: Mapping[str, str] = {}


NO_NAMES = Names()


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
        Feed(),
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
    closed: DayClosed,
    outlet: Outlet,
    at_ms: int,
    currency: str,
    names: Names = NO_NAMES,
    header: Sequence[str] = (),
) -> Paper:
    """The close of a business date. Its number counts an outlet's closes without a gap.

    Raises ConfigError for an unknown time zone.
    """
    language, money, day = outlet.language, CURRENCIES[currency], closed.figures
    rows: list[Row] = [
        *_head("z_report", outlet, header),
        Text(f"Z {closed.number_z:05}", size=2, bold=True, align="center"),
        Feed(),
        Columns(word("business_date", language), _day(day.business_date), bold=True),
        Columns(word("closed", language), _time(closed.at_ms, outlet)),
        Columns(word("printed", language), _time(at_ms, outlet)),
    ]
    if closed.unsure:
        rows.append(banner(TIME_NOT_CONFIRMED))
    rows += [Rule(double=True), *_sums(day, money, language)]
    rows += _tenders(day.tenders, money, language)
    unpaid = [o for o in closed.outstanding if o.kind in UNPAID and o.amount]
    due = Counted("", len(unpaid), sum(o.amount for o in unpaid))
    back = Counted("", day.refunds, -day.refund_amount)
    rows += _named((("refunds", back), ("unpaid", due)), money, language)
    sold = [
        Counted(names.categories.get(x.category_id, x.category_id), x.units, x.amount)
        for x in sorted(day.categories, key=lambda x: (-x.amount, x.category_id))
    ]
    rows += _section("categories", sold, money, language)
    losses = (
        ("voids", Counted("", day.voids, day.void_amount)),
        ("comps", Counted("", 0, day.comps)),
        ("cancelled", Counted("", day.cancelled)),
    )
    rows += [Rule(), *_losses(losses, money, language)]
    if day.earlier:
        rows.append(Columns(word("earlier", language), str(day.earlier)))
    for shift in day.shifts:
        rows += [Rule(), *_shift(shift, names, money, language)]
    rows += _outstanding(closed, money, language)
    rows += [Rule(double=True), *_digest(closed.digest)]
    for joined in closed.joins:
        rows += [Text(word("also_follows", language), align="center"), *_digest(joined)]
    rows += [*_signatures(language), Cut()]
    return Paper("report", f"Z {closed.number_z:05}", tuple(rows))


def _digest(digest: str) -> Iterator[Row]:
    return (Text(row, align="center") for row in in_groups(digest))


def shift_slip(
    shift: Shift, outlet: Outlet, at_ms: int, currency: str, names: Names = NO_NAMES
) -> Paper:
    """What a till was closed with. Raises ConfigError for an unknown time zone."""
    language, money = outlet.language, CURRENCIES[currency]
    rows: list[Row] = [
        *_head("shift_report", outlet, ()),
        Columns(word("business_date", language), _day(shift.business_date)),
        Columns(word("opened", language), _time(shift.opened_ms, outlet)),
        *_person("by", shift.opened_by, names, language),
        Columns(word("closed", language), _time(shift.closed_ms or at_ms, outlet)),
        *_person("by", shift.closed_by, names, language),
    ]
    if shift.unsure:
        rows.append(banner(TIME_NOT_CONFIRMED))
    rows += [Rule(double=True), *_shift(shift, names, money, language)]
    if shift.reason:
        rows += [Feed(), Text(f"{word('reason', language)}: {shift.reason}", hang=2)]
    rows += [Rule(double=True), *_signatures(language), Cut()]
    return Paper("report", f"{word('till', language)} {shift.till_id}", tuple(rows))


def cash_slip(event: CashMoved, outlet: Outlet, currency: str, names: Names = NO_NAMES) -> Paper:
    """Cash that went in or out without a sale; it opens the drawer."""
    language, money = outlet.language, CURRENCIES[currency]
    key = {"paid_in": "paid_in", "paid_out": "paid_out", "drop": "drops"}[event.kind.value]
    rows: list[Row] = [
        Kick(),
        *_head(key, outlet, ()),
        Columns(word("till", language), names.tills.get(event.till_id, event.till_id)),
        Columns(word("date", language), _time(event.at_ms, outlet)),
        *_person("by", event.staff, names, language),
        *_person("approved", event.approved_by, names, language),
        Rule(double=True),
        Text(format_amount(event.amount, money), size=2, bold=True, align="center"),
    ]
    if event.reason:
        rows += [Feed(), Text(f"{word('reason', language)}: {event.reason}", hang=2)]
    rows += [Rule(double=True), *_signatures(language), Cut()]
    return Paper("report", word(key, language), tuple(rows))


def drawer_kick() -> Paper:
    """No paper at all: the drawer opens."""
    return Paper("drawer", "", (Kick(),))


def _head(key: str, outlet: Outlet, header: Sequence[str]) -> Iterator[Row]:
    yield Text(outlet.name, size=2, bold=True, align="center")
    for line in header:
        yield Text(line, align="center")
    yield Feed()
    yield banner(word(key, outlet.language).upper())
    yield Feed()


def _sums(day: DayFigures, money: Currency, language: str) -> Iterator[Row]:
    """From what was rung up to what is owed, in the order of a bill."""
    yield Columns(word("orders", language), str(day.orders))
    yield Columns(word("units", language), str(day.units))
    if day.covers:
        yield Columns(word("guests", language), str(day.covers))
    yield from _average(day.total, day.orders, money, language)
    yield Rule()
    yield Columns(word("sales", language), number(day.gross, money))
    yield Columns(word("discount", language), number(-day.discounts, money))
    yield Columns(word("net", language), number(day.gross - day.discounts, money), bold=True)
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


def _losses(
    figures: Iterable[tuple[str, Counted]], money: Currency, language: str
) -> Iterator[Row]:
    """Those that an auditor asks for stand there when they are nothing, too."""
    for key, one in figures:
        count = f"{one.count} × " if one.count or not one.amount else ""
        yield Columns(f"{count}{word(key, language)}", number(one.amount, money))


def _tenders(tenders: Sequence[TenderFigure], money: Currency, language: str) -> Iterator[Row]:
    found = [Counted(word(t.tender, language), t.count, t.amount) for t in tenders]
    yield from _section("tenders", found, money, language)
    tips = sum(t.tips for t in tenders)
    if tips:
        yield Columns(word("tips", language), number(tips, money))
    rounding = sum(t.rounding for t in tenders)
    if rounding:
        yield Columns(word("cash_rounding", language), number(rounding, money))


def _shift(shift: Shift, names: Names, money: Currency, language: str) -> Iterator[Row]:
    name = names.tills.get(shift.till_id, shift.till_id)
    till = word("till", language)
    # Many are called by what they are: "Laci depan" is not printed as LACI LACI DEPAN.
    named = name if name.casefold().startswith(till.casefold()) else f"{till} {name}"
    yield Text(named.upper(), bold=True)
    expected = shift.expected or 0
    sales = expected - shift.opening - shift.paid_in + shift.paid_out + shift.drops
    moves = (
        ("opening", shift.opening),
        ("cash_sales", sales),
        ("paid_in", shift.paid_in),
        ("paid_out", -shift.paid_out),
        ("drops", -shift.drops),
    )
    for key, amount in moves:
        if amount or key in {"opening", "cash_sales"}:
            yield Columns(word(key, language), number(amount, money))
    if shift.no_sales:
        yield Columns(word("no_sales", language), str(shift.no_sales))
    yield Columns(word("expected", language), number(expected, money), bold=True)
    yield Columns(word("counted", language), number(shift.counted or 0, money), bold=True)
    difference = shift.over_short
    if difference:
        key = "over" if difference > 0 else "short"
        yield Columns(word(key, language), number(difference, money), bold=True, size=2)
    elif shift.counted is not None:
        yield Columns(word("difference", language), number(0, money), bold=True)


def _outstanding(closed: DayClosed, money: Currency, language: str) -> Iterator[Row]:
    """What was not done, so that nobody believes the day to be complete; with what is owed for it."""
    if not closed.outstanding:
        return
    yield Rule()
    yield banner(word("incomplete", language))
    yield Feed()
    for thing in closed.outstanding[:LISTED_MOST]:
        where = f" · {thing.where}" if thing.where else ""
        said = f"{word(f'left_{thing.kind}', language)} {thing.label}{where}"
        owed = thing.amount if thing.kind in UNPAID else 0
        yield Columns(said, number(owed, money), hang=2) if owed else Text(said, hang=2)
    more = len(closed.outstanding) - LISTED_MOST
    if more > 0:
        yield Text(f"+ {more}")


def _person(key: str, staff: str | None, names: Names, language: str) -> Iterator[Row]:
    if staff:
        yield Columns(word(key, language), names.people.get(staff, staff))


def _signatures(language: str) -> Iterator[Row]:
    yield Feed(3)
    yield Columns("_" * 14, "_" * 14)
    yield Columns(word("cashier", language), word("manager", language))


def _day(iso: str) -> str:
    return "/".join(reversed(iso.split("-")))


def _time(at_ms: int, outlet: Outlet) -> str:
    return local_time(at_ms, zone_of(outlet.zone)).strftime("%d/%m/%Y %H:%M")
