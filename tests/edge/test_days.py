"""Closing the day: everything is counted once, in one Z, whose number has no gap and no twin."""

import asyncio
import sqlite3
import time

import pytest

from edge import tills
from edge.days import find_day, read_days
from edge.standing import day_standing
from protocol import commands as c
from protocol import till_commands as t
from protocol.bill import RefundLine
from protocol.certificates import z_digest, z_digest_of_bytes
from protocol.floor_commands import (
    Adjust,
    ChangeDetails,
    RefundPayment,
    RemoveAdjustment,
    ReopenOrder,
    TransferLines,
)
from protocol.orders import OrderStatus, Source

NEXT_DAY_MS = 24 * 3600 * 1000
TODAY, TOMORROW = "2026-11-22", "2026-11-23"


@pytest.fixture
def at(guest, clock):
    """What staff do at a box."""

    class At:
        def __init__(self, heart):
            self.heart = heart

        async def ask(self, command, **more):
            return await self.heart.taking.take(guest.asks(command, **more))

        async def order(self):
            return (await self.ask(guest.place())).order

        async def sell(self, served=True, **more):
            order = await self.order()
            if served:
                await self.ask(c.ChangeOrderStatus(order_id=order.order_id, status="served"))
            paid = guest.pay(order.order_id, order.totals.total, **more)
            return (await self.ask(paid)).order

        async def close(self, date=TODAY, knowing=()):
            command = t.CloseDay(close_id=guest.new_id(), business_date=date, knowing=knowing)
            return await self.ask(command)

        async def days(self):
            return [d.closed for d in reversed(await self.heart.database.read(read_days))]

        async def standing(self, date=TODAY, today=TODAY):
            return await self.heart.database.read(lambda db: day_standing(db, date, today))

    return At


@pytest.fixture
def here(heart, at):
    return at(heart)


async def test_a_day_is_closed_with_all_that_was_sold_and_paid(here):
    for tender in ("cash", "cash", "card"):
        await here.sell(tender=tender)
    closed = await here.close()
    assert closed.events == ("day.closed",)
    (day,) = await here.days()
    figures = day.figures
    assert (day.number_z, day.business_date, day.previous) == (1, TODAY, "")
    assert (figures.orders, figures.units, figures.total) == (3, 3, 75_000)
    assert {x.tender: (x.count, x.amount) for x in figures.tenders} == {
        "cash": (2, 50_000),
        "card": (1, 25_000),
    }
    assert figures.gross - figures.discounts + figures.service + figures.rounding == figures.total


async def test_a_business_date_has_one_z_and_what_comes_after_it_is_in_the_next(here, clock):
    await here.sell()
    await here.close()
    late = await here.sell()
    again = await here.close()
    assert (again.code, again.params["number"]) == ("day_closed", "1")
    clock.now_ms += NEXT_DAY_MS
    await here.sell()
    await here.close(TOMORROW)
    first, second = await here.days()
    assert (first.figures.orders, second.figures.orders) == (1, 2)
    assert (second.number_z, second.figures.earlier) == (2, 2), "the order and its payment"
    assert second.previous == first.digest == z_digest(first)
    assert late.business_date == TODAY


async def test_closes_that_were_missed_are_caught_up_oldest_first_without_a_gap(here, clock):
    dates = []
    for _ in range(4):
        dates.append((await here.sell()).business_date)
        clock.now_ms += NEXT_DAY_MS
    closed = await here.close(dates[-1])
    assert closed.events == ("day.closed",) * 4
    days = await here.days()
    assert [(d.number_z, d.business_date) for d in days] == list(enumerate(dates, 1))
    assert [d.previous for d in days] == ["", *(d.digest for d in days[:-1])]
    assert all(d.figures.orders == 1 for d in days)


async def test_what_is_not_done_is_named_and_closing_takes_knowing_it(here, guest):
    await here.sell()
    open_one = (await here.ask(guest.place(table="7"))).order
    served = await here.order()
    await here.ask(c.ChangeOrderStatus(order_id=served.order_id, status="served"))
    standing = await here.standing()
    assert {(o.kind, o.label, o.where, o.amount) for o in standing.outstanding} == {
        ("order", open_one.number, "7", 25_000),
        ("unpaid", served.number, "", 25_000),
    }
    no = await here.close(knowing=(open_one.order_id,))
    assert (no.code, no.params["what"]) == ("outstanding", served.number)
    yes = await here.close(knowing=(open_one.order_id, served.order_id))
    assert yes.events == ("day.closed",)
    (day,) = await here.days()
    assert [o.id for o in day.outstanding] == [open_one.order_id, served.order_id]
    assert day.figures.orders == 1


async def test_a_day_whose_box_was_lost_is_closed_again_whatever_is_open_here(here, guest):
    """Its Z was printed and acknowledged: another box does not ask anew what is not done."""
    left = await here.order()
    await here.sell()
    close = t.CloseDay(close_id=guest.new_id(), business_date=TODAY, knowing=())
    assert (await here.ask(close)).code == "outstanding"
    offered = await here.ask(close, offered=True)
    assert offered.events == ("day.closed",)
    (day,) = await here.days()
    assert [o.id for o in day.outstanding] == [left.order_id]


async def test_a_till_that_nobody_counted_holds_the_day_open(here, guest, clock):
    await here.sell()
    shift_id = guest.new_id()
    await here.ask(t.OpenShift(shift_id=shift_id, till_id="depan", opening=0))
    no = await here.close(knowing=(shift_id,))
    assert (no.code, no.params["tills"]) == ("shifts_open", "depan")
    await here.ask(t.CloseShift(shift_id=shift_id, counted=0))
    await here.close()
    (day,) = await here.days()
    assert [s.shift_id for s in day.figures.shifts] == [shift_id]
    clock.now_ms += NEXT_DAY_MS
    await here.sell()
    await here.ask(t.OpenShift(shift_id=guest.new_id(), till_id="depan", opening=0))
    clock.now_ms += NEXT_DAY_MS
    missed = await here.close("2026-11-22")
    assert missed.code == "day_closed", "that one is done"


async def test_a_till_of_today_does_not_hold_yesterday_open(here, guest, clock):
    await here.sell()
    clock.now_ms += NEXT_DAY_MS
    await here.ask(t.OpenShift(shift_id=guest.new_id(), till_id="depan", opening=0))
    assert (await here.close(TODAY)).events == ("day.closed",)


async def test_nothing_to_count_is_no_z(here):
    no = await here.close()
    assert no.code == "nothing_to_count"
    await here.sell()
    assert (await here.close("2026-11-21")).code == "nothing_to_count"


async def test_a_day_that_has_not_begun_is_not_closed(here):
    await here.sell()
    no = await here.close(TOMORROW)
    assert (no.code, no.params["today"]) == ("day_not_begun", TODAY)


async def test_an_unsure_clock_refuses_no_close_and_the_z_says_so(here, clock):
    await here.sell()
    clock.now_ms = 0
    late = await here.sell()
    assert late.business_date == TODAY, "time goes on from where it was known"
    assert (await here.close(TOMORROW)).events == ("day.closed",)
    (day,) = await here.days()
    assert (day.unsure, day.business_date, day.figures.orders) == (True, TODAY, 2)


async def test_a_clock_that_stands_still_gives_no_date_two_z_reports(here, clock):
    clock.now_ms = 0
    for date in (TODAY, TOMORROW):
        assert (await here.sell()).business_date == TODAY
        assert (await here.close(date)).events == ("day.closed",)
        assert (await here.close(date)).code == "day_closed"
    first, second = await here.days()
    assert (first.business_date, second.business_date) == (TODAY, TOMORROW)
    assert (second.figures.orders, second.figures.earlier, second.unsure) == (1, 2, True)


async def test_what_a_clock_of_the_far_future_dated_is_counted_and_days_go_on(here, clock):
    now = clock.now_ms
    clock.now_ms += 3_000 * NEXT_DAY_MS
    ahead = await here.sell()
    clock.now_ms = now
    await here.sell()
    closed = await here.close(ahead.business_date)
    assert closed.events, "the box itself lives in that date now"
    days = await here.days()
    assert sum(d.figures.orders for d in days) == 2


async def test_after_midnight_it_is_still_the_evening_until_the_rollover_hour(here, clock, guest):
    clock.now_ms += 7 * 3600 * 1000  # 02:14
    order = await here.sell()
    expected = TODAY if here.heart.outlet.rollover_hour > 2 else TOMORROW
    assert order.business_date == expected
    assert (await here.close(expected)).events == ("day.closed",)


async def test_an_order_left_open_is_counted_when_it_ends(here, clock, guest):
    order = await here.order()
    await here.sell()
    await here.close(knowing=(order.order_id,))
    clock.now_ms += NEXT_DAY_MS
    await here.ask(c.ChangeOrderStatus(order_id=order.order_id, status="served"))
    await here.ask(guest.pay(order.order_id, order.totals.total))
    await here.close(TOMORROW)
    _, second = await here.days()
    assert (second.figures.orders, second.figures.earlier) == (1, 1)


async def test_a_counted_order_is_not_opened_again_money_goes_back_on_the_day_it_is_given(
    here, clock, guest
):
    order = await here.sell()
    await here.close()
    reopen = ReopenOrder(order_id=order.order_id, reason="salah bayar")
    no = await here.ask(reopen)
    assert (no.code, no.params["z"]) == ("order_counted", "1")
    clock.now_ms += NEXT_DAY_MS
    back = RefundPayment(
        order_id=order.order_id,
        refund_id=guest.new_id(),
        tender="cash",
        lines=(RefundLine(line_id=order.lines[0].line_id, quantity=1),),
        reason="basi",
    )
    assert (await here.ask(back)).order.status is OrderStatus.CLOSED
    assert (await here.close(TOMORROW)).events
    _, second = await here.days()
    assert (second.figures.refunds, second.figures.refund_amount) == (1, 25_000)
    assert second.figures.tenders[0].refunds == 25_000


async def test_the_bill_of_a_counted_order_stands_also_when_it_is_paid_otherwise(
    here, clock, guest
):
    """No Z would ever count another bill of it: the sale would be worth less, and nobody told."""
    sold, party = await here.sell(), await here.order()
    await here.close(knowing=(party.order_id,))
    clock.now_ms += NEXT_DAY_MS
    number, back = sold.order_id, {"refund_id": guest.new_id(), "tender": "cash"}
    open_again = (await here.ask(RefundPayment(order_id=number, amount=25_000, **back))).order
    assert (open_again.status, open_again.due) == (OrderStatus.SERVED, 25_000)
    for change in (
        Adjust(order_id=number, adjustment_id="d", percent="50"),
        RemoveAdjustment(order_id=number, adjustment_id="d"),
        ChangeDetails(order_id=number, covers=9),
        TransferLines(order_id=number, to_order_id=party.order_id),
        TransferLines(order_id=party.order_id, to_order_id=number),
    ):
        no = await here.ask(change)
        assert (no.code, no.params["number"]) == ("order_counted", sold.number)
    assert (await here.ask(guest.pay(number, 25_000, tender="card"))).order.due == 0
    await here.ask(c.ChangeOrderStatus(order_id=party.order_id, status="cancelled"))
    await here.close(TOMORROW)
    assert [d.figures.total for d in await here.days()] == [25_000, 0]


async def test_money_in_the_same_breath_as_the_close_is_in_exactly_one_z(here, guest, clock):
    orders = [await here.order() for _ in range(6)]
    for order in orders:
        await here.ask(c.ChangeOrderStatus(order_id=order.order_id, status="served"))
    knowing = tuple(o.order_id for o in orders)
    pays = [here.ask(guest.pay(o.order_id, o.totals.total)) for o in orders]
    answers = await asyncio.gather(*pays[:3], here.close(knowing=knowing), *pays[3:])
    assert all(a.events for a in answers)
    clock.now_ms += NEXT_DAY_MS
    await here.close(TOMORROW)
    assert [d.figures.orders for d in await here.days()] == [3, 3]
    assert await here.heart.rows("SELECT z, count(*) FROM payments GROUP BY 1") == [(1, 3), (2, 3)]


async def test_a_z_can_be_checked_from_its_bytes_whatever_a_newer_build_wrote_into_it(here):
    await here.sell()
    await here.close()
    (day,) = await here.days()
    (body,) = [f.entry.body for f in await here.heart.entries() if f.entry.type == "day.closed"]
    assert z_digest_of_bytes(body, day.digest) == day.digest
    changed = body.replace(b'"orders":1', b'"orders":2')
    assert z_digest_of_bytes(changed, day.digest) != day.digest
    newer = body[:-1] + b',"weather":"rain"}'
    assert z_digest_of_bytes(newer, day.digest) != day.digest, "also what is not understood here"


async def test_history_from_elsewhere_is_in_no_z(here, guest, clock):
    past = clock.now_ms - 40 * NEXT_DAY_MS
    placed = guest.place(source=Source.IMPORT)
    order = (await here.ask(placed, happened_ms=past)).order
    await here.ask(guest.pay(order.order_id, order.totals.total), happened_ms=past)
    assert (await here.close()).code == "nothing_to_count"
    assert (await here.standing()).outstanding == ()
    assert await here.heart.database.read(lambda db: find_day(db, 1)) is None


async def test_fs_61_sales_that_arrive_after_the_close_are_counted_in_the_next_z(
    here, guest, clock
):
    """A tablet was away with two sales; the day is closed knowing it, and nothing is lost."""
    away = [guest.asks(guest.place()) for _ in range(2)]
    await here.sell()
    await here.close()
    clock.now_ms += NEXT_DAY_MS
    for envelope in away:
        order = (await here.heart.taking.take(envelope)).order
        await here.ask(c.ChangeOrderStatus(order_id=order.order_id, status="served"))
        await here.ask(guest.pay(order.order_id, order.totals.total))
    await here.close(TOMORROW)
    assert [d.figures.orders for d in await here.days()] == [1, 2]
    assert await here.heart.rows("SELECT 1 FROM payments WHERE z IS NULL") == []


async def test_fs_62_a_table_that_is_still_eating_stays_when_the_shift_changes(here, guest):
    first, second = guest.new_id(), guest.new_id()
    await here.ask(t.OpenShift(shift_id=first, till_id="depan", opening=0))
    table = (await here.ask(guest.place(table="4"))).order
    assert (await here.ask(t.CloseShift(shift_id=first, counted=0))).events
    await here.ask(t.OpenShift(shift_id=second, till_id="depan", opening=0))
    paid = await here.ask(guest.pay(table.order_id, 25_000, till_id="depan"))
    assert paid.order.payments[0].shift_id == second, "the cash is where it went"
    closed = await here.ask(t.CloseShift(shift_id=second, counted=25_000))
    assert closed.events


async def test_fs_64_a_close_that_fails_leaves_nothing_behind_and_works_the_next_time(
    here, monkeypatch
):
    await here.sell()

    def dies(*_):
        raise sqlite3.OperationalError("cut")

    with monkeypatch.context() as power:
        power.setattr(tills, "close_day", dies)
        with pytest.raises(sqlite3.OperationalError):
            await here.close()
    assert await here.days() == []
    assert await here.heart.rows("SELECT count(*) FROM payments WHERE z IS NOT NULL") == [(0,)]
    assert all(f.entry.type != "day.closed" for f in await here.heart.entries())
    assert (await here.close()).events == ("day.closed",)


async def test_fs_66_date_and_time_of_a_close_come_from_one_moment(here, clock):
    clock.now_ms += (4 * 3600 + 45 * 60 + 59) * 1000  # 23:59:59
    await here.sell()
    date = here.heart.outlet.moment(here.heart.journal.reading()).business_date
    clock.now_ms += 5_000
    await here.close(date)
    (day,) = await here.days()
    assert (day.business_date, day.figures.orders) == (date, 1)
    assert day.at_ms == clock.now_ms


async def test_fs_74_days_without_hq_each_have_their_own_z_and_none_is_skipped(here, clock):
    for number in range(3):
        date = (await here.sell()).business_date
        if number != 1:  # the second evening nobody closed
            assert (await here.close(date)).events
        clock.now_ms += NEXT_DAY_MS
    days = await here.days()
    assert [(d.number_z, d.figures.orders) for d in days] == [(1, 1), (2, 1), (3, 1)]


async def test_a_thousand_orders_are_closed_in_a_moment(here, guest):
    order = await here.sell()
    body = await here.heart.rows("SELECT body FROM orders")
    copies = [(guest.new_id(), order.number, TODAY, "closed", 0, 1, body[0][0]) for _ in range(999)]
    await here.heart.database.write(
        lambda db: db.executemany("INSERT INTO orders VALUES (?,?,?,?,?,?,?,NULL,0)", copies)
    )
    began = time.perf_counter()
    assert (await here.close()).events
    assert time.perf_counter() - began < 2, "milliseconds on this machine, moments on a small one"
    (day,) = await here.days()
    assert day.figures.orders == 1_000
