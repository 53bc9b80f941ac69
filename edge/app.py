"""The box, composed: parts start in the order listed and stop in reverse. Constructors do nothing."""

import asyncio
import gc
import logging
import re
import socket
import sqlite3
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Protocol

import uvicorn
from litestar import Litestar
from litestar.di import Provide
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import SwaggerRenderPlugin

from edge.config import BrokerAddress, Config, ConfigError
from edge.database import Database, DatabaseBroken
from edge.feed import Feed
from edge.health import Health
from edge.housekeeping import Housekeeping
from edge.journal import Journal
from edge.kitchen import Kitchen, farewell
from edge.lan.broker import EmbeddedBroker
from edge.lan.mdns import Announcement
from edge.lan.mqtt import BrokerFault, MqttLink
from edge.menu import Menus
from edge.metrics import Metrics, Reading
from edge.migrations import migrate
from edge.node import Node
from edge.outlet import outlet_of
from edge.platform import Platform
from edge.printing.spool import Spool
from edge.product import PRODUCT, VERSION
from edge.replication import Replication
from edge.resolutions import FeedDown
from edge.routes import commands, feed, health, menu, orders, reports, screens
from edge.routes.errors import BODY_MAX, HANDLERS
from edge.routes.hot import HotPath
from edge.taking import Taking
from edge.uplink import Uplink
from protocol import PROTOCOL

log = logging.getLogger("edge")


GONE_AFTER_MS = 30_000
"""A tablet that left the Wi-Fi without a word takes nothing for so long: its connection is ended.
Left to the kernel that takes a quarter of an hour, and each try of it holds one screen's place."""


class Part(Protocol):
    """Something with a life: everything the box is made of."""

    async def start(self) -> None:
        """Begin."""

    async def stop(self) -> None:
        """End; called once after a start that came through."""


class Box:
    """Everything one outlet's server is made of."""

    def __init__(self, config: Config, platform: Platform | None = None) -> None:
        self.config = config
        self.platform = platform or Platform()
        self.data_dir = Path(config.data_dir)
        self.node = Node(self.data_dir)
        self.broken = asyncio.Event()
        self._started: list[Part] = []

    async def start(self) -> None:
        """Bring up every part; what was started is stopped again when one cannot start."""
        migrate(self.data_dir / "box.db")
        self.node.load()
        self._compose()
        try:
            for part in self._parts():
                await part.start()
                self._started.append(part)
            await self._prepare_menu()
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Stop every started part, last first; one that fails does not keep the others."""
        while self._started:
            part = self._started.pop()
            try:
                await asyncio.wait_for(part.stop(), 5)
            except Exception:
                log.exception("%s did not stop cleanly", type(part).__name__)

    def end_streams(self) -> None:
        """Let go of every live screen, so that the server need not wait for them."""
        for part in self._started:
            if isinstance(part, Feed):
                part.end_all()

    def _compose(self) -> None:
        config = self.config
        self.outlet = outlet_of(config, self.node.enrolled)
        self.database = Database(self.data_dir / "box.db")
        self.database.on_broken = lambda _: self.broken.set()
        self.journal = Journal(
            self.database, self.platform, node_id=self.outlet.node_id, product=PRODUCT
        )
        self.menus = Menus(self.journal)
        self.taking = Taking(self.database, self.journal, self.menus, self.outlet)
        self.health = Health(self.database, self.journal, self.outlet)
        self.health.menu_version = lambda: self.menus.version
        self.spool = Spool(config.printers, self.journal, self.database, self.outlet)
        self.embedded: EmbeddedBroker | None = None
        if config.mqtt_embedded:
            self.embedded = EmbeddedBroker(self.data_dir / "broker", config.mqtt_port)
        self.uplink: Uplink | None = None
        self.replication: Replication | None = None
        self.feed_down: FeedDown | None = None
        if self.node.enrolled is not None:
            self.uplink = Uplink(self.node, config.hq_url or self.node.hq_url)
            self.replication = Replication(
                self.uplink, self.journal, self.database, self.platform, product=PRODUCT
            )
            self.feed_down = FeedDown(
                self.uplink, self.journal, self.database, self.menus, self.replication
            )
        self.feed = Feed(
            self.journal,
            self.database,
            self.outlet,
            self.platform,
            self.replication,
            self.health,
        )
        self.metrics = Metrics(self._figures)

    def _parts(self) -> Iterable[Part]:
        """The box on one screen. The kitchen is made once the broker's port is known."""
        yield self.database
        yield _Started(self.journal.start)
        yield self.taking
        if self.embedded is not None:
            yield self.embedded
        yield _Started(self._make_kitchen)
        yield self.link
        yield self.kitchen
        yield self.spool
        yield self.feed
        for part in (self.uplink, self.replication, self.feed_down):
            if part is not None:
                yield part
        self.health.spool = self.spool if self.config.printers else None
        self.health.replication = self.replication
        self.health.feed_down = self.feed_down
        self.health.followers = (self.kitchen.follower, self.spool.follower)
        yield Housekeeping(self.database, self.journal)
        if self.config.announce:
            yield self._announcement()

    async def _make_kitchen(self) -> None:
        port = self.embedded.port if self.embedded else self.config.mqtt_port
        self.broker = BrokerAddress(self.config.mqtt_host, port)
        self.link = MqttLink(
            self.broker.host,
            self.broker.port,
            f"kedai-box-{self.outlet.node_id}",
            will=farewell(self.outlet.outlet_id),
        )
        self.kitchen = Kitchen(
            self.link,
            self.journal,
            self.database,
            self.outlet,
            self.platform,
            flooded=lambda: self.taking.flooded,
        )
        self.health.kitchen = self.kitchen

    def _announcement(self) -> Announcement:
        outlet = self.outlet
        properties = {
            "v": str(PROTOCOL),
            "outlet": outlet.outlet_id,
            "name": outlet.name,
            "path": "/",
            "mqtt": str(self.broker.port),
            "ws": "/mqtt",
            "tls": "",
            "role": "primary",
        }
        host = slug(outlet.name)
        return Announcement(outlet.name, host, self.config.http_port, properties)

    async def _prepare_menu(self) -> None:
        index = await self.database.write(self.menus.current)
        log.info("%s: menu version %d, journal at %d", self.outlet.name, index.menu.version,
                 self.journal.position)  # fmt: skip

    def _figures(self) -> Iterable[Reading]:
        taking, database = self.taking, self.database
        yield "counter", "commands_accepted", "Commands accepted.", taking.accepted
        yield "counter", "commands_refused", "Commands the rules refused.", taking.refused
        yield "counter", "commands_repeated", "Commands answered again.", taking.repeated
        yield "counter", "commits", "Groups committed to disk.", database.groups
        yield "gauge", "writes_waiting", "Writes waiting for the disk.", database.waiting
        yield "gauge", "journal_position", "Last committed entry.", self.journal.position
        yield "gauge", "kitchen_lag", "Entries the kitchen waits for.", self.kitchen.follower.lag
        yield "gauge", "printing_lag", "Entries the spool waits for.", self.spool.follower.lag
        yield "counter", "papers_printed", "Papers proven printed.", self.spool.printed
        yield "gauge", "screens", "Screens listening.", self.feed.screens
        if self.replication is not None:
            yield "gauge", "unsent", "Entries HQ has not confirmed.", self.replication.unsent
        yield "gauge", "ready", "Orders can be taken.", int(self.health.ready)


class _Started:
    """A part that only has a beginning."""

    def __init__(self, begin: Any) -> None:
        self._begin = begin

    async def start(self) -> None:
        await self._begin()

    async def stop(self) -> None:
        pass


def slug(name: str) -> str:
    """An outlet's name as a host name: `Kedai Dago` is `kedai-dago.local`."""
    words = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    return words[:50].strip("-") or "kedai"


ROUTES = (
    commands.take_commands,
    orders.place_order,
    orders.order_history,
    orders.get_order,
    orders.change_status,
    orders.pay,
    orders.hold,
    orders.recall,
    menu.get_menu,
    menu.list_products,
    menu.get_product,
    menu.get_outlet,
    feed.screen_feed,
    reports.sales_report,
    health.live,
    health.ready,
    health.in_words,
    health.metrics,
    screens.home,
    screens.screen_file,
    screens.mqtt_bridge,
)
"""Every door of the box."""

GIVEN = (
    "taking", "database", "menus", "outlet", "platform", "journal", "feed", "health", "metrics",
    "broker",
)  # fmt: skip
"""Parts of the box that handlers may ask for by name."""

# The API page works without internet: its script and style ship with the product.
API_PAGE = SwaggerRenderPlugin(
    js_url="/docs/swagger-ui-bundle.js",
    css_url="/docs/swagger-ui.css",
    standalone_preset_js_url="/docs/swagger-ui-standalone-preset.js",
    favicon="<link rel='icon' href='data:,'>",
)


def create_app(box: Box) -> Litestar:
    """The HTTP application around a started box."""

    def provide(name: str) -> Provide:
        return Provide(lambda: getattr(box, name), sync_to_thread=False)

    return Litestar(
        route_handlers=list(ROUTES),
        dependencies={name: provide(name) for name in GIVEN},
        exception_handlers=HANDLERS,
        request_max_body_size=BODY_MAX,
        openapi_config=OpenAPIConfig(
            title="Kedai box",
            version=VERSION,
            description="The store server of one outlet.",
            path="/api/schema",
            render_plugins=[API_PAGE],
        ),
        logging_config=None,
    )


def tune() -> None:
    """Settings of the interpreter that the box runs under, measured with `make bench`.

    A writer thread that waits for the interpreter lock should get it soon (default 5 ms); what was
    imported never becomes garbage, so the collector need not look at it again.
    """
    sys.setswitchinterval(0.0005)
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


class CannotStart(Exception):
    """A part of the box could not begin; the sentence says which and why. Nothing was changed."""


async def serve(config: Config, sockets: list[socket.socket] | None = None) -> int:
    """Run the box until SIGTERM or SIGINT; returns the exit status. Raises CannotStart."""
    tune()
    box = Box(config)
    try:
        await box.start()
    except (ConfigError, DatabaseBroken, BrokerFault, sqlite3.Error, OSError) as fault:
        raise CannotStart(f"The box cannot start: {fault}.") from fault
    try:
        return await _serve_http(box, sockets)
    finally:
        await box.stop()


async def _serve_http(box: Box, sockets: list[socket.socket] | None) -> int:
    config = box.config
    server = uvicorn.Server(
        uvicorn.Config(
            HotPath(create_app(box), lambda: box.taking),
            host=config.http_host,
            port=config.http_port,
            http="httptools",
            ws="wsproto",
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=2,
            timeout_keep_alive=75,
            backlog=512,
            proxy_headers=False,
            server_header=False,
            lifespan="off",
        )
    )
    watcher = asyncio.create_task(_stop_when_broken(box, server))

    def handle_exit(sig: int, frame: Any) -> None:
        del sig, frame
        # Live streams end before the server waits for its connections to finish. The server's own
        # handler would raise the signal again at the end: being told to stop is no failure.
        box.end_streams()
        server.should_exit = True

    server.handle_exit = handle_exit  # type: ignore[method-assign]
    try:
        await server.serve(sockets=sockets)
    finally:
        watcher.cancel()
    return 1 if box.broken.is_set() or not server.started else 0


async def _stop_when_broken(box: Box, server: uvicorn.Server) -> None:
    await box.broken.wait()
    # The supervisor starts the box again; it finds everything acknowledged on disk.
    server.should_exit = True


def listen(host: str, port: int) -> socket.socket:
    """A listening socket. Raises OSError when the port is taken or not allowed."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    found = socket.socket(family, socket.SOCK_STREAM)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if hasattr(socket, "TCP_USER_TIMEOUT"):  # Linux; accepted connections inherit it
        found.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, GONE_AFTER_MS)
    try:
        found.bind((host, port))
    except OSError:
        found.close()
        raise
    return found
