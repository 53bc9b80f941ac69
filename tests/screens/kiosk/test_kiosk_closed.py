"""When guests cannot order they are told before they choose or pay, with what to do; nobody gets stuck."""

import json
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from playwright.async_api import expect

from protocol.house import House, KioskPlan, Offered, Span

pytestmark = pytest.mark.screens

BEAT_MS = 15_000
"""A screen hears with the next heartbeat, or as soon as something else is so than before."""


@pytest.fixture
def strict_about_cooks(shop):
    """The box counts a way to the kitchen as gone at once, so that no test has to wait for it."""
    shop.box.open_for_guests.grace_ms = 300
    shop.box.open_for_guests.start_ms = 0


async def place_at_a_kiosk(page, menu, order_id):
    """An order as a kiosk sends it that has not heard yet; the box's answer."""
    item = next(i for i in menu.items if not i.modifier_group_ids)
    command = {
        "type": "order.place",
        "order_id": order_id,
        "lines": [
            {
                "line_id": await page.evaluate("crypto.randomUUID()"),
                "variant_id": item.variants[0].id,
            }
        ],
        "source": "kiosk",
    }
    envelope = {"command_id": await page.evaluate("crypto.randomUUID()"), "command": command}
    answer = await page.request.post(
        "/api/commands"
        if page.url.startswith("about")
        else f"{page.url.split('/kiosk')[0]}/api/commands",
        data=json.dumps({**envelope, "screen": "kiosk"}),
        headers={"Content-Type": "application/json"},
    )
    return await answer.json()


@pytest.mark.usefixtures("strict_about_cooks")
async def test_with_no_way_to_the_kitchen_no_guest_is_let_begin(
    shop, kiosk, screens, cafe_menu
) -> None:
    """FS-48: the display goes dark and there is no printer. The kiosk refuses before any money."""
    display = await screens.open(f"{shop.url}/kitchen/?station=bar", size=(1920, 1080))
    guest = await kiosk()
    page = guest.page
    await guest.begin()
    await guest.take("Americano")
    await expect(page.locator("[data-closed]")).to_have_count(0)
    await display.context.close()
    closed = page.locator("[data-closed=kitchen]")
    await expect(closed).to_contain_text("order at the counter", timeout=BEAT_MS)
    await expect(closed).to_contain_text("nothing was charged")
    await expect(closed).to_contain_text("Your choices stay here")
    refused = await place_at_a_kiosk(page, cafe_menu, await page.evaluate("crypto.randomUUID()"))
    assert refused["code"] == "kitchen_away"
    assert await shop.orders() == []

    back = await screens.open(f"{shop.url}/kitchen/?station=bar", size=(1920, 1080))
    await expect(closed).to_have_count(0, timeout=BEAT_MS)
    await guest.see_order()
    await guest.order()
    assert len(await shop.orders()) == 1
    await back.context.close()


async def test_a_house_without_displays_and_printers_takes_orders(shop, kiosk) -> None:
    """Where nobody ever heard of a ticket, staff cook by what they see: that is no fault."""
    shop.box.open_for_guests.start_ms = 0
    guest = await kiosk()
    await guest.begin()
    await guest.take("Americano")
    await guest.see_order()
    await guest.order()


async def test_out_of_hours_it_says_when_it_opens(shop, kiosk, use_house) -> None:
    never = Span(from_time="00:00", until_time="00:00", until_date="2001-01-01")
    await use_house(House(version=1, kiosk=KioskPlan(hours=(never,))))
    guest = await kiosk()
    page = guest.page
    closed = page.locator("[data-closed=hours]")
    await expect(closed).to_contain_text("At the counter we are glad to help you")
    await expect(page.locator("[data-step] button").first).to_be_disabled()
    await use_house(House(version=2, kiosk=KioskPlan()))
    await expect(closed).to_have_count(0, timeout=BEAT_MS)
    await guest.begin()


async def test_a_guest_who_waits_until_it_opens_again_keeps_their_choices(
    shop, kiosk, use_house
) -> None:
    """As long as anybody may think it over, from the moment on at which orders are taken again."""
    await use_house(House(version=1, kiosk=KioskPlan(idle_s=20)))
    guest = await kiosk()
    page = guest.page
    await guest.begin()
    await guest.take("Americano")
    never = Span(from_time="00:00", until_time="00:00", until_date="2001-01-01")
    await use_house(House(version=2, kiosk=KioskPlan(idle_s=20, hours=(never,))))
    closed = page.locator("[data-closed=hours]")
    await expect(closed).to_have_count(1, timeout=BEAT_MS)
    await page.evaluate(PASS_S, 100)
    await page.wait_for_timeout(700)
    await use_house(House(version=3, kiosk=KioskPlan(idle_s=20)))
    await expect(closed).to_have_count(0, timeout=BEAT_MS)
    await expect(page.locator("footer")).to_contain_text("1 item")


async def test_before_the_first_menu_it_asks_for_patience(shop, kiosk) -> None:
    """FS-106: no orders while the menu is not whole."""

    def forget(db):
        db.execute("DELETE FROM menus")
        return shop.box.menus.current(db)

    await shop.box.database.write(forget)
    page = (await kiosk()).page
    await expect(page.locator("[data-closed=preparing]")).to_contain_text("ready in a moment")


async def test_somebody_who_walked_away_is_asked_and_then_the_next_guest_begins_anew(
    shop, kiosk, use_house
) -> None:
    await use_house(House(version=1, kiosk=KioskPlan(idle_s=20)))
    guest = await kiosk()
    page = guest.page
    await guest.begin()
    await guest.take("Americano")
    await page.get_by_role("button", name="Larger text").click()
    await page.evaluate(PASS_S, 21)
    dialog = page.locator("dialog[open]")
    await expect(dialog).to_contain_text("Are you still there?")
    await dialog.get_by_role("button", name="Yes, go on").click()
    await expect(dialog).to_have_count(0)
    await expect(page.locator("footer")).to_contain_text("1 item")
    await page.evaluate(PASS_S, 36)
    await page.get_by_role("button", name="Touch to order").wait_for()
    await expect(page.locator("html[data-large]")).to_have_count(0)
    await guest.begin()
    await expect(page.locator("footer")).to_contain_text("Your order is still empty")


PASS_S = """(seconds) => {
  window.ran ??= performance.now.bind(performance);
  window.ahead = (window.ahead ?? 0) + seconds * 1000;
  performance.now = () => window.ran() + window.ahead;
}"""
SET_CLOCK_H = """(hours) => {
  window.really ??= Date.now.bind(Date);
  Date.now = () => window.really() + hours * 3600 * 1000;
}"""


async def test_a_clock_that_is_set_ends_no_visit_and_takes_no_dish_away(
    shop, kiosk, use_house, cafe_menu
) -> None:
    """A kiosk that learns the time late: neither its guest nor the breakfast on the order is gone."""
    dish = next(i for i in cafe_menu.items if i.names["en"] == "Americano")
    reading = shop.box.journal.reading()
    hour = datetime.fromtimestamp(reading.wall_ms / 1000, ZoneInfo(shop.box.outlet.zone)).hour
    now = Span(from_time=f"{hour:02}:00", until_time=f"{(hour + 2) % 24:02}:00")
    part = Offered(ids=(dish.id,), spans=(now,))
    await use_house(House(version=1, dayparts=(part,), kiosk=KioskPlan(idle_s=20)))
    guest = await kiosk()
    page = guest.page
    await page.wait_for_function("kedaiKiosk.house?.version === 1")
    await guest.begin()
    await guest.take("Americano")
    for hours in (-6, 6, 0):
        await page.evaluate(SET_CLOCK_H, hours)
        await page.wait_for_timeout(1_200)
        await expect(page.locator("dialog[open], [data-closed]")).to_have_count(0)
        await expect(page.locator("footer")).to_contain_text("1 item")
    await guest.see_order()
    await guest.order()


async def test_there_is_no_way_out_of_the_page(shop, kiosk) -> None:
    guest = await kiosk()
    page = guest.page
    where = page.url
    await guest.begin()
    assert await page.locator("a[href], iframe, [target]").count() == 0
    for key in ("F5", "F11", "Control+r", "Control+p", "Alt+ArrowLeft", "Control+w"):
        prevented = await page.evaluate(PREVENTED, key)
        assert prevented, f"{key} would lead away"
    assert await page.evaluate(
        "!dispatchEvent(new Event('contextmenu', {cancelable: true, bubbles: true}))"
    )
    await page.evaluate("history.back()")
    await page.evaluate("history.back()")
    await expect(page.locator("[data-menu]")).to_be_visible()
    assert page.url == where
    chosen = await page.evaluate(
        "getSelection().selectAllChildren(document.body) ?? `${getSelection()}`"
    )
    assert chosen == "", "nothing can be marked and dragged away"


PREVENTED = """(combination) => {
  const parts = combination.split('+'), key = parts.at(-1);
  return !dispatchEvent(new KeyboardEvent('keydown', {
    key, ctrlKey: parts.includes('Control'), altKey: parts.includes('Alt'), cancelable: true,
  }));
}"""


async def test_a_guest_who_left_with_the_code_is_served_and_the_next_can_begin(shop, kiosk) -> None:
    """FS-78: the box is away for long; the code stays good, and the screen is free for others."""
    guest = await kiosk()
    page = guest.page
    await guest.begin()
    await guest.take("Americano")
    await guest.see_order()
    await shop.shut()
    await page.get_by_role("button", name="Order now").click()
    code = page.locator("[data-code]")
    await code.wait_for(timeout=20_000)
    shown = await code.inner_text()
    await page.get_by_role("button", name="I have shown the code").click()
    await page.get_by_role("button", name="Touch to order").wait_for()
    await shop.open()
    await expect(page.locator("[data-banner=lost]")).to_have_count(0, timeout=30_000)

    async def the_order():
        (order,) = await shop.orders()
        return order

    await page.wait_for_timeout(1500)
    assert (await the_order())["order_id"][-4:].upper() == shown
    await guest.begin()


async def test_eight_taps_are_one_order(shop, kiosk) -> None:
    guest = await kiosk()
    page = guest.page
    await guest.begin()
    await guest.take("Americano")
    await guest.see_order()
    await page.evaluate(
        """() => {
          const go = document.querySelector('[data-go]');
          for (let i = 0; i < 8; i++) go.click();
        }"""
    )
    await page.locator("[data-order-number]").wait_for()
    assert len(await shop.orders()) == 1
