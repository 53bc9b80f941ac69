"""The menu of a box that works alone: taken from a file here, as HQ would publish it."""

import asyncio
from hashlib import blake2b

import msgspec

from edge.database import Database
from edge.journal import Journal
from edge.menu import Menus, find_menu
from edge.outlet import Outlet
from protocol.importing import FORMATS, Wanted, read_any
from protocol.importing.changes import changes_between
from protocol.importing.own_csv_export import own_csv_of
from protocol.menu import Menu
from protocol.money import CURRENCIES


class BrokenMenu(Exception):
    """The file cannot be sold from, and nothing was changed; `faults` says why, a sentence each."""

    def __init__(self, faults: tuple[str, ...]) -> None:
        super().__init__("; ".join(faults))
        self.faults = faults


class OwnMenu(msgspec.Struct, frozen=True, kw_only=True):
    """What a file holds and what it changes; `version` is that of the menu in force now."""

    version: int
    published: bool
    items: int
    variants: int
    changes: tuple[str, ...]
    notes: tuple[str, ...]


async def take_menu(
    name: str,
    data: bytes,
    *,
    parts: tuple[Database, Journal, Menus, Outlet],
    language: str = "",
    publish: bool = False,
) -> OwnMenu:
    """Read a file of a format; say what it changes, and with `publish` sell from it from now on.

    Raises BrokenMenu, and KeyError for a format that is not known.
    """
    database, journal, menus, outlet = parts
    if name not in FORMATS:
        raise KeyError(name)
    current = await database.read(find_menu)
    currency = current.currency if current else outlet.currency
    wanted = Wanted(CURRENCIES[currency], language or outlet.language)
    reading = await asyncio.to_thread(read_any, name, data, wanted, current)
    if reading.menu is None:
        raise BrokenMenu(tuple(map(str, reading.faults)))
    menu, version = reading.menu, current.version if current else 0
    same = current is not None and menu == msgspec.structs.replace(current, version=0)
    if publish and not same:
        version += 1
        body = msgspec.json.encode(menu)
        publish_id = f"own:{version}:{blake2b(body, digest_size=16).hexdigest()}"
        moment = journal.reading()
        await database.write(lambda db: menus.apply(db, body, version, publish_id, moment))
    return OwnMenu(
        version=version,
        published=publish and not same,
        items=len(menu.items),
        variants=sum(len(item.variants) for item in menu.items),
        changes=() if same else tuple(changes_between(current, menu)),
        notes=tuple(map(str, reading.notes)),
    )


def exported(menu: Menu) -> bytes:
    """The menu as a spreadsheet that `take_menu` reads back."""
    return own_csv_of(menu)
