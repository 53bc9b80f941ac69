"""Which Z report counts an event: told by the closes alone, the same for box and HQ."""

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence

ALL_DATES = "9999-12-31"
"""Later than any date: a close of today counts what a wrong clock dated after today, too."""

Place = tuple[str, int]
"""Stream and seq of an entry; what was written again after a loss lies in several."""
Over = tuple[Sequence[Place], Sequence[Place]]
"""A time in which an order was over: where its end lies, and where it was opened again, if it was."""


class Marks:
    """Which Z counts what lies where: the first whose streams reach it and whose dates hold it."""

    def __init__(self, days: Iterable[tuple[int, str, Mapping[str, int]]]) -> None:
        """`days`: number, last date, and how far each stream was counted; in the order of numbers."""
        self._numbers: list[int] = []
        self._until: list[str] = []
        self._ends: dict[str, list[tuple[int, int]]] = {}
        for place, (number, until, as_of) in enumerate(days):
            self._numbers.append(number)
            self._until.append(until)
            for stream, end in as_of.items():
                ends = self._ends.setdefault(stream, [])
                if not ends or end > ends[-1][0]:
                    ends.append((end, place))

    def of(self, stream: str, seq: int, business_date: str) -> int | None:
        """The number of the Z that counts this; None: none has yet."""
        ends = self._ends.get(stream, [])
        first = bisect_left(ends, (seq, -1))
        if first == len(ends):
            return None
        for place in range(ends[first][1], len(self._numbers)):
            if business_date <= self._until[place]:
                return self._numbers[place]
        return None

    def first(self, places: Iterable[Place], business_date: str) -> int | None:
        """The first Z that counts an entry, wherever it lies."""
        found = (self.of(stream, seq, business_date) for stream, seq in places)
        return min((z for z in found if z is not None), default=None)

    def of_order(self, times: Iterable[Over], business_date: str) -> int | None:
        """The Z that counts an order: the first that found it over. `times` as they followed.

        One that was opened again and closed anew after that Z, because it was paid otherwise, has
        been counted; only what was paid and given back is in a later one.
        """
        for ended, again in times:
            z, back = self.first(ended, business_date), self.first(again, business_date)
            if z is not None and (back is None or z < back):
                return z
        return None
