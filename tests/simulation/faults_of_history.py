"""Faults that make two histories of one thing: clones, HQ put back, boxes that were retired."""

from random import Random
from typing import TYPE_CHECKING

from simulation.settling import in_charge

if TYPE_CHECKING:
    from simulation.site import Site
    from simulation.world import Place, World

BACKUPS_KEPT = 3


async def offline_clone(world: "World", place: "Place", dice: Random) -> None:
    """The box's disk is copied and the copy started beside it; a screen turns to the copy."""
    if place.site.up and not world.clones_of(place):
        world.count("offline clone")
        await _run_beside(world, place, await world.clone(place, live=False), dice)


async def live_clone(world: "World", place: "Place", dice: Random) -> None:
    """A box is copied while it runs, memory and all: both go on writing the same stream."""
    box = place.site.box
    if not place.site.up or box is None or box.journal.stream is None or world.clones_of(place):
        return
    world.count("live clone")
    await _run_beside(world, place, await world.clone(place, live=True), dice)


async def _run_beside(world: "World", place: "Place", clone: "Site", dice: Random) -> None:
    screen = dice.choice(place.screens)
    screen.turn_to(clone)
    await world.rest(dice.uniform(600, 14_400))
    screen.turn_to(place.site)
    # It is switched off once it has sent what it took, and never before.
    while not world.sent(clone):
        if world.peaceful:
            return
        await world.rest(120)
        await clone.start_again()
    await clone.stop()
    clone.gone = True
    world.loop.note("clone switched off", clone.name)
    await put_in_charge(world, place)


async def put_in_charge(world: "World", place: "Place") -> bool:
    """HQ may have taken either of two for the outlet's box: where all that are left stand by, somebody
    gives the outlet's own one the charge, as its screens ask for. Whether that was needed."""
    site = place.site
    line = site.box.replication if site.box and site.up else None
    if line is None or line.role != "standby" or in_charge(world, place) > 0:
        return False
    await line.take_over()
    return True


async def retired(world: "World", place: "Place", dice: Random) -> None:
    """A box that was replaced while it worked is found in a drawer and switched on."""
    if not world.hq.up or not place.site.up or not world.hypothesis.may_lose(place):
        return
    world.count("retired box revived")
    world.hypothesis.lost(place.name, "box retired")
    old = place.site
    old.kill("strict")
    await world.replace_box(place)
    await world.rest(dice.uniform(600, 14_400))
    old.gone = False
    await old.start_again()


async def backup_hq(world: "World", place: "Place", dice: Random) -> None:
    """HQ makes a backup and forgets the oldest; no fault, but what the next one needs."""
    del place, dice
    if world.hq.up:
        world.count("HQ backup")
        await world.hq.back_up(keep=BACKUPS_KEPT)


async def hq_restore(world: "World", place: "Place", dice: Random) -> None:
    """HQ's database is lost and put back from one of its backups, not always the newest."""
    del place
    if not world.hq.up or not world.hq.backups or not world.hypothesis.may_lose_hq():
        return
    world.count("HQ restored")
    world.hypothesis.lost("hq", "HQ restored")
    world.hq.kill()
    world.hq.put_back(dice.choice(world.hq.backups))
    await world.rest(dice.uniform(10, 1800))
    await world.hq.start_again()
    # A backup older than a box does not know it: its screens say so, and somebody makes a code.
    await world.rest(dice.uniform(60, 1800))
    await world.enrol_strangers()
