"""A printer behind a device file: the contract, with a pseudo-terminal for the cable."""

import asyncio
import contextlib
import os
import tty
from pathlib import Path

import pytest

from edge.printing.encoder import encode
from edge.printing.printers import PrinterFault
from edge.printing.profiles import PrinterProfile
from edge.printing.usb import UsbPrinter
from edge.printing.virtual import VirtualPrinter
from tests.contract.printers import TIMEOUT_S, PrinterContract, job

PROFILE = PrinterProfile()


class Cable:
    """A device file whose other end is a virtual printer."""

    def __init__(self, device, virtual):
        self.device, self.virtual = device, virtual
        self.breaks_after_bytes = None
        self._printer_was_off = False
        self._carrying = None

    async def plug(self):
        self._carrying = asyncio.create_task(self._carry())
        while not self.device.is_symlink():  # noqa: ASYNC110
            await asyncio.sleep(0.01)

    async def unplug(self):
        self._carrying.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._carrying

    def power_cycle(self):
        self.virtual.power_cycle()
        self._printer_was_off = True

    async def _carry(self):
        """A cable that breaks makes the device vanish for a moment, as pulling the plug does."""
        while True:
            master, slave = os.openpty()
            tty.setraw(slave)
            os.set_blocking(master, False)
            self.device.symlink_to(os.ttyname(slave))
            try:
                broken = False
                while not broken:
                    broken = await self._pump(master)
            finally:
                self.device.unlink()
                os.close(slave)
                os.close(master)
            await asyncio.sleep(0.05)

    async def _pump(self, master):
        reader, writer = await asyncio.open_connection(self.virtual.host, self.virtual.port)
        self._printer_was_off = False
        up = asyncio.create_task(self._up(master, writer))
        down = asyncio.create_task(self._down(master, reader))
        try:
            await asyncio.wait({up, down}, return_when=asyncio.FIRST_COMPLETED)
            return up.done() and up.result()
        finally:
            for way in (up, down):
                way.cancel()
            await asyncio.gather(up, down, return_exceptions=True)
            writer.transport.abort()

    async def _up(self, master, writer):
        loop = asyncio.get_running_loop()
        while True:
            ready = loop.create_future()
            loop.add_reader(master, lambda ready=ready: ready.done() or ready.set_result(None))
            try:
                await ready
            finally:
                loop.remove_reader(master)
            if self._printer_was_off:
                return False
            with contextlib.suppress(BlockingIOError):
                piece = os.read(master, 1024)
                writer.write(piece[: self.breaks_after_bytes])
                await writer.drain()
                if self.breaks_after_bytes is not None:
                    self.breaks_after_bytes -= len(piece)
                    if self.breaks_after_bytes <= 0:
                        return True

    async def _down(self, master, reader):
        while answer := await reader.read(256):
            os.write(master, answer)


class Rig:
    """A USB printer with the virtual one behind it."""

    def __init__(self, cable):
        self.cable, self.virtual = cable, cable.virtual
        self.printer = UsbPrinter(str(cable.device), PROFILE, TIMEOUT_S)

    def encoded(self, paper):
        return encode(paper, PROFILE)

    def happens(self, **conditions):
        if "closes_after_bytes" in conditions:
            self.cable.breaks_after_bytes = conditions.pop("closes_after_bytes")
        self.virtual.change(**conditions)

    def power_cycle(self):
        self.cable.power_cycle()

    async def unplug(self):
        await self.cable.unplug()

    async def papers(self, count):
        return [sheet.text for sheet in reversed(await self.virtual.wait_for_sheets(count))]


@pytest.fixture
async def rig(tmp_path):
    virtual = VirtualPrinter(lambda: 0)
    await virtual.start()
    cable = Cable(tmp_path / "lp0", virtual)
    await cable.plug()
    yield Rig(cable)
    await cable.unplug()
    await virtual.stop()


class TestUsbPrinter(PrinterContract):
    """The contract."""


async def test_a_device_held_by_another_program_is_busy(rig, monkeypatch):
    def taken(*_):
        raise OSError(16, "Device or resource busy")

    monkeypatch.setattr(os, "open", taken)
    with pytest.raises(PrinterFault) as caught:
        await rig.printer.print(rig.encoded(job("Sayur asem")))
    assert (caught.value.code, caught.value.may_have_printed) == ("busy", False)


async def test_a_plain_file_is_no_printer(tmp_path):
    (tmp_path / "lp0").write_bytes(b"")
    with pytest.raises(PrinterFault) as caught:
        await UsbPrinter(str(tmp_path / "lp0"), PROFILE, TIMEOUT_S).status()
    assert not caught.value.may_have_printed


async def test_a_device_that_takes_nothing_blocks_nobody(tmp_path):
    """Nobody reads the other end: the job ends with its timeout, the loop runs on meanwhile."""
    pipe = tmp_path / "lp0"
    os.mkfifo(pipe)
    printer = UsbPrinter(str(pipe), PROFILE, timeout_s=0.5, status="none")
    ticks = 0

    async def tick():
        nonlocal ticks
        while True:
            await asyncio.sleep(0.01)
            ticks += 1

    ticking = asyncio.create_task(tick())
    with pytest.raises(PrinterFault) as caught:
        await printer.print(bytes(1_000_000))
    ticking.cancel()
    assert (caught.value.code, caught.value.may_have_printed) == ("timeout", True)
    assert ticks > 20


def descriptors():
    return len(list(Path("/proc/self/fd").iterdir()))


async def test_descriptors_are_closed_however_a_job_ends(rig):
    await rig.printer.print(rig.encoded(job("Kerupuk")))
    before = descriptors()
    for conditions in ({}, {"paper_out": True}, {"paper_out": False, "silent": True}):
        rig.happens(**conditions)
        with contextlib.suppress(PrinterFault):
            await rig.printer.print(rig.encoded(job("Kerupuk")))
    assert descriptors() == before
