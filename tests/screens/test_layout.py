"""Staff's screens at their sizes, in both languages: nothing overflows, a thumb hits every button."""

import msgspec
import pytest
from playwright.async_api import expect

pytestmark = pytest.mark.screens

LONG = "Nasi Goreng Kampung Spesial Pakai Telur Mata Sapi dan Kerupuk Udang Khas Sidoarjo Asli"
UNBROKEN = "Donaudampfschifffahrtsgesellschaftskapitaensmuetzenkuchen"
LAYOUTS = [
    ("counter", (1280, 800)),
    ("counter", (390, 844)),
    ("kitchen", (1920, 1080)),
]


@pytest.fixture
def long_menu(cafe_menu):
    """The café menu with names that no designer thought of."""
    first, second, *rest = cafe_menu.items
    names = {"id": LONG, "en": LONG + " Long"}
    replace = msgspec.structs.replace
    items = (
        replace(first, names=names, descriptions=names),
        replace(second, names={"id": UNBROKEN, "en": UNBROKEN}),
        *rest,
    )
    groups = tuple(
        replace(g, modifiers=tuple(replace(m, names=names) for m in g.modifiers))
        for g in cafe_menu.modifier_groups
    )
    return replace(cafe_menu, items=items, modifier_groups=groups)


@pytest.mark.parametrize("language", ["id", "en"])
@pytest.mark.parametrize(("screen", "size"), LAYOUTS)
async def test_long_names_and_thumbs_fit(
    shop, screens, take, fits, long_menu, screen, size, language
) -> None:
    await shop.use_menu(long_menu, 2)
    page = await screens.open(f"{shop.url}/{screen}/", size=size, language=language)
    if screen == "kitchen":
        counter = await screens.open(f"{shop.url}/counter/", language="en")
        for name in (LONG, UNBROKEN):
            await take(counter, name)
        await counter.get_by_label("Name").fill(LONG[:60])
        await counter.keyboard.press("F2")
        await counter.locator("[data-order-number]").wait_for()
        await fits(page, "station picker")
        await page.locator("main button, .grid > button").last.click()
        await expect(page.locator("[data-ticket]").first).to_contain_text(LONG[:30])
        await fits(page, "tickets")
        return
    await page.locator("[data-item]").first.wait_for()
    await fits(page, "menu")
    await page.locator("[data-item]", has_text=LONG).first.click()
    await page.locator("[data-choosing]").wait_for()
    await fits(page, "choices")
    await take(page, UNBROKEN)
    if size[0] < 700:
        await fits(page, "menu with a full cart")
        await page.locator("[data-cart-bar]").click()
    await fits(page, "cart")
    await page.keyboard.press("F2")
    await page.locator("[data-order-number]").wait_for()
    await fits(page, "accepted")
    if screen == "counter":
        await page.locator("dialog[open] footer button").first.click()
        await page.locator("dialog[open]", has_text="000").wait_for()
        await fits(page, "payment")
        await page.keyboard.press("Escape")
        for tab in (1, 2):
            await page.locator("nav button").nth(tab).click()
            await page.locator("[data-order]").first.wait_for()
            await fits(page, f"tab {tab}")
        await page.locator("[data-order]").first.click()
        await fits(page, "order")
