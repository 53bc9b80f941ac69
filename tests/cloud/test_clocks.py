"""Boxes that do not know the time: HQ works it out afterwards, and says where it cannot."""

import itertools
import random

import msgspec
import pytest

from cloud.follower import Place
from protocol import box_events
from protocol import events as e
from protocol.clock import Confidence, Stamp, stamp_at, wall_ms_of
from protocol.menu import Variant

pytestmark = pytest.mark.postgres

MINUTE = 60_000
DAY_MS = 24 * 60 * MINUTE


class Machine:
    """A box without a clock chip: it counts from its own start and guesses the rest."""

    _count = itertools.count(1)

    def __init__(self, till, name, began_ms):
        self.till = till
        self.boot = f"{name}-process"
        self.began_ms = began_ms

    def entry(self, event, true_ms, **changes):
        values = {
            "boot": self.boot,
            "mono_ms": true_ms - self.began_ms,
            "confidence": Confidence.UNCERTAIN,
            "stamp": stamp_at(1_000) + next(self._count),
        }
        return self.till.entry(event, **values | changes)

    def opened(self, true_ms):
        opened = box_events.StreamOpened(
            node_id="node",
            boot=self.boot,
            product="t",
            protocol=1,
            sqlite="3",
            wall_ms=0,
            mono_ms=true_ms - self.began_ms,
            confidence=Confidence.UNCERTAIN,
        )
        return self.entry(opened, true_ms)

    def anchored(self, true_ms, rtt_ms=80):
        anchored = box_events.ClockAnchored(
            node_id="node",
            boot=self.boot,
            mono_ms=true_ms - self.began_ms,
            server_ms=true_ms,
            rtt_ms=rtt_ms,
        )
        return self.entry(anchored, true_ms)

    def sold(self, true_ms, *, believed_ms=None, **changes):
        changes = {"confidence": Confidence.UNCERTAIN} | changes
        at_ms = true_ms if believed_ms is None else believed_ms
        return self.entry(self.till.placed(25_000, at_ms=at_ms, **changes), true_ms)


@pytest.fixture
def noon_ms(world):
    world.clock.now_ms += 3 * DAY_MS
    return world.clock.now_ms - 3 * DAY_MS


@pytest.fixture
def times(world, tenant):
    async def read(tenant=tenant):
        await world.project()
        return await world.rows(
            tenant,
            "SELECT order_id, from_ms, to_ms, anchored, certain FROM order_times ORDER BY order_id",
        )

    return read


@pytest.fixture
def uncertain(browser):
    async def read(day="2026-01-02"):
        report = await browser.read("/api/reports/sales", **{"from": day, "to": day})
        return report["totals"]["orders"], report["uncertain_dates"]

    return read


async def test_an_anchor_dates_what_was_sold_before_it(box, till, noon_ms, times, uncertain):
    machine = Machine(till, "first", noon_ms)
    await box.send(machine.opened(noon_ms), machine.sold(noon_ms + 10 * MINUTE))
    (unknown,) = await times()
    assert (unknown["anchored"], unknown["certain"]) == (False, False)
    assert await uncertain() == (1, 1)
    await box.send(machine.anchored(noon_ms + 60 * MINUTE))
    (known,) = await times()
    assert known["from_ms"] <= noon_ms + 10 * MINUTE <= known["to_ms"]
    assert known["to_ms"] - known["from_ms"] < 2_000
    assert known["certain"] is True
    assert await uncertain() == (1, 0)


async def test_a_sale_dated_to_another_day_is_marked_and_not_moved(
    box, till, noon_ms, times, uncertain
):
    """The box woke up yesterday by its own idea; it was today."""
    machine = Machine(till, "first", noon_ms)
    wrong = machine.sold(noon_ms + MINUTE, believed_ms=noon_ms - DAY_MS, business_date="2026-01-01")
    await box.send(machine.opened(noon_ms), wrong, machine.anchored(noon_ms + 2 * MINUTE))
    (row,) = await times()
    assert (row["anchored"], row["certain"]) == (True, False)
    assert await uncertain("2026-01-01") == (1, 1)
    assert await uncertain("2026-01-02") == (0, 0)


async def test_a_start_that_never_reached_hq_lies_between_its_neighbours(box, till, noon_ms, times):
    machines = [Machine(till, f"m{n}", noon_ms + n * 60 * MINUTE) for n in range(3)]
    starts = [m.began_ms for m in machines]
    await box.send(
        *(machines[0].opened(starts[0]), machines[0].anchored(starts[0] + MINUTE)),
        *(machines[1].opened(starts[1]), machines[1].sold(starts[1] + MINUTE)),
        *(machines[2].opened(starts[2]), machines[2].anchored(starts[2] + MINUTE)),
    )
    (row,) = await times()
    assert row["anchored"] is False
    assert row["from_ms"] <= starts[1] + MINUTE <= row["to_ms"]
    assert row["to_ms"] - row["from_ms"] < 125 * MINUTE
    assert row["certain"] is True  # whichever minute it was, it was that day


async def test_who_knows_the_time_is_not_looked_at(world, tenant, box, till, noon_ms, times):
    machine = Machine(till, "first", noon_ms)
    await box.send(machine.entry(till.placed(1_000), noon_ms, confidence=Confidence.SYNCED))
    await box.send(machine.entry(till.placed(1_000), noon_ms, confidence=Confidence.RECORDED))
    assert await times() == []
    assert await world.hq.database.lookup("clocks_behind") == []


async def test_a_price_is_judged_again_once_the_time_is_known(
    world, box, browser, till, menu, times
):
    async def publish(price):
        variant = Variant(id="kopi-l", names={"id": "Besar"}, price=price, plu="1001", size="L")
        items = tuple(_with(i, variant) for i in menu().items)
        await browser.post("/api/menus/publish", menu(items=items))
        return world.clock.now_ms

    began_ms = await publish(25_000)
    world.clock.now_ms += 60 * MINUTE
    raised_ms = await publish(27_000)
    world.clock.now_ms += 60 * MINUTE
    machine = Machine(till, "first", began_ms)
    sold = machine.sold(raised_ms + MINUTE)
    paid = till.entry(till.paid(e.decode(sold.body)))
    await box.send(machine.opened(raised_ms), sold, paid)
    await times()
    assert (await browser.read("/api/conflicts/decisions"))["decisions"] == []
    await box.send(machine.anchored(raised_ms + 2 * MINUTE))
    await times()
    (variance,) = (await browser.read("/api/conflicts/decisions"))["decisions"]
    assert (variance["kind"], variance["money"]) == ("price_variance", -2_000)


def _with(item, variant):
    return msgspec.structs.replace(item, variants=(variant,))


async def test_poison_waits_alone(box, browser, till, noon_ms, times):
    machine = Machine(till, "first", noon_ms)
    nowhen = machine.sold(noon_ms, business_date="soon")
    await box.send(
        machine.opened(noon_ms),
        machine.entry(till.placed(1_000), noon_ms, body=b"{"),
        nowhen,
        machine.sold(noon_ms + MINUTE),
        machine.anchored(noon_ms + 2 * MINUTE),
    )
    assert [row["certain"] for row in await times()] == [True]


async def test_times_follow_from_the_set_of_entries(world, till, noon_ms, times):
    entries = []
    for number in range(5):
        began_ms = noon_ms + number * 40 * MINUTE
        machine = Machine(till, f"m{number}", began_ms)
        entries.append(machine.opened(began_ms + 5_000))
        entries += [machine.sold(began_ms + n * MINUTE) for n in range(1, 4)]
        if number % 2:
            entries.append(machine.anchored(began_ms + 5 * MINUTE))
    results = []
    for number in range(3):
        chance = random.Random(number)
        tenant = await world.tenant(f"Tenant {number}")
        box = await world.box(tenant)
        shuffled = [*entries, *chance.sample(entries, 4)]
        chance.shuffle(shuffled)
        for entry in shuffled:
            await box.send(entry)
            if chance.random() < 0.3:
                await world.project()
        results.append(await times(tenant))
        await world.hq.rare[2].rebuild(Place(tenant.tenant_id, box.enrolled.outlet_id))
        assert await times(tenant) == results[-1]
    assert len(results[0]) == 15
    assert results[0] == results[1] == results[2]


async def test_a_fast_clock_in_one_outlet_does_not_date_another(world, tenant, box):
    """Its own stamps stay ahead; the neighbour hears HQ's own time."""
    ahead = Stamp(stamp_at(world.clock.wall_ms() + 300_000))
    assert (await box.hello(stamp=ahead)).stamp > ahead
    neighbour = await world.box(tenant, "Sebelah")
    told = (await neighbour.hello()).stamp
    assert wall_ms_of(told) == world.clock.wall_ms()
    assert (await box.hello()).stamp > ahead, "and never goes back"
