"""Taking money: how much counts towards the order or one of its checks, tip, and the change."""

from typing import NamedTuple

from protocol import commands as c
from protocol.checks import dues
from protocol.events import Event, PaymentTaken
from protocol.ids import is_uuid
from protocol.orders import Order, OrderStatus, Payment, Source
from protocol.refusals import Refusal
from protocol.rules.cash import CASH, rounding_of, till_refused
from protocol.rules.state import Moment, State, refuse


def tender(state: State, command: c.TenderPayment, moment: Moment) -> list[Event] | Refusal:
    """Apply a tender to an order or a check. Only cash gives change; a payment id counts once, ever.

    What is handed over covers the amount, the tip, and what cash is rounded by when it settles
    what is due.
    """
    order = state.order
    if order is None:
        return refuse("unknown_order", order_id=command.order_id)
    if order.status is OrderStatus.CANCELLED:
        return refuse("order_closed", number=order.number, status=order.status.value)
    if not is_uuid(command.payment_id):
        return refuse("bad_id", id=command.payment_id)
    if command.payment_id in state.taken_ids or any(
        p.payment_id == command.payment_id for p in order.payments
    ):
        return refuse("duplicate_id", id=command.payment_id)
    imported = order.source is Source.IMPORT
    if command.tender not in state.tenders and not imported:
        return refuse("unknown_tender", tender=command.tender, tenders=", ".join(state.tenders))
    due = _due(order, command.check_id)
    if isinstance(due, Refusal):
        return due
    taken = _taken(state, order, command, due)
    if isinstance(taken, Refusal):
        return taken
    no_till = till_refused(state, order, command.tender)
    if no_till is not None:
        return no_till
    payment = Payment(
        payment_id=command.payment_id,
        tender=command.tender,
        amount=taken.amount,
        tendered=command.tendered,
        change=command.tendered - taken.amount - command.tip - taken.rounding,
        at_ms=moment.at_ms,
        label=command.label,
        check_id=command.check_id,
        tip=command.tip,
        rounding=taken.rounding,
        shift_id=state.shift.shift_id if state.shift is not None else None,
        staff=state.actor.staff_id if state.actor is not None else state.staff,
        reference=command.reference,
    )
    return [payment_taken(order, payment, moment)]


def payment_taken(order: Order, payment: Payment, moment: Moment) -> PaymentTaken:
    """The event of money that came in."""
    return PaymentTaken(
        order_id=order.order_id,
        payment=payment,
        business_date=moment.business_date,
        hour=moment.hour,
        due_after=order.due - payment.amount,
    )


def overpaid_by(order: Order) -> int:
    """What was paid beyond what the order costs, in minor units; 0 when nothing was.

    Payments are a set that only grows, by payment id. One journal refuses a payment beyond what is
    due; where two journals each took one (a copy of the box, a restored box, a screen that was
    away) both are kept and this is what the guest gets back.
    """
    return max(0, -order.due)


class _Taken(NamedTuple):
    amount: int
    rounding: int


def _due(order: Order, check_id: str | None) -> int | Refusal:
    """What is due of the order or the check, never more than the whole order owes."""
    owed = order.due
    if check_id is not None:
        of_checks = dues(order)
        if check_id not in of_checks:
            return refuse("unknown_check", number=order.number)
        owed = min(owed, of_checks[check_id])
    return owed if owed > 0 else refuse("nothing_due", number=order.number)


def _taken(state: State, order: Order, command: c.TenderPayment, due: int) -> _Taken | Refusal:
    """What counts of what was handed over."""
    handed = command.tendered - command.tip
    settles = rounding_of(state, order, due) if command.tender == CASH else 0
    enough = due + settles
    # Less than the smallest coin is settled with nothing in the hand.
    least = 1 if enough > 0 else 0
    if not least <= command.tendered <= c.AMOUNT_MAX:
        return refuse("wrong_amount", amount=state.money(command.tendered))
    if command.amount is None:
        amount = due if handed >= enough else min(handed, due)
    else:
        amount = command.amount
    if not 0 < amount <= c.AMOUNT_MAX:
        return refuse("wrong_amount", amount=state.money(amount))
    if amount > due:
        return _more_than_due(state, order, amount, due)
    rounding = settles if amount == due and handed >= enough else 0
    needed = amount + rounding
    if handed < needed:
        return refuse("too_little", tendered=state.money(handed), amount=state.money(needed))
    if handed > needed and command.tender != CASH:
        return _more_than_due(state, order, command.tendered, due)
    return _Taken(amount, rounding)


def _more_than_due(state: State, order: Order, amount: int, due: int) -> Refusal:
    return refuse(
        "more_than_due", amount=state.money(amount), due=state.money(due), number=order.number
    )
