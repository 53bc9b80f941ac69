"""Browsers' way to the broker: each connection through a gate of its own, bounded, and cut at once."""

import asyncio
import contextlib
import logging
from collections import OrderedDict
from collections.abc import Callable
from typing import Protocol

from edge.config import BrokerAddress
from edge.lan.gate import Gate, House, Passage, TurnedAway
from edge.lan.packets import Cutter, Kind, MalformedPacket

log = logging.getLogger("edge.lan.bridge")

SCREENS_MAX = 128
CONNECT_WITHIN_S = 5.0
SILENT_MAX_S = 240.0
"""A screen that says nothing for so long is gone: twice the longest keep-alive of the broker."""
STUCK_MAX_S = 30.0
"""A screen that takes nothing for so long is gone."""
CHUNK = 65_536
ANSWER_MAX = 65_536
"""Bytes of the broker's answer to CONNECT; it has 4 to 100."""
SAID_AGAIN_S, SAID_MAX = 600.0, 256
REFUSED, TRY_LATER, TOO_MUCH = 1008, 1013, 1009
"""How a WebSocket is closed (RFC 6455, 7.4)."""


class ScreenGone(Exception):
    """The browser has left."""


class Screen(Protocol):
    """A browser's end of the bridge."""

    name: str
    """Where it calls from, for the log."""
    bearer: str | None
    """The token that came with the connection itself."""

    async def receive(self) -> bytes:
        """The next bytes. Raises ScreenGone."""
        raise NotImplementedError

    async def send(self, data: bytes) -> None:
        """Returns when the bytes are on their way. Raises ScreenGone."""

    async def close(self, code: int, reason: str) -> None:
        """Hang up."""


class _Live:
    """One connection while it lasts."""

    def __init__(self, gate: Gate, task: asyncio.Task[None]) -> None:
        self.gate = gate
        self.task = task
        self.cut_for = ""


class Bridge:
    """All screens that speak MQTT through the box. Nothing here is kept: what a screen missed, the
    broker's retained messages and the box tell it when it comes again."""

    def __init__(self, house: House, broker: Callable[[], BrokerAddress]) -> None:
        self.house = house
        self.broker = broker
        self.refused = 0
        self._live: set[_Live] = set()
        self._said: OrderedDict[tuple[str, str], float] = OrderedDict()
        house.rights.on_revoked.append(self.cut)

    @property
    def screens(self) -> int:
        """How many are connected."""
        return len(self._live)

    def cut(self, device: str, reason: str = "may not connect any more") -> None:
        """End every connection of a device now."""
        for live in list(self._live):
            if live.gate.device == device:
                live.cut_for = reason
                live.task.cancel()

    async def carry(self, screen: Screen) -> None:
        """Everything between a screen and the broker, until one of them ends it."""
        if len(self._live) >= SCREENS_MAX:
            self._say(screen.name, f"found {SCREENS_MAX} screens connected; it is to try later")
            await screen.close(TRY_LATER, "too many screens")
            return
        gate = Gate(self.house, screen.bearer)
        live = _Live(gate, asyncio.ensure_future(self._carry(gate, screen)))
        self._live.add(live)
        try:
            await live.task
        except TurnedAway as no:
            self._say(gate.device or screen.name, str(no))
            await _leave(screen, no.goodbye, REFUSED, str(no))
        except asyncio.CancelledError:
            if not live.cut_for:  # the box stops, or the server has given this connection up
                live.task.cancel()
                await asyncio.gather(live.task, return_exceptions=True)
                raise
            self._say(gate.device or screen.name, live.cut_for)
            await _leave(screen, b"", REFUSED, live.cut_for)
        except ScreenGone:
            pass
        finally:
            self._live.discard(live)

    async def _carry(self, gate: Gate, screen: Screen) -> None:
        greeting = await self._greeting(gate, screen)
        address = self.broker()
        try:
            async with asyncio.timeout(CONNECT_WITHIN_S):
                reader, writer = await asyncio.open_connection(address.host, address.port)
        except (OSError, TimeoutError):
            await screen.close(TRY_LATER, "the broker cannot be reached")
            return
        tasks: list[asyncio.Task[None]] = []
        try:
            writer.write(greeting.to_broker)
            welcome = await self._welcome(reader)
            if not welcome:
                await screen.close(TRY_LATER, "the broker does not let the box in")
                return
            # What the gate has to say comes after CONNACK, as MQTT wants it.
            await screen.send(welcome + greeting.to_screen)
            tasks.append(asyncio.create_task(self._up(gate, screen, writer)))
            tasks.append(asyncio.create_task(_down(reader, screen)))
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            await asyncio.sleep(0)  # both may have ended: what the screen did wrong is said first
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            # No DISCONNECT of ours: the broker publishes the screen's last will.
            writer.close()
        for task in tasks:
            if not task.cancelled() and (failure := task.exception()) is not None:
                raise failure
        await screen.close(1000, "")

    async def _greeting(self, gate: Gate, screen: Screen) -> Passage:
        """What the broker is to hear first, once the gate has let the screen in."""
        passage = Passage()
        try:
            async with asyncio.timeout(CONNECT_WITHIN_S):
                while not gate.admitted:
                    passage = gate.take(await screen.receive(), _now_s())
        except TimeoutError:
            raise TurnedAway("did not say CONNECT in time") from None
        return passage

    async def _welcome(self, reader: asyncio.StreamReader) -> bytes:
        """The broker's answer to CONNECT and what came with it; empty when it is no.

        A broker that does not know the box yet (its first start) is no reason for a screen to give
        up: that refusal is ours, and the screen is told to come again.
        """
        data, connack = b"", None
        try:
            async with asyncio.timeout(CONNECT_WITHIN_S):
                while connack is None:
                    chunk = await reader.read(CHUNK)
                    if not chunk:
                        return b""
                    data += chunk
                    connack = next(Cutter(ANSWER_MAX).feed(data), None)
        except (TimeoutError, ConnectionError, MalformedPacket):
            return b""
        if connack.kind is Kind.CONNACK and connack.body[1:2] == b"\0":
            return data
        if self._is_news("the broker", "refuses the box"):
            log.error(
                "The broker refuses the box when it speaks for screens. They stay away and come "
                "again. `kedai edge broker check` says what is wrong."
            )
        return b""

    async def _up(self, gate: Gate, screen: Screen, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while True:
                try:
                    async with asyncio.timeout(SILENT_MAX_S):
                        data = await screen.receive()
                except TimeoutError:
                    raise ScreenGone from None
                passage = gate.take(data, _now_s())
                if passage.to_screen:
                    await screen.send(passage.to_screen)
                writer.write(passage.to_broker)
                await writer.drain()

    def _say(self, who: str, what: str) -> None:
        """Once in ten minutes for each: a screen that is refused comes back every second."""
        self.refused += 1
        if self._is_news(who, what):
            log.warning("The screen %s %s. Its connection to the broker was ended.", who, what)

    def _is_news(self, who: str, what: str) -> bool:
        now_s, key = _now_s(), (who, what)
        last_s = self._said.get(key)
        if last_s is not None and now_s - last_s < SAID_AGAIN_S:
            return False
        self._said[key] = now_s
        self._said.move_to_end(key)
        if len(self._said) > SAID_MAX:
            self._said.popitem(last=False)
        return True


async def _down(reader: asyncio.StreamReader, screen: Screen) -> None:
    with contextlib.suppress(ConnectionError):
        while chunk := await reader.read(CHUNK):
            try:
                async with asyncio.timeout(STUCK_MAX_S):
                    await screen.send(chunk)
            except TimeoutError:
                raise ScreenGone from None


async def _leave(screen: Screen, goodbye: bytes, code: int, reason: str) -> None:
    with contextlib.suppress(ScreenGone):
        if goodbye:
            await screen.send(goodbye)
        await screen.close(code, reason[:100])


def _now_s() -> float:
    return asyncio.get_running_loop().time()
