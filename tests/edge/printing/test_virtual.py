"""The virtual printer over a real socket: it must be as truthful and as difficult as a real one."""

import asyncio
import contextlib

import pytest

from edge.printing.interpreter import SHEET_DOTS_MAX
from edge.printing.virtual import BUFFER_BYTES, VirtualPrinter

PNG = b"\x89PNG\r\n\x1a\n"


class Line:
    """A raw connection to a printer."""

    def __init__(self, reader, writer):
        self.reader, self.writer = reader, writer

    async def send(self, data):
        self.writer.write(data)
        await self.writer.drain()

    async def ask(self, number, within_s=1.0):
        await self.send(b"\x10\x04" + bytes([number]))
        return (await asyncio.wait_for(self.reader.readexactly(1), within_s))[0]


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
async def printer(start):
    return await start()


@pytest.fixture
async def connect():
    async with contextlib.AsyncExitStack() as stack:

        async def connector(printer):
            reader, writer = await asyncio.open_connection(printer.host, printer.port)
            stack.callback(writer.close)
            return Line(reader, writer)

        yield connector


async def test_bytes_become_a_sheet_at_the_cut(printer, connect):
    line = await connect(printer)
    await line.send(b"\x1b@Nasi gor")
    await line.send(b"eng\n\x1b")
    await asyncio.sleep(0.02)
    await line.send(b"d\x02\x1dV\x00")
    (sheet,) = await printer.wait_for_sheets(1)
    assert (sheet.number, sheet.text, sheet.printed_at_ms) == (1, "Nasi goreng\n", 1234)
    assert sheet.png.startswith(PNG)


@pytest.mark.parametrize(
    ("conditions", "answers"),
    [
        ({}, {1: 0x12, 2: 0x12, 3: 0x12, 4: 0x12}),
        ({"paper_low": True}, {1: 0x12, 4: 0x1E}),
        ({"paper_out": True}, {1: 0x1A, 2: 0x32, 4: 0x72}),
        ({"cover_open": True}, {1: 0x1A, 2: 0x16, 4: 0x12}),
        ({"offline": True}, {1: 0x1A, 2: 0x12, 4: 0x12}),
    ],
)
async def test_it_says_how_it_is_in_real_time(printer, connect, conditions, answers):
    line = await connect(printer)
    printer.change(**conditions)
    assert {number: await line.ask(number) for number in answers} == answers


async def test_paper_that_runs_out_holds_the_rest_until_there_is_paper(printer, connect):
    line = await connect(printer)
    printer.change(paper_lines_left=2)
    await line.send(b"satu\ndua\ntiga\nempat\n\x1dV\x00")
    await asyncio.sleep(0.05)
    assert await line.ask(4) == 0x72
    assert printer.sheets == ()
    printer.change(paper_out=False)
    (sheet,) = await printer.wait_for_sheets(1)
    assert sheet.text == "satu\ndua\ntiga\nempat\n"


async def test_power_lost_loses_the_buffer_but_not_the_paper(printer, connect):
    line = await connect(printer)
    printer.change(paper_lines_left=2)
    await line.send(b"satu\ndua\ntiga\n\x1dV\x00")
    await line.ask(4)
    printer.power_cycle()
    printer.change(paper_out=False)
    assert printer.sheets == ()
    assert printer.tear().text == "satu\ndua\n"


async def test_a_full_buffer_stops_listening_and_nothing_is_lost(printer, connect):
    line = await connect(printer)
    printer.change(cover_open=True)
    rows = BUFFER_BYTES // 10
    job = b"".join(b"baris %04d\n" % (n % 10000) for n in range(rows * 3)) + b"\x1dV\x00"
    await line.send(job)
    with pytest.raises(TimeoutError):
        await line.ask(1, within_s=0.2)
    printer.change(cover_open=False)
    sheets = await printer.wait_for_sheets(-(-rows * 3 * 30 // SHEET_DOTS_MAX))
    assert sum(sheet.text.count("\n") for sheet in sheets) == rows * 3


async def test_the_buffer_can_be_cleared_in_real_time(printer, connect):
    line = await connect(printer)
    printer.change(cover_open=True)
    await line.send(b"lama\n\x1dV\x00\x10\x14\x08\x01\x03\x14\x01\x06\x02\x08baru\n\x1dV\x00")
    await line.ask(1)
    printer.change(cover_open=False)
    (sheet,) = await printer.wait_for_sheets(1)
    assert sheet.text == "baru\n"


async def test_real_time_questions_overtake_a_job_that_is_printing(printer, connect):
    line = await connect(printer)
    printer.change(lines_per_s=20)
    await line.send(b"satu\ndua\ntiga\nempat\n\x1dV\x00")
    assert await line.ask(1) == 0x12
    assert printer.sheets == ()
    assert (await printer.wait_for_sheets(1))[0].text == "satu\ndua\ntiga\nempat\n"


async def test_an_answer_in_order_waits_for_what_is_printed_before_it(printer, connect):
    line = await connect(printer)
    printer.change(cover_open=True)
    await line.send(b"satu\n\x1dr\x01")
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(line.reader.readexactly(1), 0.2)
    printer.change(cover_open=False)
    assert await asyncio.wait_for(line.reader.readexactly(1), 1) == b"\x00"


async def test_only_one_sender_at_a_time(start, connect):
    printer = await start()
    first = await connect(printer)
    assert await first.ask(1) == 0x12
    second = await connect(printer)
    with contextlib.suppress(ConnectionError):
        assert await second.reader.read() == b""
    assert await first.ask(1) == 0x12


async def test_the_tray_keeps_the_newest_and_tells_of_each(start, connect):
    seen = []
    printer = await start(keep=2, on_sheet=seen.append)
    line = await connect(printer)
    await line.send(b"satu\n\x1bidua\n\x1bitiga\n\x1bi")
    sheets = await printer.wait_for_sheets(3)
    assert [sheet.text for sheet in sheets] == ["tiga\n", "dua\n"]
    assert [sheet.number for sheet in seen] == [1, 2, 3]


async def test_sheets_are_written_and_numbers_go_on_after_a_restart(tmp_path, connect):
    folder = tmp_path / "kertas"
    for word in (b"satu", b"dua", b"tiga"):
        printer = VirtualPrinter(lambda: 0, folder=folder, keep=2)
        await printer.start()
        line = await connect(printer)
        await line.send(word + b"\n\x1bi")
        await printer.wait_for_sheets(1)
        await printer.stop()
    names = ["0002.png", "0002.txt", "0003.png", "0003.txt"]
    assert sorted(path.name for path in folder.iterdir()) == names
    assert (folder / "0003.txt").read_text() == "tiga\n"
    assert (folder / "0003.png").read_bytes().startswith(PNG)


async def test_drawer_pulses_and_unknown_commands_are_counted(printer, connect):
    line = await connect(printer)
    await line.send(b"\x1bp\x00\x19\x19\x1bZx\n\x1dr\x01")
    await asyncio.wait_for(line.reader.readexactly(1), 1)
    assert (printer.drawer_kicks, printer.unknown_commands) == (1, 1)


async def test_a_condition_there_is_not_is_refused(printer):
    with pytest.raises(TypeError):
        printer.change(on_fire=True)


async def test_stopping_frees_the_port(start):
    printer = await start()
    await printer.stop()
    again = await start(port=printer.port)
    assert again.port == printer.port
