"""Pictures of dishes on the box: fetched from HQ when the menu names them, kept for days offline.

They are the first thing that is given up as the disk fills: an order without a picture is an order.
"""

import asyncio
import contextlib
import logging
import os
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from edge.database import Busy, Database, DatabaseBroken
from edge.follower import Fault
from edge.menu import Menus
from edge.space import Level, Space
from edge.uplink import HqRefused, Uplink
from protocol.menu import Menu
from protocol.pictures import WIDTHS, is_webp, path_of, picture_at

log = logging.getLogger("edge.pictures")

LOOK_EVERY_S = 5.0
AGAIN_AFTER_S = 60.0
"""After a fault of the line; whoever opens a menu meanwhile sees the dish without its picture."""
SPARED_S = 3600.0
"""How long nothing is fetched after pictures were given up: what was just freed is not taken again."""
PAUSE_S = 0.05
"""Between two pictures, so that orders on the same line are not behind a menu's worth of them."""
MEGABYTE = 1024 * 1024
ORDER = (320, 640, 160, 1080)
"""Tiles first, then what a tap shows; a kiosk's whole width last."""

assert set(ORDER) == set(WIDTHS), "every width is fetched some time"


class Name(NamedTuple):
    """One picture in one width."""

    digest: str
    width: int

    @property
    def file(self) -> str:
        """What its file is called."""
        return path_of(*self).rpartition("/")[2]


class Pictures:
    """Fetches and keeps them. Never raises into the box: without pictures everything goes on."""

    def __init__(
        self,
        space: Space,
        database: Database,
        menus: Menus,
        uplink: Uplink | None,
        *,
        megabytes: int,
    ) -> None:
        self.folder = space.data_dir / "pictures"
        self.kept = 0
        """Pictures (each width counted) that the menu names and that are here."""
        self.missing = 0
        self._database = database
        self._menus = menus
        self._uplink = uplink
        self._space = space
        self._bytes_max = megabytes * MEGABYTE
        self._seen: str | None = None
        self._unknown: set[Name] = set()
        self._not_before_s = 0.0
        self._broken = False
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to look what the menu names."""
        self._task = asyncio.create_task(self._run(), name="pictures")

    async def stop(self) -> None:
        """Stop fetching; what is here stays."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    def find(self, path: str) -> tuple[bytes, bool] | None:
        """The picture at a path, and whether it is just that one; else the same in another width.

        None when there is none here (yet). Reads the disk: call it in a thread.
        """
        at = picture_at(path)
        if at is None:
            return None
        name = Name(*at)
        larger_first = sorted(WIDTHS, key=lambda w: (w < name.width, abs(w - name.width)))
        for width in larger_first:
            body = self._read(Name(name.digest, width))
            if body is not None:
                return body, width == name.width
        return None

    async def tend(self) -> None:
        """Give up, tidy up or fetch, whatever is due; a fault of the line ends it for a while."""
        if self._space.level >= Level.FILLING:
            await self._give_up()
            return
        now_s = asyncio.get_running_loop().time()
        if self._uplink is None or now_s < self._not_before_s:
            return
        if self._menus.shown == self._seen and not self.missing:
            return
        shown = self._menus.shown
        menu = (await self._database.read(self._menus.current)).menu
        if shown != self._seen:
            self._seen = shown
            self._unknown.clear()
        wanted = wanted_by(menu)
        if wanted or self.folder.exists():
            await self._fetch(wanted)

    async def _run(self) -> None:
        while True:
            try:
                await self.tend()
            except (OSError, Busy, DatabaseBroken) as fault:
                log.warning("pictures wait: %s", fault)
                self._not_before_s = asyncio.get_running_loop().time() + AGAIN_AFTER_S
            await asyncio.sleep(LOOK_EVERY_S)

    async def _fetch(self, wanted: list[Name]) -> None:
        here, taken = await asyncio.to_thread(self._tidy, wanted)
        room = self._bytes_max - taken
        missing = [n for n in wanted if n not in here and n not in self._unknown]
        self.kept, self.missing = sum(n in here for n in wanted), len(missing)
        for name in missing:
            if self._space.level >= Level.FILLING:
                return
            body = await self._ask(name)
            if body is None:
                return
            if len(body) > room:
                # The small widths of every dish came first: the rest is a matter of sharpness.
                self.missing = 0
                return
            if body:
                await asyncio.to_thread(self._write, name, body)
                room -= len(body)
                self.kept += 1
            self.missing -= 1
            await asyncio.sleep(PAUSE_S)

    async def _ask(self, name: Name) -> bytes | None:
        """The picture; empty when HQ has none of this name; None when the line is down."""
        assert self._uplink is not None
        try:
            picture = await self._uplink.picture(name.file)
        except HqRefused:
            self._unknown.add(name)
            return b""
        except Fault as fault:
            if not self._broken:
                log.warning("pictures of the menu cannot be fetched: %s", fault)
            self._broken = True
            self._not_before_s = asyncio.get_running_loop().time() + AGAIN_AFTER_S
            return None
        if self._broken:
            log.info("pictures of the menu come in again")
        self._broken = False
        if (picture.digest, picture.width) != name or not is_webp(picture.body):
            self._unknown.add(name)
            return b""
        return picture.body

    async def _give_up(self) -> None:
        self._seen, self.missing = None, 0
        self._not_before_s = asyncio.get_running_loop().time() + SPARED_S
        if not self.folder.exists():
            return
        count = await asyncio.to_thread(self._remove, self._files())
        if count:
            log.warning("the disk is filling: %d pictures are given up", count)
        self.kept = 0

    def _tidy(self, wanted: Iterable[Name]) -> tuple[set[Name], int]:
        """Which of these are here, and the bytes of all that is; the oldest others are thrown away."""
        self.folder.mkdir(parents=True, exist_ok=True)
        named = {name.file: name for name in wanted}
        sizes = {file: file.stat().st_size for file in self._files()}
        others = sorted((f for f in sizes if f.name not in named), key=_age)
        total = sum(sizes.values())
        # Half of the room is for what former menus named: it may come back tomorrow.
        while others and total > self._bytes_max // 2:
            total -= sizes.pop(oldest := others.pop(0))
            self._remove([oldest])
        return {named[file.name] for file in sizes if file.name in named}, total

    def _files(self) -> list[Path]:
        return [f for f in self.folder.iterdir() if f.suffix in (".webp", ".part")]

    def _remove(self, files: Iterable[Path]) -> int:
        count = 0
        for file in files:
            file.unlink(missing_ok=True)
            count += 1
        return count

    def _read(self, name: Name) -> bytes | None:
        file = self.folder / name.file
        try:
            body = file.read_bytes()
        except OSError:
            return None
        if is_webp(body):
            return body
        # Power went while it was written, or the disk lost it: it is fetched again.
        with contextlib.suppress(OSError):
            file.unlink()
        self._seen = None
        return None

    def _write(self, name: Name, body: bytes) -> None:
        """Whole or not at all: a reader never meets half a picture."""
        part = self.folder / f"{name.file}.part"
        with part.open("wb") as file:
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
        part.replace(self.folder / name.file)


def wanted_by(menu: Menu) -> list[Name]:
    """Every picture that the menu names, in all widths, the most useful first."""
    digests = dict.fromkeys(at[0] for item in menu.items if (at := picture_at(item.photo)))
    return [Name(digest, width) for width in ORDER for digest in digests]


def _age(file: Path) -> float:
    return file.stat().st_mtime
