"""The day-close certificate: after a close the box waits until HQ has everything, asks HQ what it
counts itself, compares, signs, and keeps the statement in the journal.

It never holds anything up: a day without a certificate is listed as such, and is certified when HQ
can be reached again. What is left to do is in the table of days, so a restart goes on with it.
"""

import asyncio
import contextlib
import logging
import sqlite3

import msgspec

from edge.database import Busy, Database, DatabaseBroken
from edge.day_desk import DayDesk
from edge.days import keep_certificate, read_closes
from edge.follower import Fault
from edge.journal import Journal
from edge.node import Node
from edge.replication import Replication
from edge.uplink import Uplink
from protocol.certificates import (
    Head,
    Holding,
    ScreenHolding,
    Statement,
    counts_of,
    differences,
    statement_digest,
)
from protocol.floor_events import DayCertified, DayClosed
from protocol.ids import CommandId
from protocol.z_marks import line_of

log = logging.getLogger("edge.certifying")

LOOK_S = 5.0
"""How often a close that is not certified is looked for, and tried."""
LOOK_ANYWAY_MS = 60_000
"""A close that came back from HQ is noticed within so long."""
FAULT_S = 60.0
"""How long HQ is left alone after it could not be asked."""

_encode = msgspec.json.Encoder().encode


class Certifier:
    """Certifies closed days in the order of their numbers, one at a time."""

    def __init__(
        self,
        uplink: Uplink,
        replication: Replication,
        node: Node,
        desk: DayDesk,
        journal: Journal,
        database: Database,
    ) -> None:
        self.uplink = uplink
        self.replication = replication
        self.node = node
        self.desk = desk
        self.journal = journal
        self.database = database
        self.waiting = 0
        """Closed days without a certificate."""
        self.fault: str | None = None
        self._looked_ms = -LOOK_ANYWAY_MS
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin with what a stop or crash left."""
        self._task = asyncio.create_task(self._run(), name="certifying")

    async def stop(self) -> None:
        """Stop; what is not certified is taken up after the next start."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    async def certify_next(self) -> bool:
        """Certify the oldest closed day that can be; whether one was. Raises Fault."""
        pending = await self.database.read(uncertified)
        self.waiting = len(pending)
        if not pending:
            return False
        closed = pending[0]
        if self.replication.replicated < closed.through or self.replication.fault is not None:
            return False
        answer = await self.uplink.day(closed.digest)
        if answer.holding is None:
            return False
        hq = answer.holding
        await self.database.write(lambda db: self._sign(db, closed, hq))
        self.waiting -= 1
        return True

    async def _run(self) -> None:
        while True:
            pause_s = LOOK_S
            try:
                await self._certify_all()
                if self.fault is not None:
                    log.info("closed days are certified again")
                self.fault = None
            except (Busy, DatabaseBroken) as fault:
                log.info("certifying waits: %s", fault)
            except Fault as fault:
                pause_s = FAULT_S
                self._note_fault(str(fault))
            except Exception as bug:
                pause_s = FAULT_S
                if self.fault is None:
                    log.exception("a closed day cannot be certified")
                self.fault = repr(bug)
            await asyncio.sleep(pause_s)

    async def _certify_all(self) -> None:
        """The disk is only asked when there may be something: a close was asked for, or it is time."""
        now_ms = self.journal.platform.mono_ms()
        if (
            not (self.waiting or self.desk.close_asked)
            and now_ms < self._looked_ms + LOOK_ANYWAY_MS
        ):
            return
        self._looked_ms, self.desk.close_asked = now_ms, False
        while await self.certify_next():
            pass

    def _note_fault(self, sentence: str) -> None:
        if self.fault is None:
            log.warning("closed days are not certified yet: %s", sentence)
        self.fault = sentence

    def _sign(self, db: sqlite3.Connection, closed: DayClosed, hq: Holding) -> None:
        """Compare and sign, in one transaction with the entry that says so."""
        if all(c.digest != closed.digest for c in uncertified(db)):
            return  # it came back from HQ meanwhile
        box = holding_of(db, closed)
        reading = self.journal.reading()
        statement = Statement(
            outlet_id=self.desk.outlet.outlet_id,
            number_z=closed.number_z,
            business_date=closed.business_date,
            z_digest=closed.digest,
            previous=last_statement(db, closed.number_z),
            box=box,
            hq=hq,
            screens=tuple(
                ScreenHolding(screen=s.name or s.screen, unsent=s.unsent) for s in self.desk.screens
            ),
            differs=differences(box, hq),
            at_ms=reading.wall_ms,
        )
        body = _encode(statement)
        event = DayCertified(
            number_z=closed.number_z,
            business_date=closed.business_date,
            at_ms=reading.wall_ms,
            statement=body.decode(),
            signature=self.node.sign_statement(body),
            node_id=self.journal.node_id,
            agrees=not statement.differs,
        )
        keep_certificate(db, event)
        # Another statement is another entry: the box before, or a copy of this one, may have made one.
        command = CommandId(f"certify:{closed.digest}:{self.journal.node_id}:{statement.at_ms}")
        self.journal.append(db, [event], reading, command_id=command, actor=self.journal.node_id)
        if statement.differs:
            log.error(
                "Z %d: box and HQ differ in %s", closed.number_z, ", ".join(statement.differs)
            )


def uncertified(db: sqlite3.Connection) -> list[DayClosed]:
    """Closed days without a certificate, the lowest number first."""
    rows = db.execute(
        "SELECT closed FROM days WHERE certified IS NULL ORDER BY number_z, digest LIMIT 400"
    )
    return [msgspec.json.decode(body, type=DayClosed) for (body,) in rows]


def holding_of(db: sqlite3.Connection, closed: DayClosed) -> Holding:
    """What this box has of a Z: the figures it printed, its entries since the Z before, its chains."""
    after = counted_before(db, closed)
    by_type: dict[str, int] = {}
    heads: list[Head] = []
    gone = 0
    for stream, end in sorted(closed.as_of.items()):
        rows = db.execute(
            "SELECT type, count(*) FROM journal WHERE stream_id = (SELECT id FROM streams WHERE"
            " stream = ?) AND seq > ? AND seq <= ? GROUP BY 1",
            (stream, after.get(stream, 0), end),
        )
        for tag, number in rows:
            by_type[tag] = by_type.get(tag, 0) + number
        row = db.execute(
            "SELECT chain FROM journal WHERE stream_id = (SELECT id FROM streams WHERE stream = ?1)"
            " AND seq = ?2 UNION ALL"
            " SELECT pruned_chain FROM streams WHERE stream = ?1 AND pruned_seq = ?2",
            (stream, end),
        ).fetchone()
        went = db.execute("SELECT pruned_seq FROM streams WHERE stream = ?", (stream,)).fetchone()
        gone += max(0, min(end, went[0] if went else 0) - after.get(stream, 0))
        heads.append(Head(stream=stream, seq=end, chain="" if row is None else row[0].hex()))
    return Holding(figures=closed.figures, counts=counts_of(by_type), heads=tuple(heads), gone=gone)


def counted_before(db: sqlite3.Connection, closed: DayClosed) -> dict[str, int]:
    """How far the Z reports that this one goes back to had counted each stream."""
    ends: dict[str, int] = {}
    closes = read_closes(db)
    for place in line_of(closes, closed.digest):
        if closes[place].digest != closed.digest:
            for stream, end in closes[place].as_of.items():
                ends[stream] = max(end, ends.get(stream, 0))
    return ends


def last_statement(db: sqlite3.Connection, number_z: int) -> str:
    """Digest of the statement on the Z before; empty when that has none."""
    row = db.execute(
        "SELECT certified FROM days WHERE number_z < ? AND certified IS NOT NULL"
        " ORDER BY number_z DESC, digest LIMIT 1",
        (number_z,),
    ).fetchone()
    if row is None:
        return ""
    certified = msgspec.json.decode(row[0], type=DayCertified)
    return statement_digest(certified.statement.encode())
