"""The broker as it is shipped: its files are what the box generates, and they work together."""

import asyncio
import os
import re
import shutil
import signal
import subprocess
from pathlib import Path

import pytest
from msgspec.structs import replace

from edge.child_process import end_child, start_child
from edge.config import load
from edge.lan.broker_access import BrokerAccess
from edge.lan.broker_check import Tried, check
from edge.lan.broker_config import SYSTEM_STATE, mosquitto_conf, system_settings
from edge.lan.broker_programs import find_installed_mosquitto
from edge.lan.mqtt import MqttLink
from edge.platform import Platform
from protocol.devices import DeviceKind

ROOT = Path(__file__).parents[2]
OVERLAY = ROOT / "firmware-config/overlay"
UNITS = OVERLAY / "etc/systemd/system"
ROLE = ROOT / "ansible/roles/mosquitto"
ACCESS_DIR = "/var/lib/kedai-broker"
SHIPPED = load(OVERLAY / "etc/kedai/config.toml", {})
needs_systemd = pytest.mark.skipif(
    not (
        shutil.which("systemd-analyze") and Path("/lib/systemd/system/mosquitto.service").exists()
    ),
    reason="no systemd with mosquitto's own unit on this machine",
)


def test_the_settings_that_are_shipped_are_those_the_box_generates():
    generated = mosquitto_conf(system_settings(SHIPPED.mqtt_host, SHIPPED.mqtt_port))
    assert (OVERLAY / "etc/mosquitto/kedai.conf").read_text() == generated


def test_a3_nothing_shipped_opens_a_websocket_or_listens_to_the_network():
    """mosquitto 2.0.11 binds a WebSocket listener to every address (A3)."""
    text = (OVERLAY / "etc/mosquitto/kedai.conf").read_text()
    assert "websockets" not in text
    assert [x for x in text.splitlines() if x.startswith("listener")] == ["listener 1883 127.0.0.1"]


def test_everybody_means_the_same_folders():
    """Box, watch, copy and broker name the same places; a difference would shut everybody out."""
    watch = (UNITS / "kedai-broker-access.path").read_text()
    copy = (UNITS / "kedai-broker-access.service").read_text()
    assert SHIPPED.mqtt_access_dir == ACCESS_DIR
    assert f"PathChanged={ACCESS_DIR}/changed" in watch
    assert f"{ACCESS_DIR}/$$f" in copy
    assert f"cd {SYSTEM_STATE} " in copy
    assert f"d {ACCESS_DIR} 2750 kedai mosquitto" in (OVERLAY / "usr/lib/tmpfiles.d/kedai-broker.conf").read_text()  # fmt: skip
    assert f"ReadWritePaths=-{ACCESS_DIR}" in (UNITS / "kedai-edge.service").read_text()


@pytest.fixture
def units(tmp_path):
    """What systemd would find on a box: the package's unit and ours."""
    folder = tmp_path / "units"
    shutil.copytree(UNITS, folder)
    shutil.copy("/lib/systemd/system/mosquitto.service", folder)
    edge = folder / "kedai-edge.service"
    text = edge.read_text().replace("/opt/kedai/current/bin/kedai", "/bin/true")
    edge.write_text(text.replace("=kedai\n", "=root\n"))

    def ask(*arguments):
        return subprocess.run(
            ["systemd-analyze", *arguments],
            env=os.environ | {"SYSTEMD_UNIT_PATH": f"{folder}:"},
            capture_output=True,
            text=True,
            check=False,
        )

    return ask


@needs_systemd
@pytest.mark.parametrize("unit", ["mosquitto.service", "kedai-broker-access.service"])
def test_systemd_understands_every_line(units, unit):
    done = units("verify", "--man=no", unit, "kedai-broker-access.path")
    assert not [x for x in done.stderr.splitlines() if "kedai" in x or "mosquitto" in x]


@needs_systemd
def test_the_broker_is_shut_in_as_far_as_it_was_measured_to_work(units):
    done = units("security", "--offline=true", "--threshold=15", "mosquitto.service")
    assert done.returncode == 0, done.stdout.splitlines()[-1]


class Machine:
    """A box's machine without systemd: the same files and commands, in folders of the test."""

    def __init__(self, folder, port):
        self.folder, self.port = folder, port
        self.box_dir, self.broker_dir = folder / "kedai-broker", folder / "mosquitto"
        for place in (self.box_dir, self.broker_dir):
            place.mkdir()

    def here(self, text):
        return text.replace(ACCESS_DIR, str(self.box_dir)).replace(SYSTEM_STATE, str(self.broker_dir))  # fmt: skip

    def runs(self, unit, key):
        """The shell commands of a unit, as systemd would run them."""
        text = self.here((UNITS / unit).read_text())
        codes = [
            subprocess.run(["/bin/sh", "-c", x.replace("$$", "$")], capture_output=True).returncode  # noqa: PLW1510 -- the code is the answer
            for x in re.findall(rf"^{key}=/bin/sh -c '(.*)'$", text, re.MULTILINE)
        ]
        assert codes
        return codes

    async def start_broker(self):
        text = self.here((OVERLAY / "etc/mosquitto/kedai.conf").read_text())
        text = text.replace("listener 1883", f"listener {self.port}")
        if os.geteuid() == 0:
            text += "user root\n"
        (self.folder / "kedai.conf").write_text(text)
        argv = [find_installed_mosquitto().argv[0], "-c", str(self.folder / "kedai.conf")]
        with (self.folder / "log").open("wb") as output:
            self.process = await start_child(argv, output=output)
        await asyncio.sleep(0.3)

    def notice_change(self):
        """What the path unit and its service do."""
        assert self.runs("kedai-broker-access.service", "ExecStart") == [0]
        self.process.send_signal(signal.SIGHUP)
        assert self.runs("kedai-broker-access.service", "ExecStartPost") == [0]


@pytest.fixture
async def machine(tmp_path, unused_tcp_port):
    made = Machine(tmp_path, unused_tcp_port)
    yield made
    await end_child(made.process, patience_s=5)


@pytest.mark.broker
@pytest.mark.skipif(find_installed_mosquitto() is None, reason="mosquitto is not installed")
async def test_a_fresh_machine_lets_the_box_in_once_it_has_written_who_may(machine, tmp_path):
    """First boot: the broker starts first and knows nobody; the box is let in without a restart."""
    assert machine.runs("mosquitto.service.d/kedai.conf", "ExecStartPre") == [0]
    await machine.start_broker()
    access = BrokerAccess(machine.box_dir, tmp_path, "dago", Platform())
    access.on_changed.append(machine.notice_change)
    await access.start()
    box = MqttLink("127.0.0.1", machine.port, "box", "box", access.password("box"))
    await box.start()
    await box.wait_connected(10)
    settings = system_settings("127.0.0.1", machine.port)
    settings = replace(settings, state_dir=str(machine.broker_dir))
    tried = Tried(settings, access, "dago", "check-1", "a token", lambda: None)
    assert [f.en for f in await check(tried) if not f.ok] == []
    assert box.connected
    await box.stop()


@pytest.mark.broker
@pytest.mark.skipif(find_installed_mosquitto() is None, reason="mosquitto is not installed")
async def test_a_change_that_comes_while_another_is_passed_on_is_not_lost(machine, tmp_path):
    machine.runs("mosquitto.service.d/kedai.conf", "ExecStartPre")
    await machine.start_broker()
    access = BrokerAccess(machine.box_dir, tmp_path, "dago", Platform())
    await access.start()
    assert machine.runs("kedai-broker-access.service", "ExecStart") == [0]
    access.grant("grill", DeviceKind.KITCHEN, "a token")
    # The last step of the service fails, so systemd runs it once more.
    assert machine.runs("kedai-broker-access.service", "ExecStartPost") != [0]
    assert "Restart=on-failure" in (UNITS / "kedai-broker-access.service").read_text()


def test_the_role_copies_the_overlay_and_owns_no_file_of_its_own():
    yaml = pytest.importorskip("yaml")
    tasks = yaml.safe_load((ROLE / "tasks/main.yml").read_text())
    tasks += yaml.safe_load((ROLE / "tasks/verify.yml").read_text())
    handlers = {h["name"] for h in yaml.safe_load((ROLE / "handlers/main.yml").read_text())}
    copied = []
    for task in tasks:
        modules = {k for k in task if "." in k}
        assert all(m.startswith("ansible.builtin.") for m in modules), task["name"]
        assert task.get("notify", "Restart the broker") in handlers
        if (copy := task.get("ansible.builtin.copy")) is not None:
            for item in task.get("loop", [""]):
                source = copy["src"].replace("{{ item }}", item)
                source = source.removeprefix("{{ mosquitto_overlay }}/")
                assert f"/{source}" == copy["dest"].replace("{{ item }}", item)
                copied.append(source)
    ours = [p for p in OVERLAY.rglob("*") if p.is_file() and re.search("mosquitto|kedai-broker", str(p.relative_to(OVERLAY)))]  # fmt: skip
    assert sorted(copied) == sorted(str(p.relative_to(OVERLAY)) for p in ours)
    assert not list(ROLE.glob("files/*")) + list(ROLE.glob("templates/*"))
