"""Live figures as server-sent events."""

from collections.abc import AsyncIterator

import msgspec
from litestar import Router, get
from litestar.response import Stream

from cloud.database import Unreachable
from cloud.feed import Message, TooMany
from cloud.problems import Troubled
from cloud.routes.errors import NEEDS_KEY, says_no
from cloud.routes.given import Guest, Hq


@get(
    "/feed",
    media_type="text/event-stream",
    summary="Today's figures: a snapshot, then changes (server-sent events)",
    responses=says_no(*NEEDS_KEY),
)
async def follow(hq: Hq, visitor: Guest) -> Stream:
    """Events `snapshot`, `change` and `heartbeat`; a stream that breaks is simply opened again."""
    messages = hq.live.follow(visitor.tenant_id)
    try:
        first = await anext(messages)  # so that a no is an answer and not a broken stream
    except TooMany:
        raise Troubled("too_many") from None
    return Stream(
        _lines(first, messages),
        media_type="text/event-stream",
        headers={"cache-control": "no-store", "x-accel-buffering": "no"},
    )


async def _lines(first: Message, messages: AsyncIterator[Message]) -> AsyncIterator[bytes]:
    yield b"retry: 2000\n\n" + _line(first)
    try:
        async for message in messages:
            yield _line(message)
    except Unreachable:
        return  # the stream ends; whoever listens comes back


def _line(message: Message) -> bytes:
    event, value = message
    return b"event: %s\ndata: %s\n\n" % (event.encode(), msgspec.json.encode(value))


feed = Router("/api", route_handlers=[follow], tags=["reports"])
