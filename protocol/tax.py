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


class Linear(NamedTuple):
    """`price` × the price + `units` × the number of units."""

    price: Fraction
    units: Fraction

    def at(self, price: Fraction, units: Fraction) -> Fraction:
        """Its value."""
        return self.price * price + self.units * units

    def plus(self, other: "Linear") -> "Linear":
        """The sum of both."""
        return Linear(self.price + other.price, self.units + other.units)

    def times(self, factor: Fraction) -> "Linear":
        """So many times it."""
        return Linear(self.price * factor, self.units * factor)


class Factors(NamedTuple):
    """A set of taxes as functions of the price that is asked: the base and the amount of each."""

    untaxed: Linear
    bases: tuple[Linear, ...]
    amounts: tuple[Linear, ...]


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
    # A fixed tax follows the sign of what is charged: a return gives it back.
    units = Fraction(abs(quantity) if asked >= 0 else -abs(quantity))
    factors = factors_of(taxes)
    if per is Per.LINE:
        return round_taxes(asked, units, taxes, factors, rounding, unit)
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
    held = Linear(Fraction(1), NOTHING)
    for tax, amount in zip(taxes, amounts, strict=True):
        if tax.included:
            held = held.plus(amount)
    if held.price <= 0:
        raise ValueError("the taxes that are included leave nothing of the price")
    # price = held.price × untaxed + held.units × units, solved for what is untaxed.
    untaxed = Linear(1 / held.price, -held.units / held.price)

    def asked(on_untaxed: Linear) -> Linear:
        return untaxed.times(on_untaxed.price).plus(Linear(NOTHING, on_untaxed.units))

    return Factors(untaxed, tuple(map(asked, bases)), tuple(map(asked, amounts)))


def ensure_solvable(taxes: Sequence[Tax]) -> None:
    """Raises ValueError when a number is no number, or no price can be worked out with these taxes."""
    factors_of(taxes)


def _on_untaxed(taxes: Sequence[Tax]) -> tuple[list[Linear], list[Linear]]:
    """Base and amount of each tax as functions of the untaxed price."""
    bases: list[Linear] = []
    amounts: list[Linear] = []
    enlarged = Linear(NOTHING, NOTHING)
    for i, tax in enumerate(taxes):
        seen = Linear(Fraction(1), NOTHING)
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
        case TaxKind.FIXED:
            return Linear(NOTHING, Fraction(tax.amount))
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
    """The taxes on what is asked, each rounded to `unit`: `compute_taxes` per line, its factors known."""
    amounts: dict[int, Fraction] = {
        i: round_unit(factors.amounts[i].at(asked, units), unit, rounding)
        for i, tax in enumerate(taxes)
        if tax.included
    }
    untaxed = asked - sum(amounts.values(), NOTHING)
    bases, enlarged = [], NOTHING
    for i, tax in enumerate(taxes):
        seen = untaxed + (enlarged if tax.affected else NOTHING)
        base = seen * Fraction(tax.base_factor)
        bases.append(base)
        if i not in amounts:
            exact = _amount(tax, Linear(base, NOTHING), _of_gross(taxes, i)).at(Fraction(1), units)
            amounts[i] = round_unit(exact, unit, rounding)
        if tax.include_base:
            enlarged += amounts[i]
    parts = tuple(Part(base, amounts[i]) for i, base in enumerate(bases))
    return Taxed(untaxed, untaxed + sum((p.amount for p in parts), NOTHING), parts)
