"""A small HQ in memory that speaks the real messages: it verifies chains, gives back what it holds,
and can be put back to an older state. For what a box must do with each answer HQ can give."""

import copy

import msgspec

from edge.alarms import Alarms
from edge.backfill import BackFill
from edge.days import keep_certificate
from edge.follower import Fault
from edge.replication import Replication
from edge.role import Role
from protocol.floor_events import DayCertified
from protocol.ids import CommandId
from protocol.journal import CHAIN_START, chain_over, link
from protocol.replication import (
    Ack,
    Batch,
    ChainAnswer,
    Hello,
    KnownStream,
    OwnPage,
    Receipt,
    Segment,
    Welcome,
)


class ScriptedHq:
    """`ledger` is stream → [(entry, chain)]. `faults` are raised one per request, oldest first;
    `answers` replaces what a kind of request answers."""

    def __init__(self, now_ms=0):
        self.ledger = {}
        self.now_ms = now_ms
        self.life = 1
        self.role = "primary"
        self.stamp = 0
        self.safe = {}
        self.welcome = {}
        self.faults = []
        self.answers = {}
        self.hellos = []
        self.batches = []
        self.asked_own = []
        self.asked_chains = []

    @property
    def incarnation(self):
        return f"life-{self.life}"

    def put_back(self, lengths):
        """Restored from a backup that held so many entries of each stream; others are gone."""
        self.ledger = {s: run[: lengths[s]] for s, run in self.ledger.items() if lengths.get(s)}
        self.life += 1

    def backup(self):
        return {stream: len(run) for stream, run in self.ledger.items()}

    def events(self):
        return {entry.event_id for run in self.ledger.values() for entry, _ in run}

    def add(self, stream, entries, after=None):
        """What another box wrote into a stream, after `after` entries of it."""
        run = self.ledger.setdefault(stream, [])[: after if after is not None else None]
        for entry in entries:
            run.append(
                (entry, link(run[-1][1] if run else CHAIN_START, entry.event_id, entry.body))
            )
        self.ledger[stream] = run

    def chain_at(self, stream, seq):
        run = self.ledger.get(stream, [])
        return run[seq - 1][1] if 0 < seq <= len(run) else CHAIN_START

    async def hello(self, hello):
        self._fault()
        self.hellos.append(_over_the_wire(hello, Hello))
        known = [
            KnownStream(s, len(run), run[-1][1], self.safe.get(s, 0))
            for s, run in self.ledger.items()
            if run
        ]
        said = {
            "incarnation": self.incarnation,
            "role": self.role,
            "server_ms": self.now_ms,
            "stamp": self.stamp,
            "streams": tuple(known),
        }
        return _over_the_wire(Welcome(protocol=1, **(said | self.welcome)), Welcome)

    async def send(self, batch):
        self._fault()
        self.batches.append(_over_the_wire(batch, Batch))
        if "send" in self.answers:
            return self.answers["send"](batch)
        acks = [self._take(segment) for segment in batch.segments]
        return Receipt(incarnation=self.incarnation, server_ms=self.now_ms, acks=tuple(acks))

    async def own(self, wanted):
        self._fault()
        self.asked_own.append(list(wanted))
        if "own" in self.answers:
            return self.answers["own"](wanted)
        segments = []
        for w in wanted:
            run = self.ledger.get(w.stream, [])[w.first - 1 : min(w.last, w.first + 9)]
            before = self.chain_at(w.stream, w.first - 1)
            segments.append(Segment(w.stream, w.first, before, tuple(e for e, _ in run)))
        return OwnPage(segments=tuple(segments))

    async def chains(self, request):
        self._fault()
        self.asked_chains.append(request)
        if "chains" in self.answers:
            return self.answers["chains"](request)
        return ChainAnswer(chains=tuple(self.chain_at(request.stream, s) for s in request.seqs))

    def _take(self, segment):
        run = self.ledger.get(segment.stream, [])
        if segment.first_seq > len(run) + 1:
            return Ack(segment.stream, len(run), "gap")
        chains = chain_over(segment.previous_chain, segment.entries)
        end = segment.first_seq + len(chains) - 1
        meets_at = min(len(run), end)
        known = meets_at - segment.first_seq + 1
        theirs = chains[known - 1] if known > 0 else segment.previous_chain
        if theirs != self.chain_at(segment.stream, meets_at):
            return Ack(segment.stream, len(run), "diverged")
        fresh = zip(segment.entries[known:], chains[known:], strict=True)
        self.ledger.setdefault(segment.stream, []).extend(fresh)
        return Ack(segment.stream, end, "ok")

    def _fault(self):
        if self.faults and (fault := self.faults.pop(0)) is not None:
            raise fault


class Side:
    """A box's half of the line: a heart's journal with everything that replicates it."""

    def __init__(self, heart, hq):
        self.heart, self.hq = heart, hq
        self.journal, self.database = heart.journal, heart.database
        kept = (hq, heart.journal, heart.database, heart.clock)
        self.alarms = Alarms(heart.database, heart.journal)
        self.role = Role(heart.database, heart.clock, self.alarms)
        self.backfill = BackFill(*kept, self.alarms)
        self.line = Replication(
            *kept, product="test", alarms=self.alarms, role=self.role, backfill=self.backfill
        )

    async def start(self):
        await self.alarms.start()
        await self.role.start()
        await self.line._find_place()
        return self

    async def certify(self, closed, node_id):
        """A closed day gets the certificate of a box, this one or one before it."""
        event = DayCertified(
            number_z=closed.number_z,
            business_date=closed.business_date,
            at_ms=1,
            statement=f'{{"z_digest":"{closed.digest}"}}',
            signature="",
            node_id=node_id,
            agrees=True,
        )

        def work(db):
            keep_certificate(db, event)
            now, command = self.journal.reading(), CommandId("certify")
            self.journal.append(db, [event], now, command_id=command, actor=node_id)

        await self.database.write(work)

    async def greet(self):
        return await self.line._hello()

    async def send_all(self):
        """Send until nothing is left, with the hellos that HQ asks for."""
        for _ in range(50):
            try:
                await self.greet()
                while self.line.unsent:
                    await self._send_one()
            except Fault:
                continue
            return
        raise AssertionError("it does not come to an end")

    async def _send_one(self):
        line = self.line
        batch, last = await line.batches.next(
            line.sent_through, line.pace.size, line.pace.bytes_max, line.incarnation
        )
        if not batch.segments:
            line.sent_through = last
            return
        receipt = await line._send(batch)
        if receipt is not None:
            await line._take_receipt(batch, receipt, last)

    def alarm(self, code):
        return next((a for a in self.alarms.listed if a.code == code), None)

    async def acked(self):
        rows = await self.heart.rows("SELECT stream, acked_seq FROM streams ORDER BY id")
        return dict(rows)

    async def runs(self):
        """Stream → entries here, verified by their chain."""
        found = {}
        for f in await self.heart.entries():
            found.setdefault(f.at.stream, []).append(f)
        for run in found.values():
            run.sort(key=lambda f: f.at.seq)
            assert [f.at.seq for f in run] == list(range(1, len(run) + 1))
            assert [f.at.chain for f in run] == chain_over(CHAIN_START, [f.entry for f in run])
        return found

    async def events(self):
        return {f.entry.event_id for run in (await self.runs()).values() for f in run}


def _over_the_wire(message, kind):
    return msgspec.msgpack.decode(msgspec.msgpack.encode(copy.copy(message)), type=kind)
