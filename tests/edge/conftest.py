"""A box for tests: real parts on a folder of its own, a small café's menu, and things to ask of it."""

import asyncio
import itertools
import os
import signal
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
import uvicorn
from httpx import ASGITransport, AsyncClient

from edge.app import create_app
from edge.box import Box
from edge.config import Config
from edge.database import Database
from edge.journal import Journal
from edge.lan.broker import EmbeddedBroker
from edge.listening import listen_no_more
from edge.menu import Menus
from edge.migrations import migrate
from edge.outlet import outlet_of
from edge.pins import Peppers
from edge.platform import Platform
from edge.products import Products
from edge.routes.hot import HotPath
from edge.staff import People
from edge.taking import Taking
from protocol import commands as c
from protocol.menu import Category, Item, Menu, Modifier, ModifierGroup, Station, Variant

EVENING_MS = 1_795_349_640_000
"""22 November 2026, 19:14 in Jakarta."""


class Clock(Platform):
    """A wall clock that a test moves by hand; everything else is real."""

    def __init__(self):
        super().__init__()
        self.now_ms = EVENING_MS

    def wall_ms(self):
        return self.now_ms


class Guest:
    """Makes commands as screens do, with fresh ids."""

    def __init__(self, clock):
        self._clock = clock

    def new_id(self):
        return self._clock.new_id()

    def line(self, variant="nasi-kecil", quantity=1, **more):
        if variant == "kopi" and "choices" not in more:
            more["choices"] = (c.NewChoice(modifier_id="manis"),)
        return c.NewLine(line_id=self.new_id(), variant_id=variant, quantity=quantity, **more)

    def place(self, *variants, **more):
        lines = tuple(v if isinstance(v, c.NewLine) else self.line(v) for v in variants)
        order_id = more.pop("order_id", None) or self.new_id()
        return c.PlaceOrder(order_id=order_id, lines=lines or (self.line(),), **more)

    def pay(self, order_id, tendered, **more):
        payment_id = more.pop("payment_id", None) or self.new_id()
        return c.TenderPayment(order_id=order_id, payment_id=payment_id, tendered=tendered, **more)

    def asks(self, command, command_id=None, screen="counter-1", **more):
        command_id = self.new_id() if command_id is None else command_id
        return c.Envelope(command_id=command_id, command=command, screen=screen, **more)


class Heart:
    """Database, journal, menus and taking, without anything that follows them."""

    def __init__(self, folder, clock, config=None):
        self.folder, self.clock = folder, clock
        self.outlet = outlet_of(config or Config(), None)
        self.database = Database(folder / "box.db")
        self.journal = Journal(self.database, clock, node_id="alone", product="test")
        self.products = Products(self.journal, self.outlet.outlet_id)
        self.menus = Menus(self.journal, self.products)
        self.taking = Taking(self.database, self.journal, self.menus, self.outlet)
        self.people = People(self.database, self.journal, clock, Peppers(folder), "auto")

    async def start(self):
        migrate(self.folder / "box.db")
        for part in (self.database, self.journal, self.taking):
            await part.start()

    async def stop(self):
        await self.taking.stop()
        await self.database.stop()

    async def use_menu(self, menu, version=1):
        body = msgspec.json.encode(menu)
        await self.database.write(
            lambda db: self.menus.apply(
                db, body, version, f"publish-{version}", self.journal.reading()
            )
        )

    async def rows(self, sql, *values):
        return await self.database.read(lambda db: db.execute(sql, values).fetchall())

    async def entries(self, after=0):
        return await self.journal.read_after(after, 1_000_000)


def item(name, category, prices, stations, **more):
    variants = tuple(
        Variant(id=v, names={"id": v}, price=price, plu=plu) for v, price, plu in prices
    )
    names = {"id": name.title(), "en": f"{name.title()} (en)"}
    return Item(
        id=name, category_id=category, names=names, variants=variants, station_ids=stations, **more
    )


SUGAR = ModifierGroup(
    id="gula",
    names={"id": "Gula", "en": "Sugar"},
    min=1,
    modifiers=(
        Modifier(id="manis", names={"id": "Manis", "en": "Sweet"}),
        Modifier(id="tanpa", names={"id": "Tanpa", "en": "None"}),
    ),
)
EXTRAS = ModifierGroup(
    id="tambahan",
    names={"id": "Tambahan", "en": "Extras"},
    max=2,
    modifiers=(Modifier(id="telur", names={"id": "Telur"}, price=5_000),),
)
RICE = (("nasi-kecil", 25_000, "101"), ("nasi-besar", 32_000, "102"))
COFFEE = (("kopi", 18_000, "201"),)
CAFE = Menu(
    version=1,
    currency="IDR",
    stations=(
        Station(id="dapur", names={"id": "Dapur", "en": "Kitchen"}),
        Station(id="bar", names={"id": "Bar"}, kind="bar"),
    ),
    fallback_station="dapur",
    categories=(
        Category(id="makanan", names={"id": "Makanan", "en": "Food"}),
        Category(id="minuman", names={"id": "Minuman", "en": "Drinks"}, rank=1),
    ),
    modifier_groups=(SUGAR, EXTRAS),
    items=(
        item("nasi", "makanan", RICE, ("dapur",), modifier_group_ids=("tambahan",)),
        item("kopi", "minuman", COFFEE, ("bar",), modifier_group_ids=("gula",)),
        item("paket", "makanan", (("paket", 40_000, "301"),), ("dapur", "bar")),
        item("durian", "makanan", (("durian", 60_000, "401"),), ("dapur",), available=False),
    ),
)
"""Two stations, a choice that must be made, an item of both stations, one out of season."""


@pytest.fixture
def menu():
    return CAFE


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def guest(clock):
    return Guest(clock)


@pytest.fixture
async def make_heart(tmp_path, clock):
    """Starts hearts; two on one folder are the same box before and after a restart."""
    hearts = []

    async def make(folder="heart", menu=None, **config):
        place = tmp_path / folder
        heart = Heart(place, clock, Config(**config))
        await heart.start()
        hearts.append(heart)
        if menu is not None:
            await heart.use_menu(menu)
        return heart

    yield make
    for heart in hearts:
        await heart.stop()


@pytest.fixture
async def heart(make_heart, menu):
    return await make_heart(menu=menu)


@pytest.fixture
async def make_box(tmp_path, clock):
    """Starts whole boxes without HQ; nothing listens on port 1, so by default without a broker."""
    boxes = []
    numbers = itertools.count(1)

    async def make(folder=None, menu=None, **config):
        place = tmp_path / (folder or f"box-{next(numbers)}")
        settings = {"announce": False, "mqtt_port": 1, "outlet_name": "Kedai Dago"}
        settings |= {"ballast_mb": 0} | config
        box = Box(Config(data_dir=str(place), **settings), clock)
        await box.start()
        boxes.append(box)
        if menu is not None:
            body = msgspec.json.encode(menu)
            await box.database.write(
                lambda db: box.menus.apply(db, body, 1, "publish-1", box.journal.reading())
            )
            await box.database.write(box.menus.current)
        return box

    yield make
    for box in boxes:
        await box.stop()


@pytest.fixture
async def box(make_box, menu):
    """A started box that sells from the café's menu."""
    return await make_box(menu=menu)


@pytest.fixture
async def client(box):
    """Speaks HTTP to the box as screens do, the short way in included."""
    app = HotPath(create_app(box), lambda: box.taking, lambda: box.staffing.asking)
    async with AsyncClient(transport=ASGITransport(app), base_url="http://box") as speaks:
        yield speaks


@pytest.fixture
async def url(box):
    """The box behind a real server; its parts are started already."""
    app = HotPath(create_app(box), lambda: box.taking, lambda: box.staffing.asking)
    config = uvicorn.Config(app, port=0, lifespan="off", log_config=None, ws="wsproto")
    server = uvicorn.Server(config)
    server.install_signal_handlers = lambda: None
    serving = asyncio.create_task(server._serve())
    while not server.started:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}"
    box.feed.end_all()
    for listening in server.servers:
        await listen_no_more(listening)
    server.should_exit = True
    await serving


@pytest.fixture
def until():
    """Waits for something that has no event of its own."""

    async def wait(condition, within_s=5.0):
        async with asyncio.timeout(within_s):
            while not (found := condition()):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
            return found

    return wait


@pytest.fixture
def small_disk(tmp_path):
    """A file system of its own with two megabytes."""
    place = tmp_path / "small"
    place.mkdir()
    mount = ("mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(place))
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("only root may mount a small file system; the page limit is tried everywhere")
    yield place
    subprocess.run(("umount", "-l", str(place)), check=True)


@pytest.fixture
def hammered():
    """What a process that orders at full speed had been answered when it was killed."""
    program, root = Path(__file__).parent / "hammer.py", Path(__file__).parents[2]

    async def kill_after(folder, acks):
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, str(program), str(folder), "8"),
            stdout=asyncio.subprocess.PIPE,
            env=os.environ | {"PYTHONPATH": str(root)},
        )
        lines = [await process.stdout.readline() for _ in range(acks)]
        process.send_signal(signal.SIGKILL)
        rest = (await process.communicate())[0].splitlines(keepends=True)
        said = [x.decode().split() for x in (*lines, *rest) if x.endswith(b"\n")]
        return [(command_id, int(position), order_id) for command_id, position, order_id in said]

    return kill_after


@pytest.fixture
async def own_broker(tmp_path):
    """A broker of this test alone, so that its last wills and ghosts harm nobody."""
    running = EmbeddedBroker(tmp_path / "broker")
    await running.start()
    yield running
    await running.stop()
