"""(b) Order accepted → ticket in a subscriber's hands, next to a bare publish through the same broker."""

import asyncio
import json
import sys
import tempfile
import time
from pathlib import Path

from load import new_id
from processes import free_port, run_async, running, until, wait_port
from server import prepare

from edge.lan.broker import EmbeddedBroker
from edge.lan.mqtt import Message, MqttLink
from protocol.lan import tickets_filter

RATES = (1, 20, 200)


def measure(quick: bool) -> list[dict]:
    return run_async(_measure(quick))


async def _measure(quick: bool) -> list[dict]:
    rows: list[dict] = []
    counts = {1: 6, 20: 60, 200: 400} if quick else {1: 20, 20: 400, 200: 2_000}
    with tempfile.TemporaryDirectory() as place:
        variants = await prepare(Path(place))
        broker = EmbeddedBroker(Path(place) / "broker")
        await broker.start()
        port = free_port()
        argv = [sys.executable, str(Path(__file__).parent / "server.py"), place, str(port)]
        try:
            environment = {"BENCH_MQTT_PORT": str(broker.port)}
            with running(argv, Path(place) / "box.log", **environment) as process:
                await asyncio.to_thread(wait_port, port, process)
                await asyncio.sleep(1)
                for rate in RATES:
                    rows.append(await _bare(broker.port, rate, counts[rate]))
                    rows.extend(await _box(broker.port, port, rate, counts[rate], variants))
        finally:
            await broker.stop()
    return rows


async def _box(
    broker_port: int, port: int, rate: int, count: int, variants: list[str]
) -> list[dict]:
    arrived: dict[str, float] = {}

    async def on_ticket(message: Message) -> None:
        if message.payload:
            order_id = message.topic.rsplit("/", 1)[1].split(".")[0]
            arrived.setdefault(order_id, time.perf_counter())

    link = MqttLink("127.0.0.1", broker_port, f"bench-{new_id()}")
    await link.start()
    await link.wait_connected(5)
    await link.subscribe(tickets_filter("alone"), on_ticket)
    await asyncio.sleep(0.3)
    pool: asyncio.Queue = asyncio.Queue()
    for _ in range(16):
        pool.put_nowait(await asyncio.open_connection("127.0.0.1", port))
    sent: dict[str, float] = {}
    accepted: dict[str, float] = {}

    async def order() -> None:
        reader, writer = await pool.get()
        order_id = new_id()
        lines = [{"line_id": new_id(), "variant_id": v, "quantity": 1} for v in variants[:4]]
        body = json.dumps({"order_id": order_id, "command_id": new_id(), "lines": lines}).encode()
        sent[order_id] = time.perf_counter()
        writer.write(
            b"POST /api/orders HTTP/1.1\r\nhost: box\r\ncontent-length: %d\r\n\r\n" % len(body)
            + body
        )
        head = await reader.readuntil(b"\r\n\r\n")
        accepted[order_id] = time.perf_counter()
        length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
        answer = await reader.readexactly(length)
        assert b" 200 " in head[:15], answer
        pool.put_nowait((reader, writer))

    await on_a_clock(order, rate, count)
    # Retained tickets of earlier rounds arrive too: only the ones of this round are waited for.
    await until(lambda: sent.keys() <= arrived.keys())
    await link.stop()
    while not pool.empty():
        pool.get_nowait()[1].close()
    return [
        row("accepted → ticket", rate, [max(0.0, arrived[o] - accepted[o]) for o in sent]),
        row("asked → ticket", rate, [arrived[o] - sent[o] for o in sent]),
    ]


async def _bare(broker_port: int, rate: int, count: int) -> dict:
    took: list[float] = []

    async def on_message(message: Message) -> None:
        took.append(time.perf_counter() - float(message.payload.split(b" ")[0]))

    ends = []
    for name in ("publisher", "subscriber"):
        link = MqttLink("127.0.0.1", broker_port, f"{name}-{new_id()}")
        await link.start()
        await link.wait_connected(5)
        ends.append(link)
    publisher, subscriber = ends
    await subscriber.subscribe("bench/bare", on_message)
    await asyncio.sleep(0.3)

    async def publish() -> None:
        await publisher.publish("bench/bare", b"%f " % time.perf_counter() + b"x" * 700)

    await on_a_clock(publish, rate, count)
    await until(lambda: len(took) == count)
    for link in ends:
        await link.stop()
    return row("bare publish", rate, took)


async def on_a_clock(act, rate: int, count: int) -> None:
    """Start `act` `rate` times a second whatever the answers do (open loop)."""
    began = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for number in range(count):
            wait = began + number / rate - time.perf_counter()
            if wait > 0:
                await asyncio.sleep(wait)
            group.create_task(act())


def row(what: str, rate: int, seconds: list[float]) -> dict:
    ordered = sorted(seconds)
    return {
        "what": what,
        "rate_per_s": rate,
        "count": len(ordered),
        "p50_ms": ordered[len(ordered) // 2] * 1000,
        "p99_ms": ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))] * 1000,
    }
