"""Which lines go to the kitchen at once, and which wait with their course until it is fired."""

from collections.abc import Iterable

from protocol.orders import Line, LineStatus, Order, OrderStatus
from protocol.refusals import Refusal
from protocol.rules.state import refuse

IN_THE_KITCHEN = (OrderStatus.FIRED, OrderStatus.READY)
"""Statuses of an order of which the kitchen has something."""


def waiting_courses(order: Order) -> tuple[int, ...]:
    """Courses with lines that the kitchen has not got yet, in their order."""
    return tuple(sorted({x.course for x in order.lines if x.status is LineStatus.WAITING}))


def goes_at_once(
    order: Order, lines: Iterable[Line], accepted: Order | None = None
) -> tuple[Line, ...]:
    """Those of some new lines that an order in the kitchen sends there without being asked.

    A line waits with its course; one of a course that the kitchen has nothing of waits behind an
    earlier course that does. `accepted` is the order as the first answer to the same command gave
    it: what went at once then goes again, and in doubt a line goes, so that none is forgotten.
    """
    waiting = waiting_courses(order)
    begun = {x.course for x in order.lines if x.fired_ms is not None}

    def waits(line: Line) -> bool:
        behind = line.course not in begun and line.course > min(waiting)
        return line.course in waiting or behind

    sent = _sent_at_first(accepted)
    return tuple(x for x in lines if not waiting or x.line_id in sent or not waits(x))


def of_courses(lines: Iterable[Line], courses: tuple[int, ...] | None) -> tuple[Line, ...]:
    """The lines of these courses; all of them for None."""
    return tuple(x for x in lines if courses is None or x.course in courses)


def ensure_all_fired(order: Order) -> Refusal | None:
    """The refusal of what must not be done while courses wait: they would never be made."""
    courses = waiting_courses(order)
    if not courses:
        return None
    named = ", ".join(map(str, courses))
    return refuse("courses_waiting", number=order.number, courses=named)


def _sent_at_first(accepted: Order | None) -> frozenset[str]:
    lines = () if accepted is None else accepted.lines
    return frozenset(x.line_id for x in lines if x.fired_ms is not None)
