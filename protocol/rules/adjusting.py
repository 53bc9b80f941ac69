"""Taking something off a bill, and charging it again."""

from typing import NamedTuple

from msgspec.structs import replace

from protocol import commands as c
from protocol import floor_commands as f
from protocol.bill import Adjustment, AdjustmentKind, Names
from protocol.discounts import rounding_of, with_given
from protocol.events import Event
from protocol.floor_events import AdjustmentRemoved, BillAdjusted, PromotionsApplied
from protocol.house import DiscountPreset
from protocol.house_checks import percent_of
from protocol.menu import name_in
from protocol.orders import Line, LineStatus, Order, find_line
from protocol.pricing import terms_of, totals_of
from protocol.refusals import Refusal
from protocol.rules.details import live_order
from protocol.rules.floor_folding import FROM_OFFERS
from protocol.rules.promoting import (
    applied_to,
    codes_refused,
    find_coupon,
    goes_below_paid,
    stand,
)
from protocol.rules.state import Moment, State, refuse
from protocol.staff import May

DISCOUNT: Names = {"id": "Diskon", "en": "Discount"}
COMP: Names = {"id": "Gratis", "en": "On the house"}


class _Off(NamedTuple):
    """What an adjustment is, once its preset has been looked up."""

    kind: AdjustmentKind
    names: Names
    percent: str | None
    amount: int | None


def adjust(state: State, command: f.Adjust, moment: Moment) -> list[Event] | Refusal:
    """Take something off the bill or off a line, or take a coupon. A comp is all of one line."""
    order = live_order(state, command.order_id)
    if isinstance(order, Refusal):
        return order
    if command.kind is AdjustmentKind.COUPON:
        return _take_coupon(state, order, command, moment)
    if any(a.adjustment_id == command.adjustment_id for a in order.adjustments):
        # A box that was put back has the event, but not the answer.
        return [] if state.offered else refuse("duplicate_id", id=command.adjustment_id)
    off = _off(state, command)
    if isinstance(off, Refusal):
        return off
    refusal = _line_refused(order, command, off) or _reason_refused(state, command, off)
    if refusal is not None:
        return refusal
    return _adjusted(state, order, command, off, moment)


def remove(state: State, command: f.RemoveAdjustment, moment: Moment) -> list[Event] | Refusal:
    """Charge again what was taken off. Offers come and go by themselves; a coupon is given back."""
    order = live_order(state, command.order_id)
    if isinstance(order, Refusal):
        return order
    found = next((a for a in order.adjustments if a.adjustment_id == command.adjustment_id), None)
    if found is None:
        return [] if state.offered else refuse("unknown_adjustment", number=order.number)
    if found.kind is AdjustmentKind.PROMOTION:
        return refuse("offer_stays", offer=name_in(found.names, "en"))
    if found.kind is AdjustmentKind.COUPON:
        return _give_back_coupon(state, order, found, moment)
    rest = tuple(a for a in order.adjustments if a is not found)
    removed = AdjustmentRemoved(
        order_id=order.order_id,
        at_ms=moment.at_ms,
        adjustment_id=found.adjustment_id,
        totals=totals_of(order.lines, terms_of(replace(order, adjustments=rest))),
    )
    return [removed]


def _adjusted(
    state: State, order: Order, command: f.Adjust, off: _Off, moment: Moment
) -> list[Event] | Refusal:
    adjustment = Adjustment(
        adjustment_id=command.adjustment_id,
        kind=off.kind,
        names=off.names,
        line_id=command.line_id,
        percent=off.percent,
        amount=off.amount,
        reason=command.reason,
        staff=state.actor.staff_id if state.actor is not None else state.staff,
    )
    after = with_given(order.lines, (*order.adjustments, adjustment), rounding_of(order.rules))
    given = after[-1].given
    # Only what allows it beyond the cashier's own: what is approved does not count to their limit.
    by = state.approver(order.order_id, May.DISCOUNT_OVER, May.COMP, amount=given)
    after = (*after[:-1], replace(after[-1], approved_by=by))
    if off.amount is not None and given < off.amount:
        amount, left = state.money(off.amount), state.money(given)
        return refuse("more_than_bill", amount=amount, left=left)
    if given == 0:
        return refuse("nothing_to_take_off", number=order.number)
    totals = totals_of(order.lines, terms_of(replace(order, adjustments=after)))
    if goes_below_paid(state, replace(order, adjustments=after, totals=totals), moment):
        return refuse("paid_order", number=order.number, paid=state.money(order.paid))
    adjusted = BillAdjusted(
        order_id=order.order_id,
        at_ms=moment.at_ms,
        adjustment=after[-1],
        totals=totals,
        approval_id=command.approval_id if state.approval is not None else None,
    )
    return [adjusted]


def _off(state: State, command: f.Adjust) -> _Off | Refusal:
    """What is asked for, from the house's list or as it was typed."""
    if command.kind is AdjustmentKind.PROMOTION:
        return refuse("bad_discount", asked="promotion")
    if command.preset_id:
        preset = _find_preset(state, command.preset_id)
        if preset is None:
            return refuse("unknown_discount", discount=command.preset_id)
        return _sound(_Off(preset.kind, preset.names, preset.percent, preset.amount))
    if command.kind is AdjustmentKind.COMP:
        return _Off(AdjustmentKind.COMP, COMP, "100", None)
    return _sound(_Off(command.kind, DISCOUNT, command.percent, command.amount))


def _find_preset(state: State, preset_id: str) -> DiscountPreset | None:
    return next((p for p in state.house.discounts if p.id == preset_id), None)


def _sound(off: _Off) -> _Off | Refusal:
    """A percentage above 0 and at most 100, or an amount above nothing: exactly one of both."""
    if off.kind is AdjustmentKind.COMP:
        return off._replace(percent="100", amount=None)
    if (off.percent is None) is (off.amount is None):
        return refuse("bad_discount", asked="?")
    if off.amount is not None:
        right = 0 < off.amount <= c.AMOUNT_MAX
        return off if right else refuse("bad_discount", asked=off.amount)
    percent = percent_of(off.percent or "")
    if percent is None or not 0 < percent <= 100:
        return refuse("bad_discount", asked=f"{off.percent}%")
    return off


def _line_refused(order: Order, command: f.Adjust, off: _Off) -> Refusal | None:
    if command.line_id is None:
        if off.kind is AdjustmentKind.COMP:
            return refuse("comp_needs_line", number=order.number)
        return None
    line: Line | None = find_line(order, command.line_id)
    if line is None or line.status is LineStatus.VOIDED:
        return refuse("unknown_line", number=order.number, line_id=command.line_id)
    return None


def _reason_refused(state: State, command: f.Adjust, off: _Off) -> Refusal | None:
    """What was made and is not charged needs a reason; so does a typed discount where HQ lists some."""
    reasons = state.house.reasons
    typed = not command.preset_id and bool(reasons.discount)
    needed = typed if off.kind is AdjustmentKind.DISCOUNT else True
    if needed and not command.reason.strip():
        return refuse("reason_needed")
    return None


def _take_coupon(
    state: State, order: Order, command: f.Adjust, moment: Moment
) -> list[Event] | Refusal:
    refusal = codes_refused(state, (command.code,))
    if refusal is not None:
        return refusal
    if stand(order):
        return refuse("paid_order", number=order.number, paid=state.money(order.paid))
    coupon = find_coupon(state.house, command.code)
    assert coupon is not None, "it was looked up a moment ago"
    applied = applied_to(order, state.house, moment, (command.code,))
    on_bill = applied.promotions if applied is not None else order.adjustments
    if not any(a.promotion_id == coupon.id for a in on_bill):
        return refuse("coupon_not_now", coupon=command.code, offer=name_in(coupon.names, "en"))
    return [] if applied is None else _unless_paid(state, order, applied)


def _give_back_coupon(
    state: State, order: Order, coupon: Adjustment, moment: Moment
) -> list[Event] | Refusal:
    if stand(order):
        return refuse("paid_order", number=order.number, paid=state.money(order.paid))
    rest = tuple(a for a in order.adjustments if a.code != coupon.code)
    without = replace(order, adjustments=rest)
    applied = applied_to(without, state.house, moment)
    if applied is not None:
        return _unless_paid(state, order, applied)
    offers = tuple(a for a in rest if a.kind in FROM_OFFERS)
    totals = totals_of(order.lines, terms_of(without))
    return [
        PromotionsApplied(
            order_id=order.order_id, at_ms=moment.at_ms, promotions=offers, totals=totals
        )
    ]


def _unless_paid(state: State, order: Order, applied: PromotionsApplied) -> list[Event] | Refusal:
    """These offers, unless the bill would come to less than was paid: a coupon is shown before."""
    if applied.totals.total < min(order.kept, order.totals.total):
        return refuse("paid_order", number=order.number, paid=state.money(order.paid))
    return [applied]
