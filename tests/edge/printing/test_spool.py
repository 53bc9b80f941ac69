"""The spool: every ticket and receipt comes out once with proof, or somebody is told why not."""

import asyncio
import logging

import msgspec
import pytest

from edge.backfill import BackFill
from edge.printing.profiles import COMMAND_BYTES_MAX
from protocol import commands as c
from protocol.orders import Order, OrderStatus, Source
from tests.edge.returning import Hq

pytestmark = pytest.mark.usefixtures("impatient")


async def test_a_ticket_per_station_and_a_receipt_come_out_once_with_proof(
    printing_box, printers, take, guest, quiet, proofs
):
    order = await take(printing_box, guest.place("nasi-kecil", "paket"))
    await take(printing_box, guest.pay(order.order_id, 100_000))
    await quiet(printing_box)
    sheets = {name: [s.text for s in printer.sheets] for name, printer in printers.items()}
    assert {name: len(found) for name, found in sheets.items()} == dict.fromkeys(sheets, 1)
    assert "A001" in sheets["dapur"][0]
    assert "Nasi" in sheets["dapur"][0]
    assert "Nasi" not in sheets["bar"][0]
    assert "65.000" in sheets["kasir"][0]
    assert printers["kasir"].drawer_kicks == 1
    assert sorted((e.printer, e.kind, e.duplicate) for e in await proofs(printing_box)) == [
        ("bar", "kitchen_ticket", 0), ("dapur", "kitchen_ticket", 0), ("kasir", "receipt", 0),
    ]  # fmt: skip
    assert all("DUPLI" not in text.upper() for (text,) in sheets.values())


async def test_following_the_same_entries_again_prints_nothing_again(
    make_box, printing_box, printers, take, guest, quiet, settings
):
    await take(printing_box, guest.place("paket"))
    await quiet(printing_box)
    await printing_box.database.write(lambda db: db.execute("DELETE FROM cursors").rowcount)
    printing_box.spool.follower._saved = 10**9  # the stop below must not save it again
    await printing_box.stop()
    again = await make_box("printing", printers=settings(printers))
    await quiet(again)
    assert [printers[p].sheets_printed for p in ("dapur", "bar", "kasir")] == [1, 1, 0]


async def test_what_comes_later_prints_only_what_is_new(
    printing_box, printers, take, guest, clock, quiet
):
    order = await take(printing_box, guest.place("nasi-kecil"))
    clock.now_ms += 60_000
    more = (guest.line("nasi-besar"),)
    await take(printing_box, c.AddLines(order_id=order.order_id, lines=more))
    await take(
        printing_box,
        c.VoidLine(order_id=order.order_id, line_id=order.lines[0].line_id, reason="salah"),
    )
    await quiet(printing_box)
    texts = [s.text for s in reversed(printers["dapur"].sheets)]
    assert len(texts) == 3
    assert [text.count("nasi-besar") for text in texts] == [0, 1, 0]
    assert [text.count("nasi-kecil") for text in texts] == [1, 0, 0]
    assert ["VOID" in text for text in texts] == [False, False, True], "struck lines are drawn"


async def test_a_receipt_comes_when_all_is_paid_and_the_drawer_opens_for_cash_alone(
    printing_box, printers, take, guest, quiet
):
    order = await take(printing_box, guest.place("paket"))
    await take(printing_box, guest.pay(order.order_id, 10_000))
    await quiet(printing_box)
    assert (printers["kasir"].sheets, printers["kasir"].drawer_kicks) == ((), 1)
    await take(printing_box, guest.pay(order.order_id, 30_000, tender="qris"))
    await quiet(printing_box)
    assert (printers["kasir"].sheets_printed, printers["kasir"].drawer_kicks) == (1, 1)


async def test_imports_print_nothing(printing_box, printers, take, guest, quiet, jobs):
    sale = guest.place("paket", source=Source.IMPORT)
    await take(printing_box, sale, happened_ms=1_436_700_000_000)
    await take(printing_box, guest.pay(sale.order_id, 40_000), happened_ms=1_436_700_000_000)
    await quiet(printing_box)
    assert await jobs(printing_box) == []


async def test_paper_out_waits_says_so_once_and_prints_afterwards(
    printing_box, printers, take, guest, until, caplog, quiet
):
    caplog.set_level(logging.INFO, "edge.printing")
    printers["dapur"].change(paper_out=True)
    for _ in range(3):
        await take(printing_box, guest.place("nasi-kecil"))
    await until(lambda: printing_box.spool.faults["dapur"])

    def sentence():
        return next(s for s in printing_box.health.sentences() if s.code == "printer.dapur")

    assert not sentence().ok
    assert "paper" in sentence().en.lower()
    assert "kertas" in sentence().id.lower()
    await asyncio.sleep(0.3)
    assert printers["dapur"].sheets == ()
    printers["dapur"].change(paper_out=False)
    await quiet(printing_box)
    texts = [s.text for s in reversed(printers["dapur"].sheets)]
    assert [("A001" in t, "A002" in t, "A003" in t) for t in texts] == [
        (True, False, False), (False, True, False), (False, False, True),
    ]  # fmt: skip
    assert sentence().ok
    assert not any("DUPLI" in t.upper() for t in texts), "no byte had left before"
    warned = [r for r in caplog.records if r.levelname == "WARNING" and "dapur" in r.getMessage()]
    assert len(warned) == 1


async def test_a_dead_printer_delays_no_other(printing_box, printers, take, guest, jobs):
    await printers["dapur"].stop()
    for _ in range(3):
        await take(printing_box, guest.place("paket"))
    await printers["bar"].wait_for_sheets(3)
    assert printing_box.spool.faults["dapur"].code == "unreachable"
    assert printing_box.spool.faults["bar"] is None
    waiting = [state for printer, state, _ in await jobs(printing_box) if printer == "dapur"]
    assert waiting == ["queued"] * 3


async def test_a_job_cut_off_is_printed_again_and_marked(
    printing_box, printers, take, guest, until, quiet, proofs
):
    lines = [guest.line("nasi-besar", note="tanpa bawang goreng " * 9) for _ in range(60)]
    printers["dapur"].change(closes_after_bytes=COMMAND_BYTES_MAX + 1_200)
    await take(printing_box, guest.place(*lines))
    await until(lambda: printing_box.spool.faults["dapur"])
    assert printing_box.spool.faults["dapur"].may_have_printed
    printers["dapur"].change(closes_after_bytes=None)
    await quiet(printing_box)
    assert any("DUPLI" in s.text.upper() for s in printers["dapur"].sheets)
    (proof,) = await proofs(printing_box)
    assert (proof.printer, proof.duplicate >= 1) == ("dapur", True)


async def test_a_box_that_dies_between_paper_and_record_prints_a_marked_copy(
    make_box, printing_box, printers, take, guest, quiet, proofs, settings
):
    await take(printing_box, guest.place("nasi-kecil"))
    await quiet(printing_box)
    # As the disk is when the power goes after the cut and before the proof is written.
    await printing_box.database.write(
        lambda db: (
            db.execute("UPDATE print_jobs SET state = 'printing', printed_ms = NULL").rowcount
        )
    )
    await printing_box.stop()
    again = await make_box("printing", printers=settings(printers))
    await quiet(again)
    second, first = [s.text for s in printers["dapur"].sheets]
    assert "DUPLI" in second.upper()
    assert "DUPLI" not in first.upper()
    assert [(e.printer, e.duplicate) for e in await proofs(again)] == [("dapur", 0), ("dapur", 1)]


async def test_a_ticket_of_last_night_is_held_and_said_so_and_a_receipt_is_printed(
    make_box, printing_box, printers, take, guest, clock, until, quiet, jobs, settings
):
    for printer in printers.values():
        printer.change(paper_out=True)
    order = await take(printing_box, guest.place("nasi-kecil"))
    await take(printing_box, guest.pay(order.order_id, 25_000))
    await until(lambda: printing_box.spool.faults["kasir"] and printing_box.spool.faults["dapur"])
    await printing_box.stop()
    clock.now_ms += 9 * 3_600_000
    morning = await make_box("printing", printers=settings(printers))
    for printer in printers.values():
        printer.change(paper_out=False)
    await quiet(morning)
    assert (printers["dapur"].sheets, printers["kasir"].sheets_printed) == ((), 1)
    assert ("dapur", "held", 0) in await jobs(morning)
    sentence = next(s for s in morning.health.sentences() if s.code == "printer.dapur.held")
    assert not sentence.ok
    assert sentence.en.startswith("1 ")


async def test_a_ticket_is_as_old_as_its_order_not_as_its_job(
    make_box, menu, printers, take, guest, clock, quiet, jobs, settings
):
    """The box took the order without having turned it into papers, and was then off all night."""
    before = await make_box("night", menu=menu)
    await before.spool.follower.stop()
    await take(before, guest.place("nasi-kecil"))
    await before.stop()
    clock.now_ms += 9 * 3_600_000
    clock.boot = "in the morning"
    morning = await make_box("night", printers=settings(printers))
    await quiet(morning)
    assert printers["dapur"].sheets == ()
    assert [(p, s) for p, s, _ in await jobs(morning)] == [("dapur", "held")]


async def test_one_paper_that_cannot_be_read_stops_no_printer(
    printing_box, printers, take, guest, until, quiet, jobs
):
    printers["dapur"].change(paper_out=True)
    await take(printing_box, guest.place("nasi-kecil"))
    await until(lambda: printing_box.spool.faults["dapur"])
    await printing_box.database.write(
        lambda db: db.execute("UPDATE print_jobs SET paper = ?", (b'{"kind": 7}',)).rowcount
    )
    printers["dapur"].change(paper_out=False)
    await take(printing_box, guest.place("nasi-besar"))
    await quiet(printing_box)
    assert printers["dapur"].sheets_printed == 1
    assert "nasi-besar" in printers["dapur"].sheets[0].text
    assert sorted(s for _, s, _ in await jobs(printing_box)) == ["failed", "printed"]


async def test_a_cancelled_order_is_called_off_on_paper_too(
    printing_box, printers, take, guest, quiet
):
    order = await take(printing_box, guest.place("nasi-kecil"))
    await quiet(printing_box)
    cancelled = c.ChangeOrderStatus(
        order_id=order.order_id, status=OrderStatus.CANCELLED, reason="tamu pergi"
    )
    await take(printing_box, cancelled)
    await quiet(printing_box)
    assert printers["dapur"].sheets_printed == 2


async def test_after_a_kill_every_paper_comes_out_once(
    make_box, printers, menu, hammered, quiet, proofs, settings
):
    """Orders are taken at full speed until the process is killed; the papers come afterwards."""
    before = await make_box("killed", menu=menu)
    await before.stop()
    said = await hammered(before.data_dir, 24)
    after = await make_box("killed", printers=settings(printers))
    await quiet(after)
    rows = await after.database.read(
        lambda db: db.execute("SELECT body FROM orders ORDER BY placed_ms").fetchall()
    )
    orders = [msgspec.json.decode(body, type=Order) for (body,) in rows]
    assert {order_id for *_, order_id in said} <= {o.order_id for o in orders}
    wanted = [("receipt", o.order_id) for o in orders if o.due <= 0]
    wanted += [("kitchen_ticket", o.order_id) for o in orders if o.status is OrderStatus.FIRED]
    sql = "SELECT kind, order_id FROM print_jobs WHERE state = 'printed'"
    printed = await after.database.read(lambda db: db.execute(sql).fetchall())
    assert sorted(printed) == sorted(wanted)
    assert sum(p.sheets_printed for p in printers.values()) == len(wanted) >= 6
    assert len(await proofs(after)) == len(wanted)


async def test_what_came_back_from_hq_is_not_printed_again(
    printing_box, make_heart, menu, guest, take, printers, until, jobs
):
    lost = await make_heart("lost", menu=menu)
    order = (await lost.taking.take(guest.asks(guest.place("nasi-kecil")))).order
    await lost.taking.take(guest.asks(guest.pay(order.order_id, order.totals.total)))
    hq, box = Hq(), printing_box
    await hq.hold(lost)
    await BackFill(hq, box.journal, box.database, box.platform, box.alarms).take(
        await hq.missing(box)
    )
    await until(lambda: box.spool.follower.lag == 0)
    assert await jobs(box) == []
    fresh = await take(box, guest.place("nasi-kecil"))
    await until(lambda: box.spool.printed == 1)
    assert fresh.number == "B002"


async def test_what_a_screen_offers_again_after_hours_is_no_news_to_the_kitchen(
    make_box, menu, printing_box, printers, guest, clock, quiet, jobs
):
    """The box lost its disk in the evening; at noon the kitchen had that ticket."""
    lost = await make_box("lost", menu=menu)
    noon, now = guest.asks(guest.place("nasi-kecil")), guest.asks(guest.place("nasi-besar"))
    at_noon = (await lost.taking.take(noon)).order
    clock.now_ms += 6 * 3_600_000
    just_now = (await lost.taking.take(now)).order
    clock.now_ms += 5 * 60_000
    for asked, accepted in ((noon, at_noon), (now, just_now)):
        await printing_box.taking.take(msgspec.structs.replace(asked, accepted=accepted))
    await quiet(printing_box)
    assert printers["dapur"].sheets_printed == 1
    assert "nasi-besar" in printers["dapur"].sheets[0].text
    assert sorted(s for _, s, _ in await jobs(printing_box)) == ["held", "printed"]
