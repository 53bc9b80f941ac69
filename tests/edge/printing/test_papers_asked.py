"""What people ask of the printers: list, print again or elsewhere, discard, test; each once."""

import asyncio

import msgspec
import pytest
from httpx import ASGITransport, AsyncClient

from edge.app import create_app
from edge.printing import papers as table
from protocol import commands as c
from protocol.bill import Check, CheckLine
from protocol.floor_commands import SplitChecks

pytestmark = pytest.mark.usefixtures("impatient")


@pytest.fixture
def box(printing_box):
    return printing_box


@pytest.fixture
async def client(box):
    transport = ASGITransport(create_app(box))
    async with AsyncClient(transport=transport, base_url="http://box") as speaks:
        yield speaks


@pytest.fixture
def ask(client):
    """Asks for paper; the answer's status and body."""

    async def post(path, key="key-1", **body):
        answer = await client.post(path, json=body, headers={"Idempotency-Key": key})
        return answer.status_code, answer.json()

    return post


@pytest.fixture
async def paid(box, take, guest, quiet):
    """A dinner, cooked and paid: a ticket and a receipt came out."""
    order = await take(box, guest.place("nasi-kecil"))
    await take(box, guest.pay(order.order_id, 30_000))
    await quiet(box)
    return order


def texts(printer):
    return [sheet.text for sheet in reversed(printer.sheets)]


async def test_a_receipt_again_counts_its_copies_and_never_opens_the_drawer(
    box, printers, paid, ask, quiet
):
    for number in range(1, 4):
        status, body = await ask(f"/api/orders/{paid.order_id}/receipt", f"key-{number}")
        assert (status, body["papers"][0]["kind"]) == (200, "receipt")
        await quiet(box)
    marks = [f"SALINAN {n}" in text for n, text in enumerate(texts(printers["kasir"]))]
    assert marks == [False, True, True, True]
    assert printers["kasir"].drawer_kicks == 1


async def test_asked_twice_with_one_key_it_prints_once(box, printers, paid, ask, quiet):
    path = f"/api/orders/{paid.order_id}/receipt"
    answers = await asyncio.gather(*(ask(path) for _ in range(5)))
    await quiet(box)
    answers.append(await ask(path))
    assert len({body["papers"][0]["job_id"] for _, body in answers}) == 1
    assert printers["kasir"].sheets_printed == 2


async def test_each_guest_has_a_paper_of_their_own_and_none_is_a_copy_of_anothers(
    box, printers, take, guest, ask, quiet
):
    order = await take(box, guest.place("nasi-kecil", "nasi-besar"))
    checks = tuple(
        Check(check_id=f"c{n}", lines=(CheckLine(line_id=line.line_id),))
        for n, line in enumerate(order.lines, 1)
    )
    await take(box, SplitChecks(order_id=order.order_id, checks=checks))
    path = f"/api/orders/{order.order_id}/receipt"
    for n in (1, 2, 1):
        status, _ = await ask(path, f"key-{n}-{len(printers['kasir'].sheets)}", check_id=f"c{n}")
        assert status == 200
        await quiet(box)
    first, second, again = texts(printers["kasir"])
    assert "25.000" in first
    assert "32.000" not in first
    assert "32.000" in second
    assert ["SALINAN" in text for text in (first, second, again)] == [False, False, True]
    status, body = await ask(path, "key-4", check_id="c9")
    assert (status, body["code"]) == (404, "unknown_check")


async def test_the_bill_before_paying_is_no_copy_of_the_receipt(
    box, printers, take, guest, ask, quiet
):
    order = await take(box, guest.place("nasi-kecil"))
    status, body = await ask(f"/api/orders/{order.order_id}/receipt")
    assert (status, body["papers"][0]["kind"]) == (200, "bill")
    await take(box, guest.pay(order.order_id, 25_000))
    await quiet(box)
    bill, receipt = texts(printers["kasir"])
    assert "NOT PAID" in bill
    assert "NOT PAID" not in receipt
    assert "DUPLI" not in receipt


async def test_a_paper_that_waits_goes_to_another_printer_and_not_twice(
    box, printers, take, guest, client, ask, quiet, until
):
    printers["dapur"].change(cover_open=True)
    await take(box, guest.place("nasi-kecil"))
    await until(lambda: box.spool.faults["dapur"])  # perhaps by its own look, before the paper came
    async with asyncio.timeout(5):
        while not (papers := (await client.get("/api/papers")).json()["papers"]):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    (waits,) = papers
    assert (waits["state"], waits["printer_name"], waits["number"]) == ("queued", "Dapur", "A001")
    assert "cover" in waits["fault_en"].lower()
    assert "Tutup" in waits["fault_id"]
    status, body = await ask(
        f"/api/papers/{waits['job_id']}/reprint", printer="bar", screen="kasir"
    )
    assert (status, body["papers"][0]["printer"]) == (200, "bar")
    await printers["bar"].wait_for_sheets(1)
    printers["dapur"].change(cover_open=False)
    await quiet(box)
    assert texts(printers["dapur"]) == []
    assert "REROUTED FROM DAPUR" in texts(printers["bar"])[0]
    assert "DUPLI" not in texts(printers["bar"])[0]
    listed = (await client.get("/api/papers?state=all")).json()["papers"]
    assert [(p["printer"], p["state"], p["moved_to"]) for p in listed] == [
        ("bar", "printed", None), ("dapur", "moved", "bar"),
    ]  # fmt: skip
    assert [s["en"] for s in listed[1]["history"]][-1] == "Moved to another printer: Bar"


async def test_a_ticket_printed_again_has_its_lines_as_they_now_are(
    box, printers, take, guest, ask, client, quiet
):
    order = await take(box, guest.place("nasi-kecil", "nasi-besar"))
    await quiet(box)
    bump = c.BumpTicket(
        order_id=order.order_id, station_id="dapur", line_ids=(order.lines[0].line_id,)
    )
    await take(box, bump)
    (first,) = (await client.get("/api/papers?state=all")).json()["papers"]
    await ask(f"/api/papers/{first['job_id']}/reprint")
    await quiet(box)
    assert "nasi-kecil" not in texts(printers["dapur"])[1]
    assert "nasi-besar" in texts(printers["dapur"])[1]
    await take(box, msgspec.structs.replace(bump, line_ids=(order.lines[1].line_id,)))
    status, no = await ask(f"/api/papers/{first['job_id']}/reprint", "key-2")
    assert (status, no["code"]) == (409, "nothing_to_print")
    status, no = await ask(f"/api/orders/{order.order_id}/tickets", "key-3")
    assert (status, no["code"]) == (409, "nothing_to_print")


async def test_a_station_without_a_printer_gets_paper_where_it_is_asked_for(
    make_box, menu, printers, settings, take, guest, quiet
):
    box = await make_box(menu=menu, printers=settings({"kasir": printers["kasir"]}))
    order = await take(box, guest.place("paket"))
    found = await box.spool.desk.tickets(order.order_id, "key", "kasir", "counter-1")
    assert [(j.station_id, j.printer) for j in found] == [("bar", "kasir"), ("dapur", "kasir")]
    await quiet(box)
    assert not any("DUPLI" in t for t in texts(printers["kasir"])), "nobody had it on paper yet"


async def test_discarding_is_for_what_has_not_come_out(
    box, printers, paid, take, guest, client, ask, until
):
    printed = (await client.get("/api/papers?state=all")).json()["papers"][0]["job_id"]
    status, no = await ask(f"/api/papers/{printed}/discard")
    assert (status, no["code"]) == (409, "paper_done")
    printers["dapur"].change(paper_out=True)
    await until(lambda: box.spool.faults["dapur"])
    await take(box, guest.place("nasi-kecil"))
    await until(lambda: box.spool.follower.lag == 0)
    (waits,) = (await client.get("/api/papers")).json()["papers"]
    for _ in range(2):
        status, card = await ask(f"/api/papers/{waits['job_id']}/discard", screen="kasir-1")
        assert (status, card["state"]) == (200, "discarded")
    assert card["history"][-1]["by"] == "kasir-1"
    printers["dapur"].change(paper_out=False)
    await until(lambda: box.spool.faults["dapur"] is None)
    assert printers["dapur"].sheets_printed == 1


async def test_printers_are_listed_in_words_and_print_a_test_page(
    box, printers, client, ask, until, proofs
):
    printers["bar"].change(paper_out=True)
    # On a busy machine the others may have been late with an answer a moment ago.
    await until(lambda: [p for p, f in box.spool.faults.items() if f is not None] == ["bar"])
    cards = {card["printer"]: card for card in (await client.get("/api/printers")).json()}
    assert (cards["dapur"]["ok"], cards["dapur"]["code"]) == (True, "")
    assert (cards["bar"]["ok"], cards["bar"]["code"]) == (False, "paper_out")
    assert "roll" in cards["bar"]["en"]
    assert "gulungan" in cards["bar"]["id"]
    assert cards["kasir"]["receipts"]
    assert cards["kasir"]["address"].endswith(str(printers["kasir"].port))
    status, _ = await ask("/api/printers/dapur/test", screen="counter-1")
    assert status == 200
    (sheet,) = await printers["dapur"].wait_for_sheets(1)
    assert cards["dapur"]["address"] in sheet.text
    assert await proofs(box) == [], "a test page belongs to no order"


@pytest.mark.parametrize(
    ("path", "body", "code"),
    [
        ("/api/papers/nowhere/reprint", {}, "unknown_paper"),
        ("/api/papers/nowhere/discard", {}, "unknown_paper"),
        ("/api/orders/nowhere/receipt", {}, "unknown_order"),
        ("/api/orders/nowhere/tickets", {}, "unknown_order"),
        ("/api/printers/attic/test", {}, "unknown_printer"),
        ("/api/orders/{order}/receipt", {"printer": "attic"}, "unknown_printer"),
        ("/api/orders/{order}/tickets", {"printer": "attic"}, "unknown_printer"),
        ("/api/papers/{job}/reprint", {"printer": "attic"}, "unknown_printer"),
        ("/api/orders/{order}/receipt", {"printer": 7}, "bad_request"),
    ],
)
async def test_what_cannot_be_printed_is_refused_in_words(box, paid, client, ask, path, body, code):
    job = (await client.get("/api/papers?state=all")).json()["papers"][0]["job_id"]
    status, no = await ask(path.format(order=paid.order_id, job=job), **body)
    assert (status >= 400, no["code"]) == (True, code)
    assert no["title"] != no["title_id"]


async def test_without_a_key_nothing_is_printed(box, paid, client):
    answer = await client.post(f"/api/orders/{paid.order_id}/receipt", json={})
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_request")
    assert "Idempotency-Key" in answer.json()["title"]


async def test_a_key_of_another_order_is_refused(box, paid, take, guest, ask):
    await ask(f"/api/orders/{paid.order_id}/receipt")
    other = await take(box, guest.place("kopi"))
    status, no = await ask(f"/api/orders/{other.order_id}/receipt")
    assert (status, no["code"]) == (409, "command_reused")


async def test_more_papers_than_a_printer_may_owe_are_held_and_listed(
    box, printers, take, guest, client, until, monkeypatch
):
    monkeypatch.setattr(table, "WAITING_MAX", 3)
    printers["dapur"].change(paper_out=True)
    await until(lambda: box.spool.faults["dapur"])
    for _ in range(5):
        await take(box, guest.place("nasi-kecil"))
    await until(lambda: box.spool.follower.lag == 0)
    listed = (await client.get("/api/papers")).json()["papers"]
    assert [p["state"] for p in listed] == ["held", "held", "queued", "queued", "queued"]
    assert "Too many" in listed[0]["fault_en"]
    printers["dapur"].change(paper_out=False)
    await printers["dapur"].wait_for_sheets(3)
    assert box.spool.set_aside("dapur") == 2


async def test_an_x_report_says_how_the_day_stands_and_closes_nothing(
    box, printers, paid, ask, quiet
):
    status, body = await ask("/api/printers/kasir/x-report", "x-1")
    assert (status, body["papers"][0]["kind"]) == (200, "report")
    await quiet(box)
    text = texts(printers["kasir"])[-1]
    assert "LAPORAN X" in text
    assert "Rp 25.000" in text
    assert "Sementara" in text
    assert (await ask("/api/printers/nowhere/x-report", "x-2"))[0] == 404
