"""Bill rules made ready to work with: which charges a party pays, and each tax as whole numbers.

A tax is linear in what is charged and in the number of units (`protocol.tax`), so for lines of one
tax class it is `(price × charged + top × count + inside × held) / under` with whole numbers: nothing
is rounded, and no fraction is built while a guest waits.
"""

import re
from fractions import Fraction
from functools import lru_cache
from itertools import product
from math import lcm
from typing import NamedTuple

import msgspec

from protocol.bill import BillRules, Per, Service, Tax, TaxKind
from protocol.money import Rounding
from protocol.orders import DiningOption
from protocol.tax import Factors, factors_of

EXEMPT = "exempt"
"""Tax class of what no tax is on, unless one names it."""
SERVICE = -1
"""Place of a service charge that the prices include, among the taxes."""
PLANS_MAX = 256
NUMBER_SHOWN = 40
_NUMBER = re.compile(r"[0-9]{1,12}(\.[0-9]{1,9})?|[0-9]{1,9}/[1-9][0-9]{0,8}", re.ASCII)
"""How taxes are written, as a decimal or as a fraction of whole numbers."""

_encode = msgspec.json.Encoder().encode
_decoder = msgspec.json.Decoder(BillRules)


class Held(NamedTuple):
    """One tax (by its place in the rules) on lines of one class, as whole numbers over `under`."""

    at: int
    included: bool
    price: int
    top: int
    inside: int
    base_price: int
    base_top: int
    base_inside: int


class ClassPlan(NamedTuple):
    """The taxes on one tax class; `taxes` and `places` are the same ones for rounding per line."""

    under: int
    held: tuple[Held, ...]
    taxes: tuple[Tax, ...]
    places: tuple[int, ...]
    factors: Factors
    bounded: bool
    """Whether a fixed tax is inside the price: then each line must be asked how much it can hold."""


class BillPlan:
    """The rules for parties that eat one way; `service` is the charge that comes on top, if any."""

    def __init__(self, rules: BillRules, dining_option: str, *, serves: bool) -> None:
        self.rules = rules
        self.rounding = Rounding(rules.rounding)
        self.per_line = rules.per is Per.LINE
        service = rules.service if serves else None
        self.service = service if service is not None and not service.included else None
        self._inside = service if service is not None and service.included else None
        self._taxes = tuple(
            (at, tax)
            for at, tax in enumerate(rules.taxes)
            if not tax.dining_options or dining_option in tax.dining_options
        )
        self._classes: dict[str, ClassPlan] = {}

    def of_class(self, tax_class: str) -> ClassPlan:
        """The taxes on lines of one tax class."""
        plan = self._classes.get(tax_class)
        if plan is None:
            plan = self._classes[tax_class] = self._made(tax_class)
        return plan

    def _made(self, tax_class: str) -> ClassPlan:
        on_it = [(at, tax) for at, tax in self._taxes if is_on(tax, tax_class)]
        if self._inside is not None:
            on_it.insert(0, (SERVICE, _as_tax(self._inside)))
        places, taxes = tuple(at for at, _ in on_it), tuple(tax for _, tax in on_it)
        factors = factors_of(taxes)
        numbers = [(*base, *amount) for base, amount in zip(*factors[1:], strict=True)]
        under = lcm(*(n.denominator for each in numbers for n in each))
        held = []
        for (at, tax), each in zip(on_it, numbers, strict=True):
            *base, price, top, inside = (int(n * under) for n in each)
            held.append(Held(at, tax.included, price, top, inside, *base))
        bounded = bool(factors.untaxed.top or factors.untaxed.inside)
        return ClassPlan(under, tuple(held), taxes, places, factors, bounded)


def plan_of(rules: BillRules, dining_option: DiningOption, covers: int | None) -> BillPlan:
    """The plan for a party. Raises ValueError when the rules are unsound (`fault_of`)."""
    service = rules.service
    serves = (
        service is not None
        and (not service.dining_options or dining_option in service.dining_options)
        and (covers or 0) >= service.min_covers
    )
    # Each order brings its own copy of the rules: equal ones are known by how they are written.
    return _plan(_encode(rules), str(dining_option), serves)


@lru_cache(PLANS_MAX)
def _plan(rules: bytes, dining_option: str, serves: bool) -> BillPlan:
    return BillPlan(_decoder.decode(rules), dining_option, serves=serves)


def fault_of(rules: BillRules) -> str | None:
    """Why no bill can be worked out by these rules; None when it can, for every party and class.

    HQ asks before it publishes, and a box before it believes the rules of an answer of its own.
    """
    classes = {"standard", EXEMPT, *(name for tax in rules.taxes for name in tax.classes)}
    numbers = [text for tax in rules.taxes for text in (tax.amount, tax.base_factor)]
    if rules.service is not None:
        numbers.append(rules.service.percent)
    for text in numbers:
        # Never worked out before it is looked at: `1e999999999` would take hours.
        if _NUMBER.fullmatch(text) is None:
            return f"{text[:NUMBER_SHOWN]!r} is no number"
    for tax in rules.taxes:
        if tax.kind is not TaxKind.FIXED and Fraction(tax.amount) > 100:
            return f"tax {tax.id[:NUMBER_SHOWN]!r} is more than the price itself"
    try:
        Rounding(rules.cash_rounding)
        for eats, serves in product(DiningOption, (True, False)):
            plan = BillPlan(rules, eats, serves=serves)
            for tax_class in classes:
                plan.of_class(tax_class)
    except (ValueError, ZeroDivisionError) as fault:
        return str(fault)
    return None


def is_on(tax: Tax, tax_class: str) -> bool:
    """Whether a tax is on items of a class."""
    return tax_class in tax.classes if tax.classes else tax_class != EXEMPT


def _as_tax(service: Service) -> Tax:
    """A service charge inside the prices is solved out of them as a tax is."""
    return Tax(
        id="service",
        names=service.names,
        amount=service.percent,
        included=True,
        include_base=service.taxed,
    )
