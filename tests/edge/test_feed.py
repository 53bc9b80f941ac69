"""The screens' feed: a snapshot plus its changes is a fresh snapshot, whenever a screen joins."""

import asyncio
import contextlib
import random

import msgspec
import pytest

from edge import feed as module
from edge.backfill import BackFill
from edge.feed import TooManyScreens
from protocol import commands as c
from protocol.feed import Change, Heartbeat, Snapshot, apply_change
from protocol.orders import OrderStatus
from tests.edge.returning import Hq


class Screen:
    """A screen as the browser's half is: it folds what it is told, and may listen slowly."""

    def __init__(self, feed, since=None, orders=None):
        self.orders = dict(orders or {})
        self.eighty_six = set()
        self.position = since or 0
        self.heard = []
        self._messages = feed.follow(since)
        self._task = None

    def listen(self, pause_s=0.0):
        self._task = asyncio.create_task(self._listen(pause_s))
        return self

    async def _listen(self, pause_s):
        async for message in self._messages:
            self._take(msgspec.json.decode(msgspec.json.encode(message), type=type(message)))
            await asyncio.sleep(pause_s)

    def _take(self, message):
        self.heard.append(message)
        match message:
            case Snapshot():
                self.orders = {o.order_id: o for o in message.orders}
                self.eighty_six = set(message.eighty_six)
                self.position = message.position
            case Change():
                if message.position > self.position and message.kind == "item":
                    gone, item = message.value["eighty_six"], message.value["item_id"]
                    (self.eighty_six.add if gone else self.eighty_six.discard)(item)
                self.position = apply_change(self.orders, self.position, message)
            case Heartbeat():
                # "Nothing after this position has happened": a screen may rely on it.
                self.position = max(self.position, message.position)

    @property
    def ended(self):
        return self._task.done()

    async def leave(self):
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        await self._messages.aclose()


@pytest.fixture
async def joins(box):
    screens = []

    def join(since=None, pause_s=0.0, orders=None):
        screens.append(Screen(box.feed, since, orders).listen(pause_s))
        return screens[-1]

    yield join
    for screen in screens:
        await screen.leave()


@pytest.fixture
def take(box, guest):
    async def ask(command):
        return await box.taking.take(guest.asks(command))

    return ask


def something(guest, chance, orders):
    if not orders or chance.random() < 0.4:
        orders.append(guest.place("nasi-kecil", "kopi"))
        return orders[-1]
    order_id = chance.choice(orders).order_id
    return chance.choice(
        (
            guest.pay(order_id, 50_000),
            c.BumpTicket(order_id=order_id, station_id="bar"),
            c.ChangeOrderStatus(order_id=order_id, status=OrderStatus.SERVED),
            c.ChangeOrderStatus(order_id=order_id, status=OrderStatus.CANCELLED),
            c.EightySixItem(item_id="paket"),
            c.RestoreItem(item_id="paket"),
        )
    )


@pytest.mark.parametrize("seed", range(5))
async def test_snapshot_and_changes_make_a_fresh_snapshot(
    box, guest, take, joins, until, monkeypatch, seed
):
    monkeypatch.setattr(module, "HEARTBEAT_S", 0.005)
    box.desk.confirm_ms = 600_000  # there is no kitchen, and no entry is to come of that by itself
    chance = random.Random(seed)
    orders, screens = [], [joins()]
    for _ in range(60):
        asked = [something(guest, chance, orders) for _ in range(chance.randint(1, 4))]
        await asyncio.gather(*map(take, asked))
        if chance.random() < 0.25:
            screens.append(joins(pause_s=chance.choice((0, 0, 0.003))))
        if chance.random() < 0.25:
            # A screen that lost its line comes back with what it had.
            had = chance.choice(screens)
            resumed = joins(since=had.position, orders=had.orders)
            resumed.eighty_six = set(had.eighty_six)
            screens.append(resumed)
        await asyncio.sleep(chance.choice((0, 0.001, 0.004)))
    head = box.journal.position
    await until(lambda: all(s.position == head for s in screens), within_s=15)
    fresh = await box.feed.snapshot()
    wanted = {o.order_id: o for o in fresh.orders}
    for screen in screens:
        assert screen.orders == wanted
        assert screen.eighty_six == set(fresh.eighty_six)
        told = [m.position for m in screen.heard if not isinstance(m, Heartbeat)]
        assert told == sorted(set(told)), "each change once, in order, none older than the snapshot"


async def test_a_resuming_screen_loses_nothing_committed_while_it_is_told(box, guest, take, until):
    """The changes it missed are told slowly; meanwhile the outlet goes on."""
    for _ in range(5):
        await take(guest.place())
    since = box.journal.position - 8
    messages = box.feed.follow(since)
    heard = [await anext(messages)]
    late = guest.place()
    await take(late)
    await asyncio.sleep(0.05)
    async with asyncio.timeout(2):
        while getattr(heard[-1], "key", "") != late.order_id:
            heard.append(await anext(messages))
            if isinstance(heard[-1], Heartbeat):
                assert heard[-1].position == since + 8, "a heartbeat says what was told, no more"
    await messages.aclose()
    positions = [m.position for m in heard if isinstance(m, Change)]
    assert positions == list(range(since + 1, since + 8 + 2))


async def test_a_snapshot_holds_what_is_alive_and_what_is_wrong(box, guest, take, joins, until):
    alive, gone = guest.place(), guest.place()
    await take(alive)
    await take(gone)
    await take(c.ChangeOrderStatus(order_id=gone.order_id, status=OrderStatus.CANCELLED))
    await take(c.EightySixItem(item_id="kopi"))
    screen = joins()
    snapshot = (await until(lambda: screen.heard))[0]
    assert [o.order_id for o in snapshot.orders] == [alive.order_id]
    assert (snapshot.eighty_six, snapshot.menu_version) == (("kopi",), 1)
    assert (snapshot.outlet_name, snapshot.boot) == ("Kedai Dago", box.platform.boot)
    assert "kitchen" in {n.code for n in snapshot.notices}, "there is no broker on port 1"


async def test_since_resumes_with_the_changes_alone(box, guest, take, joins, until):
    await take(guest.place())
    since = box.journal.position
    order = guest.place()
    await take(order)
    screen = joins(since=since)
    await until(lambda: len(screen.heard) >= 3)
    first, second, third = screen.heard[:3]
    assert (first.event, second.event) == ("order.placed", "order.fired")
    assert (first.position, second.position) == (since + 1, since + 2)
    assert isinstance(third, Heartbeat)


@pytest.mark.parametrize("since", [-1, 10_000, None])
async def test_a_place_the_box_does_not_know_starts_again(box, joins, until, since):
    screen = joins(since=since)
    assert isinstance((await until(lambda: screen.heard))[0], Snapshot)


async def test_too_far_behind_starts_again(box, guest, take, joins, until, monkeypatch):
    monkeypatch.setattr(module, "RESUME_MAX", 3)
    for _ in range(3):
        await take(guest.place())
    screen = joins(since=1)
    assert isinstance((await until(lambda: screen.heard))[0], Snapshot)


async def test_a_screen_that_does_not_listen_is_cut_off_and_holds_up_nobody(
    box, guest, take, joins, until, monkeypatch
):
    monkeypatch.setattr(module, "WAITING_MAX", 20)
    slow, quick = joins(pause_s=60), joins()
    await until(lambda: slow.heard and quick.heard)
    for _ in range(30):
        await take(guest.place())
    await until(lambda: quick.position == box.journal.position)
    assert max(q.qsize() for q in box.feed._screens) <= 20
    messages = slow._messages
    slow._task.cancel()
    await asyncio.gather(slow._task, return_exceptions=True)
    with contextlib.suppress(StopAsyncIteration):
        async with asyncio.timeout(1):
            while True:
                await anext(messages)
    await until(lambda: box.feed.screens == 1)


async def test_heartbeats_come_while_nothing_happens(box, joins, until, monkeypatch):
    monkeypatch.setattr(module, "HEARTBEAT_S", 0.02)
    screen = joins()
    await until(lambda: sum(isinstance(m, Heartbeat) for m in screen.heard) >= 3)
    beat = screen.heard[-1]
    assert (beat.position, beat.boot, beat.unsent) == (box.journal.position, box.platform.boot, 0)


async def test_heartbeats_come_in_a_rush_too(guest, take, joins, until, monkeypatch):
    """Only they say what HQ has confirmed and what is wrong, and a rush may last all evening."""
    monkeypatch.setattr(module, "HEARTBEAT_S", 0.2)
    screen = joins()
    await until(lambda: screen.heard)
    clock = asyncio.get_running_loop().time
    end_s = clock() + 1.2
    while clock() < end_s:
        await take(guest.place())
    assert sum(isinstance(m, Heartbeat) for m in screen.heard) >= 3


async def test_there_is_a_most_of_screens_and_leaving_makes_room(box, joins, until, monkeypatch):
    monkeypatch.setattr(module, "SCREENS_MAX", 2)
    first, _ = joins(), joins()
    await until(lambda: box.feed.screens == 2)
    with pytest.raises(TooManyScreens):
        await anext(box.feed.follow())
    await first.leave()
    assert box.feed.screens == 1
    joins()
    await until(lambda: box.feed.screens == 2)


async def test_stopping_ends_every_stream(box, joins, until):
    screens = [joins(), joins()]
    await until(lambda: all(s.heard for s in screens))
    box.feed.end_all()
    await until(lambda: all(s.ended for s in screens))


async def test_one_entry_that_cannot_be_shown_does_not_silence_the_feed(
    box, guest, take, joins, until, monkeypatch
):
    screen = joins()
    await until(lambda: screen.heard)
    real, broken = box.feed._change, [True]

    async def change(followed):
        if broken:
            broken.pop()
            raise ZeroDivisionError
        return await real(followed)

    monkeypatch.setattr(box.feed, "_change", change)
    await take(guest.place())
    last = guest.place()
    await take(last)
    again = joins()
    await until(lambda: last.order_id in again.orders)
    await take(guest.pay(last.order_id, 25_000))
    await until(lambda: again.orders[last.order_id].due == 0)


async def test_what_happens_while_a_snapshot_is_made_is_told_once(
    box, guest, take, joins, until, monkeypatch
):
    real = box.feed.snapshot

    async def late_snapshot():
        await take(guest.place())
        await asyncio.sleep(0.02)  # the screen's place in the queue is older than its snapshot
        return await real()

    monkeypatch.setattr(box.feed, "snapshot", late_snapshot)
    screen = joins()
    await until(lambda: screen.heard)
    await take(guest.place())
    await until(lambda: screen.position == box.journal.position)
    positions = [m.position for m in screen.heard]
    assert positions == sorted(set(positions))
    assert len(positions) == 3


async def test_after_a_back_fill_every_screen_starts_anew(
    box, make_heart, menu, guest, take, joins, until, clock
):
    lost = await make_heart("lost", menu=menu)
    order = (await lost.taking.take(guest.asks(guest.place()))).order
    await take(guest.place())
    hq = Hq()
    await hq.hold(lost)
    screen = joins()
    await until(lambda: screen.orders)
    since = box.journal.position
    back_fill = BackFill(hq, box.journal, box.database, clock, box.alarms)
    back_fill.on_returned.append(box._show_returned)
    await back_fill.take(await hq.missing(box))
    late = joins(since=since, orders=dict(screen.orders))
    await until(lambda: order.order_id in late.orders)
    assert len(late.orders) == 2


async def test_screens_are_told_when_the_menu_is_another_one_also_one_with_a_lower_number(
    box, menu
):
    async def publish(number, what):
        body = msgspec.json.encode(what)
        reading = box.journal.reading()
        await box.database.write(
            lambda db: box.menus.apply(db, body, number, f"publish-{number}-{len(body)}", reading)
        )
        await box.database.write(box.menus.current)
        return box.feed.heartbeat(0).menu_revision

    first = box.feed.heartbeat(0).menu_revision
    assert first == (await box.feed.snapshot()).menu_revision
    shorter = msgspec.structs.replace(menu, items=menu.items[:-1])
    names = [first, await publish(7, menu), await publish(3, shorter)]
    assert len(set(names)) == 3
    assert names[-1] == box.feed.heartbeat(0).menu_revision
