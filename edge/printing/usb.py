"""Printers on USB: a device file such as /dev/usb/lp0, opened for each job and never waited on.

The kernel's printer driver moves bytes; paper and cover are asked for in the same way as on the
network. Name the device by a link that keeps its name, for numbers change with the order of plugging.
"""

import asyncio
import contextlib
import os

from edge.printing.printers import AnsweringPrinter, StatusLevel, Wire
from edge.printing.profiles import PrinterProfile

_CHUNK_BYTES = 4_096
_QUIET_S = 0.05
"""Before looking again at a device that was ready and then said nothing (empty USB packets)."""


class UsbPrinter(AnsweringPrinter):
    """A printer behind a device file. `timeout_s` bounds a whole job, waiting included."""

    def __init__(
        self,
        device: str,
        profile: PrinterProfile,
        timeout_s: float = 5.0,
        status: StatusLevel = "full",
    ) -> None:
        super().__init__(profile, timeout_s, status)
        self.device = device

    @property
    def address(self) -> str:
        """Its device file."""
        return self.device

    async def _open(self) -> Wire:
        # Opening a device without O_NONBLOCK can wait for its driver; nothing here ever blocks.
        return _FileWire(os.open(self.device, os.O_RDWR | os.O_NONBLOCK | os.O_NOCTTY))


class _FileWire:
    """A device file, through the event loop."""

    def __init__(self, fd: int) -> None:
        self._fd: int | None = fd
        self._heard = bytearray()

    async def write(self, data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            try:
                rest = rest[os.write(self._open_fd, rest[:_CHUNK_BYTES]) :]
            except BlockingIOError:
                await self._until(readable=False)

    async def read(self, count: int) -> bytes:
        while len(self._heard) < count:
            try:
                piece = os.read(self._open_fd, _CHUNK_BYTES)
            except BlockingIOError:
                await self._until(readable=True)
                continue
            if not piece:
                await asyncio.sleep(_QUIET_S)
            self._heard += piece
        found = bytes(self._heard[:count])
        del self._heard[:count]
        return found

    async def end(self) -> None:
        """A device file has no half that could be ended; the driver keeps what it was given."""

    async def close(self) -> None:
        self.abort()

    def abort(self) -> None:
        if self._fd is not None:
            fd, self._fd = self._fd, None
            with contextlib.suppress(OSError):
                os.close(fd)

    @property
    def _open_fd(self) -> int:
        if self._fd is None:
            raise EOFError("the device is closed")
        return self._fd

    async def _until(self, *, readable: bool) -> None:
        """Until the device can go on. Raises OSError for a file that cannot be waited for."""
        loop, fd = asyncio.get_running_loop(), self._open_fd
        ready: asyncio.Future[None] = loop.create_future()

        def wake() -> None:
            if not ready.done():
                ready.set_result(None)

        (loop.add_reader if readable else loop.add_writer)(fd, wake)
        try:
            await ready
        finally:
            (loop.remove_reader if readable else loop.remove_writer)(fd)
