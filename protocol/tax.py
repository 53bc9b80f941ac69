"""Taxes in exact fractions: on top of a price, or solved out of it when the price includes them.

Every tax is linear in the price and in the number of units, also when it is compound or included.
So a bill's taxes need one pair of factors per tax, worked out once for each set of taxes, and no
rounding before the end.
"""

from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import NamedTuple

from protocol.bill import Per, Tax, TaxKind
from protocol.money import Rounding, round_to

NOTHING = Fraction(0)


class Part(NamedTuple):
    """One tax on one amount: what it is taken on, and what it comes to."""

    base: Fraction
    amount: Fraction


class Taxed(NamedTuple):
    """An amount with its taxes: `untaxed` without any, `total` with all, `parts` as the taxes came."""

    untaxed: Fraction
    total: Fraction
    parts: tuple[Part, ...]


class Units(NamedTuple):
    """How many units fixed taxes are taken on: those on `top` of a price, and those `inside` it."""

    top: Fraction
    inside: Fraction


class Linear(NamedTuple):
    """`price` × the price + `top` and `inside` × the numbers of units (`Units`)."""

    price: Fraction
    top: Fraction = NOTHING
    inside: Fraction = NOTHING

    def at(self, price: Fraction, units: Units) -> Fraction:
        """Its value."""
        return self.price * price + self.top * units.top + self.inside * units.inside

    def plus(self, other: "Linear") -> "Linear":
        """The sum of both."""
        return Linear(self.price + other.price, self.top + other.top, self.inside + other.inside)

    def times(self, factor: Fraction) -> "Linear":
        """So many times it."""
        return Linear(self.price * factor, self.top * factor, self.inside * factor)


class Factors(NamedTuple):
    """A set of taxes as functions of the price that is asked: the base and the amount of each."""

    untaxed: Linear
    bases: tuple[Linear, ...]
    amounts: tuple[Linear, ...]

    def held(self, price: Fraction, units: Fraction) -> Units:
        """The units that fixed taxes are taken on, so that a price holds what is inside it.

        A dish that discounts brought below its own fixed tax bears as much of that tax as it still
        costs: then nothing of it is untaxed, and never less than nothing.
        """
        sign, left = (-1 if price < 0 else 1), abs(price) * self.untaxed.price
        top = inside = abs(units)
        if self.untaxed.top:  # it stands on top, and enlarges one that is inside
            top = min(top, left / -self.untaxed.top)
            left += self.untaxed.top * top
        if self.untaxed.inside:
            inside = min(inside, left / -self.untaxed.inside)
        return Units(sign * top, sign * inside)


def compute_taxes(
    price: Fraction,
    quantity: int,
    taxes: Sequence[Tax],
    *,
    per: Per = Per.ORDER,
    unit: Fraction = Fraction(1),
    rounding: Rounding = Rounding.HALF_UP,
) -> Taxed:
    """The taxes of `quantity` units at `price` each, in the order in which they are given.

    Per ORDER everything stays exact, to be rounded when a document is summed up. Per LINE the
    included taxes are rounded to `unit` first and the base is what is left of the price, so that the
    parts always make the price; then those that come on top.
    Raises ValueError when the taxes cannot be solved out of a price (`ensure_solvable`).
    """
    asked = price * quantity
    factors = factors_of(taxes)
    if per is Per.LINE:
        return round_taxes(asked, Fraction(quantity), taxes, factors, rounding, unit)
    # A fixed tax follows the sign of what is charged: a return gives it back.
    units = factors.held(asked, Fraction(quantity))
    parts = tuple(
        Part(base.at(asked, units), amount.at(asked, units))
        for base, amount in zip(factors.bases, factors.amounts, strict=True)
    )
    untaxed = factors.untaxed.at(asked, units)
    return Taxed(untaxed, untaxed + sum((p.amount for p in parts), NOTHING), parts)


class TaxedDocument(NamedTuple):
    """Several taxed amounts together: `taxes` by id, everything rounded to the document's unit."""

    untaxed: Fraction
    taxes: dict[str, Fraction]
    total: Fraction


def sum_document(
    lines: Iterable[tuple[Fraction, int, Sequence[Tax]]],
    *,
    per: Per = Per.ORDER,
    unit: Fraction = Fraction(1),
    rounding: Rounding = Rounding.HALF_UP,
) -> TaxedDocument:
    """A document of lines (price, quantity, taxes), each tax rounded on each line, or once for all."""
    untaxed, taxes = NOTHING, dict[str, Fraction]()
    for price, quantity, on_it in lines:
        taxed = compute_taxes(price, quantity, on_it, per=per, unit=unit, rounding=rounding)
        untaxed += taxed.untaxed
        for tax, part in zip(on_it, taxed.parts, strict=True):
            taxes[tax.id] = taxes.get(tax.id, NOTHING) + part.amount
    untaxed = round_unit(untaxed, unit, rounding)
    taxes = {key: round_unit(amount, unit, rounding) for key, amount in taxes.items()}
    return TaxedDocument(untaxed, taxes, untaxed + sum(taxes.values(), NOTHING))


def round_unit(value: Fraction, unit: Fraction, rounding: Rounding) -> Fraction:
    """`value` as a whole number of units, which may be smaller than one: `0.01`."""
    return round_to(value / unit, rounding) * unit


def factors_of(taxes: Sequence[Tax]) -> Factors:
    """The taxes as functions of the price asked, whatever of them that price includes.

    Raises ValueError when it cannot be solved: what is included would take the whole price.
    """
    bases, amounts = _on_untaxed(taxes)
    held = Linear(Fraction(1))
    for tax, amount in zip(taxes, amounts, strict=True):
        if tax.included:
            held = held.plus(amount)
    if held.price <= 0:
        raise ValueError("the taxes that are included leave nothing of the price")
    # price = held.price × untaxed + held.top × units + …, solved for what is untaxed.
    untaxed = Linear(1 / held.price, -held.top / held.price, -held.inside / held.price)

    def asked(on_untaxed: Linear) -> Linear:
        return untaxed.times(on_untaxed.price).plus(on_untaxed._replace(price=NOTHING))

    return Factors(untaxed, tuple(map(asked, bases)), tuple(map(asked, amounts)))


def ensure_solvable(taxes: Sequence[Tax]) -> None:
    """Raises ValueError when a number is no number, or no price can be worked out with these taxes."""
    factors_of(taxes)


def _on_untaxed(taxes: Sequence[Tax]) -> tuple[list[Linear], list[Linear]]:
    """Base and amount of each tax as functions of the untaxed price."""
    bases: list[Linear] = []
    amounts: list[Linear] = []
    enlarged = Linear(NOTHING)
    for i, tax in enumerate(taxes):
        seen = Linear(Fraction(1))
        if tax.affected:
            seen = seen.plus(enlarged)
        base = seen.times(Fraction(tax.base_factor))
        amount = _amount(tax, base, _of_gross(taxes, i))
        bases.append(base)
        amounts.append(amount)
        if tax.include_base:
            enlarged = enlarged.plus(amount)
    return bases, amounts


def _amount(tax: Tax, base: Linear, of_gross: Fraction) -> Linear:
    match tax.kind:
        case TaxKind.FIXED if tax.included:
            return Linear(NOTHING, inside=Fraction(tax.amount))
        case TaxKind.FIXED:
            return Linear(NOTHING, top=Fraction(tax.amount))
        case TaxKind.PERCENT:
            return base.times(Fraction(tax.amount) / 100)
        case TaxKind.DIVISION:
            if of_gross >= 1:
                raise ValueError("taxes that are parts of the gross come to all of it")
            return base.times(Fraction(tax.amount) / 100 / (1 - of_gross))


def _of_gross(taxes: Sequence[Tax], at: int) -> Fraction:
    """What the division taxes beside the one at `at` take of the gross: they share one gross.

    Those beside it stand next to each other; one that enlarges the base of the next ends the row.
    """
    if taxes[at].kind is not TaxKind.DIVISION:
        return NOTHING
    first = at
    while first and taxes[first - 1].kind is TaxKind.DIVISION and not taxes[first - 1].include_base:
        first -= 1
    share = NOTHING
    for tax in taxes[first:]:
        if tax.kind is not TaxKind.DIVISION:
            break
        share += Fraction(tax.amount) / 100
        if tax.include_base:
            break
    return share


def round_taxes(
    asked: Fraction,
    units: Fraction,
    taxes: Sequence[Tax],
    factors: Factors,
    rounding: Rounding,
    unit: Fraction = Fraction(1),
) -> Taxed:
    """The taxes on what is asked, each rounded to `unit`: `compute_taxes` per line, its factors known.

    `units` is how many there are; what is inside the price is not rounded beyond it either.
    """
    counted, left = factors.held(asked, units), abs(asked)
    amounts: dict[int, Fraction] = {}
    for i in (i for i, tax in enumerate(taxes) if tax.included):
        part = round_unit(factors.amounts[i].at(asked, counted), unit, rounding)
        amounts[i] = max(-left, min(part, left))
        left -= abs(amounts[i])
    untaxed = asked - sum(amounts.values(), NOTHING)
    bases, enlarged = [], NOTHING
    for i, tax in enumerate(taxes):
        seen = untaxed + (enlarged if tax.affected else NOTHING)
        base = seen * Fraction(tax.base_factor)
        bases.append(base)
        if i not in amounts:
            exact = _amount(tax, Linear(base), _of_gross(taxes, i)).at(Fraction(1), counted)
            amounts[i] = round_unit(exact, unit, rounding)
        if tax.include_base:
            enlarged += amounts[i]
    parts = tuple(Part(base, amounts[i]) for i, base in enumerate(bases))
    return Taxed(untaxed, untaxed + sum((p.amount for p in parts), NOTHING), parts)
