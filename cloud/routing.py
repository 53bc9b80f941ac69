"""Who makes what at one outlet, where that differs from the menu: checked, numbered, sent to its box."""

import msgspec

from cloud.database import Database, Transaction
from cloud.distribution import EVERYWHERE, Publication, lock_feed, next_version, publish
from cloud.menus import find_current_menu
from cloud.outlets import find_outlets
from cloud.platform import Platform
from protocol.menu import MenuIndex
from protocol.routing import NO_ROUTING, Routing
from protocol.routing_checks import Unserved, faults_with_menu, unserved_items

ROUTING = "routing"
"""Kind of the feed's rows; each is for one outlet, under key `*`."""
FAULTS_SHOWN = 100


class UnfitRouting(Exception):
    """The routing cannot be published; `faults` says why, one sentence each."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("; ".join(faults[:5]))
        self.faults = faults


class UnknownOutlet(Exception):
    """The tenant has no such outlet."""


class PublishedRouting(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a routing: its number, its place in the feed, whether anything was new."""

    version: int
    pos: int
    unchanged: bool
    publish_id: str


class OutletRouting(msgspec.Struct, frozen=True, kw_only=True):
    """An outlet's routing, and the items that go to the fallback station with it (FS-41)."""

    outlet_id: str
    version: int
    routing: Routing
    unserved: tuple[Unserved, ...]


class Routings:
    """The routings of all outlets."""

    def __init__(self, database: Database, platform: Platform) -> None:
        self._database = database
        self._platform = platform

    async def publish(self, tenant_id: str, outlet_id: str, routing: Routing) -> PublishedRouting:
        """Say who makes what at an outlet, in place of what was said before.

        It holds for lines that are priced from then on; what the kitchen has stays where it is.
        Raises UnknownOutlet, and UnfitRouting for what the current menu has not.
        """
        publish_id = self._platform.uuid()
        async with self._database.transaction(tenant_id) as tx:
            await _ensure_outlet(tx, tenant_id, outlet_id)
            pos = await lock_feed(tx, tenant_id)
            menu = await find_current_menu(tx, tenant_id)
            if menu is not None and (faults := faults_with_menu(routing, menu)):
                raise UnfitRouting(faults[:FAULTS_SHOWN])
            version, current = await _find_current(tx, tenant_id, outlet_id)
            if current == routing:
                return PublishedRouting(version=version, pos=pos, unchanged=True, publish_id="")
            version = await next_version(tx, tenant_id, ROUTING)
            row = Publication(
                kind=ROUTING,
                key=EVERYWHERE,
                version=version,
                body=msgspec.json.encode(routing, order="deterministic"),
                outlet_id=outlet_id,
            )
            pos = await publish(
                tx, tenant_id, [row], publish_id=publish_id, now_ms=self._platform.wall_ms()
            )
        return PublishedRouting(version=version, pos=pos, unchanged=False, publish_id=publish_id)

    async def show(self, tenant_id: str, outlet_id: str) -> OutletRouting:
        """An outlet's routing, empty before anything was said. Raises UnknownOutlet."""
        async with self._database.reading(tenant_id) as tx:
            await _ensure_outlet(tx, tenant_id, outlet_id)
            menu = await find_current_menu(tx, tenant_id)
            version, routing = await _find_current(tx, tenant_id, outlet_id)
        found = [] if menu is None else unserved_items(MenuIndex(menu, routing=routing))
        return OutletRouting(
            outlet_id=outlet_id, version=version, routing=routing, unserved=tuple(found)
        )


async def _find_current(tx: Transaction, tenant_id: str, outlet_id: str) -> tuple[int, Routing]:
    row = await tx.fetchrow(
        """SELECT version, body FROM feed_rows
           WHERE tenant_id = $1 AND outlet_id = $2 AND kind = $3 AND key = $4
           ORDER BY pos DESC LIMIT 1""",
        *(tenant_id, outlet_id, ROUTING, EVERYWHERE),
    )
    if row is None or row["body"] is None:
        return 0, NO_ROUTING
    return int(row["version"]), msgspec.json.decode(row["body"], type=Routing)


async def _ensure_outlet(tx: Transaction, tenant_id: str, outlet_id: str) -> None:
    known = {outlet.outlet_id for outlet in await find_outlets(tx, tenant_id)}
    if outlet_id not in known:
        raise UnknownOutlet(outlet_id)
