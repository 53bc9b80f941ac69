"""The desk through restarts, a dead broker, old orders, floods and papers; and what screens hear."""

import asyncio
import os
import signal

import msgspec
import pytest

from edge.backfill import BackFill
from edge.config import PrinterConfig
from edge.database import Busy
from edge.deliveries import rebuild
from edge.delivery import AGE_MAX_MS
from edge.lan.broker_programs import find_installed_mosquitto
from edge.printing.virtual import VirtualPrinter
from protocol import commands as c
from protocol.deliveries import LineDelivery
from protocol.orders import OrderStatus, Source
from tests.edge.returning import Hq

pytestmark = [
    pytest.mark.broker,
    pytest.mark.skipif(find_installed_mosquitto() is None, reason="mosquitto is not installed"),
]
TABLE = "SELECT order_id, station_id, line_id, state, by_name, at_ms FROM deliveries ORDER BY 1,2,3"


async def table(box):
    return await box.database.read(lambda db: db.execute(TABLE).fetchall())


@pytest.fixture
async def virtual(clock):
    printer = VirtualPrinter(clock.wall_ms)
    await printer.start()
    yield printer
    await printer.stop()


def printer_at(virtual, name="panggang", *stations, port=None):
    return PrinterConfig(
        id=name,
        name=name.title(),
        host="127.0.0.1",
        port=port or virtual.port,
        stations=stations,
        timeout_s=1.0,
    )


async def test_a_restart_in_the_middle_tells_of_nothing_twice_and_forgets_nothing(
    box, make_desk_box, take, guest, told, states, put_up, until, wrong
):
    seen = await put_up("grill-1", "dapur")
    order = await take(guest.place("nasi-kecil"))
    await until(lambda: box.desk.follower.lag == 0 and not box.desk.board.tickets)
    await seen.link.stop()
    lost = await take(guest.place("nasi-besar"))
    await until(lambda: "kitchen_unseen" in wrong())
    await take(waiting := guest.place("nasi-kecil"))
    before = await told()
    await box.stop()

    again = await make_desk_box()
    said = await until(lambda: wrong(again).get("kitchen_unseen"))
    assert lost.number in said.en
    assert await states(order, again) == {("dapur", "shown", "Grill-1")}
    await until(lambda: len(again.desk.board._escalated) == 2, 8)
    assert len(await told(again)) == len(before) + 1, waiting
    await put_up("grill-2", "dapur")
    await until(lambda: not again.desk.board.tickets)
    assert "kitchen_unseen" not in wrong(again)
    shown = [x for x in await told(again) if x[0] == "ticket.shown"]
    assert len(shown) == 3


async def test_a_broker_killed_with_its_memory_lost_misses_nothing_and_confirms_everything(
    box, take, guest, told, put_up, broker, calm, until, tmp_path
):
    box.desk.confirm_ms = 8_000  # the broker needs a moment; nobody is to be alarmed
    display = await put_up("grill-1", "dapur")
    await take(guest.place("nasi-kecil"))
    await calm()
    pid = broker.pid
    (tmp_path / "broker" / "mosquitto.db").unlink(missing_ok=True)
    os.kill(pid, signal.SIGKILL)
    for _ in range(3):
        await take(guest.place("nasi-kecil"))
    await until(lambda: broker.pid not in {pid, None} and box.link.connected, 20)
    await until(lambda: len(display.numbers("dapur")) == 4, 20)
    await calm()
    assert [t for t, *_ in await told()] == ["ticket.shown"] * 4


async def test_without_a_broker_the_sender_knows_and_a_line_that_is_not_sent_says_so(
    make_box, menu, guest, states, wrong, until
):
    box = await make_box("alone", menu=menu)
    box.desk.confirm_ms = 300
    order = (await box.taking.take(guest.asks(guest.place("kopi")))).order
    assert await states(order, box) == {("bar", "queued", "")}
    await until(lambda: "kitchen_unseen" in wrong(box))
    assert await states(order, box) == {("bar", "escalated", "")}


async def test_a_box_that_was_off_for_the_night_does_not_shout_about_yesterday(
    box, make_desk_box, take, guest, told, clock, wrong
):
    await take(guest.place("nasi-kecil"))
    await box.stop()
    clock.now_ms += AGE_MAX_MS + 60_000
    again = await make_desk_box()
    await asyncio.sleep(0.8)
    assert await told(again) == []
    assert "kitchen_unseen" not in wrong(again)


async def test_a_display_that_proves_an_old_line_is_still_believed(
    box, make_desk_box, take, guest, told, states, put_up, clock, until
):
    order = await take(guest.place("nasi-kecil"))
    await box.stop()
    clock.now_ms += AGE_MAX_MS + 60_000
    again = await make_desk_box()
    await put_up("grill-1", "dapur")
    await until(lambda: again.journal.position > 4)
    await asyncio.sleep(0.2)
    assert await states(order, again) == {("dapur", "shown", "Grill-1")}
    assert len(await told(again)) == 1


async def test_imports_are_waited_for_by_nobody(box, take, guest, told):
    sale = guest.place("kopi", source=Source.IMPORT)
    await take(sale, happened_ms=1_436_700_000_000)
    await asyncio.sleep(0.6)
    assert await told() == []
    assert not box.desk.board.tickets


async def test_what_came_back_from_hq_alarms_nobody_and_where_it_was_is_known(
    box, make_heart, menu, guest, wrong
):
    lost = await make_heart("lost", menu=menu)
    await lost.taking.take(guest.asks(guest.place("nasi-kecil")))
    hq = Hq(page=3)
    await hq.hold(lost)
    back_fill = BackFill(hq, box.journal, box.database, box.platform, box.alarms)
    back_fill.on_returned.append(box._show_returned)
    await back_fill.take(await hq.missing(box))
    await asyncio.sleep(0.8)
    assert not box.desk.board.tickets
    assert "kitchen_unseen" not in wrong()


async def test_the_table_can_be_made_again_from_the_journal(box, take, guest, put_up, until, calm):
    await put_up("bar-1", "bar", blind=True)
    await put_up("grill-1", "dapur")
    order = await take(guest.place("nasi-kecil", "kopi"))
    await calm()
    await take(c.BumpTicket(order_id=order.order_id, station_id="bar"))
    await take(c.RecallTicket(order_id=order.order_id, station_id="bar"))
    await until(lambda: box.desk.follower.lag == 0)
    before = await table(box)
    assert {row[3] for row in before} == {"shown"}
    await box.database.write(lambda db: rebuild(db, {}))
    assert await table(box) == before


async def test_a_station_that_only_prints_has_its_paper_as_proof(
    make_desk_box, menu, guest, states, told, virtual, until
):
    box = await make_desk_box("prints", printers=(printer_at(virtual, "panggang", "dapur"),))
    box.desk.confirm_ms = 5_000
    order = (await box.taking.take(guest.asks(guest.place("nasi-kecil")))).order
    await until(lambda: box.desk.follower.lag == 0 and not box.desk.board.tickets)
    assert await states(order, box) == {("dapur", "printed", "Panggang")}
    assert await told(box) == []


async def test_what_no_display_confirms_comes_out_of_the_backup_printer(
    make_desk_box, menu, guest, states, told, virtual, until, put_up
):
    """The bar's backup station has no display, but a printer."""
    box = await make_desk_box("prints", printers=(printer_at(virtual, "panggang", "dapur"),))
    box.desk.rerouted_ms = 5_000
    order = (await box.taking.take(guest.asks(guest.place("kopi")))).order
    await until(lambda: virtual.sheets, 8)
    await until(lambda: box.desk.follower.lag == 0 and not box.desk.board.tickets)
    assert await states(order, box) == {("bar", "printed", "Panggang")}
    assert [t for t, *_ in await told(box)] == ["ticket.rerouted"]


async def test_screens_hear_at_once_where_each_line_is(
    box, take, guest, client, put_up, calm, until
):
    changes = []

    async def listen():
        async for message in box.feed.follow():
            heard = getattr(message, "kind", "") == "delivery"
            changes.extend([message] if heard else [])

    listening = asyncio.create_task(listen())
    await until(lambda: box.feed.screens)
    await put_up("grill-1", "dapur", name="Dapur 1")
    order = await take(guest.place("nasi-kecil"))
    await calm()
    (change,) = await until(lambda: changes)
    assert (change.event, change.key) == ("ticket.shown", order.order_id)
    where = msgspec.convert(
        msgspec.json.decode(msgspec.json.encode(change.value)), list[LineDelivery]
    )
    assert [(d.state.value, d.by) for d in where] == [("shown", "Dapur 1")]
    answer = await client.get(f"/api/orders/{order.order_id}/deliveries")
    assert msgspec.json.decode(answer.content, type=list[LineDelivery]) == where
    assert (await client.get("/api/orders/nobody/deliveries")).status_code == 404
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)


async def test_a_flood_of_orders_costs_few_commits_and_leaves_nobody_out(
    box, guest, told, put_up, until
):
    await put_up("grill-1", "dapur")
    before = box.database.groups
    asked = [box.taking.take(guest.asks(guest.place("nasi-kecil"))) for _ in range(300)]
    await asyncio.gather(*asked)
    await until(lambda: box.desk.follower.lag == 0 and not box.desk.board.tickets, 20)
    shown = [x for x in await told() if x[0] == "ticket.shown"]
    assert len(shown) == 300
    assert box.database.groups - before < 60


async def test_an_order_that_is_served_waits_for_no_proof(take, guest, told, calm):
    order = await take(guest.place("nasi-kecil"))
    await take(c.ChangeOrderStatus(order_id=order.order_id, status=OrderStatus.SERVED))
    await calm()
    await asyncio.sleep(0.6)
    assert await told() == []


async def test_a_proof_that_meets_a_full_queue_is_kept_and_written_afterwards(
    box, take, guest, told, put_up, calm, monkeypatch
):
    real, refused = box.database.write, []

    async def write(work):
        if len(refused) < 3:
            refused.append(work)
            raise Busy("full")
        return await real(work)

    box.desk.confirm_ms = 60_000
    grill = await put_up("grill-1", "dapur", blind=True)
    await take(guest.place("nasi-kecil"))
    await asyncio.sleep(0.3)
    monkeypatch.setattr(box.database, "write", write)
    await grill.prove(*grill.tickets.values())
    await calm()
    assert await told() == [("ticket.shown", "dapur", 1)]


async def test_within_five_seconds_the_sender_knows_that_nobody_has_it(
    make_box, menu, guest, until
):
    """FS-36, with the limits as they are shipped and without any broker."""
    box = await make_box("shipped", menu=menu)
    clock, told = asyncio.get_running_loop().time, []

    async def listen():
        async for message in box.feed.follow():
            told.extend([clock()] if getattr(message, "kind", "") == "delivery" else [])

    listening = asyncio.create_task(listen())
    await until(lambda: box.feed.screens)
    began = clock()
    await box.taking.take(guest.asks(guest.place("nasi-kecil")))
    await until(lambda: told, 10)
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)
    assert told[0] - began < 5.0
