"""One order on real screens: counter, kitchen display, and back; money."""

import pytest
from playwright.async_api import expect

pytestmark = pytest.mark.screens


async def test_from_the_counter_to_the_kitchen_and_back(shop, screens, take) -> None:
    counter = await screens.open(f"{shop.url}/counter/")
    kitchen = await screens.open(f"{shop.url}/kitchen/?station=bar", size=(1920, 1080))
    await take(counter, "Cappuccino")
    await take(counter, "Americano")
    await counter.get_by_label("Table").fill("7")
    await counter.get_by_role("button", name="Send to kitchen").click()
    number = await counter.locator("[data-order-number]").inner_text()
    await counter.get_by_role("button", name="New order").click()

    ticket = kitchen.locator(f"[data-number='{number}']")
    await expect(ticket).to_contain_text("Cappuccino")
    await expect(ticket).to_contain_text("Table 7")
    await ticket.locator("[data-line]").first.click()
    await expect(ticket.locator("[data-status=done]")).to_have_count(1)
    await ticket.get_by_role("button", name="Bump").click()
    await expect(ticket).to_have_count(0)

    await counter.get_by_role("button", name="Running").click()
    await expect(counter.locator("[data-order]")).to_have_attribute("data-status", "ready")

    await kitchen.get_by_role("button", name="Recall").click()
    await kitchen.locator("dialog[open] button", has_text=number).first.click()
    await expect(ticket).to_have_count(1)
    await expect(counter.locator("[data-order]")).to_have_attribute("data-status", "fired")
    await kitchen.keyboard.press("1")
    await expect(ticket).to_have_count(0)


async def test_paying_cash_shows_the_change_and_closes_when_served(shop, screens, take) -> None:
    counter = await screens.open(f"{shop.url}/counter/")
    await take(counter, "Cappuccino")
    await counter.keyboard.press("F9")
    dialog = counter.locator("dialog[open]")
    await dialog.get_by_role("button", name="100.000", exact=True).click()
    await dialog.get_by_role("button", name="Take payment").click()
    await dialog.locator("[data-paid]").wait_for()
    (order,) = await shop.orders()
    (payment,) = order["payments"]
    assert payment["tendered"] == 100_000
    assert payment["change"] == 100_000 - order["totals"]["total"]
    shown = await dialog.locator("[data-change]").inner_text()
    assert shown.replace(".", "") == f"Rp {payment['change']}"
    await counter.keyboard.press("Enter")
    await expect(dialog).to_have_count(0)

    await counter.get_by_role("button", name="Running").click()
    await counter.locator("[data-order]").click()
    await counter.get_by_role("button", name="Mark served").click()
    await expect(counter.locator("[data-order]")).to_have_count(0)
    await counter.get_by_role("button", name="History").click()
    await counter.get_by_role("searchbox").fill(order["number"])
    await expect(counter.locator("[data-order]")).to_have_attribute("data-status", "closed")


async def test_a_held_order_is_recalled_added_to_and_fired(shop, screens, take) -> None:
    counter = await screens.open(f"{shop.url}/counter/")
    await take(counter, "Cappuccino")
    await counter.get_by_label("Name").fill("Bu Sri")
    await counter.get_by_role("button", name="Hold").click()
    await counter.get_by_role("button", name="New order").click()
    assert [o["status"] for o in await shop.orders()] == ["held"]

    await counter.get_by_role("button", name="Running").click()
    await counter.locator("[data-order]").click()
    await counter.get_by_role("button", name="Recall").click()
    await take(counter, "Americano")
    await counter.get_by_role("button", name="Send to kitchen").click()
    await counter.locator("[data-order-number]").wait_for()
    (order,) = await shop.orders()
    assert order["status"] == "fired"
    assert [line["status"] for line in order["lines"]] == ["fired", "fired"]


async def test_a_void_is_struck_out_in_the_kitchen_until_it_is_bumped(shop, screens, take) -> None:
    counter = await screens.open(f"{shop.url}/counter/")
    kitchen = await screens.open(f"{shop.url}/kitchen/?station=bar", size=(1920, 1080))
    await take(counter, "Cappuccino")
    await take(counter, "Americano")
    await counter.get_by_role("button", name="Send to kitchen").click()
    await counter.get_by_role("button", name="New order").click()
    await counter.get_by_role("button", name="Running").click()
    await counter.locator("[data-order]").click()
    await counter.get_by_role("button", name="Void", exact=True).first.click()
    await counter.get_by_role("button", name="Entered by mistake").click()
    await counter.get_by_role("button", name="Yes, void it").click()
    struck = kitchen.locator("[data-line][data-status=voided]")
    await expect(struck).to_have_count(1)
    await expect(struck).to_contain_text("VOID")
    await struck.click()
    await expect(struck).to_have_count(0)
