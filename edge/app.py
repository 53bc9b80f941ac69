"""The box's front door: its HTTP application, served until somebody tells it to stop."""

import asyncio
import contextlib
import gc
import socket
import sqlite3
import sys
from collections.abc import AsyncIterator
from typing import Any

import uvicorn
from litestar import Litestar, Request
from litestar.di import Provide
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import SwaggerRenderPlugin

from edge.box import Box
from edge.claim import InUse
from edge.config import Config, ConfigError
from edge.database import DatabaseBroken
from edge.lan.gate import PACKET_MAX
from edge.lan.mqtt import BrokerFault
from edge.product import VERSION
from edge.routes import (
    audit,
    commands,
    days,
    deliveries,
    devices,
    feed,
    health,
    house,
    menu,
    mqtt,
    orders,
    own_menu,
    papers,
    pictures,
    presence,
    receipts,
    reports,
    role,
    screens,
    staff,
    stock,
    tills,
)
from edge.routes.asker import caller_of
from edge.routes.errors import BODY_MAX, HANDLERS
from edge.routes.guard import Guard
from edge.routes.hot import HotPath

GONE_AFTER_MS = 30_000
"""A tablet that left the Wi-Fi without a word takes nothing for so long: its connection is ended.
Left to the kernel that takes a quarter of an hour, and each try of it holds one screen's place."""

SCREEN_SAYS_MAX = 2 * PACKET_MAX
"""Bytes of one WebSocket message; more ends the connection before they are in memory."""


ROUTES = (
    commands.take_commands,
    orders.place_order,
    orders.order_history,
    orders.get_order,
    orders.change_status,
    orders.pay,
    orders.hold,
    orders.recall,
    orders.fire,
    orders.rush,
    deliveries.order_deliveries,
    papers.list_papers,
    papers.reprint_paper,
    papers.discard_paper,
    papers.print_receipt,
    papers.print_tickets,
    papers.list_printers,
    papers.print_test_page,
    papers.print_x_report,
    menu.get_menu,
    menu.list_products,
    menu.get_product,
    menu.get_outlet,
    own_menu.import_menu,
    own_menu.export_menu,
    pictures.get_picture,
    stock.get_stock,
    feed.screen_feed,
    house.get_house,
    tills.list_tills,
    tills.shifts,
    tills.shift_x_report,
    tills.screen_standing,
    days.list_days,
    days.day_standing,
    days.get_day,
    days.day_certificate,
    presence.say_here,
    presence.show_guest,
    presence.shown_to_guest,
    presence.list_counters,
    receipts.digital_receipt,
    receipts.receipt_code,
    reports.sales_report,
    role.take_over,
    devices.ask_pairing,
    devices.list_pairings,
    devices.collect_pairing,
    devices.approve_pairing,
    devices.deny_pairing,
    devices.list_devices,
    devices.own_device,
    devices.revoke_device,
    devices.prove,
    audit.audit,
    staff.list_staff,
    staff.signed_in,
    staff.sign_in,
    staff.sign_out,
    staff.approve,
    staff.change_pin,
    staff.clock,
    staff.add_person,
    staff.remove_person,
    staff.give_pin,
    health.live,
    health.ready,
    health.in_words,
    health.metrics,
    screens.home,
    screens.screen_file,
    mqtt.asyncapi,
    mqtt.mqtt_bridge,
)
"""Every door of the box."""

GIVEN = (
    "taking", "database", "menus", "outlet", "platform", "journal", "feed", "health", "metrics",
    "receipt_links",
    "presence", "guest_view", "day_desk",
    "bridge", "devices", "open_for_guests", "certificate", "role", "config", "spool",
    "staffing", "node", "pictures",
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

    def asker(request: Request[Any, Any, Any]) -> Any:
        return caller_of(request.scope, box.staffing.asking)

    return Litestar(
        route_handlers=list(ROUTES),
        dependencies={
            **{name: provide(name) for name in GIVEN},
            "asker": Provide(asker, sync_to_thread=False),
        },
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


def front_door(box: Box) -> Guard:
    """Everything a request passes, in order: the guard, the short way in, the application."""
    app = HotPath(create_app(box), lambda: box.taking, lambda: box.staffing.asking)
    return Guard(app, lambda: box.devices, required=box.config.pairing == "required")


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
    except sqlite3.DatabaseError as fault:
        raise CannotStart(_damaged(fault)) from fault
    except (ConfigError, InUse, DatabaseBroken, BrokerFault, sqlite3.Error, OSError) as fault:
        raise CannotStart(f"The box cannot start: {fault}.") from fault
    try:
        return await _serve_http(box, sockets)
    finally:
        await box.stop()


def _damaged(fault: sqlite3.DatabaseError) -> str:
    if getattr(fault, "sqlite_errorcode", None) not in (
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_NOTADB,
    ):
        return f"The box cannot start: {fault}."
    return (
        f"The box cannot start: its database is damaged ({fault}). Nothing was changed. Keep the"
        " folder, and put a copy back with `kedai edge restore`; HQ and the screens give back the"
        " rest."
    )


async def _serve_http(box: Box, sockets: list[socket.socket] | None) -> int:
    config, door = box.config, front_door(box)
    server = _server(door, host=config.http_host, port=config.http_port)
    watcher = asyncio.create_task(_stop_when_broken(box, server))

    def handle_exit(sig: int, frame: Any) -> None:
        del sig, frame
        # Live streams end before the server waits for its connections to finish. The server's own
        # handler would raise the signal again at the end: being told to stop is no failure.
        box.end_streams()
        server.should_exit = True

    server.handle_exit = handle_exit  # type: ignore[method-assign]
    try:
        async with over_tls(box, door):
            await server.serve(sockets=sockets)
    finally:
        watcher.cancel()
    return 1 if box.broken.is_set() or not server.started else 0


@contextlib.asynccontextmanager
async def over_tls(box: Box, door: Guard) -> AsyncIterator[None]:
    """The same door behind the box's certificate, where it is wanted. Raises CannotStart."""
    config = box.config
    if not config.https_port:
        yield
        return
    try:
        listening = listen(config.http_host, config.https_port)
    except OSError as fault:
        raise CannotStart(
            f"The box cannot start: https_port {config.https_port}: {fault.strerror}."
        ) from fault
    pem = str(box.certificate.path)
    server = _server(door, ssl_certfile=pem, ssl_keyfile=pem)
    serving = asyncio.create_task(server._serve([listening]))  # noqa: SLF001 - signals go to the other
    try:
        yield
    finally:
        server.should_exit = True
        await asyncio.gather(serving, return_exceptions=True)


def _server(door: Guard, **where: Any) -> uvicorn.Server:
    return uvicorn.Server(
        uvicorn.Config(
            door,
            http="httptools",
            ws="wsproto",
            ws_max_size=SCREEN_SAYS_MAX,
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=2,
            timeout_keep_alive=75,
            backlog=512,
            proxy_headers=False,
            server_header=False,
            lifespan="off",
            **where,
        )
    )


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
