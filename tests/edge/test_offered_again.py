"""What a box once accepted, offered again to a box that lost it, is taken as it was."""

import msgspec
import pytest

from edge.taking import Taken
from protocol import commands as c
from protocol.events import decode
from protocol.orders import OrderStatus
from protocol.refusals import Refusal


def dearer(menu):
    """The same menu a day later: everything costs double."""
    items = tuple(
        msgspec.structs.replace(
            item,
            variants=tuple(msgspec.structs.replace(v, price=2 * v.price) for v in item.variants),
        )
        for item in menu.items
    )
    return msgspec.structs.replace(menu, items=items)


def again(envelope, taken):
    return msgspec.structs.replace(envelope, accepted=taken.order)


async def bodies(heart):
    entries = await heart.entries()
    return {f.entry.event_id: f.entry.body for f in entries if f.entry.aggregate_kind == "order"}


@pytest.fixture
async def two(make_heart, menu, clock):
    """The box that was lost, and the new one with another menu, hours later."""
    lost = await make_heart("lost", menu=menu)
    new = await make_heart("new", menu=dearer(menu))
    return lost, new


async def sell(heart, guest, clock):
    place = guest.asks(guest.place("nasi-kecil", "nasi-kecil"))
    placed = await heart.taking.take(place)
    clock.now_ms += 60_000
    order_id = place.command.order_id
    more = guest.asks(c.AddLines(order_id=order_id, lines=(guest.line("nasi-kecil", 2),)))
    added = await heart.taking.take(more)
    clock.now_ms += 60_000
    pay = guest.asks(guest.pay(order_id, added.order.due))
    paid = await heart.taking.take(pay)
    return [(place, placed), (more, added), (pay, paid)]


async def test_the_same_events_come_of_it_byte_for_byte(two, guest, clock):
    lost, new = two
    told = await sell(lost, guest, clock)
    clock.now_ms += 7_200_000
    for envelope, taken in told:
        offered = await new.taking.take(again(envelope, taken))
        assert isinstance(offered, Taken), offered
        assert offered.order == taken.order, "number, prices, times: all as the guest knows it"
    assert await bodies(new) == await bodies(lost)


async def test_without_the_first_answer_the_new_box_asks_its_own_price(two, guest, clock):
    lost, new = two
    (place, placed), *_ = await sell(lost, guest, clock)
    taken = await new.taking.take(place)
    assert taken.order.totals.total == 2 * placed.order.totals.total


async def test_an_item_that_is_gone_from_the_menu_is_still_on_the_bill(make_heart, menu, guest):
    lost = await make_heart("lost", menu=menu)
    place = guest.asks(guest.place("nasi-kecil"))
    taken = await lost.taking.take(place)
    rest = tuple(i for i in menu.items if "nasi-kecil" not in {v.id for v in i.variants})
    new = await make_heart("new", menu=msgspec.structs.replace(menu, items=rest))
    offered = await new.taking.take(again(place, taken))
    assert offered.order == taken.order


async def test_a_box_without_any_menu_takes_back_what_was_accepted(make_heart, menu, guest):
    lost, blank = await make_heart("lost", menu=menu), await make_heart("blank")
    place = guest.asks(guest.place("nasi-kecil"))
    taken = await lost.taking.take(place)
    assert (await blank.taking.take(again(place, taken))).order == taken.order


async def test_numbers_go_on_behind_those_that_came_back(two, guest):
    lost, new = two
    told = []
    for _ in range(3):
        place = guest.asks(guest.place("nasi-kecil"))
        told.append((place, await lost.taking.take(place)))
    await new.taking.take(again(*told[2]))
    fresh = await new.taking.take(guest.asks(guest.place("nasi-kecil")))
    assert (told[2][1].order.number, fresh.order.number) == ("A003", "A004")


async def test_a_number_that_is_called_out_already_is_not_given_twice(two, guest):
    lost, new = two
    place = guest.asks(guest.place("nasi-kecil"))
    taken = await lost.taking.take(place)
    mine = await new.taking.take(guest.asks(guest.place("nasi-kecil")))
    offered = await new.taking.take(again(place, taken))
    assert mine.order.number == taken.order.number == "A001"
    assert offered.order.number == "A002"


async def test_money_that_was_taken_counts_also_when_nothing_is_due(two, guest, clock):
    lost, new = two
    (place, placed), _, (pay, paid) = await sell(lost, guest, clock)
    offered = await new.taking.take(again(place, placed))
    await new.taking.take(guest.asks(guest.pay(place.command.order_id, offered.order.due)))
    twice = await new.taking.take(again(pay, paid))
    assert len(twice.order.payments) == 2
    assert twice.order.due == -paid.order.payments[0].amount, "the guest has money to come back"


async def test_what_the_box_still_has_is_answered_as_ever(heart, guest, clock):
    for envelope, taken in await sell(heart, guest, clock):
        offered = await heart.taking.take(again(envelope, taken))
        assert offered.repeated
        assert offered.position == taken.position


async def test_a_line_of_another_order_is_not_smuggled_in(two, guest, clock):
    """The answer speaks for the order it is about, and for no other command."""
    lost, new = two
    (_, placed), *_ = await sell(lost, guest, clock)
    other = guest.asks(guest.place("nasi-kecil"))
    taken = await new.taking.take(msgspec.structs.replace(other, accepted=placed.order))
    assert taken.order.totals.total == 2 * (placed.order.totals.total // 2)
    assert taken.order.status is OrderStatus.FIRED


async def test_an_order_that_exists_is_not_placed_a_second_time(two, guest):
    lost, new = two
    place = guest.asks(guest.place("nasi-kecil"))
    taken = await lost.taking.take(place)
    await new.taking.take(again(place, taken))
    other_id = msgspec.structs.replace(again(place, taken), command_id=guest.new_id())
    refusal = await new.taking.take(other_id)
    assert isinstance(refusal, Refusal)
    assert refusal.code == "duplicate_id"


async def test_a_number_of_yesterday_that_came_back_is_not_called_out_twice(two, guest, clock):
    """A table that sat over midnight: its number is not given to another guest today."""
    lost, new = two
    await lost.taking.take(guest.asks(guest.place("nasi-kecil")))
    place = guest.asks(guest.place("nasi-kecil"))
    yesterday = await lost.taking.take(place)
    clock.now_ms += 24 * 3600 * 1000
    await new.taking.take(guest.asks(guest.place("nasi-kecil")))
    offered = await new.taking.take(again(place, yesterday))
    assert offered.order == yesterday.order
    today = await new.taking.take(guest.asks(guest.place("nasi-kecil")))
    assert (offered.order.number, today.order.number) == ("A002", "A003")


def offered(envelope, taken):
    return msgspec.structs.replace(envelope, accepted=taken.order, offered=True)


async def test_lines_that_come_back_after_the_order_was_closed_are_written_down(two, guest, clock):
    """The box lost them, somebody paid and served meanwhile: nothing goes without a trace."""
    lost, new = two
    (place, placed), (more, added), _ = await sell(lost, guest, clock)
    await new.taking.take(offered(place, placed))
    order_id = place.command.order_id
    await new.taking.take(guest.asks(guest.pay(order_id, placed.order.due)))
    await new.taking.take(guest.asks(c.ChangeOrderStatus(order_id=order_id, status="served")))
    taken = await new.taking.take(offered(more, added))
    assert isinstance(taken, Taken), taken
    assert taken.events == ("command.overtaken",)
    assert taken.order.status is OrderStatus.CLOSED
    fact = decode((await new.entries())[-1].entry.body)
    assert (fact.command, fact.reason) == ("lines.add", "order_closed")
    assert fact.amount == added.order.totals.total - placed.order.totals.total
    again_ = await new.taking.take(offered(more, added))
    assert again_.repeated, "once"


async def test_what_was_never_accepted_is_refused_as_ever(two, guest, clock):
    _, new = two
    place = guest.asks(guest.place("nasi-kecil"))
    placed = await new.taking.take(place)
    late = guest.asks(c.FireOrder(order_id=placed.order.order_id))
    refusal = await new.taking.take(late)
    assert isinstance(refusal, Refusal)


async def test_what_is_sold_out_stays_so_on_a_box_that_has_no_menu_yet(make_heart, guest):
    blank = await make_heart("blank")
    gone = msgspec.structs.replace(guest.asks(c.EightySixItem(item_id="kopi")), offered=True)
    taken = await blank.taking.take(gone)
    assert taken.events == ("item.eighty_sixed",)
    assert await blank.rows("SELECT item_id FROM eighty_six") == [("kopi",)]


async def test_a_refusal_that_passes_is_no_end(make_heart, menu, guest):
    """The order's own command may be on another screen that has not offered it yet."""
    blank = await make_heart("blank", menu=menu)
    pay = msgspec.structs.replace(guest.asks(guest.pay(guest.new_id(), 5)), offered=True)
    refusal = await blank.taking.take(pay)
    assert refusal.code == "unknown_order"


@pytest.mark.parametrize("item_id", ["#", "a/b", "+", "", "x" * 300, "kopi\x00"])
async def test_an_item_that_no_menu_can_name_is_not_marked_for_being_offered(
    make_heart, menu, guest, item_id
):
    heart = await make_heart("full", menu=menu)
    gone = msgspec.structs.replace(guest.asks(c.EightySixItem(item_id=item_id)), offered=True)
    assert isinstance(await heart.taking.take(gone), Refusal)


async def test_an_order_that_no_box_can_have_accepted_is_refused_also_when_offered(
    make_heart, menu, guest
):
    heart = await make_heart("full", menu=menu)
    place = guest.asks(guest.place(guest.line("no-such-thing")))
    refusal = await heart.taking.take(msgspec.structs.replace(place, offered=True))
    assert refusal.code == "unknown_item"
