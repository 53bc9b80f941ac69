"""`kedai edge broker check` finds what is wrong with a running mosquitto, and says it in words."""

import asyncio
import contextlib
import os
import signal

import pytest
from click.testing import CliRunner
from msgspec.structs import replace

from edge.child_process import end_child, start_child
from edge.cli_broker import broker as commands
from edge.lan import broker_check
from edge.lan.broker_access import BrokerAccess
from edge.lan.broker_check import Tried, check
from edge.lan.broker_config import BrokerSettings, mosquitto_conf
from edge.lan.broker_programs import find_installed_mosquitto
from edge.listening import listen_no_more
from edge.platform import Platform

needs_mosquitto = [
    pytest.mark.broker,
    pytest.mark.skipif(find_installed_mosquitto() is None, reason="mosquitto is not installed"),
]


@pytest.fixture
async def access(tmp_path):
    made = BrokerAccess(tmp_path / "access", tmp_path, "dago", Platform())
    await made.start()
    return made


@pytest.fixture
def settings(access, tmp_path, unused_tcp_port):
    (tmp_path / "state").mkdir()
    return BrokerSettings(
        state_dir=str(tmp_path / "state"),
        port=unused_tcp_port,
        passwords=str(access.passwords),
        acl=str(access.acl),
        run_as="root" if os.geteuid() == 0 else "",
    )


@pytest.fixture
async def run(tmp_path, settings):
    """Starts mosquitto with a text of settings, and ends it after the test."""
    running = []

    async def start(text):
        file = tmp_path / "mosquitto.conf"
        file.write_text(text)
        argv = [find_installed_mosquitto().argv[0], "-c", str(file)]
        with (tmp_path / "log").open("wb") as output:
            running.append(await start_child(argv, output=output))
        for _ in range(100):
            with contextlib.suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", settings.port)
                writer.close()
                return running[-1]
            await asyncio.sleep(0.05)
        raise AssertionError((tmp_path / "log").read_text())

    yield start
    for process in running:
        await end_child(process, patience_s=5)


@pytest.fixture
def findings(settings, access, monkeypatch):
    monkeypatch.setattr(broker_check, "RELOADED_WITHIN_S", 2.0)

    async def look(process=None):
        def reload():
            if process is not None:
                process.send_signal(signal.SIGHUP)

        tried = Tried(settings, access, "dago", "check-1", "a token", reload)
        return {f.code: f for f in await check(tried)}

    return look


def wrong(found):
    return {code for code, finding in found.items() if not finding.ok}


class TestOnMosquitto:
    """Each fault is made for real."""

    pytestmark = needs_mosquitto

    async def test_one_that_runs_as_it_should_is_well_and_nothing_stays_behind(
        self, run, settings, findings, access
    ):
        process = await run(mosquitto_conf(settings))
        before = access.passwords.read_text(), access.acl.read_text()
        found = await findings(process)
        assert wrong(found) == set(), found
        assert set(found) == {*("listener", "box", "settings", "disk", "door", "join"), *("rights", "revoked")}  # fmt: skip
        assert (access.passwords.read_text(), access.acl.read_text()) == before

    async def test_none_at_all(self, findings):
        found = await findings()
        assert wrong(found) == {"answer"}
        assert "nothing answers" in found["answer"].en

    async def test_one_that_lets_anybody_in_with_settings_of_its_own(self, run, settings, findings):
        state = f"persistence true\npersistence_location {settings.state_dir}/\n"
        state += f"autosave_interval 1\nuser {settings.run_as or 'root'}\n"
        await run(f"listener {settings.port} 127.0.0.1\nallow_anonymous true\n{state}")
        assert wrong(await findings()) == {"settings", "door"}

    async def test_one_that_listens_to_the_whole_network(self, run, settings, findings):
        process = await run(mosquitto_conf(replace(settings, host="0.0.0.0")))
        found = await findings(process)
        assert wrong(found) == {"listener"}
        assert "0.0.0.0" in found["listener"].en

    async def test_a5_one_that_cannot_save(self, run, settings, findings, tmp_path, monkeypatch):
        """It only logs that it may not write, and runs on without persistence (A5)."""
        monkeypatch.setattr(broker_check, "SAVED_LATER_S", 1.0)
        (tmp_path / "state/mosquitto.db.new").mkdir()
        process = await run(mosquitto_conf(settings))
        assert wrong(await findings(process)) == {"disk"}

    async def test_one_with_rights_that_are_not_ours(self, run, settings, findings, tmp_path):
        lax = tmp_path / "lax"
        lax.write_text("pattern readwrite #\n")
        process = await run(mosquitto_conf(replace(settings, acl=str(lax))))
        assert wrong(await findings(process)) == {"rights"}

    async def test_one_that_does_not_read_its_files_again(self, run, settings, findings):
        await run(mosquitto_conf(settings))
        assert wrong(await findings()) == {"join"}

    async def test_one_with_the_passwords_of_another_box(self, run, settings, findings, tmp_path):
        other = BrokerAccess(tmp_path / "other", tmp_path / "access", "dago", Platform())
        await other.start()
        await run(mosquitto_conf(replace(settings, passwords=str(other.passwords))))
        assert wrong(await findings()) == {"box"}

    async def test_a_program_that_is_no_broker(self, findings, settings):
        async def babble(reader, writer):
            writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            writer.close()

        server = await asyncio.start_server(babble, "127.0.0.1", settings.port)
        assert "answer" in wrong(await findings())
        await listen_no_more(server)
        await server.wait_closed()


def kedai(tmp_path, *arguments):
    given = [*arguments, "--data", str(tmp_path)]
    return CliRunner().invoke(commands, given)


def test_the_command_prints_settings_made_from_the_boxes_own(tmp_path):
    (tmp_path / "box.toml").write_text("mqtt_port = 2883\n")
    done = kedai(tmp_path, "config", "--config", str(tmp_path / "box.toml"))
    assert done.exit_code == 0
    assert "listener 2883 127.0.0.1" in done.stdout
    assert "allow_anonymous false" in done.stdout


def test_the_command_says_in_words_that_nothing_answers_and_ends_with_1(tmp_path, unused_tcp_port):
    (tmp_path / "box.toml").write_text(f"mqtt_port = {unused_tcp_port}\n")
    done = kedai(tmp_path, "check", "--config", str(tmp_path / "box.toml"))
    assert done.exit_code == 1
    assert "WRONG The broker does not work: nothing answers" in done.stdout


@pytest.mark.broker
@pytest.mark.skipif(find_installed_mosquitto() is None, reason="mosquitto is not installed")
@pytest.mark.parametrize("pairing", ["required", "open"])
async def test_the_command_finds_nothing_wrong_with_the_broker_of_a_running_box(
    make_box, menu, tmp_path, pairing
):
    box = await make_box("running", menu=menu, mqtt_embedded=True, mqtt_port=0, pairing=pairing)
    await box.link.wait_connected(5)
    (tmp_path / "box.toml").write_text("mqtt_embedded = true\n")
    given = ("check", "--config", str(tmp_path / "box.toml"))
    done = await asyncio.to_thread(kedai, tmp_path / "running", *given)
    assert done.exit_code == 0, done.output
    assert "WRONG" not in done.output
    tried = "writes under its own name only" in done.output
    assert tried is (pairing == "required")
    assert box.link.connected
    assert box.embedded.restarts == 0
