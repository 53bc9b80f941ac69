"""A box that lost its disk, or got an old copy, takes everything back from HQ; the power goes.

Recorded like any life. At every moment, what is found is started again, asks HQ once more for what
it lacks, and must end with the orders that HQ holds, each once, beside those it took meanwhile.
"""

import asyncio
from dataclasses import dataclass, field
from random import Random
from typing import Any

from simulation.disk import Disk, seed_sqlite
from simulation.engine import first_file
from simulation.images import dice, moments
from simulation.medium import Image
from simulation.store_life import EVENING_MS, Ack, Life, Machine, Store, _ask, live
from simulation.store_screens import Screens

from edge.alarms import Alarms
from edge.backfill import BackFill
from edge.greeting import stream_states
from edge.journal_table import read_rows
from protocol.journal import CHAIN_START
from protocol.replication import OwnPage, Segment, Wanted

HOUR_MS = 3_600_000
STATE = {
    "orders": "SELECT order_id, number, business_date, status, body FROM orders",
    "payments": "SELECT payment_id, order_id FROM payments",
    "eighty_six": "SELECT item_id, item_id FROM eighty_six",
}


class Held:
    """What HQ has of an outlet, in the place of the line to it; a few entries at a time."""

    def __init__(self, streams: dict[Any, list[Any]], page: int) -> None:
        self.streams = streams
        self.page = page

    def missing(self, states: Any) -> list[Wanted]:
        """What a box of these streams lacks, oldest first."""
        ours = {s.stream: s.last for s in states}
        return [
            Wanted(stream, ours.get(stream, 0) + 1, len(kept))
            for stream, kept in self.streams.items()
            if len(kept) > ours.get(stream, 0)
        ]

    async def own(self, wanted: list[Wanted]) -> OwnPage:
        """One page."""
        segments, room = [], self.page
        for want in wanted:
            last = min(want.last, want.first + room - 1)
            kept = self.streams[want.stream][want.first - 1 : last]
            before = self.streams[want.stream][want.first - 2].at.chain if want.first > 1 else None
            entries = tuple(f.entry for f in kept)
            segments.append(Segment(want.stream, want.first, before or CHAIN_START, entries))
            room -= len(kept)
            if room <= 0:
                break
        return OwnPage(segments=tuple(segments))


@dataclass(slots=True)
class Return:
    """A recorded recovery, and what HQ knows."""

    life: Life
    held: Held
    orders: dict[str, dict[str, Any]] = field(default_factory=dict)
    acks: list[Ack] = field(default_factory=list)


def come_back(seed: int) -> Return:
    """An outlet's day is at HQ; its box comes back blank, or as it was at some moment of the day."""
    day = live(f"day {seed}", groups=8, starts=2, keeps_house=False)
    chance = Random(f"return {seed}")
    images = [(at, m.image("strict", chance)) for at, m in moments(day.start, day.log)]
    streams, orders = asyncio.run(_look(images[-1][1]))
    held = Held(streams, chance.choice((3, 10, 100)))
    found = Image({"box.db": first_file()})
    if chance.random() < 0.5:
        found = images[chance.randrange(len(images))][1]
    life = Life(f"return {seed}", found)
    seed_sqlite(Random(f"salts {seed}"))
    disk = Disk.from_image(found, Random(seed))
    disk.log = life.log
    try:
        asyncio.run(_recover(disk, life, held, chance))
    finally:
        disk.close()
    return Return(life, held, orders)


async def ends_well(image: Image, back: Return, at: int) -> list[str]:
    """What is wrong after the box was started on this image and HQ gave back what it lacked."""
    disk = Disk.from_image(image)
    try:
        store = Store(disk, Machine(dice(back.life.seed, at, "after"), EVENING_MS + 2 * HOUR_MS))
        await store.start()
        await _take_back(store, back.held)
        kept, events = await _state(store), await store.database.read(_events)
        sound = await store.database.read(
            lambda db: db.execute("PRAGMA integrity_check").fetchone()[0]
        )
        await store.stop()
    finally:
        disk.close()
    faults = [] if sound == "ok" else [f"corrupt: {sound}"]
    if len(events) != len(set(events)):
        faults.append("doubled: an entry counts twice")
    for name, rows in back.orders.items():
        faults += [
            f"lost: {name} {key} is not as HQ holds it"
            for key, row in rows.items()
            if kept[name].get(key) != row
        ]
    for ack in back.life.acks:
        order = getattr(ack.outcome, "order", None)
        if ack.at <= at and order is not None and order.order_id not in kept["orders"]:
            faults.append(f"lost: {ack.command_id} was acknowledged while the box recovered")
    return faults


async def _recover(disk: Disk, life: Life, held: Held, chance: Random) -> None:
    store = Store(disk, Machine(Random(f"machine {life.seed}"), EVENING_MS + HOUR_MS))
    await store.start()
    screens = Screens(chance)
    await store.use_menu(99)
    for _ in range(2):
        asks = [_ask(life, store, screens, screens.asks(_order(screens))) for _ in range(2)]
        await asyncio.gather(_take_back(store, held), *asks)
    await store.stop()


def _order(screens: Screens) -> Any:
    return screens.simple_order("nasi")


async def _take_back(store: Store, held: Held) -> None:
    alarms = Alarms(store.database, store.journal)
    part = BackFill(held, store.journal, store.database, store.machine, alarms)
    await part.take(held.missing(await store.database.read(stream_states)))


async def _look(image: Image) -> tuple[dict[Any, list[Any]], dict[str, dict[str, Any]]]:
    disk = Disk.from_image(image)
    store = Store(disk, Machine(Random(0), EVENING_MS))
    await store.start()
    streams: dict[Any, list[Any]] = {}
    for found in await store.database.read(lambda db: read_rows(db, 0, 1_000_000)):
        streams.setdefault(found.at.stream, []).append(found)
    state = await _state(store)
    await store.stop()
    disk.close()
    return streams, state


async def _state(store: Store) -> dict[str, dict[str, Any]]:
    return {
        name: await store.database.read(
            lambda db, sql=sql: {row[0]: row[1:] for row in db.execute(sql)}
        )
        for name, sql in STATE.items()
    }


def _events(db: Any) -> list[str]:
    return [row[0] for row in db.execute("SELECT event_id FROM journal WHERE standing <> 2")]
