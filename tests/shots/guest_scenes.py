"""What guests meet: the kiosk from the first touch to the number, their display, the board."""

from playwright.async_api import Page
from shots.hands import SETTLE_MS, away, counter_of, tap_dishes, top
from shots.stage import TILL, Stage

KIOSK, HALL = (1080, 1920), (1920, 1080)
SAID_MS = 1_500
"""Until what a counter or the box says has reached another screen."""


async def kiosk(stage: Stage) -> None:
    """A guest from the first touch to the number, standing before a tall screen."""
    await _kiosk(stage, await stage.open("kiosk", KIOSK))


async def kiosk_flat(stage: Stage) -> None:
    """The same at a small screen that lies on its side."""
    await _kiosk(stage, await stage.open("kiosk", (1366, 768)))


async def _kiosk(stage: Stage, page: Page) -> None:
    await page.locator("button").first.wait_for()
    await page.wait_for_timeout(800)
    await stage.show(page, "attract")
    await page.locator("button", has=page.locator(".breathe")).click()
    await page.wait_for_timeout(SETTLE_MS)
    if await page.locator("[data-step=where]").count():
        await stage.show(page, "where")
        await page.locator("button.rounded-3xl").first.click()
    await page.locator("[data-item]").first.wait_for()
    await page.wait_for_timeout(2 * SETTLE_MS)
    await stage.show(page, "menu")
    await page.locator("[data-item][data-standing=here], [data-item]").first.click()
    await page.wait_for_timeout(SETTLE_MS)
    if await page.locator("[data-steps]").count():
        await stage.show(page, "choices")
        await _choose(page)
        await stage.show(page, "how-many")
        await page.locator("[data-add]").click()
    await page.locator("[data-rail]").wait_for()
    await page.locator("button", has_text=stage.say("kiosk", "seeOrder")).last.click()
    await page.locator("[data-go]").wait_for()
    await page.wait_for_timeout(SETTLE_MS)
    await stage.show(page, "review")
    await page.locator("[data-go]").click()
    tables, number = page.locator("button[aria-pressed]"), page.locator("[data-order-number]")
    await page.locator("h1", has_text=stage.say("kiosk", "tableTitle")).wait_for()
    await tables.nth(3).click()
    await page.wait_for_timeout(SETTLE_MS)
    await stage.show(page, "table")
    await page.locator("[data-go]").click()
    ways = page.locator("[data-tender]")
    await ways.or_(number).first.wait_for()
    if await ways.count():
        await stage.show(page, "pay")
        await ways.first.click()
    await number.wait_for()
    await page.wait_for_timeout(SAID_MS)
    await stage.show(page, "done")


async def _choose(page: Page) -> None:
    while await page.locator("[data-next]").count():
        choice = page.locator("[data-choices] button").first
        if await page.locator("[data-next][disabled]").count() and await choice.count():
            await choice.click()
        if await page.locator("[data-next]").count():
            await page.locator("[data-next]").first.click()
        await page.wait_for_timeout(200)


async def customer(stage: Stage) -> None:
    """What a guest at the till sees: welcome, their order, what to pay, thanks."""
    till = await counter_of(stage)
    page = await stage.open("customer", TILL)
    await page.wait_for_timeout(SAID_MS)
    if await page.locator("[data-guest]").count() == 0:
        await stage.show(page, "which-counter")
        await page.locator("main button, button").first.click()
    await page.locator("[data-guest]").wait_for()
    await stage.show(page, "welcome")
    await tap_dishes(till, 0, 3, 4, 5)
    await page.wait_for_timeout(SAID_MS)
    await stage.show(page, "ordering")
    await till.keyboard.press("F9")
    await till.locator("[data-due]").wait_for()
    await top(till).locator("button[aria-pressed]", has_text=".000").last.click()
    await page.wait_for_timeout(SAID_MS)
    await stage.show(page, "paying")
    await till.keyboard.press("Enter")
    await page.locator("[data-guest=thanks]").wait_for()
    await page.wait_for_timeout(SAID_MS)
    await stage.show(page, "thanks")
    await away(till)


async def board(stage: Stage) -> None:
    """Which orders are ready, for a hall."""
    page = await stage.open("board", HALL)
    await page.locator("[data-ready]").first.wait_for()
    await page.wait_for_timeout(SETTLE_MS)
    await stage.show(page, "board")
