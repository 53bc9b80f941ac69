"""Taking money: how much counts towards the order, and the change."""

from protocol import commands as c
from protocol.events import Event, PaymentTaken
from protocol.ids import is_uuid
from protocol.orders import Order, OrderStatus, Payment, Source
from protocol.refusals import Refusal
from protocol.rules.state import Moment, State, refuse


def tender(state: State, command: c.TenderPayment, moment: Moment) -> list[Event] | Refusal:
    """Apply a tender to an order. Only cash gives change; a payment id counts once, ever."""
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
    if order.due <= 0:
        return refuse("nothing_due", number=order.number)
    amount = _amount_of(state, command, order.due, order.number)
    if isinstance(amount, Refusal):
        return amount
    payment = Payment(
        payment_id=command.payment_id,
        tender=command.tender,
        amount=amount,
        tendered=command.tendered,
        change=command.tendered - amount,
        at_ms=moment.at_ms,
        label=command.label,
    )
    return [
        PaymentTaken(
            order_id=order.order_id,
            payment=payment,
            business_date=moment.business_date,
            hour=moment.hour,
            due_after=order.due - amount,
        )
    ]


def overpaid_by(order: Order) -> int:
    """What was paid beyond what the order costs, in minor units; 0 when nothing was.

    Payments are a set that only grows, by payment id. One journal refuses a payment beyond what is
    due; where two journals each took one (a copy of the box, a restored box, a screen that was
    away) both are kept and this is what the guest gets back.
    """
    return max(0, -order.due)


def _amount_of(state: State, command: c.TenderPayment, due: int, number: str) -> int | Refusal:
    if not 0 < command.tendered <= c.AMOUNT_MAX:
        return refuse("wrong_amount", amount=state.money(command.tendered))
    amount = min(command.tendered, due) if command.amount is None else command.amount
    if not 0 < amount <= c.AMOUNT_MAX:
        return refuse("wrong_amount", amount=state.money(amount))
    if amount > due:
        return refuse(
            "more_than_due", amount=state.money(amount), due=state.money(due), number=number
        )
    if command.tendered < amount:
        return refuse(
            "too_little", tendered=state.money(command.tendered), amount=state.money(amount)
        )
    if command.tendered > amount and command.tender != "cash":
        return refuse(
            "more_than_due",
            amount=state.money(command.tendered),
            due=state.money(due),
            number=number,
        )
    return amount
