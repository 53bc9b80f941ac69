"""Paper in, ESC/POS bytes out. The door of python-escpos, used as an encoder only.

Rules measured on the library: it prints `?` or raw multibyte for scripts outside its code pages,
without an error. So each row is sent as characters only when one code page has all of it;
anything else is drawn (`raster.py`) and sent as a picture.
"""

import contextlib
import functools
import logging
import os
import shutil
import unicodedata
from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from edge.printing import qr, raster
from edge.printing.bitmap import Bitmap, from_matrix
from edge.printing.paper import (
    Columns,
    Cut,
    Feed,
    Kick,
    Paper,
    QrCode,
    Row,
    Rule,
    Text,
    columns_of,
    wrap,
)
from edge.printing.profiles import PROFILES, STRIP_ROWS, PrinterProfile

RESET = b"\x1b@\x1c.\x1bR\x00\x1bM\x00\x1b2\x1dL\x00\x00"
"""Initialise; leave double-byte mode, in which Chinese models start; US characters; font A; default
line spacing; no left margin. What an earlier job left behind cannot reach this one."""

_PLAIN = str.maketrans(
    {"‘": "'", "’": "'", "“": '"', "”": '"', "–": "-", "—": "-", "…": "...", "\u00a0": " ",
     "\u202f": " ", "•": "*", "×": "x", "−": "-", "→": ">", "─": "-", "═": "=", "\u2011": "-"}
)  # fmt: skip
"""Plain forms of signs, used only for a row no code page can hold otherwise."""


def encode(paper: Paper, profile: PrinterProfile) -> bytes:
    """The bytes that print `paper` on a printer of this profile.

    Blocking (drawing may take tens of milliseconds): call it in a thread. Safe to call from
    several at once; nothing is shared. Text is data: control characters in names and notes are
    removed, so a note can neither cut the paper nor open the drawer. Raises QrTooLongError.
    """
    job = _Job(profile, duplicate=paper.duplicate_of is not None)
    job.raw(RESET)
    for row in marked(paper):
        job.row(row)
    return job.output()


@functools.lru_cache(maxsize=8)
def warm_up(columns: int) -> None:
    """What the first job would wait for otherwise, half a second: the library is imported and the
    fonts are opened. Blocking; the second call for paper as wide does nothing. Raises OSError for a
    font that cannot be read.
    """
    struck = Text("2 × Nasi Goreng", size=2, bold=True, struck=True)
    rows = (Text("A042", size=4, bold=True), struck, Columns("شاي · 茶 · ሻይ", "5.000"), Rule())
    narrow = next((p for p in PROFILES.values() if p.columns == columns), PrinterProfile())
    encode(Paper("test_page", "", rows), narrow)


def marked(paper: Paper) -> Iterator[Row]:
    """The rows of `paper` with what must stand above them: an earlier one may have come out, it
    belongs elsewhere, it is late.
    """
    marks = []
    if paper.duplicate_of is not None:
        marks.append(f"*** DUPLICATE / SALINAN {paper.duplicate_of} ***")
    if paper.rerouted_from:
        marks.append(f"DIALIHKAN DARI / REROUTED FROM {paper.rerouted_from.upper()}")
    if paper.late_min:
        marks.append(f"TERLAMBAT / LATE {lateness(paper.late_min)}")
    if paper.from_before:
        marks.append("PERIKSA JAMNYA: SEBELUM RESTART / CHECK ITS TIME: BEFORE A RESTART")
    for words in marks:
        yield Text(words, bold=True, align="center", inverse=True, tall=True)
    if marks:
        yield Feed(1)
    yield from paper.rows


def lateness(minutes: int) -> str:
    """`25 min`, `3 h 05 min`: how long ago a paper should have come out."""
    hours, rest = divmod(minutes, 60)
    return f"{hours} h {rest:02} min" if hours else f"{rest} min"


class _Job:
    """The state of one encoding: the library's dummy printer and the style in force."""

    def __init__(self, profile: PrinterProfile, duplicate: bool) -> None:
        library = _library()
        self._profile = profile
        self._duplicate = duplicate
        self._printer = library.Dummy()
        self._pages = library.Encoder(dict(profile.code_pages))
        self._page = ""
        self._style: dict[str, object] = {}
        self._size = (0, 0)

    def output(self) -> bytes:
        """Everything so far."""
        return bytes(self._printer.output)

    def raw(self, data: bytes) -> None:
        """Bytes as they are."""
        self._printer._raw(data)  # noqa: SLF001 — the library's only way to add bytes

    def row(self, row: Row) -> None:
        """Encodes one row; leaves the printer at the beginning of a line."""
        match row:
            case Text() | Columns():
                self._words(_cleaned(row))
            case Rule():
                self._words(Text(("═" if row.double else "─") * self._profile.columns))
            case Feed():
                self._printer.print_and_feed(row.rows)
            case QrCode():
                self._qr(row.data)
            case Kick():
                if self._profile.drawer and not self._duplicate:
                    self._printer.cashdraw(2)
            case Cut():
                self._cut()

    def _words(self, row: Text | Columns) -> None:
        """As characters when one code page has them all, else as a picture."""
        row = _fitting(row, self._profile.columns)
        if isinstance(row, Text) and row.struck:
            self._picture(raster.row_bitmap(row, self._profile.text_dots))
            return
        page = self._page_for(_content(row))
        if page is None:
            plain = _plain(row)
            page = self._page_for(_content(plain))
            row = row if page is None else plain
        if page is None:
            self._picture(raster.row_bitmap(row, self._profile.text_dots))
            return
        self._select(page)
        self._set(row)
        for line in rows_of(row, self._profile.columns):
            self.raw(self._pages.encode(line, page) + b"\n")

    def _page_for(self, text: str) -> str | None:
        """The code page in force if it has all of `text`, else the first that has, else None."""
        names = [*([self._page] if self._page else []), *self._profile.code_pages]
        for name in names:
            if all(self._pages.can_encode(name, character) for character in text):
                return name
        return None

    def _select(self, page: str) -> None:
        if page != self._page:
            self.raw(b"\x1bt" + bytes([self._profile.code_pages[page]]))
            self._page = page

    def _set(self, row: Text | Columns) -> None:
        """Sends only what differs from the style in force."""
        inverse = isinstance(row, Text) and row.inverse
        align = row.align if isinstance(row, Text) and not inverse else "left"
        wanted: dict[str, object] = {"bold": row.bold, "invert": inverse, "align": align}
        changed = {key: value for key, value in wanted.items() if self._style.get(key) != value}
        self._style = wanted
        size = (row.size, row.size * (2 if row.tall else 1))
        if size != self._size:
            self._size = size
            self._printer.set(custom_size=True, width=size[0], height=size[1])
        self._printer.set(**changed)

    def _picture(self, bitmap: Bitmap) -> None:
        """GS v 0 in strips."""
        self._set(Text(""))
        for strip in bitmap.strips(STRIP_ROWS):
            size = strip.stride.to_bytes(2, "little") + strip.height.to_bytes(2, "little")
            self.raw(b"\x1dv0\x00" + size + strip.data)

    def _qr(self, data: str) -> None:
        """As large as two thirds of the paper allow, at least three dots a module."""
        modules = qr.matrix(data)
        scale = max(3, min(8, self._profile.dots * 3 // 5 // (len(modules) + 2 * qr.QUIET_MODULES)))
        if self._profile.native_qr:
            self._set(Text("", align="center"))
            self._printer.qr(data, ec=self._native_level(data), size=scale, native=True)
        else:
            rows = [list(row) for row in modules]
            self._picture(from_matrix(rows, scale, self._profile.text_dots))

    @staticmethod
    def _native_level(data: str) -> int:
        """The library's number of the correction level `qr.matrix` uses."""
        return 1 if qr.level_of(data) == "M" else 0

    def _cut(self) -> None:
        self._set(Text(""))
        if self._profile.cutter:
            self._printer.cut(mode="PART")
        else:
            self._printer.print_and_feed(4)


def rows_of(row: Text | Columns, columns: int) -> list[str]:
    """The row as it stands on paper of `columns` columns: wrapped, indented, amount at the edge."""
    columns //= row.size
    if isinstance(row, Text):
        room = columns - row.indent
        lines = [
            " " * (row.indent + (row.hang if at else 0)) + line
            for at, line in enumerate(wrap(row.text, room, room - row.hang))
        ]
        return [_bar(line, columns, row.align) for line in lines] if row.inverse else lines
    room = columns - row.indent - columns_of(row.right) - 1
    if room < _longest_word(row.left):
        above = rows_of(Text(row.left, indent=row.indent, hang=row.hang), columns)
        below = [part.rjust(columns) for part in wrap(row.right, columns)]
        return [*above, *below] if row.left else below
    left = wrap(row.left, room, max(1, room - row.hang))
    first = " " * row.indent + left[0]
    gap = " " * max(1, columns - columns_of(first) - columns_of(row.right))
    return [first + gap + row.right, *(" " * (row.indent + row.hang) + line for line in left[1:])]


def _longest_word(text: str) -> int:
    """Columns of the widest word, as far as a row should not break it: no more than twelve."""
    return min(12, max((columns_of(word) for word in text.split()), default=0))


def _fitting(row: Text | Columns, columns: int) -> Text | Columns:
    """An amount too wide for its size is printed smaller: half of an amount is worse than none."""
    if isinstance(row, Columns) and row.size > 1 and columns_of(row.right) > columns // row.size:
        return msgspec.structs.replace(row, size=1, tall=True)
    return row


def _bar(line: str, columns: int, align: str) -> str:
    """A line filled up with spaces, so that inverse printing makes a bar of it."""
    return {"left": line.ljust, "center": line.center, "right": line.rjust}[align](columns)


def _content(row: Text | Columns) -> str:
    return row.text if isinstance(row, Text) else row.left + row.right


def _changed(row: Text | Columns, change: Callable[[str], str]) -> Text | Columns:
    if isinstance(row, Text):
        return msgspec.structs.replace(row, text=change(row.text))
    return msgspec.structs.replace(row, left=change(row.left), right=change(row.right))


def _cleaned(row: Text | Columns) -> Text | Columns:
    return _changed(row, _clean)


def _plain(row: Text | Columns) -> Text | Columns:
    return _changed(row, lambda text: text.translate(_PLAIN))


def _clean(text: str) -> str:
    """Composed characters, no control characters but line ends. Paper has no colours, so how an
    emoji is to be shown (U+FE0E, U+FE0F) is left out; fonts draw something for it."""
    composed = unicodedata.normalize("NFC", text).translate({0xFE0E: None, 0xFE0F: None})
    return "".join(c if c == "\n" or unicodedata.category(c) != "Cc" else " " for c in composed)


class _Library:
    """The parts of python-escpos in use."""

    def __init__(self, dummy: Any, encoder: Any) -> None:
        self.Dummy = dummy
        self.Encoder = encoder


@functools.lru_cache(maxsize=1)
def _library() -> _Library:
    """Imports python-escpos at first use: 0.4 s and 15 MB that start-up need not pay.

    Undoes two things its import does to the process: a handler on the root logger, and an empty
    temporary folder for its cache.
    """
    before = list(logging.getLogger().handlers)
    from escpos import capabilities
    from escpos.magicencode import Encoder
    from escpos.printer import Dummy

    for handler in set(logging.getLogger().handlers) - set(before):
        logging.getLogger().removeHandler(handler)
    if "ESCPOS_CAPABILITIES_PICKLE_DIR" not in os.environ:
        with contextlib.suppress(OSError):
            shutil.rmtree(capabilities.pickle_dir)
    return _Library(Dummy, Encoder)
