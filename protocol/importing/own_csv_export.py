"""The menu in force as a spreadsheet: what `own_csv` reads back to the same menu."""

import csv
import io
from collections import Counter
from collections.abc import Iterable, Mapping

from protocol.importing.own_csv import COLUMNS, NONE, TRANSLATED, slug
from protocol.importing.reading import KITCHEN
from protocol.menu import Category, Item, Menu, ModifierGroup, Names, Station, Variant, groups_of
from protocol.money import CURRENCIES, Currency, decimal_text

CALCULATED = ("=", "+", "-", "@", "'=", "'+", "'-", "'@")
"""How a cell begins that a spreadsheet would work out; an apostrophe before it keeps it a text."""

CALLED = frozenset({"category", "item"})

Cells = dict[str, str]


def own_csv_of(menu: Menu) -> bytes:
    """The menu as CSV in UTF-8 with a byte order mark, so that every spreadsheet shows its letters.

    Plain columns are in the menu's first language. Things of one name get an `id` that keeps them
    apart. What guests never see, and ids otherwise, are not in it: HQ finds them again by PLU.
    """
    return _Writer(menu).text().encode("utf-8-sig")


class _Writer:
    def __init__(self, menu: Menu) -> None:
        self.menu = menu
        self.currency: Currency = CURRENCIES[menu.currency]
        self.languages = menu.languages or ("id",)
        self.categories = {c.id: c for c in menu.categories}
        # A group of nothing has no row to stand in, and nobody is asked about it.
        groups = [g for g in menu.modifier_groups if g.modifiers]
        self.group_keys = _keys({g.id: self._plain(g.names) for g in groups})
        self.station_keys = _keys({s.id: self._plain(s.names) for s in menu.stations})
        self.item_ids = self._ids_of_namesakes()

    def text(self) -> str:
        """All rows below the header; columns that are empty throughout are left out."""
        rows = [
            *(row for station in self._stations for row in self._station(station)),
            *(row for category in self.menu.categories for row in self._category(category)),
            *(row for item in self.menu.items for row in self._item(item)),
            *(row for group in self.menu.modifier_groups for row in self._group(group)),
        ]
        known = [*COLUMNS, *(f"{name}_{code}" for name in TRANSLATED for code in self._others)]
        needed = {"plu", "category", "item", "price"}
        columns = [c for c in known if c in needed or any(row.get(c) for row in rows)]
        # A language that nothing is named in is still one of the menu's.
        columns += [c for code in self._others if (c := f"item_{code}") not in columns]
        out = io.StringIO()
        writer = csv.DictWriter(out, columns, restval="", lineterminator="\r\n")
        writer.writeheader()
        writer.writerows({k: _guarded(v) for k, v in row.items() if v} for row in rows)
        return out.getvalue()

    @property
    def _stations(self) -> tuple[Station, ...]:
        """A kitchen alone is what a file without stations means."""
        return () if self.menu.stations == (KITCHEN,) else self.menu.stations

    @property
    def _others(self) -> tuple[str, ...]:
        return self.languages[1:]

    def _item(self, item: Item) -> Iterable[Cells]:
        category = self.categories[item.category_id]
        shared: Cells = {
            **self._names("category", category.names),
            **self._names("item", item.names),
            **self._names("description", item.descriptions),
            **self._names("when", item.availability),
            "station": ";".join(self.station_keys[id_] for id_ in item.station_ids),
            "course": str(item.course) if item.course != 1 else "",
            "available": "" if item.available else "no",
            "tax_class": item.tax_class if item.tax_class != "standard" else "",
            "allergens": ";".join(item.allergens),
            "target": str(item.target_s or ""),
            "photo": item.photo or "",
        }
        for place, variant in enumerate(item.variants):
            yield {
                **(shared if place == 0 else self._again(shared)),
                "id": self.item_ids.get(item.id, ""),
                **self._variant(item, variant, first=place == 0),
            }

    def _again(self, shared: Cells) -> Cells:
        return {"category": shared["category"], "item": shared["item"]}

    def _variant(self, item: Item, variant: Variant, *, first: bool) -> Cells:
        own = groups_of(item, variant)
        told = ";".join(self.group_keys[id_] for id_ in own if id_ in self.group_keys)
        alike = not first and own == groups_of(item, item.variants[0])
        return {
            **self._names("variant", variant.names),
            "plu": variant.plu,
            "size": variant.size or "",
            "price": decimal_text(variant.price, self.currency),
            "modifiers": "" if alike else told or ("" if first else NONE),
        }

    def _group(self, group: ModifierGroup) -> Iterable[Cells]:
        name = self._plain(group.names)
        key = self.group_keys.get(group.id, name)
        for place, modifier in enumerate(group.modifiers):
            yield {
                "kind": "modifier",
                "category": name,
                **(self._names("category", group.names) if place == 0 else {}),
                **self._names("item", modifier.names),
                "id": key if key != name else "",
                "price": decimal_text(modifier.price, self.currency) if modifier.price else "",
                "min": str(group.min) if place == 0 else "",
                "max": str(group.max) if place == 0 else "",
            }

    def _station(self, station: Station) -> Iterable[Cells]:
        yield {
            "kind": "station",
            "plu": station.id,
            "category": station.kind,
            **self._names("item", station.names),
            "station": self.station_keys[station.backup] if station.backup else "",
            "target": str(station.target_s or ""),
        }

    def _category(self, category: Category) -> Iterable[Cells]:
        if category.station_ids or category.colour:
            yield {
                "kind": "category",
                "item": self._plain(category.names),
                "station": ";".join(self.station_keys[id_] for id_ in category.station_ids),
                "colour": category.colour or "",
            }

    def _plain(self, names: Names) -> str:
        return names.get(self.languages[0]) or next(iter(names.values()), "")

    def _names(self, column: str, names: Names) -> Cells:
        if not names:
            return {}
        others = {f"{column}_{code}": names.get(code, "") for code in self._others}
        # What things are called by must stand in the plain column; of the rest, what is there.
        plain = self._plain(names) if column in CALLED else names.get(self.languages[0], "")
        return {column: plain, **others}

    def _ids_of_namesakes(self) -> dict[str, str]:
        names = {i.id: (i.category_id, self._plain(i.names)) for i in self.menu.items}
        often = Counter(names.values())
        return {id_: str(id_) for id_, name in names.items() if often[name] > 1}


def _keys(names: Mapping[str, str]) -> dict[str, str]:
    """What each of these is referred to by: its name, else its id when the name is not the only one."""
    often = Counter(slug(name) for name in names.values())
    return {
        id_: name if often[slug(name)] == 1 and not {";", "|"} & set(name) else id_
        for id_, name in names.items()
    }


def _guarded(cell: str) -> str:
    return f"'{cell}" if cell.startswith(CALCULATED) and cell != NONE else cell
