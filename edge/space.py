"""Room on the data disk: what is given up as it fills, in order, so that orders go last and loudly.

Pictures and telemetry go first, then everything that is no order work, then a ballast file that was set aside
while there was room. Only when the disk takes nothing at all are orders refused, before any is
acknowledged: a refused order can be written on paper, a half-kept one cannot.
"""

import asyncio
import contextlib
import logging
import os
from collections.abc import Callable
from enum import IntEnum
from pathlib import Path

import msgspec

from edge.alarms import Alarms
from edge.database import Busy, Database, DatabaseBroken
from protocol.commands import Command, CountStock, EditProduct, Envelope, MoveStock, PlaceOrder
from protocol.orders import Source
from protocol.refusals import Refusal

log = logging.getLogger("edge.space")

CHECK_EVERY_S = 5.0
MEGABYTE = 1024 * 1024
PLENTY_BYTES = 8 * 1024 * MEGABYTE
"""With so much free a disk is not filling, whatever share of it is used: years of an outlet's orders
(about 4 MB a day)."""


class Level(IntEnum):
    """How full the disk is: the percent from which this level holds (DESIGN: order of retreat)."""

    ROOMY = 0
    FILLING = 80
    """Pictures are given up, telemetry is dropped."""
    NEARLY_FULL = 90
    """Only order work is taken."""
    LAST = 95
    """The ballast is given up."""
    FULL = 100
    """A commit found no room."""


class Room(msgspec.Struct, frozen=True):
    """A file system's size and what of it we may still use, in bytes; `used` leaves out what only
    the system's own account may use."""

    used: int
    free: int

    @property
    def percent(self) -> int:
        """How full it is, rounded up; 0 for a file system that does not say."""
        total = self.used + self.free
        return -(-100 * self.used // total) if total else 0

    @property
    def level(self) -> Level:
        """The level this room means."""
        if self.free >= PLENTY_BYTES:
            return Level.ROOMY
        return max(x for x in Level if x <= max(0, self.percent))


def room_of(folder: Path) -> Room:
    """What the file system of this folder says."""
    found = os.statvfs(folder)
    block = found.f_frsize
    return Room((found.f_blocks - found.f_bfree) * block, found.f_bavail * block)


class Space:
    """Watches the data disk and holds the ballast; raises an alarm once it costs anything."""

    def __init__(
        self,
        data_dir: Path,
        database: Database,
        alarms: Alarms,
        *,
        ballast_mb: int,
        measure: Callable[[Path], Room] = room_of,
    ) -> None:
        self.data_dir = data_dir
        self.database = database
        self.alarms = alarms
        self.ballast = data_dir / "ballast"
        """Takes room that nobody uses, to be given up."""
        self.level = Level.ROOMY
        self.percent = 0
        self._said = -1
        self._ballast_bytes = ballast_mb * MEGABYTE
        self._measure = measure
        self._full = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Look once, set the ballast aside if there is room, and watch."""
        self.database.on_full = self._full.set
        await self._look()
        self._task = asyncio.create_task(self._run(), name="space")

    async def stop(self) -> None:
        """Stop watching; the ballast stays."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    def refusal(self, envelope: Envelope) -> Refusal | None:
        """The no to a command for want of room; None when it may be decided."""
        if self.level >= Level.NEARLY_FULL and not is_order_work(envelope.command):
            return Refusal("disk_nearly_full")
        return None

    async def check(self) -> Level:
        """Measure, and do what the level asks for."""
        room = self._measure(self.data_dir)
        level = Level.FULL if self.database.full else room.level
        if level >= Level.LAST and self.ballast.exists():
            self.ballast.unlink(missing_ok=True)
            log.critical("the disk is %d %% full: the ballast is given up", room.percent)
        elif level is Level.ROOMY and self._ballast_bytes and not self.ballast.exists():
            after = Room(room.used + self._ballast_bytes, room.free - self._ballast_bytes)
            if after.free > 0 and after.level is Level.ROOMY:
                await asyncio.to_thread(set_aside, self.ballast, self._ballast_bytes)
        self._note(level, room.percent)
        await self._alarm()
        return level

    def _note(self, level: Level, percent: int) -> None:
        was, self.level, self.percent = self.level, level, percent
        if level is was:
            return
        if level > was:
            log.warning("the disk is %d %% full: %s", percent, GIVEN_UP[level])
        else:
            log.info("the disk is %d %% full: %s", percent, GIVEN_UP[level])

    async def _alarm(self) -> None:
        """Say how full it is, and anew as it gets worse; a disk without room for that is asked later."""
        said = self.percent if self.level >= Level.NEARLY_FULL else -1
        if said == self._said:
            return
        with contextlib.suppress(Busy, DatabaseBroken):
            if said < 0:
                await self.alarms.clear("disk_filling")
            else:
                await self.alarms.tell("disk_filling", percent=str(said))
            self._said = said

    async def _run(self) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._full.wait(), CHECK_EVERY_S)
            if self._full.is_set():
                self._full.clear()
                # A full disk refuses every order: it is looked at at once, but not in a circle.
                await self._look()
                await asyncio.sleep(CHECK_EVERY_S / 5)
            await self._look()

    async def _look(self) -> None:
        try:
            await self.check()
        except OSError as fault:
            log.warning("the room on %s cannot be measured: %s", self.data_dir, fault)


GIVEN_UP = {
    Level.ROOMY: "everything is taken",
    Level.FILLING: "pictures are given up and telemetry is dropped",
    Level.NEARLY_FULL: "only order work is taken",
    Level.LAST: "only order work is taken, and the ballast is given up",
    Level.FULL: "nothing can be taken",
}


def is_order_work(command: Command) -> bool:
    """Whether guests wait for this: imports and the back office's work can be done another day."""
    if isinstance(command, PlaceOrder):
        return command.source is not Source.IMPORT
    return not isinstance(command, (EditProduct, CountStock, MoveStock))


def set_aside(file: Path, size: int) -> None:
    """Make a file whose room is really taken; none at all when there is not enough."""
    try:
        with file.open("wb") as ballast:
            os.posix_fallocate(ballast.fileno(), 0, size)
    except OSError as fault:
        file.unlink(missing_ok=True)
        log.warning("no ballast of %d bytes can be set aside: %s", size, fault)
