"""After a hello: stream by stream, what HQ has is compared with what is here, and made one again.

Nothing is ever discarded on either side. What both have is proven by the chain and acked; what HQ
lost is sent again; what the box lost comes back; and a stream that two boxes have written is taken
apart where they part, this box's own entries going on under a fresh name.
"""

import logging
import sqlite3
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Protocol

import msgspec

from edge.alarms import Alarms
from edge.database import Database
from edge.days import sign_again
from edge.follower import Fault
from edge.greeting import chain_at
from edge.journal import Journal
from edge.platform import Platform
from edge.role import begin_life
from edge.uplink import Uplink
from protocol.ids import StreamId
from protocol.journal import CHAIN_START
from protocol.replication import (
    CHAINS_MAX,
    ChainRequest,
    KnownStream,
    StreamState,
    Wanted,
    Welcome,
)

log = logging.getLogger("edge.reconciling")

SEQ_MAX = (1 << 62) - 1
STREAM_CHARS_MAX = 64


class TakesBack(Protocol):
    """Gets entries from HQ that the box lacks (`edge.backfill`). Raises Fault when it cannot."""

    async def take(self, wanted: Sequence[Wanted]) -> object:
        """Take all of these; nothing wanted ends what a crash cut short."""


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """How one stream of ours stands to HQ's: alike up to `common`, and what is beyond it."""

    ours: StreamState
    theirs: KnownStream
    common: int
    forks: bool = False
    """Our entries after `common` cannot follow what HQ has: they go on under another name."""
    proven: bool = True
    """False when what would prove the common part was pruned here."""

    @property
    def lost_at_hq(self) -> int:
        """Entries HQ had confirmed and has no more."""
        return max(0, self.ours.acked - self.theirs.last)

    @property
    def lost_here(self) -> Wanted | None:
        """What HQ has beyond our end of this stream; nothing may follow an end that is unproven."""
        if not self.proven or self.theirs.last <= self.common:
            return None
        return Wanted(self.ours.stream, self.common + 1, self.theirs.last)


class Reconciling:
    """The steps that follow a hello. Raises Fault when one cannot be done: all are done again."""

    def __init__(
        self,
        uplink: Uplink,
        journal: Journal,
        database: Database,
        platform: Platform,
        alarms: Alarms,
        backfill: TakesBack,
    ) -> None:
        self.uplink = uplink
        self.journal = journal
        self.database = database
        self.platform = platform
        self.alarms = alarms
        self.backfill = backfill

    async def compare(self, ours: Sequence[StreamState], welcome: Welcome) -> list[Wanted]:
        """Settle what is here (`ours` is what the hello said); returns what only HQ has.

        Afterwards may be sent: acked is what HQ has, and whatever could not follow has forked.
        """
        known = {s.stream: s for s in welcome.streams if _makes_sense(s)}
        verdicts = [
            await self._judge(state, known.pop(state.stream, _unheard(state.stream)))
            for state in ours
        ]
        await self.database.write(lambda db: self._keep(db, verdicts))
        await self.alarms.load()
        for verdict in verdicts:
            if verdict.forks and verdict.common < verdict.ours.last:
                await self._fork(verdict)
        wanted = {w.stream: w for v in verdicts if (w := v.lost_here) is not None}
        wanted |= {s.stream: Wanted(s.stream, 1, s.last) for s in known.values()}
        # As HQ names them: in the order it first heard of them.
        return [wanted[s.stream] for s in welcome.streams if s.stream in wanted]

    async def take_back(self, wanted: Sequence[Wanted]) -> None:
        """Get what HQ has and the box has not; a stream that this process writes is left first.

        What this process never wrote to it, another one with the same memory did: a copy of the
        running machine, or the one it was copied from. Each needs a name for HQ to tell them apart.
        """
        for part in wanted:
            if self.journal.stream == part.stream:
                instance = self._fresh_name()
                await self.database.write(partial(self._leave, part=part, instance=instance))
                self.platform.instance = instance
        await self.backfill.take(wanted)

    async def _judge(self, ours: StreamState, theirs: KnownStream) -> Verdict:
        meets_at = min(ours.last, theirs.last)
        if meets_at < ours.first - 1:
            # HQ was put back to before what is kept here: the part between is gone on both sides,
            # and nothing could follow on HQ's end.
            common = ours.first - 1
            return Verdict(ours=ours, theirs=theirs, common=common, forks=True, proven=False)
        here: bytes | None = ours.chain_last
        if meets_at < ours.last:
            here = await self.database.read(lambda db: chain_at(db, ours.stream, meets_at))
        there = theirs.chain_last
        if theirs.last > meets_at:
            there = (await self._their_chains(ours.stream, [meets_at]))[meets_at]
        if here == there:
            return Verdict(ours=ours, theirs=theirs, common=meets_at)
        common, proven = await self._part(ours, meets_at)
        return Verdict(ours=ours, theirs=theirs, common=common, forks=True, proven=proven)

    async def _part(self, ours: StreamState, differs_at: int) -> tuple[int, bool]:
        """The last seq at which both chains are equal, and whether one was found at all."""
        floor = ours.first - 1

        async def alike(seqs: Sequence[int]) -> dict[int, bool]:
            theirs = await self._their_chains(ours.stream, seqs)
            here = await self.database.read(
                lambda db: {seq: chain_at(db, ours.stream, seq) for seq in seqs}
            )
            return {seq: here[seq] == theirs[seq] for seq in seqs}

        common = await last_alike(floor, differs_at, alike)
        proven = common > floor or floor == 0 or (await alike([floor]))[floor]
        return common, proven

    async def _their_chains(self, stream: StreamId, seqs: Sequence[int]) -> dict[int, bytes]:
        answer = await self.uplink.chains(ChainRequest(stream=stream, seqs=tuple(seqs)))
        if len(answer.chains) != len(seqs) or not all(answer.chains):
            raise Fault(
                f"HQ contradicts itself: it says it has stream {stream[:8]}, and then has not"
            )
        return dict(zip(seqs, answer.chains, strict=True))

    def _keep(self, db: sqlite3.Connection, verdicts: Sequence[Verdict]) -> None:
        """What HQ has of each stream is acked, no more and no less."""
        db.executemany(
            "UPDATE streams SET acked_seq = ?, safe_seq = ? WHERE stream = ?"
            " AND (acked_seq, safe_seq) <> (?, ?)",
            [
                (acked, safe, v.ours.stream, acked, safe)
                for v in verdicts
                for acked in [min(v.common, v.theirs.last)]
                for safe in [max(0, min(v.theirs.safe, acked))]
            ],
        )
        lost = sum(v.lost_at_hq for v in verdicts)
        if lost:
            self.alarms.put(db, "hq_restored", entries=str(lost))
            for v in verdicts:
                sign_again(db, v.ours.stream, min(v.common, v.theirs.last), self.journal.node_id)

    async def _fork(self, verdict: Verdict) -> None:
        """Our part of a stream goes on under a fresh name; one transaction, nothing in between."""
        stream = verdict.ours.stream
        two_boxes = verdict.theirs.last > verdict.common
        instance = self._fresh_name()

        def work(db: sqlite3.Connection) -> int:
            told = self.journal.fork(db, stream, verdict.common)
            if two_boxes:
                begin_life(db, instance)
                self.alarms.put(db, "clone", stream=stream[:8], moved=str(told.moved))
            return told.moved

        moved = await self.database.write(work)
        log.warning("%d entries of stream %s go on under another name", moved, stream[:8])
        if two_boxes:
            self.platform.instance = instance
        await self.alarms.load()

    def _leave(self, db: sqlite3.Connection, part: Wanted, instance: str) -> None:
        if not self.journal.retire(part.stream, part.first - 1):
            raise Fault(f"stream {part.stream[:8]} went on while it was compared")
        begin_life(db, instance)

    def _fresh_name(self) -> str:
        return self.platform.entropy(8).hex()


async def last_alike(
    floor: int, differs_at: int, alike: Callable[[Sequence[int]], Awaitable[dict[int, bool]]]
) -> int:
    """The last seq above `floor` and below `differs_at` at which two chains are equal, else `floor`.

    Looks downward in steps that double, then halves between (64 at a time: a request each). Chains
    run through everything before, so equal at one place is equal everywhere below. Each request
    leaves less to look at, whatever is answered, so this ends also with an HQ that answers nonsense.
    """
    steps = (differs_at - (1 << power) for power in range(CHAINS_MAX - 1))
    places = [seq for seq in steps if seq > floor]
    low, high = floor, differs_at
    while places:
        found = await alike(places)
        low = max([low, *(seq for seq in places if found[seq])])
        high = min([high, *(seq for seq in places if seq > low)])
        between = high - low - 1
        step = max(1, -(-between // CHAINS_MAX))
        places = list(range(low + step, high, step))[:CHAINS_MAX]
    return low


def _unheard(stream: StreamId) -> KnownStream:
    return KnownStream(stream, 0, CHAIN_START, 0)


def _makes_sense(known: KnownStream) -> bool:
    """Whether a box can hold what HQ says it has: what it cannot is passed over, not looped on."""
    name = known.stream
    named = name.isascii() and name.isalnum() and len(name) <= STREAM_CHARS_MAX
    if named and 0 < known.last <= SEQ_MAX:
        return True
    if known.last:
        log.warning("HQ names a stream that cannot be (%.70r, %d entries)", name, known.last)
    return False
