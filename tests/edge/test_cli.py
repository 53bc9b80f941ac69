"""The command line: every verb explains itself, and what cannot start says why in a sentence."""

import asyncio
import os
import signal
import socket
import sys

import click
import pytest
from click.testing import CliRunner

from edge import cli
from edge.node import Node
from protocol.replication import Enrolled

ENROLLED = Enrolled(
    node_id="node", outlet_id="outlet", tenant_id="tenant", outlet_name="Kedai Braga",
    currency="IDR", zone="Asia/Jakarta", rollover_hour=3,
)  # fmt: skip


def verbs(command, path=()):
    yield path
    if isinstance(command, click.Group):
        for name, sub in command.commands.items():
            yield from verbs(sub, (*path, name))


@pytest.fixture
def tell():
    def run(*arguments, **environ):
        return CliRunner().invoke(cli.main, arguments, env=environ)

    return run


# `kedai cloud` hands this very process over to HQ's command line: test_packaging asks it for help.
OWN_VERBS = [path for path in verbs(cli.main) if path != ("cloud",)]


@pytest.mark.parametrize("path", OWN_VERBS, ids=" ".join)
def test_every_verb_has_help(tell, path):
    told = tell(*path, "--help")
    assert told.exit_code == 0
    assert "Usage:" in told.output
    assert len(told.output.splitlines()) > 4


def test_it_says_its_version(tell):
    assert tell("--version").output.startswith("kedai, version ")


def test_a_configuration_that_is_wrong_starts_nothing(tell, tmp_path):
    file = tmp_path / "box.toml"
    file.write_text("http_prot = 1")
    told = tell("edge", "serve", "--config", str(file))
    assert told.exit_code == 1
    assert "http_prot" in told.output
    assert "Nothing was started" in told.output
    assert "Traceback" not in told.output


def test_a_port_that_is_taken_is_named(tell, tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        where = ("--host", "127.0.0.1", "--port", str(port), "--data", str(tmp_path / "d"))
        told = tell("edge", "serve", *where)
    assert told.exit_code == 1
    assert str(port) in told.output
    assert "Nothing was changed" in told.output


def test_a_folder_that_cannot_be_made_is_named(tell, tmp_path):
    (tmp_path / "file").write_text("")
    told = tell("edge", "serve", "--data", str(tmp_path / "file" / "data"), "--port", "0")
    assert told.exit_code == 1
    assert "cannot start" in told.output


def test_a_box_that_serves_an_outlet_is_not_enrolled_again(tell, tmp_path):
    node = Node(tmp_path)
    node.public_key()
    node.keep(ENROLLED, "http://hq")
    told = tell("edge", "enrol", "--data", str(tmp_path), "--hq", "http://x", "--code", "1")
    assert told.exit_code == 1
    assert "already serves Kedai Braga" in told.output


def test_an_hq_that_cannot_be_reached_enrols_nobody(tell, tmp_path):
    told = tell(
        "edge", "enrol", "--data", str(tmp_path), "--hq", "http://127.0.0.1:1", "--code", "1"
    )
    assert told.exit_code == 1
    assert "cannot be reached" in told.output
    assert not (tmp_path / "enrolment.json").exists()


class Process:
    """`kedai edge serve` on its own."""

    def __init__(self, folder):
        with socket.socket() as found:
            found.bind(("127.0.0.1", 0))
            self.port = found.getsockname()[1]
        self.folder = folder

    async def start(self, **settings):
        environ = {"KEDAI_ANNOUNCE": "no", "KEDAI_MQTT_PORT": "1", "KEDAI_LOG_LEVEL": "ERROR"}
        where = ("--data", str(self.folder), "--host", "127.0.0.1", "--port", str(self.port))
        self.process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "edge", "serve", *where),
            env=os.environ | environ | settings,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )

    async def end(self, sig=None):
        """Exit status and last words."""
        if sig is not None:
            self.process.send_signal(sig)
        async with asyncio.timeout(15):
            output, _ = await self.process.communicate()
        return self.process.returncode, output.decode()

    async def answers(self):
        for _ in range(500):
            try:
                reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
            except OSError:
                await asyncio.sleep(0.02)
                continue
            writer.write(b"GET /health/live HTTP/1.1\r\nhost: box\r\nconnection: close\r\n\r\n")
            head = await reader.read(15)
            writer.close()
            if head.startswith(b"HTTP/1.1 200"):
                return True
        return False


@pytest.fixture
async def process(tmp_path):
    found = Process(tmp_path / "data")
    yield found
    if found.process.returncode is None:
        found.process.kill()
        await found.process.communicate()


@pytest.mark.parametrize("sig", [signal.SIGTERM, signal.SIGINT])
async def test_a_box_that_is_told_to_stop_ends_well(process, sig):
    await process.start()
    assert await process.answers()
    status, words = await process.end(sig)
    assert (status, words) == (0, "")


@pytest.mark.parametrize(
    ("setting", "told"),
    [({"KEDAI_ZONE": "Asia/Atlantis"}, "Asia/Atlantis"), ({"KEDAI_CURRENCY": "XXX"}, "XXX")],
)
async def test_a_box_that_cannot_start_says_why_and_ends(process, setting, told):
    await process.start(**setting)
    status, words = await process.end()
    assert status == 1
    assert told in words
    assert "Traceback" not in words


async def test_a_file_that_is_no_database_ends_in_a_sentence(process):
    process.folder.mkdir()
    (process.folder / "box.db").write_text("this is a letter, not a database" * 200)
    await process.start()
    status, words = await process.end()
    assert status == 1
    assert "not a database" in words
    assert "kedai edge restore" in words
    assert "Traceback" not in words
