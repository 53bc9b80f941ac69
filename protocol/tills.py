"""Tills and shifts: what a drawer should hold, what was counted, and the close of a business date."""

from enum import StrEnum

import msgspec


class CashKind(StrEnum):
    """Why cash moved without a sale."""

    PAID_IN = "paid_in"
    PAID_OUT = "paid_out"
    DROP = "drop"


class TenderFigure(msgspec.Struct, frozen=True, kw_only=True):
    """What came in by one tender: minor units, tips apart."""

    tender: str
    count: int = 0
    amount: int = 0
    tips: int = 0
    """Less what of tips was given back by it."""
    rounding: int = 0
    refunds: int = 0
    """Given back by it."""


class Shift(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A drawer from opening to close, with what moved beside sales; minor units."""

    shift_id: str
    till_id: str
    opened_ms: int
    opened_by: str | None
    business_date: str
    opening: int
    paid_in: int = 0
    paid_out: int = 0
    drops: int = 0
    no_sales: int = 0
    closed_ms: int | None = None
    closed_by: str | None = None
    counted: int | None = None
    expected: int | None = None
    reason: str = ""
    unsure: bool = False
    """The box's clock was not to be believed when it was opened or closed."""
    unapproved: int = 0
    """What of `paid_out` nobody approved; the house's limit is of all of it together."""
    tried: int = 0
    """Counts and drops that did not fit before it was closed."""

    @property
    def over_short(self) -> int | None:
        """What was counted beyond (+) or below (−) what should be there."""
        if self.counted is None or self.expected is None:
            return None
        return self.counted - self.expected


class TaxFigure(msgspec.Struct, frozen=True, kw_only=True):
    """One tax of a day: what it was taken on, and what it came to."""

    name: str
    base: int
    amount: int
    inclusive: bool = False
    """Inside the prices already."""


class CategoryFigure(msgspec.Struct, frozen=True, kw_only=True):
    """What a category of the menu sold, before anything was taken off."""

    category_id: str
    units: int
    amount: int


class DayFigures(msgspec.Struct, frozen=True, kw_only=True):
    """What a Z report says: everything since the last one up to a business date. Minor units.

    gross − discounts + service + taxes on top + rounding = total; tenders (with refunds) account
    for what was paid.
    """

    business_date: str
    orders: int = 0
    covers: int = 0
    units: int = 0
    gross: int = 0
    discounts: int = 0
    comps: int = 0
    service: int = 0
    taxes: tuple[TaxFigure, ...] = ()
    rounding: int = 0
    total: int = 0
    tenders: tuple[TenderFigure, ...] = ()
    voids: int = 0
    void_amount: int = 0
    cancelled: int = 0
    refunds: int = 0
    refund_amount: int = 0
    shifts: tuple[Shift, ...] = ()
    categories: tuple[CategoryFigure, ...] = ()
    earlier: int = 0
    """Orders, payments and refunds of other dates that no Z had counted."""


class Outstanding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is not done at the close, and where it is: an order, a shift, a paper, a screen."""

    kind: str
    id: str
    label: str
    where: str = ""
    amount: int = 0
    blocks: bool = False
    """Whether the day cannot be closed before it is settled, even knowingly."""
