"""Time for cause and for display: the hybrid logical clock, and how sure we are of the wall clock."""

from enum import StrEnum
from typing import NewType

import msgspec

Stamp = NewType("Stamp", int)
"""Hybrid logical time: 48 bits of Unix milliseconds, 16 bits of counter; fits a signed 64-bit."""

COUNTER_BITS = 16
AHEAD_MS_MAX = 15 * 366 * 24 * 3600 * 1000
"""Furthest a believable clock may be ahead of the build: fifteen years."""
STAMP_MAX = (1 << 63) - 1


class Confidence(StrEnum):
    """How far the wall clock behind a time can be believed."""

    SYNCED = "synced"
    """The operating system or HQ confirmed the time in this boot."""
    FREE = "free"
    """Plausible (not before this build nor before the journal's last entry), not confirmed."""
    UNCERTAIN = "uncertain"
    """The wall clock is known to be wrong; the time given is the least it can be."""
    RECORDED = "recorded"
    """Another system recorded the time; an import brought it."""


class Reading(msgspec.Struct, frozen=True):
    """What the box's clocks showed at one moment, all in milliseconds.

    `wall_ms` is Unix time as the box believes it, `mono_ms` the monotonic clock of `boot`.
    """

    wall_ms: int
    mono_ms: int
    boot: str
    confidence: Confidence


def stamp_at(wall_ms: int) -> Stamp:
    """The first stamp of a millisecond."""
    return Stamp(max(0, wall_ms) << COUNTER_BITS)


def wall_ms_of(stamp: Stamp) -> int:
    """The Unix milliseconds inside a stamp."""
    return stamp >> COUNTER_BITS


def tick(last: Stamp, wall_ms: int) -> Stamp:
    """The next stamp after `last`: never backwards, whatever the wall clock says."""
    return Stamp(max(stamp_at(wall_ms), last + 1))


def receive(last: Stamp, seen: Stamp, wall_ms: int) -> Stamp:
    """The next stamp after having seen somebody else's: later than both."""
    return Stamp(max(stamp_at(wall_ms), last + 1, seen + 1))


def believable(wall_ms: int, floor_ms: int, last: Stamp, synced: bool) -> tuple[int, Confidence]:
    """The time to use for a wall clock reading, and how sure it is.

    A Pi has no clock chip: it may boot in 1970. The time used is never before this build
    (`floor_ms`) nor before the journal's last entry; a reading more than a minute below is UNCERTAIN.
    So is one further ahead of this build than any build is used (`AHEAD_MS_MAX`), also when it was
    right before: believed, a clock set to 2099 would date everything after it, and a box put back to
    an earlier copy, which takes over no such stamp, would write what follows before its cause.
    A confirmed clock is believed against the journal: the last entry then had one that ran ahead.
    """
    least = max(floor_ms, wall_ms_of(last))
    if floor_ms and wall_ms > floor_ms + AHEAD_MS_MAX:
        return least, Confidence.UNCERTAIN
    if wall_ms + 60_000 < least:
        if synced and wall_ms >= floor_ms:
            return wall_ms, Confidence.SYNCED
        return least, Confidence.UNCERTAIN
    return max(wall_ms, least), Confidence.SYNCED if synced else Confidence.FREE
