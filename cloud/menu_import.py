"""Menus from elsewhere at HQ: read whole, compared with the menu in force, published when asked."""

import asyncio

import msgspec

from cloud.database import Database
from cloud.menus import Menus, UnfitMenu, find_current_menu
from protocol.importing import FORMATS, Reading, Wanted, read_any
from protocol.importing.changes import Change, changes_between, noticed
from protocol.importing.indonesian import finding_in_indonesian
from protocol.importing.own_csv_export import own_csv_of
from protocol.menu import Menu
from protocol.money import CURRENCIES


class UnknownFormat(Exception):
    """Menus are not read from this format."""


class Imported(msgspec.Struct, frozen=True, kw_only=True):
    """What a file holds, and what it changes; `published` says whether outlets get it."""

    format: str
    published: bool
    unchanged: bool
    """The menu in force is the one in the file."""
    version: int
    """Of the menu in force now; 0 while there is none."""
    publish_id: str
    items: int
    variants: int
    modifier_groups: int
    changes: tuple[str, ...]
    """What guests and kitchen would notice, a sentence each."""
    changed: tuple[Change, ...]
    """The same as data, for a screen that has its own words."""
    notes: tuple[str, ...]
    """What came along otherwise than it was in the file, a sentence each."""
    notes_id: tuple[str, ...]
    """The same in Indonesian."""


class MenuImports:
    """Reads files for all tenants."""

    def __init__(self, database: Database, menus: Menus) -> None:
        self._database = database
        self._menus = menus

    async def take(
        self,
        tenant_id: str,
        name: str,
        data: bytes,
        *,
        language: str = "",
        publish: bool = False,
        replaces: int | None = None,
    ) -> Imported:
        """A file of a format: what it would change, or with `publish` changes, at every outlet.

        `language` is that of plain names; empty: the first of the menu in force. Raises
        UnknownFormat, UnfitMenu with what is wrong with the file, and MenuChanged.
        """
        if name not in FORMATS:
            raise UnknownFormat(name)
        currency, current = await self._standing(tenant_id)
        first = current.languages[0] if current and current.languages else "id"
        wanted = Wanted(CURRENCIES[currency], language or first)
        # Megabytes take a moment to read; others are served meanwhile.
        reading = await asyncio.to_thread(read_any, name, data, wanted, current)
        if reading.menu is None:
            faults = reading.faults
            raise UnfitMenu([str(f) for f in faults], [finding_in_indonesian(f) for f in faults])
        if not publish:
            return _imported(name, reading, current, current.version if current else 0)
        done = await self._menus.publish(tenant_id, reading.menu, replaces=replaces)
        return _imported(name, reading, current, done.version, done.publish_id, published=True)

    async def export(self, tenant_id: str) -> bytes | None:
        """The menu in force as a spreadsheet; None while there is none."""
        _, current = await self._standing(tenant_id)
        return None if current is None else await asyncio.to_thread(own_csv_of, current)

    async def _standing(self, tenant_id: str) -> tuple[str, Menu | None]:
        async with self._database.transaction(tenant_id) as tx:
            currency = await tx.fetchval(
                "SELECT currency FROM tenants WHERE tenant_id = $1", tenant_id
            )
            return str(currency), await find_current_menu(tx, tenant_id)


def _imported(
    name: str,
    reading: Reading,
    current: Menu | None,
    version: int,
    publish_id: str = "",
    *,
    published: bool = False,
) -> Imported:
    menu = reading.menu
    assert menu is not None
    same = current is not None and menu == msgspec.structs.replace(current, version=0)
    return Imported(
        format=name,
        published=published and not same,
        unchanged=same,
        version=version,
        publish_id=publish_id,
        items=len(menu.items),
        variants=sum(len(item.variants) for item in menu.items),
        modifier_groups=len(menu.modifier_groups),
        changes=() if same else tuple(changes_between(current, menu)),
        changed=() if same else tuple(noticed(current, menu)),
        notes=tuple(map(str, reading.notes)),
        notes_id=tuple(map(finding_in_indonesian, reading.notes)),
    )
