"""Invariant 27: one seed, one story, whatever process tells it."""

import os
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

ROOT = Path(__file__).parents[2]


def told(seed, hash_seed, folder):
    """The figures of a story told by a process of its own."""
    file = folder / f"{seed}-{hash_seed}.json"
    argv = [sys.executable, "-m", "simulation.run", "--seed", str(seed), "--days", "0.4"]
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / "tests"))),
        "PYTHONHASHSEED": str(hash_seed),
    }
    done = subprocess.run(
        [*argv, "--outlets", "1", "--json", str(file)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return msgspec.json.decode(file.read_bytes())


@pytest.mark.postgres
def test_two_processes_with_different_hashes_tell_the_same_story(tmp_path):
    first, again = told(11, 1, tmp_path), told(11, 2, tmp_path)
    assert first["digest"] == again["digest"]
    assert first["acknowledged"] == again["acknowledged"] > 100
    assert first["faults"]
