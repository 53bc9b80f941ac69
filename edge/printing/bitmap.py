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
