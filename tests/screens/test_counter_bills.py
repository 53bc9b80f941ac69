"""The counter and the bill: taxes before the box answers, discounts, splits, moves and refunds."""

import pytest
from playwright.async_api import expect

from edge.demo.house import house_of
from tests.screens.ringing import Till

pytestmark = pytest.mark.screens


@pytest.fixture
async def counter(shop, screens, cafe_menu):
    """The counter of a café with taxes, a service charge and a floor plan."""
    await shop.use_house(house_of(cafe_menu))
    page = await screens.open(f"{shop.url}/counter/")
    await page.locator("[data-item]").first.wait_for()
    await page.get_by_role("button", name="All", exact=True).click()
    return page


@pytest.fixture
def bill(counter, take):
    """Puts dishes on a bill that is held on the box, and opens it there."""

    async def held(*names):
        for name in names:
            await take(counter, name)
        await counter.get_by_role("button", name="Bill: discount").click()
        await counter.get_by_role("button", name="Split bill").wait_for()

    return held


async def pay_next_check(counter):
    await counter.locator("[data-check]:not([disabled])").first.click()
    await counter.get_by_role("button", name="Card", exact=True).click()
    await counter.get_by_role("button", name="Record Card payment").click()
    await counter.locator("[data-paid]").wait_for()
    await counter.locator("dialog[open] footer button", has_text="Close").last.click()


def rupiah(text):
    return int(text.replace("Rp", "").replace(".", "").strip())


async def shown(locator):
    return rupiah(await locator.inner_text())


async def test_the_screen_says_what_it_comes_to_before_the_box_does(shop, counter, take) -> None:
    await take(counter, "Village Fried Rice")
    await take(counter, "Toast")
    panel = counter.locator("[data-panel=bill]")
    await expect(panel).to_contain_text("Service 5 %")
    total = await shown(panel.locator("[data-total]"))
    await counter.keyboard.press("F9")
    dialog = counter.locator("dialog[open]")
    asked = await shown(dialog.locator("[data-due]"))
    await dialog.get_by_role("button", name="100.000", exact=True).click()
    await dialog.get_by_role("button", name="Take payment").click()
    await dialog.locator("[data-paid]").wait_for()

    (order,) = await shop.orders()
    totals, (payment,) = order["totals"], order["payments"]
    assert totals["total"] == total
    assert totals["service"] > 0
    assert totals["taxes"][0]["amount"] > 0
    assert payment["rounding"] == asked - total, "cash is rounded, the bill is not"
    assert payment["change"] == 100_000 - asked
    assert await shown(dialog.locator("[data-change]")) == payment["change"]


async def test_a_discount_has_a_reason_and_can_be_taken_back(shop, counter, bill) -> None:
    await bill("Village Fried Rice", "Toast")
    before = (await shop.orders())[0]["totals"]["total"]
    await counter.get_by_role("button", name="Discount", exact=True).click()
    dialog = counter.locator("dialog[open]").last
    await dialog.get_by_role("button", name="10 %", exact=True).click()
    give = dialog.get_by_role("button", name="Give discount")
    await expect(give).to_be_disabled()
    await dialog.get_by_role("button", name="Complaint").click()
    await give.click()
    await expect(counter.locator("[data-adjustment=discount]")).to_have_count(1)
    (order,) = await shop.orders()
    assert order["totals"]["total"] < before
    assert order["adjustments"][0]["reason"] == "Complaint"

    await counter.locator("[data-adjustment=discount] button").click()
    await expect(counter.locator("[data-adjustment=discount]")).to_have_count(0)
    assert (await shop.orders())[0]["totals"]["total"] == before


async def test_a_bill_split_evenly_is_paid_by_each_and_adds_up(shop, counter, bill) -> None:
    await bill("Village Fried Rice", "Toast")
    await counter.get_by_role("button", name="Split bill").click()
    await counter.get_by_role("button", name="+ How many pay?").click()
    shares = await counter.locator("[data-share]").all_inner_texts()
    await counter.get_by_role("button", name="Split into 3").click()
    await counter.locator("[data-check]").first.wait_for()
    (order,) = await shop.orders()
    totals = [check["total"] for check in order["checks"]]
    assert sum(totals) == order["totals"]["total"] == sum(map(rupiah, shares))
    for _ in range(3):
        await counter.locator("[data-check]:not([disabled])").first.click()
        await counter.get_by_role("button", name="Card", exact=True).click()
        await counter.get_by_role("button", name="Record Card payment").click()
        await counter.locator("[data-paid]").wait_for()
        await counter.locator("dialog[open] footer button", has_text="Close").last.click()
    await expect(counter.locator("[data-check][data-due='0']")).to_have_count(3)
    (order,) = await shop.orders()
    assert [p["amount"] for p in order["payments"]] == totals
    assert {p["check_id"] for p in order["payments"]} == {c["check_id"] for c in order["checks"]}


async def test_a_paid_check_is_paid_on_the_screen_however_late_the_feed_is(
    shop, counter, bill, monkeypatch
) -> None:
    """The answer to a payment says what is left: nobody is asked to pay the same check again."""
    await bill("Village Fried Rice", "Toast")
    await counter.get_by_role("button", name="Split bill").click()
    await counter.get_by_role("button", name="Split into 2").click()
    await counter.locator("[data-check]").first.wait_for()
    monkeypatch.setattr("edge.feed._put", lambda queue, change: None)
    for paid in (1, 2):
        await pay_next_check(counter)
        await expect(counter.locator("[data-check][data-due='0']")).to_have_count(paid)
    (order,) = await shop.orders()
    assert len({payment["check_id"] for payment in order["payments"]}) == 2


async def test_the_last_check_of_a_served_party_ends_the_order_and_is_shown_as_paid(
    shop, counter, bill
) -> None:
    await bill("Village Fried Rice")
    (order,) = await shop.orders()
    till = Till(shop)
    await till.do("order.fire", order_id=order["order_id"])
    await till.do("order.status", order_id=order["order_id"], status="served")
    await till.close()
    await counter.get_by_role("button", name="Split bill").click()
    await counter.get_by_role("button", name="Split into 2").click()
    for paid in (1, 2):
        await pay_next_check(counter)
        await expect(counter.locator("[data-check][data-due='0']")).to_have_count(paid)
    await expect(counter.locator("[data-checks-due]")).to_contain_text("Rp\u00a00")
    assert [order["status"] for order in await shop.orders()] == ["closed"]


async def test_a_bill_split_by_item_charges_each_for_what_they_had(shop, counter, bill) -> None:
    await bill("Village Fried Rice", "Toast")
    await counter.get_by_role("button", name="Split bill").click()
    await counter.get_by_role("button", name="By item").click()
    await counter.locator("[data-unit]", has_text="Toast").click()
    await counter.get_by_role("button", name="Split into 2").click()
    await counter.locator("[data-check]").first.wait_for()
    (order,) = await shop.orders()
    rice, toast = order["lines"]
    first, second = order["checks"]
    assert [x["line_id"] for x in first["lines"]] == [rice["line_id"]]
    assert [x["line_id"] for x in second["lines"]] == [toast["line_id"]]
    assert first["total"] + second["total"] == order["totals"]["total"]
    await counter.get_by_role("button", name="Join again").click()
    await counter.get_by_role("button", name="Take payment").wait_for()
    assert (await shop.orders())[0]["checks"] == []


async def test_a_line_goes_over_to_another_party(shop, counter, bill) -> None:
    await bill("Mineral Water")
    await counter.keyboard.press("Escape")
    await bill("Village Fried Rice", "Toast")
    await counter.get_by_role("button", name="Move lines").click()
    dialog = counter.locator("dialog[open]").last
    await dialog.locator("button", has_text="Toast").click()
    await dialog.locator("[data-into=A001]").click()
    await expect(counter.locator("[data-line]")).to_have_count(1)
    water, rice = await shop.orders()
    assert [x["names"]["en"] for x in water["lines"]] == ["Mineral Water", "Toast"]
    live = [x["names"]["en"] for x in rice["lines"] if x["status"] != "voided"]
    assert live == ["Village Fried Rice"]
    assert len({x["line_id"] for o in (water, rice) for x in o["lines"]}) >= 3


async def test_two_parties_become_one(shop, counter, bill) -> None:
    await bill("Mineral Water")
    await counter.keyboard.press("Escape")
    await bill("Toast")
    await counter.get_by_role("button", name="Table & name").click()
    await counter.get_by_role("button", name="Merge into another").click()
    await counter.locator("[data-into=A001]").click()
    await expect(counter.locator("dialog[open]").first).to_contain_text("A001")
    first, second = await shop.orders()
    assert len(first["lines"]) == 2
    assert (second["status"], second["merged_into"]) == ("cancelled", first["order_id"])


async def test_money_goes_back_for_what_was_sold(shop, counter, take) -> None:
    await take(counter, "Village Fried Rice")
    await take(counter, "Toast")
    await counter.keyboard.press("F9")
    await counter.get_by_role("button", name="Take payment").click()
    await counter.locator("[data-paid]").wait_for()
    await counter.keyboard.press("Escape")
    await counter.get_by_role("button", name="Running").click()
    await counter.locator("[data-order]").click()
    await counter.get_by_role("button", name="Refund", exact=True).click()
    dialog = counter.locator("dialog[open]").last
    await dialog.get_by_role("button", name="+ Refund Toast").click()
    give = dialog.get_by_role("button", name="Give it back")
    await expect(give).to_be_disabled()
    await dialog.get_by_role("button", name="Food sent back").click()
    told = await shown(give.locator("[data-handed]"))
    await give.click()
    await expect(counter.locator("[data-refund]")).to_have_count(1)
    (order,) = await shop.orders()
    (refund,) = order["refunds"]
    assert refund["amount"] + refund["rounding"] == told, "said before it is given"
    toast = order["lines"][1]
    assert refund["lines"] == [{"line_id": toast["line_id"], "quantity": 1}]
    assert refund["credit"] > toast["amount"], "its part of service and tax goes back as well"


async def test_a_closed_order_shows_what_was_given_back_of_it(shop, counter, take) -> None:
    await take(counter, "Toast")
    await counter.keyboard.press("F9")
    await counter.get_by_role("button", name="Take payment").click()
    await counter.locator("[data-paid]").wait_for()
    await counter.keyboard.press("Enter")
    await counter.get_by_role("button", name="Running").click()
    await counter.locator("[data-order]").click()
    await counter.get_by_role("button", name="Mark served").click()
    await counter.get_by_role("button", name="History").click()
    await counter.locator("[data-order][data-status=closed]").click()
    await counter.get_by_role("button", name="Refund", exact=True).click()
    dialog = counter.locator("dialog[open]").last
    await dialog.get_by_role("button", name="+ Refund Toast").click()
    await dialog.get_by_role("button", name="Food sent back").click()
    await dialog.get_by_role("button", name="Give it back").click()
    await expect(counter.locator("[data-refund]")).to_have_count(1)


async def test_a_waiting_line_is_changed_where_it_is(shop, counter, bill) -> None:
    await bill("Village Fried Rice", "Toast")
    await counter.locator("[data-line] button", has_text="Toast").first.click()
    dialog = counter.locator("dialog[open]").last
    await dialog.get_by_role("button", name="+ Quantity").click()
    await dialog.get_by_label("Note").fill("crispy")
    await dialog.get_by_role("button", name="Save").click()
    await expect(counter.locator("[data-line]", has_text="crispy")).to_contain_text("2×")
    (order,) = await shop.orders()
    toast = order["lines"][1]
    assert (toast["quantity"], toast["note"]) == (2, "crispy")
