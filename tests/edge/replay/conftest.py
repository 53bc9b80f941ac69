"""A real box and a small HQ to replay against, each behind a door that can fail."""

import asyncio
import contextlib
from pathlib import Path

import msgspec
import pytest
from httpx import ASGITransport, AsyncClient

from edge.app import create_app
from edge.box import Box
from edge.config import Config
from edge.listening import listen_no_more
from edge.replay.menu_file import read_menu
from protocol.menu import Menu
from protocol.money import CURRENCIES
from protocol.orders import Order

CUT_BEFORE, CUT_AFTER = "cut before", "cut after"
"""The connection breaks before the request is looked at, or after it was done."""


class Door:
    """Just enough HTTP on a real socket. `mishaps` befall the next requests, first to last."""

    def __init__(self):
        self.mishaps: list[str | int] = []
        self.requests = 0
        self.port = 0
        self.url = ""
        self._server = None

    async def open(self):
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"

    async def shut(self):
        await listen_no_more(self._server)
        await self._server.wait_closed()

    async def answer(self, method: str, path: str, headers: dict[str, str], body: bytes):
        """Status and body."""
        raise NotImplementedError

    async def _serve(self, reader, writer):
        try:
            with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
                await self._one(reader, writer)
        finally:
            writer.close()

    async def _one(self, reader, writer):
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        method, path, _ = head[0].split(" ")
        pairs = (line.partition(": ") for line in head[1:] if line)
        headers = {name.lower(): value for name, _, value in pairs}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        self.requests += 1
        mishap = self.mishaps.pop(0) if self.mishaps else ""
        if mishap == CUT_BEFORE:
            return
        status, answer = 503, b'{"title": "The box is stopping."}'
        if not isinstance(mishap, int):
            status, answer = await self.answer(method, path, headers, body)
        if mishap == CUT_AFTER:
            return
        lines = f"HTTP/1.1 {status} x\r\ncontent-length: {len(answer)}\r\nconnection: close\r\n\r\n"
        writer.write(lines.encode() + answer)
        await writer.drain()


class SmallBox(Door):
    """A whole box without broker and HQ, behind its door."""

    def __init__(self, folder: Path):
        super().__init__()
        self.body_max = 1 << 20
        self._folder = folder

    async def open(self):
        # Nothing listens on port 1: an import is neither cooked nor printed, so no broker is needed.
        self._box = Box(Config(data_dir=str(self._folder), announce=False, mqtt_port=1))
        await self._box.start()
        app = create_app(self._box)
        self._app = AsyncClient(transport=ASGITransport(app), base_url="http://box")
        await super().open()

    async def shut(self):
        await super().shut()
        await self._app.aclose()
        await self._box.stop()

    async def use_menu(self, menu: Menu, version: int = 1):
        journal, menus, body = self._box.journal, self._box.menus, msgspec.json.encode(menu)
        await self._box.database.write(
            lambda db: menus.apply(db, body, version, f"publish-{version}", journal.reading())
        )

    async def orders(self):
        """All orders on the box, by number."""
        rows = await self._box.database.read(
            lambda db: db.execute("SELECT body FROM orders ORDER BY number").fetchall()
        )
        return [msgspec.json.decode(body, type=Order) for (body,) in rows]

    @property
    def position(self):
        """How long the box's journal is."""
        return self._box.journal.position

    async def answer(self, method, path, headers, body):
        if len(body) > self.body_max:
            return 413, b'{"title": "too large"}'
        answer = await self._app.request(method, path, content=body)
        return answer.status_code, answer.content


class SmallHq(Door):
    """The two addresses that publish a menu."""

    def __init__(self, key: str):
        super().__init__()
        self.key = key
        self.menu: Menu | None = None

    async def answer(self, method, path, headers, body):
        if headers.get("authorization") != f"Bearer {self.key}":
            return 401, b"{}"
        if (method, path) == ("POST", "/api/menus/publish"):
            version = self.menu.version + 1 if self.menu else 1
            menu = msgspec.json.decode(body, type=Menu)
            self.menu = msgspec.structs.replace(menu, version=version)
            return 201, msgspec.json.encode({"version": version, "publish_id": "p", "pos": 1})
        if self.menu is None:
            return 404, b"{}"
        return 200, msgspec.json.encode(self.menu)


WARUNG = """\
kind,plu,category,item,item_en,variant,size,price,station,modifiers,available
,101,Kopi,Kopi Tubruk,Black Coffee,Panas,,8000,Bar,Gula,
,102,Kopi,Kopi Tubruk,,Es,,10000,,,
,201,Makanan,Nasi Goreng,Fried Rice,Kecil,,18000,Dapur,Pedas;Tambahan,ya
,202,Makanan,Nasi Goreng,,Besar,,25000,,,
,203,Makanan,Lontong,Rice Cake,,,12000,Dapur,,tidak
modifier,,Gula,Tanpa gula,No sugar,,,,,,
modifier,,Pedas,Sedang,Medium,,,,,,
modifier,,Tambahan,Telur,Egg,,,4000,,,
"""


@pytest.fixture
def rupiah():
    return CURRENCIES["IDR"]


@pytest.fixture
def warung_csv(tmp_path: Path) -> Path:
    path = tmp_path / "warung.csv"
    path.write_text(WARUNG, "utf-8")
    return path


@pytest.fixture
def warung(warung_csv: Path, rupiah) -> Menu:
    menu = read_menu(warung_csv, rupiah)
    assert isinstance(menu, Menu), menu
    return menu


@pytest.fixture
def sales(tmp_path: Path):
    """Writes a file of sales from lines of text and returns where it is."""

    def write(*lines: str, name: str = "sales.csv") -> Path:
        path = tmp_path / name
        path.write_text("\n".join(lines) + "\n", "utf-8")
        return path

    return write


@pytest.fixture
async def bare_box(tmp_path: Path):
    """A box that has not heard from HQ yet."""
    box = SmallBox(tmp_path)
    await box.open()
    yield box
    await box.shut()


@pytest.fixture
async def box(bare_box: SmallBox, warung: Menu):
    """A box with the warung's menu."""
    await bare_box.use_menu(warung)
    return bare_box


@pytest.fixture
async def hq():
    place = SmallHq(key="secret-key")
    await place.open()
    yield place
    await place.shut()
