"""A closed day worked out from the ledger alone: which entries its Z counts, and what they come to.

Nothing of what the box said of the day is used but how far it had counted. An entry is counted by
the first Z that reaches it (`protocol.z_marks`); all that can belong to one lies in the entries since
the last Z that left nothing behind.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import msgspec

from cloud.database import Row, Transaction
from cloud.follower import Place
from cloud.histories import BESIDE_ORDERS
from protocol import events as e
from protocol.certificates import Counts, Head, Holding, counts_of
from protocol.day_figures import Given, Paid, figures_of, given_of, paid_of
from protocol.floor_events import DayClosed, PaymentRefunded, ShiftClosed
from protocol.orders import Order, OrderStatus, Source
from protocol.rules import apply
from protocol.tills import Shift
from protocol.z_marks import ALL_DATES, Marks, Over, close_of, line_of

NO_MORE = frozenset({OrderStatus.CLOSED, OrderStatus.CANCELLED})


async def day_at_hq(tx: Transaction, at: Place, closed: DayClosed) -> Holding | None:
    """What HQ has of a Z; None while something is missing that it counts."""
    days = line_to(await closed_days(tx, at), closed.digest)
    if not days:
        return None
    mine = len(days) - 1
    ends = _ends(days[: mine + 1])
    heads = await _heads(tx, at, closed.as_of)
    if heads is None or await _lacks(tx, at, ends):
        return None
    rows = await _rows(tx, at, _ends(_done_before(days)), ends)
    orders, paid, given = await _counted(tx, at, days, rows)
    shifts = await _shifts(tx, at, days, rows)
    return Holding(
        figures=figures_of(closed.business_date, orders, paid, given, shifts),
        counts=await _counts(tx, at, _ends(days[:mine]), ends),
        heads=heads,
    )


async def orders_of(tx: Transaction, at: Place, closed: DayClosed) -> list[Order]:
    """The orders that a Z counts, as they then were."""
    days = line_to(await closed_days(tx, at), closed.digest)
    if not days:
        return []
    rows = await _rows(tx, at, _ends(_done_before(days)), _ends(days))
    return (await _counted(tx, at, days, rows))[0]


def line_to(days: Sequence[DayClosed], digest: str) -> list[DayClosed]:
    """The Z with this digest, last, after all that it goes back to; nothing when it is not there.

    What another box closed that could not be heard had no part in it.
    """
    if all(d.digest != digest for d in days):
        return []
    return [days[place] for place in line_of([close_of(d) for d in days], digest)]


def _done_before(days: Sequence[DayClosed]) -> Sequence[DayClosed]:
    """The days up to the last that left nothing behind, of those before the last of all."""
    for place in range(len(days) - 1, 0, -1):
        before = days[:place]
        # Where boxes were apart it speaks only for those that it goes back to.
        if before[-1].until >= ALL_DATES and len(line_to(before, before[-1].digest)) == place:
            return before
    return ()


def _marks(days: Iterable[DayClosed]) -> Marks:
    return Marks(close_of(d) for d in days)


async def closed_days(tx: Transaction, at: Place) -> list[DayClosed]:
    """Every Z of an outlet in the order of its numbers, as the ledger has them; each once."""
    rows = await tx.fetch(
        """SELECT body FROM ledger WHERE tenant_id = $1 AND outlet_id = $2
           AND type IN ('day.closed', 'day.certified', 'shift.opened', 'shift.closed', 'cash.moved',
                        'drawer.opened') AND type = 'day.closed' AND NOT duplicate""",
        *at,
    )
    found = (_read(row) for row in rows)
    days = {d.digest: d for d in found if isinstance(d, DayClosed)}
    return sorted(days.values(), key=lambda d: (d.number_z, d.digest))


class _Found(NamedTuple):
    """An event, and every place where it lies: a box that lost its disk may have written it again."""

    row: Row
    event: e.Event
    places: list[tuple[str, int]]


def _ends(days: Iterable[DayClosed]) -> dict[str, int]:
    ends: dict[str, int] = {}
    for day in days:
        for stream, end in day.as_of.items():
            ends[stream] = max(end, ends.get(stream, 0))
    return ends


async def _heads(tx: Transaction, at: Place, as_of: dict[str, int]) -> tuple[Head, ...] | None:
    """HQ's chain at each end; None when it lacks one."""
    rows = await tx.fetch(
        """SELECT l.stream, l.seq, l.chain FROM unnest($3::text[], $4::bigint[]) AS a (stream, seq)
           JOIN ledger l ON l.tenant_id = $1 AND l.outlet_id = $2 AND l.stream = a.stream
               AND l.seq = a.seq ORDER BY 1""",
        *(*at, list(as_of), list(as_of.values())),
    )
    if len(rows) < len(as_of):
        return None
    return tuple(Head(stream=r["stream"], seq=r["seq"], chain=r["chain"].hex()) for r in rows)


async def _lacks(tx: Transaction, at: Place, ends: dict[str, int]) -> bool:
    """Whether any stream that was ever counted has not come so far."""
    lacking = await tx.fetchval(
        """SELECT count(*) FROM unnest($3::text[], $4::bigint[]) AS a (stream, seq)
           LEFT JOIN streams s ON s.tenant_id = $1 AND s.outlet_id = $2 AND s.stream = a.stream
           WHERE coalesce(s.last_seq, 0) < a.seq""",
        *(*at, list(ends), list(ends.values())),
    )
    return bool(lacking)


async def _rows(
    tx: Transaction, at: Place, after: dict[str, int], ends: dict[str, int]
) -> Sequence[Row]:
    """Entries about orders and shifts that lie after one set of places and up to another."""
    return await tx.fetch(
        """SELECT l.stream, l.seq, l.event_id, l.type, l.aggregate_kind, l.aggregate_id, l.body
           FROM unnest($3::text[], $4::bigint[], $5::bigint[]) AS a (stream, first, last)
           JOIN ledger l ON l.tenant_id = $1 AND l.outlet_id = $2 AND l.stream = a.stream
               AND l.seq > a.first AND l.seq <= a.last
           WHERE l.aggregate_kind IN ('order', 'shift')""",
        *(*at, list(ends), [after.get(s, 0) for s in ends], list(ends.values())),
    )


async def _counts(
    tx: Transaction, at: Place, after: dict[str, int], ends: dict[str, int]
) -> Counts:
    rows = await tx.fetch(
        """SELECT l.type, count(*) AS number
           FROM unnest($3::text[], $4::bigint[], $5::bigint[]) AS a (stream, first, last)
           JOIN ledger l ON l.tenant_id = $1 AND l.outlet_id = $2 AND l.stream = a.stream
               AND l.seq > a.first AND l.seq <= a.last GROUP BY 1""",
        *(*at, list(ends), [after.get(s, 0) for s in ends], list(ends.values())),
    )
    return counts_of({r["type"]: r["number"] for r in rows})


async def _counted(
    tx: Transaction, at: Place, days: Sequence[DayClosed], rows: Sequence[Row]
) -> tuple[list[Order], list[Paid], list[Given]]:
    """Orders, payments and refunds that the last of these days counts."""
    closed, marks, ends = days[-1], _marks(days), _ends(days)
    touched = {r["aggregate_id"] for r in rows if r["aggregate_kind"] == "order"}
    histories = await _histories(tx, at, touched, ends)
    orders: list[Order] = []
    paid: list[Paid] = []
    given: list[Given] = []
    for history in histories.values():
        order, over = _fold(history)
        if order is None:
            continue
        own = order.source is not Source.IMPORT
        if own and marks.of_order(over, order.business_date) == closed.number_z:
            orders.append(order)
        _add_money(history, order, marks, closed.number_z, paid, given)
    return orders, paid, given


async def _histories(
    tx: Transaction, at: Place, order_ids: set[str], ends: dict[str, int]
) -> dict[str, list[_Found]]:
    """Everything that happened to these orders as far as the Z had counted, in causal order."""
    rows = await tx.fetch(
        """SELECT h.* FROM unnest($3::text[]) AS asked (id) CROSS JOIN LATERAL
               (SELECT position, stream, seq, event_id, type, aggregate_id, stamp, body FROM ledger
                WHERE tenant_id = $1 AND outlet_id = $2 AND aggregate_id = asked.id
                AND aggregate_kind = 'order' OFFSET 0) AS h ORDER BY position""",
        *(*at, sorted(order_ids)),
    )
    known: dict[bytes, _Found] = {}
    for row in rows:
        event = _read(row)
        if event is not None and row["seq"] <= ends.get(row["stream"], 0):
            first = known.setdefault(row["event_id"], _Found(row, event, []))
            first.places.append((row["stream"], row["seq"]))
    histories: dict[str, list[_Found]] = defaultdict(list)
    for found in sorted(known.values(), key=lambda f: _in_time(f.row)):
        histories[found.row["aggregate_id"]].append(found)
    return histories


def _read(row: Row) -> e.Event | None:
    """What this version can read; of anything else the figures will say that they differ."""
    try:
        return e.decode(row["body"])
    except (msgspec.MsgspecError, RecursionError):
        return None


def _in_time(row: Row) -> tuple[bool, int, bytes]:
    return row["type"] != "order.placed", row["stamp"], row["event_id"]


def _fold(history: Iterable[_Found]) -> tuple[Order | None, list[Over]]:
    """The order as it then was, and the times in which it was over."""
    order: Order | None = None
    over: list[Over] = []
    for found in history:
        if found.row["type"] in BESIDE_ORDERS:
            continue
        was_over = order is not None and order.status in NO_MORE
        try:
            order = apply(order, found.event)  # type: ignore[arg-type]
        except Exception:  # noqa: BLE001 - one order that does not fold is parked, and not the day
            break
        if not was_over and order.status in NO_MORE:
            over.append((found.places, ()))
        elif was_over and order.status not in NO_MORE:
            over[-1] = (over[-1][0], found.places)
    return order, over


def _add_money(
    history: Iterable[_Found],
    order: Order,
    marks: Marks,
    number: int,
    paid: list[Paid],
    given: list[Given],
) -> None:
    for found in history:
        event = found.event
        if not isinstance(event, e.PaymentTaken | PaymentRefunded):
            continue
        if marks.first(found.places, event.business_date) != number:
            continue
        if isinstance(event, PaymentRefunded):
            given.append(given_of(event))
        elif order.source is not Source.IMPORT:
            paid.append(paid_of(event))


async def _shifts(
    tx: Transaction, at: Place, days: Sequence[DayClosed], rows: Sequence[Row]
) -> list[Shift]:
    """Shifts that the last of these days counts: the first that any of their closes is in.

    Two boxes that could not hear each other may each have taken the same close, as entries of their
    own; a shift is in one Z all the same.
    """
    marks, number = _marks(days), days[-1].number_z
    touched = {r["aggregate_id"] for r in rows if r["type"] == "shift.closed"}
    closes = await tx.fetch(
        """SELECT stream, seq, type, stamp, event_id, aggregate_id, body FROM ledger
           WHERE tenant_id = $1 AND outlet_id = $2 AND aggregate_id = ANY($3::text[])
           AND aggregate_kind = 'shift' AND type = 'shift.closed'""",
        *(*at, sorted(touched)),
    )
    found: dict[str, tuple[int, Shift]] = {}
    for row in sorted(closes, key=_in_time):
        event = _read(row)
        if not isinstance(event, ShiftClosed):
            continue
        shift = event.shift
        z = marks.of(row["stream"], row["seq"], shift.business_date)
        if z is not None and z < found.get(shift.shift_id, (z + 1, shift))[0]:
            found[shift.shift_id] = z, shift
    return [shift for z, shift in found.values() if z == number]
