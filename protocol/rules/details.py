"""Where and how a party eats, and what is written beside a line: changed without touching the food."""

from msgspec.structs import replace

from protocol import floor_commands as f
from protocol.events import Event
from protocol.floor_events import DetailsChanged, LineChanged
from protocol.menu import name_in
from protocol.orders import LineStatus, Order, OrderStatus, find_line
from protocol.pricing import terms_of, totals_of
from protocol.refusals import Refusal
from protocol.rules.price_verdicts import reprice
from protocol.rules.promoting import goes_below_paid
from protocol.rules.state import Moment, State, refuse

OVER = frozenset({OrderStatus.CLOSED, OrderStatus.CANCELLED})


def change_details(state: State, command: f.ChangeDetails, moment: Moment) -> list[Event] | Refusal:
    """Move a party to another table, name its tab, count its covers; the bill follows the rules."""
    order = live_order(state, command.order_id)
    if isinstance(order, Refusal):
        return order
    after = replace(
        order,
        dining_option=command.dining_option,
        table=command.table,
        tab_name=command.tab_name,
        covers=command.covers,
    )
    if after == order:
        return []
    totals = totals_of(order.lines, terms_of(after))
    if goes_below_paid(state, replace(after, totals=totals), moment):
        return refuse("paid_order", number=order.number, paid=state.money(order.paid))
    changed = DetailsChanged(
        order_id=order.order_id,
        at_ms=moment.at_ms,
        dining_option=command.dining_option,
        totals=totals,
        table=command.table,
        tab_name=command.tab_name,
        covers=command.covers,
        table_was=order.table,
    )
    if command.dining_option is order.dining_option or order.payments:
        return [changed]
    # Some things cost another sum when they are taken along: until somebody pays, all follow.
    index = state.menu.priced_at(state.prices, moment.at_ms)
    why = f"They eat otherwise now: {command.dining_option.value}."
    prices = reprice(replace(after, totals=totals), index, "all_unpaid", moment.at_ms, why)
    return [changed] if prices is None else [changed, prices]


def change_line(state: State, command: f.ChangeLine, moment: Moment) -> list[Event] | Refusal:
    """Write a line's note, seat and course. What the kitchen has keeps its note and course."""
    order = live_order(state, command.order_id)
    if isinstance(order, Refusal):
        return order
    line = find_line(order, command.line_id)
    if line is None or line.status is LineStatus.VOIDED:
        return refuse("unknown_line", number=order.number, line_id=command.line_id)
    wanted = (command.note, command.course)
    if line.status is not LineStatus.WAITING and wanted != (line.note, line.course):
        item = name_in(line.names, "en")
        return refuse("line_made", item=item, status=line.status.value)
    if (*wanted, command.seat) == (line.note, line.course, line.seat):
        return []
    return [
        LineChanged(
            order_id=order.order_id,
            line_id=line.line_id,
            at_ms=moment.at_ms,
            note=command.note,
            seat=command.seat,
            course=command.course,
        )
    ]


def live_order(state: State, order_id: str) -> Order | Refusal:
    """The order, when it is not over and in no Z report; else the refusal to answer."""
    order = state.order
    if order is None:
        return refuse("unknown_order", order_id=order_id)
    if order.merged_into is not None:
        return refuse("order_merged", number=order.number)
    if order.status in OVER:
        return refuse("order_closed", number=order.number, status=order.status.value)
    if state.sums.counted_in and not state.offered:
        # Money that went back opened it again to be paid otherwise; no Z counts another bill of it.
        return refuse("order_counted", number=order.number, z=state.sums.counted_in)
    return order
