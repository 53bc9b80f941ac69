"""Closed days on disk: which Z report has counted what, and the marks that say so on every row.

A row of orders, payments, refunds or shifts carries the number of the Z that counted it; NULL: none
has yet; 0: it belongs to none (imports, and what was there before days were closed). Which Z counted
what follows from the `day.closed` events alone (`Marks`), so a box that lost its disk marks the same
rows again.
"""

import json
import sqlite3
from collections.abc import Iterable

import msgspec

from protocol.floor_events import DayCertified, DayClosed
from protocol.z_marks import Marks

IN_NO_Z = 0
"""The mark of what no Z will ever count."""
NO_MORE = "('closed', 'cancelled')"

_encode = msgspec.json.Encoder().encode
_closed_decoder = msgspec.json.Decoder(DayClosed)
_certified_decoder = msgspec.json.Decoder(DayCertified)


class Day(msgspec.Struct, frozen=True, kw_only=True):
    """A closed day with its certificate, once it has one."""

    closed: DayClosed
    certified: DayCertified | None = None


def close_day(db: sqlite3.Connection, event: DayClosed) -> None:
    """Keep a Z and mark what it counts: all that is here, because it is the last there is."""
    keep_day(db, event)
    for table in ("payments", "refunds"):
        db.execute(
            f"UPDATE {table} SET z = ? WHERE z IS NULL AND business_date <= ?",
            (event.number_z, event.until),
        )
    db.execute(
        f"UPDATE orders SET z = ? WHERE z IS NULL AND business_date <= ? AND status IN {NO_MORE}",
        (event.number_z, event.until),
    )
    db.execute(
        "UPDATE shifts SET z = ? WHERE z IS NULL AND closed_ms IS NOT NULL AND"
        " json_extract(CAST(body AS TEXT), '$.business_date') <= ?",
        (event.number_z, event.until),
    )


def keep_day(db: sqlite3.Connection, event: DayClosed) -> None:
    """A Z that was made here or came back; the same one again is nothing."""
    db.execute(
        "INSERT INTO days (digest, number_z, business_date, until, as_of, closed)"
        " VALUES (?,?,?,?,?,?) ON CONFLICT DO NOTHING",
        (
            event.digest,
            event.number_z,
            event.business_date,
            event.until,
            json.dumps(event.as_of),
            _encode(event),
        ),
    )


def keep_certificate(db: sqlite3.Connection, event: DayCertified) -> None:
    """The statement on a day; the first one stands."""
    db.execute(
        "UPDATE days SET certified = coalesce(certified, ?)"
        " WHERE number_z = ? AND business_date = ?",
        (_encode(event), event.number_z, event.business_date),
    )


def last_day(db: sqlite3.Connection) -> tuple[int, str]:
    """Number and digest of the last Z; 0 and nothing before the first.

    Where two boxes have made the same number both are kept, and either is a good predecessor; it is
    the same one for every box.
    """
    row = db.execute("SELECT number_z, digest FROM days ORDER BY 1 DESC, 2 LIMIT 1").fetchone()
    return row or (0, "")


def read_days(db: sqlite3.Connection, limit: int = 400, before: int = 1 << 62) -> list[Day]:
    """Closed days, the last first."""
    rows = db.execute(
        "SELECT closed, certified FROM days WHERE number_z < ? ORDER BY number_z DESC, digest"
        " LIMIT ?",
        (before, limit),
    )
    return [_day(row) for row in rows]


def find_day(db: sqlite3.Connection, number_z: int) -> Day | None:
    """The Z of this number."""
    row = db.execute(
        "SELECT closed, certified FROM days WHERE number_z = ? ORDER BY digest", (number_z,)
    ).fetchone()
    return None if row is None else _day(row)


def counted_through(db: sqlite3.Connection) -> dict[str, int]:
    """How far the Z reports have counted each stream."""
    rows: Iterable[tuple[str, int]] = db.execute(
        "SELECT s.key, max(s.value) FROM days, json_each(days.as_of) s GROUP BY 1"
    )
    return dict(rows)


def read_marks(db: sqlite3.Connection) -> Marks:
    """The marks that the closed days of this box make."""
    rows = db.execute("SELECT number_z, until, as_of FROM days ORDER BY number_z, digest")
    return Marks((number, until, json.loads(as_of)) for number, until, as_of in rows)


def _day(row: tuple[bytes, bytes | None]) -> Day:
    closed, certified = row
    return Day(
        closed=_closed_decoder.decode(closed),
        certified=None if certified is None else _certified_decoder.decode(certified),
    )
