"""A screen of flesh and HTTP: keeps each command until HQ has it, and offers it to a box that began anew.

The browser's `protocol/web/outbox.ts` again, for a story of real processes without a browser.
"""

import asyncio
import contextlib
import json
import time
from dataclasses import dataclass, field

import httpx
import msgspec

from protocol import commands as c
from protocol.ids import mint

PAUSE_S = (0.1, 1.0)
PASSES = {"not_ready", "unknown_order", "busy", "stopping", "standby", "disk_full"}
"""Refusals that say nothing of the command: a copy that was accepted once is offered again."""
OFFERED_AT_ONCE = 50
LISTENS_EVERY_S = 1.0


@dataclass
class Given:
    """A command that a person gave, and what its screen was told."""

    envelope: c.Envelope
    body: bytes
    screen: str
    acknowledged: bool = False
    events: tuple = ()
    order: dict | None = None
    position: int = -1
    boot: str = ""
    refused: str = ""
    heard: list = field(default_factory=list)
    """Each answer in a few words, for whoever reads a failure."""


class Fault(Exception):
    """No answer that means anything: the same again later."""


class Screen:
    """One device: what it has not heard of yet, and its copies of what HQ may not have yet."""

    def __init__(self, name, url, dice, book):
        self.name, self.dice, self.book = name, dice, book
        self.queue, self.copies = {}, {}
        self.boot = ""
        self.client = httpx.AsyncClient(base_url=url, timeout=4)
        self._hopes = {}
        self._more = asyncio.Event()

    async def run(self):
        """Send and listen until cancelled."""
        try:
            async with asyncio.TaskGroup() as both:
                both.create_task(self._send_all())
                both.create_task(self._listen())
        finally:
            await self.client.aclose()

    async def submit(self, command):
        """Keep a command; returns what became of it, however long that takes."""
        envelope = c.Envelope(command_id=self.new_id(), command=command, screen=self.name)
        given = Given(envelope, msgspec.json.encode(envelope), self.name)
        self.book[envelope.command_id] = self.queue[envelope.command_id] = given
        hope = self._hopes[envelope.command_id] = asyncio.get_running_loop().create_future()
        self._more.set()
        await hope
        return given

    def new_id(self):
        """A fresh id of this device, in time's order: a payment stays behind its order."""
        return mint(time.time_ns() // 1_000_000, self.dice.randbytes(10))

    @property
    def restless(self):
        """Whether something is unanswered, or was answered by a boot that is over."""
        return bool(self.queue) or any(g.boot != self.boot for g in self.copies.values())

    async def _send_all(self):
        pause_s = PAUSE_S[0]
        while True:
            self._more.clear()
            for given in list(self.queue.values())[:1]:
                boot = self.boot
                try:
                    # A double tap, or two tabs: the same bytes twice at once.
                    taps = 2 if self.dice.random() < 0.1 else 1
                    tries = (self._ask(given.body) for _ in range(taps))
                    first, *_ = await asyncio.gather(*tries)
                except Fault:
                    await asyncio.sleep(pause_s * self.dice.uniform(0.5, 1))
                    pause_s = min(PAUSE_S[1], pause_s * 2)
                    continue
                pause_s = PAUSE_S[0]
                del self.queue[given.envelope.command_id]
                self._file(given, first, boot)
                self._hopes.pop(given.envelope.command_id).set_result(None)
            if not self.queue:
                await self._more.wait()

    async def _ask(self, body):
        """The box's yes or no. Raises Fault."""
        try:
            answer = await self.client.post("/api/commands", content=body)
            said = answer.json()
        except (httpx.HTTPError, ValueError) as fault:
            raise Fault from fault
        if answer.status_code >= 500 or answer.status_code in {408, 429} or not said:
            raise Fault
        return said

    def _file(self, given, said, boot):
        command_id = given.envelope.command_id
        given.heard.append((said.get("code") or said["position"], boot[-6:]))
        if said.get("type") != "accepted":
            given.refused = said.get("code", "unknown")
            if command_id in self.copies and given.refused in PASSES:
                return
            self.copies.pop(command_id, None)
            return
        given.acknowledged, given.refused = True, ""
        given.events = given.events or tuple(said["events"])
        given.order = given.order or said["order"]
        given.position, given.boot = said["position"], boot
        self.copies[command_id] = given

    async def _listen(self):
        while True:
            with contextlib.suppress(httpx.HTTPError, Fault, ValueError):
                await self._hear(await self._beat())
            await asyncio.sleep(LISTENS_EVERY_S * self.dice.uniform(0.7, 1.3))

    async def _beat(self):
        """What the box says of itself to a screen that begins."""
        async with self.client.stream("GET", "/api/feed") as answer:
            async for line in answer.aiter_lines():
                if line.startswith("data: "):
                    return json.loads(line.removeprefix("data: "))
        raise Fault

    async def _hear(self, beat):
        self.boot = beat["boot"]
        for command_id, given in list(self.copies.items()):
            if given.boot == self.boot and given.position <= beat["replicated"]:
                del self.copies[command_id]
        old = sorted(
            (g for g in self.copies.values() if g.boot != self.boot),
            key=lambda g: g.envelope.command_id,
        )
        for at in range(0, len(old), OFFERED_AT_ONCE):
            some = old[at : at + OFFERED_AT_ONCE]
            body = msgspec.json.encode([_as_accepted(g) for g in some])
            for given, said in zip(some, await self._ask(body), strict=True):
                self._file(given, said, beat["boot"])


def _as_accepted(given):
    """With the first answer, so that a box which lost the command takes it as it was."""
    return json.loads(given.body) | {"accepted": given.order, "offered": True}
