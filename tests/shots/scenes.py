"""Each screen walked through its main states; what is done with a state is the stage's business."""

from collections.abc import Awaitable, Callable

from playwright.async_api import Page
from shots.floor_scenes import counter, papers
from shots.guest_scenes import board, customer, kiosk, kiosk_flat
from shots.kitchen_scenes import expo, kitchen
from shots.money_scenes import changes, checks, payments, refunds
from shots.stage import PHONE, Stage
from shots.till_scenes import day, tills

DESK = (1440, 900)
Scene = Callable[[Stage], Awaitable[None]]


async def home(stage: Stage) -> None:
    """The demo's first page."""
    page = await stage.open("home", DESK)
    await page.locator("[data-screen=counter]").wait_for()
    await page.locator("[data-people]").wait_for()
    await stage.show(page, "home")


async def dashboard(stage: Stage) -> None:
    """HQ: every page at a desk, and the first one on a phone."""
    page = await stage.open("hq", DESK, path="#today")
    await page.locator("[data-total]").wait_for()
    await page.locator("tbody tr").first.wait_for()
    await stage.show(page, "today")
    for name, waits in (
        ("reports", "[data-chart]"),
        ("outlets", "article"),
        ("orders", "tbody tr"),
        ("conflicts", "h1, [data-empty], p"),
        ("days", "h1"),
        ("people", "h1"),
    ):
        button = page.locator("nav button").filter(has_text=WORDS[name])
        if await button.count() == 0:
            continue
        await button.click()
        await page.locator(waits).first.wait_for()
        await page.wait_for_timeout(400)
        await stage.show(page, name)
    await house(stage, page)
    phone = await stage.open("hq", PHONE, path="#today")
    await phone.locator("[data-total]").wait_for()
    await stage.show(phone, "today-phone")


WORDS = {
    "reports": "Reports",
    "outlets": "Outlets",
    "orders": "Orders",
    "conflicts": "Conflicts",
    "days": "Days",
    "people": "People",
    "house": "House rules",
}


async def house(stage: Stage, page: Page) -> None:
    """The pages of the house rules, and one sheet of each kind."""
    await page.locator("nav button").filter(has_text=WORDS["house"]).click()
    await page.locator("[data-example]").wait_for()
    await stage.show(page, "house-bill")
    await page.locator("section button", has_text="PBJT").last.click()
    await page.locator("dialog[open]").wait_for()
    await stage.show(page, "house-tax")
    await page.keyboard.press("Escape")
    for name in ("offers", "discounts", "floor", "kiosk"):
        await page.locator(f"[data-tab={name}]").click()
        await page.wait_for_timeout(200)
        await stage.show(page, f"house-{name}")
        if name == "offers":
            await page.locator("section button", has_text="Happy hour").last.click()
            await page.locator("dialog[open]").wait_for()
            await stage.show(page, "house-offer")
            await page.keyboard.press("Escape")
        if name == "floor":
            await page.locator("[data-table]").first.click()
            await stage.show(page, "house-table")


async def box(stage: Stage) -> None:
    """The box's own page on a manager's phone."""
    page = await stage.open("box", PHONE)
    await page.locator("h1").wait_for()
    await page.wait_for_timeout(500)
    await stage.show(page, "health")


async def devices(stage: Stage) -> None:
    """The devices page."""
    page = await stage.open("devices", DESK)
    await page.locator("h1, h2").first.wait_for()
    await page.wait_for_timeout(500)
    await stage.show(page, "devices")


FLOOR: dict[str, Scene] = {
    "counter": counter,
    "papers": papers,
    "changes": changes,
    "checks": checks,
    "payments": payments,
    "refunds": refunds,
    "tills": tills,
    "customer": customer,
    "day": day,
}
"""What happens at a counter, in the order of a day: also looked at on a phone."""

SCENES: dict[str, Scene] = {
    **FLOOR,
    "board": board,
    "kitchen": kitchen,
    "expo": expo,
    "kiosk": kiosk,
    "kiosk-flat": kiosk_flat,
    "home": home,
    "dashboard": dashboard,
    "box": box,
    "devices": devices,
}
