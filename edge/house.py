"""The rules of the house in force here: taken over whole when HQ publishes them."""

import sqlite3
from hashlib import blake2b

import msgspec

from edge.feed_rows import Arrival
from edge.journal import Journal
from protocol.box_events import HouseApplied
from protocol.house import NO_HOUSE, House
from protocol.house_checks import faults_of
from protocol.ids import CommandId
from protocol.replication import FeedRow

KIND = "house"
DIGEST = "house_digest"
"""Fact: names the house rules in force; screens ask for them again when it changes."""
FAULTS_SHOWN = 5
_decoder = msgspec.json.Decoder(House)
_cache: dict[str, House] = {}


class HouseHere:
    """Rows of kind `house`: one for the outlet, under key `*`."""

    def __init__(self, journal: Journal) -> None:
        self.journal = journal

    def take_row(self, db: sqlite3.Connection, row: FeedRow, at: Arrival) -> None:
        """HQ's rules in place of those before; the same ones again are nothing.

        Raises msgspec.DecodeError or ValueError for rules that no bill can be made by here: they
        are set aside with the reason, and the last good ones stay.
        """
        assert row.body is not None
        house = msgspec.structs.replace(_decoder.decode(row.body), version=row.version)
        if faults := faults_of(house):
            raise ValueError("; ".join(faults[:FAULTS_SHOWN]))
        self._keep(db, house, row, at)

    def withdraw_row(self, db: sqlite3.Connection, row: FeedRow, at: Arrival) -> None:
        """HQ says nothing any more: prices as they are, and the limits everybody starts with."""
        self._keep(db, NO_HOUSE, row, at)

    def _keep(self, db: sqlite3.Connection, house: House, row: FeedRow, at: Arrival) -> None:
        body = msgspec.json.encode(house)
        digest = blake2b(body, digest_size=16).hexdigest()
        if digest == _digest(db):
            return
        db.execute("DELETE FROM house")
        db.execute("INSERT INTO house (digest, body) VALUES (?,?)", (digest, body))
        applied = HouseApplied(
            version=house.version,
            publish_id=row.publish_id,
            digest=digest,
            at_ms=at.reading.wall_ms,
        )
        # Derived from the publish: applied again by a box put back, it is the same event.
        command = CommandId(f"publish:{row.publish_id}@{at.incarnation}")
        self.journal.append(db, [applied], at.reading, command_id=command, actor="hq")


def read_house(db: sqlite3.Connection) -> House:
    """The rules in force."""
    digest = _digest(db)
    if digest is None:
        return NO_HOUSE
    house = _cache.get(digest)
    if house is None:
        (body,) = db.execute("SELECT body FROM house").fetchone()
        house = _decoder.decode(body)
        _cache.clear()
        _cache[digest] = house
    return house


def house_digest(db: sqlite3.Connection) -> str:
    """Names the rules in force; empty before HQ published any."""
    return _digest(db) or ""


def _digest(db: sqlite3.Connection) -> str | None:
    row = db.execute("SELECT digest FROM house").fetchone()
    return None if row is None else row[0]
