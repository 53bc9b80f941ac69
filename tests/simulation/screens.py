"""Screens: a durable outbox like the browser's, and what its box has said to it.

The outbox is `protocol/web/outbox.ts` again: a command is kept before it is first sent, every try
sends the same bytes, one sender works oldest first, and an answered command stays as a copy until
the box says that HQ has it; a box that starts anew is offered the copies.
"""

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

import httpx
import msgspec
from simulation.asgi import Answer as Page
from simulation.loop import Process, SimLoop
from simulation.network import Link, Request
from simulation.platforms import Clock
from simulation.site import Site

from protocol.commands import (
    Command,
    Envelope,
)
from protocol.ids import CommandId, mint
from protocol.orders import Order
from protocol.sign_in import HEADER

ANSWER_WITHIN_S = 8.0
PAUSE_S = (0.4, 6.0)
BEAT_S = 45.0
"""How often a screen hears what the box says of itself. On the real line it is five seconds."""
OFFERED_AT_ONCE = 100
SIGN_IN_FIRST = "sign_in_first"
PASSES = frozenset(
    {"not_ready", "unknown_order", "busy", "stopping", "standby", "disk_full", SIGN_IN_FIRST}
)
"""Refusals after which a command that was accepted once is offered again."""


@dataclass
class Submission:
    """A command that somebody gave, and all that became of it as its screen saw it."""

    envelope: Envelope
    body: bytes
    outlet: str
    screen: str
    at_s: float
    acked_s: float | None = None
    position: int = -1
    events: tuple[str, ...] = ()
    order: Order | None = None
    proof: str = ""
    """What the first answer is known again by."""
    session: str = ""
    """Whose it is: who was signed in when it was given."""
    refused: str | None = None
    history: list[str] = field(default_factory=list)
    boot: str = ""
    """The start of the box that gave the answer."""
    forgotten: bool = False
    """The screen lost its storage before HQ was known to have it."""


class Book:
    """What the world knows was asked for: the truth that ledgers are held against."""

    def __init__(self, loop: SimLoop) -> None:
        self.loop = loop
        self.by_id: dict[str, Submission] = {}

    def note(self, submission: Submission, what: str) -> None:
        """A line in a command's history."""
        submission.history.append(f"{self.loop.now_s:.3f} {what}")

    @property
    def acked(self) -> list[Submission]:
        """Everything that was answered with a yes."""
        return [s for s in self.by_id.values() if s.acked_s is not None]


class Answer(msgspec.Struct):
    """What a box says to a command."""

    command_id: str = ""
    position: int = -1
    events: tuple[str, ...] = ()
    repeated: bool = False
    order: Order | None = None
    code: str = ""
    """A refusal's; empty in a yes."""
    params: dict[str, str] = {}
    proof: str = ""
    status: int = 200


_decode_one = msgspec.json.Decoder(Answer, strict=False).decode
_decode_many = msgspec.json.Decoder(list[Answer], strict=False).decode


class Screen:
    """One device on the counter: its storage, its sender, and the people who use it."""

    def __init__(
        self,
        loop: SimLoop,
        name: str,
        outlet: str,
        site: Site,
        link: Link,
        book: Book,
        dice: Random,
    ) -> None:
        self.loop = loop
        self.name = name
        self.outlet = outlet
        self.site = site
        self.link = link
        self.book = book
        self.dice = dice
        self.clock = Clock(loop)
        self.process = Process(loop, name)
        self.queue: dict[str, Submission] = {}
        self.copies: dict[str, Submission] = {}
        self.boot = ""
        self.orders_taken = 0
        self.selling = True
        self.session = ""
        """The token of whoever is signed in here."""
        self.sign_in_first: Callable[[], None] = lambda: None
        """The box takes nothing from nobody: the sign-in is shown."""
        self.on_first_yes: Callable[[Site, Submission], None] = lambda site, submission: None
        """Called with the box that is found now when a command is answered with a yes."""
        self._hopes: dict[str, asyncio.Future[Answer]] = {}
        self._wake = asyncio.Event()
        self._offers = False
        """Whether copies are being offered."""
        self._held_back = False
        """Whether copies wait for a sign-in: nothing that is new overtakes them."""

    def open(self) -> None:
        """Switch on."""
        self.process.spawn(self._send_all(), f"outbox of {self.name}")
        self.process.spawn(self._listen(), f"heartbeats at {self.name}")

    def turn_to(self, site: Site) -> None:
        """From now on this box is the one that is found on the LAN."""
        self.site = site

    def lose_storage(self) -> None:
        """Somebody clears the browser: what only this device had is gone."""
        self.session = ""
        for submission in (*self.queue.values(), *self.copies.values()):
            submission.forgotten = True
            self.book.note(submission, "forgotten by its screen")
        self.queue.clear()
        self.copies.clear()
        for hope in self._hopes.values():
            hope.cancel()
        self._hopes.clear()

    async def submit(self, command: Command) -> Answer:
        """Keep a command, and return the box's answer however long that takes."""
        command_id = CommandId(self.new_id())
        envelope = Envelope(
            command_id=command_id,
            command=command,
            screen=self.name,
            device_ms=self.clock.wall_ms(),
        )
        body = msgspec.json.encode(envelope)
        submission = Submission(envelope, body, self.outlet, self.name, self.loop.now_s)
        submission.session = self.session
        self.book.by_id[command_id] = submission
        self.queue[command_id] = submission
        hope = self._hopes[command_id] = self.loop.create_future()
        self._wake.set()
        return await hope

    def new_id(self) -> str:
        """A fresh id of this device."""
        return mint(self.clock.wall_ms(), self.dice.randbytes(10))

    async def ask(self, method: str, path: str, body: bytes = b"") -> Page:
        """Anything but a command, once. Raises httpx's own exceptions."""
        headers = {"content-type": "application/json", HEADER: self.session}
        request = Request(method, path, body, headers)
        return await self.link.carry(request, self.site.deliver, ANSWER_WITHIN_S)

    def waiting_under(self, session: str) -> tuple[CommandId, ...]:
        """Commands that were given under a session and have no answer yet."""
        return tuple(s.envelope.command_id for s in self.queue.values() if s.session == session)

    async def signed_in(self, token: str) -> None:
        """What waited for that goes out now."""
        self.session = token
        await self._offer(self.boot)
        self._wake.set()

    # ------------------------------------------------------------ the outbox

    async def _send_all(self) -> None:
        pause_s = PAUSE_S[0]
        while True:
            if not self.queue:
                self._wake.clear()
                await self._wake.wait()
                continue
            if self._held_back:
                await asyncio.sleep(PAUSE_S[0])
                continue
            submission = next(iter(self.queue.values()))
            # A boot that is heard of while the answer is under way may not be the one that gave it.
            boot = self.boot
            try:
                answer = await self._send(submission)
            except httpx.TransportError:
                await asyncio.sleep(pause_s * self.dice.uniform(0.5, 1.0))
                pause_s = min(pause_s * 2, PAUSE_S[1])
                continue
            pause_s = PAUSE_S[0]
            if answer.code != SIGN_IN_FIRST:
                self._file(submission, answer, boot)
            elif not self._in_anothers_name(submission):
                await asyncio.sleep(PAUSE_S[1] * self.dice.uniform(0.5, 1.0))

    def _in_anothers_name(self, submission: Submission) -> bool:
        """Whoever is signed in now sends what its own session cannot any more; False: nobody is."""
        if self.session and self.session != submission.session:
            submission.session = self.session
            return True
        self.session = ""
        self.sign_in_first()
        return False

    async def _send(self, submission: Submission) -> Answer:
        if self.dice.random() < 0.03:  # a second tab, or a finger that taps twice
            self.process.spawn(self._send_twin(submission), "second tab")
        return await self._post(submission)

    async def _send_twin(self, submission: Submission) -> None:
        with contextlib.suppress(httpx.TransportError):
            await self._post(submission)

    async def _post(self, submission: Submission) -> Answer:
        headers = {
            "content-type": "application/json",
            "idempotency-key": submission.envelope.command_id,
            HEADER: submission.session,
        }
        request = Request("POST", "/api/commands", submission.body, headers)
        answer = await self.link.carry(request, self.site.deliver, ANSWER_WITHIN_S)
        if answer.status != 200:
            problem = _decode_one(answer.body) if answer.body else Answer(code="")
            if answer.status in (408, 429) or (answer.status > 500) or not problem.code:
                raise httpx.ReadError(f"the box answered {answer.status} {problem.code}")
            return problem
        return _read(_decode_one, answer.body)

    def _file(self, submission: Submission, answer: Answer, boot: str) -> None:
        command_id = submission.envelope.command_id
        if submission.forgotten:
            return
        self.queue.pop(command_id, None)
        self.note_answer(submission, answer)
        if not answer.code:
            self.copies[command_id] = submission
            submission.boot = boot
        elif answer.code not in PASSES or command_id not in self.copies:
            self.copies.pop(command_id, None)  # else: accepted once, it stays until a box takes it
        hope = self._hopes.pop(command_id, None)
        if hope is not None and not hope.done():
            hope.set_result(answer)

    def note_answer(self, submission: Submission, answer: Answer) -> None:
        """What the box said, written into the book."""
        if answer.code:
            if submission.acked_s is None:
                submission.refused = answer.code
            self.book.note(submission, f"refused {answer.code}")
            return
        submission.position = answer.position
        if submission.acked_s is None:
            submission.acked_s = self.loop.now_s
            self.loop.note("acked", submission.envelope.command_id, answer.position)
            submission.events = answer.events
            self.on_first_yes(self.site, submission)
        submission.events = submission.events or answer.events
        submission.order = submission.order or answer.order
        submission.proof = submission.proof or answer.proof
        again = " again" if answer.repeated else ""
        self.book.note(submission, f"acknowledged{again} at position {answer.position}")

    async def _listen(self) -> None:
        while True:
            await asyncio.sleep(BEAT_S * self.dice.uniform(0.8, 1.2))
            box = self.site.box
            if self.link.cut or not self.site.up or box is None:
                continue
            beat = box.feed.heartbeat(box.journal.position)
            await self._heard(beat)

    async def _heard(self, beat: Any) -> None:
        self.boot = beat.boot
        for command_id, kept in list(self.copies.items()):
            if kept.boot == beat.boot and kept.position <= beat.replicated:
                del self.copies[command_id]
        await self._offer(beat.boot)

    @property
    def offering(self) -> bool:
        """Whether copies wait that another start of the box answered."""
        return any(kept.boot != self.boot for kept in self.copies.values())

    async def _offer(self, boot: str) -> None:
        """Copies that another start of the box answered, with their first answers; once at a time."""
        if self._offers:
            return
        self._offers = True
        try:
            await self._offer_all(boot)
        finally:
            self._offers = False

    async def _offer_all(self, boot: str) -> None:
        self._held_back = False
        old = [kept for kept in self.copies.values() if kept.boot != boot]
        copies = sorted(old, key=lambda s: s.envelope.command_id)
        waiting: set[str] = set()
        """Orders of which something waits for a sign-in: what came later for them waits with it."""
        while copies:
            some = _first_of_one_session(copies)
            body = msgspec.json.encode([_as_accepted(s) for s in some])
            headers = {"content-type": "application/json", HEADER: some[0].session}
            request = Request("POST", "/api/commands", body, headers)
            try:
                answer = await self.link.carry(request, self.site.deliver, ANSWER_WITHIN_S)
                if answer.status != 200:
                    return
                answers = _read(_decode_many, answer.body)
            except httpx.TransportError:
                return
            if self.boot != boot:
                return
            for submission, one in zip(some, answers, strict=True):
                self.book.note(submission, "offered again")
                if one.code == SIGN_IN_FIRST:
                    self._in_anothers_name(submission)
                    self._held_back = True
                    waiting |= _orders_of(submission)
                self._file(submission, one, boot)
            copies = [s for s in copies if _orders_of(s).isdisjoint(waiting)]


def _orders_of(kept: Submission) -> set[str]:
    command = kept.envelope.command
    return {getattr(command, name, "") for name in ("order_id", "to_order_id")} - {""}


def _first_of_one_session(copies: list[Submission]) -> list[Submission]:
    """Takes off the front what one request may carry: in time's order, and of one session."""
    some = [copies.pop(0)]
    while copies and copies[0].session == some[0].session and len(some) < OFFERED_AT_ONCE:
        some.append(copies.pop(0))
    return some


def _as_accepted(kept: Submission) -> Envelope:
    """With the first answer, so that a box which lost the command takes it as it was."""
    return msgspec.structs.replace(
        kept.envelope, accepted=kept.order, offered=True, proof=kept.proof
    )


def _read(decode: Any, body: bytes) -> Any:
    try:
        return decode(body)
    except msgspec.DecodeError as error:
        raise httpx.DecodingError(str(error)) from None
