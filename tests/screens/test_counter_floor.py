"""The floor plan, and several screens at one table."""

import asyncio

import pytest
from playwright.async_api import expect

from edge.demo.house import house_of

pytestmark = pytest.mark.screens


@pytest.fixture
async def open_counter(shop, screens, cafe_menu):
    """Opens counters of a café with a floor plan, each on a device of its own."""
    await shop.use_house(house_of(cafe_menu))

    async def opened(**more):
        page = await screens.open(f"{shop.url}/counter/", **more)
        await page.locator("[data-item]").first.wait_for()
        return page

    return opened


async def seat(counter, table, guests):
    await counter.get_by_role("button", name="Tables", exact=True).click()
    await counter.locator(f"[data-table='{table}']:visible").click()
    await (
        counter.locator("dialog[open]").get_by_role("button", name=str(guests), exact=True).click()
    )


async def test_a_party_is_seated_and_its_table_says_how_far_it_is(
    shop, screens, open_counter, take
) -> None:
    counter = await open_counter()
    other = await open_counter(size=(390, 844))
    await other.get_by_role("button", name="Tables", exact=True).click()
    table = other.locator("[data-table='4']:visible")
    await expect(table).to_have_attribute("data-state", "free")

    await seat(counter, 4, 3)
    await counter.get_by_role("button", name="All", exact=True).click()
    await take(counter, "Pulled Milk Tea")
    await counter.get_by_role("button", name="Hold").click()
    await counter.get_by_role("button", name="New order").click()
    await expect(table).to_have_attribute("data-state", "seated")
    await expect(table).to_contain_text("3")
    (order,) = await shop.orders()
    assert (order["table"], order["covers"]) == ("4", 3)

    await counter.get_by_role("button", name="Tables", exact=True).click()
    await counter.locator("[data-table='4']:visible").click()
    await counter.get_by_role("button", name="Send to kitchen").click()
    await expect(table).to_have_attribute("data-state", "kitchen")
    kitchen = await screens.open(f"{shop.url}/kitchen/?station=bar", size=(1920, 1080))
    await kitchen.get_by_role("button", name="Bump").click()
    await expect(table).to_have_attribute("data-state", "ready")
    await counter.get_by_role("button", name="Mark served").click()
    await expect(table).to_have_attribute("data-state", "unpaid")
    await table.click()
    await other.get_by_role("button", name="Pay").click()
    await other.get_by_role("button", name="Take payment").click()
    await other.locator("[data-paid]").wait_for()
    await expect(counter.locator("[data-table='4']:visible")).to_have_attribute(
        "data-state", "free"
    )


async def test_a_party_moves_to_another_table(shop, open_counter, take) -> None:
    counter = await open_counter()
    await seat(counter, 4, 2)
    await counter.get_by_role("button", name="All", exact=True).click()
    await take(counter, "Toast")
    await counter.get_by_role("button", name="Bill: discount").click()
    await counter.get_by_role("button", name="Table & name").click()
    await counter.get_by_role("button", name="Choose").click()
    await counter.locator("dialog[open]").last.get_by_role("button", name="7").click()
    await counter.get_by_role("button", name="Save").click()
    await expect(counter.locator("dialog[open]")).to_have_count(1)
    await expect(counter.locator("dialog[open] h2").first).to_contain_text("Table 7")
    await counter.keyboard.press("Escape")
    await counter.get_by_role("button", name="Tables", exact=True).click()
    seven = counter.locator("[data-table='7']:visible")
    await expect(seven).to_have_attribute("data-state", "seated")
    await expect(counter.locator("[data-table='4']:visible")).to_have_attribute(
        "data-state", "free"
    )
    (order,) = await shop.orders()
    assert order["table"] == "7"


async def test_two_screens_at_one_table_lose_and_double_nothing(shop, open_counter, take) -> None:
    one, two = await open_counter(), await open_counter()
    await seat(one, 4, 2)
    await one.get_by_role("button", name="All", exact=True).click()
    await take(one, "Toast")
    await one.get_by_role("button", name="Hold").click()
    await one.get_by_role("button", name="New order").click()
    for screen in (one, two):
        await screen.get_by_role("button", name="Tables", exact=True).click()
        await screen.locator("[data-table='4']:visible").click()
    for screen in (one, two):
        await expect(screen.locator("[data-others]").first).to_contain_text("Also open at")

    # Both raise the same waiting line at the same time, from the same picture of it.
    for screen in (one, two):
        await screen.locator("[data-line] button", has_text="Toast").first.click()
        await screen.get_by_role("button", name="+ Quantity").click()
    await asyncio.gather(
        *(
            s.locator("dialog[open]").last.get_by_role("button", name="Save").click()
            for s in (one, two)
        )
    )
    for screen in (one, two):
        await expect(screen.locator("[data-line]")).to_contain_text("3×")

    for screen in (one, two):
        await screen.get_by_role("button", name="Recall").click()
        await screen.get_by_role("button", name="All", exact=True).click()
    await take(one, "Mineral Water")
    await take(two, "Fried Banana")
    await asyncio.gather(*(s.keyboard.press("F2") for s in (one, two)))
    for screen in (one, two):
        await screen.locator("[data-order-number]").wait_for()
    (order,) = await shop.orders()
    lines = sorted((x["names"]["en"], x["quantity"]) for x in order["lines"])
    assert lines == [("Fried Banana", 1), ("Mineral Water", 1), ("Toast", 3)]
    assert len({x["line_id"] for x in order["lines"]}) == 3


async def test_whoever_leaves_a_table_is_gone_from_it(open_counter, take) -> None:
    one, two = await open_counter(), await open_counter()
    await seat(one, 4, 2)
    await one.get_by_role("button", name="All", exact=True).click()
    await take(one, "Toast")
    await one.get_by_role("button", name="Bill: discount").click()
    await two.get_by_role("button", name="Tables", exact=True).click()
    await two.locator("[data-table='4']:visible").click()
    await expect(two.locator("[data-others]")).to_have_count(1)
    await one.keyboard.press("Escape")
    await expect(two.locator("[data-others]")).to_have_count(0)
