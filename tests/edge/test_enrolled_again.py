"""A box that HQ does not know any more: it enrols again on its own data, and nothing is lost."""

from urllib.parse import urlsplit

import asyncpg
import pytest

from edge.doctor import diagnose
from edge.node import Node
from edge.platform import Platform
from edge.uplink import Uplink
from tests.fixtures_world import tell, tell_hq

pytestmark = pytest.mark.postgres


@pytest.fixture
async def hq(start, menu):
    return await start.hq()


@pytest.fixture
def order(guest):
    async def place(box, count):
        taken = [await box.taking.take(guest.asks(guest.place())) for _ in range(count)]
        return {t.order.order_id for t in taken}

    return place


async def on_server(hq, *statements):
    connection = await asyncpg.connect(urlsplit(hq.dsn)._replace(path="/postgres").geturl())
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


async def dump(hq):
    """A copy of HQ's database as it is now; returns what puts it back."""
    name = urlsplit(hq.dsn).path.strip("/")
    await hq.stop()
    await on_server(hq, f"CREATE DATABASE {name}_dump TEMPLATE {name}")
    await hq.start()

    async def put_back():
        await hq.stop()
        await on_server(
            hq,
            f"DROP DATABASE {name} WITH (FORCE)",
            f"ALTER DATABASE {name}_dump RENAME TO {name}",
        )
        await tell("cloud", *hq.place, "restored")
        await hq.start()

    return put_back


async def enrol_again(folder, code):
    return await tell("edge", "enrol", "--again", "--data", str(folder), "--code", code)


@pytest.mark.parametrize("lost", ["the box", "the outlet"])
async def test_a_dump_older_than_the_box_costs_a_code_and_not_one_order(
    hq, make_box, menu, order, until, tmp_path, lost
):
    if lost == "the outlet":
        put_back = await dump(hq)
    made = await tell_hq(hq.place, "outlet", "add", "Kedai Dago")
    if lost == "the box":
        put_back = await dump(hq)
    folder = tmp_path / "box"
    node = Node(folder)
    uplink = Uplink(node, hq.url)
    await uplink.start()
    node.keep(await uplink.enrol(made["code"], "test"), hq.url)
    await uplink.stop()
    key = (folder / "node.key").read_bytes()
    box = await make_box("box", menu=menu)
    orders = await order(box, 3)
    await until(lambda: box.replication.greeted and box.replication.unsent == 0, 30)

    await put_back()
    orders |= await order(box, 2)
    box.replication.try_now()
    await until(lambda: "enrol --again" in (box.replication.fault or ""), 40)
    said = next(s for s in box.health.sentences() if s.code == "hq")
    assert "does not know this box any more" in said.en
    assert "tidak mengenal" in said.id
    findings = {f.code: f.en for f in (await diagnose(folder, Platform())).findings}
    assert "kedai edge enrol --again --code CODE. What" in findings["hq"].replace("`", "")

    other = await tell_hq(hq.place, "outlet", "add", "Kedai Braga")
    with pytest.raises(AssertionError, match="another outlet") as no:
        await enrol_again(folder, other["code"])
    if lost == "the outlet":
        assert f"--id {made['outlet_id']}" in str(no.value)
        back = await tell_hq(hq.place, "outlet", "add", "Kedai Dago", "--id", made["outlet_id"])
    else:
        back = await tell_hq(hq.place, "outlet", "code", "Kedai Dago")
    assert "knows this box" in await enrol_again(folder, back["code"])
    assert (folder / "node.key").read_bytes() == key
    box.replication.try_now()
    await until(lambda: box.replication.unsent == 0 and box.replication.fault is None, 60)
    rows = await hq.ledger(made["outlet_id"])
    sent = [r["aggregate_id"] for r in rows if r["type"] == "order.placed"]
    assert sorted(sent) == sorted(orders), "everything, and nothing twice"
    assert await order(box, 1), "and it went on selling all the time"
