"""Stage 5: entries become durable print jobs; each printer takes its own, one after another.

A job is written in the same transaction as the spool's cursor, so that it exists exactly once. It
counts as printed only with the printer's proof. One that may have printed already is printed again
with DUPLICATE on it, never silently.
"""

import asyncio
import contextlib
import logging
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import msgspec

from edge.config import PrinterConfig
from edge.database import Busy, Database, DatabaseBroken
from edge.follower import Follower, save_cursor
from edge.journal import Followed, Journal
from edge.journal_table import RETURNED
from edge.order_state import load_order
from edge.outlet import Outlet
from edge.printing.encoder import encode
from edge.printing.layouts import kitchen_ticket, receipt
from edge.printing.paper import Paper
from edge.printing.printers import NetworkPrinter, Printer, PrinterFault
from edge.printing.profiles import PROFILES, PrinterProfile
from protocol.clock import Confidence, wall_ms_of
from protocol.events import (
    Event,
    LineVoided,
    OrderCancelled,
    OrderFired,
    PaperPrinted,
    PaymentTaken,
)
from protocol.events import decode as decode_event
from protocol.ids import CommandId, EventId, OrderId, derive
from protocol.journal import Entry
from protocol.kitchen import tickets_of
from protocol.orders import Order, Source

log = logging.getLogger("edge.printing")

RETRY_S = (1.0, 2.0, 3.0, 5.0)
TICKET_AGE_MAX_MS = 30 * 60 * 1000
"""An older kitchen ticket is not printed by itself in the morning (FS-56); receipts always are."""
PAPERS_KEPT_MS = 30 * 24 * 3600 * 1000
"""How long a printed paper is kept; the journal says for ever that it came out."""
SET_ASIDE_SAID_MS = 24 * 3600 * 1000
"""How long the health page speaks of papers that were not printed."""

PRINTERS: dict[str, Callable[[PrinterConfig, PrinterProfile], Printer]] = {
    "network": lambda c, p: NetworkPrinter(
        c.host, c.port, p, timeout_s=c.timeout_s, status=c.status
    )
}


@dataclass(frozen=True, slots=True)
class Job:
    """A paper on its way to one printer."""

    job_id: str
    printer: str
    kind: str
    order_id: str
    paper: bytes
    """A `Paper` as JSON: one that this build cannot read must not stop its printer."""
    created_ms: int
    copies: int = 0
    state: str = "queued"


class Spool:
    """Turns entries into jobs and drives one worker per printer."""

    def __init__(
        self,
        printers: Sequence[PrinterConfig],
        journal: Journal,
        database: Database,
        outlet: Outlet,
    ) -> None:
        self.configs = {p.id: p for p in printers}
        self.journal = journal
        self.database = database
        self.outlet = outlet
        self.faults: dict[str, PrinterFault | None] = dict.fromkeys(self.configs)
        self.printed = 0
        self._set_aside: list[tuple[str, int]] = []
        self.follower = Follower("printing", journal, database, self._follow)
        self._wake = {p: asyncio.Event() for p in self.configs}
        self._workers: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Take up what a stop or crash left, then follow."""
        since = self.journal.reading().wall_ms - SET_ASIDE_SAID_MS
        self._set_aside = await self.database.read(lambda db: _set_aside_since(db, since))
        await self.follower.start()
        for config in self.configs.values():
            printer = PRINTERS["network"](config, PROFILES[config.profile])
            worker = self._work(config.id, printer)
            self._workers.append(asyncio.create_task(worker, name=f"printer {config.id}"))

    async def stop(self) -> None:
        """Stop following and printing; what is queued stays queued."""
        await self.follower.stop()
        for worker in self._workers:
            worker.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await worker
        self._workers.clear()

    def set_aside(self, printer: str) -> int:
        """Papers of the last day that were not printed: too old, or this build cannot draw them."""
        since = self.journal.reading().wall_ms - SET_ASIDE_SAID_MS
        return sum(1 for name, at_ms in self._set_aside if name == printer and at_ms >= since)

    async def _follow(self, batch: Sequence[Followed]) -> None:
        jobs: list[Job] = []
        for followed in batch:
            jobs.extend(await self._jobs_of(followed))
        if not jobs:
            return
        position = batch[-1].at.position
        await self.database.write(lambda db: _keep(db, jobs, self.follower.name, position))
        for job in jobs:
            self._wake[job.printer].set()

    async def _jobs_of(self, followed: Followed) -> list[Job]:
        if not self.configs or followed.entry.type not in _PRINTS:
            return []
        if followed.standing == RETURNED:
            return []  # it happened before a loss, and its paper came out then
        event = decode_event(followed.entry.body)
        order_id = followed.entry.aggregate_id
        order = followed.order or await self.database.read(lambda db: load_order(db, order_id))
        if order is None or order.source is Source.IMPORT:
            return []
        papers = self._papers(event, order)
        created_ms = self._taken_ms(followed.entry) - _taken_before_ms(followed.entry, event)
        return [
            Job(
                derive(followed.entry.event_id, config.id, str(i)),
                config.id,
                paper.kind,
                order.order_id,
                msgspec.json.encode(paper),
                created_ms,
            )
            for i, (config, paper) in enumerate(papers)
        ]

    def _taken_ms(self, entry: Entry) -> int:
        """When an entry was taken, in today's time: a clock set right meanwhile makes nothing old."""
        now = self.journal.reading()
        if entry.boot == now.boot:
            return now.wall_ms - (now.mono_ms - entry.mono_ms)
        return wall_ms_of(entry.stamp)

    def _papers(self, event: Event, order: Order) -> list[tuple[PrinterConfig, Paper]]:
        match event:
            case OrderFired():
                fired = frozenset(event.line_ids)
                earlier = frozenset(
                    x.line_id
                    for x in order.lines
                    if x.fired_ms is not None
                    and x.line_id not in fired
                    and x.fired_ms < event.at_ms
                )
                return self._tickets(order, fired, earlier)
            case LineVoided():
                return self._tickets(order, frozenset({event.line_id}))
            case OrderCancelled():
                return self._tickets(order, frozenset(x.line_id for x in order.lines))
            case PaymentTaken() if event.due_after <= 0:
                paper = receipt(order, self.outlet, kick=event.payment.tender == "cash")
                return [(c, paper) for c in self.configs.values() if c.receipts]
            case _:
                return []

    def _tickets(
        self, order: Order, lines: frozenset[str], earlier: frozenset[str] = frozenset()
    ) -> list[tuple[PrinterConfig, Paper]]:
        papers = []
        for ticket in tickets_of(order):
            mine = tuple(x for x in ticket.lines if x.line_id in lines and x.status != "done")
            had_some = any(x.line_id in earlier for x in ticket.lines)
            part = msgspec.structs.replace(ticket, lines=mine)
            for config in self.configs.values():
                if mine and ticket.station_id in config.stations:
                    only = lines if had_some else None
                    papers.append((config, kitchen_ticket(part, self.outlet, config.name, only)))
        return papers

    async def _work(self, name: str, printer: Printer) -> None:
        attempt = 0
        while True:
            self._wake[name].clear()
            job: Job | None = None
            try:
                job = await self._next(name)
                if job is None:
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(self._wake[name].wait(), 30)
                    continue
                await self._print(name, printer, job)
                attempt = 0
            except (Busy, DatabaseBroken):
                await asyncio.sleep(RETRY_S[-1])
            except PrinterFault as fault:
                assert job is not None
                await self._note_fault(name, job, fault)
                await asyncio.sleep(RETRY_S[min(attempt, len(RETRY_S) - 1)])
                attempt += 1
            except Exception:
                log.exception("%s cannot be printed on %s", job.job_id if job else "a paper", name)
                await asyncio.sleep(RETRY_S[0])
                if job is not None:
                    with contextlib.suppress(Busy, DatabaseBroken):
                        await self._put_aside(job, "failed", "this build cannot draw it")

    async def _print(self, name: str, printer: Printer, job: Job) -> None:
        age = self.journal.reading().wall_ms - job.created_ms
        if job.kind == "kitchen_ticket" and age > TICKET_AGE_MAX_MS:
            log.warning("ticket of order %s is too old to print by itself: held", job.order_id)
            await self._put_aside(job, "held", "too old to print by itself")
            return
        # A job found in `printing` was cut off: whether it came out, nobody knows.
        copies = job.copies + (1 if job.state == "printing" else 0)
        await self._set_state(job, "printing", None, copies)
        decoded = msgspec.json.decode(job.paper, type=Paper)
        paper = msgspec.structs.replace(decoded, duplicate_of=copies or None)
        try:
            # Drawing takes milliseconds, the first time 300: never on the event loop.
            data = await asyncio.to_thread(encode, paper, printer.profile)
            await printer.print(data)
        except PrinterFault as fault:
            if not fault.may_have_printed:
                await self._set_state(job, "queued", str(fault), copies)
            raise
        await self.database.write(lambda db: self._printed(db, job, copies))
        self.printed += 1
        if self.faults[name] is not None:
            log.info("printer %s prints again", name)
        self.faults[name] = None

    def _printed(self, db: sqlite3.Connection, job: Job, copies: int) -> None:
        reading = self.journal.reading()
        db.execute(
            "UPDATE print_jobs SET state = 'printed', printed_ms = ?, copies = ?, fault = NULL"
            " WHERE job_id = ?",
            (reading.wall_ms, copies, job.job_id),
        )
        printed = PaperPrinted(
            order_id=OrderId(job.order_id),
            kind=job.kind,
            printer=job.printer,
            job_id=EventId(job.job_id),
            at_ms=reading.wall_ms,
            duplicate=copies,
        )
        command = CommandId(f"print:{job.job_id}:{copies}")
        self.journal.append(db, [printed], reading, command_id=command, actor=job.printer)

    async def _note_fault(self, name: str, job: Job, fault: PrinterFault) -> None:
        if self.faults[name] is None:
            log.warning("printer %s: %s Jobs wait.", name, fault)
        self.faults[name] = fault
        with contextlib.suppress(Busy, DatabaseBroken):
            await self.database.write(
                lambda db: db.execute(
                    "UPDATE print_jobs SET attempts = attempts + 1, fault = ? WHERE job_id = ?",
                    (str(fault), job.job_id),
                )
            )

    async def _next(self, printer: str) -> Job | None:
        return await self.database.read(lambda db: _oldest(db, printer))

    async def _put_aside(self, job: Job, state: str, why: str) -> None:
        await self._set_state(job, state, why)
        self._set_aside.append((job.printer, job.created_ms))

    async def _set_state(
        self, job: Job, state: str, fault: str | None, copies: int | None = None
    ) -> None:
        row = (state, fault, job.copies if copies is None else copies, job.job_id)
        await self.database.write(
            lambda db: db.execute(
                "UPDATE print_jobs SET state = ?, fault = ?, copies = ? WHERE job_id = ?", row
            )
        )


_PRINTS = frozenset({"order.fired", "line.voided", "order.cancelled", "payment.taken"})


def _taken_before_ms(entry: Entry, event: Event) -> int:
    """How long before its entry something was taken, when a screen offered it again to a box that
    had lost it: the kitchen had that ticket hours ago. Money's paper is printed whatever its age.
    """
    at_ms: int | None = getattr(event, "at_ms", None)
    if at_ms is None or entry.confidence not in (Confidence.SYNCED, Confidence.FREE):
        return 0
    return max(0, entry.wall_ms - at_ms)


def forget_old_papers(db: sqlite3.Connection, now_ms: int) -> int:
    """Drop papers that came out more than `PAPERS_KEPT_MS` ago; returns how many went."""
    before = now_ms - PAPERS_KEPT_MS
    return db.execute(
        "DELETE FROM print_jobs WHERE state = 'printed' AND printed_ms < ?", (before,)
    ).rowcount


def _keep(db: sqlite3.Connection, jobs: list[Job], cursor: str, position: int) -> None:
    db.executemany(
        "INSERT OR IGNORE INTO print_jobs"
        " (job_id, printer, kind, order_id, paper, state, created_ms) VALUES (?,?,?,?,?,'queued',?)",
        [(j.job_id, j.printer, j.kind, j.order_id, j.paper, j.created_ms) for j in jobs],
    )
    save_cursor(db, cursor, position)


def _oldest(db: sqlite3.Connection, printer: str) -> Job | None:
    row = db.execute(
        "SELECT job_id, printer, kind, order_id, paper, created_ms, copies, state FROM print_jobs"
        " WHERE printer = ? AND state IN ('queued', 'printing') ORDER BY rowid LIMIT 1",
        (printer,),
    ).fetchone()
    if row is None:
        return None
    return Job(*row)


def _set_aside_since(db: sqlite3.Connection, since_ms: int) -> list[tuple[str, int]]:
    return db.execute(
        "SELECT printer, created_ms FROM print_jobs"
        " WHERE state IN ('held', 'failed') AND created_ms >= ?",
        (since_ms,),
    ).fetchall()
