"""Dayparts: whether something is to be had at a moment of the outlet's own clock, and from when.

Moments are the outlet's local time as text, `2026-05-28T09:05`: such texts sort as the times do, and
the browser's half (`web/dayparts.ts`) says the same from the same vectors.
"""

from collections.abc import Iterable
from datetime import date, timedelta

from protocol.house import House, Span
from protocol.menu import Item

AHEAD_DAYS = 8
"""How far `begins_next` looks: a week, so that every weekday comes round, and today again."""
DAY_END = "24:00"


def offered_now(house: House, item: Item, local: str) -> bool:
    """Whether the house offers an item at this local time; without a time, everything is.

    86 and what HQ took off the menu are other questions.
    """
    return holds(spans_of(house, item), local)


def open_now(house: House, local: str) -> bool:
    """Whether guests may order by themselves, at a kiosk, at this local time."""
    return holds(house.kiosk.hours, local)


def spans_of(house: House, item: Item) -> tuple[Span, ...]:
    """When an item is to be had; empty: always. What is said of the item goes before its category."""
    for wanted in (item.id, item.category_id):
        told = [offered.spans for offered in house.dayparts if wanted in offered.ids]
        if told:
            return () if () in told else tuple(span for spans in told for span in spans)
    return ()


def holds(spans: Iterable[Span], local: str) -> bool:
    """Whether any of the spans holds at a local time; no spans, or no time: always."""
    spans = tuple(spans)
    return not spans or not local or any(_span_holds(span, local) for span in spans)


def begins_next(spans: Iterable[Span], local: str) -> str:
    """The next local time after `local` at which one of the spans begins; empty: not this week."""
    today = date.fromisoformat(local[:10])
    begins = (
        f"{day}T{span.from_time or '00:00'}"
        for span in spans
        for day in (today + timedelta(days=n) for n in range(AHEAD_DAYS))
        if _on(span, day)
    )
    return min((begin for begin in begins if begin > local[:16]), default="")


def hours_of(spans: Iterable[Span]) -> str:
    """The times of day of spans as people read them: `07:00–11:00`; empty when only days are told."""
    told = (
        f"{span.from_time or '00:00'}–{span.until_time or DAY_END}"
        for span in spans
        if span.from_time or span.until_time
    )
    return ", ".join(dict.fromkeys(told))


def _span_holds(span: Span, local: str) -> bool:
    day, time = date.fromisoformat(local[:10]), local[11:16]
    begin, end = span.from_time or "00:00", span.until_time or DAY_END
    if begin < end:
        return begin <= time < end and _on(span, day)
    # It goes on after midnight, and belongs to the day on which it began.
    if time >= begin and _on(span, day):
        return True
    return time < end and _on(span, day - timedelta(days=1))


def _on(span: Span, day: date) -> bool:
    written = day.isoformat()
    return (
        (not span.weekdays or day.isoweekday() in span.weekdays)
        and span.from_date <= written
        and (not span.until_date or written <= span.until_date)
    )
