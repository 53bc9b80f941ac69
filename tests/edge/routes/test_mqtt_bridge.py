"""The bridge: a browser speaks MQTT to the outlet's broker through the box's own port, and only
what its rights allow."""

import asyncio
import contextlib

import pytest
from wsproto import ConnectionType, WSConnection
from wsproto.events import (
    AcceptConnection,
    BytesMessage,
    CloseConnection,
    RejectConnection,
    Request,
    TextMessage,
)

from edge.config import BrokerAddress
from edge.lan import bridge as module
from edge.lan import packets
from edge.lan.gate import PACKET_MAX
from edge.lan.packets import Connect, Cutter, Kind, Will
from edge.listening import listen_no_more
from protocol.devices import Approval, DeviceKind, PairingAsked

CONNACK = b"\x20\x02\x00\x00"
PINGREQ, PINGRESP = b"\xc0\x00", b"\xd0\x00"
ROOT = "kedai/alone"
SECRET_HASH = "0" * 64


def connect(user=None, password=None, will=None, name="browser"):
    return packets.write_connect(
        Connect(4, name, True, 5, user, password and password.encode(), will)
    )


CONNECT = connect()


class Browser:
    """A WebSocket as a browser opens one."""

    def __init__(self, port):
        self.port = port

    async def open(self, *headers):
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self.port)
        self._ws = WSConnection(ConnectionType.CLIENT)
        request = Request(
            host=f"127.0.0.1:{self.port}",
            target="/mqtt",
            subprotocols=["mqtt"],
            extra_headers=[(k.encode(), v.encode()) for k, v in headers],
        )
        self._writer.write(self._ws.send(request))
        self.accepted = await self.next()
        return self

    async def next(self):
        while True:
            for event in self._ws.events():
                return event
            async with asyncio.timeout(5):
                data = await self._reader.read(65_536)
            self._ws.receive_data(data or None)

    async def says(self, data, answer):
        self.send(data)
        assert bytes((await self.next()).data) == answer

    def send(self, data):
        self._writer.write(self._ws.send(BytesMessage(data=data)))

    def send_text(self, text):
        self._writer.write(self._ws.send(TextMessage(data=text)))

    async def cut(self):
        """How the connection ended: the code, after whatever else was still on its way."""
        while not isinstance(event := await self.next(), CloseConnection):
            pass
        return event.code

    async def close(self):
        self._writer.close()
        await self._writer.wait_closed()


@pytest.fixture
async def browse(url):
    opened = []

    async def browse(*headers):
        opened.append(Browser(int(url.rpartition(":")[2])))
        return await opened[-1].open(*headers)

    yield browse
    for browser in opened:
        await browser.close()


@pytest.fixture
def paired(box):
    """Pairs a device of a kind, as a person at the counter does."""

    async def pair(kind=DeviceKind.KITCHEN, name="Grill 1"):
        code = box.devices.ask(
            PairingAsked(kind=kind, name=name, secret_hash=SECRET_HASH), "192.168.1.9"
        )
        waiting = box.devices.desk.find(code.pairing_id)
        await box.devices.approve(code.pairing_id, Approval(code=code.code), "Budi")
        return waiting.paired

    return pair


@pytest.mark.broker
class TestWithBroker:
    """With a real broker behind the box."""

    @pytest.fixture
    async def box(self, make_box, menu, broker):
        return await make_box(menu=menu, mqtt_port=broker.port)

    async def test_bytes_go_through_as_they_are_in_both_directions(self, browse):
        browser = await browse()
        assert isinstance(browser.accepted, AcceptConnection)
        assert browser.accepted.subprotocol == "mqtt"
        await browser.says(CONNECT, CONNACK)
        # A packet may come in pieces: the bridge waits for the rest.
        browser.send(PINGREQ[:1])
        await browser.says(PINGREQ[1:], PINGRESP)

    async def test_what_is_no_mqtt_ends_the_connection_and_is_said_once(
        self, browse, caplog, until, box
    ):
        for _ in range(3):
            browser = await browse()
            browser.send(b"\xff\xff this is not MQTT")
            assert await browser.cut() == module.REFUSED
        browser = await browse()
        browser.send_text("hello")
        assert await browser.cut() == module.REFUSED
        said = [r.message for r in caplog.records if "no MQTT" in r.message]
        assert len(said) == len(set(said)) == 2
        await until(lambda: box.bridge.screens == 0)
        assert box.link.connected

    async def test_a_packet_beyond_all_measure_ends_the_connection(self, browse):
        browser = await browse()
        await browser.says(CONNECT, CONNACK)
        browser.send(packets.publish(4, f"{ROOT}/devices/a/shown", b"x" * PACKET_MAX, packet_id=1, retain=False))  # fmt: skip
        assert await browser.cut() == module.REFUSED

    async def test_a_forged_ticket_reaches_nobody(self, browse, box):
        display, liar = await browse(), await browse()
        await display.says(CONNECT, CONNACK)
        topic = f"{ROOT}/kitchen/bar/tickets/forged"
        await display.says(packets.subscribe(4, 1, topic), b"\x90\x03\x00\x01\x01")
        await liar.says(connect(name="liar"), CONNACK)
        liar.send(packets.publish(4, topic, b"{}", packet_id=1, retain=True))
        assert await liar.cut() == module.REFUSED
        await display.says(PINGREQ, PINGRESP)

    async def test_a_subscription_to_everything_is_refused_and_the_screen_stays(self, browse):
        browser = await browse()
        await browser.says(CONNECT, CONNACK)
        await browser.says(packets.subscribe(4, 3, "#"), b"\x90\x03\x00\x03\x80")
        await browser.says(PINGREQ, PINGRESP)

    async def test_what_is_refused_with_the_first_breath_is_refused_after_the_welcome(self, browse):
        browser = await browse()
        browser.send(CONNECT + packets.subscribe(4, 3, "#") + PINGREQ)
        heard = b""
        while len(heard) < 11:
            heard += bytes((await browser.next()).data)
        assert heard.startswith(CONNACK)
        assert b"\x90\x03\x00\x03\x80" in heard

    async def test_a_page_of_another_site_is_not_let_in(self, browse):
        for elsewhere in (
            "http://elsewhere.example",
            "null",
            "http://[",
            "http://localhost.example",
        ):
            stranger = await browse(("origin", elsewhere))
            assert isinstance(stranger.accepted, RejectConnection)
        agent = await browse(("origin", "http://localhost:7300"))
        assert isinstance(agent.accepted, AcceptConnection)

    async def test_who_does_not_say_connect_in_time_is_let_go(self, browse, monkeypatch):
        monkeypatch.setattr(module, "CONNECT_WITHIN_S", 0.2)
        browser = await browse()
        assert await browser.cut() == module.REFUSED

    async def test_one_screen_too_many_is_told_to_come_again(self, browse, monkeypatch):
        monkeypatch.setattr(module, "SCREENS_MAX", 1)
        first = await browse()
        await first.says(CONNECT, CONNACK)
        second = await browse()
        assert await second.cut() == module.TRY_LATER

    async def test_a_screen_that_takes_nothing_is_given_up(self, browse, box, monkeypatch, until):
        monkeypatch.setattr(module, "STUCK_MAX_S", 0.5)
        browser = await browse()
        await browser.says(CONNECT, CONNACK)
        await browser.says(packets.subscribe(4, 1, f"{ROOT}/orders/+"), b"\x90\x03\x00\x01\x01")
        payload = b"x" * 200_000
        for _ in range(100):  # it reads nothing of it: kernel and server hold a few megabytes
            await box.link.publish(f"{ROOT}/orders/1", payload)
        await until(lambda: box.bridge.screens == 0, 20)

    async def test_a_last_will_speaks_when_the_screen_is_gone(self, browse):
        other, browser = await browse(), await browse()
        topic = f"{ROOT}/devices/new/presence"
        await other.says(CONNECT, CONNACK)
        await other.says(packets.subscribe(4, 1, topic), b"\x90\x03\x00\x01\x01")
        await browser.says(connect(name="other", will=Will(topic, b"gone")), CONNACK)
        await browser.close()
        [packet] = Cutter(1_000).feed(bytes((await other.next()).data))
        assert (packet.kind, packet.body[-4:]) == (Kind.PUBLISH, b"gone")


@pytest.mark.broker
class TestWherePairingIsRequired:
    """The box with a broker of its own, which asks for passwords as well."""

    @pytest.fixture
    async def box(self, make_box, menu):
        box = await make_box(menu=menu, mqtt_embedded=True, mqtt_port=0, pairing="required")
        await box.link.wait_connected(5)
        return box

    async def test_an_unpaired_screen_is_refused(self, browse):
        browser = await browse()
        await browser.says(CONNECT, b"\x20\x02\x00\x05")
        assert await browser.cut() == module.REFUSED

    async def test_a_paired_display_hears_its_tickets_and_is_cut_when_revoked(
        self, browse, box, paired, guest, until
    ):
        grill = await paired()
        # The broker's own door knows it too, by the same token.
        assert grill.device in box.access.passwords.read_text()
        browser = await browse()
        await browser.says(connect(grill.device, grill.token), CONNACK)
        await browser.says(packets.subscribe(4, 1, f"{ROOT}/kitchen/#"), b"\x90\x03\x00\x01\x01")
        await box.taking.take(guest.asks(guest.place("kopi")))
        [packet] = Cutter(100_000).feed(bytes((await browser.next()).data))
        assert "/kitchen/bar/tickets/" in packets.read_publish(packet, 4).topic

        await box.devices.revoke(grill.device, "Budi")
        assert await browser.cut() == module.REFUSED
        assert grill.device not in box.access.passwords.read_text()
        again = await browse()
        await again.says(connect(grill.device, grill.token), b"\x20\x02\x00\x05")
        await until(lambda: box.bridge.screens == 0)

    async def test_the_token_may_come_with_the_websocket(self, browse, paired):
        kiosk = await paired(DeviceKind.KIOSK, "Pintu")
        browser = await browse(("authorization", f"Bearer {kiosk.token}"))
        await browser.says(CONNECT, CONNACK)
        await browser.says(packets.subscribe(4, 2, f"{ROOT}/orders/+"), b"\x90\x03\x00\x02\x80")


async def test_a_broker_that_does_not_know_the_box_yet_makes_no_screen_give_up(browse, box, caplog):
    """A browser's client ends for good when its CONNECT is refused."""

    async def refuse(reader, writer):
        with contextlib.closing(writer):
            await reader.read(1_000)
            writer.write(b"\x20\x02\x00\x05")

    server = await asyncio.start_server(refuse, "127.0.0.1", 0)
    box.broker = BrokerAddress("127.0.0.1", server.sockets[0].getsockname()[1])
    for _ in range(2):
        browser = await browse()
        browser.send(CONNECT)
        assert await browser.cut() == module.TRY_LATER
    assert sum("refuses the box" in r.message for r in caplog.records) == 1
    await listen_no_more(server)
    await server.wait_closed()


async def test_without_a_broker_the_browser_is_told_to_come_again(browse):
    browser = await browse()
    assert isinstance(browser.accepted, AcceptConnection)
    browser.send(CONNECT)
    assert await browser.cut() == module.TRY_LATER
