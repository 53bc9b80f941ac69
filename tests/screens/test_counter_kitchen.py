"""Whoever sent an order sees where each line is, hears when nobody has it, and fires its courses."""

import pytest
from playwright.async_api import expect

pytestmark = [pytest.mark.screens, pytest.mark.broker]

UNSEEN_MS = 15_000
"""Four seconds for the display, a moment for the feed, and a slow machine."""
COUNT_TONES = """() => {
  window.tones = 0;
  const start = OscillatorNode.prototype.start;
  OscillatorNode.prototype.start = function (...at) { window.tones++; return start.apply(this, at); };
}"""
ALARM_TONES = 4


@pytest.fixture
async def counter(shop, screens):
    """The counter, with every tone counted that it plays."""
    page = await screens.open(f"{shop.url}/counter/")
    await page.evaluate(COUNT_TONES)
    return page


@pytest.fixture
def send(take):
    """Puts items on an order and sends it; gives its number."""

    async def send(counter, *names):
        for name in names:
            await take(counter, name)
        await counter.get_by_role("button", name="Send to kitchen").click()
        number = await counter.locator("[data-order-number]").inner_text()
        await counter.get_by_role("button", name="New order").click()
        return number

    return send


async def test_the_order_says_on_which_display_each_line_is(shop, screens, counter, send) -> None:
    kitchen = await screens.open(f"{shop.url}/kitchen/?station=bar", size=(1920, 1080))
    number = await send(counter, "Cappuccino")
    await counter.get_by_role("button", name="Running").click()
    card = counter.locator("[data-order]", has_text=number)
    await expect(card).to_have_attribute("data-kitchen", "confirmed")
    await expect(card).to_contain_text("Kitchen has it")
    await card.click()
    line = counter.locator("dialog[open] [data-line]")
    bar = line.locator("[data-station=bar]")
    await expect(bar).to_have_attribute("data-delivery", "shown")
    await expect(bar).to_contain_text("Shown on")

    await kitchen.locator(f"[data-number='{number}'] [data-line]").first.click()
    await expect(bar).to_have_attribute("data-delivery", "bumped")
    await expect(bar).to_contain_text("Done at Bar")


async def test_an_order_nobody_has_seen_is_red_and_loud_until_somebody_has(
    shop, screens, counter, send
) -> None:
    number = await send(counter, "Cappuccino")
    banner = counter.locator("[data-banner=kitchen]")
    await expect(banner).to_contain_text("Kitchen not confirmed. Tell Bar", timeout=UNSEEN_MS)
    assert await counter.evaluate("window.tones") == ALARM_TONES
    await counter.locator(f"[data-unseen='{number}']").click()
    dialog = counter.locator("dialog[open]")
    await expect(dialog.locator("[data-unconfirmed]")).to_contain_text("Tell Bar in person")
    await expect(dialog.locator("[data-delivery=escalated]")).to_contain_text("Nobody has seen it")
    await counter.keyboard.press("Escape")
    await counter.get_by_role("button", name="Running").click()
    card = counter.locator("[data-order]", has_text=number)
    await expect(card).to_contain_text("Kitchen not confirmed: tell Bar")

    await screens.open(f"{shop.url}/kitchen/?station=bar", size=(1920, 1080))
    await expect(card).to_have_attribute("data-kitchen", "confirmed")
    await expect(banner).to_have_count(0)
    assert await counter.evaluate("window.tones") == ALARM_TONES, "once is enough"


async def test_whoever_still_reads_the_number_sees_whether_the_kitchen_has_it(
    shop, screens, counter, take
) -> None:
    await take(counter, "Cappuccino")
    await counter.keyboard.press("F2")
    dialog = counter.locator("dialog[open]")
    await expect(dialog).to_contain_text("Sent to the kitchen")
    await expect(dialog).to_contain_text("Kitchen not confirmed: tell Bar", timeout=UNSEEN_MS)
    await screens.open(f"{shop.url}/kitchen/?station=bar", size=(1920, 1080))
    await expect(dialog).to_contain_text("Kitchen has it")


async def test_where_lines_were_is_known_of_an_order_that_is_over(
    shop, screens, counter, send
) -> None:
    await screens.open(f"{shop.url}/kitchen/?station=bar", size=(1920, 1080))
    await send(counter, "Cappuccino")
    await counter.get_by_role("button", name="Running").click()
    card = counter.locator("[data-order]")
    await expect(card).to_have_attribute("data-kitchen", "confirmed")
    await card.click()
    await counter.get_by_role("button", name="Pay").click()
    await counter.get_by_role("button", name="Take payment").click()
    await counter.locator("[data-paid]").wait_for()
    await counter.get_by_role("button", name="New order").click()
    await card.click()
    await counter.get_by_role("button", name="Mark served").click()
    await expect(card).to_have_count(0)
    await counter.get_by_role("button", name="History").click()
    await card.click()
    bar = counter.locator("dialog[open] [data-station=bar]")
    await expect(bar).to_have_attribute("data-delivery", "shown")


async def test_the_second_course_waits_until_it_is_fired(shop, counter, take) -> None:
    await take(counter, "Cappuccino")
    await take(counter, "Americano")
    await counter.get_by_role("button", name="Courses", exact=True).click()
    await counter.locator("[data-cart-line]").nth(1).get_by_role("button", name="Course 2").click()
    await counter.get_by_role("button", name="Fire course 1").dblclick()
    await counter.locator("[data-order-number]").wait_for()
    (order,) = await shop.orders()
    assert {x["course"]: x["status"] for x in order["lines"]} == {1: "fired", 2: "waiting"}

    await counter.get_by_role("button", name="New order").click()
    await counter.get_by_role("button", name="Running").click()
    card = counter.locator("[data-order]")
    await expect(card.locator("[data-waiting]")).to_have_text("Waiting: Course 2")
    await card.click()
    dialog = counter.locator("dialog[open]")
    await expect(dialog.get_by_role("button", name="Mark served")).to_have_count(0)
    await dialog.get_by_role("button", name="Fire course 2").dblclick()
    await expect(dialog.get_by_role("button", name="Mark served")).to_have_count(1)
    (order,) = await shop.orders()
    assert [x["status"] for x in order["lines"]] == ["fired", "fired"]


async def test_with_courses_everything_can_still_be_sent_at_once(shop, counter, take) -> None:
    await take(counter, "Cappuccino")
    await take(counter, "Americano")
    await counter.get_by_role("button", name="Courses", exact=True).click()
    await counter.locator("[data-cart-line]").nth(1).get_by_role("button", name="Course 2").click()
    await counter.get_by_role("button", name="Send all").click()
    await counter.locator("[data-order-number]").wait_for()
    (order,) = await shop.orders()
    assert {x["course"]: x["status"] for x in order["lines"]} == {1: "fired", 2: "fired"}


async def test_a_held_order_fires_its_first_course_alone(shop, counter, take) -> None:
    await take(counter, "Cappuccino")
    await take(counter, "Americano")
    await counter.get_by_role("button", name="Courses", exact=True).click()
    await counter.locator("[data-cart-line]").nth(1).get_by_role("button", name="Course 2").click()
    await counter.get_by_role("button", name="Hold").click()
    await counter.get_by_role("button", name="New order").click()
    await counter.get_by_role("button", name="Running").click()
    await counter.locator("[data-order]").click()
    await counter.get_by_role("button", name="Fire course 1").click()
    await expect(counter.get_by_role("button", name="Fire course 2")).to_have_count(1)
    (order,) = await shop.orders()
    assert {x["course"]: x["status"] for x in order["lines"]} == {1: "fired", 2: "waiting"}


async def test_a_rush_is_asked_for_and_taken_back(shop, screens, counter, send) -> None:
    kitchen = await screens.open(f"{shop.url}/kitchen/?station=bar", size=(1920, 1080))
    number = await send(counter, "Cappuccino")
    await counter.get_by_role("button", name="Running").click()
    card = counter.locator("[data-order]", has_text=number)
    await card.click()
    await counter.get_by_role("button", name="Rush", exact=True).click()
    await expect(counter.get_by_role("button", name="No rush", exact=True)).to_have_count(1)
    await counter.keyboard.press("Escape")
    await expect(card.locator("[data-rush]")).to_have_count(1)
    await expect(kitchen.locator(f"[data-number='{number}']")).to_contain_text("RUSH")

    await card.click()
    await counter.get_by_role("button", name="No rush", exact=True).click()
    await expect(card.locator("[data-rush]")).to_have_count(0)
    await expect(kitchen.locator(f"[data-number='{number}']")).not_to_contain_text("RUSH")


@pytest.mark.parametrize("language", ["id", "en"])
async def test_what_nobody_has_seen_fits_a_phone(shop, screens, take, fits, language) -> None:
    page = await screens.open(f"{shop.url}/counter/", size=(390, 844), language=language)
    for _ in range(4):
        for name in ("Cappuccino", "Nasi Goreng" if language == "id" else "Fried Rice"):
            await take(page, name)
        await page.keyboard.press("F2")
        await page.locator("[data-order-number]").wait_for()
        await page.keyboard.press("Escape")
    await page.locator("[data-unseen]").nth(2).wait_for(timeout=UNSEEN_MS)
    await fits(page, "alarm over the menu")
    await page.locator("nav button").nth(1).click()
    await page.locator("[data-order][data-kitchen=unconfirmed]").first.wait_for()
    await fits(page, "running orders")
    await page.locator("[data-unseen]").first.click()
    await fits(page, "order")


async def test_one_of_two_is_taken_off_and_the_other_is_still_made(
    shop, screens, counter, take
) -> None:
    kitchen = await screens.open(f"{shop.url}/kitchen/?station=bar", size=(1920, 1080))
    for _ in range(2):
        await take(counter, "Cappuccino")
    await counter.keyboard.press("F2")
    await counter.get_by_role("button", name="New order").click()
    await counter.get_by_role("button", name="Running").click()
    await counter.locator("[data-order]").click()
    await counter.get_by_role("button", name="Void", exact=True).click()
    await counter.get_by_role("button", name="Guest changed their mind").click()
    await counter.get_by_role("button", name="Yes, void it").click()
    line = counter.locator("dialog[open] [data-line]").first
    await expect(line).to_contain_text("1×")
    await expect(kitchen.locator("[data-number]").first).to_contain_text("Cappuccino")
    (order,) = await shop.orders()
    assert [x["quantity"] for x in order["lines"] if x["status"] == "fired"] == [1]
