"""What a person should know: raised and cleared by code, kept over a restart, told to HQ and screens.

An alarm that stands for a state (this box stands by, the disk is filling) is cleared by whoever
raised it once the state is over. One that tells of something that happened goes after a week: HQ
has it in its inbox by then, where a person settles it.
"""

import logging
import sqlite3

import msgspec

from edge.database import Database
from edge.journal import Journal
from protocol.replication import Alarm

log = logging.getLogger("edge.alarms")

KEPT_MS = 7 * 24 * 3600 * 1000
STATES = frozenset({"two_boxes", "disk_filling", "clock_unsure", "hq_restored"})
"""Cleared when they are over, never by the calendar."""

_params = msgspec.json.Decoder(dict[str, str])


class Alarms:
    """The alarms that stand. `listed` is what the last write or `load` found."""

    def __init__(self, database: Database, journal: Journal) -> None:
        self.database = database
        self.journal = journal
        self.listed: tuple[Alarm, ...] = ()

    async def start(self) -> None:
        """Find what stood before the restart."""
        await self.load()

    async def stop(self) -> None:
        """Nothing to end."""

    async def load(self) -> None:
        """Read the table again, after somebody wrote to it in a transaction of their own."""
        self.listed = await self.database.read(_listed)

    async def tell(self, code: str, **params: str) -> None:
        """Raise an alarm, or say it anew."""
        await self.database.write(lambda db: self.put(db, code, **params))
        await self.load()

    async def clear(self, *codes: str) -> None:
        """These are over. Costs nothing when none of them stands."""
        if any(alarm.code in codes for alarm in self.listed):
            await self.database.write(lambda db: _clear(db, codes))
            await self.load()
            log.info("over: %s", ", ".join(codes))

    async def forget_old(self) -> None:
        """Drop what happened more than a week ago."""
        before = self.journal.reading().wall_ms - KEPT_MS
        old = [a.code for a in self.listed if a.code not in STATES and a.since_ms < before]
        await self.clear(*old)

    def put(self, db: sqlite3.Connection, code: str, **params: str) -> None:
        """Raise an alarm with the transaction that does what it tells of; `load` must follow."""
        log.warning("%s %s", code, params)
        put(db, Alarm(code, params, self.journal.reading().wall_ms))


def put(db: sqlite3.Connection, alarm: Alarm) -> None:
    """Raise an alarm inside the running transaction; the same code again replaces what it said."""
    db.execute(
        "INSERT INTO alarms (code, params, since_ms) VALUES (?,?,?) ON CONFLICT (code)"
        " DO UPDATE SET params = excluded.params, since_ms = excluded.since_ms",
        (alarm.code, msgspec.json.encode(alarm.params).decode(), alarm.since_ms),
    )


def _listed(db: sqlite3.Connection) -> tuple[Alarm, ...]:
    rows = db.execute("SELECT code, params, since_ms FROM alarms ORDER BY since_ms, code")
    return tuple(Alarm(code, _params.decode(params), since) for code, params, since in rows)


def _clear(db: sqlite3.Connection, codes: tuple[str, ...]) -> None:
    db.executemany("DELETE FROM alarms WHERE code = ?", [(code,) for code in codes])
