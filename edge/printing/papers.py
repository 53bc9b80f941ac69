"""The table of papers: each waits, is printed, moved or put aside in one transaction of its own.

Papers of the same content are one family: the first, and those that name it in `copy_of`. How many
of a family may be on paper already decides what the next one says at its top.
"""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import msgspec

TICKET_AGE_MAX_MS = 30 * 60 * 1000
"""An older kitchen ticket is not printed by itself in the morning (FS-56); receipts always are."""
TEST_AGE_MAX_MS = 10 * 60 * 1000
DRAWER_AGE_MAX_MS = 60 * 1000
"""A drawer that did not open at once stays shut: nobody may be standing at it any more."""
LATE_MS = 5 * 60 * 1000
"""A kitchen's paper that comes out later than this after it was asked for says how late it is."""
PAPERS_KEPT_MS = 30 * 24 * 3600 * 1000
"""How long a paper is kept when it is done with; the journal says for ever that it came out."""
WAITING_MAX = 500
"""Most papers that wait for one printer; further ones are held and listed, none is lost."""
HISTORY_MAX = 20
"""Steps kept of a paper: the first and the newest; an outage of hours is not told minute by minute."""

KITCHEN = frozenset({"kitchen_ticket", "void_slip", "rush_slip", "move_slip"})
"""What goes to the backup printer, and is of no use once the order is over."""
REMINDERS = frozenset({"rush_slip", "move_slip"})
"""About food that the kitchen has: of no use to anybody once it is late."""
OVER = frozenset({"served", "closed"})
"""Orders the kitchen has nothing to do for. (A cancelled one may have its void slip to print.)"""


class Step(msgspec.Struct, frozen=True, omit_defaults=True):
    """One thing that happened to a paper, as the table keeps it. `why`: a code of `WHY`."""

    what: str
    at_ms: int
    by: str = ""
    why: str = ""


QUEUED = Step("queued", 0)


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
    station_id: str | None = None
    line_ids: tuple[str, ...] = ()
    copy_of: str | None = None
    came: Step = QUEUED
    """How it came here: `queued` by the journal, `moved`, `rerouted`, or `asked` for by a person."""
    fault: str | None = None
    attempts: int = 0
    printed_ms: int | None = None
    moved_to: str | None = None
    history: tuple[Step, ...] = ()

    @property
    def root(self) -> str:
        """The first paper of this content."""
        return self.copy_of or self.job_id


@dataclass(frozen=True, slots=True)
class Begun:
    """A paper may be sent now: so many of its content may be on paper, and so late it is (minutes)."""

    copies: int
    late_min: int


@dataclass(frozen=True, slots=True)
class Aside:
    """A paper does not print by itself."""

    state: str
    why: str


_COLUMNS = (
    "job_id, printer, kind, order_id, paper, created_ms, copies, state, station_id, line_ids,"
    " copy_of, fault, attempts, printed_ms, moved_to, history"
)
_DUE = (
    "SELECT rowid FROM print_jobs WHERE state IN ('queued', 'printing')"
    " UNION ALL SELECT rowid FROM print_jobs WHERE state IN ('held', 'failed')"
)
"""Each half has an index of its own: a month of papers that came out is not looked through."""
_history = msgspec.json.Decoder(tuple[Step, ...])
_encode = msgspec.json.Encoder().encode


def keep(db: sqlite3.Connection, jobs: Sequence[Job]) -> None:
    """Insert papers; one that is there already stays as it is. What is too many is held."""
    waiting: dict[str, int] = {}
    for job in jobs:
        if job.printer not in waiting:
            waiting[job.printer] = waiting_for(db, job.printer)
        crowded = job.state == "queued" and waiting[job.printer] >= WAITING_MAX
        waiting[job.printer] += 1
        state, fault = ("held", "too_many") if crowded else (job.state, job.fault)
        db.execute(
            f"INSERT OR IGNORE INTO print_jobs ({_COLUMNS}) VALUES ({','.join('?' * 16)})",
            (
                *(job.job_id, job.printer, job.kind, job.order_id, job.paper, job.created_ms),
                *(job.copies, state, job.station_id, _encode(job.line_ids).decode()),
                *(job.copy_of, fault, 0, None, None, _encode([_dated(job)]).decode()),
            ),
        )


def _dated(job: Job) -> Step:
    return job.came if job.came.at_ms else msgspec.structs.replace(job.came, at_ms=job.created_ms)


def waiting_for(db: sqlite3.Connection, printer: str) -> int:
    """Papers that wait for a printer."""
    row: tuple[int] = db.execute(
        "SELECT count(*) FROM print_jobs WHERE printer = ? AND state IN ('queued', 'printing')",
        (printer,),
    ).fetchone()
    return row[0]


def oldest(db: sqlite3.Connection, printer: str) -> Job | None:
    """The next paper of a printer; what was cut off comes before what has not begun."""
    found = select(
        db,
        "printer = ? AND state IN ('queued', 'printing') ORDER BY rowid LIMIT 1",
        printer,
    )
    return found[0] if found else None


def find(db: sqlite3.Connection, job_id: str) -> Job | None:
    """One paper."""
    found = select(db, "job_id = ?", job_id)
    return found[0] if found else None


def of_order(db: sqlite3.Connection, order_id: str) -> list[Job]:
    """Every paper of an order, oldest first."""
    return select(db, "order_id = ? ORDER BY rowid", order_id)


def listed(db: sqlite3.Connection, *, due: bool, order_id: str, limit: int) -> list[Job]:
    """Papers, newest first: those that a person may have to see to (`due`), or all of them; of one
    order when it is named.
    """
    where, values = ["1"], list[object]()
    if due:
        where.append(f"rowid IN ({_DUE})")
    if order_id:
        where.append("order_id = ?")
        values.append(order_id)
    return select(db, f"{' AND '.join(where)} ORDER BY rowid DESC LIMIT ?", *values, limit)


def begin(db: sqlite3.Connection, job: Job, now_ms: int) -> Begun | Aside | None:
    """Mark a paper as being printed and say how; or put it aside; None when it is no longer due."""
    row = db.execute("SELECT state FROM print_jobs WHERE job_id = ?", (job.job_id,)).fetchone()
    if row is None or row[0] not in ("queued", "printing"):
        return None
    if (aside := _aside(db, job, now_ms)) is not None:
        put_aside(db, job.job_id, aside, now_ms)
        return aside
    copies, first_ms = _family(db, job)
    if job.kind == "drawer" and copies:
        aside = Aside("discarded", "may_be_open")
        put_aside(db, job.job_id, aside, now_ms)
        return aside
    db.execute(
        "UPDATE print_jobs SET state = 'printing', copies = ?, fault = NULL WHERE job_id = ?",
        (copies, job.job_id),
    )
    late = job.kind in KITCHEN and not copies and now_ms - first_ms >= LATE_MS
    return Begun(copies, (now_ms - first_ms) // 60_000 if late else 0)


def not_begun(db: sqlite3.Connection, job: Job, why: str, now_ms: int) -> None:
    """Nothing of it had left the box: it waits as before."""
    db.execute(
        "UPDATE print_jobs SET state = 'queued' WHERE job_id = ? AND state = 'printing'",
        (job.job_id,),
    )
    note_fault(db, job, why, now_ms)


def note_fault(db: sqlite3.Connection, job: Job, why: str, now_ms: int) -> None:
    """An attempt came to nothing; the same trouble again is counted and not told again."""
    db.execute(
        "UPDATE print_jobs SET attempts = attempts + 1, fault = ? WHERE job_id = ?",
        (why, job.job_id),
    )
    _note(db, job.job_id, Step("fault", now_ms, job.printer, why))


def printed(db: sqlite3.Connection, job: Job, copies: int, now_ms: int) -> None:
    """The printer proved it, whatever anybody decided about the paper meanwhile."""
    db.execute(
        "UPDATE print_jobs SET state = 'printed', printed_ms = ?, copies = ?, fault = NULL"
        " WHERE job_id = ?",
        (now_ms, copies, job.job_id),
    )
    _note(db, job.job_id, Step("printed", now_ms, job.printer))


def put_aside(db: sqlite3.Connection, job_id: str, aside: Aside, now_ms: int, by: str = "") -> None:
    """Hold, fail or discard a paper."""
    _remember_attempt(db, job_id)
    db.execute(
        "UPDATE print_jobs SET state = ?, fault = ? WHERE job_id = ?",
        (aside.state, aside.why, job_id),
    )
    _note(db, job_id, Step(aside.state, now_ms, by, aside.why))


def move_away(db: sqlite3.Connection, job_id: str, printer: str, now_ms: int, by: str = "") -> None:
    """Another printer has this paper from now on; its own never prints it any more."""
    _remember_attempt(db, job_id)
    db.execute(
        "UPDATE print_jobs SET state = 'moved', moved_to = ? WHERE job_id = ?", (printer, job_id)
    )
    _note(db, job_id, Step("moved", now_ms, by, printer))


def copy_for(job: Job, printer: str, job_id: str, came: Step, *, mark: str = "") -> Job:
    """The same paper for another printer, or once more; `mark`: where it should have come out."""
    return replace(
        job,
        job_id=job_id,
        printer=printer,
        paper=rerouted(job.paper, mark) if mark else job.paper,
        copies=0,
        state="queued",
        copy_of=job.root,
        came=came,
        fault=None,
    )


def rerouted(paper: bytes, mark: str) -> bytes:
    """The paper with this mark; one that cannot be read fails at its printer, and not before."""
    try:
        fields = msgspec.json.decode(paper, type=dict[str, msgspec.Raw])
    except msgspec.DecodeError:
        return paper
    return _encode(fields | {"rerouted_from": msgspec.Raw(_encode(mark))})


def without_drawer(paper: bytes) -> bytes:
    """The paper, which opens no drawer any more; one that cannot be read stays as it is."""
    try:
        fields = msgspec.json.decode(paper, type=dict[str, Any])
    except msgspec.DecodeError:
        return paper
    rows = [row for row in fields.get("rows", ()) if row.get("type") != "kick"]
    return _encode(fields | {"rows": rows})


def discard_of_order(db: sqlite3.Connection, order_id: str, now_ms: int) -> int:
    """The order is over: its kitchen's papers that have not come out are of no use any more."""
    due = [
        job
        for job in of_order(db, order_id)
        if job.kind in KITCHEN and job.state in ("queued", "printing", "held", "failed")
    ]
    for job in due:
        put_aside(db, job.job_id, Aside("discarded", "order_over"), now_ms)
    return len(due)


def set_aside_since(db: sqlite3.Connection, since_ms: int) -> list[tuple[str, int]]:
    """(printer, when) of every paper since then that waits for a person."""
    return db.execute(
        "SELECT printer, created_ms FROM print_jobs"
        " WHERE state IN ('held', 'failed') AND created_ms >= ?",
        (since_ms,),
    ).fetchall()


def forget_old_papers(db: sqlite3.Connection, now_ms: int) -> int:
    """Drop papers that were done with more than `PAPERS_KEPT_MS` ago; returns how many went."""
    before = now_ms - PAPERS_KEPT_MS
    return db.execute(
        "DELETE FROM print_jobs WHERE state NOT IN ('queued', 'printing')"
        " AND coalesce(printed_ms, created_ms) < ?",
        (before,),
    ).rowcount


def may_exist(db: sqlite3.Connection, job: Job) -> int:
    """How many papers of this content came out or may have."""
    return _family(db, job)[0]


def _family(db: sqlite3.Connection, job: Job) -> tuple[int, int]:
    """How many of this content may be on paper, and when the first was wanted."""
    rows = db.execute(
        "SELECT copies + (state IN ('printed', 'printing')), created_ms FROM print_jobs"
        " WHERE job_id = ? OR (order_id = ? AND copy_of = ?) OR (order_id = ? AND job_id = ?)",
        (job.job_id, job.order_id, job.root, job.order_id, job.root),
    ).fetchall()
    return max(r[0] for r in rows), min(r[1] for r in rows)


def _aside(db: sqlite3.Connection, job: Job, now_ms: int) -> Aside | None:
    """What stands against printing this paper now, by its kind."""
    age = now_ms - job.created_ms
    if job.kind == "test_page" and age > TEST_AGE_MAX_MS:
        return Aside("discarded", "too_old")
    if job.kind == "drawer" and age > DRAWER_AGE_MAX_MS:
        return Aside("discarded", "too_old")
    if job.kind not in KITCHEN:
        return None
    order = db.execute("SELECT status FROM orders WHERE order_id = ?", (job.order_id,)).fetchone()
    status = order[0] if order is not None else ""
    if status in OVER or (status == "cancelled" and _needs_no_calling_off(db, job)):
        return Aside("discarded", "order_over")
    if age > TICKET_AGE_MAX_MS:
        return Aside("discarded" if job.kind in REMINDERS else "held", "too_old")
    return None


def _needs_no_calling_off(db: sqlite3.Connection, job: Job) -> bool:
    """Whether a paper of a cancelled order is of no use: all but the void slip of a ticket that may
    hang in the kitchen. Without a row about it (it was printed before a loss) it may."""
    if job.kind != "void_slip":
        return True
    (most,) = db.execute(
        "SELECT max(copies + (state IN ('printed', 'printing'))) FROM print_jobs"
        " WHERE order_id = ? AND station_id IS ? AND kind = 'kitchen_ticket'",
        (job.order_id, job.station_id),
    ).fetchone()
    return bool(most == 0)


def _remember_attempt(db: sqlite3.Connection, job_id: str) -> None:
    """A paper that leaves the state of being printed may have come out: the family counts it."""
    db.execute(
        "UPDATE print_jobs SET copies = copies + 1 WHERE job_id = ? AND state = 'printing'",
        (job_id,),
    )


def _note(db: sqlite3.Connection, job_id: str, step: Step) -> None:
    row = db.execute("SELECT history FROM print_jobs WHERE job_id = ?", (job_id,)).fetchone()
    if row is None:
        return
    steps = list(_history.decode(row[0])) if row[0] else []
    if step.what == "fault" and steps and (steps[-1].what, steps[-1].why) == ("fault", step.why):
        return
    steps.append(step)
    del steps[1 : max(1, len(steps) - HISTORY_MAX + 1)]
    db.execute(
        "UPDATE print_jobs SET history = ? WHERE job_id = ?", (_encode(steps).decode(), job_id)
    )


def select(db: sqlite3.Connection, where: str, *values: object) -> list[Job]:
    """Papers that fit a condition of SQL."""
    rows = db.execute(f"SELECT {_COLUMNS} FROM print_jobs WHERE {where}", values)
    return [_job(row) for row in rows]


def _job(row: tuple[Any, ...]) -> Job:
    (job_id, printer, kind, order_id, paper, created_ms, copies, state, station_id, line_ids,
     copy_of, fault, attempts, printed_ms, moved_to, history) = row  # fmt: skip
    steps = _history.decode(history) if history else ()
    return Job(
        *(job_id, printer, kind, order_id or "", paper, created_ms, copies, state),
        station_id=station_id,
        line_ids=tuple(msgspec.json.decode(line_ids)) if line_ids else (),
        copy_of=copy_of,
        came=steps[0] if steps else Step("queued", created_ms),
        fault=fault,
        attempts=attempts,
        printed_ms=printed_ms,
        moved_to=moved_to,
        history=steps,
    )
