"""Closed days on disk: which Z report has counted what, and the marks that say so on every row.

A row of orders, payments, refunds or shifts carries the number of the Z that counted it; NULL: none
has yet; 0: it belongs to none (imports, and what was there before days were closed). Which Z counted
what follows from the `day.closed` events alone (`Marks`), so a box that lost its disk marks the same
rows again.
"""

import contextlib
import json
import sqlite3
from collections.abc import Iterable

import msgspec

from protocol.floor_events import DayCertified, DayClosed
from protocol.z_marks import Close, Marks, tips

IN_NO_Z = 0
"""The mark of what no Z will ever count."""
NO_MORE = "('closed', 'cancelled')"

_encode = msgspec.json.Encoder().encode
_closed_decoder = msgspec.json.Decoder(DayClosed)
_certified_decoder = msgspec.json.Decoder(DayCertified)


class _Named(msgspec.Struct):
    z_digest: str


_names_its_day = msgspec.json.Decoder(_Named).decode


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
        "INSERT INTO days (digest, number_z, business_date, until, as_of, previous, joins, closed)"
        " VALUES (?,?,?,?,?,?,?,?) ON CONFLICT DO NOTHING",
        (
            event.digest,
            event.number_z,
            event.business_date,
            event.until,
            json.dumps(event.as_of),
            event.previous,
            json.dumps(event.joins),
            _encode(event),
        ),
    )


def keep_certificate(db: sqlite3.Connection, event: DayCertified) -> None:
    """The statement on a day; the first one stands. Two days may have one number, so it says which."""
    with contextlib.suppress(msgspec.MsgspecError):
        digest = _names_its_day(event.statement).z_digest
        db.execute(
            "UPDATE days SET certified = coalesce(certified, ?) WHERE digest = ? AND number_z = ?",
            (_encode(event), digest, event.number_z),
        )


def sign_again(db: sqlite3.Connection, stream: str, after: int, node_id: str) -> int:
    """Forget certificates of other boxes that HQ has lost; how many.

    HQ was put back to before it heard of them, and so perhaps to before it knew the box that signed:
    this one signs those days once more, which is all that is left to do where the other one is gone.
    """
    rows = db.execute(
        "SELECT body FROM journal WHERE type = 'day.certified' AND seq > ? AND stream_id ="
        " (SELECT id FROM streams WHERE stream = ?)",
        (after, stream),
    )
    said = [_certified_decoder.decode(body) for (body,) in rows.fetchall()]
    forgotten = [
        db.execute(
            "UPDATE days SET certified = NULL WHERE certified = ?", (_encode(event),)
        ).rowcount
        for event in said
        if event.node_id != node_id
    ]
    return sum(forgotten)


def last_days(db: sqlite3.Connection) -> tuple[int, tuple[str, ...]]:
    """Number of the last Z, and the digests that the next one follows; 0 and none before the first.

    That is the last Z, and each other that none follows yet: two boxes that could not hear each other
    went on with numbers of their own, and the next Z makes one line of them again. The last comes
    first; of one number it is the same for every box.
    """
    last = tips(read_closes(db))
    return (last[0].number if last else 0), tuple(close.digest for close in last)


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
    return Marks(read_closes(db))


def read_closes(db: sqlite3.Connection) -> list[Close]:
    """What each Z says of itself, in the order of their numbers."""
    rows = db.execute(
        "SELECT number_z, until, as_of, digest, previous, joins FROM days ORDER BY number_z, digest"
    )
    return [
        Close(number, until, json.loads(as_of), digest, previous, tuple(json.loads(joins)))
        for number, until, as_of, digest, previous, joins in rows
    ]


def _day(row: tuple[bytes, bytes | None]) -> Day:
    closed, certified = row
    return Day(
        closed=_closed_decoder.decode(closed),
        certified=None if certified is None else _certified_decoder.decode(certified),
    )
