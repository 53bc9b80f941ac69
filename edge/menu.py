"""Today's menu and the 86 list on the box: applied whole when HQ publishes, read by every command."""

import sqlite3
from hashlib import blake2b
from typing import NamedTuple

import msgspec

from edge.feed_rows import Arrival
from edge.house import read_house
from edge.journal import Journal
from edge.prices import read_book
from edge.products import Products
from edge.routing import read_routing
from protocol.clock import Reading
from protocol.events import MenuApplied
from protocol.ids import CommandId, derive
from protocol.menu import EMPTY_MENU, Menu, MenuIndex, faults_of
from protocol.money import CURRENCIES
from protocol.prices import NO_PRICES, PriceBook, span_of
from protocol.replication import FeedRow
from protocol.routing_checks import Unserved, unserved_items

_decoder = msgspec.json.Decoder(Menu)
MENUS_KEPT = 5
"""Former menus kept on the box, for a technician's questions."""


class _Made(NamedTuple):
    """A menu with its lookups, and what it was made from."""

    key: tuple[object, ...] | None = None
    menu: MenuIndex = MenuIndex(EMPTY_MENU)
    book: PriceBook = NO_PRICES
    house_version: int = 0
    strays: tuple[Unserved, ...] = ()


class Menus:
    """The menu in force: HQ's menu with what was written over it, at the prices of the moment.

    The database is the truth; the index of what was last used is kept.
    """

    def __init__(self, journal: Journal, products: Products | None = None) -> None:
        self.journal = journal
        self.products = products
        self._made = _Made()

    @property
    def version(self) -> int:
        """Version of the menu last used; 0 before the first."""
        return self._made.menu.menu.version

    @property
    def last_used(self) -> MenuIndex:
        """The menu last used, without a look at the disk."""
        return self._made.menu

    @property
    def price_version(self) -> int:
        """Version of the price book last used; 0 without one."""
        return self._made.book.version

    @property
    def house_version(self) -> int:
        """Version of the house rules last used; 0 without any."""
        return self._made.house_version

    @property
    def strays(self) -> tuple[Unserved, ...]:
        """Items of the menu last used that name a station which is not there (FS-41)."""
        return self._made.strays

    def current(self, db: sqlite3.Connection) -> MenuIndex:
        """The menu in force now, as this connection sees it."""
        key = _key(db)
        made = self._made
        if made.key != key:
            menu = MenuIndex(self._read(db), routing=read_routing(db))
            book = read_book(db, self.products.outlet_id if self.products else "")
            strays = tuple(x for x in unserved_items(menu) if x.missing)
            made = self._made = _Made(key, menu, book, read_house(db).version, strays)
        return made.menu.priced_at(made.book, self.journal.reading().wall_ms)

    @property
    def shown(self) -> str:
        """Names what was last used, at the prices of this moment: another name tells screens to ask
        for the menu again. Reads no disk, so that each heartbeat can carry it.
        """
        made = self._made
        if made.key is None:
            return ""
        since_ms, _ = span_of(made.book, self.journal.reading().wall_ms)
        return derive("menu", *map(str, (*made.key, since_ms)))[:16]

    def regime(self, db: sqlite3.Connection) -> str:
        """Names the menu and the price book in force, whatever they make of this moment."""
        return derive("regime", *map(str, _key(db)[:2]))

    def _read(self, db: sqlite3.Connection) -> Menu:
        menu = find_menu(db)
        if menu is None:
            return EMPTY_MENU
        return menu if self.products is None else self.products.lay_over(db, menu)

    def refresh(self, db: sqlite3.Connection, at: Arrival) -> None:
        """Make the index now, so that the first order after a page does not wait for it."""
        del at
        self.current(db)

    def take_row(self, db: sqlite3.Connection, row: FeedRow, at: Arrival) -> None:
        """A menu from HQ's feed: what HQ has now is sold, also when its number is lower than ours.

        After HQ was put back to an older state its feed is another one; numbers begin again where
        the backup was made, and the event's id says which feed it came by.
        """
        assert row.body is not None
        life = "" if at.incarnation == "" else f"@{at.incarnation}"
        self.apply(db, row.body, row.version, row.publish_id, at.reading, life)

    def withdraw_row(self, db: sqlite3.Connection, row: FeedRow, at: Arrival) -> None:
        """HQ has no menu any more: the last one stays. An outlet that is open must go on selling,
        and an HQ without a menu is one that lost it, not one that wants its outlets closed."""

    def apply(
        self,
        db: sqlite3.Connection,
        body: bytes,
        version: int,
        publish_id: str,
        reading: Reading,
        life: str = "",
    ) -> None:
        """Take over a published menu inside the running transaction; the same one again is nothing.

        Raises msgspec.DecodeError or ValueError for a menu this build cannot sell from.
        """
        same = "SELECT 1 FROM menus WHERE version = (SELECT max(version) FROM menus)"
        same += " AND version = ? AND publish_id = ?"
        if db.execute(same, (version, publish_id)).fetchone():
            return
        menu = msgspec.structs.replace(_decoder.decode(body), version=version)
        faults = faults_of(menu)
        if version < 1:
            faults.append(f"a menu's number is above zero, not {version}")
        if menu.currency not in CURRENCIES:
            faults.append(f"this build does not know the currency {menu.currency!r}")
        if faults:
            raise ValueError("; ".join(faults[:5]))
        # The highest number is the one in force: those of a feed that is over go.
        db.execute("DELETE FROM menus WHERE version >= ?", (version,))
        db.execute(
            "INSERT INTO menus (version, publish_id, body, applied_ms) VALUES (?,?,?,?)",
            (version, publish_id, msgspec.json.encode(menu), reading.wall_ms),
        )
        db.execute("DELETE FROM menus WHERE version <= ?", (version - MENUS_KEPT,))
        applied = MenuApplied(
            version=version,
            publish_id=publish_id,
            digest=blake2b(body, digest_size=16).hexdigest(),
            items=len(menu.items),
            at_ms=reading.wall_ms,
        )
        # The command id is derived from the publish: applied again after a restore, it is one event.
        command = CommandId(f"publish:{publish_id}{life}")
        self.journal.append(db, [applied], reading, command_id=command, actor="hq")


def find_menu(db: sqlite3.Connection) -> Menu | None:
    """HQ's last menu as it came; None before the first."""
    row = db.execute("SELECT body FROM menus ORDER BY version DESC LIMIT 1").fetchone()
    return None if row is None else _decoder.decode(row[0])


def _key(db: sqlite3.Connection) -> tuple[object, ...]:
    """Changes whenever menu, price book, product fields, routing or house rules do."""
    row: tuple[object, ...] = db.execute(_KEY).fetchone()
    return row


_KEY = """
SELECT (SELECT version || '/' || publish_id FROM menus ORDER BY version DESC LIMIT 1),
       (SELECT version || '/' || publish_id FROM price_books ORDER BY version DESC LIMIT 1),
       (SELECT value FROM facts WHERE name = 'products_revision'),
       (SELECT value FROM facts WHERE name = 'routing_digest'),
       (SELECT digest FROM house)
"""


def eighty_six_list(db: sqlite3.Connection) -> tuple[str, ...]:
    """Ids of the items that are sold out, sorted."""
    return tuple(r[0] for r in db.execute("SELECT item_id FROM eighty_six ORDER BY item_id"))
