"""Who may do what: asked of each decision before it stands, so that no way in can pass it by.

What a decision needs is read from the events that would follow, not from the command: a fired line
is void whatever took it off, and an approval is held against what a discount really comes to.
"""

from collections.abc import Iterator, Sequence
from decimal import Decimal, InvalidOperation
from typing import NamedTuple

from protocol import commands as c
from protocol import floor_commands as f
from protocol import floor_events as e
from protocol import till_commands as t
from protocol.bill import Adjustment, AdjustmentKind
from protocol.commands import Command
from protocol.events import Event, LineReduced, LineVoided, OrderCancelled, OrderEvent
from protocol.orders import TRANSFERRED, Line, LineStatus, Order, OrderStatus, Source, find_line
from protocol.refusals import Refusal
from protocol.rules.adjusting import DISCOUNT
from protocol.rules.cash import CASH
from protocol.rules.folding import apply
from protocol.rules.state import Moment, State, refuse
from protocol.staff import Given, May
from protocol.tills import CashKind

WORDS: dict[May, tuple[str, str]] = {
    May.ORDER: ("take or change orders", "menerima atau mengubah pesanan"),
    May.PAY: ("take payments", "menerima pembayaran"),
    May.KITCHEN: ("work the kitchen's tickets", "mengerjakan tiket dapur"),
    May.VOID_FIRED: ("void what the kitchen has", "membatalkan yang sudah di dapur"),
    May.COMP: ("give something for free", "memberi gratis"),
    May.DISCOUNT: ("give a discount", "memberi diskon"),
    May.DISCOUNT_OVER: ("give a discount over the limit", "memberi diskon di atas batas"),
    May.CANCEL: (
        "cancel an order that the kitchen has",
        "membatalkan pesanan yang sudah di dapur",
    ),
    May.REFUND: ("give money back", "mengembalikan uang"),
    May.REOPEN: ("reopen a closed order", "membuka lagi pesanan yang ditutup"),
    May.TILL: ("open, count or close a till", "membuka, menghitung, atau menutup laci kas"),
    May.NO_SALE: ("open the drawer without a sale", "membuka laci tanpa penjualan"),
    May.PAID_OUT_OVER: ("take so much out of the drawer", "mengambil uang sebanyak itu dari laci"),
    May.CLOSE_DAY: ("close the day", "menutup hari"),
    May.STOCK: ("count stock or mark items sold out", "menghitung stok atau menandai habis"),
    May.PRODUCTS: ("edit products", "mengubah produk"),
    May.DEVICES: ("let devices in or out", "mengatur perangkat"),
    May.IMPORT: ("import sales", "mengimpor penjualan"),
}
"""What each permission is for, in English and Indonesian."""

BY_COMMAND: dict[type, May] = {
    c.TenderPayment: May.PAY,
    c.BumpTicket: May.KITCHEN,
    c.RecallTicket: May.KITCHEN,
    c.EightySixItem: May.STOCK,
    c.RestoreItem: May.STOCK,
    c.CountStock: May.STOCK,
    c.MoveStock: May.STOCK,
    c.EditProduct: May.PRODUCTS,
    f.RefundPayment: May.REFUND,
    f.ReopenOrder: May.REOPEN,
    t.OpenShift: May.TILL,
    t.CloseShift: May.TILL,
    t.OpenDrawer: May.NO_SALE,
    t.CloseDay: May.CLOSE_DAY,
}
"""Commands that need one thing whatever they come to; all others are asked about below."""

MADE_BY_KITCHEN = (OrderStatus.READY, OrderStatus.SERVED)
BY_KITCHEN = (c.BumpTicket, c.RecallTicket)
GUEST_EDITS = (c.PlaceOrder, c.AddLines, c.MergeCart, c.VoidLine, c.HoldOrder, c.RecallOrder,
               c.FireOrder, c.ChangeOrderStatus)  # fmt: skip


class Need(NamedTuple):
    """What one decision needs: a permission, for what, and how much it comes to (minor units)."""

    may: May
    subject: str = ""
    amount: int = 0


def refused(
    state: State, command: Command, events: Sequence[Event], moment: Moment
) -> Refusal | None:
    """Why whoever asks may not have this; None when they may, or an approval allows it.

    Not asked where nobody signs in, nor of what the box knows was accepted before. That a screen
    says so is not enough: anybody can, of a refund that nobody ever allowed.
    """
    actor = state.actor
    if actor is None or (state.offered and state.proven):
        return None
    if actor.staff_id is None and (no := _guest_refused(state, command, events)) is not None:
        return no
    if May.REFUND not in actor.may and (no := _other_tender(state, events)) is not None:
        return no
    named = getattr(command, "approval_id", None)
    if named and (no := _cannot_serve(state.approval, moment)) is not None:
        return no
    for need in _needs(state, command, events):
        if need.may in actor.may:
            continue
        if state.approval is None:
            return _not_allowed(actor.name, need, guest=actor.staff_id is None)
        if not _covers(state.approval, need):
            return refuse("approval_not_for_this")
    return None


def _not_allowed(name: str, need: Need, *, guest: bool) -> Refusal:
    what, what_id = WORDS[need.may]
    if guest:
        return refuse("guest_may_not", what=what, what_id=what_id)
    return refuse(
        "not_allowed",
        who=name,
        what=what,
        what_id=what_id,
        action=need.may.value,
        subject=need.subject,
        amount=need.amount,
    )


def _other_tender(state: State, events: Sequence[Event]) -> Refusal | None:
    """Cash for what was paid otherwise is for who may give money back themselves: an approval is of a
    sum, and does not say what goes into whose hand."""
    order = state.order
    if order is None:
        return None
    cash = sum(p.amount + p.tip for p in order.payments if p.tender == CASH)
    cash -= sum(r.amount + r.tip for r in order.refunds if r.tender == CASH)
    back = [x.refund for x in events if isinstance(x, e.PaymentRefunded)]
    if sum(r.amount + r.tip for r in back if r.tender == CASH) > max(0, cash):
        return refuse("other_tender", number=order.number)
    return None


def _cannot_serve(approval: Given | None, moment: Moment) -> Refusal | None:
    """Why an approval that a command names is of no use for anything."""
    if approval is None:
        return refuse("approval_unknown")
    if approval.used:
        return refuse("approval_used")
    if moment.now_ms > approval.expires_ms:
        return refuse("approval_expired")
    return None


def _covers(approval: Given, need: Need) -> bool:
    enough = approval.amount is None or need.amount <= approval.amount
    return approval.action is need.may and approval.subject == need.subject and enough


def _guest_refused(state: State, command: Command, events: Sequence[Event]) -> Refusal | None:
    """A guest orders, and may change or cancel what nobody has begun to make; displays bump."""
    if May.ORDER not in (state.actor.may if state.actor else ()):
        return None
    order = state.order
    if any(isinstance(x, OrderCancelled) for x in events):
        if order is not None and _fired(order):
            return refuse("cooking_began", number=order.number)
    elif isinstance(command, BY_KITCHEN):
        return None
    own = order is None or order.source is Source.KIOSK
    if isinstance(command, c.PlaceOrder):
        own = command.source is Source.KIOSK
    if own and isinstance(command, GUEST_EDITS):
        return None
    need = next(_needs(state, command, events), Need(May.ORDER))
    return _not_allowed("", need, guest=True)


def _from_the_pass(command: Command) -> bool:
    """What whoever assembles an order does as well as who serves it: fire the next course, serve."""
    return isinstance(command, c.FireOrder) or (
        isinstance(command, c.ChangeOrderStatus) and command.status in MADE_BY_KITCHEN
    )


def _needs(state: State, command: Command, events: Sequence[Event]) -> Iterator[Need]:
    """Everything that what would follow asks for; nothing when nothing would."""
    if not events:
        return
    subject = getattr(command, "order_id", None) or getattr(command, "shift_id", None) or ""
    match command:
        case c.PlaceOrder() if command.source is Source.IMPORT:
            yield Need(May.IMPORT, subject)
        case c.FireOrder() | c.ChangeOrderStatus() if _from_the_pass(command):
            either = state.actor is not None and May.KITCHEN in state.actor.may
            yield Need(May.KITCHEN if either else May.ORDER, subject)
        case f.Adjust():
            yield from _for_adjusting(state, command, events)
        case t.MoveCash():
            over = command.kind is CashKind.PAID_OUT and _is_much_paid_out(state, command.amount)
            yield Need(May.PAID_OUT_OVER if over else May.TILL, subject, command.amount)
        case f.ChangeDetails():
            yield _for_details(state, events, subject)
        case t.ClockIn() | t.ClockOut():
            if state.actor is None or command.staff_id != state.actor.staff_id:
                yield Need(May.CLOSE_DAY, command.staff_id)
        case _:
            back = [x.refund for x in events if isinstance(x, e.PaymentRefunded)]
            amount = sum(x.amount + x.tip for x in back)
            yield Need(BY_COMMAND.get(type(command), May.ORDER), subject, amount)
    yield from _for_taking_off(state, events, subject)
    if not isinstance(command, f.Adjust):
        yield from _for_shrinking(state, events, subject)


def _for_taking_off(state: State, events: Sequence[Event], subject: str) -> Iterator[Need]:
    """What the kitchen has is not simply taken off."""
    order = state.order
    if order is None:
        return
    struck = sum(_taken_off(order, x) for x in events)
    if struck and state.house.limits.void_fired:
        yield Need(May.VOID_FIRED, subject, struck)
    if any(isinstance(x, OrderCancelled) for x in events) and _fired(order):
        yield Need(May.CANCEL, subject, max(0, order.due))


def _for_shrinking(state: State, events: Sequence[Event], subject: str) -> Iterator[Need]:
    """A discount in money stays while lines go: the tenth of a feast would be the whole of a tea."""
    before = state.order
    if before is None or not any(_is_typed(a) for a in before.adjustments):
        return
    after = _after(before, events)
    limit = _decimal(state.house.limits.discount_percent)
    if _is_too_much(after, limit) and not _is_too_much(before, limit):
        given = sum(a.given for a in after.adjustments if _is_typed(a))
        yield Need(May.DISCOUNT_OVER, subject, given)


def _for_details(state: State, events: Sequence[Event], subject: str) -> Need:
    """Who eats here and is rung up as taking along pays less: beyond a cashier's own discount it
    needs whoever may give more, once the kitchen has the order."""
    before = state.order
    if before is None or not _fired(before):
        return Need(May.ORDER, subject)
    less = before.totals.total - _after(before, events).totals.total
    limit = _decimal(state.house.limits.discount_percent)
    if less * 100 > before.totals.total * limit:
        return Need(May.DISCOUNT_OVER, subject, less)
    return Need(May.ORDER, subject)


def _after(order: Order, events: Sequence[Event]) -> Order:
    for x in events:
        if isinstance(x, OrderEvent) and x.order_id == order.order_id:
            order = apply(order, x)
    return order


def _is_typed(adjustment: Adjustment) -> bool:
    """Whether it is an amount that somebody typed and nobody approved."""
    typed = adjustment.amount is not None and adjustment.names == DISCOUNT
    return typed and _counts(adjustment)


def _is_too_much(order: Order, limit: Decimal) -> bool:
    typed, lines = [a for a in order.adjustments if _is_typed(a)], order.live_lines
    return _exceeds(typed, sum(x.amount for x in lines), limit) or any(
        _exceeds([a for a in typed if a.line_id == x.line_id], x.amount, limit) for x in lines
    )


def _taken_off(order: Order, event: Event) -> int:
    """What a void of something fired takes off the bill, before discounts; at least 1."""
    if isinstance(event, LineVoided) and event.reason != TRANSFERRED:
        line = find_line(order, event.line_id)
        return max(1, line.amount) if line is not None and _is_fired(line) else 0
    if isinstance(event, LineReduced):
        line = find_line(order, event.line_id)
        if line is not None and _is_fired(line):
            return max(1, line.amount * event.by // max(1, line.quantity))
    return 0


def _for_adjusting(state: State, command: f.Adjust, events: Sequence[Event]) -> Iterator[Need]:
    given = next((x.adjustment for x in events if isinstance(x, e.BillAdjusted)), None)
    if given is None or state.order is None:
        yield Need(May.ORDER, command.order_id)
        return
    match given.kind:
        case AdjustmentKind.COMP:
            yield Need(May.COMP, command.order_id, given.given)
        case AdjustmentKind.DISCOUNT:
            over = _is_over(state, state.order, command, given)
            may = May.DISCOUNT_OVER if over else May.DISCOUNT
            yield Need(may, command.order_id, given.given)
        case _:
            yield Need(May.ORDER, command.order_id)


def _is_over(state: State, order: Order, command: f.Adjust, given: Adjustment) -> bool:
    """Whether a discount is beyond what the house leaves to a cashier.

    A preset is as HQ made it. Of typed ones all that nobody approved count together, on the line
    and on the bill: ten times ten percent is not ten percent.
    """
    preset = next((p for p in state.house.discounts if p.id == command.preset_id), None)
    if preset is not None:
        return preset.needs_approval
    limit = _decimal(state.house.limits.discount_percent)
    mine = [a for a in order.adjustments if _counts(a)] + [given]
    lines = order.live_lines
    if given.line_id is not None and _exceeds(
        [a for a in mine if a.line_id == given.line_id],
        sum(x.amount for x in lines if x.line_id == given.line_id),
        limit,
    ):
        return True
    return _exceeds(mine, sum(x.amount for x in lines), limit)


def _exceeds(given: Sequence[Adjustment], base: int, limit: Decimal) -> bool:
    # Each may have been rounded up by less than one minor unit.
    return (sum(a.given for a in given) - len(given)) * 100 >= base * limit and any(
        a.given for a in given
    )


def _counts(adjustment: Adjustment) -> bool:
    return adjustment.kind is AdjustmentKind.DISCOUNT and adjustment.approved_by is None


def _decimal(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        return Decimal(0)


def _is_much_paid_out(state: State, amount: int) -> bool:
    """All that nobody approved counts together: ten times a little is much."""
    before = 0 if state.shift is None else state.shift.unapproved
    return before + amount > state.house.limits.paid_out


def _fired(order: Order) -> bool:
    return any(_is_fired(line) for line in order.live_lines)


def _is_fired(line: Line) -> bool:
    return line.status is not LineStatus.WAITING
