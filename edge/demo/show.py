"""`kedai demo`: everything in start order, stopped in reverse when Ctrl-C comes."""

import asyncio
import contextlib
import json
import logging
import os
import shutil
import signal
import sys
import webbrowser
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import msgspec

from edge import logs
from edge.app import listen
from edge.config import Config, PrinterConfig
from edge.demo.app import Bell, DemoState, Screen, Site
from edge.demo.children import Child, DidNotStart
from edge.demo.gallery import Gallery
from edge.demo.house import publish_house
from edge.demo.people import CASHIER, publish_people, shown
from edge.demo.ports import Ports
from edge.demo.traffic import Traffic
from edge.demo.wan import Wan
from edge.follower import Fault
from edge.node import Node
from edge.platform import Platform
from edge.printing.virtual import VirtualPrinter
from edge.product import PRODUCT
from edge.replay.publishing import import_menu
from edge.uplink import Uplink

log = logging.getLogger("edge.demo")

OUTLET, TENANT = "Kedai Dago", "Kopi Contoh"
HQ_PORT, BOX_PORT, BROKER_PORT = 8000, 8080, 1883
MENU = Path(__file__).parent / "menu.csv"
MARK = "kedai-demo.json"
"""Marks a folder as a demo's own: `--fresh` removes nothing else."""


@dataclass(frozen=True, slots=True)
class Options:
    """What `kedai demo` was asked for."""

    data_dir: Path
    fresh: bool = False
    traffic: bool = False
    browser: bool = True
    port: int = 8090


class CannotShow(Exception):
    """The demo cannot start; the sentence says why and what to do."""


class Part(Protocol):
    """Something that is started and stopped."""

    async def start(self) -> None:
        """Begin."""

    async def stop(self) -> None:
        """End."""


async def run(options: Options) -> int:
    """Show until Ctrl-C or SIGTERM; leaves no process. Returns the exit status."""
    logs.set_up("WARNING")
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, ended.set)
    try:
        async with _everything(options, ended) as home:
            if options.browser and _has_a_desktop():
                with contextlib.suppress(Exception):
                    await asyncio.to_thread(webbrowser.open, home)
            await ended.wait()
            print("\nStopping. Orders and papers are kept for the next time.")
    except (CannotShow, DidNotStart, Fault, OSError) as fault:
        print(f"The demo cannot go on: {fault}", file=sys.stderr)
        return 1
    return 0


def _has_a_desktop() -> bool:
    """Without one, the standard library would open a text browser over this terminal."""
    return sys.platform == "darwin" or any(
        os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY")
    )


@contextlib.asynccontextmanager
async def _everything(options: Options, ended: asyncio.Event) -> AsyncIterator[str]:
    async with contextlib.AsyncExitStack() as stack:

        async def begin(part: Part) -> None:
            if ended.is_set():
                raise CannotShow("it was told to stop")
            await part.start()
            stack.push_async_callback(part.stop)

        data, platform = _folder(options), Platform()
        ports = Ports()
        stack.callback(ports.release)
        hq_port = _port(ports, "HQ", HQ_PORT)
        box_port = _port(ports, "the box", BOX_PORT)
        hq_url, box_url = f"http://localhost:{hq_port}", f"http://localhost:{box_port}"
        home_port = _port(ports, "this demo's page", options.port)
        print("Starting HQ (the first time takes a few seconds) …")
        await begin(_hq(data, hq_port, hq_url))
        place = await _place_at_hq(data)
        wan = Wan("127.0.0.1", hq_port)
        await begin(wan)
        line = f"http://127.0.0.1:{wan.port}"
        await _enrol(data, line, place["code"])
        bell = Bell()
        printers = _printers(data, platform, bell)
        for _, printer in printers.values():
            await begin(printer)
        published = await import_menu(MENU, hq_url, place["key"], "IDR")
        rules = await publish_house(hq_url, place["key"])
        await publish_people(hq_url, place["key"])
        log.info("menu %d, house rules %d", published.version, rules)
        print("Starting the box …")
        broker_port = ports.choose(BROKER_PORT)
        await begin(_box(data, (box_port, broker_port), box_url, line, printers))
        traffic = Traffic(box_url, platform, CASHIER)
        traffic.switch(options.traffic)
        await begin(traffic)
        await begin(Gallery(hq_url, place["key"]))
        dashboard = f"{hq_url}/?key={place['key']}"
        screens = _screens(box_url, dashboard)
        state = DemoState(screens, dashboard, data, wan, printers, traffic, bell, shown())
        await begin(Site(state, listen("127.0.0.1", home_port)))
        home = f"http://localhost:{home_port}"
        print(_welcome(home, box_url, hq_url, data))
        yield home


def _folder(options: Options) -> Path:
    data = options.data_dir
    if options.fresh and data.exists():
        if not (data / MARK).exists() and any(data.iterdir()):
            raise CannotShow(
                f"{data} is not a demo's folder; --fresh would delete it. Choose --data"
            )
        shutil.rmtree(data)
    data.mkdir(parents=True, exist_ok=True)
    if not os.access(data, os.W_OK):
        raise CannotShow(f"{data} cannot be written. Choose another folder with --data")
    (data / MARK).touch()
    return data


def _port(ports: Ports, whose: str, wanted: int) -> int:
    port = ports.choose(wanted)
    if port != wanted:
        print(f"Port {wanted} is taken, so {whose} is at {port}.")
    return port


def _hq(data: Path, port: int, url: str) -> Child:
    argv = [sys.executable, "-m", "cloud", "--data", str(data / "hq")]
    argv += ["serve", "--host", "127.0.0.1", "--port", str(port)]
    return Child("HQ", argv, url, data / "logs" / "hq.log")


async def _place_at_hq(data: Path) -> dict[str, str]:
    """The demo's tenant, outlet, key and enrolment code at HQ; made once, then remembered."""
    kept = data / "place.json"
    if kept.exists():
        return dict(json.loads(kept.read_text()))
    tell = ["--data", str(data / "hq")]
    # A start that was killed may have added them before it could note the place.
    with contextlib.suppress(CannotShow):
        await _cloud(*tell, "tenant", "add", TENANT, "--json")
    try:
        outlet = await _cloud(*tell, "outlet", "add", OUTLET, "--tenant", TENANT, "--json")
    except CannotShow:
        outlet = await _cloud(*tell, "outlet", "code", OUTLET, "--tenant", TENANT, "--json")
    key = await _cloud(*tell, "key", "add", "--tenant", TENANT, "--name", "demo", "--json")
    place = {"code": outlet["code"], "key": key["key"]}
    draft = kept.with_suffix(".new")
    draft.touch(mode=0o600)
    draft.write_text(json.dumps(place))
    draft.replace(kept)
    return place


async def _cloud(*arguments: str) -> dict[str, Any]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "cloud", *arguments, stdout=-1, stderr=-1, start_new_session=True
    )
    output, trouble = await process.communicate()
    if process.returncode:
        raise CannotShow(f"HQ would not do it: {trouble.decode().strip()}")
    return dict(json.loads(output))


async def _enrol(data: Path, hq_url: str, code: str) -> None:
    node = Node(data / "box")
    node.load()
    if node.enrolled is not None:
        return
    uplink = Uplink(node, hq_url)
    await uplink.start()
    try:
        node.keep(await uplink.enrol(code, PRODUCT), hq_url)
    finally:
        await uplink.stop()


def _printers(data: Path, platform: Platform, bell: Bell) -> dict[str, tuple[str, VirtualPrinter]]:
    named = {"receipt": "Kasir", "kitchen": "Dapur", "bar": "Bar"}
    return {
        key: (
            name,
            VirtualPrinter(platform.wall_ms, folder=data / "papers" / key, on_sheet=bell.ring),
        )
        for key, name in named.items()
    }


def _box(
    data: Path,
    ports: tuple[int, int],
    url: str,
    hq_url: str,
    printers: dict[str, tuple[str, VirtualPrinter]],
) -> Child:
    config = Config(
        data_dir=str(data / "box"),
        http_host="127.0.0.1",
        http_port=ports[0],
        hq_url=hq_url,
        mqtt_embedded=True,
        mqtt_port=ports[1],
        announce=False,
        receipt_url=url,
        ballast_mb=0,
        printers=tuple(
            PrinterConfig(
                id=key,
                name=name,
                host=printer.host,
                port=printer.port,
                stations=_STATIONS[key],
                receipts=key == "receipt",
            )
            for key, (name, printer) in printers.items()
        ),
    )
    file = data / "box.toml"
    file.write_text(_toml(config))
    argv = [sys.executable, "-m", "edge", "serve", "--config", str(file)]
    # Open means that orders can be taken: the first menu is on its way from HQ for a moment.
    log_file = data / "logs" / "box.log"
    return Child("the box", argv, url, log_file, ready_path="/health/ready")


_STATIONS: dict[str, tuple[str, ...]] = {
    "receipt": (),
    "kitchen": ("kitchen", "pastry"),
    "bar": ("bar",),
}


def _toml(config: Config) -> str:
    """The configuration as an operator would write it."""
    values = msgspec.to_builtins(config)
    printers = values.pop("printers")
    rows = _settings(values)
    for printer in printers:
        rows += ["", "[[printers]]", *_settings(printer)]
    return "\n".join(rows) + "\n"


def _settings(values: dict[str, Any]) -> list[str]:
    # What is not set is left out: TOML has no word for nothing.
    said = {name: value for name, value in values.items() if value is not None}
    return [f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in said.items()]


def _screens(box_url: str, dashboard: str) -> list[Screen]:
    return [
        Screen("counter", f"{box_url}/counter/", "Kasir · Counter"),
        Screen("kiosk", f"{box_url}/kiosk/", "Kiosk tamu · Guest kiosk"),
        Screen("kitchen", f"{box_url}/kitchen/", "Layar dapur · Kitchen display"),
        Screen("board", f"{box_url}/board/", "Papan pesanan siap · Order-ready board"),
        Screen("customer", f"{box_url}/customer/", "Layar pelanggan · Customer display"),
        Screen("devices", f"{box_url}/devices/", "Layar dan perangkat · Screens and devices"),
        Screen("hq", dashboard, "Kantor pusat · HQ dashboard"),
        Screen("api", f"{box_url}/api/schema", "API perangkat · Box API"),
        Screen("health", f"{box_url}/health", "Kesehatan · Health in words"),
    ]


def _welcome(home: str, box_url: str, hq_url: str, data: Path) -> str:
    return f"""
Kedai is open.

  Start here       {home}
  Counter          {box_url}/counter/
  Kitchen display  {box_url}/kitchen/
  Kiosk            {box_url}/kiosk/
  HQ               {hq_url}  (the link on the first page signs you in)

Everything is kept in {data}. Ctrl-C stops it; `--fresh` starts over.
"""
