"""The broker's own identities and rights, tried on a real mosquitto with the files we write."""

import asyncio
import shutil
import subprocess

import pytest

from edge.lan.broker import EmbeddedBroker
from edge.lan.broker_access import BrokerAccess
from edge.lan.broker_config import (
    BOX,
    SCREENS,
    BrokerSettings,
    acl_text,
    mosquitto_conf,
    password_fits,
    password_line,
)
from edge.lan.broker_programs import find_installed_mosquitto
from edge.lan.mqtt import BrokerFault, BrokerRefusal, MqttLink
from edge.platform import Platform
from protocol.devices import DeviceKind

needs_mosquitto = [
    pytest.mark.broker,
    pytest.mark.skipif(find_installed_mosquitto() is None, reason="mosquitto is not installed"),
]
ROOT = "kedai/dago"
ENTRANCE = {DeviceKind.KITCHEN: "grill", DeviceKind.COUNTER: "kasir", DeviceKind.KIOSK: "pintu"}


@pytest.fixture
async def access(tmp_path):
    made = BrokerAccess(tmp_path / "access", tmp_path, "dago", Platform())
    await made.start()
    return made


@pytest.fixture
async def strict(access, tmp_path):
    """A mosquitto that knows the box, and one device of each kind by a token like its name."""
    for kind, device in ENTRANCE.items():
        access.grant(device, kind, f"token-{device}")
    broker = EmbeddedBroker(tmp_path / "broker", access=access)
    await broker.start()
    yield broker
    await broker.stop()


@pytest.fixture
async def joins(strict, access):
    """Connects as a device, or as the box; the link is ended after the test."""
    links = []

    async def join(user, password=None, name=None):
        secret = password or (access.password(user) if user in {BOX, SCREENS} else f"token-{user}")
        link = MqttLink("127.0.0.1", strict.port, name or user, user, secret)
        links.append(link)
        await link.start()
        await link.wait_connected(3)
        return link

    yield join
    for link in links:
        await link.stop()


class Heard(list):
    """Remembers topics it was told of."""

    async def __call__(self, message):
        self.append(message.topic)


class TestOnMosquitto:
    """What mosquitto makes of our files."""

    pytestmark = needs_mosquitto

    async def test_the_box_and_each_device_come_in_by_their_own_password_only(self, joins, caplog):
        await joins(BOX)
        await joins("grill")
        with pytest.raises(BrokerFault):
            await joins("kasir", "token-grill")
        with pytest.raises(BrokerFault):
            await joins("nobody", "token-nobody")

    async def test_nobody_comes_in_without_a_password(self, strict):
        link = MqttLink("127.0.0.1", strict.port, "a passer-by")
        await link.start()
        with pytest.raises(BrokerFault):
            await link.wait_connected(1)
        await link.stop()

    async def test_each_kind_hears_what_it_needs_and_nothing_else(self, joins, until):
        box, told = await joins(BOX), {}
        for device in ENTRANCE.values():
            link = await joins(device)
            await link.subscribe(f"{ROOT}/#", heard := Heard())
            told[device] = heard
        topics = ["kitchen/grill/tickets/1", "orders/1", "payments/1", "items/kopi/availability"]
        topics += ["menu", "devices/grill/commands", "devices/kasir/commands"]
        topics += ["devices/grill/presence", "status"]
        for topic in topics:
            await box.publish(f"{ROOT}/{topic}", b"{}")
        everybody = {"items/kopi/availability", "menu", "status"}
        kitchen = {"kitchen/grill/tickets/1", "devices/grill/presence"}
        expected = {
            "grill": everybody | kitchen | {"devices/grill/commands"},
            "kasir": everybody | kitchen | {"orders/1", "payments/1", "devices/kasir/commands"},
            "pintu": everybody,
        }
        await until(lambda: all(f"{ROOT}/status" in heard for heard in told.values()))
        for device, heard in told.items():
            assert {t.removeprefix(f"{ROOT}/") for t in heard} == expected[device], device

    async def test_a_device_writes_beneath_its_own_name_only(self, joins):
        grill = await joins("grill")
        await grill.publish(f"{ROOT}/devices/grill/shown", b"{}")
        for topic in ("kitchen/grill/tickets/1", "devices/kasir/presence", "status", "menu"):
            with pytest.raises(BrokerRefusal, match="Not authorized"):
                await grill.publish(f"{ROOT}/{topic}", b"forged", retain=True)

    async def test_who_speaks_for_unpaired_screens_cannot_forge_a_ticket(self, joins):
        screens = await joins(SCREENS)
        await screens.publish(f"{ROOT}/devices/new/presence", b"{}")
        with pytest.raises(BrokerRefusal):
            await screens.publish(f"{ROOT}/kitchen/grill/tickets/1", b"forged", retain=True)

    async def test_the_box_of_another_outlet_has_no_rights_here(self, joins):
        box = await joins(BOX)
        with pytest.raises(BrokerRefusal):
            await box.publish("kedai/other/status", b"{}")

    async def test_a_revoked_device_is_cut_at_once_and_stays_out(self, joins, access, until):
        box, grill, kasir = await joins(BOX), await joins("grill"), await joins("kasir")
        access.withdraw("grill")
        await until(lambda: not grill.connected)
        with pytest.raises(BrokerFault):
            await joins("grill", name="grill again")
        assert box.connected
        assert kasir.connected

    async def test_a_device_that_joins_is_let_in_without_a_restart(self, joins, access, strict):
        access.grant("bar", DeviceKind.KITCHEN, "token-bar")
        await asyncio.sleep(0.3)
        assert (await joins("bar")).connected
        assert strict.restarts == 0

    async def test_what_waits_for_a_device_that_is_away_is_kept_over_a_reload(self, joins, access):
        """With `per_listener_settings true` a newer mosquitto forgets it (2.0.21)."""
        box, grill = await joins(BOX), await joins("grill")
        await grill.subscribe(f"{ROOT}/kitchen/#", Heard())
        await grill.stop()
        for n in range(5):
            await box.publish(f"{ROOT}/kitchen/grill/tickets/{n}", b"{}")
        access.grant("new", DeviceKind.KIOSK, "token")
        await asyncio.sleep(0.3)
        again, heard = MqttLink("127.0.0.1", box._connect_with.args[1], "grill", "grill", "token-grill"), Heard()  # fmt: skip
        await again.subscribe(f"{ROOT}/kitchen/#", heard)
        await again.start()
        await again.wait_connected(3)
        await asyncio.sleep(0.3)
        await again.stop()
        assert heard == [f"{ROOT}/kitchen/grill/tickets/{n}" for n in range(5)]


@pytest.mark.skipif(not shutil.which("mosquitto_passwd"), reason="mosquitto's own tool is missing")
def test_mosquittos_own_tool_writes_what_we_read(tmp_path):
    file = tmp_path / "passwords"
    subprocess.run(["mosquitto_passwd", "-c", "-b", file, "grill", "rahasia"], check=True)
    assert password_fits(file.read_text(), "rahasia")
    assert not password_fits(file.read_text(), "rahasja")


def test_a_password_line_is_of_its_password_and_a_broken_one_of_none():
    line = password_line("grill", "rahasia", b"twelve bytes")
    assert line.startswith("grill:$7$101$")
    assert password_fits(line, "rahasia")
    assert not password_fits(line, "")
    for broken in ("", "grill", "grill:$6$x$y", "grill:$7$many$AA==$AA==", line[:-9]):
        assert not password_fits(broken, "rahasia")


async def test_identities_survive_a_restart_and_the_same_grant_changes_nothing(access, tmp_path):
    access.grant("grill", DeviceKind.KITCHEN, "token")
    before = access.passwords.read_text(), access.acl.read_text()
    again, changes = BrokerAccess(tmp_path / "access", tmp_path, "dago", Platform()), []
    again.on_changed.append(lambda: changes.append(1))
    await again.start()
    again.grant("grill", DeviceKind.KITCHEN, "token")
    assert again.password(BOX) == access.password(BOX)
    assert (again.passwords.read_text(), again.acl.read_text()) == before
    assert changes == []
    again.keep_only({})
    assert changes == [1]
    assert "grill" not in again.acl.read_text()


async def test_files_that_cannot_be_written_are_told_once_and_stop_nothing(tmp_path, caplog):
    (tmp_path / "access").write_text("where a folder should be")
    access = BrokerAccess(tmp_path / "access", tmp_path, "dago", Platform())
    await access.start()
    access.grant("grill", DeviceKind.KITCHEN, "token")
    assert sum("cannot be written" in r.message for r in caplog.records) == 1


def test_secrets_are_nobody_elses(access, tmp_path):
    assert (tmp_path / "broker.secret").stat().st_mode & 0o077 == 0
    for file in (access.passwords, access.acl):
        assert file.stat().st_mode & 0o007 == 0
    assert access.password(BOX) not in access.passwords.read_text()


def test_a_name_cannot_slip_a_line_into_the_rights_file():
    for name in ("x\ntopic readwrite #", "box", "screens", "+"):
        with pytest.raises(ValueError):  # noqa: PT011 -- two sentences, both right
            acl_text("dago", {name: DeviceKind.KIOSK})


def test_the_settings_say_what_measuring_taught():
    text = mosquitto_conf(BrokerSettings(state_dir="/s", passwords="/p", acl="/a"))
    for line in (
        "per_listener_settings false",
        "allow_anonymous false",
        "persistence true",
        "autosave_interval 1",
        "set_tcp_nodelay true",
        "max_queued_messages 10000",
        "listener 1883 127.0.0.1",
    ):
        assert line in text.splitlines()
    assert "websockets" not in text
