"""Everything that goes wrong, each fault with its repair. Times and places are drawn from the seed.

A fault is a coroutine function `(world, place, dice)`; it counts itself, does its harm and mends it.
Those that destroy data ask the hypothesis first (`simulation.fault_hypothesis`).
"""

import asyncio
from collections.abc import Awaitable, Callable
from random import Random
from typing import TYPE_CHECKING, Any

from simulation import edits, menus, poison
from simulation import faults_of_history as history

if TYPE_CHECKING:
    from simulation.world import Place, World

Fault = Callable[["World", "Place", Random], Awaitable[None]]
POWER = ("strict", "torn", "smash4k")


async def crash(world: "World", place: "Place", dice: Random) -> None:
    """kill -9; the supervisor starts the box again."""
    if place.site.process is not None:
        world.count("crash")
        place.site.kill("kill9")
        await world.rest(dice.uniform(1, 30))
        await place.site.start_again()


async def power(world: "World", place: "Place", dice: Random) -> None:
    """The power goes, for seconds or for an hour."""
    if place.site.process is not None:
        policy = dice.choice(POWER)
        world.count(f"power cut ({policy})")
        place.site.kill(policy)
        await world.rest(dice.choice((dice.uniform(5, 60), dice.uniform(60, 3600))))
        await place.site.start_again()


async def cut(world: "World", place: "Place", dice: Random) -> None:
    """The power goes in the middle of one of the next disk operations."""
    site = place.site
    if site.process is None:
        return

    def then() -> None:
        world.count(f"cut in mid-operation ({policy})")
        world.loop.create_task(site.start_again(dice.uniform(5, 60)))

    policy = dice.choice(POWER)
    site.cut_power_in(dice.randint(1, 60), policy, then)


async def partition(world: "World", place: "Place", dice: Random) -> None:
    """The WAN is cut, for minutes or for half a day."""
    world.count("partition")
    wan = place.wan
    wan.set_cut(True)
    await world.rest(dice.choice((dice.uniform(30, 1800), dice.uniform(1800, 43_200))))
    wan.set_cut(False)


async def portal(world: "World", place: "Place", dice: Random) -> None:
    """A captive portal answers everything with a page of its own."""
    world.count("captive portal")
    wan = place.wan
    wan.portal = True
    await world.rest(dice.uniform(60, 3600))
    wan.portal = False


async def storm(world: "World", place: "Place", dice: Random) -> None:
    """Something between box and HQ answers 503."""
    world.count("503 storm")
    wan = place.wan  # the outlet may have another box, on another line, when it is over
    wan.storm = True
    await world.rest(dice.uniform(60, 1800))
    wan.storm = False


async def lan(world: "World", place: "Place", dice: Random) -> None:
    """A screen is out of reach of its box."""
    world.count("screen out of reach")
    link = dice.choice(place.screens).link
    link.set_cut(True)
    await world.rest(dice.uniform(10, 1200))
    link.set_cut(False)


async def display(world: "World", place: "Place", dice: Random) -> None:
    """A kitchen display goes dark, for minutes or for hours."""
    world.count("display dark")
    dark = dice.choice(place.displays)
    dark.switch(dark=True)
    await world.rest(dice.uniform(60, 7_200))
    dark.switch(dark=False)


async def clock(world: "World", place: "Place", dice: Random) -> None:
    """The box's wall clock is wrong: 1970, 2099, an hour off, or steps back in mid-sale."""
    kind = dice.choice(("1970", "2099", "+1h", "-1h", "back"))
    world.count(f"clock at {kind}")
    site, hour = place.site, 3_600_000
    wrong = {
        "1970": 86_400_000,
        "2099": 4_085_000_000_000,
        "+1h": site.clock.true_ms() + hour,
        "-1h": site.clock.true_ms() - hour,
        "back": site.clock.wall_ms() - dice.randint(1_000, 600_000),
    }[kind]
    site.clock.jump_to(wrong)
    if dice.random() < 0.5:
        await crash(world, place, dice)
    await world.rest(dice.uniform(600, 14_400))
    site.clock.offset_ms = 0


async def full(world: "World", place: "Place", dice: Random) -> None:
    """The disk fills, and somebody makes room later."""
    world.count("disk full")
    disk = place.site.disk
    disk.full(after=dice.randint(0, 200_000))
    await world.rest(dice.uniform(300, 3600))
    disk.heal()
    if not place.site.up and place.site.process is None:
        await place.site.start_again()


async def broken_disk(world: "World", place: "Place", dice: Random) -> None:
    """A flush, or a write, fails; the box must restart."""
    if dice.random() < 0.5:
        world.count("failed flush")
        place.site.disk.fail_fsync_at(dice.randint(1, 5))
    else:
        world.count("I/O error")
        place.site.disk.fail_at(dice.randint(1, 20))
    await world.rest(600)
    place.site.disk.heal()


async def hq_crash(world: "World", place: "Place", dice: Random) -> None:
    """HQ dies, perhaps between a commit and its answer, for seconds or for hours."""
    del place
    if not world.hq.up:
        return
    if dice.random() < 0.5:
        died = world.hq.die_after_commit(dice.randint(1, 5))
        await asyncio.wait([died, world.peace], timeout=600, return_when=asyncio.FIRST_COMPLETED)
        world.count("HQ died between commit and reply")
    else:
        world.count("HQ died")
    world.hq.kill()
    await world.rest(dice.choice((dice.uniform(1, 30), dice.uniform(600, 14_400))))
    await world.hq.start_again()


async def menu(world: "World", place: "Place", dice: Random) -> None:
    """HQ publishes other prices while people order."""
    tenant = place.tenant
    if not world.hq.up:
        return
    world.count("menu published")
    fresh = world.menus[tenant.tenant_id] = menus.repriced(world.menus[tenant.tenant_id], dice)
    await world.at_hq(lambda hq: hq.menus.publish(tenant.tenant_id, fresh))


async def screen_loss(world: "World", place: "Place", dice: Random) -> None:
    """A browser's storage is cleared."""
    if world.hypothesis.may_lose(place):
        world.count("screen lost its storage")
        world.hypothesis.lost(place.name, "screen")
        dice.choice(place.screens).lose_storage()


async def restore(world: "World", place: "Place", dice: Random) -> None:
    """The box is put back to an old copy of its disk, sometimes without its WAL."""
    await _while_screens_hold_copies(world, place, dice)
    copies = [c for c in world.copies_of(place.site) if world.loop.now_s - c[0] > 1800]
    if not copies or not world.hypothesis.may_lose(place):
        return
    _cut_wan_for_a_while(world, place, dice)
    world.hypothesis.lost(place.name, "box restored")
    made_s, image = dice.choice(copies)
    if dice.random() < 0.3:
        world.count("box restored without its WAL")
        image = type(image)({n: b for n, b in image.files.items() if not n.endswith("-wal")})
    else:
        world.count("box restored")
    world.loop.note("restored", place.name, world.loop.now_s - made_s)
    await world.put_back(place.site, image, dice.uniform(10, 600))


async def blank(world: "World", place: "Place", dice: Random) -> None:
    """The box's disk is dead: a new machine is enrolled in its place."""
    await _while_screens_hold_copies(world, place, dice)
    if not world.hq.up or not world.hypothesis.may_lose(place):
        return
    world.count("box replaced")
    world.hypothesis.lost(place.name, "box replaced")
    place.site.kill("strict")
    await world.rest(dice.uniform(60, 1800))
    await world.replace_box(place)


async def _while_screens_hold_copies(world: "World", place: "Place", dice: Random) -> None:
    """Strike when a screen has just been answered: before HQ knows, or before the screen knows that."""
    await world.until(lambda: any(s.copies for s in place.screens))
    if dice.random() < 0.6:
        await world.rest(dice.uniform(5, 30))


def _cut_wan_for_a_while(world: "World", place: "Place", dice: Random) -> None:
    """Half of the time screens reach the box that lost its memory long before HQ does."""
    if dice.random() < 0.5:
        world.begin_fault(partition(world, place, dice))


FAULTS: dict[str, tuple[float, Fault]] = {
    "crash": (3.0, crash),
    "power": (3.0, power),
    "cut": (3.0, cut),
    "partition": (2.0, partition),
    "portal": (0.5, portal),
    "storm": (0.5, storm),
    "lan": (1.5, lan),
    "display": (0.8, display),
    "clock": (1.0, clock),
    "full": (0.5, full),
    "broken_disk": (0.5, broken_disk),
    "hq": (1.5, hq_crash),
    "menu": (1.5, menu),
    "screen_loss": (0.7, screen_loss),
    "restore": (1.0, restore),
    "blank": (0.5, blank),
    "offline_clone": (0.4, history.offline_clone),
    "live_clone": (0.4, history.live_clone),
    "retired": (0.3, history.retired),
    "backup": (2.0, history.backup_hq),
    "hq_restore": (0.7, history.hq_restore),
    "poison": (0.7, poison.poison),
    "prices": (0.8, edits.prices),
    "products": (0.8, edits.products),
    "stock": (1.5, edits.stock),
}
"""By name: how often compared with the others, and what it does."""

PER_OUTLET_DAY = 12.0
"""Faults that are begun at each outlet and day, on average; many last for hours."""


def chosen(names: tuple[str, ...]) -> list[tuple[float, Fault]]:
    """The faults of a plan; `all` stands for every one."""
    if "all" in names:
        return list(FAULTS.values())
    return [FAULTS[name] for name in names if name in FAULTS]


async def trouble(world: Any, place: "Place", dice: Random) -> None:
    """Faults at one outlet, for as long as the world lets them."""
    kinds = chosen(world.plan.faults)
    if not kinds:
        return
    weights = [weight for weight, _ in kinds]
    while not world.peaceful:
        await asyncio.sleep(dice.expovariate(PER_OUTLET_DAY / 86_400))
        if world.peaceful:
            return
        _, fault = dice.choices(kinds, weights)[0]
        world.begin_fault(fault(world, place, dice))
