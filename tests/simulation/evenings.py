"""The end of each day: who closes an outlet, when, and the last close that leaves nothing uncounted."""

import asyncio
from datetime import UTC, datetime, timedelta
from random import Random
from typing import TYPE_CHECKING, Any

from simulation.pacing import certify_soon
from simulation.settling import certified, settled
from simulation.till_habits import TillHabits, close_day

if TYPE_CHECKING:
    from simulation.world import Place, World

CLOSES_AT_H = 22.1
JAKARTA = timedelta(hours=7)
CERTIFIED_WITHIN_S = 900.0
"""Virtual seconds after which waiting for certificates is given up."""
DAYS_MAX = 3
"""Days waited for a business date that has no Z yet: a wrong clock may have closed this one."""


class Evenings:
    """Most evenings somebody closes; some are forgotten, and some made up for the next morning."""

    def __init__(self, tills: list[TillHabits], dice: Random) -> None:
        self.tills = tills
        self.dice = dice
        self._tasks: list[asyncio.Future[Any]] = []

    def begin(self) -> None:
        """From now on."""
        self._spawn(self._work())

    def stop(self) -> None:
        """Nobody closes any more, whatever is half done."""
        for task in self._tasks:
            task.cancel()

    async def _work(self) -> None:
        while True:
            into_day_s = (self._now() - self._now().replace(hour=0, minute=0)).total_seconds()
            await asyncio.sleep((CLOSES_AT_H * 3600 - into_day_s) % 86_400)
            await asyncio.sleep(self.dice.uniform(60, 3_600))
            chance = self.dice.random()
            if chance < 0.1:
                continue  # forgotten: the next close catches up
            if chance < 0.25:
                today = self._now().date().isoformat()
                await asyncio.sleep(self.dice.uniform(8, 12) * 3600)
                await close_day(self.tills, today)
            elif chance < 0.4:  # two managers, at two screens
                self._spawn(close_day(self.tills[::-1]))
                await close_day(self.tills)
            else:
                await close_day(self.tills)

    def _now(self) -> datetime:
        now_ms = self.tills[0].hands.screen.clock.true_ms()
        return datetime.fromtimestamp(now_ms / 1000, UTC) + JAKARTA

    def _spawn(self, work: Any) -> None:
        self._tasks.append(self.tills[0].hands.screen.process.spawn(work, "evening"))


async def close_books(world: "World") -> None:
    """Once all is everywhere: every till is counted, the day closed, and certified with HQ."""
    if world.converged_s is None:
        return
    certify_soon()
    for place in world.places:
        await _close(world, place)
    began_s = world.loop.now_s
    while world.loop.now_s - began_s < CERTIFIED_WITHIN_S:
        if settled(world) and all(certified(p) for p in world.places):
            break
        await asyncio.sleep(1.0)
    for place in world.places:
        world.days[place.name] = await _at_hq(world, place)


async def _close(world: "World", place: "Place") -> None:
    tills = [people.till for people in place.people]
    for _ in range(DAYS_MAX):
        code = await tills[0].hands.screen.process.run(close_day(tills))
        world.loop.note("last close", place.name, code)
        world.last_closes[place.name] = code
        if code != "day_closed":
            return
        await asyncio.sleep(86_400)


async def _at_hq(world: "World", place: "Place") -> list[Any]:
    """The closed days as HQ shows them, once it has counted each anew."""
    views: list[Any] = []
    for _ in range(40):
        found = await world.at_hq(
            lambda hq: hq.days.listed(
                place.tenant.tenant_id, outlet_id=str(place.outlet_id), limit=400
            )
        )
        views = list(found.days)
        if all(view.hq_figures is not None for view in views):
            break
    return views
