"""Money that was taken or given back, told again to a box that may have lost it: it counts as it was.

Also where nothing is due any more: what changed hands changed hands. What an answer says of it is
believed as far as a box can have said it.
"""

from protocol import commands as c
from protocol import floor_commands as f
from protocol.bill import Refund
from protocol.events import Event
from protocol.ids import is_uuid
from protocol.orders import Order, Payment
from protocol.refusals import Refusal
from protocol.rules.cash import CASH
from protocol.rules.refunding import refunded
from protocol.rules.state import Moment, State, refuse
from protocol.rules.tendering import payment_taken

ID_MAX = 64
COIN_MAX = 1_000
"""No currency of ours has a smallest coin of more minor units."""


def tender_again(
    state: State, command: c.TenderPayment, accepted: Order, moment: Moment
) -> list[Event] | Refusal | None:
    """A payment as the first answer gave it; None when the answer does not tell."""
    order = state.order
    first = payment_of(command, accepted)
    if order is None or first is None or not _can_be_rounding(order, first.rounding):
        return None
    payment = Payment(
        payment_id=command.payment_id,
        tender=command.tender,
        amount=first.amount,
        tendered=command.tendered,
        change=command.tendered - first.amount - command.tip - first.rounding,
        at_ms=moment.at_ms,
        label=command.label,
        check_id=command.check_id,
        tip=command.tip,
        rounding=first.rounding,
        shift_id=first.shift_id,
        staff=first.staff,
        reference=command.reference,
    )
    if any(p.payment_id == payment.payment_id for p in order.payments):
        return []
    if payment.payment_id in state.taken_ids:
        return refuse("duplicate_id", id=payment.payment_id)
    return [payment_taken(order, payment, moment)]


def refund_again(
    state: State, command: f.RefundPayment, accepted: Order, moment: Moment
) -> list[Event] | Refusal | None:
    """A refund as the first answer gave it; None when the answer does not tell."""
    order = state.order
    first = refund_of(command, accepted)
    if order is None or first is None or not _can_be_rounding(order, first.rounding):
        return None
    given = Refund(
        refund_id=command.refund_id,
        amount=first.amount,
        tender=command.tender,
        at_ms=moment.at_ms,
        credit=first.credit,
        lines=command.lines,
        payment_id=command.payment_id,
        reason=command.reason,
        rounding=first.rounding,
        staff=first.staff,
        approved_by=first.approved_by,
        shift_id=first.shift_id,
        business_date=moment.business_date,
        tip=first.tip,
    )
    if any(r.refund_id == given.refund_id for r in order.refunds):
        return []
    if given.refund_id in state.taken_ids:
        return refuse("duplicate_id", id=given.refund_id)
    return [refunded(order, given, moment, command.approval_id)]


def is_paid(command: c.TenderPayment, order: Order, since_ms: int, until_ms: int) -> bool:
    """Whether the payment on the bill can be what came of this tender."""
    payment = payment_of(command, order)
    if payment is None:
        return False
    needed = payment.amount + command.tip + payment.rounding
    return (
        is_uuid(payment.payment_id)
        and payment.amount > 0
        and 0 <= needed <= command.tendered <= c.AMOUNT_MAX
        and (command.tender == CASH or needed == command.tendered)
        and (command.tender == CASH or not payment.rounding)
        and command.amount in (None, payment.amount)
        and _are_ids(payment.shift_id, payment.staff)
        and since_ms <= payment.at_ms <= until_ms
    )


def is_refunded(command: f.RefundPayment, order: Order, since_ms: int, until_ms: int) -> bool:
    """Whether the refund on the bill can be what came of this command."""
    refund = refund_of(command, order)
    if refund is None:
        return False
    tips = (p.tip for p in order.payments if p.payment_id == command.payment_id)
    return (
        is_uuid(refund.refund_id)
        and 0 <= refund.tip <= next(tips, 0)
        and command.tip in (None, refund.tip)
        and 0 <= refund.amount <= c.AMOUNT_MAX
        and refund.amount + refund.tip > 0
        and refund.credit == (refund.amount if command.lines else 0)
        and command.amount in (None, refund.amount)
        and (command.tender == CASH or not refund.rounding)
        and _are_ids(refund.shift_id, refund.staff, refund.approved_by)
        and since_ms <= refund.at_ms <= until_ms
    )


def payment_of(command: c.TenderPayment, order: Order) -> Payment | None:
    """The payment that a command brought."""
    return next((p for p in order.payments if p.payment_id == command.payment_id), None)


def refund_of(command: f.RefundPayment, order: Order) -> Refund | None:
    """The refund that a command brought."""
    return next((r for r in order.refunds if r.refund_id == command.refund_id), None)


def _can_be_rounding(order: Order, rounding: int) -> bool:
    """Cash differs by less than the smallest coin, where bills are rounded at all."""
    rules = order.rules
    if rules is None or not rounding:
        return not rounding
    step = rules.cash_step
    return abs(rounding) < (COIN_MAX if step is None else step)


def _are_ids(*texts: str | None) -> bool:
    return all(text is None or 0 < len(text) <= ID_MAX for text in texts)
