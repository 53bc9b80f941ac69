"""The guest's receipt: what was had, what was taken off and added, how it was paid. Pure.

Everything on it is kept with the order, also the rules its bill was worked out by: however HQ
changes them later, the same order prints the same paper.
"""

from collections.abc import Iterator
from datetime import tzinfo

from msgspec.structs import replace

from edge.outlet import Outlet, zone_of
from edge.printing.check_layout import check_name, check_rows
from edge.printing.layouts import UNSURE, banner, name_of, number, option_name
from edge.printing.paper import Columns, Cut, Feed, Kick, Paper, QrCode, Row, Rule, Text
from edge.printing.words import CANCELLED, NOT_PAID, PAID, TIME_NOT_CONFIRMED, word
from protocol.bill import Adjustment, Check, TaxKind
from protocol.checks import dues
from protocol.discounts import in_turn
from protocol.menu import name_in
from protocol.money import CURRENCIES, Currency, format_amount
from protocol.orders import Choice, Line, Order, Payment, TaxAmount
from protocol.trading_day import business_date, local_time


def receipt(
    order: Order,
    outlet: Outlet,
    *,
    header: tuple[str, ...] = (),
    footer: tuple[str, ...] = (),
    link: str = "",
    kick: bool = False,
    check: Check | None = None,
) -> Paper:
    """The guest's paper: what was had, what it cost, how it was paid. With `check` only that one's.

    `header` and `footer` are the outlet's own lines (address, tax number, greeting), `link` becomes
    a QR code, `kick` opens the drawer first. Raises ConfigError for an unknown time zone.
    """
    money, language = CURRENCIES[order.currency], outlet.language
    rows: list[Row] = [Kick()] if kick else []
    rows.append(Text(outlet.name, size=2, bold=True, align="center"))
    rows += [Text(line, align="center") for line in header]
    rows.append(Feed())
    rows += _head(order, language, zone_of(outlet.zone))
    rows.append(Rule())
    if check is None:
        rows += _whole(order, money, language)
        due = order.due
    else:
        rows.append(Text(check_name(check, order, language), bold=True, tall=True))
        rows += check_rows(order, check, money, language)
        due = dues(order).get(check.check_id, 0)
        payments = tuple(p for p in order.payments if p.check_id == check.check_id)
        order = replace(order, payments=payments, refunds=())
    rows += _payments(order, due, money, language)
    rows += [Feed(), banner(verdict(order, due)), Feed()]
    if link:
        rows += [QrCode(link), Text(word("digital", language), align="center"), Feed()]
    rows += [Text(line, align="center") for line in footer or (_thanks(language),)]
    rows.append(Cut())
    title = order.number if check is None else f"{order.number} · {check_name(check, order, 'id')}"
    return Paper("receipt", title, tuple(rows))


def _whole(order: Order, money: Currency, language: str) -> Iterator[Row]:
    for line in order.live_lines:
        yield from _line(line, order, money, language)
    yield Rule()
    yield from _totals(order, money, language)
    yield from _checks(order, money, language)


def _head(order: Order, language: str, zone: tzinfo) -> Iterator[Row]:
    at = local_time(order.placed_ms, zone)
    where = f"{word('table', language)} {order.table}" if order.table else (order.tab_name or "")
    option = option_name(order.dining_option, language)
    yield Text(f"{word('order', language)} {order.number}", size=2, bold=True)
    yield Columns(option, where) if where else Text(option)
    yield Columns(word("date", language), at.strftime("%d/%m/%Y %H:%M"))
    if order.business_date != business_date(order.placed_ms, zone).isoformat():
        day = "/".join(reversed(order.business_date.split("-")))
        yield Columns(word("business_date", language), day)
    if order.confidence in UNSURE:
        yield Text(TIME_NOT_CONFIRMED, bold=True)


# ------------------------------------------------------------------ what was had


def _line(line: Line, order: Order, money: Currency, language: str) -> Iterator[Row]:
    name = name_of(line.names, line.variant_names, language, line.size)
    head = f"{line.quantity} × "
    yield Columns(f"{head}{name}", number(line.amount, money), hang=len(head))
    for choice in line.choices:
        yield Text(_choice(choice, money, language), indent=len(head), hang=2)
    if line.quantity > 1 and not line.choices and not line.price_names:
        yield Text(f"@ {number(line.unit_price, money)}", indent=len(head))
    if line.price_names:
        yield Text(f"* {name_in(line.price_names, language)}", indent=len(head), hang=2)
    for adjustment in in_turn(order.adjustments):
        if adjustment.line_id == line.line_id and adjustment.given:
            yield _taken_off(adjustment, money, language, indent=len(head))


def _choice(choice: Choice, money: Currency, language: str) -> str:
    times = f"{choice.quantity} × " if choice.quantity > 1 else ""
    price = f" ({number(choice.price, money)})" if choice.price else ""
    return f"+ {times}{name_in(choice.names, language)}{price}"


def _taken_off(adjustment: Adjustment, money: Currency, language: str, indent: int = 0) -> Columns:
    """What is charged less, and why: `Happy hour 20%  -5.000`."""
    name = name_in(adjustment.names, language) or word("discount", language)
    percent = None if adjustment.kind == "comp" else adjustment.percent
    left = _with_percent(name, percent, language)
    return Columns(left, number(-adjustment.given, money), indent=indent, hang=2)


def _with_percent(name: str, percent: str | None, language: str) -> str:
    """The name with its percentage, unless somebody wrote it there: `PBJT 10%`."""
    if percent is None or any(digit.isdigit() for digit in name):
        return name
    written = percent.replace(".", ",") if language == "id" else percent
    return f"{name} {written}%"


# ------------------------------------------------------------------ what it costs


def _totals(order: Order, money: Currency, language: str) -> Iterator[Row]:
    """Rows between the lines and the total, each only when there is something to say.

    Every row above the total adds up to it; what the prices include stands below.
    """
    totals = order.totals
    live = {line.line_id for line in order.live_lines}
    on_lines = sum(a.given for a in order.adjustments if a.line_id in live)
    whole = [a for a in in_turn(order.adjustments) if a.line_id is None and a.given]
    added = [tax for tax in totals.taxes if not tax.inclusive]
    if totals.discounts or totals.service or added or totals.rounding:
        yield Columns(word("subtotal", language), number(totals.lines - on_lines, money))
    for adjustment in whole:
        yield _taken_off(adjustment, money, language)
    # Orders of a box before this one say what was taken off, but not by what.
    rest = totals.discounts - on_lines - sum(a.given for a in whole)
    if rest:
        yield Columns(word("discount", language), number(-rest, money))
    if totals.service:
        yield Columns(_service(order, language), number(totals.service, money))
    for tax in added:
        yield from _tax(tax, order, money, language)
    if totals.rounding:
        yield Columns(word("rounding", language), number(totals.rounding, money))
    total = format_amount(totals.total, money)
    yield Columns(word("total", language), total, bold=True, size=2)
    if totals.service_included:
        inside = f"{word('included', language)} {_service(order, language)}"
        yield Columns(inside, number(totals.service_included, money))
    for tax in totals.taxes:
        if tax.inclusive:
            yield from _tax(tax, order, money, language)


def _service(order: Order, language: str) -> str:
    service = order.rules.service if order.rules is not None else None
    if service is None:
        return word("service", language)
    name = name_in(service.names, language) or word("service", language)
    return _with_percent(name, service.percent, language)


def _tax(tax: TaxAmount, order: Order, money: Currency, language: str) -> Iterator[Row]:
    """A tax by its name and rate, and what it was taken on."""
    taxes = order.rules.taxes if order.rules is not None else ()
    told = next((t for t in taxes if t.id == tax.tax_id), None)
    name = tax.name
    if told is not None:
        rate = told.amount if told.kind is not TaxKind.FIXED else None
        name = _with_percent(name_in(told.names, language) or tax.name, rate, language)
    if tax.inclusive:
        name = f"{word('included', language)} {name}"
    yield Columns(name, number(tax.amount, money))
    if told is not None and told.kind is not TaxKind.FIXED:
        yield Text(f"{word('tax_base', language)} {number(tax.base, money)}", indent=2)


# ------------------------------------------------------------------ how it was paid


def _checks(order: Order, money: Currency, language: str) -> Iterator[Row]:
    """Who pays how much, when the party split the bill."""
    if not order.checks:
        return
    yield Feed()
    for check in order.checks:
        yield Columns(check_name(check, order, language), number(check.total, money))


def _payments(order: Order, due: int, money: Currency, language: str) -> Iterator[Row]:
    if order.payments:
        yield Feed()
    for payment in order.payments:
        yield from _payment(payment, order, money, language)
    for refund in order.refunds:
        name = f"{word('refunded', language)} {word(refund.tender, language)}"
        handed = refund.amount + refund.tip + refund.rounding
        yield Columns(name, number(-handed, money), bold=True)
        if refund.tip:
            yield Columns(word("tip", language), number(-refund.tip, money))
    if order.payments and due:
        key = "due" if due > 0 else "overpaid"
        yield Columns(word(key, language), number(abs(due), money), bold=True)


def _payment(payment: Payment, order: Order, money: Currency, language: str) -> Iterator[Row]:
    """What was handed over, and where it went beside the bill: rounding, tip, change."""
    name = payment.label or word(payment.tender, language)
    for check in order.checks:
        if check.check_id == payment.check_id:
            name = f"{name} ({check_name(check, order, language)})"
    yield Columns(name, number(payment.tendered, money))
    if payment.rounding:
        yield Columns(word("cash_rounding", language), number(payment.rounding, money))
    if payment.tip:
        yield Columns(word("tip", language), number(payment.tip, money))
    if payment.change:
        yield Columns(word("change", language), number(payment.change, money), bold=True)


def verdict(order: Order, due: int) -> str:
    """Whether it is paid, in both languages."""
    if order.cancel_reason is not None:
        return CANCELLED
    return PAID if due <= 0 else NOT_PAID


def _thanks(language: str) -> str:
    english = word("thanks", "en")
    return f"{word('thanks', 'id')} · {english}" if language == "id" else english
