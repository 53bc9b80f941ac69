"""What HQ asked for and since when: the menu and the price book that were in force at a moment."""

from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Sequence
from typing import NamedTuple

import msgspec
from msgspec.structs import replace

from cloud.database import Row, Transaction
from cloud.distribution import EVERYWHERE, MENU
from protocol.menu import Menu, MenuIndex
from protocol.orders import Line
from protocol.prices import FOREVER_MS, NO_PRICES, Price, PriceBook, book_for
from protocol.rules.price_verdicts import expected_at

PRICES = "prices"
"""Kind of the feed's row with the price book."""
TENANTS_MAX = 500
INDEXES_MAX = 40
"""Menus and books kept ready; the rest is read again when an old order comes."""


class Publish(NamedTuple):
    """One publish: its place in the feed, its number, and when (Unix milliseconds)."""

    pos: int
    version: int
    at_ms: int


class Asked:
    """A menu with a price book, and what they ask for a line."""

    def __init__(self, menu: MenuIndex, book: PriceBook) -> None:
        self.menu = menu
        self.book = book
        self._dated: dict[str, list[Price]] = {}
        for price in book.all:
            self._dated.setdefault(price.id, []).append(price)
        self._plain = {id_: variant.price for id_, (_, variant) in menu.variants.items()}

    def agrees(self, line: Line) -> bool:
        """Whether a line without choices and dates plainly has the menu's price: most have."""
        return (
            not line.choices
            and not self._dated
            and self._plain.get(line.variant_id, -1) * line.quantity == line.amount
        )

    def book_of(self, line: Line, outlet_id: str) -> PriceBook:
        """The part of the book that speaks of this line at an outlet: all of it would be slow."""
        if not self._dated:
            return self.book
        ids = {line.variant_id, *(choice.modifier_id for choice in line.choices)}
        prices = tuple(p for id_ in sorted(ids) for p in self._dated.get(id_, ()))
        return book_for(replace(self.book, prices=(), for_some=prices), outlet_id)

    def expected(self, line: Line, at_ms: int, eats: str, outlet_id: str) -> int | None:
        """What the line costs who eats so, at a moment and outlet; None when the menu lacks it."""
        return expected_at(line, self.menu, self.book_of(line, outlet_id), at_ms, eats)


class Prices(NamedTuple):
    """Everything a tenant published, oldest first."""

    menus: list[Publish]
    books: list[Publish]

    def in_force(self, at_ms: int) -> tuple[Publish | None, Publish | None]:
        """The menu and the book of a moment. Before the first menu, the first one."""
        menu = _at(self.menus, at_ms) or (self.menus[0] if self.menus else None)
        return menu, _at(self.books, at_ms)

    def stretch(self, at_ms: int) -> tuple[int, int]:
        """From when, and until before when, the same menu and book are in force around a moment."""
        times = [p.at_ms for p in (*self.menus, *self.books)]
        begun = max((ms for ms in times if ms <= at_ms), default=0)
        return begun, min((ms for ms in times if ms > at_ms), default=FOREVER_MS)

    def numbered(
        self, menu_version: int, price_version: int
    ) -> tuple[Publish | None, Publish | None]:
        """The menu and the book that HQ published under these numbers; None what it does not know."""
        menu = next((p for p in self.menus if p.version == menu_version), None)
        return menu, next((p for p in self.books if p.version == price_version), None)

    def changes(self, from_ms: int, to_ms: int) -> list[int]:
        """The moments within an interval at which something was published, and its begin."""
        times = {p.at_ms for p in (*self.menus, *self.books) if from_ms < p.at_ms <= to_ms}
        return [from_ms, *sorted(times)]


class PriceHistory:
    """Reads the table `price_history`, and keeps what is used often. Bounded."""

    def __init__(self) -> None:
        self._tenants: OrderedDict[str, tuple[int, Prices]] = OrderedDict()
        self._asked: OrderedDict[tuple[str, int, int], Asked] = OrderedDict()

    async def read(self, tx: Transaction, tenant_id: str) -> Prices:
        """All publishes of a tenant; one short query when nothing was published since."""
        count, prices = self._tenants.get(tenant_id, (0, Prices([], [])))
        now = await tx.fetchval(
            "SELECT count(*) FROM price_history WHERE tenant_id = $1", tenant_id
        )
        if now != count:
            prices = _prices(
                await tx.fetch(
                    """SELECT kind, pos, version, published_ms FROM price_history
                       WHERE tenant_id = $1 AND key = $2 AND body IS NOT NULL ORDER BY pos""",
                    *(tenant_id, EVERYWHERE),
                )
            )
            self._tenants[tenant_id] = (now, prices)
            self._tenants.move_to_end(tenant_id)
            if len(self._tenants) > TENANTS_MAX:
                self._tenants.popitem(last=False)
        return prices

    async def asked(
        self, tx: Transaction, tenant_id: str, menu: Publish, book: Publish | None
    ) -> Asked:
        """A menu with a book, ready to be asked."""
        key = (tenant_id, menu.pos, book.pos if book else -1)
        found = self._asked.get(key)
        if found is None:
            found = self._asked[key] = Asked(
                MenuIndex(msgspec.json.decode(await _body(tx, tenant_id, MENU, menu), type=Menu)),
                NO_PRICES
                if book is None
                else msgspec.json.decode(await _body(tx, tenant_id, PRICES, book), type=PriceBook),
            )
            if len(self._asked) > INDEXES_MAX:
                self._asked.popitem(last=False)
        self._asked.move_to_end(key)
        return found


def _prices(rows: Sequence[Row]) -> Prices:
    prices = Prices([], [])
    for row in rows:
        into = prices.menus if row["kind"] == MENU else prices.books
        # HQ's clock may have been put back between two publishes; the later one held from then on.
        at_ms = max(row["published_ms"], into[-1].at_ms if into else 0)
        into.append(Publish(row["pos"], row["version"], at_ms))
    return prices


def _at(publishes: list[Publish], at_ms: int) -> Publish | None:
    index = bisect_right(publishes, at_ms, key=lambda p: p.at_ms)
    return publishes[index - 1] if index else None


async def _body(tx: Transaction, tenant_id: str, kind: str, publish: Publish) -> bytes:
    body: bytes = await tx.fetchval(
        """SELECT body FROM price_history
           WHERE tenant_id = $1 AND kind = $2 AND key = $3 AND pos = $4""",
        *(tenant_id, kind, EVERYWHERE, publish.pos),
    )
    return body
