"""What else goes wrong with printers, and what they say of it by themselves."""

import asyncio
import contextlib

import pytest

from edge.printing.machine import Machine
from edge.printing.virtual import VirtualPrinter

JOB = b"Nasi goreng\n\x1dV\x00"


@pytest.fixture
async def start():
    """Starts printers and stops them all."""
    async with contextlib.AsyncExitStack() as stack:

        async def starter(**options):
            printer = VirtualPrinter(lambda: 1234, **options)
            await printer.start()
            stack.push_async_callback(printer.stop)
            return printer

        yield starter


@pytest.fixture
async def connect():
    async with contextlib.AsyncExitStack() as stack:

        async def connector(printer):
            reader, writer = await asyncio.open_connection(printer.host, printer.port)
            stack.callback(writer.close)
            return reader, writer

        yield connector


async def heard(reader, count):
    return await asyncio.wait_for(reader.readexactly(count), 5)


async def test_once_asked_it_says_by_itself_what_changes(start, connect):
    printer = await start()
    reader, writer = await connect(printer)
    writer.write(b"\x1da\xff")
    assert await heard(reader, 4) == b"\x10\x00\x00\x00"
    printer.change(cover_open=True)
    assert await heard(reader, 4) == b"\x38\x00\x00\x00"
    printer.change(cover_open=False, paper_low=True)
    assert await heard(reader, 4) == b"\x10\x00\x03\x00"
    printer.change(paper_out=True)
    assert await heard(reader, 4) == b"\x18\x00\x0f\x00"
    printer.change(paper_out=False, paper_low=False, cutter_jam=True)
    assert await heard(reader, 4) == b"\x18\x08\x00\x00"


async def test_unasked_or_after_the_power_went_it_says_nothing(start, connect):
    printer = await start()
    reader, writer = await connect(printer)
    writer.write(b"\x1da\xff\x1da\x00\x10\x04\x01")
    assert await heard(reader, 4) == b"\x12\x10\x00\x00", "real time overtakes what is printed"
    printer.change(cover_open=True)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(reader.readexactly(2), 0.2)


async def test_paper_that_runs_out_is_said_at_the_line_where_it_does(start, connect):
    printer = await start()
    printer.change(paper_lines_left=2)
    reader, writer = await connect(printer)
    writer.write(b"\x1da\x08A\nB\nC\n\x1dV\x00")
    assert await heard(reader, 8) == b"\x10\x00\x00\x00" + b"\x18\x00\x0c\x00"
    assert printer.sheets == ()
    printer.change(paper_out=False)
    (sheet,) = await printer.wait_for_sheets(1)
    assert sheet.text == "A\nB\nC\n"


async def test_a_jammed_cutter_is_told_and_holds_the_job(start, connect):
    printer = await start()
    printer.change(cutter_jam=True)
    reader, writer = await connect(printer)
    writer.write(JOB + b"\x10\x04\x01\x10\x04\x02\x10\x04\x03")
    assert await heard(reader, 3) == bytes([0x1A, 0x52, 0x1A])
    assert printer.sheets == ()
    printer.change(cutter_jam=False)
    await printer.wait_for_sheets(1)


async def test_a_printer_held_by_another_computer_hangs_up(start, connect):
    printer = await start()
    printer.change(busy=True)
    reader, _ = await connect(printer)
    with contextlib.suppress(ConnectionResetError):
        assert await asyncio.wait_for(reader.read(), 5) == b""
    printer.change(busy=False)
    _, writer = await connect(printer)
    writer.write(JOB)
    await printer.wait_for_sheets(1)


async def test_switched_off_it_is_not_there_and_comes_back_where_it_was(start, connect):
    printer = await start()
    _, writer = await connect(printer)
    printer.change(cover_open=True)
    writer.write(JOB)
    await asyncio.sleep(0.1)
    await printer.switch_off()
    await printer.switch_off()
    assert not printer.is_on
    with pytest.raises(ConnectionRefusedError):
        await connect(printer)
    printer.change(cover_open=False)
    await printer.switch_on()
    _, writer = await connect(printer)
    writer.write(b"Kopi\n\x1dV\x00")
    (sheet,) = await printer.wait_for_sheets(1)
    assert sheet.text == "Kopi\n", "what waited in its memory went with the power"


async def test_the_drawer_opens_in_real_time_too(start, connect):
    printer = await start()
    reader, writer = await connect(printer)
    writer.write(b"\x10\x14\x01\x00\x05\x10\x04\x01")
    await heard(reader, 1)
    assert printer.drawer_kicks == 1


async def test_questions_are_answered_in_order(start, connect):
    printer = await start()
    printer.change(paper_low=True)
    reader, writer = await connect(printer)
    writer.write(b"\x1dr\x01\x1dr\x02\x1dI\x01\x1dI\x43")
    assert await heard(reader, 3) == b"\x03\x00\x02"
    assert await asyncio.wait_for(reader.readuntil(b"\x00"), 5) == b"_VIRTUAL\x00"


async def test_a_slow_head_takes_its_time_for_each_line(start, connect):
    printer = await start()
    printer.change(lines_per_s=20.0)
    loop = asyncio.get_running_loop()
    _, writer = await connect(printer)
    begun = loop.time()
    writer.write(b"A\nB\nC\nD\n\x1dV\x00")
    await printer.wait_for_sheets(1)
    assert loop.time() - begun >= 0.19


async def test_a_small_memory_stops_listening_sooner(start, connect):
    printer = await start(buffer_bytes=200)
    printer.change(cover_open=True)
    reader, writer = await connect(printer)
    writer.write(b"Nasi goreng\n" * 100)
    await asyncio.sleep(0.1)
    writer.write(b"\x10\x04\x01")
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(reader.readexactly(1), 0.2)


async def test_it_can_be_another_make(start, connect):
    printer = await start(machine=Machine(dots=384, cutter_dots=10))
    _, writer = await connect(printer)
    writer.write(b"A\n\x1dVB\x00")
    (sheet,) = await printer.wait_for_sheets(1)
    assert (sheet.model.dots, sheet.model.height) == (384, 40)
