"""What hands do at a counter: sign in, tap dishes, go to another page, open an order."""

from playwright.async_api import Locator, Page
from shots.stage import Stage

from edge.demo.people import CASHIER, PEOPLE, Employee
from protocol.staff import Role

MANAGER = next(p for p in PEOPLE if p.role is Role.MANAGER)
SETTLE_MS = 350
"""Until what was tapped stands still."""


async def sign_in(page: Page, who: Employee = CASHIER) -> None:
    """Somebody types their PIN, on a page that asks who they are."""
    await page.locator("[data-sign-in]").wait_for()
    await page.locator("[data-sign-in] button", has_text=who.name).first.click()
    await type_pin(page, who)
    await page.locator("[data-sign-in]").wait_for(state="detached")


async def type_pin(page: Page, who: Employee) -> None:
    """The digits, then Enter."""
    for digit in who.pin:
        await page.keyboard.press(digit)
    await page.keyboard.press("Enter")


async def counter_of(stage: Stage, who: Employee = CASHIER) -> Page:
    """A counter at which somebody has signed in."""
    page = await stage.open("counter", stage.desk)
    await sign_in(page, who)
    await page.locator("[data-item]").first.wait_for()
    return page


async def go(stage: Stage, page: Page, where: str) -> None:
    """One of the pages in the counter's header, by the key of its word."""
    await page.locator("header nav button", has_text=stage.say("counter", where)).first.click()
    await page.wait_for_timeout(SETTLE_MS)


async def go_more(stage: Stage, page: Page, place: str, key: str) -> None:
    """A page that is not needed with every order."""
    await page.get_by_role("button", name=stage.say("counter", "menu"), exact=True).click()
    await page.locator("dialog[open] button", has_text=stage.say(place, key)).click()
    await page.wait_for_timeout(SETTLE_MS)


async def tap_dishes(page: Page, *at: int) -> None:
    """Dishes of the first page by their places; what must be chosen of each is chosen."""
    for place in at:
        await page.locator("[data-item]").nth(place).click()
    await page.wait_for_timeout(SETTLE_MS)


async def open_order(stage: Stage, page: Page, where: str, *, page_of: str = "running") -> None:
    """The order whose card says `where`, such as its number."""
    await go(stage, page, page_of)
    await page.locator("[data-order]", has_text=where).first.click()
    await top(page).wait_for()
    await page.wait_for_timeout(SETTLE_MS)


def top(page: Page) -> Locator:
    """The dialog that lies over all others."""
    return page.locator("dialog[open]").last


async def press(stage: Stage, page: Page, key: str, place: str = "counter") -> None:
    """A button of the dialog on top, by the key of its word."""
    word = stage.say(place, key)
    await top(page).get_by_role("button", name=word, exact=True).first.click()
    await page.wait_for_timeout(SETTLE_MS)


async def away(page: Page, times: int = 1) -> None:
    """Close the dialog on top."""
    for _ in range(times):
        await page.keyboard.press("Escape")
        await page.wait_for_timeout(SETTLE_MS // 2)
