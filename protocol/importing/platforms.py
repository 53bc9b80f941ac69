"""A delivery platform's menu: dishes with sizes, and option groups with what must be chosen.

One JSON object: `vendor` with its currency and languages, `items` with `variations` that name
`topping_group_ids`, and `topping_groups` with `quantity_minimum`, `quantity_maximum` and `options`.
Names are by language; prices are decimals in the vendor's currency.
"""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import msgspec

from protocol.commands import AMOUNT_MAX
from protocol.ids import ItemId, ModifierId, VariantId, named_uuid
from protocol.importing.reading import KITCHEN, Finding, Reading, Wanted, broken, cleaned, decoded
from protocol.menu import Category, Item, Menu, Modifier, ModifierGroup, Names, Variant

Told = dict[str, str | None]
Id = int | str
Price = Decimal | None


class _Vendor(msgspec.Struct):
    currency: str = ""
    languages: list[str] = []


class _Variation(msgspec.Struct):
    id: Id
    name: Told = {}
    price: Price = None
    price_before_discount: Price = None
    container_price: Price = None
    topping_group_ids: list[Id] = []


class _Dish(msgspec.Struct):
    id: Id
    name: Told
    variations: list[_Variation]
    category: Told = {}
    description: Told = {}
    is_sold_out: bool = False


class _Option(msgspec.Struct):
    id: Id
    name: Told
    price: Price = None


class _Group(msgspec.Struct):
    id: Id
    name: Told
    options: list[_Option]
    quantity_minimum: int = 0
    quantity_maximum: int = 1


class _File(msgspec.Struct):
    items: list[_Dish]
    topping_groups: list[_Group] = []
    vendor: _Vendor = msgspec.field(default_factory=_Vendor)


def read_platform(data: bytes, wanted: Wanted) -> Reading:
    """The menu of a delivery platform's export, with all dishes, sizes and option groups."""
    found = decoded(data, _File)
    if isinstance(found, Finding):
        return broken([found])
    return _Reader(found, wanted).read()


class _Reader:
    def __init__(self, file: _File, wanted: Wanted) -> None:
        self.file = file
        self.wanted = wanted
        self.languages = _languages(file, wanted.language)
        self.notes: list[Finding] = []
        self.faults: list[Finding] = []
        self.groups = {str(group.id): group for group in file.topping_groups}
        self.categories: dict[str, Names] = {}

    def read(self) -> Reading:
        told, own = (
            self.file.vendor.currency or self.wanted.currency.code,
            self.wanted.currency.code,
        )
        if told != own:
            said = f"is priced in {told}; this business sells in {own}"
            return broken([Finding("the file", said)])
        groups = tuple(self._group(group) for group in self.file.topping_groups)
        items = tuple(self._item(dish, rank) for rank, dish in enumerate(self.file.items))
        if not items:
            self.faults.append(Finding("the file", "has no dishes"))
        if self.faults:
            return broken(self.faults)
        menu = Menu(
            version=0,
            currency=own,
            languages=self.languages,
            stations=(KITCHEN,),
            fallback_station=KITCHEN.id,
            categories=tuple(
                Category(id=id_, names=names, rank=rank)
                for rank, (id_, names) in enumerate(self.categories.items())
            ),
            modifier_groups=groups,
            items=items,
        )
        return Reading(menu=menu, notes=tuple(dict.fromkeys(self.notes)))

    def _item(self, dish: _Dish, rank: int) -> Item:
        names = self._names(dish.name)
        where = next(iter(names.values()), f"dish {dish.id}")
        if not names:
            self.faults.append(Finding(where, "has no name"))
        if not dish.variations:
            self.faults.append(Finding(where, "has no price"))
        if dish.is_sold_out:
            said = "is sold out on the platform; it comes in as to be had, 86 it if it is not"
            self.notes.append(Finding(where, said))
        offered = [self._group_ids(where, v.topping_group_ids) for v in dish.variations]
        union = tuple(dict.fromkeys(id_ for ids in offered for id_ in ids))
        return Item(
            id=ItemId(str(dish.id)),
            category_id=self._category(dish.category),
            names=names,
            descriptions=self._names(dish.description),
            rank=rank,
            modifier_group_ids=union,
            variants=tuple(
                self._variant(where, variation, None if ids == union else ids)
                for variation, ids in zip(dish.variations, offered, strict=True)
            ),
        )

    def _variant(self, where: str, told: _Variation, groups: tuple[str, ...] | None) -> Variant:
        names = self._names(told.name)
        if told.price_before_discount is not None:
            said = f"comes in at the platform's reduced price {told.price}, not {told.price_before_discount}"
            self.notes.append(Finding(where, said))
        if told.container_price:
            said = (
                f"has a price for its container ({told.container_price}) that does not come along"
            )
            self.notes.append(Finding(where, said))
        if told.price is None:
            self.faults.append(Finding(where, "has no price"))
        return Variant(
            id=VariantId(str(told.id)),
            names=names,
            price=self._amount(where, told.price),
            plu="",
            modifier_group_ids=groups,
        )

    def _group(self, group: _Group) -> ModifierGroup:
        names = self._names(group.name)
        where = f"option group {next(iter(names.values()), group.id)}"
        least, most = group.quantity_minimum, group.quantity_maximum
        if least < 0 or most < least:
            self.faults.append(Finding(where, f"asks for at least {least} and at most {most}"))
        if least and not group.options:
            said = f"asks for {least} of no options: nobody could order it, so nothing is asked"
            self.notes.append(Finding(where, said))
            least = 0
        return ModifierGroup(
            id=str(group.id),
            names=names or {self.languages[0]: str(group.id)},
            min=least,
            max=max(most, 1),
            modifiers=tuple(
                Modifier(
                    id=ModifierId(f"{group.id}/{option.id}"),
                    names=self._names(option.name) or {self.languages[0]: str(option.id)},
                    price=self._amount(where, option.price),
                )
                for option in group.options
            ),
        )

    def _group_ids(self, where: str, ids: Iterable[Id]) -> tuple[str, ...]:
        found: dict[str, None] = {}
        for id_ in map(str, ids):
            if id_ in self.groups:
                found[id_] = None
            else:
                said = f"names the option group {id_}, which the file does not have"
                self.notes.append(Finding(where, said))
        return tuple(found)

    def _category(self, told: Told) -> str:
        names = self._names(told) or {self.languages[0]: "Menu"}
        id_ = named_uuid("platform/category", *names.values())
        self.categories[id_] = names
        return id_

    def _amount(self, where: str, price: Price) -> int:
        currency = self.wanted.currency
        if price is None:
            return 0
        minor = price * 10**currency.scale if price.is_finite() else None
        if minor is None or price < 0 or price > AMOUNT_MAX or minor != int(minor):
            said = (
                f"price {price} is not a possible amount of {currency.code}; mend it in the export"
            )
            self.faults.append(Finding(where, said))
            return 0
        return int(minor)

    def _names(self, told: Told) -> Names:
        named = {code: cleaned(told.get(code)) for code in self.languages}
        return {code: name for code, name in named.items() if name}


def _languages(file: _File, first: str) -> tuple[str, ...]:
    """The vendor's languages; the one that plain names are wanted in comes first when it is there."""
    told: list[Any] = [*file.vendor.languages]
    if not told:
        told = [code for dish in file.items for code in dish.name]
    codes = dict.fromkeys(str(code) for code in told)
    if first in codes:
        codes = {first: None, **codes}
    return tuple(codes)[:10] or (first,)
