"""Stock at HQ: no clock, no order of arrival and no repetition changes a level."""

import random

import msgspec
import pytest

from cloud.follower import Place
from protocol import events as e
from protocol.journal import chain_over
from protocol.replication import Segment
from protocol.rules import stock_keeping
from protocol.stock import Counted, Movement, StockLevel

pytestmark = pytest.mark.postgres


def moved(delta, item="kopi", cause="sale"):
    moves = (e.StockMove(item_id=item, delta=delta),)
    return e.StockMoved(moves=moves, cause=cause, at_ms=1_000)


def counted(quantity, as_of=None, item="kopi"):
    return e.StockCounted(item_id=item, quantity=quantity, as_of=as_of or {}, at_ms=1_000)


@pytest.fixture
async def box(world, tenant, menu):
    world.clock.now_ms += 60_000  # boxes' stamps are of a minute ago
    return await world.box(tenant)


@pytest.fixture
async def shelf(world, tenant, browser, menu):
    await browser.post("/api/menus/publish", menu())

    async def read(item="kopi"):
        await world.project()
        stock = (await browser.read("/api/stock"))["stock"]
        return next((s for s in stock if s["item_id"] == item), None)

    return read


async def published(box, item="kopi"):
    page = await box.feed()
    rows = [r for r in page.rows if (r.kind, r.key) == ("stock", item)]
    return msgspec.json.decode(rows[-1].body, type=StockLevel) if rows else None


async def test_a_level_is_the_last_count_and_what_moved_after_it(box, till, shelf):
    await box.send(*till.entries(moved(-9), counted(20, {box.stream: 1}), moved(-3), moved(5)))
    assert (await shelf())["level"] == 22
    row = await published(box)
    assert (row.quantity, row.as_of) == (22, {box.stream: 4})


async def test_a_movement_the_count_had_seen_does_not_count_although_it_comes_later(
    world, tenant, box, till, shelf
):
    """The movement was in another stream, which reaches HQ after the count that knew of it."""
    other = "cd" * 16
    await box.send(till.entry(counted(20, {other: 2})))
    assert (await shelf())["level"] == 20
    box.stream, box.sent = other, []
    await box.send(*till.entries(moved(-9), moved(-9), moved(-1)))
    assert (await shelf())["level"] == 19
    assert (await published(box)).as_of == {"ab" * 16: 1, other: 3}


async def test_what_came_twice_counts_once_and_both_places_are_in_the_level(box, till, shelf):
    entries = till.entries(counted(10), moved(-4))
    await box.send(*entries)
    copy = msgspec.structs.replace(box.segment(entries, 1, b""), stream="cd" * 16)
    assert (await shelf())["level"] == 6
    await box.deliver(copy)
    assert (await shelf())["level"] == 6
    assert (await published(box)).as_of == {box.stream: 2, "cd" * 16: 2}


async def test_a_box_shows_its_own_unseen_movements_on_top_exactly_once(box, till, shelf):
    """Whatever of it HQ has: the sum that the box shows never jumps."""
    entries = till.entries(counted(10), moved(-1), moved(-2), moved(-4))
    own = stock_keeping.Stock(
        {x.event_id: Movement(box.stream, n, d) for n, d, x in _moves(entries)},
        {
            entries[0].event_id: Counted(
                entries[0].stamp, entries[0].event_id, box.stream, 1, 10, {}
            )
        },
    )
    assert stock_keeping.shown(None, own) == 3
    for entry in entries:
        await box.send(entry)
        await shelf()
        assert stock_keeping.shown(await published(box), own) == 3


def _moves(entries):
    for seq, entry in enumerate(entries, 1):
        if entry.type == "stock.moved":
            yield seq, e.decode(entry.body).moves[0].delta, entry


async def test_hq_sets_stock_and_sales_it_did_not_know_of_still_subtract(
    world, tenant, browser, box, till, shelf
):
    await box.send(*till.entries(counted(10), moved(-1)))
    late = till.entry(moved(-2))
    answer = await browser.post(f"/api/stock/{box.enrolled.outlet_id}/kopi", {"quantity": 50})
    assert (answer.status_code, answer.json()["level"]) == (200, 50)
    assert answer.json()["counted_by"] == "test"
    assert (await shelf())["level"] == 50  # the sale before it was received before it
    await box.send(late)
    assert (await shelf())["level"] == 48
    await world.hq.rare[1].rebuild(Place(tenant.tenant_id, box.enrolled.outlet_id))
    assert (await shelf())["level"] == 48


async def test_a_count_from_2099_does_not_hold_for_ever(world, browser, box, till, shelf):
    future = till.entry(counted(7), stamp=(4_070_908_800_000 << 16))
    await box.send(future)
    assert (await shelf())["level"] == 7
    world.clock.now_ms += 1_000
    await browser.post(f"/api/stock/{box.enrolled.outlet_id}/kopi", {"quantity": 50})
    assert (await shelf())["level"] == 50
    page = await box.feed()
    assert page.stamp >> 16 <= world.clock.now_ms  # and nobody else's clock is drawn there


async def test_selling_more_than_there_is_goes_on_and_is_listed_until_the_next_count(
    browser, box, till, shelf
):
    await box.send(*till.entries(counted(2), moved(-3)))
    assert (await shelf())["level"] == -1
    (card,) = (await browser.read("/api/conflicts", open="true"))["decisions"]
    assert (card["kind"], card["subject"], card["automatic"]) == ("oversold", "kopi", False)
    await box.send(till.entry(moved(-1)))
    await shelf()
    (same,) = (await browser.read("/api/conflicts", open="true"))["decisions"]
    assert same["decision_id"] == card["decision_id"]
    assert same["params"]["level"] == "-2"
    await box.send(till.entry(counted(5, {box.stream: 3})))
    assert (await shelf())["level"] == 5
    assert (await browser.read("/api/conflicts"))["decisions"] == []


async def test_a_level_is_told_to_its_own_outlet_only(world, tenant, box, till, shelf):
    other = await world.box(tenant, "Cabang")
    await box.send(till.entry(counted(3)))
    await shelf()
    assert await published(box) is not None
    assert await published(other) is None


async def test_poison_waits_alone(box, till, shelf, browser):
    await box.send(
        till.entry(counted(3)),
        till.entry(moved(-1, "roti"), body=b"{"),
        till.entry(counted(3, item="teh\0")),
        till.entry(counted(10**12, item="susu")),
        till.entry(moved(-1)),
    )
    assert (await shelf())["level"] == 2
    parked = {p["aggregate_id"] for p in (await browser.read("/api/parked"))["parked"]}
    assert len(parked) == 3
    assert parked > {"roti", "susu"}


@pytest.mark.parametrize("seed", range(3))
async def test_levels_are_those_of_the_rule_in_whatever_order_events_arrive(
    world, till, menu, seed
):
    chance = random.Random(seed)
    world.clock.now_ms += 60_000
    streams = ["ab" * 16, "cd" * 16]
    parts = {s: [] for s in streams}
    for _ in range(40):
        stream = chance.choice(streams)
        if chance.random() < 0.2:
            as_of = {s: chance.randrange(0, len(parts[s]) + 1) for s in streams}
            parts[stream].append(till.entry(counted(chance.randrange(50), as_of)))
        else:
            parts[stream].append(till.entry(moved(chance.randrange(-5, 6) or 1)))
    wanted = stock_keeping.level(_stock(parts))
    levels = []
    for number in range(3):
        tenant = await world.tenant(f"Tenant {number}")
        box = await world.box(tenant)
        for stream, first, entries in _arrivals(chance, parts):
            previous = (chain_over(b"", parts[stream][: first - 1]) or [b""])[-1]
            await box.deliver(Segment(stream, first, previous, tuple(entries)))
            if chance.random() < 0.6:
                await world.project()
        await world.project()
        rows = await world.rows(tenant, KEPT)
        assert rows[0]["level"] == wanted
        await world.hq.rare[1].rebuild(Place(tenant.tenant_id, box.enrolled.outlet_id))
        assert await world.rows(tenant, KEPT) == rows
        levels.append(rows)
    assert levels[0] == levels[1] == levels[2]


KEPT = "SELECT level, seen, count_id FROM stock_levels"


def _arrivals(chance, parts):
    """Pieces of streams, each stream in order as the chain wants it, some of them twice."""
    left = dict.fromkeys(parts, 0)
    while open_streams := [s for s in parts if left[s] < len(parts[s])]:
        stream = chance.choice(open_streams)
        first = chance.randrange(0, left[stream] + 1)
        end = min(len(parts[stream]), left[stream] + chance.randrange(1, 6))
        left[stream] = end
        yield stream, first + 1, parts[stream][first:end]


def _stock(parts):
    movements, counts = {}, {}
    for stream, entries in parts.items():
        for seq, entry in enumerate(entries, 1):
            event = e.decode(entry.body)
            if isinstance(event, e.StockMoved):
                movements[entry.event_id] = Movement(stream, seq, event.moves[0].delta)
            else:
                counts[entry.event_id] = Counted(
                    entry.stamp, entry.event_id, stream, seq, event.quantity, event.as_of
                )
    return stock_keeping.Stock(movements, counts)
