"""Each state of the kiosk at its sizes: thumbs hit, nothing overflows, and everybody can read it."""

import pytest

from protocol.bill import BillRules, RuleBook, Service, Tax
from protocol.house import House, KioskPlan, Section, Table

pytestmark = pytest.mark.screens

SIZES = {"portrait": (1080, 1920), "landscape": (1280, 800)}
LONG = "Nasi Goreng Kampung Spesial Pakai Telur Mata Sapi dan Kerupuk Udang Khas Sidoarjo Asli"
UNBROKEN = "Donaudampfschifffahrtsgesellschaftskapitaensmuetzenkuchen"
TABLES = tuple(Table(id=f"t{n}", name=str(n), x=0, y=0) for n in range(1, 19))


@pytest.fixture
def house(cafe_menu) -> House:
    """A café with service, tax, tables, and something to go with the coffee."""
    upsell = [
        i.id for i in cafe_menu.items if "Croissant" in i.names["en"] or "Cookie" in i.names["en"]
    ]
    return House(
        version=1,
        kiosk=KioskPlan(
            greeting={"id": "Sudah makan belum?", "en": "Fresh from our kitchen, all day"},
            upsell=tuple(upsell or [i.id for i in cafe_menu.items[-3:]]),
            ask_table=True,
        ),
        sections=(Section(id="in", names={"id": "Dalam", "en": "Inside"}, tables=TABLES),),
        bill=RuleBook(
            rules=(
                BillRules(
                    version=1,
                    taxes=(Tax(id="pb1", names={"id": "PBJT", "en": "PBJT"}, amount="10"),),
                    service=Service(names={"id": "Layanan", "en": "Service"}, percent="5"),
                ),
            )
        ),
    )


@pytest.mark.parametrize("large", [False, True], ids=["", "large"])
@pytest.mark.parametrize("form", SIZES)
async def test_every_state_fits_and_is_read_by_everybody(
    shop, kiosk, use_house, house, fits, no_serious_findings, picture, form, large
) -> None:
    await use_house(house)
    shop.box.receipt_links.base = "http://kedai-uji.local:8080"
    guest = await kiosk(size=SIZES[form])
    page = guest.page

    async def look(where: str) -> None:
        await picture(page, f"{form}{'-large' if large else ''}-{where}")
        await fits(page, where)
        await no_serious_findings(page, where)

    if large:
        await page.get_by_role("button", name="Larger text").click()
    await look("1-attract")
    await page.get_by_role("button", name="Touch to order").click()
    await look("2-where")
    await page.get_by_role("button", name="Eat in").click()
    await look("3-menu")
    await page.locator("[data-item]", has_text="Cappuccino").first.click()
    await look("4-steps")
    await guest.choose(page)
    await guest.take("Americano")
    await look("5-menu-with-order")
    await guest.see_order()
    await look("6-review")
    await page.get_by_role("button", name="Continue").click()
    await page.get_by_role("button", name="12", exact=True).click()
    await look("7-table")
    await guest.order()
    await look("8-done")
