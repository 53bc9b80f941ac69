"""The box's SQLite file: one connection that writes, in groups; one that only reads.

Commands queue; whatever waits becomes one transaction with a savepoint each, one flush to disk,
then all answers (group commit). A group runs as one function on the writer's thread, so that a
cancelled request cannot split it. Exactly one connection ever writes or checkpoints: SQLite older
than 3.51.3 can corrupt a WAL that two connections checkpoint and write (the WAL-reset bug).
"""

import asyncio
import contextlib
import logging
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol, TypeVar
from urllib.parse import quote

import aiosqlite

log = logging.getLogger("edge.database")

T = TypeVar("T")
Work = Callable[[sqlite3.Connection], T]

QUEUE_MAX = 4_096
"""Most writes that may wait; a further one is told that the box is busy."""
GROUP_MAX = 256
"""Most writes that share one flush."""
WAL_RESET_FIXED = (3, 51, 3)
ROWS_MAX = 64
"""Rows per INSERT: powers of two up to here, so that the statements are few and stay prepared."""
CHECKPOINT_WRITES = 400
"""Writes after which the WAL is moved into the database in a quiet moment, so that a rush seldom
meets a checkpoint of its own."""

WRITER_PRAGMAS = (
    "PRAGMA journal_mode=WAL",  # readers never wait for the writer
    "PRAGMA synchronous=FULL",  # a commit returns after the flush: NORMAL lost 273 acked orders
    "PRAGMA foreign_keys=ON",
    "PRAGMA temp_store=MEMORY",
    "PRAGMA cache_size=-16000",  # 16 MB: the pages of a day's orders
    "PRAGMA journal_size_limit=67108864",
    "PRAGMA wal_autocheckpoint=8000",  # 32 MB: only a long rush gets there, see CHECKPOINT_WRITES
)
WRITER_OPENS = "psow=0"  # a power cut may destroy the whole flash page of the write in flight
READER_OPENS = "mode=ro"
READER_PRAGMAS = ("PRAGMA query_only=1", "PRAGMA wal_autocheckpoint=0", "PRAGMA cache_size=-8000")


class Busy(Exception):
    """More writes wait than the queue holds; nothing was taken."""


class DiskFull(Busy):
    """There is no room on the disk; nothing was taken, everything before is safe, and the same
    write goes through once there is room."""


class DatabaseBroken(Exception):
    """The disk did not confirm a commit, or the box is stopping: nothing more is acknowledged."""


class Participant(Protocol):
    """Keeps memory in step with the transaction, called on the writer's thread."""

    def mark(self) -> int:
        """Where memory stands before one piece of work."""

    def rollback(self, mark: int) -> None:
        """Forget what one piece of work did."""

    def committed(self) -> None:
        """The group is on disk. Called on the event loop."""


class Engine(Protocol):
    """How SQLite is reached: by threads on the box, inside the loop in a simulation."""

    async def open(self, path: Path, *, writes: bool) -> Any:
        """A connection without pragmas; `writes` false opens it for reading only."""

    async def run(self, connection: Any, work: Work[T]) -> T:
        """Run `work` on the connection as one function that nothing can split."""

    async def close(self, connection: Any) -> None:
        """Give the connection up."""


class Threads:
    """SQLite on a thread per connection, through aiosqlite."""

    async def open(self, path: Path, *, writes: bool) -> aiosqlite.Connection:
        """A connection without pragmas; `writes` false opens it for reading only."""
        how = WRITER_OPENS if writes else READER_OPENS
        return await aiosqlite.connect(
            f"file:{quote(str(path))}?{how}",
            uri=True,
            isolation_level=None,
            timeout=10,
            cached_statements=256,
        )

    async def run(self, connection: aiosqlite.Connection, work: Work[T]) -> T:
        """Run `work` on the connection as one function that nothing can split."""
        # aiosqlite has no public way to run a whole transaction as one function on its thread;
        # four awaits per order instead cost five times the throughput.
        return await connection._execute(work, connection._conn)  # type: ignore[no-any-return, no-untyped-call]  # noqa: SLF001

    async def close(self, connection: aiosqlite.Connection) -> None:
        """Give the connection up, and its thread, which would keep the process alive."""
        await connection.close()


@dataclass(slots=True)
class _Waiting:
    work: Work[Any]
    answer: "asyncio.Future[Any]"


class Database:
    """The outlet's durable state. `write` returns only after the commit is on disk."""

    def __init__(self, path: Path, engine: Engine | None = None) -> None:
        self.path = path
        self.engine: Engine = engine or Threads()
        self.participants: list[Participant] = []
        self.after_commit: list[Callable[[], None]] = []
        self.broken: str | None = None
        self.on_broken: Callable[[str], None] | None = None
        self.full = False
        """Whether the last commit found no room: nothing is taken until one does."""
        self.on_full: Callable[[], None] | None = None
        self.groups = 0
        self.writes = 0
        self._since_checkpoint = 0
        self._stopping = False
        self._waiting: asyncio.Queue[_Waiting | None] = asyncio.Queue(QUEUE_MAX)
        self._loop_task: asyncio.Task[None] | None = None
        self._writer: Any
        self._reader: Any

    async def start(self) -> None:
        """Open both connections and assert that a commit means what we promise."""
        async with contextlib.AsyncExitStack() as opened:
            self._writer = await self.engine.open(self.path, writes=True)
            opened.push_async_callback(self.engine.close, self._writer)
            await self.engine.run(self._writer, lambda db: _prepare(db, WRITER_PRAGMAS))
            await self._ensure("journal_mode", "wal")
            await self._ensure("synchronous", 2)
            self._reader = await self.engine.open(self.path, writes=False)
            opened.push_async_callback(self.engine.close, self._reader)
            await self.engine.run(self._reader, lambda db: _prepare(db, READER_PRAGMAS))
            opened.pop_all()
        log.info("%s", describe_sqlite())
        self._loop_task = asyncio.create_task(self._run(), name="database writer")

    async def stop(self) -> None:
        """Finish what waits, then close. Safe to call twice."""
        if self._loop_task is None or self._stopping:
            return
        self._stopping = True
        await self._waiting.put(None)
        await self._loop_task
        self._loop_task = None
        self.broken = self.broken or "the box is stopping"
        await self.engine.close(self._reader)
        await self.engine.close(self._writer)

    async def write(self, work: Work[T]) -> T:
        """Run `work(connection)` in a transaction of its own fate; returns once it is on disk.

        Raises Busy when the queue is full, DiskFull when the disk is, DatabaseBroken when a commit
        failed, and whatever `work` raises (its savepoint is rolled back, its neighbours are not
        touched).
        """
        if self.broken or self._stopping:
            raise DatabaseBroken(self.broken or "the box is stopping")
        answer: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        try:
            self._waiting.put_nowait(_Waiting(work, answer))
        except asyncio.QueueFull:
            raise Busy(f"{QUEUE_MAX} writes are waiting") from None
        return await answer

    async def read(self, work: Work[T]) -> T:
        """Run `work(connection)` on the reading connection's own thread; it cannot write."""
        return await self.engine.run(self._reader, work)

    @property
    def waiting(self) -> int:
        """Writes that wait for the next group."""
        return self._waiting.qsize()

    async def _ensure(self, pragma: str, wanted: object) -> None:
        row = await self.engine.run(
            self._writer, lambda db: db.execute(f"PRAGMA {pragma}").fetchone()
        )
        if row[0] != wanted:
            raise DatabaseBroken(
                f"{self.path}: {pragma} is {row[0]!r}, not {wanted!r}: this file system cannot "
                "keep what is acknowledged. Move the data to a local disk."
            )

    async def _run(self) -> None:
        stopping = False
        while not stopping:
            group: list[_Waiting] = []
            first = await self._waiting.get()
            while True:
                if first is None:
                    stopping = True
                    break
                group.append(first)
                if len(group) == GROUP_MAX or self._waiting.empty():
                    break
                first = self._waiting.get_nowait()
            if group:
                await self._commit_or_break(group)
            if self._since_checkpoint >= CHECKPOINT_WRITES and self._waiting.empty():
                await self._checkpoint()

    async def _checkpoint(self) -> None:
        self._since_checkpoint = 0
        try:
            await self.engine.run(self._writer, _checkpoint)
        except sqlite3.Error as fault:
            # Without room the WAL stays where it is, whole, and is taken over another time.
            if not _no_room(fault):
                self._break(f"the disk did not take the WAL over: {fault}")

    async def _commit_or_break(self, group: list[_Waiting]) -> None:
        try:
            await self._commit(group)
        except Exception as bug:
            # Nobody may wait for ever on a writer that stopped: better a restart than silence.
            log.exception("a bug around a commit")
            self._break(f"a bug around a commit: {bug!r}")
            for item in group:
                _fail(item.answer, DatabaseBroken(str(self.broken)))

    async def _commit(self, group: list[_Waiting]) -> None:
        if self.broken:
            for item in group:
                _fail(item.answer, DatabaseBroken(self.broken))
            return
        try:
            outcomes = await self.engine.run(self._writer, lambda db: self._group(db, group))
        except (sqlite3.Error, OSError) as fault:
            # Without room SQLite took the whole group back and flushed nothing: no page is in doubt.
            no: Exception = DiskFull(f"the disk is full: {fault}")
            if _no_room(fault):
                self._note_full()
            else:
                self._break(f"the disk did not confirm a commit: {fault}")
                no = DatabaseBroken(str(self.broken))
            for item in group:
                _fail(item.answer, no)
            return
        self.groups += 1
        self.writes += len(group)
        self._since_checkpoint += len(group)
        for participant in self.participants:
            participant.committed()
        for item, (result, error) in zip(group, outcomes, strict=True):
            if error is not None:
                if isinstance(error, DiskFull):
                    self._note_full()
                _fail(item.answer, error)
            elif not item.answer.done():
                item.answer.set_result(result)
        for wake in self.after_commit:
            wake()

    def _note_full(self) -> None:
        if not self.full:
            log.critical("the disk is full: nothing is taken until there is room")
        self.full = True
        if self.on_full:
            self.on_full()

    def _group(
        self, db: sqlite3.Connection, group: list[_Waiting]
    ) -> list[tuple[Any, Exception | None]]:
        outcomes: list[tuple[Any, Exception | None]] = []
        before = self.full and db.execute("SELECT total_changes()").fetchone()
        db.execute("BEGIN IMMEDIATE")
        try:
            outcomes.extend(self._one(db, item.work) for item in group)
            wrote = self.full and db.execute("SELECT total_changes()").fetchone() != before
            db.execute("COMMIT")
            if wrote:
                log.warning("there is room on the disk again: the box takes orders")
                self.full = False
        except BaseException:
            for participant in self.participants:
                participant.rollback(0)
            if db.in_transaction:
                db.execute("ROLLBACK")
            raise
        return outcomes

    def _one(self, db: sqlite3.Connection, work: Work[Any]) -> tuple[Any, Exception | None]:
        marks = [p.mark() for p in self.participants]
        db.execute("SAVEPOINT work")
        try:
            result = work(db)
        except Exception as error:
            if not db.in_transaction:
                raise  # the disk is full or failed: SQLite has taken back the whole group
            db.execute("ROLLBACK TO work")
            db.execute("RELEASE work")
            for participant, mark in zip(self.participants, marks, strict=True):
                participant.rollback(mark)
            return None, _as_disk_fault(error)
        db.execute("RELEASE work")
        return result, None

    def _break(self, why: str) -> None:
        # A failed flush is never retried: the pages may be gone although a second one "works".
        self.broken = why
        log.critical("%s: the box takes nothing more and must be restarted", why)
        if self.on_broken:
            self.on_broken(why)


def _prepare(db: sqlite3.Connection, pragmas: Sequence[str]) -> None:
    for pragma in pragmas:
        db.execute(pragma).fetchall()


def _checkpoint(db: sqlite3.Connection) -> None:
    db.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()


def insert_rows(
    db: sqlite3.Connection, head: str, rows: Sequence[tuple[object, ...]], tail: str = ""
) -> None:
    """`head` VALUES (…), (…) `tail` for all rows, in few statements.

    Each step of a statement gives the interpreter lock away and waits to get it back: one
    statement for 64 rows waits once where `executemany` waits 64 times.
    """
    done = 0
    while done < len(rows):
        size = min(ROWS_MAX, 1 << ((len(rows) - done).bit_length() - 1))
        part = rows[done : done + size]
        values = [value for row in part for value in row]
        db.execute(_insert_sql(head, len(part[0]), size, tail), values)
        done += size


@lru_cache(maxsize=256)
def _insert_sql(head: str, columns: int, rows: int, tail: str) -> str:
    row = f"({','.join('?' * columns)})"
    return f"{head} VALUES {','.join([row] * rows)} {tail}"


def _as_disk_fault(error: Exception) -> Exception:
    """A disk that is full or unreadable is the world's no, not a bug of who asked."""
    code = getattr(error, "sqlite_errorcode", None)
    fault: Exception
    if _no_room(error):
        fault = DiskFull(f"the disk is full: {error}")
    elif code is not None and code & 0xFF in _DISK_FAULTS:
        fault = DatabaseBroken(f"the disk says no: {error}")
    else:
        return error
    fault.__cause__ = error
    return fault


def _no_room(error: BaseException) -> bool:
    """Whether a write found no room, which is a no; a flush that failed is something else.

    The index of the WAL is a file as well: that it cannot grow has a code of its own.
    """
    code = getattr(error, "sqlite_errorcode", None)
    return code in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_SHMSIZE)


_DISK_FAULTS = frozenset({sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CORRUPT})
"""Primary result codes (the low byte of what SQLite reports)."""


def _fail(answer: "asyncio.Future[Any]", error: Exception) -> None:
    if not answer.done():
        answer.set_exception(error)


def describe_sqlite() -> str:
    """Which SQLite this is, and why the WAL-reset bug cannot strike."""
    version = sqlite3.sqlite_version
    if sqlite3.sqlite_version_info >= WAL_RESET_FIXED:
        return f"SQLite {version}: free of the WAL-reset bug"
    return (
        f"SQLite {version} has the WAL-reset bug (fixed in 3.51.3); it cannot strike here: "
        "one connection writes and checkpoints, readers do neither"
    )
