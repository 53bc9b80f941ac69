"""What HQ tells its boxes: the feed of a tenant, followed by each box from its own cursor."""

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

import msgspec

from cloud.database import Database, Row, Transaction
from cloud.metrics import Metrics
from cloud.nodes import Node
from cloud.platform import Platform
from protocol.replication import FeedPage, FeedRow

CHANNEL = "kedai_feed"
MENU = "menu"
EVERYWHERE = "*"
"""Key of the one menu for all outlets of a tenant."""
PAGE_ROWS = 200
WAIT_S_MAX = 30


class Publication(msgspec.Struct, frozen=True, kw_only=True):
    """One thing as it now is; `body` is JSON, or None when it is gone."""

    kind: str
    key: str
    version: int
    body: bytes | None


class FeedNews:
    """Wakes whoever waits for a tenant's feed. Bounded by the requests that are open."""

    def __init__(self) -> None:
        self._waiting: dict[str, set[asyncio.Event]] = defaultdict(set)
        self._stopped = False

    @contextmanager
    def expecting(self, tenant_id: str) -> Iterator[asyncio.Event]:
        """An event that is set by the next news of this tenant, also if it comes at once."""
        event = asyncio.Event()
        if self._stopped:
            event.set()
        self._waiting[tenant_id].add(event)
        try:
            yield event
        finally:
            waiting = self._waiting[tenant_id]
            waiting.discard(event)
            if not waiting:
                del self._waiting[tenant_id]

    def tell(self, tenant_id: str) -> None:
        """There is news for a tenant."""
        for event in self._waiting.get(tenant_id, ()):
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
    ) -> FeedPage:
        """What follows `pos`; when that is nothing, waits up to `wait_s` for news.

        A cursor of another life of the feed, or ahead of it, gets a snapshot: every cursor error
        ends in a working cursor.
        """
        await self._heard(node, unsent, incarnation, pos)
        with self._news.expecting(node.tenant_id) as news:
            page = await self._read(node.tenant_id, incarnation, pos)
            if page.rows or page.snapshot or wait_s <= 0:
                return page
            self._metrics.listeners.inc()
            try:
                await asyncio.wait_for(news.wait(), min(wait_s, WAIT_S_MAX))
            except TimeoutError:
                pass
            finally:
                self._metrics.listeners.dec()
        return await self._read(node.tenant_id, incarnation, pos)

    async def _heard(self, node: Node, unsent: int | None, incarnation: str, pos: int) -> None:
        """A poll is a sign of life, and its cursor says which menu the box has taken over."""
        async with self._database.transaction(node.tenant_id) as tx:
            await tx.execute(
                """UPDATE outlets SET last_heard_ms = $3, unsent = coalesce($4, unsent),
                       unsent_ms = CASE WHEN $4::bigint IS NULL THEN unsent_ms ELSE $3 END,
                       menu_version = coalesce((
                           SELECT r.version FROM feed_rows r JOIN feed_heads h USING (tenant_id)
                           WHERE r.tenant_id = $1 AND r.kind = $5 AND r.key = $6
                           AND h.incarnation::text = $7 AND r.pos <= $8
                           ORDER BY r.pos DESC LIMIT 1), menu_version)
                   WHERE tenant_id = $1 AND outlet_id = $2""",
                *(node.tenant_id, node.outlet_id, self._platform.wall_ms()),
                None if unsent is None else max(0, min(unsent, 1 << 62)),
                *(MENU, EVERYWHERE, incarnation.replace("\x00", ""), max(-1, min(pos, 1 << 62))),
            )

    async def _read(self, tenant_id: str, incarnation: str, pos: int) -> FeedPage:
        async with self._database.transaction(tenant_id) as tx:
            # One transaction, but several statements: the head is read first, so that no row
            # published in between can slip below the position the page claims.
            head = await tx.fetchrow(
                "SELECT incarnation, pos FROM feed_heads WHERE tenant_id = $1", tenant_id
            )
            assert head is not None, "a tenant without a feed"
            ours = str(head["incarnation"])
            snapshot = incarnation != ours or not 0 <= pos <= head["pos"]
            if snapshot:
                rows = await tx.fetch(
                    """SELECT DISTINCT ON (kind, key) * FROM feed_rows
                       WHERE tenant_id = $1 AND pos <= $2 ORDER BY kind, key, pos DESC""",
                    *(tenant_id, head["pos"]),
                )
                kept = sorted((r for r in rows if r["body"] is not None), key=lambda r: r["pos"])
                end = head["pos"]
            else:
                kept = list(
                    await tx.fetch(
                        """SELECT * FROM feed_rows WHERE tenant_id = $1 AND pos > $2 AND pos <= (
                               SELECT max(pos) FROM feed_rows WHERE tenant_id = $1
                               AND publish_id = (
                                   SELECT publish_id FROM feed_rows WHERE tenant_id = $1
                                   AND pos > $2 AND pos <= $2 + $3 ORDER BY pos DESC LIMIT 1))
                           ORDER BY pos""",
                        *(tenant_id, pos, PAGE_ROWS),
                    )
                )
                end = kept[-1]["pos"] if kept else pos
        return FeedPage(
            incarnation=ours,
            rows=tuple(_feed_row(r) for r in kept),
            pos=end,
            snapshot=snapshot,
            server_ms=self._platform.wall_ms(),
        )


async def lock_feed(tx: Transaction, tenant_id: str) -> int:
    """Hold the head of a tenant's feed until the transaction ends; returns its last position."""
    pos: int = await tx.fetchval(
        "SELECT pos FROM feed_heads WHERE tenant_id = $1 FOR UPDATE", tenant_id
    )
    return pos


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
    pos = await lock_feed(tx, tenant_id)
    for thing in things:
        pos += 1
        await tx.execute(
            "INSERT INTO feed_rows VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            *(tenant_id, pos, thing.kind, thing.key, thing.version, thing.body),
            *(publish_id, now_ms),
        )
    await tx.execute("UPDATE feed_heads SET pos = $2 WHERE tenant_id = $1", tenant_id, pos)
    # Publishing is rare, so telling inside the transaction costs nothing that matters.
    await tx.execute("SELECT pg_notify($1, to_json($2::text)::text)", CHANNEL, tenant_id)
    return pos


def _feed_row(row: Row) -> FeedRow:
    return FeedRow(
        row["pos"], row["kind"], row["key"], row["version"], row["body"], row["publish_id"]
    )
