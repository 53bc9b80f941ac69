"""The limit to compare with: SQLite group commit of a reference order, without HTTP and rules."""

import asyncio
import json
import sqlite3
import sys
import time
from pathlib import Path

from edge.database import Database

TABLES = """
CREATE TABLE o (id TEXT PRIMARY KEY, number TEXT, day TEXT, status TEXT, body BLOB) STRICT;
CREATE TABLE l (order_id TEXT, line INTEGER, item TEXT, quantity INTEGER, amount INTEGER,
    PRIMARY KEY (order_id, line)) STRICT, WITHOUT ROWID;
CREATE TABLE p (id TEXT PRIMARY KEY, order_id TEXT, amount INTEGER) STRICT, WITHOUT ROWID;
CREATE TABLE j (position INTEGER PRIMARY KEY, kind TEXT, body BLOB) STRICT;
"""
BODY = b"x" * 700
"""A reference order: one order row, four lines, one payment, two journal entries."""


def insert(db: sqlite3.Connection, number: int) -> None:
    key = f"{number:032x}"
    db.execute("INSERT INTO o VALUES (?,?,?,?,?)", (key, "A001", "2026-11-22", "fired", BODY))
    db.executemany(
        "INSERT INTO l VALUES (?,?,?,?,?)", [(key, i, "item", 1, 20_000) for i in range(4)]
    )
    db.execute("INSERT INTO p VALUES (?,?,?)", (key, key, 80_000))
    db.executemany("INSERT INTO j (kind, body) VALUES (?,?)", [("placed", BODY), ("paid", BODY)])


async def run(folder: Path, clients: int, orders: int) -> dict:
    path = folder / f"bare-{clients}.db"
    connection = sqlite3.connect(path)
    connection.executescript("PRAGMA journal_mode=WAL;" + TABLES)
    connection.close()
    database = Database(path)
    await database.start()
    latencies: list[float] = []
    numbers = iter(range(orders))

    async def client() -> None:
        for number in numbers:
            began = time.perf_counter()
            await database.write(lambda db, number=number: insert(db, number))
            latencies.append(time.perf_counter() - began)

    began = time.perf_counter()
    await asyncio.gather(*(client() for _ in range(clients)))
    took = time.perf_counter() - began
    await database.stop()
    path.unlink()
    latencies.sort()
    return {
        "clients": clients,
        "orders": orders,
        "per_s": orders / took,
        "p50_ms": latencies[orders // 2] * 1000,
        "p99_ms": latencies[int(orders * 0.99)] * 1000,
    }


if __name__ == "__main__":
    import uvloop

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        outcome = runner.run(run(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])))
        json.dump(outcome, sys.stdout)
