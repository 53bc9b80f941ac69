"""What another system's menu does not speak of stays as it is: stations, courses, other languages."""

from msgspec.structs import replace

from protocol.menu import Category, Item, Menu, ModifierGroup, Names


def keep_untold(menu: Menu, current: Menu | None) -> Menu:
    """The menu with what `current` says of the same things, where the format has no word for it.

    For formats that know no kitchen. Their ids are those of `current` already.
    """
    if current is None or not current.stations:
        return menu
    categories = {c.id: c for c in current.categories}
    items = {i.id: i for i in current.items}
    groups = {g.id: g for g in current.modifier_groups}
    return replace(
        menu,
        languages=tuple(dict.fromkeys((*current.languages, *menu.languages))),
        stations=current.stations,
        fallback_station=current.fallback_station,
        categories=tuple(_category(c, categories.get(c.id)) for c in menu.categories),
        modifier_groups=tuple(_group(g, groups.get(g.id)) for g in menu.modifier_groups),
        items=tuple(_item(i, items.get(i.id)) for i in menu.items),
    )


def _category(now: Category, was: Category | None) -> Category:
    if was is None:
        return now
    return replace(
        now,
        names=_names(now.names, was.names),
        colour=was.colour,
        station_ids=was.station_ids,
    )


def _group(now: ModifierGroup, was: ModifierGroup | None) -> ModifierGroup:
    if was is None:
        return now
    before = {m.id: m.names for m in was.modifiers}
    return replace(
        now,
        names=_names(now.names, was.names),
        modifiers=tuple(
            replace(m, names=_names(m.names, before.get(m.id, {}))) for m in now.modifiers
        ),
    )


def _item(now: Item, was: Item | None) -> Item:
    if was is None:
        return now
    before = {v.id: v for v in was.variants}
    return replace(
        now,
        names=_names(now.names, was.names),
        descriptions=_names(now.descriptions, was.descriptions),
        variants=tuple(
            v
            if v.id not in before
            else replace(
                v, names=_names(v.names, before[v.id].names), size=v.size or before[v.id].size
            )
            for v in now.variants
        ),
        course=was.course,
        station_ids=was.station_ids,
        tax_class=was.tax_class,
        photo=now.photo or was.photo,
        availability=was.availability,
        allergens=was.allergens,
        target_s=was.target_s,
    )


def _names(now: Names, was: Names) -> Names:
    """A translation stays as long as what it translates is still called the same."""
    if not now:
        return was
    if any(was[code] != name for code, name in now.items() if code in was):
        return now
    return {**was, **now}
