"""A kiosk where people sign in at the counter: guests order without anybody, and pay a cashier."""

import pytest
from playwright.async_api import expect

from edge.demo.house import house_of
from edge.pins import hash_pin
from edge.staff import OWN
from protocol.staff import Person, Role

pytestmark = pytest.mark.screens

BUDI, PIN = OWN + "budi", "2580"


@pytest.fixture
async def staffed(shop, cafe_menu):
    """A café with a cashier."""
    await shop.use_house(house_of(cafe_menu))
    people = shop.box.staffing.people
    kept = hash_pin(people.own_pepper(), BUDI, PIN, bytes(16))
    await people.add(Person(staff_id=BUDI, name="Budi", role=Role.CASHIER, pin_hash=kept))
    assert people.sign_in
    return shop


async def test_a_guest_orders_while_nobody_is_signed_in_and_pays_a_cashier(
    staffed, kiosk, screens
) -> None:
    guest = await kiosk()
    await guest.begin("Take away")
    await guest.take("Cappuccino")
    await guest.see_order()
    number = await guest.order()

    counter = await screens.open(f"{staffed.url}/counter/")
    await counter.locator("[data-sign-in]").get_by_role("button", name="Budi").click()
    for digit in PIN:
        await counter.get_by_role("button", name=digit, exact=True).click()
    enter = counter.get_by_role("button", name="Enter", exact=True)
    if await enter.count():
        await enter.click()
    await counter.locator("[data-sign-in]").wait_for(state="detached")
    await counter.get_by_role("button", name="Running").click()
    await counter.locator("[data-order]", has_text=number).click()
    await counter.get_by_role("button", name="Pay").click()
    await counter.get_by_role("button", name="Take payment").click()
    await counter.locator("[data-paid]").wait_for()

    (order,) = await staffed.orders()
    (payment,) = order["payments"]
    assert (order["source"], order["staff"], payment["staff"]) == ("kiosk", None, BUDI)
    assert payment["amount"] + payment["rounding"] >= order["totals"]["total"]


async def test_the_box_starts_anew_and_guests_go_on(staffed, kiosk) -> None:
    guest = await kiosk()
    await guest.begin("Take away")
    await guest.take("Cappuccino")
    await guest.see_order()
    first = await guest.order()
    await staffed.shut()
    await staffed.open()
    assert staffed.box.staffing.people.sign_in
    again = await kiosk()
    await again.begin("Take away")
    await again.take("Cappuccino")
    await again.see_order()
    second = await again.order()
    assert second != first
    numbers = [order["number"] for order in await staffed.orders()]
    assert sorted(numbers) == sorted([first, second])
    await expect(guest.page.locator("[data-sign-in]")).to_have_count(0)
