"""An outlet with people: a box behind its real door, and screens that sign in at it."""

import json

import msgspec
import pytest
from httpx import ASGITransport, AsyncClient

from edge.app import front_door
from edge.devices import hash_of
from edge.feed_rows import Arrival
from edge.pins import hash_pin
from protocol.devices import Approval, PairingAsked
from protocol.replication import FeedRow
from protocol.staff import Person, Role

PEPPER = bytes(range(32))
PINS = {"sari": "4711", "budi": "2580", "koko": "9042"}
ROLES = {"sari": Role.MANAGER, "budi": Role.CASHIER, "koko": Role.KITCHEN}


class Outlet:
    """A box where people work, and its door."""

    pins = PINS

    def __init__(self, box, clock, guest):
        self.box, self.clock, self.guest = box, clock, guest
        self.door = front_door(box)
        self._pos = 0

    async def told(self, *rows):
        """HQ's feed brings these rows: (key, Person or None)."""
        at = Arrival(self.box.journal.reading(), "life-1")

        def work(db):
            for key, person in rows:
                self._pos += 1
                body = None if person is None else msgspec.json.encode(person)
                row = FeedRow(self._pos, "staff", key, self._pos, body, f"p{self._pos}")
                take = self.box.staffing.people
                (take.withdraw_row if person is None else take.take_row)(db, row, at)

        await self.box.database.write(work)

    def person(self, who, **changes):
        return PEOPLE[who] if not changes else msgspec.structs.replace(PEOPLE[who], **changes)

    def screen(self, token="", address="10.0.0.7", device=""):
        """A screen on the LAN, signed in under a token or not."""
        transport = ASGITransport(self.door, client=(address, 40000))
        headers = {"x-session": token} if token else {}
        if device:
            headers["authorization"] = f"Bearer {device}"
        return AsyncClient(transport=transport, base_url="http://box", headers=headers)

    async def sign_in(self, who, pin=None, **more):
        async with self.screen(**more) as screen:
            body = {"staff_id": who, "pin": pin or PINS[who], "screen": "counter-1"}
            return await screen.post("/api/staff/sign-in", json=body)

    async def pair(self, kind):
        """The token of a paired device."""
        asked = PairingAsked(kind=kind, name=kind.value, secret_hash=hash_of("s").hex())
        code = self.box.devices.ask(asked, "10.0.0.9")
        await self.box.devices.approve(code.pairing_id, Approval(code=code.code), "test")
        return self.box.devices.collect(code.pairing_id, "s").token

    async def token(self, who, **more):
        answer = await self.sign_in(who, **more)
        assert answer.status_code == 200, answer.text
        return answer.json()["token"]

    async def ask(self, command, token="", command_id=None, screen="counter-1", **more):
        """A command over the door; the answer as JSON."""
        envelope = self.guest.asks(command, command_id, screen=screen, **more.pop("said", {}))
        async with self.screen(token, **more) as line:
            answer = await line.post("/api/commands", content=msgspec.json.encode(envelope))
        return answer.json() | {"status": answer.status_code}

    async def approve(self, who, action, subject, amount=None, pin=None, **more):
        async with self.screen(**more) as screen:
            body = {
                "staff_id": who,
                "pin": pin or PINS[who],
                "action": action,
                "subject": subject,
                "amount": amount,
            }
            return await screen.post("/api/staff/approvals", json=body)

    async def events(self, *types):
        def read(db):
            rows = db.execute("SELECT type, actor, body FROM journal ORDER BY position").fetchall()
            return [(actor, json.loads(body)) for type_, actor, body in rows if type_ in types]

        return await self.box.database.read(read)


def _people():
    return {
        who: Person(
            staff_id=who,
            name=who.title(),
            role=role,
            pin_hash=hash_pin(PEPPER, who, PINS[who], bytes(16)),
        )
        for who, role in ROLES.items()
    }


PEOPLE = _people()


@pytest.fixture
def passing(clock, monkeypatch):
    """Lets the monotonic clock go on by so many seconds."""
    real, ahead = clock.mono_ms, [0]
    monkeypatch.setattr(clock, "mono_ms", lambda: real() + ahead[0])

    def pass_by(seconds):
        ahead[0] += seconds * 1000

    return pass_by


@pytest.fixture
async def open_outlet(make_box, clock, guest, menu):
    async def make(**options):
        outlet = Outlet(await make_box(menu=menu, **options), clock, guest)
        outlet.box.staffing.people.note_welcome(PEPPER)
        return outlet

    return make


@pytest.fixture
async def outlet(open_outlet):
    outlet = await open_outlet(folder="floor")
    await outlet.told(*PEOPLE.items())
    return outlet
