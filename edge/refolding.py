"""What came back from HQ becomes state: each order it touches is folded anew from all its entries.

Entries come back in portions that know nothing of orders, and a screen may have offered a command
again before they came. So nothing is added to what is there: the order is made once more from every
entry of it that this journal has, HQ's own first, each event once. Doing it twice changes nothing.
"""

import contextlib
import json
import logging
import re
import sqlite3
from collections.abc import Iterable, Sequence
from functools import partial

import msgspec

from edge.database import Database
from edge.days import read_marks
from edge.journal_table import COLUMNS, RETURNED, SUPERSEDED, WRITTEN, entry_of
from edge.returned_commands import mark_of
from edge.returned_money import MONEY_KINDS, Happened, keep_returned, uncounted
from edge.stock import keep_count, keep_moves
from protocol.box_events import BoxRecovered
from protocol.clock import wall_ms_of
from protocol.events import (
    ORDER_TAGS,
    ItemEightySixed,
    ItemRestored,
    OrderPlaced,
    StockCounted,
    StockMoved,
    decode,
)
from protocol.ids import OrderId
from protocol.journal import Entry
from protocol.orders import Order, OrderStatus
from protocol.rules import apply
from protocol.z_marks import Place

log = logging.getLogger("edge.refolding")

SCANNED = 5_000
"""Rows of the journal looked over at a time, on the reading connection: nobody waits for it."""
PORTION = 50
"""Things folded in one transaction; a screen that orders meanwhile waits for no more than that."""
FOLLOWER = "orders"
"""Under this name entries are parked that an order could not be folded past."""
NO_MORE = frozenset({OrderStatus.CLOSED, OrderStatus.CANCELLED})

Thing = tuple[str, str]
"""What an entry is about: aggregate kind and id."""

_NUMBER = re.compile(r"([A-Z]+)([0-9]{1,9})")
_encode = msgspec.json.Encoder().encode
_order_decoder = msgspec.json.Decoder(Order)


class Tally(msgspec.Struct):
    """What the folding found."""

    orders: int = 0
    open_orders: int = 0
    last_number: str = ""
    series: set[str] = msgspec.field(default_factory=set)
    """Series that orders which came back are numbered in."""
    changed: list[OrderId] = msgspec.field(default_factory=list)
    """Orders that are alive now, or were here before: the kitchen may have to look again."""
    _last_stamp: int = -1

    def note_placed(self, placed: OrderPlaced, stamp: int) -> None:
        """An order came back with its number."""
        if match := _NUMBER.fullmatch(placed.number):
            self.series.add(match[1])
        if stamp > self._last_stamp:
            self._last_stamp, self.last_number = stamp, placed.number


class _Found(msgspec.Struct, frozen=True):
    position: int
    standing: int
    stream: str
    seq: int
    entry: Entry


_End = tuple[_Found, _Found | None]
"""The entry that ended an order, and the one that opened it again, if one did."""


class _Places:
    """Where the journal holds each entry of the things that came back."""

    def __init__(self, things: Iterable[Thing]) -> None:
        self.of: dict[Thing, list[int]] = {thing: [] for thing in things}
        self.through = 0

    def note(self, rows: Iterable[tuple[int, str, str]]) -> bool:
        """Take down rows of (position, kind, id); whether there were any."""
        through = self.through
        for position, kind, name in rows:
            self.through = position
            if (places := self.of.get((kind, name))) is not None:
                places.append(position)
        return self.through > through


async def refold_returned(database: Database, since: int) -> Tally:
    """Fold everything that came back after a position, the newest streams' things first."""
    things = await database.read(lambda db: _returned_things(db, since))
    tally = await _refold_all(database, things)
    if any(kind == "day" for kind, _ in things):
        # A Z report came back, maybe after what it counted: the marks are made anew.
        await _refold_all(database, await database.read(uncounted))
    return tally


async def refold_parked(database: Database) -> Tally:
    """Try again what could not be folded: a newer build may know the entries that stood in the way."""
    return await _refold_all(database, await database.read(_parked_things))


async def _refold_all(database: Database, things: Sequence[Thing]) -> Tally:
    tally = Tally()
    if not things:
        return tally
    places = _Places(things)
    while await database.read(lambda db: places.note(_scan(db, places.through, SCANNED))):
        pass
    for first in range(0, len(things), PORTION):
        portion = things[first : first + PORTION]
        await database.write(partial(_refold, things=portion, places=places, tally=tally))
    return tally


def _returned_things(db: sqlite3.Connection, since: int) -> list[Thing]:
    return db.execute(
        f"SELECT aggregate_kind, aggregate_id FROM journal WHERE position > ? AND"
        f" standing = {RETURNED} GROUP BY 1, 2 ORDER BY aggregate_kind <> 'day', min(position)",
        (since,),
    ).fetchall()


def _parked_things(db: sqlite3.Connection) -> list[Thing]:
    return db.execute(
        "SELECT DISTINCT j.aggregate_kind, j.aggregate_id FROM parked p JOIN journal j"
        " ON j.position = p.position WHERE p.follower = ? AND j.aggregate_kind <> 'opaque'",
        (FOLLOWER,),
    ).fetchall()


def _scan(db: sqlite3.Connection, after: int, limit: int) -> list[tuple[int, str, str]]:
    return db.execute(
        "SELECT position, aggregate_kind, aggregate_id FROM journal WHERE position > ?"
        " ORDER BY position LIMIT ?",
        (after, limit),
    ).fetchall()


def _refold(db: sqlite3.Connection, things: Sequence[Thing], places: _Places, tally: Tally) -> None:
    places.note(_scan(db, places.through, -1))  # what was written since the journal was looked over
    marks = read_marks(db)
    for thing in things:
        found = _entries(db, places.of[thing])
        history = _once_each(db, found)
        kind, name = thing
        ends: list[_End] = []
        if kind == "order":
            ends = _fold_order(db, OrderId(name), history, tally)
        elif kind == "item":
            _fold_item(db, name, history)
        elif kind == "stock":
            _keep_stock(db, history)
        elif kind == "box":
            _note_series(history, tally)
        elif kind == "opaque":
            _park(db, name, history[0], "HQ could not read its envelope and keeps it as it came")
        if kind in MONEY_KINDS:
            over = [(_places(found, end), _places(found, again)) for end, again in ends]
            keep_returned(db, kind, name, _happened(found, history), over, marks)
        _remember_commands(db, name if kind == "order" else None, history)


def _entries(db: sqlite3.Connection, positions: Sequence[int]) -> list[_Found]:
    rows = db.execute(
        f"SELECT position, standing, stream, seq, {COLUMNS} FROM journal JOIN streams ON"
        " streams.id = stream_id WHERE position IN (SELECT value FROM json_each(?))",
        (json.dumps(positions),),
    )
    return [_Found(r[0], r[1], r[2], r[3], entry_of(r[4:])) for r in rows]


def _places(found: Sequence[_Found], event: _Found | None) -> tuple[Place, ...]:
    """Everywhere this event lies: it may have been done again here."""
    same = None if event is None else event.entry.event_id
    return tuple((f.stream, f.seq) for f in found if f.entry.event_id == same)


def _happened(found: Sequence[_Found], history: Sequence[_Found]) -> list[Happened]:
    happened: list[Happened] = []
    for item in history:
        with contextlib.suppress(msgspec.DecodeError):  # parked where it belongs
            event = decode(item.entry.body)
            happened.append((event, _places(found, item), item.entry.command_id))
    return happened


def _once_each(db: sqlite3.Connection, found: Sequence[_Found]) -> list[_Found]:
    """Each event once, in the order of its stamp: HQ's original wins over what was done again here.

    An order's beginning comes first even where a clock that ran behind stamped it later.
    """
    chosen: dict[str, _Found] = {}
    for item in sorted(found, key=lambda f: (f.standing != RETURNED, f.entry.stamp, f.position)):
        if item.entry.event_id in chosen or item.standing == SUPERSEDED:
            continue
        chosen[item.entry.event_id] = item
    twice = [
        (f.position,)
        for f in found
        if f.standing == WRITTEN and chosen[f.entry.event_id].standing == RETURNED
    ]
    db.executemany(f"UPDATE journal SET standing = {SUPERSEDED} WHERE position = ?", twice)
    db.executemany(
        "DELETE FROM stock_moves WHERE (stream, seq) IN (SELECT stream, seq FROM journal"
        " JOIN streams ON streams.id = stream_id WHERE position = ?)",
        twice,
    )
    return sorted(
        chosen.values(),
        key=lambda f: (f.entry.type != "order.placed", f.entry.stamp, f.entry.event_id),
    )


def _fold_order(
    db: sqlite3.Connection, order_id: OrderId, history: Sequence[_Found], tally: Tally
) -> list[_End]:
    """The entries that ended it, each with the one that opened it again, if one did."""
    ends: list[_End] = []
    row = db.execute(
        "SELECT body, position, partly_gone FROM orders WHERE order_id = ?", (order_id,)
    ).fetchone()
    order: Order | None = None
    if row is not None and (row[2] or not any(f.entry.type == "order.placed" for f in history)):
        # Some of it was pruned, not always its beginning: everything that is here was folded long
        # ago, so only what came back after that is new.
        order = _order_decoder.decode(row[0])
        history = [f for f in history if f.standing == RETURNED and f.position > row[1]]
    db.execute("DELETE FROM parked WHERE follower = ? AND aggregate_id = ?", (FOLLOWER, order_id))
    for item in history:
        try:
            event = decode(item.entry.body)
            if item.entry.type not in ORDER_TAGS:
                continue
            ended = order is not None and order.status in NO_MORE
            order = apply(order, event)  # type: ignore[arg-type]
            if not ended and order.status in NO_MORE:
                ends.append((item, None))
            elif ended and order.status not in NO_MORE and ends:
                ends[-1] = (ends[-1][0], item)
        except Exception as fault:  # noqa: BLE001 - whatever is wrong with it, the rest goes on
            _park(db, order_id, item, repr(fault))
            break
        if isinstance(event, OrderPlaced) and item.standing == RETURNED:
            tally.note_placed(event, item.entry.stamp)
            _raise_number(db, event)
    if order is None:
        return []
    position = max((f.position for f in history), default=row[1] if row else 0)
    _keep_order(db, order, position)
    tally.orders += 1
    tally.open_orders += order.status not in NO_MORE
    if row is not None or order.status not in NO_MORE:
        tally.changed.append(order_id)
    return ends


def _keep_order(db: sqlite3.Connection, order: Order, position: int) -> None:
    """The order as it now is, its number and time too: HQ's original may have had others."""
    db.execute(
        "INSERT INTO orders"
        " (order_id, number, business_date, status, placed_ms, position, body, z)"
        " VALUES (?,?,?,?,?,?,?,NULL) ON CONFLICT (order_id) DO UPDATE SET number = excluded.number,"
        " business_date = excluded.business_date, status = excluded.status,"
        " placed_ms = excluded.placed_ms, position = excluded.position, body = excluded.body",
        (
            order.order_id,
            order.number,
            order.business_date,
            order.status.value,
            order.placed_ms,
            position,
            _encode(order),
        ),
    )


def _raise_number(db: sqlite3.Connection, placed: OrderPlaced) -> None:
    match = _NUMBER.fullmatch(placed.number)
    if match is not None:
        db.execute(
            "INSERT INTO order_numbers (business_date, last) VALUES (?,?)"
            " ON CONFLICT (business_date) DO UPDATE SET last = max(last, excluded.last)",
            (placed.business_date, int(match[2])),
        )


def _fold_item(db: sqlite3.Connection, item_id: str, history: Sequence[_Found]) -> None:
    gone: ItemEightySixed | None = None
    for item in history:
        try:
            event = decode(item.entry.body)
        except msgspec.DecodeError as fault:
            _park(db, item_id, item, repr(fault))
            break
        if isinstance(event, ItemEightySixed):
            gone = gone or event
        elif isinstance(event, ItemRestored):
            gone = None
    db.execute("DELETE FROM eighty_six WHERE item_id = ?", (item_id,))
    if gone is not None:
        row = (item_id, gone.at_ms, gone.reason)
        db.execute("INSERT INTO eighty_six (item_id, at_ms, reason) VALUES (?,?,?)", row)


def _keep_stock(db: sqlite3.Connection, history: Sequence[_Found]) -> None:
    """What moved before the loss, and the last count; a level from HQ says itself what it holds."""
    counted: tuple[_Found, StockCounted] | None = None
    for item in history:
        try:
            event = decode(item.entry.body)
        except msgspec.DecodeError as fault:
            _park(db, item.entry.aggregate_id, item, repr(fault))
            continue
        if isinstance(event, StockMoved) and item.standing == RETURNED:
            keep_moves(db, event, item.position)
        elif isinstance(event, StockCounted):
            counted = item, event
    if counted is not None and counted[0].standing == RETURNED:
        keep_count(db, counted[1], counted[0].position)


def _note_series(history: Sequence[_Found], tally: Tally) -> None:
    """A series that an earlier recovery went on to is used up, even if no order came back of it."""
    for item in history:
        if item.entry.type == "box.recovered" and item.standing == RETURNED:
            event = decode(item.entry.body)
            if isinstance(event, BoxRecovered):
                tally.series.add(event.series)


def _remember_commands(
    db: sqlite3.Connection, order_id: str | None, history: Sequence[_Found]
) -> None:
    """A screen that offers one of these again is answered with the order as it now is.

    The body of the command did not come back: what came of it stands for its digest. What this box
    refused meanwhile, because it did not know the order, HQ knows to have been accepted.
    """
    # Of a transfer the order that lines left is the one that was asked about.
    over_there = {f.entry.command_id for f in history if f.entry.type == "lines.came"}
    db.executemany(
        "INSERT INTO commands (command_id, digest, position, order_id, refusal, at_ms)"
        " VALUES (?, ?, ?, ?, NULL, ?) ON CONFLICT (command_id) DO UPDATE SET"
        " digest = excluded.digest, position = excluded.position, order_id = excluded.order_id,"
        " refusal = NULL"
        " WHERE refusal IS NOT NULL",
        [
            (
                *(f.entry.command_id, mark_of(f.entry.type)),
                *(f.position, order_id, wall_ms_of(f.entry.stamp)),
            )
            for f in history
            if f.standing == RETURNED
            and f.entry.type in _ASKED_FOR
            and f.entry.command_id not in over_there
        ],
    )


_ASKED_FOR = ORDER_TAGS | {
    "item.eighty_sixed", "item.restored", "product.edited", "stock.moved", "stock.counted",
    "shift.opened", "shift.closed", "cash.moved", "drawer.opened", "day.closed",
    "staff.clocked_in", "staff.clocked_out",
}  # fmt: skip
"""Events that a screen's command made."""


def _park(db: sqlite3.Connection, aggregate: str, item: _Found, reason: str) -> None:
    log.error("entry %d (%s) cannot be folded: %s", item.position, item.entry.type, reason)
    db.execute(
        "INSERT OR IGNORE INTO parked (follower, position, aggregate_id, reason, at_ms)"
        " VALUES (?,?,?,?,?)",
        (FOLLOWER, item.position, aggregate, reason, item.entry.wall_ms),
    )
