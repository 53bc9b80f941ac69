"""How boxes are heard: whose request it is, its body unpacked within bounds, the answer, and every no."""

import asyncio
import gzip
import math
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import msgspec
from litestar import Request, Response
from litestar.exceptions import HTTPException

from cloud import logs
from cloud.database import Unreachable
from cloud.headquarters import Headquarters
from cloud.nodes import Node, Rejected
from protocol.replication import (
    BATCH_BYTES_MAX,
    COMPRESSED_BYTES_MAX,
    HEADER_NODE,
    HEADER_SIGNATURE,
    MEDIA_TYPE,
    Trouble,
)

Asked = Request[Any, Any, Any]
T = TypeVar("T")

BODY_S_MAX = 60.0
"""How long a body may take to come: 1 MiB, the most there is, at the 150 kbit/s of a bad line."""
BUSY = "busy"
SAY_HELLO = "hello"
NOT_COUNTED = (BUSY, SAY_HELLO)
"""Answers that say nothing bad of the request."""

_log = logs.log("sync")
_encoder = msgspec.msgpack.Encoder()


class Refused(Exception):
    """A request of a box that HQ does not take: an HTTP status and a Trouble."""

    def __init__(
        self,
        status: int,
        code: str,
        sentence: str,
        *,
        retry_after_s: float | None = None,
        entries_max: int | None = None,
    ) -> None:
        super().__init__(sentence)
        self.status = status
        self.trouble = Trouble(
            code=code, sentence=sentence, retry_after_s=retry_after_s, entries_max=entries_max
        )


TOO_LARGE = Trouble(
    code="too_large",
    sentence=f"A body has at most {COMPRESSED_BYTES_MAX} bytes packed and {BATCH_BYTES_MAX} "
    "unpacked. Send smaller batches.",
)


@asynccontextmanager
async def from_box(request: Asked, hq: Headquarters) -> AsyncIterator[tuple[Node, bytes]]:
    """The box that sent this, and its body unpacked. The signature is over the body as sent.

    A request that is refused here or in the block is counted, for the outlet too where one is
    named: also by somebody who only claims to be its box.
    """
    try:
        sent = await _body(request)
        node = await _verified(request, hq, sent)
        yield node, unpack(sent, request.headers.get("content-encoding", ""))
    except Refused as no:
        await _count(request, hq, no.trouble)
        raise
    except HTTPException as no:
        await _count(request, hq, _trouble_of(no))
        raise


async def plain_body(request: Asked, hq: Headquarters) -> bytes:
    """The body unpacked, for the one request that nobody can have signed yet."""
    try:
        return unpack(await _body(request), request.headers.get("content-encoding", ""))
    except Refused as no:
        hq.metrics.refused.labels(no.trouble.code).inc()
        raise


def unpack(sent: bytes, encoding: str) -> bytes:
    """A body without its compression. Raises Refused before anything grows past the limit."""
    if encoding in ("", "identity"):
        return sent
    if encoding != "gzip":
        raise Refused(415, "encoding", "Bodies come plain or as gzip.")
    if len(sent) > COMPRESSED_BYTES_MAX:
        raise Refused(413, TOO_LARGE.code, TOO_LARGE.sentence)
    unpacker = zlib.decompressobj(wbits=31)
    try:
        body = unpacker.decompress(sent, BATCH_BYTES_MAX + 1)
    except zlib.error:
        raise Refused(400, "unreadable", "The body is not what gzip makes.") from None
    if len(body) > BATCH_BYTES_MAX:
        raise Refused(413, TOO_LARGE.code, TOO_LARGE.sentence)
    if not unpacker.eof or unpacker.unused_data:
        raise Refused(400, "unreadable", "The packed body is cut off, or more follows it.")
    return body


def decode(body: bytes, kind: type[T]) -> T:
    """A message of a box. Raises Refused when it is not one."""
    try:
        return msgspec.msgpack.decode(body, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as no:
        raise Refused(
            422, "unreadable", f"This is no {kind.__name__} as HQ knows it: {no}."
        ) from None


def answer(message: object, status: int = 200) -> Response[bytes]:
    """A message to a box."""
    return Response(_encoder.encode(message), status_code=status, media_type=MEDIA_TYPE)


def packed_answer(message: object, request: Asked) -> Response[bytes]:
    """A long message to a box, packed if it takes that."""
    body, headers = _encoder.encode(message), {}
    if "gzip" in request.headers.get("accept-encoding", ""):
        body, headers = gzip.compress(body, 1), {"content-encoding": "gzip"}
    return Response(body, media_type=MEDIA_TYPE, headers=headers)


def on_refused(_request: Asked, no: Refused) -> Response[bytes]:
    """The answer to a box whose request is not taken."""
    said = answer(no.trouble, no.status)
    if no.trouble.retry_after_s is not None:
        said.headers["retry-after"] = str(math.ceil(no.trouble.retry_after_s))
    return said


def on_http(_request: Asked, no: HTTPException) -> Response[bytes]:
    """What the framework would not read, in the words boxes know."""
    return answer(_trouble_of(no), no.status_code)


def on_unreachable(_request: Asked, _fault: Exception) -> Response[bytes]:
    """The box keeps everything and sends it again."""
    sentence = "HQ cannot reach its database now. Nothing was taken; send it again later."
    return answer(Trouble(code="unavailable", sentence=sentence), 503)


def on_bug(request: Asked, bug: Exception) -> Response[bytes]:
    """We were wrong: logged here, and the box sends it again."""
    _log.error("bug", path=request.url.path, exc_info=bug)
    sentence = "HQ made a mistake; its log says which. Nothing was taken."
    return answer(Trouble(code="bug", sentence=sentence), 500)


HANDLERS: dict[Any, Any] = {
    Refused: on_refused,
    HTTPException: on_http,
    **dict.fromkeys(Unreachable, on_unreachable),
    Exception: on_bug,
}


# ---------------------------------------------------------------- parts


async def _body(request: Asked) -> bytes:
    try:
        async with asyncio.timeout(BODY_S_MAX):
            return await request.body()
    except TimeoutError:
        raise Refused(
            408, "slow", f"The body did not come within {BODY_S_MAX:.0f} s. Send smaller batches."
        ) from None


async def _verified(request: Asked, hq: Headquarters, sent: bytes) -> Node:
    path = request.scope["raw_path"].decode("latin-1")
    if query := request.scope["query_string"]:
        path += "?" + query.decode("latin-1")
    try:
        return await hq.nodes.verify(
            request.headers.get(HEADER_NODE, ""),
            request.headers.get(HEADER_SIGNATURE, ""),
            request.method,
            path,
            sent,
        )
    except Rejected as no:
        raise Refused(401, no.code, no.sentence) from None


async def _count(request: Asked, hq: Headquarters, trouble: Trouble) -> None:
    if trouble.code in NOT_COUNTED:
        return
    hq.metrics.refused.labels(trouble.code).inc()
    claimed = await hq.nodes.find(request.headers.get(HEADER_NODE, ""))
    if claimed is not None:
        await hq.refusals.note(claimed, trouble.code, trouble.sentence)


def _trouble_of(no: HTTPException) -> Trouble:
    if no.status_code == 413:
        return TOO_LARGE
    return Trouble(code="unreadable", sentence=no.detail)
