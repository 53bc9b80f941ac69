"""The demo's processes: started, watched, started again when they die, and never left behind."""

import asyncio
import os
import signal
import socket
import sys

import pytest

from edge.demo import children as module
from edge.demo.children import Child, DidNotStart

SERVER = """
import http.server, os, sys
class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "/health/live" else 404)
        self.end_headers()
        self.wfile.write(os.environ.get("GREETING", "").encode())
    def log_message(self, *args):
        print("served", flush=True)
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Page).serve_forever()
"""


@pytest.fixture
def port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


@pytest.fixture
async def make_child(tmp_path, port):
    children = []

    def make(program=SERVER, **options):
        argv = [sys.executable, "-c", program, str(port)]
        url = f"http://127.0.0.1:{port}"
        children.append(Child("box", argv, url, tmp_path / "logs" / "box.log", **options))
        return children[-1]

    yield make
    for child in children:
        await child.stop()


def lives(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def greeting(port):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET /health/live HTTP/1.0\r\n\r\n")
    answer = await reader.read()
    writer.close()
    return answer.rpartition(b"\r\n")[2].decode()


async def test_it_is_started_once_it_answers_and_leaves_nothing_behind(make_child, port, until):
    child = make_child(environment={"GREETING": "selamat datang"})
    await child.start()
    assert await greeting(port) == "selamat datang"
    pid = child.pid
    await child.stop()
    assert child.pid is None
    await until(lambda: not lives(pid))


async def test_one_that_dies_is_started_again(make_child, port, until):
    child = make_child()
    await child.start()
    first = child.pid
    os.kill(first, signal.SIGKILL)
    await until(lambda: child.restarts == 1 and child.pid != first)
    async with asyncio.timeout(10):
        while True:
            try:
                assert await greeting(port) == ""
                break
            except OSError:
                await asyncio.sleep(0.02)


async def test_one_that_ends_at_once_is_told_with_its_last_words(make_child):
    child = make_child("raise SystemExit('no disk in drive A')")
    with pytest.raises(DidNotStart, match="no disk in drive A"):
        await child.start()
    assert child.pid is None


async def test_one_that_never_answers_is_given_up_and_ended(make_child, monkeypatch, until):
    monkeypatch.setattr(module, "START_PATIENCE_S", 0.5)
    child = make_child("import time; time.sleep(60)")
    starting = asyncio.create_task(child.start())
    pid = await until(lambda: child.pid)
    with pytest.raises(DidNotStart, match="does not answer"):
        await starting
    await until(lambda: not lives(pid))


async def test_stopping_while_it_is_being_started_again_leaves_no_process(make_child, until):
    child = make_child()
    await child.start()
    seen = {child.pid}
    for death in (1, 2):
        os.kill(child.pid, signal.SIGKILL)
        await until(lambda death=death: child.restarts == death)
        await until(lambda: child.pid not in seen)
        seen.add(child.pid)
    await child.stop()
    await until(lambda: not any(lives(pid) for pid in seen - {None}))
