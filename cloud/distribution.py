"""What HQ tells its boxes: the feed of a tenant, followed by each box from its own cursor."""

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import groupby

import msgspec

from cloud import roles
from cloud.database import Database, Row, Transaction
from cloud.metrics import Metrics
from cloud.nodes import Node
from cloud.outlets import tell_boxes
from cloud.platform import Platform
from protocol.clock import Stamp, stamp_at
from protocol.digests import digest_of
from protocol.replication import Digest, FeedPage, FeedRow

MENU = "menu"
PRICES = "prices"
EVERYWHERE = "*"
"""Key of the one menu, and the one price book, for all outlets of a tenant."""
LOST_MAX = 1_000
"""More publishes of a kind than can have been lost with any backup that is put back."""
PAGE_ROWS = 200
WAIT_S_MAX = 30
KEPT_MS = 7 * 24 * 3600 * 1000
"""Overtaken rows stay so long; a box that was away longer gets everything there is instead."""
COMPACT_EVERY = 500
"""Rows between two looks for what can go."""

COMPACT_STEP = 50_000
"""Positions by which the floor rises at most: after a quiet week the whole of it is old at once, and
whoever publishes waits for this."""

# Each thing is gone through once: compared row by row, a week of stock levels took longer than a
# statement may. A row for everybody overtakes those of single outlets.
OVERTAKEN = """
DELETE FROM feed_rows WHERE tenant_id = $1 AND pos = ANY(ARRAY(
    SELECT pos FROM (
        SELECT pos, max(pos) OVER (PARTITION BY kind, key, outlet_id) AS own,
            max(pos) FILTER (WHERE outlet_id IS NULL) OVER (PARTITION BY kind, key) AS everybodys
        FROM feed_rows WHERE tenant_id = $1 AND pos <= $2) AS told
    WHERE pos < greatest(own, everybodys)))
"""

VISIBLE = "(outlet_id IS NULL OR outlet_id = $2::uuid)"
STANDING = """
    SELECT DISTINCT ON (kind, key) * FROM (
        SELECT * FROM feed_rows WHERE tenant_id = $1 AND outlet_id IS NULL AND pos <= $3
        UNION ALL
        SELECT * FROM feed_rows WHERE tenant_id = $1 AND outlet_id = $2::uuid AND pos <= $3
    ) AS seen ORDER BY kind, key, pos DESC"""
"""The last row of each thing as an outlet ($2) sees it at a position ($3), tombstones too. In two
parts, so that each is found in the index: of three hundred outlets' rows a hello reads its own."""


class Publication(msgspec.Struct, frozen=True, kw_only=True):
    """One thing as it now is; `body` is JSON, or None when it is gone.

    `outlet_id`: only this outlet hears of it. `stamp` is the latest hybrid stamp inside the body.
    """

    kind: str
    key: str
    version: int
    body: bytes | None
    outlet_id: str | None = None
    stamp: Stamp = Stamp(0)


class FeedNews:
    """Wakes whoever waits for a tenant's feed. Bounded by the requests that are open."""

    def __init__(self) -> None:
        # Woken in the order they came: that of a set would be chance.
        self._waiting: dict[str, dict[tuple[str, asyncio.Event], None]] = defaultdict(dict)
        self._stopped = False

    @contextmanager
    def expecting(self, tenant_id: str, outlet_id: str) -> Iterator[asyncio.Event]:
        """An event that is set by the next news for this outlet, also if it comes at once."""
        event = asyncio.Event()
        if self._stopped:
            event.set()
        waiter = (outlet_id, event)
        self._waiting[tenant_id][waiter] = None
        try:
            yield event
        finally:
            waiting = self._waiting[tenant_id]
            waiting.pop(waiter, None)
            if not waiting:
                del self._waiting[tenant_id]

    def tell(self, told: str) -> None:
        """There is news for a tenant, or (`tenant/outlet`) for one outlet of it."""
        tenant_id, _, only = told.partition("/")
        for outlet_id, event in self._waiting.get(tenant_id, ()):
            if only in ("", outlet_id):
                event.set()

    def tell_all(self) -> None:
        """There may be news for anybody."""
        for tenant_id in self._waiting:
            self.tell(tenant_id)

    def stop(self) -> None:
        """Let everybody go: HQ is stopping."""
        self._stopped = True
        self.tell_all()


class Distribution:
    """Publishes rows and hands out pages."""

    def __init__(
        self, database: Database, platform: Platform, metrics: Metrics, news: FeedNews
    ) -> None:
        self._database = database
        self._platform = platform
        self._metrics = metrics
        self._news = news

    async def page(
        self,
        node: Node,
        *,
        incarnation: str,
        pos: int,
        wait_s: float,
        unsent: int | None = None,
        instance: str = "",
        stamp: int = 0,
    ) -> FeedPage:
        """What follows `pos`; when that is nothing, waits up to `wait_s` for news.

        A cursor of another life of the feed, ahead of it, or of a time whose rows are gone gets a
        snapshot: every cursor error ends in a working cursor.
        """
        await self._heard(node, unsent, incarnation, pos, instance, stamp)
        with self._news.expecting(node.tenant_id, node.outlet_id) as news:
            page = await self._read(node, incarnation, pos, instance)
            if page.rows or page.snapshot or not wait_s > 0:  # what is no number neither
                return page
            self._metrics.listeners.inc()
            try:
                await asyncio.wait_for(news.wait(), min(wait_s, WAIT_S_MAX))
            except TimeoutError:
                pass
            finally:
                self._metrics.listeners.dec()
        return await self._read(node, incarnation, pos, instance)

    async def _heard(
        self,
        node: Node,
        unsent: int | None,
        incarnation: str,
        pos: int,
        instance: str,
        stamp: int,
    ) -> None:
        """A poll is a sign of life; its cursor says which menu and prices the box has taken over.

        An outlet's figures are those of its primary: a standby that has sent everything must not
        make an outlet look complete, nor a late copy of a poll.
        """
        async with self._database.transaction(node.tenant_id) as tx:
            if not await roles.speaks(tx, node, instance, stamp, self._platform.wall_ms()):
                return
            await tx.execute(
                f"""UPDATE outlets SET last_heard_ms = $3, unsent = coalesce($4, unsent),
                       unsent_ms = CASE WHEN $4::bigint IS NULL THEN unsent_ms ELSE $3 END,
                       menu_version = coalesce({_taken_over(MENU)}, menu_version),
                       price_version = coalesce({_taken_over(PRICES)}, price_version)
                   WHERE tenant_id = $1 AND outlet_id = $2""",
                *(node.tenant_id, node.outlet_id, self._platform.wall_ms()),
                None if unsent is None else max(0, min(unsent, 1 << 62)),
                *(incarnation.replace("\x00", ""), max(-1, min(pos, 1 << 62))),
            )

    async def _read(self, node: Node, incarnation: str, pos: int, instance: str) -> FeedPage:
        async with self._database.reading(node.tenant_id) as tx:
            head = await tx.fetchrow(
                """SELECT h.incarnation, h.pos, h.floor_pos, greatest(h.stamp, o.stamp) AS stamp,
                       o.head
                   FROM feed_heads h JOIN outlets o USING (tenant_id)
                   WHERE tenant_id = $1 AND o.outlet_id = $2""",
                *(node.tenant_id, node.outlet_id),
            )
            assert head is not None, "a tenant without a feed"
            ours = str(head["incarnation"])
            snapshot = incarnation != ours or not head["floor_pos"] <= pos <= head["pos"]
            rows, end = (
                await _everything(tx, node, head["pos"])
                if snapshot
                else await _following(tx, node, pos, head["pos"])
            )
            role = await roles.peek(tx, node, instance)
        now_ms = self._platform.wall_ms()
        return FeedPage(
            incarnation=ours,
            rows=tuple(_feed_row(r) for r in rows),
            pos=end,
            snapshot=snapshot,
            server_ms=now_ms,
            stamp=max(stamp_at(now_ms), Stamp(head["stamp"])),
            role=role,
            head=head["head"],
        )


async def lock_feed(tx: Transaction, tenant_id: str) -> int:
    """Hold the head of a tenant's feed until the transaction ends; returns its last position."""
    pos: int = await tx.fetchval(
        "SELECT pos FROM feed_heads WHERE tenant_id = $1 FOR UPDATE", tenant_id
    )
    return pos


async def next_version(tx: Transaction, tenant_id: str, kind: str) -> int:
    """The number of the next publish of a kind under key `*`; hold the feed's lock.

    After a backup was put back, a gap is left for what the lost days can have used: orders were
    taken at prices of those numbers, and no number may mean two things.
    """
    row = await tx.fetchrow(
        """SELECT r.version, coalesce(r.pos, 0) <= h.restored_pos AS lost
           FROM feed_heads h LEFT JOIN LATERAL (
               SELECT version, pos FROM feed_rows WHERE tenant_id = $1 AND kind = $2 AND key = $3
               ORDER BY pos DESC LIMIT 1) r ON true
           WHERE h.tenant_id = $1""",
        *(tenant_id, kind, EVERYWHERE),
    )
    assert row is not None, "a tenant without a feed"
    return int(row["version"] or 0) + 1 + (LOST_MAX if row["lost"] else 0)


async def begin_again(tx: Transaction) -> None:
    """A backup was put back: the tenant's feed is another one from here on."""
    await tx.execute("UPDATE feed_heads SET incarnation = gen_random_uuid(), restored_pos = pos")


async def publish(
    tx: Transaction,
    tenant_id: str,
    things: list[Publication],
    *,
    publish_id: str,
    now_ms: int,
) -> int:
    """Add rows to a tenant's feed as one publish, and tell every process; returns the last position.

    Positions are taken under the head's lock: a sequence would let a later number be seen before
    an earlier one, and a box would step over it.
    """
    before = await lock_feed(tx, tenant_id)
    pos = before + len(things)
    await tx.execute(
        """INSERT INTO feed_rows (tenant_id, pos, kind, key, version, body, outlet_id,
               publish_id, published_ms)
           SELECT $1, $2 + place, kind, key, version, body, outlet_id, $3, $4
           FROM unnest($5::text[], $6::text[], $7::bigint[], $8::bytea[], $9::uuid[])
           WITH ORDINALITY AS things (kind, key, version, body, outlet_id, place)""",
        *(tenant_id, before, publish_id, now_ms),
        [t.kind for t in things],
        [t.key for t in things],
        [t.version for t in things],
        [t.body for t in things],
        [t.outlet_id for t in things],
    )
    await tx.execute(
        "UPDATE feed_heads SET pos = $2, stamp = greatest(stamp, $3) WHERE tenant_id = $1",
        *(tenant_id, pos, max((t.stamp for t in things), default=0)),
    )
    if before // COMPACT_EVERY != pos // COMPACT_EVERY:
        await compact(tx, tenant_id, now_ms - KEPT_MS)
    only = {t.outlet_id for t in things}
    await tell_boxes(tx, tenant_id, only.pop() if len(only) == 1 else None)
    return pos


async def compact(tx: Transaction, tenant_id: str, before_ms: int) -> int:
    """Delete rows older than `before_ms` (Unix milliseconds) that others have overtaken.

    Only what was overtaken below the new floor goes, so that the feed as it stood at any position
    from the floor on can still be told. Returns the floor: cursors below it get a snapshot.
    """
    await lock_feed(tx, tenant_id)
    # From the front, where little is left: from the end it would pass a week of rows each time.
    floor: int = await tx.fetchval(
        """UPDATE feed_heads SET floor_pos = greatest(floor_pos, least(floor_pos + $3, coalesce(
               (SELECT min(pos) - 1 FROM feed_rows WHERE tenant_id = $1 AND published_ms >= $2),
               (SELECT max(pos) FROM feed_rows WHERE tenant_id = $1), 0)))
           WHERE tenant_id = $1 RETURNING floor_pos""",
        *(tenant_id, before_ms, COMPACT_STEP),
    )
    await tx.execute(OVERTAKEN, tenant_id, floor)
    # A tombstone has done its work once nothing older is left that it hides.
    await tx.execute(
        """DELETE FROM feed_rows gone WHERE tenant_id = $1 AND pos <= $2 AND body IS NULL
           AND NOT EXISTS (SELECT 1 FROM feed_rows hidden WHERE hidden.tenant_id = $1
               AND hidden.kind = gone.kind AND hidden.key = gone.key AND hidden.pos < gone.pos)""",
        *(tenant_id, floor),
    )
    return floor


async def digests_for(
    tx: Transaction,
    tenant_id: str,
    outlet_id: str,
    *,
    incarnation: str = "",
    pos: int | None = None,
) -> tuple[int, tuple[Digest, ...]]:
    """Digests of what an outlet's box should have at its cursor, one per kind, and where that is.

    Without a cursor they are of the feed's head. For a cursor that does not fit this feed the
    position is −1: there is nothing to compare, and the box's next poll gets a snapshot anyway.
    """
    head = await tx.fetchrow(
        "SELECT incarnation, pos, floor_pos FROM feed_heads WHERE tenant_id = $1", tenant_id
    )
    assert head is not None, "a tenant without a feed"
    if pos is None:
        pos = head["pos"]
    elif incarnation != str(head["incarnation"]) or not head["floor_pos"] <= pos <= head["pos"]:
        return -1, ()
    rows = await tx.fetch(STANDING, tenant_id, outlet_id, pos)
    living = (r for r in rows if r["body"] is not None)
    return pos, tuple(
        digest_of(kind, ((r["key"], r["version"], r["body"]) for r in same))
        for kind, same in groupby(living, key=lambda r: str(r["kind"]))
    )


# ---------------------------------------------------------------- parts


def _taken_over(kind: str) -> str:
    """The number of the last publish of a kind at or below a cursor ($5 incarnation, $6 position)."""
    assert kind in (MENU, PRICES), "a statement is made of known words only"
    return f"""(SELECT CASE WHEN r.body IS NULL THEN 0 ELSE r.version END
        FROM feed_rows r JOIN feed_heads h USING (tenant_id)
        WHERE r.tenant_id = $1 AND r.kind = '{kind}' AND r.key = '{EVERYWHERE}'
        AND h.incarnation::text = $5 AND r.pos <= $6 ORDER BY r.pos DESC LIMIT 1)"""


async def _everything(tx: Transaction, node: Node, head: int) -> tuple[list[Row], int]:
    """All there is for an outlet: what is not in it is gone."""
    rows = await tx.fetch(STANDING, node.tenant_id, node.outlet_id, head)
    return sorted((r for r in rows if r["body"] is not None), key=lambda r: r["pos"]), head


async def _following(tx: Transaction, node: Node, pos: int, head: int) -> tuple[list[Row], int]:
    """A page of what follows a position, its last publish whole; rows of other outlets count as read."""
    rows = await tx.fetch(
        f"""SELECT * FROM feed_rows WHERE tenant_id = $1 AND {VISIBLE} AND pos > $3 AND pos <= (
                SELECT coalesce(max(pos), $4) FROM feed_rows WHERE tenant_id = $1 AND publish_id = (
                    SELECT publish_id FROM feed_rows WHERE tenant_id = $1 AND {VISIBLE}
                    AND pos > $3 ORDER BY pos LIMIT 1 OFFSET $5))
            ORDER BY pos""",
        *(node.tenant_id, node.outlet_id, pos, head, PAGE_ROWS - 1),
    )
    full = len(rows) >= PAGE_ROWS
    return list(rows), rows[-1]["pos"] if full else head


def _feed_row(row: Row) -> FeedRow:
    return FeedRow(
        row["pos"], row["kind"], row["key"], row["version"], row["body"], row["publish_id"]
    )
