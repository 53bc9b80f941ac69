"""What a box lost comes back from HQ: verified, once, in any order of mishaps, while it sells on."""

import asyncio
from functools import partial

import pytest
from msgspec.structs import replace

from edge import refolding
from edge.follower import Fault
from protocol import commands as c
from protocol.journal import CHAIN_START
from protocol.orders import OrderStatus
from protocol.replication import OwnPage, Segment, Wanted
from tests.edge.returning import ALIVE, Hq, copy_of, recover_with, sell, state_of


@pytest.fixture
def hq():
    return Hq()


@pytest.fixture
def recover(hq):
    return partial(recover_with, hq)


@pytest.fixture
def busy_day(guest):
    async def run(heart, orders=6, **more):
        return await sell(heart, guest, orders, **more)

    return run


@pytest.mark.parametrize("page", [1, 7, 1_000])
async def test_a_blank_box_gets_everything_back_and_numbers_go_on_in_a_fresh_series(
    make_heart, menu, guest, hq, recover, busy_day, page
):
    lost = await make_heart("lost", menu=menu)
    await busy_day(lost)
    await hq.hold(lost)
    hq.page = page
    blank = await make_heart("blank")
    found, alarms = await recover(blank)
    assert await state_of(blank) == await state_of(lost)
    head = lost.journal.position
    assert (found.entries, found.orders, found.blank) == (head, 6, True)
    assert (found.last_number, found.series) == ("A006", "B")
    assert found.open_orders == (await lost.rows(ALIVE))[0][0] > 0
    assert [(a.code, a.params["number"]) for a in alarms] == [("box_replaced", "A006")]
    told = (await blank.entries(head))[-1].entry
    assert (told.type, b'"A006"' in told.body) == ("box.recovered", True)
    await blank.use_menu(menu, version=2)
    answer = await blank.taking.take(guest.asks(guest.place()))
    assert answer.order.number == "B007"


async def test_a_box_restored_from_an_hour_old_copy_has_all_its_orders_again(
    make_heart, menu, tmp_path, clock, hq, recover, busy_day
):
    box = await make_heart("box", menu=menu)
    await busy_day(box)
    copy_of(box, tmp_path, "copy")
    await hq.hold(box)
    clock.now_ms += 3_600_000
    await busy_day(box)
    await hq.hold(box)
    await box.stop()
    restored = await make_heart("copy")
    assert len(await restored.rows("SELECT 1 FROM orders")) == 6
    await restored.database.write(lambda db: db.execute("UPDATE streams SET acked_seq = 1"))
    found, alarms = await recover(restored)
    assert (found.orders, found.last_number, found.series, found.blank) == (6, "A012", "B", False)
    assert [a.code for a in alarms] == ["box_restored"]
    after = await make_heart("box")
    assert await state_of(restored) == await state_of(after)


async def test_nothing_missing_is_nothing_done(make_heart, menu, hq, recover, busy_day):
    box = await make_heart("box", menu=menu)
    await busy_day(box)
    await hq.hold(box)
    head = box.journal.position
    found, alarms = await recover(box)
    assert (found.entries, alarms, box.journal.position, hq.asked) == (0, (), head, 0)


@pytest.mark.parametrize("offered", ["before", "after", "before and after"])
async def test_what_screens_offer_again_and_what_comes_back_are_one_order(
    make_heart, menu, guest, hq, recover, busy_day, offered
):
    envelopes = []
    lost = await make_heart("lost", menu=menu)
    made = await busy_day(lost, envelopes=envelopes)
    await hq.hold(lost)
    blank = await make_heart("blank", menu=menu)
    if "before" in offered:
        for envelope in reversed(envelopes):
            await blank.taking.take(envelope)
        assert len(await blank.rows("SELECT 1 FROM orders")) == 6
    await recover(blank)
    assert (await state_of(blank))[0] == (await state_of(lost))[0], "HQ's original won"
    if "after" in offered:
        for envelope in envelopes:
            answer = await blank.taking.take(envelope)
            assert answer.repeated
            assert answer.order.order_id in made
    assert (await state_of(blank))[0] == (await state_of(lost))[0]
    doubles = await blank.rows(
        "SELECT event_id FROM journal WHERE standing < 2 GROUP BY 1 HAVING count(*) > 1"
    )
    assert doubles == []
    assert len(await blank.rows("SELECT 1 FROM payments")) == 3


async def test_a_refusal_given_for_want_of_the_order_does_not_outlive_the_back_fill(
    make_heart, menu, guest, hq, recover
):
    lost = await make_heart("lost", menu=menu)
    order = (await lost.taking.take(guest.asks(guest.place()))).order
    paid = guest.asks(guest.pay(order.order_id, order.totals.total))
    await lost.taking.take(paid)
    await hq.hold(lost)
    blank = await make_heart("blank", menu=menu)
    assert (await blank.taking.take(paid)).code == "unknown_order"
    await recover(blank)
    assert (await blank.taking.take(paid)).order.due == 0


@pytest.mark.parametrize("pages", range(1, 5))
async def test_cut_off_anywhere_it_goes_on_with_what_is_missing_and_is_told_once(
    make_heart, menu, hq, recover, busy_day, pages
):
    lost = await make_heart("lost", menu=menu)
    await busy_day(lost)
    await hq.hold(lost)
    blank = await make_heart("blank")
    hq.page, hq.ends_after = 4, pages
    with pytest.raises(Fault):
        await recover(blank)
    assert len(await blank.rows("SELECT 1 FROM journal")) == 4 * pages
    await blank.stop()
    again = await make_heart("blank")
    hq.ends_after = None
    found, _ = await recover(again)
    assert await state_of(again) == await state_of(lost)
    assert found.entries == lost.journal.position
    told = [f for f in await again.entries() if f.entry.type == "box.recovered"]
    assert (len(told), found.blank, found.series) == (1, True, "B")


async def test_killed_before_the_folding_it_is_folded_at_the_next_hello(
    make_heart, menu, hq, recover, busy_day, monkeypatch
):
    lost = await make_heart("lost", menu=menu)
    await busy_day(lost)
    await hq.hold(lost)
    blank = await make_heart("blank")

    async def die(*_):
        raise asyncio.CancelledError

    with monkeypatch.context() as cut:
        cut.setattr(refolding, "_refold_all", die)
        with pytest.raises(asyncio.CancelledError):
            await recover(blank)
    assert await hq.missing(blank) == []
    found, _ = await recover(blank)
    assert (found.orders, found.series) == (6, "B")
    assert await state_of(blank) == await state_of(lost)


async def test_a_page_that_does_not_follow_what_is_here_is_not_kept(
    make_heart, menu, hq, recover, busy_day
):
    lost = await make_heart("lost", menu=menu)
    await busy_day(lost)
    await hq.hold(lost)
    hq.page = 10
    blank = await make_heart("blank")
    own = hq.own

    async def wrong_second_page(wanted):
        page = await own(wanted)
        if hq.asked == 1:
            return page
        (s,) = page.segments
        return OwnPage(segments=(Segment(s.stream, s.first_seq, b"x" * 16, s.entries),))

    hq.own = wrong_second_page
    with pytest.raises(Fault, match="does not fit"):
        await recover(blank)
    assert len(await blank.rows("SELECT 1 FROM journal")) == 10
    hq.own = own
    await recover(blank)
    assert await state_of(blank) == await state_of(lost)


@pytest.mark.parametrize("page", [(), ("strange",)])
async def test_an_hq_that_answers_beside_the_point_is_a_fault_and_no_endless_loop(
    make_heart, menu, hq, recover, busy_day, page
):
    lost = await make_heart("lost", menu=menu)
    await hq.hold(lost)

    async def own(_):
        return OwnPage(segments=tuple(Segment(s, 1, CHAIN_START, ()) for s in page))

    hq.own = own
    with pytest.raises(Fault):
        await recover(await make_heart("blank"))


async def test_what_hq_no_longer_has_is_let_go(make_heart, menu, hq, recover):
    hq.streams["ab" * 16] = []
    blank = await make_heart("blank")
    missing = [Wanted("ab" * 16, 1, 9)]

    async def said(_):
        return missing

    hq.missing = said
    found, alarms = await recover(blank)
    assert (found.entries, alarms) == (0, ())


async def test_a_key_used_again_for_another_wish_is_refused_also_when_the_first_came_back(
    make_heart, menu, hq, recover, guest
):
    lost = await make_heart("lost", menu=menu)
    order, other = guest.place(hold=True), guest.place()
    placed, beside = guest.asks(order), guest.asks(other)
    recalled = guest.asks(c.RecallOrder(order_id=order.order_id))
    for envelope in (placed, beside, recalled):
        await lost.taking.take(envelope)
    await hq.hold(lost)
    blank = await make_heart("blank", menu=menu)
    await recover(blank)
    for same in (placed, recalled, beside):
        assert (await blank.taking.take(same)).repeated
    fire = replace(recalled, command=c.FireOrder(order_id=order.order_id))
    assert (await blank.taking.take(fire)).code == "command_reused"
    elsewhere = replace(recalled, command=c.RecallOrder(order_id=other.order_id))
    assert (await blank.taking.take(elsewhere)).code == "command_reused"
    again = replace(
        recalled, command=c.ChangeOrderStatus(order_id=order.order_id, status=OrderStatus.OPEN)
    )
    assert (await blank.taking.take(again)).repeated, "the same wish in other words"
