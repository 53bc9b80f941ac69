"""The virtual printer: listens like a network receipt printer, leaves pictures instead of paper.

A part of the product, for the demo, for rehearsals and for tests: whatever speaks ESC/POS can
print on it. It misbehaves on request the way real printers do.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from pathlib import Path

import msgspec

from edge.listening import listen_no_more
from edge.printing.framing import Command, Framer
from edge.printing.interpreter import Asked, CutOff, DrawerKicked, Interpreter
from edge.printing.machine import Machine
from edge.printing.tray import Sheet, Tray

BUFFER_BYTES = 64 * 1024
"""The printer's memory for what it cannot print yet. When full it stops listening, as real ones do."""
IDLE_S = 90.0
"""A sender that says nothing for so long is hung up on: it would keep all others out."""
ANSWERS_BYTES_MAX = 4096
"""Answers a sender has not fetched. Beyond that it gets none, as a real printer's port is full."""
_SLICE_S = 0.01
"""How long it works before it lets others have the loop."""
_PIECE_BYTES = 1024
_CLEAR = b"\x08\x01\x03\x14\x01\x06\x02\x08"
_MAKER, _MODEL = b"KEDAI", b"VIRTUAL"


class Conditions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is wrong with the printer; the default is nothing.

    `offline` and the others are told truthfully when it is asked. `busy` hangs up on whoever
    connects, as if another computer held it. `silent` prints but never answers. `garbage` answers
    nonsense. `slow_bytes_per_s` limits how fast it takes bytes, `lines_per_s` how fast it prints;
    the default is at once.
    `paper_lines_left` lets the paper run out after so many lines; `closes_after_bytes` hangs up
    once so many bytes of one connection came in.
    """

    paper_out: bool = False
    paper_low: bool = False
    cover_open: bool = False
    offline: bool = False
    cutter_jam: bool = False
    busy: bool = False
    silent: bool = False
    garbage: bool = False
    slow_bytes_per_s: int | None = None
    lines_per_s: float | None = None
    paper_lines_left: int | None = None
    closes_after_bytes: int | None = None

    @property
    def prints(self) -> bool:
        """Whether it works through its buffer."""
        return not (self.paper_out or self.cover_open or self.offline or self.cutter_jam)


class VirtualPrinter:
    """An ESC/POS network printer made of software.

    `machine` (or `dots`, its printable width) says which make it is. `keep`: sheets kept in the tray, older ones fall out. `folder`: where
    each sheet is also written (`0001.png`, `0001.txt`), the oldest removed beyond `keep`.
    `on_sheet` is called with each new sheet, on the event loop, and must not block. It serves one
    connection at a time and hangs up on others, unless `connections_max` says otherwise.
    """

    def __init__(
        self,
        wall_ms: Callable[[], int],
        *,
        dots: int = 576,
        machine: Machine | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
        keep: int = 200,
        folder: Path | None = None,
        on_sheet: Callable[[Sheet], None] | None = None,
        connections_max: int = 1,
        buffer_bytes: int = BUFFER_BYTES,
        idle_s: float = IDLE_S,
    ) -> None:
        self.host, self.port = host, port
        self.conditions = Conditions()
        self.drawer_kicks = 0
        self._tray = Tray(wall_ms, keep, folder, on_sheet)
        self._connections_max = connections_max
        self._buffer_bytes, self._idle_s = buffer_bytes, idle_s
        self._interpreter = Interpreter(machine or dots)
        self._framer = Framer()
        self._buffer: deque[Command] = deque()
        self._buffered_bytes = 0
        self._says_changes = False
        self._head_busy: asyncio.TimerHandle | None = None
        self._room = asyncio.Event()
        self._room.set()
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Listens; `port` is then the real one. Raises OSError when the port is taken."""
        await self._tray.open()
        await self.switch_on()

    async def switch_on(self) -> None:
        """Listens again where it did before. Raises OSError when the port was taken meanwhile."""
        if self._server is not None:
            return
        self._server = await asyncio.start_server(self._serve, self.host, self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Hangs up, finishes writing the sheets. What is still in the buffer is lost, as with a
        real one that is switched off.
        """
        server, self._server = self._server, None
        if server is not None:
            await listen_no_more(server)
        self._hang_up()
        self._rest_head()
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)
        if server is not None:
            await server.wait_closed()
        await self._tray.close()

    async def switch_off(self) -> None:
        """Off until `switch_on`: nobody listens, the buffer is gone, the paper stays."""
        server, self._server = self._server, None
        if server is not None:
            await listen_no_more(server)
        self.power_cycle()
        if server is not None:
            await server.wait_closed()

    @property
    def is_on(self) -> bool:
        """Whether it listens."""
        return self._server is not None

    @property
    def sheets(self) -> tuple[Sheet, ...]:
        """What lies in the tray, newest first."""
        return self._tray.sheets

    @property
    def connections(self) -> int:
        """Senders connected right now."""
        return len(self._writers)

    @property
    def unknown_commands(self) -> int:
        """Commands it did not know and passed over."""
        return self._interpreter.unknown.total()

    @property
    def sheets_printed(self) -> int:
        """Sheets since the start, those that fell out of the tray included."""
        return self._tray.count

    async def wait_for_sheets(self, count: int, timeout_s: float = 5.0) -> tuple[Sheet, ...]:
        """The sheets, newest first, once `count` were printed in all. Raises TimeoutError."""
        async with asyncio.timeout(timeout_s):
            await self._tray.wait_for(count)
        return self.sheets

    def change(self, **conditions: bool | float | None) -> None:
        """Sets conditions by name, leaving the others; held output comes out when it can.

        Raises TypeError for a condition there is not.
        """
        before = self._automatic_status()
        self.conditions = msgspec.structs.replace(self.conditions, **conditions)
        self._say_change(before)
        self._work()

    def power_cycle(self) -> None:
        """Off and on: connections break, the buffer is gone; the paper under the head stays."""
        self._hang_up()
        self._rest_head()
        self._framer.clear()
        self._clear_buffer()
        self._interpreter.reset()
        self._says_changes = False

    def tear(self) -> Sheet | None:
        """Somebody tears off what hangs out without a cut; None when nothing does."""
        model = self._interpreter.take_sheet()
        return None if model is None else self._tray.add(model)

    # -------------------------------------------------------------- connections

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        full = len(self._writers) >= self._connections_max
        if self.conditions.busy or full or not self.is_on:
            writer.transport.abort()
            return
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self._writers.add(writer)
        try:
            await self._listen(reader, writer)
        except (OSError, TimeoutError):
            pass  # the sender went away or fell silent; what it sent stays in the buffer
        finally:
            self._writers.discard(writer)
            self._tasks.discard(task)
            writer.close()

    async def _listen(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        received = 0
        while piece := await self._hear(reader):
            received += len(piece)
            limit = self.conditions.closes_after_bytes
            if limit is not None and received >= limit:
                self._take(piece[: len(piece) - (received - limit)])
                writer.transport.abort()
                return
            self._take(piece)
            if self.conditions.slow_bytes_per_s:
                await asyncio.sleep(len(piece) / self.conditions.slow_bytes_per_s)
            await self._room.wait()
            if writer.transport.is_closing():
                return

    async def _hear(self, reader: asyncio.StreamReader) -> bytes:
        async with asyncio.timeout(self._idle_s):
            return await reader.read(self._appetite())

    def _appetite(self) -> int:
        """Bytes to take at once: a slow printer takes a tenth of a second's worth."""
        speed = self.conditions.slow_bytes_per_s
        return max(1, min(_PIECE_BYTES, speed // 10)) if speed else 16 * _PIECE_BYTES

    def _hang_up(self) -> None:
        for writer in list(self._writers):
            writer.transport.abort()
        self._room.set()

    def _take(self, data: bytes) -> None:
        """Real-time commands are done on arrival, all others wait their turn in the buffer."""
        for command in self._framer.feed(data):
            if command.name[:1] == b"\x10":
                self._do_at_once(command)
            else:
                self._buffer.append(command)
                self._buffered_bytes += len(command.data) + 2
        self._work()
        if self._buffered_bytes > self._buffer_bytes:
            self._room.clear()

    def _do_at_once(self, command: Command) -> None:
        """DLE: asked how it is, told to forget what waits, or to open the drawer."""
        if command.name == b"\x10\x04":
            self._answer(self._status_byte(command.data[0]))
        elif (command.name == b"\x10\x14" and command.data == _CLEAR) or (
            command.name == b"\x10\x05" and command.data == b"\x02"
        ):
            self._clear_buffer()
        elif command.name == b"\x10\x14" and command.data[:1] == b"\x01":
            self.drawer_kicks += 1

    def _answer(self, data: bytes) -> None:
        """To whoever is connected: a printer does not know who sent what."""
        for writer in self._writers:
            full = writer.transport.get_write_buffer_size() > ANSWERS_BYTES_MAX
            if not (self.conditions.silent or full or writer.transport.is_closing()):
                writer.write(b"\xff" if self.conditions.garbage else data)

    def _status_byte(self, number: int) -> bytes:
        """The answer to DLE EOT n; bits as in Epson's reference."""
        now = self.conditions
        bits = 0x12
        if number == 1 and not now.prints:
            bits |= 0x08
        elif number == 2:
            bits |= 0x04 if now.cover_open else 0
            bits |= (0x20 if now.paper_out else 0) | (0x40 if now.cutter_jam else 0)
        elif number == 3:
            bits |= 0x08 if now.cutter_jam else 0
        elif number == 4:
            bits |= (0x60 if now.paper_out else 0) | (0x0C if now.paper_low else 0)
        return bytes([bits])

    def _automatic_status(self) -> bytes:
        """The four bytes of automatic status: printer, errors, paper, nothing."""
        now = self.conditions
        first = 0x10 | (0 if now.prints else 0x08) | (0x20 if now.cover_open else 0)
        paper = (0x0C if now.paper_out else 0) | (0x03 if now.paper_low else 0)
        return bytes([first, 0x08 if now.cutter_jam else 0, paper, 0])

    def _say_change(self, before: bytes) -> None:
        now = self._automatic_status()
        if self._says_changes and now != before:
            self._answer(now)

    def _asked(self, what: str, number: int) -> None:
        """Questions that are answered in order with what is printed."""
        if what == "auto":
            self._says_changes = number != 0
            if number:
                self._answer(self._automatic_status())
        elif what == "status":
            low = self.conditions.paper_low and number in {1, 49}
            self._answer(b"\x03" if low else b"\x00")
        elif number < 65:
            self._answer(b"\x02")
        else:
            self._answer(b"_" + {66: _MAKER, 67: _MODEL}.get(number, b"") + b"\x00")

    # -------------------------------------------------------------- printing

    def _work(self) -> None:
        """Works through the buffer until it is empty or something stops the printer.

        Now and then it lets others have the loop: a flood of commands must not stop the rest of
        the process.
        """
        if not self._buffer:
            self._room.set()
            return
        loop = asyncio.get_running_loop()
        until_s = loop.time() + _SLICE_S
        while self._buffer and self.conditions.prints and self._head_busy is None:
            if loop.time() > until_s:
                self._head_busy = loop.call_later(0, self._go_on)
                break
            command = self._buffer.popleft()
            self._buffered_bytes -= len(command.data) + 2
            before = self._interpreter.lines_printed
            for effect in self._interpreter.execute(command):
                match effect:
                    case CutOff(sheet):
                        self._tray.add(sheet)
                    case DrawerKicked():
                        self.drawer_kicks += 1
                    case Asked(what, number):
                        self._asked(what, number)
            self._move_paper(self._interpreter.lines_printed - before)
        if self._buffered_bytes <= self._buffer_bytes:
            self._room.set()

    def _move_paper(self, lines: int) -> None:
        """Uses up paper and, when the printer has a speed, time."""
        if lines and self.conditions.lines_per_s:
            seconds = lines / self.conditions.lines_per_s
            self._head_busy = asyncio.get_running_loop().call_later(seconds, self._go_on)
        left = self.conditions.paper_lines_left
        if left is not None:
            rest = left - lines
            before = self._automatic_status()
            self.conditions = msgspec.structs.replace(
                self.conditions, paper_lines_left=rest if rest > 0 else None, paper_out=rest <= 0
            )
            self._say_change(before)

    def _go_on(self) -> None:
        self._head_busy = None
        self._work()

    def _rest_head(self) -> None:
        if self._head_busy is not None:
            self._head_busy.cancel()
            self._head_busy = None

    def _clear_buffer(self) -> None:
        self._buffer.clear()
        self._buffered_bytes = 0
        self._room.set()
