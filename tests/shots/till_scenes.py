"""Tills and days at the counter: opened, moved, counted blind; the close of a day and what it says."""

from playwright.async_api import Page
from shots.hands import (
    MANAGER,
    SETTLE_MS,
    away,
    counter_of,
    go_more,
    press,
    tap_dishes,
    top,
)
from shots.stage import PHONE, Stage

CERTIFIED_MS = 60_000
OPENING = ("100.000", "50.000", "20.000", "5.000")


async def tills(stage: Stage) -> None:
    """A shift of a cashier: opened, cash in and out, one who may approves, counted blind, closed."""
    page = await counter_of(stage)
    await page.get_by_role("button", name=stage.say("counter", "menu"), exact=True).click()
    await page.locator("dialog[open]").wait_for()
    await stage.show(page, "more")
    await page.locator("dialog[open] button", has_text=stage.say("tills", "tills")).click()
    await page.locator("[data-till]").first.wait_for()
    await stage.show(page, "closed")
    till = page.locator("[data-till=front]")
    await till.get_by_role("button", name=stage.say("tills", "thisCounter")).click()
    await till.get_by_role("button", name=stage.say("tills", "open"), exact=True).click()
    for i, note in enumerate(OPENING, 2):
        await page.get_by_label(note, exact=True).fill(str(i))
    await stage.show(page, "opening")
    await press(stage, page, "openNow", "tills")
    await page.locator("[data-till=front][data-open=true]").wait_for()
    await stage.show(page, "open")
    await _moves(stage, page)
    await sell_for_cash(stage, page)
    await go_more(stage, page, "tills", "tills")
    await till.get_by_role("button", name=stage.say("tills", "close")).click()
    await _count(stage, page)


async def _moves(stage: Stage, page: Page) -> None:
    till = page.locator("[data-till=front]")
    for key, amount in (("paidIn", "50000"), ("drop", "200000"), ("paidOut", "150000")):
        await till.get_by_role("button", name=stage.say("tills", key)).click()
        for digit in amount:
            await page.keyboard.press(digit)
        await top(page).locator("button[aria-pressed]").first.click()
        await page.wait_for_timeout(SETTLE_MS)
        await stage.show(page, {"paidIn": "paid-in", "drop": "drop", "paidOut": "paid-out"}[key])
        await top(page).locator("footer button").last.click()
        await page.wait_for_timeout(2 * SETTLE_MS)
    # More than the house lets a cashier take out: somebody who may is asked.
    await stage.show(page, "paid-out-approval")
    await away(page, 2)


async def sell_for_cash(stage: Stage, page: Page) -> None:
    """Two dishes, paid exactly."""
    await page.locator("header nav button", has_text=stage.say("counter", "sell")).first.click()
    await tap_dishes(page, 5, 7)
    await page.keyboard.press("F9")
    await page.locator("[data-due]").wait_for()
    await page.keyboard.press("Enter")
    await page.locator("[data-paid]").wait_for()
    await press(stage, page, "newOrder")


async def _count(stage: Stage, page: Page) -> None:
    for note in OPENING[:2]:
        await page.get_by_label(note, exact=True).fill("2")
    await stage.show(page, "count")
    await press(stage, page, "bySum", "tills")
    await stage.show(page, "count-sum")
    await press(stage, page, "byNote", "tills")
    await page.get_by_label(OPENING[0], exact=True).fill("2")
    await top(page).locator("footer button").last.click()
    await page.locator("[data-ask-reason]").wait_for()
    await top(page).locator("button[aria-pressed]").first.click()
    await stage.show(page, "count-why")
    await top(page).locator("footer button").last.click()
    await page.locator("[data-result]").wait_for()
    await page.wait_for_timeout(SETTLE_MS)
    await stage.show(page, "counted")
    await press(stage, page, "done", "tills")
    await stage.show(page, "closed-short")


async def day(stage: Stage) -> None:
    """A manager: an X report, what is not done, the day closed all the same, its Z and certificate."""
    page = await counter_of(stage, MANAGER)
    await go_more(stage, page, "tills", "tills")
    bar = page.locator("[data-till=bar]")
    await bar.get_by_role("button", name=stage.say("tills", "thisCounter")).click()
    await bar.get_by_role("button", name=stage.say("tills", "open"), exact=True).click()
    await page.get_by_label(OPENING[1], exact=True).fill("6")
    await press(stage, page, "openNow", "tills")
    await page.locator("[data-till=bar][data-open=true]").wait_for()
    await sell_for_cash(stage, page)
    await go_more(stage, page, "tills", "tills")
    await bar.get_by_role("button", name=stage.say("tills", "xReport")).click()
    await page.locator("[data-expected]").wait_for()
    await stage.show(page, "x-report")
    await away(page)
    await go_more(stage, page, "tills", "closeDay")
    await page.locator("[data-outstanding]").first.wait_for()
    await page.wait_for_timeout(2 * SETTLE_MS)
    await stage.show(page, "outstanding")
    shift = page.locator("[data-outstanding=shift]")
    await shift.get_by_role("button", name=stage.say("tills", "settle")).click()
    await bar.get_by_role("button", name=stage.say("tills", "close")).click()
    await page.get_by_label(OPENING[1], exact=True).fill("6")
    await top(page).locator("footer button").last.click()
    await page.locator("[data-ask-reason]").wait_for()
    await top(page).locator("button[aria-pressed]").first.click()
    await top(page).locator("footer button").last.click()
    await page.locator("[data-result]").wait_for()
    await press(stage, page, "done", "tills")
    await go_more(stage, page, "tills", "closeDay")
    await page.locator("[data-outstanding]").first.wait_for()
    leave = page.locator("[data-outstanding] button[aria-pressed=false]")
    while await leave.count():
        await leave.first.click()
    await stage.show(page, "left-knowingly")
    await page.get_by_role("button", name=stage.say("tills", "closeThis")).click()
    await page.locator("[data-z-total]").wait_for()
    await page.wait_for_timeout(SETTLE_MS)
    await stage.show(page, "z-report")
    await away(page)
    await page.locator("[data-certificate=true]").first.wait_for(timeout=CERTIFIED_MS)
    await stage.show(page, "closed-days")
    await page.locator("[data-z]").first.click()
    await page.locator("[data-z-total]").wait_for()
    await stage.show(page, "z-certified")
    await away(page)
    await go_more(stage, page, "tills", "audit")
    await page.locator("[data-deed]").first.wait_for()
    await page.wait_for_timeout(SETTLE_MS)
    await stage.show(page, "audit")
    await hand_over(stage, page)


async def hand_over(stage: Stage, page: Page) -> None:
    """Who is here: handing over to somebody else."""
    if stage.desk == PHONE:
        await page.get_by_role("button", name=stage.say("counter", "menu"), exact=True).click()
        await page.locator("dialog[open] button", has_text=MANAGER.name).click()
    else:
        await page.locator(f"header button[title^='{MANAGER.name}']").click()
    await top(page).locator("button", has_text=MANAGER.name).first.wait_for()
    await page.wait_for_timeout(SETTLE_MS)
    await stage.show(page, "hand-over")
