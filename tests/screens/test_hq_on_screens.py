"""HQ's dashboard against a real HQ and box: live, complete, and honest when the line is cut."""

import pytest
from playwright.async_api import expect

pytestmark = [pytest.mark.screens, pytest.mark.postgres, pytest.mark.broker]

SEEN_MS = 20_000


async def sell(box, menu, quantity=1):
    """One paid order of the menu's first item; returns it."""
    variant = menu.items[0].variants[0].id
    return await box.order(lines=[(variant, quantity)])


async def test_sales_appear_live_and_say_how_complete_they_are(
    start, cafe_menu, zero_lag, wait_until, screens
) -> None:
    hq = await start.hq()
    await hq.publish(cafe_menu)
    wan = await start.wan(hq)
    box = await start.box(hq, wan=wan)
    await wait_until(box.has_menu)
    page = await screens.open(f"{hq.url}/", size=(1440, 900))

    await page.get_by_label("Access key").fill("kedai_wrong")
    await page.get_by_role("button", name="Sign in").click()
    await expect(page.get_by_role("alert")).to_contain_text("not known")
    await page.get_by_label("Access key").fill(hq.key)
    await page.get_by_role("button", name="Sign in").click()

    total = page.locator("[data-total]")
    first = await sell(box, cafe_menu, 2)
    due = first["totals"]["total"]
    await expect(total).to_have_attribute("data-total", str(due), timeout=SEEN_MS)
    await expect(page.locator("tbody tr")).to_have_count(1, timeout=SEEN_MS)
    await zero_lag(box)
    await expect(page.locator("[data-state=complete]")).to_have_count(1, timeout=SEEN_MS)

    wan.set_cut(True)
    await sell(box, cafe_menu)
    await expect(total).to_have_attribute("data-total", str(due))
    wan.set_cut(False)
    await zero_lag(box)
    await expect(total).to_have_attribute("data-total", str(due * 3 // 2), timeout=SEEN_MS)

    await page.get_by_role("button", name="Reports").click()
    await expect(page.locator("dl").first).to_contain_text("3", timeout=SEEN_MS)
    await expect(page.locator("[data-chart]").first).to_be_visible()
    await page.get_by_role("button", name="Outlets").click()
    await expect(page.locator("article")).to_contain_text("Kedai Dago")
    await page.get_by_role("button", name="Orders").click()
    await page.get_by_role("searchbox").fill(first["number"])
    await page.get_by_role("button", name=first["number"]).click()
    await expect(page.locator("dialog[open]")).to_contain_text("Order taken")


@pytest.mark.parametrize("language", ["id", "en"])
@pytest.mark.parametrize("size", [(1440, 900), (390, 844)])
async def test_every_page_fits(
    start, cafe_menu, zero_lag, wait_until, screens, fits, size, language
) -> None:
    hq = await start.hq()
    await hq.publish(cafe_menu)
    box = await start.box(
        hq, name="Kedai Kopi Susu Gula Aren Jalan Insinyur Haji Djuanda Nomor 128"
    )
    await wait_until(box.has_menu)
    await sell(box, cafe_menu, 900)
    await zero_lag(box)
    page = await screens.open(f"{hq.url}/?key={hq.key}", size=size, language=language)
    await expect(page.locator("[data-total]")).not_to_have_attribute("data-total", "0")
    await page.locator("tbody tr").first.wait_for()
    await fits(page, "today")
    for tab in (1, 2, 3):
        await page.locator("nav button").nth(tab).click()
        await page.locator("article, tbody tr, [data-chart]").first.wait_for()
        await fits(page, f"tab {tab}")
