"""What is said over one connection to a printer: questions, the job, and the answers told apart."""

import asyncio
from collections.abc import Callable
from typing import Literal, Protocol

import msgspec

from edge.printing.profiles import COMMAND_BYTES_MAX
from edge.printing.reasons import FaultCode, PrinterFault

_DLE_EOT = b"\x10\x04"
_IN_ORDER = b"\x1dr\x01"
_ASK_AGAIN_S = 0.4
"""While waiting for the in-order answer: how often to look whether paper or cover stopped it."""
CHUNK_BYTES = 4_096
"""So much is handed over at once: a printer that takes a piece of a long job is at work."""


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


class Conversation:
    """One connection. Tells the printer's answers apart by their fixed bits.

    `at_work` is called whenever the printer has shown that it goes on with the job.
    """

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self.at_work: Callable[[], None] = lambda: None
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
        for first in range(0, len(data), CHUNK_BYTES):
            await self._wire.write(data[first : first + CHUNK_BYTES])
            self.at_work()

    async def wait_until_processed(self) -> None:
        """Until the printer answers in order. Meanwhile looks whether something stopped it."""
        await self._wire.write(_IN_ORDER)
        while not self._processed:
            try:
                async with asyncio.timeout(_ASK_AGAIN_S):
                    await self._hear()
            except TimeoutError:
                self.ensure_ready(await self.ask_all())
                self.at_work()

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
