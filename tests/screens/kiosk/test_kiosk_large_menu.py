"""A thousand dishes: the menu opens at once, scrolls, and a tap is on the order at once."""

import msgspec
import pytest
from playwright.async_api import expect

from tests.screens.busy import Processor

pytestmark = pytest.mark.screens

replace = msgspec.structs.replace
DISHES = 1_000
DRAWN_MOST, FRAMES = 300, 120
OPENS_MS, FRAME_MS, TAP_MS = 1_000, 50, 250
"""On a quiet machine they take 60, 17 and 10; a test machine is busy with other things."""

MEASURED = """async () => {
  const kiosk = kedaiKiosk, frame = () => new Promise(requestAnimationFrame);
  const painted = async () => { await frame(); await new Promise((done) => setTimeout(done)); };
  let began = performance.now();
  kiosk.begin(); kiosk.eat('dine_in'); await painted();
  const opened = performance.now() - began;
  const tiles = () => document.querySelectorAll('[data-menu] [data-item]').length;
  while (tiles() === 0) await frame();
  let most = tiles();
  const list = document.querySelector('[data-menu]'), frames = [];
  for (let i = 0, last = performance.now(); i < 120; i++) {
    list.scrollBy({top: 90, behavior: 'instant'}); await frame();
    frames.push(performance.now() - last); last = performance.now();
    most = Math.max(most, tiles());
  }
  const item = kiosk.link.menu.items[0];
  began = performance.now();
  kiosk.add({line_id: '1', item, variant: item.variants[0], quantity: 1, choices: [], note: ''});
  await painted();
  const tap = performance.now() - began;
  return {opened, most, frame: frames.sort((a, b) => a - b)[60], tap};
}"""


async def test_a_thousand_dishes_open_and_scroll_as_ten_do(
    shop, kiosk, cafe_menu, chromium
) -> None:
    await shop.use_menu(replace(cafe_menu, items=tuple(many(cafe_menu.items))), 2)
    page = (await kiosk()).page
    await page.wait_for_function(f"kedaiKiosk.link.menu?.items.length === {DISHES}")
    processor = Processor(chromium)
    await processor.begin()
    measured = await page.evaluate(MEASURED)
    ran_s, waited_s = await processor.spent("renderer")
    print(f"{DISHES} dishes: {measured}; the page ran {ran_s:.2f} s, waited {waited_s:.2f} s")
    assert 0 < measured["most"] < DRAWN_MOST, "only what is near is drawn"
    # Where others have the processor, what the page itself did is what can be judged.
    busy = waited_s > ran_s / 2
    assert ran_s * 1000 <= OPENS_MS + FRAMES * FRAME_MS / 2 + TAP_MS
    assert busy or measured["opened"] <= OPENS_MS
    assert busy or measured["frame"] <= FRAME_MS
    assert busy or measured["tap"] <= TAP_MS
    for _ in range(20):
        await page.evaluate("document.querySelector('[data-menu]').scrollTo({top: 1e7})")
        await page.wait_for_timeout(150)
    last = page.locator("[data-menu] [data-item]").last
    await expect(last).to_be_in_viewport()
    await expect(last).to_contain_text(await page.evaluate(LAST_DISH))
    category = page.locator("nav[data-rail] button").nth(2)
    await category.click()
    heading = page.locator("[data-menu] h2").nth(2)
    await page.wait_for_timeout(2_000)
    box, edge = await heading.bounding_box(), await page.locator("[data-menu]").bounding_box()
    assert abs(box["y"] - edge["y"]) < 8, "where the guest wanted to be"


LAST_DISH = """() => {
  const {categories, items} = kedaiKiosk.link.menu, of = (c) => items.filter((i) => i.category_id === c.id);
  const shelf = categories.toSorted((a, b) => a.rank - b.rank).filter((c) => of(c).length > 0).at(-1);
  return of(shelf).toSorted((a, b) => a.rank - b.rank).at(-1).names.en;
}"""


def many(items):
    for n in range(DISHES):
        base = items[n % len(items)]
        variants = tuple(
            replace(v, id=f"i{n}v{k}", plu=f"{n}-{k}") for k, v in enumerate(base.variants)
        )
        names = {code: f"{name} {n}" for code, name in base.names.items()}
        yield replace(base, id=f"i{n}", variants=variants, names=names, available=True)
