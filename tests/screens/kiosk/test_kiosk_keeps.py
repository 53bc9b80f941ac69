"""What the kiosk keeps and how it opens: without the box, after eviction, across an upgrade, for days."""

import gzip
import shutil
import socket
import time
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
import pytest
from playwright.async_api import expect

from edge.routes import menu as menu_routes
from edge.routes import screens as screen_routes
from tests.screens.busy import Processor

pytestmark = pytest.mark.screens

OPENS_WITHIN_S = 1.0
TIMES = 5
BUNDLE_MAX_KB = 120
SOON_MS = 30_000
EVICTED = "indexeddb,local_storage,cache_storage,service_workers,websql,file_systems"
KEPT_BY_WORKER = "navigator.serviceWorker.ready.then((r) => r.active.state === 'activated')"


async def test_it_opens_from_what_it_keeps_within_a_second_without_the_box(
    shop, kiosk, chromium
) -> None:
    """The middle of several times. What the browser had to wait for a processor is the machine's:
    a full test run took 4.8 s once, and just so much more is what this then takes off.
    """
    guest = await kiosk()
    page = guest.page
    await page.wait_for_function(KEPT_BY_WORKER)
    await page.get_by_role("button", name="Touch to order").wait_for()
    url = page.url
    await page.goto("about:blank")
    await shop.shut()
    took, processor = [], Processor(chromium)
    # Worse than a box that is gone: one that takes the call and says nothing.
    with socket.create_server(("127.0.0.1", urlsplit(shop.url).port)):
        for _ in range(TIMES):
            await processor.begin()
            began = time.perf_counter()
            await page.goto(url, wait_until="commit")
            await page.get_by_role("button", name="Touch to order").wait_for()
            whole_s = time.perf_counter() - began
            spent = await processor.spent()
            took.append(whole_s - spent.waited_s)
            print(f"opened from what it keeps: {whole_s:.2f} s, {spent}")
            await page.goto("about:blank")
    assert sorted(took)[TIMES // 2] <= OPENS_WITHIN_S
    await page.goto(url)
    await guest.begin()
    await expect(page.locator("[data-item]", has_text="Americano")).to_have_count(1)


async def test_what_the_page_loads_stays_small(shop, screens) -> None:
    """Compressed, before any picture: what a kiosk fetches on a bad Wi-Fi after an upgrade."""
    loaded = {}
    page = await screens.open("about:blank")

    async def weigh(response):
        if "/kiosk/" in response.url and response.request.resource_type != "image":
            loaded[response.url.rpartition("/")[2]] = len(gzip.compress(await response.body(), 9))

    page.on("response", weigh)
    await page.goto(f"{shop.url}/kiosk/?lang=en")
    await page.get_by_role("button", name="Touch to order").wait_for()
    await page.wait_for_load_state("networkidle")
    total_kb = sum(loaded.values()) / 1024
    print(f"the kiosk loads {total_kb:.1f} KB compressed: {loaded}")
    assert any(name.endswith(".js") for name in loaded)
    assert total_kb <= BUNDLE_MAX_KB


async def test_a_reload_in_the_middle_of_an_order_loses_nothing(shop, kiosk) -> None:
    guest = await kiosk()
    page = guest.page
    await guest.begin("Take away")
    await guest.take("Cappuccino", "Iced L")
    await guest.take("Americano")
    await guest.see_order()
    before = await page.locator("[data-line]").all_inner_texts()
    await page.wait_for_function(KEPT_BY_WORKER)
    await shop.shut()
    await page.reload()
    await page.locator("[data-bill]").wait_for()
    assert await page.locator("[data-line]").all_inner_texts() == before
    await shop.open()
    await guest.order()
    (order,) = await shop.orders()
    assert (order["dining_option"], len(order["lines"])) == ("takeaway", 2)


async def test_the_number_stays_on_the_screen_when_the_page_starts_again(shop, kiosk) -> None:
    """FS-70: a guest's number survives a reload, and two kiosks never show the same one."""
    one, two = await kiosk(), await kiosk(size=(1280, 800))
    numbers = []
    for guest in (one, two, one):
        await guest.begin()
        await guest.take("Americano")
        await guest.see_order()
        numbers.append(await guest.order())
        if guest is two:
            await guest.page.reload()
            await expect(guest.page.locator("[data-order-number]")).to_have_text(numbers[-1])
        await guest.page.get_by_role("button", name="Done").click()
    assert len(set(numbers)) == 3
    assert len(await shop.orders()) == 3


async def test_a_browser_that_throws_its_storage_away_takes_no_order_with_it(shop, kiosk) -> None:
    guest = await kiosk()
    page = guest.page
    await guest.begin()
    await guest.take("Americano")
    await evict(page)
    await guest.take("Cappuccino")
    await guest.see_order()
    await guest.order()
    (order,) = await shop.orders()
    assert len(order["lines"]) == 2
    await evict(page)
    await page.reload()
    await page.get_by_role("button", name="Touch to order").wait_for()
    await guest.begin()
    await guest.take("Americano")
    await guest.see_order()
    await guest.order()
    assert len(await shop.orders()) == 2


async def evict(page):
    session = await page.context.new_cdp_session(page)
    origin = await page.evaluate("location.origin")
    await session.send("Storage.clearDataForOrigin", {"origin": origin, "storageTypes": EVICTED})
    await session.detach()


HALF_A_MENU = """() => new Promise((done) => {
  const asked = indexedDB.open('kedai-kiosk-memory', 1);
  asked.onsuccess = () => {
    const kept = asked.result.transaction('kept', 'readwrite').objectStore('kept');
    kept.put({version: 1}, 'kedai.menu');
    kept.put({lines: 'none', step: 'review'}, 'kedai.visit');
    kept.transaction.oncomplete = () => { asked.result.close(); done(); };
  };
})"""


async def test_half_a_menu_on_the_device_is_no_menu(shop, kiosk) -> None:
    """FS-07: what is kept is used whole or not at all, and the box is asked again."""
    guest = await kiosk()
    page = guest.page
    await page.get_by_role("button", name="Touch to order").wait_for()
    await page.evaluate(HALF_A_MENU)
    await page.reload()
    await guest.begin()
    await expect(page.locator("[data-item]", has_text="Americano")).to_have_count(1)


@pytest.fixture
def upgraded(tmp_path, monkeypatch):
    """The screens in a folder of the test's own; the returned function is a newer release of them."""
    static = tmp_path / "static"
    shutil.copytree(screen_routes.STATIC, static)
    monkeypatch.setattr(screen_routes, "STATIC", static)
    monkeypatch.setattr(menu_routes, "SCREEN_API", menu_routes.SCREEN_API)

    def upgrade(api: int) -> None:
        folder: Path = static / "kiosk"
        page = (folder / "index.html").read_text()
        (program,) = (folder / "assets").glob("index-*.js")
        newer = "index-NEWER123.js"
        shutil.copy(program, folder / "assets" / newer)
        worker = (folder / "sw.js").read_text()
        (folder / "index.html").write_text(page.replace(program.name, newer))
        (folder / "sw.js").write_text(
            worker.replace(program.name, newer).replace('VERSION = "kiosk@', 'VERSION = "kiosk@new')
        )
        monkeypatch.setattr(menu_routes, "SCREEN_API", api)

    return upgrade


PROGRAM = "document.documentElement.innerHTML.match(/assets\\/(index-[\\w-]+\\.js)/)[1]"


async def test_an_old_page_takes_the_new_one_when_nobody_stands_before_it(
    shop, kiosk, upgraded
) -> None:
    guest = await kiosk()
    page = guest.page
    await page.wait_for_function(KEPT_BY_WORKER)
    await guest.begin()
    await guest.take("Americano")
    upgraded(menu_routes.SCREEN_API)
    await shop.shut()
    await shop.open()
    await expect(page.locator("[data-banner=lost]")).to_have_count(0, timeout=SOON_MS)
    await guest.see_order()
    await guest.order()
    assert await page.evaluate(PROGRAM) != "index-NEWER123.js", "not under a guest's hands"
    await page.get_by_role("button", name="Done").click()
    await page.wait_for_function(f"{PROGRAM} === 'index-NEWER123.js'", timeout=SOON_MS)
    await page.get_by_role("button", name="Touch to order").wait_for()


async def test_a_box_that_speaks_another_way_gets_no_orders_from_an_old_page(
    shop, kiosk, upgraded
) -> None:
    guest = await kiosk()
    page = guest.page
    await page.wait_for_function(KEPT_BY_WORKER)
    upgraded(menu_routes.SCREEN_API + 1)
    await shop.shut()
    await shop.open()
    # The page of this test speaks the old way as well, so it goes on saying so.
    await page.wait_for_function(f"{PROGRAM} === 'index-NEWER123.js'", timeout=SOON_MS)
    await expect(page.locator("[data-closed=updating]")).to_contain_text("update", timeout=SOON_MS)
    await expect(page.locator("[data-step] button").first).to_be_disabled()


ONE_VISIT = """async (n) => {
  const kiosk = kedaiKiosk, wait = async () => { for (let k = 0; k < 5; k++) await null; };
  for (let i = 0; i < n; i++) {
    kiosk.begin(); kiosk.eat('dine_in'); await wait();
    const item = kiosk.link.menu.items[i % kiosk.link.menu.items.length];
    kiosk.sheet = {item, line: null}; await wait();
    kiosk.add({line_id: crypto.randomUUID(), item, variant: item.variants[0], quantity: 1, choices: [], note: ''});
    kiosk.comfort.large = i % 2 === 0; kiosk.step = 'review'; await wait();
    kiosk.reset(); await wait();
    if (i % 20 === 0) await new Promise((done) => setTimeout(done, 20));
  }
}"""


@pytest.mark.timeout(400)
async def test_thousands_of_visits_leave_nothing_behind(shop, kiosk, cafe_menu) -> None:
    """Days of guests who look and walk away: neither the heap nor the page grows."""
    few = msgspec.structs.replace(cafe_menu, items=cafe_menu.items[:3])
    await shop.use_menu(few, 2)
    guest = await kiosk()
    page = guest.page
    await page.get_by_role("button", name="Touch to order").wait_for()
    session = await page.context.new_cdp_session(page)

    async def held() -> tuple[float, int]:
        await page.wait_for_timeout(500)
        await session.send("HeapProfiler.collectGarbage")
        heap = await session.send("Runtime.getHeapUsage")
        dom = await session.send("Memory.getDOMCounters")
        return heap["usedSize"] / 1024**2, dom["nodes"]

    await page.evaluate(ONE_VISIT, 400)
    before_mb, before_nodes = await held()
    await page.evaluate(ONE_VISIT, 2_000)
    after_mb, after_nodes = await held()
    print(
        f"2,000 visits: {before_mb:.1f} MB, {before_nodes} nodes; then {after_mb:.1f} MB, {after_nodes}"
    )
    assert after_mb < before_mb * 1.15 + 1
    assert after_nodes < before_nodes * 1.2 + 200
