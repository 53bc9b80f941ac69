"""A closed-loop HTTP load in one process: N connections, each sending its next order when answered."""

import asyncio
import json
import os
import sys
import time

from protocol.ids import mint


def new_id() -> str:
    return mint(time.time_ns() // 1_000_000, os.urandom(10))


def order_body(variants: list[str]) -> bytes:
    """A four-line order, as the counter sends it."""
    lines = [
        {"line_id": new_id(), "variant_id": variants[i % len(variants)], "quantity": 1 + i % 2}
        for i in range(4)
    ]
    body = {
        "order_id": new_id(),
        "command_id": new_id(),
        "lines": lines,
        "source": "counter",
        "dining_option": "dine_in",
        "screen": "bench",
    }
    return json.dumps(body, separators=(",", ":")).encode()


class Client(asyncio.Protocol):
    """One connection; the answers are counted, refusals remembered."""

    def __init__(self, bodies: list[bytes], latencies: list[float], faults: list[bytes]) -> None:
        self.bodies, self.latencies, self.faults = bodies, latencies, faults
        self.done = asyncio.get_running_loop().create_future()
        self.buffer = b""
        self.sent_at = 0.0

    def connection_made(self, transport) -> None:
        self.transport = transport
        self._next()

    def _next(self) -> None:
        if not self.bodies:
            self.transport.close()
            self.done.set_result(None)
            return
        body = self.bodies.pop()
        head = (
            b"POST /api/orders HTTP/1.1\r\nhost: box\r\ncontent-type: application/json\r\n"
            b"content-length: %d\r\n\r\n" % len(body)
        )
        self.sent_at = time.perf_counter()
        self.transport.write(head + body)

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        head, found, rest = self.buffer.partition(b"\r\n\r\n")
        if not found:
            return
        lower = head.lower()
        at = lower.index(b"content-length:") + 15
        length = int(lower[at : lower.find(b"\r", at) if b"\r" in lower[at:] else None])
        if len(rest) < length:
            return
        self.latencies.append(time.perf_counter() - self.sent_at)
        if b" 200 " not in head[:15]:
            self.faults.append(rest[:300])
        self.buffer = b""
        self._next()

    def connection_lost(self, error) -> None:
        if not self.done.done():
            self.done.set_exception(error or ConnectionError("the box hung up"))


async def drive(port: int, clients: int, orders: int, variants: list[str]) -> dict:
    """Place `orders` orders over `clients` connections; rate and latencies in milliseconds."""
    loop = asyncio.get_running_loop()
    shares = [[order_body(variants) for _ in range(orders // clients)] for _ in range(clients)]
    latencies: list[float] = []
    faults: list[bytes] = []
    began = time.perf_counter()
    started = [
        await loop.create_connection(
            lambda share=share: Client(share, latencies, faults), "127.0.0.1", port
        )
        for share in shares
    ]
    await asyncio.gather(*(client.done for _, client in started))
    took = time.perf_counter() - began
    if faults:
        raise SystemExit(f"{len(faults)} orders were refused, such as {faults[0]!r}")
    latencies.sort()
    return {
        "clients": clients,
        "orders": len(latencies),
        "per_s": len(latencies) / took,
        "p50_ms": latencies[len(latencies) // 2] * 1000,
        "p99_ms": latencies[int(len(latencies) * 0.99)] * 1000,
    }


if __name__ == "__main__":
    port, clients, orders, *variants = sys.argv[1:]
    import uvloop

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        json.dump(runner.run(drive(int(port), int(clients), int(orders), variants)), sys.stdout)
