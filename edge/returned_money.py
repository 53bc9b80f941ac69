"""Money and tills that came back from HQ: payments, refunds, shifts, days, approvals, working hours.

Rows are made from the events, not from the folded order, because only an event says when and in which
stream it happened: that decides which Z report has counted it.
"""

import sqlite3
from collections.abc import Sequence

import msgspec

from edge.days import IN_NO_Z, keep_certificate, keep_day
from edge.tills import keep_clocking, payment_row, refund_row
from protocol.day_figures import moved
from protocol.events import Event, PaymentTaken
from protocol.floor_events import (
    ApprovalGiven,
    CashMoved,
    ClockedIn,
    ClockedOut,
    DayCertified,
    DayClosed,
    DrawerOpened,
    PaymentRefunded,
    ShiftClosed,
    ShiftOpened,
)
from protocol.orders import Source
from protocol.staff import Given
from protocol.tills import Shift
from protocol.z_marks import Marks, Over, Place

MONEY_KINDS = frozenset({"order", "shift", "day", "approval", "staff"})
"""Kinds of things whose entries change tables of money, tills and people."""

Happened = tuple[Event, Sequence[Place], str]
"""An event, every place where it lies here (it may have been done again), and its command's id."""

_encode = msgspec.json.Encoder().encode
_shift_decoder = msgspec.json.Decoder(Shift)


def keep_returned(
    db: sqlite3.Connection,
    kind: str,
    name: str,
    history: Sequence[Happened],
    over: Sequence[Over],
    marks: Marks,
) -> None:
    """What the entries of one thing (of `MONEY_KINDS`) make of these tables; again changes nothing.

    `over`: the times in which an order was over, as far as they are among them.
    """
    use_approvals(db, history)
    match kind:
        case "order":
            keep_order_money(db, name, history, over, marks)
        case "shift":
            keep_shift(db, name, history, marks)
        case "day":
            keep_days(db, history)
        case "approval":
            keep_approvals(db, history)
        case "staff":
            keep_clockings(db, history)


def uncounted(db: sqlite3.Connection) -> list[tuple[str, str]]:
    """Orders and shifts of which something is in no Z yet, as (kind, id)."""
    return db.execute(
        "SELECT 'order', order_id FROM orders WHERE z IS NULL"
        " UNION SELECT 'order', order_id FROM payments WHERE z IS NULL"
        " UNION SELECT 'order', order_id FROM refunds WHERE z IS NULL"
        " UNION SELECT 'shift', shift_id FROM shifts WHERE z IS NULL"
    ).fetchall()


def keep_order_money(
    db: sqlite3.Connection,
    order_id: str,
    history: Sequence[Happened],
    over: Sequence[Over],
    marks: Marks,
) -> None:
    """An order's payments and refunds, and the Z that has counted each and the order itself."""
    row = db.execute(
        "SELECT business_date, json_extract(CAST(body AS TEXT), '$.source') FROM orders WHERE order_id = ?",
        (order_id,),
    ).fetchone()
    business_date, source = row or ("", "")
    imported = source == Source.IMPORT.value
    z = IN_NO_Z if imported else marks.of_order(over, business_date)
    db.execute("UPDATE orders SET z = coalesce(z, ?) WHERE order_id = ?", (z, order_id))
    for event, places, _ in history:
        if isinstance(event, PaymentTaken):
            z = IN_NO_Z if imported else marks.first(places, event.business_date)
            db.execute(
                "INSERT INTO payments (payment_id, order_id, shift_id, tender, amount, tip,"
                " rounding, business_date, z) VALUES (?,?,?,?,?,?,?,?,?)"
                " ON CONFLICT (payment_id) DO UPDATE SET shift_id = excluded.shift_id,"
                " tender = excluded.tender, amount = excluded.amount, tip = excluded.tip,"
                " rounding = excluded.rounding,"
                " business_date = excluded.business_date, z = coalesce(z, excluded.z)",
                (*payment_row(event), z),
            )
        elif isinstance(event, PaymentRefunded):
            z = marks.first(places, event.business_date)
            db.execute(
                "INSERT INTO refunds (refund_id, order_id, shift_id, tender, amount, tip, rounding,"
                " credit, business_date, at_ms, z) VALUES (?,?,?,?,?,?,?,?,?,?,?)"
                " ON CONFLICT (refund_id) DO UPDATE SET z = coalesce(z, excluded.z)",
                (*refund_row(event), z),
            )


def keep_shift(
    db: sqlite3.Connection, shift_id: str, history: Sequence[Happened], marks: Marks
) -> None:
    """A shift from all its entries; one of which some were pruned goes on from what is here."""
    row = db.execute(
        "SELECT body, partly_gone FROM shifts WHERE shift_id = ?", (shift_id,)
    ).fetchone()
    opened = any(isinstance(event, ShiftOpened) for event, _, _ in history)
    whole = row is None or (opened and not row[1])
    shift = None if whole else _shift_decoder.decode(row[0])
    known = "SELECT move_id FROM cash_moves WHERE shift_id = ?"
    done = set() if shift is None else {m for (m,) in db.execute(known, (shift_id,))}
    z: int | None = None
    for event, places, _ in history:
        match event:
            case ShiftOpened():
                shift = shift or event.shift
            case ShiftClosed():
                if shift is None or shift.closed_ms is None:
                    shift = event.shift
                    z = marks.first(places, shift.business_date)
            case CashMoved() | DrawerOpened():
                move_id = event.move_id if isinstance(event, CashMoved) else event.open_id
                db.execute(
                    "INSERT INTO cash_moves (move_id, shift_id) VALUES (?,?)"
                    " ON CONFLICT DO NOTHING",
                    (move_id, shift_id),
                )
                if shift is not None and shift.closed_ms is None and move_id not in done:
                    done.add(move_id)
                    shift = moved(shift, event)
    if shift is not None:
        db.execute(
            "INSERT INTO shifts (shift_id, till_id, closed_ms, body, z) VALUES (?,?,?,?,?)"
            " ON CONFLICT (shift_id) DO UPDATE SET closed_ms = excluded.closed_ms,"
            " body = excluded.body, z = coalesce(z, excluded.z)",
            (shift_id, shift.till_id, shift.closed_ms, _encode(shift), z),
        )


def keep_days(db: sqlite3.Connection, history: Sequence[Happened]) -> None:
    """Z reports and their certificates."""
    for event, _, _ in history:
        if isinstance(event, DayClosed):
            keep_day(db, event)
    for event, _, _ in history:
        if isinstance(event, DayCertified):
            keep_certificate(db, event)


def keep_approvals(db: sqlite3.Connection, history: Sequence[Happened]) -> None:
    """Approvals that were given; whether one was used follows from what names it."""
    for event, _, _ in history:
        if isinstance(event, ApprovalGiven):
            given = Given(
                approval_id=event.approval_id,
                by=event.by,
                action=event.action,
                subject=event.subject,
                amount=event.amount,
                at_ms=event.at_ms,
                expires_ms=event.expires_ms,
            )
            db.execute(
                "INSERT INTO approvals (approval_id, body, used_by, at_ms) VALUES (?,?,NULL,?)"
                " ON CONFLICT (approval_id) DO UPDATE SET body = excluded.body"
                " WHERE approvals.body = x''",
                (event.approval_id, _encode(given), event.at_ms),
            )


def use_approvals(db: sqlite3.Connection, history: Sequence[Happened]) -> None:
    """What these events needed is used up, also when the approval itself comes back later."""
    for event, _, command_id in history:
        approval_id = getattr(event, "approval_id", None)
        if approval_id and not isinstance(event, ApprovalGiven):
            db.execute(
                "INSERT INTO approvals (approval_id, body, used_by, at_ms) VALUES (?, x'', ?, ?)"
                " ON CONFLICT (approval_id) DO UPDATE SET"
                " used_by = coalesce(used_by, excluded.used_by)",
                (approval_id, command_id, _at_ms(event)),
            )


def keep_clockings(db: sqlite3.Connection, history: Sequence[Happened]) -> None:
    """Who worked when."""
    for event, _, _ in history:
        if isinstance(event, ClockedIn | ClockedOut):
            keep_clocking(db, event)


def _at_ms(event: Event) -> int:
    if isinstance(event, PaymentRefunded):
        return event.refund.at_ms
    return int(getattr(event, "at_ms", 0))
