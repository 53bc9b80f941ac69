"""A Square catalogue: its objects, the edits made to them, and the menu they describe.

Square's export is a list of catalogue objects (or `{"objects": […]}`); a file with one edit per line,
`{"upserts": […], "deletes": […]}`, is read from an empty catalogue on. Amounts are in minor units.
"""

import json
from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Any

import msgspec

from protocol.ids import ItemId, ModifierId, VariantId
from protocol.importing.reading import KITCHEN, Finding, Reading, Wanted, broken, cleaned, decoded
from protocol.menu import Category, Item, Menu, Modifier, ModifierGroup, Variant

Object = dict[str, Any]

LIMITS = ("min_selected_modifiers", "max_selected_modifiers")
UNSORTED = "unsorted"
"""Category of items that name none."""


class Catalogue:
    """Square's objects by id, as they were sent: what is not understood is kept as it is."""

    def __init__(self, objects: Iterable[Object] = ()) -> None:
        self.objects: dict[str, Object] = {}
        self.apply(objects)

    def apply(self, upserts: Iterable[Object], deletes: Iterable[str] = ()) -> None:
        """One edit: whole objects in place of those before, and ids that are gone."""
        for thing in upserts:
            self.objects[str(thing["id"])] = thing
        for id_ in deletes:
            self.objects.pop(id_, None)

    def digest(self) -> str:
        """Names this state: equal for everybody who has the same objects."""
        state = [self.objects[id_] for id_ in sorted(self.objects)]
        text = json.dumps(state, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        return sha256(text.encode()).hexdigest()

    def of(self, kind: str) -> dict[str, Object]:
        """Objects of a type that are not deleted, by id, in the order they came."""
        return {
            id_: thing
            for id_, thing in self.objects.items()
            if thing.get("type") == kind and not thing.get("is_deleted")
        }


def read_square(data: bytes, wanted: Wanted) -> Reading:
    """The menu of a Square export; prices stay as they are, names are in the language wanted."""
    catalogue = _catalogue(data)
    if isinstance(catalogue, Finding):
        return broken([catalogue])
    return menu_of(catalogue, wanted)


def menu_of(catalogue: Catalogue, wanted: Wanted) -> Reading:
    """What a catalogue sells, or everything in it that cannot be sold from."""
    return _Reader(catalogue, wanted).read()


class _Edit(msgspec.Struct):
    upserts: list[Object] = []
    deletes: list[str] = []


def _catalogue(data: bytes) -> Catalogue | Finding:
    lines = data.lstrip(b"\xef\xbb\xbf \t\r\n").splitlines()
    if len(lines) > 1 and lines[0].startswith(b"{") and b'"upserts"' in lines[0]:
        catalogue = Catalogue()
        for number, line in enumerate(lines, 1):
            edit = decoded(line, _Edit) if line.strip() else _Edit()
            if isinstance(edit, Finding):
                return Finding(f"line {number}", edit.said)
            if fault := _unfit(edit.upserts):
                return Finding(f"line {number}", fault)
            catalogue.apply(edit.upserts, edit.deletes)
        return catalogue
    found: Any = decoded(data, object)
    if isinstance(found, dict):
        found = found.get("objects", found.get("upserts"))
    if isinstance(found, Finding):
        return found
    if not isinstance(found, list) or not all(isinstance(x, dict) for x in found):
        return Finding("the file", "is no Square catalogue: it has no list of objects")
    fault = _unfit(found)
    return Finding("the file", fault) if fault else Catalogue(found)


def _unfit(objects: Iterable[Object]) -> str:
    for thing in objects:
        if not isinstance(thing.get("id"), str) or not thing["id"]:
            return "is no Square catalogue: one of its objects has no id"
    return ""


class _Reader:
    def __init__(self, catalogue: Catalogue, wanted: Wanted) -> None:
        self.catalogue = catalogue
        self.wanted = wanted
        self.notes: list[Finding] = []
        self.faults: list[Finding] = []
        self.groups: dict[str, ModifierGroup] = {}
        self.categories = {
            id_: self._name(_part(thing, "category_data"))
            for id_, thing in catalogue.of("CATEGORY").items()
        }
        self.used: dict[str, None] = {}

    def read(self) -> Reading:
        found = [
            self._item(id_, _part(thing, "item_data"), thing)
            for id_, thing in self.catalogue.of("ITEM").items()
        ]
        items = [item for item in found if item is not None]
        if not items and not self.faults:
            self.faults.append(Finding("the file", "has no items with a price"))
        if self.faults:
            return broken(self.faults)
        if discounts := self.catalogue.of("DISCOUNT"):
            said = f"{len(discounts)} are not part of a menu; set them in the house rules"
            self.notes.append(Finding("discounts", said))
        language = self.wanted.language
        menu = Menu(
            version=0,
            currency=self.wanted.currency.code,
            languages=(language,),
            stations=(KITCHEN,),
            fallback_station=KITCHEN.id,
            categories=tuple(
                Category(id=id_, names={language: self.categories.get(id_) or "Menu"}, rank=rank)
                for rank, id_ in enumerate(self.used)
            ),
            modifier_groups=tuple(self.groups.values()),
            items=tuple(msgspec.structs.replace(x, rank=n) for n, x in enumerate(items)),
        )
        return Reading(menu=menu, notes=tuple(self.notes))

    def _item(self, id_: str, data: Object, thing: Object) -> Item | None:
        name = self._name(data)
        if not name:
            self._fault(f"item {id_}", "has no name; give it one in Square")
            return None
        variants = [v for x in _list(data, "variations") if (v := self._variant(name, x))]
        if not variants:
            self._note(name, "has no price of its own in Square, so it does not come along")
            return None
        category = self._category(data)
        self.used[category] = None
        language = self.wanted.language
        described = cleaned(data.get("description_plaintext") or data.get("description"))
        return Item(
            id=ItemId(id_),
            category_id=category,
            names={language: name},
            descriptions={language: described} if described else {},
            variants=tuple(variants),
            modifier_group_ids=tuple(self._groups(name, data)),
            available=not data.get("is_archived"),
            photo=self._photo(data, thing),
        )

    def _variant(self, item: str, thing: Object) -> Variant | None:
        data = _part(thing, "item_variation_data")
        name = self._name(data)
        price = data.get("price_money")
        if price is None:
            self._note(
                f"{item}, {name or 'its variant'}", "has no fixed price; it does not come along"
            )
            return None
        amount = self._amount(f"{item}, {name or 'price'}", price)
        sku = cleaned(data.get("sku"))
        return Variant(
            id=VariantId(str(thing.get("id", ""))),
            names={self.wanted.language: name} if name and name.lower() != "regular" else {},
            price=amount,
            plu=sku,
        )

    def _groups(self, item: str, data: Object) -> Iterable[str]:
        lists = self.catalogue.of("MODIFIER_LIST")
        for told in _list(data, "modifier_list_info"):
            list_id = str(told.get("modifier_list_id", ""))
            if told.get("enabled") is False:
                continue
            if list_id not in lists:
                self._note(item, f"names the modifier list {list_id}, which the file does not have")
                continue
            yield self._group(list_id, _part(lists[list_id], "modifier_list_data"), told)

    def _group(self, list_id: str, data: Object, told: Object) -> str:
        """The list as a group; an item that asks otherwise of the same list gets a group of its own."""
        name = self._name(data) or list_id
        modifiers = tuple(
            Modifier(
                id=ModifierId(str(x.get("id", ""))),
                names={self.wanted.language: self._name(part) or "?"},
                price=self._amount(f"modifier {name}", part.get("price_money") or {"amount": 0}),
            )
            for x in _list(data, "modifiers")
            if not x.get("is_deleted") and (part := _part(x, "modifier_data")) is not None
        )
        single = data.get("selection_type") == "SINGLE"
        least = _asked(told, data, LIMITS[0], 0)
        most = _asked(told, data, LIMITS[1], 1 if single else len(modifiers))
        most = max(most, least) or 1
        if least > len(modifiers):
            self._note(name, f"asks for {least} of {len(modifiers)}; nothing is asked")
            least = 0
        group_id = list_id
        if any(_asked(told, data, key, -1) != _asked({}, data, key, -1) for key in LIMITS):
            group_id = f"{list_id}-{least}-{most}"
            modifiers = tuple(
                msgspec.structs.replace(m, id=ModifierId(f"{m.id}-{least}-{most}"))
                for m in modifiers
            )
        self.groups[group_id] = ModifierGroup(
            id=group_id,
            names={self.wanted.language: name},
            modifiers=modifiers,
            min=least,
            max=most,
        )
        return group_id

    def _category(self, data: Object) -> str:
        first = next(iter(_list(data, "categories")), {})
        told = _part(data, "reporting_category").get("id") or first.get("id")
        told = told or data.get("category_id")
        return str(told) if told in self.categories else UNSORTED

    def _photo(self, data: Object, thing: Object) -> str | None:
        images = self.catalogue.of("IMAGE")
        ids = [*(data.get("image_ids") or ()), data.get("image_id"), thing.get("image_id")]
        urls = (_part(images[x], "image_data").get("url") for x in ids if x in images)
        return next((u for u in urls if isinstance(u, str) and u.startswith("https://")), None)

    def _amount(self, where: str, money: Any) -> int:
        amount = money.get("amount") if isinstance(money, Mapping) else None
        code = money.get("currency") if isinstance(money, Mapping) else None
        if not isinstance(amount, int) or isinstance(amount, bool) or amount < 0:
            self._fault(where, f"price {amount!r} is no amount of zero or more; mend it in Square")
            return 0
        if code not in (None, self.wanted.currency.code):
            own = self.wanted.currency.code
            self._fault(where, f"is priced in {code}; this business sells in {own}")
        return amount

    def _name(self, data: Object) -> str:
        return cleaned(data.get("name"))

    def _note(self, where: str, said: str) -> None:
        finding = Finding(where, said)
        if finding not in self.notes:
            self.notes.append(finding)

    def _fault(self, where: str, said: str) -> None:
        self.faults.append(Finding(where, said))


def _asked(told: Object, data: Object, key: str, otherwise: int) -> int:
    """A rule of the item about a list, else the list's own; Square writes -1 for "not set"."""
    for source in (told, data):
        value = source.get(key)
        if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
            return value
    return otherwise


def _part(thing: Object, key: str) -> Object:
    part = thing.get(key)
    return part if isinstance(part, dict) else {}


def _list(thing: Object, key: str) -> list[Object]:
    part = thing.get(key)
    return [x for x in part if isinstance(x, dict)] if isinstance(part, list) else []
