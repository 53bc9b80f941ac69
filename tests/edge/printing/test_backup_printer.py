"""A printer in trouble gives the kitchen's papers to its backup; no paper comes out twice unmarked."""

import asyncio

import pytest

from edge.printing import owner

pytestmark = pytest.mark.usefixtures("impatient")


@pytest.fixture
def soon(monkeypatch):
    """A printer is given up after a moment instead of ten seconds."""
    monkeypatch.setattr(owner, "BACKUP_AFTER_S", 0.3)


@pytest.fixture
async def box(make_box, menu, printers, settings):
    """The bar stands in for the kitchen, the kitchen for the bar; nobody for the counter."""
    return await make_box(
        "backup", menu=menu, printers=settings(printers, dapur="bar", bar="dapur")
    )


def texts(printer):
    return [sheet.text for sheet in reversed(printer.sheets)]


async def test_a_printer_that_refuses_twice_is_given_up_at_once(
    box, printers, take, guest, jobs, proofs, quiet
):
    await printers["dapur"].stop()
    order = await take(box, guest.place("nasi-kecil"))
    (sheet,) = await printers["bar"].wait_for_sheets(1)
    assert "REROUTED FROM DAPUR" in sheet.text
    assert "DUPLI" not in sheet.text
    await quiet(box)
    (proof,) = await proofs(box)
    assert (proof.printer, proof.kind, proof.station_id) == ("bar", "kitchen_ticket", "dapur")
    assert proof.line_ids == (order.lines[0].line_id,)
    await printers["dapur"].start()
    await asyncio.sleep(0.3)
    assert printers["dapur"].sheets == ()
    assert sorted(await jobs(box)) == [("bar", "printed", 0), ("dapur", "moved", 0)]


@pytest.mark.usefixtures("soon")
async def test_a_printer_without_paper_is_given_up_after_a_while_and_prints_none_of_it_later(
    box, printers, take, guest, until
):
    printers["dapur"].change(paper_out=True)
    await take(box, guest.place("nasi-kecil"))
    await until(lambda: box.spool.faults["dapur"])
    assert printers["bar"].sheets == (), "someone may just be putting in a new roll"
    await printers["bar"].wait_for_sheets(1)
    began = asyncio.get_running_loop().time()
    await take(box, guest.place("nasi-besar"))
    await printers["bar"].wait_for_sheets(2)
    assert asyncio.get_running_loop().time() - began < 0.5, "it is known to be in trouble"
    printers["dapur"].change(paper_out=False)
    await until(lambda: box.spool.faults["dapur"] is None)
    await take(box, guest.place("nasi-kecil", "nasi-besar"))
    await printers["dapur"].wait_for_sheets(1)
    assert ["A003" in text for text in texts(printers["dapur"])] == [True]
    assert ["REROUTED" in text for text in texts(printers["bar"])] == [True, True]


@pytest.mark.usefixtures("soon")
async def test_what_may_have_come_out_says_duplicate_on_the_backup(
    box, printers, take, guest, until, proofs
):
    """The paper ran out inside the ticket: half of it hangs there, the rest is in the buffer."""
    printers["dapur"].change(paper_lines_left=3)
    await take(box, guest.place("nasi-kecil"))
    await until(lambda: box.spool.faults["dapur"])
    (sheet,) = await printers["bar"].wait_for_sheets(1)
    assert "DUPLICATE" in sheet.text
    printers["dapur"].change(paper_out=False)
    await printers["dapur"].wait_for_sheets(1)
    await asyncio.sleep(0.3)
    assert len(texts(printers["dapur"])) == 1, "its buffer held one, unmarked; the copy is marked"
    assert [(p.printer, p.duplicate) for p in await proofs(box)] == [("bar", 1)]


@pytest.mark.usefixtures("soon")
async def test_a_receipt_waits_for_its_own_printer_and_a_slip_goes_along(
    make_box, menu, printers, settings, take, guest, until
):
    """The counter's printer prints the bar's tickets as well; its backup is the kitchen's."""
    known = settings({"dapur": printers["dapur"]})
    counter = settings({"kasir": printers["kasir"]}, kasir="dapur")
    both = type(counter[0])(
        **{f: getattr(counter[0], f) for f in counter[0].__struct_fields__} | {"stations": ("bar",)}
    )
    box = await make_box(menu=menu, printers=(*known, both))
    printers["kasir"].change(cover_open=True)
    order = await take(box, guest.place("kopi"))
    await take(box, guest.pay(order.order_id, 20_000))
    (sheet,) = await printers["dapur"].wait_for_sheets(1)
    assert "REROUTED FROM KASIR" in sheet.text
    await asyncio.sleep(0.3)
    assert printers["kasir"].sheets == ()
    printers["kasir"].change(cover_open=False)
    (sheet,) = await printers["kasir"].wait_for_sheets(1)
    assert "18.000" in sheet.text
    assert printers["kasir"].drawer_kicks == 1


@pytest.mark.usefixtures("soon")
async def test_a_paper_moves_once_and_does_not_wander(
    box, printers, take, guest, until, jobs, quiet
):
    """Kitchen and bar stand in for each other, and both are out of paper."""
    printers["dapur"].change(paper_out=True)
    await take(box, guest.place("nasi-kecil"))
    await until(lambda: box.spool.faults["dapur"])
    await until(lambda: box.spool.owners["dapur"].moved)
    await quiet(box)
    assert printers["bar"].sheets_printed == 1
    printers["bar"].change(paper_out=True)
    await until(lambda: box.spool.faults["bar"])
    await take(box, guest.place("nasi-besar"))
    await asyncio.sleep(0.8)
    waiting = [(p, s) for p, s, _ in await jobs(box) if s in ("queued", "printing")]
    assert waiting == [("dapur", "queued")], "there is nowhere better to go"
    printers["bar"].change(paper_out=False)
    assert "nasi-besar" in (await printers["bar"].wait_for_sheets(2))[0].text
    printers["dapur"].change(paper_out=False)
    await asyncio.sleep(0.2)
    assert printers["dapur"].sheets == ()


@pytest.mark.usefixtures("soon")
async def test_a_backup_that_has_the_stations_own_paper_gets_no_second_one(
    make_box, menu, printers, settings, take, guest, until, jobs
):
    dapur, bar = settings({k: printers[k] for k in ("dapur", "bar")}, dapur="bar")
    fields = {f: getattr(bar, f) for f in bar.__struct_fields__}
    both = type(bar)(**fields | {"stations": ("dapur", "bar")})
    box = await make_box(menu=menu, printers=(dapur, both))
    printers["dapur"].change(paper_out=True)
    await take(box, guest.place("nasi-kecil"))
    await until(lambda: box.spool.owners["dapur"].moved)
    await asyncio.sleep(0.2)
    assert printers["bar"].sheets_printed == 1
    assert "REROUTED" not in printers["bar"].sheets[0].text
    assert sorted(await jobs(box)) == [("bar", "printed", 0), ("dapur", "moved", 0)]


async def test_without_a_backup_papers_wait_and_nothing_is_lost(
    printing_box, printers, take, guest, until, quiet
):
    await printers["bar"].stop()
    for _ in range(5):
        await take(printing_box, guest.place("kopi"))
    await until(lambda: printing_box.spool.faults["bar"])
    await printers["bar"].start()
    await quiet(printing_box)
    assert [text.count("A00") for text in texts(printers["bar"])] == [2] * 5
    assert printing_box.spool.faults["bar"] is None


async def test_the_delivery_desk_and_the_backup_do_not_both_print(
    box, printers, take, guest, until, quiet, jobs
):
    """Unconfirmed for five seconds the desk sends it elsewhere, before the printer is given up."""
    printers["dapur"].change(paper_out=True)
    await until(lambda: box.spool.faults["dapur"])
    await take(box, guest.place("nasi-kecil"))
    (sheet,) = await printers["bar"].wait_for_sheets(1, timeout_s=15)
    assert ("REROUTED" in sheet.text, "DUPLI" in sheet.text) == (True, False)
    await asyncio.sleep(6)  # whoever else might want to send it somewhere has had the time
    printers["dapur"].change(paper_out=False)
    await quiet(box)
    assert [p.sheets_printed for p in printers.values()] == [0, 1, 0]
    assert sorted(s for _, s, _ in await jobs(box)) == ["moved", "printed"]
