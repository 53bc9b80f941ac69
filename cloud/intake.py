"""Batches from boxes: verify the chain, append to the ledger, acknowledge what was verified."""

from contextlib import suppress
from typing import Any, NamedTuple

from msgspec.structs import replace

from cloud.clock import Clock
from cloud.database import BadData, Database, Transaction
from cloud.metrics import Metrics
from cloud.nodes import Node
from cloud.oddities import Oddity, find_differing, note_oddities
from cloud.platform import Platform
from protocol.box_events import StreamForked
from protocol.journal import CHAIN_START, Entry, chain_over
from protocol.replication import (
    BATCH_ENTRIES_MAX,
    Ack,
    Batch,
    Receipt,
    Segment,
)

STREAM_CHARS_MAX = 64
TEXT_CHARS_MAX = 200
FORKED = str(StreamForked.__struct_config__.tag)
INTEGER_MAX = (1 << 31) - 1
BIGINT_MAX = (1 << 63) - 1

APPEND = """
INSERT INTO ledger (tenant_id, outlet_id, position, stream, seq, chain, event_id, type, version,
    aggregate_kind, aggregate_id, stamp, wall_ms, mono_ms, boot, confidence, command_id, actor,
    body, received_ms, duplicate)
SELECT $1, $2, position, stream, seq, chain, event_id, type, version,
    aggregate_kind, aggregate_id, stamp, wall_ms, mono_ms, boot, confidence, command_id, actor,
    body, $3, $4
FROM unnest($5::bigint[], $6::text[], $7::bigint[], $8::bytea[], $9::bytea[], $10::text[],
    $11::integer[], $12::text[], $13::text[], $14::bigint[], $15::bigint[], $16::bigint[],
    $17::text[], $18::text[], $19::text[], $20::text[], $21::bytea[]) AS entries
    (position, stream, seq, chain, event_id, type, version, aggregate_kind, aggregate_id, stamp,
     wall_ms, mono_ms, boot, confidence, command_id, actor, body)
"""
# The index of events decides what is new: an entry whose event is known already is left out.
APPEND_UNKNOWN = f"""{APPEND}
ON CONFLICT (tenant_id, outlet_id, event_id) WHERE NOT duplicate DO NOTHING
"""

# What a replaced box still has says nothing of the outlet's: the box of the highest term speaks.
HEARD = """
UPDATE outlets o SET head = $3, stamp = greatest(stamp, $6),
    last_heard_ms = CASE WHEN n.term >= o.term THEN $4 ELSE last_heard_ms END,
    unsent = CASE WHEN n.term >= o.term THEN $5 ELSE unsent END,
    unsent_ms = CASE WHEN n.term >= o.term THEN $4 ELSE unsent_ms END
FROM nodes n WHERE o.tenant_id = $1 AND o.outlet_id = $2
AND n.tenant_id = $1 AND n.node_id = $7
"""


class SayHello(Exception):
    """The box speaks to a life of this database that is over, or has not begun: hello first."""


class Malformed(Exception):
    """The batch is not well framed; nothing of it was stored. The sentence says what is wrong."""


class _Verified(NamedTuple):
    """A segment with the chain after each entry, worked out before any lock is taken."""

    segment: Segment
    last_seq: int
    chains: list[bytes]


class _Fresh(NamedTuple):
    """An entry on its way into the ledger."""

    position: int
    stream: str
    seq: int
    chain: bytes
    entry: Entry


class _End(NamedTuple):
    """Where a stream stands at HQ."""

    last_seq: int
    chain: bytes


class Intake:
    """Stage 6 at HQ. Accepting is not applying: bodies are opaque here."""

    def __init__(
        self, database: Database, platform: Platform, metrics: Metrics, clock: Clock
    ) -> None:
        self._database = database
        self._platform = platform
        self._metrics = metrics
        self._clock = clock

    async def take(self, node: Node, batch: Batch) -> Receipt:
        """Append what is new of a batch; the receipt is true once this returns.

        Raises SayHello when the batch was meant for another life of this database, Malformed when
        it is not well framed. An outlet's batches are taken one at a time: whoever appends holds
        the outlet's row, which is what keeps its positions without gaps.
        """
        if sum(len(segment.entries) for segment in batch.segments) > BATCH_ENTRIES_MAX:
            raise Malformed(f"a batch has at most {BATCH_ENTRIES_MAX} entries")
        verified = [_verify(segment) for segment in batch.segments]
        with self._metrics.intake_s.time():
            # Nearly always every event is new and every envelope can be stored as it is. When
            # Postgres says otherwise, the whole batch is tried again, with more care.
            with suppress(*BadData):
                return await self._append(node, batch, verified, APPEND)
            with suppress(*BadData):
                return await self._append(node, batch, verified, APPEND_UNKNOWN)
            # A NUL or an enormous number in an envelope. It was committed on the box, so it is a
            # fact: kept with that field made storable. The chain does not cover it.
            cleaned = [v._replace(segment=_storable(v.segment)) for v in verified]
            return await self._append(node, batch, cleaned, APPEND_UNKNOWN)

    async def _append(
        self, node: Node, batch: Batch, verified: list[_Verified], append: str
    ) -> Receipt:
        now_ms = self._platform.wall_ms()
        async with self._database.transaction(node.tenant_id) as tx:
            outlet = await tx.fetchrow(
                """SELECT o.head, i.incarnation FROM outlets o, installation i
                   WHERE o.tenant_id = $1 AND o.outlet_id = $2 FOR UPDATE OF o""",
                *(node.tenant_id, node.outlet_id),
            )
            assert outlet is not None, "a node without its outlet"
            if str(outlet["incarnation"]) != batch.incarnation:
                raise SayHello
            ends = await self._ends(tx, node, verified)
            fresh: list[_Fresh] = []
            acks = [
                await self._place(tx, node, item, ends, outlet["head"], fresh) for item in verified
            ]
            odd = [_odd(ack) for ack in acks if ack.verdict != "ok"]
            if fresh:
                odd += await self._write(tx, node, fresh, append, now_ms)
                odd += [_forked(f) for f in fresh if f.entry.type == FORKED]
                await self._move_ends(tx, node, ends, _first_positions(fresh), now_ms)
            await tx.execute(
                HEARD,
                *(node.tenant_id, node.outlet_id, outlet["head"] + len(fresh), now_ms),
                *(_within(batch.unsent), self._clock.latest(f.entry.stamp for f in fresh)),
                node.node_id,
            )
            if odd:
                await note_oddities(tx, node, odd, now_ms)
        self._metrics.entries.inc(len(fresh))
        for ack in acks:
            self._metrics.batches.labels(ack.verdict).inc()
        return Receipt(incarnation=batch.incarnation, server_ms=now_ms, acks=tuple(acks))

    async def _ends(
        self, tx: Transaction, node: Node, verified: list[_Verified]
    ) -> dict[str, _End]:
        rows = await tx.fetch(
            """SELECT stream, last_seq, chain FROM streams
               WHERE tenant_id = $1 AND outlet_id = $2 AND stream = ANY($3::text[])""",
            *(node.tenant_id, node.outlet_id, [v.segment.stream for v in verified]),
        )
        return {r["stream"]: _End(r["last_seq"], r["chain"]) for r in rows}

    async def _place(
        self,
        tx: Transaction,
        node: Node,
        item: _Verified,
        ends: dict[str, _End],
        head: int,
        fresh: list[_Fresh],
    ) -> Ack:
        """Judge one segment, and put what is new of it on `fresh`."""
        segment, last_seq, chains = item
        end = ends.get(segment.stream, _End(0, CHAIN_START))
        if segment.first_seq > end.last_seq + 1:
            return Ack(segment.stream, end.last_seq, "gap")
        # The chain runs through all before it: equal at one place is equal everywhere below.
        meets_at = min(end.last_seq, last_seq)
        ours = end.chain
        if meets_at < end.last_seq:
            at = (segment.stream, meets_at)
            ours = next((f.chain for f in fresh if (f.stream, f.seq) == at), b"")
            ours = ours or await tx.fetchval(
                """SELECT chain FROM ledger WHERE tenant_id = $1 AND outlet_id = $2
                   AND stream = $3 AND seq = $4""",
                *(node.tenant_id, node.outlet_id, *at),
            )
        known = meets_at - segment.first_seq + 1
        theirs = chains[known - 1] if known > 0 else segment.previous_chain
        if theirs != ours:
            return Ack(segment.stream, end.last_seq, "diverged")
        for index in range(known, len(chains)):
            position, seq = head + len(fresh) + 1, segment.first_seq + index
            entry = segment.entries[index]
            fresh.append(_Fresh(position, segment.stream, seq, chains[index], entry))
        if last_seq > end.last_seq:
            ends[segment.stream] = _End(last_seq, chains[-1])
        return Ack(segment.stream, last_seq, "ok")

    async def _write(
        self, tx: Transaction, node: Node, fresh: list[_Fresh], append: str, now_ms: int
    ) -> list[Oddity]:
        """Append these; returns those whose event HQ holds already, saying something else."""
        values = (node.tenant_id, node.outlet_id, now_ms)
        tag = await tx.execute(append, *values, False, *_columns(fresh))
        if tag == f"INSERT 0 {len(fresh)}":
            return []
        rows = await tx.fetch(
            """SELECT position FROM ledger
               WHERE tenant_id = $1 AND outlet_id = $2 AND position >= $3""",
            *(node.tenant_id, node.outlet_id, fresh[0].position),
        )
        new = {r["position"] for r in rows}
        again = [f for f in fresh if f.position not in new]
        await tx.execute(APPEND, *values, True, *_columns(again))
        self._metrics.duplicates.inc(len(again))
        return await find_differing(tx, node, [f.position for f in again])

    async def _move_ends(
        self, tx: Transaction, node: Node, ends: dict[str, _End], grown: dict[str, int], now_ms: int
    ) -> None:
        streams = sorted(grown)
        await tx.execute(
            """INSERT INTO streams
               SELECT $1, $2, stream, last_seq, chain, $3, $4, first_position, $4
               FROM unnest($5::text[], $6::bigint[], $7::bytea[], $8::bigint[])
                   AS s (stream, last_seq, chain, first_position)
               ON CONFLICT (tenant_id, outlet_id, stream)
               DO UPDATE SET last_seq = excluded.last_seq, chain = excluded.chain,
                   last_heard_ms = excluded.last_heard_ms""",
            *(node.tenant_id, node.outlet_id, node.node_id, now_ms, streams),
            *([ends[s].last_seq for s in streams], [ends[s].chain for s in streams]),
            [grown[s] for s in streams],
        )


def _verify(segment: Segment) -> _Verified:
    """The chain over a segment. Raises Malformed when it cannot be worked out."""
    if not segment.entries:
        raise Malformed("a segment without entries")
    last_seq = segment.first_seq + len(segment.entries) - 1
    if segment.first_seq < 1 or last_seq > BIGINT_MAX:
        raise Malformed("sequence numbers begin at 1")
    name = segment.stream
    if not name.isascii() or not name.isalnum() or len(name) > STREAM_CHARS_MAX:
        raise Malformed("the name of a stream is its random bytes in hex")
    if any(len(entry.event_id) != 32 for entry in segment.entries):
        raise Malformed("an event id is 32 hex digits")
    try:
        chains = chain_over(segment.previous_chain, segment.entries)
    except ValueError:
        raise Malformed("an event id is 32 hex digits") from None
    return _Verified(segment, last_seq, chains)


def _first_positions(fresh: list[_Fresh]) -> dict[str, int]:
    """Where each stream that grew begins here; for a stream known before, it is not used."""
    return {f.stream: f.position for f in reversed(fresh)}


def _odd(ack: Ack) -> Oddity:
    if ack.verdict == "gap":
        detail = f"Entries after {ack.seq} are missing at HQ; the box is asked to send them."
    else:
        detail = f"What came does not follow what HQ holds up to {ack.seq}; two boxes wrote it."
    return Oddity(ack.verdict, ack.stream, detail)


def _forked(fresh: _Fresh) -> Oddity:
    body = fresh.entry.body.decode("utf-8", "replace")
    return Oddity(FORKED, fresh.entry.aggregate_id, f"Two boxes had written one stream: {body}")


def _columns(fresh: list[_Fresh]) -> list[Any]:
    entries = [f.entry for f in fresh]
    return [
        [f.position for f in fresh],
        [f.stream for f in fresh],
        [f.seq for f in fresh],
        [f.chain for f in fresh],
        [bytes.fromhex(e.event_id) for e in entries],
        [e.type for e in entries],
        [e.version for e in entries],
        [e.aggregate_kind for e in entries],
        [e.aggregate_id for e in entries],
        [e.stamp for e in entries],
        [e.wall_ms for e in entries],
        [e.mono_ms for e in entries],
        [e.boot for e in entries],
        [e.confidence.value for e in entries],
        [e.command_id for e in entries],
        [e.actor for e in entries],
        [e.body for e in entries],
    ]


def _storable(segment: Segment) -> Segment:
    entries = tuple(_storable_entry(entry) for entry in segment.entries)
    return Segment(segment.stream, segment.first_seq, segment.previous_chain, entries)


def _storable_entry(entry: Entry) -> Entry:
    changes: dict[str, Any] = {}
    for name in Entry.__struct_fields__:
        value = getattr(entry, name)
        if type(value) is str:
            changes[name] = _clean(value)
        elif isinstance(value, int):
            changes[name] = _within(value, INTEGER_MAX if name == "version" else BIGINT_MAX)
    return replace(entry, **changes)


def _clean(text: str) -> str:
    # 200 characters, since an index row of Postgres holds no more than 2,700 bytes.
    return text.replace("\x00", "\ufffd")[:TEXT_CHARS_MAX]


def _within(number: int, most: int = BIGINT_MAX) -> int:
    return max(-most, min(number, most))
