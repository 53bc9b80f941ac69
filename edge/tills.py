"""Tills on disk: shifts, what moved in them, approvals, and what no Z report has counted yet."""

import json
import sqlite3
from collections.abc import Iterable, Sequence

import msgspec
from msgspec.structs import replace

from edge.database import insert_rows
from protocol.commands import Command, TenderPayment
from protocol.events import PaymentTaken
from protocol.floor_commands import RefundPayment
from protocol.floor_events import (
    CashMoved,
    DayClosed,
    DrawerOpened,
    PaymentRefunded,
    ShiftClosed,
    ShiftOpened,
)
from protocol.rules.state import DayStanding
from protocol.staff import Given
from protocol.till_commands import CloseShift, MoveCash, OpenDrawer, OpenShift
from protocol.tills import CashKind, Shift

MoneyEvent = (
    PaymentTaken
    | PaymentRefunded
    | ShiftOpened
    | ShiftClosed
    | CashMoved
    | DrawerOpened
    | DayClosed
)
"""Events that change what the tables of this module hold."""

_NEED_TILL = (TenderPayment, RefundPayment, OpenShift, MoveCash, OpenDrawer, CloseShift)
_encode = msgspec.json.Encoder().encode
_shift_decoder = msgspec.json.Decoder(Shift)
_given_decoder = msgspec.json.Decoder(Given)


def needs_till(command: Command) -> bool:
    """Whether deciding this command may depend on a shift."""
    if isinstance(command, TenderPayment | RefundPayment):
        return command.till_id is not None
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
        " WHERE approval_id IN (SELECT value FROM json_each(?))",
        (json.dumps(named),),
    )
    return {
        approval_id: replace(_given_decoder.decode(body), used=used_by is not None)
        for approval_id, body, used_by in rows
    }


def use_approval(db: sqlite3.Connection, approval_id: str, command_id: str) -> None:
    """Inside the transaction of the command that needed it: it allows nothing more."""
    db.execute("UPDATE approvals SET used_by = ? WHERE approval_id = ?", (command_id, approval_id))


def moved(shift: Shift, event: CashMoved | DrawerOpened) -> Shift:
    """A shift after cash moved or the drawer was opened."""
    if isinstance(event, DrawerOpened):
        return replace(shift, no_sales=shift.no_sales + 1)
    match event.kind:
        case CashKind.PAID_IN:
            return replace(shift, paid_in=shift.paid_in + event.amount)
        case CashKind.PAID_OUT:
            return replace(shift, paid_out=shift.paid_out + event.amount)
        case CashKind.DROP:
            return replace(shift, drops=shift.drops + event.amount)


def keep_money(
    db: sqlite3.Connection, events: Sequence[MoneyEvent], shifts: dict[str, Shift]
) -> None:
    """Payments, refunds and shifts that changed, inside the transaction of their events."""
    insert_rows(
        db,
        "INSERT INTO payments"
        " (payment_id, order_id, shift_id, tender, amount, tip, rounding, business_date, z)",
        [_payment_row(e) for e in events if isinstance(e, PaymentTaken)],
    )
    insert_rows(
        db,
        "INSERT INTO refunds (refund_id, order_id, shift_id, tender, amount, rounding, credit,"
        " business_date, at_ms, z)",
        [_refund_row(e) for e in events if isinstance(e, PaymentRefunded)],
    )
    insert_rows(
        db,
        "INSERT INTO cash_moves (move_id, shift_id)",
        [(e.move_id, e.shift_id) for e in events if isinstance(e, CashMoved)],
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


def day_standing(db: sqlite3.Connection, business_date: str, through: int) -> DayStanding:
    """What a close of this business date would find."""
    del db, business_date
    return DayStanding(next_z=1, previous="", through=through, figures=())


def _payment_row(event: PaymentTaken) -> tuple[object, ...]:
    p = event.payment
    return (
        *(p.payment_id, event.order_id, p.shift_id, p.tender, p.amount, p.tip, p.rounding),
        *(event.business_date, None),
    )


def _refund_row(event: PaymentRefunded) -> tuple[object, ...]:
    r = event.refund
    return (
        *(r.refund_id, event.order_id, r.shift_id, r.tender, r.amount, r.rounding, r.credit),
        *(event.business_date, r.at_ms, None),
    )
