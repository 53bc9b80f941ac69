"""Who makes what at one outlet, where that differs from the menu: a bar that is closed, a second grill."""

import msgspec

from protocol.ids import ItemId, StationId


class Routing(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An outlet's own word on stations; it holds over the menu's, item before category before station.

    `stations` sends what a station would get to others instead (a station the outlet has not).
    """

    items: dict[ItemId, tuple[StationId, ...]] = {}
    categories: dict[str, tuple[StationId, ...]] = {}
    stations: dict[StationId, tuple[StationId, ...]] = {}
    targets_s: dict[StationId, int] = {}
    """How long a ticket may take (seconds), by station."""


NO_ROUTING = Routing()
