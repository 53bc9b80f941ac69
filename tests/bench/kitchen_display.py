"""(e) The kitchen display in Chromium: accepted → in its page, frames with 200 tickets, and after a cut.

Needs Chromium, the built screens and the development packages. Frames are given beside those of an empty page of the same
browser: without a graphics card, or on a busy machine, that is the most there is.
"""

import asyncio
import contextlib
import json
import shutil
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import httpx
from load import new_id
from processes import ROOT, free_port, run_async, running, until, wait_port
from server import prepare

from edge.lan.broker import EmbeddedBroker
from edge.lan.mqtt import Message, MqttLink
from protocol.lan import devices_filter, ticket_topic

OUTLET = "alone"
RATE_PER_S = 20
TICKETS = 200
KEYS = 60
QUIET = ("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking")

WATCH = """() => {
  window.drawn = {};
  const note = (node) => {
    const card = node.nodeType === 1 && (node.matches('[data-ticket]')
      ? node : node.querySelector('[data-ticket]'));
    if (card) drawn[card.dataset.order] ??= performance.timeOrigin + performance.now();
  };
  new MutationObserver((all) => all.forEach((one) => one.addedNodes.forEach(note)))
    .observe(document.body, {childList: true, subtree: true});
}"""
FRAMES = """(ms) => new Promise((done) => {
  const gaps = []; let last = performance.now(); const end = last + ms;
  const frame = (now) => { gaps.push(now - last); last = now;
    if (now < end) requestAnimationFrame(frame); else done(gaps.slice(1)); };
  requestAnimationFrame(frame);
})"""
PRESSED = """() => { window.delays = [];
  window.addEventListener('keydown', (e) => delays.push(performance.now() - e.timeStamp), true); }"""


def measure(quick: bool) -> list[dict[str, Any]]:
    """Rows of figures; one that says why when there is no browser to measure in."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    built = (ROOT / "edge/static/kitchen/index.html").exists()
    if chromium is None or not built or find_spec("playwright") is None:
        return [_row("left out: needs chromium, the screens and playwright", 0.0, "")]
    return run_async(_measure(quick, chromium))


async def _measure(quick: bool, chromium: str) -> list[dict[str, Any]]:
    from playwright.async_api import async_playwright

    async with _outlet() as (url, broker_port, variants), async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=list(QUIET))
        try:
            context = await browser.new_context(viewport={"width": 1920, "height": 1080})
            page = await context.new_page()
            await page.goto(f"{url}/kitchen/?station=all")
            await page.locator("[data-count]").wait_for()
            async with httpx.AsyncClient(base_url=url) as till:
                rows = await _shown(page, till, variants, broker_port, 60 if quick else 300)
                rows += await _recovered(page, till, variants, 12 if quick else 30)
            rows += await _frames(context, url, broker_port, 2_000 if quick else 6_000)
        finally:
            await browser.close()
    return rows


@contextlib.asynccontextmanager
async def _outlet() -> AsyncIterator[tuple[str, int, list[str]]]:
    """A box in a process of its own, with its broker, and variants that it sells."""
    with tempfile.TemporaryDirectory() as place:
        variants = await prepare(Path(place))
        broker = EmbeddedBroker(Path(place) / "broker")
        await broker.start()
        port = free_port()
        argv = [sys.executable, str(Path(__file__).parent / "server.py"), place, str(port)]
        environment = {"BENCH_MQTT_PORT": str(broker.port)}
        try:
            with running(argv, Path(place) / "box.log", **environment) as process:
                await asyncio.to_thread(wait_port, port, process)
                await asyncio.sleep(1)
                yield f"http://127.0.0.1:{port}", broker.port, variants
        finally:
            await broker.stop()


async def _shown(
    page: Any, till: httpx.AsyncClient, variants: list[str], broker_port: int, count: int
) -> list[dict[str, Any]]:
    """Orders at a steady rate, whatever becomes of them: when each is drawn, and proven."""
    await page.evaluate(WATCH)
    proven: dict[str, float] = {}

    async def on_shown(message: Message) -> None:
        for ticket in json.loads(message.payload)["tickets"]:
            proven.setdefault(ticket["order_id"], time.time() * 1000)

    link = MqttLink("127.0.0.1", broker_port, f"bench-{new_id()}")
    await link.start()
    await link.wait_connected(5)
    await link.subscribe(devices_filter(OUTLET, "shown"), on_shown)
    accepted: dict[str, float] = {}
    began = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for number in range(count):
            await asyncio.sleep(max(0.0, began + number / RATE_PER_S - time.perf_counter()))
            group.create_task(_order(till, variants, accepted))
    await until(lambda: accepted.keys() <= proven.keys(), 60)
    drawn = await page.evaluate("() => drawn")
    await link.stop()
    return [
        *_rows("accepted → in the page", [max(0.0, drawn[o] - at) for o, at in accepted.items()]),
        *_rows("accepted → proven to the box", [proven[o] - at for o, at in accepted.items()]),
    ]


async def _order(till: httpx.AsyncClient, variants: list[str], accepted: dict[str, float]) -> None:
    lines = [{"line_id": new_id(), "variant_id": v, "quantity": 1} for v in variants[:3]]
    order_id = new_id()
    body = {"order_id": order_id, "command_id": new_id(), "lines": lines}
    answer = await till.post("/api/orders", json=body)
    assert answer.status_code == 200, answer.text
    accepted[order_id] = time.time() * 1000


async def _recovered(
    page: Any, till: httpx.AsyncClient, variants: list[str], cut_s: float
) -> list[dict[str, Any]]:
    """The display's line is cut, orders go on, the line is back: until the page has all of them."""
    await page.context.set_offline(True)
    missed: dict[str, float] = {}
    for _ in range(10):
        await asyncio.sleep(cut_s / 10)
        await _order(till, variants, missed)
    await page.context.set_offline(False)
    back = time.time() * 1000
    for order_id in missed:
        await page.locator(f"[data-order='{order_id}']").first.wait_for(timeout=30_000)
    drawn = await page.evaluate("() => drawn")
    took = max(drawn[o] for o in missed) - back
    return [_row(f"all shown after a cut of {cut_s:.0f} s", took, "ms")]


async def _frames(context: Any, url: str, broker_port: int, ms: int) -> list[dict[str, Any]]:
    """Frames per second of an empty page, of 200 tickets that change, and what keys wait for."""
    empty = await context.new_page()
    bare = await empty.evaluate(FRAMES, ms)
    await empty.close()
    page = await context.new_page()
    await page.goto(f"{url}/kitchen/?station=full")
    link = MqttLink("127.0.0.1", broker_port, f"bench-{new_id()}")
    await link.start()
    await link.wait_connected(5)
    tickets = [_ticket(n) for n in range(TICKETS)]
    await link.publish_many(_message(ticket) for ticket in tickets)
    await page.wait_for_function(f"document.querySelectorAll('[data-ticket]').length >= {TICKETS}")
    await page.evaluate(PRESSED)
    calm = await page.evaluate(FRAMES, ms)
    measuring = asyncio.create_task(page.evaluate(FRAMES, ms))
    for number in range(KEYS):
        changed = tickets[number % TICKETS]
        changed["position"] += 1
        await link.publish_many([_message(changed)])
        await page.keyboard.press("ArrowRight")
        await asyncio.sleep(ms / 1000 / KEYS / 2)
    busy = await measuring
    delays = await page.evaluate("() => delays")
    await link.publish_many(_message(t, gone=True) for t in tickets)
    await link.stop()
    await page.close()
    return [
        _row("frames per s, empty page", _per_s(bare), ""),
        _row(f"frames per s, {TICKETS} tickets", _per_s(calm), ""),
        _row(f"frames per s, {TICKETS} tickets that change, keys", _per_s(busy), ""),
        _row("keys that got lost", float(KEYS - len(delays)), ""),
        *_rows("a key waits", delays),
    ]


def _ticket(number: int) -> dict[str, Any]:
    order_id, now_ms = new_id(), int(time.time() * 1000)
    line = {
        "quantity": 2,
        "names": {"id": "Nasi Goreng Kampung", "en": "Village Fried Rice"},
        "variant_names": {"id": "Besar", "en": "Large"},
        "choices": [{"names": {"id": "Extra pedas", "en": "Extra hot"}, "quantity": 1}],
        "note": "",
        "course": 1,
        "seat": None,
        "status": "fired",
        "fired_ms": now_ms - number * 3_000,
        "allergens": ["egg", "soy"],
    }
    return {
        "ticket_id": f"{order_id}.full",
        "order_id": order_id,
        "number": f"F{number:03}",
        "station_id": "full",
        "status": "open",
        "dining_option": ("dine_in", "takeaway", "delivery")[number % 3],
        "placed_ms": now_ms,
        "fired_ms": now_ms - number * 3_000,
        "confidence": "sure",
        "lines": [line | {"line_id": new_id()} for _ in range(1 + number % 4)],
        "table": str(number),
        "position": 1,
    }


def _message(ticket: dict[str, Any], *, gone: bool = False) -> Message:
    topic = ticket_topic(OUTLET, "full", ticket["ticket_id"])
    return Message(topic, b"" if gone else json.dumps(ticket).encode(), retain=True)


def _per_s(gaps: list[float]) -> float:
    return 1000 * len(gaps) / max(1.0, sum(gaps))


def _rows(what: str, values: list[float]) -> list[dict[str, Any]]:
    ordered = sorted(values)
    last = min(len(ordered) - 1, int(len(ordered) * 0.99))
    return [
        _row(f"{what}, p50", ordered[len(ordered) // 2], "ms"),
        _row(f"{what}, p99", ordered[last], "ms"),
    ]


def _row(what: str, value: float, unit: str) -> dict[str, Any]:
    return {"what": what, "value": float(value), "unit": unit}
