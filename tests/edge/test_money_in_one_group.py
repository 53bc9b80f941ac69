"""Commands that share one flush: each sees what those before it did, though nothing is on disk yet."""

import asyncio

import pytest

from edge.days import read_days
from protocol import commands as c
from protocol import till_commands as t
from protocol.floor_commands import RefundPayment, TransferLines
from protocol.orders import OrderStatus
from protocol.tills import CashKind

TODAY = "2026-11-22"


@pytest.fixture
def together(heart, guest):
    """Asks everything at once: the box decides it as one group, in this order."""

    async def ask(*commands):
        asked = [heart.taking.take(guest.asks(command)) for command in commands]
        return await asyncio.gather(*asked)

    return ask


@pytest.fixture
def order(heart, guest):
    async def make(served=True):
        placed = (await heart.taking.take(guest.asks(guest.place()))).order
        if served:
            done = c.ChangeOrderStatus(order_id=placed.order_id, status="served")
            await heart.taking.take(guest.asks(done))
        return placed

    return make


async def test_a_whole_day_in_one_group(heart, guest, order, together):
    """A till is opened, taken into, moved, counted, and the day closed, before anything is written."""
    first, second = [await order() for _ in range(2)]
    shift_id, move_id = guest.new_id(), guest.new_id()
    answers = await together(
        t.OpenShift(shift_id=shift_id, till_id="depan", opening=100_000),
        guest.pay(first.order_id, 50_000, till_id="depan", tip=5_000),
        t.MoveCash(shift_id=shift_id, move_id=move_id, kind=CashKind.DROP, amount=20_000),
        RefundPayment(
            order_id=first.order_id,
            refund_id=guest.new_id(),
            amount=1_000,
            reason="salah",
            till_id="depan",
        ),
        guest.pay(first.order_id, 1_000, till_id="depan", tender="card"),
        t.CloseShift(shift_id=shift_id, counted=109_000),
        t.CloseDay(close_id=guest.new_id(), business_date=TODAY, knowing=(second.order_id,)),
        guest.pay(second.order_id, 25_000),
        t.CloseDay(close_id=guest.new_id(), business_date=TODAY),
    )
    assert [getattr(a, "code", "yes") for a in answers] == [*["yes"] * 8, "day_closed"]
    (day,) = await heart.database.read(read_days)
    figures = day.closed.figures
    card, cash = sorted(figures.tenders, key=lambda x: x.tender)
    assert (figures.orders, figures.total, card.amount) == (1, 25_000, 1_000)
    assert (cash.amount, cash.tips, cash.refunds) == (25_000, 5_000, 1_000)
    (shift,) = figures.shifts
    assert (shift.expected, shift.over_short) == (109_000, 0)
    assert await heart.rows("SELECT status, z FROM orders ORDER BY z DESC") == [
        ("closed", 1),
        ("closed", None),
    ]
    assert await heart.rows("SELECT amount FROM payments WHERE z IS NULL") == [(25_000,)]


async def test_two_parties_that_move_to_each_other_become_one(heart, order, together):
    one, two = [await order(served=False) for _ in range(2)]
    there, back = await together(
        TransferLines(order_id=one.order_id, to_order_id=two.order_id),
        TransferLines(order_id=two.order_id, to_order_id=one.order_id),
    )
    assert (there.events, back.code) == (("lines.left", "lines.came"), "order_merged")
    rows = await heart.rows(
        "SELECT json_extract(CAST(body AS TEXT), '$.totals.total'), status FROM orders"
        " ORDER BY 1 DESC"
    )
    assert [total for total, _ in rows] == [50_000, 0]
    assert rows[1][1] == OrderStatus.CANCELLED.value


async def test_a_payment_id_pays_once_in_a_group(heart, guest, order, together):
    first, second = [await order(served=False) for _ in range(2)]
    paid = guest.pay(first.order_id, 10_000)
    twice = c.TenderPayment(order_id=second.order_id, payment_id=paid.payment_id, tendered=10_000)
    answers = await together(paid, twice, guest.pay(first.order_id, 15_000))
    assert [getattr(a, "code", "yes") for a in answers] == ["yes", "duplicate_id", "yes"]
    assert await heart.rows("SELECT sum(amount) FROM payments") == [(25_000,)]
