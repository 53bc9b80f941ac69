"""The price book in force: taken over whole when HQ publishes it, with its dates for times without HQ."""

import sqlite3
from hashlib import blake2b

import msgspec

from edge.feed_rows import Arrival
from edge.journal import Journal
from protocol.box_events import PricesApplied
from protocol.ids import CommandId
from protocol.prices import NO_PRICES, PriceBook, book_for, faults_of
from protocol.replication import FeedRow

KIND = "prices"
BOOKS_KEPT = 5
"""Former books kept on the box, for a technician's questions."""
_decoder = msgspec.json.Decoder(PriceBook)


class Prices:
    """Rows of kind `prices`: one book for the outlet, under key `*`."""

    def __init__(self, journal: Journal) -> None:
        self.journal = journal

    def take_row(self, db: sqlite3.Connection, row: FeedRow, at: Arrival) -> None:
        """HQ's book, in place of the one before; the same one again is nothing.

        What HQ has now counts, also when its number is lower than ours: HQ may have been put back.
        """
        assert row.body is not None
        if in_force(db) == (row.version, row.publish_id):
            return
        book = msgspec.structs.replace(_decoder.decode(row.body), version=row.version)
        faults = faults_of(book)
        if row.version < 1:
            faults.append(f"a price book's number is above zero, not {row.version}")
        currency = _currency(db)
        if currency not in (None, "", book.currency) and book.currency:
            faults.append(f"the prices are in {book.currency}, the menu in {currency}")
        if faults:
            raise ValueError("; ".join(faults[:5]))
        db.execute("DELETE FROM price_books WHERE version >= ?", (row.version,))
        db.execute(
            "INSERT INTO price_books (version, publish_id, body, applied_ms) VALUES (?,?,?,?)",
            (row.version, row.publish_id, msgspec.json.encode(book), at.reading.wall_ms),
        )
        db.execute("DELETE FROM price_books WHERE version <= ?", (row.version - BOOKS_KEPT,))
        self._tell(db, row, book, at)

    def withdraw_row(self, db: sqlite3.Connection, row: FeedRow, at: Arrival) -> None:
        """HQ has no book any more: the menu's own prices hold."""
        if in_force(db) is not None:
            db.execute("DELETE FROM price_books")
            self._tell(db, row, NO_PRICES, at)

    def _tell(self, db: sqlite3.Connection, row: FeedRow, book: PriceBook, at: Arrival) -> None:
        applied = PricesApplied(
            version=book.version,
            publish_id=row.publish_id,
            digest=blake2b(row.body or b"", digest_size=16).hexdigest(),
            prices=len(book.all),
            at_ms=at.reading.wall_ms,
        )
        # Derived from the publish: applied again by a box put back, it is the same event.
        command = CommandId(f"publish:{row.publish_id}@{at.incarnation}")
        self.journal.append(db, [applied], at.reading, command_id=command, actor="hq")


def in_force(db: sqlite3.Connection) -> tuple[int, str] | None:
    """Number and publish of the book in force; None without one."""
    row: tuple[int, str] | None = db.execute(
        "SELECT version, publish_id FROM price_books ORDER BY version DESC LIMIT 1"
    ).fetchone()
    return row


def read_book(db: sqlite3.Connection, outlet_id: str) -> PriceBook:
    """The book in force, as this outlet goes by it."""
    row = db.execute("SELECT body FROM price_books ORDER BY version DESC LIMIT 1").fetchone()
    return NO_PRICES if row is None else book_for(_decoder.decode(row[0]), outlet_id)


def _currency(db: sqlite3.Connection) -> str | None:
    row = db.execute(
        "SELECT json_extract(body, '$.currency') FROM menus ORDER BY version DESC LIMIT 1"
    ).fetchone()
    return None if row is None else row[0]
