"""What the browser of this machine talks to: the box through our line, or what we have of it."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec

from edge.http_client import HTTPError, Response
from edge.kiosk.line import Line
from edge.kiosk.shelf import FILE_MAX, LASTING, Shelf
from edge.kiosk.tether import Tether
from edge.kiosk.through import carry
from protocol.refusals import REFUSALS, Refusal, sentence

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

PAGE = Path(__file__).parent / "page.html"
OWN = "/agent/"
BODY_MAX = 4 * 1024 * 1024
"""As much as the box takes in one request."""
PATIENCE_S = 2.0
"""How long the box may take for a page of which there is a copy: people wait for it."""
LOCAL_NAMES = {"localhost", "127.0.0.1", "[::1]"}
NOT_PASSED_ON = frozenset(
    {
        *(b"connection", b"keep-alive", b"proxy-authenticate", b"proxy-authorization", b"te"),
        *(b"trailer", b"transfer-encoding", b"upgrade", b"host", b"content-length"),
        # Only we know the token; where the browser comes from is nobody's business.
        *(b"authorization", b"forwarded", b"x-forwarded-for", b"x-forwarded-host"),
    }
)
PAGE_MAX = 1024 * 1024
WATCH = b'<script src="/agent/watch.js" async></script>'
WATCHING = b"""// A screen that lost its place at the box shows the agent's page, which says what to do.
setInterval(async () => {
  try {
    const { state } = await (await fetch("/agent/state", { cache: "no-store" })).json();
    if (state !== "in" && state !== "away") location.replace("/agent/");
  } catch { /* the agent starts again: the screen goes on by itself */ }
}, 3000);
"""
CONDITIONS = frozenset({b"if-none-match", b"if-modified-since"})
NO_STORE = (b"cache-control", b"no-store")
LOST = (HTTPError, OSError, TimeoutError, RuntimeError)
"""The box went away in the middle of it. RuntimeError: the line was closed under our hands."""


class Front:
    """The ASGI application on localhost. Only this machine's own pages may use it."""

    def __init__(self, tether: Tether, shelf: Shelf, *, language: str = "id") -> None:
        self.tether = tether
        self.shelf = shelf
        self.language = language

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One connection event of the server."""
        if not _is_local(scope):
            if scope["type"] == "http":
                await _plain(send, 403, b"Only this machine's own screen may ask here.\n")
            else:
                await send({"type": "websocket.close", "code": 1008})
        elif scope["type"] == "websocket":
            await carry(self.tether.line, scope, receive, send)
        elif scope["path"].startswith(OWN) or scope["path"] == OWN.rstrip("/"):
            await self._own(scope, receive, send)
        elif scope["path"] == "/" and self.tether.memory.kept is not None:
            place = self.tether.status.screen.encode()
            await _answer(send, 302, [(b"location", place), NO_STORE], b"")
        else:
            await self._serve(scope, receive, send)

    # ------------------------------------------------------------ the agent's own page

    async def _own(self, scope: Scope, receive: Receive, send: Send) -> None:
        asked = scope["path"].removeprefix(OWN)
        if scope["method"] == "GET":
            if asked == "state":
                state = {
                    "language": self.language,
                    "now_ms": self.tether.platform.wall_ms(),
                    **msgspec.to_builtins(self.tether.status),
                }
                await _json(send, 200, state)
            elif asked == "watch.js":
                kind = (b"content-type", b"text/javascript")
                await _answer(send, 200, [kind, NO_STORE], WATCHING)
            else:
                await self._page(send)
            return
        body = await _body(receive)
        given = _read_object(body) if _is_json(scope) else None
        if asked not in ("choose", "forget") or given is None:
            await _plain(send, 400, b"The agent's page asks in another way.\n")
            return
        if asked == "choose":
            self.tether.choose(str(given.get("id", "")))
        else:
            self.tether.forget()
            self.shelf.clear()
        await _json(send, 200, {"done": asked})

    async def _page(self, send: Send) -> None:
        text = await asyncio.to_thread(PAGE.read_bytes)
        kind = (b"content-type", b"text/html; charset=utf-8")
        await _answer(send, 200, [kind, NO_STORE], text)

    # ------------------------------------------------------------ the box's screens

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.tether.memory.kept is None or self.tether.status.state == "revoked":
            await self._not_here(scope, receive, send, Refusal("screen_waits"))
            return
        target = _target(scope)
        if scope["method"] == "GET" and await self._lasting(target, send):
            return
        line = self.tether.line
        if line is None:
            await self._not_here(scope, receive, send, Refusal("box_away"))
            return
        body = await _body(receive)
        if body is None:
            return
        if len(body) > BODY_MAX:
            await _refuse(send, Refusal("too_large", {"most": str(BODY_MAX)}))
            return
        try:
            response = await self._ask(line, scope, target, body)
        except LOST:
            self.tether.poke()
            await self._not_here(scope, receive, send, Refusal("box_away"))
            return
        if response.status_code == 401 and target.startswith("/api/"):
            # The screen keeps what it has; a plain no would make it throw that away.
            await response.aclose()
            self.tether.poke()
            await _refuse(send, Refusal("screen_waits"))
            return
        try:
            await self._pass_on(line, target, response, receive, send)
        except LOST:  # before anything was sent
            await self._not_here(scope, receive, send, Refusal("box_away"))

    async def _ask(self, line: Line, scope: Scope, target: str, body: bytes) -> Response:
        kept = scope["method"] == "GET" and self.shelf.has(target)
        headers = [
            (name, value)
            for name, value in scope["headers"]
            if name not in NOT_PASSED_ON and (kept or name not in CONDITIONS)
        ]
        headers.append((b"authorization", f"Bearer {line.token}".encode()))
        request = line.client.build_request(
            scope["method"], f"{line.url}{target}", headers=headers, content=body or None
        )
        async with asyncio.timeout(PATIENCE_S if kept else None):
            return await line.client.send(request, stream=True)

    async def _pass_on(
        self, line: Line, target: str, response: Response, receive: Receive, send: Send
    ) -> None:
        """Stream the answer through; it ends with the line, and when the browser hangs up."""
        headers = {k.lower(): v for k, v in response.headers.items()}
        keep = self.shelf.takes(target, response.status_code, headers)
        if keep and _is_page(headers):
            await self._pass_page_on(target, headers, response, send)
            return
        pump = asyncio.create_task(_pump(response, send, FILE_MAX if keep else 0))
        gone = asyncio.create_task(_hung_up(receive))
        given_up = asyncio.create_task(line.given_up.wait())
        try:
            await asyncio.wait({pump, gone, given_up}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            hung_up = gone.done()
            for task in (pump, gone, given_up):
                task.cancel()
            await asyncio.gather(pump, gone, given_up, return_exceptions=True)
            with contextlib.suppress(Exception):  # the line may be closed already
                await response.aclose()
        fault = None if pump.cancelled() else pump.exception()
        if fault is not None and not isinstance(fault, LOST):
            raise fault
        if pump.cancelled() or fault is not None:
            self.tether.poke()
            if not hung_up and "content-length" not in headers:
                # A live stream has no end that could be missed: the browser opens it anew. What has
                # a length and is cut short stays visibly broken.
                await send({"type": "http.response.body", "body": b"", "more_body": False})
        elif keep and len(body := pump.result()) == int(headers["content-length"]):
            await self.shelf.put(target, headers, body)

    async def _pass_page_on(
        self, target: str, headers: dict[str, str], response: Response, send: Send
    ) -> None:
        """A screen's page, which learns to look where it stands: sent away, it shows our page."""
        try:
            page = await response.aread()
        finally:
            await response.aclose()
        page = page.replace(b"</body>", WATCH + b"</body>", 1)
        told = {k: v for k, v in headers.items() if k not in ("content-length", "etag")}
        allowed = {k: v for k, v in told.items() if k.encode() not in NOT_PASSED_ON}
        await _answer(send, 200, _pairs(allowed), page)
        await self.shelf.put(target, headers, page)

    async def _lasting(self, target: str, send: Send) -> bool:
        """Files whose names say what is in them need not be asked for again."""
        found = await self.shelf.find(target) if "/assets/" in target else None
        if found is None or LASTING not in found[0].headers.get("cache-control", ""):
            return False
        await _answer(send, 200, _pairs(found[0].headers), found[1])
        return True

    async def _not_here(self, scope: Scope, receive: Receive, send: Send, refusal: Refusal) -> None:
        """The copy of a file, our own page instead of any other, and a no that keeps the outbox."""
        del receive
        locked = refusal.code == "screen_waits"
        if scope["method"] == "GET" and not locked:
            found = await self.shelf.find(_target(scope))
            if found is not None:
                await _answer(send, 200, _pairs(found[0].headers), found[1])
                return
        if scope["method"] == "GET" and _wants_page(scope):
            await self._page(send)
            return
        await _refuse(send, refusal)


async def _pump(response: Response, send: Send, keep_max: int) -> bytes:
    """Send on what arrives, as fast as the browser takes it; what is to be kept comes back."""
    headers = [
        (name.lower(), value)
        for name, value in response.headers.raw
        if name.lower() not in NOT_PASSED_ON or name.lower() == b"content-length"
    ]
    await send({"type": "http.response.start", "status": response.status_code, "headers": headers})
    kept = bytearray()
    async for chunk in response.aiter_raw():
        await send({"type": "http.response.body", "body": chunk, "more_body": True})
        if len(kept) + len(chunk) <= keep_max:
            kept += chunk
    await send({"type": "http.response.body", "body": b"", "more_body": False})
    return bytes(kept)


async def _hung_up(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _body(receive: Receive) -> bytes | None:
    """The whole body, or a little more than the box would take; None when the browser hung up."""
    parts = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        parts += message.get("body", b"")
        if not message.get("more_body") or len(parts) > BODY_MAX:
            return bytes(parts)


def _is_local(scope: Scope) -> bool:
    """Whether one of this machine's own pages asks: by the name in the address, and as its origin.

    A page from elsewhere may have its name point here, or open a WebSocket to localhost; with our
    token it would speak to the box as this screen.
    """
    headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
    host = headers.get(b"host", "")
    if host.rpartition(":")[0] not in LOCAL_NAMES and host not in LOCAL_NAMES:
        return False
    origin = headers.get(b"origin")
    return origin is None or origin.partition("://")[2] == host


def _is_page(headers: dict[str, str]) -> bool:
    plain = "content-encoding" not in headers
    html = headers.get("content-type", "").startswith("text/html")
    return plain and html and int(headers["content-length"]) <= PAGE_MAX


def _is_json(scope: Scope) -> bool:
    kinds = [value for name, value in scope["headers"] if name == b"content-type"]
    return any(kind.startswith(b"application/json") for kind in kinds)


def _read_object(body: bytes | None) -> dict[str, Any] | None:
    try:
        return msgspec.json.decode(body or b"{}", type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def _wants_page(scope: Scope) -> bool:
    kinds = [value for name, value in scope["headers"] if name == b"accept"]
    programs = scope["path"].startswith("/api/")
    return not programs and any(b"text/html" in kind for kind in kinds)


def _target(scope: Scope) -> str:
    path: bytes = scope.get("raw_path") or scope["path"].encode()
    query: bytes = scope.get("query_string", b"")
    plain = path.partition(b"?")[0].decode("latin-1")
    return f"{plain}?{query.decode('latin-1')}" if query else plain


def _pairs(headers: dict[str, str]) -> Headers:
    return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]


async def _refuse(send: Send, refusal: Refusal) -> None:
    """The no as the box itself would say it, so that screens read it with the same eyes."""
    status = REFUSALS[refusal.code].status
    title, todo = sentence(refusal, "en")
    title_id, todo_id = sentence(refusal, "id")
    problem = {
        "type": f"urn:kedai:refusal:{refusal.code}",
        "title": title,
        "status": status,
        "code": refusal.code,
        "what_to_do": todo,
        "title_id": title_id,
        "what_to_do_id": todo_id,
        "detail": title,
        "params": refusal.params,
    }
    headers = [(b"content-type", b"application/problem+json"), NO_STORE]
    if status == 503:
        headers.append((b"retry-after", b"2"))
    await _answer(send, status, headers, msgspec.json.encode(problem))


async def _json(send: Send, status: int, value: Any) -> None:
    headers = [(b"content-type", b"application/json"), NO_STORE]
    await _answer(send, status, headers, msgspec.json.encode(value))


async def _plain(send: Send, status: int, text: bytes) -> None:
    await _answer(send, status, [(b"content-type", b"text/plain"), NO_STORE], text)


async def _answer(send: Send, status: int, headers: Headers, body: bytes) -> None:
    sized = [*headers, (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": sized})
    await send({"type": "http.response.body", "body": body})
