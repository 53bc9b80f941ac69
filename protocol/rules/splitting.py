"""Splitting an order into checks: by lines (also those of a seat), evenly, or by amounts."""

from collections import Counter
from fractions import Fraction

from msgspec.structs import replace

from protocol import commands as c
from protocol import floor_commands as f
from protocol.bill import Check
from protocol.checks import paid_checks, rechecked
from protocol.events import Event
from protocol.floor_events import ChecksSplit
from protocol.ids import LineId
from protocol.menu import name_in
from protocol.orders import Order
from protocol.refusals import Refusal
from protocol.rules.details import live_order
from protocol.rules.state import Moment, State, refuse

PARTS_MAX = 999
NAME_MAX = 200


def split(state: State, command: f.SplitChecks, moment: Moment) -> list[Event] | Refusal:
    """Let the party pay in these checks, together again when there are none.

    What no check names goes to the first one with lines. Not once a check has been paid on: then
    the others are what is left.
    """
    order = live_order(state, command.order_id)
    if isinstance(order, Refusal):
        return order
    wanted = tuple(replace(check, total=0) for check in command.checks)
    refusal = _shape_refused(state, order, wanted) if wanted else None
    if refusal is not None:
        return refusal
    after = rechecked(replace(order, checks=wanted))
    if after.checks == order.checks:
        return []
    if paid := paid_checks(order):
        return refuse("check_paid", check=_label(order, paid[0]), number=order.number)
    return [ChecksSplit(order_id=order.order_id, at_ms=moment.at_ms, checks=after.checks)]


def _shape_refused(state: State, order: Order, checks: tuple[Check, ...]) -> Refusal | None:
    for check in checks:
        if not 0 < len(check.check_id) <= 64 or len(check.name) > NAME_MAX:
            return refuse("bad_id", id=check.check_id[:64])
        said = (bool(check.lines), check.parts is not None, check.amount is not None)
        if said.count(True) > 1:
            return refuse("bad_split", number=order.number)
    if len({check.check_id for check in checks}) < len(checks):
        return refuse("duplicate_id", id=Counter(x.check_id for x in checks).most_common(1)[0][0])
    # Somebody pays the rest, and it is shared either by lines or by parts.
    kinds = {check.parts is None for check in checks if check.amount is None}
    to_the_last = sum(check.amount or 0 for check in checks) == order.totals.total
    if len(kinds) > 1 or (not kinds and not to_the_last):
        return refuse("bad_split", number=order.number)
    return _parts_refused(checks) or _amounts_refused(state, order, checks) or _over(order, checks)


def _parts_refused(checks: tuple[Check, ...]) -> Refusal | None:
    for check in checks:
        counts = [(x.parts, x.of) for x in check.lines]
        counts += [(check.parts, PARTS_MAX)] if check.parts is not None else []
        for parts, of in counts:
            if not 1 <= parts <= of <= PARTS_MAX:
                return refuse("wrong_quantity", quantity=parts, most=max(1, min(of, PARTS_MAX)))
    return None


def _amounts_refused(state: State, order: Order, checks: tuple[Check, ...]) -> Refusal | None:
    amounts = [check.amount for check in checks if check.amount is not None]
    for amount in amounts:
        if not 0 < amount <= c.AMOUNT_MAX:
            return refuse("wrong_amount", amount=state.money(amount))
    if sum(amounts) > order.totals.total:
        return refuse(
            "split_over_total",
            amount=state.money(sum(amounts)),
            total=state.money(order.totals.total),
            number=order.number,
        )
    return None


def _over(order: Order, checks: tuple[Check, ...]) -> Refusal | None:
    """The refusal of a line that is not on the order, or is given away more than once."""
    live = {x.line_id: x for x in order.live_lines}
    given: dict[str, Fraction] = {}
    for check in checks:
        for part in check.lines:
            if part.line_id not in live:
                return refuse("unknown_line", number=order.number, line_id=part.line_id)
            before = given.get(part.line_id, Fraction(0))
            given[part.line_id] = before + Fraction(part.parts, part.of)
            if given[part.line_id] > 1:
                item = name_in(live[LineId(part.line_id)].names, "en")
                return refuse("line_split_over", item=item, number=order.number)
    return None


def _label(order: Order, check: Check) -> str:
    """What people call a check: its name, or which one of them it is."""
    return check.name or str(1 + order.checks.index(check))
