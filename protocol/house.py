"""The rules of the house: what HQ decides for an outlet's floor, published whole and in force whole."""

import msgspec

from protocol.bill import AdjustmentKind, Names, RuleBook


class Span(msgspec.Struct, frozen=True, kw_only=True):
    """When something holds: on these weekdays (1 Monday to 7), from and until a time of day, dates.

    Times are the outlet's own, `HH:MM`; an end that is not after the begin is on the next day.
    Everything empty: always.
    """

    weekdays: tuple[int, ...] = ()
    from_time: str = ""
    until_time: str = ""
    from_date: str = ""
    until_date: str = ""


class Bundle(msgspec.Struct, frozen=True, kw_only=True):
    """One place of a combo: so many of any of these items or variants."""

    ids: tuple[str, ...]
    quantity: int = 1


class Promotion(msgspec.Struct, frozen=True, kw_only=True):
    """An offer that applies by itself, or when its coupon `code` was given.

    Exactly one of `percent`, `amount` (off each of `ids`; of the whole order once), `buy`/`get` (of
    so many bought so many more are free, the cheapest) and `bundle` with `bundle_price` says what is
    offered; amounts in minor units. `min_spend` is of the order, before anything is taken off.
    """

    id: str
    names: Names
    spans: tuple[Span, ...] = ()
    ids: tuple[str, ...] = ()
    """Items, variants and categories it is about; empty: the whole order."""
    percent: str | None = None
    amount: int | None = None
    buy: int = 0
    get: int = 0
    bundle: tuple[Bundle, ...] = ()
    bundle_price: int | None = None
    min_spend: int = 0
    code: str = ""
    dining_options: tuple[str, ...] = ()
    rank: int = 0
    """Lower ones apply first; what one has taken a line for, another does not take again."""
    alone: bool = False
    """It does not go together with any other."""
    uses: int | None = None
    """How many orders may have the coupon; None: as many as show it. A box knows its outlet's."""


class DiscountPreset(msgspec.Struct, frozen=True, kw_only=True):
    """A discount that staff may choose, instead of typing one."""

    id: str
    names: Names
    percent: str | None = None
    amount: int | None = None
    kind: AdjustmentKind = AdjustmentKind.DISCOUNT
    needs_approval: bool = False


class Reasons(msgspec.Struct, frozen=True, kw_only=True):
    """Reasons staff choose from; a list that is empty means that they type one."""

    void: tuple[Names, ...] = ()
    comp: tuple[Names, ...] = ()
    discount: tuple[Names, ...] = ()
    refund: tuple[Names, ...] = ()
    cash: tuple[Names, ...] = ()
    """For cash that moves without a sale."""
    over_short: tuple[Names, ...] = ()
    """For a till that was counted to more or less than it should hold."""


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody of a lower role may do without asking."""

    discount_percent: str = "10"
    """A cashier's own discount on an order or line; above it a manager approves."""
    paid_out: int = 0
    """Minor units a cashier may take from the drawer; above it a manager approves."""
    over_short: int = 0
    """Minor units a drawer may differ without a reason."""
    void_fired: bool = True
    """Whether taking off what the kitchen has needs a manager."""


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """A table on the floor plan; place and size in hundredths of the section's width and height."""

    id: str
    name: str
    x: int
    y: int
    width: int = 12
    height: int = 12
    round: bool = False
    seats: int = 4


class Section(msgspec.Struct, frozen=True, kw_only=True):
    """A part of the outlet with its tables."""

    id: str
    names: Names
    tables: tuple[Table, ...] = ()


class TillPlan(msgspec.Struct, frozen=True, kw_only=True):
    """A drawer that is opened, counted and closed."""

    id: str
    name: str
    printer: str = ""
    """The printer whose drawer kick opens it."""


class KioskPlan(msgspec.Struct, frozen=True, kw_only=True):
    """What guests meet at the kiosk."""

    greeting: Names = {}
    hours: tuple[Span, ...] = ()
    """When orders are taken; empty: always."""
    upsell: tuple[str, ...] = ()
    """Items offered before paying."""
    tenders: tuple[str, ...] = ("counter",)
    ask_table: bool = False
    idle_s: int = 60
    dining_options: tuple[str, ...] = ("dine_in", "takeaway")


class Offered(msgspec.Struct, frozen=True, kw_only=True):
    """When an item or category is to be had: breakfast until eleven. Others always are."""

    ids: tuple[str, ...]
    spans: tuple[Span, ...]


class House(msgspec.Struct, frozen=True, kw_only=True):
    """Everything an outlet's floor goes by. `version` rises with each publish."""

    version: int = 0
    bill: RuleBook = RuleBook()
    promotions: tuple[Promotion, ...] = ()
    discounts: tuple[DiscountPreset, ...] = ()
    reasons: Reasons = Reasons()
    limits: Limits = Limits()
    sections: tuple[Section, ...] = ()
    tills: tuple[TillPlan, ...] = ()
    till_needed: bool = False
    """Whether cash is only taken into an open till."""
    tips: tuple[str, ...] = ()
    """Percentages offered as a tip."""
    kiosk: KioskPlan = msgspec.field(default_factory=KioskPlan)
    dayparts: tuple[Offered, ...] = ()
    favourites: tuple[str, ...] = ()
    """Variants on the counter's first page."""


def without_codes(house: House) -> House:
    """The rules for whoever could give no coupon: with none of them. A bill without its coupon is
    worked out rightly only by the box, when the code comes along.
    """
    offers = tuple(p for p in house.promotions if not p.code)
    return msgspec.structs.replace(house, promotions=offers)


NO_HOUSE = House()
"""What a box has before HQ published anything: no tax, no service, no limits but the defaults."""
