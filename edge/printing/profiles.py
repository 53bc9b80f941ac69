"""What one printer can do: width, code pages, cutter, drawer."""

import msgspec

CELL_DOTS = 12
"""Width of one character of font A, in dots; its height is twice that (Epson's 12 × 24)."""

STRIP_ROWS = 24
"""Rows per picture command: small pieces pass through small printer buffers, and a job that breaks
off leaves the printer waiting for few bytes."""

COMMAND_BYTES_MAX = 8 + STRIP_ROWS * 72
"""The longest single command a job holds: a strip as wide as the widest paper."""

LATIN_PAGES = {"CP437": 0, "CP850": 2, "CP858": 19, "CP1252": 16}
"""Code pages practically every ESC/POS printer has, and the number that selects each."""


class PrinterProfile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One model of printer.

    `columns`: characters of font A per row (32, 42 or 48). `dots`: printable width (384, 512 or
    576). `code_pages`: Python-style names with the number the printer selects them by; order is
    preference. `native_qr`: the printer draws QR codes itself; else they are sent as a picture.
    """

    name: str = "80mm"
    columns: int = 48
    dots: int = 576
    code_pages: dict[str, int] = msgspec.field(default_factory=lambda: dict(LATIN_PAGES))
    cutter: bool = True
    drawer: bool = True
    native_qr: bool = True

    def __post_init__(self) -> None:
        """Refuses a profile whose text would not fit its paper."""
        if not 16 <= self.columns <= self.dots // CELL_DOTS:
            raise ValueError(f"{self.columns} columns do not fit {self.dots} dots")
        if self.dots % 8 or not self.code_pages:
            raise ValueError("a profile needs a width in whole bytes and at least one code page")

    @property
    def text_dots(self) -> int:
        """Width of a full row of text, in dots; pictures of text keep to it, so edges line up."""
        return self.columns * CELL_DOTS


PROFILES: dict[str, PrinterProfile] = {
    profile.name: profile
    for profile in (
        PrinterProfile("80mm", 48, 576),
        PrinterProfile("80mm-42", 42, 512),
        PrinterProfile("58mm", 32, 384, cutter=False, native_qr=False),
        PrinterProfile("virtual", 48, 576),
        PrinterProfile("virtual-58", 32, 384),
    )
}
"""Profiles by the name a configuration gives them."""
