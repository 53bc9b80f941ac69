"""Who is signed in at which screen, in memory: every command asks, none waits for the disk.

A session is good until it is ended; a restart changes nothing about it. What was typed under one
before it ended is taken for a day more, for a screen may have kept it while the box was away; but
after two minutes nothing that needs a manager: whoever stands there next can get at the token. Nothing
new is taken under it: the screen names what waits there when it ends.
"""

import asyncio
import json
import logging
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass

from edge.database import Database
from edge.devices import hash_of
from edge.journal import Journal
from edge.pin_desk import Door
from edge.platform import Platform
from edge.staff import People
from protocol.floor_events import SignedIn, SignedOut
from protocol.ids import CommandId, minted_ms
from protocol.sign_in import ENDED_COUNTS_MS, ENDED_TRUSTED_MS, Session, card_of
from protocol.staff import ROLE_MAY, Actor, Person, Role

log = logging.getLogger("edge.staff")

TOKEN_BYTES = 32
SESSIONS_MAX = 1_000
"""Sessions that are open at once; the one begun longest ago ends for another."""
FORGOTTEN_MS = 30 * 24 * 3600 * 1000
"""Rows of ended sessions are dropped after a month."""


@dataclass(slots=True)
class Held:
    """A session as it is remembered."""

    token_hash: bytes
    staff_id: str
    device: str
    screen: str
    begun_ms: int
    ended_ms: int | None = None
    left: bool = False
    """It ended because the person does not work here any more, or their device was shut out."""
    waiting: frozenset[str] | None = None
    """Commands that waited at the screen when it ended, as the screen said; None: it did not."""

    def is_at(self, device: str | None) -> bool:
        """Whether this paired device (None: none) is where it was begun; addresses may change."""
        return self.device.startswith("@") or self.device == device

    def waited(self, command_id: str) -> bool:
        """Whether a command was given before the session ended.

        Without the screen's word the time in the id counts, by the screen's clock: where that is
        wrong nothing is lost, whoever signs in next sends it.
        """
        if self.waiting is not None or self.ended_ms is None:
            return command_id in (self.waiting or ())
        given_ms = minted_ms(command_id)
        return given_ms is not None and given_ms <= self.ended_ms


class Sessions:
    """Everybody who is signed in."""

    def __init__(
        self, database: Database, journal: Journal, platform: Platform, people: People
    ) -> None:
        self.database = database
        self.journal = journal
        self.platform = platform
        self.people = people
        self._held: dict[bytes, Held] = {}
        self._ending: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Read who was signed in when the box stopped."""
        now_ms = self.journal.reading().wall_ms
        rows = await self.database.write(lambda db: _kept(db, now_ms - FORGOTTEN_MS))
        for held in rows:
            held.left = held.ended_ms is not None and self.people.find(held.staff_id) is None
            self._held[held.token_hash] = held
        self.people.on_left.append(self._person_left)
        for held in list(self._held.values()):
            if held.ended_ms is None and self.people.find(held.staff_id) is None:
                self._end_soon(held, "deactivated", left=True)

    async def stop(self) -> None:
        """Finish writing down what ended."""
        await asyncio.gather(*self._ending, return_exceptions=True)

    # ------------------------------------------------------------ asked for every command

    def actor(self, token: str, device: str | None = None) -> Actor | None:
        """Who is signed in under this token now; None for nobody's, and for one that ended.

        `device`: the paired device that asks. What was begun at one is nothing anywhere else: whoever
        copies a token from a screen takes nobody's name along.
        """
        held = self._held.get(hash_of(token))
        if held is None or held.ended_ms is not None or not held.is_at(device):
            return None
        return self.people.actor(held.staff_id)

    def actor_before(
        self, token: str, device: str | None, command_id: str, *, known: bool = False
    ) -> Actor | None:
        """Whose command this is, given under a session that has ended since; None: nobody's.

        `known`: a box is proven to have accepted it, so it was given before.
        """
        held = self._held.get(hash_of(token))
        actor = None if held is None else self.people.actor(held.staff_id)
        if held is None or held.ended_ms is None or actor is None or not held.is_at(device):
            return None
        ended_for_ms = self.journal.reading().wall_ms - held.ended_ms
        if ended_for_ms > ENDED_COUNTS_MS or not (known or held.waited(command_id)):
            return None
        if held.left or ended_for_ms > ENDED_TRUSTED_MS:
            # What they had typed is taken; nothing that needs trust comes of it any more.
            return Actor(
                staff_id=actor.staff_id,
                name=actor.name,
                may=actor.may & ROLE_MAY[Role.CASHIER],
            )
        return actor

    def find(self, token: str, device: str | None = None) -> Session | None:
        """Who is signed in under this token now, where it was begun; see `actor`."""
        held = self._held.get(hash_of(token))
        person = None if held is None else self.people.find(held.staff_id)
        if held is None or person is None or held.ended_ms is not None or not held.is_at(device):
            return None
        return Session(person=card_of(person), begun_ms=held.begun_ms)

    # ------------------------------------------------------------ in and out

    async def begin(
        self,
        person: Person,
        door: Door,
        screen: str,
        instead_of: str = "",
        waiting: Iterable[str] | None = None,
    ) -> Session:
        """Somebody has shown their PIN. Whoever was signed in at the screen is signed out: a switch,
        with the ids of what waits there under their session.
        """
        token = self.platform.entropy(TOKEN_BYTES).hex()
        now_ms = self.journal.reading().wall_ms
        held = Held(hash_of(token), person.staff_id, door.key, screen or door.name, now_ms)
        self._forget_ended(now_ms)
        opened = self._open_ones()
        over = [h for h in opened if h.token_hash == hash_of(instead_of)]
        for switched in over:
            switched.waiting = _ids(waiting)
        over += opened[: max(0, len(opened) + 1 - SESSIONS_MAX)]
        command = CommandId(self.platform.new_id())

        def work(db: sqlite3.Connection) -> None:
            reading = self.journal.reading()
            _insert(db, held)
            told = [_out(h, reading.wall_ms, "switched") for h in over]
            came = SignedIn(staff_id=held.staff_id, screen=held.screen, at_ms=reading.wall_ms)
            for gone in over:
                _end(db, gone, reading.wall_ms)
            self.journal.append(
                db, [*told, came], reading, command_id=command, actor=person.staff_id
            )

        await self.database.write(work)
        for gone in over:
            gone.ended_ms = now_ms
        self._held[held.token_hash] = held
        return Session(person=card_of(person), begun_ms=now_ms, token=token)

    async def end(self, token: str, waiting: Iterable[str] | None = None) -> None:
        """Somebody signs out, and the screen names what waits. Again, or by a stranger's token,
        changes nothing.
        """
        held = self._held.get(hash_of(token))
        if held is not None and held.ended_ms is None:
            held.waiting = _ids(waiting)
            await self._end(held, "")

    def device_gone(self, device: str) -> None:
        """A device was shut out: nobody is signed in at it any more."""
        for held in self._open_ones():
            if held.device == device:
                self._end_soon(held, "device_revoked", left=True)

    def _person_left(self, staff_id: str) -> None:
        for held in self._open_ones():
            if held.staff_id == staff_id:
                self._end_soon(held, "deactivated", left=True)

    def _forget_ended(self, now_ms: int) -> None:
        """Sessions whose last commands have come, or never will, need no room in memory."""
        ended = [h for h in self._held.values() if h.ended_ms is not None]
        for held in ended:
            if held.ended_ms is not None and now_ms - held.ended_ms > ENDED_COUNTS_MS:
                del self._held[held.token_hash]

    def _open_ones(self) -> list[Held]:
        return [h for h in self._held.values() if h.ended_ms is None]

    def _end_soon(self, held: Held, reason: str, *, left: bool) -> None:
        held.left = left
        task = asyncio.create_task(self._end(held, reason), name="session ends")
        self._ending.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: "asyncio.Task[None]") -> None:
        self._ending.discard(task)
        if not task.cancelled() and (fault := task.exception()) is not None:
            log.warning("a session that ended is not written down: %s", fault)

    async def _end(self, held: Held, reason: str) -> None:
        reading = self.journal.reading()
        held.ended_ms = reading.wall_ms  # in memory at once, whatever the disk says
        command = CommandId(self.platform.new_id())

        def work(db: sqlite3.Connection) -> None:
            at_ms = self.journal.reading().wall_ms
            _end(db, held, at_ms)
            self.journal.append(
                db,
                [_out(held, at_ms, reason)],
                self.journal.reading(),
                command_id=command,
                actor=held.staff_id,
            )

        await self.database.write(work)


def _out(held: Held, at_ms: int, reason: str) -> SignedOut:
    return SignedOut(staff_id=held.staff_id, screen=held.screen, at_ms=at_ms, reason=reason)


def _insert(db: sqlite3.Connection, held: Held) -> None:
    db.execute(
        "INSERT INTO sessions (token_hash, staff_id, device, screen, begun_ms) VALUES (?,?,?,?,?)",
        (held.token_hash, held.staff_id, held.device, held.screen, held.begun_ms),
    )


def _end(db: sqlite3.Connection, held: Held, at_ms: int) -> None:
    waiting = None if held.waiting is None else json.dumps(sorted(held.waiting))
    db.execute(
        "UPDATE sessions SET ended_ms = ?, waiting = ? WHERE token_hash = ?",
        (at_ms, waiting, held.token_hash),
    )


def _ids(waiting: Iterable[str] | None) -> frozenset[str] | None:
    return None if waiting is None else frozenset(waiting)


def _kept(db: sqlite3.Connection, before_ms: int) -> list[Held]:
    db.execute("DELETE FROM sessions WHERE ended_ms < ?", (before_ms,))
    rows = db.execute(
        "SELECT token_hash, staff_id, device, screen, begun_ms, ended_ms, waiting FROM sessions"
        " ORDER BY begun_ms"
    )
    return [
        Held(
            *(token, staff_id, device, screen, begun_ms, ended_ms),
            waiting=None if waiting is None else frozenset(json.loads(waiting)),
        )
        for token, staff_id, device, screen, begun_ms, ended_ms, waiting in rows
    ]
