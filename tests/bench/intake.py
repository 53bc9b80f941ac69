"""(c) Events per second into HQ over HTTP with projections on, next to COPY of the same rows; and
the same backlog brought up by a whole box from its start."""

import asyncio
import gzip
import io
import json
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import asyncpg
import msgspec
from load import new_id
from processes import free_port, run_async, running, wait_port
from server import prepare

from edge.batches import Batches
from edge.box import Box
from edge.config import Config
from edge.database import Database
from edge.journal import Journal
from edge.menu import Menus
from edge.node import Node
from edge.outlet import outlet_of
from edge.pace import BYTES_MAX
from edge.platform import Platform
from edge.taking import Taking
from edge.uplink import GZIP_LEVEL, Uplink
from protocol import commands as c
from protocol.orders import OrderStatus, Source
from protocol.replication import BATCH_ENTRIES_MAX, Receipt

TABLES = ("ledger", "orders", "order_lines", "payments")


def measure(quick: bool) -> dict:
    rounds = []
    with tempfile.TemporaryDirectory() as folder:
        for number in range(1 if quick else 3):
            place = Path(folder) / str(number)
            place.mkdir()
            rounds.append(run_async(_measure(place, 800 if quick else 20_000)))
    return sorted(rounds, key=lambda r: r["ratio"])[len(rounds) // 2]


async def _measure(place: Path, orders: int) -> dict:
    variants = await prepare(place / "box")
    port = free_port()
    argv = [
        sys.executable,
        "-m",
        "cloud",
        "--data",
        str(place / "hq"),
        "serve",
        "--port",
        str(port),
    ]
    with running(argv, place / "hq.log") as process:
        await asyncio.to_thread(wait_port, port, process)
        told = [sys.executable, "-m", "cloud", "--data", str(place / "hq")]
        _json([*told, "tenant", "add", "Bench", "--json"])
        code = _json([*told, "outlet", "add", "Bench", "--tenant", "Bench", "--json"])["code"]
        node = Node(place / "box")
        uplink = Uplink(node, f"http://127.0.0.1:{port}")
        await uplink.start()
        node.keep(await uplink.enrol(code, "bench"), uplink.hq_url)
        entries, box = await _sell(place / "box", node, variants, orders)
        database, journal = box
        url = (place / "hq" / "database_url").read_text()
        bodies = await _encoded(uplink, database, journal)
        began = time.perf_counter()
        for body in bodies:
            receipt = await uplink._request("POST", "/sync/v1/batches", body, Receipt)
            assert all(ack.verdict == "ok" for ack in receipt.acks), receipt
        sent = time.perf_counter() - began
        connection = await asyncpg.connect(url)
        await _projected(connection, orders)
        took = time.perf_counter() - began
        await uplink.stop()
        await database.stop()
        bare, rows = await _copy(connection)
        code = _json([*told, "outlet", "add", "Backlog", "--tenant", "Bench", "--json"])["code"]
        backlog = await _send_backlog(place, uplink.hq_url, code, connection, orders)
        await connection.close()
    return {
        "events": entries,
        "orders": orders,
        "rows": rows,
        "intake_per_s": entries / sent,
        "with_projections_per_s": entries / took,
        "bare_copy_events_per_s": entries / bare,
        "ratio": bare / took,
        "backlog_per_s": entries / backlog,
        "backlog_of_intake": took / backlog,
    }


async def _sell(
    folder: Path, node: Node, variants: list[str], orders: int
) -> tuple[int, tuple[Database, Journal]]:
    """A journal of whole orders: placed, fired, paid, served."""
    outlet = outlet_of(Config(), node.enrolled)
    database = Database(folder / "box.db")
    await database.start()
    journal = Journal(database, Platform(), node_id=outlet.node_id, product="bench")
    await journal.start()
    taking = Taking(database, journal, Menus(journal), outlet)
    await taking.start()

    async def order() -> None:
        order_id = new_id()
        lines = tuple(c.NewLine(line_id=new_id(), variant_id=v, quantity=1) for v in variants[:4])
        place = c.PlaceOrder(order_id=order_id, lines=lines, source=Source.COUNTER)
        for command in (
            place,
            c.TenderPayment(order_id=order_id, payment_id=new_id(), tendered=10_000_000),
            c.ChangeOrderStatus(order_id=order_id, status=OrderStatus.SERVED),
        ):
            taken = await taking.take(c.Envelope(command_id=new_id(), command=command))
            assert hasattr(taken, "position"), taken

    for _ in range(orders // 50):
        await asyncio.gather(*(order() for _ in range(50)))
    await taking.stop()
    return journal.position, (database, journal)


async def _encoded(uplink: Uplink, database: Database, journal: Journal) -> list[bytes]:
    """The whole journal as the box would send it after a long absence, ready to post."""
    incarnation = (await uplink.witness()).incarnation
    batches, after, bodies = Batches(journal, database), 0, []
    while True:
        batch, after = await batches.next(after, BATCH_ENTRIES_MAX, BYTES_MAX, incarnation)
        if not batch.segments:
            return bodies
        bodies.append(gzip.compress(msgspec.msgpack.encode(batch), GZIP_LEVEL))


async def _send_backlog(
    place: Path, hq_url: str, code: str, connection: asyncpg.Connection, orders: int
) -> float:
    """Seconds that a whole box needs, from its start, to bring the same backlog to HQ's figures."""
    data = place / "backlog"
    data.mkdir()
    shutil.copy(place / "box" / "box.db", data)
    node = Node(data)
    uplink = Uplink(node, hq_url)
    await uplink.start()
    node.keep(await uplink.enrol(code, "bench"), hq_url)
    await uplink.stop()
    box = Box(Config(data_dir=str(data), announce=False, mqtt_port=1, ballast_mb=0))
    began = time.perf_counter()
    await box.start()
    try:
        await _projected(connection, 2 * orders)
        return time.perf_counter() - began
    finally:
        await box.stop()


async def _projected(connection: asyncpg.Connection, orders: int) -> None:
    async with asyncio.timeout(120):
        while True:
            closed = "SELECT count(*) FROM orders WHERE status = 'closed'"
            if await connection.fetchval(closed) == orders:
                return
            await asyncio.sleep(0.02)


async def _copy(connection: asyncpg.Connection) -> tuple[float, int]:
    """Seconds to COPY the very rows back into the emptied tables, and how many they are."""
    kept = {}
    for table in TABLES:
        kept[table] = io.BytesIO()
        await connection.copy_from_query(
            f"SELECT * FROM {table}", output=kept[table], format="binary"
        )
        kept[table].seek(0)
    counts = [await connection.fetchval(f"SELECT count(*) FROM {t}") for t in TABLES]
    await connection.execute(f"TRUNCATE {', '.join(TABLES)} CASCADE")
    await connection.execute("CHECKPOINT")
    began = time.perf_counter()
    for table in TABLES:
        await connection.copy_to_table(table, source=kept[table], format="binary")
    return time.perf_counter() - began, sum(counts)


def _json(argv: list[str]) -> dict:
    done = subprocess.run(argv, capture_output=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr.decode())
    return json.loads(done.stdout)


if __name__ == "__main__":
    print(msgspec.json.encode(measure("quick" in sys.argv)).decode())
