"""The bridge that lets a browser speak MQTT through the box's own port, and its documentation."""

from typing import Any
from urllib.parse import urlsplit

from litestar import Response, WebSocket, get, websocket

from edge.lan.bridge import ScreenGone
from edge.product import VERSION
from edge.routes.devices import bearer_of
from edge.routes.given import Bridge, Outlet
from protocol.asyncapi import document

LOCAL_NAMES = {"localhost", "127.0.0.1", "::1"}


@get("/asyncapi.json", tags=["Health"], summary="What is said on the outlet's broker")
async def asyncapi(outlet: Outlet) -> Response[dict[str, Any]]:
    """The AsyncAPI document: topics, who publishes them, and what is in their messages."""
    return Response(document(outlet.outlet_id, VERSION), media_type="application/json")


@websocket("/mqtt")
async def mqtt_bridge(socket: WebSocket[Any, Any, Any], bridge: Bridge) -> None:
    """Browser ⇄ broker: what the screen's rights allow is passed on as it is."""
    if not _same_origin(socket):
        await socket.close(code=1008, reason="a page of another site")
        return
    await socket.accept(subprotocols="mqtt")
    await bridge.carry(_Browser(socket))


class _Browser:
    """The WebSocket as the bridge knows it."""

    def __init__(self, socket: WebSocket[Any, Any, Any]) -> None:
        self._socket = socket
        self.name = f"at {socket.client.host}" if socket.client else "of this machine"
        self.bearer = bearer_of(socket.scope)
        self._closed = False

    async def receive(self) -> bytes:
        event = await self._socket.receive()
        if event["type"] != "websocket.receive":
            self._closed = True
            raise ScreenGone
        # Text is no MQTT; as bytes the gate says so.
        return event.get("bytes") or str(event.get("text") or "").encode()

    async def send(self, data: bytes) -> None:
        if self._closed:
            raise ScreenGone
        try:
            await self._socket.send_bytes(data)
        except Exception as left:  # servers have names of their own for it
            self._closed = True
            raise ScreenGone from left

    async def close(self, code: int, reason: str) -> None:
        if self._closed:
            return
        self._closed = True
        try:
            await self._socket.close(code=code, reason=reason)
        except Exception as left:  # the same
            raise ScreenGone from left


def _same_origin(socket: WebSocket[Any, Any, Any]) -> bool:
    """Whether the page that opens this came from the box, or from an agent on its own machine.

    Any other page that somebody looks at on a tablet must not read the outlet's orders.
    """
    origin = socket.headers.get("origin", "")
    if not origin:
        return True
    try:
        page = urlsplit(origin)
        return page.netloc == socket.headers.get("host") or page.hostname in LOCAL_NAMES
    except ValueError:  # no address at all
        return False
