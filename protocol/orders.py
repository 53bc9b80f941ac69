"""An order and its life: lines, choices, payments, the transition tables, and folding events in."""

from enum import StrEnum

import msgspec

from protocol.bill import Adjustment, BillRules, Check, Refund
from protocol.cart import Cart
from protocol.clock import Confidence
from protocol.ids import ItemId, LineId, ModifierId, OrderId, PaymentId, StationId, VariantId
from protocol.menu import Names


class DiningOption(StrEnum):
    """How the guest eats."""

    DINE_IN = "dine_in"
    TAKEAWAY = "takeaway"
    DELIVERY = "delivery"


class Source(StrEnum):
    """Which kind of screen an order came from; an import is history, neither cooked nor printed."""

    COUNTER = "counter"
    KIOSK = "kiosk"
    IMPORT = "import"


class OrderStatus(StrEnum):
    """Where an order is. PAID is not a status: what is paid is counted, see `Order.due`."""

    HELD = "held"
    OPEN = "open"
    FIRED = "fired"
    READY = "ready"
    SERVED = "served"
    CLOSED = "closed"
    CANCELLED = "cancelled"


class LineStatus(StrEnum):
    """Where one line is."""

    WAITING = "waiting"
    FIRED = "fired"
    READY = "ready"
    SERVED = "served"
    VOIDED = "voided"


_S, _L = OrderStatus, LineStatus

ORDER_MAY_BECOME: dict[OrderStatus, frozenset[OrderStatus]] = {
    _S.OPEN: frozenset({_S.HELD, _S.FIRED, _S.CANCELLED}),
    _S.HELD: frozenset({_S.OPEN, _S.FIRED, _S.CANCELLED}),
    _S.FIRED: frozenset({_S.READY, _S.SERVED, _S.CANCELLED}),
    _S.READY: frozenset({_S.FIRED, _S.SERVED, _S.CANCELLED}),
    _S.SERVED: frozenset({_S.CLOSED}),
    _S.CLOSED: frozenset(),
    _S.CANCELLED: frozenset(),
}
"""The life of an order. SERVED becomes CLOSED by itself once nothing is due; only reopening leads
back."""

LINE_MAY_BECOME: dict[LineStatus, frozenset[LineStatus]] = {
    _L.WAITING: frozenset({_L.FIRED, _L.VOIDED}),
    _L.FIRED: frozenset({_L.READY, _L.SERVED, _L.VOIDED}),
    _L.READY: frozenset({_L.FIRED, _L.SERVED, _L.VOIDED}),
    _L.SERVED: frozenset(),
    _L.VOIDED: frozenset(),
}
"""The life of a line. A void is before it is made: only cancelling the order strikes READY lines."""

TAKES_LINES = frozenset({_S.OPEN, _S.HELD, _S.FIRED, _S.READY})
"""Statuses in which an order still takes further lines."""


class Choice(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A modifier chosen for a line, with its name and price (minor units, per item) as sold."""

    modifier_id: ModifierId
    names: Names
    price: int = 0
    quantity: int = 1


class Line(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One variant × quantity with its choices, as sold: names and prices are kept, not looked up.

    `unit_price` is the menu's price of the variant; `expected` what the rules ask for the line,
    `amount` what was charged, both in minor units; `price_reason` says why when they differ.
    """

    line_id: LineId
    item_id: ItemId
    variant_id: VariantId
    plu: str
    names: Names
    variant_names: Names
    category_id: str
    size: str | None
    quantity: int
    unit_price: int
    expected: int
    amount: int
    choices: tuple[Choice, ...] = ()
    note: str = ""
    seat: int | None = None
    course: int = 1
    station_ids: tuple[StationId, ...] = ()
    tax_class: str = "standard"
    price_reason: str | None = None
    menu_version: int = 0
    price_version: int = 0
    """The price book that was in force; 0 when only the menu's own prices were."""
    status: LineStatus = LineStatus.WAITING
    bumped: tuple[StationId, ...] = ()
    """Stations that have finished their part."""
    fired_ms: int | None = None
    void_reason: str | None = None
    priced_ms: int = 0
    """Store time at which it was added: its price is the one of then, whenever it is paid."""
    price_names: Names = {}
    """What the bill calls the dated price that applied (a happy hour); empty for an ordinary one."""
    counted: bool = False
    """Whether its item was counted when it was sold: then it took from the stock."""
    allergens: tuple[str, ...] = ()
    target_s: int | None = None
    """How long it may take in the kitchen (seconds), as menu and outlet said when it was sold."""
    expo_ids: tuple[StationId, ...] = ()
    """Stations that assemble it: they see it and bump it away, and it is ready without them."""
    reduced: int = 0
    """How many were taken off after it was fired: the kitchen sees that there were more."""


class TaxAmount(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One tax on a bill, in minor units; `inclusive` ones are inside the prices already."""

    name: str
    base: int
    amount: int
    inclusive: bool = False
    tax_id: str = ""
    """The tax in the order's rules: there it has its name in other languages."""


class Totals(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A bill in the order of DESIGN.md §8; everything in minor units.

    lines − discounts + service + exclusive taxes + rounding = total.
    """

    lines: int = 0
    discounts: int = 0
    service: int = 0
    taxes: tuple[TaxAmount, ...] = ()
    rounding: int = 0
    total: int = 0
    rules_version: int = 0
    service_included: int = 0
    """What of `lines` is service charge, where the prices include it."""


class Payment(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A tender applied to an order: `amount` counts towards it, `tendered − amount` is the change."""

    payment_id: PaymentId
    tender: str
    amount: int
    tendered: int
    change: int
    at_ms: int
    label: str = ""
    check_id: str | None = None
    """The check it pays, when the order was split."""
    tip: int = 0
    """Beside `amount`: no revenue, and no tax on it."""
    rounding: int = 0
    """What cash was taken beside `amount` (minor units), because there are no smaller coins."""
    shift_id: str | None = None
    """The shift of the till it went into."""
    staff: str | None = None
    reference: str = ""
    """What the acquirer's slip or app says."""


class Order(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """What one party asked for. Its identity is `order_id`; `number` is only what is called out."""

    order_id: OrderId
    number: str
    business_date: str
    hour: int
    placed_ms: int
    confidence: Confidence
    status: OrderStatus
    source: Source
    dining_option: DiningOption
    lines: tuple[Line, ...]
    totals: Totals
    currency: str
    menu_version: int
    payments: tuple[Payment, ...] = ()
    table: str | None = None
    tab_name: str | None = None
    covers: int | None = None
    screen: str = ""
    staff: str | None = None
    device_ms: int | None = None
    """What the screen's own clock showed: evidence, never used to order or date anything."""
    fired_ms: int | None = None
    ready_ms: int | None = None
    served_ms: int | None = None
    cancel_reason: str | None = None
    cart: Cart | None = None
    """What several screens edit together, for as long as lines wait; see `protocol.rules.carts`."""
    rush: bool = False
    """Staff asked the kitchen to make it before others."""
    rules: BillRules | None = None
    """What its bill is worked out by: those of the day it was placed, for as long as it lives."""
    adjustments: tuple[Adjustment, ...] = ()
    checks: tuple[Check, ...] = ()
    """How the party pays; empty: together."""
    refunds: tuple[Refund, ...] = ()
    merged_into: OrderId | None = None
    """The order that took over all its lines; this one is cancelled then."""
    reopened: bool = False
    """It was closed before, and stays open until it is paid anew or closed by hand."""

    @property
    def paid(self) -> int:
        """What has been paid towards the order and not given back, in minor units."""
        return sum(p.amount for p in self.payments) - sum(r.amount for r in self.refunds)

    @property
    def credited(self) -> int:
        """By how much refunds made the sale itself smaller; 0 when it was called off altogether."""
        if self.status is OrderStatus.CANCELLED:
            return 0
        return sum(r.credit for r in self.refunds)

    @property
    def kept(self) -> int:
        """What the bill must come to at least: what is paid, and what was given back of it."""
        return self.paid + self.credited

    @property
    def due(self) -> int:
        """What is still to be paid; below zero when it is overpaid."""
        return self.totals.total - self.credited - self.paid

    @property
    def live_lines(self) -> tuple[Line, ...]:
        """The lines that count: all but the voided ones."""
        return tuple(line for line in self.lines if line.status is not LineStatus.VOIDED)


TRANSFERRED = "transferred"
"""Void reason of a line that went over to another order: nobody struck it out, it is made there."""
MOVED_TWICE = "moved_twice"
"""Void reason of a line that counts on another order, to which another box had moved it before."""
ELSEWHERE = frozenset({TRANSFERRED, MOVED_TWICE})
"""Void reasons of lines that nobody took off: they count on another order."""


def find_line(order: Order, line_id: str) -> Line | None:
    """The line with this id, voided ones too."""
    return next((line for line in order.lines if line.line_id == line_id), None)


def settled_status(order: Order) -> OrderStatus:
    """Status after lines moved: READY when all live fired lines are, back to FIRED when one is not."""
    if order.status is OrderStatus.SERVED and order.due <= 0 and not order.reopened:
        return OrderStatus.CLOSED
    if order.status not in (OrderStatus.FIRED, OrderStatus.READY):
        return order.status
    live = order.live_lines
    done = bool(live) and all(x.status in (LineStatus.READY, LineStatus.SERVED) for x in live)
    return OrderStatus.READY if done else OrderStatus.FIRED
