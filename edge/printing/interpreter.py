"""The inside of an ESC/POS printer: commands in, sheets, drawer pulses and answers out.

Pure: no clock, no sockets, no drawing. `virtual.py` gives it a port and a paper roll,
`raster.py` draws what it leaves behind.
"""

from collections import Counter
from collections.abc import Callable

import msgspec

from edge.printing import qr
from edge.printing.bitmap import Bitmap, from_matrix
from edge.printing.framing import Command
from edge.printing.profiles import CELL_DOTS
from edge.printing.sheet import Line, Picture, Run, SheetModel

LINE_DOTS = 30
"""Line spacing after a reset: 1/6 inch at 180 dots per inch (ESC 2)."""

CUTTER_DOTS = 96
"""Distance from the head to the cutter: what a sheet shows empty before its first line is cut."""

CODE_PAGES = {
    0: "cp437", 2: "cp850", 3: "cp860", 4: "cp863", 5: "cp865", 13: "cp857", 14: "cp737",
    15: "iso8859_7", 16: "cp1252", 17: "cp866", 18: "cp852", 19: "cp858", 21: "cp874",
    33: "cp775", 34: "cp855", 35: "cp861", 36: "cp862", 37: "cp864", 38: "cp869",
    39: "iso8859_2", 40: "iso8859_15", 44: "cp1125", 45: "cp1250", 46: "cp1251",
    47: "cp1253", 48: "cp1254", 49: "cp1255", 50: "cp1256", 51: "cp1257", 52: "cp1258",
}  # fmt: skip
"""Numbers of ESC t, as Epson assigns them, with the codec that knows each page."""


class CutOff(msgspec.Struct, frozen=True):
    """The paper was cut: one sheet lies in the tray."""

    sheet: SheetModel


class DrawerKicked(msgspec.Struct, frozen=True):
    """A pulse went to the cash drawer on connector pin 2 or 5."""

    pin: int


class Answered(msgspec.Struct, frozen=True):
    """Bytes the printer sends back, in order with what it prints."""

    data: bytes


Effect = CutOff | DrawerKicked | Answered


class _Style(msgspec.Struct):
    """What stays in force until changed or reset. Kept apart, so that a reset is one new value."""

    page: str = "cp437"
    align: int = 0
    width: int = 1
    height: int = 1
    bold: bool = False
    inverse: bool = False
    underline: int = 0
    small: bool = False
    spacing: int = LINE_DOTS
    left: int = 0
    area: int = 0


class Interpreter:
    """Executes commands one at a time; holds the sheet under the head until it is cut."""

    def __init__(self, dots: int) -> None:
        self.dots = dots
        self.unknown: Counter[bytes] = Counter()
        self.lines_printed = 0
        self._style = _Style(area=dots)
        self._line: list[Run | Picture] = []
        self._x = 0
        self._y = 0
        self._lines: list[Line] = []
        self._qr_data = b""
        self._qr_module = 3
        self._graphic: Picture | None = None
        self._effects: list[Effect] = []
        self._actions: dict[bytes, Callable[[bytes], None]] = self._table()

    def execute(self, command: Command) -> list[Effect]:
        """Does what `command` says; returns what became visible outside, in order."""
        if command.name == b"":
            self._print_characters(command.data)
        elif not command.known:
            self.unknown[command.name] += 1
        elif action := self._actions.get(command.name):
            action(command.data)
        effects, self._effects = self._effects, []
        return effects

    def take_sheet(self) -> SheetModel | None:
        """Tears off what has been printed since the last cut, or None when that is nothing."""
        lines, height = tuple(self._lines), self._y
        self._lines, self._y = [], 0
        return SheetModel(self.dots, height, lines) if lines else None

    def reset(self) -> None:
        """ESC @: everything back to its default; the unfinished line is lost, the paper stays."""
        self._style = _Style(area=self.dots)
        self._line, self._x, self._qr_data, self._graphic = [], 0, b"", None

    def _table(self) -> dict[bytes, Callable[[bytes], None]]:
        """Every command it knows how to do; those it only skips are known to `framing`."""
        return {
            b"\n": lambda _: self._end_line(),
            b"\t": lambda _: self._tab(),
            b"\x1b@": lambda _: self.reset(),
            b"\x1b!": self._select_mode,
            b"\x1b$": lambda data: self._move_to(int.from_bytes(data, "little")),
            b"\x1b-": lambda data: self._set(underline=data[0] & 3),
            b"\x1b2": lambda _: self._set(spacing=LINE_DOTS),
            b"\x1b3": lambda data: self._set(spacing=data[0]),
            b"\x1bE": lambda data: self._set(bold=bool(data[0] & 1)),
            b"\x1bG": lambda data: self._set(bold=bool(data[0] & 1)),
            b"\x1bJ": lambda data: self._feed(data[0]),
            b"\x1bM": lambda data: self._set(small=data[0] in {1, 49}),
            b"\x1ba": lambda data: self._set(align=data[0] & 3),
            b"\x1bd": lambda data: self._feed(data[0] * self._style.spacing),
            b"\x1bi": lambda _: self._cut(),
            b"\x1bm": lambda _: self._cut(),
            b"\x1bp": lambda data: self._effects.append(DrawerKicked(5 if data[0] & 1 else 2)),
            b"\x1bt": lambda data: self._set(page=CODE_PAGES.get(data[0], "cp437")),
            b"\x1d!": lambda data: self._set(
                width=(data[0] >> 4 & 7) + 1, height=(data[0] & 7) + 1
            ),
            b"\x1dB": lambda data: self._set(inverse=bool(data[0] & 1)),
            b"\x1dI": lambda _: self._answer(b"\x02"),
            b"\x1dL": lambda data: self._set(left=int.from_bytes(data, "little")),
            b"\x1dV": self._feed_and_cut,
            b"\x1dW": lambda data: self._set(area=int.from_bytes(data, "little")),
            b"\x1dk": self._bar_code,
            b"\x1dr": lambda _: self._answer(b"\x00"),
            b"\x1dv": self._raster,
            b"\x1d(": self._extended,
        }

    def _set(self, **changes: object) -> None:
        self._style = msgspec.structs.replace(self._style, **changes)

    def _answer(self, data: bytes) -> None:
        self._effects.append(Answered(data))

    def _select_mode(self, data: bytes) -> None:
        """ESC ! sets font, bold, double height, double width and underline in one byte."""
        bits = data[0]
        self._set(
            small=bool(bits & 0x01),
            bold=bool(bits & 0x08),
            height=2 if bits & 0x10 else 1,
            width=2 if bits & 0x20 else 1,
            underline=1 if bits & 0x80 else 0,
        )

    def _print_characters(self, data: bytes) -> None:
        """Adds characters to the line under the head; a full line prints itself."""
        style = self._style
        cell = (9, 17) if style.small else (CELL_DOTS, 2 * CELL_DOTS)
        dots = cell[0] * style.width
        text = data.decode(style.page, errors="replace")
        while text:
            fits = (self._room() - self._x) // dots
            if fits < 1 and self._line:
                self._end_line()
                continue
            part, text = text[: max(1, fits)], text[max(1, fits) :]
            shape = (cell, style.width, style.height)
            self._add(Run(self._x, part, *shape, style.bold, style.inverse, style.underline))

    def _add(self, run: Run) -> None:
        """Puts a run under the head, as part of the last one when nothing but the text differs."""
        last = self._line[-1] if self._line else None
        if isinstance(last, Run) and last.x + last.dots == run.x and _same_style(last, run):
            self._line[-1] = msgspec.structs.replace(last, text=last.text + run.text)
        else:
            self._line.append(run)
        self._x += run.dots

    def _room(self) -> int:
        """Dots between the margins."""
        return max(CELL_DOTS, min(self._style.area, self.dots - self._style.left))

    def _tab(self) -> None:
        """To the next multiple of eight columns."""
        step = 8 * CELL_DOTS
        self._move_to((self._x // step + 1) * step)

    def _move_to(self, x: int) -> None:
        if x < self._room():
            self._x = x

    def _end_line(self, spacing: int | None = None) -> None:
        """Prints the line under the head and moves the paper on."""
        spacing = self._style.spacing if spacing is None else spacing
        highest = max((_height_of(item) for item in self._line), default=0)
        height = max(spacing, highest)
        self._place(tuple(self._line), height)
        self._line, self._x = [], 0

    def _place(self, items: tuple[Run | Picture, ...], height: int) -> None:
        """Puts a finished line on the sheet, moved to its alignment."""
        width = max((item.x + item.dots for item in items), default=0)
        gap = max(0, self._room() - width)
        shift = self._style.left + (0, gap // 2, gap, 0)[self._style.align]
        moved = tuple(msgspec.structs.replace(item, x=item.x + shift) for item in items)
        self._lines.append(Line(self._y, height, moved))
        self._y += height
        self.lines_printed += 1

    def _feed(self, dots: int) -> None:
        """Prints what is under the head, then moves the paper by `dots`."""
        if self._line:
            self._end_line(0)
        rest = dots
        while rest > 0:
            self._place((), min(rest, max(1, self._style.spacing)))
            rest -= max(1, self._style.spacing)

    def _feed_and_cut(self, data: bytes) -> None:
        if len(data) == 2:
            self._feed(CUTTER_DOTS + data[1])
        self._cut()

    def _cut(self) -> None:
        if self._line:
            self._end_line()
        sheet = self.take_sheet()
        if sheet is not None:
            self._effects.append(CutOff(sheet))

    def _raster(self, data: bytes) -> None:
        """GS v 0: a picture straight to the paper."""
        mode, stride, rows = data[1] & 3, data[2] | data[3] << 8, data[4] | data[5] << 8
        bitmap = Bitmap(stride * 8, rows, data[6:])
        self._picture(Picture(0, bitmap, 2 if mode & 1 else 1, 2 if mode & 2 else 1))

    def _picture(self, picture: Picture) -> None:
        if self._line:
            self._end_line()
        if picture.bitmap.height and picture.bitmap.width:
            self._place((picture,), picture.bitmap.height * picture.scale_y)

    def _bar_code(self, data: bytes) -> None:
        """Bar codes are shown by what they say; nothing of ours prints them."""
        value = data[2:] if data[0] >= 65 else data[1:-1]
        self._print_characters(b"|||| " + value + b" ||||")
        self._end_line()

    def _extended(self, data: bytes) -> None:
        """GS ( k with cn 49 is the QR code; GS ( L is graphics; others are skipped by length."""
        function, body = data[0], data[3:]
        if function == ord("k") and len(body) >= 2 and body[0] == 49:
            self._qr_function(body[1], body[2:])
        elif function == ord("L") and len(body) >= 2:
            self._graphics(body[1], body[2:])

    def _qr_function(self, function: int, data: bytes) -> None:
        if function == 67 and data:
            self._qr_module = min(16, max(1, data[0]))
        elif function == 80:
            self._qr_data = data[1:]
        elif function == 81 and self._qr_data:
            text = self._qr_data.decode("utf-8", errors="replace")
            try:
                modules = [list(row) for row in qr.matrix(text)]
            except qr.QrTooLongError:
                return
            bitmap = from_matrix(modules, self._qr_module)
            self._picture(Picture(0, bitmap, meaning=text))

    def _graphics(self, function: int, data: bytes) -> None:
        """GS ( L: store a picture (fn 112), print what is stored (fn 2 or 50)."""
        if function == 112 and len(data) >= 8:
            width, rows = data[4] | data[5] << 8, data[6] | data[7] << 8
            bitmap = Bitmap(width, rows, data[8:])
            if len(bitmap.data) == bitmap.stride * rows:
                self._graphic = Picture(0, bitmap, max(1, data[1]), max(1, data[2]))
        elif function in {2, 50} and self._graphic is not None:
            self._picture(self._graphic)


def _same_style(a: Run, b: Run) -> bool:
    return msgspec.structs.replace(a, x=0, text="") == msgspec.structs.replace(b, x=0, text="")


def _height_of(item: Run | Picture) -> int:
    if isinstance(item, Run):
        return item.cell[1] * item.height
    return item.bitmap.height * item.scale_y
