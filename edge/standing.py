"""What a close of the day would find: figures no Z has counted, and what is not done and where.

Nothing here counts anything: an X report reads the same, as often as somebody likes.
"""

import sqlite3
from collections.abc import Callable, Iterable, Sequence

import msgspec

from edge.days import NO_MORE, counted_through, last_days
from edge.stock import stream_ends
from protocol.commands import Command
from protocol.day_figures import Given, Paid, cash_expected, figures_of, tenders_of
from protocol.floor_commands import (
    Adjust,
    ChangeDetails,
    RemoveAdjustment,
    ReopenOrder,
    TransferLines,
)
from protocol.house import House
from protocol.orders import Order
from protocol.refusals import Refusal
from protocol.rules.state import NO_SUMS, DayStanding, Sums
from protocol.staff import Person
from protocol.till_commands import CloseDay, CloseShift, MoveCash
from protocol.tills import DayFigures, Outstanding, Shift, TenderFigure
from protocol.z_marks import ALL_DATES

LISTED_MOST = 400
"""Outstanding things that are named one by one; the others are one line that says how many."""

CHANGES_A_BILL = (Adjust, RemoveAdjustment, ChangeDetails, TransferLines, ReopenOrder)
"""Commands that may change the bill of an order that is served: of none that a Z has counted."""
NEEDS_SUMS = (CloseDay, CloseShift, MoveCash, *CHANGES_A_BILL)
"""Commands that are decided with sums over what is in the tables."""

_order_decoder = msgspec.json.Decoder(Order)
_shift_decoder = msgspec.json.Decoder(Shift)


class ShiftFigures(msgspec.Struct, frozen=True, kw_only=True):
    """An X report of one shift: what came by each tender, and what its drawer should hold."""

    shift: Shift
    expected: int
    tenders: tuple[TenderFigure, ...] = ()
    cash_sales: int = 0
    cash_refunds: int = 0


def sums_for(
    db: sqlite3.Connection,
    command: Command,
    today: str,
    beside: Sequence[Callable[[], Iterable[Outstanding]]],
) -> Sums:
    """The sums for one of `NEEDS_SUMS`; everything done until now is in the tables."""
    match command:
        case CloseDay():
            things = [thing for tell in beside for thing in tell()]
            return Sums(standing=day_standing(db, command.business_date, today, things))
        case CloseShift() | MoveCash():
            shift_id = command.shift_id
            return Sums(drawer=cash_in(db, shift_id), tried=_tried(db, shift_id))
        case TransferLines():
            return Sums(
                counted_in=_counted_in(db, command.order_id),
                other_counted_in=_counted_in(db, command.to_order_id),
            )
        case ReopenOrder() | Adjust() | RemoveAdjustment() | ChangeDetails():
            return Sums(counted_in=_counted_in(db, command.order_id))
    return NO_SUMS


def day_standing(
    db: sqlite3.Connection, business_date: str, today: str, beside: Sequence[Outstanding] = ()
) -> DayStanding:
    """What a close up to this business date would find now.

    `today` is the box's own business date; `beside` what is outstanding outside the database.
    """
    number, last = last_days(db)
    counted = counted_through(db)
    ends = {s: n for s, n in stream_ends(db).items() if n > counted.get(s, 0)}
    (through,) = db.execute("SELECT coalesce(max(position), 0) FROM journal").fetchone()
    until = ALL_DATES if business_date >= today else business_date
    return DayStanding(
        next_z=number + 1,
        previous=last[0] if last else "",
        joins=last[1:],
        through=through,
        figures=uncounted_figures(db, _last_date(db, business_date, today), until),
        outstanding=_bounded(
            (
                *open_shifts(db, until),
                *open_orders(db, until),
                *papers_aside(db),
                *parked(db),
                *beside,
            )
        ),
        as_of=ends,
        until=until,
        closed=dict(
            db.execute(
                "SELECT business_date, min(number_z) FROM days WHERE business_date >= ? GROUP BY 1",
                (business_date,),
            ).fetchall()
        ),
    )


def _last_date(db: sqlite3.Connection, business_date: str, today: str) -> str:
    """The date of the last Z of a close: not after today, as long as today has none.

    A clock that stands still goes on with a date that was closed: then whoever closes knows better.
    """
    today_is_closed = _closed_up_to(db, today) == today
    return business_date if today_is_closed else min(business_date, today)


def _counted_in(db: sqlite3.Connection, order_id: str) -> int | None:
    row = db.execute("SELECT z FROM orders WHERE order_id = ?", (order_id,)).fetchone()
    return None if row is None else row[0]


def uncounted_figures(db: sqlite3.Connection, last: str, until: str) -> tuple[DayFigures, ...]:
    """Figures of each date up to `last` that has something new, oldest first.

    What belongs to a date that has its Z already, or to one after `last`, goes into the first or the
    last of them.
    """
    dates = _dates(db, until)
    if not dates:
        return ()
    closed = _closed_up_to(db, last)
    own = sorted(d for d in dates if closed < d <= last) or [last]
    if any(d > last for d in dates) and own[-1] != last:
        own.append(last)
    found: list[DayFigures] = []
    after = ""
    for date in own:
        end = until if date == own[-1] else date
        found.append(figures_between(db, date, after, end))
        after = end
    return tuple(found)


def figures_between(
    db: sqlite3.Connection, business_date: str, after: str, until: str
) -> DayFigures:
    """What no Z has counted and is dated after `after` and up to `until`, as the Z of one date."""
    span = (after, until)
    where = "z IS NULL AND business_date > ? AND business_date <= ?"
    orders = db.execute(f"SELECT body FROM orders WHERE {where} AND status IN {NO_MORE}", span)
    shifts = db.execute(
        "SELECT body FROM shifts WHERE z IS NULL AND closed_ms IS NOT NULL AND"
        " json_extract(CAST(body AS TEXT), '$.business_date') > ? AND json_extract(CAST(body AS TEXT), '$.business_date') <= ?",
        span,
    )
    return figures_of(
        business_date,
        (_order_decoder.decode(body) for (body,) in orders),
        _paid(db, where, span),
        _given(db, where, span),
        [_shift_decoder.decode(body) for (body,) in shifts],
    )


def with_names(db: sqlite3.Connection, no: Refusal) -> Refusal:
    """A refusal that says who has a till open, or has closed it, by name and not by id."""
    if no.code not in ("till_open", "shift_closed"):
        return no
    row = db.execute("SELECT body FROM staff WHERE staff_id = ?", (no.params["who"],)).fetchone()
    if row is None:
        return no
    name = msgspec.json.decode(row[0], type=Person).name
    return Refusal(no.code, {**no.params, "who": name})


def shift_figures(db: sqlite3.Connection, shift: Shift) -> ShiftFigures:
    """How a shift stands, from its payments and refunds."""
    paid = _paid(db, "shift_id = ?", (shift.shift_id,))
    given = _given(db, "shift_id = ?", (shift.shift_id,))
    return ShiftFigures(
        shift=shift,
        expected=cash_expected(shift, paid, given),
        tenders=tenders_of(paid, given),
        cash_sales=sum(x.amount + x.tip + x.rounding for x in paid if x.tender == "cash"),
        cash_refunds=sum(y.amount + y.tip + y.rounding for y in given if y.tender == "cash"),
    )


def cash_in(db: sqlite3.Connection, shift_id: str) -> int:
    """What sales and refunds brought into the drawer of a shift (minor units)."""
    (sales,) = db.execute(
        "SELECT coalesce(sum(amount + tip + rounding), 0) FROM payments"
        " WHERE shift_id = ? AND tender = 'cash'",
        (shift_id,),
    ).fetchone()
    (back,) = db.execute(
        "SELECT coalesce(sum(amount + tip + rounding), 0) FROM refunds"
        " WHERE shift_id = ? AND tender = 'cash'",
        (shift_id,),
    ).fetchone()
    return int(sales) - int(back)


def _tried(db: sqlite3.Connection, shift_id: str) -> int:
    """Refusals that told something of what is in a drawer; they are remembered over restarts."""
    (tried,) = db.execute(
        "SELECT count(*) FROM commands WHERE refusal IS NOT NULL AND instr(refusal, ?) AND"
        " (instr(refusal, CAST('over_short_reason' AS BLOB))"
        " OR instr(refusal, CAST('drawer_short' AS BLOB)))",
        (shift_id.encode(),),
    ).fetchone()
    return int(tried)


def find_shift(db: sqlite3.Connection, shift_id: str) -> Shift | None:
    """The shift with this id."""
    row = db.execute("SELECT body FROM shifts WHERE shift_id = ?", (shift_id,)).fetchone()
    return None if row is None else _shift_decoder.decode(row[0])


def any_open(db: sqlite3.Connection) -> bool:
    """Whether a till is open and will be counted."""
    return db.execute("SELECT 1 FROM shifts WHERE closed_ms IS NULL LIMIT 1").fetchone() is not None


def list_shifts(db: sqlite3.Connection, limit: int = 50) -> list[Shift]:
    """Open shifts first, then those that were closed last."""
    rows = db.execute(
        "SELECT body FROM shifts ORDER BY closed_ms IS NOT NULL, closed_ms DESC LIMIT ?", (limit,)
    )
    return [_shift_decoder.decode(body) for (body,) in rows]


def open_shifts(db: sqlite3.Connection, until: str) -> Iterable[Outstanding]:
    """Tills that nobody has counted: they block the close."""
    house = _till_names(db)
    for (body,) in db.execute("SELECT body FROM shifts WHERE closed_ms IS NULL"):
        shift = _shift_decoder.decode(body)
        if shift.business_date <= until:
            yield Outstanding(
                kind="shift",
                id=shift.shift_id,
                label=house.get(shift.till_id, shift.till_id),
                where=shift.opened_by or "",
                amount=shift.opening,
                blocks=True,
            )


def open_orders(db: sqlite3.Connection, until: str) -> Iterable[Outstanding]:
    """Orders that are neither closed nor called off: held, open, in the kitchen, or not paid."""
    rows = db.execute(
        f"SELECT body FROM orders WHERE status NOT IN {NO_MORE} AND business_date <= ?"
        " AND coalesce(z, 1) <> 0 ORDER BY placed_ms",
        (until,),
    )
    for (body,) in rows:
        order = _order_decoder.decode(body)
        kind = "held" if order.status.value == "held" else "order"
        if order.status.value == "served":
            kind = "unpaid"
        yield Outstanding(
            kind=kind,
            id=order.order_id,
            label=order.number,
            where=order.table or order.tab_name or "",
            amount=order.due,
        )


def papers_aside(db: sqlite3.Connection) -> Iterable[Outstanding]:
    """Papers that did not come out and wait for a person."""
    rows = db.execute(
        "SELECT job_id, p.kind, printer, coalesce(number, '') FROM print_jobs p"
        " LEFT JOIN orders USING (order_id) WHERE state IN ('held', 'failed') ORDER BY created_ms"
    )
    for job_id, kind, printer, number in rows:
        yield Outstanding(kind="paper", id=job_id, label=number or kind, where=printer)


def parked(db: sqlite3.Connection) -> Iterable[Outstanding]:
    """Entries that some part of the box could not take in."""
    rows = db.execute("SELECT follower, count(*) FROM parked GROUP BY 1 ORDER BY 1")
    for follower, count in rows:
        yield Outstanding(kind="parked", id=f"parked:{follower}", label=follower, amount=count)


def _bounded(found: Sequence[Outstanding]) -> tuple[Outstanding, ...]:
    blocking = [o for o in found if o.blocks]
    others = [o for o in found if not o.blocks]
    if len(others) > LISTED_MOST:
        more = len(others) - LISTED_MOST
        amount = sum(o.amount for o in others[LISTED_MOST:])
        others = [
            *others[:LISTED_MOST],
            Outstanding(kind="more", id="more", label=f"+{more}", amount=amount),
        ]
    return (*blocking, *others)


def _dates(db: sqlite3.Connection, until: str) -> set[str]:
    """Business dates of which something is in no Z yet and could be."""
    rows = db.execute(
        "SELECT business_date FROM payments WHERE z IS NULL AND business_date <= ?1"
        " UNION SELECT business_date FROM refunds WHERE z IS NULL AND business_date <= ?1"
        " UNION SELECT business_date FROM orders WHERE z IS NULL AND business_date <= ?1"
        f" AND status IN {NO_MORE}"
        " UNION SELECT json_extract(CAST(body AS TEXT), '$.business_date') FROM shifts"
        " WHERE z IS NULL AND closed_ms IS NOT NULL AND"
        " json_extract(CAST(body AS TEXT), '$.business_date') <= ?1",
        (until,),
    )
    return {date for (date,) in rows}


def _closed_up_to(db: sqlite3.Connection, last: str) -> str:
    row = db.execute(
        "SELECT coalesce(max(business_date), '') FROM days WHERE business_date <= ?", (last,)
    ).fetchone()
    return str(row[0])


def _paid(db: sqlite3.Connection, where: str, values: tuple[str, ...]) -> list[Paid]:
    rows = db.execute(
        f"SELECT tender, amount, tip, rounding, business_date FROM payments WHERE {where}", values
    )
    return [
        Paid(tender=t, amount=a, tip=tip, rounding=r, business_date=d) for t, a, tip, r, d in rows
    ]


def _given(db: sqlite3.Connection, where: str, values: tuple[str, ...]) -> list[Given]:
    rows = db.execute(
        f"SELECT tender, amount, rounding, business_date, tip FROM refunds WHERE {where}", values
    )
    return [
        Given(tender=t, amount=a, rounding=r, business_date=d, tip=tip) for t, a, r, d, tip in rows
    ]


def _till_names(db: sqlite3.Connection) -> dict[str, str]:
    row = db.execute("SELECT body FROM house").fetchone()
    house = House() if row is None else msgspec.json.decode(row[0], type=House)
    return {till.id: till.name for till in house.tills}
