"""An HQ that gives back what it holds, and a box's busy day: for what comes back after a loss."""

import contextlib
import sqlite3

from edge.alarms import Alarms
from edge.backfill import BackFill
from edge.follower import Fault
from edge.greeting import stream_states
from protocol import commands as c
from protocol.journal import CHAIN_START
from protocol.replication import OwnPage, Segment, Wanted

ALIVE = "SELECT count(*) FROM orders WHERE status NOT IN ('closed', 'cancelled')"


class Hq:
    """What HQ has of the outlet, given back a page at a time."""

    def __init__(self, page=100):
        self.page, self.asked, self.ends_after = page, 0, None
        self.streams = {}

    async def hold(self, heart):
        """Everything that the box wrote has arrived, and was confirmed."""
        for f in await heart.entries():
            kept = self.streams.setdefault(f.at.stream, [])
            if f.standing != 1 and f.at.seq == len(kept) + 1:
                kept.append((f.entry, f.at.chain))
        await heart.database.write(
            lambda db: db.execute(
                "UPDATE streams SET acked_seq = (SELECT max(seq) FROM journal WHERE stream_id ="
                " streams.id)"
            )
        )

    async def missing(self, heart):
        ours = {s.stream: s.last for s in await heart.database.read(stream_states)}
        return [
            Wanted(stream, ours.get(stream, 0) + 1, len(kept))
            for stream, kept in self.streams.items()
            if len(kept) > ours.get(stream, 0)
        ]

    async def own(self, wanted):
        self.asked += 1
        if self.ends_after is not None and self.asked > self.ends_after:
            raise Fault("the line is down")
        segments, room = [], self.page
        for w in wanted:
            kept = self.streams.get(w.stream, [])[w.first - 1 : min(w.last, w.first + room - 1)]
            before = self.streams[w.stream][w.first - 2][1] if w.first > 1 else CHAIN_START
            segments.append(Segment(w.stream, w.first, before, tuple(e for e, _ in kept)))
            room -= len(kept)
            if room <= 0:
                break
        return OwnPage(segments=tuple(segments))


async def recover_with(hq, heart):
    """What a hello does with what a box lacks."""
    alarms = Alarms(heart.database, heart.journal)
    part = BackFill(hq, heart.journal, heart.database, heart.clock, alarms)
    found = await part.take(await hq.missing(heart))
    return found, alarms.listed


async def sell(heart, guest, orders=6, *, envelopes=None):
    """Orders in every state: open, served, paid and gone; an item sold out. Their ids."""
    made = []
    for number in range(orders):
        placed = guest.asks(guest.place("nasi-kecil", "kopi"))
        order = (await heart.taking.take(placed)).order
        heart.clock.now_ms += 60_000
        if number % 3 == 0:
            served = c.ChangeOrderStatus(order_id=order.order_id, status="served")
            await heart.taking.take(guest.asks(served))
        if number % 2:
            paid = guest.asks(guest.pay(order.order_id, order.totals.total))
            await heart.taking.take(paid)
            if envelopes is not None:
                envelopes.append(paid)
        made.append(order.order_id)
        if envelopes is not None:
            envelopes.append(placed)
    await heart.taking.take(guest.asks(c.EightySixItem(item_id="kopi")))
    await heart.taking.take(guest.asks(c.RestoreItem(item_id="kopi")))
    await heart.taking.take(guest.asks(c.EightySixItem(item_id="durian")))
    return made


STATE = (
    "SELECT order_id, number, business_date, status, placed_ms, body FROM orders ORDER BY 1",
    "SELECT * FROM payments ORDER BY 1",
    "SELECT * FROM order_numbers ORDER BY 1",
    "SELECT * FROM eighty_six ORDER BY 1",
)


async def state_of(heart):
    return [await heart.rows(sql) for sql in STATE]


def copy_of(heart, tmp_path, name):
    target = tmp_path / name / "box.db"
    target.parent.mkdir()
    with contextlib.closing(sqlite3.connect(heart.folder / "box.db")) as db:
        db.execute("VACUUM INTO ?", (str(target),))
