"""Where each line of the kitchen's part of an order is: with a named screen or printer, or with a person."""

from enum import StrEnum

import msgspec

from protocol.ids import LineId, StationId


class Delivery(StrEnum):
    """How far a line has come on its way to a station; each is proof of the ones before it."""

    QUEUED = "queued"
    """Committed; not yet handed to the broker or a printer."""
    SENT = "sent"
    """The broker has it, or the printer; nobody has confirmed it."""
    REROUTED = "rerouted"
    """Not confirmed in time, so it was sent another way as well."""
    ESCALATED = "escalated"
    """No route confirmed it: staff are told to call it out."""
    SHOWN = "shown"
    """A named display has it in front of the cook."""
    PRINTED = "printed"
    """A named printer proved that it is on paper."""
    BUMPED = "bumped"
    """The station is done with it."""


class LineDelivery(msgspec.Struct, frozen=True, kw_only=True):
    """One line at one station. `by` is what people call the screen or printer."""

    line_id: LineId
    station_id: StationId
    state: Delivery
    by: str = ""
    at_ms: int = 0
