"""The kitchen display on the LAN: outages, races, proof, and twelve hours of it."""

import asyncio
import time

import msgspec
import pytest
from playwright.async_api import expect

from edge.lan.mqtt import MqttLink
from protocol import lan
from tests.screens.ringing import Pencil, Till

pytestmark = pytest.mark.screens

WIDE = (1920, 1080)
SAYS_SO_MS = 10_000
"""A display that hears nothing says so within ten seconds."""
ROOM_MS = 8_000
"""What a slow machine may need on top."""

LOOKED_S = 0.5
"""A cook has read the board before they press a key for it."""

LISTEN = """() => {
  window.heard = [];
  const start = OscillatorNode.prototype.start;
  OscillatorNode.prototype.start = function (...at) {
    window.heard.push(this.frequency.value);
    return start.apply(this, at);
  };
}"""
VOID = [520, 390, 260]


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
    async def opened(asked="station=bar"):
        page = await screens.open(f"{shop.url}/kitchen/?{asked}", size=WIDE)
        await page.locator("[data-count]").wait_for()
        return page

    return opened


@pytest.fixture
async def ear(shop):
    """Hears what displays say: proof by ticket, and presence by device."""

    class Ear:
        def __init__(self):
            self.proofs = []
            self.presence = {}

        async def hear(self, message):
            if message.topic.endswith("/shown"):
                self.proofs.append(msgspec.json.decode(message.payload, type=lan.Shown))
            elif message.payload:
                said = msgspec.json.decode(message.payload, type=lan.Presence)
                self.presence[said.device] = said

        def proven(self, ticket_id):
            shown = [t for p in self.proofs for t in p.tickets if t.ticket_id == ticket_id]
            return [set(t.line_ids) for t in shown]

    ear = Ear()
    outlet = shop.box.outlet.outlet_id
    link = MqttLink("127.0.0.1", shop.box.broker.port, "ear")
    await link.start()
    await link.wait_connected(5)
    for leaf in ("shown", "presence"):
        await link.subscribe(lan.devices_filter(outlet, leaf), ear.hear)
    yield ear
    await link.stop()


async def until(true, seconds=10.0):
    async with asyncio.timeout(seconds):
        while not true():  # noqa: ASYNC110 - what is waited for is a browser
            await asyncio.sleep(0.03)


async def numbers(page):
    return set(await page.locator("[data-ticket]").evaluate_all("a => a.map(e=>e.dataset.number)"))


# ---------------------------------------------------------------- outages


async def test_a_display_that_was_away_equals_the_box_and_marks_what_it_missed(
    display, till
) -> None:
    """FS-34: four orders, a void, a change and a recall while the Wi-Fi is gone."""
    page = await display()
    await page.evaluate(LISTEN)
    await page.mouse.click(960, 1000)
    voided = await till.order("Cappuccino", "Americano", table="1")
    added = await till.order("Cappuccino", table="2")
    done = await till.order("Cappuccino", table="3")
    await till.bump(done, "bar")
    await expect(page.locator("[data-ticket]")).to_have_count(2)

    await page.context.set_offline(True)
    stale = page.locator("[data-banner=stale]")
    await expect(stale).to_contain_text("No contact", timeout=SAYS_SO_MS + ROOM_MS)
    for table in ("4", "5", "6", "7"):
        await till.order("Cappuccino", table=table)
    await till.void(voided, 0)
    await till.add(added, "Americano")
    await till.do("ticket.recall", order_id=done["order_id"], station_id="bar")
    await page.evaluate("heard.length = 0")

    await page.context.set_offline(False)
    await expect(page.locator("[data-reconnecting]")).to_have_count(0, timeout=ROOM_MS)
    back = time.monotonic()
    await expect(page.locator("[data-ticket]")).to_have_count(7)
    await expect(page.locator("[data-status=voided]")).to_have_count(1)
    await expect(page.locator("[data-added]")).to_have_count(1)
    assert time.monotonic() - back < 2.0
    await expect(page.locator("[data-missed=new]")).to_have_count(5)
    await expect(page.locator("[data-missed=changed]")).to_have_count(2)
    assert (await page.evaluate("heard"))[:3] == VOID
    await expect(stale).to_have_count(0, timeout=ROOM_MS)


async def test_a_blind_display_says_since_when_and_shows_all_when_the_broker_is_back(
    shop, display, till
) -> None:
    """FS-36: the way from the box to the display is cut, and both of them are well."""
    page = await display()
    before = await till.order("Cappuccino", table="1")
    await expect(page.locator("[data-ticket]")).to_have_count(1)
    await shop.box.embedded.stop()
    began = time.monotonic()
    rung = [await till.order("Cappuccino", table=str(n)) for n in (2, 3, 4)]
    stale = page.locator("[data-banner=stale]")
    await expect(stale).to_contain_text("No contact with the box since", timeout=SAYS_SO_MS)
    assert time.monotonic() - began < SAYS_SO_MS / 1000
    # It says that tickets may be missing, and never that all is well.
    await expect(page.get_by_text("Connected, and nothing to make")).to_have_count(0)
    assert await numbers(page) == {before["number"]}

    await shop.box.embedded.start()
    await expect(page.locator("[data-ticket]")).to_have_count(4, timeout=30_000)
    await expect(stale).to_have_count(0, timeout=ROOM_MS)
    assert await numbers(page) == {o["number"] for o in (before, *rung)}
    await expect(page.locator("[data-missed=new]")).to_have_count(3)


async def test_what_is_bumped_without_the_box_is_kept_and_done_once(shop, display, till) -> None:
    page = await display()
    order = await till.order("Cappuccino", table="1")
    await expect(page.locator("[data-ticket]")).to_have_count(1)
    await page.context.set_offline(True)
    await page.locator("[data-bump]").click()
    await expect(page.locator("[data-banner=waiting]")).to_contain_text(
        "1 bump is kept", timeout=SAYS_SO_MS + ROOM_MS
    )
    await page.context.set_offline(False)
    await expect(page.locator("[data-ticket]")).to_have_count(0, timeout=ROOM_MS)
    assert await till.told(order["order_id"], "ticket.bumped") == 1


async def test_a_box_put_back_from_an_older_copy_is_believed(shop, display, pencil) -> None:
    page = await display()
    ticket = pencil.ticket("A1", {}, {}, position=9_000)
    await pencil.write(ticket)
    await expect(page.locator("[data-line]")).to_have_count(2)
    await page.wait_for_timeout(3_500)  # it has heard this boot
    await shop.shut()
    await shop.open()
    await expect(page.locator("[data-reconnecting]")).to_have_count(0, timeout=30_000)
    ticket["position"] = 5
    ticket["lines"][0]["status"] = "done"
    for _ in range(20):  # its first beat may come a moment after the line
        await pencil.write(ticket)
        if await page.locator("[data-status=done]").count() == 1:
            break
        await page.wait_for_timeout(300)
    await expect(page.locator("[data-status=done]")).to_have_count(1)


# ---------------------------------------------------------------- two displays


async def test_two_displays_of_a_station_agree(display, till) -> None:
    left, right = await display(), await display()
    order = await till.order("Cappuccino", "Americano", table="1")
    for page in (left, right):
        await expect(page.locator("[data-line]")).to_have_count(2)
    await left.locator("[data-line]").first.click()
    await expect(right.locator("[data-status=done]")).to_have_count(1)
    await right.locator("[data-bump]").click()
    for page in (left, right):
        await expect(page.locator("[data-ticket]")).to_have_count(0)
    # What the right one bumped, the left one can call back.
    await left.get_by_role("button", name="Recall").click()
    await left.locator("dialog[open] button", has_text=order["number"]).first.click()
    for page in (left, right):
        await expect(page.locator("[data-ticket]")).to_have_count(1)


async def test_a_race_of_two_cooks_bumps_once_and_bothers_nobody(display, till) -> None:
    left, right = await display(), await display()
    order = await till.order("Cappuccino", table="1")
    next_one = await till.order("Americano", table="2")
    for page in (left, right):
        await expect(page.locator("[data-ticket]")).to_have_count(2)
    await asyncio.sleep(LOOKED_S)
    await asyncio.gather(left.keyboard.press("1"), right.keyboard.press("1"))
    for page in (left, right):
        await expect(page.locator("[data-ticket]")).to_have_count(1)
        assert await numbers(page) == {next_one["number"]}
        await expect(page.locator("dialog[open]")).to_have_count(0)
    assert await till.told(order["order_id"], "ticket.bumped") == 1


async def test_late_repeated_and_foreign_messages_change_nothing(display, pencil) -> None:
    page = await display()
    ticket = pencil.ticket("A1", {"status": "done"}, {}, position=9)
    older = ticket | {
        "position": 3,
        "lines": [line | {"status": "fired"} for line in ticket["lines"]],
    }
    other = pencil.ticket("A2")
    await pencil.write(ticket, other)
    await expect(page.locator("[data-ticket]")).to_have_count(2)
    await pencil.write(older, ticket, older)
    bad = other["ticket_id"]
    for nonsense in (b"{", b"[]", b"null", b'{"ticket_id": 7}', b"\xff\xfe", b"x" * 100_000):
        await pencil.put((bad, "bar", nonsense), (f"no-such.{'x' * 200}", "bar", nonsense))
    await pencil.wipe(other)
    await pencil.write(other)  # what comes after its end is late
    await expect(page.locator("[data-ticket]")).to_have_count(1)
    await asyncio.sleep(0.3)
    assert await numbers(page) == {"A1"}
    await expect(page.locator("[data-status=done]")).to_have_count(1)


# ---------------------------------------------------------------- proof


async def test_proof_follows_the_drawing_and_names_the_lines(display, till, ear) -> None:
    page = await display()
    device = await page.locator("[data-display]").get_attribute("data-display")
    await until(lambda: device in ear.presence)
    there = ear.presence[device]
    assert (there.name, there.stations, there.online) == ("Bar 1", ("bar",), True)

    order = await till.order("Cappuccino", "Americano")
    ticket_id = f"{order['order_id']}.bar"
    lines = [line["line_id"] for line in order["lines"]]
    await until(lambda: ear.proven(ticket_id))
    drawn = await page.locator("[data-line]").evaluate_all("a => a.map((e) => e.dataset.line)")
    assert ear.proven(ticket_id)[0] == set(drawn) == set(lines)
    assert ear.proofs[0].name == "Bar 1"

    second = await display()
    other = await second.locator("[data-display]").get_attribute("data-display")
    await until(lambda: other in ear.presence)
    assert ear.presence[other].name == "Bar 2"
    await second.close()
    await until(lambda: not ear.presence[other].online)


async def test_a_page_nobody_sees_proves_nothing_until_it_is_seen(display, till, ear) -> None:
    page = await display()
    await page.evaluate(
        """() => { window.seen = 'hidden';
        Object.defineProperty(document, 'visibilityState', {get: () => window.seen}); }"""
    )
    order = await till.order("Cappuccino")
    await expect(page.locator("[data-ticket]")).to_have_count(1)
    await asyncio.sleep(0.6)
    assert ear.proven(f"{order['order_id']}.bar") == []
    await page.evaluate(
        "() => { seen = 'visible'; document.dispatchEvent(new Event('visibilitychange')) }"
    )
    await until(lambda: ear.proven(f"{order['order_id']}.bar"))


async def test_everything_is_proven_again_after_a_reconnect(display, till, ear) -> None:
    page = await display()
    order = await till.order("Cappuccino")
    ticket_id = f"{order['order_id']}.bar"
    await until(lambda: ear.proven(ticket_id))
    await page.context.set_offline(True)
    await page.locator("[data-reconnecting]").wait_for(timeout=SAYS_SO_MS + ROOM_MS)
    before = len(ear.proven(ticket_id))
    await page.context.set_offline(False)
    await until(lambda: len(ear.proven(ticket_id)) > before)


# ---------------------------------------------------------------- twelve hours


async def test_thousands_of_tickets_come_and_go_and_nothing_piles_up(display, pencil) -> None:
    page = await display()
    stays = pencil.ticket("S1")
    await pencil.write(stays)
    sizes = []
    for _ in range(5):
        for _ in range(5):
            tickets = [pencil.ticket(f"T{n}", {}, {"status": "voided"}) for n in range(40)]
            await pencil.write(*tickets)
            for ticket in tickets:
                ticket["position"] = 2
                ticket["lines"][1]["status"] = "done"
            await pencil.write(*tickets)
            await pencil.wipe(*tickets)
        # The broker tells a display in order: who shows the last ticket has heard of all before it.
        last = pencil.ticket("LAST")
        await pencil.write(last)
        await page.locator(f"[data-ticket='{last['ticket_id']}']").wait_for(timeout=30_000)
        await pencil.wipe(last)
        await expect(page.locator("[data-ticket]")).to_have_count(1, timeout=30_000)
        sizes.append(await page.evaluate("() => kedaiKitchen.sizes()"))
    assert sizes[-1]["tickets"] == sizes[-1]["seen"] == 1
    assert sizes[-1]["waved"] == sizes[-1]["missed"] == sizes[-1]["pending"] == 0
    assert sizes[-1]["finished"] <= 500
    assert sizes[-1]["bumped"] <= 24
    assert sizes[-1] == sizes[-2] | {"finished": sizes[-1]["finished"]}
    elements = await page.evaluate("() => document.querySelectorAll('*').length")
    assert elements < 400
