"""HQ's hybrid clock: later than every believable stamp it has seen, in every process well enough."""

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
        believed = [s for s in seen if self.believes(s)]
        self._last = tick(Stamp(max([self._last, *believed])), self._platform.wall_ms())
        return self._last

    def believes(self, stamp: int) -> bool:
        """Whether a stamp can be true: no more than ten minutes ahead of HQ's own clock."""
        return stamp <= stamp_at(self._platform.wall_ms() + AHEAD_MS_MAX)
