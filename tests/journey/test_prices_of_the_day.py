"""HQ changes prices and menus while orders are open: who pays what, with HQ there, away, or put back."""

import asyncio

import msgspec
import pytest

from cloud.database import connect_as_owner
from cloud.distribution import Publication, publish
from cloud.restoring import begin_new_life
from protocol.commands import FireOrder, NewLine, PlaceOrder, TenderPayment
from protocol.prices import Price, PriceBook

pytestmark = pytest.mark.postgres

EVENING_MS = 1_795_349_640_000
SOON_S = 10
"""New prices are on every device within ten seconds (FS-29)."""


def book(amount, variant="nasi-goreng", **dates):
    return PriceBook(version=0, prices=(Price(id=variant, amount=amount, **dates),))


async def outlet(hq):
    return (await hq.read("/api/outlets"))["outlets"][0]


async def until(true, within_s=SOON_S):
    async with asyncio.timeout(within_s):
        while not await true():  # noqa: ASYNC110
            await asyncio.sleep(0.05)


async def test_a_price_changed_at_eleven_is_charged_moments_later(scene):
    """FS-29, with an order in the middle of being taken."""
    place, hq = scene
    held = (await place.ask(place.order(hold=True))).order
    in_kitchen = (await place.ask(place.order())).order
    asked_s = asyncio.get_running_loop().time()
    await hq.post("/api/prices", book(27_000))
    await place.costs(27_000)
    assert asyncio.get_running_loop().time() - asked_s < SOON_S

    new = (await place.ask(place.order())).order
    assert [(x.amount, x.price_version) for x in new.lines] == [(27_000, 1)]
    fired = (await place.ask(FireOrder(order_id=held.order_id))).order
    assert (fired.totals.total, fired.lines[0].price_version) == (27_000, 1)
    payment = TenderPayment(
        order_id=in_kitchen.order_id, payment_id=place.clock.new_id(), tendered=25_000
    )
    assert (await place.ask(payment)).order.due == 0  # what the kitchen has was promised
    (notice,) = [n for n in place.box.health.notices() if n.code == "repriced"]
    assert held.number in notice.en

    async def told():
        seen = await outlet(hq)
        return (seen["price_version"], seen["price_current"]) == (1, 1)

    await until(told, 40)


async def test_an_outlet_that_is_away_is_listed_and_says_how_old_its_prices_are(scene):
    place, hq = scene
    await hq.post("/api/prices", book(27_000))
    await place.costs(27_000)
    place.wire.cut.set()
    await hq.post("/api/prices", book(29_000))
    place.clock.now_ms += 7 * 60_000

    async def noticed():
        return place.box.replication.fault is not None

    place.box.replication.try_now()
    await until(noticed)
    seen = await outlet(hq)
    assert seen["price_current"] == 2
    assert (seen["price_version"] or 0) < 2
    said = next(s.en for s in place.box.health.sentences() if s.code == "menu")
    assert "price book 1, as HQ had them" in said
    assert (await place.ask(place.order())).order.totals.total == 27_000
    place.wire.cut.clear()
    await place.costs(29_000, within_s=30)


async def test_a_price_with_a_date_begins_on_time_without_a_line(scene):
    place, hq = scene
    tomorrow = EVENING_MS + 24 * 3_600_000
    await hq.post("/api/prices", book(20_000, from_ms=tomorrow, until_ms=tomorrow + 3_600_000))

    async def there():
        return place.box.menus.price_version == 1

    await until(there)
    place.wire.cut.set()
    totals = []
    for now_ms in (tomorrow - 1, tomorrow, tomorrow + 3_600_000):
        place.clock.now_ms = now_ms
        totals.append((await place.ask(place.order())).order.totals.total)
    assert totals == [25_000, 20_000, 25_000]


async def test_no_order_ever_sees_half_a_menu(scene, warung, dearer):
    """Two items always change together; an order of both is of one menu, whatever comes down."""
    place, hq = scene

    async def publish():
        for step in range(1, 9):
            menu = dearer(dearer(warung, "nasi-goreng", 1_000 * step), "kopi-tubruk", 1_000 * step)
            await hq.post("/api/menus/publish", menu)

    publishing = asyncio.create_task(publish())
    seen = set()
    while not publishing.done() or await place.price() != 8_000:
        lines = tuple(
            NewLine(line_id=place.clock.new_id(), variant_id=v)
            for v in ("nasi-goreng", "kopi-tubruk")
        )
        taken = await place.ask(PlaceOrder(order_id=place.clock.new_id(), lines=lines))
        rice, coffee = taken.order.lines
        assert rice.menu_version == coffee.menu_version
        if rice.menu_version > 1:
            assert rice.amount == coffee.amount == 1_000 * (rice.menu_version - 1)
        seen.add(rice.menu_version)
        await asyncio.sleep(0.005)
    await publishing
    assert len(seen) > 1


async def test_an_hq_put_back_to_yesterdays_menu_has_it_sold_everywhere(scene, warung, dearer):
    place, hq = scene
    await hq.post("/api/menus/publish", dearer(warung, "nasi-goreng", 31_000))
    await hq.post("/api/prices", book(9_999, "kopi-tubruk"))
    await place.costs(31_000)
    await place.costs(9_999, "kopi-tubruk")
    # The backup knew the first menu only.
    place.wire.cut.set()
    owner = await connect_as_owner(place.world.url)
    for table in ("feed_rows", "price_history"):
        await owner.execute(f"DELETE FROM {table} WHERE pos > 1")
    await owner.execute("UPDATE feed_heads SET pos = 1")
    await owner.close()
    await begin_new_life(place.world.url)
    place.wire.cut.clear()
    await place.costs(25_000, within_s=30)
    await place.costs(9_000, "kopi-tubruk")
    published = (await hq.post("/api/menus/publish", dearer(warung, "nasi-goreng", 33_000))).json()
    assert published["version"] == 1_002
    await place.costs(33_000)


async def test_what_an_older_build_could_not_use_is_used_after_the_upgrade(scene):
    place, hq = scene
    kinds = dict(place.box.feed_down.rows.kinds)
    place.box.feed_down.rows.kinds = {"menu": kinds["menu"]}  # the box of last year
    await hq.post("/api/prices", book(27_000))

    async def kept():
        read = place.box.database.read
        rows = await read(lambda db: db.execute("SELECT kind, state FROM feed_rows").fetchall())
        return ("prices", "unknown") in rows

    await until(kept)
    assert await place.price() == 25_000
    await place.box.stop()
    place.wire.cut.set()  # the upgrade itself is enough
    await place.open()
    assert await place.price() == 27_000


async def test_what_hq_asks_for_is_answered_by_the_event(scene):
    place, _ = scene
    world, tenant = place.world, place.tenant
    body = msgspec.json.encode({"intent": "eighty_six", "item_id": "kopi-tubruk"})
    row = Publication(
        kind="intent",
        key="i-1",
        version=1,
        body=body,
        outlet_id=place.box.outlet.outlet_id,
    )
    async with world.hq.database.transaction(tenant.tenant_id) as tx:
        await publish(tx, tenant.tenant_id, [row], publish_id="ask", now_ms=EVENING_MS)

    async def answered():
        query = "SELECT type, actor FROM ledger WHERE type = 'item.eighty_sixed'"
        return await world.rows(tenant, query)

    await until(answered)
    refused = await place.ask(place.order("kopi-tubruk"))
    assert refused.code == "item_unavailable"
