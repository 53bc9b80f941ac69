"""What anybody on the LAN may send: it is refused, said once per device, and the service goes on."""

import asyncio
import logging

import msgspec
import pytest

from edge.delivery_inbox import BYTES_MAX, DEVICES_MAX, LINES_MAX, STATIONS_MAX
from edge.lan.broker_programs import find_installed_mosquitto
from edge.lan.inbox import Message
from protocol import lan

pytestmark = [
    pytest.mark.broker,
    pytest.mark.skipif(find_installed_mosquitto() is None, reason="mosquitto is not installed"),
]


@pytest.fixture
async def stranger(put_up):
    return await put_up("stranger", "dapur", blind=True)


def proof(order, **more):
    facts = {"device": "stranger", "name": "Stranger"} | more
    line_ids = facts.pop("line_ids", [x.line_id for x in order.lines])
    ticket = {
        "ticket_id": f"{order.order_id}.dapur",
        "order_id": order.order_id,
        "station_id": "dapur",
        "position": 3,
        "line_ids": line_ids,
    }
    return facts | {"tickets": [ticket]}


BAD = {
    "no JSON": lambda _: b"\xff{",
    "another shape": lambda _: b'{"device": 7}',
    "nested without end": lambda _: b"[" * 10_000,
    "too large": lambda _: b" " * (BYTES_MAX + 1),
    "for another device": lambda order: msgspec.json.encode(proof(order, device="grill-1")),
    "a name without end": lambda order: msgspec.json.encode(proof(order, name="x" * 1_000)),
    "more lines than there are": lambda order: msgspec.json.encode(
        proof(order, line_ids=[order.lines[0].line_id] * (LINES_MAX + 1))
    ),
}


@pytest.mark.parametrize("kind", BAD)
async def test_what_is_not_understood_proves_nothing_and_is_said_once(
    box, take, guest, told, stranger, put_up, calm, until, caplog, kind
):
    box.desk.confirm_ms = 60_000
    order = await take(guest.place("nasi-kecil"))
    with caplog.at_level(logging.WARNING, "edge.delivery"):
        for _ in range(3):
            await stranger.say(BAD[kind](order))
        await until(lambda: box.desk.inbox.refused == 3)
    assert len([r for r in caplog.records if r.name == "edge.delivery"]) == 1
    assert await told() == []
    await put_up("grill-1", "dapur")
    await calm()
    assert await told() == [("ticket.shown", "dapur", 1)]


async def test_lines_that_nobody_has_and_orders_that_never_were_change_nothing(
    box, take, guest, told, stranger
):
    box.desk.confirm_ms = 60_000
    order = await take(guest.place("nasi-kecil"))
    for made_up in ("nobody", order.order_id):
        said = proof(order, line_ids=["no-such-line"])
        said["tickets"][0]["order_id"] = made_up
        await stranger.say(msgspec.json.encode(said))
    await asyncio.sleep(0.4)
    assert await told() == []
    assert box.desk.board.tickets


async def test_a_proof_that_the_broker_kept_says_nothing_of_now(
    box, take, guest, told, stranger, until
):
    box.desk.confirm_ms = 60_000
    order = await take(guest.place("nasi-kecil"))
    box.link._current.cut("the box was away")
    said = msgspec.json.encode(proof(order))
    await stranger.say(said, retain=True)
    await until(lambda: box.link.connected, 10)
    await until(lambda: box.desk.inbox.refused, 10)


async def test_where_screens_must_be_paired_only_a_device_that_was_let_in_counts(
    box, take, guest, told, stranger, until
):
    box.desk.confirm_ms = 60_000
    box.desk.inbox.knows = lambda device: device == "grill-1"
    order = await take(guest.place("nasi-kecil"))
    await stranger.say(msgspec.json.encode(proof(order)))
    await until(lambda: box.desk.inbox.refused)
    assert await told() == []


async def test_presence_that_is_nonsense_is_refused_and_an_empty_one_takes_it_away(
    box, stranger, until
):
    topic = lan.presence_topic("alone", "stranger")
    await until(lambda: box.desk.inbox.someone_shows("dapur"))
    await stranger.say(b'{"device": "grill-1", "name": "", "kind": "", "online": true}', topic)
    await until(lambda: box.desk.inbox.refused == 1)
    assert box.desk.inbox.someone_shows("dapur")
    await stranger.say(b"", topic, retain=True)
    await until(lambda: not box.desk.inbox.someone_shows("dapur"))


async def test_names_that_browsers_left_behind_take_no_displays_place(box, stranger, until):
    await until(lambda: box.desk.inbox.someone_shows("dapur"))
    inbox = box.desk.inbox
    for number in range(DEVICES_MAX + 50):
        said = lan.Presence(
            device=f"left-{number}", name="", kind="kitchen", online=False, stations=("bar",)
        )
        topic = lan.presence_topic("alone", said.device)
        await inbox._hear_presence(Message(topic, msgspec.json.encode(said), retain=True))
    assert len(inbox.presence) == DEVICES_MAX
    assert inbox.someone_shows("dapur")
    assert not inbox.someone_shows("bar")


async def test_made_up_stations_fill_no_memory_and_take_no_stations_place(box, stranger, until):
    """Presence and proofs may name any station; a real display says again that it is there."""
    inbox = box.desk.inbox
    await until(lambda: inbox.someone_shows("dapur"))
    for number in range(20):
        made_up = tuple(f"s-{number}-{n}" for n in range(100))
        said = lan.Presence(
            device=f"d-{number}", name="", kind="kitchen", online=True, stations=made_up
        )
        topic = lan.presence_topic("alone", said.device)
        await inbox._hear_presence(Message(topic, msgspec.json.encode(said), retain=True))
    assert len(inbox._shown_stations) == len(inbox._online_since) == STATIONS_MAX
    await inbox._hear_presence(stranger.presence(online=True))
    assert inbox.has_shown("dapur")
    assert inbox.someone_shows("dapur")
