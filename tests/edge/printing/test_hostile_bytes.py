"""Bytes no printing program sends: the virtual printer neither falls over, nor hangs, nor grows."""

import asyncio
import itertools
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.printing import interpreter as inside
from edge.printing import raster, tray
from edge.printing.framing import COMMAND_BYTES_MAX, Framer
from edge.printing.interpreter import CutOff, Interpreter
from edge.printing.sheet import Picture
from edge.printing.virtual import ANSWERS_BYTES_MAX, VirtualPrinter

LEADS = st.sampled_from([b"\x10", b"\x1b", b"\x1c", b"\x1d", b"\x1d(k", b"\x1d(L", b"\x1d8L"])
COMMANDS = st.builds(
    lambda lead, name, rest: lead + name + rest,
    LEADS,
    st.binary(min_size=1, max_size=1),
    st.binary(max_size=24),
)


def sheets_of(data: bytes):
    interpreter = Interpreter()
    effects = [e for c in Framer().feed(data) for e in interpreter.execute(c)]
    sheets = [effect.sheet for effect in effects if isinstance(effect, CutOff)]
    last = interpreter.take_sheet()
    return [*sheets, last] if last else sheets


@settings(max_examples=150, deadline=None)
@given(st.lists(st.one_of(COMMANDS, st.binary(max_size=40)), max_size=40))
def test_any_bytes_become_paper_that_can_be_read_and_drawn(pieces):
    for sheet in sheets_of(b"".join(pieces)):
        assert isinstance(sheet.text, str)
        assert sheet.height <= inside.SHEET_DOTS_MAX + 65_536
        assert raster.sheet_dots(sheet, 64).width == 576


ENDLESS = {
    "tab stops": b"\x1bD",
    "stored pictures": b"\x1cq\xff\xff\xff\xff\xff",
    "own characters": b"\x1b&\xff\x00\xff",
    "old bar code": b"\x1dk\x04",
    "long graphics": b"\x1d8L\xff\xff\xff\xff",
}


@pytest.mark.parametrize("head", ENDLESS.values(), ids=list(ENDLESS))
def test_a_command_without_an_end_holds_no_more_than_the_longest(head):
    framer, most = Framer(), 0
    for _ in range(100):
        framer.feed(head + b"A" * 16_000)
        most = max(most, len(framer._pending))
    assert most <= COMMAND_BYTES_MAX + 32_000
    assert framer.feed(b"\x00\x00") is not None


FLOODS = {
    "line feeds": b"\n" * 200_000,
    "line feeds without height": b"\x1b3\x00" + b"\n" * 200_000,
    "letters over one another": (b"\x1b$\x00\x00A" * 60_000),
    "pictures": b"\x1dv0\x03\x48\x00\xff\x00" + bytes(72 * 255) + b"\x1dv0\x00\x48\x00\xff\x00"
    + bytes(72 * 255) * 60,
    "a picture wider than paper": b"\x1dv0\x03\xff\x3f\x20\x00" + b"\xff" * (0x3FFF * 32),
    "a picture higher than paper": b"\x1dv0\x03\x01\x00\xff\xff" + b"\xff" * 0xFFFF,
    "feeds": b"\x1b3\xff" + b"\x1bd\xff" * 2_000,
}  # fmt: skip


@pytest.mark.parametrize("flood", FLOODS.values(), ids=list(FLOODS))
def test_no_sheet_grows_beyond_its_limits(flood):
    begun = time.monotonic()
    for sheet in sheets_of(flood):
        items = [item for line in sheet.lines for item in line.items]
        pictures = [item for item in items if isinstance(item, Picture)]
        assert len(sheet.lines) + len(items) <= inside.SHEET_ITEMS_MAX + inside.LINE_ITEMS_MAX
        assert sum(len(x.bitmap.data) for x in pictures) <= 2 * inside.SHEET_BYTES_MAX
        assert all(item.dots <= 2 * 576 for item in pictures)
    assert time.monotonic() - begun < 10


async def test_the_tray_holds_fewer_sheets_when_they_are_heavy(monkeypatch):
    monkeypatch.setattr(tray, "TRAY_BYTES_MAX", 3_000_000)
    pile = tray.Tray(lambda: 0, keep=200)
    black = b"\x1dv0\x00\x48\x00\xff\x00" + b"\xff" * (72 * 255)
    for sheet in sheets_of(black * 200):
        pile.add(sheet)
    assert 1 <= len(pile.sheets) < pile.count
    assert sum(sheet.bytes for sheet in pile.sheets) <= 3_000_000
    assert pile.sheets[0].number == pile.count, "the newest is kept"


async def test_a_flood_leaves_the_loop_to_others():
    printer = VirtualPrinter(lambda: 0)
    await printer.start()
    try:
        _, writer = await asyncio.open_connection(printer.host, printer.port)
        writer.write(b"\x1d(k\x08\x001P0flood\x1d(k\x03\x001C\x10" + b"\x1d(k\x03\x001Q0" * 7_000)
        begun, turns = time.monotonic(), 0
        while time.monotonic() - begun < 1.0:
            await asyncio.sleep(0.001)
            turns += 1
        writer.transport.abort()
    finally:
        await printer.stop()
    assert turns > 15


async def test_who_asks_and_never_listens_costs_nothing():
    printer = VirtualPrinter(lambda: 0)
    await printer.start()
    try:
        _, writer = await asyncio.open_connection(printer.host, printer.port)
        for _ in range(200):
            writer.write(b"\x1dI\x42" * 1_000)
            await asyncio.wait_for(writer.drain(), 5)
        await asyncio.sleep(0.2)
        kept = [w.transport.get_write_buffer_size() for w in printer._writers]
        assert all(size <= ANSWERS_BYTES_MAX + 64 for size in kept)
        writer.transport.abort()
    finally:
        await printer.stop()


async def test_who_connects_and_says_nothing_is_hung_up_on():
    printer = VirtualPrinter(lambda: 0, idle_s=0.1)
    await printer.start()
    try:
        for _ in itertools.repeat(None, 2):
            reader, writer = await asyncio.open_connection(printer.host, printer.port)
            assert await asyncio.wait_for(reader.read(), 5) == b""
            writer.close()
    finally:
        await printer.stop()
