"""What HQ and outlets write about products: names, descriptions, photos over the menu's own.

HQ's word on a field is kept as it came; what was written here shows at once and is joined with it by
the same pure rule that HQ uses, so nobody has to wait for the line to see the winner.
"""

import sqlite3
from collections import defaultdict

import msgspec
from msgspec.structs import replace

from edge.feed_rows import Arrival
from edge.journal import Journal
from protocol.clock import Stamp
from protocol.events import ProductEdited
from protocol.menu import Menu
from protocol.replication import FeedRow
from protocol.rules.product_fields import Fields, Written, apply_fields, join

KIND = "product"
_decoder = msgspec.json.Decoder(Fields)
_REVISION = "products_revision"
"""A fact that changes whenever anything written about a product does; `edge.menu` looks at it."""


class Products:
    """Rows of kind `product`: key an item's id, body what was last written about it."""

    def __init__(self, journal: Journal, outlet_id: str) -> None:
        self.journal = journal
        self.outlet_id = outlet_id
        """Who wrote a field, when it was this outlet: HQ gives the same name."""

    def take_row(self, db: sqlite3.Connection, row: FeedRow, at: Arrival) -> None:
        """HQ's word on an item, in place of what it said before."""
        del at
        assert row.body is not None
        fields = _decoder.decode(row.body)
        db.execute("DELETE FROM product_fields WHERE item_id = ?", (row.key,))
        db.executemany(
            "INSERT INTO product_fields (item_id, field, value, stamp, origin) VALUES (?,?,?,?,?)",
            [(row.key, field, w.value, w.stamp, w.origin) for field, w in fields.items()],
        )
        for field, written in fields.items():
            # An edit made here after seeing this value must win over it, whatever the clock shows.
            self.journal.receive(written.stamp, db)
            db.execute(
                "DELETE FROM product_edits WHERE item_id = ? AND field = ? AND stamp <= ?",
                (row.key, field, written.stamp),
            )
        _move_on(db)

    def withdraw_row(self, db: sqlite3.Connection, row: FeedRow, at: Arrival) -> None:
        """HQ says nothing about the item any more: the menu's own words show again."""
        del at
        db.execute("DELETE FROM product_fields WHERE item_id = ?", (row.key,))
        _move_on(db)

    def settle(self, db: sqlite3.Connection, at: Arrival) -> None:
        """Let go of edits that HQ has and stamped anew, because this box's clock ran ahead of HQ's.

        HQ's row says who won. Kept with its own stamp from the future, such an edit would go on
        winning here against everything that HQ accepts until then.
        """
        if not at.stamp:
            return
        gone = db.execute(
            "DELETE FROM product_edits WHERE stamp > ? AND NOT EXISTS ("
            " SELECT 1 FROM journal JOIN streams ON streams.id = stream_id"
            " WHERE journal.position = product_edits.position AND seq > acked_seq)",
            (at.stamp,),
        )
        if gone.rowcount:
            _move_on(db)

    def written(self, db: sqlite3.Connection) -> dict[str, Fields]:
        """What was last written about each item, here or elsewhere."""
        found: dict[str, Fields] = defaultdict(dict)
        for item_id, field, value, stamp, origin in db.execute(
            "SELECT item_id, field, value, stamp, origin FROM product_fields"
        ):
            found[item_id][field] = Written(Stamp(stamp), origin, value)
        for item_id, field, value, stamp in db.execute(
            "SELECT item_id, field, value, stamp FROM product_edits"
        ):
            own = {field: Written(Stamp(stamp), self.outlet_id, value)}
            found[item_id] = join(found[item_id], own)
        return dict(found)

    def lay_over(self, db: sqlite3.Connection, menu: Menu) -> Menu:
        """The menu as it is shown and sold: with what was written over it."""
        written = self.written(db)
        if not written:
            return menu
        items = tuple(
            apply_fields(item, written[item.id]) if item.id in written else item
            for item in menu.items
        )
        return replace(menu, items=items)


def keep_edit(db: sqlite3.Connection, event: ProductEdited, position: int) -> None:
    """What was just written here; in the transaction of its entry, which is in the journal already."""
    db.execute(
        "INSERT OR REPLACE INTO product_edits (item_id, field, value, stamp, position)"
        " SELECT ?, ?, ?, stamp, position FROM journal WHERE position = ?",
        (event.item_id, event.field, event.value, position),
    )
    _move_on(db)


def _move_on(db: sqlite3.Connection) -> None:
    db.execute(
        "INSERT INTO facts (name, value) VALUES (?, '1')"
        " ON CONFLICT (name) DO UPDATE SET value = CAST(value AS INTEGER) + 1",
        (_REVISION,),
    )
