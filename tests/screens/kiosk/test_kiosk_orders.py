"""A guest's way through the kiosk, and what becomes of it when the world moves meanwhile."""

from datetime import datetime, timedelta

import msgspec
import pytest
from playwright.async_api import expect

from edge.outlet import zone_of
from protocol.bill import BillRules, RuleBook, Service, Tax
from protocol.house import House, KioskPlan, Offered, Promotion, Section, Span, Table

pytestmark = pytest.mark.screens

BEAT_MS = 15_000
"""Screens hear the time with each heartbeat."""
replace = msgspec.structs.replace
TAXED = RuleBook(
    rules=(
        BillRules(
            version=1,
            taxes=(Tax(id="pbjt", names={"id": "PBJT", "en": "PBJT"}, amount="10"),),
            service=Service(names={"id": "Layanan", "en": "Service"}, percent="5"),
        ),
    )
)


def repriced(menu, name, price):
    """The menu with a dish of this name at another price."""
    items = tuple(
        replace(i, variants=tuple(replace(v, price=price) for v in i.variants))
        if i.names["en"] == name
        else i
        for i in menu.items
    )
    return replace(menu, items=items)


def named(menu, name):
    return next(i for i in menu.items if i.names["en"] == name)


async def test_a_guest_orders_at_the_kiosk(shop, kiosk) -> None:
    guest = await kiosk()
    await guest.begin("Take away")
    await guest.take("Cappuccino")
    await guest.take("Cappuccino")
    await guest.see_order()
    number = await guest.order()
    (order,) = await shop.orders()
    assert (order["number"], order["source"]) == (number, "kiosk")
    assert order["dining_option"] == "takeaway"
    assert [line["quantity"] for line in order["lines"]] == [2]
    await expect(guest.page.locator("[data-step]")).to_contain_text("Please pay at the counter")


async def test_choices_go_step_by_step_and_none_that_is_needed_is_left_out(shop, kiosk) -> None:
    guest = await kiosk()
    await guest.begin()
    page = guest.page
    await page.locator("[data-item]", has_text="Cappuccino").first.click()
    sheet = page.locator("dialog[data-steps]")
    await expect(sheet.locator("[data-next]")).to_be_disabled()
    await expect(sheet.locator("[data-next]")).to_have_text("Please choose one")
    await guest.choose(page, "Iced")
    await guest.see_order()
    await guest.order()
    (order,) = await shop.orders()
    (line,) = order["lines"]
    assert "Iced" in str(line["names"]) + str(line), "what was chosen is what was ordered"


async def test_table_service_and_taxes_are_on_the_bill_before_the_guest_orders(
    shop, kiosk, use_house
) -> None:
    tables = tuple(Table(id=f"t{n}", name=str(n), x=0, y=0) for n in range(1, 9))
    plan = KioskPlan(ask_table=True)
    room = Section(id="in", names={"en": "Inside"}, tables=tables)
    await use_house(House(version=1, bill=TAXED, kiosk=plan, sections=(room,)))
    guest = await kiosk()
    await guest.begin()
    await guest.take("Americano")
    await guest.see_order()
    page = guest.page
    await expect(page.locator("[data-bill]")).to_contain_text("Service")
    await expect(page.locator("[data-bill]")).to_contain_text("PBJT")
    seen = await page.locator("[data-bill] [data-total]").inner_text()
    await page.get_by_role("button", name="Continue").click()
    await page.get_by_role("button", name="7", exact=True).click()
    await guest.order()
    (order,) = await shop.orders()
    assert order["table"] == "7"
    assert order["totals"]["service"] > 0
    shown = f"Rp {order['totals']['total']:,}".replace(",", ".")
    assert seen == shown, "what the guest saw is what is asked for"
    await expect(page.locator("[data-step]")).to_contain_text("We bring it to table 7")


async def test_an_offer_is_on_the_bill_that_the_guest_sees(shop, kiosk, use_house) -> None:
    tenth = Promotion(id="ten", names={"id": "Promo", "en": "Happy hour"}, percent="10")
    await use_house(House(version=1, bill=TAXED, promotions=(tenth,)))
    guest = await kiosk()
    await guest.begin()
    await guest.take("Americano")
    await guest.see_order()
    await expect(guest.page.locator("[data-bill]")).to_contain_text("Happy hour")
    await guest.order()
    (order,) = await shop.orders()
    assert order["totals"]["discounts"] > 0


async def test_something_to_go_with_it_is_offered_once(shop, kiosk, use_house, cafe_menu) -> None:
    extra = cafe_menu.items[-1]
    await use_house(House(version=1, kiosk=KioskPlan(upsell=(extra.id,))))
    guest = await kiosk()
    await guest.begin()
    await guest.take("Americano")
    await guest.see_order()
    offer = guest.page.locator("[data-upsell] [data-item]")
    await expect(offer).to_have_count(1)
    asks = await offer.get_attribute("aria-haspopup")
    await offer.click()
    if asks:
        await guest.choose(guest.page)
    await expect(offer).to_have_count(0)
    await guest.order()
    (order,) = await shop.orders()
    assert len(order["lines"]) == 2


async def test_sold_out_while_choosing_is_said_kindly_and_comes_back_by_itself(
    shop, kiosk, sold_out, cafe_menu
) -> None:
    guest = await kiosk()
    page = guest.page
    await guest.begin()
    await guest.take("Cappuccino")
    await guest.take("Americano")
    dish = named(cafe_menu, "Cappuccino")
    await sold_out(page, dish.id)
    await expect(page.locator("dialog[open]")).to_contain_text("Cappuccino has just sold out")
    await page.get_by_role("button", name="Yes, go on").click()
    await expect(page.locator("footer")).to_contain_text("1 item")
    tile = page.locator(f"[data-menu] [data-item='{dish.id}']")
    await expect(tile).to_contain_text("Sold out today")
    await tile.click(force=True)
    await expect(page.locator("dialog[open]")).to_have_count(0)
    await sold_out(page, dish.id, back=True)
    await expect(tile).to_have_attribute("data-standing", "yes")
    await guest.take("Cappuccino")


async def test_a_price_that_changes_while_choosing_is_shown_old_and_new(
    shop, kiosk, cafe_menu
) -> None:
    guest = await kiosk()
    page = guest.page
    await guest.begin()
    await guest.take("Ginger Coffee")
    await guest.see_order()
    await shop.use_menu(repriced(cafe_menu, "Ginger Coffee", 99_000), 2)
    dialog = page.locator("dialog[open]")
    await expect(dialog).to_contain_text("Ginger Coffee has a new price")
    await expect(dialog.locator("[data-now]")).to_have_text("Rp 99.000")
    assert await shop.orders() == []
    await page.get_by_role("button", name="Yes, go on").click()
    await guest.order()
    (order,) = await shop.orders()
    assert order["totals"]["total"] == 99_000


async def test_nothing_is_charged_unseen_when_the_kiosk_has_not_heard_yet(
    shop, kiosk, cafe_menu
) -> None:
    """The feed is silent, the price is new: the box refuses what was seen, and the guest decides."""
    guest = await kiosk()
    page = guest.page
    await guest.begin()
    await guest.take("Ginger Coffee")
    await guest.see_order()
    await page.route("**/api/menu", lambda route: route.abort())
    await shop.use_menu(repriced(cafe_menu, "Ginger Coffee", 15_500), 2)
    await page.unroute("**/api/menu")
    await page.get_by_role("button", name="Order now").click()
    dialog = page.locator("dialog[open]")
    await expect(dialog.locator("[data-now]")).to_have_text("Rp 15.500")
    assert await shop.orders() == []
    await page.get_by_role("button", name="Yes, go on").click()
    await guest.order()
    (order,) = await shop.orders()
    assert order["totals"]["total"] == 15_500


async def test_a_daypart_ends_on_time_without_a_reload(
    shop, kiosk, use_house, cafe_menu, store_time
) -> None:
    """FS-30: the screen is left alone across the boundary; the outlet's clock decides."""
    dish = named(cafe_menu, "Cappuccino")
    morning = Offered(ids=(dish.id,), spans=(Span(from_time="06:00", until_time="11:00"),))
    await use_house(House(version=1, dayparts=(morning,), kiosk=KioskPlan(idle_s=3600)))
    store_time("10:58")
    guest = await kiosk()
    page = guest.page
    await guest.begin()
    tile = page.locator(f"[data-menu] [data-item='{dish.id}']")
    await expect(tile).to_have_attribute("data-standing", "yes")
    await guest.take("Cappuccino")
    store_time("11:00")
    await expect(tile).to_have_attribute("data-standing", "later", timeout=BEAT_MS)
    await expect(tile).to_contain_text("Served 06:00–11:00")
    await expect(page.locator("dialog[open]")).to_contain_text("Cappuccino is served 06:00–11:00")
    store_time("06:00")
    await expect(tile).to_have_attribute("data-standing", "yes", timeout=BEAT_MS)


@pytest.fixture
def store_time(shop):
    """Moves the box's clock on to the next time that it is so late in the outlet."""

    def move(wanted: str) -> None:
        outlet, platform = shop.box.outlet, shop.box.platform
        now = datetime.fromtimestamp(platform.wall_ms() / 1000, zone_of(outlet.zone))
        hour, minute = map(int, wanted.split(":"))
        then = now.replace(hour=hour, minute=minute, second=5, microsecond=0)
        then += timedelta(days=1) if then <= now else timedelta()
        ahead_ms = int((then - now).total_seconds() * 1000)
        wall_ms = platform.wall_ms
        platform.wall_ms = lambda: wall_ms() + ahead_ms

    return move
