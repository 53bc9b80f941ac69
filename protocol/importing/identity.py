"""What a menu in force and a menu that was read have in common: the same dish keeps its id.

Sales, stock, prices and the 86 list speak of ids. So a spreadsheet without ids, or a menu that comes
from another system next week, must not make new dishes of the old ones. A thing is the same when
its id is, when its PLU is, or when its name is the only one of its kind.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count

from msgspec.structs import replace

from protocol.ids import ItemId, ModifierId, StationId, VariantId, named_uuid
from protocol.importing.own_csv import slug
from protocol.menu import Category, Item, Menu, ModifierGroup, Names, Station, Variant

FIRST_PLU = 101
"""Where numbers begin that are given to what came without a PLU."""


def keep_identity(menu: Menu, current: Menu | None) -> Menu:
    """The menu with the ids that `current` has for the same things, and a PLU for every variant."""
    known = _Known() if current is None else _known(current)
    stations = _renamed(menu.stations, known.stations)
    categories = _renamed(menu.categories, known.categories)
    groups = _renamed(menu.modifier_groups, known.groups)
    variants = _variants(menu.items, known)
    items = _items(menu.items, variants, known)

    def station_ids(ids: tuple[StationId, ...]) -> tuple[StationId, ...]:
        return tuple(StationId(stations.get(x, x)) for x in ids)

    def group_ids(ids: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(groups.get(x, x) for x in ids)

    def variant_of(variant: Variant) -> Variant:
        kept, own = variants[variant.id], variant.modifier_group_ids
        own = None if own is None else group_ids(own)
        return replace(variant, id=kept.id, plu=kept.plu, modifier_group_ids=own)

    return replace(
        menu,
        stations=tuple(
            replace(
                x,
                id=StationId(stations.get(x.id, x.id)),
                backup=x.backup and StationId(stations.get(x.backup, x.backup)),
            )
            for x in menu.stations
        ),
        fallback_station=StationId(stations.get(menu.fallback_station, menu.fallback_station)),
        categories=tuple(
            replace(x, id=categories.get(x.id, x.id), station_ids=station_ids(x.station_ids))
            for x in menu.categories
        ),
        modifier_groups=tuple(
            _with_known_modifiers(replace(x, id=groups.get(x.id, x.id)), known)
            for x in menu.modifier_groups
        ),
        items=tuple(
            replace(
                x,
                id=items[x.id],
                category_id=categories.get(x.category_id, x.category_id),
                station_ids=station_ids(x.station_ids),
                modifier_group_ids=group_ids(x.modifier_group_ids),
                variants=tuple(variant_of(v) for v in x.variants),
            )
            for x in menu.items
        ),
    )


@dataclass(slots=True)
class _Known:
    """The menu in force by everything that things are known by."""

    stations: tuple[Station, ...] = ()
    categories: tuple[Category, ...] = ()
    groups: tuple[ModifierGroup, ...] = ()
    variants: dict[str, Variant] = field(default_factory=dict)
    by_plu: dict[str, Variant] = field(default_factory=dict)
    items: dict[str, ItemId] = field(default_factory=dict)
    """The item's id by its own id and by those of its variants."""


def _known(current: Menu) -> _Known:
    variants = [(item, variant) for item in current.items for variant in item.variants]
    return _Known(
        stations=current.stations,
        categories=current.categories,
        groups=current.modifier_groups,
        variants={v.id: v for _, v in variants},
        by_plu={v.plu: v for _, v in variants},
        items={item.id: item.id for item in current.items} | {v.id: i.id for i, v in variants},
    )


Named = Category | ModifierGroup | Station


def _renamed(read: Iterable[Named], current: Iterable[Named]) -> dict[str, str]:
    """Ids as read to ids in force; what is new keeps the id it came with."""
    left = {str(thing.id): thing for thing in current}
    ids = {str(thing.id): thing.names for thing in read}
    found: dict[str, str] = {}
    for id_ in ids:
        same = id_ if id_ in left else next((x for x in left if slug(x) == id_), None)
        if same is not None:
            found[id_] = left.pop(same).id
    for id_, names in ids.items():
        if id_ not in found:
            alike = [x for x in left.values() if _same_name(x.names, names)]
            if len(alike) == 1:
                found[id_] = left.pop(alike[0].id).id
    return found


def _same_name(one: Names, other: Names) -> bool:
    shared = one.keys() & other.keys()
    return bool(shared) and all(one[code] == other[code] for code in shared)


def _with_known_modifiers(group: ModifierGroup, known: _Known) -> ModifierGroup:
    before = next((x for x in known.groups if x.id == group.id), None)
    if before is None:
        return group
    left = {m.id: m for m in before.modifiers}
    kept = []
    for modifier in group.modifiers:
        same = modifier.id if modifier.id in left else None
        if same is None:
            same = next((m.id for m in left.values() if _same_name(m.names, modifier.names)), None)
        if same is not None:
            left.pop(same)
        kept.append(replace(modifier, id=ModifierId(same or modifier.id)))
    return replace(group, modifiers=tuple(kept))


def _variants(items: Iterable[Item], known: _Known) -> dict[str, Variant]:
    """By the id that was read: the variant with the id and PLU it has from now on."""
    read = [variant for item in items for variant in item.variants]
    taken = known.by_plu.keys() | {v.plu for v in read}
    free = _free_plus(taken)
    found: dict[str, Variant] = {}
    used: set[str] = set()
    for variant in read:
        before = known.by_plu.get(variant.plu) or known.variants.get(variant.id)
        if before is not None and before.id in used:
            before = None
        id_ = variant.id if before is None else before.id
        if id_ in used:
            id_ = VariantId(named_uuid("menu/variant again", id_, variant.plu))
        used.add(id_)
        plu = variant.plu or (before.plu if before else next(free))
        found[variant.id] = replace(variant, id=id_, plu=plu)
    return found


def _free_plus(taken: Iterable[str]) -> Iterator[str]:
    used = set(taken)
    return (plu for number in count(FIRST_PLU) if (plu := str(number)) not in used)


def _items(
    items: tuple[Item, ...], variants: Mapping[str, Variant], known: _Known
) -> dict[str, ItemId]:
    """By the id that was read: the id from now on; the dish whose variants are sold here already."""
    found: dict[str, ItemId] = {}
    used: set[str] = set()
    for item in items:
        ids = (item.id, *(variants[v.id].id for v in item.variants))
        before = (known.items[x] for x in ids if x in known.items)
        id_ = next((x for x in before if x not in used), item.id)
        if id_ in used:
            id_ = ItemId(named_uuid("menu/item again", id_, item.variants[0].id))
        used.add(id_)
        found[item.id] = id_
    return found
