"""Any history of restores, copies and restarts, of boxes and of HQ, ends with both sides whole.

What counts is what somebody still had: an entry that was on a disk, or at HQ, after each thing that
happened is at HQ and on every box in the end, under chains that recompute.
"""

import contextlib
import random
import shutil

import pytest

from edge.follower import Fault
from protocol.journal import CHAIN_START, chain_over
from tests.edge.scripted_hq import ScriptedHq, Side

STEPS = 14


class Outlet:
    """Boxes with one key, and an HQ; everything that can happen to them, drawn from a seed."""

    def __init__(self, dice, make_heart, guest, menu, clock):
        self.dice, self.make_heart, self.guest, self.menu = dice, make_heart, guest, menu
        self.hq = ScriptedHq(clock.now_ms)
        self.sides = []
        self.backups = []
        self.hq_backups = [{}]
        self.disks = 0
        self.story = []

    async def open_box(self, folder, menu=None):
        side = await Side(await self.make_heart(folder, menu=menu), self.hq).start()
        self.sides.append(side)
        return side

    def fresh_folder(self):
        self.disks += 1
        return f"disk-{self.disks}"

    async def orders(self):
        side = self.dice.choice(self.sides)
        for _ in range(self.dice.randint(1, 3)):
            await side.heart.taking.take(self.guest.asks(self.guest.place()))

    async def send(self):
        await self.dice.choice(self.sides).send_all()

    async def send_a_little(self):
        side = self.dice.choice(self.sides)
        side.line.pace.size = self.dice.randint(1, 4)
        with contextlib.suppress(Fault):
            await side.greet()
            await side._send_one()

    async def back_up_box(self):
        self.backups.append(self.copy(self.dice.choice(self.sides)))

    async def restore_box(self):
        if not self.backups:
            return
        gone = self.sides.pop(self.dice.randrange(len(self.sides)))
        await gone.heart.stop()
        folder = self.fresh_folder()
        shutil.copytree(self.dice.choice(self.backups), gone.heart.folder.with_name(folder))
        await self.open_box(folder)

    async def restart_box(self):
        side = self.sides.pop(self.dice.randrange(len(self.sides)))
        await side.heart.stop()
        await self.open_box(side.heart.folder.name)

    async def exchange_box(self):
        gone = self.sides.pop(self.dice.randrange(len(self.sides)))
        await gone.heart.stop()
        await self.open_box(self.fresh_folder(), self.menu)

    async def copy_disk(self):
        if len(self.sides) < 2:
            await self.open_box(self.copy(self.dice.choice(self.sides)).name)

    async def copy_while_it_runs(self):
        """The copy goes on in the very stream that the first one writes."""
        if len(self.sides) < 2:
            first = self.sides[0]
            copy = await self.open_box(self.copy(first).name)
            if first.journal.stream == copy.journal._head.stream:
                copy.journal.stream = first.journal.stream

    async def back_up_hq(self):
        self.hq_backups.append(self.hq.backup())

    async def restore_hq(self):
        self.hq.put_back(self.dice.choice(self.hq_backups))

    def copy(self, side):
        folder = side.heart.folder.with_name(self.fresh_folder())
        shutil.copytree(side.heart.folder, folder)
        return folder

    async def held(self):
        """Every event that somebody has, and that is not only on a disk that is gone."""
        found = set(self.hq.events())
        for side in self.sides:
            found |= {f.entry.event_id for f in await side.heart.entries()}
        return found

    async def settle(self):
        for _ in range(3):
            for side in self.sides:
                side.line.pace.size = 500
                await side.send_all()

    async def happen(self):
        things = {
            self.orders: 8, self.send: 4, self.send_a_little: 3, self.back_up_box: 2,
            self.restore_box: 2, self.restart_box: 2, self.exchange_box: 1, self.copy_disk: 1,
            self.copy_while_it_runs: 2, self.back_up_hq: 2, self.restore_hq: 1,
        }  # fmt: skip
        (thing,) = self.dice.choices(list(things), list(things.values()))
        self.story.append(thing.__name__)
        await thing()


@pytest.mark.parametrize("seed", range(24))
async def test_whatever_happened_both_sides_end_whole(seed, make_heart, guest, menu, clock):
    outlet = Outlet(random.Random(seed), make_heart, guest, menu, clock)
    await outlet.open_box(outlet.fresh_folder(), menu)
    for _ in range(STEPS):
        await outlet.happen()
    held = await outlet.held()
    await outlet.settle()

    hq = outlet.hq
    assert held <= hq.events(), outlet.story
    for run in hq.ledger.values():
        assert [chain for _, chain in run] == chain_over(CHAIN_START, [e for e, _ in run])
    for side in outlet.sides:
        assert await side.events() == hq.events(), outlet.story
        assert (side.line.unsent, side.line.not_back) == (0, None)
        orders = await side.heart.rows("SELECT count(*), count(DISTINCT order_id) FROM orders")
        placed = {
            e.aggregate_id for run in hq.ledger.values() for e, _ in run if e.type == "order.placed"
        }
        assert orders == [(len(placed), len(placed))]
