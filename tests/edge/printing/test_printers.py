"""The network printer against the virtual one: the contract, and what only a network can do."""

import asyncio
import contextlib

import pytest

from edge.printing.encoder import encode
from edge.printing.printers import NetworkPrinter, PrinterFault
from edge.printing.profiles import PrinterProfile
from edge.printing.virtual import VirtualPrinter
from tests.contract.printers import TIMEOUT_S, PrinterContract, job

PROFILE = PrinterProfile()


class Rig:
    """A network printer with the virtual one behind it."""

    def __init__(self, virtual: VirtualPrinter) -> None:
        self.virtual = virtual
        self.printer = NetworkPrinter(virtual.host, virtual.port, PROFILE, TIMEOUT_S)

    def encoded(self, paper):
        return encode(paper, PROFILE)

    def happens(self, **conditions):
        self.virtual.change(**conditions)

    def power_cycle(self):
        self.virtual.power_cycle()

    async def unplug(self):
        await self.virtual.stop()

    async def papers(self, count):
        return [sheet.text for sheet in reversed(await self.virtual.wait_for_sheets(count))]


@pytest.fixture
async def virtual():
    printer = VirtualPrinter(lambda: 0)
    await printer.start()
    yield printer
    await printer.stop()


@pytest.fixture
async def rig(virtual):
    return Rig(virtual)


class TestNetworkPrinter(PrinterContract):
    """The contract."""


async def test_a_printer_that_cannot_answer_is_believed_once_it_took_everything(virtual):
    virtual.change(silent=True)
    printer = NetworkPrinter(virtual.host, virtual.port, PROFILE, TIMEOUT_S, status="none")
    proof = await printer.print(encode(job("Bubur", rows=300), PROFILE))
    assert proof.evidence == "taken"
    assert not proof.status.answered
    assert (await virtual.wait_for_sheets(1))[0].text.count("Bubur") == 300


async def test_real_time_status_alone_proves_less(virtual):
    printer = NetworkPrinter(virtual.host, virtual.port, PROFILE, TIMEOUT_S, status="realtime")
    assert (await printer.print(encode(job("Bubur"), PROFILE))).evidence == "answered"


async def test_a_printer_held_by_another_computer_is_busy(virtual, rig):
    _, other = await asyncio.open_connection(virtual.host, virtual.port)
    await asyncio.sleep(0.05)
    with pytest.raises(PrinterFault) as caught:
        await rig.printer.print(rig.encoded(job("Sayur asem")))
    assert (caught.value.code, caught.value.may_have_printed) == ("busy", False)
    other.close()
    await other.wait_closed()


async def test_a_job_that_waits_too_long_for_its_turn_never_left(virtual, rig):
    virtual.change(slow_bytes_per_s=100)
    first = asyncio.create_task(rig.printer.print(rig.encoded(job("Pertama", rows=50))))
    await asyncio.sleep(0.3)
    with contextlib.suppress(PrinterFault):
        await first
    rig.printer.timeout_s = 0.2
    held = asyncio.create_task(rig.printer.print(rig.encoded(job("Kedua"))))
    with pytest.raises(PrinterFault) as caught:
        await rig.printer.print(rig.encoded(job("Ketiga")))
    assert not caught.value.may_have_printed
    with contextlib.suppress(PrinterFault):
        await held


async def test_sockets_are_closed_however_a_job_ends(virtual, rig):
    for conditions in ({}, {"paper_out": True}, {"paper_out": False, "silent": True}):
        virtual.change(**conditions)
        with contextlib.suppress(PrinterFault):
            await rig.printer.print(rig.encoded(job("Kerupuk")))
        await asyncio.sleep(0.05)
        assert virtual.connections == 0


async def test_a_cancelled_job_frees_the_printer(virtual, rig):
    virtual.change(silent=True)
    waiting = asyncio.create_task(rig.printer.print(rig.encoded(job("Batal"))))
    await asyncio.sleep(0.1)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    virtual.change(silent=False)
    await asyncio.sleep(0.05)
    assert (await rig.printer.print(rig.encoded(job("Lanjut")))).evidence == "processed"
