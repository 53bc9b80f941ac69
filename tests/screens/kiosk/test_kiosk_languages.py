"""Other languages at the kiosk: chosen by each guest, and none, also none written from the right, breaks it."""

import msgspec
import pytest
from playwright.async_api import expect

pytestmark = pytest.mark.screens

SIZES = {"portrait": (1080, 1920), "landscape": (1280, 800)}
LONG = "Nasi Goreng Kampung Spesial Pakai Telur Mata Sapi dan Kerupuk Udang Khas Sidoarjo Asli"
UNBROKEN = "Donaudampfschifffahrtsgesellschaftskapitaensmuetzenkuchen"
# Texts that lie over each other, of what can be seen: nobody can read either.
OVERLAPPING = """() => {
  const texts = [...document.querySelectorAll('h1,h2,h3,p,button,dd,dt')].filter((e) =>
    e.checkVisibility({visibilityProperty: true, opacityProperty: true}) && e.innerText.trim()
    && ![...e.children].some((c) => c.matches('h1,h2,h3,p,button,dd,dt')));
  const top = document.querySelector('dialog[open]');
  const inside = texts.filter((e) => !top || top.contains(e));
  const found = [];
  for (const a of inside) for (const b of inside) {
    if (a === b || a.contains(b) || b.contains(a)) continue;
    const r = a.getBoundingClientRect(), s = b.getBoundingClientRect();
    const wide = Math.min(r.right, s.right) - Math.max(r.left, s.left);
    const high = Math.min(r.bottom, s.bottom) - Math.max(r.top, s.top);
    const scrolls = a.closest('[class*=overflow]') !== b.closest('[class*=overflow]');
    if (wide > 2 && high > 2 && !scrolls) found.push(`${a.innerText.slice(0, 30)} / ${b.innerText.slice(0, 30)}`);
  }
  return found;
}"""


@pytest.fixture
def long_menu(cafe_menu):
    """The café menu with names that no designer thought of."""
    first, second, *rest = cafe_menu.items
    names = {"id": LONG, "en": LONG + " Long"}
    replace = msgspec.structs.replace
    items = (
        replace(first, names=names, descriptions=names),
        replace(second, names={"id": UNBROKEN, "en": UNBROKEN}),
        *rest,
    )
    groups = tuple(
        replace(g, names=names, modifiers=tuple(replace(m, names=names) for m in g.modifiers))
        for g in cafe_menu.modifier_groups
    )
    categories = tuple(replace(c, names=names) for c in cafe_menu.categories[:1])
    return replace(
        cafe_menu,
        items=items,
        modifier_groups=groups,
        categories=(*categories, *cafe_menu.categories[1:]),
    )


async def walk(guest, look, words):
    """From the first screen to the number, with a look at each state; by place, not by word."""
    page = guest.page
    await look("attract")
    await page.locator("[data-step=attract] main button").first.click()
    await look("where")
    await page.locator(
        "[data-step=where] main button.rise, [data-step=where] main .grid button"
    ).first.click()
    await page.locator("[data-menu]").wait_for()
    await look("menu")
    for name in words:
        item = page.locator("[data-menu] [data-item]", has_text=name).first
        asks = await item.get_attribute("aria-haspopup")
        await item.click()
        if asks or await page.locator("dialog[data-steps]").count():
            await look(f"steps {name[:8]}")
            await guest.choose(page)
    await page.locator("footer button").last.click()
    await page.locator("[data-bill]").wait_for()
    await look("review")
    await page.locator("[data-go]").click()
    await page.locator("[data-order-number]").wait_for()
    await look("done")


@pytest.mark.parametrize("form", SIZES)
@pytest.mark.parametrize("language", ["id", "en", "ar-XA"])
async def test_long_names_fit_in_every_language_and_direction(
    shop, kiosk, fits, no_serious_findings, picture, long_menu, language, form
) -> None:
    await shop.use_menu(long_menu, 2)
    guest = await kiosk(size=SIZES[form], language=language)
    page = guest.page
    direction = "rtl" if language.startswith("ar") else "ltr"
    await expect(page.locator("html")).to_have_attribute("dir", direction)

    async def look(where):
        await picture(page, f"{form}-{language}-long-{where}")
        await fits(page, f"{language} {where}")
        assert await page.evaluate(OVERLAPPING) == [], f"{language} {where}"
        await no_serious_findings(page, f"{language} {where}")

    await walk(guest, look, (LONG[:40], UNBROKEN))


async def test_each_guest_begins_in_the_house_s_language(shop, screens) -> None:
    page = await screens.open(f"{shop.url}/kiosk/#", language="")
    await expect(page.locator("html")).to_have_attribute("lang", "id")
    await page.get_by_role("button", name="English").click()
    await page.get_by_role("button", name="Touch to order").click()
    await page.get_by_role("button", name="EN · Language").click()
    await expect(page.get_by_role("heading", name="Makan di mana?")).to_be_visible()
    await page.get_by_role("button", name="ID · Bahasa").click()
    await page.get_by_role("button", name="Start over").click()
    await page.get_by_role("button", name="Sentuh untuk memesan").wait_for()
    await expect(page.locator("html")).to_have_attribute("lang", "id")


async def test_the_language_nobody_speaks_is_offered_to_nobody(shop, kiosk) -> None:
    page = (await kiosk()).page
    names = await page.locator("[data-step] button[lang]").all_inner_texts()
    assert names == ["Bahasa Indonesia", "English"]


async def test_the_buttons_come_to_the_hand_that_is_free(shop, kiosk, fits) -> None:
    guest = await kiosk(size=SIZES["landscape"])
    page = guest.page
    await guest.begin()
    rail, go = page.locator("[data-rail]"), page.get_by_role("button", name="See order")
    middle = SIZES["landscape"][0] / 2
    assert (await rail.bounding_box())["x"] > middle
    await page.get_by_role("button", name="Buttons on the other side").click()
    assert (await rail.bounding_box())["x"] < middle
    assert (await go.bounding_box())["x"] < middle
    await fits(page, "left")
