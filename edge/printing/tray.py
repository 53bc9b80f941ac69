"""Where the virtual printer's sheets land: a bounded pile, and a folder of pictures when wanted."""

import asyncio
from collections import deque
from collections.abc import Callable
from pathlib import Path

from edge.printing import raster
from edge.printing.sheet import SheetModel

TRAY_BYTES_MAX = 64 * 1024 * 1024
"""What the tray holds at most, however few sheets that is: about a thousand ordinary ones."""


class Sheet:
    """One sheet. Its picture is drawn each time it is looked at (tens of milliseconds: use a thread);
    kept beside the sheets, pictures would outweigh them.
    """

    def __init__(self, number: int, model: SheetModel, printed_at_ms: int) -> None:
        self.number = number
        self.model = model
        self.printed_at_ms = printed_at_ms
        self.bytes = model.bytes

    @property
    def text(self) -> str:
        """The sheet as text."""
        return self.model.text

    @property
    def png(self) -> bytes:
        """The sheet as a picture of thermal paper."""
        return raster.sheet_png(self.model)


class Tray:
    """Holds the newest `keep` sheets, fewer when they are full of pictures; older ones fall out,
    from the folder too.

    With a `folder`, sheet 7 is written there as `0007.png` and `0007.txt`, in the background; if
    sheets come faster than they can be drawn, the oldest unwritten ones are passed over. Numbers go
    on from what the folder holds. `on_sheet` is called with each sheet, on the event loop.
    """

    def __init__(
        self,
        wall_ms: Callable[[], int],
        keep: int,
        folder: Path | None = None,
        on_sheet: Callable[[Sheet], None] | None = None,
    ) -> None:
        self.count = 0
        self._wall_ms = wall_ms
        self._keep = keep
        self._folder = folder
        self._on_sheet = on_sheet
        self._number = 0
        self._sheets: deque[Sheet] = deque(maxlen=keep)
        self._unwritten: deque[Sheet] = deque(maxlen=keep)
        self._writing: asyncio.Task[None] | None = None
        self._news = asyncio.Event()

    async def open(self) -> None:
        """Makes the folder and finds the last number in it."""
        if self._folder is not None:
            self._number = await asyncio.to_thread(_last_number, self._folder)

    async def close(self) -> None:
        """Waits until the sheets that are to be written are written."""
        if self._writing is not None:
            await self._writing

    @property
    def sheets(self) -> tuple[Sheet, ...]:
        """Newest first."""
        return tuple(reversed(self._sheets))

    def add(self, model: SheetModel) -> Sheet:
        """A sheet drops in."""
        self._number += 1
        self.count += 1
        sheet = Sheet(self._number, model, self._wall_ms())
        self._sheets.append(sheet)
        while len(self._sheets) > 1 and sum(x.bytes for x in self._sheets) > TRAY_BYTES_MAX:
            self._sheets.popleft()
        self._news.set()
        if self._folder is not None:
            self._unwritten.append(sheet)
            if self._writing is None or self._writing.done():
                self._writing = asyncio.create_task(self._write(self._folder))
        if self._on_sheet is not None:
            self._on_sheet(sheet)
        return sheet

    async def wait_for(self, count: int) -> None:
        """Until `count` sheets have dropped in since the start."""
        while self.count < count:
            self._news.clear()
            await self._news.wait()

    async def _write(self, folder: Path) -> None:
        while self._unwritten:
            sheet = self._unwritten.popleft()
            await asyncio.to_thread(_write_sheet, folder, sheet, self._keep)


def _last_number(folder: Path) -> int:
    folder.mkdir(parents=True, exist_ok=True)
    return max((int(p.stem) for p in folder.glob("*.txt") if p.stem.isdigit()), default=0)


def _write_sheet(folder: Path, sheet: Sheet, keep: int) -> None:
    """Text last and by renaming, so that whoever sees a text finds its picture whole."""
    name = f"{sheet.number:04}"
    for suffix, content in ((".png", sheet.png), (".txt", sheet.text.encode())):
        unfinished = folder / f"{name}{suffix}.part"
        unfinished.write_bytes(content)
        unfinished.replace(folder / f"{name}{suffix}")
    for suffix in (".png", ".txt"):
        (folder / f"{sheet.number - keep:04}{suffix}").unlink(missing_ok=True)
