"""Cut the power at every operation of many lives of the store, and look at what is found.

PYTHONPATH=tests python -m simulation.crash_images --images 50000 --seed 1
PYTHONPATH=tests python -m simulation.crash_images --seed 7 --at 113 --policy torn   # one again
"""

import argparse
import asyncio
import logging
import sqlite3
import sys
import time
from bisect import bisect_right
from collections import Counter
from dataclasses import dataclass, field, fields
from random import Random

from simulation.disk import Disk
from simulation.images import Bench, dice, moments
from simulation.medium import POLICIES, Image
from simulation.store_life import EVENING_MS, Life, Machine, Store, a_fault, live
from simulation.store_oracle import Verdict, Visible, judge, look
from simulation.store_screens import ITEMS, Screens

from protocol.commands import RestoreItem
from protocol.refusals import Refusal

LIE = 0.05
"""Share of flushes that the lying disk drops."""
FAULTS_TOLD = 20


@dataclass(slots=True)
class Report:
    """What was looked at and what was found. On a disk that lies, losses are the disk's."""

    first_seed: int
    lives: int = 0
    lives_with_a_failing_disk: int = 0
    operations: int = 0
    acknowledged: int = 0
    told_that_the_disk_says_no: int = 0
    images: Counter[str] = field(default_factory=Counter)
    distinct_images: int = 0
    distinct_states: int = 0
    recovered: int = 0
    """States on which a store was started again and took one more order."""
    found: Counter[str] = field(default_factory=Counter)
    """lost, corrupt, torn, doubled, gap, chain, phantom, stuck: images of honest disks with it."""
    lying_disk: Counter[str] = field(default_factory=Counter)
    most_lost: int = 0
    replay: list[str] = field(default_factory=list)
    """For each of the first failures: what is wrong, and the command that shows it again."""
    seconds: float = 0.0

    @property
    def total(self) -> int:
        """Images of all policies."""
        return self.images.total()

    @property
    def clean(self) -> bool:
        """Whether no image of an honest disk was wrong."""
        return not self.found


class Examination:
    """Looks at the images of one life; equal images and equal states are judged once."""

    def __init__(self, life: Life, bench: Bench, report: Report) -> None:
        self.life = life
        self.bench = bench
        self.report = report
        self._times = [ack.at for ack in life.acks]
        self._by_content: dict[int, tuple[Verdict, int]] = {}
        self._by_state: dict[int, tuple[Verdict, int]] = {}

    def all(self, policies: tuple[str, ...] = POLICIES) -> None:
        """Every moment of the life under each policy; `lie` is a run of its own."""
        honest = [p for p in policies if p != "lie"]
        for at, medium in moments(self.life.start, self.life.log):
            for policy in honest:
                image = medium.image(policy, dice(self.life.seed, at, policy))
                self.one(image, at, policy)
        if "lie" in policies:
            for at, medium in _lying(self.life):
                self.one(medium.image("strict", Random(0)), at, "lie")

    def one(self, image: Image, at: int, policy: str) -> list[str]:
        """What is wrong with this image, as sentences."""
        self.report.images[policy] += 1
        verdict, _ = self._judged(image)
        faults = list(verdict.faults)
        acked = bisect_right(self._times, at)
        if verdict.first_missing < acked:
            lost = self.life.acks[verdict.first_missing]
            faults.append(f"lost: {lost.command_id} was acknowledged after operation {lost.at}")
        if faults:
            self._tell(faults, acked - verdict.first_missing, at, policy)
        return faults

    def _judged(self, image: Image) -> tuple[Verdict, int]:
        content = hash(tuple(sorted(image.files.items())))
        if content not in self._by_content:
            self.report.distinct_images += 1
            self._by_content[content] = self._opened(image)
        return self._by_content[content]

    def _opened(self, image: Image) -> tuple[Verdict, int]:
        try:
            state = self.bench.open(image, look)
        except sqlite3.DatabaseError as error:
            state = str(error)
        if isinstance(state, str):
            return Verdict([f"corrupt: {state}"]), 0
        key = hash(tuple(state.values()))
        if key not in self._by_state:
            self.report.distinct_states += 1
            verdict = judge(state, self.life.acks, self.life.asked, self.life.let_go)
            if not verdict.faults:
                verdict.faults += self._goes_on(image, state)
            self._by_state[key] = (verdict, key)
        return self._by_state[key]

    def _goes_on(self, image: Image, state: Visible) -> list[str]:
        """The next process finds its place, takes an order in a stream of its own, and keeps it."""
        self.report.recovered += 1
        try:
            after, opened = asyncio.run(_one_more(image))
            found = self.bench.open(after, look)
        except Exception as error:  # noqa: BLE001 - whatever it is, the store does not go on
            return [f"stuck: {error!r}"]
        if isinstance(found, str):
            return [f"stuck: {found}"]
        asked = self.life.asked | {row[0] for row in found["commands"]}
        faults = judge(found, (), asked, self.life.let_go).faults
        streams = {row[1] for row in state["journal"]}
        if found["journal"][: len(state["journal"])] != state["journal"] or opened in streams:
            faults.append("stuck: the next process did not go on behind what it found")
        return faults

    def _tell(self, faults: list[str], lost: int, at: int, policy: str) -> None:
        kinds = {sentence.partition(":")[0] for sentence in faults}
        if policy == "lie":
            self.report.lying_disk.update(kinds)
            return
        self.report.found.update(kinds)
        self.report.most_lost = max(self.report.most_lost, lost)
        if len(self.report.replay) < FAULTS_TOLD:
            again = f"--seed {self.life.seed} --at {at} --policy {policy}"
            self.report.replay.append(f"{faults[0]}  [{_COMMAND} {again}]")


_COMMAND = "PYTHONPATH=tests python -m simulation.crash_images"


def examine(images: int, first_seed: int = 1) -> Report:
    """Lives from `first_seed` on, until so many images were looked at."""
    report = Report(first_seed)
    level = logging.root.manager.disable
    logging.disable(logging.CRITICAL)  # each failing disk is an alarm of its own
    began = time.perf_counter()
    with Bench() as bench:
        seed = first_seed
        while report.total < images:
            add_life(report, life_of(seed), bench, (*POLICIES, "lie"))
            seed += 1
    logging.disable(level)
    report.seconds = time.perf_counter() - began
    return report


def life_of(seed: int) -> Life:
    """The life of this seed, with the fault that belongs to it."""
    return live(seed, meddle=a_fault(seed))


def add_life(report: Report, life: Life, bench: Bench, policies: tuple[str, ...]) -> None:
    """Look at every moment of one life."""
    report.lives += 1
    report.lives_with_a_failing_disk += life.troubles > 0
    report.told_that_the_disk_says_no += life.troubles
    report.operations += len(life.log)
    report.acknowledged += len(life.acks)
    Examination(life, bench, report).all(policies)


def _lying(life: Life):
    return moments(life.start, life.log, lie=LIE, rng=Random(f"lie {life.seed}"))


async def _one_more(image: Image) -> tuple[Image, str]:
    disk = Disk.from_image(image)
    try:
        store = Store(disk, Machine(Random("after"), EVENING_MS + 3_600_000))
        await store.start()
        await _sell(store)
        assert store.journal.stream is not None, "nothing was written"
        opened = str(store.journal.stream)
        found = disk.snapshot()  # before the peaceful end: the WAL is read again as well
        await store.stop()
        return found, opened
    finally:
        disk.close()


async def _sell(store: Store) -> None:
    screens = Screens(Random("after"))
    for command in (RestoreItem(item_id=ITEMS[0]), screens.simple_order(ITEMS[0])):
        outcome = await store.taking.take(screens.asks(command))
        assert not isinstance(outcome, Refusal), f"{outcome.code}"


def _replay(seed: int, at: int, policy: str) -> int:
    life = life_of(seed)
    told = _lying(life) if policy == "lie" else moments(life.start, life.log)
    medium = next(medium for number, medium in told if number == at)
    shown = "strict" if policy == "lie" else policy
    image = medium.image(shown, dice(seed, at, policy))
    with Bench() as bench:
        faults = Examination(life, bench, Report(seed)).one(image, at, policy)
    before = life.log[at - 1] if at else None
    print(f"life {seed}, power cut after operation {at} of {len(life.log)}, {policy}:")
    print(f"  the operation: {before and (before.kind, before.name, before.offset)}")
    print("\n".join(f"  {fault}" for fault in faults) or "  nothing is wrong")
    return int(bool(faults))


def main() -> int:
    """The programme: a report on standard output, 1 when something was lost."""
    asks = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    asks.add_argument("--images", type=int, default=50_000)
    asks.add_argument("--seed", type=int, default=1)
    asks.add_argument("--at", type=int, help="look at one moment of one life again")
    asks.add_argument("--policy", choices=(*POLICIES, "lie"), default="strict")
    given = asks.parse_args()
    logging.disable(logging.CRITICAL)
    if given.at is not None:
        return _replay(given.seed, given.at, given.policy)
    report = examine(given.images, given.seed)
    for told in fields(report):
        value = getattr(report, told.name)
        if told.name != "replay":
            print(f"{told.name}: {dict(value) if isinstance(value, Counter) else value}")
    print("\n".join(report.replay) or "nothing was lost, torn, doubled or corrupt")
    return int(not report.clean)


if __name__ == "__main__":
    sys.exit(main())
