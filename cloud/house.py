"""The rules of the house: for all outlets of a tenant, or whole for one of them; checked and sent."""

from collections.abc import Sequence

import msgspec

from cloud.database import Database, Transaction
from cloud.distribution import EVERYWHERE, Publication, lock_feed, next_version, publish
from cloud.menus import find_current_menu
from cloud.outlets import find_outlets
from cloud.platform import Platform
from protocol.house import NO_HOUSE, House
from protocol.house_checks import faults_of
from protocol.house_indonesian import fault_in_indonesian

HOUSE = "house"
"""Kind of the feed's rows; under key `*`, for everybody or for one outlet."""
FAULTS_SHOWN = 100


class UnfitHouse(Exception):
    """The rules cannot be published; `faults` says why, one sentence each."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("; ".join(faults[:5]))
        self.faults = faults
        self.faults_id = [fault_in_indonesian(fault) or fault for fault in faults]


class ChangedMeanwhile(Exception):
    """Somebody else published after these rules were read; `version` is in force now."""

    def __init__(self, version: int) -> None:
        super().__init__(version)
        self.version = version


class UnknownOutlet(Exception):
    """The tenant has no such outlet."""


class PublishedHouse(msgspec.Struct, frozen=True, kw_only=True):
    """What became of rules: their number, their place in the feed, whether anything was new."""

    version: int
    pos: int
    unchanged: bool
    publish_id: str


class HouseShown(msgspec.Struct, frozen=True, kw_only=True):
    """Rules as HQ has them. `own`: they are this outlet's; `outlets_with_own`: who has such."""

    version: int
    house: House
    outlet_id: str | None = None
    own: bool = False
    outlets_with_own: tuple[str, ...] = ()


class Houses:
    """The house rules of all tenants."""

    def __init__(self, database: Database, platform: Platform) -> None:
        self._database = database
        self._platform = platform

    async def publish(
        self,
        tenant_id: str,
        house: House,
        *,
        outlet_id: str | None = None,
        replaces: int | None = None,
    ) -> PublishedHouse:
        """Put rules in force for every outlet, or whole for one, in place of what was there.

        Orders that were placed keep the rules they were placed under. `replaces` is the version
        the author saw. Raises UnfitHouse, UnknownOutlet, and ChangedMeanwhile when it is another.
        """
        house = msgspec.structs.replace(house, version=0)
        async with self._database.transaction(tenant_id) as tx:
            pos = await lock_feed(tx, tenant_id)
            known = {outlet.outlet_id for outlet in await find_outlets(tx, tenant_id)}
            if outlet_id is not None and outlet_id not in known:
                raise UnknownOutlet(outlet_id)
            if faults := faults_of(house, await find_current_menu(tx, tenant_id)):
                raise UnfitHouse(faults[:FAULTS_SHOWN])
            shown = await _show(tx, tenant_id, outlet_id)
            if replaces not in (None, shown.version):
                raise ChangedMeanwhile(shown.version)
            if shown.house == house and shown.own is (outlet_id is not None) and shown.version:
                return PublishedHouse(version=shown.version, pos=pos, unchanged=True, publish_id="")
            return await self._send(tx, tenant_id, msgspec.json.encode(house), outlet_id)

    async def show(self, tenant_id: str, outlet_id: str | None = None) -> HouseShown:
        """The rules of everybody or of an outlet, empty before the first. Raises UnknownOutlet."""
        async with self._database.reading(tenant_id) as tx:
            known = {outlet.outlet_id for outlet in await find_outlets(tx, tenant_id)}
            if outlet_id is not None and outlet_id not in known:
                raise UnknownOutlet(outlet_id)
            return await _show(tx, tenant_id, outlet_id)

    async def take_back(self, tenant_id: str, outlet_id: str) -> PublishedHouse:
        """An outlet goes by everybody's rules again. Raises UnknownOutlet."""
        async with self._database.transaction(tenant_id) as tx:
            pos = await lock_feed(tx, tenant_id)
            known = {outlet.outlet_id for outlet in await find_outlets(tx, tenant_id)}
            if outlet_id not in known:
                raise UnknownOutlet(outlet_id)
            gone = await tx.fetchval(
                "DELETE FROM house_overrides WHERE tenant_id = $1 AND outlet_id = $2 RETURNING 1",
                *(tenant_id, outlet_id),
            )
            everybodys = await _everybodys(tx, tenant_id)
            if not gone:
                return PublishedHouse(version=everybodys[0], pos=pos, unchanged=True, publish_id="")
            # Everybody's rules are said to this outlet once more: its own row is later than theirs.
            return await self._tell(tx, tenant_id, everybodys[1], outlet_id)

    async def _send(
        self, tx: Transaction, tenant_id: str, body: bytes, outlet_id: str | None
    ) -> PublishedHouse:
        done = await self._tell(tx, tenant_id, body, outlet_id)
        if outlet_id is not None:
            await tx.execute(
                """INSERT INTO house_overrides (tenant_id, outlet_id, version, body)
                   VALUES ($1, $2, $3, $4) ON CONFLICT (tenant_id, outlet_id)
                   DO UPDATE SET version = excluded.version, body = excluded.body""",
                *(tenant_id, outlet_id, done.version, body),
            )
            return done
        # A row for everybody overtakes those of single outlets: who has rules of their own hears
        # them again. Each is a publish of its own, because a box names what it journals by publish.
        own = await tx.fetch(
            "SELECT outlet_id, body FROM house_overrides WHERE tenant_id = $1 ORDER BY outlet_id",
            tenant_id,
        )
        for row in own:
            await self._send(tx, tenant_id, bytes(row["body"]), str(row["outlet_id"]))
        return done

    async def _tell(
        self, tx: Transaction, tenant_id: str, body: bytes | None, outlet_id: str | None
    ) -> PublishedHouse:
        publish_id = self._platform.uuid()
        version = await next_version(tx, tenant_id, HOUSE)
        row = Publication(
            kind=HOUSE, key=EVERYWHERE, version=version, body=body, outlet_id=outlet_id
        )
        pos = await publish(
            tx, tenant_id, [row], publish_id=publish_id, now_ms=self._platform.wall_ms()
        )
        return PublishedHouse(version=version, pos=pos, unchanged=False, publish_id=publish_id)


async def read_house(tx: Transaction, tenant_id: str, outlet_id: str) -> House:
    """The rules that an outlet goes by: its own, or everybody's."""
    return (await _show(tx, tenant_id, outlet_id)).house


async def read_houses(
    tx: Transaction, tenant_id: str, outlet_ids: Sequence[str]
) -> dict[str, House]:
    """The rules that each of these outlets goes by."""
    own = await tx.fetch(
        """SELECT outlet_id, body FROM house_overrides
           WHERE tenant_id = $1 AND outlet_id = ANY($2::uuid[])""",
        *(tenant_id, list(outlet_ids)),
    )
    _, body = await _everybodys(tx, tenant_id)
    house = msgspec.json.decode(body, type=House) if body else NO_HOUSE
    return dict.fromkeys(outlet_ids, house) | {
        str(row["outlet_id"]): msgspec.json.decode(bytes(row["body"]), type=House) for row in own
    }


async def _show(tx: Transaction, tenant_id: str, outlet_id: str | None) -> HouseShown:
    own = {
        str(row["outlet_id"]): row
        for row in await tx.fetch(
            "SELECT outlet_id, version, body FROM house_overrides WHERE tenant_id = $1", tenant_id
        )
    }
    if outlet_id in own:
        version, body = int(own[outlet_id]["version"]), bytes(own[outlet_id]["body"])
    else:
        version, found = await _everybodys(tx, tenant_id)
        body = found or b""
    house = msgspec.json.decode(body, type=House) if body else NO_HOUSE
    return HouseShown(
        version=version,
        house=house,
        outlet_id=outlet_id,
        own=outlet_id in own,
        outlets_with_own=tuple(sorted(own)),
    )


async def _everybodys(tx: Transaction, tenant_id: str) -> tuple[int, bytes | None]:
    row = await tx.fetchrow(
        """SELECT version, body FROM feed_rows
           WHERE tenant_id = $1 AND outlet_id IS NULL AND kind = $2 AND key = $3
           ORDER BY pos DESC LIMIT 1""",
        *(tenant_id, HOUSE, EVERYWHERE),
    )
    return (0, None) if row is None else (int(row["version"]), row["body"])
