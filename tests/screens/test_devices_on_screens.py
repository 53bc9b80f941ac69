"""Letting a new screen in by comparing a code, seeing who is here, and shutting one out at once."""

import hashlib

import httpx
import pytest
from playwright.async_api import expect

pytestmark = pytest.mark.screens

PHONE = (390, 844)
SEEN_MS = 10_000
SECRET = "known to the kiosk alone"
LONG = "Kiosk di Sebelah Pintu Masuk Utara Dekat Meja Prasmanan"


@pytest.fixture
async def newcomer(shop):
    """Asks the box to join, as a screen that nobody knows yet does; then may collect its token."""
    async with httpx.AsyncClient(base_url=shop.url) as http:

        class Newcomer:
            async def ask(self, name="Kiosk 1", secret=SECRET, kind="kiosk"):
                hashed = hashlib.blake2b(secret.encode(), digest_size=32).hexdigest()
                asked = {"kind": kind, "name": name, "secret_hash": hashed, "product": "9.9"}
                answer = await http.post("/api/devices/pairings", json=asked)
                assert answer.status_code == 200, answer.text
                return answer.json()

            async def collect(self, pairing, secret=SECRET):
                path = f"/api/devices/pairings/{pairing['pairing_id']}"
                return await http.get(path, headers={"pairing-secret": secret})

            async def is_in(self, token):
                headers = {"authorization": f"Bearer {token}"}
                return (await http.get("/api/menu", headers=headers)).status_code == 200

        yield Newcomer()


async def test_a_new_screen_is_let_in_by_its_code_and_shut_out_at_once(
    shop, screens, newcomer
) -> None:
    page = await screens.open(f"{shop.url}/devices/", size=PHONE)
    await expect(page.locator("[data-waiting]")).to_contain_text("Nobody is waiting")
    pairing = await newcomer.ask()
    card = page.locator("[data-pairing]")
    await expect(card.locator("[data-code]")).to_have_text(pairing["code"])
    await expect(card).to_contain_text("Kiosk 1")
    assert (await newcomer.collect(pairing)).status_code == 202

    await card.get_by_role("button", name="Let in").click()
    await expect(page.locator("[data-said]")).to_contain_text("Kiosk 1 is in")
    collected = await newcomer.collect(pairing)
    assert collected.status_code == 200
    token = collected.json()["token"]
    assert await newcomer.is_in(token)

    device = page.locator(f"[data-device='{collected.json()['device']}']")
    await device.get_by_role("button", name="Revoke").click()
    assert await newcomer.is_in(token), "nothing is revoked before somebody said yes"
    await page.get_by_role("button", name="Yes, revoke it").click()
    await expect(page.locator("[data-group=revoked]")).to_contain_text("Kiosk 1")
    assert not await newcomer.is_in(token)


async def test_who_is_here_says_what_it_shows(shop, screens) -> None:
    page = await screens.open(f"{shop.url}/devices/")
    kitchen = await screens.open(f"{shop.url}/kitchen/?station=bar", size=(1920, 1080))
    here = page.locator("[data-group=here] [data-device]")
    await expect(here).to_contain_text("Bar", timeout=SEEN_MS)
    await expect(here).to_contain_text("Kitchen display")
    await kitchen.close()
    await expect(page.locator("[data-group=gone] [data-device]")).to_have_count(1, timeout=SEEN_MS)


async def test_a_counter_that_is_shut_out_says_so_and_keeps_what_is_entered(
    shop, screens, newcomer, take
) -> None:
    pairing = await newcomer.ask("Counter 2", kind="counter")
    devices = await screens.open(f"{shop.url}/devices/")
    await devices.get_by_role("button", name="Let in").click()
    await expect(devices.locator("[data-device]", has_text="Counter 2")).to_have_count(1)
    token = (await newcomer.collect(pairing)).json()["token"]
    counter = await screens.open(f"{shop.url}/counter/")
    # As its agent does for it: every request carries the token.
    await counter.context.set_extra_http_headers({"authorization": f"Bearer {token}"})
    await counter.reload()
    await take(counter, "Cappuccino")
    await devices.get_by_role("button", name="Revoke").click()
    await devices.get_by_role("button", name="Yes, revoke it").click()
    await devices.locator("[data-group=revoked]").wait_for()

    await counter.keyboard.press("F2")
    await expect(counter.locator("dialog[open]")).to_contain_text("kept on this screen")
    await counter.reload()
    await expect(counter.locator("[data-banner=unpaired]")).to_contain_text("does not let this")
    assert await shop.orders() == []
    # Let in again, it sends what it kept by itself, once.
    await counter.context.set_extra_http_headers({})
    await expect(counter.locator("[data-banner=unpaired]")).to_have_count(0, timeout=2 * SEEN_MS)
    await counter.get_by_role("button", name="Running").click()
    await expect(counter.locator("[data-order]")).to_have_count(1, timeout=SEEN_MS)
    assert len(await shop.orders()) == 1


async def test_who_is_sent_away_gets_no_token(shop, screens, newcomer) -> None:
    pairing = await newcomer.ask()
    page = await screens.open(f"{shop.url}/devices/")
    await page.get_by_role("button", name="Send away").click()
    await expect(page.locator("[data-pairing]")).to_have_count(0)
    assert (await newcomer.collect(pairing)).status_code == 410


@pytest.mark.parametrize("language", ["id", "en"])
async def test_the_devices_page_fits(shop, screens, newcomer, fits, language) -> None:
    here = await newcomer.ask(LONG, "one")
    await newcomer.ask(LONG, "two")
    page = await screens.open(f"{shop.url}/devices/", size=PHONE, language=language)
    await page.locator("[data-pairing]").nth(1).wait_for()
    await fits(page, "two wait")
    first = page.locator(f"[data-pairing='{here['pairing_id']}']")
    await first.locator("button").last.click()
    await page.locator("[data-device]").first.wait_for()
    await fits(page, "one is in")
    await page.locator("[data-device] button").first.click()
    await page.locator("dialog[open]").wait_for()
    await fits(page, "revoking")


async def test_the_counter_and_the_boxs_page_lead_to_it(shop, screens) -> None:
    counter = await screens.open(f"{shop.url}/counter/")
    await counter.get_by_role("button", name="More").click()
    await counter.get_by_role("link", name="Screens and devices").click()
    await counter.wait_for_url(f"{shop.url}/devices/")
    box = await screens.open(f"{shop.url}/box/", size=PHONE)
    await box.get_by_role("link", name="Screens and devices").click()
    await box.wait_for_url(f"{shop.url}/devices/")
