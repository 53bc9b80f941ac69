"""(d) From starting the process to the first accepted order, and what the box weighs."""

import asyncio
import http.client
import sys
import tempfile
import time
from pathlib import Path

from load import drive, order_body
from processes import free_port, resident_mb, run_async, running
from server import prepare


def measure(quick: bool) -> dict:
    times, idle, busy = [], [], []
    for _ in range(1 if quick else 5):
        with tempfile.TemporaryDirectory() as place:
            variants = run_async(prepare(Path(place)))
            port = free_port()
            argv = [sys.executable, str(Path(__file__).parent / "server.py"), place, str(port)]
            began = time.perf_counter()
            with running(argv, Path(place) / "box.log") as process:
                _first_order(port, variants)
                times.append(time.perf_counter() - began)
                time.sleep(1)
                idle.append(resident_mb(process.pid))
                asyncio.run(drive(port, 8, 800 if quick else 4_000, variants))
                busy.append(resident_mb(process.pid))
    return {
        "first_order_s": sorted(times)[len(times) // 2],
        "idle_mb": sorted(idle)[len(idle) // 2],
        "after_orders_mb": sorted(busy)[len(busy) // 2],
    }


def _first_order(port: int, variants: list[str]) -> None:
    body = order_body(variants)
    while True:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("POST", "/api/orders", body)
            if connection.getresponse().status == 200:
                return
        except OSError:
            time.sleep(0.005)
        finally:
            connection.close()
