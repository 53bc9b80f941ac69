"""Back-fill: what the outlet has done and this box lost comes back from HQ, page by page.

A box that was restored from a copy, or that replaces another, hears in its hello which entries it
lacks. Each page is verified by its chain and kept in the journal in one transaction; then every
order they touch is folded anew (`edge.refolding`). It may be cut off anywhere: the next hello asks
for what is still missing, and until it has all, the box goes on selling.

The newest streams come first. A line that drops in the middle has then brought today's open orders,
which guests sit at, and lacks last week's, which nobody waits for.
"""

import logging
import sqlite3
from collections.abc import Awaitable, Callable, Sequence
from functools import partial

import msgspec

from edge.alarms import Alarms
from edge.backup import next_series
from edge.database import Database
from edge.follower import Fault
from edge.journal import DoesNotFollow, Journal
from edge.platform import Platform
from edge.refolding import Tally, refold_parked, refold_returned
from edge.uplink import Uplink
from protocol.box_events import BoxRecovered
from protocol.ids import CommandId, OrderId, StreamId
from protocol.journal import chain_over
from protocol.replication import OwnPage, Segment, Wanted

log = logging.getLogger("edge.backfill")

ASKED_AT_ONCE = 64
"""Ranges named in one request; HQ answers no more at a time."""
SERIES_APART = 4
"""Of so many next series one is drawn when two boxes number alike: for ever in step they would tell
each other so with each hello."""
RECOVERY = "recovery"
"""The fact that says a back-fill has begun and is not yet told of."""


class Recovered(msgspec.Struct, frozen=True, kw_only=True):
    """What one back-fill brought: `last_number` is the latest order among it, `series` the one that
    new orders are numbered in. `blank`: the box had nothing of its outlet before."""

    entries: int = 0
    orders: int = 0
    open_orders: int = 0
    last_number: str = ""
    series: str = ""
    blank: bool = False


class _Begun(msgspec.Struct, frozen=True):
    """A back-fill on its way, as it is kept over a restart."""

    since: int
    """The journal's last position before anything came back."""
    blank: bool
    ours: bool = False
    """Whether anything that came back was written by this very box, which lost it."""
    entries: int = 0


class BackFill:
    """Asks, verifies, keeps and folds. `on_returned` hears which orders may look different now."""

    def __init__(
        self,
        uplink: Uplink,
        journal: Journal,
        database: Database,
        platform: Platform,
        alarms: Alarms,
    ) -> None:
        self.uplink = uplink
        self.journal = journal
        self.database = database
        self.platform = platform
        self.alarms = alarms
        self.running = False
        self.on_returned: list[Callable[[Sequence[OrderId]], Awaitable[None]]] = []
        self._told = False
        self._tried = False

    async def take(self, wanted: Sequence[Wanted]) -> Recovered:
        """Get these entries and make them this box's own; `wanted` in HQ's order, oldest first.

        Nothing wanted costs one look at the disk, and ends a back-fill that a crash cut short.
        Raises Fault when HQ or the line failed (what came is kept), Busy and DatabaseBroken.
        """
        self.running = True
        try:
            if wanted:
                # Before anything of ours is sent: later, a new box could not be told from an old.
                await self.database.write(_begin)
            try:
                await self._fetch(list(reversed(wanted)))
            except Fault:
                # An outlet on a bad line has back what did come, and asks for the rest later.
                await self._fold()
                raise
            recovered = await self._finish(*await self._fold())
            await self._try_parked()
            return recovered
        finally:
            self.running = False

    async def _try_parked(self) -> None:
        """Once in a life: this build may be able to fold what an older one could not."""
        if not self._tried:
            await self._tell_returned(await refold_parked(self.database))
        self._tried = True

    async def _fetch(self, left: list[Wanted]) -> None:
        while left:
            asked = left[:ASKED_AT_ONCE]
            page = await self.uplink.own(asked)
            rest = _left_after(asked, page)
            if rest == asked:
                raise Fault("HQ answers a back-fill with nothing of what was asked for")
            try:
                await self.database.write(partial(self._keep, page=page))
            except DoesNotFollow as broken:
                raise Fault(f"what HQ gives back does not fit what is here: {broken}") from broken
            left = rest + left[ASKED_AT_ONCE:]

    def _keep(self, db: sqlite3.Connection, page: OwnPage) -> None:
        """One page in one transaction: its entries, and that a back-fill is on its way."""
        begun = _begun(db)
        assert begun is not None, "a back-fill begins before its first page"
        ours, entries = begun.ours, begun.entries
        for segment in page.segments:
            if not segment.entries:
                continue
            ours = ours or self._wrote(db, segment)
            _begin_stream(db, segment)
            chains = chain_over(segment.previous_chain, segment.entries)
            numbered = [
                (entry, segment.first_seq + i, chain)
                for i, (entry, chain) in enumerate(zip(segment.entries, chains, strict=True))
            ]
            entries += self.journal.append_returned(db, segment.stream, numbered)
        if entries > begun.entries:
            _keep_begun(db, _Begun(begun.since, begun.blank, ours, entries))

    def _wrote(self, db: sqlite3.Connection, segment: Segment) -> bool:
        """Whether this box wrote the stream: it opened it, or the part before it is its own."""
        forked = "SELECT 1 FROM streams WHERE forked_from = ?"
        if db.execute(forked, (segment.stream,)).fetchone():
            return False  # its twin wrote on; this box's own part is here under another name
        first = segment.entries[0]
        if segment.first_seq == 1:
            return first.type == "stream.opened" and first.actor == self.journal.node_id
        row = db.execute(
            "SELECT actor FROM journal WHERE seq = 1 AND type = 'stream.opened' AND stream_id ="
            " (SELECT id FROM streams WHERE stream = ?)",
            (segment.stream,),
        ).fetchone()
        # Its beginning is pruned or was moved here from another stream: then it is ours by default.
        return row is None or row[0] == self.journal.node_id

    async def _fold(self) -> tuple[_Begun | None, Tally]:
        begun = await self.database.read(_begun)
        if begun is None:
            return None, Tally()
        tally = await refold_returned(self.database, begun.since)
        await self._tell_returned(tally)
        return begun, tally

    async def _tell_returned(self, tally: Tally) -> None:
        if tally.orders:
            for tell in self.on_returned:
                await tell(tally.changed)

    async def _finish(self, begun: _Begun | None, tally: Tally) -> Recovered:
        if begun is None:
            return Recovered()
        recovered = await self.database.write(lambda db: self._tell(db, begun, tally))
        self._told = self._told or recovered.series != ""
        await self.alarms.load()
        if recovered.entries:
            _log(recovered)
        return recovered

    def _tell(self, db: sqlite3.Connection, begun: _Begun, tally: Tally) -> Recovered:
        """The end of it: a fresh series, the event and the alarm, all or none.

        What another box of the outlet wrote meanwhile also comes this way, with each hello. That is
        no loss, and nobody is alarmed; only a number that both could call asks for a new series.
        """
        db.execute("DELETE FROM facts WHERE name = ?", (RECOVERY,))
        if not begun.entries:
            return Recovered()
        row = db.execute("SELECT value FROM facts WHERE name = 'series'").fetchone()
        series = row[0] if row else "A"
        lost = begun.blank or (begun.ours and not self._told)
        recovered = Recovered(
            entries=begun.entries,
            orders=tally.orders,
            open_orders=tally.open_orders,
            last_number=tally.last_number,
            blank=begun.blank,
        )
        if not lost and series not in tally.series:
            return recovered
        series = next_series(max({series, *tally.series}, key=lambda s: (len(s), s)))
        if not lost:
            # The other box may find the same at the same moment and move on, too: not in step with it.
            for _ in range(self.platform.entropy(1)[0] % SERIES_APART):
                series = next_series(series)
        db.execute(
            "INSERT INTO facts (name, value) VALUES ('series', ?)"
            " ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            (series,),
        )
        recovered = msgspec.structs.replace(recovered, series=series)
        self._append_event(db, recovered)
        self.alarms.put(
            db,
            "box_replaced" if begun.blank else "box_restored",
            entries=str(recovered.entries),
            number=recovered.last_number or "–",
            series=series,
        )
        return recovered

    def _append_event(self, db: sqlite3.Connection, recovered: Recovered) -> None:
        reading = self.journal.reading()
        event = BoxRecovered(
            node_id=self.journal.node_id,
            entries=recovered.entries,
            orders=recovered.orders,
            open_orders=recovered.open_orders,
            last_number=recovered.last_number,
            series=recovered.series,
            at_ms=reading.wall_ms,
        )
        command = CommandId(self.platform.new_id())
        self.journal.append(db, [event], reading, command_id=command, actor=self.journal.node_id)


def _log(recovered: Recovered) -> None:
    log.warning(
        "%d entries came back from HQ: %d orders, %d of them open, recovered to order %s",
        recovered.entries,
        recovered.orders,
        recovered.open_orders,
        recovered.last_number or "(none)",
    )


def _left_after(asked: list[Wanted], page: OwnPage) -> list[Wanted]:
    """What is still to be asked for. Raises Fault for a page with anything else in it."""
    got = {segment.stream: segment for segment in page.segments}
    if len(got) != len(page.segments) or not got.keys() <= {w.stream for w in asked}:
        raise Fault("HQ answers a back-fill with something that was not asked for")
    left: list[Wanted] = []
    for wanted in asked:
        segment = got.get(wanted.stream)
        if segment is None:
            left.append(wanted)
            continue
        end = segment.first_seq + len(segment.entries) - 1
        if segment.entries and (segment.first_seq < wanted.first or end > wanted.last):
            raise Fault("HQ answers a back-fill with more than was asked for")
        if segment.entries and end < wanted.last:
            left.append(Wanted(StreamId(wanted.stream), end + 1, wanted.last))
        elif not segment.entries:
            log.warning("HQ no longer has stream %s from %d", wanted.stream[:8], wanted.first)
    return left


def _begin_stream(db: sqlite3.Connection, segment: Segment) -> None:
    """A stream that HQ gives from its middle begins there, as if the front had been pruned here."""
    if segment.first_seq > 1:
        db.execute(
            "INSERT INTO streams (stream, acked_seq, pruned_seq, pruned_chain) VALUES (?,?,?,?)"
            " ON CONFLICT DO NOTHING",
            (
                segment.stream,
                segment.first_seq - 1,
                segment.first_seq - 1,
                segment.previous_chain,
            ),
        )


def folded_through(db: sqlite3.Connection) -> int | None:
    """The last position before what is coming back and is in no order yet; None when nothing is."""
    begun = _begun(db)
    return None if begun is None else begun.since


def _begun(db: sqlite3.Connection) -> _Begun | None:
    row = db.execute("SELECT value FROM facts WHERE name = ?", (RECOVERY,)).fetchone()
    return None if row is None else msgspec.json.decode(row[0], type=_Begun)


def _keep_begun(db: sqlite3.Connection, begun: _Begun) -> None:
    db.execute(
        "INSERT INTO facts (name, value) VALUES (?,?)"
        " ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        (RECOVERY, msgspec.json.encode(begun).decode()),
    )


def _begin(db: sqlite3.Connection) -> None:
    """A back-fill is on its way, unless one that was cut off still is.

    A box of which HQ has never confirmed anything is new: it replaces another.
    """
    if _begun(db) is None:
        head = db.execute("SELECT coalesce(max(position), 0) FROM journal").fetchone()[0]
        acked = db.execute("SELECT 1 FROM streams WHERE acked_seq > 0").fetchone()
        _keep_begun(db, _Begun(since=head, blank=acked is None))
