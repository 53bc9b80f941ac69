"""Black and white dots, packed as a printer wants them: eight to a byte, highest bit leftmost."""

import msgspec


class Bitmap(msgspec.Struct, frozen=True):
    """`height` rows of `stride` bytes; a set bit is a black dot. `width` is in dots."""

    width: int
    height: int
    data: bytes

    @property
    def stride(self) -> int:
        """Bytes per row."""
        return (self.width + 7) // 8

    def is_black(self, x: int, y: int) -> bool:
        """Whether the dot at column `x`, row `y` is black."""
        return bool(self.data[y * self.stride + x // 8] & (0x80 >> (x % 8)))

    def strips(self, rows: int) -> list["Bitmap"]:
        """The same picture cut in pieces of at most `rows` rows, so no command is ever large."""
        step = rows * self.stride
        return [
            Bitmap(self.width, len(piece) // self.stride, piece)
            for piece in (self.data[at : at + step] for at in range(0, len(self.data), step))
        ]


def from_matrix(matrix: list[list[bool]], scale: int, width: int | None = None) -> Bitmap:
    """A matrix of modules as dots, each `scale` × `scale`, centred when `width` dots are given."""
    side = len(matrix) * scale
    total = side if width is None else max(width, side)
    left = (total - side) // 2
    rows = bytearray()
    for modules in matrix:
        bits = 0
        for module in modules:
            bits = (bits << scale) | ((1 << scale) - 1 if module else 0)
        stride = (total + 7) // 8
        bits <<= stride * 8 - left - side
        rows += bits.to_bytes(stride, "big") * scale
    return Bitmap(total, side, bytes(rows))


def from_columns(data: bytes, column_bytes: int, pitch: int = 1) -> Bitmap:
    """Columns of `column_bytes` bytes from left to right, highest bit on top, as printers of the
    needle age were sent pictures. Each dot is `pitch` rows high; half a column is left off.
    """
    width, rows = len(data) // column_bytes, 8 * column_bytes
    stride = (width + 7) // 8
    packed = bytearray(stride * rows)
    for x in range(width):
        column = int.from_bytes(data[x * column_bytes : (x + 1) * column_bytes], "big")
        for y in range(rows):
            if column >> (rows - 1 - y) & 1:
                packed[y * stride + x // 8] |= 0x80 >> (x % 8)
    if pitch > 1:
        lines = (packed[y * stride : (y + 1) * stride] for y in range(rows))
        packed = bytearray(b"".join(line * pitch for line in lines))
    return Bitmap(width, rows * pitch, bytes(packed))


def cropped(bitmap: Bitmap, width: int, rows: int) -> Bitmap:
    """The upper left part of `bitmap`, at most `width` dots by `rows` rows."""
    width, rows = min(width, bitmap.width), min(rows, bitmap.height)
    if width == bitmap.width and rows == bitmap.height:
        return bitmap
    if width < 1 or rows < 1:
        return Bitmap(0, 0, b"")
    stride, old = (width + 7) // 8, bitmap.stride
    data = b"".join(bitmap.data[y * old : y * old + stride] for y in range(rows))
    return Bitmap(width, rows, data)
