"""The counter walked through: signing in, selling, the floor, running orders and what was."""

from shots.hands import SETTLE_MS, away, go, open_order, tap_dishes, top, type_pin
from shots.stage import PHONE, Stage

from edge.demo.people import CASHIER

LEAST_ROOMS = 3
"""The café's two, and those who sit nowhere; one more is a hall full of tables."""


async def counter(stage: Stage) -> None:
    """Signing in, selling, the floor, a running order, and what else there is."""
    page = await stage.open("counter", stage.desk)
    await page.locator("[data-sign-in] button").first.wait_for()
    await stage.show(page, "sign-in")
    await page.locator("[data-sign-in] button", has_text=CASHIER.name).first.click()
    await stage.show(page, "pin")
    await type_pin(page, CASHIER)
    await page.locator("[data-sign-in]").wait_for(state="detached")
    await page.locator("[data-item]").first.wait_for()
    await stage.show(page, "menu")
    await tap_dishes(page, 0, 3, 4)
    await stage.show(page, "bill")
    if stage.desk == PHONE:
        await page.locator("[data-cart-bar]").click()
        await page.wait_for_timeout(SETTLE_MS)
        await stage.show(page, "cart")
    await page.keyboard.press("F4")
    await page.locator("[data-order-number]").wait_for()
    await page.wait_for_timeout(SETTLE_MS)
    await stage.show(page, "held")
    await away(page)
    for where in ("tables", "running", "history"):
        await go(stage, page, where)
        await stage.show(page, where)
    await open_order(stage, page, stage.numbers["ready"])
    await stage.show(page, "order")
    await away(page)
    await go(stage, page, "tables")
    rooms = page.get_by_role("group", name=stage.say("counter", "sections")).locator("button")
    if await rooms.count() > LEAST_ROOMS:
        await rooms.nth(LEAST_ROOMS - 1).click()
        await page.wait_for_timeout(SETTLE_MS)
        await stage.show(page, "many-tables")
        await rooms.first.click()
    await page.locator("[data-table='3']:visible").click()
    await top(page).wait_for()
    await page.wait_for_timeout(SETTLE_MS)
    await stage.show(page, "covers")


async def papers(stage: Stage) -> None:
    """What the printers have to do, and a switch to somebody else."""
    page = await stage.open("counter", stage.desk)
    await page.locator("[data-sign-in] button", has_text=CASHIER.name).first.click()
    await type_pin(page, CASHIER)
    await page.locator("[data-item]").first.wait_for()
    await page.get_by_role("button", name=stage.say("counter", "menu"), exact=True).click()
    await page.locator("dialog[open] button", has_text=stage.say("counter", "papers")).click()
    await page.locator("[data-printer]").first.wait_for()
    await stage.show(page, "papers")
