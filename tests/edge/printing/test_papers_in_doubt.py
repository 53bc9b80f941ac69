"""A paper that may have come out is not printed for ever, one that is proven never again; no drawer opens late."""

import asyncio

import pytest
from httpx import ASGITransport, AsyncClient

from edge.app import create_app
from edge.database import Busy
from edge.printing.owner import DOUBTS_MAX
from edge.printing.printers import PrinterFault

pytestmark = pytest.mark.usefixtures("impatient")


@pytest.fixture
def box(printing_box):
    return printing_box


@pytest.fixture
def post(box):
    async def send(path, key, **body):
        transport = ASGITransport(create_app(box))
        async with AsyncClient(transport=transport, base_url="http://box") as speaks:
            headers = {"Idempotency-Key": key}
            return await speaks.post(path, json=body, headers=headers)

    return send


@pytest.fixture
def ids(box):
    async def found(kind):
        sql = "SELECT job_id FROM print_jobs WHERE kind = ? ORDER BY rowid"
        rows = await box.database.read(lambda db: db.execute(sql, (kind,)).fetchall())
        return [job_id for (job_id,) in rows]

    return found


def texts(printer):
    return [sheet.text for sheet in reversed(printer.sheets)]


async def test_a_printer_that_never_proves_it_gets_three_papers_and_not_the_whole_roll(
    box, printers, take, guest, jobs, until, monkeypatch
):
    """It prints each time, and hangs up instead of answering: status as cheap clones do it."""
    printer = box.spool.owners["dapur"].printer
    real = printer.print

    async def print_and_hang_up(data):
        await real(data)
        raise PrinterFault("closed", may_have_printed=True)

    monkeypatch.setattr(printer, "print", print_and_hang_up)
    first = await take(box, guest.place("nasi-kecil"))
    await until(lambda: printers["dapur"].sheets_printed == DOUBTS_MAX, 5)
    held = [("dapur", "held", DOUBTS_MAX)]
    async with asyncio.timeout(5):
        while await jobs(box) != held:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    await asyncio.sleep(0.3)
    assert printers["dapur"].sheets_printed == DOUBTS_MAX, "then a person looks"
    assert ["DUPLI" in t for t in texts(printers["dapur"])] == [False, True, True]
    notice = next(n for n in box.health.notices() if n.code == "printer.dapur.held")
    assert "may have come out" in notice.en
    assert "mungkin sudah tercetak" in notice.id
    # What waits behind it is not held up for ever, and the rest of the evening prints.
    monkeypatch.setattr(printer, "print", real)
    second = await take(box, guest.place("nasi-kecil"))
    await until(lambda: printers["dapur"].sheets_printed == DOUBTS_MAX + 1)
    assert first.number not in texts(printers["dapur"])[-1]
    assert second.number in texts(printers["dapur"])[-1]


async def test_a_proof_that_cannot_be_written_down_at_once_is_no_second_paper(
    box, printers, take, guest, quiet, proofs, until, monkeypatch
):
    owner, real, failures = box.spool.owners["dapur"], box.database.write, []

    async def write(work):
        if owner._owed is not None and not failures:
            failures.append("busy")
            raise Busy("the disk is busy")
        return await real(work)

    monkeypatch.setattr(box.database, "write", write)
    await take(box, guest.place("nasi-kecil"))
    await until(lambda: failures)
    await quiet(box)
    assert failures == ["busy"]
    await asyncio.sleep(0.2)
    assert printers["dapur"].sheets_printed == 1
    assert [p.duplicate for p in await proofs(box)] == [0]


async def test_a_drawer_in_doubt_is_left_alone_and_no_slip_says_duplicate(
    box, printers, take, guest, quiet, jobs, until, monkeypatch
):
    printer = box.spool.owners["kasir"].printer
    real, tries = printer.print, []

    async def lose_the_line(data):
        tries.append(data)
        raise PrinterFault("closed", may_have_printed=True)

    monkeypatch.setattr(printer, "print", lose_the_line)
    order = await take(box, guest.place("nasi-kecil"))
    await take(box, guest.pay(order.order_id, 10_000))  # part of it: the drawer opens
    await until(lambda: tries)
    monkeypatch.setattr(printer, "print", real)
    await quiet(box)
    assert ("kasir", "discarded", 1) in await jobs(box)
    assert printers["kasir"].sheets_printed == 0
    assert printers["kasir"].drawer_kicks == 0


async def test_the_list_of_papers_is_no_way_to_the_cash(
    box, printers, take, guest, quiet, ids, post, clock, until
):
    """A receipt is kept back and printed when nobody looks: it opens no drawer any more."""
    printers["kasir"].change(cover_open=True)
    await until(lambda: box.spool.faults["kasir"])
    order = await take(box, guest.place("nasi-kecil"))
    await take(box, guest.pay(order.order_id, 10_000))
    await take(box, guest.pay(order.order_id, 15_000))
    await until(lambda: box.spool.follower.lag == 0)
    (drawer,), (receipt,) = await ids("drawer"), await ids("receipt")
    answer = await post(f"/api/papers/{drawer}/reprint", "open")
    assert (answer.status_code, answer.json()["code"]) == (409, "drawer_again")
    clock.now_ms += 2 * 60_000
    assert (await post(f"/api/papers/{receipt}/discard", "away")).status_code == 200
    assert (await post(f"/api/papers/{receipt}/reprint", "later")).status_code == 200
    printers["kasir"].change(cover_open=False)
    await quiet(box)
    assert len(texts(printers["kasir"])) == 1
    assert printers["kasir"].drawer_kicks == 0


async def test_a_receipt_that_waits_opens_no_drawer_on_another_printer_later(
    box, printers, take, guest, quiet, post, clock, until
):
    printers["kasir"].change(cover_open=True)
    await until(lambda: box.spool.faults["kasir"])
    order = await take(box, guest.place("nasi-kecil"))
    await take(box, guest.pay(order.order_id, 25_000))
    await until(lambda: box.spool.follower.lag == 0)
    clock.now_ms += 2 * 60_000
    path = f"/api/orders/{order.order_id}/receipt"
    assert (await post(path, "there", printer="bar")).status_code == 200
    await printers["bar"].wait_for_sheets(1)
    assert printers["bar"].drawer_kicks == 0
