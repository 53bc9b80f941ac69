"""How a bill is made, as data that HQ owns: taxes, service charge, rounding, each with its date."""

from enum import StrEnum

import msgspec

Names = dict[str, str]
"""What a thing is called, by language code; the first entry is the fallback."""


class TaxKind(StrEnum):
    """What a tax's amount means: percent of the base, so much per unit, or percent of the gross."""

    PERCENT = "percent"
    FIXED = "fixed"
    DIVISION = "division"


class ServiceBase(StrEnum):
    """What the service charge is a percentage of; both are lawful (facts/payments-tax.md 5.1)."""

    AFTER_DISCOUNT = "after_discount"
    BEFORE_DISCOUNT = "before_discount"


class Per(StrEnum):
    """Where taxes are rounded: each on each line, or once for the whole order."""

    LINE = "line"
    ORDER = "order"


class Tax(msgspec.Struct, frozen=True, kw_only=True):
    """One tax. `amount` is a decimal in text: percent, or minor units per unit for FIXED.

    `base_factor` is the part of the price that is taxed, as a fraction (`11/12` for PPN since 2025).
    """

    id: str
    names: Names
    amount: str
    kind: TaxKind = TaxKind.PERCENT
    base_factor: str = "1"
    included: bool = False
    """The menu's prices contain it already."""
    include_base: bool = False
    """Later taxes are taken on this one as well (compound)."""
    affected: bool = True
    """False: it ignores earlier taxes that enlarge the base."""
    classes: tuple[str, ...] = ()
    """Tax classes of items it is on; empty: every one but `exempt`."""
    dining_options: tuple[str, ...] = ()
    """How guests must eat for it to apply; empty: however they do."""


class Service(msgspec.Struct, frozen=True, kw_only=True):
    """The service charge: the outlet's revenue on a line of its own, not a tax."""

    names: Names
    percent: str
    base: ServiceBase = ServiceBase.AFTER_DISCOUNT
    taxed: bool = True
    """Whether taxes are taken on it as well; PBJT is."""
    included: bool = False
    """The menu's prices contain it already."""
    dining_options: tuple[str, ...] = ("dine_in",)
    min_covers: int = 0
    """Only parties of so many and more."""


class BillRules(msgspec.Struct, frozen=True, kw_only=True):
    """Everything a bill is worked out by. An order keeps the rules it was placed under."""

    version: int
    from_date: str = ""
    """First business date (ISO) they hold on; empty: since ever."""
    taxes: tuple[Tax, ...] = ()
    service: Service | None = None
    per: Per = Per.ORDER
    rounding: str = "half_up"
    """A `protocol.money.Rounding`."""
    total_step: int = 1
    """The whole bill is rounded to this many minor units."""
    cash_step: int | None = None
    """What is paid in cash is rounded to this many minor units; None: the currency's own step."""
    cash_rounding: str = "half_up"


class RuleBook(msgspec.Struct, frozen=True, kw_only=True):
    """Bill rules with their dates: what holds next year can be published today."""

    rules: tuple[BillRules, ...] = ()

    def on(self, business_date: str) -> BillRules | None:
        """The rules of a business date: of those that have begun the latest; None: prices as they are."""
        begun = [r for r in self.rules if r.from_date <= business_date]
        return max(begun, key=lambda r: (r.from_date, r.version), default=None)


class AdjustmentKind(StrEnum):
    """Why less is charged than the menu says."""

    DISCOUNT = "discount"
    COMP = "comp"
    PROMOTION = "promotion"
    COUPON = "coupon"


class Adjustment(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """Something taken off a bill: off one line, or off all of it (then shared out over the lines).

    One of `percent` (decimal text, of what is left of the line or order) and `amount` (minor units)
    is set. `given` is what it came to on this bill, in minor units.
    """

    adjustment_id: str
    kind: AdjustmentKind
    names: Names
    line_id: str | None = None
    percent: str | None = None
    amount: int | None = None
    reason: str = ""
    promotion_id: str = ""
    code: str = ""
    """The coupon that was shown."""
    staff: str | None = None
    approved_by: str | None = None
    given: int = 0


class CheckLine(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A line's part in a check: `parts` of `of`."""

    line_id: str
    parts: int = 1
    of: int = 1


class Check(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """What one guest or group of a party pays: their lines, or `parts` of the whole, or an amount.

    Exactly one of the three is set. `total` is what it comes to (minor units); all checks of an
    order add up to the order's total, whatever was rounded.
    """

    check_id: str
    name: str = ""
    lines: tuple[CheckLine, ...] = ()
    parts: int | None = None
    amount: int | None = None
    total: int = 0


class RefundLine(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """So many of a line that the guest does not pay for after all."""

    line_id: str
    quantity: int


class Refund(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """Money given back. `credit` is the part of `amount` by which the sale itself became smaller.

    Nothing is credited for a payment that was too much or taken with the wrong tender: that only
    raises what is due. All amounts in minor units.
    """

    refund_id: str
    amount: int
    tender: str
    at_ms: int
    credit: int = 0
    lines: tuple[RefundLine, ...] = ()
    payment_id: str | None = None
    reason: str = ""
    rounding: int = 0
    """What the drawer gave beside `amount`, because cash is rounded."""
    staff: str | None = None
    approved_by: str | None = None
    shift_id: str | None = None
    business_date: str = ""
    tip: int = 0
    """What of the payment's tip went back beside `amount`."""
