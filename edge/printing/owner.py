"""The one who prints on a printer: takes its papers one after another, until each is proven.

Owners know nothing of one another but who stands in for whom, so a printer that is slow or dead
delays nobody else's paper and no order.
"""

import asyncio
import contextlib
import logging
import sqlite3
from collections.abc import Callable
from functools import partial

import msgspec

from edge.config import PrinterConfig
from edge.database import Busy, Database, DatabaseBroken
from edge.journal import Journal
from edge.printing import papers
from edge.printing.encoder import encode, warm_up
from edge.printing.moving import move_waiting, waiting_at
from edge.printing.paper import Kick, Paper, Text
from edge.printing.papers import Aside, Begun, Job
from edge.printing.printers import Printer, PrinterFault
from protocol.clock import Confidence
from protocol.events import PaperPrinted
from protocol.ids import CommandId, EventId, LineId, OrderId, StationId

log = logging.getLogger("edge.printing")

RETRY_S = (1.0, 2.0, 3.0, 5.0)
BACKUP_AFTER_S = 10.0
"""A printer that has been in trouble for so long gives the kitchen's papers to its backup."""
REFUSALS_MAX = 2
"""So many times unreachable in a row, and it does so at once."""
DOUBTS_MAX = 3
"""So often a paper is tried when each time it may have come out: then a person looks at the paper
instead of a printer that puts out copies until the roll ends."""
FINISH_S = 2.0
"""How long a box that stops waits for a paper that is being printed."""
LOOK_S = 2.5
"""How often an idle printer is asked how it is: staff hear of an empty roll within 3 s (FS-52)."""


class Owner:
    """Drives one printer. `fault` is why it does not print, None while all is well."""

    def __init__(
        self,
        config: PrinterConfig,
        printer: Printer,
        journal: Journal,
        database: Database,
        note_aside: Callable[[str, int], None],
        clock_text: Callable[[int], str] = str,
    ) -> None:
        self.config = config
        self.printer = printer
        self.journal = journal
        self.database = database
        self.backups: tuple[Owner, ...] = ()
        """Who prints in its place, the first of them that can."""
        self.fault: PrinterFault | None = None
        self.since_ms: int | None = None
        """In trouble since then (wall clock, for people)."""
        self.paper_low = False
        self.printed = 0
        self.moved = 0
        self._note_aside = note_aside
        self._clock_text = clock_text
        self._since_s = 0.0
        self._attempts = 0
        self._refusals = 0
        self._before: frozenset[str] = frozenset()
        """Papers that waited already when the box started."""
        self._doubts = ("", 0)
        """The paper in hand, and how often it may have come out without a proof."""
        self._owed: tuple[Job, int] | None = None
        """A paper that is proven, and not yet written down so: the disk was busy."""
        self._wake = asyncio.Event()
        self._free = asyncio.Event()
        self._free.set()
        self._stopping = False
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin with what a stop or crash left."""
        self._task = asyncio.create_task(self._run(), name=f"printer {self.config.id}")

    async def stop(self) -> None:
        """Stop printing; what is queued stays queued. A paper in the printer's hands may finish, so
        that a restart leaves none in doubt."""
        self._stopping = True
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._free.wait(), FINISH_S)
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        await self.printer.close()

    def wake(self) -> None:
        """There is something new for this printer."""
        self._wake.set()

    @property
    def hopeless(self) -> bool:
        """In trouble for so long that others should print what the kitchen waits for."""
        if self.fault is None:
            return False
        long_s = asyncio.get_running_loop().time() - self._since_s
        return self._refusals >= REFUSALS_MAX or long_s >= BACKUP_AFTER_S

    async def _run(self) -> None:
        with contextlib.suppress(OSError):  # the first job will say what is wrong with a font
            await asyncio.to_thread(warm_up, self.printer.profile.columns)
        with contextlib.suppress(Busy, DatabaseBroken):
            self._before = await self.database.read(lambda db: waiting_at(db, self.config.id))
        while not self._stopping:
            self._wake.clear()
            job: Job | None = None
            try:
                await self._write_down()
                await self._move_if_hopeless()
                job = await self.database.read(lambda db: papers.oldest(db, self.config.id))
                if job is not None:
                    if self.fault is not None:
                        await self._ask()  # so that nothing begins which cannot be done
                    await self._print(job)
                elif not await self._woken_within(LOOK_S):
                    await self._look()
            except (Busy, DatabaseBroken):
                await asyncio.sleep(RETRY_S[-1])
            except PrinterFault as fault:
                await self._note_fault(job, fault)
                await self._back_off()
            except Exception:
                log.exception("%s cannot be printed on %s", job and job.job_id, self.config.id)
                await asyncio.sleep(RETRY_S[0])
                if job is not None:
                    await self._put_aside(job, Aside("failed", "cannot_draw"))

    async def _print(self, job: Job) -> None:
        self._free.clear()
        try:
            await self._begin_and_send(job)
        finally:
            self._free.set()

    async def _begin_and_send(self, job: Job) -> None:
        now_ms = self.journal.reading().wall_ms
        begun = await self.database.write(lambda db: papers.begin(db, job, now_ms))
        if isinstance(begun, Aside):
            log.warning("%s of order %s is %s: %s", job.kind, job.order_id, begun.state, begun.why)
            if begun.state != "discarded":  # of that nobody has to do anything
                self._note_aside(job.printer, job.created_ms)
        if isinstance(begun, Begun):
            await self._send(job, begun, now_ms)

    async def _send(self, job: Job, begun: Begun, now_ms: int) -> None:
        began_s = asyncio.get_running_loop().time()
        paper = self._marked(job, begun, now_ms)
        try:
            # Drawing takes milliseconds, the first time 300: never on the event loop.
            data = await asyncio.to_thread(encode, paper, self.printer.profile)
            proof = await self.printer.print(data)
        except PrinterFault as fault:
            self._since_s = began_s if self.fault is None else self._since_s
            if not fault.may_have_printed:
                await self._note_not_begun(job, fault)
            raise
        self._owed, self._doubts = (job, begun.copies), ("", 0)
        await self._write_down()
        self.paper_low = proof.status.paper == "low"
        self._heal()

    async def _write_down(self) -> None:
        """What is proven is never printed again because the disk was busy for a moment."""
        if self._owed is not None:
            job, copies = self._owed
            await self.database.write(lambda db: self._keep_proof(db, job, copies))
            self._owed = None
            self.printed += 1

    def _marked(self, job: Job, begun: Begun, now_ms: int) -> Paper:
        """The paper with what is known only now: how many there may be, when, and how late."""
        paper = msgspec.json.decode(job.paper, type=Paper)
        rows = paper.rows
        if now_ms - job.created_ms > papers.DRAWER_AGE_MAX_MS:
            rows = tuple(row for row in rows if not isinstance(row, Kick))
        if begun.copies:
            rows = (Text(self._clock_text(now_ms), align="center"), *rows)
        return msgspec.structs.replace(
            paper,
            rows=rows,
            duplicate_of=begun.copies or None,
            late_min=begun.late_min,
            from_before=self._is_of_unknown_age(job),
        )

    def _is_of_unknown_age(self, job: Job) -> bool:
        """A box without a clock of its own starts with the time at which it went off: until that is
        confirmed, last night's ticket looks like one of a minute ago."""
        old = job.kind in papers.KITCHEN and job.job_id in self._before
        return old and self.journal.reading().confidence is not Confidence.SYNCED

    def _keep_proof(self, db: sqlite3.Connection, job: Job, copies: int) -> None:
        reading = self.journal.reading()
        papers.printed(db, job, copies, reading.wall_ms)
        if not job.order_id:
            return  # a test page is nobody's business but the technician's
        printed = PaperPrinted(
            order_id=OrderId(job.order_id),
            kind=job.kind,
            printer=job.printer,
            job_id=EventId(job.job_id),
            at_ms=reading.wall_ms,
            duplicate=copies,
            station_id=None if job.station_id is None else StationId(job.station_id),
            line_ids=tuple(LineId(line) for line in job.line_ids),
        )
        command = CommandId(f"print:{job.job_id}:{copies}")
        asked_by = job.came.by if job.came.what == "asked" else ""
        actor = asked_by or job.printer
        self.journal.append(db, [printed], reading, command_id=command, actor=actor)

    async def _move_if_hopeless(self) -> None:
        while self.hopeless and (to := self._stand_in) is not None:
            moved = await self.database.write(partial(self._move, to=to))
            if not moved:
                return
            self.moved += moved
            log.warning("%d papers of %s go to %s", moved, self.config.id, to.config.id)
            to.wake()

    @property
    def _stand_in(self) -> "Owner | None":
        return next((owner for owner in self.backups if owner.fault is None), None)

    def _move(self, db: sqlite3.Connection, to: "Owner") -> int:
        mine, theirs = self.config, to.config
        both = frozenset(mine.stations) & frozenset(theirs.stations)
        now_ms = self.journal.reading().wall_ms
        return move_waiting(db, mine.id, theirs.id, both, mine.name, now_ms)

    async def _look(self) -> None:
        """Nobody prints: how is it? Trouble is told before the next paper, and the end of it too."""
        if self.config.status == "none" and self.fault is None:
            return  # it could not say; and some feed paper when somebody only connects
        try:
            await self._ask()
        except PrinterFault as fault:
            if fault.code == "busy" and self.fault is None:
                return  # another computer prints on it, and nobody waits
            raise
        self._heal()

    async def _ask(self) -> None:
        """Raises PrinterFault while it cannot print."""
        status = await self.printer.status()
        self.paper_low = status.paper == "low"
        if status.reason is not None:
            raise PrinterFault(status.reason, may_have_printed=False)

    async def _note_fault(self, job: Job | None, fault: PrinterFault) -> None:
        if self.fault is None:
            log.warning("printer %s: %s Papers wait.", self.config.id, fault)
            self.since_ms = self.journal.reading().wall_ms
            if job is None:
                self._since_s = asyncio.get_running_loop().time()
        self._refusals = self._refusals + 1 if fault.code == "unreachable" else 0
        self.fault = fault
        if job is not None and fault.may_have_printed:
            await self._note_doubt(job, fault)

    async def _note_doubt(self, job: Job, fault: PrinterFault) -> None:
        times = self._doubts[1] + 1 if self._doubts[0] == job.job_id else 1
        self._doubts = (job.job_id, times)
        now_ms = self.journal.reading().wall_ms
        with contextlib.suppress(Busy, DatabaseBroken):
            await self.database.write(lambda db: papers.note_fault(db, job, fault.code, now_ms))
        if times >= DOUBTS_MAX:
            log.warning("%s may have come out %d times: a person looks at it", job.kind, times)
            await self._put_aside(job, Aside("held", "in_doubt"))

    async def _note_not_begun(self, job: Job, fault: PrinterFault) -> None:
        now_ms = self.journal.reading().wall_ms
        with contextlib.suppress(Busy, DatabaseBroken):
            await self.database.write(lambda db: papers.not_begun(db, job, fault.code, now_ms))

    async def _back_off(self) -> None:
        """Wait before the next attempt; news for the backup, and the time to move, end the wait."""
        wait_s = RETRY_S[min(self._attempts, len(RETRY_S) - 1)]
        self._attempts += 1
        if not self.backups:
            await asyncio.sleep(wait_s)
        elif self.hopeless:
            await self._woken_within(wait_s)
        else:
            left_s = self._since_s + BACKUP_AFTER_S - asyncio.get_running_loop().time()
            await asyncio.sleep(max(0.0, min(wait_s, left_s)))

    def _heal(self) -> None:
        self._attempts = self._refusals = 0
        if self.fault is not None:
            log.info("printer %s prints again", self.config.id)
        self.fault = self.since_ms = None

    async def _put_aside(self, job: Job, aside: Aside) -> None:
        now_ms = self.journal.reading().wall_ms
        with contextlib.suppress(Busy, DatabaseBroken):
            await self.database.write(lambda db: papers.put_aside(db, job.job_id, aside, now_ms))
            self._note_aside(job.printer, job.created_ms)

    async def _woken_within(self, seconds: float) -> bool:
        try:
            await asyncio.wait_for(self._wake.wait(), seconds)
        except TimeoutError:
            return False
        return True
