"""The screens of the floor walked through: counter, kiosk, the customer's display and the board."""

import re

from playwright.async_api import Page
from shots.stage import Stage

from edge.demo.people import CASHIER

TILL, TABLET, KIOSK, HALL = (1280, 800), (834, 1112), (1080, 1920), (1920, 1080)
SEE_ORDER = re.compile("See order|Lihat pesanan")


async def sign_in(page: Page, name: str, pin: str) -> None:
    """Somebody types their PIN."""
    await page.locator("[data-sign-in] button", has_text=name).first.click()
    for digit in pin:
        await page.keyboard.press(digit)
    await page.keyboard.press("Enter")
    await page.locator("[data-sign-in]").wait_for(state="detached")


async def counter(stage: Stage) -> None:
    """Signing in, selling, a running order, paying, the floor, and what else there is."""
    page = await stage.open("counter", TILL)
    await page.locator("[data-sign-in] button").first.wait_for()
    await stage.show(page, "sign-in")
    await page.locator("[data-sign-in] button", has_text=CASHIER.name).first.click()
    await stage.show(page, "pin")
    for digit in CASHIER.pin:
        await page.keyboard.press(digit)
    await page.keyboard.press("Enter")
    await page.locator("[data-sign-in]").wait_for(state="detached")
    await page.locator("[data-item]").first.wait_for()
    await stage.show(page, "menu")
    for at in (0, 3, 4):
        await page.locator("[data-item]").nth(at).click()
    await page.wait_for_timeout(300)
    await stage.show(page, "bill")
    await pages(stage, page)
    phone = await stage.open("counter", (390, 844))
    await sign_in(phone, CASHIER.name, CASHIER.pin)
    await phone.locator("[data-item]").first.wait_for()
    await stage.show(phone, "phone")


async def pages(stage: Stage, page: Page) -> None:
    """The counter's other pages, from its header."""
    for name in ("Tables", "Running", "History"):
        button = page.locator("header nav button", has_text=name)
        if await button.count() == 0:
            continue
        await button.first.click()
        await page.wait_for_timeout(500)
        await stage.show(page, name.lower())
        if name == "Running":
            await page.locator("[data-order]").first.click()
            await page.locator("dialog[open]").wait_for()
            await page.wait_for_timeout(400)
            await stage.show(page, "order")
            await page.keyboard.press("Escape")


async def kiosk(stage: Stage) -> None:
    """A guest from the first touch to the bill, standing before a tall screen."""
    page = await stage.open("kiosk", KIOSK)
    await page.locator("button").first.wait_for()
    await page.wait_for_timeout(800)
    await stage.show(page, "attract")
    await page.locator("button", has=page.locator(".breathe")).click()
    await page.wait_for_timeout(400)
    if await page.locator("[data-step=where]").count():
        await stage.show(page, "where")
        await page.locator("button.rounded-3xl").first.click()
    await page.locator("[data-item]").first.wait_for()
    await page.wait_for_timeout(400)
    await stage.show(page, "menu")
    await page.locator("[data-item][data-standing=here], [data-item]").first.click()
    await page.wait_for_timeout(400)
    if await page.locator("[data-steps]").count():
        await stage.show(page, "choices")
        while await page.locator("[data-next]").count():
            choice = page.locator("[data-choices] button").first
            if await page.locator("[data-next][disabled]").count() and await choice.count():
                await choice.click()
            if await page.locator("[data-next]").count():
                await page.locator("[data-next]").first.click()
            await page.wait_for_timeout(200)
        await page.locator("[data-add]").click()
    await page.locator("[data-rail]").wait_for()
    await page.locator("button", has_text=SEE_ORDER).last.click()
    await page.locator("[data-go]").wait_for()
    await page.wait_for_timeout(300)
    await stage.show(page, "review")


async def customer(stage: Stage) -> None:
    """What a guest at the till sees."""
    page = await stage.open("customer", TILL)
    await page.wait_for_timeout(1500)
    await stage.show(page, "customer")


async def board(stage: Stage) -> None:
    """Which orders are ready, for a hall."""
    page = await stage.open("board", HALL)
    await page.wait_for_timeout(1500)
    await stage.show(page, "board")
