"""Paper for tests: an outlet, an order with everything on it, and printing without a printer."""

import asyncio
import os
from pathlib import Path

import msgspec
import pytest

from edge.config import PrinterConfig
from edge.printing import owner
from edge.printing.encoder import encode
from edge.printing.framing import Framer
from edge.printing.interpreter import CutOff, Interpreter
from edge.printing.virtual import VirtualPrinter
from protocol.clock import Confidence
from protocol.events import PaperPrinted, decode
from protocol.kitchen import tickets_of
from protocol.orders import (
    Choice,
    DiningOption,
    Line,
    LineStatus,
    Order,
    OrderStatus,
    Payment,
    Source,
    TaxAmount,
    Totals,
)

GOLDEN = Path(__file__).parents[2] / "golden" / "receipts"
EVENING_MS = 1_795_349_640_000
"""22 November 2026, 19:14 in Jakarta."""


@pytest.fixture
def printed():
    """Paper through encoder and interpreter, as the sheet a printer would leave."""

    def print_it(paper, profile):
        interpreter = Interpreter(profile.dots)
        commands = Framer().feed(encode(paper, profile))
        effects = [e for command in commands for e in interpreter.execute(command)]
        assert not interpreter.unknown
        sheets = [e.sheet for e in effects if isinstance(e, CutOff)]
        return sheets[0] if sheets else interpreter.take_sheet()

    return print_it


@pytest.fixture
def golden():
    """Compares with a reviewed text. `KEDAI_GOLDEN=write` writes what is printed now instead."""

    def compare(name, text):
        path = GOLDEN / f"{name}.txt"
        if os.environ.get("KEDAI_GOLDEN") == "write":
            path.write_text(text, "utf-8")
        assert text == path.read_text("utf-8"), f"{path.name}: review, or KEDAI_GOLDEN=write"

    return compare


def _line(number, names, price, **more):
    facts = {
        "line_id": f"l{number}",
        "item_id": f"i{number}",
        "variant_id": f"v{number}",
        "plu": f"{100 + number}",
        "names": names,
        "variant_names": {},
        "category_id": "c1",
        "size": None,
        "quantity": 1,
        "unit_price": price,
        "expected": price,
        "amount": price,
        "station_ids": ("kitchen",),
        "status": LineStatus.FIRED,
        "fired_ms": EVENING_MS,
    }
    return Line(**(facts | more))


def _choice(number, name, price=0, quantity=1):
    return Choice(modifier_id=f"m{number}", names={"id": name}, price=price, quantity=quantity)


@pytest.fixture
def order():
    """Two of one, a long name, a note, a voided line, a tax, a service charge, cash with change."""
    lines = (
        _line(
            1,
            {"id": "Nasi Goreng Kampung", "en": "Village Fried Rice"},
            38_000,
            variant_names={"id": "Besar", "en": "Large"},
            quantity=2,
            amount=86_000,
            choices=(_choice(1, "Telur dadar", 5_000), _choice(2, "Pedas sekali")),
            note="satu tanpa bawang goreng, alergi kacang",
        ),
        _line(
            2,
            {"id": "Sate Ayam Madura dengan Lontong dan Sambal Kecap Rawit Istimewa"},
            45_000,
            seat=3,
        ),
        _line(3, {"id": "Es Kopi Susu Gula Aren"}, 22_000, quantity=3, amount=66_000),
        _line(4, {"id": "Kerupuk"}, 5_000, status=LineStatus.VOIDED, void_reason="salah"),
    )
    return Order(
        order_id="order-1",
        number="A042",
        business_date="2026-11-22",
        hour=19,
        placed_ms=EVENING_MS,
        confidence=Confidence.SYNCED,
        status=OrderStatus.FIRED,
        source=Source.COUNTER,
        dining_option=DiningOption.DINE_IN,
        lines=lines,
        totals=Totals(
            lines=197_000,
            discounts=7_000,
            service=9_500,
            taxes=(TaxAmount(name="PB1 10%", base=199_500, amount=19_950),),
            rounding=50,
            total=219_500,
        ),
        currency="IDR",
        menu_version=1,
        payments=(
            Payment(
                payment_id="p1",
                tender="cash",
                amount=219_500,
                tendered=250_000,
                change=30_500,
                at_ms=EVENING_MS,
            ),
        ),
        table="7",
        covers=4,
    )


@pytest.fixture
def foreign_order(order):
    """Names no code page has, in a takeaway order whose time is not certain."""
    lines = (
        _line(1, {"ar": "شاورما دجاج كبير 200 جرام"}, 52_000, quantity=2, amount=104_000),
        _line(2, {"zh": "宫保鸡丁 Ayam Kung Pao"}, 48_000, note="不要花生"),
        _line(3, {"en": "Crème brûlée – “maison”"}, 30_000),
    )
    return msgspec.structs.replace(
        order,
        number="K007",
        lines=lines,
        totals=Totals(lines=182_000, total=182_000),
        payments=(),
        table=None,
        tab_name="Ibu Sari",
        covers=None,
        dining_option=DiningOption.TAKEAWAY,
        confidence=Confidence.UNCERTAIN,
    )


@pytest.fixture
def ticket(order):
    return tickets_of(order)[0]


@pytest.fixture
def foreign_ticket(foreign_order):
    return tickets_of(foreign_order)[0]


# ------------------------------------------------------------------ a box that prints


@pytest.fixture
def impatient(monkeypatch):
    """Owners that try again and look again at once, so that a test need not wait."""
    monkeypatch.setattr(owner, "RETRY_S", (0.05,))
    monkeypatch.setattr(owner, "LOOK_S", 0.05)


@pytest.fixture
async def make_printer(clock):
    """Starts virtual printers."""
    printers = []

    async def make(**options):
        printer = VirtualPrinter(clock.wall_ms, **options)
        await printer.start()
        printers.append(printer)
        return printer

    yield make
    for printer in printers:
        await printer.stop()


@pytest.fixture
async def printers(make_printer):
    """Kitchen, bar and counter, each with paper."""
    return {name: await make_printer() for name in ("dapur", "bar", "kasir")}


@pytest.fixture
def settings():
    """How a box knows its printers: the counter's prints receipts, the others their tickets."""

    def make(printers, **more):
        return tuple(
            PrinterConfig(
                id=name,
                name=name.title(),
                host=printer.host,
                port=printer.port,
                stations=() if name == "kasir" else (name,),
                receipts=name == "kasir",
                timeout_s=2.0,
                backup=more.get(name),
            )
            for name, printer in printers.items()
        )

    return make


@pytest.fixture
async def printing_box(make_box, menu, printers, settings):
    return await make_box("printing", menu=menu, printers=settings(printers))


@pytest.fixture
def take(guest):
    """Takes a command that must be accepted; the order as it then is."""

    async def ask(box, command, **more):
        taken = await box.taking.take(guest.asks(command, **more))
        assert taken.order is not None, taken
        return taken.order

    return ask


@pytest.fixture
def jobs():
    """(printer, state, copies) of every paper, in the order they were wanted."""

    async def rows(box):
        sql = "SELECT printer, state, copies FROM print_jobs ORDER BY created_ms, printer"
        return await box.database.read(lambda db: db.execute(sql).fetchall())

    return rows


@pytest.fixture
def proofs():
    """Every proof in the journal."""

    async def found(box):
        entries = await box.journal.read_after(0, 100_000)
        events = [decode(f.entry.body) for f in entries if f.entry.type == "paper.printed"]
        assert all(isinstance(e, PaperPrinted) for e in events)
        return events

    return found


@pytest.fixture
def quiet(jobs, until):
    """Once every paper that has to come out has come out."""

    async def wait(box, within_s=10):
        await until(lambda: box.spool.follower.lag == 0)
        async with asyncio.timeout(within_s):
            while any(s in {"queued", "printing"} for _, s, _ in await jobs(box)):  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        await box.database.write(lambda _: None)  # the journal has been told of the last commit

    return wait
