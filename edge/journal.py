"""The journal: every committed event, once, in order; audit trail, outbox and source of followers.

Entries are appended inside the transaction that changes the state they describe. Each process
start writes a stream of its own, opened at its first write, so that a restored backup or a clone
can never use a number again.
"""

import asyncio
import sqlite3
import threading
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

import msgspec
from msgspec.structs import replace

from edge.database import Database, insert_rows
from edge.journal_table import (
    INSERT,
    INSERT_RETURNED,
    RETURNED,
    Followed,
    LastRow,
    body_of,
    end_of,
    first_position,
    high_water,
    keep_stamp,
    last_row,
    mark_superseded,
    move_tail,
    read_rows,
    row_of,
)
from edge.platform import Platform
from protocol import PROTOCOL
from protocol.box_events import StreamForked, StreamOpened
from protocol.clock import (
    AHEAD_MS_MAX,
    Confidence,
    Reading,
    Stamp,
    believable,
    receive,
    wall_ms_of,
)
from protocol.events import EVENT_VERSION, Event, aggregate_of, tag_of
from protocol.ids import CommandId, EventId, StreamId, event_id
from protocol.journal import CHAIN_START, Entry, Position, link
from protocol.orders import Order

__all__ = ["BUILT_MS", "RECENT_MAX", "DoesNotFollow", "Followed", "Journal", "read_rows"]

NO_ORDERS: Mapping[str, Order] = MappingProxyType({})
RECENT_MAX = 4_096
"""Entries kept in memory, so that followers close to the head never read the disk."""

BUILT_MS = 1_795_000_000_000
"""A moment before this build was made (2026-11): a clock that shows less is wrong."""


class DoesNotFollow(ValueError):
    """Entries from HQ that do not continue, by their chain, what is here of their stream."""


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
        """The last committed position. Positions have no gap, but the oldest are pruned some day."""
        self.stream: StreamId | None = None
        self._unsure_since: tuple[int, int] | None = None
        self._head = _Head()
        self._seen = Stamp(0)
        self._seeing = threading.Lock()
        self._moved_entries = False
        self._pending: list[Followed] = []
        self._written = 0
        self._marks: list[tuple[_Head, StreamId | None, int]] = []
        self._recent: deque[Followed] = deque(maxlen=RECENT_MAX)
        self._moved = asyncio.Event()

    async def start(self) -> None:
        """Find the head; the stream of this process is opened at its first write."""
        row, passed, stamp = await self.database.write(_ends)
        if row is not None:
            position, last_stamp, stream, stream_id, seq, chain = row
            self._head = _Head(position, Stamp(last_stamp), StreamId(stream), stream_id, seq, chain)
        self._head = replace(self._head, position=max(self._head.position, passed))
        self.receive(Stamp(stamp))
        self.position = self._head.position
        self.database.participants.append(self)

    def reading(self) -> Reading:
        """What the clocks show now, with a wall time that is never before the last entry's."""
        wall, confidence = believable(
            self.platform.wall_ms(),
            BUILT_MS,
            max(self._head.stamp, self._seen),
            self.platform.clock_synced,
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

    def stamp(self) -> Stamp:
        """The hybrid clock now; each call is later than the one before, and so is what follows."""
        with self._seeing:
            self._seen = receive(self._head.stamp, self._seen, self.reading().wall_ms)
            return self._seen

    def receive(self, stamp: Stamp, db: sqlite3.Connection | None = None) -> None:
        """What is appended from now on is stamped later than `stamp`, which somebody has shown us.

        The next entry makes that durable; within a transaction (`db`) it is so at once. A stamp of
        a time further ahead than any build is used is not taken: one HQ at 2099 would otherwise
        date everything after it, and could never be undone.
        """
        if wall_ms_of(stamp) > BUILT_MS + AHEAD_MS_MAX:
            return
        with self._seeing:
            self._seen = max(self._seen, stamp)
        if db is not None and self._seen > self._head.stamp:
            keep_stamp(db, self._seen)

    def append(
        self,
        db: sqlite3.Connection,
        events: Sequence[Event],
        reading: Reading,
        *,
        command_id: CommandId,
        actor: str = "",
        orders: Mapping[str, Order] = NO_ORDERS,
    ) -> int:
        """Append events inside the running transaction; returns the position of the last."""
        self.open_stream(db, reading)
        position = self.stage(events, reading, command_id=command_id, actor=actor, orders=orders)
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
        orders: Mapping[str, Order] = NO_ORDERS,
    ) -> int:
        """Give events their places; `write` must follow in the same transaction.

        `orders` are the orders after these events, by id: followers get them without reading the disk.
        """
        stamped_ms = self.platform.wall_ms()
        head, staged = self._head, len(self._pending)
        try:
            for index, event in enumerate(events):
                followed = self._next(event, index, reading, stamped_ms, command_id, actor, orders)
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
        insert_rows(db, INSERT, [row_of(self._head.stream_id, f) for f in staged])
        self._written = len(self._pending)

    def append_returned(
        self,
        db: sqlite3.Connection,
        stream: StreamId,
        entries: Iterable[tuple[Entry, int, bytes]],
    ) -> int:
        """Append entries of the outlet that came back from HQ: (entry, seq, chain), seq ascending.

        They get positions of their own here, keep HQ's stream, seq and chain, stand as RETURNED and
        count as confirmed. What is here already is passed over, so a page may come twice. Returns
        how many were new. Raises DoesNotFollow when they do not continue what is here.
        """
        assert stream != self.stream, "the stream that this process writes is never extended"
        self.write(db)
        stream_id, last, chain = end_of(db, stream)
        head, found, latest = self._head, list[Followed](), self._head.stamp
        for entry, seq, chain_after in entries:
            if seq <= last:
                continue
            chain = link(chain, entry.event_id, entry.body)
            if seq != last + 1 or chain != chain_after:
                raise DoesNotFollow(f"entry {seq} of stream {stream[:8]} does not follow {last}")
            last = seq
            at = Position(head.position + len(found) + 1, stream, seq, chain)
            found.append(Followed(at, entry, None, RETURNED))
            if wall_ms_of(entry.stamp) <= BUILT_MS + AHEAD_MS_MAX:
                latest = max(latest, entry.stamp)
        insert_rows(db, INSERT_RETURNED, [(RETURNED, *row_of(stream_id, f)) for f in found])
        db.execute(
            "UPDATE streams SET acked_seq = max(acked_seq, ?) WHERE id = ?", (last, stream_id)
        )
        if latest > head.stamp:
            keep_stamp(db, max(latest, self._seen))
        self._head = replace(head, position=head.position + len(found), stamp=latest)
        self._pending.extend(found)
        self._written = len(self._pending)
        return len(found)

    def mark_superseded(self, db: sqlite3.Connection, event_ids: Iterable[EventId]) -> None:
        """These were written here a second time, after a loss: the copy that came back counts."""
        mark_superseded(db, event_ids)

    def retire(self, stream: StreamId, last: int) -> bool:
        """Write nothing more to `stream`: HQ has more of it than we. Inside a transaction.

        False when it is being written and has gone on after `last`: it must be compared again.
        """
        if self.stream == stream:
            if self._head.seq != last:
                return False
            self.stream = None
        return True

    def fork(self, db: sqlite3.Connection, stream: StreamId, common_seq: int) -> StreamForked:
        """Move what is here after `common_seq` to a fresh stream, inside the running transaction.

        For a journal that two boxes have written. This process opens another stream of its own at
        its next write, which is the event that tells of the fork.
        """
        self.write(db)
        fresh = StreamId(self.platform.entropy(16).hex())
        fresh_id, moved, chain = move_tail(db, stream, common_seq, fresh)
        if self._head.stream == stream:
            self._head = replace(
                self._head, stream=fresh, stream_id=fresh_id, seq=moved, chain=chain
            )
        if self.stream == stream:
            self.stream = None
        # What memory holds of these entries names places that are no more.
        self._moved_entries = True
        reading = self.reading()
        told = StreamForked(
            node_id=self.node_id,
            stream=stream,
            common_seq=common_seq,
            moved_to=fresh,
            moved=moved,
            at_ms=reading.wall_ms,
        )
        command = CommandId(self.platform.new_id())
        self.append(db, [told], reading, command_id=command, actor=self.node_id)
        return told

    def mark(self) -> int:
        """Remember where memory stands before a piece of work (see `database.Participant`)."""
        self._marks.append((self._head, self.stream, len(self._pending)))
        return len(self._marks) - 1

    def rollback(self, mark: int) -> None:
        """Forget what was appended since `mark`: its transaction did not happen."""
        if mark < len(self._marks):
            self._head, self.stream, length = self._marks[mark]
            del self._marks[mark:]
            del self._pending[length:]
            self._written = length

    def committed(self) -> None:
        """The group is on disk: hand its entries over and wake the followers."""
        self._marks.clear()
        if self._pending:
            self._recent.extend(self._pending)
            if self._moved_entries:
                self._recent.clear()
                self._moved_entries = False
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
        first = found[0].at.position if found else position + 1
        if first != position + 1:
            # The front was pruned: only what every follower had passed.
            oldest = await self.database.read(first_position)
            assert first <= oldest, f"the journal has a gap after position {position}"
        gap_free = all(f.at.position == first + i for i, f in enumerate(found))
        assert gap_free, f"the journal has a gap after position {first}"
        return found

    def _open_stream(self, db: sqlite3.Connection, reading: Reading) -> None:
        parent = self._head
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
        orders: Mapping[str, Order],
    ) -> Followed:
        head, tag = self._head, tag_of(event)
        kind, aggregate = aggregate_of(event)
        entry = Entry(
            event_id(command_id, tag, aggregate, index),
            tag,
            EVENT_VERSION,
            kind,
            aggregate,
            receive(head.stamp, self._seen, reading.wall_ms),
            stamped_ms,
            reading.mono_ms,
            reading.boot,
            reading.confidence,
            command_id,
            actor,
            body_of(event),
        )
        chain = link(head.chain, entry.event_id, entry.body)
        self._head = _Head(
            head.position + 1, entry.stamp, head.stream, head.stream_id, head.seq + 1, chain
        )
        order = orders.get(getattr(event, "order_id", None) or "")
        return Followed(Position(head.position + 1, head.stream, head.seq + 1, chain), entry, order)


def _ends(db: sqlite3.Connection) -> tuple[LastRow | None, int, int]:
    return last_row(db), *high_water(db)
