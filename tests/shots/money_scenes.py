"""Money at the counter: paying in every way, splitting, giving back, and who approves it."""

from playwright.async_api import Page
from shots.hands import (
    MANAGER,
    SETTLE_MS,
    away,
    counter_of,
    open_order,
    press,
    tap_dishes,
    top,
    type_pin,
)
from shots.stage import PHONE, Stage


async def payments(stage: Stage) -> None:
    """Cash with change, several tenders, a tip, a split bill and each of its checks."""
    page = await counter_of(stage)
    await tap_dishes(page, 0, 3, 4)
    await page.keyboard.press("F9")
    await page.locator("[data-due]").wait_for()
    await stage.show(page, "cash")
    await top(page).locator("button[aria-pressed]", has_text=".000").last.click()
    await page.wait_for_timeout(SETTLE_MS)
    await stage.show(page, "cash-change")
    await page.keyboard.press("Enter")
    await page.locator("[data-paid]").wait_for()
    await page.wait_for_timeout(2 * SETTLE_MS)
    await stage.show(page, "paid-change")
    await press(stage, page, "newOrder")
    await tap_dishes(page, 3, 4, 5)
    await page.keyboard.press("F9")
    await page.locator("[data-due]").wait_for()
    for digit in "20000":
        await page.keyboard.press(digit)
    await page.wait_for_timeout(SETTLE_MS)
    await stage.show(page, "cash-short")
    await page.keyboard.press("Enter")
    await page.locator("[data-paid]").wait_for()
    await page.wait_for_timeout(2 * SETTLE_MS)
    await stage.show(page, "paid-in-part")
    await top(page).locator("footer button").last.click()
    await page.locator("[data-due]").wait_for()
    await top(page).get_by_role("button", name="QRIS", exact=True).click()
    await top(page).locator("[role=group] button", has_text="10 %").click()
    await page.wait_for_timeout(SETTLE_MS)
    await stage.show(page, "qris-tip")
    await top(page).locator("footer button").first.click()
    await page.locator("[data-paid]").wait_for()
    await page.wait_for_timeout(2 * SETTLE_MS)
    await stage.show(page, "paid")


async def checks(stage: Stage) -> None:
    """A bill for eight: each way to split it, and its checks, of which one is paid."""
    page = await counter_of(stage)
    await open_order(stage, page, stage.numbers["eight"])
    await stage.show(page, "order")
    await press(stage, page, "split")
    await stage.show(page, "evenly")
    await press(stage, page, "byItem")
    await top(page).locator("[data-unit]").nth(1).click()
    await top(page).locator("[data-unit]").nth(2).click()
    await page.wait_for_timeout(SETTLE_MS)
    await stage.show(page, "by-item")
    await press(stage, page, "bySeat")
    await stage.show(page, "by-seat")
    await press(stage, page, "byAmount")
    await top(page).locator("input").first.fill("75000")
    await page.wait_for_timeout(SETTLE_MS)
    await stage.show(page, "by-amount")
    await press(stage, page, "bySeat")
    await top(page).locator("footer button").last.click()
    await page.locator("[data-check]").first.wait_for()
    await page.wait_for_timeout(SETTLE_MS)
    await stage.show(page, "checks")
    await page.locator("[data-check]").first.click()
    await page.locator("[data-due]").last.wait_for()
    await page.wait_for_timeout(SETTLE_MS)
    await stage.show(page, "check")
    await top(page).get_by_role("button", name="QRIS", exact=True).click()
    await top(page).locator("footer button").first.click()
    await page.locator("[data-paid]").wait_for()
    await page.wait_for_timeout(2 * SETTLE_MS)
    await stage.show(page, "check-paid")
    await press(stage, page, "close")
    await stage.show(page, "checks-one-paid")


async def changes(stage: Stage) -> None:
    """What is changed on a bill: a line, a discount, a move, a merge, and a void that is approved."""
    page = await counter_of(stage)
    await open_order(stage, page, stage.numbers["cooking"])
    await page.locator("[data-line] button").first.click()
    await page.wait_for_timeout(SETTLE_MS)
    await stage.show(page, "line")
    await away(page)
    await press(stage, page, "discount")
    await top(page).get_by_role("button", name="20 %", exact=True).click()
    await page.wait_for_timeout(SETTLE_MS)
    await stage.show(page, "discount")
    await press(stage, page, "amount")
    await stage.show(page, "discount-amount")
    await away(page)
    for key, state in (("moveLines", "move-lines"), ("moveParty", "party"), ("papers", "papers")):
        await press(stage, page, key)
        await page.wait_for_timeout(SETTLE_MS)
        await stage.show(page, state)
        if key == "moveParty":
            await press(stage, page, "merge")
            await stage.show(page, "merge")
            await away(page)
        await away(page)
    await _approved_void(stage, page)


async def _approved_void(stage: Stage, page: Page) -> None:
    if stage.desk == PHONE:
        await page.locator("[data-line] button:visible").last.click()
        await press(stage, page, "voidLine")
    else:
        void = page.locator("[data-line] button", has_text=stage.say("counter", "voidLine"))
        await void.last.click()
    await page.wait_for_timeout(SETTLE_MS)
    await stage.show(page, "void")
    await top(page).locator("button[aria-pressed]").first.click()
    await top(page).locator("footer button").last.click()
    await page.locator("dialog[open] button", has_text=MANAGER.name).wait_for()
    await page.wait_for_timeout(SETTLE_MS)
    await stage.show(page, "approval")
    await top(page).get_by_role("button", name=MANAGER.name).click()
    await page.wait_for_timeout(SETTLE_MS)
    await stage.show(page, "approval-pin")
    await type_pin(page, MANAGER)
    await page.locator("[data-line][data-status=voided]").first.wait_for()
    await stage.show(page, "voided")


async def refunds(stage: Stage) -> None:
    """Money back for a dish, an amount of a payment, and what the order then says."""
    page = await counter_of(stage, MANAGER)
    await open_order(stage, page, stage.numbers["paid"], page_of="history")
    await stage.show(page, "paid-order")
    await press(stage, page, "refund")
    await top(page).locator("[data-refund-line] button").nth(1).click()
    await top(page).locator("button[aria-pressed=false]").last.click()
    await page.wait_for_timeout(SETTLE_MS)
    await stage.show(page, "for-items")
    await press(stage, page, "refundAmount")
    for digit in "5000":
        await page.keyboard.press(digit)
    await page.wait_for_timeout(SETTLE_MS)
    await stage.show(page, "an-amount")
    await press(stage, page, "refundLines")
    await top(page).locator("footer button").last.click()
    await page.locator("[data-refund]").first.wait_for()
    await page.wait_for_timeout(SETTLE_MS)
    await stage.show(page, "refunded")
