"""The printer of software that a box brings itself: the printers' contract, and a box that uses it."""

import pytest

from edge.config import PrinterConfig
from edge.printing.encoder import encode
from edge.printing.profiles import PROFILES
from edge.printing.spool import Spool
from tests.contract.printers import TIMEOUT_S, PrinterContract

DEMO = PrinterConfig(
    id="demo", name="Demo", kind="virtual", stations=("dapur",), receipts=True, profile="virtual",
    timeout_s=TIMEOUT_S,
)  # fmt: skip


class Rig:
    """A box's own printer, from the hand of the spool that starts it."""

    def __init__(self, spool):
        self.virtual = spool.virtual["demo"]
        self.printer = spool.owners["demo"].printer

    def encoded(self, paper):
        return encode(paper, PROFILES["virtual"])

    def happens(self, **conditions):
        self.virtual.change(**conditions)

    def power_cycle(self):
        self.virtual.power_cycle()

    async def unplug(self):
        await self.virtual.stop()

    async def papers(self, count):
        return [sheet.text for sheet in reversed(await self.virtual.wait_for_sheets(count))]


@pytest.fixture
async def rig(heart):
    spool = Spool((DEMO,), heart.journal, heart.database, heart.outlet)
    await spool.start()
    for owner in spool.owners.values():
        await owner.stop()  # the contract prints by itself
    yield Rig(spool)
    await spool.stop()


class TestOwnVirtualPrinter(PrinterContract):
    """The contract."""


async def test_a_box_without_any_printer_shows_its_papers(make_box, menu, take, guest, quiet):
    box = await make_box(menu=menu, printers=(DEMO,))
    order = await take(box, guest.place("nasi-kecil"))
    await take(box, guest.pay(order.order_id, 25_000))
    await quiet(box)
    papers = box.spool.virtual["demo"]
    assert papers.sheets_printed == 2
    await box.stop()
    kept = sorted(p.name for p in (box.data_dir / "papers" / "demo").glob("*.txt"))
    assert kept == ["0001.txt", "0002.txt"]
