"""The inside of an ESC/POS printer: commands in, sheets, drawer pulses and questions out.

Pure: no clock, no sockets, no drawing. `virtual.py` gives it a port and a paper roll,
`raster.py` draws what it leaves behind. Whatever it is sent, it keeps no more than a sheet's worth:
a sheet that grows beyond the limits below is torn off as if it had been cut.
"""

from collections import Counter
from collections.abc import Callable

import msgspec

from edge.printing.framing import Command
from edge.printing.machine import DEFAULT, Machine
from edge.printing.pictures import Pictures
from edge.printing.profiles import CELL_DOTS
from edge.printing.sheet import Line, Picture, Run, SheetModel, height_of

SHEET_DOTS_MAX = 16_000
"""Two metres of paper at eight dots a millimetre."""
SHEET_ITEMS_MAX = 8_000
"""Lines, and what stands in them."""
SHEET_BYTES_MAX = 1 << 20
"""Of pictures: a black sheet of the greatest length has as many."""
LINE_ITEMS_MAX = 128
_UNKNOWN_MAX = 256


class CutOff(msgspec.Struct, frozen=True):
    """The paper was cut: one sheet lies in the tray."""

    sheet: SheetModel


class DrawerKicked(msgspec.Struct, frozen=True):
    """A pulse went to the cash drawer on connector pin 2 or 5."""

    pin: int


class Asked(msgspec.Struct, frozen=True):
    """The printer was asked something in order with what it prints: `status` (GS r), its `name`
    (GS I) or to say by itself when its state changes (`auto`, GS a).
    """

    what: str
    number: int


Effect = CutOff | DrawerKicked | Asked


class _Style(msgspec.Struct):
    """What stays in force until changed or reset. Kept apart, so that a reset is one new value."""

    page: int = 0
    align: int = 0
    width: int = 1
    height: int = 1
    bold: bool = False
    inverse: bool = False
    underline: int = 0
    small: bool = False
    spacing: int = 30
    gap: int = 0
    tabs: tuple[int, ...] = ()
    left: int = 0
    area: int = 0


class Interpreter:
    """Executes commands one at a time; holds the sheet under the head until it is cut."""

    def __init__(self, machine: Machine | int = DEFAULT) -> None:
        if isinstance(machine, int):
            machine = msgspec.structs.replace(DEFAULT, dots=machine)
        self.machine = machine
        self.dots = machine.dots
        self.unknown: Counter[bytes] = Counter()
        self.lines_printed = 0
        self._pictures = Pictures(machine)
        self._line: list[Run | Picture] = []
        self._lines: list[Line] = []
        self._x = self._y = self._bytes = self._items = 0
        self._eats_feed = False
        self._effects: list[Effect] = []
        self._actions: dict[bytes, Callable[[bytes], None]] = self._table()
        self.reset()

    def execute(self, command: Command) -> list[Effect]:
        """Does what `command` says; returns what became visible outside, in order."""
        if command.name == b"":
            self._print_characters(command.data)
        elif not command.known:
            if command.name in self.unknown or len(self.unknown) < _UNKNOWN_MAX:
                self.unknown[command.name] += 1
        elif action := self._actions.get(command.name):
            action(command.data)
        if command.name != b"\x1dv":
            self._eats_feed = False
        effects, self._effects = self._effects, []
        return effects

    def take_sheet(self) -> SheetModel | None:
        """Tears off what has been printed since the last cut, or None when that is nothing."""
        lines, height = tuple(self._lines), self._y
        self._lines, self._y, self._bytes, self._items = [], 0, 0, 0
        return SheetModel(self.dots, height, lines) if lines else None

    def reset(self) -> None:
        """ESC @: everything back to its default; the unfinished line is lost, the paper stays."""
        self._style = _Style(area=self.dots, spacing=self.machine.line_dots)
        self._line, self._x = [], 0
        self._pictures.reset()

    def _table(self) -> dict[bytes, Callable[[bytes], None]]:
        """Every command it knows how to do; those it only skips are known to `framing`."""
        draw = self._pictures
        return {
            b"\n": lambda _: self._line_feed(),
            b"\t": lambda _: self._tab(),
            b"\x1b@": lambda _: self.reset(),
            b"\x1b ": lambda data: self._set(gap=data[0]),
            b"\x1b!": self._select_mode,
            b"\x1b$": lambda data: self._move_to(int.from_bytes(data, "little")),
            b"\x1b\\": lambda data: self._move_to(
                self._x + int.from_bytes(data, "little", signed=True)
            ),
            b"\x1b*": lambda data: self._add(draw.bit_image(data)),
            b"\x1b-": lambda data: self._set(underline=data[0] & 3),
            b"\x1b2": lambda _: self._set(spacing=self.machine.line_dots),
            b"\x1b3": lambda data: self._set(spacing=data[0]),
            b"\x1bD": lambda data: self._set(tabs=tuple(data[:-1])),
            b"\x1bE": lambda data: self._set(bold=bool(data[0] & 1)),
            b"\x1bG": lambda data: self._set(bold=bool(data[0] & 1)),
            b"\x1bJ": lambda data: self._feed(data[0]),
            b"\x1bM": lambda data: self._set(small=data[0] in {1, 49}),
            b"\x1ba": lambda data: self._set(align=data[0] & 3),
            b"\x1bd": lambda data: self._feed(data[0] * self._style.spacing),
            b"\x1bi": lambda _: self._cut(),
            b"\x1bm": lambda _: self._cut(),
            b"\x1bp": lambda data: self._effects.append(DrawerKicked(5 if data[0] & 1 else 2)),
            b"\x1bt": lambda data: self._set(page=data[0]),
            b"\x1d!": lambda data: self._set(
                width=(data[0] >> 4 & 7) + 1, height=(data[0] & 7) + 1
            ),
            b"\x1d*": draw.store_logo,
            b"\x1d/": lambda data: self._picture(draw.logo(data)),
            b"\x1dB": lambda data: self._set(inverse=bool(data[0] & 1)),
            b"\x1dH": lambda data: setattr(draw, "bar_text", data[0]),
            b"\x1dI": lambda data: self._effects.append(Asked("name", data[0])),
            b"\x1dL": lambda data: self._set(left=int.from_bytes(data, "little")),
            b"\x1dV": self._feed_and_cut,
            b"\x1dW": lambda data: self._set(area=int.from_bytes(data, "little")),
            b"\x1da": lambda data: self._effects.append(Asked("auto", data[0])),
            b"\x1dh": lambda data: setattr(draw, "bar_height", max(1, data[0])),
            b"\x1dk": self._bar_code,
            b"\x1dr": lambda data: self._effects.append(Asked("status", data[0])),
            b"\x1dv": self._raster,
            b"\x1dw": lambda data: setattr(draw, "bar_width", min(8, max(1, data[0]))),
            b"\x1d(": lambda data: self._picture(draw.extended(data[0], data[3:])),
            b"\x1d8": lambda data: self._picture(draw.extended(data[0], data[5:])),
        }

    def _set(self, **changes: object) -> None:
        self._style = msgspec.structs.replace(self._style, **changes)

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
        dots = cell[0] * style.width + style.gap
        text = self.machine.decode(data, style.page)
        while text:
            fits = (self._room() - self._x) // dots
            if fits < 1 and self._line:
                self._end_line()
                continue
            count = 1 if style.gap else max(1, fits)
            part, text = text[:count], text[count:]
            shape = (cell, style.width, style.height)
            self._add(Run(0, part, *shape, style.bold, style.inverse, style.underline))
            self._x += style.gap

    def _add(self, item: Run | Picture | None) -> None:
        """Puts an item under the head; a run joins the last one when only the text differs."""
        if item is None:
            return
        last = self._line[-1] if self._line else None
        item = msgspec.structs.replace(item, x=self._x)
        if (
            isinstance(last, Run)
            and isinstance(item, Run)
            and last.x + last.dots == item.x
            and _same_style(last, item)
        ):
            self._line[-1] = msgspec.structs.replace(last, text=last.text + item.text)
        else:
            self._line.append(item)
        self._x += item.dots
        if len(self._line) >= LINE_ITEMS_MAX:
            self._end_line()

    def _room(self) -> int:
        """Dots between the margins."""
        return max(CELL_DOTS, min(self._style.area, self.dots - self._style.left))

    def _tab(self) -> None:
        """To the next stop; the stops of a reset are every eighth column."""
        style = self._style
        column = CELL_DOTS * style.width
        stops = [stop * column for stop in style.tabs] or range(0, self.dots, 8 * column)
        self._move_to(next((stop for stop in stops if stop > self._x), self._x))

    def _move_to(self, x: int) -> None:
        if 0 <= x < self._room():
            self._x = x

    def _line_feed(self) -> None:
        """Prints the line under the head, or moves on by one when there is nothing."""
        if not (self._eats_feed and not self._line):
            self._end_line()

    def _end_line(self, spacing: int | None = None) -> None:
        """Prints the line under the head and moves the paper on."""
        spacing = self._style.spacing if spacing is None else spacing
        highest = max((height_of(item) for item in self._line), default=0)
        items, self._line, self._x = tuple(self._line), [], 0
        self._place(items, max(spacing, highest))

    def _place(self, items: tuple[Run | Picture, ...], height: int) -> None:
        """Puts a finished line on the sheet, moved to its alignment; tears a sheet that is full."""
        width = max((item.x + item.dots for item in items), default=0)
        gap = max(0, self._room() - width)
        shift = self._style.left + (0, gap // 2, gap, 0)[self._style.align]
        moved = tuple(msgspec.structs.replace(item, x=item.x + shift) for item in items)
        self._lines.append(Line(self._y, height, moved))
        self._y += height
        self._items += 1 + len(items)
        self._bytes += sum(len(x.bitmap.data) for x in items if isinstance(x, Picture))
        self.lines_printed += 1
        if (
            self._y >= SHEET_DOTS_MAX
            or self._items >= SHEET_ITEMS_MAX
            or self._bytes >= SHEET_BYTES_MAX
        ):
            self._tear()

    def _feed(self, dots: int) -> None:
        """Prints what is under the head, then moves the paper on by `dots` in all."""
        step = max(1, self._style.spacing)
        rest = dots
        if self._line:
            highest = max(height_of(item) for item in self._line)
            self._end_line(min(step, dots))
            rest -= max(min(step, dots), highest)
        while rest > 0:
            self._place((), min(rest, step))
            rest -= step

    def _feed_and_cut(self, data: bytes) -> None:
        """GS V: at once, or (with a second byte) after the line has come to the cutter."""
        if len(data) == 2:
            if self._line:
                self._end_line()
            self._feed(self.machine.cutter_dots + data[1])
        self._cut()

    def _cut(self) -> None:
        if self._line:
            self._end_line()
        self._tear()

    def _tear(self) -> None:
        sheet = self.take_sheet()
        if sheet is not None:
            self._effects.append(CutOff(sheet))

    def _raster(self, data: bytes) -> None:
        self._picture(self._pictures.raster(data))
        self._eats_feed = self.machine.raster_eats_feed

    def _picture(self, picture: Picture | None) -> None:
        """A picture that takes lines of its own."""
        if picture is None:
            return
        if self._line:
            self._end_line()
        if picture.bitmap.height and picture.bitmap.width:
            self._place((picture,), picture.height)

    def _bar_code(self, data: bytes) -> None:
        """Bars with their text above, below, both or not at all (GS H)."""
        picture, text = self._pictures.bar_code(data)
        where = self._pictures.bar_text & 3
        shown = (Run(0, text[: self.dots // CELL_DOTS]),) if text else ()
        if self._line:
            self._end_line()
        if shown and where & 1:
            self._place(shown, height_of(shown[0]))
        self._picture(picture)
        if shown and where & 2:
            self._place(shown, height_of(shown[0]))


def _same_style(a: Run, b: Run) -> bool:
    return msgspec.structs.replace(a, x=0, text="") == msgspec.structs.replace(b, x=0, text="")
