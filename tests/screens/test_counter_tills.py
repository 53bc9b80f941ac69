"""A shift from opening cash to a blind count, and the close of the day, on the counter."""

import pytest
from msgspec.structs import replace
from playwright.async_api import expect

from edge.demo.house import house_of

pytestmark = pytest.mark.screens


@pytest.fixture
async def counter(shop, screens, cafe_menu):
    """The counter of a café with two tills."""
    await shop.use_house(house_of(cafe_menu))
    page = await screens.open(f"{shop.url}/counter/")
    await page.locator("[data-item]").first.wait_for()
    return page


async def go(counter, where):
    await counter.get_by_role("button", name="More", exact=True).click()
    await counter.locator("dialog[open]").get_by_role("button", name=where).click()


async def sell_for_cash(counter):
    await counter.get_by_role("button", name="Sell", exact=True).click()
    await counter.locator("[data-item]", has_text="Toast").click()
    await counter.keyboard.press("F9")
    await counter.get_by_role("button", name="Take payment").click()
    await counter.locator("[data-paid]").wait_for()
    await counter.get_by_role("button", name="New order").click()


async def test_a_shift_is_counted_blind_and_its_difference_has_a_reason(shop, counter) -> None:
    await go(counter, "Tills")
    till = counter.locator("[data-till=front]")
    await till.get_by_role("button", name="Open till").click()
    await counter.get_by_label("100.000", exact=True).fill("2")
    await counter.get_by_role("button", name="Open now").click()
    await expect(till).to_have_attribute("data-open", "true")
    await till.get_by_role("button", name="Paid out").click()
    for digit in "20000":
        await counter.keyboard.press(digit)
    await counter.get_by_label("Another reason").fill("Es batu")
    await counter.locator("dialog[open] footer button").click()
    await sell_for_cash(counter)
    (order,) = await shop.orders()
    (payment,) = order["payments"]
    sold = payment["amount"] + payment["rounding"]
    assert payment["shift_id"]

    await go(counter, "Tills")
    await till.get_by_role("button", name="X report").click()
    expected = await counter.locator("[data-expected]").inner_text()
    assert expected.replace(".", "") == f"Rp {200_000 - 20_000 + sold}"
    await counter.keyboard.press("Escape")
    await till.get_by_role("button", name="Count & close").click()
    dialog = counter.locator("dialog[open]")
    await expect(dialog).not_to_contain_text("Should be")
    await counter.get_by_label("100.000", exact=True).fill("1")
    await dialog.get_by_role("button", name="Counted").click()
    await dialog.locator("[data-ask-reason]").wait_for()
    await dialog.get_by_label("Another reason").fill("Salah kembalian")
    await dialog.get_by_role("button", name="Close till").click()
    await expect(dialog.locator("[data-result]")).to_contain_text("Short by")
    short = int(await dialog.locator("[data-over-short]").get_attribute("data-over-short"))
    assert short == 100_000 - (200_000 - 20_000 + sold)
    await dialog.get_by_role("button", name="Done", exact=True).click()
    await expect(till).to_have_attribute("data-open", "false")


async def test_the_day_lists_what_is_not_done_and_closes_knowingly(shop, counter) -> None:
    await go(counter, "Tills")
    await counter.locator("[data-till=front]").get_by_role("button", name="Open till").click()
    await counter.get_by_role("button", name="Open now").click()
    await sell_for_cash(counter)
    await counter.get_by_role("button", name="Running").click()
    await counter.locator("[data-order]").click()
    await counter.get_by_role("button", name="Mark served").click()
    await counter.get_by_role("button", name="Sell", exact=True).click()
    await counter.locator("[data-item]", has_text="Toast").click()
    await counter.get_by_role("button", name="Hold").click()
    await counter.get_by_role("button", name="New order").click()

    await go(counter, "Close the day")
    close = counter.get_by_role("button", name="Close this day")
    till, held = (counter.locator(f"[data-outstanding={kind}]") for kind in ("shift", "held"))
    await expect(till).to_contain_text("Laci depan")
    await expect(held).to_contain_text("A002")
    await expect(close).to_be_disabled()
    await till.get_by_role("button", name="Settle").click()
    front = counter.locator("[data-till=front]")
    await front.get_by_role("button", name="Count & close").click()
    (sold, _) = await shop.orders()
    paid = sold["payments"][0]
    await counter.get_by_role("button", name="As a sum").click()
    for digit in str(paid["amount"] + paid["rounding"]):
        await counter.keyboard.press(digit)
    await counter.get_by_role("button", name="Counted").click()
    await expect(counter.locator("[data-result]")).to_contain_text("Exact")
    await counter.get_by_role("button", name="Done", exact=True).click()

    await counter.get_by_role("button", name="Close the day").click()
    await expect(till).to_have_count(0)
    await held.get_by_role("button", name="Leave it").click()
    await close.dblclick()
    report = counter.locator("dialog[open]")
    await expect(report.locator("h2")).to_contain_text("Z 1")
    total = await report.locator("[data-z-total]").inner_text()
    assert total.replace(".", "") == f"Rp {sold['totals']['total']}"
    await counter.keyboard.press("Escape")
    await expect(counter.locator("[data-z]")).to_have_count(1)


async def test_cash_goes_into_the_till_that_is_chosen_while_it_is_taken(
    shop, counter, cafe_menu
) -> None:
    """Two tills are open and this counter has none: whoever takes the money says which, in one tap."""
    await shop.use_house(replace(house_of(cafe_menu), till_needed=True))
    await go(counter, "Tills")
    for name in ("front", "bar"):
        await counter.locator(f"[data-till={name}]").get_by_role("button", name="Open till").click()
        await counter.get_by_role("button", name="Open now").click()
        await expect(counter.locator(f"[data-till={name}]")).to_have_attribute("data-open", "true")
    await counter.get_by_role("button", name="This counter", pressed=True).click()

    await counter.get_by_role("button", name="Sell", exact=True).click()
    await counter.locator("[data-item]", has_text="Toast").click()
    await counter.keyboard.press("F9")
    which = counter.locator("[data-till-first]")
    await which.get_by_role("button").first.wait_for()
    await which.get_by_role("button", name="Laci depan").click()
    await expect(which.get_by_role("button", pressed=True)).to_have_text("Laci depan")
    await counter.get_by_role("button", name="Take payment").click()
    await counter.locator("[data-paid]").wait_for()
    ((payment,),) = [order["payments"] for order in await shop.orders()]
    ((front,),) = await shop.box.database.read(
        lambda db: db.execute("SELECT shift_id FROM shifts WHERE till_id = 'front'").fetchall()
    )
    assert payment["shift_id"] == front
