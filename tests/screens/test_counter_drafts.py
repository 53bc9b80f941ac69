"""The order that a cashier is entering: kept on the device, one for each tab, until it is sent."""

import pytest
from playwright.async_api import expect

pytestmark = pytest.mark.screens

BACK_MS = 20_000
WRITTEN_MS = 300
"""What is typed is written when nobody waits for the screen."""


@pytest.fixture
def opened(shop, screens):
    """Opens the counter: on a device of its own, or in another tab of one."""

    async def page_of(beside=None):
        if beside is None:
            page = await screens.open(f"{shop.url}/counter/")
        else:
            page = await beside.context.new_page()
            await page.goto(f"{shop.url}/counter/?lang=en")
        await page.locator("[data-item]").first.wait_for()
        return page

    return page_of


async def test_what_was_entered_survives_a_reload(opened) -> None:
    counter = await opened()
    await counter.locator("[data-item]").nth(2).click()
    await counter.get_by_label("Note").fill("tanpa gula")
    await counter.get_by_label("Name").fill("Bu Sri")
    await counter.reload()
    await expect(counter.locator("[data-cart-line]")).to_contain_text("tanpa gula")
    await expect(counter.get_by_label("Name")).to_have_value("Bu Sri")
    stored = await counter.evaluate("Object.keys(localStorage)")
    assert not [key for key in stored if "cart" in key or "menu" in key], (
        "large things go elsewhere"
    )


async def test_what_was_entered_survives_a_new_start_of_the_box(shop, opened, take) -> None:
    counter = await opened()
    await take(counter, "Cappuccino")
    await take(counter, "Toast")
    await counter.evaluate("navigator.serviceWorker.ready.then(() => true)")
    await shop.shut()
    await counter.reload()
    await expect(counter.locator("[data-cart-line]")).to_have_count(2)
    await shop.open()
    await expect(counter.locator("[data-banner=lost]")).to_have_count(0, timeout=BACK_MS)
    await expect(counter.locator("[data-cart-line]")).to_have_count(2)
    await counter.get_by_role("button", name="Send to kitchen").click()
    await counter.locator("[data-order-number]").wait_for(timeout=BACK_MS)
    (order,) = await shop.orders()
    assert [line["names"]["en"] for line in order["lines"]] == ["Cappuccino", "Toast"]
    await counter.reload()
    await counter.locator("[data-item]").first.wait_for()
    await expect(counter.locator("[data-cart-line]")).to_have_count(0)


async def test_two_tabs_have_an_order_each(shop, opened, take) -> None:
    """Neither writes over the other, and what both send are two orders."""
    first = await opened()
    await take(first, "Cappuccino")
    second = await opened(first)
    await expect(second.locator("[data-cart-line]")).to_have_count(0)
    await take(second, "Toast")
    await second.wait_for_timeout(WRITTEN_MS)
    for page, dish in ((first, "Cappuccino"), (second, "Toast")):
        await page.reload()
        await expect(page.locator("[data-cart-line]")).to_have_count(1)
        await expect(page.locator("[data-cart-line]")).to_contain_text(dish)
    for page in (first, second):
        await page.get_by_role("button", name="Send to kitchen").click()
        await page.locator("[data-order-number]").wait_for()
    orders = await shop.orders()
    sold = [[line["names"]["en"] for line in order["lines"]] for order in orders]
    assert sold == [["Cappuccino"], ["Toast"]]


async def test_a_tab_that_was_closed_leaves_its_order_to_the_next(opened, take) -> None:
    first = await opened()
    await take(first, "Cappuccino")
    await first.wait_for_timeout(WRITTEN_MS)
    bystander = await opened(first)
    await first.close()
    again = await opened(bystander)
    await expect(again.locator("[data-cart-line]")).to_contain_text("Cappuccino")
    await expect(bystander.locator("[data-cart-line]")).to_have_count(0)


async def test_lines_for_an_order_that_is_over_become_no_new_one_unnoticed(
    shop, opened, take
) -> None:
    counter = await opened()
    await take(counter, "Mineral Water")
    await counter.get_by_role("button", name="Send to kitchen").click()
    await counter.get_by_role("button", name="New order").click()
    await counter.get_by_role("button", name="Running").click()
    await counter.locator("[data-order]").click()
    await counter.get_by_role("button", name="Add items").click()
    await take(counter, "Toast")
    other = await opened()
    await other.get_by_role("button", name="Running").click()
    await other.locator("[data-order]").click()
    await other.get_by_role("button", name="Mark served").click()
    await other.locator("[data-order]").click()
    await other.locator("dialog[open] footer button", has_text="Pay").click()
    await other.get_by_role("button", name="Take payment").click()
    await other.locator("[data-paid]").wait_for()
    await counter.get_by_role("button", name="Send to kitchen").click()
    await expect(counter.get_by_role("status")).to_contain_text("is finished")
    assert len(await shop.orders()) == 1
    await counter.get_by_role("button", name="Send to kitchen").click()
    await counter.locator("[data-order-number]").wait_for()
    assert len(await shop.orders()) == 2
