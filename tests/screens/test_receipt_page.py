"""The digital receipt on a guest's phone: it fits, needs no script, and prints without its links."""

import httpx
import msgspec
import pytest
from playwright.async_api import expect

from protocol.ids import mint

pytestmark = [pytest.mark.screens]

LONG = {
    "id": "Nasi Goreng Kampung Spesial Pakai Telur Mata Sapi dan Kerupuk Udang Khas Sidoarjo",
    "en": "Donaudampfschifffahrtsgesellschaftskapitaensmuetzenkuchenverkaufsstelle",
}


@pytest.fixture
async def receipt_url(shop, cafe_menu):
    """A receipt with names that no designer thought of."""
    first, *rest = cafe_menu.items
    item = msgspec.structs.replace(first, names=LONG)
    await shop.use_menu(msgspec.structs.replace(cafe_menu, items=(item, *rest)), 90)
    order_id, line_id, command_id = (mint(1_795_349_640_000 + n, bytes(10)) for n in range(3))
    groups = [g for g in cafe_menu.modifier_groups if g.id in item.modifier_group_ids]
    choices = [{"modifier_id": g.modifiers[0].id} for g in groups if g.min]
    line = {"line_id": line_id, "variant_id": item.variants[0].id, "choices": choices}
    body = {"order_id": order_id, "command_id": command_id, "lines": [line | {"quantity": 3}]}
    async with httpx.AsyncClient(base_url=shop.url) as client:
        answer = await client.post("/api/orders", json=body)
    assert answer.status_code == 200, answer.text
    return f"{shop.url}/r/{shop.box.receipt_links.code(order_id)}"


@pytest.mark.parametrize("language", ["id", "en"])
@pytest.mark.parametrize("size", [(320, 640), (390, 844), (1280, 800)])
async def test_it_fits_every_phone_in_both_languages(
    receipt_url, screens, fits, language, size
) -> None:
    page = await screens.open(receipt_url, size=size, language=language)
    await expect(page.locator("h1")).to_have_text("Kedai Uji")
    await expect(page.locator("main")).to_contain_text(LONG[language])
    await fits(page, f"{language} at {size}")
    hangs = page.locator(".row span[style]").first
    assert await hangs.evaluate("e => parseFloat(getComputedStyle(e).textIndent)") < 0, (
        "the page's rules let its own style through"
    )


async def test_the_other_language_is_one_tap_away(receipt_url, screens) -> None:
    page = await screens.open(receipt_url, size=(390, 844), language="id")
    await expect(page.locator("main")).to_contain_text("Pesanan")
    await page.get_by_role("link", name="English").click()
    await expect(page.locator("main")).to_contain_text("Order")
    assert await page.locator("html").get_attribute("lang") == "en"


async def test_printed_it_is_the_receipt_and_nothing_else(receipt_url, screens) -> None:
    page = await screens.open(receipt_url, size=(390, 844))
    await expect(page.locator("nav")).to_be_visible()
    await page.emulate_media(media="print")
    await expect(page.locator("nav")).to_be_hidden()
    await expect(page.locator("main")).to_contain_text("NOT PAID")
