"""Whoever is let in at the very moment a server of ours ends is hung up on, and not forgotten."""

import asyncio
import contextlib
import socket

import pytest

from edge.demo.wan import Wan
from edge.printing.simulator import Simulator
from edge.printing.virtual import VirtualPrinter


@pytest.fixture(params=["printer", "page", "wan"])
def server(request, clock):
    def printer(on_sheet=None):
        return VirtualPrinter(clock.wall_ms, on_sheet=on_sheet)

    makes = {
        "printer": printer,
        "page": lambda: Simulator(printer),
        "wan": lambda: Wan("127.0.0.1", 1),
    }
    return makes[request.param]()


@pytest.mark.parametrize("turns", range(6))
async def test_a_caller_in_the_last_moment_is_hung_up_on(server, turns):
    await server.start()
    port = getattr(server, "http_port", None) or server.port
    with socket.create_connection(("127.0.0.1", port), timeout=2) as caller:
        for _ in range(turns):
            await asyncio.sleep(0)
        await server.stop()
        with contextlib.suppress(ConnectionResetError):
            assert await asyncio.to_thread(caller.recv, 1) == b""
