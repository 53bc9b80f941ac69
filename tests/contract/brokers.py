"""What every broker we start must do, and where others fell short: one suite, run against each.

A test class inherits `BrokerContract` and gives it a fixture `broker`: a running `EmbeddedBroker`.
The names A1 to A8 are those under which the faults were measured.
"""

import asyncio
import os
import signal
import statistics

import pytest

from edge.lan import packets
from edge.lan.broker_check import _address, _is_loopback, _listening
from edge.lan.mqtt import Message, MqttLink
from edge.lan.packets import Connect, Cutter, Kind, Will


class Client:
    """A plain client of MQTT 3.1.1 that does nothing by itself: no pings, no acknowledgements."""

    def __init__(self, reader, writer):
        self._reader, self._writer, self._cutter, self._kept = reader, writer, Cutter(10**6), []

    @classmethod
    async def connect(cls, port, client_id, **more):
        client = cls(*await asyncio.open_connection("127.0.0.1", port))
        client.send(packets.write_connect(Connect(**{"level": 4, "client_id": client_id} | more)))
        client.welcome = (await client.next(Kind.CONNACK)).body
        return client

    def send(self, data):
        self._writer.write(data)

    async def next(self, kind, within_s=5.0):
        async with asyncio.timeout(within_s):
            while True:
                for index, packet in enumerate(self._kept):
                    if packet.kind is kind:
                        return self._kept.pop(index)
                data = await self._reader.read(65_536)
                if not data:
                    raise ConnectionError("cut")
                self._kept += self._cutter.feed(data)

    async def subscribe(self, topic_filter):
        self.send(packets.subscribe(4, 1, topic_filter))
        await self.next(Kind.SUBACK)

    async def is_cut(self, within_s=5.0):
        try:
            await self.next(Kind.AUTH, within_s)
        except ConnectionError:
            return True
        except TimeoutError:
            return False

    def cut(self):
        self._writer.transport.abort()

    async def close(self):
        self._writer.close()
        await asyncio.gather(self._writer.wait_closed(), return_exceptions=True)


class Heard(list):
    """Remembers what it was told."""

    async def __call__(self, message):
        self.append(message)


@pytest.fixture
async def plain(broker):
    """Makes plain clients and ends them after the test."""
    clients = []

    async def connect(client_id, **more):
        clients.append(await Client.connect(broker.port, client_id, **more))
        return clients[-1]

    yield connect
    for client in clients:
        await client.close()


@pytest.fixture
async def linked(broker):
    """Makes the box's kind of link and ends it after the test."""
    links = []

    async def connect(client_id, hears=None, **more):
        links.append(MqttLink("127.0.0.1", broker.port, client_id, **more))
        if hears is not None:  # before it starts: what waited comes with the first breath
            await links[-1].subscribe(*hears)
        await links[-1].start()
        await links[-1].wait_connected(5)
        return links[-1]

    yield connect
    for link in links:
        await link.stop()


class BrokerContract:
    """Each test is one promise of MQTT that the product leans on."""

    async def test_a1_a_message_comes_at_the_lower_of_both_qualities(self, plain):
        display, box = await plain("display"), await plain("box")
        await display.subscribe("orders/+")  # at QoS 1
        box.send(packets.write(Kind.PUBLISH, 0, b"\x00\x08orders/1now"))  # at QoS 0
        assert (await display.next(Kind.PUBLISH)).flags & 0x06 == 0

    async def test_a1_a_second_client_of_the_same_name_ends_the_first(self, plain):
        first = await plain("display")
        await plain("display")
        assert await first.is_cut()

    async def test_a1_the_will_of_a_client_that_fell_silent_is_spoken(self, plain):
        display = await plain("display")
        await display.subscribe("status")
        await plain("box", keepalive_s=1, will=Will("status", b"gone"))
        assert (await display.next(Kind.PUBLISH, 20)).body.endswith(b"gone")

    async def test_a1_what_was_not_acknowledged_comes_again(self, plain):
        first = await plain("display", clean=False)
        await first.subscribe("orders/+")
        box = await plain("box")
        box.send(packets.publish(4, "orders/1", b"ready", packet_id=3, retain=False))
        assert (await first.next(Kind.PUBLISH)).body.endswith(b"ready")
        first.cut()
        again = await plain("display", clean=False)
        assert (await again.next(Kind.PUBLISH)).body.endswith(b"ready")

    async def test_a1_a_newer_client_with_a_password_is_answered(self, broker):
        """Accepted or refused; a client that hears nothing hangs."""
        reader, writer = await asyncio.open_connection("127.0.0.1", broker.port)
        hello = Connect(5, "new", user="grill", password=b"token")
        writer.write(packets.write_connect(hello))
        async with asyncio.timeout(5):
            assert await reader.read(1) in {b"\x20", b""}
        writer.close()
        await writer.wait_closed()

    async def test_a1_who_says_goodbye_leaves_no_will(self, plain):
        display = await plain("display")
        await display.subscribe("status")
        box = await plain("box", will=Will("status", b"gone"))
        box.send(packets.write(Kind.DISCONNECT, 0, b""))
        with pytest.raises(TimeoutError):
            await display.next(Kind.PUBLISH, 0.5)

    async def test_a2_the_will_of_a_client_that_is_cut_is_spoken_and_others_go_on(self, plain):
        display, box = await plain("display"), await plain("box", will=Will("status", b"gone"))
        await display.subscribe("#")
        box.cut()
        assert (await display.next(Kind.PUBLISH)).body.endswith(b"gone")
        other = await plain("other")
        other.send(packets.publish(4, "orders/1", b"ready", packet_id=3, retain=False))
        assert (await display.next(Kind.PUBLISH)).body.endswith(b"ready")

    async def test_a3_it_listens_on_this_machine_only(self, broker):
        hosts = [_address(host) for host, port in _listening() if port == broker.port]
        assert hosts
        assert all(_is_loopback(host) for host in hosts)

    async def test_a4_a_message_there_and_back_waits_for_no_delayed_acknowledgement(self, linked):
        """Without TCP_NODELAY on both sides each exchange takes 40 ms and more."""
        box, display, back = await linked("box"), await linked("display"), asyncio.Queue()

        async def answer(message):
            await display.publish("answer", message.payload)

        await display.subscribe("ask", answer)
        await box.subscribe("answer", back.put)
        took_s, loop = [], asyncio.get_running_loop()
        for _ in range(30):
            began = loop.time()
            await box.publish("ask", b"?")
            await back.get()
            took_s.append(loop.time() - began)
        assert statistics.median(took_s) < 0.035

    async def test_a6_a_thousand_messages_on_their_way_are_no_thousand_lines_of_log(
        self, linked, caplog, capfd
    ):
        box = await linked("box")
        await box.publish_many([Message(f"orders/{n}", b"x") for n in range(1_000)])
        assert caplog.records == []
        assert capfd.readouterr().err.count("\n") < 5

    async def test_a8_a_slow_box_keeps_what_it_can_and_gets_the_rest_later(self, linked, until):
        """However many a broker sends at once, the inbox is bounded and nothing is lost."""
        seen, gate = set(), asyncio.Event()

        async def slow(message):
            await gate.wait()
            seen.add(message.payload)

        box, screen = await linked("box", inbox_max=5), await linked("screen")
        await box.subscribe("shown", slow)
        await screen.publish_many([Message("shown", b"%d" % n) for n in range(40)])
        await asyncio.sleep(0.2)
        assert box._inbox._queue.qsize() <= 5
        gate.set()
        await until(lambda: len(seen) == 40, 60)

    async def test_what_waits_for_a_display_that_is_away_comes_in_order_and_once(self, linked):
        """A cut of the line: everything of the time without it, in order (4.2)."""
        display, box, heard = await linked("display"), await linked("box"), Heard()
        await display.subscribe("orders/+", heard)
        await display.stop()
        await box.publish_many([Message(f"orders/{n}", b"%d" % n) for n in range(301)])
        await linked("display", hears=("orders/+", heard))
        async with asyncio.timeout(20):
            while len(heard) < 301:  # noqa: ASYNC110 -- what is awaited has no event
                await asyncio.sleep(0.02)
        assert [int(m.payload) for m in heard] == list(range(301))

    async def test_what_is_retained_is_told_replaced_and_taken_away(self, linked, until):
        box, heard = await linked("box"), Heard()
        await box.publish("menu", b"1", retain=True)
        await box.publish("menu", b"2", retain=True)
        await box.publish("status", b"on", retain=True)
        await box.publish("status", b"", retain=True)
        late = await linked("late")
        await late.subscribe("#", heard)
        await until(lambda: heard)
        await asyncio.sleep(0.2)
        assert [(m.topic, m.payload) for m in heard] == [("menu", b"2")]

    async def test_it_comes_back_after_it_was_killed_and_links_find_it(self, broker, linked, until):
        box, heard = await linked("box"), Heard()
        await box.subscribe("answer", heard)
        os.kill(broker.pid, signal.SIGKILL)
        await until(lambda: not box.connected, 10)
        await box.wait_connected(30)
        screen = await linked("screen")
        await asyncio.sleep(0.3)
        await screen.publish("answer", b"here")
        await until(lambda: heard, 10)
