"""What a dashboard is told: a snapshot, changes gathered, and a new day when it comes."""

import asyncio

import pytest

from cloud import feed
from cloud.feed import TooMany

pytestmark = pytest.mark.postgres

DAY_MS = 24 * 3_600_000


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr(feed, "HEARTBEAT_S", 0.1)
    monkeypatch.setattr(feed, "PACE_S", 0.02)


async def listening(world, tenant):
    """A dashboard that has its snapshot."""
    messages = world.hq.live.follow(tenant.tenant_id)
    name, snapshot = await anext(messages)
    assert name == "snapshot"
    return messages, snapshot


async def next_of(messages, wanted):
    async with asyncio.timeout(3):
        async for name, value in messages:
            if name == wanted:
                return value
    raise AssertionError(f"no {wanted} came")


async def test_only_the_outlets_that_changed_are_told_and_totals_are_of_all(
    world, tenant, box, till, quick
):
    other = await world.box(tenant, "Cabang")
    await other.send(till.entry(till.placed(500)))
    await world.project()
    messages, snapshot = await listening(world, tenant)
    assert [o.outlet_name for o in snapshot.outlets] == ["Cabang", "Pusat"]
    await box.send(till.entry(till.placed(1000)), till.entry(till.placed(1000)))
    await world.project()
    world.hq.live.projected([(tenant.tenant_id, box.enrolled.outlet_id)] * 9)
    change = await next_of(messages, "change")
    assert [(o.outlet_name, o.figure.amount_minor) for o in change.outlets] == [("Pusat", 2000)]
    assert change.totals.amount_minor == 2500
    await messages.aclose()


async def test_what_happens_between_listening_and_the_snapshot_is_not_lost(
    world, tenant, box, till, quick
):
    messages = world.hq.live.follow(tenant.tenant_id)
    read = world.hq.reports.today

    async def slow(*arguments):
        figures = await read(*arguments)
        await box.send(till.entry(till.placed(1000)))
        await world.project()
        world.hq.live.projected([(tenant.tenant_id, box.enrolled.outlet_id)])
        world.hq.reports.today = read
        return figures

    world.hq.reports.today = slow
    _, snapshot = await anext(messages)
    assert snapshot.totals.orders == 0
    assert (await next_of(messages, "change")).totals.orders == 1
    await messages.aclose()


async def test_a_new_business_date_begins_with_a_new_snapshot(world, tenant, box, till, quick):
    await box.send(till.entry(till.placed(1000)))
    await world.project()
    messages, snapshot = await listening(world, tenant)
    assert snapshot.totals.orders == 1
    await next_of(messages, "heartbeat")
    world.clock.now_ms += DAY_MS
    again = await next_of(messages, "snapshot")
    assert (again.outlets[0].business_date, again.totals.orders) == ("2026-01-03", 0)
    assert again.outlets[0].completeness.state == "silent"
    await messages.aclose()


async def test_another_tenants_sales_are_not_told(world, tenant, box, till, quick):
    stranger = await world.tenant("Lain")
    messages, _ = await listening(world, stranger)
    world.hq.live.projected([(tenant.tenant_id, box.enrolled.outlet_id)])
    name, _ = await anext(messages)
    assert name == "heartbeat"
    await messages.aclose()


async def test_listeners_are_bounded_and_leave_no_trace(world, tenant, monkeypatch):
    monkeypatch.setattr(feed, "LISTENERS_MAX", 1)
    messages, _ = await listening(world, tenant)
    with pytest.raises(TooMany):
        await listening(world, tenant)
    await messages.aclose()
    messages, _ = await listening(world, tenant)
    world.hq.live.stop()
    assert [m async for m in messages] == []
    assert world.hq.live._listeners == set()
