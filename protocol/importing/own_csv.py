"""The CSV of a menu: one row per variant, modifiers and stations as rows of another kind."""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field

from msgspec.structs import replace

from protocol.commands import AMOUNT_MAX
from protocol.ids import ItemId, ModifierId, StationId, VariantId, derive, named_uuid
from protocol.importing.reading import KITCHEN, Finding, Reading, Wanted, broken
from protocol.importing.sheet import Row, RowFault, Table, amount_of, text_of, whole_number
from protocol.menu import (
    Category,
    Item,
    Menu,
    Modifier,
    ModifierGroup,
    Names,
    Station,
    Variant,
)
from protocol.money import Currency

REQUIRED = ("plu", "category", "item", "price")
COLUMNS = (
    *("kind", "plu", "category", "item", "variant", "size", "price", "station", "course"),
    *("modifiers", "min", "max", "available", "description", "tax_class", "allergens", "target"),
    *("photo", "colour", "when", "id"),
)
TRANSLATED = ("category", "item", "variant", "description", "when")
STATION_KINDS = ("kitchen", "bar", "expo")
TARGET_S_MAX = 24 * 3600
NONE = "-"
"""Written among `modifiers`: this variant has none, though the first row names some."""
YES = frozenset({"", "yes", "ya", "true", "1"})
NO = frozenset({"no", "tidak", "false", "0"})
GUARDS = tuple("'" + sign for sign in "=+-@")
"""How an exported cell begins that a spreadsheet would work out instead of show."""


def read_own_csv(data: bytes, wanted: Wanted) -> Reading:
    """The menu a spreadsheet describes, or everything wrong with it by row and column.

    Names in plain columns are in the language wanted; `item_en` and the like hold others. Ids come
    from PLUs and names, so a file read again with other prices gives the same ids.
    """
    text = text_of(data)
    languages = _languages(text, wanted.language)
    known = [*COLUMNS, *(f"{name}_{code}" for name in TRANSLATED for code in languages[1:])]
    table = Table(text, known, REQUIRED)
    draft = _Draft(wanted.currency, languages, table.faults)
    for row in table.rows():
        if isinstance(row, Row):
            draft.take(_unguarded(row))
    draft.judge()
    if not table.faults and not draft.items:
        table.faults.append(RowFault(0, "has no items"))
    if table.faults:
        return broken(_finding(fault) for fault in sorted(set(table.faults)))
    return Reading(menu=draft.menu())


def _finding(fault: RowFault) -> Finding:
    return Finding(f"row {fault.row}" if fault.row else "the file", fault.reason)


def _unguarded(row: Row) -> Row:
    """An apostrophe keeps a spreadsheet from calculating `=1+1`; it is no part of the name."""
    if not any(cell.startswith(GUARDS) for cell in row.cells.values()):
        return row
    cells = {k: c[1:] if c.startswith(GUARDS) else c for k, c in row.cells.items()}
    return Row(row.number, cells)


@dataclass(slots=True)
class _ItemRows:
    first: Row
    variants: list[Variant] = field(default_factory=list)
    modifiers: list[str] = field(default_factory=list)
    """What each variant's row says; nothing means: as in the first row."""


@dataclass(slots=True)
class _GroupRows:
    first: Row
    modifiers: list[Modifier] = field(default_factory=list)


@dataclass(slots=True)
class _Draft:
    """A menu in the making; what is wrong goes to `faults`."""

    currency: Currency
    languages: tuple[str, ...]
    faults: list[RowFault]
    items: dict[tuple[str, ...], _ItemRows] = field(default_factory=dict)
    groups: dict[str, _GroupRows] = field(default_factory=dict)
    categories: dict[str, Row] = field(default_factory=dict)
    declared: dict[str, Station] = field(default_factory=dict)
    mentioned: dict[str, Station] = field(default_factory=dict)
    made_at: dict[str, Row] = field(default_factory=dict)
    """Rows about categories, by the category's name."""
    slugs: dict[tuple[str, str], str] = field(default_factory=dict)
    plus: dict[str, int] = field(default_factory=dict)

    def take(self, row: Row) -> None:
        """Put one row where it belongs."""
        kinds: dict[str, Callable[[Row], None]] = {
            "": self._take_item,
            "item": self._take_item,
            "modifier": self._take_modifier,
            "station": self._take_station,
            "category": self._take_category,
        }
        kind = row["kind"].lower()
        if kind not in kinds:
            self._fault(row, f"kind {row['kind']!r} is none of item, modifier, station, category")
        elif not row["item"]:
            self._fault(row, "has no name in the column 'item'")
        else:
            kinds[kind](row)

    def judge(self) -> None:
        """What is only known once every row was read: whether the things that rows name are there."""
        for name, row in self.made_at.items():
            if name not in self.categories:
                self._fault(row, f"category {name!r} has no items")
        known = {slug(name) for name in self.groups}
        for rows in self.items.values():
            for name in _listed(";".join(rows.modifiers)):
                if slug(name) not in known and name != NONE:
                    reason = f"modifiers names {name!r}, but no modifier row has it as category"
                    self._fault(rows.first, reason)

    def menu(self) -> Menu:
        """The finished menu, in the order of the file."""
        stations = self._stations()
        kitchens = [station for station in stations if station.kind == "kitchen"]
        return Menu(
            version=0,
            currency=self.currency.code,
            languages=self.languages,
            stations=stations,
            fallback_station=(kitchens or list(stations))[0].id,
            categories=tuple(
                Category(
                    id=slug(name),
                    names=self._names(row, "category"),
                    rank=rank,
                    station_ids=self._station_ids(self.made_at.get(name)),
                    colour=(self.made_at[name]["colour"] or None) if name in self.made_at else None,
                )
                for rank, (name, row) in enumerate(self.categories.items())
            ),
            modifier_groups=tuple(self._group(name) for name in self.groups),
            items=tuple(self._item(key, rank) for rank, key in enumerate(self.items)),
        )

    def _take_item(self, row: Row) -> None:
        price = self._price(row)
        if not row["plu"]:
            self._fault(row, "has no plu")
        elif row["plu"] in self.plus:
            self._fault(
                row, f"plu {row['plu']!r} is in row {self.plus[row['plu']]} already; each PLU once"
            )
        self.plus.setdefault(row["plu"], row.number)
        if not row["category"]:
            self._fault(row, "has no category")
        self._one_spelling(row, "category", row["category"])
        first = self.categories.setdefault(row["category"], row)
        self._agree(first, row, self._suffixed("category"))
        # An id keeps two dishes of one name apart; without it the name says which rows are one dish.
        key = (row["category"], row["item"], *filter(None, (row["id"],)))
        rows = self.items.setdefault(key, _ItemRows(row))
        if rows.first is row:
            self._judge_item(row)
        else:
            same = (
                *("station", "course", "available", "tax_class", "description"),
                *("allergens", "target", "photo", "when"),
            )
            translated = (
                *(*self._suffixed("item"), *self._suffixed("description")),
                *self._suffixed("when"),
            )
            self._agree(rows.first, row, (*same, *translated))
        names = self._names(row, "variant")
        if any((v.names, v.size or "") == (names, row["size"]) for v in rows.variants):
            said = f"{row['item']} has this variant and size already; two dishes of one name need an id"
            self._fault(row, said)
        rows.modifiers.append(row["modifiers"])
        rows.variants.append(
            Variant(
                id=VariantId(named_uuid("menu/variant", row["plu"])),
                names=names,
                price=price,
                plu=row["plu"],
                size=row["size"] or None,
            )
        )

    def _judge_item(self, row: Row) -> None:
        if row["available"].lower() not in YES | NO:
            self._fault(row, f"available {row['available']!r} is neither yes nor no")
        self._number(row, "course", 1, 9, default=1)
        self._number(row, "target", 1, TARGET_S_MAX, default=0)
        self._mention_stations(row)

    def _mention_stations(self, row: Row) -> None:
        for name in _listed(row["station"]):
            self._one_spelling(row, "station", name)
            kind = "bar" if slug(name) == "bar" else "kitchen"
            names = {self.languages[0]: name}
            self.mentioned.setdefault(
                slug(name), Station(id=StationId(slug(name)), names=names, kind=kind)
            )

    def _take_modifier(self, row: Row) -> None:
        if not row["category"]:
            self._fault(row, "has no modifier group in the column 'category'")
        key = row["id"] or row["category"]
        self._one_spelling(row, "modifier group", key)
        least = self._number(row, "min", 0, 99, default=0)
        if self._number(row, "max", 1, 99, default=1) < least:
            self._fault(row, "max is below min")
        group = self.groups.setdefault(key, _GroupRows(row))
        if group.first is not row:
            self._agree(group.first, row, ("category", "min", "max"))
        modifier_id = ModifierId(named_uuid("menu/modifier", key, row["item"]))
        if any(modifier.id == modifier_id for modifier in group.modifiers):
            self._fault(row, f"item {row['item']!r} is in {row['category']} already")
        price = self._price(row) if row["price"] else 0
        names = self._names(row, "item")
        group.modifiers.append(Modifier(id=modifier_id, names=names, price=price))

    def _take_station(self, row: Row) -> None:
        kind = row["category"] or "kitchen"
        if kind not in STATION_KINDS:
            self._fault(row, f"station {row['item']!r} is {kind!r}, none of {STATION_KINDS}")
        self._one_spelling(row, "station", row["item"])
        station_id = StationId(slug(row["plu"] or row["item"]))
        if any(station.id == station_id for station in self.declared.values()):
            self._fault(row, f"station {station_id!r} is there twice")
        self.declared[slug(row["item"])] = Station(
            id=station_id,
            names=self._names(row, "item"),
            kind=kind,
            backup=StationId(row["station"]) if row["station"] else None,
            target_s=self._number(row, "target", 1, TARGET_S_MAX, default=0) or None,
        )

    def _take_category(self, row: Row) -> None:
        self._one_spelling(row, "category", row["item"])
        self._mention_stations(row)
        first = self.made_at.setdefault(row["item"], row)
        if first is not row:
            self._fault(row, f"category {row['item']!r} has row {first.number} already")

    def _item(self, key: tuple[str, ...], rank: int) -> Item:
        rows = self.items[key]
        first = rows.first
        offered = [self._group_ids(cell or first["modifiers"]) for cell in rows.modifiers]
        union = tuple(dict.fromkeys(group_id for ids in offered for group_id in ids))
        return Item(
            id=ItemId(named_uuid("menu/item", *key)),
            category_id=slug(key[0]),
            names=self._names(first, "item"),
            descriptions=self._names(first, "description"),
            availability=self._names(first, "when"),
            photo=first["photo"] or None,
            variants=tuple(
                v if ids == union else replace(v, modifier_group_ids=ids)
                for v, ids in zip(rows.variants, offered, strict=True)
            ),
            modifier_group_ids=union,
            course=int(first["course"] or 1),
            station_ids=self._station_ids(first),
            tax_class=first["tax_class"] or "standard",
            rank=rank,
            available=first["available"].lower() in YES,
            allergens=_listed(first["allergens"]),
            target_s=int(first["target"]) if first["target"] else None,
        )

    def _group(self, key: str) -> ModifierGroup:
        first = self.groups[key].first
        return ModifierGroup(
            id=slug(key),
            names=self._names(first, "category"),
            modifiers=tuple(self.groups[key].modifiers),
            min=int(first["min"] or 0),
            max=int(first["max"] or 1),
        )

    def _group_ids(self, cell: str) -> tuple[str, ...]:
        return tuple(slug(name) for name in _listed(cell) if name != NONE)

    def _stations(self) -> tuple[Station, ...]:
        """Those with a row of their own, then those items only mention."""
        declared = tuple(
            replace(x, backup=self._station_id(x.backup)) if x.backup else x
            for x in self.declared.values()
        )
        ids = {station.id for station in declared}
        rest = (x for key, x in self.mentioned.items() if key not in self.declared)
        return (*declared, *(x for x in rest if x.id not in ids)) or (KITCHEN,)

    def _station_ids(self, row: Row | None) -> tuple[StationId, ...]:
        return tuple(self._station_id(name) for name in _listed(row["station"])) if row else ()

    def _station_id(self, name: str) -> StationId:
        """Stations are mentioned by name or by id."""
        declared = self.declared.get(slug(name))
        return declared.id if declared else StationId(slug(name))

    def _names(self, row: Row, column: str) -> Names:
        named = {self.languages[0]: row[column]}
        named |= {code: row[f"{column}_{code}"] for code in self.languages[1:]}
        return {code: name for code, name in named.items() if name}

    def _suffixed(self, column: str) -> tuple[str, ...]:
        return tuple(f"{column}_{code}" for code in self.languages[1:])

    def _agree(self, first: Row, row: Row, columns: tuple[str, ...]) -> None:
        """What a later row of the same thing says again must be what its first row said."""
        for column in columns:
            if row[column] and row[column] != first[column]:
                was = first[column] or "empty"
                self._fault(row, f"{column} is {row[column]!r}, but {was!r} in row {first.number}")

    def _one_spelling(self, row: Row, kind: str, name: str) -> None:
        known = self.slugs.setdefault((kind, slug(name)), name)
        if known != name:
            self._fault(row, f"{kind} {name!r} differs from {known!r} only in spelling")

    def _price(self, row: Row) -> int:
        try:
            return amount_of(row["price"], self.currency, AMOUNT_MAX)
        except ValueError as error:
            self._fault(row, f"price {error}")
            return 0

    def _number(self, row: Row, column: str, least: int, most: int, default: int) -> int:
        try:
            return whole_number(row[column], least, most) if row[column] else default
        except ValueError as error:
            self._fault(row, f"{column} {error}")
            return default

    def _fault(self, row: Row, reason: str) -> None:
        self.faults.append(RowFault(row.number, reason))


def slug(name: str) -> str:
    """A short id for a name: `Kopi Susu` → `kopi-susu`; from other scripts a few hex digits."""
    plain = unicodedata.normalize("NFKD", name)
    kept = "".join(letter for letter in plain if not unicodedata.combining(letter)).lower()
    made = re.sub(r"[^a-z0-9]+", "-", kept).strip("-")
    lost = sum(letter.isalnum() and not letter.isascii() for letter in kept)
    return f"{made}-{derive(name)[:8]}".strip("-") if lost else made or derive(name)[:8]


def _languages(text: str, first: str) -> tuple[str, ...]:
    """The language of the plain columns, then those of `item_en` and its like in the header."""
    header = text.split("\n", 1)[0]
    found = re.findall(rf"\b(?:{'|'.join(TRANSLATED)})_([a-z]{{2}})\b", header)
    return tuple(dict.fromkeys([first, *found]))


def _listed(cell: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for part in re.split("[;|]", cell) if (name := part.strip())))
