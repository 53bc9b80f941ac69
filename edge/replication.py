"""Stage 6: entries go up to HQ in batches, and stay until HQ has confirmed them by their chain."""

import asyncio
import contextlib
import logging
import sqlite3
from collections.abc import Sequence

from edge.database import Busy, Database, DatabaseBroken
from edge.follower import Fault
from edge.journal import Followed, Journal, read_rows
from edge.platform import Platform
from edge.uplink import HqRefused, HqSaysHello, Uplink
from protocol import PROTOCOL
from protocol.ids import StreamId
from protocol.journal import CHAIN_START
from protocol.replication import (
    BATCH_ENTRIES_MAX,
    Ack,
    Batch,
    Hello,
    KnownStream,
    Receipt,
    Segment,
    StreamState,
    Welcome,
)

log = logging.getLogger("edge.replication")

LINGER_S = 0.1
"""How long fresh entries wait for company before they are sent."""
HELLO_EVERY_S = 600.0
BACK_OFF_FIRST_S = 1.0
BACK_OFF_LAST_S = 60.0
ENTRIES_FIRST = 500
BYTES_MAX = 1_000_000
"""Raw bytes after which a batch is closed, well under what HQ takes."""


class Replication:
    """One batch in flight at a time; every retry is driven by a timer with full jitter."""

    def __init__(
        self,
        uplink: Uplink,
        journal: Journal,
        database: Database,
        platform: Platform,
        *,
        product: str,
    ) -> None:
        self.uplink = uplink
        self.journal = journal
        self.database = database
        self.platform = platform
        self.product = product
        self.incarnation = ""
        self.sent_through = 0
        """Everything up to this position is confirmed by HQ."""
        self.fault: str | None = None
        self.answered = True
        """Whether the fault is HQ's own no, or a bug, and not merely a line that is down."""
        self.alarms: list[str] = []
        """What a hello found that a person should know; HQ is told the same."""
        self.last_heard_ms: int | None = None
        self.batches = 0
        self.entries = 0
        self._size = ENTRIES_FIRST
        self._attempt = 0
        self._diverged: set[StreamId] = set()
        self._heard = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    @property
    def unsent(self) -> int:
        """Committed entries that HQ has not confirmed."""
        return self.journal.position - self.sent_through

    async def start(self) -> None:
        """Begin with a hello."""
        self._task = asyncio.create_task(self._run(), name="replication")

    async def stop(self) -> None:
        """Stop; what is unsent is sent after the next start."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    async def _run(self) -> None:
        while True:
            try:
                await self._hello()
                await self._send_until(self.platform.mono_ms() + int(HELLO_EVERY_S * 1000))
            except HqSaysHello as reason:
                log.info("HQ asks for a hello: %s", reason)
                await self._pause()
            except Fault as fault:
                self.answered = isinstance(fault, HqRefused)
                self._note_fault(str(fault))
                await self._pause()
            except (Busy, DatabaseBroken):
                await self._pause()
            except Exception as bug:
                # What is kept here is safe; a line that ended in silence would not be missed.
                if self.fault is None:
                    log.exception("sending to HQ stopped at a bug; it is tried again")
                self.answered = True
                self._note_fault(f"Sending stopped at a bug ({bug!r})")
                await self._pause()

    async def _pause(self) -> None:
        """Back off until a batch gets through; never wait for something new to happen."""
        ceiling = min(BACK_OFF_LAST_S, BACK_OFF_FIRST_S * 2 ** min(self._attempt, 10))
        self._attempt += 1
        self._heard.clear()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._heard.wait(), self.platform.jitter(ceiling))

    def try_now(self) -> None:
        """HQ answers again, as its feed shows: do not sit out a pause that grew while it was away."""
        self._heard.set()

    async def _hello(self) -> None:
        states = await self.database.read(_stream_states)
        cursor = await self.database.read(_feed_cursor)
        welcome = await self.uplink.hello(
            Hello(
                protocol=PROTOCOL,
                product=self.product,
                boot=self.platform.boot,
                clock=self.journal.reading(),
                streams=tuple(states),
                feed_incarnation=cursor[0],
                feed_pos=cursor[1],
                menu_version=cursor[2],
                unsent=self.unsent,
            )
        )
        self.incarnation = welcome.incarnation
        self.platform.clock_synced |= abs(welcome.server_ms - self.platform.wall_ms()) < 60_000
        await self._compare(states, welcome)
        self.sent_through = await self.database.read(_sent_through)
        self._note_heard()

    async def _compare(self, states: Sequence[StreamState], welcome: Welcome) -> None:
        """Stream by stream: what HQ has, proven by its chain, is acked; what it lacks is sent."""
        known = {s.stream: s for s in welcome.streams}
        alarms: list[str] = []
        acked: list[tuple[int, str]] = []
        for state in states:
            at_hq = known.pop(state.stream, KnownStream(state.stream, 0, CHAIN_START, 0))
            through = min(at_hq.last, state.last)
            ours = await self._chain_at(state.stream, at_hq.last)
            if at_hq.last > state.last:
                alarms.append(
                    f"HQ holds {at_hq.last - state.last} entries of stream {state.stream[:8]} that"
                    " this box has not: it was restored from a backup"
                )
                # Whether the shorter one is the same so far only a segment sent again can prove.
                continue
            if ours != at_hq.chain_last:
                self._diverged.add(state.stream)
                alarms.append(
                    f"stream {state.stream[:8]} differs from what HQ holds: two boxes have written"
                    " it. Nothing is deleted on either side"
                )
                continue
            if at_hq.last < state.acked:
                alarms.append(
                    f"HQ has lost {state.acked - at_hq.last} entries it had confirmed: they are"
                    " sent again"
                )
            acked.append((through, state.stream))
        missing = sum(1 for s in known.values() if s.last)
        if missing:
            alarms.append(f"HQ holds {missing} streams of this outlet that this box has not")
        for alarm in alarms:
            if alarm not in self.alarms:
                log.warning("%s", alarm)
        self.alarms = alarms
        await self.database.write(
            lambda db: db.executemany("UPDATE streams SET acked_seq = ? WHERE stream = ?", acked)
        )

    async def _chain_at(self, stream: StreamId, seq: int) -> bytes:
        if seq == 0:
            return CHAIN_START
        return await self.database.read(lambda db: _chain_at(db, stream, seq))

    async def _send_until(self, deadline_ms: int) -> None:
        while (left := deadline_ms - self.platform.mono_ms()) > 0:
            if self.unsent == 0:
                self._attempt = 0
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self.journal.wait_after(self.sent_through), left / 1000)
                await asyncio.sleep(LINGER_S)
                continue
            batch, last = await self._next_batch()
            if not batch.segments:
                self.sent_through = last
                continue
            try:
                receipt = await self.uplink.send(batch)
            except Fault:
                self._size = max(1, self._size // 2)
                raise
            await self._take_receipt(batch, receipt, last)

    async def _next_batch(self) -> tuple[Batch, int]:
        found = await self.journal.read_after(self.sent_through, self._size)
        segments: list[Segment] = []
        size, last = 0, self.sent_through
        run: list[Followed] = []
        for followed in found:
            size += len(followed.entry.body) + 300
            if run and followed.at.stream != run[-1].at.stream:
                segments.append(await self._segment(run))
                run = []
            if followed.at.stream not in self._diverged:
                run.append(followed)
            last = followed.at.position
            if size > BYTES_MAX:
                break
        if run:
            segments.append(await self._segment(run))
        batch = Batch(
            incarnation=self.incarnation,
            sent_ms=self.journal.reading().wall_ms,
            segments=tuple(segments),
            unsent=self.journal.position - last,
        )
        return batch, last

    async def _segment(self, run: Sequence[Followed]) -> Segment:
        stream, first = run[0].at.stream, run[0].at.seq
        previous = await self._chain_at(stream, first - 1)
        return Segment(stream, first, previous, tuple(f.entry for f in run))

    async def _take_receipt(self, batch: Batch, receipt: Receipt, last: int) -> None:
        if receipt.incarnation != self.incarnation:
            raise HqSaysHello("HQ is not the one that was greeted")
        good = [a for a in receipt.acks if a.verdict == "ok"]
        await self.database.write(lambda db: _mark_acked(db, good))
        self.batches += 1
        self._note_heard()
        if len(good) != len(batch.segments) or not _covers(batch, good):
            raise HqSaysHello("HQ did not confirm a whole batch")
        self.entries += sum(len(s.entries) for s in batch.segments)
        self.sent_through = last
        self._attempt = 0
        self._size = min(BATCH_ENTRIES_MAX, self._size + self._size // 4 + 1)

    def _note_heard(self) -> None:
        self.last_heard_ms = self.journal.reading().wall_ms
        if self.fault is not None:
            log.info("HQ is there again; %d entries to send", self.unsent)
        self.fault = None

    def _note_fault(self, sentence: str) -> None:
        if self.fault is None:
            log.warning("%s; orders are kept here and sent when it is back", sentence)
        self.fault = sentence


def _covers(batch: Batch, acks: Sequence[Ack]) -> bool:
    ends = {s.stream: s.first_seq + len(s.entries) - 1 for s in batch.segments}
    confirmed: dict[StreamId, int] = {}
    for ack in acks:
        confirmed[ack.stream] = max(confirmed.get(ack.stream, 0), ack.seq)
    return all(confirmed.get(stream, 0) >= end for stream, end in ends.items())


def _stream_states(db: sqlite3.Connection) -> list[StreamState]:
    rows = db.execute(
        "SELECT s.stream, min(j.seq), max(j.seq), s.acked_seq, s.id"
        " FROM streams s JOIN journal j ON j.stream_id = s.id GROUP BY s.id ORDER BY s.id"
    ).fetchall()
    return [
        StreamState(StreamId(stream), first, last, _chain_at(db, StreamId(stream), last), acked)
        for stream, first, last, acked, _ in rows
    ]


def _chain_at(db: sqlite3.Connection, stream: StreamId, seq: int) -> bytes:
    row = db.execute(
        "SELECT chain FROM journal WHERE stream_id = (SELECT id FROM streams WHERE stream = ?)"
        " AND seq = ?",
        (stream, seq),
    ).fetchone()
    return row[0] if row else CHAIN_START


def _sent_through(db: sqlite3.Connection) -> int:
    row = db.execute(
        "SELECT min(j.position) FROM streams s JOIN journal j"
        " ON j.stream_id = s.id AND j.seq = s.acked_seq + 1"
    ).fetchone()
    if row[0] is not None:
        return int(row[0]) - 1
    return int(db.execute("SELECT coalesce(max(position), 0) FROM journal").fetchone()[0])


def _mark_acked(db: sqlite3.Connection, acks: Sequence[Ack]) -> None:
    db.executemany(
        "UPDATE streams SET acked_seq = max(acked_seq, ?) WHERE stream = ?",
        [(a.seq, a.stream) for a in acks],
    )


def _feed_cursor(db: sqlite3.Connection) -> tuple[str, int, int]:
    facts = dict(db.execute("SELECT name, value FROM facts WHERE name LIKE 'feed_%'"))
    menu = db.execute("SELECT max(version) FROM menus").fetchone()[0] or 0
    return facts.get("feed_incarnation", ""), int(facts.get("feed_pos", "0")), menu


def oldest_unsent_ms(db: sqlite3.Connection, sent_through: int) -> int | None:
    """When the oldest entry that HQ has not confirmed was written (Unix milliseconds)."""
    rows = read_rows(db, sent_through, 1)
    return rows[0].entry.wall_ms if rows else None
