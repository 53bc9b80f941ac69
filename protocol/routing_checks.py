"""What is wrong with an outlet's routing, and which items have only the fallback station (FS-41)."""

from collections.abc import Iterable, Iterator

import msgspec

from protocol.ids import ItemId, StationId
from protocol.menu import Menu, MenuIndex, Names
from protocol.routing import Routing


class Unserved(msgspec.Struct, frozen=True, kw_only=True):
    """An item that goes to the fallback. `missing`: stations named for it that do not exist; none
    are when nobody named any."""

    item_id: ItemId
    names: Names
    missing: tuple[StationId, ...]


def unserved_items(menu: MenuIndex) -> list[Unserved]:
    """Items of which some part goes to the fallback station because nothing better is known."""
    found = []
    for item in menu.menu.items:
        named = menu.named_for(item)
        missing = tuple(s for s in named if not _is_there(menu, s))
        if missing or not named:
            found.append(Unserved(item_id=item.id, names=item.names, missing=missing))
    return found


def faults_with_menu(routing: Routing, menu: Menu) -> list[str]:
    """What a routing names that the menu has not, each in one sentence; empty when it is sound.

    A station that is replaced need not be on the menu: that may be why it is.
    """
    items = {i.id for i in menu.items}
    categories = {c.id for c in menu.categories}
    faults = [f"the menu has no item {i!r}" for i in routing.items if i not in items]
    faults += _strays("item", routing.items.items(), menu)
    faults += [f"the menu has no category {c!r}" for c in routing.categories if c not in categories]
    faults += _strays("category", routing.categories.items(), menu)
    faults += _strays("station", routing.stations.items(), menu)
    stations = {s.id for s in menu.stations}
    for station, target_s in routing.targets_s.items():
        if station not in stations:
            faults.append(f"a target is for unknown station {station!r}")
        if target_s < 1:
            faults.append(f"station {station!r} has a target of {target_s} seconds")
    return faults


def _strays(
    what: str, routes: Iterable[tuple[str, tuple[StationId, ...]]], menu: Menu
) -> Iterator[str]:
    known = {s.id for s in menu.stations}
    for name, wanted in routes:
        for station in wanted:
            if station not in known:
                yield f"{what} {name!r} goes to unknown station {station!r}"


def _is_there(menu: MenuIndex, station: StationId) -> bool:
    instead = menu.routing.stations.get(station, (station,))
    return bool(instead) and all(s in menu.stations for s in instead)
