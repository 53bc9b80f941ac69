"""The bridge: a browser speaks MQTT to the outlet's broker through the box's own port."""

import asyncio

import pytest
from wsproto import ConnectionType, WSConnection
from wsproto.events import AcceptConnection, BytesMessage, CloseConnection, Request

CONNECT = b"\x10\x13\x00\x04MQTT\x04\x02\x00\x05\x00\x07browser"
CONNACK = b"\x20\x02\x00\x00"
PINGREQ, PINGRESP = b"\xc0\x00", b"\xd0\x00"


class Browser:
    """A WebSocket as a browser opens one."""

    async def open(self, port):
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", port)
        self._ws = WSConnection(ConnectionType.CLIENT)
        request = Request(host="box", target="/mqtt", subprotocols=["mqtt"])
        self._writer.write(self._ws.send(request))
        self.accepted = await self.next()

    async def next(self):
        while True:
            for event in self._ws.events():
                return event
            async with asyncio.timeout(5):
                data = await self._reader.read(65_536)
            self._ws.receive_data(data or None)

    def send(self, data):
        self._writer.write(self._ws.send(BytesMessage(data=data)))

    async def close(self):
        self._writer.close()
        await self._writer.wait_closed()


@pytest.fixture
async def browser():
    found = Browser()
    yield found
    await found.close()


def port_of(url):
    return int(url.rpartition(":")[2])


@pytest.mark.broker
class TestWithBroker:
    """With a real broker behind the box."""

    @pytest.fixture
    async def box(self, make_box, menu, broker):
        return await make_box(menu=menu, mqtt_port=broker.port)

    async def test_bytes_go_through_as_they_are_in_both_directions(self, url, browser):
        await browser.open(port_of(url))
        assert isinstance(browser.accepted, AcceptConnection)
        assert browser.accepted.subprotocol == "mqtt"
        browser.send(CONNECT)
        assert bytes((await browser.next()).data) == CONNACK
        # A packet may come in pieces: the bridge passes bytes, not packets.
        browser.send(PINGREQ[:1])
        browser.send(PINGREQ[1:])
        assert bytes((await browser.next()).data) == PINGRESP

    async def test_when_the_broker_hangs_up_so_does_the_bridge(self, url, browser):
        await browser.open(port_of(url))
        browser.send(b"\xff\xff this is not MQTT")
        assert isinstance(await browser.next(), CloseConnection)


async def test_without_a_broker_the_browser_is_told_to_come_again(url, browser):
    await browser.open(port_of(url))
    assert isinstance(browser.accepted, AcceptConnection)
    closed = await browser.next()
    assert isinstance(closed, CloseConnection)
    assert closed.code == 1013
