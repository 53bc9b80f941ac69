"""The box outlives its broker, whatever happens to it, and no display misses anything afterwards."""

import asyncio
import contextlib
import os
import signal
import time

import msgspec
import pytest

from edge.lan import link as link_module
from edge.lan.broker import EmbeddedBroker
from edge.lan.broker_programs import find_installed_mosquitto
from edge.lan.mqtt import BrokerFault, MqttLink
from edge.listening import listen_no_more
from protocol import commands as c
from protocol import lan
from protocol.kitchen import ticket_id

pytestmark = [
    pytest.mark.broker,
    pytest.mark.skipif(find_installed_mosquitto() is None, reason="mosquitto is not installed"),
]
HEALED_WITHIN_S = 30


@pytest.fixture
async def box(make_box, menu, own_broker):
    box = await make_box(menu=menu, mqtt_port=own_broker.port)
    await box.link.wait_connected(5)
    return box


@pytest.fixture
def rush(box, guest):
    """Orders come in one after another; every third is bumped. Says which coffees are still open."""
    open_ids = set()

    async def visit(number):
        place = guest.place("kopi")
        began = time.monotonic()
        taken = await box.taking.take(guest.asks(place))
        assert taken.order is not None
        ticket = ticket_id(place.order_id, "bar")
        open_ids.add(ticket)
        if number % 3 == 0:
            bump = c.BumpTicket(order_id=place.order_id, station_id="bar")
            await box.taking.take(guest.asks(bump))
            open_ids.discard(ticket)
        return time.monotonic() - began

    async def run(count, pause_s=0.01):
        slowest_s = 0.0
        for number in range(count):
            slowest_s = max(slowest_s, await visit(number))
            await asyncio.sleep(pause_s)
        return slowest_s

    run.open_ids = open_ids
    return run


async def told_a_newcomer(port, outlet, *credentials):
    """The tickets that a display hears which is switched on now."""
    found, done = {}, asyncio.Event()
    newcomer = MqttLink("127.0.0.1", port, f"newcomer-{time.monotonic_ns()}", *credentials)

    async def hear(message):
        if message.topic.endswith("/status"):
            done.set()
        elif message.payload:
            found[message.topic.rpartition("/")[2]] = message.payload

    await newcomer.subscribe(lan.tickets_filter(outlet), hear)
    await newcomer.subscribe(lan.status_topic(outlet), hear)
    await newcomer.start()
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(done.wait(), 5)
    await newcomer.stop()
    return set(found)


async def all_shown(box, port, expected, *credentials):
    """Returns once the broker retains exactly these tickets; fails after a while."""
    told, until_s = None, time.monotonic() + HEALED_WITHIN_S
    while time.monotonic() < until_s:
        if box.link.connected and box.kitchen.follower.lag == 0:
            told = await told_a_newcomer(port, box.outlet.outlet_id, *credentials)
            if told == expected:
                return
        await asyncio.sleep(0.2)
    raise AssertionError((told, expected))


async def test_killed_three_times_in_a_rush(box, rush, own_broker):
    async def kill():
        for _ in range(3):
            await asyncio.sleep(0.4)
            with contextlib.suppress(ProcessLookupError, TypeError):
                os.kill(own_broker.pid, signal.SIGKILL)

    slowest_s, _ = await asyncio.gather(rush(90), kill())
    assert slowest_s < 2  # nobody at the counter notices
    await all_shown(box, own_broker.port, rush.open_ids)


@pytest.mark.parametrize("pairing", ["open", "required"])
async def test_the_boxs_own_broker_is_killed_and_comes_back_with_its_rights(
    make_box, menu, guest, pairing, until
):
    box = await make_box(menu=menu, mqtt_embedded=True, mqtt_port=0, pairing=pairing)
    await box.link.wait_connected(5)
    expected = set()
    for turn in range(3):
        place = guest.place("kopi")
        assert (await box.taking.take(guest.asks(place))).order is not None
        expected.add(ticket_id(place.order_id, "bar"))
        if turn == 1:
            os.kill(box.embedded.pid, signal.SIGKILL)
            await until(lambda: not box.link.connected, 10)
    await all_shown(box, box.broker.port, expected, "box", box.access.password("box"))
    newcomer = MqttLink("127.0.0.1", box.broker.port, "passer-by")
    await newcomer.start()
    with contextlib.suppress(BrokerFault):
        await newcomer.wait_connected(2)
    assert newcomer.connected is (pairing == "open")
    await newcomer.stop()


async def test_stopped_in_its_tracks_and_let_go_again(box, rush, own_broker, monkeypatch, until):
    """It holds the connection and says nothing: only a deadline notices (SIGSTOP)."""
    box.link._ack_timeout_s = 0.5
    await rush(5)
    os.kill(own_broker.pid, signal.SIGSTOP)
    try:
        slowest_s = await rush(20)
        await until(lambda: not box.link.connected, 15)
    finally:
        os.kill(own_broker.pid, signal.SIGCONT)
    assert slowest_s < 2
    await all_shown(box, own_broker.port, rush.open_ids)


async def test_started_again_with_an_empty_memory(box, rush, own_broker, tmp_path):
    await rush(12)
    await own_broker.stop()
    await rush(6)
    (tmp_path / "broker/mosquitto.db").unlink()
    again = EmbeddedBroker(tmp_path / "broker", own_broker.port)
    await again.start()
    await all_shown(box, own_broker.port, rush.open_ids)
    await again.stop()


async def test_started_again_with_yesterdays_memory(box, rush, own_broker, tmp_path, guest):
    """Its disk was put back from a copy: tickets that were bumped since are no ghosts."""
    await rush(8)
    old = set(rush.open_ids)
    await all_shown(box, own_broker.port, old)
    await own_broker.stop()
    copy = (tmp_path / "broker/mosquitto.db").read_bytes()
    for ticket in old:
        order_id = ticket.removesuffix(".bar")
        await box.taking.take(guest.asks(c.BumpTicket(order_id=order_id, station_id="bar")))
    rush.open_ids -= old
    await rush(2)
    (tmp_path / "broker/mosquitto.db").write_bytes(copy)
    again = EmbeddedBroker(tmp_path / "broker", own_broker.port)
    await again.start()
    await all_shown(box, own_broker.port, rush.open_ids)
    await again.stop()


async def test_without_room_on_its_disk(make_box, menu, guest, small_disk, rush, box, own_broker):
    """It cannot save any more; displays are told all the same, also after it was killed."""
    full = EmbeddedBroker(small_disk / "broker")
    await full.start()
    other = await make_box(menu=menu, mqtt_port=full.port)
    await other.link.wait_connected(5)
    with contextlib.suppress(OSError), (small_disk / "ballast").open("wb") as ballast:
        while True:
            ballast.write(b"x" * 4_096)
            ballast.flush()
    expected = set()
    for turn in range(2):
        for _ in range(20):
            place = guest.place("kopi")
            assert (await other.taking.take(guest.asks(place))).order is not None
            expected.add(ticket_id(place.order_id, "bar"))
        await asyncio.sleep(1.2)  # it has tried to save
        if turn == 0:
            os.kill(full.pid, signal.SIGKILL)
    await all_shown(other, full.port, expected)
    await full.stop()


class Cable:
    """Stands between box and broker. Pulled, it swallows everything and nobody is told."""

    def __init__(self, port):
        self.to, self.pulled, self._tasks = port, False, set()

    async def start(self):
        self._server = await asyncio.start_server(self._join, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self):
        await listen_no_more(self._server)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _join(self, reader, writer):
        self._tasks.add(asyncio.current_task())
        born_pulled = self.pulled
        with contextlib.closing(writer):
            there, back = await asyncio.open_connection("127.0.0.1", self.to)
            with contextlib.closing(back):
                await asyncio.gather(
                    self._carry(reader, back, born_pulled), self._carry(there, writer, born_pulled)
                )

    async def _carry(self, reader, writer, cut):
        while data := await reader.read(65_536):
            cut = cut or self.pulled  # what was cut once never works again
            if not cut:
                writer.write(data)
                await writer.drain()


async def test_behind_a_cable_that_is_pulled_without_a_word(
    make_box, menu, own_broker, guest, monkeypatch, until
):
    """Half-open TCP: both ends think that they are connected; the box notices and comes again."""
    monkeypatch.setattr(link_module, "RECONNECT_LAST_S", 1.0)
    cable = Cable(own_broker.port)
    await cable.start()
    box = await make_box(menu=menu, mqtt_port=cable.port)
    await box.link.wait_connected(5)
    box.link._ack_timeout_s = 0.5
    expected = set()
    for pulled in (False, True, False):
        cable.pulled = pulled
        for _ in range(4):
            place = guest.place("kopi")
            await box.taking.take(guest.asks(place))
            expected.add(ticket_id(place.order_id, "bar"))
        if pulled:
            await until(lambda: not box.link.connected, 15)
    await all_shown(box, own_broker.port, expected)
    await box.stop()
    await cable.stop()


async def test_what_a_display_says_while_the_box_is_away_reaches_it(own_broker, tmp_path, until):
    """Kept by the broker's session of the box, over a restart of the box and of the broker."""
    heard = []

    async def hear(message):
        heard.append(msgspec.json.decode(message.payload))

    def box_link():
        return MqttLink("127.0.0.1", own_broker.port, "kedai-box-1")

    display = MqttLink("127.0.0.1", own_broker.port, "grill")
    first = box_link()
    await first.subscribe("kedai/alone/devices/+/shown", hear)
    for link in (display, first):
        await link.start()
        await link.wait_connected(5)
    await asyncio.sleep(0.2)  # its subscriptions follow at once
    await display.publish("kedai/alone/devices/grill/shown", b'"ticket 6"')
    await until(lambda: heard == ["ticket 6"])
    await first.stop()
    await display.publish("kedai/alone/devices/grill/shown", b'"ticket 7"')
    saved, before = tmp_path / "broker/mosquitto.db", time.time_ns()
    await until(lambda: saved.stat().st_mtime_ns > before + 10**9, 10)
    os.kill(own_broker.pid, signal.SIGKILL)
    await until(lambda: own_broker.restarts == 1, 20)
    second = box_link()
    await second.subscribe("kedai/alone/devices/+/shown", hear)
    await second.start()
    await until(lambda: "ticket 7" in heard, 10)
    for link in (display, second):
        await link.stop()
