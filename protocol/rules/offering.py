"""Commands that were accepted before, offered again by a screen to a box that may have lost them.

What a box once said yes to is a fact: it is taken as it was, at the price and under the number the
guest has on paper, whatever menu or 86 list the box has now. Events made again are the same to the
byte where the first answer tells enough, so that HQ sees one event that came twice.
"""

from msgspec.structs import replace

from protocol import commands as c
from protocol.events import Event, LinesAdded, OrderFired, OrderPlaced, PaymentTaken
from protocol.orders import TAKES_LINES, Line, LineStatus, Order, OrderStatus, Source, find_line
from protocol.pricing import totals_of
from protocol.refusals import Refusal
from protocol.rules.state import Moment, State, refuse
from protocol.rules.stock_keeping import moved_by


def offered_again(state: State, command: c.Command, moment: Moment) -> list[Event] | Refusal | None:
    """What follows from a command whose first answer held `state.accepted`.

    None when the answer says nothing that the command's own rule would not find out by itself.
    `moment` is the one of the first answer where that is known, see `happened_ms_of`.
    """
    order = state.accepted
    if order is None or getattr(command, "order_id", None) != order.order_id:
        return None
    match command:
        case c.PlaceOrder():
            return _place(state, command, order)
        case c.AddLines():
            return _add_lines(state, command, order, moment)
        case c.TenderPayment():
            return _tender(state, command, order, moment)
    return None


def happened_ms_of(command: c.Command, order: Order) -> int | None:
    """When the box first said yes, as far as its answer tells (Unix milliseconds)."""
    if isinstance(command, c.PlaceOrder):
        return order.placed_ms
    if isinstance(command, c.TenderPayment):
        return next((p.at_ms for p in order.payments if p.payment_id == command.payment_id), None)
    return None


def _place(state: State, command: c.PlaceOrder, order: Order) -> list[Event] | Refusal | None:
    if state.order is not None:
        return refuse("duplicate_id", id=command.order_id)
    lines = _lines_of(command.lines, order)
    if lines is None:
        return None
    placed = OrderPlaced(
        order_id=order.order_id,
        number=state.order_number,
        business_date=order.business_date,
        hour=order.hour,
        at_ms=order.placed_ms,
        confidence=order.confidence,
        source=order.source,
        dining_option=order.dining_option,
        lines=lines,
        totals=totals_of(lines),
        currency=order.currency,
        menu_version=order.menu_version,
        held=command.hold,
        table=order.table,
        tab_name=order.tab_name,
        covers=order.covers,
        screen=order.screen,
        staff=order.staff,
        device_ms=order.device_ms,
    )
    happened: list[Event] = [placed]
    if not command.hold:
        happened.append(_fired(order, lines, order.placed_ms))
    if order.source is Source.IMPORT:
        return happened
    return happened + moved_by(state.tracked, order.order_id, (), lines, order.placed_ms)


def _add_lines(
    state: State, command: c.AddLines, accepted: Order, moment: Moment
) -> list[Event] | Refusal | None:
    order, lines = state.order, _lines_of(command.lines, accepted)
    if order is None or lines is None:
        return None
    if order.status not in TAKES_LINES:
        return refuse("order_closed", number=order.number, status=order.status.value)
    lines = tuple(line for line in lines if find_line(order, line.line_id) is None)
    if not lines:
        return []
    fired_ms = max((x.fired_ms or 0 for x in accepted.lines if _is_one(x, lines)), default=0)
    at_ms = fired_ms or moment.at_ms
    added = LinesAdded(
        order_id=order.order_id,
        at_ms=at_ms,
        lines=lines,
        totals=totals_of((*order.lines, *lines)),
    )
    happened: list[Event] = [added]
    if order.status in (OrderStatus.FIRED, OrderStatus.READY):
        happened.append(_fired(order, lines, at_ms))
    if order.source is Source.IMPORT:
        return happened
    return happened + moved_by(state.tracked, order.order_id, (), lines, at_ms)


def _tender(
    state: State, command: c.TenderPayment, accepted: Order, moment: Moment
) -> list[Event] | Refusal | None:
    """Money that was taken was taken: it counts also where nothing is due any more."""
    order = state.order
    payment = next((p for p in accepted.payments if p.payment_id == command.payment_id), None)
    if order is None or payment is None:
        return None
    if any(p.payment_id == payment.payment_id for p in order.payments):
        return []
    if payment.payment_id in state.taken_ids:
        return refuse("duplicate_id", id=payment.payment_id)
    return [
        PaymentTaken(
            order_id=order.order_id,
            payment=payment,
            business_date=moment.business_date,
            hour=moment.hour,
            due_after=order.due - payment.amount,
        )
    ]


def _lines_of(asked: tuple[c.NewLine, ...], order: Order) -> tuple[Line, ...] | None:
    """The lines of a command as they were first taken; None when the answer lacks one."""
    known = {line.line_id: line for line in order.lines}
    if any(new.line_id not in known for new in asked):
        return None
    return tuple(_as_taken(known[new.line_id], new) for new in asked)


def _as_taken(line: Line, new: c.NewLine) -> Line:
    # A later edit may have changed how many there are; that edit is offered again by itself.
    assert line.quantity > 0, "a line has a quantity"
    amount = line.amount // line.quantity * new.quantity
    expected = line.expected // line.quantity * new.quantity
    same = line.quantity == new.quantity
    return replace(
        line,
        quantity=new.quantity,
        amount=line.amount if same else amount,
        expected=line.expected if same else expected,
        status=LineStatus.WAITING,
        bumped=(),
        fired_ms=None,
        void_reason=None,
    )


def _is_one(line: Line, of: tuple[Line, ...]) -> bool:
    return any(line.line_id == x.line_id for x in of)


def _fired(order: Order, lines: tuple[Line, ...], at_ms: int) -> OrderFired:
    return OrderFired(
        order_id=order.order_id, at_ms=at_ms, line_ids=tuple(x.line_id for x in lines)
    )
