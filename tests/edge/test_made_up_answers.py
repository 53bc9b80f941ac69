"""A first answer that no box can have given counts for nothing: the box decides as ever."""

import msgspec
import pytest
from msgspec.structs import replace

from edge.order_state import COMMANDS_KEPT_MS
from edge.taking import Taken
from protocol import commands as c
from protocol.cart import Cart, CartLine, Tally
from protocol.orders import Source
from protocol.refusals import Refusal


@pytest.fixture
async def two(make_heart, menu):
    return await make_heart("lost", menu=menu), await make_heart("new", menu=menu)


@pytest.fixture
async def sold(two, guest):
    place = guest.asks(guest.place("nasi-kecil", guest.line("nasi-kecil", 2)))
    return place, await two[0].taking.take(place)


def line_with(order, **fields):
    return replace(order, lines=(replace(order.lines[0], **fields), *order.lines[1:]))


LINES = {
    "below zero": {"unit_price": -25_000},
    "beyond any bill": {"unit_price": 10**30},
    "of another variant": {"variant_id": "kopi"},
    "for a topic of its own": {"station_ids": ("#",)},
    "for everybody's topic": {"station_ids": ("grill/tickets/x",)},
    "without end": {"plu": "9" * 1_000_000},
    "from before the ages": {"priced_ms": -1},
}


@pytest.mark.parametrize("lie", LINES.values(), ids=LINES)
async def test_a_line_that_no_box_sold_is_asked_at_the_boxs_own_price(two, sold, guest, lie):
    place, taken = sold
    made_up = replace(place, accepted=line_with(taken.order, **lie))
    offered = await two[1].taking.take(made_up)
    assert offered.order.totals == taken.order.totals
    assert [x.station_ids for x in offered.order.lines] == [
        x.station_ids for x in taken.order.lines
    ]
    assert (await two[1].taking.take(guest.asks(guest.place()))).order.number == "A002"


async def test_amounts_and_totals_are_worked_out_never_believed(two, sold):
    place, taken = sold
    totals = replace(taken.order.totals, total=1, lines=1)
    lines = tuple(replace(x, amount=-1, expected=7) for x in taken.order.lines)
    offered = await two[1].taking.take(
        replace(place, accepted=replace(taken.order, totals=totals, lines=lines))
    )
    assert offered.order == taken.order


ORDERS = {
    "another currency": {"currency": "USD"},
    "no money at all": {"currency": "x" * 50},
    "an import, which no kitchen cooks": {"source": Source.IMPORT},
    "in the year 5000": {"placed_ms": 95_617_584_000_000},
    "when time began": {"placed_ms": 0},
    "past every calendar": {"placed_ms": 1 << 62},
    "a menu past every number": {"menu_version": 1 << 80},
}


@pytest.mark.parametrize("lie", ORDERS.values(), ids=ORDERS)
async def test_an_order_that_no_box_took_is_taken_as_a_new_one(two, sold, clock, lie):
    place, taken = sold
    clock.clock_synced = True
    clock.now_ms += 60_000
    offered = await two[1].taking.take(replace(place, accepted=replace(taken.order, **lie)))
    order = offered.order
    assert (order.currency, order.source) == ("IDR", Source.COUNTER)
    assert order.placed_ms == taken.order.placed_ms + 60_000
    assert (order.business_date, order.menu_version) == (
        taken.order.business_date,
        taken.order.menu_version,
    )


async def test_a_business_date_follows_from_the_time_and_nothing_else(two, sold):
    place, taken = sold
    lie = replace(taken.order, business_date="2031-01-01", hour=99)
    assert (await two[1].taking.take(replace(place, accepted=lie))).order == taken.order


@pytest.mark.parametrize(
    "number",
    ["A99999999999999999999", "A9223372036854775807", "A1000000", "", "7", "é001", "A" * 9],
)
async def test_a_number_no_box_gives_is_not_given_on(two, sold, guest, number):
    place, taken = sold
    offered = await two[1].taking.take(replace(place, accepted=replace(taken.order, number=number)))
    assert offered.order.number == "A001"
    fresh = await two[1].taking.take(guest.asks(guest.place()))
    assert fresh.order.number == "A002", "the day's other orders are numbered as ever"


async def test_an_ordinary_order_is_not_dated_by_another_ones_answer(two, sold, guest, clock):
    _, taken = sold
    clock.now_ms += 86_400_000
    other = await two[1].taking.take(guest.asks(guest.place(), accepted=taken.order))
    assert other.order.placed_ms == clock.now_ms
    assert other.order.business_date != taken.order.business_date


async def test_what_was_taken_in_another_season_is_not_offered_again(two, sold, clock):
    place, taken = sold
    clock.clock_synced = True
    clock.now_ms += COMMANDS_KEPT_MS + 1
    offered = await two[1].taking.take(replace(place, accepted=taken.order))
    assert offered.order.placed_ms == clock.now_ms
    clock.clock_synced = False


async def test_a_box_that_does_not_know_the_time_believes_the_one_before(two, sold, clock):
    """Restored, without a line, its clock days behind: the guest's bill stays the guest's bill."""
    place, taken = sold
    clock.now_ms -= 5 * 86_400_000
    assert (await two[1].taking.take(replace(place, accepted=taken.order))).order == taken.order


BROKEN = {
    "no id": lambda p: replace(p, order_id="../x"),
    "nothing": lambda p: replace(p, lines=(replace(p.lines[0], quantity=0),)),
    "a debt": lambda p: replace(p, lines=(replace(p.lines[0], quantity=-3),)),
    "too many": lambda p: replace(p, lines=(replace(p.lines[0], quantity=1_000),)),
    "a price of its own": lambda p: replace(p, lines=(replace(p.lines[0], amount=1),)),
    "twice the same": lambda p: replace(p, lines=(p.lines[0], p.lines[0])),
}


@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN)
async def test_a_command_the_rules_refuse_is_refused_with_an_answer_too(two, sold, broken):
    place, taken = sold
    command = broken(place.command)
    accepted = replace(taken.order, order_id=command.order_id)
    offered = await two[1].taking.take(replace(place, command=command, accepted=accepted))
    assert isinstance(offered, Refusal), offered


PAYMENTS = {
    "a gift": {"amount": -5},
    "more than was handed over": {"amount": 10**9},
    "more than there is": {"amount": 10**30, "tendered": 10**30},
    "of tomorrow's tomorrow": {"at_ms": 1 << 60},
}


@pytest.mark.parametrize("lie", PAYMENTS.values(), ids=PAYMENTS)
async def test_money_nobody_took_counts_for_what_was_handed_over(two, sold, guest, lie):
    (lost, new), (place, taken) = two, sold
    pay = guest.asks(guest.pay(place.command.order_id, taken.order.due + 5_000))
    paid = (await lost.taking.take(pay)).order
    await new.taking.take(replace(place, accepted=taken.order))
    made_up = replace(paid, payments=(replace(paid.payments[0], **lie),))
    offered = await new.taking.take(replace(pay, accepted=made_up))
    assert isinstance(offered, Taken)
    assert [(p.amount, p.change) for p in offered.order.payments] == [
        (taken.order.totals.total, 5_000)
    ]


async def test_lines_are_added_at_what_they_can_have_cost(two, sold, guest):
    (lost, new), (place, taken) = two, sold
    more = guest.asks(c.AddLines(order_id=taken.order.order_id, lines=(guest.line(),)))
    added = (await lost.taking.take(more)).order
    await new.taking.take(replace(place, accepted=taken.order))
    lines = tuple(replace(x, unit_price=-1, fired_ms=1 << 62) for x in added.lines)
    offered = await new.taking.take(replace(more, accepted=replace(added, lines=lines)))
    assert offered.order.totals == added.totals


async def test_a_lie_as_a_screen_would_send_it_leaves_the_neighbours_alone(client, guest):
    place = guest.asks(guest.place())
    answer = (await client.post("/api/commands", content=msgspec.json.encode(place))).json()
    other = msgspec.to_builtins(guest.asks(guest.place()))
    liar = msgspec.to_builtins(guest.asks(guest.place()))
    liar["accepted"] = {
        **answer["order"],
        "order_id": liar["command"]["order_id"],
        "number": "A9223372036854775807",
        "placed_ms": 1 << 62,
    }
    told = await client.post("/api/commands", content=msgspec.json.encode([liar, other]))
    assert [a["type"] for a in told.json()] == ["accepted", "accepted"]


async def merged(lost, guest):
    """A held order and the cart command that put a line on it."""
    order_id = guest.new_id()
    place = guest.asks(guest.place("nasi-kecil", order_id=order_id, hold=True))
    placed = (await lost.taking.take(place)).order
    wanted = CartLine(variant_id="nasi-kecil", tallies={"counter-1": Tally(added=2)})
    merge = guest.asks(c.MergeCart(order_id=order_id, cart=Cart(lines={guest.new_id(): wanted})))
    return place, placed, merge, (await lost.taking.take(merge)).order


@pytest.mark.parametrize("lie", [{"unit_price": -1}, {"amount": 1}, {"variant_id": "kopi"}])
async def test_a_carts_lines_cost_what_they_can_have_cost(two, guest, lie):
    lost, new = two
    place, placed, merge, after = await merged(lost, guest)
    await new.taking.take(replace(place, accepted=placed))
    lines = (after.lines[0], replace(after.lines[1], **lie))
    offered = await new.taking.take(replace(merge, accepted=replace(after, lines=lines)))
    assert offered.order.totals == after.totals
    assert offered.order.lines[1].variant_id == "nasi-kecil"


async def test_what_was_fired_before_it_ran_out_is_fired_again(two, guest):
    lost, new = two
    place, placed, merge, after = await merged(lost, guest)
    fire = guest.asks(c.FireOrder(order_id=placed.order_id))
    fired = (await lost.taking.take(fire)).order
    item = placed.lines[0].item_id
    await new.taking.take(guest.asks(c.EightySixItem(item_id=item)))
    await new.taking.take(replace(place, accepted=placed))
    await new.taking.take(replace(merge, accepted=after))
    never = await new.taking.take(
        replace(fire, command_id=guest.new_id(), accepted=replace(fired, fired_ms=None))
    )
    assert never.code == "item_unavailable", "an answer in which nothing was fired says nothing"
    again = (await new.taking.take(replace(fire, accepted=fired))).order
    assert (again.status, again.totals) == (fired.status, fired.totals)
