"""A line that goes wrong by a seed: cut in the middle, slow, half open, answers lost, a portal's page."""

import asyncio
import contextlib
from collections import Counter
from dataclasses import dataclass, field

from edge.listening import listen_no_more

CHUNK = 65_536
PAGE = b"<html><body>Welcome! Please sign in.</body></html>"
PORTAL = (
    b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\nconnection: close\r\n"
    b"content-length: %d\r\n\r\n%s" % (len(PAGE), PAGE)
)
KINDS = ("cut", "slow", "half open", "answer lost", "truncated", "portal")


@dataclass
class Fate:
    """What will happen to one connection: `kind` strikes at the n-th piece that goes this way."""

    kind: str
    way: str
    at: int
    pause_s: float
    pieces: Counter = field(default_factory=Counter)

    def strikes(self, way):
        self.pieces[way] += 1
        return way == self.way and self.pieces[way] >= self.at


class HungUp(Exception):
    """The connection ends here, on purpose."""


class Proxy:
    """Relays TCP to a port of this machine. Of `share` of the connections something befalls each."""

    def __init__(self, port, dice, share=0.5):
        self.target = ("127.0.0.1", port)
        self.port = 0
        self.cut = False
        self.struck = Counter()
        self._dice = dice
        self._share = share
        self._server = None
        self._tasks = set()

    async def start(self):
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self):
        await listen_no_more(self._server)
        self._hang_up()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()

    def set_cut(self, cut):
        """Take the line away at once, connections in use included, or give it back."""
        self.cut = cut
        if cut:
            self._hang_up()

    def heal(self):
        """From now on nothing goes wrong by itself; what has begun to is hung up."""
        self._share = 0
        self.set_cut(True)
        self.set_cut(False)

    def _hang_up(self):
        for task in list(self._tasks):
            task.cancel()

    def _draw(self):
        dice = self._dice
        kind = dice.choice(KINDS) if dice.random() < self._share else ""
        way = "down" if kind in {"answer lost", "truncated"} else dice.choice(("up", "down"))
        return Fate(kind, way, dice.randint(1, 6), dice.uniform(0.5, 4))

    async def _accept(self, reader, writer):
        task = asyncio.current_task()
        self._tasks.add(task)
        try:
            fate = self._draw()
            if self.cut:
                return
            if fate.kind == "portal":
                await self._portal(reader, writer)
                return
            await self._relay(reader, writer, fate)
        except* (OSError, HungUp, asyncio.CancelledError, asyncio.IncompleteReadError):
            pass
        finally:
            self._tasks.discard(task)
            writer.transport.abort()

    async def _portal(self, reader, writer):
        await reader.read(CHUNK)
        self.struck["portal"] += 1
        writer.write(PORTAL)
        await writer.drain()
        writer.write_eof()
        await asyncio.sleep(0.05)

    async def _relay(self, reader, writer, fate):
        far_reader, far_writer = await asyncio.open_connection(*self.target)
        try:
            async with asyncio.TaskGroup() as both:
                both.create_task(self._pump(reader, far_writer, fate, "up"))
                both.create_task(self._pump(far_reader, writer, fate, "down"))
        finally:
            far_writer.transport.abort()

    async def _pump(self, reader, writer, fate, way):
        while piece := await reader.read(CHUNK):
            if fate.kind and fate.strikes(way):
                self.struck[fate.kind] += 1
                await self._befall(fate, piece, writer)
            writer.write(piece)
            await writer.drain()
        with contextlib.suppress(OSError):
            writer.write_eof()

    async def _befall(self, fate, piece, writer):
        """What comes over one piece. Returns when it goes on all the same."""
        match fate.kind:
            case "slow":
                await asyncio.sleep(fate.pause_s / 4)
                return
            case "half open":
                await asyncio.sleep(fate.pause_s)  # both ends believe that all is well
            case "cut" | "truncated":
                writer.write(piece[: len(piece) // 2])
                await writer.drain()
                if fate.kind == "truncated":
                    writer.write_eof()
                    await asyncio.sleep(0.05)
        raise HungUp
