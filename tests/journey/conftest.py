"""A small warung for the journeys: its menu, kitchen displays and printer, and its auditor."""

import asyncio
import sqlite3
from collections import defaultdict
from contextlib import AsyncExitStack, asynccontextmanager, closing

import httpx
import msgspec
import pytest

from cloud.app import create_app
from edge.box import Box
from edge.config import Config, PrinterConfig
from edge.journal import read_rows
from edge.lan.mqtt import MqttLink
from edge.node import Node
from edge.platform import Platform
from edge.printing.virtual import VirtualPrinter
from edge.uplink import Uplink
from protocol.clock import Confidence
from protocol.commands import Envelope, NewLine, PlaceOrder
from protocol.events import ORDER_TAGS, decode
from protocol.journal import CHAIN_START, Entry, Position, Stored, find_break
from protocol.kitchen import Ticket, ticket_id
from protocol.lan import BoxStatus, status_topic, ticket_topic, tickets_filter
from protocol.menu import Category, Item, Menu, Station, Variant
from protocol.orders import Order
from protocol.rules.folding import fold

RICE = Item(
    id="nasi-goreng",
    category_id="makanan",
    names={"id": "Nasi Goreng", "en": "Fried Rice"},
    variants=(Variant(id="nasi-goreng", names={"id": ""}, price=25_000, plu="201"),),
    station_ids=("kitchen",),
)
COFFEE = Item(
    id="kopi-tubruk",
    category_id="kopi",
    names={"id": "Kopi Tubruk", "en": "Black Coffee"},
    variants=(Variant(id="kopi-tubruk", names={"id": ""}, price=9_000, plu="101"),),
    station_ids=("bar",),
)
MENU = Menu(
    version=1,
    currency="IDR",
    items=(RICE, COFFEE),
    categories=(
        Category(id="makanan", names={"id": "Makanan", "en": "Food"}),
        Category(id="kopi", names={"id": "Kopi", "en": "Coffee"}),
    ),
    stations=(
        Station(id="kitchen", names={"id": "Dapur", "en": "Kitchen"}),
        Station(id="bar", names={"id": "Bar", "en": "Bar"}),
    ),
    fallback_station="kitchen",
)


class Displays:
    """What the kitchen's displays show: open tickets by order and station, and how the box is."""

    def __init__(self, port, outlet_id):
        self.tickets = {}
        self.box_online = None
        self._outlet_id = outlet_id
        self._link = MqttLink("127.0.0.1", port, f"displays-{outlet_id}")

    async def open(self):
        await self._link.start()
        await self._link.wait_connected(10)
        await self._link.subscribe(tickets_filter(self._outlet_id), self._show)
        await self._link.subscribe(status_topic(self._outlet_id), self._status)

    async def close(self):
        await self._link.stop()

    async def _show(self, message):
        *_, station, _, ticket = message.topic.split("/")
        key = ticket.removesuffix(f".{station}"), station
        assert message.topic == ticket_topic(self._outlet_id, station, ticket_id(*key))
        self.tickets.pop(key, None)
        if message.payload:
            self.tickets[key] = msgspec.json.decode(message.payload, type=Ticket)

    async def _status(self, message):
        self.box_online = msgspec.json.decode(message.payload, type=BoxStatus).online


@pytest.fixture
async def open_displays():
    """Opens the kitchen's displays at a broker, for one outlet."""
    async with AsyncExitStack() as closing:

        async def open_at(port, outlet_id):
            displays = Displays(port, outlet_id)
            await displays.open()
            closing.push_async_callback(displays.close)
            return displays

        yield open_at


@pytest.fixture
def warung():
    """The menu as HQ publishes it first."""
    return MENU


@pytest.fixture
def dearer():
    """The menu with another price for one item."""

    def change(menu, item_id, price):
        items = []
        for item in menu.items:
            variants = item.variants
            if item.id == item_id:
                variants = tuple(msgspec.structs.replace(v, price=price) for v in variants)
            items.append(msgspec.structs.replace(item, variants=variants))
        return msgspec.structs.replace(menu, items=tuple(items))

    return change


@pytest.fixture
async def printer():
    """A printer made of software, for tickets and receipts."""
    printer = VirtualPrinter(lambda: 0)
    await printer.start()
    yield printer
    await printer.stop()


@pytest.fixture
def papers(printer):
    """The box's setting for that printer."""
    return PrinterConfig(
        id="dapur",
        name="Dapur",
        host="127.0.0.1",
        port=printer.port,
        stations=("kitchen", "bar"),
        receipts=True,
    )


@pytest.fixture
def ensure_whole():
    """Holds a stopped box's disk and HQ's ledger to what they promise of each other.

    The journal has no gap and its chains recompute; the orders are what the journal folds to; the
    ledger has the same streams, entry by entry, each once, under chains recomputed from its bytes.
    """

    async def ensure(box):
        with closing(sqlite3.connect(f"file:{box.database}?mode=ro", uri=True)) as db:
            followed = read_rows(db, 0, 1_000_000)
            orders = dict(db.execute("SELECT order_id, body FROM orders"))
        at_box = [Stored(f.at, f.entry) for f in followed]
        assert [s.at.position for s in at_box] == list(range(1, len(at_box) + 1))
        _ensure_chained(at_box)
        histories = defaultdict(list)
        for entry in (s.entry for s in at_box):
            if entry.type in ORDER_TAGS:
                histories[entry.aggregate_id].append(decode(entry.body))
        refolded = {key: fold(events) for key, events in histories.items()}
        assert refolded == {
            key: msgspec.json.decode(body, type=Order) for key, body in orders.items()
        }
        rows = await box.hq.ledger(box.outlet_id)
        at_hq = [_stored(row) for row in rows]
        assert [s.at.position for s in at_hq] == list(range(1, len(at_hq) + 1))
        assert not any(row["duplicate"] for row in rows)
        _ensure_chained(at_hq)
        assert _by_place(at_hq) == _by_place(at_box)
        return len(at_box)

    return ensure


def _ensure_chained(entries):
    streams = defaultdict(list)
    for stored in entries:
        streams[stored.at.stream].append(stored)
    for stream in streams.values():
        stream.sort(key=lambda s: s.at.seq)
        assert [s.at.seq for s in stream] == list(range(1, len(stream) + 1))
        assert find_break(CHAIN_START, stream) is None
    assert len({s.entry.event_id for s in entries}) == len(entries)


def _by_place(entries):
    return {(s.at.stream, s.at.seq): (s.at.chain, s.entry) for s in entries}


def _stored(row):
    at = Position(row["position"], row["stream"], row["seq"], row["chain"])
    values = {name: row[name] for name in Entry.__struct_fields__}
    values["event_id"] = row["event_id"].hex()
    values["confidence"] = Confidence(row["confidence"])
    return Stored(at, Entry(**values))


EVENING_MS = 1_795_349_640_000
"""22 November 2026, 19:14 in Jakarta: a Sunday."""


class Wire(httpx.AsyncBaseTransport):
    """The line from a box to HQ, in this process; cut, it breaks what is under way as well."""

    def __init__(self, hq):
        self.inner = httpx.ASGITransport(create_app(hq), raise_app_exceptions=False)
        self.cut = asyncio.Event()

    async def handle_async_request(self, request):
        asking = asyncio.ensure_future(self.inner.handle_async_request(request))
        broken = asyncio.ensure_future(self.cut.wait())
        done, rest = await asyncio.wait({asking, broken}, return_when=asyncio.FIRST_COMPLETED)
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)
        if broken in done:
            raise httpx.ConnectError("the line is cut")
        return asking.result()

    async def aclose(self):
        """The application outlives its callers."""


class Clock(Platform):
    """Real but for the wall clock, which a test moves."""

    def __init__(self):
        super().__init__()
        self.now_ms = EVENING_MS

    def wall_ms(self):
        return self.now_ms


class Place:
    """One outlet: its box on a folder, its line, what its staff does."""

    def __init__(self, world, tenant, folder):
        self.world, self.tenant, self.folder = world, tenant, folder
        self.clock, self.wire = Clock(), Wire(world.hq)
        self.box = None

    def line(self, url, *, timeout_s=20):
        return httpx.AsyncClient(transport=self.wire, base_url=url, timeout=timeout_s)

    async def enrol(self):
        node = Node(self.folder)
        uplink = Uplink(node, "http://hq", open_line=self.line)
        await uplink.start()
        node.keep(await uplink.enrol(await self.world.code(self.tenant), "test"), "http://hq")
        await uplink.stop()

    async def open(self):
        config = Config(data_dir=str(self.folder), announce=False, mqtt_port=1, ballast_mb=0)
        self.box = Box(config, self.clock, open_line=self.line)
        await self.box.start()

    async def ask(self, command):
        envelope = Envelope(command_id=self.clock.new_id(), command=command)
        return await self.box.taking.take(envelope)

    def new_line(self, variant="nasi-goreng"):
        return NewLine(line_id=self.clock.new_id(), variant_id=variant)

    def order(self, variant="nasi-goreng", **more):
        lines = (self.new_line(variant),)
        return PlaceOrder(order_id=self.clock.new_id(), lines=lines, **more)

    async def price(self, variant="nasi-goreng"):
        index = await self.box.database.read(self.box.menus.current)
        found = index.variants.get(variant)
        return found and found[1].price

    async def costs(self, wanted, variant="nasi-goreng", within_s=10):
        async with asyncio.timeout(within_s):
            while await self.price(variant) != wanted:  # noqa: ASYNC110
                await asyncio.sleep(0.02)


@pytest.fixture
async def open_place(open_hq, tmp_path):
    @asynccontextmanager
    async def opened():
        async with open_hq() as world:
            world.clock.now_ms = EVENING_MS
            tenant = await world.tenant()
            place = Place(world, tenant, tmp_path / "box")
            await place.enrol()
            await place.open()
            try:
                yield place, await world.browser(tenant)
            finally:
                await place.box.stop()
                world.hq.release_waiting()

    return opened


@pytest.fixture
async def scene(open_place, warung):
    async with open_place() as (place, hq):
        await hq.post("/api/menus/publish", warung)
        await place.costs(25_000)
        yield place, hq
