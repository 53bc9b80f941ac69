"""Lines that go over to another order: the cooks keep them, under the new number, and nothing rings."""

import asyncio

import pytest

from edge.lan.broker_programs import find_installed_mosquitto
from protocol import commands as c
from protocol import floor_commands as f
from protocol.orders import OrderStatus

pytestmark = [
    pytest.mark.broker,
    pytest.mark.skipif(find_installed_mosquitto() is None, reason="mosquitto is not installed"),
]


@pytest.fixture
def move(take):
    async def ask(source, target, *at):
        ids = tuple(source.lines[i].line_id for i in at)
        return await take(
            f.TransferLines(order_id=source.order_id, to_order_id=target.order_id, line_ids=ids)
        )

    return ask


def shown_at(display, station):
    """Lines on a display by the number and table they are shown under."""
    return {
        (ticket.number, ticket.table): sorted(x.line_id for x in ticket.lines)
        for (at, _), ticket in display.tickets.items()
        if at == station
    }


async def test_a_display_shows_them_under_the_new_table_and_no_line_is_struck(
    take, move, guest, put_up, calm, until, states
):
    grill = await put_up("grill-1", "dapur", name="Dapur 1")
    four = await take(guest.place("nasi-kecil", "nasi-besar", table="4"))
    nine = await take(guest.place("nasi-kecil", table="9"))
    await calm()
    await move(four, nine, 0)
    own = nine.lines[0].line_id
    both = sorted((own, four.lines[0].line_id))
    await until(
        lambda: (
            shown_at(grill, "dapur")
            == {("A001", "4"): [four.lines[1].line_id], ("A002", "9"): both}
        )
    )
    await move(four, nine)
    every = sorted((*both, four.lines[1].line_id))
    await until(lambda: shown_at(grill, "dapur") == {("A002", "9"): every})
    await calm()
    assert await states(nine) == {("dapur", "shown", "Dapur 1")}


async def test_whoever_had_them_still_has_them(take, move, guest, put_up, calm, states, told):
    grill = await put_up("grill-1", "dapur", name="Dapur 1")
    four = await take(guest.place("nasi-kecil"))
    await calm()
    grill.blind = True
    nine = await take(guest.place("nasi-besar", hold=True))
    before = await told()
    await move(four, nine)
    await calm()
    assert await states(nine) == {("dapur", "shown", "Dapur 1")}
    assert await told() == before, "no display has to prove again what it has"


async def test_what_nobody_has_waits_for_proof_as_long_as_it_did(
    box, take, move, guest, states, until
):
    four = await take(guest.place("nasi-kecil", table="4"))
    nine = await take(guest.place("nasi-kecil", table="9"))
    await until(lambda: len(box.desk.board) == 2)
    await move(four, nine)
    await until(lambda: [t.number for t in box.desk.board.tickets.values()] == ["A002"])
    await until(lambda: list(box.desk.board.escalated()) == [("dapur", "A002")])
    ((_, ticket),) = box.desk.board.tickets.items()
    assert len(ticket.lines) == 2, "and people are told where to look for it now"


async def test_both_orders_are_committed_together_and_told_to_screens(box, take, move, guest):
    four = await take(guest.place("nasi-kecil"))
    nine = await take(guest.place("kopi"))
    async with asyncio.timeout(5):
        feed = box.feed.follow()
        await anext(feed)
        after = await move(four, nine)
        assert (after.status, after.merged_into) == (OrderStatus.CANCELLED, nine.order_id)
        heard = []
        while len(heard) < 3:
            heard.append(await anext(feed))
    kinds = [(x.kind, x.event, x.key) for x in heard]
    assert kinds == [
        ("order", "lines.left", four.order_id),
        ("order", "lines.came", nine.order_id),
        ("delivery", "lines.came", nine.order_id),
    ]
    rows = await box.database.read(
        lambda db: db.execute("SELECT order_id, status FROM orders").fetchall()
    )
    assert dict(rows) == {four.order_id: "cancelled", nine.order_id: "fired"}


async def test_a_backup_station_keeps_what_it_was_sent(
    take, move, guest, put_up, calm, until, told
):
    grill = await put_up("grill-1", "dapur")
    four = await take(guest.place("kopi", table="4"))
    nine = await take(guest.place("nasi-kecil", table="9"))

    def copies():
        return {
            (t.number, t.table): [x.status for x in t.lines]
            for t in grill.tickets.values()
            if t.station_id == "bar"
        }

    await until(lambda: copies() == {("A001", "4"): ["fired"]})
    await calm()
    await move(four, nine)
    await until(lambda: copies() == {("A002", "9"): ["fired"]})
    assert "ticket.escalated" not in {kind for kind, *_ in await told()}


async def test_the_table_changes_on_the_display(take, guest, put_up, until):
    grill = await put_up("grill-1", "dapur")
    order = await take(guest.place("nasi-kecil", table="4"))
    await until(lambda: shown_at(grill, "dapur"))
    await take(f.ChangeDetails(order_id=order.order_id, table="12", covers=3))
    await until(lambda: list(shown_at(grill, "dapur")) == [("A001", "12")])


async def test_a_line_is_changed_before_it_is_fired(take, guest, put_up, until):
    grill = await put_up("grill-1", "dapur")
    order = await take(guest.place("nasi-kecil", hold=True))
    line_id = order.lines[0].line_id
    await take(
        f.ChangeLine(order_id=order.order_id, line_id=line_id, note="pedas", seat=3, course=2)
    )
    await take(c.FireOrder(order_id=order.order_id))
    await until(lambda: grill.tickets)
    ((_, ticket),) = grill.tickets.items()
    assert [(x.note, x.seat, x.course) for x in ticket.lines] == [("pedas", 3, 2)]
