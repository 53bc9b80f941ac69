"""HQ's hybrid clock: later than every believable stamp it has seen, in every process well enough."""

from collections.abc import Iterable

from cloud.platform import Platform
from protocol.clock import Stamp, stamp_at, tick

AHEAD_MS_MAX = 600_000
"""A box whose stamps are further ahead than ten minutes has a wrong clock; HQ does not follow it."""


class Clock:
    """One per process. Between processes and over restarts, what was told to an outlet is kept in
    `outlets.stamp` and comes back through `seen`; the rest follows from the wall clock.
    """

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._last = Stamp(0)

    def read(self, *seen: int) -> Stamp:
        """The time now: later than whatever it gave before, and than these if believable."""
        last = max(self._last, self.latest(seen))
        self._last = tick(Stamp(last), self._platform.wall_ms())
        return self._last

    def latest(self, stamps: Iterable[int]) -> Stamp:
        """The latest of these that can be true; 0 when none can."""
        most = stamp_at(self._platform.wall_ms() + AHEAD_MS_MAX)
        return Stamp(max((s for s in stamps if s <= most), default=0))
