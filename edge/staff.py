"""People who work here, in memory: told by HQ's feed, or added at a box that works alone.

No command waits for the disk to learn what somebody may. What a transaction changes counts once it
is on disk.
"""

import sqlite3
from collections.abc import Callable, Mapping

import msgspec
from msgspec.structs import replace

from edge.database import Database
from edge.feed_rows import Arrival
from edge.journal import Journal
from edge.pins import Peppers
from edge.platform import Platform
from protocol.floor_events import PinChanged
from protocol.ids import CommandId
from protocol.replication import FeedRow
from protocol.sign_in import PEPPER_BYTES, StaffHere, card_of
from protocol.staff import Actor, May, Person

KIND = "staff"
OWN = "here-"
"""Ids of people whom this box was told of itself begin so: their PINs have its own pepper."""
_decoder = msgspec.json.Decoder(Person)


class People:
    """Everybody who works here or did. A part of the box, and a kind of HQ's feed."""

    def __init__(
        self, database: Database, journal: Journal, platform: Platform, peppers: Peppers, mode: str
    ) -> None:
        self.database = database
        self.journal = journal
        self.platform = platform
        self.peppers = peppers
        self.mode = mode
        self.on_left: list[Callable[[str], None]] = []
        """Called with the id of somebody who does not work here any more."""
        self._known: dict[str, Person] = {}
        self._actors: dict[str, Actor] = {}
        self._pending: list[Person] = []
        self._sign_in = False

    async def start(self) -> None:
        """Read who works here."""
        self.peppers.load()
        self._known = {p.staff_id: p for p in await self.database.read(_kept)}
        self._look_again()
        self.database.participants.append(self)

    @property
    def sign_in(self) -> bool:
        """Whether commands need somebody who is signed in.

        Only where somebody can: an outlet is never locked because HQ gave nobody a PIN, or no
        cashier, or because the pepper has not come yet.
        """
        return self._sign_in

    def find(self, staff_id: str) -> Person | None:
        """Somebody who works here now."""
        person = self._known.get(staff_id)
        return person if person is not None and person.active else None

    def name_of(self, staff_id: str) -> str:
        """What somebody is called, also one who left; the id of a stranger."""
        person = self._known.get(staff_id)
        return person.name if person is not None else staff_id

    def names(self) -> dict[str, str]:
        """Everybody's name by id."""
        return {p.staff_id: p.name for p in self._known.values()}

    def actor(self, staff_id: str) -> Actor | None:
        """Whoever this is, as rules see them; also one who left."""
        return self._actors.get(staff_id)

    def pepper_of(self, staff_id: str) -> bytes:
        """What this person's PIN is hashed with; empty while HQ has not said."""
        return self.peppers.own if staff_id.startswith(OWN) else self.peppers.hq

    def listed(self, clocked: Mapping[str, str]) -> StaffHere:
        """Who works here, as screens show them; `clocked` is how each was clocked last."""
        people = sorted((p for p in self._known.values() if p.active), key=lambda p: p.name)
        cards = (card_of(p, clocked_in=clocked.get(p.staff_id) == "in") for p in people)
        return StaffHere(sign_in=self.sign_in, people=tuple(cards))

    # ------------------------------------------------------------ changes

    def note_welcome(self, pepper: bytes) -> None:
        """HQ said what PINs of its people are hashed with."""
        if self.peppers.keep_hq(pepper):
            self._look_again()

    def take_row(self, db: sqlite3.Connection, row: FeedRow, at: Arrival) -> None:
        """Somebody as HQ knows them. A PIN that was chosen here later stays: HQ hears of it yet."""
        del at
        assert row.body is not None
        person = _decoder.decode(row.body)
        if person.staff_id != row.key:
            raise ValueError(f"the row of {row.key} is about {person.staff_id}")
        held = _find(db, person.staff_id)
        if held is not None and held.pin_ms > person.pin_ms:
            person = replace(person, pin_hash=held.pin_hash, pin_ms=held.pin_ms)
        self._keep(db, person)

    def withdraw_row(self, db: sqlite3.Connection, row: FeedRow, at: Arrival) -> None:
        """Somebody works elsewhere, or no more. Their name stays for what they did."""
        del at
        held = _find(db, row.key)
        if held is not None:
            self._keep(db, replace(held, active=False))

    async def change_pin(self, staff_id: str, pin_hash: str, screen: str) -> None:
        """Somebody chose another PIN here; it holds at once, and HQ tells the other outlets."""
        command = CommandId(self.platform.new_id())

        def work(db: sqlite3.Connection) -> None:
            held = _find(db, staff_id)
            assert held is not None, "whoever typed a PIN is known"
            reading = self.journal.reading()
            at_ms = max(reading.wall_ms, held.pin_ms + 1)
            self._keep(db, replace(held, pin_hash=pin_hash, pin_ms=at_ms))
            # The hash goes to HQ: without the pepper, which is not in the journal, it tells nothing.
            told = PinChanged(staff_id=staff_id, pin_hash=pin_hash, at_ms=at_ms)
            self.journal.append(db, [told], reading, command_id=command, actor=staff_id or screen)

        await self.database.write(work)

    async def add(self, person: Person) -> None:
        """Somebody is to work at this box without HQ, or is changed."""
        await self.database.write(lambda db: self._keep(db, person))

    def own_pepper(self) -> bytes:
        """The pepper for people of this box alone."""
        return self.peppers.make_own(self.platform.entropy(PEPPER_BYTES))

    def _keep(self, db: sqlite3.Connection, person: Person) -> None:
        db.execute(
            "INSERT INTO staff (staff_id, body) VALUES (?,?)"
            " ON CONFLICT (staff_id) DO UPDATE SET body = excluded.body",
            (person.staff_id, msgspec.json.encode(person)),
        )
        self._pending.append(person)

    # ------------------------------------------------------------ in step with the disk

    def mark(self) -> int:
        """How many changes wait for the commit."""
        return len(self._pending)

    def rollback(self, mark: int) -> None:
        """They did not happen."""
        del self._pending[mark:]

    def committed(self) -> None:
        """What was changed counts from now on."""
        if not self._pending:
            return
        left: list[str] = []
        for person in self._pending:
            was = self._known.get(person.staff_id)
            self._known[person.staff_id] = person
            if not person.active and was is not None and was.active:
                left.append(person.staff_id)
        self._pending.clear()
        self._look_again()
        for staff_id in left:
            for told in self.on_left:
                told(staff_id)

    def _look_again(self) -> None:
        self._actors = {
            p.staff_id: Actor(staff_id=p.staff_id, name=p.name, may=p.may)
            for p in self._known.values()
        }
        self._sign_in = self.mode != "off" and any(
            p.active and p.pin_hash and May.PAY in p.may and self.pepper_of(p.staff_id)
            for p in self._known.values()
        )


def _find(db: sqlite3.Connection, staff_id: str) -> Person | None:
    row = db.execute("SELECT body FROM staff WHERE staff_id = ?", (staff_id,)).fetchone()
    return None if row is None else _decoder.decode(row[0])


def _kept(db: sqlite3.Connection) -> list[Person]:
    return [_decoder.decode(body) for (body,) in db.execute("SELECT body FROM staff")]
