"""(f) The counter in Chromium: from the tap on a dish to its line on the bill, drawn.

Needs Chromium, the built screens and the development packages. The time is taken inside the page,
from the tap to the end of the frame that holds the line, with orders of up to a dozen lines.
"""

import asyncio
import shutil
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from processes import ROOT, free_port, run_async, running, wait_port
from server import prepare

from edge.lan.broker import EmbeddedBroker

QUIET = ("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking")
LINES = 12
TAP = """async ([taps, lines]) => {
  const tiles = [...document.querySelectorAll('[data-item]')].slice(0, 12);
  const bill = document.querySelector('[data-panel=bill]');
  const spans = [];
  for (let i = 0; i < taps; i++) {
    if (i % lines === 0) {
      bill.querySelector('[aria-label=Clear]')?.click();
      await new Promise((done) => setTimeout(done, 50));
    }
    const before = bill.querySelector('[data-total]').textContent;
    const from = performance.now();
    tiles[i % tiles.length].click();
    await new Promise((done) => requestAnimationFrame(() => {
      bill.getBoundingClientRect();
      done();
    }));
    spans.push(performance.now() - from);
    if (bill.querySelector('[data-total]').textContent === before) throw new Error('not on the bill');
    await new Promise((done) => setTimeout(done, 20));
  }
  return spans.sort((a, b) => a - b);
}"""


def measure(quick: bool) -> list[dict[str, Any]]:
    """Rows of figures; one that says why when there is no browser to measure in."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    built = (ROOT / "edge/static/counter/index.html").exists()
    if chromium is None or not built or find_spec("playwright") is None:
        return [_row("left out: needs chromium, the screens and playwright", 0.0, "")]
    return run_async(_measure(60 if quick else 300, chromium))


async def _measure(taps: int, chromium: str) -> list[dict[str, Any]]:
    from playwright.async_api import async_playwright

    with tempfile.TemporaryDirectory() as place:
        await prepare(Path(place))
        broker = EmbeddedBroker(Path(place) / "broker")
        await broker.start()
        port = free_port()
        argv = [sys.executable, str(Path(__file__).parent / "server.py"), place, str(port)]
        try:
            log, environment = Path(place) / "box.log", {"BENCH_MQTT_PORT": str(broker.port)}
            with running(argv, log, **environment) as process:
                await asyncio.to_thread(wait_port, port, process)
                async with async_playwright() as playwright:
                    browser = await playwright.chromium.launch(
                        executable_path=chromium, args=list(QUIET)
                    )
                    try:
                        spans = await _tap(browser, f"http://127.0.0.1:{port}", taps)
                    finally:
                        await browser.close()
        finally:
            await broker.stop()
    return [
        _row("tap → line on the bill, p50", spans[len(spans) // 2], "ms"),
        _row("tap → line on the bill, p95", spans[int(len(spans) * 0.95)], "ms"),
    ]


async def _tap(browser: Any, url: str, taps: int) -> list[float]:
    page = await browser.new_page(viewport={"width": 1280, "height": 800})
    await page.goto(f"{url}/counter/?lang=en")
    await page.locator("[data-item]").first.wait_for()
    await page.evaluate(TAP, [LINES, LINES])  # the first taps compile the page's program
    spans: list[float] = await page.evaluate(TAP, [taps, LINES])
    return spans


def _row(what: str, value: float, unit: str) -> dict[str, Any]:
    return {"what": what, "value": float(value), "unit": unit}
