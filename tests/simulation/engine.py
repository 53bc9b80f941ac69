"""SQLite inside the event loop, on a disk that loses power: `edge.database.Engine` for a simulation.

The adapter makes apsw look like the part of `sqlite3` that the box uses; tests/simulation/
test_engine.py holds both engines to the same behaviour.
"""

import sqlite3
import tempfile
from collections.abc import Awaitable, Callable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import apsw
from simulation.disk import Disk, PowerCut

from edge import database as product
from edge.migrations import migrate

Pause = Callable[[], Awaitable[None]]


class SimEngine:
    """Work runs as one function in the loop; `pause` is awaited before and after it."""

    def __init__(self, disk: Disk, pause: Pause | None = None) -> None:
        self.disk = disk
        self.pause = pause

    async def open(self, path: Path, *, writes: bool) -> "Connection":
        """A connection without pragmas; `writes` false opens it for reading only."""
        how = product.WRITER_OPENS if writes else product.READER_OPENS
        if writes:
            # As `edge.migrations.migrate` does before anybody opens the file.
            _asked(self.disk, lambda: self.disk.write_again(f"{path.name}-wal"))
        return _asked(self.disk, lambda: Connection(self.disk, path, writes=writes, how=how))

    async def run(self, connection: "Connection", work: Callable[[Any], Any]) -> Any:
        """Run `work`; what it raises is raised here, and PowerCut once the power is off."""
        if self.pause is not None:
            await self.pause()
        self._alive(connection)
        result = work(connection)
        # The answer of a machine that went dark meanwhile reaches nobody.
        if self.pause is not None:
            await self.pause()
        self._alive(connection)
        return result

    async def close(self, connection: "Connection") -> None:
        """Give the connection up, as a process that ends in peace does."""
        connection.close()

    def _alive(self, connection: "Connection") -> None:
        if self.disk.dark or self.disk.lives != connection.life:
            raise PowerCut


class Connection:
    """What the box uses of `sqlite3.Connection` in autocommit mode."""

    def __init__(self, disk: Disk, path: Path, *, writes: bool, how: str) -> None:
        self.disk = disk
        self.life = disk.lives
        self._apsw = disk.connect(path, writes=writes, how=how)

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> "Rows":
        """One statement; its rows come as they are asked for."""
        return Rows(self).execute(sql, parameters)

    def executemany(self, sql: str, rows: Any) -> "Rows":
        """One statement for many rows of values."""
        return Rows(self).executemany(sql, rows)

    def executescript(self, sql: str) -> "Rows":
        """Several statements; an open transaction is committed first, as `sqlite3` does."""
        if self.in_transaction:
            self.execute("COMMIT")
        rows = Rows(self).execute(sql)
        rows.fetchall()  # apsw waits for its rows to be fetched before it goes on
        return rows

    @property
    def in_transaction(self) -> bool:
        """Whether BEGIN was said and neither COMMIT nor ROLLBACK yet."""
        return not self._apsw.get_autocommit()

    @property
    def total_changes(self) -> int:
        """Rows changed since the connection was opened."""
        return self._apsw.total_changes()

    def close(self) -> None:
        """Close; the last connection moves the WAL into the database, if it can."""
        try:
            self._apsw.close()
        except apsw.Error:
            # SQLite closes all the same and reports nothing; apsw tells what it heard meanwhile.
            if self.disk.dark:
                raise PowerCut from None


class Rows:
    """What the box uses of `sqlite3.Cursor`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._cursor = connection._apsw.cursor()
        self.lastrowid: int | None = None
        self.rowcount = -1

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> "Rows":
        """One statement, begun."""
        self._asked(lambda: self._cursor.execute(sql, parameters))
        db = self._connection._apsw
        self.rowcount = db.changes() if _changes_rows(sql) else -1
        self.lastrowid = db.last_insert_rowid()
        return self

    def executemany(self, sql: str, rows: Any) -> "Rows":
        """One statement for each row of values."""
        db = self._connection._apsw
        before = db.total_changes()
        self._asked(lambda: self._cursor.executemany(sql, rows))
        self.rowcount = db.total_changes() - before if _changes_rows(sql) else -1
        return self

    def fetchone(self) -> Any:
        """The next row as a tuple, or None."""
        return self._asked(self._cursor.fetchone)

    def fetchall(self) -> list[Any]:
        """All rows that are left."""
        return self._asked(self._cursor.fetchall)

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        row = self.fetchone()
        if row is None:
            raise StopIteration
        return row

    def _asked(self, ask: Callable[[], Any]) -> Any:
        return _asked(self._connection.disk, ask)


def first_file() -> bytes:
    """The database of a box that was just installed: the real migrations, run once."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "box.db"
        migrate(path)
        return path.read_bytes()


@lru_cache(maxsize=512)
def _changes_rows(sql: str) -> bool:
    return sql.lstrip()[:7].upper().startswith(("INSERT", "UPDATE", "DELETE", "REPLACE"))


def _asked(disk: Disk, ask: Callable[[], Any]) -> Any:
    try:
        return ask()
    except apsw.Error as error:
        if disk.dark:
            raise PowerCut from None
        raise _as_sqlite3(error) from None
    except TypeError as error:
        raise sqlite3.ProgrammingError(str(error)) from None


def _as_sqlite3(error: apsw.Error) -> sqlite3.Error:
    code = getattr(error, "extendedresult", 0) or getattr(error, "result", 0)
    if not code:
        return sqlite3.ProgrammingError(str(error))  # misuse that apsw sees before SQLite does
    found = _CLASSES.get(code & 0xFF, sqlite3.DatabaseError)(str(error))
    found.sqlite_errorcode = code
    found.sqlite_errorname = apsw.mapping_extended_result_codes.get(
        code, apsw.mapping_result_codes.get(code, str(code))
    )
    return found


_OPERATIONAL = (
    *(apsw.SQLITE_ERROR, apsw.SQLITE_PERM, apsw.SQLITE_ABORT, apsw.SQLITE_BUSY),
    *(apsw.SQLITE_LOCKED, apsw.SQLITE_READONLY, apsw.SQLITE_INTERRUPT, apsw.SQLITE_IOERR),
    *(apsw.SQLITE_FULL, apsw.SQLITE_CANTOPEN, apsw.SQLITE_PROTOCOL, apsw.SQLITE_SCHEMA),
)
_CLASSES: dict[int, type[sqlite3.Error]] = {
    **dict.fromkeys(_OPERATIONAL, sqlite3.OperationalError),
    apsw.SQLITE_CONSTRAINT: sqlite3.IntegrityError,
    apsw.SQLITE_MISMATCH: sqlite3.IntegrityError,
    apsw.SQLITE_TOOBIG: sqlite3.DataError,
    apsw.SQLITE_RANGE: sqlite3.InterfaceError,
    apsw.SQLITE_MISUSE: sqlite3.InterfaceError,
}
"""As Python's own module sorts SQLite's codes."""
