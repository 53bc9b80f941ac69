"""What is said on an outlet's broker, as an AsyncAPI 3 document made from the structs themselves."""

from typing import Any, Literal

import msgspec

from protocol import PROTOCOL, lan
from protocol.kitchen import Ticket

BINDING_VERSION = "0.2.0"
"""Of the MQTT bindings for AsyncAPI."""

PARAMETERS = {
    "station": "Id of a kitchen station, as in the menu.",
    "ticket": "Order and station, joined by a dot.",
    "item": "Id of an item of the menu.",
    "order": "Id of an order.",
    "device": "Id of a paired device, else the random one a screen has made for itself.",
}


class Channel(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of topic: who speaks on it, what it carries, and whether the broker keeps it."""

    name: str
    address: str
    """The topic with `{outlet}` and the names of `PARAMETERS` where ids stand."""
    said_by: Literal["box", "device"]
    payload: type[msgspec.Struct] | None
    retained: bool
    summary: str
    cleared: str = ""
    """What an empty payload means; empty: there is none."""


OUTLET = "{outlet}"
CHANNELS = (
    Channel(
        name="ticket",
        address=lan.ticket_topic(OUTLET, "{station}", "{ticket}"),
        said_by="box",
        payload=Ticket,
        retained=True,
        summary="A station's part of an order, as it now is.",
        cleared="The station is done with it.",
    ),
    Channel(
        name="menu",
        address=lan.menu_topic(OUTLET),
        said_by="box",
        payload=lan.MenuNews,
        retained=True,
        summary="Which version of the menu the box sells from.",
    ),
    Channel(
        name="availability",
        address=lan.availability_topic(OUTLET, "{item}"),
        said_by="box",
        payload=lan.Availability,
        retained=True,
        summary="An item is sold out (86).",
        cleared="The item is sold again.",
    ),
    Channel(
        name="order",
        address=lan.order_topic(OUTLET, "{order}"),
        said_by="box",
        payload=lan.OrderNews,
        retained=False,
        summary="Where an order stands now.",
    ),
    Channel(
        name="payment",
        address=lan.payment_topic(OUTLET, "{order}"),
        said_by="box",
        payload=lan.OrderNews,
        retained=False,
        summary="News of an order's payments.",
    ),
    Channel(
        name="status",
        address=lan.status_topic(OUTLET),
        said_by="box",
        payload=lan.BoxStatus,
        retained=True,
        summary="Heartbeat of the box; its last will says that it is gone.",
    ),
    Channel(
        name="presence",
        address=lan.presence_topic(OUTLET, "{device}"),
        said_by="device",
        payload=lan.Presence,
        retained=True,
        summary="What a device says of itself; its last will says that it is gone.",
        cleared="The device is to be forgotten.",
    ),
    Channel(
        name="shown",
        address=lan.shown_topic(OUTLET, "{device}"),
        said_by="device",
        payload=lan.Shown,
        retained=False,
        summary="A display's proof of the tickets that it has put in front of the cook.",
    ),
    Channel(
        name="deviceCommands",
        address=lan.device_commands_topic(OUTLET, "{device}"),
        said_by="box",
        payload=None,
        retained=False,
        summary="Kept for what the box will ask of a device. This version says nothing here.",
    ),
)
"""Every topic there is."""


def channel_of(topic: str) -> Channel | None:
    """The channel that a topic belongs to, whatever its outlet; None for a topic of nobody's."""
    return next((c for c in CHANNELS if _fits(c.address, topic)), None)


def document(outlet: str, version: str = "") -> dict[str, Any]:
    """The AsyncAPI 3.0 document of one outlet's broker, as the box sees it."""
    names = [c.payload for c in CHANNELS if c.payload is not None]
    kinds = list(dict.fromkeys(names))
    _, schemas = msgspec.json.schema_components(kinds, ref_template="#/components/schemas/{name}")
    return {
        "asyncapi": "3.0.0",
        "id": "urn:kedai:box",
        "info": {
            "title": "Kedai, on the outlet's network",
            "version": version or str(PROTOCOL),
            "description": (
                "What box, kitchen displays, counters and kiosks tell one another over MQTT. Each "
                "message repeats what is in the box's journal: whoever missed one asks again. A "
                "message of an unknown topic or with unknown fields is to be passed over."
            ),
        },
        "defaultContentType": "application/json",
        "servers": _servers(outlet),
        "channels": {c.name: _channel(c, outlet) for c in CHANNELS},
        "operations": {_operation_name(c): _operation(c) for c in CHANNELS},
        "components": {
            "messages": {k: v for c in CHANNELS for k, v in _messages(c).items()},
            "schemas": schemas,
        },
    }


def _servers(outlet: str) -> dict[str, Any]:
    gone = msgspec.to_builtins(lan.BoxStatus(online=False, position=0))
    last_will = {
        "topic": lan.status_topic(outlet),
        "qos": lan.QOS,
        "retain": True,
        "message": msgspec.json.encode(gone).decode(),
    }
    return {
        "bridge": {
            "host": "{box}",
            "protocol": "ws",
            "pathname": "/mqtt",
            "description": (
                "MQTT in a WebSocket, at the box's own port. A paired device says its id as user "
                "and its token as password, or brings the token as `Authorization: Bearer`."
            ),
            "variables": {"box": {"description": "Address and port of the box."}},
        },
        "broker": {
            "host": "localhost:1883",
            "protocol": "mqtt",
            "protocolVersion": "5.0",
            "description": "The broker itself, MQTT 5 or 3.1.1: for the box, on its own machine.",
            "bindings": {
                "mqtt": {
                    "cleanSession": False,
                    "keepAlive": 10,
                    "lastWill": last_will,
                    "bindingVersion": BINDING_VERSION,
                }
            },
        },
    }


def _channel(channel: Channel, outlet: str) -> dict[str, Any]:
    named = [name for name in PARAMETERS if f"{{{name}}}" in channel.address]
    return {
        "address": channel.address.replace(OUTLET, outlet),
        "summary": channel.summary,
        "parameters": {name: {"description": PARAMETERS[name]} for name in named},
        "messages": {k: {"$ref": f"#/components/messages/{k}"} for k in _messages(channel)},
    }


def _operation_name(channel: Channel) -> str:
    verb = "tell" if channel.said_by == "box" else "hear"
    return verb + channel.name[0].upper() + channel.name[1:]


def _operation(channel: Channel) -> dict[str, Any]:
    here = f"#/channels/{channel.name}"
    bindings = {
        "qos": lan.QOS,
        "retain": channel.retained,
        "bindingVersion": BINDING_VERSION,
    }
    return {
        "action": "send" if channel.said_by == "box" else "receive",
        "channel": {"$ref": here},
        "summary": channel.summary,
        "messages": [{"$ref": f"{here}/messages/{k}"} for k in _messages(channel)],
        "bindings": {"mqtt": bindings},
    }


def _messages(channel: Channel) -> dict[str, Any]:
    full: dict[str, Any] = {"name": channel.name, "summary": channel.summary}
    if channel.payload is not None:
        full["payload"] = {"$ref": f"#/components/schemas/{channel.payload.__name__}"}
    found = {channel.name: full}
    if channel.cleared:
        summary = f"An empty payload. {channel.cleared}"
        found[f"{channel.name}Cleared"] = {"name": f"{channel.name}Cleared", "summary": summary}
    return found


def _fits(address: str, topic: str) -> bool:
    wanted, levels = address.split("/"), topic.split("/")
    return len(wanted) == len(levels) and all(
        bool(level) if mark.startswith("{") else mark == level
        for mark, level in zip(wanted, levels, strict=True)
    )
