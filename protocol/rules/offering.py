"""Commands that were accepted before, offered again by a screen to a box that may have lost them.

What a box once said yes to is a fact: it is taken as it was, at the price and under the number the
guest has on paper, whatever menu or 86 list the box has now. Events made again are the same to the
byte where the first answer tells enough, so that HQ sees one event that came twice.

The answer comes back by way of a screen, and a screen may send anything. It counts only as far as a
box could have given it (`believed`); whatever can be worked out from the command is.
"""

import msgspec
from msgspec.structs import replace

from protocol import commands as c
from protocol import floor_commands as f
from protocol import till_commands as t
from protocol.bill_plan import fault_of
from protocol.box_events import CommandOvertaken
from protocol.cart import CartLine
from protocol.clock import STAMP_MAX, Stamp, wall_ms_of
from protocol.events import (
    Event,
    ItemEightySixed,
    ItemRestored,
    LinesAdded,
    OrderPlaced,
)
from protocol.ids import is_uuid
from protocol.orders import (
    TAKES_LINES,
    Line,
    LineStatus,
    Order,
    Source,
    find_line,
)
from protocol.pricing import Terms, terms_of, totals_of
from protocol.refusals import Refusal
from protocol.rules.carts import quantity
from protocol.rules.coursing import IN_THE_KITCHEN, goes_at_once, of_courses
from protocol.rules.offering_money import (
    is_paid,
    is_refunded,
    payment_of,
    refund_again,
    refund_of,
    tender_again,
)
from protocol.rules.state import Moment, State, refuse
from protocol.rules.stock_keeping import moved_by
from protocol.rules.taking import fired_now

TEXT_MAX = 2_000
"""Longest text that a menu or HQ gives an item: longer ones were not on any bill."""
NAMES_MAX = 20
TIME_MAX = wall_ms_of(Stamp(STAMP_MAX))
"""The last moment that a stamp can hold (Unix milliseconds)."""
ID_MAX = 200
ASKED_MAX = 10_000
"""Characters of a command that are written down when it came too late."""
BESIDE = (c.EditProduct, c.CountStock, c.MoveStock)
"""Commands about an item, which needs no order to be known."""
OF_TILLS = (t.OpenShift, t.MoveCash, t.OpenDrawer, t.CloseShift, t.CloseDay)
"""Commands about cash and days: what proves that a box had accepted them is their proof alone."""
SUBJECTS = ("order_id", "item_id", "till_id", "shift_id", "business_date")
"""What a command is about: the first of these that it names."""
PASSES = frozenset({"not_ready", "unknown_order", "in_the_future"})
"""Refusals that pass by themselves: a menu arrives, the order's own command is offered, too."""
NUMBER_MAX = 999_999
"""An order number above it is nobody's; believed, every later one of the day would go on from it."""


def offered_again(state: State, command: c.Command, moment: Moment) -> list[Event] | Refusal | None:
    """What follows from a command whose first answer held `state.accepted`.

    None when the answer says nothing that the command's own rule would not find out by itself.
    `moment` is the one of the first answer where that is known, see `happened_ms_of`.
    """
    if isinstance(command, c.EightySixItem | c.RestoreItem):
        return _item(command, moment) if state.offered else None
    order = state.accepted
    if order is None or getattr(command, "order_id", None) != order.order_id:
        return None
    match command:
        case c.PlaceOrder():
            return _place(state, command, order, moment)
        case c.AddLines():
            return _add_lines(state, command, order, moment)
        case c.TenderPayment():
            return tender_again(state, command, order, moment)
        case f.RefundPayment():
            return refund_again(state, command, order, moment)
    return None


def overtaken(
    state: State, command: c.Command, no: Refusal, moment: Moment
) -> list[Event] | Refusal:
    """A refusal of what was accepted before: written down, so that nothing goes without a trace.

    One that passes by itself stays a refusal; the screen offers the command again. So does one that
    no box can have accepted: it is about nothing that is known here.
    """
    known = state.order is not None or state.accepted is not None or isinstance(command, BESIDE)
    known = known or (state.proven and isinstance(command, OF_TILLS))
    if no.code in PASSES or not known:
        return no
    order_id = getattr(command, "order_id", "")
    ids = {new.line_id for new in getattr(command, "lines", ())}
    lines = state.accepted.lines if state.accepted is not None else ()
    fact = CommandOvertaken(
        subject=next(filter(None, (getattr(command, x, "") for x in SUBJECTS)), "")[:TEXT_MAX],
        of_order=bool(order_id),
        command=c.tag_of(command),
        reason=no.code,
        asked=msgspec.json.encode(command).decode()[:ASKED_MAX],
        at_ms=moment.now_ms,
        amount=_cash_of(command) or sum(line.amount for line in lines if line.line_id in ids),
        currency=state.menu.menu.currency,
    )
    return [fact]


def _cash_of(command: c.Command) -> int:
    """The cash that a command about a till speaks of (minor units)."""
    match command:
        case t.OpenShift():
            return command.opening
        case t.MoveCash():
            return command.amount
        case t.CloseShift():
            return command.counted
    return 0


def _item(command: c.EightySixItem | c.RestoreItem, moment: Moment) -> list[Event] | None:
    """Whatever menu this box has by now, or has not yet."""
    item_id = command.item_id
    if not item_id.isprintable() or not 0 < len(item_id) <= ID_MAX or {*item_id} & {*"/+#"}:
        return None  # it is part of a topic on the LAN
    # Said again also where it is so already: what was accepted has its entry.
    if isinstance(command, c.RestoreItem):
        return [ItemRestored(item_id=item_id, at_ms=moment.at_ms)]
    return [ItemEightySixed(item_id=item_id, at_ms=moment.at_ms, reason=command.reason)]


def believed(
    command: c.Command, order: Order | None, *, currency: str, since_ms: int, until_ms: int
) -> Order | None:
    """The order of a first answer, when a box can have given it to this command; else None.

    Without it the command is like any other: the box asks its own price, now. `currency` is the
    outlet's; `since_ms` and `until_ms` (Unix milliseconds) are when the first answer can have been.
    """
    if order is None or getattr(command, "order_id", None) != order.order_id:
        return None
    if order.currency != currency or not _is_short(order.number, order.screen, order.staff or ""):
        return None
    if order.source is Source.IMPORT:
        since_ms = 0  # history
    match command:
        case c.PlaceOrder():
            real = (
                is_uuid(order.order_id)
                and order.source is command.source
                and 0 <= order.menu_version <= TIME_MAX
                and (order.rules is None or fault_of(order.rules) is None)
                and since_ms <= order.placed_ms <= until_ms
                and _are_sold(command.lines, order, since_ms, until_ms)
            )
        case c.AddLines():
            real = _are_sold(command.lines, order, since_ms, until_ms)
        case c.TenderPayment():
            real = is_paid(command, order, since_ms, until_ms)
        case f.RefundPayment():
            real = is_refunded(command, order, since_ms, until_ms)
        case c.MergeCart():
            wanted = command.cart.lines
            mine = [x for x in order.live_lines if x.line_id in wanted]
            real = all(_is_wanted(x, wanted[x.line_id], order.source) for x in mine)
        case _:
            # Of these only one thing is believed: that the kitchen had its lines already.
            times = [order.fired_ms, *(x.fired_ms for x in order.lines)]
            real = order.fired_ms is not None and all(
                since_ms <= at_ms <= until_ms for at_ms in times if at_ms is not None
            )
    return order if real else None


def kept_number(order: Order) -> str | None:
    """The number that the guest was given; None for one that no box gives."""
    letters = order.number.rstrip("0123456789")
    digits = order.number[len(letters) :]
    lettered = letters.isascii() and letters.isalpha() and letters.isupper() and len(letters) <= 3
    counted = len(digits) >= 3 and int(digits[:9]) <= NUMBER_MAX and len(digits) <= 6
    return order.number if lettered and counted else None


def happened_ms_of(command: c.Command, order: Order) -> int | None:
    """When the box first said yes, as far as its answer tells (Unix milliseconds)."""
    if isinstance(command, c.PlaceOrder):
        return order.placed_ms
    if isinstance(command, c.TenderPayment):
        payment = payment_of(command, order)
        return None if payment is None else payment.at_ms
    if isinstance(command, f.RefundPayment):
        refund = refund_of(command, order)
        return None if refund is None else refund.at_ms
    return None


def _place(
    state: State, command: c.PlaceOrder, order: Order, moment: Moment
) -> list[Event] | Refusal | None:
    if state.order is not None:
        return refuse("duplicate_id", id=command.order_id)
    lines = _lines_of(command.lines, order)
    if lines is None:
        return None
    terms = Terms(order.rules, (), command.dining_option, command.covers)
    placed = OrderPlaced(
        order_id=order.order_id,
        number=state.order_number,
        business_date=moment.business_date,
        hour=moment.hour,
        at_ms=moment.at_ms,
        confidence=order.confidence,
        source=command.source,
        dining_option=command.dining_option,
        lines=lines,
        totals=totals_of(lines, terms),
        currency=order.currency,
        menu_version=order.menu_version,
        held=command.hold,
        table=command.table,
        tab_name=command.tab_name,
        covers=command.covers,
        screen=order.screen,
        staff=order.staff,
        device_ms=state.device_ms,
        rules=order.rules,
    )
    return [
        placed,
        *fired_now(order.order_id, _fired_with(command, order, lines), moment.at_ms),
        *moved_by(order.order_id, (), lines, moment.at_ms),
    ]


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
    new_ids = {line.line_id for line in lines}
    fired_ms = max((x.fired_ms or 0 for x in accepted.lines if x.line_id in new_ids), default=0)
    at_ms = fired_ms or moment.at_ms
    added = LinesAdded(
        order_id=order.order_id,
        at_ms=at_ms,
        lines=lines,
        totals=totals_of((*order.lines, *lines), terms_of(order)),
    )
    at_once = goes_at_once(order, lines, accepted) if order.status in IN_THE_KITCHEN else ()
    return [
        added,
        *fired_now(order.order_id, at_once, at_ms),
        *moved_by(order.order_id, (), lines, at_ms),
    ]


def _lines_of(asked: tuple[c.NewLine, ...], order: Order) -> tuple[Line, ...] | None:
    """The lines of a command as they were first taken; None when the answer lacks one."""
    known = {line.line_id: line for line in order.lines}
    if any(new.line_id not in known for new in asked):
        return None
    return tuple(_as_taken(known[new.line_id], new) for new in asked)


def _as_taken(line: Line, new: c.NewLine) -> Line:
    # A later edit may have changed how many there are; that edit is offered again by itself.
    expected = _each(line) * new.quantity
    return replace(
        line,
        quantity=new.quantity,
        expected=expected,
        amount=expected if new.amount is None else new.amount,
        note=new.note,
        seat=new.seat,
        status=LineStatus.WAITING,
        bumped=(),
        fired_ms=None,
        void_reason=None,
        reduced=0,
    )


def _fired_with(command: c.PlaceOrder, order: Order, lines: tuple[Line, ...]) -> tuple[Line, ...]:
    """What went to the kitchen with the order: as asked, or all that a box of before courses sent."""
    if command.hold:
        return ()
    asked = {x.line_id for x in of_courses(lines, command.fire_courses)}
    asked |= {x.line_id for x in order.lines if x.fired_ms == order.placed_ms}
    return tuple(x for x in lines if x.line_id in asked)


def _each(line: Line) -> int:
    """What one of them costs, with its choices."""
    return line.unit_price + sum(x.price * x.quantity for x in line.choices)


# ---------------------------------------------------------------- what a box can have answered


def _are_sold(asked: tuple[c.NewLine, ...], order: Order, since_ms: int, until_ms: int) -> bool:
    """Whether each line asked for is on the bill, as what was asked for and at a possible price."""
    known = {line.line_id: line for line in order.lines}
    if len({new.line_id for new in asked} & known.keys()) < len(asked):
        return False
    lines = [known[new.line_id] for new in asked]
    times = [line.fired_ms for line in lines if line.fired_ms is not None]
    return all(since_ms <= at_ms <= until_ms for at_ms in times) and all(
        _is_sold(line, new, order.source) for line, new in zip(lines, asked, strict=True)
    )


def _is_sold(line: Line, new: c.NewLine, source: Source) -> bool:
    chosen = [(x.modifier_id, x.quantity) for x in new.choices]
    same = line.variant_id == new.variant_id and chosen == [
        (x.modifier_id, x.quantity) for x in line.choices
    ]
    amounts = [_each(line) * new.quantity, new.amount or 0, *(abs(x.price) for x in line.choices)]
    return (
        same
        and is_uuid(new.line_id)
        and 1 <= new.quantity <= c.QUANTITY_MAX
        and (new.amount is None or source is Source.IMPORT)
        and not (line.counted and source is Source.IMPORT)
        and line.unit_price >= 0
        and all(0 <= amount <= c.AMOUNT_MAX for amount in amounts)
        and all(0 <= n <= TIME_MAX for n in _numbers_of(line))
        and _is_named(line)
    )


def _numbers_of(line: Line) -> tuple[int, ...]:
    versions = (line.menu_version, line.price_version)
    return (*versions, line.priced_ms, line.course, line.seat or 0, line.target_s or 0)


def _is_wanted(line: Line, wanted: CartLine, source: Source) -> bool:
    choices = tuple(
        c.NewChoice(modifier_id=x.modifier_id, quantity=x.quantity) for x in wanted.choices
    )
    new = c.NewLine(
        line_id=line.line_id,
        variant_id=wanted.variant_id,
        quantity=max(1, quantity(wanted)),
        choices=choices,
    )
    return _is_sold(line, new, source)


def _is_named(line: Line) -> bool:
    """Whether its texts are such as menus have; a station's id is part of a topic on the LAN."""
    names = [line.names, line.variant_names, line.price_names, *(x.names for x in line.choices)]
    ids = (line.item_id, line.plu, line.category_id, line.size or "", line.tax_class)
    stations = (*line.station_ids, *line.expo_ids)
    return (
        all(len(each) <= NAMES_MAX and _is_short(*each.keys(), *each.values()) for each in names)
        and _is_short(*ids, *stations, *line.allergens, line.note, line.price_reason or "")
        and len(stations) <= NAMES_MAX
        and len(line.allergens) <= NAMES_MAX
        and all(s and s.isprintable() and not {*s} & {*"/+#"} for s in stations)
    )


def _is_short(*texts: str) -> bool:
    return all(len(text) <= TEXT_MAX for text in texts)
