"""Everything that can have happened, past tense, one tagged union; only ever added to."""

import msgspec

from protocol.bill import BillRules
from protocol.box_events import (
    BoxRecovered,
    ClockAnchored,
    CommandOvertaken,
    DevicePaired,
    DeviceRevoked,
    PricesApplied,
    StreamForked,
    StreamOpened,
)
from protocol.cart import Cart
from protocol.clock import Confidence
from protocol.floor_events import FloorEvent, OrderFloorEvent
from protocol.floor_events import aggregate_of as floor_aggregate_of
from protocol.ids import EventId, ItemId, LineId, OrderId, StationId, StreamId
from protocol.orders import DiningOption, Line, Payment, Source, Totals


class OrderPlaced(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag="order.placed"):
    """An order was taken; `business_date` (ISO) and `hour` are the outlet's own."""

    order_id: OrderId
    number: str
    business_date: str
    hour: int
    at_ms: int
    confidence: Confidence
    source: Source
    dining_option: DiningOption
    lines: tuple[Line, ...]
    totals: Totals
    currency: str
    menu_version: int
    held: bool = False
    table: str | None = None
    tab_name: str | None = None
    covers: int | None = None
    screen: str = ""
    staff: str | None = None
    device_ms: int | None = None
    rules: BillRules | None = None


class LinesAdded(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag="lines.added"):
    """Lines came onto an order; `totals` is the bill after it."""

    order_id: OrderId
    at_ms: int
    lines: tuple[Line, ...]
    totals: Totals


class LineVoided(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag="line.voided"):
    """A line was taken off before it was made; `totals` is the bill after it."""

    order_id: OrderId
    line_id: LineId
    at_ms: int
    reason: str
    totals: Totals
    approved_by: str | None = None
    approval_id: str | None = None


class LineReduced(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag="line.reduced"):
    """So many (`by`) of a line were taken off before they were made, others stay; `totals` is the
    bill after it."""

    order_id: OrderId
    line_id: LineId
    at_ms: int
    by: int
    reason: str
    totals: Totals
    approved_by: str | None = None
    approval_id: str | None = None


class OrderHeld(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag="order.held"):
    """An unfired order was parked."""

    order_id: OrderId
    at_ms: int


class OrderRecalled(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag="order.recalled"):
    """A held order came back to a screen."""

    order_id: OrderId
    at_ms: int


class OrderFired(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag="order.fired"):
    """These lines were released to the kitchen."""

    order_id: OrderId
    at_ms: int
    line_ids: tuple[LineId, ...]


class OrderRushed(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag="order.rushed"):
    """The kitchen was asked to make an order before others, or not any more."""

    order_id: OrderId
    at_ms: int
    rush: bool


class TicketBumped(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag="ticket.bumped"):
    """A station finished its part of these lines."""

    order_id: OrderId
    station_id: StationId
    at_ms: int
    line_ids: tuple[LineId, ...]


class TicketRecalled(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag="ticket.recalled"):
    """A station took these lines back to make again or to finish."""

    order_id: OrderId
    station_id: StationId
    at_ms: int
    line_ids: tuple[LineId, ...]


class OrderServed(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag="order.served"):
    """The guest has everything."""

    order_id: OrderId
    at_ms: int


class OrderCancelled(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag="order.cancelled"):
    """The whole order was called off before it was served or paid."""

    order_id: OrderId
    at_ms: int
    reason: str
    approved_by: str | None = None
    approval_id: str | None = None


class PaymentTaken(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag="payment.taken"):
    """Money came in; `due_after` (minor units) is what the order still owed afterwards."""

    order_id: OrderId
    payment: Payment
    business_date: str
    hour: int
    due_after: int


class ItemEightySixed(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag="item.eighty_sixed"):
    """An item is sold out at this outlet."""

    item_id: ItemId
    at_ms: int
    reason: str


class ItemRestored(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag="item.restored"):
    """An item is available again."""

    item_id: ItemId
    at_ms: int


class MenuApplied(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag="menu.applied"):
    """The box took over a menu that HQ published; `digest` is blake2b-128 of its bytes."""

    version: int
    publish_id: str
    digest: str
    items: int
    at_ms: int


class PaperPrinted(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag="paper.printed"):
    """A printer proved that it put this job on paper; `duplicate` counts copies after the first."""

    order_id: OrderId
    kind: str
    printer: str
    job_id: EventId
    at_ms: int
    duplicate: int = 0
    station_id: StationId | None = None
    line_ids: tuple[LineId, ...] = ()
    """Of a kitchen ticket: whose, and what was on it."""


class TicketShown(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag="ticket.shown"):
    """A kitchen display proved that it had these lines in front of the cook for the first time."""

    order_id: OrderId
    station_id: StationId
    line_ids: tuple[LineId, ...]
    device: str
    screen: str
    """What people call the display: `Grill 1`."""
    at_ms: int
    elsewhere: bool = False
    """It is the display of a station that was sent these lines as well, not of this one."""


class TicketRerouted(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag="ticket.rerouted"):
    """Nobody confirmed these lines in time: they were also sent `to` another station or printer."""

    order_id: OrderId
    station_id: StationId
    line_ids: tuple[LineId, ...]
    to: str
    by_printer: bool
    at_ms: int


class TicketEscalated(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag="ticket.escalated"):
    """Nobody has these lines, by any route: people were told on their screens."""

    order_id: OrderId
    station_id: StationId
    line_ids: tuple[LineId, ...]
    at_ms: int


class Repriced(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A line's new prices, in minor units: of the variant, of its choices, of the whole line."""

    line_id: LineId
    unit_price: int
    choice_prices: tuple[int, ...]
    amount: int
    menu_version: int
    price_version: int = 0


class LineRepriced(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag="line.repriced"):
    """Unpaid lines that the kitchen does not have yet took the prices in force; HQ owns prices.

    `was` is the bill's total before, `totals` the bill after; `why` a sentence in English.
    """

    order_id: OrderId
    at_ms: int
    lines: tuple[Repriced, ...]
    was: int
    totals: Totals
    why: str


class CartMerged(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag="cart.merged"):
    """An order that several screens edited took in one more screen's edits.

    `cart` is the joined cart; `lines` the order's waiting lines after it; `late` the line ids whose
    edits came too late to count, because the line was fired or struck meanwhile.
    """

    order_id: OrderId
    at_ms: int
    cart: Cart
    lines: tuple[Line, ...]
    totals: Totals
    late: tuple[LineId, ...] = ()


class ProductEdited(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag="product.edited"):
    """The outlet wrote a product field; the entry's stamp decides against other writers."""

    item_id: ItemId
    field: str
    value: str
    at_ms: int


class StockMove(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """Units of an item that came (+) or went (−)."""

    item_id: ItemId
    delta: int


class StockMoved(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag="stock.moved"):
    """Stock of counted items moved: `cause` is sale, void, delivery or waste. Always counts."""

    moves: tuple[StockMove, ...]
    cause: str
    at_ms: int
    order_id: OrderId | None = None
    reason: str = ""


class StockCounted(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag="stock.counted"):
    """Somebody counted an item: `quantity` units, after everything in `as_of` (stream → last seq)."""

    item_id: ItemId
    quantity: int
    as_of: dict[StreamId, int]
    at_ms: int


OrderEvent = (
    OrderPlaced
    | LinesAdded
    | LineVoided
    | LineReduced
    | OrderHeld
    | OrderRecalled
    | OrderFired
    | OrderRushed
    | TicketBumped
    | TicketRecalled
    | OrderServed
    | OrderCancelled
    | PaymentTaken
    | LineRepriced
    | CartMerged
    | OrderFloorEvent
)
"""Events that an order is folded from."""

Event = (
    OrderEvent
    | ItemEightySixed
    | ItemRestored
    | MenuApplied
    | StreamOpened
    | PaperPrinted
    | ProductEdited
    | StockMoved
    | StockCounted
    | PricesApplied
    | ClockAnchored
    | StreamForked
    | BoxRecovered
    | CommandOvertaken
    | TicketShown
    | TicketRerouted
    | TicketEscalated
    | DevicePaired
    | DeviceRevoked
    | FloorEvent
)

EVENT_VERSION = 1
"""Version written beside each event's type; a changed meaning is a new type, never a new number."""

ORDER_TAGS = frozenset(str(t.__struct_config__.tag) for t in OrderEvent.__args__)
"""Wire tags of the events that an order is folded from."""

_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[Event] = msgspec.json.Decoder(Event)


def tag_of(event: Event) -> str:
    """The wire tag of an event: `order.placed`."""
    return str(event.__struct_config__.tag)


def aggregate_of(event: Event) -> tuple[str, str]:
    """Which thing an event belongs to, as (kind, id): a poison event parks only its own thing."""
    match event:
        case ItemEightySixed() | ItemRestored():
            return "item", event.item_id
        case ProductEdited():
            return "product", event.item_id
        case StockMoved():
            return "stock", event.moves[0].item_id
        case StockCounted():
            return "stock", event.item_id
        case CommandOvertaken():
            return ("order" if event.of_order else "command"), event.subject
        case MenuApplied() | PricesApplied():
            return tag_of(event).partition(".")[0], str(event.version)
        case StreamOpened() | ClockAnchored() | StreamForked() | BoxRecovered():
            return "box", event.node_id
        case DevicePaired() | DeviceRevoked():
            return "device", event.device
        case _ if isinstance(event, FloorEvent):
            return floor_aggregate_of(event)
        case _:
            return "order", event.order_id


def encode(event: Event) -> bytes:
    """The bytes that are stored, chained and replicated, and never made again."""
    return _encoder.encode(event)


def decode(body: bytes) -> Event:
    """The event of stored bytes. Raises msgspec.DecodeError for bytes of a newer or broken kind."""
    return _decoder.decode(body)
