"""A kiosk's machine with a real browser: from a code on the screen to a cart that nothing takes away."""

import asyncio

import pytest
from playwright.async_api import expect

from edge.kiosk.agent import Agent, Options
from edge.kiosk.memory import Memory
from edge.kiosk.tether import Tether
from edge.platform import Platform
from protocol.devices import Approval, DeviceKind

pytestmark = pytest.mark.screens

SOON_MS = 20_000


@pytest.fixture
async def agent_of(tmp_path, place_of):
    """Starts agents that see this shop's box wherever it is now."""
    agents = []

    async def make(shop, kind="kiosk", folder="agent"):
        async def seen():
            await asyncio.sleep(0.1)
            return [place_of(shop)]

        options = Options(folder=tmp_path / folder, port=0, kind=DeviceKind(kind))
        tether = Tether(
            *(Memory(options.folder), Platform()), kind=options.kind, name="Kios 1", look=seen
        )
        agent = Agent(options, tether)
        await agent.start()
        agents.append(agent)
        return agent

    yield make
    for agent in agents:
        await agent.stop()


@pytest.fixture
def place_of():
    """Where a shop's box is, as it would announce itself."""
    from edge.kiosk.line import Place

    def place(shop):
        box = shop.box
        outlet, fingerprint = box.outlet, box.certificate.fingerprint
        return Place(shop.url, outlet.name, outlet.outlet_id, fingerprint, "primary")

    return place


async def let_in(shop, within_s=10):
    async with asyncio.timeout(within_s):
        while not (waiting := shop.box.devices.waiting()):  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    await shop.box.devices.approve(waiting[0].pairing_id, Approval(), "box")
    return waiting[0]


async def test_from_a_code_to_a_cart_that_outlives_the_box(shop, screens, take, agent_of):
    agent = await agent_of(shop)
    kiosk = await screens.open(f"http://localhost:{agent.port}/", size=(1080, 1920))
    code = kiosk.locator("#code")
    await expect(code).to_be_visible(timeout=SOON_MS)
    assert await code.inner_text() == (await let_in(shop)).code
    await kiosk.wait_for_url("**/kiosk/**", timeout=SOON_MS)
    await kiosk.wait_for_function(
        "navigator.serviceWorker.ready.then((r) => Boolean(r.active))", timeout=SOON_MS
    )
    device = await kiosk.evaluate("localStorage.getItem('kedai.device')")
    assert shop.box.devices.card(device).name == "Kios 1"
    await kiosk.goto(f"http://localhost:{agent.port}/kiosk/?lang=en")
    await kiosk.get_by_role("button", name="Touch to order").click()
    await kiosk.get_by_role("button", name="Take away").click()
    await take(kiosk, "Cappuccino")
    await shop.shut()
    await kiosk.reload()
    await expect(kiosk.locator("footer")).to_contain_text("1 item", timeout=SOON_MS)
    await kiosk.get_by_role("button", name="See order").click()
    await kiosk.get_by_role("button", name="Order now").click()
    await asyncio.sleep(1)
    shop._port = 0  # another port: an address that moved is the same to the agent
    await shop.open()
    await kiosk.locator("[data-order-number]").wait_for(timeout=2 * SOON_MS)
    (order,) = await shop.orders()
    assert [line["quantity"] for line in order["lines"]] == [1]


async def test_a_kitchen_display_behind_the_agent_hears_the_broker(shop, screens, agent_of):
    agent = await agent_of(shop, "kitchen")
    display = await screens.open(f"http://localhost:{agent.port}/", size=(1920, 1080))
    await expect(display.locator("#code")).to_be_visible(timeout=SOON_MS)
    await let_in(shop)
    await display.wait_for_url("**/kitchen/**", timeout=SOON_MS)
    assert await display.evaluate(HEARS_STATUS, shop.box.outlet.outlet_id)
    device = await display.evaluate("localStorage.getItem('kedai.device')")
    await display.goto(f"http://localhost:{agent.port}/kitchen/?station=bar")
    async with asyncio.timeout(20):  # the display says of itself who it is: what pairing called it
        while not ((said := shop.box.devices.card(device).presence) and said.online):  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    assert (said.kind, said.stations) == ("kitchen", ("bar",))


async def test_a_revoked_screen_keeps_nothing_open_and_says_what_to_do(shop, screens, agent_of):
    agent = await agent_of(shop)
    kiosk = await screens.open(f"http://localhost:{agent.port}/")
    await expect(kiosk.locator("#code")).to_be_visible(timeout=SOON_MS)
    await let_in(shop)
    await kiosk.wait_for_url("**/kiosk/**", timeout=SOON_MS)
    (card,) = [c for c in shop.box.devices.cards() if c.paired_ms]
    await shop.box.devices.revoke(card.device, "Sari")
    # Nobody touches it: the page itself finds out that it was sent away.
    await expect(kiosk.locator("body")).to_have_attribute("data-state", "revoked", timeout=SOON_MS)
    await expect(kiosk.locator("#again")).to_be_visible()


# Speaks MQTT 3.1.1 by hand through the agent: CONNECT, SUBSCRIBE to the box's status, one PUBLISH.
HEARS_STATUS = """(outlet) => new Promise((resolve, reject) => {
  const text = (s) => { const b = new TextEncoder().encode(s); return [b.length >> 8, b.length & 255, ...b]; };
  const packet = (kind, body) => new Uint8Array([kind, body.length, ...body]);
  const ws = new WebSocket(`ws://${location.host}/mqtt`, "mqtt");
  ws.binaryType = "arraybuffer";
  ws.onopen = () => ws.send(packet(0x10, [...text("MQTT"), 4, 2, 0, 30, ...text("probe")]));
  ws.onmessage = ({ data }) => {
    const kind = new Uint8Array(data)[0] >> 4;
    if (kind === 2) ws.send(packet(0x82, [0, 1, ...text(`kedai/${outlet}/status`), 0]));
    if (kind === 3 || new TextDecoder().decode(data).includes('"online"')) { ws.close(); resolve(true); }
  };
  ws.onclose = () => reject(new Error("closed"));
  setTimeout(() => reject(new Error("silence")), 10000);
})"""
