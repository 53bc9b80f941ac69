"""Papers that change printers by themselves: to a stand-in, back again, or to a person when the printer
they wait for is not configured any more."""

import json
import sqlite3
from collections.abc import Collection
from dataclasses import replace

from edge.printing.papers import (
    KITCHEN,
    Aside,
    Job,
    Step,
    copy_for,
    keep,
    move_away,
    put_aside,
    rerouted,
    select,
)
from protocol.ids import derive

MOVED_AT_ONCE = 50
MOVES_MAX = 6
"""A paper that nobody could print so often stays where it is: people were told of it long ago."""


def move_waiting(
    db: sqlite3.Connection,
    printer: str,
    to: str,
    stations: Collection[str],
    mark: str,
    now_ms: int,
) -> int:
    """Give the kitchen's papers that wait for a printer to another one; returns how many went.

    `stations` are those whose tickets both print: the other one has a paper of its own. What came
    here in the same way may go on, or go home. What a person or the delivery desk wanted on this
    very printer stays.
    """
    kinds = ",".join(f"'{kind}'" for kind in sorted(KITCHEN))
    jobs = select(
        db,
        f"printer = ? AND state IN ('queued', 'printing') AND kind IN ({kinds})"
        " AND coalesce(json_extract(history, '$[0].what'), 'queued') IN ('queued', 'moved')"
        " ORDER BY rowid LIMIT ?",
        *(printer, MOVED_AT_ONCE),
    )
    moved = [job for job in jobs if _may_move(db, job)]
    for job in moved:
        move_away(db, job.job_id, to, now_ms, printer)
        if job.station_id not in stations and not _has_it(db, to, job):
            came = Step("moved", now_ms, printer, job.printer)
            keep(db, [_moved(db, job, to, came, mark)])
    return len(moved)


def hold_for_nobody(db: sqlite3.Connection, printers: Collection[str], now_ms: int) -> list[str]:
    """Papers that wait for printers that are not configured any more are held, and a person prints
    them elsewhere or discards them; returns the printers that are missing.

    What may have come out before stays counted. The drawer of a printer that is gone stays shut.
    """
    jobs = select(db, "state IN ('queued', 'printing') ORDER BY rowid")
    gone = [job for job in jobs if job.printer not in printers]
    for job in gone:
        state = "discarded" if job.kind == "drawer" else "held"
        put_aside(db, job.job_id, Aside(state, "printer_gone"), now_ms)
    return sorted({job.printer for job in gone})


def waiting_at(db: sqlite3.Connection, printer: str) -> frozenset[str]:
    """The ids of all papers that wait for a printer."""
    jobs = select(db, "printer = ? AND state IN ('queued', 'printing')", printer)
    return frozenset(job.job_id for job in jobs)


def _may_move(db: sqlite3.Connection, job: Job) -> bool:
    if job.came.what == "queued":
        return True
    sql = "SELECT count(*) FROM print_jobs WHERE order_id = ? AND (job_id = ? OR copy_of = ?)"
    (family,) = db.execute(sql, (job.order_id, job.root, job.root)).fetchone()
    return int(family) < MOVES_MAX


def _moved(db: sqlite3.Connection, job: Job, to: str, came: Step, mark: str) -> Job:
    """The paper at its new place; at home again it says nothing of where it was."""
    home = select(db, "job_id = ?", job.root)
    if home and home[0].printer == to:
        job, mark = replace(job, paper=rerouted(job.paper, "")), ""
    elif job.came.what == "moved":
        mark = ""  # it says where it should have come out first
    return copy_for(job, to, derive(job.job_id, "backup"), came, mark=mark)


def _has_it(db: sqlite3.Connection, printer: str, job: Job) -> bool:
    """Whether two printers of one station, both dead, have the same stand-in: it has the other's."""
    row = db.execute(
        "SELECT 1 FROM print_jobs WHERE printer = ? AND order_id = ? AND station_id IS ?"
        " AND kind = ? AND line_ids = ? AND created_ms = ? AND coalesce(copy_of, job_id) <> ?"
        " AND state IN ('queued', 'printing', 'printed')",
        (
            *(printer, job.order_id, job.station_id, job.kind),
            *(json.dumps(job.line_ids, separators=(",", ":")), job.created_ms, job.root),
        ),
    ).fetchone()
    return row is not None
