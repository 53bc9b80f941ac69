"""A program that keeps giving orders as fast as the box takes them, and says each yes on its output.

`python hammer.py FOLDER SCREENS` ends when it is killed; what it said before is known to be taken.
"""

import asyncio
import os
import sys
from pathlib import Path

from edge.app import tune
from edge.config import Config
from edge.database import Database
from edge.journal import Journal
from edge.menu import Menus
from edge.outlet import outlet_of
from edge.platform import Platform
from edge.taking import Taken, Taking
from protocol import commands as c


async def screen(taking, platform):
    while True:
        order_id, line_id = platform.new_id(), platform.new_id()
        lines = (c.NewLine(line_id=line_id, variant_id="nasi-kecil"),)
        asked = (
            c.PlaceOrder(order_id=order_id, lines=lines),
            c.TenderPayment(order_id=order_id, payment_id=platform.new_id(), tendered=50_000),
            c.BumpTicket(order_id=order_id, station_id="dapur"),
            c.ChangeOrderStatus(order_id=order_id, status="served"),
        )
        for command in asked:
            command_id = platform.new_id()
            taken = await taking.take(c.Envelope(command_id=command_id, command=command))
            assert isinstance(taken, Taken), taken
            os.write(1, f"{command_id} {taken.position} {order_id}\n".encode())


async def main(folder, screens):
    tune()
    platform = Platform()
    database = Database(Path(folder) / "box.db")
    journal = Journal(database, platform, node_id="alone", product="hammer")
    taking = Taking(database, journal, Menus(journal), outlet_of(Config(), None))
    for part in (database, journal, taking):
        await part.start()
    await asyncio.gather(*(screen(taking, platform) for _ in range(int(screens))))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
