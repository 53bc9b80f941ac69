"""HQ adds somebody; minutes later they sign in at the counter of their outlet with their PIN."""

import os
from pathlib import Path

import pytest
from playwright.async_api import expect

pytestmark = [pytest.mark.screens, pytest.mark.postgres, pytest.mark.broker]

DESK = (1440, 900)
SEEN_MS = 20_000


@pytest.fixture
def shoot():
    """Keeps a picture where `KEDAI_SHOTS` says; nowhere without it."""

    async def keep(page, name):
        if folder := os.environ.get("KEDAI_SHOTS"):
            await page.wait_for_timeout(300)
            await page.screenshot(path=str(Path(folder) / f"{name}.png"))

    return keep


@pytest.fixture
async def hq(start, cafe_menu):
    hq = await start.hq()
    await hq.publish(cafe_menu)
    return hq


async def add(page, name, role, pin):
    await page.get_by_role("button", name="Add somebody").click()
    await page.get_by_label("Name").fill(name)
    await page.get_by_label(role, exact=True).check()
    await page.get_by_label("PIN").fill(pin)
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_text(name)).to_be_visible()


async def test_people_are_added_at_hq_and_sign_in_at_the_counter(
    hq, start, wait_until, screens, fits, shoot
) -> None:
    box = await start.box(hq)
    await wait_until(box.has_menu)
    page = await screens.open(f"{hq.url}/?key={hq.key}", size=DESK)
    await page.locator("nav button", has_text="People").click()
    await expect(page.get_by_text("Nobody works here yet.")).to_be_visible()
    await add(page, "Sari Dewi", "Manager", "4711")
    await add(page, "Budi", "Cashier", "2580")
    await page.get_by_role("button", name="Add somebody").click()
    await page.get_by_label("PIN").fill("1234")
    await expect(page.get_by_text("and not 1111 or 1234")).to_be_visible()
    await shoot(page, "hq-person")
    await fits(page, "somebody new")
    await page.get_by_role("button", name="Cancel").click()
    await shoot(page, "hq-people")
    await fits(page, "people")

    async def known():
        return (await box.read("/api/staff"))["sign_in"]

    await wait_until(known)
    counter = await screens.open(f"{box.url}/counter/", size=(1280, 800))
    await expect(counter.get_by_role("heading", name="Who are you?")).to_be_visible(timeout=SEEN_MS)
    await shoot(counter, "counter-who")
    await fits(counter, "who are you")
    await counter.get_by_role("button", name="Budi").click()
    for digit in "5001":
        await counter.get_by_role("button", name=digit, exact=True).click()
    await counter.get_by_role("button", name="Enter").click()
    await expect(counter.get_by_text("That is not the PIN of Budi.")).to_be_visible()
    await shoot(counter, "counter-wrong-pin")
    await fits(counter, "PIN")
    await counter.keyboard.type("2580")
    await counter.keyboard.press("Enter")
    await expect(counter.get_by_role("heading", name="PIN of Budi")).to_have_count(0)

    await page.get_by_role("button", name="Deactivate").first.click()
    await page.get_by_role("dialog").get_by_role("button", name="Deactivate").click()
    await expect(page.get_by_text("Show 1 who left")).to_be_visible()
    await expect(counter.get_by_role("heading", name="Who are you?")).to_be_visible(timeout=40_000)
