"""Each screen walked through its main states; what is done with a state is the stage's business."""

from collections.abc import Awaitable, Callable

from shots.floor_scenes import counter, papers
from shots.guest_scenes import board, customer, kiosk, kiosk_flat
from shots.hq_scenes import DESK, dashboard
from shots.kitchen_scenes import expo, kitchen
from shots.money_scenes import changes, checks, payments, refunds
from shots.stage import PHONE, Stage
from shots.till_scenes import day, tills

Scene = Callable[[Stage], Awaitable[None]]


async def home(stage: Stage) -> None:
    """The demo's first page."""
    page = await stage.open("home", DESK)
    await page.locator("[data-screen=counter]").wait_for()
    await page.locator("[data-people]").wait_for()
    await stage.show(page, "home")


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
