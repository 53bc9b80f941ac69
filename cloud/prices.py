"""HQ's price book: checked against the menu, numbered, and sent to every outlet as one publish."""

import asyncio

import msgspec

from cloud.database import Database, Transaction
from cloud.distribution import EVERYWHERE, PRICES, Publication, lock_feed, next_version, publish
from cloud.menus import find_current_menu
from cloud.outlets import find_outlets
from cloud.platform import Platform
from protocol.menu import faults_with
from protocol.prices import PriceBook, faults_of

FAULTS_SHOWN = 100


class UnfitPrices(Exception):
    """The book cannot be published; `faults` says why, one sentence each."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__(f"{len(faults)} faults")
        self.faults = faults


class PublishedPrices(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a book: its number, its place in the feed, whether anything was new."""

    version: int
    pos: int
    prices: int
    unchanged: bool
    publish_id: str


class PriceBooks:
    """The price books of all tenants."""

    def __init__(self, database: Database, platform: Platform) -> None:
        self._database = database
        self._platform = platform

    async def publish(self, tenant_id: str, book: PriceBook) -> PublishedPrices:
        """Give a book the next number and send it to every outlet. Raises UnfitPrices.

        It is the whole book: what it does not name costs what the menu says. The same book again
        is not sent again.
        """
        book = await self._checked(tenant_id, book)
        publish_id = self._platform.uuid()
        async with self._database.transaction(tenant_id) as tx:
            pos = await lock_feed(tx, tenant_id)
            current = await find_current_book(tx, tenant_id)
            if current and current == msgspec.structs.replace(book, version=current.version):
                return _published(current, pos, "", unchanged=True)
            version = await next_version(tx, tenant_id, PRICES)
            numbered = msgspec.structs.replace(book, version=version)
            row = Publication(
                kind=PRICES, key=EVERYWHERE, version=version, body=msgspec.json.encode(numbered)
            )
            pos = await publish(
                tx, tenant_id, [row], publish_id=publish_id, now_ms=self._platform.wall_ms()
            )
        return _published(numbered, pos, publish_id, unchanged=False)

    async def find_current(self, tenant_id: str) -> PriceBook | None:
        """The book that outlets have, or are about to; None before the first publish."""
        async with self._database.transaction(tenant_id) as tx:
            return await find_current_book(tx, tenant_id)

    async def _checked(self, tenant_id: str, book: PriceBook) -> PriceBook:
        """The book in the tenant's money. Raises UnfitPrices."""
        async with self._database.transaction(tenant_id) as tx:
            currency = await tx.fetchval(
                "SELECT currency FROM tenants WHERE tenant_id = $1", tenant_id
            )
            menu = await find_current_menu(tx, tenant_id)
            known = {str(outlet.outlet_id) for outlet in await find_outlets(tx, tenant_id)}
        strange = {outlet for price in book.for_some for outlet in price.outlets} - known
        if strange:
            raise UnfitPrices([f"there is no outlet {outlet!r}" for outlet in sorted(strange)])
        if book.currency not in ("", currency):
            raise UnfitPrices([f"prices are in {book.currency}, the outlets sell in {currency}"])
        book = msgspec.structs.replace(book, currency=currency)
        # A book of many dates is looked at moment by moment, which takes its time.
        check = faults_of if menu is None else lambda b: faults_with(menu, b)
        if faults := await asyncio.to_thread(check, book):
            raise UnfitPrices(faults[:FAULTS_SHOWN])
        return book


async def find_current_book(tx: Transaction, tenant_id: str) -> PriceBook | None:
    """The tenant's book inside a transaction; None before the first publish."""
    body = await tx.fetchval(
        """SELECT body FROM feed_rows WHERE tenant_id = $1 AND kind = $2 AND key = $3
           ORDER BY pos DESC LIMIT 1""",
        *(tenant_id, PRICES, EVERYWHERE),
    )
    return msgspec.json.decode(body, type=PriceBook) if body else None


def _published(book: PriceBook, pos: int, publish_id: str, *, unchanged: bool) -> PublishedPrices:
    return PublishedPrices(
        version=book.version,
        pos=pos,
        prices=len(book.all),
        unchanged=unchanged,
        publish_id=publish_id,
    )
