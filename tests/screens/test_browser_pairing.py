"""A tablet's browser that nobody knows asks to be let in by itself, and works from then on."""

import pytest
from playwright.async_api import async_playwright, expect

from tests.screens.conftest import CHROMIUM, QUIET

pytestmark = pytest.mark.screens

TABLET = "tablet.test"
"""A name that leads here, but is not this machine's own: the box takes it for a screen on the LAN."""


@pytest.fixture
async def chromium():
    if CHROMIUM is None:
        pytest.skip("chromium is not installed")
    rules = f"--host-resolver-rules=MAP {TABLET} 127.0.0.1"
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=[*QUIET, rules])
        yield browser
        await browser.close()


@pytest.fixture
async def strict(shop, cafe_menu):
    """The same outlet, asking every screen to be paired."""
    await shop.shut()
    shop.pairing = "required"
    await shop.open()
    return shop


@pytest.mark.parametrize(
    ("page_of", "works"),
    [("counter", "[data-item]"), ("kitchen", "[data-count], [data-station]")],
)
async def test_it_shows_a_code_is_let_in_and_stays_in(strict, screens, page_of, works) -> None:
    outside = strict.url.replace("127.0.0.1", TABLET)
    page = await screens.open(f"{outside}/{page_of}/")
    await expect(page.locator("[data-banner=unpaired]")).to_be_visible()
    await page.locator("[data-pair]").click()
    await page.get_by_label("What this screen is called").fill("Front tablet")
    await page.get_by_role("button", name="Ask for a code").click()
    code = await page.locator("[data-code]").inner_text()

    devices = await screens.open(f"{strict.url}/devices/")
    card = devices.locator("[data-pairing]")
    await expect(card).to_contain_text("Front tablet")
    await expect(card.locator("[data-code]")).to_have_text(code)
    await card.get_by_role("button", name="Let in").click()

    await expect(page.locator(works).first).to_be_visible(timeout=20_000)
    await page.reload()
    await expect(page.locator(works).first).to_be_visible(timeout=20_000)
    assert await page.evaluate("document.cookie") == "", "no script sees the token"
