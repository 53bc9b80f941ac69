"""Restore drills after more than a month, with the journal pruned: HQ's oldest backup, and a box's old copy.

What a box let go of is in the oldest backup that HQ would put back, and nowhere else does it need to
be: whichever of the two is put back as it was a month ago, all orders are everywhere in the end.
"""

import asyncio
import shutil
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import asyncpg
import httpx
import pytest

from cloud.app import create_app
from cloud.backups import begin_backup, finish_backup
from cloud.restoring import begin_new_life
from edge import retention
from edge.box import Box
from edge.config import Config
from edge.node import Node
from edge.platform import Platform
from edge.retention import DAY_MS
from edge.uplink import Uplink
from protocol.commands import Envelope, NewLine, PlaceOrder, TenderPayment

pytestmark = [pytest.mark.postgres, pytest.mark.broker]

DAY_ONE_MS = 1_795_349_640_000
STARTS = "SELECT coalesce(min(position), 0) FROM journal"


async def test_hq_is_put_back_from_its_oldest_backup_after_boxes_let_go_of_what_it_holds(month):
    early, late = month.early, month.late
    async with month.open() as shop:
        assert await shop.first_kept() > 1, "the month was to leave something to forget"
        assert await shop.orders() == early | late, "orders never go"
    await month.put_hq_back()
    async with month.open() as shop:
        await shop.whole()
        assert await shop.placed_at_hq() == early | late
        assert await shop.orders() == early | late


async def test_a_box_put_back_as_it_was_a_month_ago_has_everything_and_says_so(month):
    month.put_box_back()
    async with month.open() as shop:
        await shop.whole()
        assert await shop.orders() == await shop.placed_at_hq() == month.early | month.late
        said = {s.code: s for s in shop.box.health.sentences() if not s.ok}
        assert "put back to an older state" in said["alarm.box_restored"].en
        assert "dikembalikan ke keadaan lama" in said["alarm.box_restored"].id
        numbers = [o.number for o in (await shop.box.feed.snapshot()).orders]
        fresh = await shop.sell()
        assert fresh.number not in numbers
        assert fresh.number[0] != "A"


# ---------------------------------------------------------------- parts


class Clock(Platform):
    """Real but for the wall clock, which the calendar moves."""

    now_ms = DAY_ONE_MS

    def wall_ms(self):
        return self.now_ms


class Shop:
    """A box and HQ on one day of the month."""

    def __init__(self, world, box, clock):
        self.world, self.box, self.clock = world, box, clock

    async def sell(self):
        order_id = self.clock.new_id()
        line = NewLine(line_id=self.clock.new_id(), variant_id="nasi-goreng")
        placed = await self._ask(PlaceOrder(order_id=order_id, lines=(line,)))
        pays = TenderPayment(order_id=order_id, payment_id=self.clock.new_id(), tendered=50_000)
        await self._ask(pays)
        return placed.order

    async def _ask(self, command):
        return await self.box.taking.take(Envelope(command_id=self.clock.new_id(), command=command))

    async def sell_some(self, count):
        return {(await self.sell()).order_id for _ in range(count)}

    async def whole(self, within_s=40):
        """A hello has been done to its end, and all is sent."""
        line = self.box.replication
        before = line.greeted
        line.try_now()
        async with asyncio.timeout(within_s):
            while line.greeted == before or line.unsent or line.fault:  # noqa: ASYNC110
                await asyncio.sleep(0.05)

    async def forget_what_may_go(self):
        """What housekeeping does every hour, once the kitchen has seen everything."""
        async with asyncio.timeout(20):
            while not await self.box._retention().prune():  # noqa: ASYNC110
                await asyncio.sleep(0.1)

    async def orders(self):
        return {row[0] for row in await self._rows("SELECT order_id FROM orders")}

    async def first_kept(self):
        return (await self._rows(STARTS))[0][0]

    async def _rows(self, sql):
        return await self.box.database.read(lambda db: db.execute(sql).fetchall())

    async def placed_at_hq(self):
        connection = await asyncpg.connect(self.world.url)
        try:
            rows = await connection.fetch(
                "SELECT aggregate_id FROM ledger WHERE type = 'order.placed' AND NOT duplicate"
            )
        finally:
            await connection.close()
        found = [row["aggregate_id"] for row in rows]
        assert len(found) == len(set(found))
        return set(found)


class Month:
    """The same box and HQ from day to day, and the copies that were made of them on the first."""

    def __init__(self, open_hq, url, folder, mqtt_port):
        self._open_hq, self.url, self.folder = open_hq, url, folder
        self.mqtt_port = mqtt_port
        self.now_ms = DAY_ONE_MS
        self.early, self.late = set(), set()

    @asynccontextmanager
    async def open(self, warung=None):
        async with self._open_hq(self.url) as world:
            world.clock.now_ms = self.now_ms
            app = httpx.ASGITransport(create_app(world.hq), raise_app_exceptions=False)

            def line(url, *, timeout_s=20):
                return httpx.AsyncClient(transport=app, base_url=url, timeout=timeout_s)

            if warung is not None:
                await self._enrol(world, line, warung)
            clock = Clock()
            clock.now_ms = self.now_ms
            settings = {"announce": False, "mqtt_port": self.mqtt_port, "ballast_mb": 0}
            config = Config(data_dir=str(self.folder), **settings)
            box = Box(config, clock, open_line=line)
            await box.start()
            try:
                async with asyncio.timeout(20):
                    while not box.menus.version:  # noqa: ASYNC110
                        await asyncio.sleep(0.05)
                yield Shop(world, box, clock)
            finally:
                await box.stop()
                world.hq.release_waiting()

    async def _enrol(self, world, line, warung):
        tenant = await world.tenant()
        browser = await world.browser(tenant)
        await browser.post("/api/menus/publish", warung)
        node = Node(self.folder)
        uplink = Uplink(node, "http://hq", open_line=line)
        await uplink.start()
        node.keep(await uplink.enrol(await world.code(tenant), "test"), "http://hq")
        await uplink.stop()

    async def copy_everything(self):
        """On the evening of the first: HQ's backup, and the box's folder."""
        number = await begin_backup(self.url, "by hand", self.now_ms)
        await self._on_server(f"CREATE DATABASE {self._name}_old TEMPLATE {self._name}")
        await finish_backup(self.url, number, self.now_ms)
        shutil.copytree(self.folder, self.folder.with_name("old"))

    async def put_hq_back(self):
        await self._on_server(f"DROP DATABASE {self._name} WITH (FORCE)")
        await self._on_server(f"ALTER DATABASE {self._name}_old RENAME TO {self._name}")
        await begin_new_life(self.url)

    def put_box_back(self):
        shutil.rmtree(self.folder)
        shutil.copytree(self.folder.with_name("old"), self.folder)

    async def drop_copy(self):
        await self._on_server(f"DROP DATABASE IF EXISTS {self._name}_old WITH (FORCE)")

    @property
    def _name(self):
        return urlsplit(self.url).path.strip("/")

    async def _on_server(self, statement):
        connection = await asyncpg.connect(self.url.replace(f"@/{self._name}?", "@/postgres?"))
        try:
            await connection.execute(statement)
        finally:
            await connection.close()


@pytest.fixture
async def month(open_hq, fresh_database, tmp_path, warung, broker, monkeypatch):
    """A month has passed: sold on its first and last day, copied on the first, pruned on the last."""
    monkeypatch.setattr(retention, "KEPT_LEAST", 3)
    month = Month(open_hq, fresh_database, tmp_path / "box", broker.port)
    async with month.open(warung) as shop:
        month.early = await shop.sell_some(4)
        await shop.whole()
    await month.copy_everything()
    # No day is closed here: what no Z has counted stays thirty days longer than the window.
    month.now_ms += 50 * DAY_MS
    async with month.open() as shop:
        month.late = await shop.sell_some(3)
        await shop.whole()
        await shop.whole()
        await shop.forget_what_may_go()
    yield month
    await month.drop_copy()
