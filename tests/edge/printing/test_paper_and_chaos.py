"""Printers fail at random, the box restarts: every ticket comes out, and at most once unmarked."""

import asyncio
import random
import re
from collections import Counter

import pytest

from edge.printing import owner

pytestmark = pytest.mark.usefixtures("impatient")

FOOT = re.compile(r"^(A\d+) +1 item$", re.MULTILINE)
"""The last row of a whole ticket: its number and how many items."""
TROUBLE = (
    {"paper_out": True}, {"cover_open": True}, {"offline": True}, {"silent": True},
    {"garbage": True}, {"lines_per_s": 60}, {"paper_lines_left": 5}, {"closes_after_bytes": 2_000},
)  # fmt: skip
WELL = {
    "paper_out": False, "cover_open": False, "offline": False, "silent": False, "garbage": False,
    "lines_per_s": None, "paper_lines_left": None, "closes_after_bytes": None,
}  # fmt: skip


def whole_tickets(printers):
    """(number, says DUPLICATE) of every ticket that came out whole. A ticket that broke off leaves
    its head on the sheet of the next one.
    """
    found = []
    for printer in printers.values():
        for sheet in printer.sheets:
            begin = 0
            for foot in FOOT.finditer(sheet.text):
                found.append((foot[1], "DUPLI" in sheet.text[begin : foot.end()]))
                begin = foot.end()
    return found


@pytest.mark.parametrize("seed", range(4))
async def test_every_ticket_comes_out_and_at_most_once_unmarked(
    make_box, menu, printers, settings, take, guest, quiet, monkeypatch, seed
):
    monkeypatch.setattr(owner, "BACKUP_AFTER_S", 0.25)
    config = settings(printers, dapur="bar", bar="dapur")
    chance = random.Random(seed)
    box = await make_box("chaos", menu=menu, printers=config)
    numbers = []
    for step in range(60):
        printer = printers[chance.choice(("dapur", "bar"))]
        match chance.randrange(6):
            case 0 | 1:
                numbers.append((await take(box, guest.place("nasi-kecil"))).number)
            case 2:
                printer.change(**chance.choice(TROUBLE))
            case 3:
                printer.change(**WELL)
            case 4:
                printer.power_cycle()
            case _ if step % 20 == 0:
                await box.stop()
                box = await make_box("chaos", printers=config)
        await asyncio.sleep(chance.choice((0, 0.01, 0.05, 0.1)))
    for printer in printers.values():
        printer.change(**WELL)
    await quiet(box, within_s=40)
    came_out = whole_tickets(printers)
    assert {number for number, _ in came_out} == set(numbers)
    unmarked = Counter(number for number, duplicate in came_out if not duplicate)
    assert max(unmarked.values()) == 1, unmarked
