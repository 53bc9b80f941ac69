"""A short life of an outlet's store on the recording disk: who asked what, and when it got its yes.

The real database, journal, menus and taking; the screens are dice. Everything of a life follows
from its seed, so that any moment of it can be looked at again.
"""

import asyncio
import contextlib
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from random import Random
from typing import Any

import msgspec
from simulation.disk import Disk, PowerCut, seed_sqlite
from simulation.engine import SimEngine, first_file
from simulation.medium import Image, Op
from simulation.store_keeping import KEPT_LEAST, keep_house
from simulation.store_screens import MENU, Screens

from edge import database as product
from edge import retention
from edge.config import Config
from edge.database import Busy, Database, DatabaseBroken
from edge.follower import save_cursor
from edge.journal import Journal
from edge.menu import Menus
from edge.outlet import outlet_of
from edge.platform import Platform
from edge.taking import Outcome, Taking
from protocol.commands import Envelope

PATH = Path("box.db")
EVENING_MS = 1_800_000_000_000


class Machine(Platform):
    """Clocks and entropy of one process start, all from dice."""

    def __init__(self, dice: Random, began_ms: int) -> None:
        self.dice = dice
        self.boot = f"boot-{dice.getrandbits(64):016x}"
        self.instance = f"{dice.getrandbits(64):016x}"
        self.clock_synced = True
        self._now_ms = began_ms

    def wall_ms(self) -> int:
        """A clock that goes on a little whenever somebody looks."""
        self._now_ms += self.dice.randrange(0, 40)
        return self._now_ms

    def mono_ms(self) -> int:
        """The same clock, counted from the start."""
        return self._now_ms - EVENING_MS

    def entropy(self, count: int) -> bytes:
        """Bytes that look random."""
        return self.dice.randbytes(count)


class Store:
    """One process: what stands between a command and the disk."""

    def __init__(self, disk: Disk, machine: Machine) -> None:
        async def breathe() -> None:
            for _ in range(5):  # answers reach the screens before the next work on the disk
                await asyncio.sleep(0)

        self.machine = machine
        self.database = Database(PATH, SimEngine(disk, breathe))
        self.journal = Journal(self.database, machine, node_id="alone", product="test")
        self.menus = Menus(self.journal)
        self.taking = Taking(self.database, self.journal, self.menus, outlet_of(Config(), None))

    async def start(self) -> None:
        """Open the file and begin to take."""
        for part in (self.database, self.journal, self.taking):
            await part.start()

    async def stop(self) -> None:
        """End in peace."""
        await self.taking.stop()
        await self.database.stop()

    async def use_menu(self, version: int) -> None:
        """Take over a menu, as HQ's feed does."""
        body = msgspec.json.encode(msgspec.structs.replace(MENU, version=version))
        publish = f"publish-{version}"
        await self.database.write(
            lambda db: self.menus.apply(db, body, version, publish, self.journal.reading())
        )


@dataclass(frozen=True, slots=True)
class Ack:
    """An answer that a screen got, after so many operations of the disk."""

    at: int
    command_id: str
    outcome: Outcome


@dataclass(slots=True)
class Life:
    """What was recorded."""

    seed: object
    start: Image
    keeps_house: bool = True
    """Whether it prunes and forks."""
    log: list[Op] = field(default_factory=list)
    acks: list[Ack] = field(default_factory=list)
    asked: set[str] = field(default_factory=set)
    starts: list[int] = field(default_factory=list)
    """Operations after which a new process had begun."""
    let_go: dict[int, tuple[Any, ...]] = field(default_factory=dict)
    """Entries that were pruned, by position: the oracle folds them all the same."""
    troubles: int = 0
    """Commands that were told that the disk says no."""


Meddle = Callable[[Disk, int], None]
"""Called before each group with the disk and the group's number: sets a fault, or heals one."""
FAULTS = ("flush", "flush", "io", "full")


def live(
    seed: object,
    *,
    meddle: Meddle | None = None,
    groups: int = 24,
    starts: int = 3,
    keeps_house: bool = True,
) -> Life:
    """A life of at most so many starts and groups of commands."""
    dice = Random(f"life {seed}")
    start = start_image()  # made once per process: it must not take any of this life's numbers
    seed_sqlite(Random(f"salts {seed}"))
    life = Life(seed, start, keeps_house=keeps_house)
    disk = Disk.from_image(life.start, Random(f"disk {seed}"))
    disk.log = life.log
    try:
        with _geometry(dice):
            asyncio.run(_live(life, disk, dice, meddle, dice.randint(groups // 3, groups), starts))
    finally:
        disk.close()
    return life


def a_fault(seed: int) -> Meddle | None:
    """In every third life the disk fails once: a flush, any operation, or it is full for a while."""
    if seed % 3:
        return None
    dice = Random(f"fault {seed}")
    kind, strikes, nth = dice.choice(FAULTS), dice.randrange(5), dice.randint(1, 6)

    def meddle(disk: Disk, group: int) -> None:
        if group == strikes:
            if kind == "flush":
                disk.fail_fsync_at(nth)
            elif kind == "io":
                disk.fail_at(nth * 3)
            else:
                disk.full(nth * 2_000)
        elif kind == "full" and group == strikes + 3:
            disk.heal()

    return meddle


@lru_cache(maxsize=1)
def start_image() -> Image:
    """The file of an outlet that has its menu and sells for the first time."""
    disk = Disk(0)
    disk.put(PATH, first_file())

    async def install() -> None:
        async with _started(disk, Machine(Random("install"), EVENING_MS - 60_000)) as store:
            await store.use_menu(1)

    asyncio.run(install())
    image = disk.snapshot()
    disk.close()
    return image


async def _live(
    life: Life, disk: Disk, dice: Random, meddle: Meddle | None, groups: int, starts: int
) -> None:
    screens = Screens(dice)
    now_ms, group = EVENING_MS, 0
    for start in range(dice.randint(1 if meddle is None else starts, starts)):
        machine = Machine(Random(f"machine {life.seed} {start}"), now_ms)
        async with _started(disk, machine, killed=dice.random() < 0.6) as store:
            life.starts.append(len(life.log))
            for _ in range(max(1, groups // starts)):
                if meddle is not None:
                    meddle(disk, group)
                if dice.random() < 0.05:
                    with contextlib.suppress(Busy, DatabaseBroken):
                        await store.use_menu(group + 2)
                if life.keeps_house and dice.random() < 0.15:
                    with contextlib.suppress(Busy, DatabaseBroken):
                        await keep_house(life, store, dice)
                await _ask_together(life, store, screens, dice)
                group += 1
        now_ms = machine.wall_ms() + 1_000


async def _ask_together(life: Life, store: Store, screens: Screens, dice: Random) -> None:
    size = dice.choice((1, 1, 1, 2, 3, 5, 8, dice.randint(1, 30)))
    envelopes = [screens.next() for _ in range(size)]
    life.asked.update(e.command_id for e in envelopes)
    asks = [_ask(life, store, screens, e) for e in envelopes]
    if dice.random() < 0.3:
        asks.append(_keep_cursor(store))
    await asyncio.gather(*asks)


async def _ask(life: Life, store: Store, screens: Screens, envelope: Envelope) -> None:
    try:
        outcome = await store.taking.take(envelope)
    except (Busy, DatabaseBroken):
        life.troubles += 1
        return
    life.acks.append(Ack(len(life.log), envelope.command_id, outcome))
    screens.heard(envelope, outcome)


async def _keep_cursor(store: Store) -> None:
    position = store.journal.position
    with contextlib.suppress(Busy, DatabaseBroken):
        await store.database.write(lambda db: save_cursor(db, "kitchen", position))


@contextlib.asynccontextmanager
async def _started(disk: Disk, machine: Machine, *, killed: bool = False) -> AsyncIterator[Store]:
    store = Store(disk, machine)
    while True:
        try:
            await store.start()
            break
        except (sqlite3.Error, DatabaseBroken):  # the disk fails: somebody starts the box again
            disk.crash("kill9")
            await _bury(store)
            store = Store(disk, machine)
    try:
        yield store
    finally:
        if killed or store.database.broken:
            disk.crash("kill9")
            await _bury(store)
        else:
            await store.stop()


async def _bury(store: Store) -> None:
    for task in (store.taking._task, store.database._loop_task):
        if task is not None:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError, PowerCut):
                await task


@contextlib.contextmanager
def _geometry(dice: Random) -> Iterator[None]:
    """Checkpoints and spilled pages within a short life: sizes, not rules, are made small."""
    pragmas, every = product.WRITER_PRAGMAS, product.CHECKPOINT_WRITES
    kept_least, retention.KEPT_LEAST = retention.KEPT_LEAST, KEPT_LEAST
    product.CHECKPOINT_WRITES = dice.choice((5, 15, 40, 400))
    autocheckpoint = dice.choice((20, 60, 8000, 8000))
    cache = dice.choice(("5", "-16000", "-16000"))
    small = {"wal_autocheckpoint": str(autocheckpoint), "cache_size": cache}
    product.WRITER_PRAGMAS = tuple(_sized(pragma, small) for pragma in pragmas)
    try:
        yield
    finally:
        product.WRITER_PRAGMAS, product.CHECKPOINT_WRITES = pragmas, every
        retention.KEPT_LEAST = kept_least


def _sized(pragma: str, sizes: dict[str, str]) -> str:
    name = pragma.removeprefix("PRAGMA ").partition("=")[0]
    return f"PRAGMA {name}={sizes[name]}" if name in sizes else pragma
