"""Lines that nobody has seen go to another printer, and where they waited they print no more."""

import sqlite3
from collections.abc import Iterable

import msgspec

from edge.config import PrinterConfig
from edge.outlet import Outlet
from edge.printing import papers
from edge.printing.papers import Job, Step
from edge.printing.wanted import Wanted, one_ticket
from protocol.events import TicketRerouted
from protocol.ids import derive
from protocol.journal import Entry
from protocol.orders import Order

_DUE = ("queued", "printing", "held")


def reroute(
    db: sqlite3.Connection,
    event: TicketRerouted,
    order: Order,
    printer: PrinterConfig,
    name: str,
    outlet: Outlet,
    entry: Entry,
    now_ms: int,
) -> Iterable[str]:
    """Inside a transaction: the papers on `printer`, one per paper they stand for.

    What waits whole for another printer is moved: it is never printed there unmarked afterwards.
    What is on its way to this printer already is left to it. `name` is who should have had it.
    """
    tickets = [
        job
        for job in papers.of_order(db, order.order_id)
        if job.kind == "kitchen_ticket" and job.station_id == event.station_id
    ]
    here = {
        line
        for job in tickets
        if job.printer == printer.id and job.state in ("queued", "printing", "printed")
        for line in job.line_ids
    }
    left = {str(line) for line in event.line_ids} - here
    firsts = [job for job in tickets if job.copy_of is None and left & set(job.line_ids)]
    firsts.sort(key=lambda job: job.state not in _DUE)
    for number, (first, lines) in enumerate(_shared_out(firsts, left)):
        wanted = one_ticket(order, printer, outlet, event.station_id, lines, name)
        if wanted is not None:
            job_id = derive(entry.event_id, printer.id, str(number))
            came = Step("rerouted", now_ms, first.printer if first else "")
            papers.keep(db, [_job(job_id, wanted, order, first, came, name, now_ms)])
    for job in tickets:
        if (
            job.state in _DUE
            and job.printer != printer.id
            and set(job.line_ids) <= set(event.line_ids)
        ):
            papers.move_away(db, job.job_id, printer.id, now_ms)
    return [printer.id]


def _shared_out(firsts: list[Job], left: set[str]) -> Iterable[tuple[Job | None, list[str]]]:
    """Each line goes with one of the papers it stands on; those on none go together."""
    for first in firsts:
        mine = [line for line in first.line_ids if line in left]
        left = left - set(mine)
        if mine:
            yield first, mine
    if left:
        yield None, sorted(left)


def _job(
    job_id: str,
    wanted: Wanted,
    order: Order,
    first: Job | None,
    came: Step,
    name: str,
    now_ms: int,
) -> Job:
    paper = msgspec.structs.replace(wanted.paper, rerouted_from=name)
    return Job(
        job_id,
        wanted.printer.id,
        wanted.kind,
        order.order_id,
        msgspec.json.encode(paper),
        now_ms,
        station_id=wanted.station_id,
        line_ids=wanted.line_ids,
        copy_of=first.job_id if first else None,
        came=came,
    )
