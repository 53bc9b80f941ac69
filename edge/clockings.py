"""How people were clocked last: in, into a break, or out."""

import sqlite3
from collections.abc import Iterable

from protocol.commands import Command
from protocol.till_commands import ClockIn, ClockOut


def read_clocked(db: sqlite3.Connection, commands: Iterable[Command]) -> dict[str, str]:
    """`in`, `break` or `out` of everybody whom these commands clock; who never was is missing."""
    asked = {c.staff_id for c in commands if isinstance(c, ClockIn | ClockOut)}
    if not asked:
        return {}
    return {staff_id: kind for staff_id, kind in last_clocked(db).items() if staff_id in asked}


def last_clocked(db: sqlite3.Connection) -> dict[str, str]:
    """The same of everybody."""
    # SQLite takes the other columns from the row that has the maximum.
    rows = db.execute("SELECT staff_id, kind, max(at_ms) FROM clockings GROUP BY staff_id")
    return {staff_id: kind for staff_id, kind, _ in rows}
