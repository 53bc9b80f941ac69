"""A box that lost its disk closes the day right again: what was counted stays counted, numbers go on."""

from functools import partial

import pytest
from msgspec.structs import replace

from edge.days import Day, keep_certificate, keep_day, read_days
from edge.node import Node
from edge.verifying import verify
from protocol import commands as c
from protocol import till_commands as t
from protocol.floor_commands import RefundPayment
from protocol.floor_events import DayCertified
from protocol.tills import CashKind
from protocol.z_marks import ALL_DATES, Close, Marks, line_of, tips
from tests.edge.returning import Hq, copy_of, recover_with

NEXT_DAY_MS = 24 * 3600 * 1000
DATES = ("2026-11-22", "2026-11-23", "2026-11-24")
MONEY = (
    "SELECT * FROM payments ORDER BY 1",
    "SELECT * FROM refunds ORDER BY 1",
    "SELECT shift_id, till_id, closed_ms, body, z FROM shifts ORDER BY 1",
    "SELECT * FROM cash_moves ORDER BY 1",
    "SELECT * FROM days ORDER BY number_z",
    "SELECT order_id, status, z FROM orders ORDER BY 1",
)


@pytest.fixture
def hq():
    return Hq()


@pytest.fixture
def recover(hq):
    return partial(recover_with, hq)


@pytest.fixture
def work(guest, clock):
    """A day's work at a till: opened, sold, moved, counted, closed."""

    class Work:
        async def ask(self, heart, command, **more):
            return await heart.taking.take(guest.asks(command, **more))

        async def sell(self, heart, number=2):
            for _ in range(number):
                order = (await self.ask(heart, guest.place())).order
                served = c.ChangeOrderStatus(order_id=order.order_id, status="served")
                await self.ask(heart, served)
                paid = guest.pay(order.order_id, order.totals.total, till_id="depan")
                assert (await self.ask(heart, paid)).order.due == 0
                clock.now_ms += 1_000

        async def day(self, heart, date, *, close=True):
            shift_id = guest.new_id()
            await self.ask(heart, t.OpenShift(shift_id=shift_id, till_id="depan", opening=10_000))
            await self.sell(heart)
            move = t.MoveCash(
                shift_id=shift_id, move_id=guest.new_id(), kind=CashKind.DROP, amount=20_000
            )
            await self.ask(heart, move)
            await self.ask(heart, t.OpenDrawer(shift_id=shift_id, open_id=guest.new_id()))
            await self.ask(heart, t.CloseShift(shift_id=shift_id, counted=40_000))
            if close:
                assert (await self.close(heart, date)).events
                clock.now_ms += NEXT_DAY_MS

        async def close(self, heart, date):
            command = t.CloseDay(close_id=guest.new_id(), business_date=date)
            return await self.ask(heart, command)

    return Work()


async def money_of(heart):
    return [await heart.rows(sql) for sql in MONEY]


async def numbers_of(heart):
    days = await heart.database.read(read_days)
    return [(d.closed.number_z, d.closed.business_date, d.closed.figures.orders) for d in days]


@pytest.mark.parametrize("page", [1, 9, 1_000])
async def test_a_replaced_box_counts_nothing_twice_and_its_numbers_go_on(
    make_heart, menu, hq, recover, work, page
):
    lost = await make_heart("lost", menu=menu)
    for date in DATES[:2]:
        await work.day(lost, date)
    await work.day(lost, DATES[2], close=False)
    await hq.hold(lost)
    hq.page = page
    blank = await make_heart("blank", menu=menu)
    await recover(blank)
    assert await money_of(blank) == await money_of(lost)
    assert (await work.close(blank, DATES[2])).events == ("day.closed",)
    assert await numbers_of(blank) == [(3, DATES[2], 2), (2, DATES[1], 2), (1, DATES[0], 2)]
    days = await blank.database.read(read_days)
    assert days[0].closed.previous == days[1].closed.digest


async def test_a_copy_from_before_the_close_hears_of_it_and_does_not_close_again(
    make_heart, menu, hq, recover, work, tmp_path
):
    box = await make_heart("box", menu=menu)
    await work.day(box, DATES[0])
    await work.sell(box)
    await hq.hold(box)
    copy_of(box, tmp_path, "copy")
    await work.close(box, DATES[1])
    await work.sell(box, 1)
    await hq.hold(box)
    restored = await make_heart("copy")
    assert len(await restored.rows("SELECT 1 FROM payments WHERE z IS NULL")) == 2
    await recover(restored)
    assert await money_of(restored) == await money_of(box)
    assert (await work.close(restored, DATES[1])).code == "day_closed"


async def test_an_order_that_was_paid_otherwise_after_its_z_stays_in_that_z(
    make_heart, menu, guest, clock, hq, recover, work
):
    """Given back and paid anew it is closed a second time: its first Z has counted it."""
    lost = await make_heart("lost", menu=menu)
    await work.day(lost, DATES[0])
    ((order_id, paid),) = await lost.rows("SELECT order_id, amount FROM payments LIMIT 1")
    back = RefundPayment(order_id=order_id, refund_id=guest.new_id(), tender="cash", amount=paid)
    assert (await work.ask(lost, back)).order.due == paid
    assert (await work.ask(lost, guest.pay(order_id, paid, tender="card"))).order.due == 0
    await hq.hold(lost)
    blank = await make_heart("blank", menu=menu)
    await recover(blank)
    assert await money_of(blank) == await money_of(lost)
    assert (await work.close(blank, DATES[1])).events == ("day.closed",)
    assert await numbers_of(blank) == [(2, DATES[1], 0), (1, DATES[0], 2)]


async def test_what_screens_offered_before_the_close_came_back_is_counted_once(
    make_heart, menu, guest, hq, recover, work
):
    lost = await make_heart("lost", menu=menu)
    order = (await work.ask(lost, guest.place())).order
    serve = guest.asks(c.ChangeOrderStatus(order_id=order.order_id, status="served"))
    pay = guest.asks(guest.pay(order.order_id, order.totals.total))
    placed = guest.asks(guest.place(order_id=guest.new_id()))
    for envelope in (serve, pay, placed):
        await lost.taking.take(envelope)
    other = placed.command.order_id
    closing = t.CloseDay(close_id=guest.new_id(), business_date=DATES[0], knowing=(other,))
    assert (await work.ask(lost, closing)).events
    await hq.hold(lost)
    blank = await make_heart("blank", menu=menu)
    again = await blank.taking.take(placed)
    assert again.order.order_id == other
    await recover(blank)
    assert await blank.rows("SELECT z FROM payments") == [(1,)]
    assert await blank.rows("SELECT count(*) FROM days") == [(1,)]


async def test_two_boxes_that_could_not_hear_each_other_keep_both_their_closes(
    make_heart, menu, hq, recover, work
):
    ours, theirs = await make_heart("ours", menu=menu), await make_heart("theirs", menu=menu)
    await work.sell(ours)
    await work.close(ours, DATES[0])
    await work.sell(theirs, 3)
    await work.close(theirs, DATES[0])
    await hq.hold(theirs)
    await recover(ours)
    assert sorted(await numbers_of(ours)) == [(1, DATES[0], 2), (1, DATES[0], 3)]
    assert await ours.rows("SELECT count(*) FROM payments WHERE z = 1") == [(5,)]


async def test_two_boxes_that_were_apart_go_on_as_one_line(
    make_heart, menu, hq, recover, work, tmp_path, clock
):
    """Each closes yesterday alone; one has an order of today by then. When they have met, the next
    Z names both, numbers go on, and what was of today is in it: in no other, and not in none."""
    ours = await make_heart("ours", menu=menu)
    await work.sell(ours)
    await hq.hold(ours)
    copy_of(ours, tmp_path, "theirs")
    theirs = await make_heart("theirs")
    await work.close(ours, DATES[0])
    clock.now_ms += NEXT_DAY_MS
    await work.sell(theirs, 3)
    await work.close(theirs, DATES[0])
    await hq.hold(ours)
    await hq.hold(theirs)
    await recover(ours)
    await recover(theirs)
    assert await theirs.rows("SELECT count(*) FROM orders WHERE z IS NULL") == [(3,)]
    assert await ours.rows("SELECT count(*) FROM orders WHERE z IS NULL") == [(3,)]
    assert (await work.close(ours, DATES[1])).events == ("day.closed",)
    days = [d.closed for d in await ours.database.read(read_days)]
    assert [(d.number_z, d.figures.orders) for d in days] == [(2, 3), (1, 2), (1, 2)]
    assert {days[0].previous, *days[0].joins} == {days[1].digest, days[2].digest}
    assert await ours.rows("SELECT count(*) FROM orders WHERE z = 2") == [(3,)]
    # Told of it the other box marks the same, and goes on from there.
    await hq.hold(ours)
    await recover(theirs)
    assert await theirs.rows("SELECT count(*) FROM orders WHERE z = 2") == [(3,)]
    clock.now_ms += NEXT_DAY_MS
    await work.sell(theirs, 1)
    assert (await work.close(theirs, DATES[2])).events == ("day.closed",)
    last = (await theirs.database.read(read_days))[0].closed
    assert (last.number_z, last.previous, last.joins) == (3, days[0].digest, ())
    assert [
        v.wrong for v in verify(Node(tmp_path), [Day(closed=d) for d in [*days[::-1], last]])
    ] == ([()] * 4)


async def test_a_certificate_is_of_the_z_that_it_names(make_heart, menu, work):
    heart = await make_heart("one", menu=menu)
    await work.sell(heart)
    await work.close(heart, DATES[0])
    (day,) = await heart.database.read(read_days)
    twin = replace(day.closed, close_id="of another box", digest="ff" * 16)
    said = DayCertified(
        number_z=1, business_date=DATES[0], at_ms=1, signature="", node_id="n", agrees=True,
        statement=f'{{"z_digest":"{twin.digest}"}}',
    )  # fmt: skip

    def keep(db):
        keep_day(db, twin)
        keep_certificate(db, said)

    await heart.database.write(keep)
    certified = {d.closed.digest: d.certified for d in await heart.database.read(read_days)}
    assert certified == {day.closed.digest: None, twin.digest: said}


def closes(*made):
    return [Close(number, until, as_of, *rest) for number, until, as_of, *rest in made]


def test_a_z_counts_only_what_it_had_heard_of():
    """Of two that were apart neither counts what only the other knew; the one that follows both does."""
    made = closes(
        (1, ALL_DATES, {"s": 9}, "first", ""),
        (2, "2026-01-01", {"s": 20, "b": 5}, "a-theirs", "first"),
        (2, ALL_DATES, {"s": 12, "a": 7}, "b-ours", "first"),
        (3, ALL_DATES, {"b": 6}, "both", "a-theirs", ("b-ours",)),
    )
    marks = Marks(made)
    # Dated after the close of the box that had it: the other never heard of it.
    assert marks.of("b", 5, "2026-01-02") == 3
    assert marks.of("s", 15, "2026-01-02") == 3
    assert marks.of("s", 12, "2026-01-02") == 2
    assert (marks.of("a", 7, "2026-01-05"), marks.of("b", 6, "2026-01-01")) == (2, 3)
    assert [c.digest for c in tips(made)] == ["both"]
    assert [c.digest for c in tips(made[:3])] == ["a-theirs", "b-ours"]
    assert [made[p].digest for p in line_of(made, "b-ours")] == ["first", "b-ours"]


def test_two_first_ones_and_one_whose_predecessor_is_not_here():
    made = closes(
        (1, ALL_DATES, {"a": 5}, "ours", ""),
        (1, ALL_DATES, {"b": 5}, "theirs", ""),
        (3, ALL_DATES, {"a": 9}, "third", "not here"),
    )
    assert [made[p].digest for p in line_of(made, "theirs")] == ["theirs"]
    assert [made[p].digest for p in line_of(made, "third")] == ["ours", "theirs", "third"]


def test_a_mark_is_the_first_z_that_reaches_the_place_and_holds_the_date():
    marks = Marks(
        closes(
            (1, "2026-01-01", {"a": 10}),
            (2, "2026-01-02", {}),
            (3, "2026-01-05", {"a": 20, "b": 5}),
        )
    )
    assert marks.of("a", 10, "2026-01-01") == 1
    assert marks.of("a", 10, "2026-01-02") == 2
    assert marks.of("a", 11, "2026-01-01") == 3
    assert marks.of("a", 3, "2026-01-04") == 3
    assert marks.of("b", 5, "2026-01-01") == 3
    assert marks.of("a", 21, "2026-01-01") is None
    assert marks.of("a", 1, "2026-01-06") is None
    assert marks.of("c", 1, "2026-01-01") is None
