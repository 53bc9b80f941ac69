"""The lines of the simulation: what can happen to a request between a box and HQ, or a screen and
its box. Nothing here lies about what was asked; it only delays, loses, repeats and mutilates."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from random import Random
from typing import Any, NamedTuple

import httpx
from simulation.asgi import Answer
from simulation.loop import SimLoop

PORTAL = b"<html><head><title>Free Wi-Fi</title></head><body>Please sign in</body></html>"
NOTICED_S = 45.0
"""Until a box notices that an answer is lost: a poll of 25 s and its patience of 20 s. The stories
stretch polls to half an hour to be quick, which must not stretch how long a loss goes unseen."""
REFUSED_S = 0.05


class Request(NamedTuple):
    """What travels up."""

    method: str
    path: str
    body: bytes
    headers: Mapping[str, str]


class Dropped(Exception):
    """The server is not there, or died with the request in its hands."""


Deliver = Callable[[Request], Awaitable[Answer]]


@dataclass
class Weather:
    """Chances per request, and seconds of delay each way."""

    lost_before: float = 0.0
    lost_after: float = 0.0
    repeated: float = 0.0
    """A copy arrives again, minutes to days later; nobody hears the answer."""
    cut_short: float = 0.0
    """The answer's body breaks off."""
    mutilated: float = 0.0
    """The request's body breaks off on its way up, and a proxy hands on what came."""
    delay_s: tuple[float, float] = (0.005, 0.08)
    copies_s: tuple[float, float] = (60.0, 7 * 86_400.0)


FAIR = Weather()
ROUGH = Weather(
    lost_before=0.02,
    lost_after=0.02,
    repeated=0.02,
    cut_short=0.005,
    mutilated=0.005,
    delay_s=(0.005, 0.8),
)


class Link:
    """One line with its weather. `cut`, `portal` and `storm` are switched by faults."""

    def __init__(self, loop: SimLoop, name: str, dice: Random, weather: Weather = FAIR) -> None:
        self.loop = loop
        self.name = name
        self.weather = weather
        self.cut = False
        self.portal = False
        self.storm = False
        self.counts: dict[str, int] = {}
        self._dice = dice
        self._changed = asyncio.Event()

    def set_cut(self, cut: bool) -> None:
        """Cut the line, or mend it; requests on their way when it is cut are lost."""
        self.cut = cut
        self._changed.set()
        self._changed = asyncio.Event()

    async def carry(self, request: Request, deliver: Deliver, timeout_s: float) -> Answer:
        """Bring a request to its server and the answer back. Raises httpx's own exceptions."""
        weather, dice = self.weather, self._dice
        await asyncio.sleep(dice.uniform(*weather.delay_s))
        if self.cut:
            self._count("refused")
            await asyncio.sleep(REFUSED_S if dice.random() < 0.5 else min(timeout_s, NOTICED_S))
            raise httpx.ConnectError("no route")
        if self.portal:
            self._count("portal")
            return Answer(200, PORTAL)
        if self.storm and dice.random() < 0.9:
            self._count("storm")
            return Answer(503, b"")
        if dice.random() < weather.repeated:
            self._repeat(request, deliver)
        if dice.random() < weather.lost_before:
            self._count("lost_before")
            await asyncio.sleep(min(timeout_s, NOTICED_S))
            raise httpx.ReadTimeout("no answer")
        if request.body and dice.random() < weather.mutilated:
            self._count("mutilated")
            # One draw whatever its length: ids that Postgres made up pack a byte longer or shorter.
            kept = int(dice.random() * len(request.body))
            request = request._replace(body=request.body[:kept])
        answer = await self._deliver(request, deliver, timeout_s)
        return await self._bring_back(answer, timeout_s)

    async def _bring_back(self, answer: Answer, timeout_s: float) -> Answer:
        weather, dice = self.weather, self._dice
        await asyncio.sleep(dice.uniform(*weather.delay_s))
        if self.cut or dice.random() < weather.lost_after:
            self._count("lost_after")
            await asyncio.sleep(min(timeout_s, NOTICED_S))
            raise httpx.ReadTimeout("the answer was lost")
        if answer.body and dice.random() < weather.cut_short:
            self._count("cut_short")
            raise httpx.RemoteProtocolError("peer closed connection in the middle of the body")
        return answer

    async def _deliver(self, request: Request, deliver: Deliver, timeout_s: float) -> Answer:
        """The server's answer; a line that is cut meanwhile is noticed by nobody but the clock."""
        try:
            return await asyncio.wait_for(deliver(request), timeout_s)
        except TimeoutError:
            raise httpx.ReadTimeout("no answer in time") from None
        except Dropped as fault:
            self._count("dropped")
            raise httpx.ReadError(str(fault)) from None

    def _repeat(self, request: Request, deliver: Deliver) -> None:
        low, high = self.weather.copies_s
        pause_s = low * (high / low) ** self._dice.random()
        self.loop.call_later(pause_s, self._send_copy, request, deliver)

    def _send_copy(self, request: Request, deliver: Deliver) -> None:
        self._count("repeated")
        self.loop.create_task(_ignore(deliver, request), name="a late copy")

    def _count(self, what: str) -> None:
        self.counts[what] = self.counts.get(what, 0) + 1


async def _ignore(deliver: Deliver, request: Request) -> None:
    with contextlib.suppress(Dropped):
        await deliver(request)


class Line:
    """What `edge.uplink` uses of an httpx client, over a link of the simulation."""

    def __init__(self, link: Link, deliver: Deliver) -> None:
        self._link = link
        self._deliver = deliver

    async def request(
        self,
        method: str,
        path: str,
        *,
        content: bytes,
        headers: Mapping[str, str],
        timeout: Any,  # noqa: ASYNC109  httpx has it so
    ) -> httpx.Response:
        """One request, as httpx would do it."""
        request = Request(method, path, content, dict(headers))
        answer = await self._link.carry(request, self._deliver, float(timeout))
        return httpx.Response(answer.status, content=answer.body)

    async def aclose(self) -> None:
        """Nothing is kept open."""
