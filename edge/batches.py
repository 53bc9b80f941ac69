"""What goes up next: runs of entries that HQ has not confirmed, each with the chain before it."""

from collections.abc import Sequence

from msgspec.structs import replace

from edge.database import Database
from edge.greeting import chain_at
from edge.journal import Followed, Journal
from protocol.clock import STAMP_MAX, Confidence, Stamp
from protocol.ids import CommandId, EventId, StreamId
from protocol.journal import Entry
from protocol.replication import SHIPPED_AS_OPAQUE, Ack, Batch, Segment

ENVELOPE_BYTES = 300
"""What an entry takes beside its body, about."""
TEXT_MAX = 200


class Batches:
    """Builds batches from what follows `sent_through`, and takes what HQ says to them.

    `acked` is how far each stream is confirmed: what came back from HQ is, and is passed over.
    """

    def __init__(self, journal: Journal, database: Database) -> None:
        self.journal = journal
        self.database = database
        self.acked: dict[StreamId, int] = {}
        self.opaque: EventId | None = None
        """The entry whose envelope HQ cannot read: it goes in a plain one."""

    async def next(
        self, after: int, entries_max: int, bytes_max: int, incarnation: str
    ) -> tuple[Batch, int]:
        """The next batch and the position it reaches; without segments when all of it is there."""
        head = self.journal.position
        found = await self.journal.read_after(after, entries_max)
        runs: list[list[Followed]] = []
        size, last = 0, after if found else head
        for followed in found:
            at = followed.at
            if at.seq > self.acked.get(at.stream, 0):
                size += len(followed.entry.body) + ENVELOPE_BYTES
                if size > bytes_max and runs:
                    break
                if runs and _follows(runs[-1][-1], followed):
                    runs[-1].append(followed)
                else:
                    runs.append([followed])
            last = at.position
        batch = Batch(
            incarnation=incarnation,
            sent_ms=self.journal.reading().wall_ms,
            segments=tuple([await self._segment(run) for run in runs]),
            unsent=max(0, self.journal.position - last),
        )
        return batch, last

    async def _segment(self, run: Sequence[Followed]) -> Segment:
        stream, first = run[0].at.stream, run[0].at.seq
        previous = await self.database.read(lambda db: chain_at(db, stream, first - 1))
        assert previous is not None, f"the chain before entry {first} of {stream} is not kept"
        entries = tuple(
            in_plain_envelope(f.entry) if f.entry.event_id == self.opaque else f.entry for f in run
        )
        return Segment(stream, first, previous, entries)

    async def take(self, batch: Batch, acks: Sequence[Ack]) -> bool:
        """Mark what HQ confirmed of each segment, never more; whether that is all of the batch."""
        good: dict[StreamId, int] = {}
        whole = len(acks) == len(batch.segments)
        for segment, ack in zip(batch.segments, acks, strict=False):
            end = segment.first_seq + len(segment.entries) - 1
            if ack.stream != segment.stream or ack.verdict != "ok" or ack.seq < segment.first_seq:
                whole = False
                continue
            whole &= ack.seq >= end
            good[ack.stream] = max(good.get(ack.stream, 0), min(ack.seq, end))
        await self.database.write(
            lambda db: db.executemany(
                "UPDATE streams SET acked_seq = max(acked_seq, ?) WHERE stream = ?",
                [(seq, stream) for stream, seq in good.items()],
            )
        )
        for stream, seq in good.items():
            self.acked[stream] = max(seq, self.acked.get(stream, 0))
        return whole


def entries_of(batch: Batch) -> int:
    """How many entries a batch has."""
    return sum(len(s.entries) for s in batch.segments)


def in_plain_envelope(entry: Entry) -> Entry:
    """The same event in an envelope that every HQ can read: id and body, which the chain covers,
    stay; the real type stands in the aggregate id.
    """
    return replace(
        entry,
        type=SHIPPED_AS_OPAQUE,
        version=1,
        aggregate_kind="opaque",
        aggregate_id=_plain(entry.type),
        stamp=Stamp(_within(entry.stamp)),
        wall_ms=_within(entry.wall_ms),
        mono_ms=_within(entry.mono_ms),
        boot=_plain(entry.boot),
        confidence=Confidence.UNCERTAIN,
        command_id=CommandId(_plain(entry.command_id)),
        actor=_plain(entry.actor),
    )


def _follows(before: Followed, after: Followed) -> bool:
    return before.at.stream == after.at.stream and before.at.seq + 1 == after.at.seq


def _plain(text: str) -> str:
    kept = (c if c.isascii() and c.isprintable() else "?" for c in text[:TEXT_MAX])
    return "".join(kept)


def _within(number: int) -> int:
    return max(0, min(number, STAMP_MAX))
