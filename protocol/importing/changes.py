"""What a new menu changes for guests and kitchen, for the person who publishes it: as data and in words."""

from collections.abc import Iterator
from enum import StrEnum

import msgspec
from msgspec.structs import replace

from protocol.menu import Item, Menu, ModifierGroup, Names, Variant, groups_of, name_in
from protocol.money import CURRENCIES, Currency, format_amount

MISTYPED = 5
"""A price that is so many times what it was, or the reverse, was probably mistyped."""


class ChangeKind(StrEnum):
    """What sort of change it is; screens sort changes by it and have their own words."""

    NEW = "new"
    REMOVED = "removed"
    PRICE = "price"
    OFFERED = "offered"
    WITHHELD = "withheld"
    RENAMED = "renamed"
    FIELD = "field"
    GROUP_NEW = "group_new"
    GROUP_REMOVED = "group_removed"
    GROUP_RULE = "group_rule"
    GROUP_OPTIONS = "group_options"
    OTHER = "other"


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that guests or kitchen notice: of something sold (it has a PLU), or of modifiers.

    `names` and `was_names` are what it is called, by language. Prices are in minor units. `field`
    says what of it changed otherwise. `rule` and `was_rule`: how many modifiers must be chosen,
    least and most. `options`: modifiers with what each adds. `doubt`: probably mistyped.
    """

    kind: ChangeKind
    names: Names = {}
    was_names: Names = {}
    plu: str = ""
    price: int | None = None
    was: int | None = None
    field: str = ""
    rule: tuple[int, int] | None = None
    was_rule: tuple[int, int] | None = None
    options: tuple[tuple[Names, int], ...] = ()
    doubt: bool = False


def changes_between(old: Menu | None, new: Menu) -> list[str]:
    """What guests and kitchen would notice: by PLU, then by modifier group, one sentence each."""
    currency = CURRENCIES[new.currency]
    return [_told(change, currency) for change in noticed(old, new)]


def noticed(old: Menu | None, new: Menu) -> list[Change]:
    """The same as data."""
    before = _by_plu(old) if old else {}
    after = _by_plu(new)
    changes = [_of(ChangeKind.NEW, *after[plu]) for plu in after if plu not in before]
    changes += [_of(ChangeKind.REMOVED, *before[plu]) for plu in before if plu not in after]
    for plu in after:
        if plu in before:
            changes += _changes_of(before[plu], after[plu])
    if old is None:
        return changes
    changes += _changes_of_groups(old, new)
    if not changes and replace(old, version=0) != replace(new, version=0):
        changes.append(Change(kind=ChangeKind.OTHER))
    return changes


# ------------------------------------------------------------ what changed


def _changes_of(old: tuple[Item, Variant], new: tuple[Item, Variant]) -> Iterator[Change]:
    (old_item, old_variant), (item, variant) = old, new
    if variant.price != old_variant.price:
        doubt = _is_doubtful(old_variant.price, variant.price)
        yield replace(_of(ChangeKind.PRICE, item, variant), was=old_variant.price, doubt=doubt)
    if item.available != old_item.available:
        kind = ChangeKind.OFFERED if item.available else ChangeKind.WITHHELD
        yield _of(kind, item, variant)
    old_names = old_item.names, old_variant.names, old_variant.size
    if (item.names, variant.names, variant.size) != old_names:
        was = _of(ChangeKind.RENAMED, old_item, old_variant)
        renamed = _of(ChangeKind.RENAMED, item, variant)
        yield replace(renamed, was_names=was.names, was=was.price)
    fields = (
        *("category_id", "station_ids", "course", "tax_class", "allergens", "target_s"),
        *("descriptions", "photo", "availability"),
    )
    moved = [
        name.split("_")[0] for name in fields if getattr(item, name) != getattr(old_item, name)
    ]
    if groups_of(item, variant) != groups_of(old_item, old_variant):
        moved.append("modifier")
    for name in moved:
        yield replace(_of(ChangeKind.FIELD, item, variant), field=name)


def _is_doubtful(was: int, now: int) -> bool:
    """Whether a price is many times what it was, or a fraction of it."""
    return min(was, now) > 0 and max(was, now) >= MISTYPED * min(was, now)


def _changes_of_groups(old: Menu, new: Menu) -> Iterator[Change]:
    before = {group.id: group for group in old.modifier_groups}
    after = {group.id: group for group in new.modifier_groups}
    for id_, group in after.items():
        if id_ not in before:
            yield _of_group(ChangeKind.GROUP_NEW, group)
    for id_, group in before.items():
        if id_ not in after:
            yield _of_group(ChangeKind.GROUP_REMOVED, group)
    for id_, group in after.items():
        was = before.get(id_)
        if was is None:
            continue
        if (was.min, was.max) != (group.min, group.max):
            yield replace(
                _of_group(ChangeKind.GROUP_RULE, group),
                rule=(group.min, group.max),
                was_rule=(was.min, was.max),
            )
        prices = {m.id: m.price for m in was.modifiers}
        gone = prices.keys() - {m.id for m in group.modifiers}
        if gone or any(prices.get(m.id) != m.price for m in group.modifiers):
            options = tuple((m.names, m.price) for m in group.modifiers)
            yield replace(_of_group(ChangeKind.GROUP_OPTIONS, group), options=options)


def _by_plu(menu: Menu) -> dict[str, tuple[Item, Variant]]:
    return {variant.plu: (item, variant) for item in menu.items for variant in item.variants}


def _of(kind: ChangeKind, item: Item, variant: Variant) -> Change:
    names = {language: _whole_name(item, variant, language) for language in item.names}
    return Change(kind=kind, names=names, plu=variant.plu, price=variant.price)


def _whole_name(item: Item, variant: Variant, language: str) -> str:
    parts = (name_in(item.names, language), name_in(variant.names, language), variant.size or "")
    return " ".join(dict.fromkeys(part for part in parts if part))


def _of_group(kind: ChangeKind, group: ModifierGroup) -> Change:
    return Change(kind=kind, names=group.names or {"": group.id})


# ------------------------------------------------------------ in words


def _told(change: Change, currency: Currency) -> str:
    name = _first(change.names)
    match change.kind:
        case ChangeKind.OTHER:
            return "categories, stations, modifiers or the order of items"
        case ChangeKind.GROUP_NEW:
            return f"new modifiers: {name}"
        case ChangeKind.GROUP_REMOVED:
            return f"removed modifiers: {name}"
        case ChangeKind.GROUP_RULE:
            (least, most), (was_least, was_most) = change.rule or (0, 0), change.was_rule or (0, 0)
            chosen = f"{least} to {most}, was {was_least} to {was_most}"
            return f"modifiers: of {name} are chosen {chosen}"
        case ChangeKind.GROUP_OPTIONS:
            parts = (f"{_first(names)} {format_amount(p, currency)}" for names, p in change.options)
            return f"modifiers: {name} are now {', '.join(parts)}"
    called = _called(name, change.plu, change.price, currency)
    match change.kind:
        case ChangeKind.PRICE:
            doubt = " (is that right?)" if change.doubt else ""
            return f"price: {called}, was {format_amount(change.was or 0, currency)}{doubt}"
        case ChangeKind.OFFERED:
            return f"offered again: {called}"
        case ChangeKind.WITHHELD:
            return f"not offered: {called}"
        case ChangeKind.RENAMED:
            was = _called(_first(change.was_names), change.plu, change.was, currency)
            return f"renamed: {called}, was {was}"
        case ChangeKind.FIELD:
            return f"{change.field}: {called}"
    return f"{change.kind}: {called}"


def _called(name: str, plu: str, price: int | None, currency: Currency) -> str:
    return f"{name} ({plu}) {format_amount(price or 0, currency)}"


def _first(names: Names) -> str:
    return next(iter(names.values()), "")
