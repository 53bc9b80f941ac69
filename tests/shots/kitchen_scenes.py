"""A kitchen display: choosing its station, its tickets, what it can be told, and the pass."""

from shots.hands import SETTLE_MS, away
from shots.stage import Stage

WIDE = (1920, 1080)


async def kitchen(stage: Stage) -> None:
    """From the choice of a station to recalled tickets."""
    page = await stage.open("kitchen", WIDE)
    await page.locator("main button, .grid > button").last.wait_for()
    await stage.show(page, "stations")
    await page.goto(f"{stage.urls['kitchen']}?lang={stage.language}&station=kitchen")
    await page.locator("[data-ticket]").first.wait_for()
    await page.wait_for_timeout(SETTLE_MS)
    await stage.show(page, "tickets")
    for key, state in (("recall", "recall"), ("setup", "setup")):
        await page.locator("header").get_by_role("button", name=stage.say("kitchen", key)).click()
        await page.locator("dialog[open]").wait_for()
        await page.wait_for_timeout(SETTLE_MS)
        await stage.show(page, state)
        await away(page)


async def expo(stage: Stage) -> None:
    """The pass: every order with all its stations."""
    page = await stage.open("kitchen", WIDE)
    await page.goto(f"{stage.urls['kitchen']}?lang={stage.language}&view=expo")
    await page.locator("[data-count]").wait_for()
    await page.wait_for_timeout(1_500)
    await stage.show(page, "expo")
