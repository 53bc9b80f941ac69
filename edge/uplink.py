"""The line to HQ: enrolment, hello, batches and feed pages over signed HTTP with deadlines."""

import asyncio
import gzip
from collections.abc import Callable, Sequence
from typing import TypeVar
from urllib.parse import urlencode

import msgspec

from edge.follower import Fault
from edge.http_client import AsyncClient, ConnectError, HTTPError, open_client
from edge.node import Node
from protocol import PROTOCOL
from protocol.certificates import DayAtHq
from protocol.pictures import Picture
from protocol.replication import (
    HEADER_NODE,
    HEADER_SIGNATURE,
    MEDIA_TYPE,
    Batch,
    ChainAnswer,
    ChainRequest,
    Enrolled,
    Enrolment,
    FeedPage,
    Hello,
    OwnPage,
    OwnRequest,
    Receipt,
    Telemetry,
    Trouble,
    Wanted,
    Welcome,
    Witness,
)

T = TypeVar("T")
OpenLine = Callable[..., AsyncClient]
"""Makes the client for HQ: `open_client`, or a simulation's own line."""
GZIP_LEVEL = 1
"""Level 1 costs a third of level 6 and a batch is a sixth larger; the box's processor is scarcer."""
FEED_WAIT_S = 25
WHOLE_REQUEST = 6
"""A request may take this many timeouts in all: a slow line is given time, one that only trickles is
given up, so that nothing waits for it for ever."""
FORGOTTEN = (
    "HQ does not know this box any more: it was put back to an older state, or the box was retired. "
    "Make a code at HQ (`kedai cloud outlet code`), then here: `kedai edge enrol --again --code CODE`"
)
"""What people hear when HQ says `unknown_node`; `FORGOTTEN_ID` in Indonesian."""
FORGOTTEN_ID = (
    "Pusat tidak mengenal perangkat ini lagi: pusat dikembalikan ke keadaan lama, atau perangkat ini "
    "dicabut. Buat kode di pusat (`kedai cloud outlet code`), lalu di sini: `kedai edge enrol --again"
    " --code KODE`"
)
_encoder = msgspec.msgpack.Encoder()


class NoLine(Fault):
    """Nothing was sent: HQ could not be connected to at all."""


class HqSaysHello(Fault):
    """HQ wants a hello first: it was restored, or has not met this process yet."""


class HqSaid(Fault):
    """HQ answered with something other than yes; the sentence is HQ's own."""

    def __init__(self, sentence: str, trouble: Trouble | None = None) -> None:
        super().__init__(sentence)
        self.trouble = trouble


class HqBusy(HqSaid):
    """HQ has too much to do, or is just starting: the same again later."""


class HqRefused(HqSaid):
    """HQ understood and said no."""


class HqUnreadable(HqRefused):
    """HQ cannot read what was sent: something in it is at fault, and nothing of it was stored."""


class Uplink:
    """One client for one HQ. Raises Fault when no usable answer came."""

    def __init__(
        self, node: Node, hq_url: str, *, timeout_s: float = 20, open_line: OpenLine = open_client
    ) -> None:
        self.node = node
        self._open_line = open_line
        self.hq_url = hq_url.rstrip("/")
        self._timeout_s = timeout_s
        self._client: AsyncClient | None = None

    async def start(self) -> None:
        """Open the client; nothing is sent yet."""
        self._client = self._open_line(self.hq_url, timeout_s=self._timeout_s)

    async def stop(self) -> None:
        """Close the client and its connections."""
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    async def enrol(self, code: str, product: str, outlet_id: str = "") -> Enrolled:
        """Ask HQ to make this box the one of the outlet the code stands for.

        `outlet_id` is the outlet whose data the box holds: HQ refuses a code for another one.
        """
        enrolment = Enrolment(
            code=code,
            public_key=self.node.public_key(),
            protocol=PROTOCOL,
            product=product,
            outlet_id=outlet_id,
        )
        return await self._post("/sync/v1/enrol", enrolment, Enrolled, signed=False)

    async def hello(self, hello: Hello) -> Welcome:
        """Introduce the box."""
        return await self._post("/sync/v1/hello", hello, Welcome)

    async def send(self, batch: Batch) -> Receipt:
        """Send entries; the receipt says how far each stream is safe at HQ."""
        return await self._post("/sync/v1/batches", batch, Receipt)

    async def own(self, wanted: Sequence[Wanted]) -> OwnPage:
        """Entries of this outlet that HQ has and the box has not, as many as fit a page."""
        return await self._post("/sync/v1/own", OwnRequest(wanted=tuple(wanted)), OwnPage)

    async def chains(self, request: ChainRequest) -> ChainAnswer:
        """HQ's chain at each of these places of a stream."""
        return await self._post("/sync/v1/chains", request, ChainAnswer)

    async def telemetry(self, telemetry: Telemetry) -> None:
        """Send samples; they are never worth a second try."""
        await self._post("/sync/v1/telemetry", telemetry, msgspec.Raw)

    async def day(self, digest: str) -> DayAtHq:
        """What HQ itself counts of the Z report with this digest."""
        return await self._request("GET", f"/sync/v1/days/{digest}", b"", DayAtHq)

    async def witness(self) -> Witness:
        """What HQ has of this outlet."""
        return await self._request("GET", "/sync/v1/witness", b"", Witness)

    async def picture(self, name: str) -> Picture:
        """A picture that the menu names, `DIGEST-WIDTH.webp`. Raises HqRefused when HQ has it not."""
        return await self._request("GET", f"/sync/v1/pictures/{name}", b"", Picture)

    async def feed(
        self,
        incarnation: str,
        pos: int,
        *,
        unsent: int,
        head: int,
        wait_s: int = FEED_WAIT_S,
        instance: str = "",
        stamp: int = 0,
    ) -> FeedPage:
        """Feed rows after a cursor; HQ holds the answer up to `wait_s` while there is none.

        `instance` and `stamp` say which life of the box asks, and when, so that a late copy of a
        poll is not taken for a sign of life.
        """
        query: dict[str, str | int] = {
            "incarnation": incarnation,
            "pos": pos,
            "wait": wait_s,
            "unsent": unsent,
            "head": head,
        }
        if instance:
            query |= {"instance": instance, "stamp": stamp}
        path = f"/sync/v1/feed?{urlencode(query)}"
        return await self._request("GET", path, b"", FeedPage, timeout_s=wait_s + self._timeout_s)

    async def _post(self, path: str, message: object, kind: type[T], *, signed: bool = True) -> T:
        body = gzip.compress(_encoder.encode(message), GZIP_LEVEL)
        return await self._request("POST", path, body, kind, signed=signed)

    async def _request(
        self,
        method: str,
        path: str,
        body: bytes,
        kind: type[T],
        *,
        signed: bool = True,
        timeout_s: float | None = None,
    ) -> T:
        assert self._client is not None, "the uplink is started"
        headers = {"content-type": MEDIA_TYPE, "accept": MEDIA_TYPE}
        if body:
            headers["content-encoding"] = "gzip"
        if signed:
            assert self.node.enrolled is not None, "only an enrolled box talks to HQ"
            headers[HEADER_NODE] = self.node.enrolled.node_id
            headers[HEADER_SIGNATURE] = self.node.sign(method, path, body)
        each_s = timeout_s or self._timeout_s
        try:
            async with asyncio.timeout(each_s * WHOLE_REQUEST):
                answer = await self._client.request(
                    method, path, content=body, headers=headers, timeout=each_s
                )
        except ConnectError as fault:
            raise NoLine(f"HQ at {self.hq_url} cannot be reached ({fault})") from fault
        except (HTTPError, TimeoutError) as fault:
            reason = str(fault) or type(fault).__name__
            raise Fault(f"HQ at {self.hq_url} cannot be reached ({reason})") from fault
        if answer.status_code >= 400:
            raise _refusal_of(answer.status_code, answer.content)
        try:
            return msgspec.msgpack.decode(answer.content, type=kind)
        except msgspec.DecodeError as fault:
            # A captive portal answers 200 with a page of its own.
            raise Fault(f"{self.hq_url} answers, but not as HQ does ({fault})") from fault


def _refusal_of(status: int, content: bytes) -> Fault:
    try:
        trouble = msgspec.msgpack.decode(content, type=Trouble)
    except msgspec.DecodeError:
        return Fault(f"HQ answers with HTTP {status} and no reason")
    match status:
        case 401 if trouble.code == "unknown_node":
            return HqRefused(FORGOTTEN, trouble)
        case 409:
            return HqSaysHello(trouble.sentence)
        case 422:
            return HqUnreadable(f"HQ says no: {trouble.sentence}", trouble)
        case 429 | 503:
            return HqBusy(f"HQ is busy: {trouble.sentence}", trouble)
        case _:
            return HqRefused(f"HQ says no: {trouble.sentence}", trouble)
