"""The kitchen: what is retained on a real broker is at each moment what there is to make."""

import asyncio
import os
import signal

import msgspec
import pytest

from edge import kitchen as module
from edge.backfill import BackFill
from edge.lan.broker import EmbeddedBroker
from edge.lan.broker_programs import find_installed_mosquitto
from edge.lan.mqtt import Message, MqttLink
from protocol import commands as c
from protocol import lan
from protocol.kitchen import Ticket, ticket_id
from protocol.orders import OrderStatus, Source
from tests.edge.returning import Hq

pytestmark = [
    pytest.mark.broker,
    pytest.mark.skipif(find_installed_mosquitto() is None, reason="mosquitto is not installed"),
]


class Display:
    """A kitchen display: knows what the broker told it, by topic, and nothing else."""

    def __init__(self, port, name):
        self.link = MqttLink("127.0.0.1", port, name)
        self.retained = {}
        self.news = []

    async def start(self, outlet):
        await self.link.subscribe(f"kedai/{outlet}/#", self._hear)
        await self.link.start()
        await self.link.wait_connected(5)

    async def _hear(self, message):
        if message.topic.split("/")[2] in {"orders", "payments"}:
            self.news.append(msgspec.json.decode(message.payload, type=lan.OrderNews))
        elif message.payload:
            self.retained[message.topic] = message.payload
        else:
            self.retained.pop(message.topic, None)

    @property
    def tickets(self):
        """Open tickets by (number, station), each as {variant: status}."""
        found = {}
        for topic, payload in self.retained.items():
            if "/tickets/" in topic:
                ticket = msgspec.json.decode(payload, type=Ticket)
                lines = {x.variant_names["id"]: x.status for x in ticket.lines}
                found[ticket.number, ticket.station_id] = lines
        return found

    def retained_as(self, topic, kind):
        return msgspec.json.decode(self.retained[topic], type=kind)


@pytest.fixture
async def kitchen_box(make_box, menu, own_broker):
    box = await make_box(menu=menu, mqtt_port=own_broker.port)
    await box.link.wait_connected(5)
    return box


@pytest.fixture
async def make_display(own_broker):
    displays = []

    async def make(box):
        display = Display(own_broker.port, f"display-{len(displays)}")
        displays.append(display)
        await display.start(box.outlet.outlet_id)
        return display

    yield make
    for display in displays:
        await display.link.stop()


@pytest.fixture
async def display(make_display, kitchen_box):
    return await make_display(kitchen_box)


@pytest.fixture
def take(kitchen_box, guest):
    async def ask(command, **more):
        taken = await kitchen_box.taking.take(guest.asks(command, **more))
        assert taken.order is not None, taken
        return taken.order

    return ask


async def test_tickets_follow_the_order_through_its_life(take, guest, display, until):
    place = guest.place("nasi-kecil", "kopi", "paket")
    order_id = place.order_id
    await take(place)
    new = {"nasi-kecil": "fired", "paket": "fired"}
    both = {("A001", "dapur"): new, ("A001", "bar"): {"kopi": "fired", "paket": "fired"}}
    await until(lambda: display.tickets == both)

    await take(c.BumpTicket(order_id=order_id, station_id="bar"))
    await until(lambda: display.tickets == {("A001", "dapur"): new})
    await take(c.RecallTicket(order_id=order_id, station_id="bar"))
    await until(lambda: display.tickets == both)

    await take(c.VoidLine(order_id=order_id, line_id=place.lines[0].line_id, reason="salah"))
    struck = {"nasi-kecil": "voided", "paket": "fired"}
    await until(lambda: display.tickets["A001", "dapur"] == struck)
    await take(c.ChangeOrderStatus(order_id=order_id, status=OrderStatus.SERVED))
    await until(lambda: display.tickets == {})
    await until(lambda: display.news and display.news[-1].status == "served")


async def test_a_held_order_waits_and_a_cancelled_one_stays_until_seen(take, guest, display, until):
    place = guest.place("kopi", hold=True)
    await take(place)
    await until(lambda: display.news)
    assert display.tickets == {}
    await take(c.FireOrder(order_id=place.order_id))
    await until(lambda: display.tickets == {("A001", "bar"): {"kopi": "fired"}})
    await take(c.ChangeOrderStatus(order_id=place.order_id, status=OrderStatus.CANCELLED))
    await until(lambda: display.tickets == {("A001", "bar"): {"kopi": "voided"}})
    await take(c.BumpTicket(order_id=place.order_id, station_id="bar"))
    await until(lambda: display.tickets == {})


async def test_every_payload_says_which_place_of_the_journal_it_shows(
    kitchen_box, take, guest, display, until
):
    order = await take(guest.place("kopi"))
    outlet = kitchen_box.outlet.outlet_id
    topic = lan.ticket_topic(outlet, "bar", ticket_id(order.order_id, "bar"))
    await until(lambda: topic in display.retained)
    position = kitchen_box.journal.position
    assert display.retained_as(topic, Ticket).position == position
    assert display.news[-1].position == position


async def test_a_ticket_is_published_once_per_change_of_it(take, guest, display, until):
    """What is paid, or changes at the other station, is no news for a cook."""
    heard = set()  # two subscriptions of one display bring each message twice

    async def hear(message):
        heard.add((message.topic.split("/")[3], message.payload))

    await display.link.subscribe(lan.tickets_filter("alone"), hear)
    order = await take(guest.place("nasi-kecil", "kopi"))
    await until(lambda: len(display.tickets) == 2)
    await take(guest.pay(order.order_id, order.due))
    await take(c.BumpTicket(order_id=order.order_id, station_id="bar"))
    await take(c.RushOrder(order_id=order.order_id, rush=True))
    await until(lambda: len(display.tickets) == 1 and len(display.news) == 4)
    assert sorted(station for station, _ in heard) == ["bar", "bar", "dapur", "dapur"]


async def test_what_is_sold_out_and_the_menu_are_retained(
    kitchen_box, guest, display, make_display, until
):
    outlet = kitchen_box.outlet.outlet_id
    gone, menu = lan.availability_topic(outlet, "kopi"), lan.menu_topic(outlet)
    await kitchen_box.taking.take(guest.asks(c.EightySixItem(item_id="kopi")))
    await until(lambda: gone in display.retained)
    late = await make_display(kitchen_box)
    await until(lambda: gone in late.retained)
    assert late.retained_as(gone, lan.Availability).eighty_six
    assert late.retained_as(menu, lan.MenuNews).version == 1
    await kitchen_box.taking.take(guest.asks(c.RestoreItem(item_id="kopi")))
    await until(lambda: gone not in display.retained)


async def test_imports_are_neither_cooked_nor_told(kitchen_box, take, guest, display, until):
    sale = guest.place("kopi", source=Source.IMPORT)
    await take(sale, happened_ms=1_436_700_000_000)
    await take(cooked := guest.place("kopi"))
    await until(lambda: cooked.order_id in {n.order_id for n in display.news})
    assert {n.order_id for n in display.news}.isdisjoint({sale.order_id})
    assert len(display.tickets) == 1


async def test_the_box_says_that_it_lives_and_when_it_goes(
    kitchen_box, display, until, monkeypatch
):
    topic = lan.status_topic(kitchen_box.outlet.outlet_id)
    await until(lambda: topic in display.retained)
    status = display.retained_as(topic, lan.BoxStatus)
    assert (status.online, status.boot) == (True, kitchen_box.platform.boot)
    await kitchen_box.stop()
    await until(lambda: not display.retained_as(topic, lan.BoxStatus).online)


async def test_heartbeats_carry_the_journals_position(
    make_box, menu, own_broker, make_display, guest, until, monkeypatch
):
    monkeypatch.setattr(module, "HEARTBEAT_S", 0.05)
    box = await make_box(menu=menu, mqtt_port=own_broker.port)
    display = await make_display(box)
    topic = lan.status_topic(box.outlet.outlet_id)
    await box.taking.take(guest.asks(guest.place("kopi")))

    def beats_with(position):
        return topic in display.retained and (
            display.retained_as(topic, lan.BoxStatus).position == position
        )

    await until(lambda: beats_with(box.journal.position))
    # What HQ confirmed, displays may let go of.
    assert display.retained_as(topic, lan.BoxStatus).replicated == 0
    box.kitchen.replicated = lambda: 2
    await until(lambda: display.retained_as(topic, lan.BoxStatus).replicated == 2)


async def test_the_brokers_last_will_speaks_for_a_box_that_died(kitchen_box, display, until):
    topic = lan.status_topic(kitchen_box.outlet.outlet_id)
    await until(lambda: topic in display.retained)
    kitchen_box.link._stopping.set()  # it shall not come back by itself
    kitchen_box.link._current.cut("pulled the plug")
    await until(lambda: not display.retained_as(topic, lan.BoxStatus).online)


async def test_a_broker_killed_with_its_memory_lost_has_every_open_ticket_again(
    kitchen_box, take, guest, own_broker, make_display, tmp_path, until
):
    await take(open_ := guest.place("nasi-besar"))
    await take(done := guest.place("kopi"))
    await take(c.ChangeOrderStatus(order_id=done.order_id, status=OrderStatus.SERVED))
    await take(called_off := guest.place("kopi"))
    cancelled = OrderStatus.CANCELLED
    await take(c.ChangeOrderStatus(order_id=called_off.order_id, status=cancelled))
    await kitchen_box.taking.take(guest.asks(c.EightySixItem(item_id="paket")))
    await until(lambda: kitchen_box.kitchen.follower.lag == 0)

    pid = own_broker.pid
    (tmp_path / "broker" / "mosquitto.db").unlink(missing_ok=True)
    os.kill(pid, signal.SIGKILL)
    await until(lambda: own_broker.pid not in {pid, None} and kitchen_box.link.connected, 20)
    fresh = await make_display(kitchen_box)
    still = {
        ("A001", "dapur"): {"nasi-besar": "fired"},
        ("A003", "bar"): {"kopi": "voided"},
    }
    await until(lambda: fresh.tickets == still)
    gone = lan.availability_topic(kitchen_box.outlet.outlet_id, "paket")
    await until(lambda: gone in fresh.retained)
    await take(c.BumpTicket(order_id=open_.order_id, station_id="dapur"))
    await until(lambda: ("A001", "dapur") not in fresh.tickets)


async def test_a_ghost_that_the_broker_remembered_is_taken_away(
    kitchen_box, take, guest, display, until
):
    """A broker that lost its last second brings back tickets that were bumped in it."""
    order = await take(guest.place("kopi"))
    await until(lambda: display.tickets)
    topic, payload = next((t, p) for t, p in display.retained.items() if "/tickets/" in t)
    await take(c.BumpTicket(order_id=order.order_id, station_id="bar"))
    await take(c.ChangeOrderStatus(order_id=order.order_id, status=OrderStatus.SERVED))
    await until(lambda: not display.tickets)
    await display.link.publish_many([Message(topic, payload, retain=True)])
    await until(lambda: display.tickets)
    kitchen_box.link._current.cut("the broker went away")
    await until(lambda: not display.tickets)


async def test_while_the_broker_is_away_orders_are_taken_and_shown_afterwards(
    make_box, menu, guest, tmp_path, until
):
    broker = EmbeddedBroker(tmp_path / "late")
    await broker.start()
    port = broker.port
    await broker.stop()
    box = await make_box(menu=menu, mqtt_port=port)
    for _ in range(3):
        await box.taking.take(guest.asks(guest.place("kopi")))
    await until(lambda: box.kitchen.follower.fault)
    sentence = next(s for s in box.health.sentences() if s.code == "kitchen")
    assert not sentence.ok
    assert str(box.journal.position) in sentence.en

    broker = EmbeddedBroker(tmp_path / "late", port)
    await broker.start()
    assert broker.port == port
    display = Display(port, "late-display")
    await display.start(box.outlet.outlet_id)
    await until(lambda: len(display.tickets) == 3, 20)
    await until(lambda: box.kitchen.follower.fault is None, 10)
    await display.link.stop()
    await broker.stop()


async def test_a_burst_of_changes_and_reconnects_leaves_no_wrong_ticket(
    kitchen_box, take, guest, display, until
):
    async def guest_visit(number):
        place = guest.place("kopi")
        await take(place)
        await asyncio.sleep(0.002 * (number % 5))
        if number % 3:
            await take(c.BumpTicket(order_id=place.order_id, station_id="bar"))
        return place

    async def unplug():
        for _ in range(4):
            await asyncio.sleep(0.05)
            if kitchen_box.link._current is not None:
                kitchen_box.link._current.cut("pulled the plug")

    places, _ = await asyncio.gather(asyncio.gather(*map(guest_visit, range(60))), unplug())
    await until(lambda: kitchen_box.link.connected and kitchen_box.kitchen.follower.lag == 0, 20)
    await asyncio.sleep(0.3)
    open_ids = {ticket_id(p.order_id, "bar") for n, p in enumerate(places) if n % 3 == 0}
    shown = {t.rpartition("/")[2] for t in display.retained if "/tickets/" in t}
    assert shown == open_ids


async def test_open_orders_that_came_back_appear_and_finished_ones_never_do(
    kitchen_box, make_heart, menu, guest, display, until
):
    """A spare box beside the kitchen's displays: no ticket flashes up for what was eaten long ago."""
    lost = await make_heart("lost", menu=menu)
    for number in range(6):
        order = (await lost.taking.take(guest.asks(guest.place("nasi-kecil")))).order
        if number % 2:
            served = c.ChangeOrderStatus(order_id=order.order_id, status=OrderStatus.SERVED)
            await lost.taking.take(guest.asks(served))
    hq = Hq(page=3)
    await hq.hold(lost)
    box, seen = kitchen_box, set()
    back_fill = BackFill(hq, box.journal, box.database, box.platform, box.alarms)
    back_fill.on_returned.append(box._show_returned)

    async def hear(message):
        if message.payload:
            seen.add(msgspec.json.decode(message.payload, type=Ticket).number)

    tickets = lan.ticket_topic(box.outlet.outlet_id, "+", "+")
    await display.link.subscribe(tickets, hear)
    await back_fill.take(await hq.missing(box))
    open_ones = {("A001", "dapur"), ("A003", "dapur"), ("A005", "dapur")}
    await until(lambda: display.tickets.keys() == open_ones)
    await until(lambda: box.kitchen.follower.lag == 0)
    assert display.tickets.keys() == open_ones
    assert seen == {"A001", "A003", "A005"}
