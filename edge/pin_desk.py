"""Whoever types a PIN comes here: tried off the event loop, and slowed down when it is guessed.

Wrong PINs slow down one person on one device. Another person there, or the same person elsewhere, is
not held up: nobody can lock an outlet by typing nonsense. Waiting is counted by the monotonic clock.
"""

import asyncio
import contextlib
import logging
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple, TypeVar

from edge.database import Database
from edge.journal import Journal
from edge.pins import SALT_BYTES, hash_pin, is_pin
from edge.platform import Platform
from edge.staff import People
from protocol.floor_events import SignInFailed
from protocol.ids import CommandId
from protocol.refusals import Refusal
from protocol.staff import Person

log = logging.getLogger("edge.staff")

FREE_TRIES = 3
WAITS_S = (5, 15, 30, 60, 120, 300)
"""Seconds after the third wrong PIN, the fourth, …; the last one for all that follow. A four-digit
PIN then holds against a machine for a month on average, and a person loses minutes."""
FORGOTTEN_MS = 3_600_000
"""Wrong PINs are forgotten after an hour without another."""
TRIED_MAX = 2_000
"""Persons and devices remembered; beyond that the one longest ago is forgotten."""
STRANGE_MAX = 20
"""Wrong PINs for one person, from addresses at which they never showed the right one, before all of
these count as one door: a machine without pairing can have every address of the network."""
KNOWN_MAX = 200
"""Persons with an address at which they showed the right PIN, as many as are remembered."""
WAITING_MAX = 8
"""PINs that may wait to be looked at: each takes a core for some tens of milliseconds."""
TOLD_EVERY_S = 15.0
"""How often wrong PINs are journalled: summed up, since a machine types hundreds."""
T = TypeVar("T")


class Door(NamedTuple):
    """Where a PIN is typed: `key` names the device or address, `name` is for people."""

    key: str
    name: str

    @property
    def is_address(self) -> bool:
        """Whether nothing else is known of it: no device was ever let in under it."""
        return self.key.startswith("@")


class _Tried:
    def __init__(self) -> None:
        self.wrong = 0
        self.until_ms = 0
        self.last_ms = 0
        self.busy = False


class PinDesk:
    """Looks at PINs, one at a time, beside everything else."""

    def __init__(
        self, database: Database, journal: Journal, platform: Platform, people: People
    ) -> None:
        self.database = database
        self.journal = journal
        self.platform = platform
        self.people = people
        self._tried: dict[tuple[str, str], _Tried] = {}
        self._known: dict[tuple[str, str], None] = {}
        self._strange: dict[str, _Tried] = {}
        self._untold: dict[tuple[str, str], int] = {}
        self._waiting = 0
        # One thread: on a Pi the other cores go on taking orders.
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="pins")
        self._teller: asyncio.Task[None] | None = None

    async def stop(self) -> None:
        """Tell what was not told yet."""
        if self._teller is not None:
            self._teller.cancel()
            await asyncio.gather(self._teller, return_exceptions=True)
        with contextlib.suppress(Exception):  # a broken disk: it said so already
            await self.tell()
        self._thread.shutdown(wait=False, cancel_futures=True)

    async def check(self, staff_id: str, pin: str, door: Door) -> Person | Refusal:
        """The person, if that is their PIN; why not, otherwise."""
        person = self.people.find(staff_id)
        if person is None:
            return Refusal("unknown_staff")
        pepper = self.people.pepper_of(staff_id)
        if not person.pin_hash or not pepper:
            return Refusal("no_pin", {"who": person.name})
        tried = self._tried_of(staff_id, self._door_of(staff_id, door))
        now_ms = self.platform.mono_ms()
        if tried.busy or tried.until_ms > now_ms:
            seconds = self._wait_of(tried) if tried.until_ms > now_ms else "1"
            return Refusal("slow_down", {"who": person.name, "seconds": seconds})
        tried.busy = True  # two at once would be two guesses for one wait
        try:
            right = await self._off_the_loop(lambda: is_pin(person.pin_hash, pepper, staff_id, pin))
        finally:
            tried.busy = False
        if isinstance(right, Refusal):
            return right
        if not right:
            self._note_wrong(staff_id, door, tried)
            return Refusal("wrong_pin", {"who": person.name, "seconds": self._wait_of(tried)})
        self._tried.pop((staff_id, door.key), None)
        self._note_known(staff_id, door)
        return self.people.find(staff_id) or Refusal("unknown_staff")

    async def hash_of(self, pepper: bytes, staff_id: str, pin: str) -> str | Refusal:
        """What is kept of a new PIN."""
        salt = self.platform.entropy(SALT_BYTES)
        return await self._off_the_loop(lambda: hash_pin(pepper, staff_id, pin, salt))

    async def tell(self) -> None:
        """Journal the wrong PINs since it was told last: one entry per person and screen."""
        if not self._untold:
            return
        untold, self._untold = self._untold, {}

        def work(db: sqlite3.Connection) -> None:
            reading = self.journal.reading()
            told = [
                SignInFailed(staff_id=s, screen=screen, tries=n, at_ms=reading.wall_ms)
                for (s, screen), n in untold.items()
            ]
            command = CommandId(self.platform.new_id())
            self.journal.append(db, told, reading, command_id=command)

        try:
            await self.database.write(work)
        except BaseException:
            for key, tries in untold.items():
                self._untold[key] = self._untold.get(key, 0) + tries
            raise

    async def _off_the_loop(self, work: Callable[[], T]) -> T | Refusal:
        if self._waiting >= WAITING_MAX:
            return Refusal("pins_busy")
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, work)
        finally:
            self._waiting -= 1

    def _door_of(self, staff_id: str, door: Door) -> Door:
        """Where a wrong PIN counts: of strange addresses all at one, once they were many."""
        strange = self._strange.get(staff_id)
        if strange is None or not door.is_address or (staff_id, door.key) in self._known:
            return door
        if self.platform.mono_ms() - strange.last_ms > FORGOTTEN_MS:
            del self._strange[staff_id]
            return door
        return Door("@", door.name) if strange.wrong >= STRANGE_MAX else door

    def _note_known(self, staff_id: str, door: Door) -> None:
        if door.is_address:
            self._known.pop((staff_id, door.key), None)
            self._known[staff_id, door.key] = None
            while len(self._known) > KNOWN_MAX:
                del self._known[next(iter(self._known))]

    def _tried_of(self, staff_id: str, door: Door) -> _Tried:
        key, now_ms = (staff_id, door.key), self.platform.mono_ms()
        tried = self._tried.pop(key, None)
        if tried is None or (tried.wrong and now_ms - tried.last_ms > FORGOTTEN_MS):
            tried = _Tried()
        self._tried[key] = tried  # last in line to be forgotten
        while len(self._tried) > TRIED_MAX:
            del self._tried[next(iter(self._tried))]
        return tried

    def _note_wrong(self, staff_id: str, door: Door, tried: _Tried) -> None:
        tried.wrong += 1
        tried.last_ms = self.platform.mono_ms()
        if door.is_address and (staff_id, door.key) not in self._known:
            strange = self._strange.setdefault(staff_id, _Tried())
            strange.wrong, strange.last_ms = strange.wrong + 1, tried.last_ms
        over = tried.wrong - FREE_TRIES
        if over >= 0:
            tried.until_ms = tried.last_ms + 1000 * WAITS_S[min(over, len(WAITS_S) - 1)]
            if over == 0:
                who = self.people.name_of(staff_id)
                log.warning("wrong PINs for %s at %s: slowed down", who, door.name)
        key = (staff_id, door.name if len(self._untold) < TRIED_MAX else "")
        self._untold[key] = self._untold.get(key, 0) + 1
        if self._teller is None or self._teller.done():
            self._teller = asyncio.create_task(self._tell_later(), name="wrong pins")

    def _wait_of(self, tried: _Tried) -> str:
        """Seconds until the next try counts, as text; 0 when it does at once."""
        return str(max(0, -(-(tried.until_ms - self.platform.mono_ms()) // 1000)))

    async def _tell_later(self) -> None:
        await asyncio.sleep(TOLD_EVERY_S)
        with contextlib.suppress(Exception):  # the health page speaks of the disk
            await self.tell()
