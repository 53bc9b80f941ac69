"""`kedai edge reprint` and `kedai edge papers` beside a running box."""

import asyncio
from urllib.parse import urlsplit

import pytest
from click.testing import CliRunner

from edge.cli_papers import papers, reprint
from edge.config import PrinterConfig
from edge.printing.virtual import VirtualPrinter


@pytest.fixture
async def printer(clock):
    virtual = VirtualPrinter(clock.wall_ms)
    await virtual.start()
    yield virtual
    await virtual.stop()


@pytest.fixture
async def box(make_box, menu, printer):
    at = {"host": printer.host, "port": printer.port}
    one = PrinterConfig(id="one", name="Kasir", stations=("dapur",), receipts=True, **at)
    return await make_box(menu=menu, printers=(one,))


@pytest.fixture
def run(url):
    """Runs a command against the box, as a person would beside it."""

    async def command(program, *words):
        asked = [*words, "--port", str(urlsplit(url).port)]
        return await asyncio.to_thread(CliRunner().invoke, program, asked)

    return command


async def test_a_receipt_and_the_tickets_once_more_by_number(box, printer, run, guest):
    order = (await box.taking.take(guest.asks(guest.place("nasi-kecil")))).order
    await box.taking.take(guest.asks(guest.pay(order.order_id, 25_000)))
    await printer.wait_for_sheets(2)
    said = await run(reprint, "a001")
    assert (said.exit_code, said.output) == (0, "receipt A001 on Kasir: queued.\n")
    said = await run(reprint, order.order_id, "--what", "tickets")
    assert said.output == "kitchen ticket A001 on Kasir: queued.\n"
    await printer.wait_for_sheets(4)
    assert ["DUPLI" in s.text for s in printer.sheets] == [True, True, False, False]
    assert (await run(papers)).output == "Every paper has come out.\n"
    assert (await run(papers, "--all")).output.count("duplicate 1") == 2


async def test_what_waits_is_listed_with_the_reason(box, printer, run, guest, until):
    printer.change(paper_out=True)
    await box.taking.take(guest.asks(guest.place("nasi-kecil")))
    await until(lambda: box.spool.faults["one"])
    said = await run(papers)
    assert said.output.startswith("kitchen ticket A001 on Kasir: queued. Out of paper.")
    assert '"state": "queued"' in (await run(papers, "--json")).output


async def test_what_cannot_be_printed_is_said_and_ends_with_1(box, run, guest):
    for words, told in (
        (("A777",), "There is no order A777"),
        (("A777", "--printer", "x"), "There is no order"),
    ):
        said = await run(reprint, *words)
        assert (said.exit_code, told in said.output) == (1, True)
    await box.taking.take(guest.asks(guest.place("nasi-kecil")))
    said = await run(reprint, "A001", "--printer", "attic")
    assert (said.exit_code, "no printer attic" in said.output) == (1, True)


async def test_without_a_box_it_says_so():
    said = await asyncio.to_thread(CliRunner().invoke, papers, ["--port", "1"])
    assert (said.exit_code, "does not answer on port 1" in said.output) == (1, True)
