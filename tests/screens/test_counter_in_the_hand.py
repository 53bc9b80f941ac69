"""The counter on a phone and by keyboard, and what the counter and its display are called."""

import pytest
from playwright.async_api import expect

from edge.demo.house import house_of

pytestmark = pytest.mark.screens

PHONE = (390, 844)


@pytest.fixture
async def open_counter(shop, screens, cafe_menu):
    """Opens the counter of a café with a floor plan and two tills, on a device of its own."""
    await shop.use_house(house_of(cafe_menu))

    async def opened(**more):
        page = await screens.open(f"{shop.url}/counter/", **more)
        await page.locator("[data-item]").first.wait_for()
        return page

    return opened


async def test_enter_takes_the_payment_and_begins_anew(shop, open_counter) -> None:
    counter = await open_counter()
    await counter.locator("[data-item]", has_text="Toast").click()
    await counter.keyboard.press("F9")
    await counter.locator("[data-due]").wait_for()
    await counter.keyboard.press("Enter")
    await counter.locator("[data-paid]").wait_for()
    await counter.keyboard.press("Enter")
    await expect(counter.locator("dialog[open]")).to_have_count(0)
    (order,) = await shop.orders()
    assert len(order["payments"]) == 1


async def test_a_closed_dialog_gives_the_focus_back(open_counter) -> None:
    counter = await open_counter()
    await counter.get_by_role("button", name="More", exact=True).click()
    await counter.locator("dialog[open]").wait_for()
    await counter.keyboard.press("Escape")
    await expect(counter.get_by_role("button", name="More", exact=True)).to_be_focused()


async def test_a_phone_shows_every_key(open_counter, take, fits) -> None:
    counter = await open_counter(size=PHONE)
    await expect(counter.get_by_role("button", name="History")).to_be_in_viewport(ratio=1)
    await counter.get_by_role("button", name="More", exact=True).click()
    await fits(counter, "menu")
    await counter.keyboard.press("Escape")
    await take(counter, "Toast")
    await counter.keyboard.press("F9")
    for key in ("100.000", "1"):
        button = counter.get_by_role("button", name=key, exact=True)
        await expect(button).to_be_in_viewport(ratio=1)
    await counter.keyboard.press("Escape")
    await counter.get_by_role("button", name="Running").click()
    await counter.locator("[data-order]").click()
    await counter.get_by_role("button", name="Split bill").click()
    more = counter.get_by_role("button", name="+ How many pay?")
    await expect(more).to_be_in_viewport(ratio=1)
    await more.click()
    await expect(counter.locator("[data-share]")).to_have_count(3)


async def test_a_counter_has_a_name_that_its_display_goes_by(shop, screens, open_counter) -> None:
    counter = await open_counter()
    await counter.locator("[data-item]", has_text="Toast").click()
    far = await screens.open(f"{shop.url}/customer/", size=(1024, 600))
    await far.locator("[data-guest=ordering]").wait_for()
    await counter.get_by_role("button", name="More", exact=True).click()
    await counter.get_by_label("Name of this counter").fill("Bar")
    await counter.keyboard.press("Enter")
    await counter.keyboard.press("Escape")

    await far.locator("[data-guest=idle]").wait_for()
    await far.get_by_role("button", name="choose another counter").click()
    await far.get_by_role("button", name="Bar", exact=True).click()
    await expect(far.locator("[data-guest=ordering]")).to_contain_text("Toast")
