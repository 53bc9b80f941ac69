"""A box behind a real port that can go, come back and move; and agents that look for it."""

import asyncio
import contextlib

import httpx
import pytest
import uvicorn

from edge.app import front_door, listen
from edge.kiosk.agent import Agent, Options
from edge.kiosk.line import Place, look_around
from edge.kiosk.memory import Memory
from edge.kiosk.tether import Tether
from edge.lan.mdns import Announcement
from edge.listening import listen_no_more
from edge.platform import Platform
from protocol.devices import DeviceKind

LOOPBACK = ["127.0.0.1"]


class Served:
    """A started box, served on a port of loopback; leaves and comes back at the same or another."""

    def __init__(self, box):
        self.box = box
        self.port = 0
        self._server = None
        self._task = None

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    @property
    def place(self):
        box = self.box
        return Place(
            url=self.url,
            name=box.outlet.name,
            outlet=box.outlet.outlet_id,
            fingerprint=box.certificate.fingerprint,
            role="primary",
        )

    async def open(self, port=0, **options):
        door = front_door(self.box)
        listening = listen("127.0.0.1", port)
        self.port = listening.getsockname()[1]
        settings = {"lifespan": "off", "log_config": None, "ws": "wsproto", "http": "httptools"}
        settings |= {"timeout_graceful_shutdown": 1} | options
        self._server = uvicorn.Server(uvicorn.Config(door, **settings))
        self._task = asyncio.create_task(self._server._serve([listening]))
        while not self._server.started:  # noqa: ASYNC110
            await asyncio.sleep(0.01)

    async def shut(self):
        if self._task is not None:
            self.box.feed.end_all()
            for listening in self._server.servers:
                await listen_no_more(listening)
            self._server.should_exit = True
            self._server.force_exit = True
            await self._task
            self._task = None
            # As when a machine is switched off: who still waits for an answer is cut off.
            for connection in list(self._server.server_state.connections):
                connection.transport.abort()


@pytest.fixture
async def served(make_box, menu):
    """Makes boxes that answer on loopback."""
    open_ones = []

    async def serve(*, port=0, **config):
        found = Served(await make_box(menu=menu, **config))
        await found.open(port)
        open_ones.append(found)
        return found

    yield serve
    for each in open_ones:
        await each.shut()


@pytest.fixture
async def shop(served):
    """One outlet with its box."""
    return await served()


@pytest.fixture
async def announce():
    """Announces boxes on loopback as they would on the LAN."""
    made = []

    async def announces(served, name=None, **text):
        box = served.box
        told = {"v": "1", "outlet": box.outlet.outlet_id, "name": name or box.outlet.name}
        told |= {"tls": box.certificate.fingerprint, "role": "primary"} | text
        announcement = Announcement(
            told["name"], "box", served.port, told, addresses=lambda: LOOPBACK
        )
        made.append(announcement)
        await announcement.start()
        async with asyncio.timeout(15):
            while not announcement.published_at:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        return announcement

    yield announces
    for each in made:
        await each.stop()


@pytest.fixture
async def make_agent(tmp_path):
    """Starts agents; two on one folder are the same machine before and after a restart."""
    agents = []

    async def make(folder="agent", *, places=None, kind="kiosk", lan=False, **options):
        given = Options(folder=tmp_path / folder, port=0, kind=DeviceKind(kind), **options)

        async def seen():
            await asyncio.sleep(0.05)
            return list(places or ())

        tether = Tether(
            Memory(given.folder),
            Platform(),
            kind=given.kind,
            name=given.name or "Kiosk 1",
            product="test",
            box_url=given.box_url,
            look=(lambda: look_around(LOOPBACK)) if lan else seen,
        )
        agent = Agent(given, tether)
        await agent.start()
        agents.append(agent)
        return agent

    yield make
    for agent in agents:
        await agent.stop()


@pytest.fixture
def approve():
    """Whoever sits at the box lets everybody in who waits."""

    async def lets_in(served, within_s=10, **as_what):
        async with httpx.AsyncClient(base_url=served.url) as client, asyncio.timeout(within_s):
            while not (waiting := (await client.get("/api/devices/pairings")).json()):  # noqa: ASYNC110
                await asyncio.sleep(0.05)
            for one in waiting:
                path = f"/api/devices/pairings/{one['pairing_id']}/approve"
                done = await client.post(path, json=as_what)
                assert done.status_code == 200, done.text
            return waiting

    return lets_in


@pytest.fixture
def stands(until):
    """Waits until the agent's page would say so."""

    async def wait(agent, state, within_s=15):
        await until(lambda: agent.tether.status.state == state, within_s)

    return wait


@pytest.fixture
async def paired(make_agent, approve, stands):
    """An agent that has joined this box."""

    async def join(served, **options):
        agent = await make_agent(box_url=options.pop("box_url", served.url), **options)
        await stands(agent, "pairing")
        await approve(served)
        await stands(agent, "in")
        return agent

    return join


@pytest.fixture
async def browse_as():
    """Asks an agent as its browser does."""
    async with contextlib.AsyncExitStack() as ending:

        async def client(agent, **headers):
            opened = httpx.AsyncClient(
                base_url=f"http://localhost:{agent.port}",
                headers={"accept": "text/html,*/*"} | headers,
                timeout=20,
            )
            return await ending.enter_async_context(opened)

        yield client
