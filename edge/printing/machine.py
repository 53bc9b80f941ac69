"""How one make of printer differs from another, as far as the virtual printer can pretend to be it."""

import msgspec

CODE_PAGES = {
    0: "cp437", 1: "katakana", 2: "cp850", 3: "cp860", 4: "cp863", 5: "cp865", 13: "cp857",
    14: "cp737", 15: "iso8859_7", 16: "cp1252", 17: "cp866", 18: "cp852", 19: "cp858",
    20: "cp874", 21: "cp874", 33: "cp775", 34: "cp855", 35: "cp861", 36: "cp862", 37: "cp864",
    38: "cp869", 39: "iso8859_2", 40: "iso8859_15", 44: "cp1125", 45: "cp1250", 46: "cp1251",
    47: "cp1253", 48: "cp1254", 49: "cp1255", 50: "cp1256", 51: "cp1257", 52: "cp1258",
}  # fmt: skip
"""Numbers of ESC t, as Epson assigns them, with the codec that knows each page."""


class Machine(msgspec.Struct, frozen=True, kw_only=True):
    """A make of printer. The default is what most 80 mm printers do; all lengths in dots.

    `line_dots`: spacing after a reset, 1/6 inch at 180 dots per inch (ESC 2). `cutter_dots`: from
    the head to the cutter. `eight_dot_pitch`: rows one dot of an eight-dot ESC * picture is high.
    `raster_eats_feed`: the line feed right after a GS v 0 picture moves no paper.
    """

    dots: int = 576
    line_dots: int = 30
    cutter_dots: int = 96
    eight_dot_pitch: int = 3
    raster_eats_feed: bool = False
    code_pages: dict[int, str] = msgspec.field(default_factory=lambda: CODE_PAGES)

    def decode(self, data: bytes, page: int) -> str:
        """Characters of code page `page`; what it lacks becomes U+FFFD, an unknown page is the
        first one.
        """
        codec = self.code_pages.get(page, "cp437")
        if codec != "katakana":
            return data.decode(codec, errors="replace")
        return "".join(
            chr(0xFF61 + byte - 0xA1)
            if 0xA1 <= byte <= 0xDF
            else chr(byte)
            if byte < 0x80
            else "\ufffd"
            for byte in data
        )


DEFAULT = Machine()
