"""Stock as HQ and boxes tell each other: what counts, and a level with how far it has counted."""

import msgspec

from protocol.ids import EventId, ItemId, StreamId


class Movement(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """Units of one item that came or went, at its place in a stream. It always counts."""

    stream: StreamId
    seq: int
    delta: int


class Counted(msgspec.Struct, frozen=True, array_like=True):
    """Somebody counted `quantity` units, after everything in `as_of` (stream → last seq).

    `stream` and `seq` are the count's own place; of two counts the one with the larger
    `(stamp, event_id)` holds.
    """

    stamp: int
    event_id: EventId
    stream: StreamId
    seq: int
    quantity: int
    as_of: dict[StreamId, int]


class StockLevel(msgspec.Struct, frozen=True, kw_only=True):
    """What HQ publishes for an item at an outlet (feed row kind `stock`, key item id).

    `quantity` is the level after everything in `as_of`: a box adds what it did since. It may be
    below zero: a sale is never refused for a number. `stamp` and `event_id` name the count it is
    based on.
    """

    item_id: ItemId
    quantity: int
    as_of: dict[StreamId, int]
    stamp: int = 0
    event_id: EventId = EventId("")
