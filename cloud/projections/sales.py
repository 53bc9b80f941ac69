"""Stage 8: ledger → orders with lines and payments, and sales by hour.

Every order that a tick touches is folded anew from all its events, so what is kept depends on the
set of events and never on the order in which they arrived. Cancelled and merged orders and voided
lines count in no figure; what was given back counts on the date it was given.
"""

from collections.abc import Iterable, Sequence

from cloud.database import BadData, Row, Transaction, savepoint
from cloud.follower import Place
from cloud.histories import (
    COLUMNS,
    KNOWN_TAGS,
    Folded,
    Judge,
    Judged,
    Stuck,
    fold_history,
    read_histories,
)
from cloud.parking import park, unpark, unpark_all
from cloud.platform import Platform
from cloud.sales_rows import TABLES, Bucket, Rows, erase_rows, rows_of, write_hours, write_rows
from protocol.replication import SHIPPED_AS_OPAQUE

EVERYTHING = 1 << 62
"""Beyond every ledger position."""


class Sales:
    """The projection that HQ's sales figures come from."""

    name = "sales"
    columns = COLUMNS
    only = behind = ""

    def __init__(self, platform: Platform, judges: Sequence[Judge] = ()) -> None:
        self._platform = platform
        self._judges = judges

    async def project(self, tx: Transaction, at: Place, rows: Sequence[Row]) -> int:
        """Fold the orders that these rows touch, and write them. Returns how many are parked."""
        touched: dict[str, list[Row]] = {}
        for row in rows:
            if not row["duplicate"]:
                touched.setdefault(row["aggregate_id"], []).append(row)
        return await self._project_things(tx, at, touched, rows[0]["position"])

    async def retry(self, tx: Transaction, at: Place) -> None:
        """Fold again what is parked: this version may understand what the last one did not."""
        ids = await tx.fetch(
            """SELECT p.aggregate_id, c.position FROM parked p JOIN cursors c USING
                   (tenant_id, outlet_id, projection)
               WHERE tenant_id = $1 AND outlet_id = $2 AND projection = $3""",
            *(*at, self.name),
        )
        if ids:
            things: dict[str, list[Row]] = {r["aggregate_id"]: [] for r in ids}
            await self._project_things(tx, at, things, ids[0]["position"] + 1)

    async def judge_again(self, tx: Transaction, at: Place, order_ids: Sequence[str]) -> None:
        """Something beside their events changed what is to be said of these orders."""
        # A tick under way has judged by what was before: its word must not be the last.
        await tx.execute(
            """SELECT 1 FROM cursors WHERE tenant_id = $1 AND outlet_id = $2 AND projection = $3
               FOR UPDATE""",
            *(*at, self.name),
        )
        things: dict[str, list[Row]] = {order_id: [] for order_id in order_ids}
        for row in await read_histories(tx, *at, list(things), EVERYTHING):
            things[row["aggregate_id"]].append(row)
        folded = [_fold(thing, rows) for thing, rows in things.items() if rows]
        whole = [f for f in folded if f.stuck is None]
        await self._judge(tx, at, whole, things, set(things))

    async def drop(self, tx: Transaction, at: Place) -> None:
        """Forget everything about an outlet; the ledger has it all."""
        for table in TABLES:
            await tx.execute(f"DELETE FROM {table} WHERE tenant_id = $1 AND outlet_id = $2", *at)
        for judge in self._judges:
            await judge.drop(tx, at)
        await unpark_all(tx, at, self.name)

    async def _project_things(
        self, tx: Transaction, at: Place, things: dict[str, list[Row]], before: int
    ) -> int:
        earlier = await read_histories(tx, *at, list(things), before)
        known = {row["aggregate_id"] for row in earlier}
        for row in earlier:
            things[row["aggregate_id"]].append(row)
        folded = [_fold(thing, rows) for thing, rows in things.items()]
        rows, stuck = [], {f.order_id: f.stuck for f in folded if f.stuck is not None}
        for item in folded:
            if item.order is not None:
                try:
                    rows.append(rows_of(item.order))
                except ValueError as no:
                    last = max(things[item.order_id], key=lambda r: r["position"])
                    stuck[item.order_id] = Stuck(last, str(no))
        # What is stuck may have got further when fewer of its events were known.
        buckets = await erase_rows(tx, at, sorted(known & stuck.keys()))
        unfit = await self._write(tx, at, rows, known, buckets)
        for order_id, reason in unfit.items():
            last = max(things[order_id], key=lambda r: r["position"])
            stuck[order_id] = Stuck(last, reason)
        await write_hours(tx, at, buckets)
        # What is stuck is no order to them: what they said of it before goes.
        whole = [f._replace(order=None) if f.order_id in stuck else f for f in folded]
        for order_id, reason in (await self._judge(tx, at, whole, things, known)).items():
            last = max(things[order_id], key=lambda r: r["position"])
            stuck[order_id] = Stuck(last, reason)
        await self._park(tx, at, stuck, known - stuck.keys())
        return len(stuck)

    async def _judge(
        self,
        tx: Transaction,
        at: Place,
        folded: list[Folded],
        things: dict[str, list[Row]],
        known: set[str],
    ) -> dict[str, str]:
        judged = [
            Judged(f.order_id, f.order, things[f.order_id], f.order_id in known) for f in folded
        ]
        failed: dict[str, str] = {}
        for judge in self._judges:
            failed |= await judge.judge(tx, at, judged)
        return failed

    async def _write(
        self, tx: Transaction, at: Place, rows: list[Rows], known: set[str], buckets: set[Bucket]
    ) -> dict[str, str]:
        """Write all together; when Postgres will not have one of them, one by one.

        Returns why some were not written. Hours whose figures change are added to `buckets`.
        """
        if not rows:
            return {}
        buckets.update(row.bucket for row in rows)
        unfit: dict[str, str] = {}
        try:
            async with savepoint(tx):
                # An order whose whole history is in this tick has no rows yet: adding is cheaper.
                await write_rows(tx, at, [r for r in rows if r.order_id not in known], new=True)
                await write_rows(tx, at, [r for r in rows if r.order_id in known], new=False)
        except BadData:
            for row in rows:
                try:
                    async with savepoint(tx):
                        await write_rows(tx, at, [row], new=False)
                except BadData as no:
                    unfit[row.order_id] = f"it cannot be stored: {no}"
                    buckets |= await erase_rows(tx, at, [row.order_id])
        return unfit

    async def _park(
        self, tx: Transaction, at: Place, stuck: dict[str, Stuck], flowing: Iterable[str]
    ) -> None:
        await unpark(tx, at, self.name, flowing)
        await park(tx, at, self.name, stuck, self._platform.wall_ms())


def _fold(thing: str, rows: list[Row]) -> Folded:
    # Whatever else is filed under an order's id, in whatever order it came, the order is folded.
    if of_order := [r for r in rows if r["aggregate_kind"] == "order"]:
        return fold_history(thing, of_order)
    # Other things change no sales figure; one that this version does not know is worth a look.
    unknown = next((r for r in rows if r["type"] not in KNOWN_TAGS), None)
    if unknown is None:
        return Folded(thing, None, None)
    if unknown["type"] == SHIPPED_AS_OPAQUE:
        return Folded(thing, None, Stuck(unknown, "its envelope could not be read; it is all kept"))
    return Folded(thing, None, Stuck(unknown, f"this version of HQ has no {unknown['type']}"))
