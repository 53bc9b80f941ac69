"""The built screens, and the bridge that lets a browser speak MQTT through the box's own port."""

import asyncio
import contextlib
from pathlib import Path
from typing import Any

from litestar import Response, WebSocket, get, websocket
from litestar.exceptions import NotFoundException, WebSocketDisconnect
from litestar.params import FromPath
from litestar.response import File, Redirect

from edge.routes.given import Broker

STATIC = Path(__file__).parent.parent / "static"
SCREENS = ("counter", "kiosk", "kitchen", "box")
BRIDGE_CHUNK = 65_536

NOT_BUILT = """<!doctype html><meta charset="utf-8"><title>Kedai</title>
<p>The screens are not built yet. Run <code>make screens</code>, then reload this page.</p>
<p>Layar belum dibuat. Jalankan <code>make screens</code>, lalu muat ulang halaman ini.</p>"""


@get("/", include_in_schema=False)
async def home() -> Redirect:
    """The box's first page is the counter."""
    return Redirect("/counter/")


@get(["/{screen:str}/", "/{screen:str}/{path:path}"], include_in_schema=False)
async def screen_file(screen: FromPath[str], path: FromPath[str] = "") -> File | Response[str]:
    """A file of a built screen; a screen's folder is its page."""
    if screen not in (*SCREENS, "docs", "assets"):
        raise NotFoundException
    relative = path.strip("/") or "index.html"
    folder = STATIC / screen
    try:
        file = (folder / relative).resolve()
        there = file.is_file()
    except (OSError, ValueError):  # a name no file can have: too long, or with a NUL in it
        raise NotFoundException from None
    if not file.is_relative_to(folder.resolve()):
        raise NotFoundException
    if not there:
        if screen in SCREENS and relative == "index.html":
            return Response(NOT_BUILT, media_type="text/html", status_code=503)
        raise NotFoundException
    # Names of assets carry a hash of their content; pages do not.
    lasting = "/assets/" in f"/{screen}/{relative}"
    cache = "public, max-age=31536000, immutable" if lasting else "no-cache"
    return File(
        file,
        filename=file.name,
        content_disposition_type="inline",
        headers={"cache-control": cache},
    )


@websocket("/mqtt")
async def mqtt_bridge(socket: WebSocket[Any, Any, Any], broker: Broker) -> None:
    """Browser ⇄ broker: bytes are passed on as they are, in both directions."""
    try:
        reader, writer = await asyncio.open_connection(broker.host, broker.port)
    except OSError:
        await socket.accept(subprotocols="mqtt")
        await socket.close(code=1013, reason="the broker cannot be reached")
        return
    await socket.accept(subprotocols="mqtt")
    up = asyncio.create_task(_to_broker(socket, writer))
    down = asyncio.create_task(_to_browser(socket, reader))
    try:
        await asyncio.wait({up, down}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (up, down):
            task.cancel()
        await asyncio.gather(up, down, return_exceptions=True)
        writer.close()
        with contextlib.suppress(Exception):
            await socket.close()


async def _to_broker(socket: WebSocket[Any, Any, Any], writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(WebSocketDisconnect, ConnectionError):
        while True:
            writer.write(await socket.receive_bytes())
            await writer.drain()


async def _to_browser(socket: WebSocket[Any, Any, Any], reader: asyncio.StreamReader) -> None:
    with contextlib.suppress(WebSocketDisconnect, ConnectionError):
        while chunk := await reader.read(BRIDGE_CHUNK):
            await socket.send_bytes(chunk)
