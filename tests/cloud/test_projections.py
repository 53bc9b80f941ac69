"""Sales as projected: a function of the set of events, whatever happened on the way."""

import asyncio
import itertools
import random

import asyncpg
import msgspec
import pytest

from cloud.follower import Follower, Place
from cloud.projections.sales import Sales
from protocol import events as e
from protocol.reports import sales_report
from protocol.rules.folding import fold

pytestmark = pytest.mark.postgres

TABLES = ("orders", "order_lines", "payments", "hourly_sales", "parked")


def a_day(till, seed=1, orders=40):
    """Events of a made-up day, some orders voided in part, paid or cancelled; grouped by order."""
    chance = random.Random(seed)
    histories = []
    for _ in range(orders):
        amounts = [chance.randrange(1, 90) * 1000 for _ in range(chance.randrange(1, 5))]
        placed = till.placed(*amounts, hour=chance.randrange(8, 22))
        events = [placed]
        what = chance.random()
        if len(amounts) > 1 and what < 0.3:
            events.append(till.voided(placed))
        elif what < 0.45:
            events.append(till.cancelled(placed))
        if what > 0.4:
            due = fold(events).due
            if due > 0:
                events.append(till.paid(placed, chance.choice(("cash", "qris")), due))
        histories.append(till.entries(*events))
    return histories


async def projected(world, tenant):
    """All that the projection keeps, without what depends on the clock or on arrival."""
    kept = {}
    for table in TABLES:
        rows = await world.rows(tenant, f"SELECT * FROM {table}")
        for row in rows:
            for column in ("tenant_id", "outlet_id", "position", "since_ms"):
                row.pop(column, None)
        kept[table] = sorted((tuple(r.items()) for r in rows), key=repr)
    return kept


async def test_the_projection_is_the_fold_in_whatever_order_events_arrive(world, till):
    histories = a_day(till)
    entries = list(itertools.chain(*histories))
    results = []
    for seed in range(4):
        tenant = await world.tenant(f"Tenant {seed}")
        box = await world.box(tenant)
        shuffled = entries.copy()
        if seed:
            random.Random(seed).shuffle(shuffled)
        step = (len(entries), 7, 23, 1)[seed]
        for start in range(0, len(entries), step):
            await box.send(*shuffled[start : start + step])
            if seed != 2:
                await world.project()
        await world.project()
        results.append(await projected(world, tenant))
        assert results[-1]["parked"] == []
    assert all(result == results[0] for result in results)
    orders = [fold(e.decode(x.body) for x in history) for history in histories]
    report = sales_report(orders, "IDR", "2026-01-02", "2026-01-02")
    hours = results[0]["hourly_sales"]
    assert sum(dict(h)["sales"] for h in hours) == report.totals.amount_minor
    assert sum(dict(h)["orders"] for h in hours) == report.totals.orders


async def test_hqs_report_is_the_one_the_orders_define(world, tenant, box, browser, till):
    histories = a_day(till, seed=7, orders=60)
    await box.send(*itertools.chain(*histories))
    await world.project()
    orders = [fold(e.decode(x.body) for x in history) for history in histories]
    expected = sales_report(orders, "IDR", "2026-01-01", "2026-01-03")
    report = await browser.read("/api/reports/sales", **{"from": "2026-01-01", "to": "2026-01-03"})
    for name, value in msgspec.json.decode(msgspec.json.encode(expected)).items():
        assert report[name] == value, name
    assert report["complete"] is True
    assert report["paid_minor"] == sum(o.paid for o in orders if o.status != "cancelled")
    assert report["cancelled"] == sum(o.status == "cancelled" for o in orders) > 0


async def test_an_event_that_came_twice_counts_once(world, tenant, box, till):
    placed = till.placed(25_000)
    entries = till.entries(placed, till.paid(placed))
    await box.send(*entries)
    await box.deliver(msgspec.structs.replace(box.segment(entries, 1, b""), stream="cd" * 16))
    await world.project()
    hours = await world.rows(tenant, "SELECT orders, sales, paid FROM hourly_sales")
    assert hours == [{"orders": 1, "sales": 25_000, "paid": 25_000}]


def poison(till, placed):
    """Events that cannot be projected, each for a reason of its own."""
    strange_text = till.placed(order=placed.order_id, table="x")
    return {
        "not json": till.entry(till.paid(placed), body=b"{broken"),
        "of a newer kind": till.entry(
            till.paid(placed), type="order.reviewed", body=b'{"type":"order.reviewed"}'
        ),
        "placed again": till.entry(strange_text),
        "of another order": till.entry(till.paid(till.placed()), aggregate_id=placed.order_id),
        "beyond all money": till.entry(
            e.LinesAdded(
                order_id=placed.order_id,
                at_ms=1,
                lines=(till.line(placed.order_id, 9, 10**17),),
                totals=msgspec.structs.replace(placed.totals, total=10**17),
            )
        ),
        "not storable": till.entry(
            e.LinesAdded(
                order_id=placed.order_id,
                at_ms=1,
                lines=(till.line(placed.order_id, 9, 1, plu="\0"),),
                totals=placed.totals,
            )
        ),
    }


@pytest.mark.parametrize(
    "kind",
    [
        "not json",
        "of a newer kind",
        "placed again",
        "of another order",
        "beyond all money",
        "not storable",
    ],
)
async def test_a_poison_event_delays_only_its_own_order(world, tenant, box, till, kind):
    before, hurt, after = till.placed(1000), till.placed(2000), till.placed(3000)
    bad = poison(till, hurt)[kind]
    good = till.entries(before, after, till.paid(before), till.paid(after))
    await box.send(till.entry(hurt))
    await world.project()
    await box.send(good[0], bad, *good[1:])
    await world.project()
    parked = await world.rows(tenant, "SELECT aggregate_id, event_id, reason FROM parked")
    assert [(r["aggregate_id"], r["reason"] != "") for r in parked] == [(hurt.order_id, True)]
    paid = await world.rows(tenant, "SELECT order_id, paid FROM orders WHERE paid > 0")
    assert {r["order_id"]: r["paid"] for r in paid} == {
        before.order_id: 1000,
        after.order_id: 3000,
    }
    cursor = await world.rows(
        tenant, "SELECT c.position, o.head FROM cursors c, outlets o WHERE projection = 'sales'"
    )
    assert cursor == [{"position": 6, "head": 6}]


async def test_where_a_history_sticks_does_not_depend_on_arrival(world, till):
    placed = till.placed(5000)
    good = till.entries(placed, till.paid(placed))
    bad = till.entry(till.cancelled(placed), body=b"{", stamp=good[0].stamp + 0)
    results = []
    for number, order in enumerate(itertools.permutations((*good, bad))):
        tenant = await world.tenant(f"Tenant {number}")
        box = await world.box(tenant)
        for entry in order:
            await box.send(entry)
            await world.project()
        results.append(await projected(world, tenant))
    assert all(result == results[0] for result in results)


async def test_what_was_parked_flows_once_it_can(world, tenant, box, till):
    placed = till.placed(5000)
    first, second = till.entries(placed, till.paid(placed))
    await box.send(second)
    await world.project()
    assert len(await world.rows(tenant, "SELECT 1 FROM parked")) == 1
    await box.send(first)
    await world.project()
    assert await world.rows(tenant, "SELECT 1 FROM parked") == []
    assert await world.rows(tenant, "SELECT paid FROM orders") == [{"paid": 5000}]


async def test_a_start_tries_again_what_an_older_version_could_not(world, tenant, box, till):
    placed = till.placed(5000)
    await box.send(till.entry(placed))
    await world.project()
    async with world.hq.database.transaction(tenant.tenant_id) as tx:
        # As an older version would have left it.
        await tx.execute("DELETE FROM orders")
        await tx.execute(
            "INSERT INTO parked SELECT tenant_id, outlet_id, 'sales', $1, '\\x00', 'x', 1, 'x', 1"
            " FROM outlets",
            placed.order_id,
        )
    await world.hq.sales.start()
    for _ in range(100):
        if await world.rows(tenant, "SELECT 1 FROM orders"):
            break
        await asyncio.sleep(0.02)
    await world.hq.sales.stop()
    assert await world.rows(tenant, "SELECT 1 FROM parked") == []


async def test_rebuilding_makes_the_same_again(world, tenant, box, till):
    await box.send(*itertools.chain(*a_day(till)))
    await world.project()
    before = await projected(world, tenant)
    await world.hq.sales.rebuild(Place(tenant.tenant_id, box.enrolled.outlet_id))
    assert await projected(world, tenant) == before


class Cut(Exception):
    """The process was killed here."""


class CutShort(Sales):
    """Sales of a process that dies at a given statement of a tick."""

    async def project(self, tx, at, rows):
        return await super().project(Fuse(tx, self.left), at, rows)


class Fuse:
    def __init__(self, tx, left):
        self._tx = tx
        self._left = left

    def __getattr__(self, name):
        call = getattr(self._tx, name)

        async def counted(*arguments):
            self._left -= 1
            if self._left < 0:
                raise Cut
            return await call(*arguments)

        return counted


async def test_a_kill_at_any_statement_of_a_tick_changes_nothing(world, tenant, box, till):
    await box.send(*itertools.chain(*a_day(till, orders=10)))
    at = Place(tenant.tenant_id, box.enrolled.outlet_id)
    cuts = 0
    for left in itertools.count():
        dying = CutShort(world.clock)
        dying.left = left
        try:
            await Follower(world.hq.database, world.hq.metrics, dying).advance(at)
            break
        except Cut:
            cuts += 1
        assert await world.rows(tenant, "SELECT 1 FROM orders") == []
        assert await world.rows(tenant, "SELECT DISTINCT position FROM cursors") == [
            {"position": 0}
        ]
    assert cuts > 5
    assert len(await world.rows(tenant, "SELECT 1 FROM orders")) == 10


async def test_two_processes_never_project_one_outlet_at_once(world, tenant, box, till):
    await box.send(*itertools.chain(*a_day(till)))
    at = Place(tenant.tenant_id, box.enrolled.outlet_id)
    other = Follower(world.hq.database, world.hq.metrics, Sales(world.clock))
    counts = await asyncio.gather(world.hq.sales.advance(at), other.advance(at))
    assert min(counts) == 0
    assert sum(counts) == len(box.sent)


async def test_a_rush_at_one_outlet_puts_off_no_other(world, tenant, till, open_hq, monkeypatch):
    monkeypatch.setattr("cloud.follower.POLL_S", 0.2)
    busy, quiet = await world.box(tenant, "Ramai"), await world.box(tenant, "Sepi")
    async with open_hq(follow=True) as following:
        await busy.send(till.entry(till.placed(1000)))
        await asyncio.sleep(0.3)  # it has looked round; what follows it is told of, or must find
        await quiet.send(till.entry(till.placed(2000)))  # taken by a process that projects nothing
        async with asyncio.timeout(5):
            while len(await world.rows(tenant, "SELECT 1 FROM orders")) < 2:
                following.hq.wake(tenant.tenant_id, busy.enrolled.outlet_id)
                await asyncio.sleep(0.02)


async def test_pages_of_orders_leave_none_out_when_many_have_one_time(
    world, tenant, box, browser, till
):
    noon = till.placed(1000).at_ms
    placed = [msgspec.structs.replace(till.placed(1000), at_ms=noon) for _ in range(7)]
    await box.send(*till.entries(*placed))
    await world.project()
    found, page = [], await browser.read("/api/orders", limit=3)
    while page["more"]:
        found += page["orders"]
        page = await browser.read("/api/orders", limit=3, before=page["next"])
    found += page["orders"]
    assert sorted(o["order_id"] for o in found) == sorted(p.order_id for p in placed)
    answer = await browser.get("/api/orders", before="yesterday")
    assert answer.json()["code"] == "bad_request"


async def test_an_outlet_that_statistics_have_not_met_is_met_before_its_backlog_is_read(
    world, tenant, till, fresh_database
):
    """Else any index looks good enough, and each order's look-up reads the outlet's whole ledger."""
    owner = await asyncpg.connect(fresh_database)
    known = """SELECT most_common_vals::text FROM pg_stats
               WHERE tablename = 'ledger' AND attname = 'outlet_id'"""
    try:
        for name in ("Dago", "Braga"):
            box = await world.box(tenant, name)
            await box.send(*till.entries(*(till.placed() for _ in range(250))))
            await world.project()
            assert box.enrolled.outlet_id in await owner.fetchval(known)
    finally:
        await owner.close()


async def test_a_stranger_under_an_orders_id_hides_nothing_of_the_order(
    world, tenant, box, browser, till
):
    """A tick that began with a stock movement of an order left its payments out (seed 100)."""
    placed = till.placed(25_000)
    await box.send(*till.entries(placed))
    await world.project()
    stranger = till.entry(e.ItemRestored(item_id=placed.order_id, at_ms=1))
    await box.send(stranger, *till.entries(till.paid(placed)))
    await world.project()
    assert await world.rows(tenant, "SELECT paid FROM orders") == [{"paid": 25_000}]
