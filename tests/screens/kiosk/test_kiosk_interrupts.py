"""What interrupts a guest fits at both sizes and is read by everybody, too."""

import pytest
from playwright.async_api import expect

from protocol.house import House, KioskPlan, Span

pytestmark = pytest.mark.screens

SIZES = {"portrait": (1080, 1920), "landscape": (1280, 800)}
NEVER = Span(until_date="2001-01-01")


@pytest.mark.parametrize("form", SIZES)
async def test_what_interrupts_a_guest_fits_and_is_read(
    shop, kiosk, use_house, sold_out, cafe_menu, fits, no_serious_findings, picture, form
) -> None:
    guest = await kiosk(size=SIZES[form])
    page = guest.page

    async def look(where):
        await picture(page, f"{form}-x-{where}")
        await fits(page, where)
        await no_serious_findings(page, where)

    await guest.begin()
    await guest.take("Cappuccino")
    await guest.take("Americano")
    dish = next(i for i in cafe_menu.items if i.names["en"] == "Cappuccino")
    await sold_out(page, dish.id)
    await page.locator("[data-changed]").wait_for()
    await look("changed")
    await page.get_by_role("button", name="Yes, go on").click()
    await page.locator(f"[data-menu] [data-item='{dish.id}']").scroll_into_view_if_needed()
    await look("sold-out")
    await page.get_by_role("button", name="Start over").click()
    await look("sure")
    await page.get_by_role("button", name="Keep my order").click()
    await use_house(House(version=2, kiosk=KioskPlan(hours=(NEVER,))))
    await page.locator("[data-closed=hours]").wait_for(timeout=20_000)
    await look("closed")
    await page.get_by_role("button", name="All right").click()
    await page.locator("[data-step=attract] [data-closed=hours]").wait_for()
    await look("closed-attract")
    await use_house(House(version=3, kiosk=KioskPlan(ask_table=True)))
    await expect(page.locator("[data-closed]")).to_have_count(0, timeout=20_000)
    await guest.begin()
    await guest.take("Americano")
    await guest.see_order()
    await page.get_by_role("button", name="Continue").click()
    await page.get_by_role("button", name="7", exact=True).click()
    await look("keypad")
    await shop.shut()
    await page.get_by_role("button", name="Order now").click()
    await page.locator("[data-code]").wait_for(timeout=20_000)
    await look("kept")
