"""What went wrong with paper in other systems (field failures FS-38 to FS-58), and what happens here."""

import asyncio
import contextlib

import msgspec
import pytest
from httpx import ASGITransport, AsyncClient

from edge.app import create_app
from edge.config import PrinterConfig
from protocol import commands as c
from protocol.orders import OrderStatus, Source


@pytest.fixture
def box(printing_box):
    return printing_box


@pytest.fixture
def texts(printers):
    """What a printer put out, oldest first."""

    def of(name):
        return [sheet.text for sheet in reversed(printers[name].sheets)]

    return of


@pytest.fixture
def told(box):
    """Follows the feed as a till does, until it is told about a printer; how long that took."""

    async def wait(printer, within_s=3.0):
        began = asyncio.get_running_loop().time()
        async with asyncio.timeout(within_s), contextlib.aclosing(box.feed.follow()) as messages:
            async for message in messages:
                for notice in getattr(message, "notices", ()):
                    if notice.code == f"printer.{printer}":
                        return notice, asyncio.get_running_loop().time() - began
        raise AssertionError("the feed ended")

    return wait


def cancelling(order):
    return c.ChangeOrderStatus(
        order_id=order.order_id, status=OrderStatus.CANCELLED, reason="tamu pergi"
    )


async def test_fs38_an_impatient_thumb_gets_one_ticket(box, client, printers, guest, quiet, texts):
    """SEND eight times, with a printer that takes its time."""
    printers["dapur"].change(lines_per_s=20)
    order = msgspec.to_builtins(guest.place("nasi-kecil"))
    body = order | {"screen": "counter-1"}
    headers = {"Idempotency-Key": guest.new_id()}
    answers = await asyncio.gather(
        *(client.post("/api/orders", json=body, headers=headers) for _ in range(8))
    )
    assert {a.status_code for a in answers} == {200}
    fire = {"status": "fired", "screen": "counter-1"}
    for _ in range(3):
        path = f"/api/orders/{body['order_id']}/status"
        await client.patch(path, json=fire, headers={"Idempotency-Key": guest.new_id()})
    await quiet(box)
    assert len(texts("dapur")) == 1
    assert "DUPLI" not in texts("dapur")[0]


@pytest.mark.usefixtures("impatient")
async def test_fs40_whoever_prints_again_the_copy_says_so(
    box, client, take, guest, quiet, texts, clock, proofs
):
    """A kiosk's order printed in the kitchen; a cashier opens it and prints again, twice."""
    order = await take(box, guest.place("nasi-kecil", source=Source.KIOSK), screen="kiosk-1")
    await quiet(box)
    for number in (1, 2):
        clock.now_ms += 60_000
        answer = await client.post(
            f"/api/orders/{order.order_id}/tickets",
            json={"screen": "counter-1"},
            headers={"Idempotency-Key": f"again-{number}"},
        )
        assert answer.status_code == 200
        await quiet(box)
    assert [f"SALINAN {n}" in t for n, t in enumerate(texts("dapur"))] == [False, True, True]
    assert "22/11/2026 19:16" in texts("dapur")[2], "and when the copy was made"
    history = (
        await client.get("/api/papers", params={"order": order.order_id, "state": "all"})
    ).json()["papers"]
    assert [(p["copies"], p["state"]) for p in history] == [
        (2, "printed"), (1, "printed"), (0, "printed"),
    ]  # fmt: skip
    assert [s["by"] for s in history[0]["history"]] == ["counter-1", "dapur"]
    assert [p.duplicate for p in await proofs(box)] == [0, 1, 2]
    entries = [f.entry for f in await box.journal.read_after(0, 1000)]
    actors = [e.actor for e in entries if e.type == "paper.printed"]
    assert actors == ["dapur", "counter-1", "counter-1"]


@pytest.mark.usefixtures("impatient")
async def test_fs45_what_is_called_off_is_called_off_on_paper_when_the_printer_is_back(
    box, printers, take, guest, quiet, texts, until
):
    """A kitchen of paper alone: one line, some of a line and a whole order, with the printer off."""
    some = await take(box, guest.place("nasi-kecil", guest.line("nasi-besar", quantity=2)))
    whole = await take(box, guest.place("nasi-kecil"))
    await quiet(box)
    printers["dapur"].change(offline=True)
    await until(lambda: box.spool.faults["dapur"])
    first, second = some.lines
    await take(box, c.VoidLine(order_id=some.order_id, line_id=first.line_id, reason="salah"))
    fewer = c.VoidLine(order_id=some.order_id, line_id=second.line_id, reason="satu", quantity=1)
    await take(box, fewer)
    await take(box, cancelling(whole))
    printers["dapur"].change(offline=False)
    await quiet(box)
    *_, void, less, off = texts("dapur")
    assert len(texts("dapur")) == 5
    assert all("BATAL" in text for text in (void, less, off))
    assert [some.number in void, some.number in less, whole.number in off] == [True] * 3


@pytest.mark.usefixtures("impatient")
async def test_fs45_a_ticket_that_never_came_out_does_not_come_out_once_its_order_is_cancelled(
    box, printers, take, guest, quiet, texts, until, jobs
):
    """The printer is back after the guest has left: neither a ticket to cook nor a slip about it."""
    printers["dapur"].change(paper_out=True)
    await until(lambda: box.spool.faults["dapur"])
    gone = await take(box, guest.place("nasi-kecil"))
    stays = await take(box, guest.place("nasi-kecil"))
    await take(box, cancelling(gone))
    await until(lambda: box.spool.follower.lag == 0)
    printers["dapur"].change(paper_out=False)
    await quiet(box)
    (text,) = texts("dapur")
    assert stays.number in text
    assert sorted(s for _, s, _ in await jobs(box)) == ["discarded", "discarded", "printed"]


async def test_fs47_sending_does_not_wait_for_the_printer(
    box, client, printers, guest, told, texts
):
    printers["dapur"].change(silent=True)
    body = msgspec.to_builtins(guest.place("nasi-kecil")) | {"screen": "counter-1"}
    began = asyncio.get_running_loop().time()
    answer = await client.post("/api/orders", json=body, headers={"Idempotency-Key": "send"})
    assert answer.status_code == 200
    assert asyncio.get_running_loop().time() - began < 0.3
    notice, _ = await told("dapur")
    assert "does not answer" in notice.en
    printers["dapur"].change(silent=False)
    await printers["dapur"].wait_for_sheets(1)
    assert "DUPLI" not in texts("dapur")[0], "it was asked before a byte was sent"


async def test_fs51_a_printer_that_was_off_prints_once_when_it_is_on(
    box, printers, take, guest, clock, told, quiet, texts
):
    await printers["dapur"].stop()
    await take(box, guest.place("nasi-kecil"))
    notice, after_s = await told("dapur", within_s=5.0)
    assert "power" in notice.en
    assert "listrik" in notice.id
    assert after_s < 5.0
    clock.now_ms += 2 * 60_000
    await printers["dapur"].start()
    await quiet(box)
    assert len(texts("dapur")) == 1
    assert "DUPLI" not in texts("dapur")[0]
    assert not [n for n in box.health.notices() if n.code == "printer.dapur"]


@pytest.mark.parametrize(
    ("condition", "word"), [({"paper_out": True}, "paper"), ({"cover_open": True}, "cover")]
)
async def test_fs52_no_paper_is_no_success(
    box, printers, take, guest, told, quiet, texts, jobs, condition, word
):
    printers["dapur"].change(**condition)
    notice, after_s = await told("dapur")
    assert word in notice.en.lower()
    assert after_s < 3.0, "said before anybody prints"
    for _ in range(6):
        await take(box, guest.place("nasi-kecil"))
    await asyncio.sleep(0.3)
    assert [s for _, s, _ in await jobs(box)] == ["queued"] * 6
    printers["dapur"].change(**dict.fromkeys(condition, False))
    await quiet(box)
    numbers = [f"A00{n}" for n in range(1, 7)]
    assert [n in t for n, t in zip(numbers, texts("dapur"), strict=True)] == [True] * 6
    assert not any("DUPLI" in t for t in texts("dapur"))


@pytest.mark.usefixtures("impatient")
async def test_fs52_after_an_hour_without_paper_the_tickets_ask_first(
    box, printers, take, guest, clock, quiet, texts, jobs, until
):
    printers["dapur"].change(paper_out=True)
    for _ in range(6):
        await take(box, guest.place("nasi-kecil"))
    await until(lambda: box.spool.faults["dapur"] and box.spool.follower.lag == 0)
    clock.now_ms += 3_600_000
    printers["dapur"].change(paper_out=False)
    await quiet(box)
    assert texts("dapur") == []
    assert [s for _, s, _ in await jobs(box)] == ["held"] * 6


@pytest.mark.usefixtures("impatient")
async def test_fs52_power_lost_before_the_cover_is_closed_loses_no_ticket(
    box, printers, take, guest, quiet, texts, jobs, proofs, until
):
    """The roll ends inside the first ticket; the rest of it is in the printer's buffer and goes."""
    printers["dapur"].change(paper_lines_left=3)
    for _ in range(6):
        await take(box, guest.place("nasi-kecil"))
    await until(lambda: box.spool.faults["dapur"])
    assert "printed" not in [s for _, s, _ in await jobs(box)]
    printers["dapur"].change(cover_open=True)
    printers["dapur"].power_cycle()
    printers["dapur"].change(cover_open=False, paper_out=False)
    await quiet(box)
    whole = [t for t in texts("dapur") if "1 item" in t]
    assert [n in t for n, t in zip((f"A00{n}" for n in range(1, 7)), whole, strict=True)] == [
        True
    ] * 6
    assert ["DUPLI" in t for t in whole] == [True] + [False] * 5, "half of it may hang there"
    assert [p.duplicate for p in await proofs(box)] == [1, 0, 0, 0, 0, 0]


async def test_fs55_one_dead_printer_stops_no_other(
    make_box, make_printer, menu, guest, take, until
):
    names = ("grill", "bar", "pastry", "expo")
    printers = {name: await make_printer() for name in names}
    config = [
        {"id": n, "name": n, "host": p.host, "port": p.port, "stations": ("dapur",)}
        for n, p in printers.items()
    ]
    box = await make_box(menu=menu, printers=msgspec.convert(config, tuple[PrinterConfig, ...]))
    await printers["bar"].stop()
    began = asyncio.get_running_loop().time()
    await take(box, guest.place("nasi-kecil"))
    for name in ("grill", "pastry", "expo"):
        await printers[name].wait_for_sheets(1)
    assert asyncio.get_running_loop().time() - began < 1.5
    await printers["bar"].start()
    await printers["bar"].wait_for_sheets(1)
    assert [p.sheets_printed for p in printers.values()] == [1, 1, 1, 1]


@pytest.mark.usefixtures("impatient")
async def test_fs56_in_the_morning_the_kitchen_is_asked_and_the_counter_gets_its_receipts(
    box, client, printers, take, guest, clock, quiet, texts, until
):
    for name in ("dapur", "kasir"):
        printers[name].change(offline=True)
    orders = [await take(box, guest.place("nasi-kecil")) for _ in range(9)]
    for order in orders[:2]:  # paid, and one of them served: nobody needs its ticket any more
        await take(box, guest.pay(order.order_id, 25_000))
    served = {"status": OrderStatus.SERVED.value, "screen": "counter-1"}
    path = f"/api/orders/{orders[0].order_id}/status"
    await client.patch(path, json=served, headers={"Idempotency-Key": "served"})
    await until(lambda: box.spool.follower.lag == 0)
    clock.now_ms += 10 * 3_600_000
    for name in ("dapur", "kasir"):
        printers[name].change(offline=False)
    await quiet(box)
    assert texts("dapur") == []
    assert len(texts("kasir")) == 2
    listed = (await client.get("/api/papers")).json()["papers"]
    assert {p["state"] for p in listed} == {"held"}
    assert [p["number"] for p in listed] == [f"A00{n}" for n in range(9, 1, -1)]
    assert "Print or discard" in listed[0]["fault_en"]
    aside = next(n for n in box.health.notices() if n.code == "printer.dapur.held")
    assert aside.en.startswith("8 ")
    keys = {"Idempotency-Key": "print-it"}
    first, *others = (p["job_id"] for p in listed)
    await client.post(f"/api/papers/{first}/reprint", json={}, headers=keys)
    for job in others:
        await client.post(f"/api/papers/{job}/discard", json={"screen": "counter-1"})
    await quiet(box)
    (text,) = texts("dapur")
    assert "A009" in text
    assert "LATE 10 h" in text
    assert "DUPLI" not in text
    assert (await client.get("/api/papers")).json()["papers"] == []
    assert not [n for n in box.health.notices() if n.code.endswith(".held")]


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("confirmed", [True, False])
async def test_fs56_a_box_that_cannot_know_how_long_it_was_off_says_so_on_the_ticket(
    make_box, box, printers, settings, take, guest, quiet, texts, until, clock, confirmed
):
    """Without a clock of its own it starts with yesterday's time: last night's ticket looks young."""
    printers["dapur"].change(offline=True)
    await take(box, guest.place("nasi-kecil"))
    await until(lambda: box.spool.faults["dapur"] and box.spool.follower.lag == 0)
    await box.stop()
    clock.clock_synced = confirmed
    again = await make_box("printing", printers=settings(printers))
    await until(lambda: again.spool.faults["dapur"])
    await take(again, guest.place("nasi-kecil"))
    printers["dapur"].change(offline=False)
    await quiet(again)
    old, new = texts("dapur")
    assert ("BEFORE A RESTART" in old) is not confirmed
    assert "RESTART" not in new
    assert "DUPLI" not in old


@pytest.fixture
async def client(box):
    """Speaks HTTP to the box."""
    transport = ASGITransport(create_app(box))
    async with AsyncClient(transport=transport, base_url="http://box") as speaks:
        yield speaks
