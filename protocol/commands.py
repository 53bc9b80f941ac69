"""Everything a screen may ask, imperative, one tagged union; ids are minted by the screen."""

from typing import Annotated

import msgspec
from msgspec import Meta

from protocol.cart import Cart
from protocol.floor_commands import (
    Adjust,
    ChangeDetails,
    ChangeLine,
    RefundPayment,
    RemoveAdjustment,
    ReopenOrder,
    SplitChecks,
    TransferLines,
)
from protocol.ids import CommandId, ItemId, LineId, ModifierId, OrderId, PaymentId, VariantId
from protocol.orders import DiningOption, Order, OrderStatus, Source
from protocol.till_commands import (
    ClockIn,
    ClockOut,
    CloseDay,
    CloseShift,
    MoveCash,
    OpenDrawer,
    OpenShift,
)

LINES_MAX = 200
"""Most lines one command may carry; an order of more is several commands."""
QUANTITY_MAX = 999
AMOUNT_MAX = 10**12

Text = Annotated[str, Meta(max_length=200)]
Count = Annotated[int, Meta(ge=0, le=999)]
"""Of guests, seats or courses."""

Lines = Annotated[tuple["NewLine", ...], Meta(min_length=1, max_length=LINES_MAX)]


class NewChoice(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A modifier wanted on a line."""

    modifier_id: ModifierId
    quantity: Annotated[int, Meta(ge=1, le=99)] = 1


class NewLine(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A line as a screen asks for it. `amount` (minor units) is for imports: what was charged."""

    line_id: LineId
    variant_id: VariantId
    quantity: int = 1
    choices: Annotated[tuple[NewChoice, ...], Meta(max_length=50)] = ()
    note: Text = ""
    seat: Count | None = None
    course: Count | None = None
    amount: int | None = None


class PlaceOrder(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag="order.place"):
    """Take an order. It goes to the kitchen at once unless `hold`.

    `expected_total` is what the screen showed the guest (minor units): when the menu has changed
    meanwhile and the totals differ, the order is refused and nothing is charged unseen.
    """

    order_id: OrderId
    lines: Lines
    source: Source = Source.COUNTER
    dining_option: DiningOption = DiningOption.DINE_IN
    table: Text | None = None
    tab_name: Text | None = None
    covers: Count | None = None
    hold: bool = False
    menu_version: int | None = None
    expected_total: int | None = None
    fire_courses: tuple[Count, ...] | None = None
    """Courses that go to the kitchen at once, the others wait to be fired; None: all of them."""
    codes: Annotated[tuple[Text, ...], Meta(max_length=10)] = ()
    """Coupons that the guest showed."""


class AddLines(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag="lines.add"):
    """Add lines to an order; on a fired order they go to the kitchen at once."""

    order_id: OrderId
    lines: Lines


class VoidLine(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag="line.void"):
    """Take a line off before it was made, or so many of it; None: all of them."""

    order_id: OrderId
    line_id: LineId
    reason: Text = ""
    quantity: Annotated[int, Meta(ge=1, le=QUANTITY_MAX)] | None = None
    approval_id: Text | None = None


class HoldOrder(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag="order.hold"):
    """Park an order that the kitchen has not been told of."""

    order_id: OrderId


class RecallOrder(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag="order.recall"):
    """Bring a held order back to a screen."""

    order_id: OrderId


class FireOrder(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag="order.fire"):
    """Release waiting lines to the kitchen: those of these courses, or all when none are named."""

    order_id: OrderId
    courses: tuple[Count, ...] = ()


class RushOrder(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag="order.rush"):
    """Ask the kitchen to make an order before others, or not any more."""

    order_id: OrderId
    rush: bool = True


class ChangeOrderStatus(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag="order.status"):
    """Move an order on by hand: held, open, fired, ready, served or cancelled (with a reason)."""

    order_id: OrderId
    status: OrderStatus
    reason: Text = ""
    approval_id: Text | None = None


class TenderPayment(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag="payment.tender"):
    """Take money: `tendered` is what was handed over, minor units; change is worked out.

    `amount` is the part meant for this order; without it, all that is due (or tendered, if less).
    """

    order_id: OrderId
    payment_id: PaymentId
    tendered: int
    tender: Text = "cash"
    amount: int | None = None
    label: Text = ""
    check_id: Text | None = None
    tip: Annotated[int, Meta(ge=0, le=AMOUNT_MAX)] = 0
    """Beside the amount; `tendered` covers both."""
    till_id: Text | None = None
    """The till it goes into."""
    reference: Text = ""


class BumpTicket(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag="ticket.bump"):
    """A station has finished lines of an order: all of its fired ones when none are named."""

    order_id: OrderId
    station_id: Text
    line_ids: tuple[LineId, ...] = ()


class RecallTicket(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag="ticket.recall"):
    """Bring a bumped ticket back to its station's display."""

    order_id: OrderId
    station_id: Text
    line_ids: tuple[LineId, ...] = ()


class EightySixItem(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag="item.eighty_six"):
    """The item is sold out at this outlet."""

    item_id: ItemId
    reason: Text = ""


class RestoreItem(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag="item.restore"):
    """The item is available again."""

    item_id: ItemId


class MergeCart(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag="cart.merge"):
    """Join a screen's cart into an open order: its own edits and what it had seen of others'.

    Sent again, or after others' edits, it changes nothing more.
    """

    order_id: OrderId
    cart: Cart


class EditProduct(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag="product.edit"):
    """Write a product field (`protocol.products.FIELDS`); HQ and all outlets follow."""

    item_id: ItemId
    field: Annotated[str, Meta(max_length=40)]
    value: Annotated[str, Meta(max_length=2_000)]


class CountStock(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag="stock.count"):
    """So many units of an item are here now; from then on it is counted down by sales."""

    item_id: ItemId
    quantity: Annotated[int, Meta(ge=0, le=1_000_000)]


class MoveStock(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag="stock.move"):
    """Units of an item came (+, a delivery) or went (−, waste)."""

    item_id: ItemId
    delta: Annotated[int, Meta(ge=-1_000_000, le=1_000_000)]
    reason: Text = ""


Command = (
    PlaceOrder
    | AddLines
    | VoidLine
    | HoldOrder
    | RecallOrder
    | FireOrder
    | RushOrder
    | ChangeOrderStatus
    | TenderPayment
    | BumpTicket
    | RecallTicket
    | EightySixItem
    | RestoreItem
    | MergeCart
    | EditProduct
    | CountStock
    | MoveStock
    | ChangeDetails
    | ChangeLine
    | Adjust
    | RemoveAdjustment
    | SplitChecks
    | TransferLines
    | RefundPayment
    | ReopenOrder
    | OpenShift
    | MoveCash
    | OpenDrawer
    | CloseShift
    | CloseDay
    | ClockIn
    | ClockOut
)


class Envelope(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A command with its identity and circumstances.

    `device_ms` is the screen's own clock, kept as evidence. `happened_ms` (Unix milliseconds) is
    for imports only: when another system recorded it.
    """

    command_id: CommandId
    command: Command
    screen: Text = ""
    staff: Text | None = None
    device_ms: int | None = None
    happened_ms: int | None = None
    accepted: Order | None = None
    """Offered again: the order as the first answer gave it. What was accepted is taken as it was."""
    offered: bool = False
    """A box said yes to this before; the screen offers it to one that may have lost it. It is never
    refused for good: what cannot be done any more is written down, see `CommandOvertaken`."""
    proof: Text = ""
    """What the first answer carried. Where people sign in, a box believes what is offered by it."""


class Accepted(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag="accepted"):
    """The yes to a command: it is on disk at `position`. `repeated`: it was taken before, once.

    `order` is the order as it now is; `events` are the wire tags of what happened. `proof` goes back
    with the command when it is offered again to a box that may have lost it.
    """

    command_id: CommandId
    position: int
    repeated: bool = False
    order: Order | None = None
    events: tuple[str, ...] = ()
    proof: str = ""


def tag_of(command: Command) -> str:
    """The wire tag of a command: `order.place`."""
    return str(command.__struct_config__.tag)
