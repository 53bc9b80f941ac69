"""Both brokers that we start keep the promises the product leans on, and our side asks no more."""

import asyncio
import contextlib
from dataclasses import replace
from pathlib import Path

import pytest

from edge.lan import packets
from edge.lan.broker import EmbeddedBroker
from edge.lan.broker_programs import AEDES, AEDES_SCRIPT, find_aedes, find_installed_mosquitto
from edge.lan.mqtt import Message, MqttLink
from edge.lan.packets import Cutter
from edge.listening import listen_no_more
from tests.contract.brokers import BrokerContract, linked, plain

__all__ = ["linked", "plain"]

ROOT = Path(__file__).parents[3]
MOSQUITTO, AEDES_HERE = find_installed_mosquitto(), find_aedes(ROOT)
pytestmark = pytest.mark.broker


async def started(folder, program):
    broker = EmbeddedBroker(folder, program=program)
    await broker.start()
    return broker


@pytest.mark.skipif(MOSQUITTO is None, reason="mosquitto is not installed")
class TestMosquitto(BrokerContract):
    """The broker of an outlet."""

    @pytest.fixture
    async def broker(self, tmp_path):
        running = await started(tmp_path / "broker", MOSQUITTO)
        yield running
        await running.stop()


@pytest.mark.skipif(AEDES_HERE is None, reason="needs Node and aedes in node_modules")
class TestAedes(BrokerContract):
    """The stand-in for a demo where mosquitto is missing."""

    @pytest.fixture
    async def broker(self, tmp_path):
        running = await started(tmp_path / "broker", AEDES_HERE)
        yield running
        await running.stop()


def test_a1_a2_no_broker_that_failed_the_suite_is_ever_started():
    """amqtt breaks the protocol in four ways; aedes 2 loses wills that have a delay."""
    assert AEDES == "aedes@1.2.0"
    programs = (ROOT / "edge/lan/broker_programs.py").read_text() + AEDES_SCRIPT.read_text()
    assert "amqtt" not in programs
    assert "noDelay: true" in programs


async def test_a2_our_own_connect_asks_for_nothing_that_brokers_get_wrong(unused_tcp_port):
    """No delay of the will: one broker then falls silent towards everybody else."""
    seen = asyncio.get_running_loop().create_future()

    async def accept(reader, writer):
        with contextlib.closing(writer):
            for packet in Cutter(10**6).feed(await reader.read(65_536)):
                if not seen.done():  # it comes again, and again
                    seen.set_result(packets.read_connect(packet))

    server = await asyncio.start_server(accept, "127.0.0.1", unused_tcp_port)
    link = MqttLink("127.0.0.1", unused_tcp_port, "box", will=Message("status", b"gone"))
    await link.start()
    connect = await asyncio.wait_for(seen, 5)
    await link.stop()
    await listen_no_more(server)
    await server.wait_closed()
    assert connect.will == replace(connect.will, properties=b"")
    assert not connect.clean
