"""Screens: a durable outbox like the browser's, and what its box has said to it.

The outbox is `protocol/web/outbox.ts` again: a command is kept before it is first sent, every try
sends the same bytes, one sender works oldest first, and an answered command stays as a copy until
the box says that HQ has it; a box that starts anew is offered the copies.
"""

import asyncio
import contextlib
from dataclasses import dataclass, field
from random import Random
from typing import Any

import httpx
import msgspec
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

ANSWER_WITHIN_S = 8.0
PAUSE_S = (0.4, 6.0)
BEAT_S = 45.0
"""How often a screen hears what the box says of itself. On the real line it is five seconds."""
OFFERED_AT_ONCE = 100
PASSES = frozenset({"not_ready", "unknown_order", "busy", "stopping", "standby", "disk_full"})
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


class _Answer(msgspec.Struct):
    command_id: str = ""
    position: int = -1
    events: tuple[str, ...] = ()
    repeated: bool = False
    order: Order | None = None
    code: str = ""
    """A refusal's; empty in a yes."""
    status: int = 200


_decode_one = msgspec.json.Decoder(_Answer, strict=False).decode
_decode_many = msgspec.json.Decoder(list[_Answer], strict=False).decode


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
        self._hopes: dict[str, asyncio.Future[_Answer]] = {}
        self._wake = asyncio.Event()

    def open(self) -> None:
        """Switch on."""
        self.process.spawn(self._send_all(), f"outbox of {self.name}")
        self.process.spawn(self._listen(), f"heartbeats at {self.name}")

    def turn_to(self, site: Site) -> None:
        """From now on this box is the one that is found on the LAN."""
        self.site = site

    def lose_storage(self) -> None:
        """Somebody clears the browser: what only this device had is gone."""
        for submission in (*self.queue.values(), *self.copies.values()):
            submission.forgotten = True
            self.book.note(submission, "forgotten by its screen")
        self.queue.clear()
        self.copies.clear()
        for hope in self._hopes.values():
            hope.cancel()
        self._hopes.clear()

    async def submit(self, command: Command) -> _Answer:
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
        self.book.by_id[command_id] = submission
        self.queue[command_id] = submission
        hope = self._hopes[command_id] = self.loop.create_future()
        self._wake.set()
        return await hope

    def new_id(self) -> str:
        """A fresh id of this device."""
        return mint(self.clock.wall_ms(), self.dice.randbytes(10))

    # ------------------------------------------------------------ the outbox

    async def _send_all(self) -> None:
        pause_s = PAUSE_S[0]
        while True:
            if not self.queue:
                self._wake.clear()
                await self._wake.wait()
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
            self._file(submission, answer, boot)

    async def _send(self, submission: Submission) -> _Answer:
        if self.dice.random() < 0.03:  # a second tab, or a finger that taps twice
            self.process.spawn(self._send_twin(submission), "second tab")
        return await self._post(submission)

    async def _send_twin(self, submission: Submission) -> None:
        with contextlib.suppress(httpx.TransportError):
            await self._post(submission)

    async def _post(self, submission: Submission) -> _Answer:
        headers = {
            "content-type": "application/json",
            "idempotency-key": submission.envelope.command_id,
        }
        request = Request("POST", "/api/commands", submission.body, headers)
        answer = await self.link.carry(request, self.site.deliver, ANSWER_WITHIN_S)
        if answer.status != 200:
            problem = _decode_one(answer.body) if answer.body else _Answer(code="")
            if answer.status in (408, 429) or (answer.status > 500) or not problem.code:
                raise httpx.ReadError(f"the box answered {answer.status} {problem.code}")
            return problem
        return _read(_decode_one, answer.body)

    def _file(self, submission: Submission, answer: _Answer, boot: str) -> None:
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

    def note_answer(self, submission: Submission, answer: _Answer) -> None:
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
        submission.events = submission.events or answer.events
        submission.order = submission.order or answer.order
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
        """Copies that another start of the box answered, with their first answers."""
        old = [kept for kept in self.copies.values() if kept.boot != boot]
        copies = sorted(old, key=lambda s: s.envelope.command_id)
        for at in range(0, len(copies), OFFERED_AT_ONCE):
            some = copies[at : at + OFFERED_AT_ONCE]
            body = msgspec.json.encode(
                [msgspec.structs.replace(s.envelope, accepted=s.order, offered=True) for s in some]
            )
            request = Request("POST", "/api/commands", body, {"content-type": "application/json"})
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
                self._file(submission, one, boot)


def _read(decode: Any, body: bytes) -> Any:
    try:
        return decode(body)
    except msgspec.DecodeError as error:
        raise httpx.DecodingError(str(error)) from None
