"""Menus from elsewhere: one pure reader per format, bytes in, a menu or everything wrong with it out.

`read_any` is the way in. A reader never gives half a menu: what cannot come along is a fault, and
what came along otherwise than it was is a note. FORMATS.md beside this file is for people.
"""

from protocol.importing.identity import keep_identity
from protocol.importing.own_csv import read_own_csv
from protocol.importing.platforms import read_platform
from protocol.importing.reading import Finding, Reading, Wanted, judge, refuse_file
from protocol.importing.square import read_square
from protocol.importing.untold import keep_untold
from protocol.menu import Menu

__all__ = ["FORMATS", "Finding", "Reading", "Wanted", "read_any"]

SPEAKS_OF_ALL = frozenset({"csv"})
"""Formats that say everything a menu holds; what others do not speak of stays as it was."""

FORMATS = {
    "csv": read_own_csv,
    "square": read_square,
    "platform": read_platform,
}
"""What can be read, by the name it is asked for."""


def read_any(name: str, data: bytes, wanted: Wanted, current: Menu | None = None) -> Reading:
    """A menu from a file of this format, fit to publish, or why not.

    `current` is the menu in force: what is in it already keeps its ids and PLUs, so that sales,
    stock and the 86 list go on speaking of the same things. Raises KeyError for an unknown format.
    """
    reader = FORMATS[name]
    fault = refuse_file(data)
    if fault is not None:
        return Reading(faults=(fault,))
    reading = reader(data, wanted)
    if reading.menu is None:
        return reading
    menu = keep_identity(reading.menu, current)
    if name not in SPEAKS_OF_ALL:
        menu = keep_untold(menu, current)
    return judge(Reading(menu=menu, notes=reading.notes))
