"""How guests pay: only as the outlet can take it just now, and never before the order is taken."""

import pytest
from playwright.async_api import expect

from edge.routes import menu as menu_routes
from protocol.house import House, KioskPlan

pytestmark = pytest.mark.screens

AWAY_MS = 40_000
BOTH = House(version=1, kiosk=KioskPlan(tenders=("counter", "qris")))


@pytest.fixture
def asked_how_to_pay(kiosk, use_house, monkeypatch):
    """A guest with one dish, before the choice between the counter and a code, where both are taken."""

    async def page():
        monkeypatch.setattr(menu_routes, "PAYS_HERE", ("qris",))
        await use_house(BOTH)
        guest = await kiosk()
        await guest.begin()
        await guest.take("Americano")
        await guest.see_order()
        await guest.page.get_by_role("button", name="Continue").click()
        return guest.page

    return page


async def test_what_the_box_cannot_take_is_not_offered(shop, kiosk, use_house) -> None:
    await use_house(BOTH)
    guest = await kiosk()
    await guest.begin()
    await guest.take("Americano")
    await guest.see_order()
    await guest.order()
    await expect(guest.page.locator("[data-step]")).to_contain_text("Please pay at the counter")


async def test_a_box_that_goes_away_while_somebody_chooses_how_to_pay(
    shop, asked_how_to_pay
) -> None:
    """No code comes from a box that is away: it is not offered, and the order is paid at the counter."""
    page = await asked_how_to_pay()
    await page.locator("[data-tender=qris]").wait_for()
    await shop.shut()
    await expect(page.locator("[data-tender=qris]")).to_have_count(0, timeout=AWAY_MS)
    await page.locator("[data-tender=counter]").click()
    await expect(page.locator("[data-placing]")).to_contain_text("you pay there", timeout=AWAY_MS)
    await shop.open()
    await page.locator("[data-order-number]").wait_for(timeout=AWAY_MS)
    (order,) = await shop.orders()
    assert (order["status"], order["payments"]) == ("fired", [])


async def test_the_guest_chooses_and_the_order_is_taken_before_any_money(
    shop, asked_how_to_pay, fits, no_serious_findings, picture
) -> None:
    """FS-75: with the gateway silent the order stands and is paid at the counter."""
    page = await asked_how_to_pay()
    await picture(page, "portrait-pay")
    await fits(page, "pay")
    await no_serious_findings(page, "pay")
    await page.locator("[data-tender=qris]").click()
    await page.locator("[data-order-number]").wait_for()
    (order,) = await shop.orders()
    assert (order["status"], order["payments"]) == ("fired", [])
    await expect(page.locator("[data-step]")).to_contain_text("Please pay at the counter")
