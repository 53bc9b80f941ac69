"""The power goes while a box takes back what it lost: in the end everything is there, once."""

import asyncio
import os

from simulation.images import Bench, dice, moments
from simulation.store_oracle import look
from simulation.store_returning import come_back, ends_well

from edge import backfill
from edge.backfill import BackFill

SEEDS = max(3, int(os.environ.get("KEDAI_IMAGES", "0")) // 4_000)


def faults_in(seeds):
    """(what is wrong, images, states): each distinct state is brought to its end."""
    wrong, images, states = [], 0, 0
    for seed in seeds:
        back, seen = come_back(seed), set()
        with Bench() as bench:
            for at, medium in moments(back.life.start, back.life.log):
                acked = sum(ack.at <= at for ack in back.life.acks)
                for policy in ("kill9", "strict", "torn"):
                    image = medium.image(policy, dice(seed, at, policy))
                    images += 1
                    key = (acked, hash(str(bench.open(image, look))))
                    if key not in seen:
                        seen.add(key)
                        found = asyncio.run(ends_well(image, back, at))
                        wrong += [f"seed {seed} at {at} {policy}: {f}" for f in found]
        states += len(seen)
    return wrong, images, states


def test_a_recovery_that_is_cut_short_anywhere_ends_whole(record_property):
    wrong, images, states = faults_in(range(1, SEEDS + 1))
    assert wrong == []
    assert states > 5 * SEEDS
    record_property("measured", f"{images} images, {states} states, all ended whole")


def test_a_recovery_that_is_called_done_before_its_orders_are_there_is_found_out(monkeypatch):
    fold = BackFill._fold

    async def done_too_early(self):
        begun = await self.database.read(backfill._begun)
        if begun is not None and begun.entries:
            forget = "DELETE FROM facts WHERE name = ?"
            await self.database.write(lambda db: db.execute(forget, (backfill.RECOVERY,)))
            await self.database.write(lambda db: backfill._keep_begun(db, begun))
        return await fold(self)

    monkeypatch.setattr(BackFill, "_fold", done_too_early)
    wrong, _, _ = faults_in([1, 2, 3])
    assert any("lost" in sentence for sentence in wrong)
