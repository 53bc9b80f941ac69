"""Dishes as pictures: the box's own, kept on the device up to a bound; without one they are drawn."""

import io

import msgspec
import pytest
from PIL import Image
from playwright.async_api import expect

from protocol.pictures import WIDTHS, path_of

pytestmark = pytest.mark.screens

DIGEST = "ab" * 16
KEPT = "caches.open('pictures').then((c) => c.keys()).then((k) => k.map((r) => new URL(r.url).pathname))"
SEEN = """([id]) => {
  const image = document.querySelector(`[data-menu] [data-item='${id}'] img`);
  return image !== null && image.complete && image.naturalWidth > 0;
}"""


@pytest.fixture
async def pictured(shop, cafe_menu):
    """The café's menu with a picture of its first dish on the box, and of its second one nowhere."""
    folder = shop.box.pictures.folder
    folder.mkdir()
    for width in WIDTHS:
        body = io.BytesIO()
        Image.new("RGB", (width, width * 3 // 4), "#d98a1f").save(body, "WEBP")
        (folder / path_of(DIGEST, width).rpartition("/")[2]).write_bytes(body.getvalue())
    first, second, *rest = cafe_menu.items
    replace = msgspec.structs.replace
    items = (
        replace(first, photo=path_of(DIGEST)),
        replace(second, photo=path_of("cd" * 16)),
        *rest,
    )
    await shop.use_menu(replace(cafe_menu, items=items), 2)
    return items


async def test_pictures_are_there_without_the_box_and_what_has_none_is_drawn(
    shop, kiosk, pictured
) -> None:
    guest = await kiosk()
    page = guest.page
    await page.wait_for_function("navigator.serviceWorker.controller !== null")
    await guest.begin()
    await page.wait_for_function(SEEN, arg=[pictured[0].id])
    drawn = page.locator(f"[data-menu] [data-item='{pictured[1].id}'] [data-drawn]")
    await expect(drawn).to_have_count(1)
    await page.wait_for_function(f"{KEPT}.then((kept) => kept.length > 0)")
    kept = await page.evaluate(KEPT)
    assert all(path.startswith(f"/pictures/{DIGEST}-") for path in kept), (
        "what is not there is not kept"
    )
    await shop.shut()
    await page.reload()
    await page.locator("[data-menu]").wait_for()
    await page.wait_for_function(SEEN, arg=[pictured[0].id])


async def test_pictures_on_the_device_have_a_bound(shop, kiosk, pictured) -> None:
    page = (await kiosk()).page
    await page.wait_for_function("navigator.serviceWorker.controller !== null")
    await page.evaluate(
        """async () => {
          const cache = await caches.open('pictures');
          const old = Array.from({length: 3020}, (_, i) => `/pictures/old-${i}.webp`);
          for (let i = 0; i < old.length; i += 200) {
            await Promise.all(old.slice(i, i + 200).map((name) => cache.put(name, new Response('x'))));
          }
        }"""
    )
    newest = path_of(DIGEST, 160)
    await page.evaluate(
        """async (path) => {
          for (let i = 0; i < 60; i++) await fetch(`${path}?${i}`).then((r) => r.blob());
          await fetch(path).then((r) => r.blob());
        }""",
        newest,
    )
    # It counts now and then, so there may be a few more.
    await page.wait_for_function(f"{KEPT}.then((kept) => kept.length <= 3050)")
    assert newest in await page.evaluate(KEPT), "the newest stays"
