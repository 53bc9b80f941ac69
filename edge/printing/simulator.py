"""The virtual printer with a page of its own: its newest papers in a browser, and its switches.

Serves HTTP by itself, with the standard library alone: the box's web framework has its doors
elsewhere, and a printer needs six addresses.
"""

import asyncio
import contextlib
import json
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

from edge.listening import listen_no_more
from edge.printing.simulator_page import PAGE
from edge.printing.tray import Sheet
from edge.printing.virtual import VirtualPrinter

SHEETS_SHOWN = 30
HEAD_BYTES_MAX = 16_384
BODY_BYTES_MAX = 1_024
LISTENERS_MAX = 16
CONNECTIONS_MAX = 64
_PATIENCE_S = 10.0
_STILL_THERE_S = 15.0

SWITCHES = ("paper_out", "paper_low", "cover_open", "offline", "cutter_jam", "busy", "silent")
"""What the page may do to the printer, besides its power."""


class Request:
    """One request, as far as this page needs it."""

    def __init__(self, method: str, target: str, headers: dict[str, str], body: bytes) -> None:
        self.method = method
        self.path = urlsplit(target).path
        self.headers = headers
        self.body = body


class Simulator:
    """A virtual printer and its web page. `make` builds the printer, given whom to call with each
    new sheet; `host` and `http_port` are the page's address.
    """

    def __init__(
        self,
        make: Callable[[Callable[[Sheet], None]], VirtualPrinter],
        *,
        host: str = "127.0.0.1",
        http_port: int = 0,
    ) -> None:
        self.printer = make(self.ring)
        self.host, self.http_port = host, http_port
        self._changed = asyncio.Event()
        self._listeners = 0
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._writers: set[asyncio.StreamWriter] = set()
        self._ending = False
        self._drawing = asyncio.Lock()
        """One picture at a time: a long one takes a hundred megabytes while it is drawn."""

    async def start(self) -> None:
        """Printer and page listen. Raises OSError when a port is taken."""
        await self.printer.start()
        try:
            self._server = await asyncio.start_server(
                self._serve, self.host, self.http_port, limit=HEAD_BYTES_MAX
            )
        except OSError:
            await self.printer.stop()
            raise
        self.http_port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Ends open pages, then the printer."""
        self._ending = True
        if self._server is not None:
            await listen_no_more(self._server)
        self.ring()
        for writer in list(self._writers):
            writer.transport.abort()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.printer.stop()

    @property
    def url(self) -> str:
        """Where the page is."""
        return f"http://{self.host}:{self.http_port}/"

    def ring(self, _: object = None) -> None:
        """Something changed: every open page hears of it."""
        self._changed.set()
        self._changed = asyncio.Event()

    def view(self) -> dict[str, object]:
        """What the page shows."""
        printer = self.printer
        sheets = printer.sheets[:SHEETS_SHOWN]
        return {
            "address": f"{printer.host}:{printer.port}",
            "on": printer.is_on,
            "connections": printer.connections,
            "drawer_kicks": printer.drawer_kicks,
            "unknown_commands": printer.unknown_commands,
            "sheets_printed": printer.sheets_printed,
            "conditions": {name: bool(getattr(printer.conditions, name)) for name in SWITCHES},
            "sheets": [{"number": s.number, "at_ms": s.printed_at_ms} for s in sheets],
        }

    # -------------------------------------------------------------- HTTP

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self._writers.add(writer)
        try:
            if len(self._tasks) <= CONNECTIONS_MAX:
                async with asyncio.timeout(_PATIENCE_S):
                    request = await _read_request(reader)
                await self._respond(request, writer)
                await writer.drain()
        except (OSError, EOFError, ValueError, TimeoutError, asyncio.LimitOverrunError):
            pass  # a browser that went away, or something that speaks no HTTP
        finally:
            self._tasks.discard(task)
            self._writers.discard(writer)
            writer.close()

    async def _respond(self, request: Request, writer: asyncio.StreamWriter) -> None:
        path = request.path
        if not _is_ours(request):
            _answer(writer, 403, b"only this page may do that", "text/plain")
        elif request.method == "POST" and path == "/switch":
            await self._switch(request.body)
            _answer(writer, 200, _json(self.view()), "application/json")
        elif request.method != "GET":
            _answer(writer, 405, b"", "text/plain")
        elif path == "/":
            _answer(writer, 200, PAGE.encode(), "text/html; charset=utf-8")
        elif path == "/papers/":
            _answer(writer, 200, _json(self.view()), "application/json")
        elif path == "/events":
            await self._stream(writer)
        else:
            await self._paper(path, writer)

    async def _paper(self, path: str, writer: asyncio.StreamWriter) -> None:
        name, _, kind = path.removeprefix("/papers/").partition(".")
        sheet = next((s for s in self.printer.sheets if str(s.number) == name), None)
        if not path.startswith("/papers/") or sheet is None or kind not in {"png", "txt"}:
            _answer(writer, 404, b"no such paper", "text/plain")
            return
        if kind == "txt":
            _answer(writer, 200, sheet.text.encode(), "text/plain; charset=utf-8")
            return
        found: Sheet = sheet
        async with self._drawing:
            png = await asyncio.to_thread(lambda: found.png)
        _answer(writer, 200, png, "image/png", "max-age=86400")

    async def _stream(self, writer: asyncio.StreamWriter) -> None:
        """The view again at each change (server-sent events)."""
        if self._listeners >= LISTENERS_MAX:
            _answer(writer, 503, b"too many pages are open", "text/plain")
            return
        self._listeners += 1
        try:
            writer.write(
                b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"
                b"cache-control: no-store\r\nconnection: close\r\n\r\n"
            )
            while not (self._ending or writer.transport.is_closing()):
                changed = self._changed
                writer.write(b"data: " + _json(self.view()) + b"\n\n")
                await writer.drain()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(_STILL_THERE_S):
                        await changed.wait()
        finally:
            self._listeners -= 1

    async def _switch(self, body: bytes) -> None:
        """`paper_out=1`, `power=off`, `power=cycle`, `tear=1`: what is not known is passed over."""
        given = {key: values[-1] for key, values in parse_qs(body.decode("ascii")).items()}
        printer = self.printer
        changes = {name: given[name] == "1" for name in SWITCHES if name in given}
        if changes:
            printer.change(**changes)
        if "tear" in given:
            printer.tear()
        power: dict[str, Callable[[], object]] = {"cycle": printer.power_cycle}
        match given.get("power"):
            case "on":
                await printer.switch_on()
            case "off":
                await printer.switch_off()
            case str() as other:
                power.get(other, lambda: None)()
        self.ring()


async def _read_request(reader: asyncio.StreamReader) -> Request:
    """Raises ValueError, EOFError or LimitOverrunError for what is not a small HTTP request."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *rest = head.split("\r\n")
    method, target, _ = first.split(" ", 2)
    headers = {}
    for line in rest:
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    length = int(headers.get("content-length", "0"))
    if not 0 <= length <= BODY_BYTES_MAX:
        raise ValueError("too much for a switch")
    return Request(method, target, headers, await reader.readexactly(length))


def _is_ours(request: Request) -> bool:
    """Whether a page of another site is not behind it: reading is free, switching is not."""
    origin = request.headers.get("origin")
    if request.method == "GET" or origin is None:
        return True
    return urlsplit(origin).netloc == request.headers.get("host")


_REASONS = {200: "OK", 403: "Forbidden", 404: "Not Found", 405: "Not Allowed", 503: "Busy"}


def _answer(
    writer: asyncio.StreamWriter, status: int, body: bytes, kind: str, cache: str = "no-store"
) -> None:
    head = (
        f"HTTP/1.1 {status} {_REASONS[status]}\r\ncontent-type: {kind}\r\n"
        f"content-length: {len(body)}\r\ncache-control: {cache}\r\n"
        "x-content-type-options: nosniff\r\nconnection: close\r\n\r\n"
    )
    writer.write(head.encode() + body)


def _json(value: object) -> bytes:
    return json.dumps(value).encode()
