"""`GET /api/feed`: the live stream of server-sent events behind every screen of the box."""

from collections.abc import AsyncIterator
from typing import Any

import msgspec
from litestar import Request, get
from litestar.params import FromQuery
from litestar.response import Stream

from edge.feed import SCREENS_MAX, TooManyScreens
from edge.routes.given import Feed
from protocol.devices import DeviceCard
from protocol.feed import FeedMessage

_encode = msgspec.json.Encoder().encode


@get("/api/feed", tags=["Feed"], summary="Snapshot, then changes (server-sent events)")
async def screen_feed(
    request: Request[Any, Any, Any], feed: Feed, since: FromQuery[int | None] = None
) -> Stream:
    """Events `snapshot`, `change`, `heartbeat`; ids are journal positions."""
    if feed.screens >= SCREENS_MAX:
        raise TooManyScreens
    scope: Any = request.scope
    card: DeviceCard | None = scope.get("device")
    return Stream(
        _events(feed, since, card.device if card is not None else ""),
        media_type="text/event-stream",
        headers={"cache-control": "no-store", "x-accel-buffering": "no"},
    )


async def _events(feed: Feed, since: int | None, device: str) -> AsyncIterator[bytes]:
    async for message in feed.follow(since, device):
        yield event_bytes(message)


def event_bytes(message: FeedMessage) -> bytes:
    """One server-sent event."""
    name = str(message.__struct_config__.tag)
    return b"event: %s\nid: %d\ndata: %s\n\n" % (
        name.encode(),
        message.position,
        _encode(message),
    )
