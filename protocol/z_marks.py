"""Which Z report counts an event: told by the closes alone, the same for box and HQ.

Two boxes of an outlet that cannot hear each other each go on with Z reports of their own. Then the
reports part, and meet again in the next one, which names the last of both.
"""

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from protocol.floor_events import DayClosed

ALL_DATES = "9999-12-31"
"""Later than any date: a close of today counts what a wrong clock dated after today, too."""

Place = tuple[str, int]
"""Stream and seq of an entry; what was written again after a loss lies in several."""
Over = tuple[Sequence[Place], Sequence[Place]]
"""A time in which an order was over: where its end lies, and where it was opened again, if it was."""


class Close(NamedTuple):
    """What a Z says of itself: number, last date, how far each stream was counted, whom it follows."""

    number: int
    until: str
    as_of: Mapping[str, int]
    digest: str = ""
    previous: str = ""
    joins: tuple[str, ...] = ()


def close_of(closed: DayClosed) -> Close:
    """What a Z says of itself."""
    c = closed
    return Close(c.number_z, c.until, c.as_of, c.digest, c.previous, c.joins)


def tips(closes: Iterable[Close]) -> list[Close]:
    """Those that none follows yet, the last number first: one, or more where boxes were apart."""
    known = list(closes)
    named = {digest for c in known for digest in (c.previous, *c.joins)}
    return sorted((c for c in known if c.digest not in named), key=lambda c: (-c.number, c.digest))


def line_of(closes: Sequence[Close], digest: str) -> list[int]:
    """Places of the Z with this digest and of all that it goes back to; `closes` by their numbers."""
    masks = _masks(closes)
    own = next(mask for c, mask in zip(closes, masks, strict=True) if c.digest == digest)
    return [place for place in range(len(closes)) if own >> place & 1]


class Marks:
    """Which Z counts what lies where: the first that had heard of it and whose dates hold it."""

    def __init__(self, closes: Iterable[Close]) -> None:
        """`closes` in the order of their numbers; of one number in that of their digests."""
        self._closes = list(closes)
        self._masks: list[int] | None = None
        if any(p and p - 1 not in before for p, before in enumerate(_before(self._closes))):
            self._masks = _masks(self._closes)
        self._ends: dict[str, list[tuple[int, int]]] = {}
        for place, close in enumerate(self._closes):
            for stream, end in close.as_of.items():
                ends = self._ends.setdefault(stream, [])
                if self._masks is not None or not ends or end > ends[-1][0]:
                    ends.append((end, place))

    def of(self, stream: str, seq: int, business_date: str) -> int | None:
        """The number of the Z that counts this; None: none has yet."""
        ends = self._ends.get(stream, [])
        if self._masks is not None:
            heard = [place for end, place in ends if end >= seq]
        else:
            first = bisect_left(ends, (seq, -1))
            heard = [ends[first][1]] if first < len(ends) else []
        for place in range(heard[0] if heard else len(self._closes), len(self._closes)):
            close = self._closes[place]
            if business_date <= close.until and self._follows(place, heard):
                return close.number
        return None

    def _follows(self, place: int, heard: Sequence[int]) -> bool:
        """Whether a Z is, or goes back to, one of these: a box counts only what it has heard of."""
        return self._masks is None or any(self._masks[place] >> each & 1 for each in heard)

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


def _masks(closes: Sequence[Close]) -> list[int]:
    """For each Z the places of itself and of all that it goes back to, as bits."""
    masks: list[int] = []
    for place, before in enumerate(_before(closes)):
        mask = 1 << place
        for each in before:
            mask |= masks[each]
        masks.append(mask)
    return masks


def _before(closes: Sequence[Close]) -> list[tuple[int, ...]]:
    """The places of those that each Z follows. One that is not here (yet) is taken to be among those
    of the number before.
    """
    place_of = {c.digest: place for place, c in enumerate(closes) if c.digest}
    found: list[tuple[int, ...]] = []
    for place, close in enumerate(closes):
        named = tuple(
            place_of[d] for d in (close.previous, *close.joins) if place_of.get(d, place) < place
        )
        begins = bool(close.digest) and not close.previous
        found.append(named if named or begins else _of_number_before(closes, place))
    return found


def _of_number_before(closes: Sequence[Close], place: int) -> tuple[int, ...]:
    lower = [p for p in range(place) if closes[p].number < closes[place].number]
    last = closes[lower[-1]].number if lower else 0
    return tuple(p for p in lower if closes[p].number == last)
