"""HQ and boxes as real processes on real sockets: started, killed, started again, never left behind."""

import asyncio
import contextlib
import inspect
import itertools
import json
import os
import random
import signal
import socket
import sys
from pathlib import Path

import asyncpg
import httpx
import msgspec
import pytest

from cloud import embedded
from cloud.reports import SalesAtHq
from edge.child_process import end_child, start_child
from edge.demo.wan import Wan
from protocol.commands import Envelope
from protocol.ids import mint
from protocol.reports import SalesReport

START_S = 30
STOP_S = 10
SETTLE_S = 60
EVER = "from=2010-01-01&to=2035-12-31"


class Service:
    """One of our programs as a process of its own, on an address that stays its own."""

    report = SalesReport

    def __init__(self, arguments, environment, folder, *, key=""):
        self.folder = folder
        self.key = key
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = folder / "log.txt"
        self.pid = 0
        self._arguments = [*arguments, "--host", "127.0.0.1", "--port", str(self.port)]
        self._environment = environment
        self._process = None
        headers = {"authorization": f"Bearer {key}"} if key else {}
        self.client = httpx.AsyncClient(base_url=self.url, headers=headers, timeout=60)

    async def start(self):
        settings = [f"{name}={value}" for name, value in self._environment.items()]
        argv = ["/usr/bin/env", *settings, sys.executable, "-m", *self._arguments]
        with self.log.open("ab") as output:
            # It ends with the test run even when that is killed.
            self._process = await start_child(argv, output=output)
        self.pid = self._process.pid
        await wait_for(self._serves, f"{self._arguments[0]} does not serve", START_S)

    async def _serves(self):
        assert self._process.returncode is None, self.log.read_text()[-2000:]
        with contextlib.suppress(httpx.TransportError):
            return (await self.client.get("/health/live")).status_code == 200

    async def kill(self):
        """SIGKILL: what a power cut leaves of a process."""
        self._process.kill()
        await self._process.wait()

    async def restart(self):
        """Start again at the same address on the same data."""
        await self.start()

    @property
    def release(self):
        """The environment in which another release runs; None for this checkout's."""
        return {k: v for k, v in self._environment.items() if k.startswith("PYTHON")} or None

    def become(self, release=None):
        """From its next start on, run the programs of this release, or of this checkout."""
        ours = {k: v for k, v in self._environment.items() if not k.startswith("PYTHON")}
        self._environment = ours | (release or {})

    async def stop(self):
        """Ask it to end; returns its exit status."""
        if self._process is not None:
            await end_child(self._process, patience_s=STOP_S)
            return self._process.returncode
        return None

    async def close(self):
        await self.stop()
        await self.client.aclose()

    async def read(self, path):
        """The JSON at a path that must be there."""
        answer = await self.client.get(path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def sales(self, outlet=""):
        """All sales there ever were; at HQ of all outlets, or of one."""
        answer = await self.client.get(f"/api/reports/sales?{EVER}&outlet={outlet}")
        assert answer.status_code == 200, answer.text
        return msgspec.json.decode(answer.content, type=self.report)


class Hq(Service):
    """`kedai cloud serve` with one tenant; `key` opens it. `dsn` is its Postgres, as owner."""

    report = SalesAtHq

    def __init__(self, place, environment, folder, key):
        super().__init__(["cloud", *place, "serve"], environment, folder, key=key)
        self.place = place

    @property
    def dsn(self):
        if self.place[0] == "--database-url":
            return self.place[1]
        return (self.folder / "data" / "database_url").read_text()

    async def kill_postgres(self):
        """SIGKILL to the Postgres that HQ runs by itself."""
        cluster = self.folder / "data" / "postgres" / "cluster"
        pid = await wait_for(lambda: embedded._server_pid(cluster), "HQ has no Postgres")
        os.kill(pid, signal.SIGKILL)

    async def outlet(self, outlet_id):
        """How HQ sees one outlet."""
        found = (await self.read("/api/outlets"))["outlets"]
        return next(o for o in found if o["outlet_id"] == outlet_id)

    async def publish(self, menu):
        """Publish a menu; returns its version."""
        answer = await self.client.post("/api/menus/publish", content=msgspec.json.encode(menu))
        assert answer.status_code == 200, answer.text
        return answer.json()["version"]

    async def ledger(self, outlet_id):
        """The outlet's ledger rows, in the order of their positions."""
        connection = await asyncpg.connect(self.dsn)
        try:
            return await connection.fetch(
                "SELECT * FROM ledger WHERE outlet_id = $1 ORDER BY position", outlet_id
            )
        finally:
            await connection.close()


class Box(Service):
    """`kedai edge serve` of one outlet of `hq`; `database` is its SQLite file."""

    def __init__(self, hq, outlet_id, environment, folder):
        arguments = ["edge", "serve", "--data", str(folder / "data")]
        super().__init__(arguments, environment, folder)
        self.hq = hq
        self.outlet_id = outlet_id
        self.database = folder / "data" / "box.db"

    async def tell(self, command, **circumstances):
        """One command in an envelope of its own, as a screen would send it."""
        given = {"command_id": mint_id(), "screen": "test"} | circumstances
        body = msgspec.json.encode(Envelope(command=command, **given))
        return await self.client.post("/api/commands", content=body)

    async def order(self, **order):
        """Place an order over HTTP and return it as the box has it; a refusal fails the test."""
        answer = await self.client.post("/api/orders", json=request_for(**order))
        assert answer.status_code == 200, answer.text
        return answer.json()["order"]

    async def insist(self, body, path="/api/orders"):
        """What a screen does: the same command again until the box has answered."""
        deadline = asyncio.get_running_loop().time() + SETTLE_S
        while True:
            with contextlib.suppress(httpx.TransportError):
                answer = await self.client.post(path, json=body)
                if answer.status_code != 503:
                    return answer
            assert asyncio.get_running_loop().time() < deadline, "the box did not come back"
            await asyncio.sleep(0.1)

    async def doctor(self):
        """What `kedai edge doctor` finds, be it well or not."""
        argv = ("-m", "edge", "doctor", "--json", "--data", str(self.database.parent))
        asked = await asyncio.create_subprocess_exec(sys.executable, *argv, stdout=-1)
        return json.loads((await asked.communicate())[0])

    async def has_menu(self, version=1):
        menu = await self.client.get("/api/menu")
        return menu.status_code == 200 and menu.json()["version"] >= version


def request_for(*, lines, order_id=None, command_id=None, **more):
    """A request for `POST /api/orders`; `lines` are (variant id, quantity)."""
    return {
        "order_id": order_id or mint_id(),
        "command_id": command_id or mint_id(),
        "lines": [
            {"line_id": mint_id(), "variant_id": variant, "quantity": quantity}
            for variant, quantity in lines
        ],
        **more,
    }


class Start:
    """Starts things for one test and ends all of them, last first, whatever happens."""

    def __init__(self, folder, server):
        self._folder = folder
        self._server = server
        self._numbers = itertools.count(1)
        self._ending = contextlib.AsyncExitStack()
        self._databases = []

    async def hq(self, *, currency="IDR", zone="Asia/Jakarta", own_postgres=False, release=None):
        """An HQ with one tenant; `own_postgres` gives it one that a test may kill."""
        folder = self._new_folder("hq")
        place = ["--data", str(folder / "data")]
        if not own_postgres:
            place = ["--database-url", await self._database()]
        quiet = {"KEDAI_CLOUD_LOG_LEVEL": "WARNING"}
        tenant = ("--currency", currency, "--zone", zone)
        await tell_hq(place, "tenant", "add", "Kopi Contoh", *tenant, release=release)
        key = (await tell_hq(place, "key", "add", "--name", "test", release=release))["key"]
        hq = Hq(place, quiet, folder, key)
        hq.become(release)
        self._ending.push_async_callback(hq.close)
        await hq.start()
        return hq

    async def box(self, hq, *, name="Kedai Dago", wan=None, printers=(), release=None, **settings):
        """An enrolled, running box. Without `mqtt_port` it has a broker of its own."""
        folder = self._new_folder("box")
        made = await tell_hq(hq.place, "outlet", "add", name, release=hq.release)
        url = wan_url(wan) if wan else hq.url
        data = ("--data", str(folder / "data"))
        joining = ("--hq", url, "--code", made["code"])
        await tell("edge", "enrol", *data, *joining, release=release)
        settings = {
            "announce": False,
            "ballast_mb": 0,
            "mqtt_embedded": "mqtt_port" not in settings,
            "mqtt_port": free_port(),
            "printers": [msgspec.to_builtins(p) for p in printers],
            "log_level": "WARNING",
        } | settings
        environment = {
            f"KEDAI_{key.upper()}": value if isinstance(value, str) else json.dumps(value)
            for key, value in settings.items()
        }
        box = Box(hq, made["outlet_id"], environment, folder)
        box.become(release)
        self._ending.push_async_callback(box.close)
        await box.start()
        return box

    async def wan(self, hq):
        """A line to HQ that can be cut with `set_cut`."""
        line = Wan("127.0.0.1", hq.port)
        await line.start()
        self._ending.push_async_callback(line.stop)
        return line

    async def end(self):
        await self._ending.aclose()

    def _new_folder(self, kind):
        folder = self._folder / f"{kind}{next(self._numbers)}"
        folder.mkdir()
        return folder

    async def _database(self):
        dsn = self._server()
        name = f"world_{os.getpid()}_{next(_database_numbers)}"
        await _execute(dsn, f"CREATE DATABASE {name}")
        self._ending.push_async_callback(_execute, dsn, f"DROP DATABASE {name} WITH (FORCE)")
        return dsn.replace("@/postgres?", f"@/{name}?")


_database_numbers = itertools.count(1)


async def tell_hq(place, *arguments, release=None):
    """What `kedai cloud … --json` answers."""
    return json.loads(await tell("cloud", *place, *arguments, "--json", release=release))


async def tell(*arguments, release=None):
    """Run one of our commands to its end, or one of another release's; it must succeed."""
    environment = os.environ | (release or {})
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", *arguments), stdout=-1, stderr=-1, env=environment
    )
    output, trouble = await process.communicate()
    assert process.returncode == 0, trouble.decode()
    return output.decode()


async def wait_for(predicate, what="it did not come true", timeout_s=SETTLE_S):
    """The first true value of a predicate, plain or async; fails the test after `timeout_s` s."""
    deadline = asyncio.get_running_loop().time() + timeout_s
    while True:
        found = predicate()
        found = await found if inspect.isawaitable(found) else found
        if found:
            return found
        assert asyncio.get_running_loop().time() < deadline, f"{what} within {timeout_s} s"
        await asyncio.sleep(0.02)


def wan_url(wan):
    return f"http://127.0.0.1:{wan.port}"


def mint_id():
    return mint(1_800_000_000_000, os.urandom(10))


def free_port():
    """A port below those that outgoing connections take, so that it is there after a restart too."""
    while True:
        port = _chance.randrange(12_000, 32_000)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


_chance = random.Random()


async def _execute(dsn, statement):
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


# ---------------------------------------------------------------- fixtures


@pytest.fixture
async def start(request, tmp_path: Path):
    """Starts `hq`, `box` and `wan` for this test."""
    everything = Start(tmp_path, lambda: request.getfixturevalue("postgres_server"))
    yield everything
    await everything.end()


@pytest.fixture
def start_hq(start: Start):
    return start.hq


@pytest.fixture
def start_box(start: Start):
    return start.box


@pytest.fixture
def new_id():
    """Mints ids as a screen does."""
    return mint_id


@pytest.fixture
def order_request():
    """Makes requests for `POST /api/orders` from (variant id, quantity) pairs."""
    return request_for


@pytest.fixture
def wait_until():
    return wait_for


@pytest.fixture
def zero_lag():
    """Waits until HQ has, and has counted, all that is in a box's journal."""

    async def nothing_is_missing(box):
        health = await box.read("/health")
        if health["unsent"] or health["replicated"] != health["acknowledged"]:
            return False
        outlet = await box.hq.outlet(box.outlet_id)
        assert outlet["parked"] == 0, await box.hq.read("/api/parked")
        counted = outlet["head"] == outlet["projected"] == health["acknowledged"]
        return counted and outlet["state"] == "complete"

    async def wait(box, timeout_s=SETTLE_S):
        await wait_for(lambda: nothing_is_missing(box), "the lag is not zero", timeout_s)

    return wait
