"""The line to a real HQ: everything arrives once, whatever is cut, restarted or restored."""

import asyncio
import shutil

import msgspec
import pytest

from edge.node import Node
from edge.uplink import HqRefused, Uplink
from tests.fixtures_world import tell_hq, wan_url

pytestmark = pytest.mark.postgres


@pytest.fixture
async def hq(start):
    return await start.hq()


@pytest.fixture
async def enrolled(hq, start, tmp_path):
    """A folder whose box belongs to an outlet of HQ, behind a WAN that can be cut."""
    wan = await start.wan(hq)
    made = await tell_hq(hq.place, "outlet", "add", "Kedai Dago")
    folder = tmp_path / "enrolled"
    folder.mkdir()
    node = Node(folder)
    uplink = Uplink(node, wan_url(wan))
    await uplink.start()
    node.keep(await uplink.enrol(made["code"], "test"), wan_url(wan))
    await uplink.stop()
    return folder, made["outlet_id"], wan, made["code"]


@pytest.fixture
def open_box(make_box, enrolled):
    folder = enrolled[0]

    async def open_(name=None):
        return await make_box(name or folder.name)

    return open_


@pytest.fixture
def order(guest):
    async def place(box, count=1):
        taken = [await box.taking.take(guest.asks(guest.place())) for _ in range(count)]
        return {t.order.order_id for t in taken}

    return place


async def orders_of(box):
    rows = await box.database.read(lambda db: db.execute("SELECT order_id FROM orders").fetchall())
    return {order_id for (order_id,) in rows}


async def ledger_of(hq, outlet):
    rows = await hq.ledger(outlet)
    streams = {}
    for row in rows:
        streams.setdefault(row["stream"], []).append(row["seq"])
    assert all(seqs == list(range(1, len(seqs) + 1)) for seqs in streams.values())
    return rows


async def all_sent(box, until, within_s=30):
    await until(lambda: box.replication.unsent == 0 and box.replication.fault is None, within_s)


async def test_menu_down_orders_up_and_nothing_twice_after_restarts(
    hq, enrolled, open_box, order, menu, until
):
    _, outlet, wan, _ = enrolled
    box = await open_box()
    version = await hq.publish(menu)
    await until(lambda: box.menus.version == version, 15)
    placed = await order(box, 5)
    await all_sent(box, until)
    await box.stop()

    again = await open_box()
    placed |= await order(again, 3)
    wan.set_cut(True)
    placed |= await order(again, 4)
    await until(lambda: again.replication.fault, 15)
    assert again.replication.unsent >= 8
    words = next(s for s in again.health.sentences() if s.code == "hq")
    assert not words.ok
    assert "kept here" in words.en
    wan.set_cut(False)
    # No new order is needed for what is left to arrive.
    await all_sent(again, until, within_s=60)
    assert next(s for s in again.health.sentences() if s.code == "hq").ok

    rows = await ledger_of(hq, outlet)
    assert len(rows) == again.journal.position
    assert {r["event_id"].hex() for r in rows} == {
        f.entry.event_id for f in await again.journal.read_after(0, 10_000)
    }
    sent = [r["aggregate_id"] for r in rows if r["type"] == "order.placed"]
    assert sorted(sent) == sorted(placed)
    assert again.alarms.listed == ()


async def test_a_box_restored_from_a_backup_gets_back_what_it_lost_and_goes_on_beside_it(
    hq, enrolled, open_box, order, menu, until
):
    folder, outlet, _, _ = enrolled
    box = await open_box()
    await hq.publish(menu)
    await until(lambda: box.menus.version, 15)
    early = await order(box, 2)
    await all_sent(box, until)
    await box.stop()
    backup = folder.with_name("backup")
    shutil.copytree(folder, backup)
    box = await open_box()
    lost = await order(box, 3)
    await all_sent(box, until)
    await box.stop()

    restored = await open_box("backup")
    new = await order(restored, 2)
    await until(lambda: restored.replication.greeted, 30)
    await all_sent(restored, until)
    (alarm,) = restored.alarms.listed
    assert (alarm.code, alarm.params["series"]) == ("box_restored", "B")
    assert await orders_of(restored) == early | lost | new
    rows = await ledger_of(hq, outlet)
    sent = [r["aggregate_id"] for r in rows if r["type"] == "order.placed"]
    assert sorted(sent) == sorted(early | lost | new), "nothing lost, nothing twice"


async def test_a_code_works_once_and_a_stranger_is_refused(hq, enrolled, tmp_path):
    *_, code = enrolled
    node = Node(tmp_path / "stranger")
    uplink = Uplink(node, hq.url)
    await uplink.start()
    with pytest.raises(HqRefused):
        await uplink.enrol(code, "test")
    known = Node(enrolled[0])
    known.load()
    node.keep(known.enrolled, hq.url)  # says who it is, but signs with a key of its own
    with pytest.raises(HqRefused):
        await uplink.feed("", 0, unsent=0, head=0, wait_s=0)
    await uplink.stop()


async def test_a_cut_in_the_middle_of_many_batches_sends_each_entry_once(
    hq, enrolled, open_box, order, menu, until
):
    _, outlet, wan, _ = enrolled
    box = await open_box()
    await hq.publish(menu)
    await until(lambda: box.menus.version, 15)
    box.replication._size = 10

    async def flicker():
        for _ in range(6):
            await asyncio.sleep(0.15)
            wan.set_cut(True)
            await asyncio.sleep(0.05)
            wan.set_cut(False)

    placed, _ = await asyncio.gather(order(box, 120), flicker())
    await all_sent(box, until, within_s=60)
    rows = await ledger_of(hq, outlet)
    assert len(rows) == box.journal.position
    sent = [r["aggregate_id"] for r in rows if r["type"] == "order.placed"]
    assert sorted(sent) == sorted(placed)
    assert msgspec.json.decode(rows[0]["body"])["type"] == "stream.opened"
