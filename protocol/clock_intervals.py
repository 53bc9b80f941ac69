"""When something happened, as an interval that holds the true time, without asking any wall clock.

A box counts milliseconds of its own from each start of its machine (`mono_ms` of a `boot`). Once
HQ tells it the time during that boot (`clock.anchored`), every entry of the boot has a date, also
the ones before. A boot that never reached HQ lies between its neighbours.
"""

from collections.abc import Iterable, Sequence
from datetime import date, tzinfo

import msgspec

from protocol.trading_day import business_date

DRIFT_PPM = 100
"""How far the monotonic clock may run wrong, in parts per million: cheap quartz with a warm box
stays under 100 (9 seconds a day)."""
FAR_FUTURE_MS = 253_370_764_800_000
"""An end that nothing limits."""


class Anchor(msgspec.Struct, frozen=True, array_like=True):
    """HQ's clock read `server_ms` at `mono_ms` of a boot, give or take half of `rtt_ms`."""

    boot: str
    mono_ms: int
    server_ms: int
    rtt_ms: int


class Boot(msgspec.Struct, frozen=True, array_like=True):
    """One start of a box, and the first and last `mono_ms` that its entries tell of.

    What comes before the last dash of `boot` names the start of the machine: processes of one
    machine start share its monotonic clock, and so an anchor of one dates them all.
    """

    boot: str
    first_mono_ms: int
    last_mono_ms: int


class Interval(msgspec.Struct, frozen=True):
    """The true time lies in here, both ends included, in Unix milliseconds.

    `certain`: the boot was anchored; otherwise the interval only lies between its neighbours.
    """

    from_ms: int
    to_ms: int
    certain: bool

    @property
    def middle_ms(self) -> int:
        """The time to show; with `certain` it is at most half the interval away from the truth."""
        return (self.from_ms + self.to_ms) // 2


def interval_of(
    boot: str,
    mono_ms: int,
    anchors: Iterable[Anchor],
    boots_in_order: Iterable[Boot],
    *,
    floor_ms: int = 0,
    ceiling_ms: int = FAR_FUTURE_MS,
) -> Interval:
    """The interval of an entry written at `mono_ms` of `boot`.

    `boots_in_order` are the boots of one box as they followed each other; `anchors` may be of any.
    `floor_ms` is a time before everything (the build, the enrolment), `ceiling_ms` one after it
    (when HQ received the entry). An entry of a boot that is not among them lies anywhere between.
    """
    found = Calendar(anchors, boots_in_order)
    return found.interval(boot, mono_ms, floor_ms=floor_ms, ceiling_ms=ceiling_ms)


class Calendar:
    """The same for many entries of one box: what its starts have in common is worked out once."""

    def __init__(self, anchors: Iterable[Anchor], boots_in_order: Iterable[Boot]) -> None:
        self._anchors: dict[str, list[Anchor]] = {}
        for anchor in anchors:
            self._anchors.setdefault(machine_of(anchor.boot), []).append(anchor)
        self._machines = _machines(boots_in_order)
        self._places = {m.boot: n for n, m in enumerate(self._machines)}
        # Before and after each start: the nearest that was told the time, and what the starts
        # between count together.
        self._before = self._nearest(range(len(self._machines)))
        self._after = self._nearest(reversed(range(len(self._machines))))

    def interval(
        self, boot: str, mono_ms: int, *, floor_ms: int = 0, ceiling_ms: int = FAR_FUTURE_MS
    ) -> Interval:
        """The interval of an entry, as `interval_of` says."""
        machine = machine_of(boot)
        if machine in self._anchors:
            return _clipped(_dated(self._anchors[machine], mono_ms), floor_ms, ceiling_ms)
        at = self._places.get(machine)
        if at is None:
            return Interval(floor_ms, max(floor_ms, ceiling_ms), False)
        own = self._machines[at]
        passed = max(0, mono_ms - own.first_mono_ms)
        coming = max(0, own.last_mono_ms - mono_ms)
        before, between = self._before[at]
        from_ms, to_ms = floor_ms + _least(passed), ceiling_ms
        if before is not None:
            ended = _dated(self._anchors[before.boot], before.last_mono_ms)
            from_ms = max(from_ms, ended.from_ms + _least(passed + between))
        after, between = self._after[at]
        if after is not None:
            begun = _dated(self._anchors[after.boot], after.first_mono_ms)
            to_ms = min(to_ms, begun.to_ms - _least(coming + between))
        return Interval(from_ms, max(from_ms, to_ms), False)

    def _nearest(self, order: Iterable[int]) -> dict[int, tuple[Boot | None, int]]:
        found: dict[int, tuple[Boot | None, int]] = {}
        nearest, between = None, 0
        for n in order:
            machine = self._machines[n]
            found[n] = (nearest, between)
            if machine.boot in self._anchors:
                nearest, between = machine, 0
            else:
                between += machine.last_mono_ms - machine.first_mono_ms
        return found


def machine_of(boot: str) -> str:
    """The start of the machine that a boot belongs to; the boot itself where that is not known."""
    machine, dash, _ = boot.rpartition("-")
    return machine if dash and machine != "unknown" else boot


def business_dates(interval: Interval, zone: tzinfo, rollover_hour: int = 0) -> tuple[date, date]:
    """The first and the last business date the interval may belong to."""
    return (
        business_date(interval.from_ms, zone, rollover_hour),
        business_date(interval.to_ms, zone, rollover_hour),
    )


def one_date(interval: Interval, zone: tzinfo, rollover_hour: int = 0) -> date | None:
    """The business date, when there is no doubt about it; None when it may be one of several."""
    first, last = business_dates(interval, zone, rollover_hour)
    return first if first == last else None


def _dated(anchors: Sequence[Anchor], mono_ms: int) -> Interval:
    """What the anchors of one machine start say together; they narrow each other.

    Anchors that cannot all be true (HQ's own clock was set) leave all that any of them says.
    """
    spans = [_span(a, mono_ms) for a in anchors]
    from_ms, to_ms = max(s[0] for s in spans), min(s[1] for s in spans)
    if from_ms <= to_ms:
        return Interval(from_ms, to_ms, True)
    return Interval(min(s[0] for s in spans), max(s[1] for s in spans), False)


def _clipped(found: Interval, floor_ms: int, ceiling_ms: int) -> Interval:
    from_ms, to_ms = max(found.from_ms, floor_ms), min(found.to_ms, ceiling_ms)
    return Interval(from_ms, to_ms, found.certain) if from_ms <= to_ms else found


def _machines(boots: Iterable[Boot]) -> list[Boot]:
    """The starts of the machine in order, each with the first and last reading of its processes."""
    machines: dict[str, Boot] = {}
    for boot in boots:
        name = machine_of(boot.boot)
        known = machines.get(name)
        first = min(boot.first_mono_ms, known.first_mono_ms) if known else boot.first_mono_ms
        last = max(boot.last_mono_ms, known.last_mono_ms) if known else boot.last_mono_ms
        machines[name] = Boot(name, first, last)
    return list(machines.values())


def _span(anchor: Anchor, mono_ms: int) -> tuple[int, int]:
    """Server time − elapsed, wider by half the round trip, by drift, and by what clocks cut off."""
    elapsed = mono_ms - anchor.mono_ms
    unsure = -(-anchor.rtt_ms // 2) + _drift(elapsed) + 2
    return anchor.server_ms + elapsed - unsure, anchor.server_ms + elapsed + unsure


def _drift(elapsed_ms: int) -> int:
    return -(-abs(elapsed_ms) * DRIFT_PPM // 1_000_000)


def _least(elapsed_ms: int) -> int:
    """The least true time that so many counted milliseconds are."""
    return max(0, elapsed_ms - _drift(elapsed_ms) - 1)
