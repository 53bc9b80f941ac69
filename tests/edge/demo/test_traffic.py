"""Guests who order by themselves: real orders through the box's own doors, and home when told."""

import asyncio

import msgspec
import pytest

from edge.demo import traffic as module
from edge.demo.traffic import Traffic
from protocol.orders import Order, OrderStatus


@pytest.fixture(autouse=True)
def brisk(monkeypatch):
    """Guests who neither ponder nor wait long for their food."""
    monkeypatch.setattr(module, "BETWEEN_S", (0.01, 0.03))
    monkeypatch.setattr(module, "COOKING_S", (0.01, 0.02))
    monkeypatch.setattr(module.asyncio, "sleep", _at_most(0.05))


def _at_most(most):
    real = asyncio.sleep

    async def sleep(seconds, result=None):
        return await real(min(seconds, most), result)

    return sleep


@pytest.fixture
async def guests(url, clock):
    traffic = Traffic(url, clock)
    await traffic.start()
    yield traffic
    await traffic.stop()


async def count(box, wanted=lambda order: True):
    return sum(map(wanted, await orders(box)))


async def orders(box):
    rows = await box.database.read(lambda db: db.execute("SELECT body FROM orders").fetchall())
    return [msgspec.json.decode(body, type=Order) for (body,) in rows]


async def test_guests_order_are_served_and_pay(box, guests):
    assert await orders(box) == []
    guests.switch(True)
    async with asyncio.timeout(15):
        while await count(box, lambda o: o.status is OrderStatus.CLOSED) < 5:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    found = await orders(box)
    assert all(o.totals.total > 0 and o.screen == "guest" for o in found)
    assert box.taking.refused == 0, "guests only ask for what the menu offers"


async def test_when_switched_off_nobody_new_comes(box, guests, until):
    guests.switch(True)
    async with asyncio.timeout(10):
        while not await count(box):  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    guests.switch(False)
    await until(lambda: not guests._tasks, within_s=10)
    before = len(await orders(box))
    await asyncio.sleep(0.3)
    assert len(await orders(box)) == before


async def test_guests_survive_a_box_that_is_away(clock):
    traffic = Traffic("http://127.0.0.1:1", clock)
    await traffic.start()
    traffic.switch(True)
    await asyncio.sleep(0.3)
    assert not traffic._arrivals.done()
    await traffic.stop()
    assert not traffic._tasks
