"""The virtual printer: listens like a network receipt printer, leaves pictures instead of paper.

A part of the product, for the demo, for rehearsals and for tests: whatever speaks ESC/POS can
print on it. It misbehaves on request the way real printers do.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from pathlib import Path

import msgspec

from edge.printing.framing import Command, Framer
from edge.printing.interpreter import Answered, CutOff, DrawerKicked, Interpreter
from edge.printing.tray import Sheet, Tray

BUFFER_BYTES = 64 * 1024
"""The printer's memory for what it cannot print yet. When full it stops listening, as real ones do."""
_PIECE_BYTES = 1024
_CLEAR = b"\x08\x01\x03\x14\x01\x06\x02\x08"


class Conditions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is wrong with the printer; the default is nothing.

    `offline` and the others are told truthfully when it is asked. `silent` prints but never
    answers. `garbage` answers nonsense. `slow_bytes_per_s` limits how fast it takes bytes,
    `lines_per_s` how fast it prints; the default is at once.
    `paper_lines_left` lets the paper run out after so many lines; `closes_after_bytes` hangs up
    once so many bytes of one connection came in.
    """

    paper_out: bool = False
    paper_low: bool = False
    cover_open: bool = False
    offline: bool = False
    silent: bool = False
    garbage: bool = False
    slow_bytes_per_s: int | None = None
    lines_per_s: int | None = None
    paper_lines_left: int | None = None
    closes_after_bytes: int | None = None

    @property
    def prints(self) -> bool:
        """Whether it works through its buffer."""
        return not (self.paper_out or self.cover_open or self.offline)


class VirtualPrinter:
    """An ESC/POS network printer made of software.

    `dots`: printable width. `keep`: sheets kept in the tray, older ones fall out. `folder`: where
    each sheet is also written (`0001.png`, `0001.txt`), the oldest removed beyond `keep`.
    `on_sheet` is called with each new sheet, on the event loop, and must not block. It serves one
    connection at a time and hangs up on others, unless `connections_max` says otherwise.
    """

    def __init__(
        self,
        wall_ms: Callable[[], int],
        *,
        dots: int = 576,
        host: str = "127.0.0.1",
        port: int = 0,
        keep: int = 200,
        folder: Path | None = None,
        on_sheet: Callable[[Sheet], None] | None = None,
        connections_max: int = 1,
    ) -> None:
        self.host, self.port = host, port
        self.conditions = Conditions()
        self.drawer_kicks = 0
        self._tray = Tray(wall_ms, keep, folder, on_sheet)
        self._connections_max = connections_max
        self._interpreter = Interpreter(dots)
        self._framer = Framer()
        self._buffer: deque[Command] = deque()
        self._buffered_bytes = 0
        self._head_busy: asyncio.TimerHandle | None = None
        self._room = asyncio.Event()
        self._room.set()
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Listens; `port` is then the real one. Raises OSError when the port is taken."""
        await self._tray.open()
        self._server = await asyncio.start_server(self._serve, self.host, self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Hangs up, finishes writing the sheets. What is still in the buffer is lost, as with a
        real one that is switched off.
        """
        if self._server is not None:
            self._server.close()
        self._hang_up()
        self._rest_head()
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._server is not None:
            await self._server.wait_closed()
            self._server = None
        await self._tray.close()

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

    def change(self, **conditions: bool | int | None) -> None:
        """Sets conditions by name, leaving the others; held output comes out when it can.

        Raises TypeError for a condition there is not.
        """
        self.conditions = msgspec.structs.replace(self.conditions, **conditions)
        self._work()

    def power_cycle(self) -> None:
        """Off and on: connections break, the buffer is gone; the paper under the head stays."""
        self._hang_up()
        self._rest_head()
        self._framer.clear()
        self._clear_buffer()
        self._interpreter.reset()

    def tear(self) -> Sheet | None:
        """Somebody tears off what hangs out without a cut; None when nothing does."""
        model = self._interpreter.take_sheet()
        return None if model is None else self._tray.add(model)

    # -------------------------------------------------------------- connections

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._writers) >= self._connections_max:
            writer.transport.abort()
            return
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self._writers.add(writer)
        try:
            await self._listen(reader, writer)
        except OSError:
            pass  # the sender went away; what it sent stays in the buffer
        finally:
            self._writers.discard(writer)
            self._tasks.discard(task)
            writer.close()

    async def _listen(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        received = 0
        while piece := await reader.read(self._appetite()):
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
            if command.name == b"\x10\x04":
                self._answer(self._status_byte(command.data[0]))
            elif (command.name == b"\x10\x14" and command.data == _CLEAR) or (
                command.name == b"\x10\x05" and command.data == b"\x02"
            ):
                self._clear_buffer()
            elif command.name[:1] != b"\x10":
                self._buffer.append(command)
                self._buffered_bytes += len(command.data) + 2
        self._work()
        if self._buffered_bytes > BUFFER_BYTES:
            self._room.clear()

    def _answer(self, data: bytes) -> None:
        """To whoever is connected: a printer does not know who sent what."""
        for writer in self._writers:
            if not self.conditions.silent and not writer.transport.is_closing():
                writer.write(b"\xff" if self.conditions.garbage else data)

    def _status_byte(self, number: int) -> bytes:
        """The answer to DLE EOT n; bits as in Epson's reference."""
        now = self.conditions
        bits = 0x12
        if number == 1 and not now.prints:
            bits |= 0x08
        elif number == 2:
            bits |= (0x04 if now.cover_open else 0) | (0x20 if now.paper_out else 0)
        elif number == 4:
            bits |= (0x60 if now.paper_out else 0) | (0x0C if now.paper_low else 0)
        return bytes([bits])

    # -------------------------------------------------------------- printing

    def _work(self) -> None:
        """Works through the buffer until it is empty or something stops the printer."""
        while self._buffer and self.conditions.prints and self._head_busy is None:
            command = self._buffer.popleft()
            self._buffered_bytes -= len(command.data) + 2
            before = self._interpreter.lines_printed
            for effect in self._interpreter.execute(command):
                match effect:
                    case CutOff(sheet):
                        self._tray.add(sheet)
                    case DrawerKicked():
                        self.drawer_kicks += 1
                    case Answered(data):
                        self._answer(data)
            self._move_paper(self._interpreter.lines_printed - before)
        if self._buffered_bytes <= BUFFER_BYTES:
            self._room.set()

    def _move_paper(self, lines: int) -> None:
        """Uses up paper and, when the printer has a speed, time."""
        if lines and self.conditions.lines_per_s:
            seconds = lines / self.conditions.lines_per_s
            self._head_busy = asyncio.get_running_loop().call_later(seconds, self._go_on)
        left = self.conditions.paper_lines_left
        if left is not None:
            rest = left - lines
            self.conditions = msgspec.structs.replace(
                self.conditions, paper_lines_left=rest if rest > 0 else None, paper_out=rest <= 0
            )

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
