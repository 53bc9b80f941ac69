"""Line prices and bills: discounts, service charge, taxes and rounding, in the order of DESIGN.md §8.

Everything between is exact; whole numbers over a common denominator stand for fractions where a
rush hour would feel it.
"""

from collections.abc import Iterable
from fractions import Fraction
from math import lcm
from typing import NamedTuple

from protocol.bill import Adjustment, BillRules, ServiceBase, Tax
from protocol.bill_plan import SERVICE, BillPlan, plan_of
from protocol.discounts import TakenOff, rounding_of, take_off
from protocol.menu import Variant, name_in
from protocol.money import Currency, Rounding, allocate, round_ratio, round_to
from protocol.orders import Choice, DiningOption, Line, LineStatus, Order, TaxAmount, Totals
from protocol.tax import NOTHING, Taxed, Units, round_taxes


class Terms(NamedTuple):
    """What a bill depends on beside its lines."""

    rules: BillRules | None = None
    adjustments: tuple[Adjustment, ...] = ()
    dining_option: DiningOption = DiningOption.DINE_IN
    covers: int | None = None


class LineShare(NamedTuple):
    """A line's part in a bill, in minor units.

    `amount` is what the menu asks, `discounts` what was taken off, `service` and `taxes` (those on
    top) its exact part in them; `contribution` is its exact part in the total, rounding and all.
    """

    line_id: str
    amount: int
    discounts: int
    service: Fraction
    taxes: Fraction
    contribution: Fraction


class Bill(NamedTuple):
    """A bill with every line's part in it; the contributions add up to the total exactly.

    `given` is what each adjustment came to (minor units), by its id.
    """

    totals: Totals
    shares: tuple[LineShare, ...]
    given: dict[str, int]


def terms_of(order: Order) -> Terms:
    """The terms of an order as it is."""
    return Terms(order.rules, order.adjustments, order.dining_option, order.covers)


def line_amount(variant: Variant, choices: Iterable[Choice], quantity: int) -> int:
    """What the menu asks for a line: (variant + modifiers) × quantity, in minor units."""
    return (variant.price + sum(c.price * c.quantity for c in choices)) * quantity


def totals_of(lines: Iterable[Line], terms: Terms) -> Totals:
    """The bill of these lines; voided lines do not count."""
    if terms.rules is None and not terms.adjustments:
        amount = sum(line.amount for line in _live(lines))
        return Totals(lines=amount, total=amount)
    return _work_out(_live(lines), terms).totals


def bill_of(lines: Iterable[Line], terms: Terms) -> Bill:
    """The bill of these lines, and what each of them contributes to it. Voided lines have no part."""
    live = _live(lines)
    worked = _work_out(live, terms)
    parts = _parts(live, worked)
    left = worked.off.left
    exact = [mine + service + taxes for mine, (service, taxes) in zip(left, parts, strict=True)]
    # What rounding gave or took is everybody's, by what they have on the bill.
    whole = sum(exact, NOTHING)
    scale = worked.totals.total / whole if whole else NOTHING
    shares = tuple(
        LineShare(line.line_id, line.amount, line.amount - left[i], *parts[i], exact[i] * scale)
        for i, line in enumerate(live)
    )
    return Bill(worked.totals, shares, worked.off.given)


def line_contributions(lines: Iterable[Line], terms: Terms) -> dict[str, Fraction]:
    """What each live line contributes to the total, as exact fractions that add up to it."""
    return {share.line_id: share.contribution for share in bill_of(lines, terms).shares}


def cash_due(due: int, rules: BillRules | None, currency: Currency) -> tuple[int, int]:
    """What is asked in cash for `due`, and what of it is rounding; both in minor units.

    Without rules cash is exact. A `due` below zero (money to give back) mirrors the sale.
    """
    if rules is None:
        return due, 0
    step = currency.cash_step if rules.cash_step is None else rules.cash_step
    cash = round_ratio(due, 1, Rounding(rules.cash_rounding), max(step, 1))
    return cash, cash - due


class _Worked(NamedTuple):
    """A bill before it is shared out; `weights` is what the service charge is a percentage of.

    `line_taxes`: what each tax comes to on each line, when that is where they are rounded.
    """

    totals: Totals
    off: TakenOff
    plan: BillPlan | None
    weights: list[int]
    services: list[int] | None
    line_taxes: list[Taxed] | None


def _live(lines: Iterable[Line]) -> list[Line]:
    return [line for line in lines if line.status is not LineStatus.VOIDED]


def _work_out(live: list[Line], terms: Terms) -> _Worked:
    rules = terms.rules
    rounding = rounding_of(rules)
    off = take_off(live, terms.adjustments, rounding)
    amount, net = sum(line.amount for line in live), sum(off.left)
    # What is all given away bears no charge and no tax, whatever its prices were.
    if rules is None or net <= 0:
        version = 0 if rules is None else rules.version
        totals = Totals(lines=amount, discounts=amount - net, total=net, rules_version=version)
        return _Worked(totals, off, None, off.left, None, None)
    plan = plan_of(rules, terms.dining_option, terms.covers)
    weights, service = _service(live, off, plan)
    services = allocate(service, [max(w, 0) for w in weights]) if plan.per_line else None
    line_taxes = None
    if services is None:
        taxes = _taxes_of_all(live, off.left, weights, service, plan)
    else:
        line_taxes = _taxes_of_lines(live, off.left, services, plan)
        taxes = _summed(live, line_taxes, plan)
    inside = 0
    if taxes and taxes[0][0] == SERVICE:
        inside, taxes = taxes[0][2], taxes[1:]
    told = tuple(_tax_amount(rules.taxes[at], base, tax) for at, base, tax in taxes)
    before = net + service + sum(tax.amount for tax in told if not tax.inclusive)
    total = round_ratio(before, 1, rounding, max(rules.total_step, 1))
    totals = Totals(
        lines=amount,
        discounts=amount - net,
        service=service,
        taxes=told,
        rounding=total - before,
        total=total,
        rules_version=rules.version,
        service_included=inside,
    )
    return _Worked(totals, off, plan, weights, services, line_taxes)


def _service(live: list[Line], off: TakenOff, plan: BillPlan) -> tuple[list[int], int]:
    """What the service charge is a percentage of by line, and what it comes to on top."""
    service = plan.service
    if service is None:
        return off.left, 0
    weights = off.left
    if service.base is ServiceBase.BEFORE_DISCOUNT:
        weights = [line.amount - comp for line, comp in zip(live, off.comped, strict=True)]
    percent = Fraction(service.percent)
    over = sum(weights) * percent.numerator
    return weights, round_ratio(over, percent.denominator * 100, plan.rounding)


def _taxes_of_all(
    live: list[Line], left: list[int], weights: list[int], service: int, plan: BillPlan
) -> list[tuple[int, int, int]]:
    """(place in the rules, base, amount) of each tax, rounded once for the whole order.

    Only what each tax class comes to matters, so the order of lines does not.
    """
    if plan.service is None or not plan.service.taxed:
        service = 0
    whole = sum(weights) if service else 1
    classes: dict[str, list[int]] = {}
    bounded: dict[str, list[Units]] = {}
    for line, mine, weight in zip(live, left, weights, strict=True):
        sums = classes.get(line.tax_class)
        if sums is None:
            sums = classes[line.tax_class] = [0, 0, 0]
        sums[0] += mine
        sums[1] += weight
        if not mine:
            continue
        sums[2] += line.quantity
        made = plan.of_class(line.tax_class)
        if made.bounded:
            costs = mine + Fraction(service * weight, whole)
            units = made.factors.held(costs, Fraction(line.quantity))
            bounded.setdefault(line.tax_class, []).append(units)
    exact: dict[int, tuple[int, int, int]] = {}
    for tax_class, (charged, weight, count) in classes.items():
        made = plan.of_class(tax_class)
        top, inside, parts = _counted(count, bounded.get(tax_class))
        # The class's own part in the service charge, over the weight of all.
        price, under = (charged * whole + service * weight) * parts, made.under * whole * parts
        top, inside = top * whole, inside * whole
        for held in made.held:
            base = held.base_price * price + held.base_top * top + held.base_inside * inside
            tax = held.price * price + held.top * top + held.inside * inside
            known = exact.get(held.at)
            if known is None:
                exact[held.at] = (base, tax, under)
            else:
                b, t, u = known
                exact[held.at] = (b * under + base * u, t * under + tax * u, u * under)
    told, room = [], sum(left) + service
    for at, (base, tax, under) in sorted(exact.items()):
        amount = round_ratio(tax, under, plan.rounding)
        if at == SERVICE or plan.rules.taxes[at].included:
            # Each rounded up by itself they could come to more than they are inside of.
            amount = min(amount, room)
            room -= amount
        if base or tax:
            told.append((at, round_ratio(base, under, plan.rounding), amount))
    return told


def _counted(count: int, bounded: list[Units] | None) -> tuple[int, int, int]:
    """Units that fixed taxes of a class are taken on, on top and inside, as parts of a unit."""
    if bounded is None:
        return count, 0, 1
    top = sum((units.top for units in bounded), NOTHING)
    inside = sum((units.inside for units in bounded), NOTHING)
    parts = lcm(top.denominator, inside.denominator)
    return int(top * parts), int(inside * parts), parts


def _taxes_of_lines(
    live: list[Line], left: list[int], services: list[int], plan: BillPlan
) -> list[Taxed]:
    """The taxes of each line, rounded there."""
    on_service = plan.service is not None and plan.service.taxed
    taxed = []
    for line, mine, service in zip(live, left, services, strict=True):
        made = plan.of_class(line.tax_class)
        price = Fraction(mine + (service if on_service else 0))
        units = Fraction(line.quantity if mine else 0)
        taxed.append(round_taxes(price, units, made.taxes, made.factors, plan.rounding))
    return taxed


def _summed(
    live: list[Line], line_taxes: list[Taxed], plan: BillPlan
) -> list[tuple[int, int, int]]:
    sums: dict[int, tuple[Fraction, Fraction]] = {}
    for line, taxed in zip(live, line_taxes, strict=True):
        for at, part in zip(plan.of_class(line.tax_class).places, taxed.parts, strict=True):
            base, amount = sums.get(at, (NOTHING, NOTHING))
            sums[at] = (base + part.base, amount + part.amount)
    return [
        (at, round_to(base, plan.rounding), round_to(amount, plan.rounding))
        for at, (base, amount) in sorted(sums.items())
        if base or amount
    ]


def _tax_amount(tax: Tax, base: int, amount: int) -> TaxAmount:
    return TaxAmount(
        name=name_in(tax.names, "") or tax.id,
        base=base,
        amount=amount,
        inclusive=tax.included,
        tax_id=tax.id,
    )


def _parts(live: list[Line], worked: _Worked) -> list[tuple[Fraction, Fraction]]:
    """Each line's exact part in the service charge and in the taxes that come on top."""
    plan, left, service = worked.plan, worked.off.left, worked.totals.service
    if plan is None:
        return [(NOTHING, NOTHING)] * len(live)
    if worked.services is not None and worked.line_taxes is not None:
        return [
            (Fraction(mine), taxed.total - taxed.untaxed - _included(taxed, line, plan))
            for line, mine, taxed in zip(live, worked.services, worked.line_taxes, strict=True)
        ]
    whole = sum(worked.weights) or 1
    on_service = plan.service is not None and plan.service.taxed
    parts = []
    for line, mine, weight in zip(live, left, worked.weights, strict=True):
        served = Fraction(service * weight, whole)
        made = plan.of_class(line.tax_class)
        price = mine + (served if on_service else NOTHING)
        units = Units(Fraction(line.quantity if mine else 0), NOTHING)
        if made.bounded:
            units = made.factors.held(price, units.top)
        taxes = sum(
            (h.price * price + h.top * units.top + h.inside * units.inside)
            for h in made.held
            if not h.included
        )
        parts.append((served, Fraction(taxes) / made.under))
    return parts


def _included(taxed: Taxed, line: Line, plan: BillPlan) -> Fraction:
    taxes = plan.of_class(line.tax_class).taxes
    return sum((p.amount for t, p in zip(taxes, taxed.parts, strict=True) if t.included), NOTHING)
