"""The part of a printer that draws: pictures it is sent or keeps, bar codes, two-dimensional codes.

Pure. Whatever is asked for, what comes out is no larger than paper: see `ROWS_MAX`.
"""

from edge.printing import barcodes, qr
from edge.printing.bitmap import Bitmap, cropped, from_columns, from_matrix
from edge.printing.machine import Machine
from edge.printing.sheet import Picture

ROWS_MAX = 4_000
"""Half a metre: a higher picture is cut off, as no printer's memory holds it either."""

QR_BYTES_MAX = 800
"""Drawing a longer QR code takes a quarter of a second; it is shown as an empty frame instead."""

_LEVELS: dict[int, qr.Level] = {48: "L", 49: "M", 50: "Q", 51: "H"}
_SYMBOLS = {
    48: "PDF417", 49: "QR", 50: "MAXICODE", 51: "GS1-DATABAR", 52: "COMPOSITE", 54: "DATAMATRIX",
    55: "AZTEC",
}  # fmt: skip
_FRAME_DOTS = 96


class Pictures:
    """Settings and memory of everything that is drawn; `reset` forgets all but the stored logo."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._logo: Picture | None = None
        self.reset()

    def reset(self) -> None:
        """ESC @."""
        self.bar_height = 162
        self.bar_width = 3
        self.bar_text = 0
        self._module = 3
        self._level: qr.Level = "L"
        self._symbol: dict[int, bytes] = {}
        self._graphic: Picture | None = None

    def raster(self, data: bytes) -> Picture:
        """GS v 0: rows of bytes, after mode and size."""
        mode, stride, rows = data[1] & 3, data[2] | data[3] << 8, data[4] | data[5] << 8
        bitmap = self._fit(Bitmap(stride * 8, rows, data[6:]))
        return Picture(0, bitmap, 2 if mode & 1 else 1, 2 if mode & 2 else 1)

    def bit_image(self, data: bytes) -> Picture | None:
        """ESC *: columns of 8 or 24 dots; None for a mode there is not."""
        mode = data[0]
        if mode not in {0, 1, 32, 33}:
            return None
        column_bytes = 3 if mode in {32, 33} else 1
        pitch = 1 if column_bytes == 3 else self._machine.eight_dot_pitch
        bitmap = from_columns(data[3:], column_bytes, pitch)
        return Picture(0, self._fit(bitmap), 1 if mode in {1, 33} else 2, 1)

    def store_logo(self, data: bytes) -> None:
        """GS *: a picture kept until the power goes; x and y count bytes."""
        wide, high = data[0], data[1]
        if wide and high:
            self._logo = Picture(0, self._fit(from_columns(data[2:], high)))

    def logo(self, data: bytes) -> Picture | None:
        """GS /: prints the kept picture, twice as wide or high when asked."""
        if self._logo is None:
            return None
        mode = data[0] & 3
        return Picture(0, self._logo.bitmap, 2 if mode & 1 else 1, 2 if mode & 2 else 1)

    def bar_code(self, data: bytes) -> tuple[Picture, str]:
        """GS k: the bars, and what is printed beside them (`bar_text` says where)."""
        system = data[0]
        value = data[2:] if system >= 65 else data[1:-1]
        text = value.decode("latin-1")
        row = barcodes.modules(system, value)
        if row:
            dots = "".join(module * self.bar_width for module in row)
            stride = (len(dots) + 7) // 8
            line = int(dots.ljust(8 * stride, "0"), 2).to_bytes(stride, "big")
            bitmap = Bitmap(len(dots), self.bar_height, line * self.bar_height)
        else:
            bitmap = _frame(_FRAME_DOTS, self.bar_height)
        return Picture(0, self._fit(bitmap), 1, 1, text, barcodes.name_of(system)), text

    def extended(self, function: int, body: bytes) -> Picture | None:
        """GS ( k: two-dimensional codes; GS ( L: pictures that are stored, then printed."""
        if function == ord("k") and len(body) >= 2:
            return self._code(body[0], body[1], body[2:])
        if function == ord("L") and len(body) >= 2:
            return self._graphics(body[1], body[2:])
        return None

    def _code(self, symbol: int, function: int, data: bytes) -> Picture | None:
        if symbol not in _SYMBOLS or not data:
            return None
        if function == 67 and symbol == 49:
            self._module = min(16, max(1, data[0]))
        elif function == 69 and symbol == 49:
            self._level = _LEVELS.get(data[0], self._level)
        elif function == 80:
            self._symbol[symbol] = data[1:]
        elif function == 81 and self._symbol.get(symbol):
            return self._drawn(symbol, self._symbol[symbol])
        return None

    def _drawn(self, symbol: int, data: bytes) -> Picture:
        """A QR code as it is, any other as a frame of about its size that says what it holds."""
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError:
            text = data.decode("latin-1")
        bitmap = _frame(_FRAME_DOTS, _FRAME_DOTS)
        if symbol == 49 and len(data) <= QR_BYTES_MAX:
            modules = [list(row) for row in qr.matrix(text, self._level)]
            bitmap = from_matrix(modules, self._module)
        return Picture(0, self._fit(bitmap), 1, 1, text, _SYMBOLS[symbol])

    def _graphics(self, function: int, data: bytes) -> Picture | None:
        """Function 112 stores rows, 113 columns; 2 and 50 print what is stored."""
        if function in {112, 113} and len(data) >= 8:
            width, rows = data[4] | data[5] << 8, data[6] | data[7] << 8
            bitmap = Bitmap(width, rows, data[8:])
            if function == 113:
                bitmap = cropped(from_columns(data[8:], max(1, (rows + 7) // 8)), width, rows)
            if width and rows and len(bitmap.data) == bitmap.stride * bitmap.height:
                scale = (1 if data[1] < 2 else 2, 1 if data[2] < 2 else 2)
                self._graphic = Picture(0, self._fit(bitmap), *scale)
        elif function in {2, 50}:
            return self._graphic
        return None

    def _fit(self, bitmap: Bitmap) -> Bitmap:
        return cropped(bitmap, self._machine.dots, ROWS_MAX)


def _frame(width: int, rows: int) -> Bitmap:
    """An empty frame, two dots thick."""
    stride = (width + 7) // 8
    full = ((1 << width) - 1) << (stride * 8 - width)
    sides = full & ~(((1 << max(0, width - 4)) - 1) << (stride * 8 - width + 2))
    edge, side = (row.to_bytes(stride, "big") for row in (full, sides))
    if rows <= 4:
        return Bitmap(width, rows, edge * rows)
    return Bitmap(width, rows, edge * 2 + side * (rows - 4) + edge * 2)
