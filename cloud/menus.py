"""HQ's menu: checked, numbered and published whole; the current one is the last row of the feed."""

import msgspec

from cloud.database import Database, Transaction
from cloud.distribution import EVERYWHERE, MENU, Publication, lock_feed, next_version, publish
from cloud.platform import Platform
from protocol.importing.indonesian import sentence_in_indonesian
from protocol.menu import Menu, faults_of


class UnfitMenu(Exception):
    """The menu would not work at an outlet; `faults` says why, a sentence each, in two languages."""

    def __init__(self, faults: list[str], faults_id: list[str] | None = None) -> None:
        super().__init__(f"{len(faults)} faults")
        self.faults = faults
        self.faults_id = faults_id or [sentence_in_indonesian(fault) or fault for fault in faults]


class MenuChanged(Exception):
    """Another menu than the one that was looked at is in force by now; nothing was published."""

    def __init__(self, version: int) -> None:
        super().__init__(str(version))
        self.version = version


class Published(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a menu: its number, its place in the feed, whether anything was new."""

    version: int
    pos: int
    items: int
    unchanged: bool
    publish_id: str


class Menus:
    """The menus of all tenants."""

    def __init__(self, database: Database, platform: Platform) -> None:
        self._database = database
        self._platform = platform

    async def publish(
        self, tenant_id: str, menu: Menu, *, replaces: int | None = None
    ) -> Published:
        """Give a menu the next number and send it to every outlet. Raises UnfitMenu.

        A menu equal to the current one is not sent again: pressing the button twice, or starting
        a demo twice, changes nothing. `replaces` is the version that somebody looked at; raises
        MenuChanged when another one is in force by now.
        """
        if faults := faults_of(menu):
            raise UnfitMenu(faults)
        publish_id = self._platform.uuid()
        async with self._database.transaction(tenant_id) as tx:
            currency = await tx.fetchval(
                "SELECT currency FROM tenants WHERE tenant_id = $1", tenant_id
            )
            if menu.currency != currency:
                raise UnfitMenu([f"prices are in {menu.currency}, the outlets sell in {currency}"])
            pos = await lock_feed(tx, tenant_id)
            current = await find_current_menu(tx, tenant_id)
            if current and current == msgspec.structs.replace(menu, version=current.version):
                return _published(current, pos, "", unchanged=True)
            in_force = current.version if current else 0
            if replaces not in (None, in_force):
                raise MenuChanged(in_force)
            version = await next_version(tx, tenant_id, MENU)
            numbered = msgspec.structs.replace(menu, version=version)
            row = Publication(
                kind=MENU,
                key=EVERYWHERE,
                version=numbered.version,
                body=msgspec.json.encode(numbered),
            )
            pos = await publish(
                tx, tenant_id, [row], publish_id=publish_id, now_ms=self._platform.wall_ms()
            )
        return _published(numbered, pos, publish_id, unchanged=False)

    async def find_current(self, tenant_id: str) -> Menu | None:
        """The menu that outlets sell from, or are about to; None before the first publish."""
        async with self._database.transaction(tenant_id) as tx:
            return await find_current_menu(tx, tenant_id)


async def find_current_menu(tx: Transaction, tenant_id: str) -> Menu | None:
    """The tenant's menu inside a transaction; None before the first publish."""
    body = await tx.fetchval(
        """SELECT body FROM feed_rows WHERE tenant_id = $1 AND kind = $2 AND key = $3
           ORDER BY pos DESC LIMIT 1""",
        *(tenant_id, MENU, EVERYWHERE),
    )
    return msgspec.json.decode(body, type=Menu) if body else None


def _published(menu: Menu, pos: int, publish_id: str, *, unchanged: bool) -> Published:
    return Published(
        version=menu.version,
        pos=pos,
        items=len(menu.items),
        unchanged=unchanged,
        publish_id=publish_id,
    )
