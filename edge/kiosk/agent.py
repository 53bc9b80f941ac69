"""The agent, composed: memory, tether, shelf, server and browser, started in order."""

import asyncio
import logging
import socket
from pathlib import Path

import msgspec
import uvicorn

from edge.claim import Claim, InUse
from edge.kiosk.browser import Browser, NoBrowser, find_browser
from edge.kiosk.front import Front
from edge.kiosk.memory import Memory
from edge.kiosk.shelf import Shelf
from edge.kiosk.tether import Tether
from edge.listening import listen_no_more
from edge.platform import Platform
from edge.product import PRODUCT
from protocol.devices import DeviceKind

log = logging.getLogger("edge.kiosk")

PORT = 8088


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """What whoever starts the agent may say."""

    folder: Path
    kind: DeviceKind = DeviceKind.KIOSK
    name: str = ""
    box_url: str = ""
    port: int = PORT
    language: str = "id"
    browser: bool = False
    program: str = ""


class CannotStart(Exception):
    """The agent cannot begin; the sentence says why and what to do. Nothing was changed."""


class Agent:
    """Everything a screen's machine runs besides its browser."""

    def __init__(self, options: Options, tether: Tether | None = None) -> None:
        self.options = options
        self.platform = Platform()
        self.memory = tether.memory if tether else Memory(options.folder)
        self.shelf = Shelf(options.folder / "screens")
        self.tether = tether or Tether(
            self.memory,
            self.platform,
            kind=options.kind,
            name=options.name or default_name(options.kind),
            product=PRODUCT,
            box_url=options.box_url,
        )
        self.claim = Claim(options.folder)
        self.browser: Browser | None = None
        self.port = options.port
        self._server: uvicorn.Server | None = None
        self._serving: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Serve on localhost and begin to look for the box. Raises CannotStart."""
        listening = self._prepare()
        self.port = listening.getsockname()[1]
        front = Front(self.tether, self.shelf, language=self.options.language)
        self._server = uvicorn.Server(
            uvicorn.Config(
                front,
                http="httptools",
                ws="wsproto",
                log_config=None,
                access_log=False,
                timeout_graceful_shutdown=1,
                proxy_headers=False,
                server_header=False,
                lifespan="off",
            )
        )
        self._serving = asyncio.create_task(self._server._serve([listening]))  # noqa: SLF001 - signals are ours
        await self.tether.start()
        if self.browser is not None:
            self.browser.url = self.url
            self.tether.on_state.append(self._note_state)
            await self.browser.start()
        log.info("the screen is at %s", self.url)

    async def stop(self) -> None:
        """End everything, the last first."""
        if self.browser is not None:
            await self.browser.stop()
        await self.tether.stop()
        if self._server is not None and self._serving is not None:
            for listening in self._server.servers:
                await listen_no_more(listening)
            self._server.should_exit = True
            await asyncio.gather(self._serving, return_exceptions=True)
        self.claim.release()

    @property
    def url(self) -> str:
        """Where the browser looks. A name that browsers hold for safe without a certificate."""
        return f"http://localhost:{self.port}/"

    def _prepare(self) -> socket.socket:
        options = self.options
        try:
            self.claim.take()
            self.memory.load()
            self.shelf.load()
        except InUse as fault:
            raise CannotStart(
                f"{fault}; choose another --data folder for a second screen"
            ) from fault
        except OSError as fault:
            raise CannotStart(
                f"the folder {options.folder} cannot be used ({fault.strerror}); choose another"
                " with --data"
            ) from fault
        try:
            if options.browser:
                program = find_browser(options.program)
                self.browser = Browser(program, "", options.folder / "browser")
            return _listen(options.port)
        except NoBrowser as fault:
            self.claim.release()
            raise CannotStart(str(fault)) from fault
        except OSError as fault:
            self.claim.release()
            raise CannotStart(
                f"port {options.port} is taken or not allowed ({fault.strerror}); choose another"
                " with --port, and keep it: what the screen stores belongs to its address"
            ) from fault

    def _note_state(self, state: str) -> None:
        # The screen's own page does not know that it was sent away: our page says it.
        if state == "revoked" and self.browser is not None:
            self.browser.begin_anew()


async def run(options: Options, stopping: asyncio.Event) -> None:
    """Run an agent until it is told to stop. Raises CannotStart."""
    agent = Agent(options)
    await agent.start()
    try:
        await stopping.wait()
    finally:
        await agent.stop()


def default_name(kind: DeviceKind) -> str:
    """What this machine is called when nobody named it."""
    return f"{kind.value.title()} {socket.gethostname()}"[:60]


def _listen(port: int) -> socket.socket:
    found = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        found.bind(("127.0.0.1", port))  # never the LAN: whoever asks here speaks as this screen
        found.listen(128)  # from now on: the browser may come before the server has begun
    except OSError:
        found.close()
        raise
    return found


__all__ = ["Agent", "CannotStart", "Options", "run"]
