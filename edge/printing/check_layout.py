"""What stands on the receipt of one check: its lines, or its part of the whole, and what they come to."""

from collections.abc import Iterator
from fractions import Fraction

from edge.printing.layouts import name_of, number
from edge.printing.paper import Columns, Row, Rule
from edge.printing.words import word
from protocol.bill import Check
from protocol.menu import name_in
from protocol.money import Currency, Rounding, format_amount, round_to
from protocol.orders import Line, Order
from protocol.pricing import bill_of, terms_of


def check_rows(order: Order, check: Check, money: Currency, language: str) -> Iterator[Row]:
    """From the lines to the total of a check. Its rows add up: what is odd stands as rounding."""
    if check.lines:
        yield from _lines(order, check, money, language)
    else:
        whole = number(order.totals.total, money)
        yield Columns(f"{word('part_of_bill', language)}{_parts(order, check)}", whole)
        yield Rule()
    total = format_amount(check.total, money)
    yield Columns(word("total", language), total, bold=True, size=2)


def check_name(check: Check, order: Order, language: str) -> str:
    """What people call a check: its number, and the guest's name if it has one."""
    at = next((i for i, c in enumerate(order.checks, 1) if c.check_id == check.check_id), 0)
    name = f"{word('check', language)} {at}"
    return f"{name} · {check.name}" if check.name else name


def _parts(order: Order, check: Check) -> str:
    """` 1/3`, when the party shares by parts."""
    if check.parts is None:
        return ""
    return f" {check.parts}/{sum(c.parts or 0 for c in order.checks)}"


def _lines(order: Order, check: Check, money: Currency, language: str) -> Iterator[Row]:
    shares = {s.line_id: s for s in bill_of(order.lines, terms_of(order)).shares}
    lines: dict[str, Line] = {line.line_id: line for line in order.live_lines}
    amount, discounts, service, taxes = 0, Fraction(0), Fraction(0), Fraction(0)
    for mine in (m for m in check.lines if m.line_id in lines):
        line, share, part = lines[mine.line_id], shares[mine.line_id], Fraction(mine.parts, mine.of)
        count = line.quantity * part
        name = name_of(line.names, line.variant_names, language, line.size)
        if count.denominator != 1:
            count, name = Fraction(line.quantity), f"{name} ({part})"
        asked = _whole(share.amount * part)
        yield Columns(f"{count} × {name}", number(asked, money), hang=len(str(count)) + 3)
        amount += asked
        discounts += share.discounts * part
        service += share.service * part
        taxes += share.taxes * part
    yield Rule()
    off, served, taxed = _whole(discounts), _whole(service), _whole(taxes)
    yield Columns(word("subtotal", language), number(amount, money))
    told = order.rules.service if order.rules is not None else None
    serving = (name_in(told.names, language) if told else "") or word("service", language)
    rest = check.total - (amount - off + served + taxed)
    for name, worth in (
        (word("discount", language), -off),
        (serving, served),
        (word("taxes", language), taxed),
        (word("rounding", language), rest),
    ):
        if worth:
            yield Columns(name, number(worth, money))


def _whole(value: Fraction) -> int:
    return round_to(value, Rounding.HALF_UP)
