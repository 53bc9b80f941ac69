"""(f) Counter and kiosk in Chromium: from a tap to its line, drawn, and how a long menu scrolls.

Needs Chromium, the built screens and the development packages. The counter is measured with the
demo's menu and with a thousand dishes, the kiosk with a thousand dishes and their pictures. Frames
are given beside those of an empty page of the same browser: without a graphics card, or on a busy
machine, that is the most there is.
"""

import asyncio
import contextlib
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator, Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from large_menu import DISHES, FRAMES, TAPS, large_menu, lay_out_pictures
from processes import ROOT, free_port, run_async, running, wait_port
from server import prepare

from edge.lan.broker import EmbeddedBroker
from protocol.menu import Menu

QUIET = ("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking")
LINES = 12
SCROLLED = 240
STEP_PX = 90
"""What a brisk finger moves a list by in a frame."""
OPENED = """async (open) => {
  const from = performance.now(), seen = () => document.querySelectorAll('[data-menu] [data-item]').length;
  open();
  do {
    if (performance.now() - from > 20_000) throw new Error('nothing was drawn');
    await new Promise((drawn) => requestAnimationFrame(() => setTimeout(drawn)));
  } while (seen() < 12);
  return performance.now() - from;
}"""
ALL = f"""() => ({OPENED})(() => document.querySelectorAll('[aria-label=Categories] button')[0].click())"""
BROWSE = f"""() => ({OPENED})(() => (kedaiKiosk.begin(), kedaiKiosk.eat('dine_in')))"""
TYPED = """async (letters) => {
  const search = document.querySelector('input[type=search]'), spans = [];
  for (const letter of letters) {
    const from = performance.now();
    search.value += letter;
    search.dispatchEvent(new Event('input', {bubbles: true}));
    await new Promise((drawn) => requestAnimationFrame(() => setTimeout(drawn)));
    spans.push(performance.now() - from);
    await new Promise((done) => setTimeout(done, 60));
  }
  search.value = '';
  search.dispatchEvent(new Event('input', {bubbles: true}));
  return spans.sort((a, b) => a - b);
}"""
ADDED = """async (taps) => {
  const kiosk = kedaiKiosk, [tile] = document.querySelectorAll('[data-menu] [data-item]');
  const item = kiosk.link.menu.items.find((each) => each.id === tile.dataset.item), spans = [];
  for (let i = 0; i < taps; i++) {
    const from = performance.now(), line_id = String(i);
    kiosk.add({line_id, item, variant: item.variants[0], quantity: 1, choices: [], note: ''});
    await new Promise((drawn) => requestAnimationFrame(() => setTimeout(drawn)));
    spans.push(performance.now() - from);
    await new Promise((done) => setTimeout(done, 20));
  }
  return spans.sort((a, b) => a - b);
}"""

Row = dict[str, Any]


def measure(quick: bool) -> list[Row]:
    """Rows of figures; one that says why when there is no browser to measure in."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    built = (ROOT / "edge/static/counter/index.html").exists()
    if chromium is None or not built or find_spec("playwright") is None:
        return [_row("left out: needs chromium, the screens and playwright", 0.0, "")]
    return run_async(_measure(60 if quick else 300, chromium))


async def _measure(taps: int, chromium: str) -> list[Row]:
    from playwright.async_api import async_playwright

    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=list(QUIET))
        try:
            async with _box() as url:
                rows = await _tapped(await _counter(browser, url), "counter", taps)
            async with _box(large_menu) as url:
                rows += await _counter_with_many(browser, url, taps)
                rows += await _kiosk_with_many(browser, url, taps)
            rows += await _empty(browser)
        finally:
            await browser.close()
    return rows


@contextlib.asynccontextmanager
async def _box(change: Callable[[Menu], Menu] | None = None) -> AsyncIterator[str]:
    """A box in a process of its own, with its broker; with another menu also the pictures of it."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        if change is None:
            await prepare(folder)
        else:
            await prepare(folder, change)
            await asyncio.to_thread(lay_out_pictures, folder / "pictures")
        broker = EmbeddedBroker(folder / "broker")
        await broker.start()
        port = free_port()
        argv = [sys.executable, str(Path(__file__).parent / "server.py"), place, str(port)]
        try:
            with running(argv, folder / "box.log", BENCH_MQTT_PORT=str(broker.port)) as process:
                await asyncio.to_thread(wait_port, port, process)
                yield f"http://127.0.0.1:{port}"
        finally:
            await broker.stop()


async def _counter(browser: Any, url: str) -> Any:
    page = await browser.new_page(viewport={"width": 1280, "height": 800})
    await page.goto(f"{url}/counter/?lang=en")
    await page.locator("[data-item]").first.wait_for()
    return page


async def _tapped(page: Any, who: str, taps: int) -> list[Row]:
    await page.evaluate(TAPS, [LINES, LINES])  # the first taps compile the page's program
    spans, work = await _worked(page, TAPS, [taps, LINES])
    return _spans(f"{who}: tap → line on the bill", spans, work / taps)


async def _counter_with_many(browser: Any, url: str, taps: int) -> list[Row]:
    who = f"counter, {DISHES:,} dishes"
    page = await _counter(browser, url)
    # It begins with all of them where nobody has chosen favourites: another part of it first.
    await page.get_by_label("Categories").get_by_role("button").nth(3).click()
    opened, work = await _worked(page, ALL)
    rows = [_row(f"{who}: all, a screenful", opened, "ms"), _row(f"{who}: of it work", work, "ms")]
    rows += await _tapped(page, who, taps)
    letters = "kopi susu gula"
    spans, work = await _worked(page, TYPED, letters)
    rows += _spans(f"{who}: letter → list", spans, work / len(letters))
    rows += _frames(who, *await _worked(page, FRAMES, ["[data-menu]", SCROLLED, STEP_PX]))
    await page.close()
    return rows


async def _kiosk_with_many(browser: Any, url: str, taps: int) -> list[Row]:
    who = f"kiosk, {DISHES:,} pictures"
    page = await browser.new_page(viewport={"width": 1080, "height": 1920})
    await page.goto(f"{url}/kiosk/?lang=en")
    await page.wait_for_function(f"window.kedaiKiosk?.link.menu?.items.length === {DISHES}")
    opened, work = await _worked(page, BROWSE)
    rows = [_row(f"{who}: a screenful", opened, "ms"), _row(f"{who}: of it work", work, "ms")]
    rows += _frames(who, *await _worked(page, FRAMES, ["[data-menu]", SCROLLED, STEP_PX]))
    spans, work = await _worked(page, ADDED, taps)
    rows += _spans(f"{who}: dish → in the order", spans, work / taps)
    await page.close()
    return rows


async def _empty(browser: Any) -> list[Row]:
    page = await browser.new_page(viewport={"width": 1280, "height": 800})
    rows = _frames("empty page", *await _worked(page, FRAMES, ["body", SCROLLED, 0]))
    await page.close()
    return rows


async def _worked(page: Any, script: str, argument: object = None) -> tuple[Any, float]:
    """What a script answers, and how long the page's thread had a processor meanwhile (ms): that
    does not move with what else the machine does.
    """
    session = await page.context.new_cdp_session(page)
    await session.send("Performance.enable", {"timeDomain": "threadTicks"})

    async def work_ms() -> float:
        told = (await session.send("Performance.getMetrics"))["metrics"]
        return next(each["value"] for each in told if each["name"] == "TaskDuration") * 1000

    before = await work_ms()
    answer = await page.evaluate(script, argument)
    work = await work_ms() - before
    await session.detach()
    return answer, work


def _frames(who: str, seen: dict[str, Any], work: float) -> list[Row]:
    return [
        *_spans(f"{who}: frame", seen["gaps"], work / len(seen["gaps"])),
        _row(f"{who}: tasks over 50 ms", len(seen["long"]), ""),
        _row(f"{who}: longest of them", max(seen["long"], default=0), "ms"),
    ]


def _spans(what: str, spans: list[float], work: float) -> list[Row]:
    return [
        _row(f"{what}, p50", spans[len(spans) // 2], "ms"),
        _row(f"{what}, p95", spans[int(len(spans) * 0.95)], "ms"),
        _row(f"{what}, of it work", work, "ms"),
    ]


def _row(what: str, value: float, unit: str) -> Row:
    return {"what": what, "value": float(value), "unit": unit}
