"""The virtual printer's page in a browser: papers appear by themselves, switches work at a touch."""

import asyncio

import pytest
from playwright.async_api import expect

from edge.printing.simulator import Simulator
from edge.printing.virtual import VirtualPrinter

pytestmark = [pytest.mark.screens]

JOB = b"\x1b@Nasi goreng\n\x1dVB\x00"


@pytest.fixture
async def simulator():
    made = Simulator(lambda ring: VirtualPrinter(lambda: 1_795_349_640_000, on_sheet=ring))
    await made.start()
    yield made
    await made.stop()


async def send(simulator, data=JOB):
    _, writer = await asyncio.open_connection("127.0.0.1", simulator.printer.port)
    writer.write(data)
    await writer.drain()
    writer.close()


async def test_papers_appear_and_the_newest_is_first(simulator, screens) -> None:
    page = await screens.open(simulator.url)
    await expect(page.locator("#none")).to_have_text("Nothing was printed yet.")
    await send(simulator)
    await send(simulator, b"Kopi\n\x1dVB\x00")
    await expect(page.locator("figure")).to_have_count(2)
    await expect(page.locator("figure").first).to_contain_text("No. 2")
    picture = page.locator("figure img").first
    await expect(picture).to_have_js_property("complete", value=True)
    assert await picture.evaluate("i => i.naturalWidth") > 500
    await expect(page.locator("#state")).to_contain_text("2 papers")


async def test_a_switch_holds_the_paper_until_it_is_put_back(simulator, screens) -> None:
    page = await screens.open(simulator.url)
    out = page.get_by_role("button", name="Paper out")
    await out.click()
    await expect(out).to_have_attribute("aria-pressed", "true")
    await send(simulator)
    await out.click()
    await expect(page.locator("figure")).to_have_count(1)


async def test_off_is_said_and_on_is_one_touch(simulator, screens) -> None:
    page = await screens.open(simulator.url)
    await page.get_by_role("button", name="Switch off").click()
    await expect(page.locator("#address")).to_contain_text("off")
    assert not simulator.printer.is_on
    await page.get_by_role("button", name="Switch on").click()
    await expect(page.get_by_role("button", name="Switch off")).to_be_visible()
    assert simulator.printer.is_on
