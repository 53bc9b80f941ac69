"""What a screen is told: a snapshot with its position, then changes, each with the state after it."""

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from protocol.deliveries import LineDelivery
from protocol.ids import OrderId
from protocol.orders import Order


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """Something staff should know about, in English and Indonesian; `code` names its kind."""

    code: str
    en: str
    id: str


class TakingOrders(msgspec.Struct, frozen=True, kw_only=True):
    """Whether guests can order now: kiosks say so before anybody chooses or pays.

    `why` is empty or one of `disk`, `menu`, `standby`, `kitchen` (no way to any cook is left).
    `stations` are those that nobody can reach; with some left, their dishes are not offered.
    """

    yes: bool = True
    why: str = ""
    stations: tuple[str, ...] = ()


class Here(msgspec.Struct, frozen=True, kw_only=True):
    """A screen that has an order open now; `name` is what people call the screen or who is at it."""

    screen: Annotated[str, Meta(min_length=1, max_length=64)]
    name: Annotated[str, Meta(max_length=60)] = ""
    order_id: OrderId | None = None


class Snapshot(msgspec.Struct, frozen=True, kw_only=True, tag="snapshot"):
    """All a screen needs to begin: everything up to and with `position`.

    `orders` are the ones still alive (not closed, not cancelled). `boot` changes when the box
    restarts: screens then offer their unreplicated commands again.
    """

    position: int
    boot: str
    outlet_name: str
    menu_version: int
    eighty_six: tuple[str, ...]
    orders: tuple[Order, ...]
    notices: tuple[Notice, ...] = ()
    replicated: int = 0
    """HQ has confirmed everything up to this position: screens may let go of those commands."""
    menu_revision: str = ""
    """Names the menu with its prices as they now are; another one is a menu to ask for again."""
    deliveries: dict[OrderId, tuple[LineDelivery, ...]] = {}
    """Of the orders alive that the kitchen has: where each line is."""
    taking_orders: TakingOrders = TakingOrders()
    at_ms: int = 0
    """The time by the box's clock (Unix milliseconds): dayparts begin and end by it. 0: not told."""


class Change(msgspec.Struct, frozen=True, kw_only=True, tag="change"):
    """One journal entry and what it made of its subject.

    `kind` is `order` (value: the order as it now is), `item` (value: {"item_id", "eighty_six"}),
    `delivery` (value: all `LineDelivery` of the order), `menu` (value: {"version"}) or `box`. Applying a change twice, or a late one, changes nothing
    more: `position` below the one shown is ignored.
    """

    position: int
    kind: str
    key: str
    event: str
    """Wire tag of the journal entry: `order.fired`."""
    value: Any = None


class Heartbeat(msgspec.Struct, frozen=True, kw_only=True, tag="heartbeat"):
    """The box is alive; nothing after `position` has happened. `notices` are what is wrong."""

    position: int
    boot: str
    unsent: int
    notices: tuple[Notice, ...] = ()
    replicated: int = 0
    """HQ has confirmed everything up to this position: screens may let go of those commands."""
    menu_revision: str = ""
    """Names the menu with its prices as they now are; another one is a menu to ask for again."""
    here: tuple[Here, ...] = ()
    """Screens that have an order open, so that two people at one table know of each other."""
    taking_orders: TakingOrders = TakingOrders()
    at_ms: int = 0
    """The time by the box's clock (Unix milliseconds): dayparts begin and end by it. 0: not told."""


FeedMessage = Snapshot | Change | Heartbeat


def apply_change(orders: dict[str, Order], position: int, change: Change) -> int:
    """Fold a change into a screen's orders; returns the position the screen is at afterwards.

    The browser's half (`protocol/web/feed.ts`) does the same.
    """
    if change.position <= position:
        return position
    if change.kind == "order":
        order = msgspec.convert(change.value, Order)
        if order.status in ("closed", "cancelled"):
            orders.pop(order.order_id, None)
        else:
            orders[order.order_id] = order
    return change.position
