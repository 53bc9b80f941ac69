"""The link to the broker: nothing acknowledged is lost, and it heals by itself (real mosquitto)."""

import asyncio
import os
import signal
import time

import pytest

from edge.child_process import end_child, start_child
from edge.lan.broker import EmbeddedBroker
from edge.lan.broker_programs import find_installed_mosquitto
from edge.lan.mqtt import BrokerFault, BrokerRefusal, Message, MqttLink

pytestmark = [
    pytest.mark.broker,
    pytest.mark.skipif(find_installed_mosquitto() is None, reason="mosquitto is not installed"),
]


@pytest.fixture
async def linked(own_broker):
    """Makes links to the broker and ends them after the test."""
    links = []

    async def make(client_id, **options):
        link = MqttLink("127.0.0.1", own_broker.port, client_id, **options)
        links.append(link)
        await link.start()
        await link.wait_connected(5)
        return link

    yield make
    for link in links:
        await link.stop()


async def until(condition, within_s=5):
    async with asyncio.timeout(within_s):
        while not condition():  # noqa: ASYNC110 -- what is awaited has no event
            await asyncio.sleep(0.01)


class Reader:
    """A handler that remembers what it was given, and may be told to fail."""

    def __init__(self):
        self.seen = asyncio.Queue()
        self.failing = False

    async def __call__(self, message):
        await self.seen.put(message)
        if self.failing:
            raise OSError("the disk is full")

    async def next(self, within_s=5):
        async with asyncio.timeout(within_s):
            return await self.seen.get()


async def test_a_retained_ticket_reaches_a_display_that_comes_later(linked):
    box, display, reader = await linked("box"), await linked("display"), Reader()
    await box.publish("kitchen/grill/tickets/1", b"nasi goreng", retain=True)
    await box.publish("kitchen/grill/tickets/2", b"sate", retain=True)
    await box.publish("kitchen/grill/tickets/2", b"", retain=True)
    await display.subscribe("kitchen/grill/tickets/+", reader)
    assert (await reader.next()).payload == b"nasi goreng"
    assert reader.seen.empty()
    assert display.mqtt_version == "5"


async def test_many_publishes_are_pipelined_and_all_arrive_in_order(linked):
    box, display, reader = await linked("box"), await linked("display"), Reader()
    await display.subscribe("orders/#", reader)
    await box.publish_many([Message(f"orders/{n}", b"%d" % n) for n in range(500)])
    assert [int((await reader.next()).payload) for _ in range(500)] == list(range(500))
    await asyncio.gather(*(box.publish(f"orders/{n}", b"again") for n in range(300)))
    assert box.counters.published == 800


async def test_the_link_heals_after_the_broker_is_killed_and_nothing_retained_is_gone(
    own_broker, linked, caplog
):
    caplog.set_level("INFO", "edge.lan.mqtt")
    box, connects = await linked("box"), []

    async def note_connect():
        connects.append(1)

    box.on_connected.append(note_connect)
    await box.publish("kitchen/grill/tickets/1", b"nasi goreng", retain=True)
    await asyncio.sleep(2.2)  # mosquitto saves each second
    os.kill(own_broker.pid, signal.SIGKILL)
    await until(lambda: not box.connected)
    with pytest.raises(BrokerFault):
        await box.publish("kitchen/grill/tickets/2", b"sate")
    await box.wait_connected(10)

    late, reader = await linked("late display"), Reader()
    await late.subscribe("kitchen/#", reader)
    assert (await reader.next()).payload == b"nasi goreng"
    await box.publish("kitchen/grill/tickets/2", b"sate")
    assert (await reader.next()).payload == b"sate"
    assert connects == [1]
    assert own_broker.restarts == 1
    # The broker's own keeper speaks too, where another test has turned its voice up.
    said = [r.message for r in caplog.records if r.name == "edge.lan.mqtt"]
    assert sum("is broken" in line for line in said) == 1
    assert sum("is back" in line for line in said) == 1


async def test_subscriptions_are_made_again_after_a_break(own_broker, linked):
    box, display, reader = await linked("box"), await linked("display"), Reader()
    await display.subscribe("orders/+", reader)
    os.kill(own_broker.pid, signal.SIGKILL)
    await asyncio.sleep(0.3)
    await asyncio.gather(box.wait_connected(10), display.wait_connected(10))
    await asyncio.sleep(0.2)
    await box.publish("orders/1", b"ready")
    assert (await reader.next()).payload == b"ready"


async def test_a_message_whose_handler_failed_comes_again_after_a_restart_of_the_box(linked):
    screen, reader = await linked("screen"), Reader()
    reader.failing = True
    first = await linked("box")
    await first.subscribe("commands", reader)
    await screen.publish("commands", b"bump 7")
    assert (await reader.next()).payload == b"bump 7"
    await first.stop()  # without having handled it

    reader.failing = False
    second = MqttLink("127.0.0.1", first._connect_with.args[1], "box")
    await second.subscribe("commands", reader)
    await second.start()
    assert (await reader.next()).payload == b"bump 7"
    assert second.inbox_counters.unclaimed == 0
    await second.stop()


async def test_a_message_whose_handler_failed_is_tried_again_without_a_break(linked):
    screen, box, reader = await linked("screen"), await linked("box"), Reader()
    reader.failing = True
    await box.subscribe("commands", reader)
    await screen.publish("commands", b"bump 7")
    await reader.next()
    reader.failing = False
    assert (await reader.next()).payload == b"bump 7"
    assert box.inbox_counters.handler_failures == 1
    assert box.counters.connects == 1


async def test_a8_what_a_full_inbox_turns_away_is_asked_for_again(linked):
    screen, box = await linked("screen"), await linked("box", inbox_max=5)
    seen, gate = set(), asyncio.Event()

    async def slow(message):
        await gate.wait()
        seen.add(message.payload)

    await box.subscribe("commands", slow)
    await screen.publish_many([Message("commands", b"%d" % n) for n in range(15)])
    await screen.publish_many([Message("commands", b"gone", qos=0) for n in range(3)])
    await asyncio.sleep(0.3)
    assert box.inbox_counters.deferred > 0
    assert box.inbox_counters.dropped == 3
    gate.set()
    await until(lambda: len(seen) == 15, within_s=30)
    assert seen == {b"%d" % n for n in range(15)}
    assert box.counters.breaks == 0


async def test_a_broker_that_does_not_acknowledge_is_a_fault_and_is_left(own_broker, linked):
    box = await linked("box", ack_timeout_s=0.3)
    os.kill(own_broker.pid, signal.SIGSTOP)
    began = time.monotonic()
    with pytest.raises(BrokerFault, match="acknowledge"):
        await box.publish("orders/1", b"ready")
    assert time.monotonic() - began < 2
    await asyncio.sleep(0.1)
    assert not box.connected
    os.kill(own_broker.pid, signal.SIGCONT)
    await box.wait_connected(15)
    await box.publish("orders/1", b"ready")


async def test_a_long_queue_of_publishes_is_no_sign_of_a_broken_broker(linked):
    patient = await linked("patient", ack_timeout_s=60)
    began = time.monotonic()
    await asyncio.gather(*(patient.publish("orders/1", b"x") for _ in range(2_000)))
    per_second = 2_000 / (time.monotonic() - began)
    # More than are acknowledged within the timeout, on this machine as busy as it now is.
    box = await linked("box", ack_timeout_s=2)
    count = int(per_second * 2.5)
    await asyncio.gather(*(box.publish("orders/1", b"x") for _ in range(count)))
    assert box.counters.published == count
    assert box.counters.breaks == 0


async def test_a7_what_the_brokers_access_rules_forbid_is_refused_and_the_link_stays(
    tmp_path, unused_tcp_port
):
    (tmp_path / "acl").write_text("topic write orders/#\n")
    (tmp_path / "conf").write_text(
        f"listener {unused_tcp_port} 127.0.0.1\nallow_anonymous true\n"
        f"acl_file {tmp_path / 'acl'}\nuser root\n"
    )
    (tmp_path / "acl").chmod(0o600)
    with (tmp_path / "log").open("wb") as output:
        strict = await start_child(
            [find_installed_mosquitto().argv[0], "-c", str(tmp_path / "conf")], output=output
        )
    box = MqttLink("127.0.0.1", unused_tcp_port, "box")
    await box.start()
    await box.wait_connected(10)
    with pytest.raises(BrokerRefusal, match="Not authorized"):
        await box.publish("till/drawer", b"open")
    await box.publish("orders/1", b"ready")
    assert box.counters.connects == 1
    await box.stop()
    await end_child(strict, patience_s=5)


async def test_the_last_will_speaks_only_when_the_box_did_not_say_goodbye(own_broker, linked):
    display, reader = await linked("display"), Reader()
    await display.subscribe("status", reader)
    will = Message("status", b"gone")
    box = await linked("box", will=will)
    await box.stop()
    await asyncio.sleep(0.2)
    assert reader.seen.empty()
    box = await linked("box", will=will)
    box._current.cut("the cable is pulled")
    assert (await reader.next()).payload == b"gone"


async def test_a_box_starts_without_a_broker_and_says_so_once(tmp_path, unused_tcp_port, caplog):
    box = MqttLink("127.0.0.1", unused_tcp_port, "box")
    await box.start()
    with pytest.raises(BrokerFault, match="not connected"):
        await box.publish("orders/1", b"ready")
    await asyncio.sleep(1.5)
    assert sum("is broken" in record.message for record in caplog.records) == 1
    broker = EmbeddedBroker(tmp_path, port=unused_tcp_port)
    await broker.start()
    await box.wait_connected(10)
    await box.stop()
    await broker.stop()
