"""A real HQ and boxes that were copied, replaced, or outlived HQ's own restore: everything is kept."""

import asyncio
import shutil
import time
from urllib.parse import urlsplit

import asyncpg
import pytest
from msgspec.structs import replace

from edge.box import Box
from edge.config import Config
from edge.node import Node
from edge.uplink import Uplink
from protocol.refusals import Refusal
from tests.fixtures_world import tell as run
from tests.fixtures_world import tell_hq

pytestmark = pytest.mark.postgres
LATER_MS = 45_000
"""More than the grace in which HQ takes a predecessor's words for late ones."""


@pytest.fixture
async def hq(start, menu):
    hq = await start.hq()
    await hq.publish(menu)
    return hq


@pytest.fixture
async def outlet(hq):
    made = await tell_hq(hq.place, "outlet", "add", "Kedai Dago")
    return made["outlet_id"], made["code"]


@pytest.fixture
def enrol(hq, tmp_path):
    async def enrolled(name, code):
        node = Node(tmp_path / name)
        uplink = Uplink(node, hq.url)
        await uplink.start()
        node.keep(await uplink.enrol(code, "test"), hq.url)
        await uplink.stop()

    return enrolled


@pytest.fixture
async def open_box(tmp_path, clock, until):
    """Each on a machine of its own, with the right time."""
    boxes = []

    async def open_(name):
        machine = type(clock)()
        machine.now_ms = int(time.time() * 1000)
        box = Box(Config(data_dir=str(tmp_path / name), announce=False, mqtt_port=1), machine)
        await box.start()
        boxes.append(box)
        await until(lambda: box.menus.version and box.replication.greeted, 20)
        return box

    yield open_
    for box in boxes:
        await box.stop()


@pytest.fixture
def copied(tmp_path):
    """The disk of a running box, as it is now."""

    def copy():
        shutil.copytree(tmp_path / "first", tmp_path / "copy")

    return copy


@pytest.fixture
def order(guest):
    async def place(box, count=1):
        taken = [await box.taking.take(guest.asks(guest.place())) for _ in range(count)]
        return {t.order.order_id for t in taken}

    return place


async def hello_now(box, until):
    """What happens within ten minutes by itself."""
    before = box.replication.greeted
    box.replication.try_now()
    await until(lambda: box.replication.greeted > before, 20)
    await until(lambda: box.replication.unsent == 0, 20)


async def placed_at(hq, outlet_id):
    rows = await hq.ledger(outlet_id)
    fresh = [r["aggregate_id"] for r in rows if r["type"] == "order.placed" and not r["duplicate"]]
    assert len(fresh) == len(set(fresh))
    return set(fresh)


async def orders_of(box):
    rows = await box.database.read(lambda db: db.execute("SELECT order_id FROM orders").fetchall())
    return {order_id for (order_id,) in rows}


async def all_sent(box, until):
    await until(lambda: box.replication.unsent == 0 and box.replication.fault is None, 30)


def codes(box):
    return {a.code for a in box.alarms.listed}


async def test_an_hq_put_back_from_its_backup_gets_again_what_it_lost(
    hq, outlet, enrol, open_box, order, until
):
    await enrol("first", outlet[1])
    box = await open_box("first")
    early = await order(box, 2)
    await all_sent(box, until)
    await hq.stop()
    name = urlsplit(hq.dsn).path.strip("/")
    await on_server(hq, f"CREATE DATABASE {name}_backup TEMPLATE {name}")
    await hq.start()
    late = await order(box, 3)
    await until(lambda: box.replication.unsent == 0, 60)
    assert await placed_at(hq, outlet[0]) == early | late

    await hq.stop()
    await on_server(hq, f"DROP DATABASE {name} WITH (FORCE)")
    await on_server(hq, f"ALTER DATABASE {name}_backup RENAME TO {name}")
    await tell(hq, "restored")
    await hq.start()
    assert await placed_at(hq, outlet[0]) == early
    await until(lambda: "hq_restored" in codes(box), 40)
    await all_sent(box, until)
    assert await placed_at(hq, outlet[0]) == early | late
    await until(lambda: "hq_restored" not in codes(box), 20)


async def test_two_boxes_with_one_disk_keep_everything_and_one_stands_by(
    hq, outlet, enrol, open_box, order, until, guest, copied
):
    await enrol("first", outlet[1])
    first = await open_box("first")
    shared = await order(first, 2)
    await all_sent(first, until)
    copied()
    copy = await open_box("copy")
    shared |= await order(first, 2) | await order(copy, 1)

    first.platform.now_ms += LATER_MS
    for box in (first, copy, first, copy):
        await hello_now(box, until)
    assert await placed_at(hq, outlet[0]) == shared
    assert await orders_of(first) == await orders_of(copy) == shared
    assert {first.role.value, copy.role.value} == {"primary", "standby"}
    standby = first if first.role.standby else copy
    assert "two_boxes" in codes(standby)
    assert await standby.taking.take(guest.asks(guest.place())) == Refusal("standby")


async def test_what_another_box_of_the_outlet_sold_is_here_before_the_next_hello(
    hq, outlet, enrol, open_box, order, until, copied, monkeypatch
):
    monkeypatch.setattr("edge.resolutions.FEED_WAIT_S", 1)
    monkeypatch.setattr("edge.replication.HELLO_AGAIN_S", 1)
    await enrol("first", outlet[1])
    first = await open_box("first")
    shared = await order(first, 2)
    await all_sent(first, until)
    copied()
    copy = await open_box("copy")
    shared |= await order(copy, 1)
    await all_sent(copy, until)
    held = await orders_of(first)
    for _ in range(200):
        if (held := await orders_of(first)) == shared:
            break
        await asyncio.sleep(0.1)
    assert held == shared

    # What this box sends itself is no news to it. (The two have told each other first.)
    greeted = 0
    while greeted != first.replication.greeted:
        greeted = first.replication.greeted
        await asyncio.sleep(3)
    for _ in range(5):
        await order(first, 3)
        await all_sent(first, until)
        await asyncio.sleep(0.5)
    assert first.replication.greeted == greeted


async def test_a_stream_that_two_boxes_wrote_is_taken_apart(
    hq, outlet, enrol, open_box, order, until, copied
):
    await enrol("first", outlet[1])
    first = await open_box("first")
    shared = await order(first, 3)
    await all_sent(first, until)
    await first.replication.stop()
    copied()
    stream = first.journal.stream
    shared |= await order(first, 2)
    copy = await open_box("copy")
    await all_sent(copy, until)
    await go_on_in(copy, stream)
    shared |= await order(copy, 1)
    await all_sent(copy, until)

    await first.replication.start()
    await hello_now(first, until)
    assert "clone" in codes(first)
    await hello_now(copy, until)
    assert await placed_at(hq, outlet[0]) == shared
    assert await orders_of(first) == await orders_of(copy) == shared


async def test_a_new_box_takes_over_and_the_old_one_stands_by_until_it_is_told_otherwise(
    hq, outlet, enrol, open_box, order, until, guest
):
    await enrol("old", outlet[1])
    old = await open_box("old")
    taken = await order(old, 3)
    await all_sent(old, until)
    await enrol("new", (await tell_hq(hq.place, "outlet", "code", "Kedai Dago"))["code"])
    new = await open_box("new")
    assert "box_replaced" in codes(new)
    assert await orders_of(new) == taken
    taken |= await order(new, 1)
    await all_sent(new, until)

    await hello_now(old, until)
    assert (old.role.value, codes(old)) == ("standby", {"two_boxes"})
    assert await orders_of(old) == taken, "and sees what the other one does"
    assert await old.taking.take(guest.asks(guest.place())) == Refusal("standby")
    await old.replication.take_over()
    assert not old.role.standby, "the outlet sells at once"
    await until(lambda: not old.role.wanted, 20)
    taken |= await order(old, 1)
    await all_sent(old, until)
    await hello_now(new, until)
    assert new.role.standby
    assert await placed_at(hq, outlet[0]) == taken


async def go_on_in(box, stream):
    """As a box does that was copied together with its memory."""
    row = await box.database.read(
        lambda db: db.execute(
            "SELECT s.id, seq, chain FROM journal JOIN streams s ON s.id = stream_id"
            " WHERE stream = ? ORDER BY seq DESC LIMIT 1",
            (stream,),
        ).fetchone()
    )
    place = dict(zip(("stream_id", "seq", "chain"), row, strict=True))
    box.journal._head = replace(box.journal._head, stream=stream, **place)
    box.journal.stream = stream


async def on_server(hq, statement):
    dsn = hq.dsn.replace(urlsplit(hq.dsn).path, "/postgres", 1)
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


async def tell(hq, *words):
    await run("cloud", *hq.place, *words)
