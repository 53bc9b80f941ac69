"""As the disk fills, telemetry goes, then the back office, then the ballast; orders go last, whole."""

import asyncio
import contextlib

import pytest

from edge import space as module
from edge.alarms import Alarms
from edge.space import MEGABYTE, Level, Room, Space, is_order_work, room_of, set_aside
from protocol import commands as c
from protocol.orders import Source
from protocol.refusals import Refusal


class Disk:
    """A file system of 10,000 MB that is as full as a test says."""

    def __init__(self):
        self.percent = 10

    def __call__(self, _):
        return Room(self.percent * 100 * MEGABYTE, (100 - self.percent) * 100 * MEGABYTE)


@pytest.fixture
def disk():
    return Disk()


@pytest.fixture
def alarms(heart):
    return Alarms(heart.database, heart.journal)


@pytest.fixture
async def space(heart, alarms, disk, monkeypatch):
    monkeypatch.setattr(module, "PLENTY_BYTES", 1 << 62)
    watched = Space(heart.folder, heart.database, alarms, ballast_mb=1, measure=disk)
    heart.taking.guards.append(watched.refusal)
    await watched.start()
    yield watched
    await watched.stop()


@pytest.fixture
def offers(guest):
    """One of each kind of command an outlet may send."""
    return {
        "order": guest.place(),
        "eighty six": c.EightySixItem(item_id="kopi"),
        "import": guest.place(source=Source.IMPORT),
        "product": c.EditProduct(item_id="kopi", field="name", value="Kopi"),
        "count": c.CountStock(item_id="kopi", quantity=3),
        "delivery": c.MoveStock(item_id="kopi", delta=3),
    }


def test_a_share_of_the_disk_is_worked_out_as_the_operator_sees_it(tmp_path):
    assert Room(90, 10).percent == 90
    assert Room(901, 99).percent == 91, "rounded up: 90.1 % is over 90"
    assert Room(0, 0).percent == 0
    assert [Room(p, 100 - p).level for p in (79, 80, 89, 90, 94, 95)] == [
        Level.ROOMY, Level.FILLING, Level.FILLING, Level.NEARLY_FULL, Level.NEARLY_FULL, Level.LAST,
    ]  # fmt: skip
    assert Room(1 << 50, module.PLENTY_BYTES).level is Level.ROOMY
    assert room_of(tmp_path).free > 0


def test_every_command_that_guests_wait_for_is_order_work(offers):
    assert [name for name, command in offers.items() if is_order_work(command)] == [
        "order", "eighty six",
    ]  # fmt: skip


async def test_from_ninety_percent_only_order_work_is_taken(heart, guest, space, disk, offers):
    def refused():
        return [name for name, command in offers.items() if space.refusal(guest.asks(command))]

    disk.percent = 89
    await space.check()
    assert refused() == []
    disk.percent = 90
    await space.check()
    assert refused() == ["import", "product", "count", "delivery"]
    asked = guest.asks(offers["import"], happened_ms=heart.clock.now_ms - 1000)
    assert await heart.taking.take(asked) == Refusal("disk_nearly_full")
    assert (await heart.taking.take(guest.asks(offers["order"]))).order
    disk.percent = 50
    await space.check()
    assert refused() == []
    assert (await heart.taking.take(asked)).order, "the same import may come again"


async def test_what_was_answered_is_answered_again_whatever_the_room(heart, guest, space, disk):
    counted = guest.asks(guest.place(source=Source.IMPORT), happened_ms=heart.clock.now_ms - 1000)
    first = await heart.taking.take(counted)
    disk.percent = 99
    await space.check()
    again = await heart.taking.take(counted)
    assert (again.repeated, again.position) == (True, first.position)


async def test_the_ballast_is_set_aside_in_roomy_times_and_given_up_at_the_last(space, disk):
    assert space.ballast.stat().st_blocks * 512 >= MEGABYTE, "its room is really taken"
    for percent, there in ((85, True), (94, True), (95, False), (85, False), (70, True)):
        disk.percent = percent
        await space.check()
        assert space.ballast.exists() == there, percent


async def test_an_alarm_stands_while_the_disk_costs_anything(space, alarms, disk):
    said = []
    for percent in (10, 85, 90, 93, 96, 85):
        disk.percent = percent
        await space.check()
        said.append([a.params["percent"] for a in alarms.listed if a.code == "disk_filling"])
    assert said == [[], [], ["90"], ["93"], ["96"], []]


async def test_a_ballast_that_would_fill_the_disk_is_not_made(heart, alarms, disk, monkeypatch):
    monkeypatch.setattr(module, "PLENTY_BYTES", 1 << 62)
    disk.percent = 79
    greedy = Space(heart.folder, heart.database, alarms, ballast_mb=200, measure=disk)
    await greedy.check()
    assert not greedy.ballast.exists()


def test_half_a_ballast_is_none(small_disk):
    set_aside(small_disk / "ballast", 64 * MEGABYTE)
    assert not (small_disk / "ballast").exists()


async def test_a_disk_that_cannot_be_measured_stops_nothing(heart, alarms, until, monkeypatch):
    monkeypatch.setattr(module, "CHECK_EVERY_S", 0.01)
    asked = []

    def measure(folder):
        asked.append(folder)
        if len(asked) > 1:
            raise OSError("gone")
        return Room(1, 99)

    watched = Space(heart.folder, heart.database, alarms, ballast_mb=0, measure=measure)
    await watched.start()
    await until(lambda: len(asked) > 3)
    await watched.stop()


async def test_a_disk_filled_to_the_last_byte_refuses_orders_whole_and_goes_on_by_itself(
    make_heart, menu, guest, small_disk, until, monkeypatch
):
    """A really full file system: nothing half-taken, no restart, and the ballast buys time."""
    monkeypatch.setattr(module, "CHECK_EVERY_S", 0.05)
    heart = await make_heart(small_disk, menu=menu)
    alarms = Alarms(heart.database, heart.journal)
    space = Space(heart.folder, heart.database, alarms, ballast_mb=0)
    heart.taking.guards.append(space.refusal)
    set_aside(space.ballast, 128 * 1024)
    await space.start()
    assert space.level < Level.LAST, "or the ballast would be gone already"
    filler = small_disk / "filler"
    with contextlib.suppress(OSError), filler.open("wb") as file:
        while file.write(bytes(4096)):
            file.flush()
    no, said = Refusal("disk_full"), []
    while not said or said[-1] != no or all(o == no for o in said):
        said.append(await heart.taking.take(guest.asks(guest.place())))
        await asyncio.sleep(0)
    assert not space.ballast.exists()
    assert heart.database.broken is None
    yes = {o.order.order_id for o in said if not isinstance(o, Refusal)}
    kept = {i for (i,) in await heart.rows("SELECT order_id FROM orders")}
    assert kept == yes, "what was refused is not there, what was acknowledged is"
    assert yes, "the ballast bought room for some"
    filler.unlink()
    answer = await heart.taking.take(guest.asks(guest.place()))
    assert not isinstance(answer, Refusal)
    await until(lambda: space.level < Level.FULL)
    await space.stop()
    rows = await heart.rows("SELECT position FROM journal ORDER BY position")
    assert [p for (p,) in rows] == list(range(1, len(rows) + 1))
