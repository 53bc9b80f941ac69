"""Papers that did not come out: listed in words, and one tap prints, moves or discards them."""

import pytest
from playwright.async_api import expect

from edge.config import PrinterConfig
from edge.platform import Platform
from edge.printing.virtual import VirtualPrinter

pytestmark = [pytest.mark.screens, pytest.mark.broker]

PHONE = (390, 844)
SEEN_MS = 15_000
LONG = "Printer Bar di Belakang Pintu Gudang Lantai Dua Sebelah Tangga"


@pytest.fixture
async def bar_printer():
    printer = VirtualPrinter(Platform().wall_ms)
    await printer.start()
    yield printer
    await printer.stop()


@pytest.fixture
async def till_printer():
    printer = VirtualPrinter(Platform().wall_ms)
    await printer.start()
    yield printer
    await printer.stop()


@pytest.fixture
def printers(bar_printer, till_printer):
    """The bar's, and the till's for receipts."""

    def at(printer, **more):
        return PrinterConfig(host=printer.host, port=printer.port, **more)

    return (
        at(bar_printer, id="bar", name=LONG, stations=("bar",)),
        at(till_printer, id="till", name="Till", receipts=True),
    )


@pytest.fixture
def send(take):
    """Sends one cappuccino; gives the order's number."""

    async def send(counter):
        await take(counter, "Cappuccino")
        await counter.keyboard.press("F2")
        number = await counter.locator("[data-order-number]").inner_text()
        await counter.keyboard.press("Escape")
        return number

    return send


@pytest.fixture
def to_papers():
    """Leads a counter to its papers."""

    async def go(counter):
        await counter.locator("header button[aria-haspopup=dialog]").click()
        await counter.locator("dialog[open] button", has_text="Papers").click()

    return go


async def test_a_paper_that_waits_says_why_and_comes_out_once(
    shop, screens, send, to_papers, bar_printer
) -> None:
    bar_printer.change(paper_out=True)
    counter = await screens.open(f"{shop.url}/counter/")
    number = await send(counter)
    await to_papers(counter)
    paper = counter.locator("[data-paper]")
    await expect(paper).to_contain_text(f"Kitchen ticket {number} · Bar")
    await expect(paper).to_contain_text("Out of paper", timeout=SEEN_MS)
    printer = counter.locator("[data-printer=bar]")
    await expect(printer).to_have_attribute("data-ok", "false")
    await expect(printer).to_contain_text("Out of paper")

    bar_printer.change(paper_out=False)
    await expect(counter.locator("[data-no-papers]")).to_have_count(1, timeout=SEEN_MS)
    await expect(printer).to_have_attribute("data-ok", "true", timeout=SEEN_MS)
    assert bar_printer.sheets_printed == 1


async def test_a_paper_goes_to_another_printer_by_hand_and_never_to_both_unmarked(
    shop, screens, send, to_papers, bar_printer, till_printer
) -> None:
    await bar_printer.switch_off()
    counter = await screens.open(f"{shop.url}/counter/")
    number = await send(counter)
    await to_papers(counter)
    await counter.get_by_role("button", name="Other printer").click()
    await counter.locator("dialog[open] button", has_text="Till").dblclick()
    (sheet,) = await till_printer.wait_for_sheets(1)
    assert number in sheet.text
    await expect(counter.locator("[data-no-papers]")).to_have_count(1, timeout=SEEN_MS)

    await bar_printer.switch_on()
    await expect(counter.locator("[data-printer=bar]")).to_have_attribute(
        "data-ok", "true", timeout=2 * SEEN_MS
    )
    assert (bar_printer.sheets_printed, till_printer.sheets_printed) == (0, 1)


async def test_a_discarded_paper_does_not_come_out_later(
    shop, screens, send, to_papers, bar_printer
) -> None:
    bar_printer.change(paper_out=True)
    counter = await screens.open(f"{shop.url}/counter/")
    await send(counter)
    await to_papers(counter)
    await counter.get_by_role("button", name="Discard").click()
    await counter.get_by_role("button", name="Yes, discard it").click()
    await expect(counter.locator("[data-no-papers]")).to_have_count(1)
    bar_printer.change(paper_out=False)
    await counter.locator("[data-printer=bar]").get_by_role("button").click()
    (sheet,) = await bar_printer.wait_for_sheets(1, SEEN_MS / 1000)
    assert "Cappuccino" not in sheet.text, "only the test page comes out"


async def test_a_receipt_once_more_says_that_it_is_a_copy(
    shop, screens, take, till_printer
) -> None:
    counter = await screens.open(f"{shop.url}/counter/")
    await take(counter, "Cappuccino")
    await counter.keyboard.press("F9")
    await counter.get_by_role("button", name="Take payment").click()
    await counter.get_by_role("button", name="New order").click()
    await till_printer.wait_for_sheets(1)
    await counter.get_by_role("button", name="Running").click()
    await counter.locator("[data-order]").click()
    await counter.get_by_role("button", name="Papers").click()
    papers = counter.locator("dialog[open] [data-paper]")
    await expect(papers.filter(has_text="Receipt")).to_have_count(1)

    await counter.get_by_role("button", name="Print receipt again").click()
    copy, first = await till_printer.wait_for_sheets(2)
    assert ("DUPLI" in copy.text, "DUPLI" in first.text) == (True, False)
    await expect(papers.filter(has_text="DUPLICATE 1")).to_have_count(1)


async def test_the_x_report_comes_out_where_receipts_do(
    shop, screens, send, to_papers, till_printer
) -> None:
    counter = await screens.open(f"{shop.url}/counter/")
    await send(counter)
    await to_papers(counter)
    button = counter.get_by_role("button", name="Print the X report")
    await expect(button).to_have_count(1)
    await button.dblclick()
    (sheet,) = await till_printer.wait_for_sheets(1)
    assert "X" in sheet.text
    assert till_printer.sheets_printed == 1


@pytest.mark.parametrize("language", ["id", "en"])
async def test_papers_fit_a_phone(shop, screens, send, fits, bar_printer, language) -> None:
    bar_printer.change(paper_out=True)
    page = await screens.open(f"{shop.url}/counter/", size=PHONE, language=language)
    await send(page)
    await page.locator("header button[aria-haspopup=dialog]").click()
    await page.locator("dialog[open] a").first.wait_for()
    await fits(page, "more")
    await page.locator("dialog[open] button:has(svg)").first.click()
    await page.locator("[data-paper]").wait_for()
    await page.locator("[data-printer][data-ok=false]").wait_for(timeout=SEEN_MS)
    await fits(page, "papers")
    await page.locator("[data-paper] button").nth(1).click()
    await page.locator("dialog[open]").wait_for()
    await fits(page, "other printer")
    await page.keyboard.press("Escape")
    await page.locator("nav button").nth(1).click()
    await page.locator("[data-order]").click()
    await page.locator("dialog[open] [data-tool=paper]").click()
    await page.locator("dialog[open] [data-paper]").wait_for()
    await fits(page, "papers of an order")
