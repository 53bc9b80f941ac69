"""Taking: every command once, in order, on disk before the yes; the first answer is the answer."""

import asyncio
import itertools
import random

import msgspec
import pytest
from msgspec.structs import replace

from edge import taking as module
from edge.config import Config
from edge.database import Busy, DatabaseBroken
from edge.outlet import outlet_of
from edge.taking import Taken, Taking
from protocol import commands as c
from protocol.clock import Confidence
from protocol.events import ORDER_TAGS, OrderPlaced, decode
from protocol.orders import Order, OrderStatus, Source
from protocol.refusals import Refusal
from protocol.rules.folding import fold

JULY_2015_MS = 1_436_700_000_000


async def refolded(heart):
    """Every order as its whole journal makes it."""
    histories = {}
    for followed in await heart.entries():
        if followed.entry.type in ORDER_TAGS:
            event = decode(followed.entry.body)
            histories.setdefault(event.order_id, []).append(event)
    return {order_id: fold(events) for order_id, events in histories.items()}


async def kept(heart):
    """Every order as the table has it."""
    rows = await heart.rows("SELECT order_id, body, status, number, business_date FROM orders")
    orders = {}
    for order_id, body, *columns in rows:
        order = orders[order_id] = msgspec.json.decode(body, type=Order)
        assert columns == [order.status.value, order.number, order.business_date]
    return orders


async def test_a_yes_names_the_place_in_the_journal_and_the_order_as_it_is(heart, guest):
    taken = await heart.taking.take(guest.asks(guest.place("nasi-besar", "kopi")))
    assert taken.events == ("order.placed", "order.fired")
    assert taken.position == heart.journal.position
    assert not taken.repeated
    order = taken.order
    assert (order.number, order.status, order.totals.total) == ("A001", OrderStatus.FIRED, 50_000)
    assert await kept(heart) == await refolded(heart) == {order.order_id: order}


async def test_the_same_command_again_gets_the_first_answer(heart, guest):
    envelope = guest.asks(guest.place())
    first = await heart.taking.take(envelope)
    await heart.taking.take(guest.asks(guest.place()))
    again = await heart.taking.take(envelope)
    assert again.repeated
    assert (again.position, again.order) == (first.position, first.order)
    assert len(await kept(heart)) == 2


async def test_a_repeat_shows_the_order_as_it_has_become(heart, guest):
    envelope = guest.asks(guest.place())
    order = (await heart.taking.take(envelope)).order
    await heart.taking.take(guest.asks(guest.pay(order.order_id, 25_000)))
    assert (await heart.taking.take(envelope)).order.due == 0


async def test_a_double_tap_within_one_group_is_one_order(heart, guest):
    envelope = guest.asks(guest.place())
    outcomes = await asyncio.gather(*(heart.taking.take(envelope) for _ in range(5)))
    assert [o.repeated for o in outcomes] == [False, True, True, True, True]
    assert len({o.position for o in outcomes}) == 1
    assert len(await kept(heart)) == 1


async def test_answers_yes_and_no_are_remembered_over_a_restart(make_heart, menu, guest):
    before = await make_heart(menu=menu)
    good = guest.asks(guest.place())
    bad = guest.asks(guest.place("rendang"))
    first, no = await asyncio.gather(before.taking.take(good), before.taking.take(bad))
    await before.stop()
    after = await make_heart()
    again = await after.taking.take(good)
    assert (again.repeated, again.position, again.order) == (True, first.position, first.order)
    assert await after.taking.take(bad) == no == Refusal("unknown_item", {"variant_id": "rendang"})


async def test_a_no_stays_a_no_though_the_reason_has_gone(heart, guest):
    order = (await heart.taking.take(guest.asks(guest.place()))).order
    too_much = guest.asks(guest.pay(order.order_id, 99_000, tender="card"))
    no = await heart.taking.take(too_much)
    assert no.code == "more_than_due"
    lines = tuple(guest.line() for _ in range(5))
    await heart.taking.take(guest.asks(c.AddLines(order_id=order.order_id, lines=lines)))
    assert await heart.taking.take(too_much) == no


async def test_a_command_id_used_for_something_else_is_refused(heart, guest):
    first = guest.asks(guest.place())
    await heart.taking.take(first)
    other = guest.asks(guest.place(), command_id=first.command_id)
    assert (await heart.taking.take(other)).code == "command_reused"
    both = (
        guest.asks(guest.place()),
        guest.asks(guest.place(), command_id=(again := guest.new_id())),
    )
    third = guest.asks(guest.place(), command_id=again)
    outcomes = await asyncio.gather(*(heart.taking.take(e) for e in (*both, third)))
    assert [isinstance(o, Taken) for o in outcomes] == [True, True, False]
    assert len(await kept(heart)) == 3


@pytest.mark.parametrize("command_id", ["", "a\0b", "x" * 201, "dua kata", "é", "\n"])
async def test_an_id_that_cannot_be_kept_is_refused_and_harms_no_neighbour(
    heart, guest, command_id
):
    bad = [guest.asks(guest.place(), command_id=command_id) for _ in range(2)]
    good = guest.asks(guest.place())
    outcomes = await asyncio.gather(*(heart.taking.take(e) for e in (bad[0], good, bad[1])))
    assert [isinstance(o, Taken) for o in outcomes] == [False, True, False]
    assert outcomes[0].code == outcomes[2].code == "bad_id"
    assert list(await kept(heart)) == [good.command.order_id]


async def test_what_was_refused_is_not_done_when_a_late_copy_of_it_comes(make_heart, menu, guest):
    heart = await make_heart()
    early = guest.asks(guest.place())
    assert (await heart.taking.take(early)).code == "not_ready"
    await heart.use_menu(menu)
    assert (await heart.taking.take(early)).order.number == "A001", "the screen goes on trying"

    unknown = guest.place()
    pay = guest.asks(guest.pay(unknown.order_id, 25_000))
    assert (await heart.taking.take(pay)).code == "unknown_order"
    await heart.taking.take(guest.asks(unknown))
    assert (await heart.taking.take(pay)).code == "unknown_order"
    # A box said yes to it before, and the screen offers it: whatever stood in its way has passed.
    offered = replace(pay, offered=True)
    assert (await heart.taking.take(offered)).order.due == 0
    assert (await heart.taking.take(pay)).repeated


async def test_refusals_that_pass_by_themselves_may_come_again(make_heart, menu, guest, clock):
    heart = await make_heart()
    early = replace(guest.asks(guest.place()), offered=True)
    assert (await heart.taking.take(early)).code == "not_ready"
    await heart.use_menu(menu)
    order = (await heart.taking.take(early)).order
    assert order.number == "A001"

    ahead = clock.now_ms + 3_600_000
    sale = guest.asks(guest.place(source=Source.IMPORT), happened_ms=ahead)
    assert (await heart.taking.take(sale)).code == "in_the_future"
    clock.now_ms = ahead
    assert isinstance(await heart.taking.take(sale), Taken)


async def test_a_no_leaves_nothing_behind(heart, guest):
    position = heart.journal.position
    outcome = await heart.taking.take(guest.asks(guest.place(guest.line(quantity=0))))
    assert outcome.code == "wrong_quantity"
    assert heart.journal.position == position
    assert await kept(heart) == {}
    assert (await heart.taking.take(guest.asks(guest.place()))).order.number == "A001"


async def test_commands_on_one_order_in_one_group_see_each_other(heart, guest):
    place = guest.place("nasi-kecil", "kopi")
    order_id = place.order_id
    groups = heart.database.groups
    asked = [
        place,
        c.AddLines(order_id=order_id, lines=(guest.line("paket"),)),
        c.VoidLine(order_id=order_id, line_id=place.lines[1].line_id),
        guest.pay(order_id, 100_000),
        c.BumpTicket(order_id=order_id, station_id="dapur"),
        c.BumpTicket(order_id=order_id, station_id="bar"),
        c.ChangeOrderStatus(order_id=order_id, status=OrderStatus.SERVED),
        guest.pay(order_id, 100_000),
    ]
    outcomes = await asyncio.gather(*(heart.taking.take(guest.asks(x)) for x in asked))
    assert heart.database.groups == groups + 1
    assert outcomes[-1].code == "nothing_due"
    assert [isinstance(o, Taken) for o in outcomes[:-1]] == [True] * 7
    order = outcomes[-2].order
    assert (order.status, order.totals.total, order.paid) == (OrderStatus.CLOSED, 65_000, 65_000)
    assert await kept(heart) == await refolded(heart) == {order_id: order}


async def test_a_payment_id_counts_once_even_within_a_group_and_across_orders(heart, guest):
    orders = [guest.place(), guest.place()]
    await asyncio.gather(*(heart.taking.take(guest.asks(o)) for o in orders))
    payment = guest.new_id()
    pays = [guest.pay(o.order_id, 25_000, payment_id=payment) for o in orders]
    first, second = await asyncio.gather(*(heart.taking.take(guest.asks(p)) for p in pays))
    third = await heart.taking.take(guest.asks(pays[1]))
    assert (first.order.due, second.code, third.code) == (0, "duplicate_id", "duplicate_id")


async def test_an_item_that_is_86_is_gone_for_the_next_command_of_the_same_group(heart, guest):
    asked = [
        c.EightySixItem(item_id="kopi", reason="mesin rusak"),
        guest.place("kopi"),
        c.RestoreItem(item_id="kopi"),
        guest.place("kopi"),
    ]
    outcomes = await asyncio.gather(*(heart.taking.take(guest.asks(x)) for x in asked))
    assert outcomes[1].code == "item_unavailable"
    assert isinstance(outcomes[3], Taken)
    assert await heart.rows("SELECT * FROM eighty_six") == []


async def test_64_screens_get_numbers_without_gap_or_repeat(heart, guest):
    async def screen(number):
        got = []
        for round_ in range(6):
            if (number + round_) % 5 == 0:  # a no takes no number
                assert isinstance(await heart.taking.take(guest.asks(guest.place("x"))), Refusal)
            got.append((await heart.taking.take(guest.asks(guest.place()))).order.number)
        return got

    given = await asyncio.gather(*map(screen, range(64)))
    numbers = sorted(itertools.chain.from_iterable(given))
    assert numbers == [f"A{n:03}" for n in range(1, 64 * 6 + 1)]


async def test_numbers_begin_again_with_each_business_date_and_no_two_live_orders_share_one(
    make_heart, menu, guest, clock
):
    heart = await make_heart(menu=menu, rollover_hour=4)
    orders = []
    for hours in (0, 0, 6, 11):  # 19:14, 19:14, 01:14 still the same night, 06:14 the next day
        clock.now_ms += hours * 3_600_000
        orders.append((await heart.taking.take(guest.asks(guest.place()))).order)
        if len(orders) == 1:
            gone = c.ChangeOrderStatus(order_id=orders[0].order_id, status=OrderStatus.CANCELLED)
            await heart.taking.take(guest.asks(gone))
    orders.append((await heart.taking.take(guest.asks(guest.place()))).order)
    assert [(o.business_date[-2:], o.number) for o in orders] == [
        ("22", "A001"), ("22", "A002"), ("22", "A003"), ("23", "A001"), ("23", "A004"),
    ]  # fmt: skip


async def test_an_import_brings_its_own_time_and_takes_no_number_of_today(heart, guest):
    sale = guest.place(guest.line(amount=11_111), source=Source.IMPORT)
    asked = [guest.asks(guest.place()), guest.asks(sale, happened_ms=JULY_2015_MS)]
    today, old = [o.order for o in await asyncio.gather(*map(heart.taking.take, asked))]
    assert (today.business_date, today.number) == ("2026-11-22", "A001")
    assert (old.business_date, old.number, old.hour) == ("2015-07-12", "A001", 18)
    assert (old.placed_ms, old.confidence) == (JULY_2015_MS, Confidence.RECORDED)
    assert (old.totals.total, old.lines[0].expected) == (11_111, 25_000)
    entry = (await heart.entries())[-2].entry
    assert entry.wall_ms == heart.clock.now_ms, "when it was taken stays known"


@pytest.mark.parametrize("wall_ms", [0, 4_070_908_800_000], ids=["1970", "2099"])
async def test_a_wrong_clock_stops_no_sale_and_is_marked(heart, guest, clock, wall_ms):
    before = (await heart.taking.take(guest.asks(guest.place()))).order
    clock.now_ms = wall_ms
    order = (await heart.taking.take(guest.asks(guest.place()))).order
    assert order.confidence is Confidence.UNCERTAIN
    assert order.business_date == before.business_date
    assert order.placed_ms >= before.placed_ms
    clock.now_ms = before.placed_ms + 7_200_000
    healed = (await heart.taking.take(guest.asks(guest.place()))).order
    assert (healed.confidence, healed.placed_ms) == (Confidence.FREE, clock.now_ms)


async def test_a_command_that_is_a_bug_fails_alone(heart, guest, monkeypatch):
    real = module.decide

    def sometimes(state, command, moment):
        assert not getattr(command, "hold", False), "a bug in the rules"
        return real(state, command, moment)

    monkeypatch.setattr(module, "decide", sometimes)
    asked = [guest.place(), guest.place(hold=True), guest.place()]
    outcomes = await asyncio.gather(
        *(heart.taking.take(guest.asks(x)) for x in asked), return_exceptions=True
    )
    assert [type(o) for o in outcomes] == [Taken, AssertionError, Taken]
    assert await kept(heart) == await refolded(heart)
    assert [o.order.number for o in outcomes[::2]] == ["A001", "A002"]


async def test_when_the_commit_fails_every_screen_of_the_group_is_told_no(heart, guest):
    await heart.taking.take(guest.asks(guest.place()))
    for sql in (
        "CREATE TABLE late (at INTEGER REFERENCES journal (position) DEFERRABLE INITIALLY DEFERRED)",
        """CREATE TRIGGER fails AFTER INSERT ON orders
           BEGIN INSERT INTO late VALUES (new.position + 1000); END""",
    ):
        await heart.database.write(lambda db, sql=sql: db.execute(sql).fetchall())
    position = heart.journal.position
    outcomes = await asyncio.gather(
        *(heart.taking.take(guest.asks(guest.place())) for _ in range(8)), return_exceptions=True
    )
    assert [type(o) for o in outcomes] == [DatabaseBroken] * 8
    assert heart.journal.position == position
    assert len(await kept(heart)) == 1


async def test_a_full_queue_and_a_box_that_stops_take_nothing(heart, guest, monkeypatch):
    monkeypatch.setattr(module, "QUEUE_MAX", 4)
    taking = Taking(heart.database, heart.journal, heart.menus, outlet_of(Config(), None))
    await taking.start()
    outcomes = await asyncio.gather(
        *(taking.take(guest.asks(guest.place())) for _ in range(6)), return_exceptions=True
    )
    assert [type(o) for o in outcomes] == [Taken] * 4 + [Busy] * 2
    late = asyncio.gather(
        *(taking.take(guest.asks(guest.place())) for _ in range(3)), return_exceptions=True
    )
    await asyncio.sleep(0)
    await taking.stop()
    assert {type(o) for o in await late} <= {Taken, DatabaseBroken}
    with pytest.raises(DatabaseBroken):
        await asyncio.wait_for(taking.take(guest.asks(guest.place())), 1)
    assert len(await kept(heart)) == 4 + sum(isinstance(o, Taken) for o in await late)


async def test_a_flood_ends_with_the_flood(heart, guest, until):
    await asyncio.gather(*(heart.taking.take(guest.asks(guest.place())) for _ in range(64)))
    assert heart.taking.flooded
    await until(lambda: not heart.taking.flooded, within_s=3)


def something(guest, chance, orders):
    """A random thing a screen may ask, sensible or not."""
    if not orders or chance.random() < 0.3:
        variants = chance.choices(("nasi-kecil", "kopi", "paket", "durian"), k=chance.randint(1, 3))
        place = guest.place(*variants, hold=chance.random() < 0.3)
        orders.append(place)
        return place
    placed = chance.choice(orders)
    line = chance.choice(placed.lines).line_id
    order_id = placed.order_id
    station = chance.choice(("dapur", "bar"))
    return chance.choice(
        (
            c.AddLines(order_id=order_id, lines=(guest.line(chance.choice(("kopi", "paket"))),)),
            c.VoidLine(order_id=order_id, line_id=line, reason="salah"),
            c.HoldOrder(order_id=order_id),
            c.RecallOrder(order_id=order_id),
            c.FireOrder(order_id=order_id),
            c.ChangeOrderStatus(order_id=order_id, status=chance.choice(list(OrderStatus))),
            guest.pay(order_id, chance.choice((5_000, 25_000, 100_000))),
            c.BumpTicket(order_id=order_id, station_id=station),
            c.RecallTicket(order_id=order_id, station_id=station, line_ids=(line,)),
            c.EightySixItem(item_id="paket"),
            c.RestoreItem(item_id="paket"),
        )
    )


@pytest.mark.parametrize("seed", range(6))
async def test_the_orders_are_always_what_their_journal_says(make_heart, menu, guest, seed):
    chance = random.Random(seed)
    heart = await make_heart(menu=menu)
    orders, envelopes, yes = [], [], 0
    for _ in range(40):
        fresh = [guest.asks(something(guest, chance, orders)) for _ in range(chance.randint(1, 9))]
        again = chance.sample(envelopes, k=min(len(envelopes), chance.randint(0, 2)))
        envelopes += fresh
        outcomes = await asyncio.gather(*(heart.taking.take(e) for e in (*fresh, *again)))
        yes += sum(isinstance(o, Taken) and not o.repeated for o in outcomes)
    assert yes > 40, "the commands were not all nonsense"
    state = await kept(heart)
    assert state == await refolded(heart)
    placed = [f for f in await heart.entries() if f.entry.type == "order.placed"]
    numbers = [decode(f.entry.body).number for f in placed]
    assert numbers == [f"A{n:03}" for n in range(1, len(numbers) + 1)]
    assert isinstance(decode(placed[0].entry.body), OrderPlaced)
    await heart.stop()
    assert await kept(restarted := await make_heart()) == await refolded(restarted) == state


async def test_after_a_kill_the_orders_are_what_their_journal_says(make_heart, menu, hammered):
    before = await make_heart(menu=menu)
    await before.stop()
    for acks in (60, 400):
        await hammered(before.folder, acks)
        after = await make_heart()
        state = await kept(after)
        assert len(state) >= acks // 4
        assert state == await refolded(after)
        await after.stop()
