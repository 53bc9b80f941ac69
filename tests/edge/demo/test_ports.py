"""Demos that begin together do not choose the same ports."""

import socket
import subprocess
import sys

import pytest

from edge.demo.ports import Ports

ANOTHER = """
import sys
from pathlib import Path
from edge.demo.ports import Ports
ports = Ports(Path(sys.argv[1]))
print(ports.choose(int(sys.argv[2])), flush=True)
sys.stdin.read()
"""


@pytest.fixture
def another(tmp_path):
    """Another demo, which has chosen a port and opened nothing yet; it ends when told."""
    begun = []

    def choose(port):
        process = subprocess.Popen(
            [sys.executable, "-c", ANOTHER, str(tmp_path), str(port)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        begun.append(process)
        return int(process.stdout.readline()), process

    yield choose
    for process in begun:
        process.communicate("")


@pytest.fixture
def ports(tmp_path):
    chosen = Ports(tmp_path)
    yield chosen
    chosen.release()


@pytest.fixture
def free():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_a_port_that_another_demo_has_chosen_is_taken_before_it_is_open(another, ports, free):
    assert another(free)[0] == free
    assert ports.choose(free) != free


def test_it_is_free_again_when_that_demo_has_died(another, ports, free):
    _, process = another(free)
    process.kill()
    process.wait()
    assert ports.choose(free) == free


def test_a_port_that_somebody_opened_is_not_held_as_well(another, ports, free):
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", free))
        holder.listen()
        assert ports.choose(free) != free
    assert another(free)[0] == free
