"""A real box with a real broker, and Debian's Chromium to look at it; helpers come as fixtures."""

import asyncio
import contextlib
import shutil
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

import httpx
import msgspec
import pytest
import uvicorn
from playwright.async_api import Page, async_playwright, expect

from edge.app import front_door, listen
from edge.box import Box
from edge.config import Config, PrinterConfig
from edge.lan.broker_programs import find_installed_mosquitto
from edge.listening import listen_no_more
from edge.replay.menu_file import read_menu
from protocol.house import House
from protocol.menu import Menu
from protocol.money import CURRENCIES
from tests.fixtures_world import tell_hq

ROOT = Path(__file__).parents[2]
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
QUIET = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
PATIENCE_MS = 20_000
"""How long is waited for what comes; what has to come sooner says so in its test."""
expect.set_options(timeout=PATIENCE_MS)
TOUCH_PX = 64

SMALL_TARGETS = """(least) => [...document.querySelectorAll('button, a[href], select, input')]
  .filter((e) => e.checkVisibility({visibilityProperty: true}))
  .map((e) => [e, e.getBoundingClientRect()])
  .filter(([e, r]) => r.width > 0 && (r.height < least - 0.5 || r.width < least - 0.5))
  .map(([e, r]) => `${e.textContent.trim() || e.ariaLabel}: ${r.width} x ${r.height}`)"""
OVERFLOWING = """() => {
  const wide = document.documentElement.scrollWidth - document.documentElement.clientWidth;
  const out = [...document.querySelectorAll('body *')].filter((e) => {
    const style = getComputedStyle(e);
    const clips = ['auto', 'scroll', 'hidden', 'clip'].includes(style.overflowX);
    return !clips && e.clientWidth > 0 && e.scrollWidth > e.clientWidth + 1
      && style.display !== 'inline';
  });
  return [wide > 0 ? `the page by ${wide}` : '', ...out.map((e) =>
    `${e.tagName} ${e.className} ${e.textContent.trim().slice(0, 40)}`)].filter(Boolean);
}"""


class Shop:
    """One outlet: a box that can go away and come back at the same address with the same disk."""

    def __init__(self, folder: Path, printers: tuple[PrinterConfig, ...] = ()):
        self._folder = folder
        self._printers = printers
        self._port = 0
        self.pairing = "open"
        self._server: uvicorn.Server | None = None
        self._task: asyncio.Task | None = None
        self.box: Box

    @property
    def url(self):
        return f"http://127.0.0.1:{self._port}"

    async def open(self):
        self.box = Box(
            Config(
                data_dir=str(self._folder / "box"),
                outlet_name="Kedai Uji",
                http_host="127.0.0.1",
                mqtt_embedded=True,
                mqtt_port=0,
                announce=False,
                printers=self._printers,
                pairing=self.pairing,
            )
        )
        await self.box.start()
        app = front_door(self.box)
        config = uvicorn.Config(
            app,
            http="httptools",
            ws="wsproto",
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=1,
            lifespan="off",
        )
        self._server = uvicorn.Server(config)
        listening = listen("127.0.0.1", self._port)
        self._port = listening.getsockname()[1]
        self._task = asyncio.create_task(self._server._serve([listening]))
        while not self._server.started:
            assert not self._task.done(), "the box did not start"
            await asyncio.sleep(0.02)

    async def shut(self):
        if self._task is None:
            return
        self.box.end_streams()
        for listening in self._server.servers:
            await listen_no_more(listening)
        self._server.should_exit = True
        await self._task
        await self.box.stop()
        self._task = None

    async def use_menu(self, menu: Menu, version: int):
        box, body = self.box, msgspec.json.encode(menu)
        await box.database.write(
            lambda db: box.menus.apply(
                db, body, version, f"publish-{version}", box.journal.reading()
            )
        )
        await box.database.write(box.menus.current)

    async def use_house(self, house: House):
        """As if HQ had published these rules: screens hear of it and ask for them."""
        box, body = self.box, msgspec.json.encode(house)

        def work(db):
            db.execute("DELETE FROM house")
            db.execute("INSERT INTO house VALUES (?, ?)", (blake2b(body).hexdigest()[:32], body))
            return box.menus.current(db)

        await box.database.write(work)

    async def orders(self):
        """Bodies of all orders on the box, by number."""
        rows = await self.box.database.read(
            lambda db: db.execute("SELECT body FROM orders ORDER BY number").fetchall()
        )
        return [msgspec.json.decode(body) for (body,) in rows]


@pytest.fixture(scope="session")
def cafe_menu() -> Menu:
    """The demo's menu: sizes, modifier groups, three stations, two languages."""
    menu = read_menu(ROOT / "edge" / "demo" / "menu.csv", CURRENCIES["IDR"])
    assert isinstance(menu, Menu)
    return menu


@pytest.fixture
def printers():
    """The outlet's printers, started; a test that needs some has a fixture of its own."""
    return ()


@pytest.fixture
async def shop(tmp_path, cafe_menu, printers):
    """A running outlet with the café menu."""
    if not (ROOT / "edge" / "static" / "counter" / "index.html").exists():
        pytest.skip("the screens are not built: run `make screens`")
    if find_installed_mosquitto() is None:
        pytest.skip("mosquitto is not installed")
    shop = Shop(tmp_path, printers)
    await shop.open()
    await shop.use_menu(cafe_menu, 1)
    yield shop
    await shop.shut()


@pytest.fixture
async def chromium():
    """A browser that nobody has used before."""
    if CHROMIUM is None:
        pytest.skip("chromium is not installed")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
        yield browser
        await browser.close()


@dataclass
class Screens:
    """Opens screens, each on a device of its own; `troubles` are errors that scripts raised."""

    browser: object
    troubles: list[str]
    contexts: list

    async def open(self, url: str, *, size=(1280, 800), language="en") -> Page:
        width, height = size
        context = await self.browser.new_context(viewport={"width": width, "height": height})
        context.set_default_timeout(PATIENCE_MS)
        self.contexts.append(context)
        page = await context.new_page()
        page.on("pageerror", lambda error: self.troubles.append(str(error)))
        await page.goto(f"{url}{'&' if '?' in url else '?'}lang={language}")
        return page


@pytest.fixture
async def screens(chromium):
    """Screens of this test; a script error on any of them fails it."""
    opened = Screens(chromium, [], [])
    yield opened
    for context in opened.contexts:
        with contextlib.suppress(Exception):
            await context.close()
    assert opened.troubles == []


@pytest.fixture
def choose():
    """Goes through the kiosk's steps of the dish that is open, and adds it: these choices, and the
    first of what else must be chosen.
    """

    async def go(page: Page, *choices: str):
        sheet = page.locator("dialog[data-steps]")
        await sheet.wait_for()
        while await sheet.locator("[data-page=count]").count() == 0:
            title = await sheet.locator("h3").inner_text()
            rows = sheet.locator("[data-choices] button")
            for choice in choices:
                row = rows.filter(has_text=choice)
                if await row.count():
                    await row.first.click()
            if await sheet.locator("h3").inner_text() != title:
                continue
            onward = sheet.locator("[data-next]")
            await (rows.first if await onward.is_disabled() else onward).click()
        await sheet.locator("[data-add]").click()
        await sheet.wait_for(state="detached")

    return go


@pytest.fixture
def take(choose):
    """Puts the named item into the counter's or kiosk's cart, with the first of each choice."""

    async def tap(page: Page, name: str):
        item = page.locator("[data-item]", has_text=name).first
        asks = await item.get_attribute("aria-haspopup")
        await item.click()
        if asks is None:
            return
        if "/kiosk/" in page.url:
            await choose(page)
            return
        sheet = page.locator("dialog[open]")
        await sheet.wait_for()
        for row in await sheet.locator("h3 + div").all():
            await row.locator("button").first.click()
        await sheet.locator("footer > button").click()
        await sheet.wait_for(state="detached")

    return tap


@pytest.fixture
async def spoken_for(box_at):
    """An outlet of an HQ whose box is spoken for by the test, entry by entry."""
    async with contextlib.AsyncExitStack() as ending:

        async def enrolled(hq, name):
            made = await tell_hq(hq.place, "outlet", "add", name)
            client = await ending.enter_async_context(httpx.AsyncClient(base_url=hq.url))
            return await box_at(client, made["code"])

        yield enrolled


@pytest.fixture
async def second_box(box_at):
    """A further box for an outlet that has one: the newest is in charge from then on."""
    async with contextlib.AsyncExitStack() as ending:

        async def enrolled(hq, name):
            made = await tell_hq(hq.place, "outlet", "code", name)
            client = await ending.enter_async_context(httpx.AsyncClient(base_url=hq.url))
            return await box_at(client, made["code"])

        yield enrolled


@pytest.fixture
def fits():
    """Fails with what is too small or too wide on the page as it now is."""

    async def check(page, where: str):
        assert await page.evaluate(SMALL_TARGETS, TOUCH_PX) == [], f"too small: {where}"
        assert await page.evaluate(OVERFLOWING) == [], f"too wide: {where}"

    return check
