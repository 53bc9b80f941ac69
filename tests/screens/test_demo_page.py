"""`kedai demo` as its visitor sees it: an order, its paper, and the things that go wrong on purpose."""

import asyncio
import contextlib
import socket
import sys

import httpx
import pytest
from msgspec.structs import replace
from playwright.async_api import expect
from shots.hands import sign_in

from edge.child_process import end_child, start_child
from edge.demo.people import CASHIER

pytestmark = [pytest.mark.screens, pytest.mark.postgres, pytest.mark.broker]

RUN = "from edge.cli import main; main()"
START_S = 60
PAPER_MS = 20_000


@pytest.fixture
async def demo(tmp_path, shop):
    """The address of a running demo's home page; `shop` only says whether one can run here."""
    del shop
    with contextlib.closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    arguments = ["demo", "--data", str(tmp_path / "demo"), "--no-browser", "--port", str(port)]
    log = tmp_path / "demo.log"
    with log.open("wb") as output:
        process = await start_child([sys.executable, "-c", RUN, *arguments], output=output)
    url = f"http://localhost:{port}"
    try:
        async with httpx.AsyncClient(base_url=url) as client, asyncio.timeout(START_S):
            while True:
                assert process.returncode is None, log.read_text()
                with contextlib.suppress(httpx.TransportError):
                    if (await client.get("/api/demo")).status_code == 200:
                        break
                await asyncio.sleep(0.1)
        yield url
    finally:
        await end_child(process, patience_s=20)


async def test_a_visitor_follows_the_five_steps(demo, screens, take, fits) -> None:
    home = await screens.open(f"{demo}/", size=(1440, 900))
    links = {
        name: await home.locator(f"[data-screen={name}]").get_attribute("href")
        for name in ("counter", "kiosk", "kitchen", "hq")
    }
    await fits(home, "home")
    ayu = home.locator("[data-people] li", has_text="Ayu")
    counter = await screens.open(links["counter"])
    await sign_in(counter, replace(CASHIER, pin=await ayu.locator("code").inner_text()))
    await order(counter, take, "Cappuccino")
    papers = home.locator("[data-paper=bar]")
    await expect(papers).to_have_count(1, timeout=PAPER_MS)

    bar = home.locator("[data-switch=printer-bar]")
    await bar.get_by_role("button", name="Take the paper").click()
    await expect(bar).to_contain_text("Out of paper")
    await order(counter, take, "Americano")
    await expect(counter.locator("[data-banner=notice]")).to_contain_text("Bar", timeout=PAPER_MS)
    await bar.get_by_role("button", name="Put paper in").click()
    await expect(papers).to_have_count(2, timeout=PAPER_MS)
    await papers.first.click()
    await expect(home.locator("dialog[open] img")).to_be_visible()
    await home.keyboard.press("Escape")

    hq = await screens.open(links["hq"], size=(1440, 900))
    total = hq.locator("[data-total]")
    await expect(total).not_to_have_attribute("data-total", "0", timeout=PAPER_MS)
    before = await total.get_attribute("data-total")
    await home.locator("[data-switch=wan]").get_by_role("button", name="Cut the WAN").click()
    await order(counter, take, "Cappuccino")
    await expect(total).to_have_attribute("data-total", before)
    await home.locator("[data-switch=wan]").get_by_role("button", name="Join the WAN").click()
    await expect(total).not_to_have_attribute("data-total", before, timeout=PAPER_MS)


async def order(counter, take, name):
    """One of an item, sent to the kitchen; the counter opens on its favourites."""
    await counter.get_by_role("button", name="All", exact=True).click()
    await take(counter, name)
    await counter.get_by_role("button", name="Send to kitchen").click()
    await counter.get_by_role("button", name="New order").click()
