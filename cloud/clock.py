"""HQ's hybrid clock towards an outlet: later than every believable stamp the outlet has shown."""

from collections.abc import Iterable

from cloud.platform import Platform
from protocol.clock import Stamp, stamp_at, tick

AHEAD_MS_MAX = 600_000
"""A box whose stamps are further ahead than ten minutes has a wrong clock; HQ does not follow it."""


class Clock:
    """What HQ tells an outlet follows from the wall clock and from what this outlet has shown; that
    is kept in `outlets.stamp`, so it holds between processes and over restarts. Outlets do not pull
    one another along: a box with a fast clock would date its neighbours' nights.
    """

    def __init__(self, platform: Platform) -> None:
        self._platform = platform

    def read(self, *seen: int) -> Stamp:
        """The time now: later than these, if they are believable."""
        return tick(self.latest(seen), self._platform.wall_ms())

    def latest(self, stamps: Iterable[int]) -> Stamp:
        """The latest of these that can be true; 0 when none can."""
        most = stamp_at(self._platform.wall_ms() + AHEAD_MS_MAX)
        return Stamp(max((s for s in stamps if s <= most), default=0))
