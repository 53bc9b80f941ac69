"""The broker we start ourselves: reachable from this machine only, lasting, and gone with us."""

import asyncio
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from edge.lan.broker import EmbeddedBroker
from edge.lan.broker_programs import (
    BrokerProgram,
    find_aedes,
    find_installed_mosquitto,
    find_unpacked_mosquitto,
)
from edge.lan.link import BrokerFault
from edge.lan.mqtt import MqttLink

ROOT = Path(__file__).parents[3]
MOSQUITTO = find_installed_mosquitto()
AEDES = find_aedes(ROOT)
pytestmark = pytest.mark.broker
needs_mosquitto = pytest.mark.skipif(MOSQUITTO is None, reason="mosquitto is not installed")


async def until(condition, within_s=10):
    async with asyncio.timeout(within_s):
        while not condition():  # noqa: ASYNC110 -- what is awaited has no event
            await asyncio.sleep(0.02)


def is_running(pid):
    """Whether a process lives; one that is dead and only unread does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


async def retained(port, topic):
    """What a newcomer is told on a topic, or None."""
    link, told = MqttLink("127.0.0.1", port, "newcomer"), asyncio.Queue()
    await link.start()
    await link.wait_connected(5)
    await link.subscribe(topic, told.put)
    try:
        async with asyncio.timeout(1):
            return (await told.get()).payload
    except TimeoutError:
        return None
    finally:
        await link.stop()


async def retain(port, topic, payload):
    link = MqttLink("127.0.0.1", port, "box")
    await link.start()
    await link.wait_connected(5)
    await link.publish(topic, payload, retain=True)
    version = link.mqtt_version
    await link.stop()
    return version


@needs_mosquitto
async def test_what_is_retained_outlives_the_broker_and_its_process_does_not(tmp_path):
    broker = EmbeddedBroker(tmp_path)
    await broker.start()
    assert await retain(broker.port, "menu", b"version 7") == "5"
    assert broker.keeps_state
    assert f"127.0.0.1:{broker.port}; keeps its state" in broker.describe()
    pid = broker.pid
    await broker.stop()
    assert not is_running(pid)

    again = EmbeddedBroker(tmp_path, port=broker.port)
    await again.start()
    assert again.port == broker.port
    assert await retained(again.port, "menu") == b"version 7"
    await again.stop()


@needs_mosquitto
async def test_a_port_that_is_taken_is_replaced_and_named(tmp_path, caplog):
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = other.getsockname()[1]
        broker = EmbeddedBroker(tmp_path, port=taken)
        await broker.start()
        assert broker.port != taken
        assert f"Port {taken} is taken; the broker uses {broker.port}." in caplog.text
        await broker.stop()


@needs_mosquitto
async def test_a5_a_broker_that_cannot_save_says_so(tmp_path, caplog):
    (tmp_path / "mosquitto.db.new").mkdir()  # where mosquitto writes first
    broker = EmbeddedBroker(tmp_path)
    await broker.start()
    assert not broker.keeps_state
    assert "forgets its state" in broker.describe()
    assert "does not save its state" in caplog.text
    await broker.stop()


def test_a3_a_broker_without_tls_is_not_offered_to_the_lan(tmp_path):
    with pytest.raises(ValueError, match="loopback only"):
        EmbeddedBroker(tmp_path, host="0.0.0.0")


async def test_a_program_that_is_no_broker_is_a_fault_with_its_last_words(tmp_path):
    program = BrokerProgram("mosquitto", ("/bin/ls", "/no/such/folder"), "nowhere")
    with pytest.raises(BrokerFault, match="ended at once"):
        await EmbeddedBroker(tmp_path, program=program).start()


@needs_mosquitto
async def test_the_broker_ends_when_its_parent_is_killed(tmp_path):
    program = (
        "import asyncio, sys; from pathlib import Path; from edge.lan.broker import EmbeddedBroker\n"
        "async def main():\n"
        "    broker = EmbeddedBroker(Path(sys.argv[1]))\n"
        "    await broker.start(); print(broker.pid, flush=True); await asyncio.sleep(600)\n"
        "asyncio.run(main())"
    )
    parent = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", program, str(tmp_path)), stdout=subprocess.PIPE, cwd=ROOT
    )
    try:
        pid = int(await parent.stdout.readline())
        assert os.getpgid(pid) != os.getpgid(parent.pid)  # Ctrl-C is not for it
    finally:
        parent.kill()
        await parent.wait()
    await until(lambda: not is_running(pid))


@needs_mosquitto
def test_an_unpacked_mosquitto_is_found_with_its_libraries(tmp_path):
    program = tmp_path / "mosquitto/usr/sbin/mosquitto"
    program.parent.mkdir(parents=True)
    assert find_unpacked_mosquitto(tmp_path) is None
    program.symlink_to(MOSQUITTO.argv[0])
    library = tmp_path / "mosquitto/usr/lib/some/libcjson.so.1"
    library.parent.mkdir(parents=True)
    library.touch()
    found = find_unpacked_mosquitto(tmp_path)
    assert found.argv[1] == f"LD_LIBRARY_PATH={library.parent}"
    assert found.argv[-1] == str(program)


@pytest.mark.skipif(AEDES is None, reason="needs Node and aedes in node_modules")
async def test_aedes_will_do_where_mosquitto_is_missing(tmp_path):
    broker = EmbeddedBroker(tmp_path, program=AEDES)
    await broker.start()
    pid = broker.pid
    assert "aedes" in broker.describe()
    assert "forgets its state" in broker.describe()
    assert await retain(broker.port, "menu", b"version 7") in {"3.1.1", "5"}
    assert await retained(broker.port, "menu") == b"version 7"
    await broker.stop()
    assert not is_running(pid)
