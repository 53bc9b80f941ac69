"""Servers on sockets: ending one leaves nobody behind who was just let in."""

import asyncio

TURNS = 6
"""Turns of the loop from taking a caller's connection to the first step of what serves it: four
with asyncio of Python 3.11."""


async def listen_no_more(server: asyncio.Server) -> None:
    """Nobody is let in any more; whoever had been is being served when this returns.

    `close` alone forgets callers that it took a moment ago and has not handed on: asyncio fails over
    them (a server that is closed takes no transport), and their end of the line stays open.
    """
    loop = asyncio.get_running_loop()
    for listening in server.sockets:
        loop.remove_reader(listening.fileno())
    for _ in range(TURNS):
        await asyncio.sleep(0)
    server.close()
