"""Two machines and a wire, as real network namespaces: real processes that nobody tells an address."""

import asyncio
import json
import os
import shutil
import subprocess
import sys
import time
import uuid
from pathlib import Path

import msgspec
import pytest

from edge.box import Box
from edge.config import Config

ROOT = Path(__file__).parents[3]
KEDAI = (sys.executable, "-c", "from edge.cli import main; main()")
ASK = (
    "import sys, urllib.request as u; "
    "sys.stdout.write(u.urlopen(sys.argv[1], timeout=5).read().decode())"
)


def run(*argv, check=True):
    return subprocess.run(
        [str(a) for a in argv], check=check, capture_output=True, text=True, timeout=30
    )


class Lan:
    """Machines `box` and `screen`, joined by one link that is up but has no addresses yet."""

    def __init__(self, folder):
        self.folder, self.mark = folder, uuid.uuid4().hex[:6]
        self.programs = []

    def name(self, machine):
        return f"kedai-{self.mark}-{machine}"

    def build(self):
        for machine in ("box", "screen"):
            run("ip", "netns", "add", self.name(machine))
            run("ip", "-n", self.name(machine), "link", "set", "lo", "up")
        ends = ("type", "veth", "peer", "name", "lan0", "netns", self.name("screen"))
        run("ip", "link", "add", "lan0", "netns", self.name("box"), *ends)
        for machine in ("box", "screen"):
            run("ip", "-n", self.name(machine), "link", "set", "lan0", "up")

    def address(self, machine, address):
        run("ip", "-n", self.name(machine), "addr", "flush", "dev", "lan0", "scope", "global")
        run("ip", "-n", self.name(machine), "addr", "add", f"{address}/24", "dev", "lan0")

    def begin(self, machine, *words, **environ):
        """Starts `kedai …` on a machine; its words go to a file that a failing test shows."""
        log = (self.folder / f"{machine}.log").open("wb")
        argv = ["ip", "netns", "exec", self.name(machine), *KEDAI, *words]
        program = subprocess.Popen(argv, stdout=log, stderr=log, cwd=ROOT, env=os.environ | environ)
        log.close()
        self.programs.append(program)

    def says(self, machine):
        return (self.folder / f"{machine}.log").read_text()

    def kedai(self, machine, *words):
        return run(
            *("ip", "netns", "exec", self.name(machine), *KEDAI, *words),
            check=False,
        )

    def ask(self, machine, url):
        argv = ("ip", "netns", "exec", self.name(machine), sys.executable, "-c", ASK, url)
        return run(*argv, check=False).stdout

    def end(self):
        for program in self.programs:
            program.terminate()
        for program in self.programs:
            try:
                program.wait(15)
            except subprocess.TimeoutExpired:
                program.kill()
                program.wait()
        for machine in ("box", "screen"):
            run("ip", "netns", "del", self.name(machine), check=False)


@pytest.fixture
def lan(tmp_path):
    """A LAN of its own; skipped where this machine may not make one."""
    if shutil.which("ip") is None:
        pytest.skip("iproute2 is not installed")
    built = Lan(tmp_path)
    try:
        built.build()
    except subprocess.CalledProcessError as fault:
        built.end()
        pytest.skip(f"network namespaces cannot be made here: {fault.stderr.strip()}")
    yield built
    built.end()


@pytest.fixture
async def sells(tmp_path, menu, clock):
    """The data folder of a box that has a menu."""
    config = Config(data_dir=str(tmp_path / "box"), announce=False, mqtt_port=1, ballast_mb=0)
    box = Box(config, clock)
    await box.start()
    body = msgspec.json.encode(menu)
    await box.database.write(
        lambda db: box.menus.apply(db, body, 1, "publish-1", box.journal.reading())
    )
    await box.stop()
    return tmp_path / "box"


def state_of(lan):
    answer = lan.ask("screen", "http://127.0.0.1:8088/agent/state")
    return json.loads(answer) if answer else {"state": "silent"}


async def until_state(lan, state, within_s):
    give_up = time.monotonic() + within_s
    while (found := await asyncio.to_thread(state_of, lan))["state"] != state:
        said = (found, lan.says("screen"), lan.says("box"))
        assert time.monotonic() < give_up, said
        await asyncio.sleep(0.2)
    return found


async def test_a_new_screen_is_useful_without_anybody_typing_an_address(
    lan, sells, tmp_path, record_property
):
    began = time.monotonic()
    settings = {"KEDAI_MQTT_PORT": "1", "KEDAI_OUTLET_NAME": "Kedai Jaringan"}
    lan.begin("box", "edge", "serve", "--data", str(sells), **settings, KEDAI_BALLAST_MB="0")
    lan.begin("screen", "kiosk", "--data", str(tmp_path / "agent"), "--name", "Kios 1")
    # Both start before there is a network: a shop is switched on all at once.
    await until_state(lan, "looking", 30)
    lan.address("screen", "10.66.0.20")
    lan.address("box", "10.66.0.10")
    code = (await until_state(lan, "pairing", 45))["code"]
    listed = await asyncio.to_thread(lan.kedai, "box", "edge", "approve")
    assert f"{code}  Kios 1 (kiosk), from 10.66.0.20" in listed.stdout, listed
    wrong = await asyncio.to_thread(lan.kedai, "box", "edge", "approve", "AAAAAA")
    assert (wrong.returncode, "Nobody was let in" in wrong.stderr) == (1, True)
    done = await asyncio.to_thread(lan.kedai, "box", "edge", "approve", code.lower())
    assert done.stdout == "Kios 1 (kiosk) is in.\n", done
    stands = await until_state(lan, "in", 20)
    assert stands["address"] == "http://10.66.0.10:8080"
    menu = await asyncio.to_thread(lan.ask, "screen", "http://127.0.0.1:8088/api/menu")
    assert json.loads(menu)["version"] == 1
    record_property("measured", f"{time.monotonic() - began:.1f} s from start to a useful screen")

    # The router gives the box another address; nothing is typed, nothing is paired anew.
    lan.address("box", "10.66.0.77")
    await until_state(lan, "away", 30)
    stands = await until_state(lan, "in", 45)
    assert stands["address"] == "http://10.66.0.77:8080"
