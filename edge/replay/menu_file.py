"""The CSV of a menu as a file on this machine; `protocol.importing` reads it."""

from pathlib import Path

from protocol.importing import Finding, Wanted, read_any
from protocol.menu import Menu
from protocol.money import Currency


def read_menu(path: Path, currency: Currency, *, language: str = "id") -> Menu | list[Finding]:
    """The menu a file describes (version 0: HQ numbers it), or everything wrong with it by row.

    Names in plain columns are in `language`. Raises OSError when the file cannot be read.
    """
    reading = read_any("csv", path.read_bytes(), Wanted(currency, language))
    return list(reading.faults) if reading.menu is None else reading.menu
