"""(e) Order accepted → first byte of its ticket at the printer, with another printer of the box dead."""

import asyncio
import tempfile
import time
from pathlib import Path

import msgspec
from kitchen import on_a_clock, row
from load import new_id
from processes import run_async

from edge.box import Box
from edge.config import Config, PrinterConfig
from protocol import commands as c
from protocol.menu import Category, Item, Menu, Station, Variant

RATES = (1, 20)
ANSWERS = {b"\x10\x04": b"\x12", b"\x1dr": b"\x00"}
"""What a well printer says to a status question, and in order after a job."""


class Stopwatch:
    """Answers like a printer and notes when each job's first byte comes (ESC @)."""

    def __init__(self) -> None:
        self.begins: list[float] = []
        self.port = 0

    async def start(self) -> asyncio.Server:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        return server

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while piece := await reader.read(65_536):
            if b"\x1b@" in piece:
                self.begins.append(time.perf_counter())
            for question, answer in ANSWERS.items():
                writer.write(answer * piece.count(question))
        writer.close()


MENU = Menu(
    version=1,
    currency="IDR",
    stations=(Station(id="dapur", names={"id": "Dapur"}),),
    fallback_station="dapur",
    categories=(Category(id="c", names={"id": "Makanan"}),),
    items=(
        Item(
            id="nasi",
            category_id="c",
            names={"id": "Nasi Goreng Kampung"},
            variants=(Variant(id="v", names={}, price=25_000, plu="1"),),
            station_ids=("dapur",),
        ),
    ),
)


def measure(quick: bool) -> list[dict]:
    return run_async(_measure(quick))


async def _measure(quick: bool) -> list[dict]:
    watch = Stopwatch()
    server = await watch.start()
    printers = (
        PrinterConfig(id="a", name="Dapur", host="127.0.0.1", port=watch.port, stations=("dapur",)),
        PrinterConfig(id="b", name="Mati", host="127.0.0.1", port=1, stations=("dapur",)),
    )
    with tempfile.TemporaryDirectory() as place:
        settings = {"announce": False, "mqtt_port": 1, "ballast_mb": 0}
        box = Box(Config(data_dir=str(Path(place)), printers=printers, **settings))
        await box.start()
        body = msgspec.json.encode(MENU)
        reading = box.journal.reading()
        await box.database.write(lambda db: box.menus.apply(db, body, 1, "bench", reading))
        await box.database.write(box.menus.current)
        try:
            await _round(box, watch, 1, 2)  # the encoder's library comes in with the first job
            seconds = 5 if quick else 20
            return [await _round(box, watch, rate, rate * seconds) for rate in RATES]
        finally:
            await box.stop()
            server.close()


async def _round(box: Box, watch: Stopwatch, rate: int, count: int) -> dict:
    watch.begins.clear()
    accepted: list[float] = []

    async def order() -> None:
        lines = tuple(c.NewLine(line_id=new_id(), variant_id="v", quantity=1) for _ in range(4))
        command = c.PlaceOrder(order_id=new_id(), lines=lines)
        await box.taking.take(c.Envelope(command_id=new_id(), command=command, screen="bench"))
        accepted.append(time.perf_counter())

    await on_a_clock(order, rate, count)
    async with asyncio.timeout(60):
        while len(watch.begins) < count:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    # One printer takes its papers in the order they were accepted.
    took = [b - a for a, b in zip(sorted(accepted), watch.begins, strict=True)]
    return row("accepted → first byte", rate, [max(0.0, t) for t in took])
