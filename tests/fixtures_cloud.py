"""HQ for tests: a real one on a real Postgres, boxes that speak to it, and made-up sales."""

import gzip
from contextlib import asynccontextmanager

import httpx
import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cloud import access, outlets
from cloud.app import create_app, running
from cloud.config import Config
from cloud.platform import Platform
from protocol.clock import Confidence, Reading
from protocol.journal import chain_over
from protocol.menu import Category, Item, Menu, Station, Variant
from protocol.replication import (
    Batch,
    Enrolled,
    Enrolment,
    FeedPage,
    Hello,
    Receipt,
    Segment,
    Trouble,
    Welcome,
    signed_bytes,
)
from tests.made_up_sales import NOON_MS, Till


class HandClock(Platform):
    """The real entropy, and a wall clock that a test moves by hand."""

    def __init__(self):
        self.now_ms = NOON_MS

    def wall_ms(self):
        return self.now_ms


class Box:
    """A box as HQ meets it: a key, a stream with its chain, signed requests."""

    def __init__(self, client, stream="ab" * 16):
        self.client = client
        self.key = Ed25519PrivateKey.generate()
        self.enrolled = None
        self.incarnation = ""
        self.stream = stream
        self.sent = []

    @property
    def chain(self):
        return (chain_over(b"", self.sent) or [b""])[-1]

    def at(self, client):
        """The same box, over another connection."""
        self.client = client
        return self

    async def enrol(self, code):
        asked = Enrolment(
            code=code, public_key=self.key.public_key().public_bytes_raw(), protocol=1, product="t"
        )
        self.enrolled = await self.post("/sync/v1/enrol", asked, Enrolled)
        return self.enrolled

    async def hello(self, **changes):
        clock = Reading(wall_ms=NOON_MS, mono_ms=0, boot="b", confidence=Confidence.SYNCED)
        values = {
            "protocol": 1,
            "product": "test",
            "boot": "b",
            "clock": clock,
            "streams": (),
            "feed_incarnation": "",
            "feed_pos": 0,
            "menu_version": 0,
            "unsent": 0,
        }
        welcome = await self.post("/sync/v1/hello", Hello(**values | changes), Welcome)
        self.incarnation = welcome.incarnation
        return welcome

    def segment(self, entries, first=None, previous=None):
        first = len(self.sent) + 1 if first is None else first
        return Segment(
            self.stream, first, self.chain if previous is None else previous, tuple(entries)
        )

    async def send(self, *entries, unsent=0):
        """Append to the stream and deliver."""
        segment = self.segment(entries)
        self.sent.extend(entries)
        return await self.deliver(segment, unsent=unsent)

    async def deliver(self, *segments, unsent=0, incarnation=None):
        life = incarnation or self.incarnation
        batch = Batch(incarnation=life, sent_ms=0, segments=segments, unsent=unsent)
        return await self.post("/sync/v1/batches", batch, Receipt)

    async def feed(self, incarnation="", pos=0, wait=0, instance="", stamp=0):
        path = f"/sync/v1/feed?incarnation={incarnation}&pos={pos}&wait={wait}&unsent=0"
        path += f"&instance={instance}&stamp={stamp}"
        return self.read(await self.request("GET", path, b""), FeedPage)

    async def post(self, path, message, kind):
        body = gzip.compress(msgspec.msgpack.encode(message), 1)
        return self.read(await self.request("POST", path, body), kind)

    async def request(self, method, path, body, *, encoding="gzip", **changes):
        headers = {"content-encoding": encoding} if body and encoding else {}
        if self.enrolled is not None:
            headers["kedai-node"] = self.enrolled.node_id
            headers["kedai-signature"] = self.key.sign(signed_bytes(method, path, body)).hex()
        return await self.client.request(method, path, content=body, headers=headers | changes)

    @staticmethod
    def read(response, kind):
        if response.status_code != 200:
            raise Refused(
                response.status_code, msgspec.msgpack.decode(response.content, type=Trouble)
            )
        return msgspec.msgpack.decode(response.content, type=kind)


class Refused(Exception):
    """HQ's no to a box."""

    def __init__(self, status, trouble):
        super().__init__(status, trouble)
        self.status = status
        self.code = trouble.code


class World:
    """One HQ with whoever talks to it."""

    refused = Refused

    def __init__(self, hq, client, clock, url):
        self.hq = hq
        self.client = client
        self.clock = clock
        self.url = url
        self.till = Till()

    async def tenant(self, name="Warung", currency="IDR"):
        return await outlets.add_tenant(
            self.hq.database, self.clock, name=name, currency=currency, zone="Asia/Jakarta"
        )

    async def code(self, tenant, name="Pusat"):
        outlet_id = await outlets.add_outlet(self.hq.database, self.clock, tenant, name=name)
        code, _ = await outlets.make_code(self.hq.database, self.clock, tenant.tenant_id, outlet_id)
        return code

    async def more_code(self, tenant, outlet_id):
        """A further code for an outlet that has a box, and when it expires."""
        return await outlets.make_code(self.hq.database, self.clock, tenant.tenant_id, outlet_id)

    def new_box(self, **options):
        return Box(self.client, **options)

    async def box(self, tenant, name="Pusat", **options):
        box = Box(self.client, **options)
        await box.enrol(await self.code(tenant, name))
        await box.hello()
        return box

    async def browser(self, tenant, **headers):
        key = await access.add_key(self.hq.database, self.clock, tenant.tenant_id, "test")
        return Browser(self.client, {"authorization": f"Bearer {key}"} | headers, key)

    async def project(self):
        for follower in (self.hq.sales, *self.hq.rare):
            await follower.catch_up()

    async def rows(self, tenant, query, *values):
        async with self.hq.database.transaction(tenant.tenant_id) as tx:
            return [dict(r) for r in await tx.fetch(query, *values)]


class Browser:
    """Somebody with an access key."""

    def __init__(self, client, headers, key):
        self.client = client
        self.headers = headers
        self.key = key

    async def get(self, path, **params):
        return await self.client.get(path, params=params, headers=self.headers)

    async def read(self, path, **params):
        response = await self.get(path, **params)
        assert response.status_code == 200, response.text
        return response.json()

    async def post(self, path, value):
        return await self.send("POST", path, value)

    async def patch(self, path, value):
        return await self.send("PATCH", path, value)

    async def send(self, method, path, value):
        content = msgspec.json.encode(value)
        return await self.client.request(method, path, content=content, headers=self.headers)


def cafe_menu(**changes):
    """A small menu in rupiah."""
    variants = (Variant(id="kopi-l", names={"id": "Besar"}, price=25_000, plu="1001", size="L"),)
    values = {
        "version": 0,
        "currency": "IDR",
        "items": (Item(id="kopi", category_id="minuman", names={"id": "Kopi"}, variants=variants),),
        "categories": (Category(id="minuman", names={"id": "Minuman", "en": "Drinks"}),),
        "stations": (Station(id="kitchen", names={"id": "Dapur"}),),
        "fallback_station": "kitchen",
    }
    return Menu(**values | changes)


@asynccontextmanager
async def open_world(url, *, follow=False):
    """HQ on a database, spoken to in-process; it projects by itself only when asked to."""
    clock = HandClock()
    async with running(Config(database_url=url, pool_size=5), clock) as hq:
        if not follow:
            for follower in (hq.sales, *hq.rare):
                await follower.stop()
        transport = httpx.ASGITransport(create_app(hq), raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://hq") as client:
            yield World(hq, client, clock, url)


@pytest.fixture
def till():
    return Till()


@pytest.fixture
def menu():
    return cafe_menu


@pytest.fixture
def open_hq(fresh_database):
    """Opens HQs on the test's own database, or another: several are several processes' worth."""
    return lambda url=fresh_database, **options: open_world(url, **options)


@pytest.fixture
def box_at():
    """Enrols a box at an HQ that runs somewhere else, spoken to by an HTTP client."""

    async def enrolled(client, code):
        box = Box(client)
        await box.enrol(code)
        await box.hello()
        return box

    return enrolled


@pytest.fixture
async def world(fresh_database):
    async with open_world(fresh_database) as world:
        yield world


@pytest.fixture
async def tenant(world):
    return await world.tenant()


@pytest.fixture
async def box(world, tenant):
    return await world.box(tenant)


@pytest.fixture
async def browser(world, tenant):
    return await world.browser(tenant)
