"""Printers that answer: a job goes in, a proof that it was printed comes out, or a fault.

One object owns one printer; its jobs wait for one another and for nobody else's. It never blocks
longer than its timeout, and its line is closed however a job ends.
"""

import asyncio
import contextlib
import errno
import socket
from collections.abc import AsyncIterator
from typing import Literal, Protocol

import msgspec

from edge.printing.conversation import Conversation, PrinterStatus, Wire
from edge.printing.profiles import PrinterProfile
from edge.printing.reasons import FaultCode, PrinterFault
from edge.printing.whereabouts import Whereabouts

__all__ = [
    "AnsweringPrinter", "NetworkPrinter", "PrintProof", "Printer", "PrinterFault", "PrinterStatus",
    "StatusLevel", "Wire",
]  # fmt: skip

StatusLevel = Literal["full", "realtime", "none"]
"""What a printer can be asked. `full`: real-time status, and an answer in order with the job
(GS r), which comes only after everything before it was processed. `realtime`: DLE EOT alone.
`none`: it never answers; a job is then believed once all its bytes were taken."""

_FAREWELL_S = 0.5
_STRAY_BYTES_MAX = 64
PATIENCE_S = 2.5
"""How long to wait for a connection, and for the first answer: staff hear of it within 3 s (FS-52)."""


SLOWEST_BYTES_PER_S = 1_000
"""A printer at 9,600 baud takes as much. A long picture may take so long, if the printer shows all
the while that it is at work; else it would be printed again and again, each time whole."""


class PrintProof(msgspec.Struct, frozen=True):
    """That a job came out, and how strong the evidence is.

    `processed`: the printer answered, after the job's last byte, that it had worked through all of
    it. `answered`: it said it was well after taking the job. `taken`: it took the bytes and can
    say no more.
    """

    evidence: Literal["processed", "answered", "taken"]
    sent_bytes: int
    took_ms: int
    status: PrinterStatus


class Printer(Protocol):
    """What the spool needs of a printer, however it is attached."""

    profile: PrinterProfile

    async def print(self, data: bytes) -> PrintProof:
        """Prints one encoded job and proves it. Raises PrinterFault."""

    async def status(self) -> PrinterStatus:
        """Asks how it is. Raises PrinterFault when it cannot be reached or does not answer."""

    async def close(self) -> None:
        """Ends what goes on besides jobs; called once, when nothing more is printed."""


class AnsweringPrinter:
    """A printer at the end of a `Wire`. `timeout_s` bounds a job, waiting included: so long it may
    show no sign of work. A long job that goes on is waited for (`SLOWEST_BYTES_PER_S`).
    """

    _unanswered: FaultCode = "unreachable"
    """What it means when the line breaks before a single answer."""

    def __init__(
        self, profile: PrinterProfile, timeout_s: float = 5.0, status: StatusLevel = "full"
    ) -> None:
        self.profile = profile
        self.timeout_s = timeout_s
        self._level: StatusLevel = status
        self._owner = asyncio.Lock()
        self._unsure = True
        """Whether an earlier job may have broken off inside a command."""

    @property
    def address(self) -> str:
        """Where it is, for people."""
        raise NotImplementedError

    async def print(self, data: bytes) -> PrintProof:
        """Prints one job and proves it: status before, the job, status after.

        Raises PrinterFault; its `may_have_printed` says whether a byte of the job had left.
        """
        loop = asyncio.get_running_loop()
        begun = loop.time()
        async with self._session() as (talk, deadline):
            if self._level != "none":
                async with asyncio.timeout(PATIENCE_S):
                    if self._unsure:
                        await talk.complete_broken_command()
                    talk.ensure_ready(await talk.ask_all())
            elif self._unsure:
                await talk.complete_broken_command()
            self._allow_time(talk, deadline, len(data))
            status, evidence = await self._send(talk, data)
        took_ms = round((loop.time() - begun) * 1000)
        return PrintProof(evidence, len(data), took_ms, status)

    async def status(self) -> PrinterStatus:
        """Asks how it is. Raises PrinterFault when it cannot be reached or does not answer."""
        async with self._session() as (talk, _):
            if self._level == "none":
                return PrinterStatus(answered=False)
            async with asyncio.timeout(PATIENCE_S):
                return await talk.ask_all()

    async def close(self) -> None:
        """Ends what goes on besides jobs."""

    async def _open(self) -> Wire:
        """The line to the printer. Raises OSError when there is none."""
        raise NotImplementedError

    def _allow_time(self, talk: Conversation, deadline: asyncio.Timeout, size: int) -> None:
        """From now on each sign of work gives the job its time anew, up to the slowest there is."""
        now = asyncio.get_running_loop().time
        limit_s = now() + self.timeout_s + size / SLOWEST_BYTES_PER_S

        def go_on() -> None:
            if not deadline.expired():
                deadline.reschedule(min(limit_s, now() + self.timeout_s))

        talk.at_work = go_on

    async def _send(
        self, talk: Conversation, data: bytes
    ) -> tuple[PrinterStatus, Literal["processed", "answered", "taken"]]:
        """Sends the job and waits for the best evidence this printer can give."""
        self._unsure = True
        await talk.send(data)
        if self._level == "full":
            await talk.wait_until_processed()
        if self._level == "none":
            await talk.say_farewell()
            status = PrinterStatus(answered=False)
        else:
            status = await talk.ask_all()
            talk.ensure_ready(status)
        self._unsure = False
        evidence: dict[StatusLevel, Literal["processed", "answered", "taken"]] = {
            "full": "processed",
            "realtime": "answered",
            "none": "taken",
        }
        return status, evidence[self._level]

    @contextlib.asynccontextmanager
    async def _session(self) -> AsyncIterator[tuple[Conversation, asyncio.Timeout]]:
        """The printer to ourselves for one job; every way it can fail becomes one fault."""
        talk: Conversation | None = None
        stage: FaultCode = "busy"
        try:
            async with asyncio.timeout(self.timeout_s) as deadline, self._owner:
                stage = "unreachable"
                async with asyncio.timeout(PATIENCE_S):
                    talk = Conversation(await self._open())
                stage = "timeout"
                yield talk, deadline
                deadline.reschedule(None)  # the proof is in hand: a slow goodbye must not spoil it
                await talk.close()
        except TimeoutError as error:
            raise PrinterFault(stage, talk is not None and talk.sent_any) from error
        except (OSError, EOFError) as error:
            if talk is None:
                held = isinstance(error, OSError) and error.errno == errno.EBUSY
                code: FaultCode = "busy" if held else "unreachable"
                raise PrinterFault(code, may_have_printed=False) from error
            code = "closed" if talk.sent_any or talk.heard_any else self._unanswered
            raise PrinterFault(code, talk.sent_any) from error
        finally:
            if talk is not None:
                talk.abort()


class NetworkPrinter(AnsweringPrinter):
    """A printer behind a TCP port, usually 9100. Its name is looked up anew for each job; with
    `whereabouts` it is known by its hardware address and followed to a new one.
    """

    _unanswered: FaultCode = "busy"  # how a printer says that another computer holds it

    def __init__(
        self,
        host: str,
        port: int,
        profile: PrinterProfile,
        timeout_s: float = 5.0,
        status: StatusLevel = "full",
        whereabouts: Whereabouts | None = None,
    ) -> None:
        super().__init__(profile, timeout_s, status)
        self.host = host
        self.port = port
        self._whereabouts = whereabouts

    @property
    def address(self) -> str:
        """Host and port as they now are."""
        return f"{self.host}:{self.port}"

    async def _open(self) -> Wire:
        try:
            wire = await _connect(self.host, self.port)
        except (OSError, asyncio.CancelledError):  # nobody there: most often nothing comes back
            if self._whereabouts is not None:
                self._whereabouts.search(self.host, self._found)
            raise
        if self._whereabouts is not None and not self._whereabouts.is_it(wire.peer):
            wire.abort()
            self._whereabouts.search(wire.peer, self._found)
            raise ConnectionRefusedError(f"{wire.peer} is another device now")
        return wire

    async def close(self) -> None:
        """Gives up looking for it."""
        if self._whereabouts is not None:
            await self._whereabouts.stop()

    def _found(self, host: str) -> None:
        self.host = host


async def _connect(host: str, port: int) -> "_TcpWire":
    return _TcpWire(*await asyncio.open_connection(host, port))


class _TcpWire:
    """A TCP connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        writer.transport.set_write_buffer_limits(0)  # so that drain means: handed to the network
        self.peer = str((writer.get_extra_info("peername") or ("",))[0])
        line = writer.get_extra_info("socket")
        if line is not None and line.family in (socket.AF_INET, socket.AF_INET6):
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    async def write(self, data: bytes) -> None:
        self._writer.write(data)
        await self._writer.drain()

    async def read(self, count: int) -> bytes:
        return await self._reader.readexactly(count)

    async def end(self) -> None:
        self._writer.write_eof()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_FAREWELL_S):
                await self._reader.read(_STRAY_BYTES_MAX)

    async def close(self) -> None:
        self._writer.close()
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(_FAREWELL_S):
                await self._writer.wait_closed()

    def abort(self) -> None:
        self._writer.transport.abort()
