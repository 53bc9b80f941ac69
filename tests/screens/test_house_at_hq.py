"""HQ sets up a restaurant in its dashboard, and the outlet's next guest pays by it."""

import pytest
from playwright.async_api import expect

pytestmark = [pytest.mark.screens, pytest.mark.postgres, pytest.mark.broker]

SEEN_MS = 20_000
DESK = (1440, 900)


@pytest.fixture
async def hq(start, cafe_menu):
    hq = await start.hq()
    await hq.publish(cafe_menu)
    return hq


async def test_taxes_are_set_up_with_an_example_and_reach_the_outlet(
    hq, start, cafe_menu, wait_until, screens
) -> None:
    box = await start.box(hq)
    await wait_until(box.has_menu)
    page = await screens.open(f"{hq.url}/?key={hq.key}", size=DESK)
    await page.locator("nav button", has_text="House rules").click()
    await page.get_by_role("button", name="Set up taxes & service").click()
    example = page.locator("[data-example]")
    plain = int(await example.get_attribute("data-example"))
    await page.get_by_role("switch", name="Charge for service").click()
    await page.get_by_role("button", name="+ PBJT 10%").click()
    await page.get_by_role("button", name="Done", exact=True).click()
    await expect(example).to_have_attribute("data-example", str(plain * 105 // 100 * 110 // 100))
    await expect(example).to_contain_text("Restaurant tax (PBJT)")
    await page.get_by_role("button", name="Publish").click()
    await expect(page.locator("[data-publish]")).to_contain_text("Version 1 goes")

    async def in_force():
        return (await box.read("/api/house"))["house"]["version"] == 1

    await wait_until(in_force)
    item = cafe_menu.items[0].variants[0]
    totals = (await box.order(lines=[(item.id, 1)]))["totals"]
    assert totals["service"] == item.price // 20
    assert totals["total"] == (item.price + totals["service"]) * 11 // 10


async def test_what_cannot_be_published_is_said_beside_the_button(hq, screens) -> None:
    page = await screens.open(f"{hq.url}/?key={hq.key}", size=DESK)
    await page.locator("nav button", has_text="House rules").click()
    await page.locator("[data-tab=offers]").click()
    await page.get_by_role("button", name="New offer").click()
    await page.get_by_label("Percent", exact=True).last.fill("120")
    await page.get_by_role("button", name="Done", exact=True).click()
    await page.get_by_role("button", name="Publish").click()
    bar = page.locator("[data-publish]")
    await expect(bar).to_contain_text("promotion 'new-offer' is 120 %")
    await page.get_by_role("button", name="Discard").click()
    await expect(bar).to_have_count(0)


async def test_a_table_is_dragged_to_its_place(hq, screens) -> None:
    page = await screens.open(f"{hq.url}/?key={hq.key}", size=DESK)
    await page.locator("nav button", has_text="House rules").click()
    await page.locator("[data-tab=floor]").click()
    await page.get_by_role("button", name="+ Section").click()
    await page.get_by_role("button", name="+ Table").click()
    table = page.locator("[data-table]")
    before = await table.bounding_box()
    x, y = before["x"] + before["width"] / 2, before["y"] + before["height"] / 2
    await page.mouse.move(x, y)
    await page.mouse.down()
    await page.mouse.move(x + 250, y + 120, steps=5)
    await page.mouse.up()
    after = await table.bounding_box()
    assert after["x"] - before["x"] == pytest.approx(250, abs=12)
    assert after["y"] - before["y"] == pytest.approx(120, abs=12)
    await table.press("ArrowLeft")
    assert (await table.bounding_box())["x"] < after["x"]
    await page.get_by_role("button", name="Publish").click()
    await expect(page.locator("[data-publish]")).to_contain_text("goes to the outlets")


@pytest.mark.parametrize("language", ["id", "en"])
@pytest.mark.parametrize("size", [DESK, (390, 844)])
async def test_the_pages_of_the_house_fit(hq, screens, fits, size, language) -> None:
    page = await screens.open(f"{hq.url}/?key={hq.key}", size=size, language=language)
    await page.locator("nav [data-view=house]").click()
    await page.locator("[data-empty] button").click()
    await page.locator("section button", has_text="PBJT").click()
    await page.locator("dialog[open]").wait_for()
    await fits(page, "tax")
    await page.keyboard.press("Escape")
    await page.get_by_role("switch").first.click()
    await fits(page, "bill")
    for tab in ("offers", "discounts", "floor", "kiosk"):
        await page.locator(f"[data-tab={tab}]").click()
        await page.locator("section").first.wait_for()
        await fits(page, tab)
