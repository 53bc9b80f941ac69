"""Who is the primary: a restart at once, a replacement at once, a copied disk never for long."""

import pytest

from protocol.clock import stamp_at, wall_ms_of

pytestmark = pytest.mark.postgres

MINUTE_MS = 60_000


class Disk:
    """A box that starts from a disk: each start is an instance that succeeds the one before."""

    def __init__(self, world, box, name="a", ahead_ms=0):
        self.world = world
        self.box = box
        self.name = name
        self.starts = 0
        self.instance = ""
        self.succeeds = ""
        self.ahead_ms = ahead_ms
        self.seen = 0
        self.last = None

    def start(self):
        self.starts += 1
        self.succeeds, self.instance = self.instance, f"{self.name}{self.starts}"
        return self

    def copy(self, name):
        """An image of this disk as it is, to be started in another machine."""
        image = Disk(self.world, self.box, name)
        image.instance, image.seen = self.instance, self.seen
        return image

    def stamp(self):
        self.seen = max(self.seen + 1, stamp_at(self.world.clock.now_ms + self.ahead_ms))
        return self.seen

    async def hello(self, **changes):
        values = {"instance": self.instance, "succeeds": self.succeeds, "stamp": self.stamp()}
        self.last = values | changes
        return await self.say()

    async def say(self):
        """The last hello again, as a network may deliver it."""
        welcome = await self.box.hello(**self.last)
        self.seen = max(self.seen, welcome.stamp)
        return welcome

    async def poll(self):
        self.world.clock.now_ms += 1_000
        page = await self.box.feed(instance=self.instance, stamp=self.stamp())
        self.seen = max(self.seen, page.stamp)
        return page.role


@pytest.fixture
async def disk(world, tenant):
    box = world.new_box()
    await box.enrol(await world.code(tenant))
    disk = Disk(world, box).start()
    assert (await disk.hello()).role == "primary"
    return disk


async def roles_after(world, *disks, minutes=2):
    """What each is told in the end, when all of them poll for a while."""
    for _ in range(minutes * 4):
        world.clock.now_ms += MINUTE_MS // 4
        told = [await disk.poll() for disk in disks]
    return told


async def test_a_restart_is_primary_at_once_and_stays_it(world, disk):
    for _ in range(5):
        disk.start()
        assert await disk.poll() == "primary", "a poll may overtake its hello"
        assert (await disk.hello()).role == "primary"
        assert await disk.poll() == "primary"
        world.clock.now_ms += 1_000


async def test_a_box_whose_clock_fell_back_is_primary_after_its_restart(world, disk):
    disk.ahead_ms = -3_000 * 24 * 3_600_000
    assert (await disk.start().hello()).role == "primary"
    assert await roles_after(world, disk) == ["primary"]


async def test_late_words_of_the_instance_before_change_nothing(world, disk):
    before = disk.copy("a")
    before.last = disk.last
    on_its_way = disk.stamp()
    disk.start()
    await disk.hello()
    assert (await before.say()).role == "primary"
    page = await disk.box.feed(instance=before.instance, stamp=on_its_way)
    assert page.role == "primary"
    assert await roles_after(world, disk) == ["primary"]
    await before.say()
    assert await roles_after(world, disk) == ["primary"]


async def test_a_late_wish_to_take_over_does_not_send_the_restarted_box_to_stand_by(world, disk):
    before = disk.copy("a")
    before.last = disk.last | {"take_over": True, "stamp": disk.stamp()}
    disk.start()
    await disk.hello()
    assert (await before.say()).role == "primary"
    assert await roles_after(world, disk) == ["primary"]


async def test_a_late_copy_of_a_hello_overwrites_nothing(world, tenant, disk):
    await disk.hello(unsent=5)
    old = disk.copy("a")
    old.last = dict(disk.last)
    await disk.hello(unsent=0)
    await old.say()
    assert (await world.rows(tenant, "SELECT unsent FROM outlets")) == [{"unsent": 0}]


async def test_enrolment_raises_the_term_and_the_new_box_is_primary_at_once(world, tenant, disk):
    outlet = disk.box.enrolled.outlet_id
    code, _ = await world.more_code(tenant, outlet)
    new = world.new_box(stream="cd" * 16)
    assert (await new.enrol(code)).term == disk.box.enrolled.term + 1
    assert await disk.poll() == "standby"
    welcome = await Disk(world, new, "n").start().hello()
    assert (welcome.role, welcome.term) == ("primary", 2)
    assert (await disk.hello()).role == "standby"
    assert (await disk.start().hello()).role == "standby"
    again = await new.enrol(code)
    assert again.term == 2, "a lost answer is given again and raises nothing"


async def test_all_that_a_replaced_box_still_has_is_taken(world, tenant, disk, till):
    code, _ = await world.more_code(tenant, disk.box.enrolled.outlet_id)
    await world.new_box().enrol(code)
    receipt = await disk.box.send(*till.entries(*(till.placed() for _ in range(3))))
    assert [a.verdict for a in receipt.acks] == ["ok"]
    assert len(await world.rows(tenant, "SELECT 1 FROM ledger")) == 3


async def test_a_copy_started_while_the_original_runs_becomes_the_standby(world, disk):
    copy = disk.copy("b").start()
    await copy.hello()
    assert await disk.poll() == "primary", "the original is never told to stand by"
    for _ in range(8):
        world.clock.now_ms += MINUTE_MS // 4
        assert await disk.poll() == "primary"
        told = await copy.poll()
    assert told == "standby"
    assert (await copy.hello()).role == "standby"


async def test_a_copy_with_a_clock_of_the_next_century_becomes_the_standby_too(world, disk):
    copy = disk.copy("b").start()
    copy.ahead_ms = 80 * 365 * 24 * 3_600_000
    welcome = await copy.hello()
    assert wall_ms_of(welcome.stamp) < world.clock.now_ms + MINUTE_MS, "HQ does not follow it"
    assert await roles_after(world, disk, copy) == ["primary", "standby"]


async def test_when_both_start_again_they_stay_what_they_were(world, disk):
    copy = disk.copy("b").start()
    await copy.hello()
    await roles_after(world, disk, copy)
    assert (await copy.start().hello()).role == "standby"
    assert (await disk.start().hello()).role == "primary"
    assert await roles_after(world, disk, copy) == ["primary", "standby"]


async def test_of_two_that_start_from_one_image_the_first_stays_primary(world, disk):
    copy = disk.copy("b").start()
    disk.start()
    await disk.hello()
    await copy.hello()
    assert await roles_after(world, copy, disk) == ["standby", "primary"]


async def test_a_box_put_back_to_an_older_image_is_primary_when_the_newer_is_gone(world, disk):
    image = disk.copy("b")
    for _ in range(3):
        await disk.start().hello()
    assert (await image.start().hello()).role == "primary"
    assert await roles_after(world, image) == ["primary"]


async def test_an_exchanged_disk_in_the_same_box_is_primary(world, disk):
    blank = Disk(world, disk.box, "c").start()
    assert (await blank.hello()).role == "primary"
    assert await roles_after(world, blank) == ["primary"]


async def test_somebody_at_the_standby_takes_over_and_it_happens_once(world, disk):
    copy = disk.copy("b").start()
    await copy.hello()
    await roles_after(world, disk, copy)
    taken = await copy.hello(take_over=True)
    assert (taken.role, taken.term) == ("primary", 2)
    assert (await copy.say()).term == 2
    assert (await disk.hello()).role == "standby"
    assert await roles_after(world, disk, copy) == ["standby", "primary"]
    assert (await copy.hello(take_over=True)).term == 2, "it is the primary already"


async def test_the_replaced_box_can_be_taken_over_to_again(world, tenant, disk):
    code, _ = await world.more_code(tenant, disk.box.enrolled.outlet_id)
    new = world.new_box()
    await new.enrol(code)
    other = Disk(world, new, "n").start()
    await other.hello()
    assert (await disk.hello(take_over=True)).role == "primary"
    assert await roles_after(world, disk, other) == ["primary", "standby"]


async def test_a_box_of_before_instances_is_what_its_enrolment_says(box):
    assert (await box.hello()).role == "primary"
    assert (await box.feed()).role == "primary"


async def test_hqs_time_is_later_than_all_it_told_and_heard(world, disk):
    told = [(await disk.hello()).stamp for _ in range(3)]
    ahead = stamp_at(world.clock.now_ms + 5 * MINUTE_MS)
    told.append((await disk.hello(stamp=ahead)).stamp)
    assert told[-1] > ahead
    told.append((await disk.hello(stamp=ahead + 1)).stamp)
    assert told == sorted(set(told))
    world.hq.clock._last = 0  # as another process, or the same after a restart, has it
    assert (await disk.hello(stamp=ahead + 2)).stamp > told[-1]


async def test_a_box_that_starts_again_and_again_fills_nothing_and_stays_primary(
    world, tenant, disk, monkeypatch
):
    monkeypatch.setattr("cloud.roles.ENDED_MAX", 5)
    for _ in range(12):
        world.clock.now_ms += 3_000
        assert (await disk.start().hello()).role == "primary"
    kept = await world.rows(tenant, "SELECT instance, ended_stamp FROM instances ORDER BY rank")
    assert [r["instance"] for r in kept] == [f"a{n}" for n in range(8, 14)]
    assert [r["ended_stamp"] is None for r in kept] == [False] * 5 + [True]
    assert await disk.poll() == "primary"
    assert (await disk.start().hello()).role == "primary"
