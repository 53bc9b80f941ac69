"""HQ as one process: the list of its parts, started in this order and stopped in reverse."""

import asyncio
import gc
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import uvicorn
from litestar import Litestar
from litestar.di import Provide
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.plugins import SwaggerRenderPlugin
from litestar.openapi.spec import Components, SecurityScheme

from cloud import logs
from cloud.config import Config
from cloud.database import Database
from cloud.headquarters import Headquarters
from cloud.migrate import migrate
from cloud.platform import Platform
from cloud.product import VERSION
from cloud.routes.access import auth, get_visitor
from cloud.routes.audit import audits
from cloud.routes.conflicts import conflicts
from cloud.routes.days import closed_days
from cloud.routes.errors import HANDLERS
from cloud.routes.feed import feed
from cloud.routes.health import health
from cloud.routes.house import house
from cloud.routes.menus import menus
from cloud.routes.outlets import outlets
from cloud.routes.people import people
from cloud.routes.pictures import pictures, show_picture
from cloud.routes.prices import prices
from cloud.routes.products import products
from cloud.routes.reports import reports
from cloud.routes.routing import routing
from cloud.routes.screens import screens
from cloud.routes.stock import stock
from cloud.routes.sync import sync

_log = logs.log("hq")

OPENAPI = OpenAPIConfig(
    title="Kedai HQ",
    version=VERSION,
    path="/api/schema",
    # The page's script and style are ours, so that it opens without internet.
    render_plugins=[
        SwaggerRenderPlugin(
            js_url="/docs/swagger-ui-bundle.js",
            css_url="/docs/swagger-ui.css",
            standalone_preset_js_url="/docs/swagger-ui-standalone-preset.js",
            favicon="<link rel='icon' href='data:,'>",
        )
    ],
    components=Components(
        security_schemes={"key": SecurityScheme(type="http", scheme="bearer")},
    ),
    security=[{"key": []}],
)


@asynccontextmanager
async def running(config: Config, platform: Platform | None = None) -> AsyncIterator[Headquarters]:
    """HQ with all its parts started; they stop in reverse when the block ends."""
    async with AsyncExitStack() as stopping:
        url = config.database_url or await _start_embedded(config, stopping)
        await migrate(config.owner_url or url)
        database = Database(url, size=config.pool_size, statement_cache=config.statement_cache)
        hq = Headquarters(config, database, platform or Platform())
        for part in hq.parts():
            await part.start()
            stopping.push_async_callback(part.stop)
        yield hq


def create_app(hq: Headquarters) -> Litestar:
    """The HTTP side of a started HQ."""
    return Litestar(
        route_handlers=[
            sync,
            auth,
            outlets,
            reports,
            feed,
            menus,
            conflicts,
            prices,
            products,
            pictures,
            show_picture,
            routing,
            house,
            closed_days,
            people,
            audits,
            stock,
            *health,
            *screens,
        ],
        dependencies={
            "hq": Provide(lambda: hq, sync_to_thread=False),
            "visitor": Provide(get_visitor),
        },
        exception_handlers=HANDLERS,
        openapi_config=OPENAPI,
        logging_config=None,
    )


def run(config: Config) -> None:
    """Run HQ as the only thing of this process, on the fastest event loop there is."""
    loops = uvicorn.Config(create_app, loop="auto", log_config=None).get_loop_factory()
    with asyncio.Runner(loop_factory=loops) as runner:
        runner.run(serve(config))


async def serve(config: Config) -> None:
    """Run HQ until SIGTERM or SIGINT, and then stop within `grace_s` seconds."""
    logs.configure(config.log_level, config.log_format)
    async with running(config) as hq:
        _settle_memory()
        listener = _listen(config)
        server = _Server(
            uvicorn.Config(
                create_app(hq),
                loop="none",
                http="httptools",
                ws="wsproto",
                lifespan="on",
                log_config=None,
                access_log=False,
                server_header=False,
                timeout_keep_alive=65,
                timeout_graceful_shutdown=config.grace_s,
            ),
            hq,
        )
        await server.serve(sockets=[listener])


class _Server(uvicorn.Server):
    """Lets everybody who waits for news go before it waits for requests to end."""

    def __init__(self, config: uvicorn.Config, hq: Headquarters) -> None:
        super().__init__(config)
        self._hq = hq

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to listen, and only then say so."""
        await super().startup(sockets)
        for listener in sockets or ():
            host, port = listener.getsockname()[:2]
            shown = f"[{host}]" if ":" in host else host
            print(f"HQ is open at http://{shown}:{port}/", flush=True)

    def handle_exit(self, sig: int, frame: Any) -> None:
        """A signal came: finish what is in hand. A second one does not make it hurry."""
        del frame
        _log.info("stopping", signal=signal.Signals(sig).name)
        self.should_exit = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop listening, let the waiting go, end the rest within the grace."""
        self._hq.release_waiting()
        await super().shutdown(sockets)


def _settle_memory() -> None:
    """What was loaded stays: the collector need not look through it at every batch of entries."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


def _listen(config: Config) -> socket.socket:
    family = socket.AF_INET6 if ":" in config.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    listener.bind((config.host, config.port))
    listener.set_inheritable(True)
    return listener


async def _start_embedded(config: Config, stopping: AsyncExitStack) -> str:
    """HQ's own Postgres in the data folder; its address is left there for the other commands."""
    from cloud.embedded import EmbeddedPostgres

    folder = Path(config.data)
    postgres = EmbeddedPostgres(folder / "postgres")
    url = await postgres.start()
    stopping.push_async_callback(postgres.stop)
    note = folder / "database_url"
    note.write_text(url, "utf-8")
    note.chmod(0o600)
    return url
