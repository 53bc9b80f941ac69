"""Joining a screen's cart into an open order: lines appear, grow, shrink and go; nothing is lost."""

from msgspec.structs import replace

from protocol import commands as c
from protocol.cart import Cart, CartLine
from protocol.events import CartMerged, Event
from protocol.ids import LineId, is_uuid
from protocol.menu import name_in
from protocol.orders import Line, LineStatus, Order, find_line
from protocol.pricing import terms_of, totals_of
from protocol.refusals import Refusal
from protocol.rules.carts import (
    cart_of,
    follow_cart,
    follows,
    join,
    quantity,
    resized,
    taken_off,
)
from protocol.rules.coursing import IN_THE_KITCHEN, goes_at_once
from protocol.rules.promoting import goes_below_paid
from protocol.rules.selling_times import untimely
from protocol.rules.state import Moment, State, refuse
from protocol.rules.stock_keeping import moved_by
from protocol.rules.taking import changeable, fired_now, price_lines

TALLY_MAX = 1_000_000_000
ACTORS_MAX = 100
NOTE_STAMP_MAX = (1 << 53) - 1
"""A browser counts whole numbers no further; screens stamp notes with milliseconds."""


def merge(state: State, command: c.MergeCart, moment: Moment) -> list[Event] | Refusal:
    """Join a screen's cart into an order: new lines are priced, waiting ones follow the cart.

    What is already in the kitchen, or was struck by hand, is not changed by a cart any more: such
    edits are `late` and shown. The same cart again changes nothing.
    """
    order = changeable(state, command.order_id)
    if isinstance(order, Refusal):
        return order
    mine = cart_of(order)
    refusal = _cart_refused(state, order, command.cart, mine)
    if refusal is not None:
        return refusal
    joined = join(mine, command.cart)
    if joined == mine:
        return []
    refusal = _quantity_refused(state, order, joined)
    if refusal is not None:
        return refusal
    taken = _taken_before(state, order, joined)
    wanted = tuple(x for x in _wanted(order, joined) if x.line_id not in taken)
    refusal = untimely(state, wanted, moment, order.source)
    if refusal is not None:
        return refusal
    fresh = price_lines(state, wanted, moment, order.dining_option, imported=False)
    if isinstance(fresh, Refusal):
        return fresh
    after = follow_cart(order.lines, joined, (*fresh, *taken.values()))
    totals = totals_of(after, terms_of(order))
    if goes_below_paid(state, replace(order, lines=after, totals=totals), moment):
        return refuse("paid_order", number=order.number, paid=state.money(order.paid))
    waiting = tuple(x for x in after if x.status is LineStatus.WAITING)
    merged: list[Event] = [
        CartMerged(
            order_id=order.order_id,
            at_ms=moment.at_ms,
            cart=joined,
            lines=waiting,
            totals=totals,
            late=_late(order, mine, joined),
        )
    ]
    if order.status in IN_THE_KITCHEN:
        waited = {x.line_id for x in order.lines if x.status is LineStatus.WAITING}
        new = tuple(x for x in waiting if x.line_id not in waited)
        at_once = goes_at_once(order, new, state.accepted)
        merged += fired_now(order.order_id, at_once, moment.at_ms)
    return merged + moved_by(order.order_id, order.lines, after, moment.at_ms)


def _taken_before(state: State, order: Order, cart: Cart) -> dict[LineId, Line]:
    """Lines that a first answer to this command gave: they are taken as they were, prices and all."""
    if state.accepted is None or state.accepted.order_id != order.order_id:
        return {}
    there = {x.line_id for x in order.lines if not taken_off(x)}
    return {
        x.line_id: replace(
            resized(x, quantity(cart.lines[x.line_id])),
            status=LineStatus.WAITING,
            bumped=(),
            fired_ms=None,
            void_reason=None,
            reduced=0,
        )
        for x in state.accepted.live_lines
        if x.line_id not in there and x.line_id in cart.lines and quantity(cart.lines[x.line_id])
    }


def _wanted(order: Order, cart: Cart) -> tuple[c.NewLine, ...]:
    """Lines to price: what the cart has some of, and the order has not."""
    wanted: list[c.NewLine] = []
    for line_id, line in cart.lines.items():
        there = find_line(order, line_id)
        if quantity(line) == 0 or (there is not None and not taken_off(there)):
            continue
        choices = tuple(
            c.NewChoice(modifier_id=x.modifier_id, quantity=x.quantity) for x in line.choices
        )
        wanted.append(
            c.NewLine(
                line_id=line_id,
                variant_id=line.variant_id,
                quantity=quantity(line),
                choices=choices,
                note=line.note.text,
            )
        )
    return tuple(wanted)


def _late(order: Order, mine: Cart, joined: Cart) -> tuple[LineId, ...]:
    late: list[LineId] = []
    for line in order.lines:
        now = joined.lines.get(line.line_id)
        if now is None or follows(line) or now == mine.lines.get(line.line_id):
            continue
        count = quantity(now)
        if count == line.quantity or (line.status is LineStatus.VOIDED and count == 0):
            continue
        late.append(line.line_id)
    return tuple(late)


def _cart_refused(state: State, order: Order, cart: Cart, mine: Cart) -> Refusal | None:
    if len(cart.lines) > c.LINES_MAX:
        return refuse("bad_request", detail=f"a cart has at most {c.LINES_MAX} lines")
    for line_id, line in cart.lines.items():
        if not is_uuid(line_id):
            return refuse("bad_id", id=line_id)
        held = mine.lines.get(line_id)
        other = held is not None and (held.variant_id, held.choices) != (
            line.variant_id,
            line.choices,
        )
        voided = find_line(order, line_id)
        other = other or (voided is not None and voided.variant_id != line.variant_id)
        if other or line_id in state.taken_ids:
            return refuse("duplicate_id", id=line_id)
        if not _sound(line):
            return refuse("bad_request", detail=f"the counters of line {line_id} cannot be")
    return None


def _sound(line: CartLine) -> bool:
    return (
        len(line.tallies) <= ACTORS_MAX
        and len(line.choices) <= 50
        and all(1 <= x.quantity <= 99 for x in line.choices)
        and len(line.note.text) <= 200
        and 0 <= line.note.stamp <= NOTE_STAMP_MAX
        and all(len(actor) <= 200 for actor in line.tallies)
        and all(
            0 <= t.seen_added <= t.added <= TALLY_MAX and 0 <= t.seen_taken <= t.taken <= TALLY_MAX
            for t in line.tallies.values()
        )
    )


def _quantity_refused(state: State, order: Order, joined: Cart) -> Refusal | None:
    for line_id, line in joined.lines.items():
        count = quantity(line)
        if count > c.QUANTITY_MAX:
            return refuse("wrong_quantity", quantity=count, most=c.QUANTITY_MAX)
        there = find_line(order, line_id)
        waiting = there is not None and there.status is LineStatus.WAITING
        if there and waiting and count > there.quantity and there.item_id in state.eighty_six:
            item = name_in(there.names, "en")
            return refuse("item_unavailable", item=item, item_id=there.item_id)
    return None
