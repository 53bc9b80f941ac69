"""People at the counter: signing in, what a cashier must ask for, and handing over."""

import re

import msgspec
import pytest
from playwright.async_api import expect

from edge.demo.house import house_of
from edge.feed_rows import Arrival
from edge.pins import hash_pin
from protocol.replication import FeedRow
from protocol.staff import Person, Role

pytestmark = pytest.mark.screens

PEPPER = bytes(range(32))
PEOPLE = {"Sari": (Role.MANAGER, "4711"), "Budi": (Role.CASHIER, "2580")}


@pytest.fixture
async def counter(shop, screens, cafe_menu):
    """The counter of a café where people work: nobody is signed in yet."""
    await shop.use_house(house_of(cafe_menu))
    shop.box.staffing.people.note_welcome(PEPPER)
    at = Arrival(shop.box.journal.reading(), "life-1")

    def hire(db):
        for i, (name, (role, pin)) in enumerate(PEOPLE.items(), 1):
            key = name.lower()
            hashed = hash_pin(PEPPER, key, pin, bytes(16))
            person = Person(staff_id=key, name=name, role=role, pin_hash=hashed)
            row = FeedRow(i, "staff", key, i, msgspec.json.encode(person), f"p{i}")
            shop.box.staffing.people.take_row(db, row, at)

    await shop.box.database.write(hire)
    page = await screens.open(f"{shop.url}/counter/")
    await page.locator("[data-sign-in]").wait_for()
    return page


async def type_pin(place, who):
    await place.get_by_role("button", name=who).click()
    for digit in PEOPLE[who][1]:
        await place.get_by_role("button", name=digit, exact=True).click()
    enter = place.get_by_role("button", name="Enter", exact=True)
    if await enter.count():
        await enter.click()


async def test_a_refund_is_approved_by_somebody_who_may(shop, counter) -> None:
    await type_pin(counter.locator("[data-sign-in]"), "Budi")
    await counter.locator("[data-sign-in]").wait_for(state="detached")
    await counter.locator("[data-item]", has_text="Toast").click()
    await counter.keyboard.press("F9")
    await counter.get_by_role("button", name="Take payment").click()
    await counter.locator("[data-paid]").wait_for()
    await counter.get_by_role("button", name="New order").click()
    await counter.get_by_role("button", name="Running").click()
    await counter.locator("[data-order]").click()
    await counter.get_by_role("button", name="Refund", exact=True).click()
    dialog = counter.locator("dialog[open]").last
    await dialog.get_by_role("button", name="+ Refund Toast").click()
    await dialog.get_by_role("button", name="Food sent back").click()
    await dialog.get_by_role("button", name="Give it back").click()

    approval = counter.locator("dialog[open]").last
    await expect(approval).to_contain_text("Refund A001")
    await expect(approval).to_contain_text(re.compile(r"Rp 1\d\.\d{3}"))
    await expect(approval.get_by_role("button", name="Budi")).to_have_count(0)
    await type_pin(approval, "Sari")
    await expect(counter.locator("[data-refund]")).to_have_count(1)
    (order,) = await shop.orders()
    (refund,) = order["refunds"]
    assert (refund["staff"], refund["approved_by"]) == ("budi", "sari")
    assert order["payments"][0]["staff"] == "budi"


async def test_without_an_approval_nothing_is_given_back(shop, counter) -> None:
    await type_pin(counter.locator("[data-sign-in]"), "Budi")
    await counter.locator("[data-item]", has_text="Toast").click()
    await counter.get_by_role("button", name="Send to kitchen").click()
    await counter.get_by_role("button", name="New order").click()
    await counter.get_by_role("button", name="Running").click()
    await counter.locator("[data-order]").click()
    await counter.get_by_role("button", name="Cancel order").click()
    dialog = counter.locator("dialog[open]").last
    await dialog.get_by_role("button", name="Sold out").click()
    await dialog.get_by_role("button", name="Yes, cancel it").click()
    approval = counter.locator("dialog[open]").last
    await expect(approval).to_contain_text("A001")
    await counter.keyboard.press("Escape")
    assert [o["status"] for o in await shop.orders()] == ["fired"]


async def test_one_person_hands_over_to_another(shop, counter) -> None:
    await type_pin(counter.locator("[data-sign-in]"), "Budi")
    await counter.locator("[data-item]", has_text="Toast").click()
    await counter.get_by_role("button", name="You are Budi").click()
    await type_pin(counter.locator("dialog[open]"), "Sari")
    await counter.get_by_role("button", name="You are Sari").wait_for()
    await expect(counter.locator("[data-cart-line]")).to_have_count(1)
    await counter.get_by_role("button", name="Send to kitchen").click()
    await counter.locator("[data-order-number]").wait_for()
    (order,) = await shop.orders()
    assert order["staff"] == "sari"
