"""What people ask of the printers: list, print again, print elsewhere, discard, try out.

Each wish is a paper of its own, named after the key it came with: asked twice, it is printed once.
What was on paper before says DUPLICATE, on whichever printer it was.
"""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import replace

import msgspec

from edge.config import PrinterConfig
from edge.database import Database
from edge.journal import Journal
from edge.order_state import load_order
from edge.outlet import Outlet
from edge.printing import papers
from edge.printing.layouts import test_page
from edge.printing.papers import KITCHEN, Aside, Job, Step
from edge.printing.profiles import PROFILES
from edge.printing.raster import missing_scripts
from edge.printing.report_layout import x_report
from edge.printing.wanted import Wanted, one_ticket, receipts_for
from protocol.checks import find_check
from protocol.floor_events import FloorEvent, PaperDiscarded, PaperReprinted, PaperRequested
from protocol.ids import CommandId, derive
from protocol.kitchen import tickets_of
from protocol.orders import Order, OrderStatus
from protocol.refusals import Refusal
from protocol.reports import SalesReport

LISTED_MAX = 200
_OVER = frozenset({OrderStatus.SERVED, OrderStatus.CLOSED, OrderStatus.CANCELLED})
_WAITS = frozenset({"queued", "printing", "held", "failed"})

Asked = tuple[Job, ...] | Refusal
"""The papers that answer a wish, or why there are none."""


class Desk:
    """Answers wishes about paper. `news` is told which printers have something to do."""

    def __init__(
        self,
        printers: Mapping[str, PrinterConfig],
        journal: Journal,
        database: Database,
        outlet: Outlet,
        news: Callable[[Iterable[str]], Awaitable[None]],
    ) -> None:
        self.printers = printers
        self.journal = journal
        self.database = database
        self.outlet = outlet
        self.link_of: Callable[[str], str] = lambda _: ""
        self._tell = news

    async def reprint(self, job_id: str, key: str, printer: str | None, by: str) -> Asked:
        """A paper once more, on its own printer or another.

        One that has not come out yet goes over: where it waited it is not printed any more.
        """
        return await self._ask(lambda db: self._reprint(db, job_id, key, printer, by))

    async def receipt(
        self, order_id: str, key: str, printer: str | None, by: str, check_id: str | None = None
    ) -> Asked:
        """The receipt of an order or of one of its checks, or its bill while something is due."""
        return await self._ask(lambda db: self._receipt(db, order_id, key, printer, by, check_id))

    async def tickets(self, order_id: str, key: str, printer: str | None, by: str) -> Asked:
        """The kitchen's papers of an order as it now is, each where it was, or all on `printer`."""
        return await self._ask(lambda db: self._tickets(db, order_id, key, printer, by))

    async def test(self, printer: str, key: str, address: str, by: str) -> Asked:
        """A page with one of everything."""
        config = self.printers.get(printer)
        if config is None:
            return _unknown_printer(printer)
        now_ms, profile = self._now_ms(), PROFILES[config.profile]
        missing = await asyncio.to_thread(missing_scripts)
        paper = test_page(config.name, address, profile, self.outlet, now_ms, missing)
        job = Job(_id(key, 0), printer, "test_page", "", msgspec.json.encode(paper), now_ms)
        came = Step("asked", now_ms, by, "test")
        return await self._ask(lambda db: self._requested(db, replace(job, came=came), by))

    async def report(self, printer: str, key: str, report: SalesReport, by: str) -> Asked:
        """How the day stands, on paper. Nothing is closed by it."""
        if printer not in self.printers:
            return _unknown_printer(printer)
        now_ms = self._now_ms()
        paper = x_report(report, self.outlet, now_ms, self.outlet.receipt_header)
        job = Job(_id(key, 0), printer, "report", "", msgspec.json.encode(paper), now_ms)
        came = Step("asked", now_ms, by, "report")
        return await self._ask(lambda db: self._requested(db, replace(job, came=came), by))

    async def discard(self, job_id: str, by: str) -> Job | Refusal:
        """Nobody needs this paper; asking twice changes nothing. What came out stays printed.

        The journal says who: without its ticket the kitchen may not know of an order.
        """

        def write(db: sqlite3.Connection) -> Job | Refusal:
            job = papers.find(db, job_id)
            if job is None:
                return Refusal("unknown_paper", {"job_id": job_id})
            if job.state in _WAITS:
                aside = Aside("discarded", "not_needed")
                papers.put_aside(db, job_id, aside, self._now_ms(), by)
                self._tell_journal(db, [self._discarded(job, by)], f"discard:{job_id}", by)
            elif job.state != "discarded":
                return Refusal("paper_done", {"state": job.state})
            return papers.find(db, job_id) or job

        found = await self.database.write(write)
        if isinstance(found, Job):
            await self._tell((found.printer,))
        return found

    async def listed(self, *, due: bool, order_id: str) -> tuple[list[Job], bool]:
        """Papers, newest first, and whether there are more; `due`: those not settled."""
        found = await self.database.read(
            lambda db: papers.listed(db, due=due, order_id=order_id, limit=LISTED_MAX + 1)
        )
        return found[:LISTED_MAX], len(found) > LISTED_MAX

    async def _ask(self, make: Callable[[sqlite3.Connection], Asked]) -> Asked:
        found = await self.database.write(make)
        if not isinstance(found, Refusal):
            await self._tell({p for job in found for p in (job.printer, job.came.why)})
        return found

    def _reprint(
        self, db: sqlite3.Connection, job_id: str, key: str, printer: str | None, by: str
    ) -> Asked:
        job = papers.find(db, job_id)
        if job is None:
            return Refusal("unknown_paper", {"job_id": job_id})
        if (known := _known(db, key, job.order_id)) is not None:
            return known
        to = printer or self._home_of(job)
        if to not in self.printers:
            return _unknown_printer(to)
        if job.kind == "drawer":
            return Refusal("drawer_again")
        order = load_order(db, job.order_id) if job.order_id else None
        came = Step("asked", self._now_ms(), by, job.printer)
        mark = job.printer if to != job.printer and job.kind in KITCHEN else ""
        if mark in self.printers:
            mark = self.printers[mark].name
        copy = _asked_for(papers.copy_for(job, to, _id(key, 0), came, mark=mark), job)
        if job.kind in KITCHEN and order is not None:
            if order.status in _OVER and job.kind != "void_slip":
                return Refusal("nothing_to_print", {"number": order.number})
            if job.kind == "kitchen_ticket":
                now = self._as_it_is(job, order, to)
                if now is None:
                    return Refusal("nothing_to_print", {"number": order.number})
                paper = msgspec.structs.replace(now.paper, rerouted_from=mark)
                copy = replace(copy, paper=msgspec.json.encode(paper), line_ids=now.line_ids)
        kept = self._kept(db, [copy], by)
        if job.state in _WAITS:
            papers.move_away(db, job.job_id, to, came.at_ms, by)
        return kept

    def _receipt(
        self,
        db: sqlite3.Connection,
        order_id: str,
        key: str,
        printer: str | None,
        by: str,
        check_id: str | None,
    ) -> Asked:
        order = load_order(db, order_id)
        if order is None:
            return Refusal("unknown_order", {"order_id": order_id})
        check = find_check(order, check_id) if check_id else None
        if check_id and check is None:
            return Refusal("unknown_check", {"number": order.number})
        if (known := _known(db, key, order_id)) is not None:
            return known
        at = [p for p in self.printers.values() if (p.receipts if not printer else p.id == printer)]
        if not at:
            return _unknown_printer(printer) if printer else Refusal("no_printer")
        # The page behind the code shows all that the party had: it is not on one guest's check.
        link = "" if check else self.link_of(order_id)
        wanted = receipts_for(order, at[:1], self.outlet, link=link, check=check)[0]
        same_kind = (j for j in papers.of_order(db, order_id) if j.kind == wanted.kind)
        before = [j for j in same_kind if _title(j) in ("", wanted.paper.title)]
        came = Step("asked", self._now_ms(), by)
        first = before[0].root if before else None
        job = _job(_id(key, 0), wanted, order, first, came)
        for waits in (j for j in before if j.state in _WAITS):
            # The very paper that waits goes there, so that it still opens the drawer.
            copy = papers.copy_for(waits, job.printer, job.job_id, came)
            job = _asked_for(replace(copy, copy_of=first), waits)
            papers.move_away(db, waits.job_id, job.printer, came.at_ms, by)
        return self._kept(db, [job], by)

    def _tickets(
        self, db: sqlite3.Connection, order_id: str, key: str, printer: str | None, by: str
    ) -> Asked:
        order = load_order(db, order_id)
        if order is None:
            return Refusal("unknown_order", {"order_id": order_id})
        if (known := _known(db, key, order_id)) is not None:
            return known
        if printer and printer not in self.printers:
            return _unknown_printer(printer)
        if order.status in _OVER:
            return Refusal("nothing_to_print", {"number": order.number})
        came = Step("asked", self._now_ms(), by)
        jobs: list[Job] = []
        tickets = [j for j in papers.of_order(db, order_id) if j.kind == "kitchen_ticket"]
        for first in (j for j in tickets if j.copy_of is None):
            to = printer or first.printer
            now = self._as_it_is(first, order, to) if to in self.printers else None
            if now is not None:
                jobs.append(_job(_id(key, len(jobs)), now, order, first.job_id, came))
                waits = [j for j in tickets if j.root == first.job_id and j.state in _WAITS]
                for job in waits:
                    papers.move_away(db, job.job_id, to, came.at_ms, by)
        on_paper = {(j.station_id, line) for j in tickets for line in j.line_ids}
        for now in self._unprinted(order, printer, on_paper):
            jobs.append(_job(_id(key, len(jobs)), now, order, None, came))
        return (
            self._kept(db, jobs, by)
            if jobs
            else Refusal("nothing_to_print", {"number": order.number})
        )

    def _home_of(self, job: Job) -> str:
        """The paper's own printer, or who prints such papers now that it is not there any more."""
        here = self.printers.values()
        if job.printer in self.printers:
            return job.printer
        if job.station_id is not None:
            same = [p.id for p in here if job.station_id in p.stations]
        else:
            same = [p.id for p in here if p.receipts]
        return next(iter(same or self.printers), job.printer)

    def _as_it_is(self, job: Job, order: Order, to: str) -> Wanted | None:
        """A kitchen ticket with its lines as they now are: nobody cooks what was struck meanwhile."""
        origin = self.printers.get(job.printer) or self.printers[to]
        return one_ticket(
            *(order, self.printers[to], self.outlet),
            *(job.station_id or "", job.line_ids, origin.name),
        )

    def _unprinted(
        self, order: Order, printer: str | None, on_paper: set[tuple[str | None, str]]
    ) -> Iterable[Wanted]:
        """Lines that no printer was ever given: of stations with displays alone, on `printer`."""
        for ticket in tickets_of(order):
            lines = [
                x.line_id for x in ticket.lines if (ticket.station_id, x.line_id) not in on_paper
            ]
            to = printer or next(
                (p.id for p in self.printers.values() if ticket.station_id in p.stations), None
            )
            if lines and to is not None:
                config = self.printers[to]
                wanted = one_ticket(
                    *(order, config, self.outlet, ticket.station_id, lines, ticket.station_id)
                )
                if wanted is not None:
                    yield wanted

    def _kept(self, db: sqlite3.Connection, jobs: list[Job], by: str) -> Asked:
        """New papers; what was on paper, or waited for it, before is told of: people ask who it was."""
        told = [
            PaperReprinted(
                job_id=job.job_id,
                kind=job.kind,
                printer=job.printer,
                by=by,
                at_ms=self._now_ms(),
                order_id=job.order_id or None,
            )
            for job in jobs
            if job.copy_of is not None
        ]
        if told:
            self._tell_journal(db, told, f"reprint:{jobs[0].job_id}", by)
        return _kept(db, jobs)

    def _requested(self, db: sqlite3.Connection, job: Job, by: str) -> Asked:
        """A paper that no sale asks for; asked for again with the same key it is the same one."""
        if papers.find(db, job.job_id) is None:
            asked = PaperRequested(
                job_id=job.job_id,
                kind=job.kind,
                printer=job.printer,
                by=by,
                at_ms=self._now_ms(),
            )
            self._tell_journal(db, [asked], f"request:{job.job_id}", by)
        return _kept(db, [job])

    def _discarded(self, job: Job, by: str) -> PaperDiscarded:
        return PaperDiscarded(
            job_id=job.job_id,
            kind=job.kind,
            printer=job.printer,
            state=job.state,
            by=by,
            at_ms=self._now_ms(),
            order_id=job.order_id or None,
        )

    def _tell_journal(
        self, db: sqlite3.Connection, told: Sequence[FloorEvent], command: str, by: str
    ) -> None:
        reading = self.journal.reading()
        self.journal.append(db, told, reading, command_id=CommandId(command), actor=by)

    def _now_ms(self) -> int:
        return self.journal.reading().wall_ms


def _job(job_id: str, wanted: Wanted, order: Order, first: str | None, came: Step) -> Job:
    return Job(
        job_id,
        wanted.printer.id,
        wanted.kind,
        order.order_id,
        msgspec.json.encode(wanted.paper),
        came.at_ms,
        station_id=wanted.station_id,
        line_ids=wanted.line_ids,
        copy_of=first,
        came=came,
    )


def _asked_for(copy: Job, first: Job) -> Job:
    """A person's wish is new, however old its paper is. The drawer is not: one that did not open at
    once stays shut, or whoever keeps a receipt back opens it when nobody looks."""
    at_ms = copy.came.at_ms
    young = at_ms - first.created_ms <= papers.DRAWER_AGE_MAX_MS
    if not (young and first.state in _WAITS):
        copy = replace(copy, paper=papers.without_drawer(copy.paper))
    return replace(copy, created_ms=at_ms)


def _known(db: sqlite3.Connection, key: str, order_id: str) -> Asked | None:
    """The papers that this key has asked for before."""
    first = papers.find(db, _id(key, 0))
    if first is None:
        return None
    if first.order_id != order_id:
        return Refusal("command_reused", {"command_id": key})
    number, found = 0, list[Job]()
    while (job := papers.find(db, _id(key, number))) is not None:
        found.append(job)
        number += 1
    return tuple(found)


def _kept(db: sqlite3.Connection, jobs: list[Job]) -> Asked:
    papers.keep(db, jobs)
    found = (papers.find(db, job.job_id) for job in jobs)
    return tuple(job for job in found if job is not None)


def _id(key: str, number: int) -> str:
    return derive("asked", key, str(number))


def _unknown_printer(printer: str) -> Refusal:
    return Refusal("unknown_printer", {"printer": printer})


class _Titled(msgspec.Struct):
    title: str = ""


def _title(job: Job) -> str:
    """What a paper is about; empty when this build cannot read it."""
    try:
        return msgspec.json.decode(job.paper, type=_Titled).title
    except msgspec.MsgspecError:
        return ""
