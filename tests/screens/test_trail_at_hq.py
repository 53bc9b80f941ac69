"""HQ's audit trail and closed days in Chromium: who did what, looked at by person and kind."""

import pytest
from playwright.async_api import expect

from protocol.floor_events import DrawerOpened
from tests.made_up_sales import DAY, NOON_MS

pytestmark = [pytest.mark.screens, pytest.mark.postgres]

SEEN_MS = 20_000
DESK, PHONE = (1440, 900), (390, 844)


@pytest.fixture
async def watched(start, spoken_for, till):
    """An HQ where Ayu voided four times and Budi opened a drawer."""
    hq = await start.hq()
    box = await spoken_for(hq, "Kedai Kopi Susu Gula Aren Jalan Insinyur Haji Djuanda Nomor 128")
    for _ in range(4):
        placed = till.placed(25_000, 30_000)
        first = till.entry(placed)
        void = till.entry(till.voided(placed), actor="Ayu Lestari Kusumawardhani")
        await box.send(first, void)
    opened = DrawerOpened(
        shift_id="s", till_id="depan", open_id="o", at_ms=NOON_MS, reason="Tukar uang"
    )
    await box.send(till.entry(opened, actor="Budi"))
    return hq


async def trail_of(screens, hq, size=DESK, language="en"):
    page = await screens.open(f"{hq.url}/?key={hq.key}", size=size, language=language)
    await page.locator("nav [data-view=audit]").click()
    for field in (0, 1):
        await page.locator("input[type=date]").nth(field).fill(DAY)
    await page.locator("[data-row]").first.wait_for(timeout=SEEN_MS)
    return page


async def test_an_owner_finds_who_voids_most_and_opens_the_order(watched, screens) -> None:
    page = await trail_of(screens, watched)
    rows = page.locator("[data-row]")
    await expect(rows).to_have_count(5, timeout=SEEN_MS)
    voids = page.locator("[data-sum=void]")
    await expect(voids).to_contain_text("4×")
    # Once HQ has worked the orders out, the amounts come by themselves.
    await expect(voids).to_contain_text("Rp 100.000", timeout=2 * SEEN_MS)
    people = page.locator("[data-people] li")
    await expect(people.first).to_contain_text("Ayu")
    await expect(people.last).to_contain_text("Budi")

    await people.last.get_by_role("button").click()
    await expect(rows).to_have_count(1)
    await expect(rows).to_contain_text("Tukar uang")
    await expect(voids).to_contain_text("4×")  # the sums stay those of everybody
    await page.get_by_role("button", name="Show everything").click()
    await expect(rows).to_have_count(5)
    await voids.click()
    await expect(rows).to_have_count(4)
    await rows.first.get_by_role("button").click()
    await expect(page.locator("dialog[open]")).to_contain_text("Line voided")
    await page.keyboard.press("Escape")
    await page.locator("[data-person]").select_option("Budi")
    await expect(page.get_by_text("Nothing fits that")).to_be_visible()


@pytest.mark.parametrize("language", ["id", "en"])
@pytest.mark.parametrize("size", [DESK, PHONE])
async def test_the_trail_fits(watched, screens, fits, size, language) -> None:
    page = await trail_of(screens, watched, size, language)
    await expect(page.locator("[data-sum=void]")).to_contain_text(
        "Batal" if language == "id" else "Voids"
    )
    await fits(page, "trail")
