"""kill -9 of a real box in the middle of a replay, again and again, loses and doubles nothing."""

import asyncio
import os
import signal
import socket
import sys
from pathlib import Path

import msgspec
import pytest

from edge.database import Database
from edge.http_client import open_client
from edge.journal import Journal
from edge.menu import Menus
from edge.migrations import migrate
from edge.platform import Platform
from edge.replay.engine import replay

ORDERS = 1_500
KILLS = 3


class BoxProcess:
    """`kedai edge serve` as a process of its own, on a port that stays."""

    def __init__(self, data: Path):
        self.data = data
        with socket.socket() as found:
            found.bind(("127.0.0.1", 0))
            self.port = found.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.starts = 0
        self._process = None

    async def start(self):
        settings = {
            "KEDAI_CURRENCY": "IDR",
            "KEDAI_ANNOUNCE": "false",
            "KEDAI_MQTT_PORT": "1",
            "KEDAI_LOG_LEVEL": "CRITICAL",
        }
        self.starts += 1
        where = ("--data", str(self.data), "--host", "127.0.0.1", "--port", str(self.port))
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "edge", "serve", *where, env=os.environ | settings
        )

    async def kill(self):
        self._process.send_signal(signal.SIGKILL)
        await self._process.wait()


@pytest.fixture
async def box(tmp_path, warung):
    """A box with the warung's menu, running."""
    place = BoxProcess(tmp_path / "box")
    place.data.mkdir()
    migrate(place.data / "box.db")
    database = Database(place.data / "box.db")
    await database.start()
    journal = Journal(database, Platform(), node_id="alone", product="test")
    await journal.start()
    body, menus = msgspec.json.encode(warung), Menus(journal)
    await database.write(lambda db: menus.apply(db, body, 1, "publish", journal.reading()))
    await database.stop()
    await place.start()
    yield place
    await place.kill()


async def test_a_box_killed_during_a_replay_has_every_sale_once(box, sales):
    rows = [
        f"{n},2025-03-{1 + n // 100:02} 08:{n % 60:02}:00,101,{1 + n % 3},{1000 + n}"
        for n in range(ORDERS)
    ]
    file = sales("order,time,plu,quantity,amount", *rows)
    kill_at = {ORDERS * k // (KILLS + 1): asyncio.Event() for k in range(1, KILLS + 1)}

    def on_progress(done: int, _: int) -> None:
        for at, reached in kill_at.items():
            if done >= at:
                reached.set()

    replaying = asyncio.create_task(replay(file, box.url, on_progress=on_progress))
    for reached in kill_at.values():
        await reached.wait()
        await asyncio.sleep(0.02)  # into the next request
        await box.kill()
        await box.start()
    outcome = await replaying

    assert (outcome.accepted + outcome.repeated, outcome.refused) == (ORDERS, [])
    assert box.starts == KILLS + 1
    again = await replay(file, box.url)
    assert (again.accepted, again.repeated) == (0, ORDERS)
    async with open_client(box.url) as client:
        answer = await client.get("/api/reports/sales?from=2025-03-01&to=2025-03-31")
    totals = msgspec.json.decode(answer.content)["totals"]
    assert totals["orders"] == totals["lines"] == ORDERS
    assert totals["units"] == sum(1 + n % 3 for n in range(ORDERS))
    assert totals["amount_minor"] == sum(1000 + n for n in range(ORDERS))
