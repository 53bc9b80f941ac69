"""The outlet's own figures: summed from its orders, by its own business dates."""

import random

import pytest

from edge import reports
from protocol import commands as c
from protocol.menu import MenuIndex
from protocol.orders import OrderStatus, Source

DAY_MS = 24 * 3600 * 1000
JULY_2015_MS = 1_436_700_000_000


@pytest.fixture
def report(heart, menu):
    async def make(first, last):
        index = MenuIndex(menu)
        return await heart.database.read(lambda db: reports.sales(db, index, first, last, "IDR"))

    return make


@pytest.fixture
def take(heart, guest):
    async def ask(command, **more):
        taken = await heart.taking.take(guest.asks(command, **more))
        assert taken.order is not None, taken
        return taken.order

    return ask


async def test_what_was_sold_and_what_was_not(take, guest, report):
    order = await take(guest.place(guest.line("nasi-kecil", 2), "kopi", "paket"))
    paket = order.lines[2].line_id
    await take(c.VoidLine(order_id=order.order_id, line_id=paket, reason="salah"))
    await take(guest.pay(order.order_id, 20_000, tender="qris"))
    await take(guest.pay(order.order_id, 50_000))
    gone = await take(guest.place())
    cancelled = c.ChangeOrderStatus(order_id=gone.order_id, status=OrderStatus.CANCELLED)
    await take(cancelled)

    found = await report("2026-11-22", "2026-11-22")
    totals = found.totals
    assert (totals.orders, totals.lines, totals.units) == (1, 2, 3)
    assert (totals.amount_minor, totals.amount) == (68_000, "68000")
    assert {(f.key, f.name, f.amount_minor) for f in found.by_category} == {
        ("makanan", "Food", 50_000), ("minuman", "Drinks", 18_000),
    }  # fmt: skip
    assert {(f.key, f.amount_minor) for f in found.by_tender} == {
        ("qris", 20_000),
        ("cash", 48_000),
    }
    assert [(f.key, f.orders) for f in found.by_hour] == [("19", 1)]


async def test_days_include_both_ends_and_nothing_else(take, guest, report):
    for day in range(4):
        sale = guest.place(guest.line(amount=10**day), source=Source.IMPORT)
        await take(sale, happened_ms=JULY_2015_MS + day * DAY_MS)
    found = await report("2015-07-13", "2015-07-14")
    assert [(f.key, f.amount_minor) for f in found.by_day] == [
        ("2015-07-13", 10), ("2015-07-14", 100),
    ]  # fmt: skip
    assert (await report("2015-07-14", "2015-07-13")).totals.orders == 0


@pytest.mark.parametrize("seed", range(3))
async def test_every_breakdown_adds_up_to_the_same_total(take, guest, report, seed):
    chance = random.Random(seed)
    for number in range(40):
        variants = chance.choices(("nasi-kecil", "nasi-besar", "kopi", "paket"), k=3)
        lines = [guest.line(v, chance.randint(1, 4)) for v in variants]
        sale = guest.place(*lines, source=Source.IMPORT)
        await take(sale, happened_ms=JULY_2015_MS + number * DAY_MS // 7)
    found = await report("2015-07-01", "2015-07-31")
    assert found.totals.orders == 40
    for breakdown in (found.by_day, found.by_hour, found.by_category, found.by_size, found.by_item):
        assert sum(f.amount_minor for f in breakdown) == found.totals.amount_minor
        assert sum(f.units for f in breakdown) == found.totals.units
        assert sum(f.lines for f in breakdown) == found.totals.lines == 120
