"""Printers that stand in for one another in a ring, are taken away while papers wait, or serve two boxes."""

import asyncio

import pytest
from httpx import ASGITransport, AsyncClient

from edge.app import create_app
from edge.config import PrinterConfig, stand_ins_of
from edge.printing import owner

pytestmark = pytest.mark.usefixtures("impatient")


@pytest.fixture
def soon(monkeypatch):
    """A printer is given up after a moment instead of ten seconds."""
    monkeypatch.setattr(owner, "BACKUP_AFTER_S", 0.3)


@pytest.fixture
def post():
    async def send(box, path, key, **body):
        transport = ASGITransport(create_app(box))
        async with AsyncClient(transport=transport, base_url="http://box") as speaks:
            headers = {"Idempotency-Key": key}
            answer = await speaks.post(path, json=body, headers=headers)
            return answer.status_code, answer.json()

    return send


@pytest.fixture
async def ring(make_box, menu, printers, settings):
    """Kitchen → bar → counter → kitchen."""
    known = settings(printers, dapur="bar", bar="kasir", kasir="dapur")
    return await make_box("ring", menu=menu, printers=known)


def texts(printer):
    return [sheet.text for sheet in reversed(printer.sheets)]


def test_a_ring_names_each_printer_once():
    ring = {
        name: PrinterConfig(id=name, name=name, host="printer", backup=backup)
        for name, backup in (("a", "b"), ("b", "c"), ("c", "a"), ("d", "a"), ("e", "gone"))
    }
    assert stand_ins_of("a", ring) == ("b", "c")
    assert stand_ins_of("d", ring) == ("a", "b", "c")
    assert stand_ins_of("e", ring) == ()


@pytest.mark.usefixtures("soon")
async def test_with_the_backup_dead_as_well_the_next_one_prints(
    ring, printers, take, guest, until, quiet, proofs
):
    for name in ("dapur", "bar"):
        printers[name].change(paper_out=True)
    await until(lambda: ring.spool.faults["dapur"] and ring.spool.faults["bar"])
    await take(ring, guest.place("nasi-kecil"))
    await quiet(ring)
    (text,) = texts(printers["kasir"])
    assert "REROUTED FROM DAPUR" in text
    assert "DUPLI" not in text
    for name in ("dapur", "bar"):
        printers[name].change(paper_out=False)
    await asyncio.sleep(0.3)
    assert [p.printer for p in await proofs(ring)] == ["kasir"]
    assert (texts(printers["dapur"]), texts(printers["bar"])) == ([], [])


@pytest.mark.usefixtures("soon")
async def test_what_was_moved_goes_home_when_the_stand_in_dies_and_its_own_printer_is_well(
    make_box, menu, printers, settings, take, guest, until, quiet, jobs
):
    box = await make_box("pair", menu=menu, printers=settings(printers, dapur="bar", bar="dapur"))
    printers["dapur"].change(paper_out=True)
    await until(lambda: box.spool.faults["dapur"])
    printers["bar"].change(silent=True)  # it has the paper before anybody knows of its trouble
    await take(box, guest.place("nasi-kecil"))
    async with asyncio.timeout(5):
        while ("dapur", "moved", 0) not in await jobs(box):  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    printers["dapur"].change(paper_out=False)
    await quiet(box)
    (text,) = texts(printers["dapur"])
    assert "REROUTED" not in text, "it is where it belongs"
    assert "DUPLI" not in text
    printers["bar"].change(silent=False)
    await asyncio.sleep(0.3)
    assert printers["bar"].sheets_printed == 0


@pytest.mark.usefixtures("soon")
async def test_two_printers_of_a_station_that_die_together_leave_one_ticket_at_their_stand_in(
    make_box, make_printer, menu, take, guest, until, quiet
):
    """Both would have had the ticket; the one that prints for both must not show it twice."""
    virtual = {name: await make_printer() for name in ("left", "right", "spare")}
    config = tuple(
        PrinterConfig(
            id=name,
            name=name.title(),
            host=printer.host,
            port=printer.port,
            stations=() if name == "spare" else ("dapur",),
            backup=None if name == "spare" else "spare",
            timeout_s=2.0,
        )
        for name, printer in virtual.items()
    )
    box = await make_box("twins", menu=menu, printers=config)
    for name in ("left", "right"):
        virtual[name].change(paper_out=True)
    await until(lambda: box.spool.faults["left"] and box.spool.faults["right"])
    await take(box, guest.place("nasi-kecil"))
    await quiet(box)
    await asyncio.sleep(0.3)
    assert len(texts(virtual["spare"])) == 1


async def test_a_printer_that_is_taken_away_leaves_its_papers_with_a_person(
    make_box, printing_box, printers, settings, take, guest, until, jobs, post, clock
):
    """Somebody deletes it from the configuration while a ticket and a receipt wait for it."""
    for name in ("dapur", "kasir"):
        printers[name].change(paper_out=True)
    await until(lambda: printing_box.spool.faults["dapur"] and printing_box.spool.faults["kasir"])
    order = await take(printing_box, guest.place("nasi-kecil"))
    await take(printing_box, guest.pay(order.order_id, 25_000))
    await until(lambda: printing_box.spool.follower.lag == 0)
    await printing_box.stop()
    clock.now_ms += 2 * 60_000
    again = await make_box("printing", printers=settings({"bar": printers["bar"]}))
    assert {s for _, s, _ in await jobs(again)} == {"held"}
    told = {n.code: n for n in again.health.notices()}
    assert "not there any more" in told["printer.dapur.gone"].en
    assert "sudah tidak ada" in told["printer.kasir.gone"].id
    listed, _ = await again.spool.desk.listed(due=True, order_id=order.order_id)
    assert {job.printer for job in listed} == {"dapur", "kasir"}
    for job in listed:  # one tap, without naming a printer, and it comes out where one is left
        status, answer = await post(again, f"/api/papers/{job.job_id}/reprint", f"tap {job.kind}")
        assert (status, answer["papers"][0]["printer"]) == (200, "bar")
    await printers["bar"].wait_for_sheets(2)
    assert not any("DUPLI" in text for text in texts(printers["bar"]))
    assert printers["bar"].drawer_kicks == 0
    assert not [n for n in again.health.notices() if n.code.endswith(".gone")]


async def test_two_boxes_at_one_printer_print_every_paper_whole_and_once(
    make_box, menu, make_printer, settings, take, guest, quiet
):
    """The one that stands by finishes what it has begun, at the very printer of the one in charge."""
    shared = {"dapur": await make_printer()}
    shared["dapur"].change(lines_per_s=400)
    boxes = [
        await make_box(name, menu=menu, printers=settings(shared)) for name in ("first", "second")
    ]
    orders = [await take(box, guest.place("nasi-kecil")) for _ in range(5) for box in boxes]
    for box in boxes:
        await quiet(box, within_s=25)
    found = texts(shared["dapur"])
    assert len(found) == len(orders)
    assert not any("DUPLI" in text for text in found)
    assert all(text.count("nasi-kecil") == 1 for text in found), "no two in one"
