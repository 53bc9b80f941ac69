"""What staff are told of their box: whether all is sent, that it stands by, that a bill has changed."""

import msgspec
import pytest
from playwright.async_api import expect

from protocol.money import CURRENCIES, format_amount
from protocol.prices import Price, PriceBook

pytestmark = [pytest.mark.screens, pytest.mark.postgres, pytest.mark.broker]

SEEN_MS = 30_000
PHONE = (390, 844)
IDR = CURRENCIES["IDR"]


@pytest.fixture
async def hq(start, cafe_menu):
    hq = await start.hq()
    await hq.publish(cafe_menu)
    return hq


async def test_the_box_says_whether_everything_is_sent(
    start, hq, cafe_menu, wait_until, zero_lag, screens
) -> None:
    wan = await start.wan(hq)
    box = await start.box(hq, wan=wan)
    await wait_until(box.has_menu)
    variant = cafe_menu.items[0].variants[0].id
    await box.order(lines=[(variant, 1)])
    await zero_lag(box)
    page = await screens.open(f"{box.url}/box/", size=PHONE)
    headline = page.locator("[data-headline]")
    await expect(headline).to_contain_text("All sent", timeout=SEEN_MS)
    (seal, *_) = (await box.read("/health"))["seals"]
    await expect(page.locator("[data-seals]")).to_contain_text(seal["mark"])

    wan.set_cut(True)
    for _ in range(3):
        await box.order(lines=[(variant, 1)])
    await expect(headline).to_contain_text("not sent yet", timeout=SEEN_MS)
    await expect(page.locator("dl")).to_contain_text("The oldest from")
    wan.set_cut(False)
    await expect(headline).to_contain_text("All sent", timeout=2 * SEEN_MS)
    await zero_lag(box)

    # The same mark at HQ: both hold the same, entry for entry.
    (seal, *_) = (await box.read("/health"))["seals"]
    owner = await screens.open(f"{hq.url}/?key={hq.key}", size=PHONE)
    await owner.locator("nav button").nth(2).click()
    await owner.get_by_role("button", name="Compare now").click()
    await expect(owner.locator("dialog[open]")).to_contain_text(seal["mark"])


@pytest.mark.parametrize("language", ["id", "en"])
async def test_the_boxs_own_page_fits(start, hq, wait_until, screens, fits, language) -> None:
    box = await start.box(hq, name="Kedai Kopi Susu Gula Aren Jalan Insinyur Haji Djuanda No. 128")
    await wait_until(box.has_menu)
    page = await screens.open(f"{box.url}/box/", size=PHONE, language=language)
    await page.locator("[data-seals]").wait_for(timeout=SEEN_MS)
    await fits(page, "the box's page")


async def test_a_standby_says_so_and_is_put_in_charge_by_a_person(
    start, hq, wait_until, screens, second_box, take, fits
) -> None:
    box = await start.box(hq)
    await wait_until(box.has_menu)
    counter = await screens.open(f"{box.url}/counter/")
    kiosk = await screens.open(f"{box.url}/kiosk/", size=(1080, 1920))
    await take(counter, "Cappuccino")
    await second_box(hq, "Kedai Dago")

    banner = counter.locator("[data-banner=standby]")
    await expect(banner).to_contain_text("stands by", timeout=2 * SEEN_MS)
    await expect(kiosk.locator("body")).to_contain_text("order at the counter", timeout=SEEN_MS)
    await expect(kiosk.locator("button").first).to_be_disabled()
    await expect(kiosk.locator("[data-banner]")).to_have_count(0)
    await counter.get_by_role("button", name="Send to kitchen").click()
    await expect(counter.locator("dialog[open]")).to_contain_text("stands by")
    await counter.get_by_role("button", name="Understood").click()
    await expect(counter.locator("[data-cart-line]")).to_have_count(1)
    for size in ((1280, 800), PHONE):
        await counter.set_viewport_size({"width": size[0], "height": size[1]})
        await fits(counter, f"standby at {size}")
    await counter.set_viewport_size({"width": 1280, "height": 800})

    await counter.get_by_role("button", name="Use this box").click()
    await expect(counter.locator("dialog[open]")).to_contain_text("only when the other box")
    await fits(counter, "confirmation")
    await counter.get_by_role("button", name="Yes, use this box").click()
    await expect(counter.locator("dialog[open]")).to_contain_text("HQ is being asked")
    await counter.get_by_role("button", name="Understood").click()
    await expect(banner).to_have_count(0, timeout=SEEN_MS)
    await counter.get_by_role("button", name="Send to kitchen").click()
    await counter.locator("[data-order-number]").wait_for(timeout=SEEN_MS)
    await expect(kiosk.locator("button").first).to_be_enabled(timeout=SEEN_MS)


async def test_a_bill_that_changed_says_what_it_was(
    start, hq, cafe_menu, wait_until, screens, take
) -> None:
    box = await start.box(hq)
    await wait_until(box.has_menu)
    counter = await screens.open(f"{box.url}/counter/")
    await take(counter, "Cappuccino")
    await counter.keyboard.press("F4")
    await counter.locator("[data-order-number]").wait_for()
    await counter.get_by_role("button", name="New order").click()
    (order,) = (await box.read("/api/orders/history"))["orders"]
    line = order["lines"][0]
    book = PriceBook(
        version=0, currency="IDR", prices=(Price(id=line["variant_id"], amount=99_000),)
    )
    answer = await hq.client.post("/api/prices", content=msgspec.json.encode(book))
    assert answer.status_code == 200, answer.text
    await counter.get_by_role("button", name="Running").click()
    card = counter.locator("[data-order]")
    extras = order["totals"]["total"] - line["unit_price"]
    was, now = (format_amount(x + extras, IDR) for x in (line["unit_price"], 99_000))
    await expect(card.locator("[data-repriced]")).to_have_text(f"{was} → {now}", timeout=SEEN_MS)
    await card.click()
    await expect(counter.locator("dialog[open] [data-repriced]")).to_contain_text(
        "The total changed from"
    )
