"""How long ago something happened, by whichever clock can be believed."""

from protocol.clock import Confidence, Reading, wall_ms_of
from protocol.journal import Entry


def age_ms(entry: Entry, at_ms: int, now: Reading) -> int:
    """Milliseconds since an entry's event happened (`at_ms`, as the event says); never below zero.

    Within one process the monotonic clock counts, so that a clock set right meanwhile makes nothing
    old. An order that a screen offered again, to a box that had lost it, is as old as it says.
    """
    if entry.boot == now.boot:
        since = now.mono_ms - entry.mono_ms
    else:
        since = now.wall_ms - wall_ms_of(entry.stamp)
    offered = 0
    if entry.confidence in (Confidence.SYNCED, Confidence.FREE):
        offered = max(0, entry.wall_ms - at_ms)
    return max(0, since) + offered
