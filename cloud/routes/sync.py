"""What boxes ask: enrol, hello, batches up, feed down. All msgpack, all but the first signed."""

import gzip
import zlib
from typing import Any, TypeVar

import msgspec
from litestar import Request, Response, Router, get, post
from litestar.exceptions import HTTPException
from litestar.params import FromQuery

from cloud import logs
from cloud.database import Unreachable
from cloud.headquarters import Headquarters
from cloud.intake import Malformed, SayHello
from cloud.nodes import Node, Rejected
from cloud.own import TooManyAsked
from cloud.routes.given import Hq
from protocol.replication import (
    BATCH_BYTES_MAX,
    COMPRESSED_BYTES_MAX,
    HEADER_NODE,
    HEADER_SIGNATURE,
    MEDIA_TYPE,
    Batch,
    ChainRequest,
    Enrolment,
    Hello,
    OwnRequest,
    Trouble,
)

Asked = Request[Any, Any, Any]
T = TypeVar("T")

_log = logs.log("sync")
_encoder = msgspec.msgpack.Encoder()


class Refused(Exception):
    """A request of a box that HQ does not take: an HTTP status and a Trouble."""

    def __init__(self, status: int, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status
        self.trouble = Trouble(code=code, sentence=sentence)


TOO_LARGE = Trouble(
    code="too_large",
    sentence=f"A body has at most {COMPRESSED_BYTES_MAX} bytes packed and {BATCH_BYTES_MAX} "
    "unpacked. Send smaller batches.",
)


@post(
    "/enrol",
    status_code=200,
    media_type=MEDIA_TYPE,
    summary="A new box joins an outlet with a one-time code",
)
async def enrol(request: Asked, hq: Hq) -> Response[bytes]:
    """Enrolment in, Enrolled out."""
    enrolment = decode(await plain_body(request), Enrolment)
    try:
        return answer(await hq.nodes.enrol(enrolment))
    except Rejected as no:
        raise Refused(403, no.code, no.sentence) from None


@post(
    "/hello",
    status_code=200,
    media_type=MEDIA_TYPE,
    summary="A box introduces itself; HQ says what it has of it",
)
async def hello(request: Asked, hq: Hq) -> Response[bytes]:
    """Hello in, Welcome out."""
    node, body = await signed(request, hq)
    return answer(await hq.greeting.hello(node, decode(body, Hello)))


@post("/batches", status_code=200, media_type=MEDIA_TYPE, summary="Journal entries on their way up")
async def batches(request: Asked, hq: Hq) -> Response[bytes]:
    """Batch in, Receipt out: after its commit, and never before."""
    node, body = await signed(request, hq)
    try:
        receipt = await hq.intake.take(node, decode(body, Batch))
    except SayHello:
        raise Refused(
            409, "hello", "HQ's database is not the one this box knew. Say hello first."
        ) from None
    except Malformed as no:
        raise Refused(422, "malformed", f"The batch is not well framed: {no}.") from None
    hq.wake(node.tenant_id, node.outlet_id)
    return answer(receipt)


@post("/own", status_code=200, media_type=MEDIA_TYPE, summary="A box asks back what it lost")
async def own(request: Asked, hq: Hq) -> Response[bytes]:
    """OwnRequest in, OwnPage out: entries of the box's own outlet, and of no other."""
    node, body = await signed(request, hq)
    page = answer(await hq.own.page(node, decode(body, OwnRequest)))
    if "gzip" in request.headers.get("accept-encoding", ""):
        page.content = gzip.compress(page.content, 1)
        page.headers["content-encoding"] = "gzip"
    return page


@post(
    "/chains",
    status_code=200,
    media_type=MEDIA_TYPE,
    summary="A box looks for the place where its stream and HQ's part",
)
async def chains(request: Asked, hq: Hq) -> Response[bytes]:
    """ChainRequest in, ChainAnswer out."""
    node, body = await signed(request, hq)
    try:
        return answer(await hq.own.chains(node, decode(body, ChainRequest)))
    except TooManyAsked as no:
        raise Refused(422, "too_many", f"The request is too large: {no}.") from None


@get(
    "/feed",
    media_type=MEDIA_TYPE,
    summary="What HQ tells boxes, after a cursor; waits for news when there is none",
)
async def feed(
    request: Asked,
    hq: Hq,
    incarnation: FromQuery[str] = "",
    pos: FromQuery[int] = 0,
    wait: FromQuery[float] = 0,
    unsent: FromQuery[int | None] = None,
    instance: FromQuery[str] = "",
    stamp: FromQuery[int] = 0,
) -> Response[bytes]:
    """FeedPage out. A poll is also a sign of life."""
    node, _ = await signed(request, hq)
    page = await hq.distribution.page(
        node,
        incarnation=incarnation,
        pos=pos,
        wait_s=wait,
        unsent=unsent,
        instance=instance,
        stamp=stamp,
    )
    return answer(page)


def on_refused(_request: Asked, no: Refused) -> Response[bytes]:
    """The answer to a box whose request is not taken."""
    return answer(no.trouble, no.status)


def on_http(_request: Asked, no: HTTPException) -> Response[bytes]:
    """What the framework would not read, in the words boxes know."""
    if no.status_code == 413:
        return answer(TOO_LARGE, 413)
    return answer(Trouble(code="unreadable", sentence=no.detail), no.status_code)


def on_unreachable(_request: Asked, _fault: Exception) -> Response[bytes]:
    """The box keeps everything and sends it again."""
    sentence = "HQ cannot reach its database now. Nothing was taken; send it again later."
    return answer(Trouble(code="unavailable", sentence=sentence), 503)


def on_bug(request: Asked, bug: Exception) -> Response[bytes]:
    """We were wrong: logged here, and the box sends it again."""
    _log.error("bug", path=request.url.path, exc_info=bug)
    sentence = "HQ made a mistake; its log says which. Nothing was taken."
    return answer(Trouble(code="bug", sentence=sentence), 500)


sync = Router(
    "/sync/v1",
    route_handlers=[enrol, hello, batches, own, chains, feed],
    exception_handlers={
        Refused: on_refused,
        HTTPException: on_http,
        **dict.fromkeys(Unreachable, on_unreachable),
        Exception: on_bug,
    },
    request_max_body_size=BATCH_BYTES_MAX,
    tags=["boxes"],
)


# ---------------------------------------------------------------- parts


async def signed(request: Asked, hq: Headquarters) -> tuple[Node, bytes]:
    """The box that sent this, and its body unpacked. The signature is over the body as sent."""
    sent = await request.body()
    path = request.scope["raw_path"].decode("latin-1")
    if query := request.scope["query_string"]:
        path += "?" + query.decode("latin-1")
    try:
        node = await hq.nodes.verify(
            request.headers.get(HEADER_NODE, ""),
            request.headers.get(HEADER_SIGNATURE, ""),
            request.method,
            path,
            sent,
        )
    except Rejected as no:
        raise Refused(401, no.code, no.sentence) from None
    return node, unpack(sent, request.headers.get("content-encoding", ""))


async def plain_body(request: Asked) -> bytes:
    """The body unpacked, for the one request that nobody can have signed yet."""
    return unpack(await request.body(), request.headers.get("content-encoding", ""))


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
