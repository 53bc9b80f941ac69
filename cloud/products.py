"""Product fields that HQ and outlets both write: the last writer wins, and the feed tells everybody."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import msgspec

from cloud.database import Database, Row, Transaction
from cloud.distribution import Publication, lock_feed, publish
from cloud.follower import Place
from cloud.menus import find_current_menu
from cloud.platform import Platform
from cloud.resolution import record_decisions, withdraw_about
from protocol.clock import Stamp, stamp_at
from protocol.clock import tick as next_stamp
from protocol.conflicts import Decision
from protocol.ids import ItemId, OutletId, TenantId
from protocol.menu import Item, Names, name_in
from protocol.products import FIELDS, FieldFault, fault_of, form_of
from protocol.rules.product_fields import Fields, Written, apply_fields
from protocol.rules.resolving import product_field_lost

PRODUCT = "product"
"""Kind of the feed's rows: key the item's id, body `Fields` as JSON."""
HQ = "hq"
"""Who wrote a field, when it was not an outlet."""
LOST_STAMPS = stamp_at(7 * 24 * 3_600_000)
"""An edit that another place wrote over within a week may have been lost without being seen: both
are told. What is older was there for everybody to read before it was written over."""

ADD_EDITS = """
INSERT INTO product_edits (tenant_id, edit_id, origin, position, item_id, field, value, stamp, clock,
    who, at_ms)
SELECT $1, * FROM unnest($2::text[], $3::text[], $4::bigint[], $5::text[], $6::text[], $7::text[],
    $8::bigint[], $9::bigint[], $10::text[], $11::bigint[])
ON CONFLICT DO NOTHING
"""

WRITE_FIELDS = """
INSERT INTO product_fields (tenant_id, item_id, field, value, stamp, origin, who, at_ms)
SELECT $1, * FROM unnest($2::text[], $3::text[], $4::text[], $5::bigint[], $6::text[], $7::text[],
    $8::bigint[])
ON CONFLICT (tenant_id, item_id, field) DO UPDATE SET value = excluded.value,
    stamp = excluded.stamp, origin = excluded.origin, who = excluded.who, at_ms = excluded.at_ms
"""


class Edit(msgspec.Struct, frozen=True, kw_only=True):
    """One edit with the stamp that counts, and HQ's clock when it came."""

    edit_id: str
    origin: str
    position: int
    item_id: str
    field: str
    value: str
    stamp: int
    clock: int
    who: str
    at_ms: int


class WrittenField(msgspec.Struct, frozen=True, kw_only=True):
    """A field that was written over the menu's own: by whom, when, at which outlet (none: HQ)."""

    field: str
    value: str
    who: str
    at_ms: int
    outlet_id: str | None
    outlet_name: str | None


class ProductView(msgspec.Struct, frozen=True, kw_only=True):
    """An item of the menu as guests see it, with what was written over the menu and by whom."""

    item_id: str
    category_id: str
    names: Names
    descriptions: Names
    availability: Names
    photo: str | None
    written: tuple[WrittenField, ...]


class UnknownProduct(Exception):
    """The menu has no such item."""


class UnfitFields(Exception):
    """These values cannot be written; `faults` says why, a sentence each."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("; ".join(faults))
        self.faults = faults


class Products:
    """The product fields of all tenants."""

    def __init__(self, database: Database, platform: Platform) -> None:
        self._database = database
        self._platform = platform

    async def list(self, tenant_id: TenantId) -> list[ProductView]:
        """Every item of the current menu; none before the first publish."""
        async with self._database.reading(tenant_id) as tx:
            menu = await find_current_menu(tx, tenant_id)
            written = await _read_written(tx, tenant_id, None)
        items = menu.items if menu else ()
        return [_view(item, written.get(item.id, [])) for item in items]

    async def patch(
        self, tenant_id: TenantId, item_id: str, fields: dict[str, str], who: str
    ) -> ProductView:
        """HQ writes fields of an item; it beats what HQ has seen so far and nothing it has not.

        Raises UnknownProduct, or UnfitFields (nothing was written then).
        """
        if faults := [f for name, value in fields.items() if (f := _fault(name, value))]:
            raise UnfitFields(faults)
        now_ms = self._platform.wall_ms()
        async with self._database.transaction(tenant_id) as tx:
            await lock_feed(tx, tenant_id)
            menu = await find_current_menu(tx, tenant_id)
            item = next((i for i in menu.items if i.id == item_id), None) if menu else None
            if item is None:
                raise UnknownProduct(item_id)
            stamp: Stamp = await tx.fetchval(
                "SELECT coalesce(max(clock), 0) FROM product_edits WHERE tenant_id = $1", tenant_id
            )
            edits = []
            for name, value in fields.items():
                stamp = next_stamp(stamp, now_ms)
                edits.append(
                    Edit(
                        edit_id=self._platform.entropy(16).hex(),
                        origin=HQ,
                        position=0,
                        item_id=item_id,
                        field=name,
                        value=value,
                        stamp=stamp,
                        clock=stamp,
                        who=who,
                        at_ms=now_ms,
                    )
                )
            await take_edits(tx, tenant_id, edits, self._platform)
            written = await _read_written(tx, tenant_id, item_id)
        return _view(item, written.get(item_id, []))


async def take_edits(
    tx: Transaction, tenant_id: str, edits: Sequence[Edit], platform: Platform
) -> None:
    """Keep edits, join the fields they touch, and publish the items whose joined value changed.

    Holds the feed's head: of two that edit one field at once, the later one sees the earlier.
    """
    if not edits:
        return
    await lock_feed(tx, tenant_id)
    columns = zip(*(msgspec.structs.astuple(e) for e in edits), strict=True)
    await tx.execute(ADD_EDITS, tenant_id, *map(list, columns))
    items = sorted({e.item_id for e in edits})
    before = await _read_fields(tx, tenant_id, items)
    history = await _read_edits(tx, tenant_id, items)
    winners = [max(edits, key=_written) for edits in history.values()]
    await _list_lost(tx, tenant_id, history)
    changed = [w for w in winners if _changed(before, w)]
    if not changed:
        return
    await tx.execute(
        WRITE_FIELDS, tenant_id, *map(list, zip(*(_field_row(w) for w in changed), strict=True))
    )
    after = await _read_fields(tx, tenant_id, sorted({w["item_id"] for w in changed}))
    await publish(
        tx,
        tenant_id,
        [_publication(item_id, fields) for item_id, fields in after.items()],
        publish_id=platform.uuid(),
        now_ms=platform.wall_ms(),
    )


# ------------------------------------------------------------ parts


async def _read_edits(
    tx: Transaction, tenant_id: str, items: list[str]
) -> dict[tuple[str, str], list[Row]]:
    """All edits of these items, by item and field."""
    rows = await tx.fetch(
        """SELECT e.*, coalesce(o.name, 'HQ') AS place FROM product_edits e
           LEFT JOIN outlets o ON o.tenant_id = e.tenant_id AND o.outlet_id::text = e.origin
           WHERE e.tenant_id = $1 AND e.item_id = ANY($2::text[])""",
        *(tenant_id, items),
    )
    edits: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        edits.setdefault((row["item_id"], row["field"]), []).append(row)
    return edits


async def _list_lost(
    tx: Transaction, tenant_id: str, history: dict[tuple[str, str], list[Row]]
) -> None:
    """For information: each edit that another place wrote over soon after."""
    menu = await find_current_menu(tx, tenant_id)
    names: dict[str, str] = {i.id: name_in(i.names, "en") for i in (menu.items if menu else ())}
    outlets = {e["origin"] for edits in history.values() for e in edits} - {HQ}
    found: dict[str, list[Decision]] = {outlet_id: [] for outlet_id in sorted(outlets)}
    for (item_id, field), edits in history.items():
        for lost, kept in pairwise(sorted(edits, key=_written)):
            if lost["origin"] == kept["origin"] or kept["stamp"] - lost["stamp"] > LOST_STAMPS:
                continue
            outlet_id = lost["origin"] if lost["origin"] != HQ else kept["origin"]
            decision = product_field_lost(
                OutletId(outlet_id),
                (ItemId(item_id), names.get(item_id, item_id)),
                field,
                (_who(kept), _written(kept)),
                (_who(lost), _written(lost)),
                max(kept["at_ms"], lost["at_ms"]),
            )
            found[outlet_id] += [decision] if decision else []
    items = sorted({item_id for item_id, _ in history})
    for outlet_id, decisions in found.items():
        at, holding = Place(tenant_id, outlet_id), [d.decision_id for d in decisions]
        await withdraw_about(tx, at, ["product_field_lost"], items, holding)
        await record_decisions(tx, at, decisions)


def _who(edit: Row) -> str:
    return f"{edit['who']} ({edit['place']})"


async def _read_fields(tx: Transaction, tenant_id: str, items: list[str]) -> dict[str, Fields]:
    rows = await tx.fetch(
        """SELECT * FROM product_fields WHERE tenant_id = $1 AND item_id = ANY($2::text[])
           ORDER BY item_id, field""",
        *(tenant_id, items),
    )
    fields: dict[str, Fields] = {}
    for row in rows:
        fields.setdefault(row["item_id"], {})[row["field"]] = _written(row)
    return fields


async def _read_written(
    tx: Transaction, tenant_id: str, item_id: str | None
) -> dict[str, list[Any]]:
    rows = await tx.fetch(
        """SELECT f.*, o.outlet_id, o.name FROM product_fields f
           LEFT JOIN outlets o ON o.tenant_id = f.tenant_id AND o.outlet_id::text = f.origin
           WHERE f.tenant_id = $1 AND ($2::text IS NULL OR f.item_id = $2)
           ORDER BY f.item_id, f.field""",
        *(tenant_id, item_id),
    )
    by_item: dict[str, list[Any]] = {}
    for row in rows:
        by_item.setdefault(row["item_id"], []).append(row)
    return by_item


def _written(row: Any) -> Written:
    return Written(Stamp(row["stamp"]), row["origin"], row["value"])


def _changed(before: dict[str, Fields], winner: Row) -> bool:
    return before.get(winner["item_id"], {}).get(winner["field"]) != _written(winner)


def _field_row(winner: Row) -> tuple[Any, ...]:
    columns = ("item_id", "field", "value", "stamp", "origin", "who", "at_ms")
    return tuple(winner[column] for column in columns)


def _publication(item_id: str, fields: Fields) -> Publication:
    latest = max(written.stamp for written in fields.values())
    return Publication(
        kind=PRODUCT,
        key=item_id,
        version=latest,
        body=msgspec.json.encode(fields, order="deterministic"),
        stamp=latest,
    )


def _fault(field: str, value: str) -> str | None:
    match fault_of(field, value):
        case None:
            return None
        case FieldFault.UNKNOWN:
            return f"there is no field {field!r}; {', '.join(FIELDS)} can be written, as in name:en"
        case FieldFault.TOO_LONG:
            form = form_of(field)
            return f"{field} takes {form.most if form else 0} characters, not {len(value)}"
        case _:
            return f"{field} cannot be {value!r}"


def _view(item: Item, written: list[Any]) -> ProductView:
    shown = apply_fields(item, {row["field"]: _written(row) for row in written})
    return ProductView(
        item_id=item.id,
        category_id=item.category_id,
        names=shown.names,
        descriptions=shown.descriptions,
        availability=shown.availability,
        photo=shown.photo,
        written=tuple(
            WrittenField(
                field=row["field"],
                value=row["value"],
                who=row["who"],
                at_ms=row["at_ms"],
                outlet_id=None if row["outlet_id"] is None else str(row["outlet_id"]),
                outlet_name=row["name"],
            )
            for row in written
        ),
    )
