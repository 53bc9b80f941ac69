"""When it happened: the true time lies inside the interval, whatever the wall clock said."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.clock_intervals import (
    DRIFT_PPM,
    Anchor,
    Boot,
    Interval,
    business_dates,
    interval_of,
    machine_of,
    one_date,
)
from tests.examples import examples

JAKARTA = ZoneInfo("Asia/Jakarta")
ENROLLED_MS = 1_780_000_000_000
HOUR_MS = 3_600_000


@st.composite
def histories(draw):
    """A box through several starts: true times, what its counter said, and its anchors.

    The counter of each start runs a little wrong, and starts anywhere; two starts of the process
    may share one start of the machine. HQ answers between the two halves of a round trip.
    """
    now_ms = ENROLLED_MS
    entries, anchors, boots = [], [], []
    for n in range(draw(st.integers(1, 5))):
        now_ms += draw(st.integers(0, 3 * 24 * HOUR_MS))
        started_ms, mono_0 = now_ms, draw(st.integers(0, 10**9))
        rate = 1 + draw(st.integers(-DRIFT_PPM, DRIFT_PPM)) * 0.99 / 1_000_000
        for process in range(draw(st.integers(1, 2))):
            boot, first, last = f"machine{n}-{process}", None, None
            for _ in range(draw(st.integers(1, 4))):
                now_ms += draw(st.integers(0, 20 * HOUR_MS))
                mono = mono_0 + int((now_ms - started_ms) * rate)
                first, last = mono if first is None else first, mono
                entries.append((boot, mono, now_ms))
                if draw(st.integers(0, 3)) == 0:
                    rtt = draw(st.integers(0, 4_000))
                    middle = mono_0 + int((now_ms + rtt / 2 - started_ms) * rate)
                    server = now_ms + draw(st.integers(0, rtt))
                    anchors.append(Anchor(boot, middle, server, rtt))
                    now_ms += rtt
                    last = max(last, middle)
            boots.append(Boot(boot, first, last))
    received_ms = now_ms + draw(st.integers(0, HOUR_MS))
    return entries, anchors, boots, received_ms


@examples(400)
@given(histories())
def test_the_true_time_lies_inside(history):
    entries, anchors, boots, received_ms = history
    for boot, mono_ms, true_ms in entries:
        found = interval_of(
            boot, mono_ms, anchors, boots, floor_ms=ENROLLED_MS, ceiling_ms=received_ms
        )
        assert found.from_ms <= true_ms <= found.to_ms
        anchored = any(machine_of(a.boot) == machine_of(boot) for a in anchors)
        assert found.certain is anchored


@examples(200)
@given(histories())
def test_a_further_anchor_of_a_start_only_narrows(history):
    entries, anchors, boots, received_ms = history
    limits = {"floor_ms": ENROLLED_MS, "ceiling_ms": received_ms}
    for boot, mono_ms, _ in entries:
        whole = interval_of(boot, mono_ms, anchors, boots, **limits)
        for n in range(len(anchors)):
            rest = anchors[:n] + anchors[n + 1 :]
            if not any(machine_of(a.boot) == machine_of(boot) for a in rest):
                continue
            fewer = interval_of(boot, mono_ms, rest, boots, **limits)
            assert fewer.from_ms <= whole.from_ms
            assert whole.to_ms <= fewer.to_ms


def test_one_anchor_dates_what_came_before_it_and_after():
    anchors = [Anchor("m-1", 7_200_000, ENROLLED_MS, 200)]
    before = interval_of("m-1", 0, anchors, [])
    assert before.certain
    assert before.middle_ms == ENROLLED_MS - 7_200_000
    assert before.to_ms - before.from_ms == 2 * (100 + 720 + 2)
    at_it = interval_of("m-1", 7_200_000, anchors, [])
    assert at_it.to_ms - at_it.from_ms == 2 * (100 + 2)


def test_two_anchors_of_a_start_narrow_each_other():
    slow, quick = Anchor("m-1", 1_000, ENROLLED_MS, 4_000), Anchor("m-1", 2_000, ENROLLED_MS, 20)
    alone = interval_of("m-1", 1_500, [slow], [])
    both = interval_of("m-1", 1_500, [slow, quick], [])
    assert both.to_ms - both.from_ms < alone.to_ms - alone.from_ms


def test_a_restart_of_the_process_is_dated_by_the_other_process_of_that_day():
    anchors = [Anchor("m-1", 1_000, ENROLLED_MS, 20)]
    assert interval_of("m-2", 61_000, anchors, []).middle_ms == ENROLLED_MS + 60_000
    assert not interval_of("unknown-2", 61_000, [Anchor("unknown-1", 1, 2, 3)], []).certain


def test_a_start_that_never_reached_hq_lies_between_its_neighbours():
    boots = [Boot("a-1", 0, HOUR_MS), Boot("b-1", 0, 2 * HOUR_MS), Boot("c-1", 0, HOUR_MS)]
    anchors = [
        Anchor("a-1", 0, ENROLLED_MS, 0),
        Anchor("c-1", 0, ENROLLED_MS + 10 * HOUR_MS, 0),
    ]
    found = interval_of("b-1", HOUR_MS, anchors, boots)
    assert not found.certain
    assert found.from_ms == pytest.approx(ENROLLED_MS + 2 * HOUR_MS, abs=2_000)
    assert found.to_ms == pytest.approx(ENROLLED_MS + 9 * HOUR_MS, abs=2_000)


def test_a_clock_of_hq_that_was_set_makes_the_time_uncertain_and_never_wrong():
    anchors = [Anchor("m-1", 0, ENROLLED_MS, 0), Anchor("m-1", 1_000, ENROLLED_MS + HOUR_MS, 0)]
    found = interval_of("m-1", 0, anchors, [])
    assert not found.certain
    assert found.from_ms <= ENROLLED_MS <= ENROLLED_MS + HOUR_MS - 1_000 <= found.to_ms


def test_a_business_date_is_given_only_when_there_is_no_doubt():
    def at(text):
        local = dt.datetime.fromisoformat(text).replace(tzinfo=JAKARTA)
        return int(local.timestamp() * 1000)

    evening = Interval(at("2026-05-28T22:00"), at("2026-05-28T23:30"), True)
    across = Interval(at("2026-05-28T22:00"), at("2026-05-29T00:30"), False)
    day, next_day = dt.date(2026, 5, 28), dt.date(2026, 5, 29)
    assert one_date(evening, JAKARTA) == day
    assert one_date(across, JAKARTA) is None
    assert business_dates(across, JAKARTA) == (day, next_day)
    assert one_date(across, JAKARTA, rollover_hour=4) == day


def test_the_neighbours_doubt_is_part_of_the_interval():
    boots = [Boot("a-1", 0, 1_000), Boot("b-1", 0, 0), Boot("c-1", 0, 1_000)]
    before, after = ENROLLED_MS, ENROLLED_MS + HOUR_MS
    anchors = [Anchor("a-1", 1_000, before, 4_000), Anchor("c-1", 0, after, 4_000)]
    found = interval_of("b-1", 0, anchors, boots)
    assert found.from_ms <= before - 2_000, "HQ may have read its clock at the end of the trip"
    assert found.to_ms >= after + 2_000
