"""What a cook sees, hears and touches on the kitchen display, in a real browser."""

import asyncio

import msgspec
import pytest
from playwright.async_api import expect

from tests.screens.ringing import Pencil, Till

pytestmark = pytest.mark.screens

WIDE = (1920, 1080)
LONG = "Nasi Goreng Kampung Spesial Pakai Telur Mata Sapi dan Kerupuk Udang Khas Sidoarjo Asli"
UNBROKEN = "Donaudampfschifffahrtsgesellschaftskapitaensmuetzenkuchen"

LISTEN = """() => {
  window.heard = [];
  const start = OscillatorNode.prototype.start;
  OscillatorNode.prototype.start = function (...at) {
    window.heard.push(this.frequency.value);
    return start.apply(this, at);
  };
}"""
NEW, VOID, MISSED = [660, 990], [520, 390, 260], [660, 660, 880, 660, 880]


@pytest.fixture
async def till(shop):
    opened = Till(shop)
    yield opened
    await opened.close()


@pytest.fixture
def pencil(shop):
    return Pencil(shop)


@pytest.fixture
def display(shop, screens):
    """Opens a display; with `ears` what it sounds is kept in `heard`."""

    async def opened(asked="station=bar", *, size=WIDE, ears=False, language="en"):
        page = await screens.open(f"{shop.url}/kitchen/?{asked}", size=size, language=language)
        await page.locator("[data-count]").wait_for()
        if ears:
            await page.evaluate(LISTEN)
            await page.mouse.click(960, 1000)
        return page

    return opened


async def texts(page, selector="[data-number]"):
    return await page.locator(selector).evaluate_all("all => all.map((e) => e.dataset.number)")


async def in_sight_order(page):
    """Numbers as they lie on the board: by row of their upper edge, then from the left."""
    return await page.locator("[data-ticket]").evaluate_all(
        """all => all.map((e) => [e.dataset.number, e.getBoundingClientRect()])
        .sort(([, a], [, b]) => a.top - b.top || a.left - b.left).map(([n]) => n)"""
    )


# ---------------------------------------------------------------- what it shows


async def test_rush_first_then_the_oldest_and_colours_by_share_of_the_target(
    display, pencil
) -> None:
    page = await display()
    # The bar's target is four minutes, one item has its own of ten.
    await pencil.write(
        pencil.ticket("A1", age_s=100),
        pencil.ticket("A2", age_s=160),
        pencil.ticket("A3", age_s=260),
        pencil.ticket("A4", {"target_s": 600}, age_s=270),
        pencil.ticket("A5", age_s=10, rush=True),
    )
    await expect(page.locator("[data-ticket]")).to_have_count(5)
    assert await texts(page) == ["A5", "A4", "A3", "A2", "A1"]
    assert (await in_sight_order(page))[0] == "A5"
    lateness = {
        await card.get_attribute("data-number"): await card.get_attribute("data-lateness")
        for card in await page.locator("[data-ticket]").all()
    }
    assert lateness == {"A1": "calm", "A2": "soon", "A3": "late", "A4": "calm", "A5": "calm"}
    await expect(page.locator("[data-rush]")).to_contain_text("RUSH")


async def test_second_round_is_one_new_dish_with_its_table(display, till) -> None:
    """FS-43: who adds a dish sends that dish; the first two stay as they are."""
    page = await display("station=kitchen", ears=True)
    order = await till.order("Village Fried Rice", "Chicken Soup with Turmeric", table="1")
    ticket = page.locator("[data-ticket]")
    await expect(ticket.locator("[data-line]")).to_have_count(2)
    await expect(ticket.locator("[data-new]")).to_have_count(0)
    before = await ticket.locator("[data-line]").evaluate_all("a => a.map((e) => e.dataset.line)")
    await page.evaluate("heard.length = 0")
    await till.add(order, "Fried Banana")
    await expect(ticket.locator("[data-line]")).to_have_count(3)
    await expect(ticket).to_have_count(1)
    await expect(ticket).to_contain_text("Table 1")
    await expect(ticket.locator("[data-added]")).to_have_count(1)
    await expect(ticket.locator("[data-added]")).to_contain_text("Fried Banana")
    after = await ticket.locator("[data-line]").evaluate_all("a => a.map((e) => e.dataset.line)")
    assert [line for line in after if line in before] == before
    assert VOID[0] not in await page.evaluate("heard")


async def test_what_is_cancelled_is_seen_and_heard_within_two_seconds(display, till) -> None:
    """FS-45: one line, some of a line, the whole order; struck until somebody has seen it."""
    page = await display(ears=True)
    order = await till.order("Cappuccino", ("Americano", 3), table="4")
    lines = page.locator("[data-line]")
    await expect(lines).to_have_count(2)
    await page.wait_for_timeout(900)
    await page.evaluate("heard.length = 0")

    await till.void(order, 0)
    await expect(page.locator("[data-status=voided]")).to_contain_text("VOID", timeout=2_000)
    assert await page.evaluate("heard") == VOID
    await page.wait_for_timeout(900)
    await till.void(order, 1, quantity=2)
    await expect(page.locator("[data-fewer]")).to_contain_text("2 LESS", timeout=2_000)
    await till.cancel(order)
    await expect(page.locator("[data-cancelled]")).to_contain_text("STOP", timeout=2_000)
    await page.get_by_role("button", name="Seen").click()
    await expect(page.locator("[data-ticket]")).to_have_count(0)


async def test_courses_that_wait_are_announced_and_fired_from_the_pass(display, till) -> None:
    lines = await till.lines("Village Fried Rice", "Fried Banana")
    lines[0]["course"], lines[1]["course"] = 1, 2
    order = await till.order(table="2", lines=lines, fire_courses=[1])
    page = await display("station=kitchen")
    ticket = page.locator("[data-ticket]")
    await expect(ticket.locator("[data-line]")).to_have_count(1)
    await expect(ticket.locator("[data-waiting-courses]")).to_contain_text("Course 2 waits")
    shown = await page.locator("[data-ticket]").get_attribute("data-order")
    assert shown == order["order_id"]
    await till.do("order.fire", order_id=order["order_id"], courses=[2])
    await expect(ticket.locator("[data-line]")).to_have_count(2)
    await expect(ticket.locator("[data-waiting-courses]")).to_have_count(0)
    await expect(ticket.locator("[data-new]")).to_have_count(0)


async def test_the_pass_gathers_every_station_of_an_order(display, till) -> None:
    order = await till.order("Cappuccino", "Village Fried Rice", table="6")
    page = await display("view=expo")
    await till.bump(order, "bar")
    await till.bump(order, "kitchen")
    one = f"[data-order='{order['order_id']}']"
    await expect(page.locator(one).first).to_contain_text("READY")
    await expect(page.locator(f"{one} [data-progress]")).to_have_count(2)
    for progress in await page.locator(f"{one} [data-progress]").all():
        assert (await progress.get_attribute("data-progress")) == "1/1"
    await page.get_by_role("button", name="Served").first.click()
    await expect(page.locator(one)).to_have_count(0)


async def test_an_outlet_without_a_pass_gathers_its_stations_all_the_same(
    shop, display, till, cafe_menu
) -> None:
    stations = tuple(s for s in cafe_menu.stations if s.kind != "expo")
    await shop.use_menu(msgspec.structs.replace(cafe_menu, stations=stations), 2)
    order = await till.order("Cappuccino", "Village Fried Rice", table="6")
    page = await display("view=expo")
    card = page.locator(f"[data-expo-order='{order['order_id']}']")
    await till.bump(order, "bar")
    await expect(card.locator("[data-part=bar]")).to_have_attribute("data-made", "true")
    await expect(card.locator("[data-part=kitchen] [data-progress]")).to_have_text("0/1")
    await expect(card.get_by_role("button", name="Served")).to_have_count(0)
    await till.bump(order, "kitchen")
    await expect(card).to_contain_text("READY")
    await card.get_by_role("button", name="Served").click()
    await expect(card).to_have_count(0)


async def test_several_stations_on_one_display_and_nothing_twice(display, till, pencil) -> None:
    page = await display("station=bar,kitchen")
    await till.order("Cappuccino", "Village Fried Rice", table="8")
    await expect(page.locator("[data-ticket]")).to_have_count(2)
    await expect(page.locator("[data-station=kitchen]")).to_contain_text("Kitchen")
    # The backup's copy of a ticket that this display shows anyway.
    copied = pencil.ticket("C1", station="kitchen")
    await pencil.write(copied)
    await pencil.write(copied, station="bar")
    await expect(page.locator("[data-ticket]")).to_have_count(3)
    await pencil.put((copied["ticket_id"], "kitchen", b""), station="bar")
    await asyncio.sleep(0.4)
    await expect(page.locator("[data-number=C1]")).to_have_count(1)
    backup = await display("station=bar")
    await pencil.write(copied, station="bar")
    await expect(backup.locator("[data-number=C1]")).to_contain_text("FOR Kitchen")


@pytest.mark.parametrize("language", ["id", "en"])
@pytest.mark.parametrize("size", [WIDE, (1280, 800)])
async def test_everything_at_once_fits_and_hides_nothing(
    display, pencil, fits, size, language
) -> None:
    names = {"id": LONG, "en": LONG + " Long"}
    odd = {"names": {"id": UNBROKEN, "en": UNBROKEN}, "note": LONG, "allergens": ["peanut", LONG]}
    choice = {"names": names, "quantity": 2}
    await pencil.write(
        pencil.ticket("A1", {"names": names, "choices": [choice] * 3}, odd, tab_name=LONG[:60]),
        pencil.ticket("A2", odd | {"status": "voided"}, rush=True, waiting_courses=[2, 3]),
        pencil.ticket("A3", odd | {"added": True, "course": 2}, {"reduced": 3}, late=True),
        pencil.ticket("A4", odd | {"status": "done"}, {}, dining_option="delivery", also_at="bar"),
        *(pencil.ticket(f"B{n}", {}, {}, age_s=400 + n) for n in range(20)),
    )
    page = await display(size=size, language=language)
    await expect(page.locator("[data-ticket]")).to_have_count(24)
    await page.wait_for_timeout(300)
    await fits(page, "the board")
    # Every ticket is either in sight or counted as out of it, the oldest never.
    more = await page.locator("[data-more]").inner_text()
    hidden = await page.evaluate(
        """() => { const end = document.querySelector('main').getBoundingClientRect().bottom;
        return [...document.querySelectorAll('[data-ticket]')]
          .filter((e) => e.getBoundingClientRect().top + 150 > end).length }"""
    )
    assert int("".join(filter(str.isdigit, more))) == hidden > 0
    await page.keyboard.press("PageDown")
    await expect(page.locator("[data-to-oldest]")).to_be_visible()
    await fits(page, "further down")
    await page.locator("[data-to-oldest]").click()
    await expect(page.locator("[data-to-oldest]")).to_have_count(0)
    await page.get_by_role("button", name="⚙").or_(page.locator("header button").nth(2)).click()
    await page.locator("dialog[open]").wait_for()
    await fits(page, "its settings")


# ---------------------------------------------------------------- what it is told by hands


async def test_keys_select_bump_and_recall_and_are_taught(display, till) -> None:
    page = await display()
    first = await till.order("Cappuccino", "Americano", table="1")
    second = await till.order("Cappuccino", table="2")
    await expect(page.locator("[data-ticket]")).to_have_count(2)
    for key in ("ArrowRight", "ArrowDown", "ArrowDown", "Enter"):
        await page.keyboard.press(key)
    card = page.locator(f"[data-number={first['number']}]")
    await expect(card.locator("[data-status=done]")).to_contain_text("Americano")
    await page.keyboard.press("Space")
    await expect(card).to_have_count(0)
    await page.keyboard.press("r")
    await expect(card).to_have_count(1)

    await page.get_by_role("button", name="This display").click()
    await page.locator("[data-action='2']").click()
    await page.keyboard.press("F7")
    await expect(page.locator("[data-action='2']")).to_contain_text("F7")
    await page.reload()
    await expect(page.locator("[data-ticket]")).to_have_count(2)
    await page.keyboard.press("2")
    await page.keyboard.press("F7")
    await expect(page.locator(f"[data-number={second['number']}]")).to_have_count(0)
    await expect(card).to_have_count(1)


async def test_a_nervous_finger_bumps_one_ticket_and_one_line(display, till) -> None:
    page = await display()
    for table in ("1", "2", "3", "4", "5"):
        await till.order("Cappuccino", "Americano", table=table)
    cards = page.locator("[data-ticket]")
    await expect(cards).to_have_count(5)
    await page.wait_for_timeout(400)
    box = await cards.first.locator("[data-bump]").bounding_box()
    for _ in range(4):
        await page.mouse.click(box["x"] + 90, box["y"] + 20)
        await page.wait_for_timeout(130)
    await expect(cards).to_have_count(4)
    await page.wait_for_timeout(700)
    line = await cards.first.locator("[data-line]").first.bounding_box()
    await page.mouse.dblclick(line["x"] + 90, line["y"] + 20)
    await expect(page.locator("[data-status=done]")).to_have_count(1)
    for _ in range(3):
        await page.keyboard.press("1")
    await expect(cards).to_have_count(3)
    await page.wait_for_timeout(700)
    await expect(cards).to_have_count(3)


async def test_a_line_bumped_by_mistake_comes_back_with_a_tap(display, till) -> None:
    page = await display()
    await till.order("Cappuccino", "Americano", table="1")
    line = page.locator("[data-line]").first
    await line.click()
    await expect(line).to_have_attribute("data-status", "done")
    await page.wait_for_timeout(1_100)
    await line.click()
    await expect(line).to_have_attribute("data-status", "fired")
