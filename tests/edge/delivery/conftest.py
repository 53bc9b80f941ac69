"""A box with an impatient delivery desk, real displays on a broker of its own, and what was told."""

import msgspec
import pytest
from msgspec.structs import replace

from edge.lan.broker import EmbeddedBroker
from tests.edge.displays import CookDisplay

OURS = ("ticket.shown", "ticket.rerouted", "ticket.escalated")


@pytest.fixture
def menu(menu):
    """The café's, where the kitchen stands in for the bar."""
    dapur, bar = menu.stations
    return replace(menu, stations=(dapur, replace(bar, backup="dapur")))


@pytest.fixture
async def broker(tmp_path):
    running = EmbeddedBroker(tmp_path / "broker")
    await running.start()
    yield running
    await running.stop()


@pytest.fixture
async def make_desk_box(make_box, menu, broker):
    """Boxes whose desk is ten times as impatient, so that a test need not wait."""

    async def make(folder="house", **config):
        box = await make_box(folder, menu=menu, mqtt_port=broker.port, **config)
        box.desk.confirm_ms, box.desk.rerouted_ms = 400, 500
        await box.link.wait_connected(5)
        return box

    return make


@pytest.fixture
async def box(make_desk_box):
    return await make_desk_box()


@pytest.fixture
async def put_up(broker):
    """Puts up displays of the outlet `alone`."""
    displays = []

    async def make(device, *stations, **more):
        display = CookDisplay(broker.port, "alone", device, *stations, **more)
        displays.append(await display.start())
        return display

    yield make
    for display in displays:
        await display.link.stop()


@pytest.fixture
def take(box, guest):
    async def ask(command, **more):
        taken = await box.taking.take(guest.asks(command, **more))
        assert taken.order is not None, taken
        return taken.order

    return ask


@pytest.fixture
def told(box):
    """What the desk wrote into the journal: (type, station, number of lines)."""

    async def tell(box=box):
        found = await box.journal.read_after(0, 100_000)
        events = [(f.entry.type, msgspec.json.decode(f.entry.body)) for f in found]
        return [(t, e["station_id"], len(e["line_ids"])) for t, e in events if t in OURS]

    return tell


@pytest.fixture
def states(box):
    """Where an order's lines are, by station."""

    async def look(order, box=box):
        where = (await box.feed.snapshot()).deliveries.get(order.order_id, ())
        return {(d.station_id, d.state.value, d.by) for d in where}

    return look


@pytest.fixture
def wrong(box):
    """What the box says is wrong with it, by code."""
    return lambda box=box: {s.code: s for s in box.health.sentences() if not s.ok}


@pytest.fixture
def calm(box, until):
    """Returns once every line is proven, or need not be any more."""

    async def wait(box=box):
        await until(lambda: box.desk.follower.lag == 0 and not box.desk.board.tickets)

    return wait
