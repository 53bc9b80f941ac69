"""HQ's dashboard walked through: every page at a desk, and those an owner looks at on a phone."""

import csv
import io

from playwright.async_api import Page
from shots.stage import PHONE, Stage

DESK = (1440, 900)
SEEN_MS = 20_000
PAGES = {
    "reports": "[data-chart]",
    "outlets": "article",
    "orders": "tbody tr",
    "conflicts": "h1, [data-empty], p",
    "days": "h1",
    "people": "h1",
}
"""Pages that need no more than being opened, and what shows that they are."""


async def dashboard(stage: Stage) -> None:
    """HQ: every page at a desk, and some on a phone."""
    page = await stage.open("hq", DESK, path="#today")
    await page.locator("[data-total]").wait_for()
    await page.locator("tbody tr").first.wait_for()
    await stage.show(page, "today")
    for name, waits in PAGES.items():
        await page.locator(f"nav [data-view={name}]").click()
        await page.locator(waits).first.wait_for()
        await page.wait_for_timeout(400)
        await stage.show(page, name)
        if name == "days":
            await _day(stage, page)
        if name == "orders":
            await page.locator("tbody button").first.click()
            await page.locator("dialog[open] [data-bill]").wait_for()
            await stage.show(page, "order")
            await page.keyboard.press("Escape")
    await _trail(stage, page, "trail")
    await _menu(stage, page)
    await house(stage, page)
    phone = await stage.open("hq", PHONE, path="#today")
    await phone.locator("[data-total]").wait_for()
    await stage.show(phone, "today-phone")
    await _trail(stage, phone, "trail-phone")


async def _day(stage: Stage, page: Page) -> None:
    """The newest closed day, where one was closed."""
    await page.wait_for_timeout(1_500)
    if await page.locator("[data-day] button").count() == 0:
        return
    await page.locator("[data-day] button").first.click()
    await page.locator("dialog[open] [data-certificate]").wait_for()
    await page.wait_for_timeout(400)
    await stage.show(page, "day")
    await page.keyboard.press("Escape")


async def _trail(stage: Stage, page: Page, name: str) -> None:
    """Who did what; on the demo's one evening there is always somebody who signed in."""
    await page.locator("nav [data-view=audit]").click()
    await page.locator("[data-row]").first.wait_for(timeout=SEEN_MS)
    await stage.show(page, name)


async def _menu(stage: Stage, page: Page) -> None:
    """Dishes with and without pictures, and a file: chosen, shown, refused."""
    await page.locator("nav [data-view=menu]").click()
    await page.locator("[data-dish] img").first.wait_for(timeout=SEEN_MS)
    await page.wait_for_timeout(800)
    await stage.show(page, "menu")
    await page.locator("[data-dish][data-pictured=true]").first.click()
    await page.locator("dialog[open] img").wait_for()
    await page.wait_for_timeout(400)
    await stage.show(page, "menu-dish")
    await page.keyboard.press("Escape")
    await page.locator("[data-tab=import]").click()
    await page.locator("[data-drop]").wait_for()
    await stage.show(page, "menu-import")
    async with page.expect_download() as saved:
        await page.locator("a[download]").click()
    sheet = (await (await saved.value).path()).read_text("utf-8-sig")
    for state, text in (("preview", _edited(sheet)), ("refused", _edited(sheet, price="murah"))):
        file = {"name": "menu.csv", "mimeType": "text/csv", "buffer": text.encode()}
        await page.locator("[data-file]").set_input_files(file)
        shown = "[data-changes]" if state == "preview" else "[data-findings=error]"
        await page.locator(shown).first.wait_for(timeout=SEEN_MS)
        await stage.show(page, f"menu-{state}")


def _edited(sheet: str, price: str = "") -> str:
    """The menu with some prices changed (one mistyped), a dish gone and one more."""
    rows = list(csv.DictReader(io.StringIO(sheet)))
    sold = [row for row in rows if row["kind"] in ("", "item")]
    for at in (1, 4, 5):
        sold[at]["price"] = price or str(int(sold[at]["price"]) + 2_000)
    sold[8]["price"] += "0"
    rows.remove(sold[-1])
    new = {
        "plu": "901",
        "category": sold[0]["category"],
        "item": "Kopi Jahe Merah",
        "price": "21000",
    }
    out = io.StringIO()
    writer = csv.DictWriter(out, rows[0].keys())
    writer.writeheader()
    writer.writerows([*rows, dict.fromkeys(rows[0], "") | new])
    return out.getvalue()


async def house(stage: Stage, page: Page) -> None:
    """The pages of the house rules, and one sheet of each kind."""
    await page.locator("nav [data-view=house]").click()
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
