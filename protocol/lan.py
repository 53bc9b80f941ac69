"""What the outlet's LAN sees: MQTT topics with their QoS and retention, mDNS service and keys."""

import msgspec

from protocol.ids import LineId, OrderId, StationId

TOPIC_ROOT = "kedai"
QOS = 1

MDNS_SERVICE = "_kedai._tcp.local."
MDNS_KEYS = ("v", "outlet", "name", "path", "mqtt", "ws", "tls", "role")
"""TXT keys: protocol, outlet id, outlet name, first page, MQTT port, MQTT-over-WebSocket path,
fingerprint of the box's certificate (SHA-256, hex), role (primary or standby)."""


def ticket_topic(outlet: str, station: str, ticket: str) -> str:
    """Retained ticket of a station; an empty payload takes it away when it is done.

    A ticket that its own station did not confirm is retained under its backup station as well, as
    it is: its `station_id` and its id are still those of its own station, which is whose lines are
    shown and bumped. A display of all stations passes over such copies: the topic's station is not
    the one that the ticket's id ends with.
    """
    return f"{TOPIC_ROOT}/{outlet}/kitchen/{station}/tickets/{ticket}"


def tickets_filter(outlet: str, station: str = "+") -> str:
    """Subscription for the tickets of one station, or of all."""
    return f"{TOPIC_ROOT}/{outlet}/kitchen/{station}/tickets/+"


def menu_topic(outlet: str) -> str:
    """Retained version of the menu the box sells from."""
    return f"{TOPIC_ROOT}/{outlet}/menu"


def availability_topic(outlet: str, item: str) -> str:
    """Retained: whether an item is 86 at this outlet."""
    return f"{TOPIC_ROOT}/{outlet}/items/{item}/availability"


def order_topic(outlet: str, order: str) -> str:
    """Status of an order, not retained."""
    return f"{TOPIC_ROOT}/{outlet}/orders/{order}"


def payment_topic(outlet: str, order: str) -> str:
    """News of an order's payments, not retained."""
    return f"{TOPIC_ROOT}/{outlet}/payments/{order}"


def status_topic(outlet: str) -> str:
    """Retained heartbeat of the box; its last will says it is gone."""
    return f"{TOPIC_ROOT}/{outlet}/status"


def presence_topic(outlet: str, device: str) -> str:
    """Retained: what a device says of itself; its last will says it is gone."""
    return f"{TOPIC_ROOT}/{outlet}/devices/{device}/presence"


def shown_topic(outlet: str, device: str) -> str:
    """A display's proof of what it has put in front of the cook, not retained."""
    return f"{TOPIC_ROOT}/{outlet}/devices/{device}/shown"


def device_commands_topic(outlet: str, device: str) -> str:
    """What the box asks of a device; the reply goes to the response topic."""
    return f"{TOPIC_ROOT}/{outlet}/devices/{device}/commands"


def devices_filter(outlet: str, leaf: str) -> str:
    """Subscription of the box for one leaf (`presence`, `shown`) of all devices."""
    return f"{TOPIC_ROOT}/{outlet}/devices/+/{leaf}"


class Presence(msgspec.Struct, frozen=True, kw_only=True):
    """Payload of a presence topic. `stations`: whose tickets a display shows; `+` is all of them."""

    device: str
    name: str
    kind: str
    online: bool
    stations: tuple[str, ...] = ()
    at_ms: int = 0
    product: str = ""
    battery: int | None = None
    """Percent."""
    paper: str = ""


class ShownTicket(msgspec.Struct, frozen=True, kw_only=True):
    """A ticket as a display has drawn it: these lines, of this position."""

    ticket_id: str
    order_id: OrderId
    station_id: StationId
    position: int
    line_ids: tuple[LineId, ...]


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """Payload of a shown topic: sent after drawing, again after each reconnect."""

    device: str
    name: str
    tickets: tuple[ShownTicket, ...]


class BoxStatus(msgspec.Struct, frozen=True, kw_only=True):
    """Heartbeat payload. A display that has seen none for ten seconds says so."""

    online: bool
    position: int
    boot: str = ""
    at_ms: int = 0
    every_ms: int = 3_000
    replicated: int = 0
    """HQ has confirmed everything up to this position: displays may let go of those commands."""


class MenuNews(msgspec.Struct, frozen=True, kw_only=True):
    """Payload of the menu topic."""

    version: int
    position: int


class Availability(msgspec.Struct, frozen=True, kw_only=True):
    """Payload of an availability topic."""

    item_id: str
    eighty_six: bool
    position: int


class OrderNews(msgspec.Struct, frozen=True, kw_only=True):
    """Payload of an order or payment topic: where it stands now."""

    order_id: str
    number: str
    status: str
    total: int
    due: int
    position: int
