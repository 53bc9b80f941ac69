"""(a) Durable orders per second: the box, the bare loop, and one commit per order, side by side."""

import sys
import tempfile
from pathlib import Path

from processes import free_port, run_async, running, tool, wait_port
from server import prepare

CLIENTS = (1, 8, 64)


def measure(quick: bool) -> list[dict]:
    orders = {1: 600, 8: 3_000, 64: 6_000} if not quick else {1: 200, 8: 600, 64: 1_200}
    rounds = 1 if quick else 3
    rows: list[dict] = []
    with tempfile.TemporaryDirectory() as place:
        for _ in range(rounds):
            for clients in CLIENTS:
                bare = tool("bare.py", place, clients, max(2_000, orders[clients]))
                rows.append({"what": "bare loop", **bare})
                rows.append({"what": "box", **box(Path(place), clients, orders[clients])})
            slow = orders[64] // 5
            one = {"BENCH_GROUP": "1"}
            five = {"BENCH_FLUSH_MS": "5"}
            rows.append({"what": "one commit each", **box(Path(place), 64, orders[64] // 2, **one)})
            rows.append({"what": "box, flush +5 ms", **box(Path(place), 64, orders[64], **five)})
            rows.append(
                {
                    "what": "one commit each, flush +5 ms",
                    **box(Path(place), 64, slow, **one, **five),
                }
            )
    return median_rows(rows)


def box(place: Path, clients: int, orders: int, **environment: str) -> dict:
    """Rate and latencies of a fresh box in a process of its own, the load in another."""
    with tempfile.TemporaryDirectory(dir=place) as folder:
        variants = run_async(prepare(Path(folder)))
        port = free_port()
        argv = [sys.executable, str(Path(__file__).parent / "server.py"), folder, str(port)]
        with running(argv, place / "box.log", **environment) as process:
            wait_port(port, process)
            tool("load.py", port, min(8, clients), 64, *variants)  # warm
            return tool("load.py", port, clients, orders, *variants)


def median_rows(rows: list[dict]) -> list[dict]:
    """One row per kind and number of clients: the round with the median rate."""
    kinds: dict[tuple[str, int], list[dict]] = {}
    for row in rows:
        kinds.setdefault((row["what"], row["clients"]), []).append(row)
    return [sorted(v, key=lambda r: r["per_s"])[len(v) // 2] for v in kinds.values()]
