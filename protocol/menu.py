"""The menu: categories, items with PLU and variants, modifier groups, courses, stations."""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple, TypeVar

import msgspec
from msgspec.structs import replace

from protocol.ids import ItemId, ModifierId, StationId, VariantId
from protocol.money import CURRENCIES
from protocol.prices import NO_PRICES, Price, PriceBook, next_change, options_of, prices_at, span_of
from protocol.prices import faults_of as price_faults
from protocol.routing import NO_ROUTING, Routing

Names = dict[str, str]
"""What a thing is called, by language code (`id`, `en`); the first entry is the fallback."""


class Station(msgspec.Struct, frozen=True, kw_only=True):
    """A place that makes (`kind` kitchen or bar) or assembles (expo)."""

    id: StationId
    names: Names
    kind: str = "kitchen"
    backup: StationId | None = None
    """Who gets its tickets when no screen and no printer of its own takes them."""
    target_s: int | None = None
    """How long a ticket may take here (seconds), for items that say nothing of their own."""


class Category(msgspec.Struct, frozen=True, kw_only=True):
    """A group of items on the order screens, in order of `rank`."""

    id: str
    names: Names
    rank: int = 0
    colour: str | None = None
    station_ids: tuple[StationId, ...] = ()
    """Who makes its items that name no station themselves."""


class Modifier(msgspec.Struct, frozen=True, kw_only=True):
    """One allowed change to an item; `price` in minor units is added per item."""

    id: ModifierId
    names: Names
    price: int = 0
    dining_prices: dict[str, int] = {}
    """As the box serves it: what it costs who eats otherwise, where that differs just now."""


class ModifierGroup(msgspec.Struct, frozen=True, kw_only=True):
    """Modifiers of which at least `min` and at most `max` are chosen per item."""

    id: str
    names: Names
    modifiers: tuple[Modifier, ...]
    min: int = 0
    max: int = 1


class Variant(msgspec.Struct, frozen=True, kw_only=True):
    """A size or kind of an item: what is actually sold, with its own PLU and price (minor units)."""

    id: VariantId
    names: Names
    price: int
    plu: str
    size: str | None = None
    modifier_group_ids: tuple[str, ...] | None = None
    """Which of the item's modifier groups go with it (no milk foam on the iced one); None: all."""
    dining_prices: dict[str, int] = {}
    """As the box serves it: what it costs who eats otherwise, where that differs just now."""


_Priced = TypeVar("_Priced", Modifier, Variant)


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """Something guests can order; it has one variant or several."""

    id: ItemId
    category_id: str
    names: Names
    variants: tuple[Variant, ...]
    descriptions: Names = msgspec.field(default_factory=dict)
    modifier_group_ids: tuple[str, ...] = ()
    course: int = 1
    station_ids: tuple[StationId, ...] = ()
    tax_class: str = "standard"
    rank: int = 0
    available: bool = True
    """Whether HQ offers it at all; 86 is the outlet's own, shorter-lived no."""
    photo: str | None = None
    """Where its picture is: a path on the box, or an https address."""
    availability: Names = msgspec.field(default_factory=dict)
    """When it is to be had, in words for guests: "weekends only"."""
    allergens: tuple[str, ...] = ()
    """What guests may not bear: `peanut`, `milk`, …; cooks and guests see them marked."""
    target_s: int | None = None
    """How long it may take in the kitchen (seconds)."""


class Menu(msgspec.Struct, frozen=True, kw_only=True):
    """Everything one outlet sells, published whole by HQ; `version` rises with each publish."""

    version: int
    currency: str
    items: tuple[Item, ...]
    categories: tuple[Category, ...]
    stations: tuple[Station, ...]
    fallback_station: StationId
    """Where an item without a station goes: nothing is ever routed to nowhere (FS-41)."""
    modifier_groups: tuple[ModifierGroup, ...] = ()
    languages: tuple[str, ...] = ("id", "en")


class Route(NamedTuple):
    """Who makes an item here, who assembles it, and how long it may take (seconds)."""

    station_ids: tuple[StationId, ...]
    expo_ids: tuple[StationId, ...]
    target_s: int | None


class MenuIndex:
    """A menu with its lookups, made once per menu version and shared by all commands.

    `own` is the menu with its own prices; `book` the dated prices that were laid over it, if any,
    and `ruled` the prices of it that hold now, by variant and modifier id. `routing` is the
    outlet's own word on stations.
    """

    def __init__(
        self,
        menu: Menu,
        book: PriceBook = NO_PRICES,
        ruled: dict[str, Price] | None = None,
        own: "MenuIndex | None" = None,
        routing: Routing = NO_ROUTING,
    ) -> None:
        self.menu = menu
        self.routing = routing
        self._routes: dict[str, Route] = {}
        self.book = book
        self.ruled = ruled or {}
        self.own = own or self
        self._priced_by = NO_PRICES
        self._options: tuple[str, ...] = ()
        self._priced: dict[str, tuple[MenuIndex, tuple[int, int]]] = {}
        self.items: dict[str, Item] = {i.id: i for i in menu.items}
        self.variants: dict[str, tuple[Item, Variant]] = {
            v.id: (i, v) for i in menu.items for v in i.variants
        }
        self.by_plu: dict[str, tuple[Item, Variant]] = {
            v.plu: (i, v) for i in menu.items for v in i.variants
        }
        self.groups: dict[str, ModifierGroup] = {g.id: g for g in menu.modifier_groups}
        self.categories: dict[str, Category] = {c.id: c for c in menu.categories}
        self.stations: dict[str, Station] = {s.id: s for s in menu.stations}

    def priced_at(self, book: PriceBook, at_ms: int, eats: str = "") -> "MenuIndex":
        """This menu at the prices of a book at a moment; kept until the next of its changes.

        `eats` is a dining option; without one, things say what they cost who eats otherwise.
        """
        if self.own is not self:
            return self.own.priced_at(book, at_ms, eats)
        if book.version == 0 and not book.all:
            return self
        if self._priced_by is not book:
            self._priced_by, self._options, self._priced = book, options_of(book), {}
        eats = eats if eats in self._options else ""
        known = self._priced.get(eats)
        if known is not None and _within(known[1], at_ms):
            return known[0]
        ruled = prices_at(book, at_ms, eats)
        others = {} if eats else {o: prices_at(book, at_ms, o) for o in self._options}
        priced = MenuIndex(_overlaid(self.menu, ruled, others), book, ruled, self, self.routing)
        self._priced[eats] = (priced, span_of(book, at_ms))
        return priced

    def stations_of(self, item: Item) -> tuple[StationId, ...]:
        """Stations that make an item: at least one, and all of them exist."""
        return self.route_of(item).station_ids

    def route_of(self, item: Item) -> Route:
        """Where a line of this item goes, decided when it is priced and never changed.

        The outlet's word on the item, on its category, then the menu's on either, then the fallback
        station. A station that does not exist is replaced, not left out: by what the outlet has
        instead of it, else by the fallback. An expo makes only what has no other station.
        """
        route = self._routes.get(item.id)
        if route is None:
            route = self._routes[item.id] = self._route(item)
        return route

    def named_for(self, item: Item) -> tuple[StationId, ...]:
        """Stations that menu or outlet name for an item, whether they exist or not."""
        category = self.categories.get(item.category_id)
        return (
            self.routing.items.get(item.id)
            or self.routing.categories.get(item.category_id)
            or item.station_ids
            or (category.station_ids if category else ())
        )

    def _route(self, item: Item) -> Route:
        found = self._living(self.named_for(item)) or self._living((self.menu.fallback_station,))
        makers = tuple(s for s in found if self.stations[s].kind != EXPO) or found
        assembles = self._living((s.id for s in self.menu.stations if s.kind == EXPO), expo=True)
        targets = [t for s in makers if (t := self._target_of(s)) is not None]
        return Route(
            station_ids=makers,
            expo_ids=tuple(s for s in assembles if s not in makers),
            # It is made when the slowest of its stations is done.
            target_s=item.target_s or max(targets, default=None),
        )

    def _living(self, wanted: Iterable[StationId], *, expo: bool = False) -> tuple[StationId, ...]:
        """Stations that exist here, in place of those wanted; of expos only those that are left."""
        found: list[StationId] = []
        for station in wanted:
            instead = self.routing.stations.get(station, (station,))
            for one in instead or (() if expo else (self.menu.fallback_station,)):
                known = self.stations.get(one)
                if expo and (known is None or known.kind != EXPO):
                    continue
                found.append(self.menu.fallback_station if known is None else one)
        return tuple(dict.fromkeys(found))

    def _target_of(self, station: StationId) -> int | None:
        own = self.routing.targets_s.get(station)
        return self.stations[station].target_s if own is None else own


EXPO = "expo"
"""Kind of a station that assembles: it sees every line of an order, and none waits for it."""

EMPTY_MENU = Menu(
    version=0,
    currency="IDR",
    items=(),
    categories=(),
    stations=(Station(id=StationId("kitchen"), names={"id": "Dapur", "en": "Kitchen"}),),
    fallback_station=StationId("kitchen"),
)
"""What a box has before the first publish from HQ arrives: it is not ready to take orders."""


def _within(span_ms: tuple[int, int], at_ms: int) -> bool:
    return span_ms[0] <= at_ms < span_ms[1]


def _overlaid(menu: Menu, ruled: dict[str, Price], others: dict[str, dict[str, Price]]) -> Menu:
    """The menu with these prices in place of its own; `others` are those of dining options."""

    def priced(thing: _Priced) -> _Priced:
        price = ruled.get(thing.id)
        if price is not None:
            thing = replace(thing, price=price.amount)
        found = {o: p[thing.id].amount for o, p in others.items() if thing.id in p}
        differing = {o: amount for o, amount in found.items() if amount != thing.price}
        return replace(thing, dining_prices=differing) if differing else thing

    return replace(
        menu,
        items=tuple(replace(i, variants=tuple(map(priced, i.variants))) for i in menu.items),
        modifier_groups=tuple(
            replace(g, modifiers=tuple(map(priced, g.modifiers))) for g in menu.modifier_groups
        ),
    )


def groups_of(item: Item, variant: Variant) -> tuple[str, ...]:
    """Ids of the modifier groups that guests are asked about for this variant."""
    own = variant.modifier_group_ids
    return item.modifier_group_ids if own is None else own


def name_in(names: Names, language: str) -> str:
    """The name in a language, else in the first language given, else empty."""
    return names.get(language) or next(iter(names.values()), "")


def faults_of(menu: Menu) -> list[str]:
    """What makes a menu unfit to publish, each in one sentence; empty when it is sound."""
    faults = _repeats(menu)
    if menu.currency not in CURRENCIES:
        faults.append(f"currency {menu.currency!r} is not known")
    if menu.fallback_station not in {s.id for s in menu.stations}:
        faults.append(f"the fallback station {menu.fallback_station!r} is not one of the stations")
    for group in menu.modifier_groups:
        if not 0 <= group.min <= group.max:
            faults.append(
                f"modifier group {group.id!r} wants at least {group.min}, most {group.max}"
            )
        elif group.min and not group.modifiers:
            faults.append(f"modifier group {group.id!r} wants {group.min} of nothing")
    faults.extend(_station_faults(menu))
    categories = {c.id for c in menu.categories}
    groups = {g.id: g for g in menu.modifier_groups}
    for item in menu.items:
        faults.extend(_item_faults(item, categories, groups))
    return faults


def faults_with(menu: Menu, book: PriceBook) -> list[str]:
    """What makes a book unfit for this menu at any of its moments; empty when it is sound.

    A book may name what the menu has not yet: it may be published first.
    """
    variants = [v.id for i in menu.items for v in i.variants]
    faults = price_faults(book, variants)
    if book.currency not in ("", menu.currency):
        faults.append(f"the prices are in {book.currency}, the menu in {menu.currency}")
    known = dict.fromkeys(faults_of(menu))
    at_ms: int | None = 0
    while at_ms is not None and not faults:
        found = faults_of(_overlaid(menu, prices_at(book, at_ms), {}))
        faults.extend(f"from {at_ms}: {fault}" for fault in found if fault not in known)
        at_ms = next_change(book, at_ms)
    return faults


def _repeats(menu: Menu) -> list[str]:
    faults: list[str] = []
    seen: set[tuple[str, str]] = set()

    def once(kind: str, value: str, where: str) -> None:
        if (kind, value) in seen:
            faults.append(f"{kind} {value!r} is there twice ({where})")
        seen.add((kind, value))

    for station in menu.stations:
        once("station", station.id, name_in(station.names, "en"))
    for category in menu.categories:
        once("category", category.id, name_in(category.names, "en"))
    for group in menu.modifier_groups:
        once("modifier group", group.id, name_in(group.names, "en"))
        for modifier in group.modifiers:
            once("modifier", modifier.id, f"group {group.id}")
    for item in menu.items:
        where = name_in(item.names, "en") or item.id
        once("item", item.id, where)
        for variant in item.variants:
            once("variant", variant.id, where)
            once("PLU", variant.plu, where)
    return faults


def _station_faults(menu: Menu) -> Iterator[str]:
    known = {s.id for s in menu.stations}
    for category in menu.categories:
        for station_id in dict.fromkeys(category.station_ids):
            if station_id not in known:
                yield f"category {category.id!r} goes to unknown station {station_id!r}"
    for station in menu.stations:
        if station.backup is not None and station.backup not in known:
            yield f"the backup {station.backup!r} of station {station.id!r} is not one of the stations"
        elif station.backup == station.id:
            yield f"station {station.id!r} is its own backup"
        if station.target_s is not None and station.target_s < 1:
            yield f"station {station.id!r} has a target of {station.target_s} seconds"


def _item_faults(
    item: Item, categories: set[str], groups: dict[str, ModifierGroup]
) -> Iterator[str]:
    where = name_in(item.names, "en") or item.id
    if not any(item.names.values()):
        yield f"item {item.id!r} has no name"
    if not item.variants:
        yield f"item {where!r} has no variant, so no price"
    if item.category_id not in categories:
        yield f"item {where!r} is in unknown category {item.category_id!r}"
    if item.target_s is not None and item.target_s < 1:
        yield f"item {where!r} has a target of {item.target_s} seconds"
    most_off = 0
    for group_id in dict.fromkeys(item.modifier_group_ids):
        group = groups.get(group_id)
        if group is None:
            yield f"item {where!r} uses unknown modifier group {group_id!r}"
        else:
            most_off += group.max * min(0, *(m.price for m in group.modifiers), 0)
    for variant in item.variants:
        for group_id in set(variant.modifier_group_ids or ()) - set(item.modifier_group_ids):
            yield f"{where!r} ({variant.plu}) names {group_id!r}, which is no modifier group of its item"
        if variant.price < 0:
            yield f"{where!r} ({variant.plu}) has a price below zero"
        elif variant.price + most_off < 0:
            # A line below zero would make the guest's bill a debt of the outlet.
            yield f"{where!r} ({variant.plu}) can be brought below zero by its modifiers"


def to_builtins(menu: Menu) -> Any:
    """The menu as plain JSON values, as it travels in the feed."""
    return msgspec.to_builtins(menu)
