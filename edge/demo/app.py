"""The demo's home page: links to every screen, the papers as pictures, and the switches."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import msgspec
import uvicorn
from litestar import Litestar, Response, get, post
from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException
from litestar.params import FromPath, JSONBody
from litestar.response import File, Stream

from edge.demo.people import Somebody
from edge.demo.traffic import Traffic
from edge.demo.wan import Wan
from edge.listening import listen_no_more
from edge.printing.virtual import VirtualPrinter

STATIC = Path(__file__).parent.parent / "static" / "demo"
SHEETS_SHOWN = 24
LISTENERS_MAX = 32
NOT_BUILT = "<!doctype html><meta charset=utf-8><p>Run <code>make screens</code>, then reload."


class Screen(msgspec.Struct, frozen=True):
    """A link on the home page."""

    name: str
    url: str
    what: str


class Paper(msgspec.Struct, frozen=True):
    """A sheet that came out."""

    number: int
    png_url: str
    at_ms: int


class PrinterView(msgspec.Struct, frozen=True):
    """A virtual printer and its newest sheets."""

    id: str
    name: str
    conditions: dict[str, bool]
    sheets: list[Paper]


class Switches(msgspec.Struct, frozen=True):
    """What a visitor may do to a printer; what is left out stays as it is."""

    paper_out: bool | None = None
    cover_open: bool | None = None
    offline: bool | None = None


class Bell:
    """Rung when something on the page has changed."""

    def __init__(self) -> None:
        self._rung = asyncio.Event()

    def ring(self, _: object = None) -> None:
        """Wake every page."""
        self._rung.set()
        self._rung = asyncio.Event()

    async def wait(self, seconds: float) -> None:
        """Until it rings, or `seconds` have passed."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._rung.wait(), seconds)


class DemoState:
    """What the page shows, and what its switches reach."""

    def __init__(
        self,
        screens: list[Screen],
        hq_url: str,
        data_dir: Path,
        wan: Wan,
        printers: dict[str, tuple[str, VirtualPrinter]],
        traffic: Traffic,
        bell: Bell,
        people: tuple[Somebody, ...] = (),
    ) -> None:
        self.screens = screens
        self.people = people
        self.hq_url = hq_url
        self.data_dir = data_dir
        self.wan = wan
        self.printers = printers
        self.traffic = traffic
        self.ending = False
        self.bell = bell
        self.listeners = 0

    def view(self) -> dict[str, Any]:
        """The page's whole content."""
        return {
            "screens": self.screens,
            "hq": {"url": self.hq_url},
            "wan": {"cut": self.wan.cut},
            "printers": [self._printer(*item) for item in self.printers.items()],
            "traffic": {"on": self.traffic.on},
            "data_dir": str(self.data_dir),
            "people": self.people,
        }

    def _printer(self, key: str, named: tuple[str, VirtualPrinter]) -> PrinterView:
        name, printer = named
        c = printer.conditions
        sheets = [
            Paper(s.number, f"/api/demo/printers/{key}/sheets/{s.number}.png", s.printed_at_ms)
            for s in printer.sheets[:SHEETS_SHOWN]
        ]
        conditions = {
            "paper_out": c.paper_out,
            "cover_open": c.cover_open,
            "offline": c.offline,
        }
        return PrinterView(key, name, conditions, sheets)


Shown = NamedDependency[DemoState]


@get("/api/demo")
async def show_state(show: Shown) -> dict[str, Any]:
    """Everything the page shows."""
    return show.view()


@get("/api/demo/events")
async def follow_state(show: Shown) -> Stream:
    """The same again at each change (server-sent events)."""
    if show.listeners >= LISTENERS_MAX:
        raise NotFoundException("too many pages are open")
    return Stream(_events(show), media_type="text/event-stream")


async def _events(show: DemoState) -> AsyncIterator[bytes]:
    show.listeners += 1
    try:
        while not show.ending:
            yield b"data: " + msgspec.json.encode(show.view()) + b"\n\n"
            await show.bell.wait(10)
    finally:
        show.listeners -= 1


@post("/api/demo/wan", status_code=200)
async def switch_wan(show: Shown, data: JSONBody[dict[str, bool]]) -> dict[str, Any]:
    """Cut the WAN, or join it again."""
    show.wan.set_cut(bool(data.get("cut")))
    show.bell.ring()
    return show.view()


@post("/api/demo/traffic", status_code=200)
async def switch_traffic(show: Shown, data: JSONBody[dict[str, bool]]) -> dict[str, Any]:
    """Let guests come, or not."""
    show.traffic.switch(bool(data.get("on")))
    show.bell.ring()
    return show.view()


@post("/api/demo/printers/{key:str}", status_code=200)
async def switch_printer(
    show: Shown, key: FromPath[str], data: JSONBody[Switches]
) -> dict[str, Any]:
    """Take a printer's paper away, open its cover, switch it off, and back."""
    if key not in show.printers:
        raise NotFoundException(f"there is no printer {key}")
    given = {k: v for k, v in msgspec.structs.asdict(data).items() if v is not None}
    show.printers[key][1].change(**given)
    show.bell.ring()
    return show.view()


@get("/api/demo/printers/{key:str}/sheets/{file:str}")
async def sheet_picture(show: Shown, key: FromPath[str], file: FromPath[str]) -> Response[bytes]:
    """A sheet as a picture."""
    printer = show.printers.get(key)
    number = file.removesuffix(".png")
    found = [s for s in printer[1].sheets if str(s.number) == number] if printer else []
    if not found:
        raise NotFoundException("this paper is no longer in the tray")
    png = await asyncio.to_thread(lambda: found[0].png)
    return Response(png, media_type="image/png", headers={"cache-control": "max-age=86400"})


@get(["/", "/{path:path}"])
async def page(path: FromPath[str] = "") -> File | Response[str]:
    """The built page and its files."""
    file = (STATIC / (path.strip("/") or "index.html")).resolve()
    if not file.is_relative_to(STATIC.resolve()) or not file.is_file():
        if not path:
            return Response(NOT_BUILT, media_type="text/html", status_code=503)
        raise NotFoundException
    return File(file, filename=file.name, content_disposition_type="inline")


class Site:
    """Serves the home page in this process."""

    def __init__(self, state: DemoState, listening: socket.socket) -> None:
        self.state = state
        self._listening = listening
        self._server: uvicorn.Server | None = None
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to serve; returns once a browser may come."""
        handlers = [
            show_state, follow_state, switch_wan, switch_traffic, switch_printer, sheet_picture,
            page,
        ]  # fmt: skip
        app = Litestar(
            handlers,
            dependencies={"show": _provided(lambda: self.state)},
            openapi_config=None,
            logging_config=None,
        )
        config = uvicorn.Config(
            app, log_config=None, access_log=False, timeout_graceful_shutdown=1, lifespan="off"
        )
        self._server = uvicorn.Server(config)
        self._task = asyncio.create_task(self._server._serve([self._listening]))  # noqa: SLF001
        while not self._server.started and not self._task.done():  # noqa: ASYNC110 - it has no event
            await asyncio.sleep(0.01)

    async def stop(self) -> None:
        """End open pages' streams and stop."""
        self.state.ending = True
        self.state.bell.ring()
        if self._server is not None and self._task is not None:
            for listening in self._server.servers:
                await listen_no_more(listening)
            self._server.should_exit = True
            await self._task


def _provided(value: Callable[[], DemoState]) -> Any:
    from litestar.di import Provide

    return Provide(value, sync_to_thread=False)
