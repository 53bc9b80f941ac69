"""Papers and printers as screens list them: codes turned into words."""

import sqlite3
from collections.abc import Iterable

import msgspec

from edge.printing.papers import Job, waiting_for
from edge.printing.reasons import step, why
from edge.printing.spool import Spool
from protocol.papers import PaperCard, PaperState, PaperStep, PrinterCard


async def paper_cards(spool: Spool, jobs: Iterable[Job]) -> tuple[PaperCard, ...]:
    """The papers with their orders' numbers."""
    listed = list(jobs)
    numbers = await spool.database.read(lambda db: _numbers(db, {j.order_id for j in listed}))
    return tuple(_paper(spool, job, numbers.get(job.order_id, "")) for job in listed)


async def printer_cards(spool: Spool) -> tuple[PrinterCard, ...]:
    """Every printer of the box, and how it is."""
    waiting = await spool.database.read(lambda db: {p: waiting_for(db, p) for p in spool.configs})
    return tuple(_printer(spool, printer, waiting[printer]) for printer in spool.configs)


def address_of(spool: Spool, printer: str) -> str:
    """Where a printer is, for people: host and port, or its device file."""
    owner = spool.owners.get(printer)
    return str(getattr(owner.printer, "address", "")) if owner else ""


def _paper(spool: Spool, job: Job, number: str) -> PaperCard:
    config = spool.configs.get(job.printer)
    code = job.fault
    if code is None and job.state == "queued" and (fault := spool.faults.get(job.printer)):
        code = fault.code
    fault_id, fault_en = why(code)
    return PaperCard(
        job_id=job.job_id,
        printer=job.printer,
        printer_name=config.name if config else job.printer,
        kind=job.kind,
        state=PaperState(job.state),
        created_ms=job.created_ms,
        order_id=job.order_id,
        number=number,
        printed_ms=job.printed_ms,
        attempts=job.attempts,
        copies=job.copies,
        station_id=job.station_id,
        line_ids=job.line_ids,
        moved_to=job.moved_to,
        copy_of=job.copy_of,
        fault_en=fault_en,
        fault_id=fault_id,
        history=tuple(_step(spool, s) for s in job.history),
    )


def _step(spool: Spool, kept: msgspec.Struct) -> PaperStep:
    what, at_ms, by, code = msgspec.structs.astuple(kept)
    config = spool.configs.get(code)
    words_id, words_en = step(what, config.name if config else code)
    return PaperStep(at_ms=at_ms, what=what, by=by, en=words_en, id=words_id)


def _printer(spool: Spool, printer: str, waiting: int) -> PrinterCard:
    config, owner = spool.configs[printer], spool.owners.get(printer)
    fault = owner.fault if owner else None
    return PrinterCard(
        printer=printer,
        name=config.name,
        kind=config.kind,
        address=address_of(spool, printer),
        profile=config.profile,
        ok=fault is None,
        en=fault.sentence_en if fault else f"{config.name} prints.",
        id=fault.sentence_id if fault else f"{config.name} mencetak.",
        code=fault.code if fault else "",
        since_ms=owner.since_ms if owner else None,
        paper_low=owner.paper_low if owner else False,
        stations=config.stations,
        receipts=config.receipts,
        backup=config.backup,
        waiting=waiting,
        aside=spool.set_aside(printer),
    )


def _numbers(db: sqlite3.Connection, order_ids: set[str]) -> dict[str, str]:
    rows = db.execute(
        "SELECT order_id, number FROM orders WHERE order_id IN (SELECT value FROM json_each(?))",
        (msgspec.json.encode(sorted(order_ids)).decode(),),
    )
    return dict(rows.fetchall())
