"""Carries a browser's WebSocket through to the box, in both directions, at the slower one's pace."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Any

from edge.kiosk.line import Line
from edge.kiosk.websocket import BoxSocket, SocketFault, open_socket

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

TRY_LATER = 1013  # the code that browsers and MQTT clients take as "again in a moment" (RFC 6455)


async def carry(line: Line | None, scope: Scope, receive: Receive, send: Send) -> None:
    """One WebSocket, from its opening to its end. Without a box it is closed for a later try."""
    if (await receive())["type"] != "websocket.connect":
        return
    box: BoxSocket | None = None
    if line is not None:
        with contextlib.suppress(SocketFault):
            box = await open_socket(
                line.host,
                line.port,
                _target(scope),
                tls=line.tls,
                headers=[(b"authorization", f"Bearer {line.token}".encode())],
                subprotocols=scope.get("subprotocols", ()),
            )
    offered = next(iter(scope.get("subprotocols", ())), None)
    await send({"type": "websocket.accept", "subprotocol": box.subprotocol if box else offered})
    if box is None or line is None:
        await send({"type": "websocket.close", "code": TRY_LATER, "reason": "the box is away"})
        return
    up = asyncio.create_task(_to_box(box, receive))
    down = asyncio.create_task(_to_browser(box, send))
    given_up = asyncio.create_task(line.given_up.wait())
    try:
        await asyncio.wait({up, down, given_up}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (up, down, given_up):
            task.cancel()
        await asyncio.gather(up, down, given_up, return_exceptions=True)
        await box.close()
        with contextlib.suppress(Exception):  # the browser may have closed it first
            await send({"type": "websocket.close", "code": TRY_LATER})


async def _to_box(box: BoxSocket, receive: Receive) -> None:
    with contextlib.suppress(SocketFault):
        while True:
            message = await receive()
            if message["type"] != "websocket.receive":
                return
            data = message.get("bytes")
            await box.send(message["text"] if data is None else data)


async def _to_browser(box: BoxSocket, send: Send) -> None:
    with contextlib.suppress(SocketFault):
        while (data := await box.receive()) is not None:
            kind = "text" if isinstance(data, str) else "bytes"
            await send({"type": "websocket.send", kind: data})


def _target(scope: Scope) -> str:
    query: bytes = scope.get("query_string", b"")
    path = str(scope["path"])
    return f"{path}?{query.decode('latin-1')}" if query else path
