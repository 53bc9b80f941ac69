"""Ledger → stock levels: the last count and every movement it had not seen, whatever came first.

A count competes with its own stamp, or with HQ's clock when it came if its box's clock ran ahead.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import msgspec
from msgspec.structs import replace

from cloud.database import Row, Transaction
from cloud.follower import Place
from cloud.histories import Stuck
from cloud.parking import park, read_parked, unpark_all
from cloud.platform import Platform
from cloud.stock import QUANTITY_MAX, STOCK, Vector, count_anew, larger, read_levels, write_levels
from protocol import events as e
from protocol.clock import Stamp
from protocol.rules.product_fields import ingest

ITEM_CHARS_MAX = 200
STREAMS_MAX = 10_000

# Only what was not there yet comes back: that is what moves a level.
ADD_MOVES = """
INSERT INTO stock_moves (tenant_id, outlet_id, item_id, event_id, stream, seq, delta)
SELECT $1, $2, * FROM unnest($3::text[], $4::text[], $5::text[], $6::bigint[], $7::bigint[])
ON CONFLICT DO NOTHING RETURNING item_id, stream, seq, delta
"""

ADD_COUNTS = """
INSERT INTO stock_counts (tenant_id, outlet_id, item_id, event_id, stamp, clock, quantity, as_of,
    at_ms, who, box)
SELECT $1, $2, item_id, event_id, stamp, clock, quantity, as_of::jsonb, at_ms, who, true
FROM unnest($3::text[], $4::text[], $5::bigint[], $6::bigint[], $7::bigint[], $8::text[],
    $9::bigint[], $10::text[])
    AS c (item_id, event_id, stamp, clock, quantity, as_of, at_ms, who)
ON CONFLICT DO NOTHING
"""


class _Taken(NamedTuple):
    """What a tick brought."""

    moves: list[tuple[str, str, str, int, int]]
    counts: list[tuple[str, str, int, int, int, str, int, str]]
    seen: dict[str, Vector]
    stuck: dict[str, Stuck]


class StockLevels:
    """The projection of `stock.moved` and `stock.counted`."""

    name = STOCK
    columns = """position, stream, seq, event_id, type, aggregate_kind, aggregate_id, stamp, actor,
        body, received_ms, duplicate"""
    only = "type IN ('stock.moved', 'stock.counted')"
    behind = "stock_behind"

    def __init__(self, platform: Platform) -> None:
        self._platform = platform

    async def project(self, tx: Transaction, at: Place, rows: Sequence[Row]) -> int:
        """Take in movements and counts, and publish the levels they change."""
        clock: int = await tx.fetchval(
            """SELECT coalesce(max(clock), 0) FROM stock_counts
               WHERE tenant_id = $1 AND outlet_id = $2 AND box""",
            *at,
        )
        taken = _take(rows, Stamp(clock))
        moved: Sequence[Row] = []
        if taken.moves:
            moved = await tx.fetch(ADD_MOVES, *at, *map(list, zip(*taken.moves, strict=True)))
        if taken.counts:
            await tx.execute(ADD_COUNTS, *at, *map(list, zip(*taken.counts, strict=True)))
        await self._level(tx, at, taken, moved)
        await park(tx, at, self.name, taken.stuck, self._platform.wall_ms())
        return len(taken.stuck)

    async def retry(self, tx: Transaction, at: Place) -> None:
        """Read again what this version may understand."""
        rows = await read_parked(tx, at, self.name, self.columns, self.only)
        await unpark_all(tx, at, self.name)
        await self.project(tx, at, rows)

    async def drop(self, tx: Transaction, at: Place) -> None:
        """Forget what came from the ledger; what HQ's staff set stays, it is nowhere else."""
        for table in ("stock_moves", "stock_counts WHERE box AND", "stock_levels"):
            where = table if "WHERE" in table else f"{table} WHERE"
            await tx.execute(f"DELETE FROM {where} tenant_id = $1 AND outlet_id = $2", *at)
        await unpark_all(tx, at, self.name)

    async def _level(self, tx: Transaction, at: Place, taken: _Taken, moved: Iterable[Row]) -> None:
        """Ordinarily the new movements are added up; an item that was counted is worked out anew."""
        counted = {count[0] for count in taken.counts}
        levels = await read_levels(tx, at, list(taken.seen.keys() - counted))
        for row in moved:
            level = levels.get(row["item_id"])
            if level is not None and row["seq"] > level.count_as_of.get(row["stream"], 0):
                levels[level.item_id] = replace(level, level=level.level + row["delta"])
        changed = [
            replace(level, seen=larger(level.seen, taken.seen[item]))
            for item, level in levels.items()
        ]
        await write_levels(tx, at, changed, self._platform)
        anew = {item: new for item, new in taken.seen.items() if item not in levels}
        if anew:
            await count_anew(tx, at, anew, self._platform)


def _take(rows: Sequence[Row], clock: Stamp) -> _Taken:
    taken = _Taken([], [], {}, {})
    for row in rows:
        event = _read(row)
        if isinstance(event, str):
            if not row["duplicate"]:
                taken.stuck[row["aggregate_id"]] = Stuck(row, event)
            continue
        place = {row["stream"]: row["seq"]}
        items = [event.item_id] if isinstance(event, e.StockCounted) else _sums(event)
        for item in items:
            # What came twice counts once, and both of its places are in the level.
            taken.seen[item] = larger(taken.seen.get(item, {}), place)
        if row["duplicate"]:
            continue
        event_id = row["event_id"].hex()
        if isinstance(event, e.StockMoved):
            taken.moves.extend(
                (item, event_id, row["stream"], row["seq"], delta)
                for item, delta in _sums(event).items()
            )
            continue
        clock, effective = ingest(clock, Stamp(row["stamp"]), row["received_ms"])
        as_of = msgspec.json.encode(event.as_of).decode()
        taken.counts.append(
            (
                *(event.item_id, event_id, effective, clock, event.quantity),
                *(as_of, event.at_ms, row["actor"]),
            )
        )
    return taken


def _sums(event: e.StockMoved) -> dict[str, int]:
    """Units per item: an event may name one twice."""
    sums: dict[str, int] = {}
    for move in event.moves:
        sums[move.item_id] = sums.get(move.item_id, 0) + move.delta
    return sums


def _read(row: Row) -> e.StockMoved | e.StockCounted | str:
    """The event, or why it cannot be taken in."""
    try:
        event = e.decode(row["body"])
    except (msgspec.MsgspecError, RecursionError) as no:
        return str(no)
    if isinstance(event, e.StockMoved):
        names: list[str] = [m.item_id for m in event.moves]
        amounts = list(_sums(event).values())
    elif isinstance(event, e.StockCounted):
        names, amounts = [event.item_id, *event.as_of], [event.quantity]
        if len(event.as_of) > STREAMS_MAX or any(abs(n) >= 1 << 62 for n in event.as_of.values()):
            return "what it was counted after cannot be"
    else:
        return f"it is filed as {row['type']} and says something else"
    if any("\x00" in name or len(name) > ITEM_CHARS_MAX for name in names):
        return "it holds a name that cannot be kept"
    if any(abs(amount) > QUANTITY_MAX for amount in amounts):
        return "its amounts are beyond anything there can be"
    return event if 0 <= event.at_ms < 1 << 62 else "its time cannot be"
