"""The box goes away in the middle of it: nothing on a screen is lost, and nothing happens twice."""

import asyncio

import pytest
from playwright.async_api import expect

pytestmark = pytest.mark.screens

LOST_MS = 20_000
"""Ten seconds of silence, then the page must say so; and room for a slow machine."""


async def test_eight_taps_are_one_order(shop, screens, take) -> None:
    counter = await screens.open(f"{shop.url}/counter/")

    async def slowly(route):
        await asyncio.sleep(0.6)
        await route.continue_()

    await counter.route("**/api/commands", slowly)
    await take(counter, "Cappuccino")
    await counter.evaluate(
        """() => {
          const send = [...document.querySelectorAll('button')]
            .find((b) => b.textContent.includes('Send to kitchen'));
          for (let i = 0; i < 8; i++) send.click();
        }"""
    )
    await counter.locator("[data-order-number]").wait_for()
    await asyncio.sleep(1)
    assert len(await shop.orders()) == 1


async def test_an_order_is_kept_without_the_box_and_sent_once_on_return(
    shop, screens, take
) -> None:
    counter = await screens.open(f"{shop.url}/counter/")
    await take(counter, "Cappuccino")
    await shop.shut()
    await counter.get_by_role("button", name="Send to kitchen").click()
    await expect(counter.locator("dialog[open]")).to_contain_text("Kept, not sent yet")
    await counter.get_by_role("button", name="New order").click()
    lost = counter.locator("[data-banner=lost]")
    await expect(lost).to_contain_text("No contact", timeout=LOST_MS)
    # The screen itself dies too; what it kept is on its disk.
    await counter.evaluate("() => window.stop()")
    await shop.open()
    await counter.reload()
    await expect(counter.locator("[data-order]").or_(counter.locator("nav span"))).to_have_text(
        "1", timeout=LOST_MS
    )
    await asyncio.sleep(1)
    assert [o["status"] for o in await shop.orders()] == ["fired"]
    await expect(lost).to_have_count(0)


async def test_an_answer_that_got_lost_makes_no_second_order(shop, screens, take) -> None:
    counter = await screens.open(f"{shop.url}/counter/")
    tries = []

    async def lose_the_first_answer(route):
        tries.append(route.request.post_data_json["command_id"])
        if len(tries) == 1:
            await route.fetch()
            await route.abort()
        else:
            await route.continue_()

    await counter.route("**/api/commands", lose_the_first_answer)
    await take(counter, "Cappuccino")
    await counter.get_by_role("button", name="Send to kitchen").click()
    await counter.locator("[data-order-number]").wait_for()
    assert len(tries) == 2
    assert len(set(tries)) == 1
    assert len(await shop.orders()) == 1


async def test_the_kiosk_keeps_the_cart_and_goes_on(shop, screens, take) -> None:
    kiosk = await screens.open(f"{shop.url}/kiosk/")
    await kiosk.get_by_role("button", name="Touch to order").click()
    await kiosk.get_by_role("button", name="Eat in").click()
    await take(kiosk, "Cappuccino")
    await take(kiosk, "Americano")
    await kiosk.get_by_role("button", name="See order").click()
    await shop.shut()
    await kiosk.get_by_role("button", name="Order now").click()
    await expect(kiosk.locator("[data-placing]")).to_contain_text("One moment")
    code = kiosk.locator("[data-code]")
    await expect(code).to_have_count(1, timeout=LOST_MS)
    shown = await code.inner_text()
    await shop.open()
    await kiosk.locator("[data-order-number]").wait_for(timeout=LOST_MS)
    (order,) = await shop.orders()
    assert order["order_id"][-4:].upper() == shown
    assert len(order["lines"]) == 2


async def test_a_kitchen_display_says_it_is_blind_and_catches_up(shop, screens, take) -> None:
    counter = await screens.open(f"{shop.url}/counter/")
    kitchen = await screens.open(f"{shop.url}/kitchen/?station=bar", size=(1920, 1080))
    for name in ("Cappuccino", "Americano"):
        await take(counter, name)
        await counter.get_by_role("button", name="Send to kitchen").click()
        await counter.get_by_role("button", name="New order").click()
    tickets = kitchen.locator("[data-ticket]")
    await expect(tickets).to_have_count(2)

    await kitchen.context.set_offline(True)
    stale = kitchen.locator("[data-banner=stale]")
    await expect(stale).to_contain_text("No contact", timeout=LOST_MS)
    # Meanwhile one is finished elsewhere and another comes.
    finished, _ = await shop.orders()
    await counter.get_by_role("button", name="Running").click()
    await counter.locator(f"[data-order='{finished['order_id']}']").click()
    await counter.get_by_role("button", name="Mark served").click()
    await counter.get_by_role("button", name="Sell").click()
    await take(counter, "Vietnamese Drip")
    await counter.get_by_role("button", name="Send to kitchen").click()
    await counter.locator("[data-order-number]").wait_for()

    await kitchen.context.set_offline(False)
    await expect(stale).to_have_count(0, timeout=LOST_MS)
    await expect(kitchen.locator(f"[data-number='{finished['number']}']")).to_have_count(0)
    missed = kitchen.locator("[data-ticket]", has_text="Vietnamese Drip")
    await expect(missed).to_contain_text("MISSED")
    await expect(tickets).to_have_count(2)


async def test_a_reload_without_the_box_keeps_the_order_on_the_screen(shop, screens, take) -> None:
    counter = await screens.open(f"{shop.url}/counter/")
    await take(counter, "Cappuccino")
    await counter.evaluate("() => navigator.serviceWorker.ready.then(() => true)")
    await shop.shut()
    await counter.reload()
    await expect(counter.locator("[data-cart-line]")).to_contain_text("Cappuccino")
    await expect(counter.locator("[data-item]", has_text="Americano")).to_have_count(1)
    await shop.open()
    await counter.get_by_role("button", name="Send to kitchen").click()
    await counter.locator("[data-order-number]").wait_for(timeout=LOST_MS)
    assert len(await shop.orders()) == 1
