"""Stock at HQ: levels from movements and counts, published to the outlet, set by HQ's staff."""

from collections.abc import Sequence

import msgspec

from cloud.database import Database, Row, Transaction
from cloud.distribution import Publication, publish
from cloud.follower import Place
from cloud.menus import find_current_menu
from cloud.platform import Platform
from cloud.resolution import record_decisions, withdraw_about
from protocol.clock import Stamp, tick
from protocol.ids import EventId, ItemId, OutletId, TenantId
from protocol.menu import Names, name_in
from protocol.rules.resolving import oversold
from protocol.stock import StockLevel

STOCK = "stock"
"""Kind of the feed's rows and name of the projection whose cursor guards the levels."""
OVERSOLD = "oversold"
QUANTITY_MAX = 10**9

Vector = dict[str, int]
"""Stream → last seq."""

# The last count by stamp and event id, and every movement that it had not seen.
COUNT_ANEW = """
SELECT i.item_id, coalesce(c.event_id, '') AS count_id, coalesce(c.stamp, 0) AS count_stamp,
    coalesce(c.as_of, '{}') AS count_as_of, coalesce(c.quantity, 0) + coalesce((
        SELECT sum(m.delta) FROM stock_moves m
        WHERE m.tenant_id = $1 AND m.outlet_id = $2 AND m.item_id = i.item_id
        AND m.seq > coalesce((c.as_of ->> m.stream)::bigint, 0)), 0)::bigint AS level
FROM unnest($3::text[]) AS i (item_id) LEFT JOIN LATERAL (
    SELECT * FROM stock_counts s
    WHERE s.tenant_id = $1 AND s.outlet_id = $2 AND s.item_id = i.item_id
    ORDER BY s.stamp DESC, s.event_id COLLATE "C" DESC LIMIT 1) AS c ON true
"""

WRITE_LEVELS = """
INSERT INTO stock_levels (tenant_id, outlet_id, item_id, level, seen, count_as_of, count_id,
    count_stamp, changed_ms)
SELECT $1, $2, item_id, level, seen::jsonb, as_of::jsonb, count_id, stamp, $3
FROM unnest($4::text[], $5::bigint[], $6::text[], $7::text[], $8::text[], $9::bigint[])
    AS l (item_id, level, seen, as_of, count_id, stamp)
ON CONFLICT (tenant_id, outlet_id, item_id) DO UPDATE SET level = excluded.level,
    seen = excluded.seen, count_as_of = excluded.count_as_of, count_id = excluded.count_id,
    count_stamp = excluded.count_stamp, changed_ms = excluded.changed_ms
"""


class Level(msgspec.Struct, frozen=True, kw_only=True):
    """An item's level at an outlet, as HQ has it.

    `seen` is what of each stream is in it; `count_as_of`, `count_id` and `count_stamp` are the count
    it stands on, empty when nobody has counted yet.
    """

    item_id: str
    level: int
    seen: Vector = {}
    count_as_of: Vector = {}
    count_id: str = ""
    count_stamp: int = 0

    @property
    def as_of(self) -> Vector:
        """Up to where a box's own movements are in the level, or were seen by the count."""
        return larger(self.count_as_of, self.seen)


class StockView(msgspec.Struct, frozen=True, kw_only=True):
    """An item's stock at an outlet; `counted_ms` and `counted_by` are of the last count."""

    outlet_id: str
    item_id: str
    names: Names
    level: int
    changed_ms: int
    counted: int | None
    counted_ms: int | None
    counted_by: str | None


class UnknownItem(Exception):
    """The menu has no such item."""


class UnknownPlace(Exception):
    """The tenant has no such outlet."""


class StockRoom:
    """The stock of all tenants, as HQ's staff see and set it."""

    def __init__(self, database: Database, platform: Platform) -> None:
        self._database = database
        self._platform = platform

    async def list(self, tenant_id: TenantId, outlet_id: str | None = None) -> list[StockView]:
        """Every counted item."""
        async with self._database.reading(tenant_id) as tx:
            menu = await find_current_menu(tx, tenant_id)
            rows = await tx.fetch(
                """SELECT l.*, c.quantity, c.at_ms, c.who FROM stock_levels l
                   LEFT JOIN stock_counts c ON c.tenant_id = l.tenant_id
                       AND c.outlet_id = l.outlet_id AND c.item_id = l.item_id
                       AND c.event_id = l.count_id
                   WHERE l.tenant_id = $1 AND ($2::uuid IS NULL OR l.outlet_id = $2)
                   ORDER BY l.outlet_id, l.item_id""",
                *(tenant_id, outlet_id),
            )
        names = {item.id: item.names for item in menu.items} if menu else {}
        return [_view(row, names.get(row["item_id"], {})) for row in rows]

    async def set(
        self, tenant_id: TenantId, outlet_id: str, item_id: str, quantity: int, who: str
    ) -> StockView:
        """HQ says how many there are, after everything it has received; later sales subtract.

        Raises UnknownItem or UnknownPlace.
        """
        at = Place(tenant_id, outlet_id)
        now_ms = self._platform.wall_ms()
        async with self._database.transaction(tenant_id) as tx:
            # Held against the projection, which may be working on the same item.
            held = await tx.fetchval(
                """SELECT position FROM cursors WHERE tenant_id = $1 AND outlet_id = $2
                   AND projection = $3 FOR UPDATE""",
                *(*at, STOCK),
            )
            if held is None:
                raise UnknownPlace(outlet_id)
            menu = await find_current_menu(tx, tenant_id)
            if menu is None or all(item.id != item_id for item in menu.items):
                raise UnknownItem(item_id)
            ends = await tx.fetch(
                "SELECT stream, last_seq FROM streams WHERE tenant_id = $1 AND outlet_id = $2", *at
            )
            last = await tx.fetchval(
                """SELECT coalesce(max(stamp), 0) FROM stock_counts
                   WHERE tenant_id = $1 AND outlet_id = $2 AND item_id = $3""",
                *(*at, item_id),
            )
            stamp = tick(Stamp(last), now_ms)
            as_of = {r["stream"]: r["last_seq"] for r in ends}
            await tx.execute(
                "INSERT INTO stock_counts VALUES ($1, $2, $3, $4, $5, $5, $6, $7, $8, $9, false)",
                *(*at, item_id, self._platform.entropy(16).hex(), stamp, quantity),
                *(_json(as_of), now_ms, who[:200]),
            )
            await count_anew(tx, at, {item_id: {}}, self._platform)
        return next(v for v in await self.list(tenant_id, outlet_id) if v.item_id == item_id)


async def count_anew(
    tx: Transaction, at: Place, seen: dict[str, Vector], platform: Platform
) -> None:
    """Work out the levels of these items from all that is known of them, and tell.

    `seen` is what was taken in now, by item and stream.
    """
    held = await read_levels(tx, at, list(seen))
    rows = await tx.fetch(COUNT_ANEW, *at, sorted(seen))
    levels = [
        Level(
            item_id=row["item_id"],
            level=row["level"],
            seen=larger(held[row["item_id"]].seen if row["item_id"] in held else {}, new),
            count_as_of=msgspec.json.decode(row["count_as_of"], type=Vector),
            count_id=row["count_id"],
            count_stamp=row["count_stamp"],
        )
        for row in rows
        for new in (seen[row["item_id"]],)
    ]
    await write_levels(tx, at, levels, platform)


async def read_levels(tx: Transaction, at: Place, items: Sequence[str]) -> dict[str, Level]:
    """The levels that are kept of these items."""
    rows = await tx.fetch(
        """SELECT * FROM stock_levels WHERE tenant_id = $1 AND outlet_id = $2
           AND item_id = ANY($3::text[])""",
        *(*at, items),
    )
    return {
        row["item_id"]: Level(
            item_id=row["item_id"],
            level=row["level"],
            seen=msgspec.json.decode(row["seen"], type=Vector),
            count_as_of=msgspec.json.decode(row["count_as_of"], type=Vector),
            count_id=row["count_id"],
            count_stamp=row["count_stamp"],
        )
        for row in rows
    }


async def write_levels(
    tx: Transaction, at: Place, levels: Sequence[Level], platform: Platform
) -> None:
    """Keep levels, tell the outlet, and list what was sold beyond what there was."""
    if not levels:
        return
    now_ms = platform.wall_ms()
    columns = zip(
        *(
            (x.item_id, x.level, _json(x.seen), _json(x.count_as_of), x.count_id, x.count_stamp)
            for x in levels
        ),
        strict=True,
    )
    await tx.execute(WRITE_LEVELS, *at, now_ms, *map(list, columns))
    await _list_oversold(tx, at, levels, now_ms)
    await publish(
        tx,
        at.tenant_id,
        [_publication(at, level, now_ms) for level in levels],
        publish_id=platform.uuid(),
        now_ms=now_ms,
    )


def larger(one: Vector, other: Vector) -> Vector:
    """The pointwise larger of two vectors."""
    joined = dict(one)
    for stream, seq in other.items():
        joined[stream] = max(seq, joined.get(stream, 0))
    return joined


# ------------------------------------------------------------ parts


async def _list_oversold(tx: Transaction, at: Place, levels: Sequence[Level], now_ms: int) -> None:
    short = []
    if any(level.level < 0 for level in levels):
        menu = await find_current_menu(tx, at.tenant_id)
        items = menu.items if menu else ()
        names: dict[str, str] = {item.id: name_in(item.names, "en") for item in items}
        for level in levels:
            item = (ItemId(level.item_id), names.get(level.item_id, level.item_id))
            card = oversold(OutletId(at.outlet_id), item, level.level, level.count_id, now_ms)
            short += [card] if card else []
    await withdraw_about(
        tx, at, [OVERSOLD], [x.item_id for x in levels], [d.decision_id for d in short]
    )
    await record_decisions(tx, at, short)


def _publication(at: Place, level: Level, now_ms: int) -> Publication:
    body = StockLevel(
        item_id=ItemId(level.item_id),
        quantity=level.level,
        as_of=level.as_of,  # type: ignore[arg-type]
        stamp=level.count_stamp,
        event_id=EventId(level.count_id),
    )
    return Publication(
        kind=STOCK,
        key=level.item_id,
        version=now_ms,
        body=msgspec.json.encode(body, order="deterministic"),
        outlet_id=at.outlet_id,
        stamp=Stamp(level.count_stamp),
    )


def _view(row: Row, names: Names) -> StockView:
    return StockView(
        outlet_id=str(row["outlet_id"]),
        item_id=row["item_id"],
        names=names,
        level=row["level"],
        changed_ms=row["changed_ms"],
        counted=row["quantity"],
        counted_ms=row["at_ms"],
        counted_by=row["who"],
    )


def _json(vector: Vector) -> str:
    return msgspec.json.encode(vector, order="deterministic").decode()
