"""The rules: `decide` turns a command into events or a refusal, `apply` folds events into an order.

Both are pure. Everything they need to know is in `State` and `Moment`; nothing else is looked up.
"""

from collections.abc import Callable
from datetime import UTC
from typing import Any

from msgspec.structs import replace

from protocol import commands as c
from protocol import floor_commands as f
from protocol import till_commands as t
from protocol.events import ORDER_TAGS, Event, tag_of
from protocol.ids import OrderId
from protocol.orders import Order, Source
from protocol.refusals import Refusal
from protocol.rules import (
    adjusting,
    allowing,
    details,
    firing,
    menu_keeping,
    merging,
    product_fields,
    promoting,
    refunding,
    splitting,
    stock_keeping,
    taking,
    tendering,
    till_keeping,
    time_keeping,
    transferring,
)
from protocol.rules.folding import apply
from protocol.rules.offering import offered_again, overtaken
from protocol.rules.state import Moment, State, refuse
from protocol.trading_day import local_time

__all__ = ["RULES", "Moment", "State", "apply", "decide", "folded"]

Decision = list[Event] | Refusal

RULES: dict[type, Callable[[State, Any, Moment], Decision]] = {
    c.PlaceOrder: taking.place,
    c.AddLines: taking.add_lines,
    c.VoidLine: taking.void_line,
    c.HoldOrder: taking.hold,
    c.RecallOrder: taking.recall,
    c.FireOrder: firing.fire,
    c.RushOrder: firing.rush,
    c.ChangeOrderStatus: firing.change_status,
    c.BumpTicket: firing.bump,
    c.RecallTicket: firing.recall,
    c.TenderPayment: tendering.tender,
    c.EightySixItem: menu_keeping.eighty_six,
    c.RestoreItem: menu_keeping.restore,
    c.MergeCart: merging.merge,
    c.EditProduct: product_fields.edit,
    c.CountStock: stock_keeping.count,
    c.MoveStock: stock_keeping.move,
    f.ChangeDetails: details.change_details,
    f.ChangeLine: details.change_line,
    f.Adjust: adjusting.adjust,
    f.RemoveAdjustment: adjusting.remove,
    f.SplitChecks: splitting.split,
    f.TransferLines: transferring.transfer,
    f.RefundPayment: refunding.refund,
    f.ReopenOrder: refunding.reopen,
    t.OpenShift: till_keeping.open_shift,
    t.MoveCash: till_keeping.move_cash,
    t.OpenDrawer: till_keeping.open_drawer,
    t.CloseShift: till_keeping.close_shift,
    t.CloseDay: till_keeping.close_day,
    t.ClockIn: time_keeping.clock_in,
    t.ClockOut: time_keeping.clock_out,
}
"""The one dispatch table: each command has exactly one rule."""

BESIDE_ORDERS = (
    *(c.EightySixItem, c.RestoreItem, c.EditProduct, c.CountStock, c.MoveStock),
    *(t.OpenShift, t.MoveCash, t.OpenDrawer, t.CloseShift, t.CloseDay, t.ClockIn, t.ClockOut),
)
"""Commands that no order waits for."""


def decide(state: State, command: c.Command, moment: Moment) -> Decision:
    """What follows from a command: events to commit together, or a refusal that changes nothing."""
    refusal = _time_refused(state, command, moment)
    if refusal is not None:
        return refusal
    asked = state
    if state.offered and state.actor is not None and not state.proven:
        # Anybody can say that a box said yes before: without proof it is asked like any other.
        asked = replace(state, offered=False)
    again = offered_again(asked, command, moment)
    decision = RULES[type(command)](asked, command, moment) if again is None else again
    if isinstance(decision, Refusal):
        return overtaken(state, command, decision, moment) if state.offered else decision
    no = allowing.refused(state, command, decision, moment)
    if no is None:
        told = promoting.followed(asked, command, decision, moment)
        return [*told, *promoting.coupons_told(state, command, told, moment)]
    return overtaken(state, command, no, moment) if state.offered else no


def folded(state: State, events: list[Event]) -> dict[str, Order]:
    """The orders that events changed, by id: one, or both of a transfer."""
    before: dict[str, Order] = {o.order_id: o for o in (state.order, state.other) if o is not None}
    after: dict[str, Order] = {}
    for event in events:
        if tag_of(event) in ORDER_TAGS:
            order_id: OrderId = event.order_id  # type: ignore[assignment,union-attr]
            known = after.get(order_id) or before.get(order_id)
            after[order_id] = apply(known, event)  # type: ignore[arg-type]
    return after


def _time_refused(state: State, command: c.Command, moment: Moment) -> Refusal | None:
    # Whoever may say when something happened may choose the business date: only imports may.
    told_ms = state.happened_ms
    if told_ms is None:
        return None
    if isinstance(command, c.PlaceOrder):
        imported = command.source is Source.IMPORT
    elif state.order is None and not isinstance(command, BESIDE_ORDERS):
        return None  # the command's own rule says that there is no such order
    else:
        imported = state.order is not None and state.order.source is Source.IMPORT
    if not imported:
        return refuse("not_an_import")
    if told_ms < 0:
        return refuse("bad_request", detail="happened_ms is before 1970")
    if told_ms > moment.now_ms:
        return refuse("in_the_future", when=local_time(told_ms, UTC).isoformat())
    return None
