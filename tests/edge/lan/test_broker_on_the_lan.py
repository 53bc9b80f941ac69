"""The broker's own listener for devices that speak MQTT themselves: TLS, and names nobody can take."""

import asyncio
import contextlib
import os
import ssl

import pytest
from click.testing import CliRunner

from edge.child_process import end_child, start_child
from edge.cli_broker import broker as commands
from edge.lan import packets
from edge.lan.broker_access import BrokerAccess
from edge.lan.broker_config import BOX, BrokerSettings, mosquitto_conf
from edge.lan.broker_programs import find_installed_mosquitto
from edge.lan.certificate import Certificate
from edge.lan.mqtt import MqttLink
from edge.lan.packets import Connect, Cutter, Kind
from edge.platform import Platform
from protocol.devices import DeviceKind

pytestmark = [
    pytest.mark.broker,
    pytest.mark.skipif(find_installed_mosquitto() is None, reason="mosquitto is not installed"),
]
WELCOME, NOT_WELCOME = b"\x00\x00", b"\x00\x05"


async def open_when_up(port, **tls):
    for _ in range(100):
        with contextlib.suppress(OSError):
            return await asyncio.open_connection("127.0.0.1", port, **tls)
        await asyncio.sleep(0.05)
    raise AssertionError("it never listened")


async def close(writer):
    writer.close()
    with contextlib.suppress(OSError, ssl.SSLError):
        await writer.wait_closed()


@pytest.fixture
async def mosquitto():
    """Starts it with a file of settings; what it said is in the file `log` beside them."""
    running = []

    async def start(file):
        argv = [find_installed_mosquitto().argv[0], "-c", str(file)]
        with file.with_name("log").open("wb") as output:
            running.append(await start_child(argv, output=output))

    yield start
    for process in running:
        await end_child(process, patience_s=5)


class Lan:
    """A broker with both listeners, and what belongs to it."""

    def __init__(self, folder, ports):
        self.folder, (self.port, self.lan_port) = folder, ports
        self.access = BrokerAccess(folder / "access", folder, "dago", Platform())
        self.certificate = Certificate(folder)

    async def start(self, mosquitto):
        self.certificate.load()
        await self.access.start()
        self.access.grant("grill", DeviceKind.KITCHEN, "token-grill")
        (self.folder / "state").mkdir()
        settings = BrokerSettings(
            state_dir=str(self.folder / "state"),
            port=self.port,
            passwords=str(self.access.passwords),
            acl=str(self.access.acl),
            run_as="root" if os.geteuid() == 0 else "",
            lan_host="127.0.0.1",
            lan_port=self.lan_port,
            certificate=str(self.certificate.path),
            key=str(self.certificate.path),
        )
        (self.folder / "mosquitto.conf").write_text(mosquitto_conf(settings))
        await mosquitto(self.folder / "mosquitto.conf")

    async def device(self, client_id, user, password):
        """How the broker answers a device on the LAN, and the connection."""
        trust = ssl.create_default_context(cadata=self.certificate.pem)
        trust.check_hostname = False
        reader, writer = await open_when_up(self.lan_port, ssl=trust)
        hello = Connect(4, client_id, user=user, password=password.encode())
        writer.write(packets.write_connect(hello))
        return await reader.readexactly(4), reader, writer


@pytest.fixture
async def lan(tmp_path, unused_tcp_port_factory, mosquitto):
    made = Lan(tmp_path, (unused_tcp_port_factory(), unused_tcp_port_factory()))
    await made.start(mosquitto)
    return made


async def test_a_device_comes_in_encrypted_and_hears_its_kitchen(lan):
    answer, reader, writer = await lan.device("whatever", "grill", "token-grill")
    assert answer[2:] == WELCOME
    writer.write(packets.subscribe(4, 1, "kedai/dago/kitchen/#"))
    await reader.readexactly(5)
    box = MqttLink("127.0.0.1", lan.port, "box", BOX, lan.access.password(BOX))
    await box.start()
    await box.wait_connected(5)
    await box.publish("kedai/dago/kitchen/grill/tickets/1", b"{}")
    async with asyncio.timeout(5):
        [packet] = Cutter(1_000).feed(await reader.read(1_000))
    assert packet.kind is Kind.PUBLISH
    await close(writer)
    await box.stop()


async def test_a_wrong_token_and_no_token_stay_out(lan):
    for password in ("token-kasir", ""):
        answer, _, writer = await lan.device("x", "grill", password)
        assert answer[2:] == NOT_WELCOME
        await close(writer)


async def test_no_device_takes_over_the_boxs_session_by_its_name(lan):
    """Two clients of one id end each other; whoever knew the box's could keep it out for ever."""
    box = MqttLink("127.0.0.1", lan.port, "kedai-box-alone", BOX, lan.access.password(BOX))
    await close((await open_when_up(lan.port))[1])
    await box.start()
    await box.wait_connected(5)
    answer, _, writer = await lan.device("kedai-box-alone", "grill", "token-grill")
    assert answer[2:] == WELCOME
    await asyncio.sleep(0.3)
    assert box.connected
    assert box.counters.connects == 1
    await close(writer)
    await box.stop()


async def test_without_tls_nothing_is_heard_on_the_lan(lan):
    reader, writer = await open_when_up(lan.lan_port)
    writer.write(packets.write_connect(Connect(4, "x", user="grill", password=b"token-grill")))
    with contextlib.suppress(ConnectionError):
        async with asyncio.timeout(5):
            assert b"\x20\x02\x00\x00" not in await reader.read(100)
    await close(writer)


async def test_the_command_writes_all_that_mosquitto_needs(tmp_path, unused_tcp_port, mosquitto):
    (tmp_path / "box.toml").write_text(f"mqtt_port = {unused_tcp_port}\n")
    (tmp_path / "state").mkdir(mode=0o777)
    out = tmp_path / "out"

    def run():
        given = ["config", "--config", str(tmp_path / "box.toml"), "--data", str(tmp_path)]
        given += ["--out", str(out), "--state", str(tmp_path / "state")]
        return CliRunner().invoke(commands, given)

    done = await asyncio.to_thread(run)
    assert done.exit_code == 0, done.output
    conf = out / "mosquitto.conf"
    if os.geteuid() == 0:  # the folder of a test is nobody else's
        conf.write_text(conf.read_text() + "user root\n")
    await mosquitto(conf)
    access = BrokerAccess(tmp_path / "broker-access", tmp_path, "alone", Platform())
    await access.start()
    box = MqttLink("127.0.0.1", unused_tcp_port, "box", BOX, access.password(BOX))
    await box.start()
    await box.wait_connected(10)
    await box.publish("kedai/alone/status", b"{}")
    await box.stop()


def test_a_listener_on_the_lan_without_a_certificate_is_refused_in_words(tmp_path):
    given = ["config", "--data", str(tmp_path), "--lan-port", "8883"]
    done = CliRunner().invoke(commands, given)
    assert done.exit_code == 1
    assert "--certificate" in done.stderr
