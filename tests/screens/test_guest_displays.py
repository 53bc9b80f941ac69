"""What guests see: the bill at the counter, and the numbers on the board."""

import pytest
from playwright.async_api import expect

from edge.demo.house import house_of
from tests.screens.ringing import Till

pytestmark = pytest.mark.screens


@pytest.fixture
async def counter(shop, screens, cafe_menu):
    await shop.use_house(house_of(cafe_menu))
    page = await screens.open(f"{shop.url}/counter/")
    await page.locator("[data-item]").first.wait_for()
    return page


async def test_the_guest_sees_the_bill_grow_on_any_machine(shop, screens, counter) -> None:
    beside = await counter.context.new_page()
    await beside.goto(f"{shop.url}/customer/?lang=en&counter=Kasir 1")
    far = await screens.open(f"{shop.url}/customer/", size=(1024, 600))
    for display in (beside, far):
        await display.locator("[data-guest=idle]").wait_for()
    await counter.locator("[data-item]", has_text="Toast").click()
    total = await counter.locator("[data-panel=bill] [data-total]").inner_text()
    for display in (beside, far):
        await expect(display.locator("[data-guest=ordering]")).to_contain_text("Toast")
        await expect(display.locator("[data-total]")).to_have_text(total)
    await counter.keyboard.press("F9")
    dialog = counter.locator("dialog[open]")
    await dialog.get_by_role("button", name="100.000", exact=True).click()
    for display in (beside, far):
        await display.locator("[data-guest=paying]").wait_for()
    await dialog.get_by_role("button", name="Take payment").click()
    change = await dialog.locator("[data-change]").inner_text()
    for display in (beside, far):
        await expect(display.locator("[data-guest=thanks]")).to_contain_text("Thank you")
        await expect(display.locator("[data-change]")).to_have_text(change)
    await counter.get_by_role("button", name="New order").click()
    await counter.locator("[data-item]", has_text="Toast").click()
    for display in (beside, far):
        await display.locator("[data-guest=ordering]").wait_for()


async def test_the_board_calls_who_waits_at_the_counter(shop, screens, counter, fits) -> None:
    board = await screens.open(f"{shop.url}/board/", size=(1920, 1080))
    kitchen = await screens.open(f"{shop.url}/kitchen/?station=bar", size=(1920, 1080))
    await counter.get_by_role("button", name="Takeaway").click()
    await counter.get_by_label("Name").fill("Bu Sri")
    await counter.locator("[data-item]", has_text="Pulled Milk Tea").click()
    await counter.get_by_role("button", name="Send to kitchen").click()
    await expect(board.locator("[data-making=A001]")).to_have_count(1)
    await kitchen.get_by_role("button", name="Bump").click()
    await expect(board.locator("[data-ready=A001]")).to_contain_text("Bu Sri")
    await expect(board.locator("[data-making]")).to_have_count(0)
    size = await board.locator("[data-ready=A001] span").first.evaluate(
        "(e) => parseFloat(getComputedStyle(e).fontSize)"
    )
    assert size >= 100, "read from five metres"
    await fits(board, "board")


async def test_a_full_board_hides_no_number(shop, screens) -> None:
    till = Till(shop)
    try:
        for i in range(26):
            guest = f"Ibu Sri Wahyuni {i}"
            order = await till.order("Pulled Milk Tea", dining_option="takeaway", tab_name=guest)
            if i < 10:
                await till.bump(order, "bar", 0)
    finally:
        await till.close()
    board = await screens.open(f"{shop.url}/board/", size=(1920, 1080))
    for column, count in (("ready", 10), ("making", 16)):
        numbers = board.locator(f"[data-{column}]")
        await expect(numbers).to_have_count(count)
        for number in await numbers.all():
            await expect(number).to_be_in_viewport(ratio=0.99)


async def test_thanks_stay_whatever_else_happens_until_the_next_order(
    shop, screens, counter
) -> None:
    display = await screens.open(f"{shop.url}/customer/", size=(1024, 600))
    await counter.locator("[data-item]", has_text="Toast").click()
    await counter.keyboard.press("F9")
    await counter.get_by_role("button", name="Take payment").click()
    await display.locator("[data-guest=thanks]").wait_for()
    till = Till(shop)
    try:
        await till.order("Pulled Milk Tea")
    finally:
        await till.close()
    await expect(counter.locator("header nav button", has_text="Running")).to_contain_text("2")
    await counter.wait_for_timeout(500)
    await expect(display.locator("[data-guest=thanks]")).to_have_count(1)


async def test_each_guest_of_a_split_bill_sees_what_they_pay(shop, screens, counter) -> None:
    display = await screens.open(f"{shop.url}/customer/", size=(1024, 600))
    await counter.locator("[data-item]", has_text="Toast").click()
    await counter.locator("[data-item]", has_text="Mineral Water").click()
    await counter.get_by_role("button", name="Bill: discount").click()
    await counter.get_by_role("button", name="Split bill").click()
    await counter.get_by_role("button", name="Split into 2").click()
    for i in range(2):
        check = counter.locator("[data-check]").nth(i)
        owed = int(await check.get_attribute("data-due"))
        await check.click()
        due = f"Rp {owed:,}".replace(",", ".")
        await expect(display.locator("[data-guest=paying] [data-total]")).to_have_text(due)
        await counter.get_by_role("button", name="Card", exact=True).click()
        await counter.get_by_role("button", name="Record Card payment").click()
        await display.locator("[data-guest=thanks]").wait_for()
        await counter.locator("[data-paid]").wait_for()
        await counter.keyboard.press("Enter")
