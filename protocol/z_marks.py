"""Which Z report counts an event: told by the closes alone, the same for box and HQ."""

from bisect import bisect_left
from collections.abc import Iterable, Mapping

ALL_DATES = "9999-12-31"
"""Later than any date: a close of today counts what a wrong clock dated after today, too."""


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
