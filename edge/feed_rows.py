"""Rows from HQ as they came: each takes effect, or is kept until a build knows what to do with it.

A row, its effect and the cursor are one transaction, so a power cut leaves all of them or none. A
row that cannot be used parks alone: the cursor moves on and every other row takes effect.
"""

import logging
import sqlite3
from collections.abc import Callable, Mapping
from itertools import groupby
from typing import Protocol

import msgspec

from edge.journal import Journal
from protocol.clock import Reading, Stamp
from protocol.digests import digest_of
from protocol.replication import Digest, FeedPage, FeedRow

log = logging.getLogger("edge.feed_down")

APPLIED, UNKNOWN, PARKED = "applied", "unknown", "parked"
"""What became of a row: it is in force, this build does not know its kind, or it cannot be used."""
NOT_THE_ROWS_FAULT = (sqlite3.OperationalError, sqlite3.InternalError, MemoryError, OSError)
"""The disk or the machine says no: the whole page is tried again, and no row is blamed."""


class UnknownHere(ValueError):
    """A row of a known kind that only a newer build can know what to do with."""


class Arrival(msgspec.Struct, frozen=True):
    """The circumstances of a row: when it takes effect here, and from which life of HQ's feed.

    `stamp` is HQ's hybrid clock when it sent the row; 0 when it is tried again later.
    """

    reading: Reading
    incarnation: str
    stamp: Stamp = Stamp(0)


class Kind(Protocol):
    """What rows of one kind do. Both run inside the transaction that keeps the row."""

    def take_row(self, db: sqlite3.Connection, row: FeedRow, at: Arrival) -> None:
        """Put the row in force; again is the same. Raises for one that cannot be used: it parks."""

    def withdraw_row(self, db: sqlite3.Connection, row: FeedRow, at: Arrival) -> None:
        """HQ has this thing no more. `row` has no body."""


class FeedRows:
    """The table of everything HQ sent down, and what follows from it."""

    def __init__(self, journal: Journal, kinds: Mapping[str, Kind]) -> None:
        self.journal = journal
        self.kinds = kinds
        self.after: list[Callable[[sqlite3.Connection, Arrival], None]] = []
        """Done at the end of each page, in its transaction."""

    def take_page(
        self, db: sqlite3.Connection, page: FeedPage, held: tuple[str, int]
    ) -> dict[str, str]:
        """Everything on a page takes effect, with the cursor; returns what is parked, with reasons.

        A snapshot replaces all there is. `held` is the cursor when the page was asked for: one that
        comes late, or twice, changes nothing.
        """
        if cursor(db) != held:
            return parked(db)
        at = Arrival(self.journal.reading(), page.incarnation, page.stamp)
        self.journal.receive(page.stamp, db)
        if page.snapshot:
            coming = {(row.kind, row.key) for row in page.rows}
            for kind, key in db.execute("SELECT kind, key FROM feed_rows").fetchall():
                if (kind, key) not in coming:
                    name = f"snapshot:{page.incarnation}:{page.pos}"
                    self._withdraw(db, FeedRow(page.pos, kind, key, 0, None, name), at)
        for row in page.rows:
            if row.body is None:
                self._withdraw(db, row, at)
            else:
                self._take(db, row, row.body, at)
        db.executemany(
            "INSERT INTO facts (name, value) VALUES (?,?)"
            " ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            [("feed_incarnation", page.incarnation), ("feed_pos", str(page.pos))],
        )
        self._finish(db, at)
        return parked(db)

    def try_again(self, db: sqlite3.Connection) -> dict[str, str]:
        """Rows that an earlier build could not use; returns what is still parked, with reasons."""
        waiting = db.execute(
            "SELECT pos, kind, key, version, body, publish_id FROM feed_rows WHERE state <> ?"
            " ORDER BY pos",
            (APPLIED,),
        ).fetchall()
        at = Arrival(self.journal.reading(), cursor(db)[0])
        for fields in waiting:
            row = FeedRow(*fields)
            self._take(db, row, fields[4], at)
        if waiting:
            self._finish(db, at)
        return parked(db)

    def _take(self, db: sqlite3.Connection, row: FeedRow, body: bytes, at: Arrival) -> None:
        kind, state, reason = self.kinds.get(row.kind), UNKNOWN, None
        if kind is not None:
            fault = self._alone(db, row, lambda: kind.take_row(db, row, at))
            state, reason = APPLIED, None
            if fault is not None:
                state = UNKNOWN if isinstance(fault, UnknownHere) else PARKED
                reason = _sentence(fault)
        db.execute(
            "INSERT OR REPLACE INTO feed_rows"
            " (kind, key, pos, version, body, publish_id, state, reason) VALUES (?,?,?,?,?,?,?,?)",
            (row.kind, row.key, row.pos, row.version, body, row.publish_id, state, reason),
        )

    def _withdraw(self, db: sqlite3.Connection, row: FeedRow, at: Arrival) -> None:
        kind = self.kinds.get(row.kind)
        if kind is not None:
            self._alone(db, row, lambda: kind.withdraw_row(db, row, at))
        db.execute("DELETE FROM feed_rows WHERE kind = ? AND key = ?", (row.kind, row.key))

    def _finish(self, db: sqlite3.Connection, at: Arrival) -> None:
        for follow in self.after:
            page = FeedRow(0, "page", "", 0, None, "")
            self._alone(db, page, lambda follow=follow: follow(db, at))  # type: ignore[misc]

    def _alone(
        self, db: sqlite3.Connection, row: FeedRow, work: Callable[[], None]
    ) -> Exception | None:
        """Do something; when it fails nothing of it is left, and the fault is returned."""
        mark = self.journal.mark()
        db.execute("SAVEPOINT feed_row")
        try:
            work()
        except NOT_THE_ROWS_FAULT:
            raise
        except Exception as fault:
            if not db.in_transaction or type(fault) is sqlite3.DatabaseError:
                raise
            db.execute("ROLLBACK TO feed_row")
            db.execute("RELEASE feed_row")
            self.journal.rollback(mark)
            log.warning(
                "%s/%s from HQ cannot be used: %s. The last good one stays",
                *(row.kind, row.key, _sentence(fault)),
                exc_info=None if _is_expected(fault) else fault,
            )
            return fault
        db.execute("RELEASE feed_row")
        return None


def cursor(db: sqlite3.Connection) -> tuple[str, int]:
    """Which life of HQ's feed this box follows, and the position of the last row that took effect."""
    facts = dict(db.execute("SELECT name, value FROM facts WHERE name LIKE 'feed\\_%' ESCAPE '\\'"))
    return facts.get("feed_incarnation", ""), int(facts.get("feed_pos", "0"))


def digests(db: sqlite3.Connection) -> tuple[Digest, ...]:
    """Digests of all rows as they came, one per kind; HQ's are the same when nothing is amiss."""
    rows = db.execute("SELECT kind, key, version, body FROM feed_rows ORDER BY kind")
    return tuple(
        digest_of(kind, ((key, version, body) for _, key, version, body in same))
        for kind, same in groupby(rows, key=lambda row: str(row[0]))
    )


def parked(db: sqlite3.Connection) -> dict[str, str]:
    """Rows that cannot be used, as `kind/key`, with the reason."""
    rows = db.execute(
        "SELECT kind || '/' || key, reason FROM feed_rows WHERE state = ? ORDER BY kind, key",
        (PARKED,),
    )
    return dict(rows.fetchall())


def _is_expected(fault: Exception) -> bool:
    return isinstance(fault, (msgspec.DecodeError, ValueError))


def _sentence(fault: Exception) -> str:
    return str(fault) if _is_expected(fault) and str(fault) else repr(fault)
