"""Tills on disk: payments, refunds, shifts and what moved in them, approvals, working hours."""

import json
import sqlite3
from collections.abc import Iterable, Sequence

import msgspec
from msgspec.structs import replace

from edge.database import insert_rows
from edge.days import IN_NO_Z, close_day, keep_certificate
from protocol.commands import Command, TenderPayment
from protocol.events import PaymentTaken
from protocol.floor_commands import RefundPayment
from protocol.floor_events import (
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
from protocol.rules.cash import CASH
from protocol.staff import Given
from protocol.till_commands import CloseShift, MoveCash, OpenDrawer, OpenShift
from protocol.tills import Shift

MoneyEvent = (
    PaymentTaken
    | PaymentRefunded
    | ShiftOpened
    | ShiftClosed
    | CashMoved
    | DrawerOpened
    | DayClosed
    | DayCertified
    | ClockedIn
    | ClockedOut
)
"""Events that change what the tables of this module hold."""

_NEED_TILL = (TenderPayment, RefundPayment, OpenShift, MoveCash, OpenDrawer, CloseShift)
_encode = msgspec.json.Encoder().encode
_shift_decoder = msgspec.json.Decoder(Shift)
_given_decoder = msgspec.json.Decoder(Given)


def needs_till(command: Command) -> bool:
    """Whether deciding this command may depend on a shift."""
    if isinstance(command, TenderPayment | RefundPayment):
        return command.till_id is not None or command.tender == CASH
    return isinstance(command, _NEED_TILL)


def read_shifts(db: sqlite3.Connection, commands: Iterable[Command]) -> dict[str, Shift]:
    """Open shifts, and those that commands name."""
    named = sorted({x for c in commands if (x := getattr(c, "shift_id", None)) is not None})
    rows = db.execute(
        "SELECT shift_id, body FROM shifts WHERE closed_ms IS NULL"
        " OR shift_id IN (SELECT value FROM json_each(?))",
        (json.dumps(named),),
    )
    return {shift_id: _shift_decoder.decode(body) for shift_id, body in rows}


def read_approvals(db: sqlite3.Connection, commands: Iterable[Command]) -> dict[str, Given]:
    """The approvals that commands name."""
    named = sorted({x for c in commands if (x := getattr(c, "approval_id", None)) is not None})
    if not named:
        return {}
    rows = db.execute(
        "SELECT approval_id, body, used_by FROM approvals"
        " WHERE approval_id IN (SELECT value FROM json_each(?)) AND body <> x''",
        (json.dumps(named),),
    )
    return {
        approval_id: replace(_given_decoder.decode(body), used=used_by is not None)
        for approval_id, body, used_by in rows
    }


def use_approval(db: sqlite3.Connection, approval_id: str, command_id: str) -> None:
    """Inside the transaction of the command that needed it: it allows nothing more."""
    db.execute("UPDATE approvals SET used_by = ? WHERE approval_id = ?", (command_id, approval_id))


def keep_money(
    db: sqlite3.Connection,
    events: Sequence[MoneyEvent],
    shifts: dict[str, Shift],
    imported: frozenset[str],
) -> None:
    """What changed, inside the transaction of its events; `imported`: orders that are history."""
    insert_rows(
        db,
        "INSERT INTO payments"
        " (payment_id, order_id, shift_id, tender, amount, tip, rounding, business_date, z)",
        [
            (*payment_row(e), IN_NO_Z if e.order_id in imported else None)
            for e in events
            if isinstance(e, PaymentTaken)
        ],
    )
    insert_rows(
        db,
        "INSERT INTO refunds (refund_id, order_id, shift_id, tender, amount, tip, rounding, credit,"
        " business_date, at_ms, z)",
        [(*refund_row(e), None) for e in events if isinstance(e, PaymentRefunded)],
    )
    insert_rows(
        db,
        "INSERT INTO cash_moves (move_id, shift_id)",
        [
            (e.move_id if isinstance(e, CashMoved) else e.open_id, e.shift_id)
            for e in events
            if isinstance(e, CashMoved | DrawerOpened)
        ],
        "ON CONFLICT (move_id) DO NOTHING",
    )
    touched = {e.shift.shift_id for e in events if isinstance(e, ShiftOpened | ShiftClosed)}
    touched |= {e.shift_id for e in events if isinstance(e, CashMoved | DrawerOpened)}
    insert_rows(
        db,
        "INSERT INTO shifts (shift_id, till_id, closed_ms, body, z)",
        [
            (s.shift_id, s.till_id, s.closed_ms, _encode(s), None)
            for s in map(shifts.get, sorted(touched))
            if s
        ],
        "ON CONFLICT (shift_id) DO UPDATE SET closed_ms = excluded.closed_ms, body = excluded.body",
    )
    for event in events:
        if isinstance(event, ClockedIn | ClockedOut):
            keep_clocking(db, event)
        elif isinstance(event, DayClosed):
            close_day(db, event)
        elif isinstance(event, DayCertified):
            keep_certificate(db, event)


def keep_clocking(db: sqlite3.Connection, event: ClockedIn | ClockedOut) -> None:
    """Somebody began, paused or ended; the same once more is nothing."""
    kind = "in" if isinstance(event, ClockedIn) else "break" if event.on_break else "out"
    db.execute(
        "INSERT INTO clockings (staff_id, at_ms, business_date, kind) VALUES (?,?,?,?)"
        " ON CONFLICT DO NOTHING",
        (event.staff_id, event.at_ms, event.business_date, kind),
    )


def payment_row(event: PaymentTaken) -> tuple[object, ...]:
    """A payment without its mark, in the order of the table's columns."""
    p = event.payment
    return (
        *(p.payment_id, event.order_id, p.shift_id, p.tender, p.amount, p.tip, p.rounding),
        event.business_date,
    )


def refund_row(event: PaymentRefunded) -> tuple[object, ...]:
    """A refund without its mark, in the order of the table's columns."""
    r = event.refund
    return (
        *(r.refund_id, event.order_id, r.shift_id, r.tender, r.amount, r.tip, r.rounding),
        *(r.credit, event.business_date, r.at_ms),
    )
