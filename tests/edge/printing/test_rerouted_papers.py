"""Lines nobody has seen go to another printer; a rush and fewer of a line are told on paper."""

import asyncio

import pytest

from protocol import commands as c
from protocol.events import TicketRerouted
from protocol.ids import CommandId

pytestmark = pytest.mark.usefixtures("impatient")


@pytest.fixture
def box(printing_box):
    return printing_box


@pytest.fixture
def reroute(box, clock):
    """As the delivery desk does: these lines of a station go to another printer as well."""

    async def to(printer, order, *, station="dapur", lines=None):
        event = TicketRerouted(
            order_id=order.order_id,
            station_id=station,
            line_ids=tuple(lines or (x.line_id for x in order.lines)),
            to=printer,
            by_printer=True,
            at_ms=clock.now_ms,
        )
        command = CommandId(clock.new_id())
        await box.database.write(
            lambda db: box.journal.append(
                db, [event], box.journal.reading(), command_id=command, actor="desk"
            )
        )

    return to


def texts(printer):
    return [sheet.text for sheet in reversed(printer.sheets)]


async def test_what_waits_for_one_printer_comes_out_on_the_other_and_there_alone(
    box, printers, take, guest, reroute, quiet, until, proofs
):
    printers["dapur"].change(paper_out=True)
    await until(lambda: box.spool.faults["dapur"])
    order = await take(box, guest.place("nasi-kecil"))
    await reroute("bar", order)
    (sheet,) = await printers["bar"].wait_for_sheets(1)
    assert "REROUTED FROM DAPUR" in sheet.text
    assert "DUPLI" not in sheet.text
    printers["dapur"].change(paper_out=False)
    await quiet(box)
    assert texts(printers["dapur"]) == []
    assert [(p.printer, p.line_ids) for p in await proofs(box)] == [
        ("bar", (order.lines[0].line_id,))
    ]


async def test_what_is_on_paper_already_says_duplicate(box, printers, take, guest, reroute, quiet):
    order = await take(box, guest.place("nasi-kecil"))
    await quiet(box)
    await reroute("bar", order)
    (sheet,) = await printers["bar"].wait_for_sheets(1)
    assert "SALINAN 1" in sheet.text


async def test_what_is_on_its_way_to_that_printer_is_left_to_it(
    box, printers, take, guest, reroute, quiet
):
    order = await take(box, guest.place("nasi-kecil"))
    await quiet(box)
    await reroute("bar", order)
    await reroute("bar", order)
    await quiet(box)
    assert printers["bar"].sheets_printed == 1


async def test_some_lines_of_a_ticket_go_and_the_rest_says_what_it_is(
    box, printers, take, guest, reroute, quiet, until
):
    """One of two lines went elsewhere; the whole ticket comes later, and one of them is a copy."""
    printers["dapur"].change(paper_out=True)
    await until(lambda: box.spool.faults["dapur"])
    order = await take(box, guest.place("nasi-kecil", "nasi-besar"))
    await reroute("bar", order, lines=[order.lines[0].line_id])
    (sheet,) = await printers["bar"].wait_for_sheets(1)
    assert ("nasi-kecil" in sheet.text, "nasi-besar" in sheet.text) == (True, False)
    await asyncio.sleep(0.1)
    printers["dapur"].change(paper_out=False)
    await quiet(box)
    (whole,) = texts(printers["dapur"])
    assert "nasi-besar" in whole
    assert "SALINAN 1" in whole


async def test_a_station_without_paper_gets_its_first_one(
    make_box, menu, printers, settings, take, guest, clock, quiet
):
    box = await make_box(menu=menu, printers=settings({"bar": printers["bar"]}))
    order = await take(box, guest.place("nasi-kecil"))
    event = TicketRerouted(
        order_id=order.order_id, station_id="dapur", line_ids=(order.lines[0].line_id,),
        to="bar", by_printer=True, at_ms=clock.now_ms,
    )  # fmt: skip
    await box.database.write(
        lambda db: box.journal.append(
            db, [event], box.journal.reading(), command_id=CommandId("x"), actor="desk"
        )
    )
    (sheet,) = await printers["bar"].wait_for_sheets(1)
    assert "REROUTED FROM DAPUR" in sheet.text
    assert "nasi-kecil" in sheet.text


async def test_a_printer_that_is_no_more_and_another_display_print_nothing(
    box, printers, take, guest, reroute, quiet
):
    order = await take(box, guest.place("nasi-kecil"))
    await quiet(box)
    await reroute("attic", order)
    await quiet(box)
    assert sum(p.sheets_printed for p in printers.values()) == 1


async def test_a_rush_is_told_where_something_is_still_to_be_made(
    box, printers, take, guest, quiet, proofs
):
    order = await take(box, guest.place("paket", "kopi"))
    await take(box, c.BumpTicket(order_id=order.order_id, station_id="bar"))
    await take(box, c.RushOrder(order_id=order.order_id, rush=True))
    await take(box, c.RushOrder(order_id=order.order_id, rush=False))
    await quiet(box)
    first, slip = texts(printers["dapur"])
    assert ("RUSH" in first, "RUSH" in slip, "A001" in slip) == (False, True, True)
    assert len(slip) < len(first)
    assert printers["bar"].sheets_printed == 1
    assert [p.kind for p in await proofs(box) if p.printer == "dapur"] == [
        "kitchen_ticket", "rush_slip",
    ]  # fmt: skip


async def test_fewer_of_a_line_and_a_void_are_slips_of_their_own(
    box, printers, take, guest, quiet, proofs
):
    """They are no proof that the kitchen has the ticket."""
    order = await take(box, guest.place(guest.line("nasi-kecil", 3)))
    line = order.lines[0].line_id
    await take(box, c.VoidLine(order_id=order.order_id, line_id=line, quantity=1, reason="salah"))
    more = (guest.line("nasi-besar"),)
    await take(box, c.AddLines(order_id=order.order_id, lines=more))
    await take(box, c.VoidLine(order_id=order.order_id, line_id=line, reason="salah"))
    await quiet(box)
    kinds = [p.kind for p in await proofs(box)]
    assert kinds == ["kitchen_ticket", "void_slip", "kitchen_ticket", "void_slip"]
    assert "2 × Nasi" in texts(printers["dapur"])[1]
