"""A kitchen that cooks by paper is told where its food goes now; nothing is printed again as new."""

import asyncio

import pytest

from protocol import floor_commands as f

pytestmark = pytest.mark.usefixtures("impatient")


@pytest.fixture
def box(printing_box):
    return printing_box


def kinds(printer):
    return [sheet.text for sheet in reversed(printer.sheets)]


async def test_lines_that_go_over_are_not_new_on_paper(box, printers, take, guest, quiet):
    four = await take(box, guest.place("nasi-kecil", "nasi-besar", table="4"))
    nine = await take(box, guest.place("nasi-kecil", table="9"))
    await printers["dapur"].wait_for_sheets(2)
    moved = four.lines[0].line_id
    await take(
        box,
        f.TransferLines(order_id=four.order_id, to_order_id=nine.order_id, line_ids=(moved,)),
    )
    await printers["dapur"].wait_for_sheets(3)
    await quiet(box)
    await asyncio.sleep(0.2)
    assert len(kinds(printers["dapur"])) == 3, "neither a void slip nor a ticket"
    text = kinds(printers["dapur"])[-1]
    assert "PINDAH / MOVED" in text
    assert "A001 · Meja 4" in text
    assert "MEJA 9" in text
    assert "A002" in text
    assert "VOID" not in text
    assert text.count("1 × ") == 1


async def test_another_table_is_told_and_more_guests_are_not(box, printers, take, guest, quiet):
    order = await take(box, guest.place("nasi-kecil", table="4"))
    await printers["dapur"].wait_for_sheets(1)
    await take(box, f.ChangeDetails(order_id=order.order_id, table="4", covers=3))
    await take(box, f.ChangeDetails(order_id=order.order_id, table="12", covers=3))
    await printers["dapur"].wait_for_sheets(2)
    await quiet(box)
    text = kinds(printers["dapur"])[-1]
    assert len(kinds(printers["dapur"])) == 2
    assert "A001 · Meja 4" in text
    assert "MEJA 12" in text
