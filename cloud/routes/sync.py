"""What boxes ask: enrol, hello, batches up, what they lost, feed down. All msgpack, all but enrol signed."""

from litestar import Response, Router, get, post
from litestar.params import FromPath, FromQuery

from cloud.admission import ENTRIES_MAX_BUSY, Crowded
from cloud.intake import Malformed, SayHello
from cloud.nodes import Rejected
from cloud.own import TooManyAsked
from cloud.routes.given import Hq
from cloud.routes.wire import (
    BUSY,
    HANDLERS,
    SAY_HELLO,
    Asked,
    Refused,
    answer,
    decode,
    from_box,
    packed_answer,
    plain_body,
)
from protocol.pictures import picture_at
from protocol.replication import (
    BATCH_BYTES_MAX,
    MEDIA_TYPE,
    Batch,
    ChainRequest,
    Enrolment,
    Hello,
    OwnRequest,
    Telemetry,
)


@post(
    "/enrol",
    status_code=200,
    media_type=MEDIA_TYPE,
    summary="A new box joins an outlet with a one-time code",
)
async def enrol(request: Asked, hq: Hq) -> Response[bytes]:
    """Enrolment in, Enrolled out."""
    enrolment = decode(await plain_body(request, hq), Enrolment)
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
    async with from_box(request, hq) as (node, body):
        return answer(await hq.greeting.hello(node, decode(body, Hello)))


@post("/batches", status_code=200, media_type=MEDIA_TYPE, summary="Journal entries on their way up")
async def batches(request: Asked, hq: Hq) -> Response[bytes]:
    """Batch in, Receipt out: after its commit, and never before."""
    async with from_box(request, hq) as (node, body):
        try:
            with hq.admission.enter(node.tenant_id):
                receipt = await hq.intake.take(node, decode(body, Batch))
        except SayHello:
            raise Refused(
                409, SAY_HELLO, "HQ's database is not the one this box knew. Say hello first."
            ) from None
        except Malformed as no:
            raise Refused(422, "malformed", f"The batch is not well framed: {no}.") from None
        except Crowded as no:
            hq.metrics.crowded.labels(str(no.status)).inc()
            raise Refused(
                no.status,
                BUSY,
                "Too many boxes send at once. Nothing was taken; send it again later.",
                retry_after_s=no.retry_after_s,
                entries_max=ENTRIES_MAX_BUSY,
            ) from None
    hq.wake(node.tenant_id, node.outlet_id)
    return answer(receipt)


@post("/own", status_code=200, media_type=MEDIA_TYPE, summary="A box asks back what it lost")
async def own(request: Asked, hq: Hq) -> Response[bytes]:
    """OwnRequest in, OwnPage out: entries of the box's own outlet, and of no other."""
    async with from_box(request, hq) as (node, body):
        return packed_answer(await hq.own.page(node, decode(body, OwnRequest)), request)


@post(
    "/chains",
    status_code=200,
    media_type=MEDIA_TYPE,
    summary="A box looks for the place where its stream and HQ's part",
)
async def chains(request: Asked, hq: Hq) -> Response[bytes]:
    """ChainRequest in, ChainAnswer out."""
    async with from_box(request, hq) as (node, body):
        try:
            return answer(await hq.own.chains(node, decode(body, ChainRequest)))
        except TooManyAsked as no:
            raise Refused(422, "too_many", f"The request is too large: {no}.") from None


@post("/telemetry", status_code=200, media_type=MEDIA_TYPE, summary="A box's own figures")
async def telemetry(request: Asked, hq: Hq) -> Response[bytes]:
    """Telemetry in, nothing (nil) out."""
    async with from_box(request, hq) as (node, body):
        await hq.telemetry.take(node, decode(body, Telemetry))
        return answer(None)


@get(
    "/days/{digest:str}",
    media_type=MEDIA_TYPE,
    summary="What HQ itself counts of a Z report, for the box to compare and sign",
)
async def day(request: Asked, hq: Hq, digest: FromPath[str]) -> Response[bytes]:
    """DayAtHq out; without a holding while HQ lacks entries that the Z counts."""
    async with from_box(request, hq) as (node, _):
        return answer(await hq.days.at_hq(node, digest))


@get("/witness", media_type=MEDIA_TYPE, summary="What HQ has of the box's outlet, to compare with")
async def witness(request: Asked, hq: Hq) -> Response[bytes]:
    """Witness out."""
    async with from_box(request, hq) as (node, _):
        return packed_answer(await hq.witnesses.tell(node.tenant_id, node.outlet_id, node), request)


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
    async with from_box(request, hq) as (node, _):
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


@get(
    "/pictures/{name:str}",
    media_type=MEDIA_TYPE,
    summary="A picture that the menu names, in one width: `DIGEST-WIDTH.webp`",
)
async def picture(name: FromPath[str], request: Asked, hq: Hq) -> Response[bytes]:
    """Picture out."""
    async with from_box(request, hq) as (node, _):
        at = picture_at(f"/pictures/{name}")
        found = None if at is None else await hq.pictures.find(node.tenant_id, *at)
        if found is None:
            raise Refused(404, "unknown_picture", f"HQ has no picture {name[:60]}.")
        return answer(found)


sync = Router(
    "/sync/v1",
    route_handlers=[enrol, hello, batches, own, chains, telemetry, day, witness, feed, picture],
    exception_handlers=HANDLERS,
    request_max_body_size=BATCH_BYTES_MAX,
    tags=["boxes"],
)
