"""HQ's menu page: a file is shown before it is published, refused row by row; dishes get pictures."""

import io
import json

import pytest
from PIL import Image
from playwright.async_api import expect

from tests.foreign_menus import SQUARE

pytestmark = [pytest.mark.screens, pytest.mark.postgres]

DESK, PHONE = (1440, 900), (390, 844)
SEEN_MS = 20_000
SHEET = "plu,category,item,price\n{rows}"
PLATFORM = {
    "vendor": {"currency": "IDR", "languages": ["id"]},
    "items": [
        {
            "id": 1,
            "name": {"id": "Sate"},
            "category": {"id": "Makanan"},
            "variations": [{"id": 11, "price": 30000, "price_before_discount": 40000}],
        }
    ],
    "topping_groups": [],
}


@pytest.fixture
async def hq(start, cafe_menu):
    hq = await start.hq()
    await hq.publish(cafe_menu)
    return hq


@pytest.fixture
def menu_page(hq, screens):
    """HQ's menu page, on one of its tabs."""

    async def opened(tab, size=DESK, language="en"):
        address = f"{hq.url}/?key={hq.key}"
        page = await screens.open(address, size=size, language=language)
        await page.locator("nav [data-view=menu]").click()
        await page.locator(f"[data-tab={tab}]").click()
        return page

    return opened


def sheet_of(menu, **prices):
    """The café's menu as a spreadsheet, with other prices by PLU; None leaves a dish out."""
    rows = []
    for item in menu.items:
        for variant in item.variants:
            price = prices.get(f"p{variant.plu}", variant.price)
            if price is not None:
                name = f"{item.names['id']} {variant.plu}"
                rows.append(f"{variant.plu},Semua,{name},{price}\n")
    return SHEET.format(rows="".join(rows))


def a_file(name, text):
    data = text if isinstance(text, str) else json.dumps(text)
    return {"name": name, "mimeType": "text/plain", "buffer": data.encode()}


def a_picture(name, colour):
    kept = io.BytesIO()
    Image.new("RGB", (800, 600), colour).save(kept, "JPEG")
    return {"name": name, "mimeType": "image/jpeg", "buffer": kept.getvalue()}


async def test_a_file_is_refused_by_row_then_shown_then_published(
    hq, menu_page, cafe_menu, fits
) -> None:
    page = await menu_page("import")
    chosen = page.locator("[data-file]")
    bad = SHEET.format(rows="101,Kopi,,9000\n102,Kopi,Teh,murah\n")
    await chosen.set_input_files(a_file("menu.csv", bad))
    refused = page.locator("[data-findings=error]")
    await expect(refused).to_contain_text("2 things in the file need mending", timeout=SEEN_MS)
    await expect(refused.locator("[data-finding]").first).to_contain_text("row 2")
    await expect(refused).to_contain_text("'murah' is not an amount")
    await expect(page.locator("[data-publish]")).to_have_count(0)
    await fits(page, "refused")

    first, second = (item.variants[0] for item in cafe_menu.items[:2])
    prices = {f"p{first.plu}": first.price + 1_000, f"p{second.plu}": second.price * 10}
    await chosen.set_input_files(a_file("menu.csv", sheet_of(cafe_menu, **prices)))
    changed = page.locator("[data-changes=price] [data-change]")
    await expect(changed).to_have_count(2, timeout=SEEN_MS)
    # What was probably mistyped stands first, and is asked about.
    await expect(changed.first.locator("[data-doubt]")).to_be_visible()
    await expect(page.locator("[data-doubtful]")).to_contain_text("1 price is five times")
    await expect(page.locator("[data-many-gone]")).to_have_count(0)
    await fits(page, "preview")
    await page.locator("[data-publish] button").last.click()
    await expect(page.locator("[data-published='2']")).to_be_visible(timeout=SEEN_MS)
    await fits(page, "published")

    await chosen.set_input_files(a_file("menu.csv", sheet_of(cafe_menu, **prices)))
    await expect(page.locator("[data-unchanged]")).to_be_visible(timeout=SEEN_MS)
    await expect(page.locator("[data-publish]")).to_have_count(0)


async def test_half_a_menu_is_asked_about_and_somebody_elses_menu_is_looked_at_first(
    hq, menu_page, cafe_menu
) -> None:
    page = await menu_page("import")
    half = {f"p{i.variants[0].plu}": None for i in cafe_menu.items[:30]}
    await page.locator("[data-file]").set_input_files(a_file("m.csv", sheet_of(cafe_menu, **half)))
    await expect(page.locator("[data-many-gone]")).to_contain_text("30 of the", timeout=SEEN_MS)

    other = await menu_page("import")
    await other.locator("[data-file]").set_input_files(a_file("m.csv", sheet_of(cafe_menu)))
    await other.locator("[data-publish] button").last.click(timeout=SEEN_MS)
    await expect(other.locator("[data-published]")).to_be_visible(timeout=SEEN_MS)

    bar = page.locator("[data-publish]")
    await bar.get_by_role("button", name="Publish to all outlets").click()
    await expect(bar).to_contain_text("version 2 is in force now", timeout=SEEN_MS)
    await bar.get_by_role("button", name="Compare again").click()
    await expect(bar.get_by_role("button", name="Publish to all outlets")).to_be_visible(
        timeout=SEEN_MS
    )


async def test_each_format_is_known_by_itself_and_says_what_comes_in_otherwise(menu_page) -> None:
    page = await menu_page("import")
    await page.locator("[data-file]").set_input_files(a_file("square.json", SQUARE))
    new = page.locator("[data-changes=new]")
    await expect(new).to_contain_text("Es krim", timeout=SEEN_MS)
    await expect(page.get_by_role("radio", name="Square")).to_be_checked()
    await page.locator("[data-file]").set_input_files(a_file("menu.json", PLATFORM))
    await expect(new).to_contain_text("Sate", timeout=SEEN_MS)
    await expect(page.get_by_role("radio", name="Delivery platform")).to_be_checked()
    await expect(page.locator("[data-findings=info]")).to_contain_text("reduced price")
    # Somebody knows better what it is.
    await page.get_by_role("radio", name="Spreadsheet (CSV)").check()
    await expect(page.locator("[data-findings=error]")).to_be_visible(timeout=SEEN_MS)


async def test_dishes_get_pictures_one_by_one_and_many_at_once_by_name(
    menu_page, cafe_menu, fits
) -> None:
    page = await menu_page("dishes")
    pictured = page.locator("[data-dish][data-pictured=true]")
    await expect(page.locator("[data-dish]")).to_have_count(len(cafe_menu.items))
    one, two, three = cafe_menu.items[:3]
    async with page.expect_file_chooser() as asked:
        await page.locator(f"[data-dish='{one.id}']").click()
    await (await asked.value).set_files(a_picture("IMG_1.jpg", "brown"))
    await expect(page.locator("[data-said]")).to_contain_text("has its picture", timeout=SEEN_MS)
    await expect(pictured).to_have_count(1)

    many = [
        a_picture(f"{two.variants[0].plu}.jpg", "green"),
        a_picture(f"{three.names['id']}.jpeg", "orange"),
        a_picture("IMG_2041.jpg", "red"),
        {"name": f"{one.names['id']}.png", "mimeType": "image/png", "buffer": b"no picture"},
    ]
    await page.locator("[data-several]").set_input_files(many)
    await expect(page.locator("[data-said]")).to_contain_text("2 pictures are", timeout=SEEN_MS)
    unplaced = page.locator("[data-unplaced] li")
    await expect(unplaced).to_have_count(2)
    await expect(unplaced.first).to_contain_text("IMG_2041.jpg: no dish")
    await expect(unplaced.last).to_contain_text("cannot be shown")
    await expect(pictured).to_have_count(3)

    shown = page.locator(f"[data-dish='{two.id}'] img")
    await expect(shown).to_have_js_property("naturalWidth", 320)
    await page.get_by_role("radio", name="No picture").check()
    await expect(page.locator("[data-dish]")).to_have_count(len(cafe_menu.items) - 3)
    await page.get_by_role("radio", name="With picture").check()
    await page.locator(f"[data-dish='{two.id}']").click()
    await page.locator("dialog[open] img").wait_for()
    await fits(page, "a dish")
    await page.get_by_role("button", name="Take it away").click()
    await page.get_by_role("button", name="Take it away").click()
    await expect(pictured).to_have_count(2, timeout=SEEN_MS)


@pytest.mark.parametrize("language", ["id", "en"])
@pytest.mark.parametrize("size", [DESK, PHONE])
async def test_the_menu_page_fits(menu_page, cafe_menu, fits, size, language) -> None:
    page = await menu_page("dishes", size, language)
    await page.locator("[data-dish]").first.wait_for()
    await fits(page, "dishes")
    await page.locator("[data-tab=import]").click()
    await page.locator("[data-drop]").wait_for()
    await fits(page, "import")
    plu = cafe_menu.items[0].variants[0].plu
    text = sheet_of(cafe_menu, **{f"p{plu}": 990_000})
    await page.locator("[data-file]").set_input_files(a_file("menu.csv", text))
    await page.locator("[data-changes=price]").wait_for(timeout=SEEN_MS)
    await fits(page, "preview")
