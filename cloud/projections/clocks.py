"""Ledger → when orders of boxes without the time were really taken, and on which business date.

Orders of a box whose clock is confirmed are not looked at. For the others HQ works out an interval
from what it told the box, at whichever moment of the same start of the machine, and from the starts
before and after. No figure is moved: reports say how many orders may belong to another date.
"""

from collections.abc import Awaitable, Callable, Sequence
from datetime import date
from typing import NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from cloud.database import Row, Transaction
from cloud.follower import Place
from cloud.histories import Stuck
from cloud.parking import park, read_parked, unpark_all
from cloud.platform import Platform
from protocol import box_events
from protocol import events as e
from protocol.clock_intervals import Anchor, Boot, Calendar, machine_of, one_date

TIME_MAX = 1 << 53
"""Milliseconds that cannot be, of a wall clock or of a count since the start."""

Redated = Callable[[Transaction, Place, Sequence[str]], Awaitable[None]]

ADD_BOOTS = """
INSERT INTO boots (tenant_id, outlet_id, boot, machine, node_id, first_mono_ms, last_mono_ms, stamp)
SELECT $1, $2, * FROM unnest($3::text[], $4::text[], $5::text[], $6::bigint[], $7::bigint[],
    $8::bigint[])
ON CONFLICT (tenant_id, outlet_id, boot) DO UPDATE SET
    node_id = greatest(boots.node_id, excluded.node_id),
    first_mono_ms = least(boots.first_mono_ms, excluded.first_mono_ms),
    last_mono_ms = greatest(boots.last_mono_ms, excluded.last_mono_ms),
    stamp = least(boots.stamp, excluded.stamp)
"""

ADD_ANCHORS = """
INSERT INTO clock_anchors (tenant_id, outlet_id, event_id, boot, mono_ms, server_ms, rtt_ms)
SELECT $1, $2, * FROM unnest($3::text[], $4::text[], $5::bigint[], $6::bigint[], $7::bigint[])
ON CONFLICT DO NOTHING
"""

ADD_ORDERS = """
INSERT INTO order_times (tenant_id, outlet_id, order_id, boot, machine, mono_ms, business_date,
    received_ms)
SELECT $1, $2, * FROM unnest($3::text[], $4::text[], $5::text[], $6::bigint[], $7::date[],
    $8::bigint[])
ON CONFLICT DO NOTHING
"""

# Of a start that was never told the time, every new anchor may say more.
TO_DATE = """
SELECT * FROM order_times WHERE tenant_id = $1 AND outlet_id = $2
AND (machine = ANY($3::text[]) OR NOT anchored)
"""

WRITE_TIMES = """
UPDATE order_times t SET from_ms = n.from_ms, to_ms = n.to_ms, anchored = n.anchored,
    certain = n.certain
FROM unnest($3::text[], $4::bigint[], $5::bigint[], $6::boolean[], $7::boolean[])
    AS n (order_id, from_ms, to_ms, anchored, certain)
WHERE t.tenant_id = $1 AND t.outlet_id = $2 AND t.order_id = n.order_id
"""


class _Start(NamedTuple):
    """What an entry says of the process start that wrote it."""

    boot: str
    node_id: str
    mono_ms: int
    stamp: int


class _Unsure(NamedTuple):
    """An order whose box was not sure of the time."""

    order_id: str
    boot: str
    mono_ms: int
    day: date
    received_ms: int


class ClockTimes:
    """The projection of `clock.anchored`, `stream.opened`, and orders with an unsure time."""

    name = "clocks"
    columns = """position, event_id, type, aggregate_kind, aggregate_id, stamp, mono_ms, boot,
        confidence, body, received_ms, duplicate"""
    only = """type IN ('clock.anchored', 'stream.opened')
        OR (type = 'order.placed' AND confidence IN ('free', 'uncertain'))"""
    behind = "clocks_behind"

    def __init__(self, platform: Platform, redated: Redated | None = None) -> None:
        self._platform = platform
        self._redated = redated

    async def project(self, tx: Transaction, at: Place, rows: Sequence[Row]) -> int:
        """Take these in, and date every order that they say something new about."""
        starts: list[_Start] = []
        anchors: list[tuple[str, str, int, int, int]] = []
        orders: list[_Unsure] = []
        stuck: dict[str, Stuck] = {}
        for row in rows:
            if row["duplicate"]:
                continue
            event = _read(row)
            if isinstance(event, str):
                stuck[row["aggregate_id"]] = Stuck(row, event)
                continue
            node_id = "" if isinstance(event, e.OrderPlaced) else event.node_id
            starts.append(_Start(row["boot"], node_id, row["mono_ms"], row["stamp"]))
            if isinstance(event, box_events.ClockAnchored):
                anchors.append(
                    (
                        *(row["event_id"].hex(), event.boot),
                        *(event.mono_ms, event.server_ms, event.rtt_ms),
                    )
                )
            elif isinstance(event, e.OrderPlaced):
                day = date.fromisoformat(event.business_date)
                orders.append(
                    _Unsure(event.order_id, row["boot"], row["mono_ms"], day, row["received_ms"])
                )
        await _add(tx, at, starts, anchors, orders)
        await self._date(tx, at, {machine_of(s.boot) for s in starts})
        await park(tx, at, self.name, stuck, self._platform.wall_ms())
        return len(stuck)

    async def retry(self, tx: Transaction, at: Place) -> None:
        """Read again what this version may understand."""
        rows = await read_parked(tx, at, self.name, self.columns, self.only)
        await unpark_all(tx, at, self.name)
        await self.project(tx, at, rows)

    async def drop(self, tx: Transaction, at: Place) -> None:
        """Forget everything about an outlet's clocks."""
        for table in ("boots", "clock_anchors", "order_times"):
            await tx.execute(f"DELETE FROM {table} WHERE tenant_id = $1 AND outlet_id = $2", *at)
        await unpark_all(tx, at, self.name)

    async def _date(self, tx: Transaction, at: Place, machines: set[str]) -> None:
        orders = await tx.fetch(TO_DATE, *at, sorted(machines))
        if not orders:
            return
        outlet = await tx.fetchrow(
            """SELECT zone, rollover_hour, created_ms FROM outlets
               WHERE tenant_id = $1 AND outlet_id = $2""",
            *at,
        )
        assert outlet is not None, "a ledger without its outlet"
        zone, rollover_hour = ZoneInfo(outlet["zone"]), outlet["rollover_hour"]
        boots, nodes, anchors = await _starts(tx, at)
        calendars = {node: Calendar(anchors, starts) for node, starts in boots.items()}
        stranger = Calendar(anchors, ())
        changed: list[tuple[str, int, int, bool, bool]] = []
        for row in orders:
            found = calendars.get(nodes.get(row["boot"], ""), stranger).interval(
                row["boot"],
                row["mono_ms"],
                floor_ms=outlet["created_ms"],
                ceiling_ms=row["received_ms"],
            )
            certain = one_date(found, zone, rollover_hour) == row["business_date"]
            new = (row["order_id"], found.from_ms, found.to_ms, found.certain, certain)
            if new[1:] != (row["from_ms"], row["to_ms"], row["anchored"], row["certain"]):
                changed.append(new)
        if changed:
            await tx.execute(WRITE_TIMES, *at, *map(list, zip(*changed, strict=True)))
            if self._redated is not None:
                await self._redated(tx, at, [c[0] for c in changed])


async def _add(
    tx: Transaction,
    at: Place,
    starts: list[_Start],
    anchors: list[tuple[str, str, int, int, int]],
    orders: list[_Unsure],
) -> None:
    boots: dict[str, list[_Start]] = {}
    for start in starts:
        boots.setdefault(start.boot, []).append(start)
    if boots:
        columns = zip(
            *(
                (
                    *(boot, machine_of(boot), max(s.node_id for s in said)),
                    *(min(s.mono_ms for s in said), max(s.mono_ms for s in said)),
                    min(s.stamp for s in said),
                )
                for boot, said in boots.items()
            ),
            strict=True,
        )
        await tx.execute(ADD_BOOTS, *at, *map(list, columns))
    if anchors:
        await tx.execute(ADD_ANCHORS, *at, *map(list, zip(*anchors, strict=True)))
    if orders:
        columns_ = zip(
            *((o.order_id, o.boot, machine_of(o.boot), *o[2:]) for o in orders), strict=True
        )
        await tx.execute(ADD_ORDERS, *at, *map(list, columns_))


async def _starts(
    tx: Transaction, at: Place
) -> tuple[dict[str, list[Boot]], dict[str, str], list[Anchor]]:
    """The starts of each box in order, whose each start is, and all anchors."""
    rows = await tx.fetch(
        "SELECT * FROM boots WHERE tenant_id = $1 AND outlet_id = $2 ORDER BY stamp, boot", *at
    )
    by_node: dict[str, list[Boot]] = {}
    for row in rows:
        by_node.setdefault(row["node_id"], []).append(
            Boot(row["boot"], row["first_mono_ms"], row["last_mono_ms"])
        )
    anchors = await tx.fetch(
        """SELECT boot, mono_ms, server_ms, rtt_ms FROM clock_anchors
           WHERE tenant_id = $1 AND outlet_id = $2 ORDER BY event_id""",
        *at,
    )
    return by_node, {r["boot"]: r["node_id"] for r in rows}, [Anchor(*r.values()) for r in anchors]


def _read(row: Row) -> box_events.ClockAnchored | box_events.StreamOpened | e.OrderPlaced | str:
    """The event, or why it cannot be taken in."""
    try:
        event = e.decode(row["body"])
    except (msgspec.MsgspecError, RecursionError) as no:
        return str(no)
    if not isinstance(event, box_events.ClockAnchored | box_events.StreamOpened | e.OrderPlaced):
        return f"it is filed as {row['type']} and says something else"
    times = [row["mono_ms"]]
    texts = [row["boot"]]
    if isinstance(event, e.OrderPlaced):
        try:
            date.fromisoformat(event.business_date)
        except ValueError:
            return f"its business date is {event.business_date!r}"
        texts.append(event.order_id)
    else:
        texts += [event.node_id, event.boot]
        if isinstance(event, box_events.ClockAnchored):
            times += [event.mono_ms, event.server_ms, event.rtt_ms]
    if not all(0 <= ms < TIME_MAX for ms in times):
        return "its times cannot be"
    return "its names cannot be" if any("\x00" in t or len(t) > 200 for t in texts) else event
