"""FS-58 on a wire: the network gives the printer another address, and the box prints on."""

import os
import shutil
import subprocess
import sys
import time
import uuid
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
KEDAI = (sys.executable, "-c", "from edge.cli import main; main()")
PRINTS = """
import asyncio, sys
from edge.printing.encoder import encode
from edge.printing.paper import Cut, Paper, Text
from edge.printing.printers import NetworkPrinter, PrinterFault
from edge.printing.profiles import PrinterProfile
from edge.printing.whereabouts import Whereabouts

async def main(host, mac, words):
    profile = PrinterProfile()
    where = Whereabouts(mac, 9100)
    printer = NetworkPrinter(host, 9100, profile, 5.0, whereabouts=where)
    data = encode(Paper("receipt", "x", (Text(words), Cut())), profile)
    while True:
        try:
            await printer.print(data)
        except PrinterFault as fault:
            print(fault.code, fault.may_have_printed, flush=True)
            await asyncio.sleep(0.5)
        else:
            print("printed at", printer.host)
            break
    await where.stop()

asyncio.run(main(*sys.argv[1:]))
"""


def run(*argv, check=True, timeout=40):
    return subprocess.run(
        [str(a) for a in argv], check=check, capture_output=True, text=True, timeout=timeout,
        cwd=ROOT,
    )  # fmt: skip


class Lan:
    """Two machines on one segment: `box`, and `printer` with a virtual printer on port 9100."""

    def __init__(self, folder):
        self.folder, self.mark = folder, uuid.uuid4().hex[:6]
        self.program = None

    def name(self, machine):
        return f"kedai-{self.mark}-{machine}"

    def build(self):
        for machine in ("box", "printer"):
            run("ip", "netns", "add", self.name(machine))
            run("ip", "-n", self.name(machine), "link", "set", "lo", "up")
        ends = ("type", "veth", "peer", "name", "lan0", "netns", self.name("printer"))
        run("ip", "link", "add", "lan0", "netns", self.name("box"), *ends)
        for machine in ("box", "printer"):
            run("ip", "-n", self.name(machine), "link", "set", "lan0", "up")

    def address(self, machine, address):
        run("ip", "-n", self.name(machine), "addr", "flush", "dev", "lan0", "scope", "global")
        run("ip", "-n", self.name(machine), "addr", "add", f"{address}/24", "dev", "lan0")

    def mac(self, machine):
        words = run("ip", "-n", self.name(machine), "link", "show", "lan0").stdout.split()
        return words[words.index("link/ether") + 1]

    def switch_printer_on(self):
        words = ("printer", "simulate", "--host", "0.0.0.0", "--folder", self.folder)
        argv = ["ip", "netns", "exec", self.name("printer"), *KEDAI, *map(str, words)]
        log = (self.folder / "log").open("wb")
        self.program = subprocess.Popen(argv, stdout=log, stderr=log, cwd=ROOT, env=os.environ)
        log.close()

    def print(self, host, words):
        """What the box meets with until it has printed."""
        argv = (sys.executable, "-c", PRINTS, host, self.mac("printer"), words)
        said = run("ip", "netns", "exec", self.name("box"), *argv, check=False)
        return said.stdout.splitlines() or [said.stderr]

    def papers(self):
        return [p.read_text().strip() for p in sorted(self.folder.glob("0*.txt"))]

    def end(self):
        if self.program is not None:
            self.program.terminate()
            self.program.wait(15)
        for machine in ("box", "printer"):
            run("ip", "netns", "del", self.name(machine), check=False)


@pytest.fixture
def lan(tmp_path):
    if not shutil.which("ip") or run("unshare", "-n", "true", check=False).returncode:
        pytest.skip("this machine lets us make no network of our own; CI does")
    lan = Lan(tmp_path)
    try:
        lan.build()
        lan.address("box", "10.77.0.2")
        lan.address("printer", "10.77.0.5")
        lan.switch_printer_on()
        yield lan
    finally:
        lan.end()


def test_a_printer_with_a_new_address_is_found_by_its_hardware(lan):
    assert lan.print("10.77.0.5", "Soto")[-1] == "printed at 10.77.0.5"
    lan.address("printer", "10.77.0.9")
    began = time.monotonic()
    *met, last = lan.print("10.77.0.5", "Rawon")
    assert last == "printed at 10.77.0.9"
    assert time.monotonic() - began < 60
    assert set(met) == {"unreachable False"}
    for _ in range(100):
        if len(lan.papers()) == 2:
            break
        time.sleep(0.1)
    assert lan.papers() == ["Soto", "Rawon"]
