"""The journal: every committed event, once, in order; audit trail, outbox and source of followers.

Entries are appended inside the transaction that changes the state they describe. Each process
start writes a stream of its own, opened at its first write, so that a restored backup or a clone
can never use a number again.
"""

import asyncio
import sqlite3
from collections import deque
from collections.abc import Iterable, Sequence

import msgspec
from msgspec.structs import replace

from edge.database import Database, insert_rows
from edge.platform import Platform
from protocol import PROTOCOL
from protocol.clock import Confidence, Reading, Stamp, believable, tick
from protocol.events import EVENT_VERSION, Event, StreamOpened, aggregate_of, encode, tag_of
from protocol.ids import CommandId, StreamId, event_id
from protocol.journal import CHAIN_START, Entry, Position, link
from protocol.orders import Order

RECENT_MAX = 4_096
"""Entries kept in memory, so that followers close to the head never read the disk."""

BUILT_MS = 1_795_000_000_000
"""A moment before this build was made (2026-11): a clock that shows less is wrong."""

COLUMNS = (
    "event_id, type, version, aggregate_kind, aggregate_id, stamp, wall_ms, mono_ms, boot,"
    " confidence, command_id, actor, body"
)
_INSERT = f"INSERT INTO journal (position, stream_id, seq, chain, {COLUMNS})"


class Followed(msgspec.Struct, frozen=True, gc=False):
    """An entry as a follower gets it; `order` is its order as of the commit, when still at hand."""

    at: Position
    entry: Entry
    order: Order | None = None


class _Head(msgspec.Struct, frozen=True, gc=False):
    position: int = 0
    stamp: Stamp = Stamp(0)
    stream: StreamId = StreamId("")
    stream_id: int = 0
    seq: int = 0
    chain: bytes = CHAIN_START


class Journal:
    """Appends inside transactions of `Database.write`; hands entries to followers after commit."""

    def __init__(
        self, database: Database, platform: Platform, *, node_id: str, product: str
    ) -> None:
        self.database = database
        self.platform = platform
        self.node_id = node_id
        self.product = product
        self.position = 0
        """The last committed position; gap-free from 1."""
        self.stream: StreamId | None = None
        self._unsure_since: tuple[int, int] | None = None
        self._head = _Head()
        self._parent = _Head()
        self._pending: list[Followed] = []
        self._written = 0
        self._marks: list[tuple[_Head, StreamId | None, int]] = []
        self._recent: deque[Followed] = deque(maxlen=RECENT_MAX)
        self._moved = asyncio.Event()

    async def start(self) -> None:
        """Find the head; the stream of this process is opened at its first write."""
        row = await self.database.write(_last_row)
        if row is not None:
            position, stamp, stream, stream_id, seq, chain = row
            self._head = _Head(position, Stamp(stamp), StreamId(stream), stream_id, seq, chain)
            self.position = position
        self._parent = self._head
        self.database.participants.append(self)

    def reading(self) -> Reading:
        """What the clocks show now, with a wall time that is never before the last entry's."""
        wall, confidence = believable(
            self.platform.wall_ms(), BUILT_MS, self._head.stamp, self.platform.clock_synced
        )
        mono = self.platform.mono_ms()
        if confidence is Confidence.UNCERTAIN:
            # No clock to believe: time goes on from where it was known, at the monotonic pace.
            if self._unsure_since is None:
                self._unsure_since = (wall, mono)
            known, then = self._unsure_since
            wall = max(wall, known + mono - then)
        else:
            self._unsure_since = None
        return Reading(wall, mono, self.platform.boot, confidence)

    def append(
        self,
        db: sqlite3.Connection,
        events: Sequence[Event],
        reading: Reading,
        *,
        command_id: CommandId,
        actor: str = "",
        order: Order | None = None,
    ) -> int:
        """Append events inside the running transaction; returns the position of the last."""
        self.open_stream(db, reading)
        position = self.stage(events, reading, command_id=command_id, actor=actor, order=order)
        self.write(db)
        return position

    def open_stream(self, db: sqlite3.Connection, reading: Reading) -> None:
        """Open this process's stream at its first write."""
        if self.stream is None:
            self._open_stream(db, reading)

    def stage(
        self,
        events: Sequence[Event],
        reading: Reading,
        *,
        command_id: CommandId,
        actor: str = "",
        order: Order | None = None,
    ) -> int:
        """Give events their places; `write` must follow in the same transaction.

        `order` is the order after these events: followers get it without reading the disk.
        """
        stamped_ms = self.platform.wall_ms()
        head, staged = self._head, len(self._pending)
        try:
            for index, event in enumerate(events):
                followed = self._next(event, index, reading, stamped_ms, command_id, actor, order)
                self._pending.append(followed)
        except Exception:
            # All of a command's events or none: half of them would be an order nobody has.
            self._head = head
            del self._pending[staged:]
            raise
        return self._head.position

    def write(self, db: sqlite3.Connection) -> None:
        """Insert everything staged since the last write."""
        staged = self._pending[self._written :]
        insert_rows(db, _INSERT, [_row(self._head.stream_id, f) for f in staged])
        self._written = len(self._pending)

    def mark(self) -> int:
        """Remember where memory stands before a piece of work (see `database.Participant`)."""
        self._marks.append((self._head, self.stream, len(self._pending)))
        return len(self._marks) - 1

    def rollback(self, mark: int) -> None:
        """Forget what was appended since `mark`: its transaction did not happen."""
        if mark < len(self._marks):
            self._head, self.stream, length = self._marks[mark]
            del self._pending[length:]
            self._written = length

    def committed(self) -> None:
        """The group is on disk: hand its entries over and wake the followers."""
        self._marks.clear()
        if self._pending:
            self._recent.extend(self._pending)
            self.position = self._pending[-1].at.position
            self._pending.clear()
            self._written = 0
            self._moved.set()
            self._moved = asyncio.Event()

    async def wait_after(self, position: int) -> None:
        """Return once something is committed after `position`."""
        while self.position <= position:
            await self._moved.wait()

    async def read_after(self, position: int, limit: int) -> list[Followed]:
        """Up to `limit` committed entries after `position`, oldest first, without a gap."""
        if self._recent and self._recent[0].at.position <= position + 1:
            skip = position + 1 - self._recent[0].at.position
            end = min(len(self._recent), skip + limit)
            return [self._recent[i] for i in range(skip, end)]
        found = await self.database.read(lambda db: read_rows(db, position, limit))
        gap_free = all(f.at.position == position + 1 + i for i, f in enumerate(found))
        assert gap_free, f"the journal has a gap after position {position}"
        return found

    def _open_stream(self, db: sqlite3.Connection, reading: Reading) -> None:
        parent = self._parent
        self.stream = StreamId(self.platform.entropy(16).hex())
        stream_id = db.execute("INSERT INTO streams (stream) VALUES (?)", (self.stream,)).lastrowid
        assert stream_id is not None
        self._head = replace(
            self._head, stream=self.stream, stream_id=stream_id, seq=0, chain=CHAIN_START
        )
        opened = StreamOpened(
            node_id=self.node_id,
            boot=reading.boot,
            product=self.product,
            protocol=PROTOCOL,
            sqlite=sqlite3.sqlite_version,
            wall_ms=reading.wall_ms,
            mono_ms=reading.mono_ms,
            confidence=reading.confidence,
            parent=parent.stream or None,
            parent_seq=parent.seq,
            parent_chain=parent.chain.hex(),
        )
        self.stage(
            [opened], reading, command_id=CommandId(self.platform.new_id()), actor=self.node_id
        )
        self.write(db)

    def _next(
        self,
        event: Event,
        index: int,
        reading: Reading,
        stamped_ms: int,
        command_id: CommandId,
        actor: str,
        order: Order | None,
    ) -> Followed:
        head, tag = self._head, tag_of(event)
        kind, aggregate = aggregate_of(event)
        entry = Entry(
            event_id(command_id, tag, aggregate, index),
            tag,
            EVENT_VERSION,
            kind,
            aggregate,
            tick(head.stamp, reading.wall_ms),
            stamped_ms,
            reading.mono_ms,
            reading.boot,
            reading.confidence,
            command_id,
            actor,
            encode(event),
        )
        chain = link(head.chain, entry.event_id, entry.body)
        self._head = _Head(
            head.position + 1, entry.stamp, head.stream, head.stream_id, head.seq + 1, chain
        )
        return Followed(Position(head.position + 1, head.stream, head.seq + 1, chain), entry, order)


def read_rows(db: sqlite3.Connection, after: int, limit: int) -> list[Followed]:
    """Stored entries after a position, oldest first."""
    rows: Iterable[tuple[object, ...]] = db.execute(
        f"SELECT position, stream, seq, chain, {COLUMNS} FROM journal"
        " JOIN streams ON streams.id = stream_id WHERE position > ? ORDER BY position LIMIT ?",
        (after, limit),
    )
    return [_followed(row) for row in rows]


def _followed(row: tuple[object, ...]) -> Followed:
    fields = list(row)
    fields[13] = Confidence(str(fields[13]))
    return Followed(Position(*fields[:4]), Entry(*fields[4:]))  # type: ignore[arg-type]


def _row(stream_id: int, followed: Followed) -> tuple[object, ...]:
    at, e = followed.at, followed.entry
    return (
        at.position,
        stream_id,
        at.seq,
        at.chain,
        e.event_id,
        e.type,
        e.version,
        e.aggregate_kind,
        e.aggregate_id,
        e.stamp,
        e.wall_ms,
        e.mono_ms,
        e.boot,
        e.confidence.value,
        e.command_id,
        e.actor,
        e.body,
    )


def _last_row(db: sqlite3.Connection) -> tuple[int, int, str, int, int, bytes] | None:
    row: tuple[int, int, str, int, int, bytes] | None = db.execute(
        "SELECT position, stamp, stream, stream_id, seq, chain FROM journal"
        " JOIN streams ON streams.id = stream_id ORDER BY position DESC LIMIT 1"
    ).fetchone()
    return row
