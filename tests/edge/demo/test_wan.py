"""The demo's WAN: passes everything on while it is joined, and nothing once it is cut."""

import asyncio
import contextlib

import pytest

from edge.demo.wan import Wan
from edge.listening import listen_no_more


@pytest.fixture
async def far_end():
    """Says back what it hears, in capitals, until the other side has finished."""
    writers = set()

    async def serve(reader, writer):
        writers.add(writer)
        with contextlib.closing(writer):
            while data := await reader.read(65_536):
                writer.write(data.upper())
                await writer.drain()
            writer.write(b"(bye)")

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    yield server.sockets[0].getsockname()[1]
    await listen_no_more(server)
    for writer in writers:
        writer.transport.abort()
    await server.wait_closed()


@pytest.fixture
async def wan(far_end):
    line = Wan("127.0.0.1", far_end)
    await line.start()
    yield line
    await line.stop()


async def call(line):
    return await asyncio.open_connection("127.0.0.1", line.port)


async def ended(reader):
    try:
        async with asyncio.timeout(2):
            return await reader.read() == b""
    except ConnectionError:
        return True


async def test_bytes_pass_in_both_directions_and_an_end_passes_too(wan):
    reader, writer = await call(wan)
    message = b"kopi " * 100_000
    writer.write(message)
    writer.write_eof()
    async with asyncio.timeout(5):
        assert await reader.read() == message.upper() + b"(bye)"
    writer.close()


async def test_cutting_ends_the_connections_in_use(wan):
    reader, writer = await call(wan)
    writer.write(b"kopi")
    assert await reader.read(4) == b"KOPI"
    wan.set_cut(True)
    assert await ended(reader)
    writer.close()


async def test_a_connection_on_its_way_when_the_line_is_cut_does_not_get_through(wan):
    calls = [asyncio.create_task(call(wan)) for _ in range(10)]
    await asyncio.sleep(0)
    wan.set_cut(True)
    for reader, writer in await asyncio.gather(*calls):
        writer.write(b"kopi")
        assert await ended(reader)
        writer.close()


async def test_nothing_gets_through_while_cut_and_all_is_well_afterwards(wan):
    wan.set_cut(True)
    reader, writer = await call(wan)
    assert await ended(reader)
    writer.close()
    wan.set_cut(False)
    reader, writer = await call(wan)
    writer.write(b"kopi")
    assert await reader.read(4) == b"KOPI"
    writer.close()


async def test_nobody_at_the_far_end_is_a_hang_up_not_a_wait(wan):
    wan.target = ("127.0.0.1", 1)
    reader, writer = await call(wan)
    assert await ended(reader)
    writer.close()


async def test_stopping_hangs_up_and_listens_no_more(wan):
    reader, writer = await call(wan)
    await wan.stop()
    assert await ended(reader)
    writer.close()
    with pytest.raises(OSError, match=r"refused|failed"):
        await call(wan)
