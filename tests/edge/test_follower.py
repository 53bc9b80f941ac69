"""Followers: at least once, in order, from a durable cursor; faults are retried, poison is parked."""

import asyncio
import logging
import sqlite3

import pytest

from edge import follower as module
from edge.database import Busy
from edge.follower import Fault, Follower, cursor_of, save_cursor


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(module, "BACK_OFF_S", (0.01, 0.02))
    monkeypatch.setattr(module, "SAVE_EVERY_S", 0.05)


class Reader:
    """Remembers the positions it was shown, and does what it is told about some of them."""

    def __init__(self):
        self.seen, self.calls = [], 0
        self.fault: str | None = None
        self.poison, self.busy = set(), set()

    async def __call__(self, batch):
        self.calls += 1
        if self.fault:
            raise Fault(self.fault)
        for followed in batch:
            if followed.at.position in self.poison:
                raise ValueError(f"cannot read {followed.at.position}")
            if followed.at.position in self.busy:
                self.busy.discard(followed.at.position)
                raise Busy
        self.seen += [f.at.position for f in batch]


@pytest.fixture
async def make_follower(heart):
    running = []

    async def make(read, name="test", **options):
        follower = Follower(name, heart.journal, heart.database, read, **options)
        await follower.start()
        running.append(follower)
        return follower

    yield make
    for follower in running:
        await follower.stop()


@pytest.fixture
def order(heart, guest):
    """Places so many orders, two entries each."""

    async def place(count=1):
        for _ in range(count):
            await heart.taking.take(guest.asks(guest.place()))
        return heart.journal.position

    return place


async def test_every_entry_comes_once_and_in_order(heart, make_follower, order, until):
    read = Reader()
    follower = await make_follower(read)
    head = await order(20)
    await until(lambda: follower.lag == 0)
    assert read.seen == list(range(1, head + 1))


async def test_it_goes_on_where_it_stopped(heart, make_follower, order, until):
    first = Reader()
    follower = await make_follower(first)
    middle = await order(3)
    await until(lambda: follower.lag == 0)
    await follower.stop()
    head = await order(3)
    second = Reader()
    follower = await make_follower(second)
    await until(lambda: follower.lag == 0)
    assert second.seen == list(range(middle + 1, head + 1))


async def test_the_cursor_is_durable_soon_without_a_stop(heart, make_follower, order, until):
    await make_follower(Reader())
    head = await order(2)

    def saved():
        with sqlite3.connect(f"file:{heart.database.path}?mode=ro", uri=True) as other:
            found = cursor_of(other, "test")
        other.close()
        return found

    await until(lambda: saved() == head, within_s=2)


async def test_a_cursor_never_moves_back(heart):
    def moves(db):
        for position in (5, 9, 3):
            save_cursor(db, "test", position)
        return cursor_of(db, "test")

    assert await heart.database.write(moves) == 9


async def test_a_fault_is_retried_and_logged_once_at_break_and_once_at_heal(
    make_follower, order, until, caplog
):
    caplog.set_level(logging.INFO, "edge.follower")
    read = Reader()
    read.fault = "the broker is away"
    follower = await make_follower(read)
    head = await order(3)
    await until(lambda: read.calls > 5)
    assert (follower.fault, follower.position, read.seen) == ("the broker is away", 0, [])
    read.fault = None
    await until(lambda: follower.lag == 0)
    assert (follower.fault, read.seen) == (None, list(range(1, head + 1)))
    said = [(r.levelname, r.getMessage()) for r in caplog.records]
    assert said == [
        ("WARNING", "test stands still: the broker is away"), ("INFO", "test goes on"),
    ]  # fmt: skip


async def test_a_poison_entry_is_parked_with_its_reason_and_its_neighbours_flow(
    heart, make_follower, order, until
):
    head = await order(5)
    read = Reader()
    read.poison = {4, 7}
    follower = await make_follower(read)
    await until(lambda: follower.lag == 0)
    assert sorted(set(read.seen)) == [n for n in range(1, head + 1) if n not in {4, 7}]
    assert follower.parked == 2
    rows = await heart.rows("SELECT follower, position, reason FROM parked ORDER BY position")
    assert rows == [
        ("test", 4, "ValueError('cannot read 4')"), ("test", 7, "ValueError('cannot read 7')"),
    ]  # fmt: skip
    assert follower.fault is None


async def test_what_is_parked_is_still_known_after_a_restart(make_follower, order, until):
    await order(2)
    read = Reader()
    read.poison = {2}
    follower = await make_follower(read)
    await until(lambda: follower.parked == 1)
    await follower.stop()
    assert (await make_follower(Reader())).parked == 1


async def test_a_busy_disk_parks_nothing_even_beside_a_poison_entry(
    heart, make_follower, order, until
):
    head = await order(5)
    read = Reader()
    read.poison, read.busy = {3}, {6}
    follower = await make_follower(read)
    await until(lambda: follower.lag == 0)
    assert set(read.seen) == set(range(1, head + 1)) - {3}
    assert await heart.rows("SELECT position FROM parked") == [(3,)]


async def test_a_park_that_meets_a_busy_disk_is_tried_again(
    heart, make_follower, order, until, monkeypatch
):
    refusals, real = [1, 2], heart.database.write

    async def write(work):
        if refusals:
            refusals.pop()
            raise Busy
        return await real(work)

    head = await order(3)
    monkeypatch.setattr(heart.database, "write", write)
    read = Reader()
    read.poison = {3}
    follower = await make_follower(read)
    await until(lambda: follower.position == head)
    assert (follower.parked, await heart.rows("SELECT position FROM parked")) == (1, [(3,)])


async def test_while_commands_flood_in_it_rests_longer_than_it_works(heart, make_follower, order):
    flood = True
    batches = []

    async def read(batch):
        batches.append(asyncio.get_running_loop().time())
        await asyncio.sleep(0.02)

    await order(1)
    follower = await make_follower(read, flooded=lambda: flood)
    for _ in range(20):
        await order(1)
        await asyncio.sleep(0.02)
    assert len(batches) <= 4, "without the rest it would be twenty"
    flood = False
    await asyncio.sleep(0.3)
    assert follower.lag == 0
