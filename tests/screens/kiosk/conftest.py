"""A guest's hands at the kiosk, the rules of a house, and pictures of each state on request."""

import json
import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest
from playwright.async_api import Page

from protocol.house import House

AXE = Path(__file__).parents[3] / "node_modules" / "axe-core" / "axe.min.js"
SHOTS = os.environ.get("KEDAI_SHOTS", "")
PORTRAIT, LANDSCAPE = (1080, 1920), (1280, 800)

AT_REST = """() => Promise.all(document.getAnimations()
  .filter((a) => a.effect.getComputedTiming().iterations !== Infinity)
  .map((a) => a.finished.catch(() => null)))"""
"""What comes in is pale for a moment: it is judged as it then stands."""
SERIOUS = """async () => {
  const found = await axe.run(document, {resultTypes: ['violations']});
  return found.violations.filter((v) => ['serious', 'critical'].includes(v.impact))
    .map((v) => `${v.id}: ${v.nodes.map((n) => n.html.slice(0, 160)).join(' | ')}`);
}"""


@dataclass
class Guest:
    """Somebody in front of the kiosk, who reads English unless the page was opened otherwise."""

    page: Page
    choose: Callable[..., Awaitable[None]]

    async def begin(self, where: str = "Eat in") -> None:
        await self.page.get_by_role("button", name="Touch to order").click()
        await self.page.get_by_role("button", name=where).click()
        await self.page.locator("[data-menu]").wait_for()

    async def take(self, name: str, *choices: str) -> None:
        """Put a dish into the order: these choices, and the first of what else must be chosen."""
        item = self.page.locator("[data-menu] [data-item]", has_text=name).first
        asks = await item.get_attribute("aria-haspopup")
        await item.click()
        if asks is not None:
            await self.choose(self.page, *choices)

    async def see_order(self) -> None:
        await self.page.get_by_role("button", name="See order").click()
        await self.page.locator("[data-bill]").wait_for()

    async def order(self) -> str:
        """Place what is in the order; the number that the guest is told."""
        await self.page.get_by_role("button", name="Order now").click()
        return (await self.page.locator("[data-order-number]").inner_text()).strip()


@pytest.fixture
def kiosk(shop, screens, choose):
    """Opens the kiosk; a guest stands before it."""

    async def opened(*, size=PORTRAIT, language="en", url="") -> Guest:
        page = await screens.open(url or f"{shop.url}/kiosk/", size=size, language=language)
        await page.locator("[data-step]").wait_for()
        return Guest(page, choose)

    return opened


@pytest.fixture
def use_house(shop):
    """Puts house rules in force, as HQ's feed does."""

    async def use(house: House) -> None:
        body = msgspec.json.encode(house)

        def work(db):
            db.execute("DELETE FROM house")
            row = (f"digest-{house.version}-{hash(body)}", body)
            db.execute("INSERT INTO house (digest, body) VALUES (?,?)", row)
            return shop.box.menus.current(db)

        await shop.box.database.write(work)

    return use


@pytest.fixture
def sold_out(shop):
    """The kitchen marks a dish, or has it again."""

    async def mark(page: Page, item_id: str, *, back=False) -> None:
        kind = "item.restore" if back else "item.eighty_six"
        answer = await page.request.post(
            f"{shop.url}/api/commands",
            data=json.dumps(
                {
                    "command_id": await page.evaluate("crypto.randomUUID()"),
                    "command": {"type": kind, "item_id": item_id},
                    "screen": "kitchen",
                }
            ),
            headers={"Content-Type": "application/json"},
        )
        assert answer.ok, await answer.text()

    return mark


@pytest.fixture
def no_serious_findings():
    """axe-core finds nothing serious on the page as it is now."""

    async def check(page: Page, where: str) -> None:
        if not await page.evaluate("'axe' in window"):
            await page.evaluate(AXE.read_text())
        await page.evaluate(AT_REST)
        assert await page.evaluate(SERIOUS) == [], where

    return check


@pytest.fixture
def picture():
    """Keeps a picture of the page when `KEDAI_SHOTS` names a folder."""

    async def keep(page: Page, name: str) -> None:
        if SHOTS:
            await page.wait_for_timeout(450)
            await page.screenshot(path=f"{SHOTS}/kiosk-{name}.png")

    return keep
