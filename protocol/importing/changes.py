"""What a new menu changes for guests and kitchen, in sentences for the person who publishes it."""

from msgspec.structs import replace

from protocol.menu import Item, Menu, ModifierGroup, Variant, groups_of, name_in
from protocol.money import CURRENCIES, Currency, format_amount

MISTYPED = 5
"""A price that is so many times what it was, or the reverse, was probably mistyped."""


def changes_between(old: Menu | None, new: Menu) -> list[str]:
    """What guests and kitchen would notice: by PLU, then by modifier group, one sentence each."""
    before = _by_plu(old) if old else {}
    after = _by_plu(new)
    currency = CURRENCIES[new.currency]
    changes = [f"new: {_called(*after[plu], currency)}" for plu in after if plu not in before]
    changes += [f"removed: {_called(*before[plu], currency)}" for plu in before if plu not in after]
    for plu in after:
        if plu in before:
            changes += _changes_of(before[plu], after[plu], currency)
    if old is None:
        return changes
    changes += _changes_of_groups(old, new, currency)
    if not changes and replace(old, version=0) != replace(new, version=0):
        changes.append("categories, stations, modifiers or the order of items")
    return changes


def _changes_of(
    old: tuple[Item, Variant], new: tuple[Item, Variant], currency: Currency
) -> list[str]:
    (old_item, old_variant), (item, variant) = old, new
    called = _called(item, variant, currency)
    changes = []
    if variant.price != old_variant.price:
        was = format_amount(old_variant.price, currency)
        doubt = _doubt(old_variant.price, variant.price)
        changes.append(f"price: {called}, was {was}{doubt}")
    if item.available != old_item.available:
        changes.append(f"{'offered again' if item.available else 'not offered'}: {called}")
    old_names = old_item.names, old_variant.names, old_variant.size
    if (item.names, variant.names, variant.size) != old_names:
        changes.append(f"renamed: {called}, was {_called(old_item, old_variant, currency)}")
    fields = (
        *("category_id", "station_ids", "course", "tax_class", "allergens", "target_s"),
        *("descriptions", "photo", "availability"),
    )
    moved = [
        name.split("_")[0] for name in fields if getattr(item, name) != getattr(old_item, name)
    ]
    if groups_of(item, variant) != groups_of(old_item, old_variant):
        moved.append("modifier")
    return changes + [f"{name}: {called}" for name in moved]


def _doubt(was: int, now: int) -> str:
    """What to say of a price that is many times what it was, or a fraction of it."""
    if min(was, now) > 0 and max(was, now) >= MISTYPED * min(was, now):
        return " (is that right?)"
    return ""


def _changes_of_groups(old: Menu, new: Menu, currency: Currency) -> list[str]:
    before = {group.id: group for group in old.modifier_groups}
    after = {group.id: group for group in new.modifier_groups}
    changes = [f"new modifiers: {_title(after[id_])}" for id_ in after if id_ not in before]
    changes += [f"removed modifiers: {_title(before[id_])}" for id_ in before if id_ not in after]
    for id_ in (id_ for id_ in after if id_ in before):
        was, group = before[id_], after[id_]
        if (was.min, was.max) != (group.min, group.max):
            rule = f"{group.min} to {group.max}, was {was.min} to {was.max}"
            changes.append(f"modifiers: of {_title(group)} are chosen {rule}")
        prices = {m.id: m.price for m in was.modifiers}
        gone = prices.keys() - {m.id for m in group.modifiers}
        if gone or any(prices.get(m.id) != m.price for m in group.modifiers):
            told = (
                f"{_first(m.names)} {format_amount(m.price, currency)}" for m in group.modifiers
            )
            changes.append(f"modifiers: {_title(group)} are now {', '.join(told)}")
    return changes


def _title(group: ModifierGroup) -> str:
    return _first(group.names) or group.id


def _first(names: dict[str, str]) -> str:
    return next(iter(names.values()), "")


def _by_plu(menu: Menu) -> dict[str, tuple[Item, Variant]]:
    return {variant.plu: (item, variant) for item in menu.items for variant in item.variants}


def _called(item: Item, variant: Variant, currency: Currency) -> str:
    language = next(iter(item.names), "")
    parts = (name_in(item.names, language), name_in(variant.names, language), variant.size or "")
    name = " ".join(dict.fromkeys(part for part in parts if part))
    return f"{name} ({variant.plu}) {format_amount(variant.price, currency)}"
