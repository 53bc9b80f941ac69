"""Processes that a benchmark starts, asks and always ends."""

import asyncio
import contextlib
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parent.parent


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


@contextlib.contextmanager
def running(argv: list[str], log: Path, **environment: str) -> Iterator[subprocess.Popen]:
    """A child process until the block ends."""
    env = os.environ | {"PYTHONPATH": str(ROOT)} | environment
    with log.open("ab") as output:
        process = subprocess.Popen(argv, env=env, stdout=output, stderr=output)
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def wait_port(port: int, process: subprocess.Popen, seconds: float = 30) -> None:
    """Until something accepts connections."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if process.poll() is not None:
            raise SystemExit(f"a process of the benchmark ended with {process.returncode}")
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.01)
    raise SystemExit(f"nothing listens on port {port} after {seconds} s")


def tool(script: str, *arguments: object) -> dict:
    """Run a script of this folder and read the JSON it prints."""
    argv = [sys.executable, str(HERE / script), *map(str, arguments)]
    env = os.environ | {"PYTHONPATH": f"{ROOT}:{HERE}"}
    done = subprocess.run(argv, env=env, capture_output=True, timeout=300, check=False)
    if done.returncode:
        raise SystemExit(done.stderr.decode()[-2000:])
    return json.loads(done.stdout)


def resident_mb(pid: int) -> float:
    """Resident memory of a process in MB (10^6 bytes)."""
    if Path(f"/proc/{pid}/status").exists():
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024 / 1e6
    kilobytes = subprocess.run(
        ["ps", "-o", "rss=", "-p", str(pid)], capture_output=True, check=True
    ).stdout
    return int(kilobytes) * 1024 / 1e6


async def until(true: Callable[[], bool], seconds: float = 30, every_s: float = 0.02) -> None:
    """Wait until something is so; raises TimeoutError when it is not in time."""
    async with asyncio.timeout(seconds):
        while not true():  # noqa: ASYNC110 - what is waited for is another process
            await asyncio.sleep(every_s)


def run_async(work):
    """Run a coroutine on the loop the product uses."""
    import uvloop

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(work)
