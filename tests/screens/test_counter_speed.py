"""How few taps and how little time an order takes at the counter."""

import pytest
from bench.large_menu import FRAMES, TAPS, large_menu
from playwright.async_api import expect

from edge.demo.house import house_of
from tests.screens.busy import Processor

pytestmark = pytest.mark.screens

TAPS_MOST = 12
LINE_MS = 50.0
MEASURED = 60
ROUNDS = 3
BUSY = 0.5
"""A machine is busy where a page waits at least half as long for a processor as it has one."""
LINES = 12
COUNT_TAPS = """() => {
  window.taps = 0;
  addEventListener('pointerdown', () => window.taps++, {capture: true});
}"""
DRAWN_MOST = 200


@pytest.fixture
async def counter(shop, screens, cafe_menu):
    await shop.use_house(house_of(cafe_menu))
    page = await screens.open(f"{shop.url}/counter/")
    await page.locator("[data-item]").first.wait_for()
    return page


async def test_four_lines_with_modifiers_take_twelve_taps_at_most(shop, counter) -> None:
    await counter.evaluate(COUNT_TAPS)
    wishes = [
        ("Palm Sugar Milk Coffee", "Less ice"),
        ("Pulled Milk Tea", "Less sugar"),
        ("Smashed Fried Chicken", "Medium"),
        ("Toast", None),
    ]
    for dish, choice in wishes:
        await counter.locator("[data-item]", has_text=dish).click()
        chips = counter.locator("[data-choosing] [data-group] button")
        wanted = chips.filter(has_text=choice) if choice else chips.last
        if await wanted.count():
            await wanted.first.click()
    await counter.get_by_role("button", name="Send to kitchen").click()
    await counter.locator("[data-order-number]").wait_for()
    (order,) = await shop.orders()
    assert [x["names"]["en"] for x in order["lines"]] == [dish for dish, _ in wishes]
    chosen = [{c["names"]["en"] for c in line["choices"]} for line in order["lines"]]
    for (dish, choice), choices in zip(wishes, chosen, strict=True):
        assert choice is None or choice in choices, f"{dish} without {choice}"
    taps = await counter.evaluate("window.taps")
    print(f"taps for four lines with modifiers: {taps}")
    assert taps <= TAPS_MOST


async def test_a_tap_is_on_the_bill_at_once(counter, at_once) -> None:
    await counter.get_by_role("button", name="All", exact=True).click()
    await at_once(counter)


@pytest.fixture
def at_once(chromium):
    """Taps dishes: of a hundred lines 95 are drawn within `LINE_MS`.

    Where others have the processor meanwhile, the page cannot be drawn in time however little it
    does: then what it does for a tap must leave room for that many within the same time.
    """

    async def check(page) -> None:
        processor = Processor(chromium)
        for _ in range(ROUNDS):
            await processor.begin()
            spans = await page.evaluate(TAPS, [MEASURED, LINES])
            ran_s, waited_s = await processor.spent("renderer")
            late = spans[int(len(spans) * 0.95)]
            work = ran_s * 1000 / MEASURED
            print(
                f"tap → line: p50 {spans[len(spans) // 2]:.1f} ms, p95 {late:.1f} ms, of it work"
                f" {work:.1f} ms; {waited_s:.1f} s without a processor"
            )
            if late <= LINE_MS or (waited_s > ran_s * BUSY and work <= LINE_MS / 2):
                return
        pytest.fail(f"a tap takes {late:.0f} ms to be on the bill, {work:.0f} ms of it work")

    return check


async def test_a_thousand_dishes_scroll_and_sell_as_fifty_do(
    shop, counter, cafe_menu, at_once
) -> None:
    """Only what is near is drawn; the last dish is there all the same, by scrolling and by typing."""
    many = large_menu(cafe_menu)
    await shop.use_menu(many, 2)
    await counter.get_by_role("button", name="All", exact=True).click()
    tiles = counter.locator("[data-menu] [data-item]")
    await counter.wait_for_function("document.querySelector('[data-menu]').scrollHeight > 10_000")
    assert 0 < await tiles.count() < DRAWN_MOST
    await at_once(counter)
    await counter.evaluate(FRAMES, ["[data-menu]", 60, 120])
    assert 0 < await tiles.count() < DRAWN_MOST
    for _ in range(10):
        await counter.evaluate("document.querySelector('[data-menu]').scrollTo({top: 1e7})")
        await counter.wait_for_timeout(100)
    await expect(tiles.last).to_be_in_viewport()
    await counter.keyboard.type(many.items[-1].names["en"])
    await expect(tiles).to_have_count(1)


async def test_whoever_types_finds_by_name_and_by_plu(counter) -> None:
    await counter.keyboard.type("nas")
    await expect(counter.get_by_role("searchbox")).to_have_value("nas")
    await counter.keyboard.press("Escape")
    plu = await counter.evaluate(
        "fetch('/api/menu').then((r) => r.json()).then((menu) => menu.items.at(-1).variants[0].plu)"
    )
    await counter.keyboard.type(f"3x{plu}")
    await counter.keyboard.press("Enter")
    lines = counter.locator("[data-cart-line]")
    await expect(lines).to_have_count(1)
    await expect(lines.first).to_contain_text("3×")
    await counter.get_by_role("searchbox").blur()
    await counter.keyboard.press("+")
    await expect(lines.first).to_contain_text("4×")
