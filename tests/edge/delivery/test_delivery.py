"""Proof of kitchen receipt: on a real broker every line is soon with a display, or with a person."""

import asyncio

import pytest

from edge.lan.broker_programs import find_installed_mosquitto
from protocol import commands as c

pytestmark = [
    pytest.mark.broker,
    pytest.mark.skipif(find_installed_mosquitto() is None, reason="mosquitto is not installed"),
]


async def test_what_a_display_has_drawn_is_said_with_its_name_once_a_line(
    take, guest, told, states, put_up, calm
):
    grill = await put_up("grill-1", "dapur", name="Dapur 1")
    order = await take(guest.place("nasi-kecil", "nasi-besar"))
    await calm()
    assert await states(order) == {("dapur", "shown", "Dapur 1")}
    for _ in range(3):  # impatient, and everything again after a reconnect
        await grill.prove(*grill.tickets.values())
    grill.link._current.cut("pulled the plug")
    await asyncio.sleep(0.5)
    assert await told() == [("ticket.shown", "dapur", 2)]


async def test_of_two_displays_of_a_station_the_first_proof_counts(take, guest, told, put_up, calm):
    for name in ("grill-1", "grill-2"):
        await put_up(name, "dapur")
    for _ in range(5):
        await take(guest.place("nasi-kecil"))
    await calm()
    await asyncio.sleep(0.2)
    assert await told() == [("ticket.shown", "dapur", 1)] * 5


async def test_an_older_picture_proves_only_the_lines_it_has(
    box, take, guest, told, states, put_up, until
):
    grill = await put_up("grill-1", "dapur", blind=True)
    order = await take(guest.place("nasi-kecil"))
    await until(lambda: grill.tickets)
    first = grill.tickets["dapur", f"{order.order_id}.dapur"]
    await take(c.AddLines(order_id=order.order_id, lines=(guest.line("nasi-besar"),)))
    await until(lambda: len(grill.tickets["dapur", first.ticket_id].lines) == 2)
    newer = grill.tickets["dapur", first.ticket_id]
    await grill.prove(first)
    await until(lambda: box.desk.board.tickets and _left(box) == {newer.lines[1].line_id})
    await grill.prove(newer)
    await grill.prove(first)  # late, and out of order
    await until(lambda: not box.desk.board.tickets)
    assert await told() == [("ticket.shown", "dapur", 1)] * 2


def _left(box):
    return {line for ticket in box.desk.board.tickets.values() for line in ticket.lines}


async def test_what_is_bumped_before_it_was_proven_needs_no_proof(
    take, guest, told, states, put_up, until, calm
):
    grill = await put_up("grill-1", "dapur", blind=True)
    order = await take(guest.place("nasi-kecil"))
    await until(lambda: grill.tickets)
    (ticket,) = grill.tickets.values()
    await take(c.BumpTicket(order_id=order.order_id, station_id="dapur"))
    await calm()
    await grill.prove(ticket)
    await asyncio.sleep(0.8)
    assert await told() == []
    assert {(s, state) for s, state, _ in await states(order)} == {("dapur", "bumped")}


async def test_a_line_struck_before_anybody_had_it_is_called_out_to_nobody(
    take, guest, told, put_up, until, calm
):
    grill = await put_up("grill-1", "dapur", blind=True)
    order = await take(guest.place("nasi-kecil", "nasi-besar"))
    struck, _ = order.lines
    await take(c.VoidLine(order_id=order.order_id, line_id=struck.line_id, reason="salah"))
    await until(lambda: grill.tickets and next(iter(grill.tickets.values())).position > 3)
    await grill.prove(*grill.tickets.values())
    await calm()
    await asyncio.sleep(0.6)
    assert await told() == [("ticket.shown", "dapur", 1)]


async def test_a_line_struck_after_it_was_seen_stays_where_it_was_seen(
    take, guest, told, states, put_up, calm
):
    await put_up("grill-1", "dapur")
    order = await take(guest.place("nasi-kecil", "nasi-besar"))
    await calm()
    line = order.lines[0].line_id
    order = await take(c.VoidLine(order_id=order.order_id, line_id=line, reason="salah"))
    await calm()
    assert await states(order) == {("dapur", "shown", "Grill-1")}
    assert await told() == [("ticket.shown", "dapur", 2)]


async def test_what_is_taken_back_is_with_whoever_took_it(take, guest, states, told, calm):
    order = await take(guest.place("nasi-kecil"))
    await take(c.BumpTicket(order_id=order.order_id, station_id="dapur"))
    order = await take(c.RecallTicket(order_id=order.order_id, station_id="dapur"))
    await calm()
    await asyncio.sleep(0.6)
    assert {(s, state) for s, state, _ in await states(order)} == {("dapur", "shown")}
    assert await told() == []


async def test_a_silent_display_is_noticed_and_its_backup_gets_the_ticket(
    box, take, guest, told, states, put_up, until, wrong
):
    """FS-36: the bar's display looks well and draws nothing."""
    bar = await put_up("bar-1", "bar", blind=True)
    kitchen = await put_up("grill-1", "dapur", name="Dapur 1")
    order = await take(guest.place("kopi"))
    await until(lambda: kitchen.tickets, 2)
    copy = kitchen.tickets["dapur", f"{order.order_id}.bar"]
    assert (copy.station_id, copy.late, copy.also_at) == ("bar", True, "dapur")
    await until(lambda: not box.desk.board.tickets)
    assert await states(order) == {("bar", "shown", "Dapur 1")}
    assert [t for t, *_ in await told()] == ["ticket.rerouted", "ticket.shown"]
    # The bar's own display sees that it is late and who has it; what it draws now changes nothing.
    (home,) = bar.tickets.values()
    assert (home.late, home.also_at) == (True, "dapur")
    await bar.prove(home)
    await asyncio.sleep(0.2)
    assert kitchen.numbers("dapur") == [order.number]
    await take(c.BumpTicket(order_id=order.order_id, station_id="bar"))
    await until(lambda: not kitchen.tickets and not bar.tickets)
    assert "kitchen_unseen" not in wrong()


async def test_the_copy_goes_when_the_station_has_it_first_after_all(
    box, take, guest, told, put_up, until
):
    bar = await put_up("bar-1", "bar", blind=True)
    kitchen = await put_up("grill-1", "dapur", blind=True)
    order = await take(guest.place("kopi"))
    await until(lambda: kitchen.tickets, 2)
    await bar.prove(bar.tickets["bar", f"{order.order_id}.bar"])
    await until(lambda: not kitchen.tickets)
    await until(lambda: next(iter(bar.tickets.values())).also_at is None)
    assert bar.numbers("bar") == [order.number]
    assert [t for t, *_ in await told()] == ["ticket.rerouted", "ticket.shown"]


async def test_with_both_routes_down_people_are_told_and_it_is_shown_once_marked_late(
    box, take, guest, told, states, put_up, until, calm, wrong
):
    """FS-48."""
    bar = await put_up("bar-1", "bar", blind=True)
    kitchen = await put_up("grill-1", "dapur", blind=True)
    order = await take(guest.place("kopi"))
    said = await until(lambda: wrong().get("kitchen_unseen"))
    assert f"Bar {order.number}" in said.en
    assert f"Bar {order.number}" in said.id
    assert await states(order) == {("bar", "escalated", "")}
    await kitchen.link.stop()
    bar.blind = False
    bar.link._current.cut("switched on again")
    await calm()
    assert "kitchen_unseen" not in wrong()
    (ticket,) = bar.tickets.values()
    assert ticket.late
    types = [t for t, *_ in await told()]
    assert types == ["ticket.rerouted", "ticket.escalated", "ticket.shown"]


async def test_a_station_nobody_serves_is_named_once(box, take, guest, told, until, wrong):
    """There is no other route either: people are told at once, and one sentence is enough."""
    for _ in range(3):
        await take(guest.place("nasi-kecil"))
    await until(lambda: len(box.desk.board._escalated) == 3)
    said = wrong()["kitchen_unseen"]
    assert "Nobody sees station Kitchen: 3 orders" in said.en
    assert "stasiun Dapur: 3 pesanan" in said.id
    assert [t for t, *_ in await told()] == ["ticket.escalated"] * 3


async def test_a_display_of_all_stations_is_enough_where_a_station_has_none_of_its_own(
    take, guest, states, put_up, calm
):
    await put_up("pass-1", "+", name="Pass")
    order = await take(guest.place("nasi-kecil", "kopi"))
    await calm()
    assert await states(order) == {("dapur", "shown", "Pass"), ("bar", "shown", "Pass")}


async def test_the_pass_speaks_for_a_cook_only_once_the_cooks_display_stayed_silent(
    box, take, guest, told, states, put_up, calm
):
    bar = await put_up("bar-1", "bar", blind=True)
    await put_up("pass-1", "+", name="Pass")
    order = await take(guest.place("kopi"))
    await asyncio.sleep(0.2)
    assert await told() == []
    await calm()
    assert await states(order) == {("bar", "shown", "Pass")}
    assert len(bar.tickets) == 1


async def test_a_display_that_goes_dark_is_said_until_one_is_back(
    box, take, guest, put_up, calm, until, wrong
):
    grill = await put_up("grill-1", "dapur", name="Dapur 1")
    await take(guest.place("nasi-kecil"))
    await calm()
    assert "kitchen_display" not in wrong()
    grill.link._stopping.set()  # it shall not come back by itself
    grill.link._current.cut("pulled the plug")
    said = await until(lambda: wrong().get("kitchen_display"))
    assert "Dapur 1" in said.en
    assert "Dapur 1" in said.id
    await put_up("grill-2", "dapur")
    await until(lambda: "kitchen_display" not in wrong())
