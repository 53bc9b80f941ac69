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

from edge.printing.profiles import COMMAND_BYTES_MAX, PrinterProfile
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

_DLE_EOT = b"\x10\x04"
_IN_ORDER = b"\x1dr\x01"
_ASK_AGAIN_S = 0.4
"""While waiting for the in-order answer: how often to look whether paper or cover stopped it."""
_FAREWELL_S = 0.5
_STRAY_BYTES_MAX = 64
PATIENCE_S = 2.5
"""How long to wait for a connection, and for the first answer: staff hear of it within 3 s (FS-52)."""


class PrinterStatus(msgspec.Struct, frozen=True):
    """What the printer says of itself; `answered` is False for one that cannot be asked."""

    online: bool = True
    paper: Literal["ok", "low", "out"] = "ok"
    cover_open: bool = False
    feeding: bool = False
    """Someone is pressing its feed button."""
    broken: bool = False
    """Cutter jammed or head failed: needs a person."""
    answered: bool = True

    @property
    def reason(self) -> FaultCode | None:
        """The most telling reason why it cannot print now, or None."""
        if self.cover_open:
            return "cover_open"
        if self.paper == "out":
            return "paper_out"
        if self.broken:
            return "broken"
        if self.feeding:
            return "busy"
        return None if self.online else "offline"


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


class Wire(Protocol):
    """The line to a printer, whatever it is made of. Raises OSError when it breaks."""

    async def write(self, data: bytes) -> None:
        """Returns once all of `data` is handed over."""

    async def read(self, count: int) -> bytes:
        """Exactly so many bytes. Raises EOFError when the other side hung up."""

    async def end(self) -> None:
        """Says that nothing more comes, and lets the other side take what was handed over."""

    async def close(self) -> None:
        """Closes in good order."""

    def abort(self) -> None:
        """Frees the line at once; harmless after `close`."""


class AnsweringPrinter:
    """A printer at the end of a `Wire`. `timeout_s` bounds a whole job, waiting included."""

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
        async with self._session() as talk:
            if self._level != "none":
                async with asyncio.timeout(PATIENCE_S):
                    if self._unsure:
                        await talk.complete_broken_command()
                    talk.ensure_ready(await talk.ask_all())
            elif self._unsure:
                await talk.complete_broken_command()
            status, evidence = await self._send(talk, data)
        took_ms = round((loop.time() - begun) * 1000)
        return PrintProof(evidence, len(data), took_ms, status)

    async def status(self) -> PrinterStatus:
        """Asks how it is. Raises PrinterFault when it cannot be reached or does not answer."""
        async with self._session() as talk:
            if self._level == "none":
                return PrinterStatus(answered=False)
            async with asyncio.timeout(PATIENCE_S):
                return await talk.ask_all()

    async def close(self) -> None:
        """Ends what goes on besides jobs."""

    async def _open(self) -> Wire:
        """The line to the printer. Raises OSError when there is none."""
        raise NotImplementedError

    async def _send(
        self, talk: "_Conversation", data: bytes
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
    async def _session(self) -> AsyncIterator["_Conversation"]:
        """The printer to ourselves for one job; every way it can fail becomes one fault."""
        talk: _Conversation | None = None
        stage: FaultCode = "busy"
        try:
            async with asyncio.timeout(self.timeout_s) as deadline, self._owner:
                stage = "unreachable"
                async with asyncio.timeout(PATIENCE_S):
                    talk = _Conversation(await self._open())
                stage = "timeout"
                yield talk
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


class _Conversation:
    """One connection. Tells the printer's answers apart by their fixed bits."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self.sent_any = False
        self.heard_any = False
        self._processed = False

    async def ask_all(self) -> PrinterStatus:
        """DLE EOT 1, 2 and 4: printer, cause of being offline, paper. One at a time, because the
        answers do not say which question they answer.
        """
        printer, offline, paper = [await self._ask(number) for number in (1, 2, 4)]
        return PrinterStatus(
            online=not printer & 0x08,
            paper="out" if paper & 0x60 or offline & 0x20 else "low" if paper & 0x0C else "ok",
            cover_open=bool(offline & 0x04),
            feeding=bool(offline & 0x08),
            broken=bool(offline & 0x40),
        )

    def ensure_ready(self, status: PrinterStatus) -> None:
        """Raises PrinterFault with the reason why the printer cannot print."""
        if status.reason is not None:
            raise PrinterFault(status.reason, self.sent_any)

    async def complete_broken_command(self) -> None:
        """A job that broke off may have left the printer waiting for the rest of a picture, which
        would swallow our questions and the head of the next job. Empty bytes complete it, as
        white dots; outside a command printers ignore them.
        """
        await self._wire.write(bytes(COMMAND_BYTES_MAX))

    async def send(self, data: bytes) -> None:
        """Hands all of `data` to the network. From the first byte on it may have printed."""
        self.sent_any = True
        await self._wire.write(data)

    async def wait_until_processed(self) -> None:
        """Until the printer answers in order. Meanwhile looks whether something stopped it."""
        await self._wire.write(_IN_ORDER)
        while not self._processed:
            try:
                async with asyncio.timeout(_ASK_AGAIN_S):
                    await self._hear()
            except TimeoutError:
                self.ensure_ready(await self.ask_all())

    async def say_farewell(self) -> None:
        """Ends our half and gives the printer a moment to take the rest before the line goes."""
        await self._wire.end()

    async def close(self) -> None:
        """Closes in good order; a printer that is gone already does not spoil a proof."""
        await self._wire.close()

    def abort(self) -> None:
        """Frees the line at once; harmless after `close`."""
        self._wire.abort()

    async def _ask(self, number: int) -> int:
        await self._wire.write(_DLE_EOT + bytes([number]))
        while (answer := await self._hear()) is None:
            pass
        return answer

    async def _hear(self) -> int | None:
        """The next real-time answer; None when something else was said, which is noted.

        DLE EOT answers read 0xx1xx10, GS r answers 0xx0xxxx, automatic status begins 0xx1xx00 and
        has three bytes more; 0x11 and 0x13 are flow control. Raises PrinterFault for the rest.
        """
        byte = (await self._wire.read(1))[0]
        if byte in {0x11, 0x13}:
            return None
        if byte & 0x93 == 0x10:
            await self._wire.read(3)
            return None
        if byte & 0x93 == 0x12:
            self.heard_any = True
            return byte
        if byte & 0x90 == 0x00 and self.sent_any:
            self._processed = True
            return None
        raise PrinterFault("garbage", self.sent_any)
