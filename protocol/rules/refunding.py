"""Money given back, and closed orders brought back."""

from protocol import commands as c
from protocol import floor_commands as f
from protocol.bill import Refund
from protocol.checks import shares_of
from protocol.events import Event
from protocol.floor_events import OrderReopened, PaymentRefunded
from protocol.ids import is_uuid
from protocol.menu import name_in
from protocol.orders import Line, Order, OrderStatus, Payment, Source
from protocol.refusals import Refusal
from protocol.rules.cash import CASH, rounding_of, till_refused
from protocol.rules.state import Moment, State, refuse
from protocol.staff import May


def refund(state: State, command: f.RefundPayment, moment: Moment) -> list[Event] | Refusal:
    """Give money back: for lines that were sold, or of a payment that was too much or wrong.

    What lines cost is their part of the bill; the sale becomes so much smaller. Of a payment only
    money goes back, and what the order owes rises by it. Never more than was sold, nor than was
    paid and is not given back yet. A tip is beside all of it: it goes back with its own payment.
    """
    order = state.order
    if order is None:
        return refuse("unknown_order", order_id=command.order_id)
    if not is_uuid(command.refund_id):
        return refuse("bad_id", id=command.refund_id)
    if any(r.refund_id == command.refund_id for r in order.refunds):
        return [] if state.offered else refuse("duplicate_id", id=command.refund_id)
    if command.refund_id in state.taken_ids:
        return refuse("duplicate_id", id=command.refund_id)
    if command.tender not in state.tenders and order.source is not Source.IMPORT:
        return refuse("unknown_tender", tender=command.tender, tenders=", ".join(state.tenders))
    if bool(command.lines) is (command.amount is not None):
        return refuse("bad_refund", number=order.number)
    sold = _credit_of(order, command) if command.lines else 0
    if isinstance(sold, Refusal):
        return sold
    amount = sold if command.lines else command.amount or 0
    tip = _tip_of(state, order, command)
    if isinstance(tip, Refusal):
        return tip
    refusal = _amount_refused(state, order, command, amount, tip)
    refusal = refusal or till_refused(state, order, command.tender)
    if refusal is not None:
        return refusal
    given = Refund(
        refund_id=command.refund_id,
        amount=amount,
        tender=command.tender,
        at_ms=moment.at_ms,
        credit=sold,
        lines=command.lines,
        payment_id=command.payment_id,
        reason=command.reason,
        rounding=rounding_of(state, order, amount + tip) if command.tender == CASH else 0,
        staff=_staff(state),
        approved_by=state.approver(order.order_id, May.REFUND),
        shift_id=state.shift.shift_id if state.shift is not None else None,
        business_date=moment.business_date,
        tip=tip,
    )
    return [refunded(order, given, moment, command.approval_id)]


def refunded(
    order: Order, given: Refund, moment: Moment, approval_id: str | None
) -> PaymentRefunded:
    """The event of money given back."""
    return PaymentRefunded(
        order_id=order.order_id,
        refund=given,
        business_date=moment.business_date,
        hour=moment.hour,
        due_after=order.due + given.amount - given.credit,
        approval_id=approval_id,
    )


def reopen(state: State, command: f.ReopenOrder, moment: Moment) -> list[Event] | Refusal:
    """Bring a closed order back, to put its payments right."""
    order = state.order
    if order is None:
        return refuse("unknown_order", order_id=command.order_id)
    if order.status is not OrderStatus.CLOSED:
        done = state.offered and order.reopened
        return [] if done else refuse("not_closed", number=order.number)
    if state.sums.counted_in is not None and not state.offered:
        # Its figures stand in a Z report; from then on money only goes back as a refund.
        return refuse("order_counted", number=order.number, z=state.sums.counted_in)
    return [
        OrderReopened(
            order_id=order.order_id,
            at_ms=moment.at_ms,
            reason=command.reason,
            staff=_staff(state),
            approved_by=state.approver(order.order_id, May.REOPEN),
            approval_id=command.approval_id,
        )
    ]


def _credit_of(order: Order, command: f.RefundPayment) -> int | Refusal:
    """What these lines cost the guest, in minor units; what was given back of them before counts.

    Piece by piece it comes to the same as all at once, and everything to the whole bill.
    """
    live: dict[str, Line] = {x.line_id: x for x in order.live_lines}
    before = dict.fromkeys(live, 0)
    for each in (x for r in order.refunds for x in r.lines):
        before[each.line_id] = before.get(each.line_id, 0) + each.quantity
    after = dict(before)
    for asked in command.lines:
        line = live.get(asked.line_id)
        if line is None:
            return refuse("unknown_line", number=order.number, line_id=asked.line_id)
        after[line.line_id] += asked.quantity
        if asked.quantity < 1 or after[line.line_id] > line.quantity:
            left = line.quantity - before[line.line_id]
            item = name_in(line.names, "en")
            return refuse("refund_over_sold", item=item, quantity=asked.quantity, left=left)
    left_to_credit = order.totals.total - order.credited
    if all(after[i] == x.quantity for i, x in live.items()):
        return left_to_credit
    shares = shares_of(order)
    credit = sum(
        _part(shares[i], after[i], x.quantity) - _part(shares[i], before[i], x.quantity)
        for i, x in live.items()
    )
    return min(credit, left_to_credit)


def _part(share: int, count: int, of: int) -> int:
    return share * min(count, of) // of


def _tip_of(state: State, order: Order, command: f.RefundPayment) -> int | Refusal:
    """What goes back of the tip (minor units), see `RefundPayment.tip`."""
    if command.payment_id is None:
        return refuse("bad_refund", number=order.number) if command.tip else 0
    payment = _payment(order, command.payment_id)
    if payment is None:
        return refuse("unknown_payment", number=order.number)
    before = [r for r in order.refunds if r.payment_id == payment.payment_id]
    left = payment.tip - sum(r.tip for r in before)
    if command.tip is None:
        back = sum(r.amount for r in before) + (command.amount or 0)
        return left if command.amount is not None and back == payment.amount else 0
    if 0 <= command.tip <= left:
        return command.tip
    return refuse(
        "refund_over_tip",
        tip=state.money(command.tip),
        most=state.money(left),
        number=order.number,
    )


def _amount_refused(
    state: State, order: Order, command: f.RefundPayment, amount: int, tip: int
) -> Refusal | None:
    if not (0 < amount <= c.AMOUNT_MAX or (amount == 0 and tip)):
        return refuse("wrong_amount", amount=state.money(amount))
    most = order.paid
    if command.payment_id is not None:
        payment = _payment(order, command.payment_id)
        assert payment is not None, "its tip was looked up a moment ago"
        back = sum(r.amount for r in order.refunds if r.payment_id == payment.payment_id)
        most = min(most, payment.amount - back)
    if amount > most:
        return refuse(
            "refund_over_paid",
            amount=state.money(amount),
            most=state.money(max(0, most)),
            number=order.number,
        )
    return None


def _payment(order: Order, payment_id: str) -> Payment | None:
    return next((p for p in order.payments if p.payment_id == payment_id), None)


def _staff(state: State) -> str | None:
    return state.actor.staff_id if state.actor is not None else state.staff
