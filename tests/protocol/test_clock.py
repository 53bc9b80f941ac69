"""The hybrid clock goes only forward, and the wall clock is believed as far as it deserves."""

from hypothesis import given
from hypothesis import strategies as st

from protocol.clock import (
    AHEAD_MS_MAX,
    STAMP_MAX,
    Confidence,
    Stamp,
    believable,
    receive,
    stamp_at,
    tick,
    wall_ms_of,
)

IN_1970, IN_2026, IN_2099 = 0, 1_780_000_000_000, 4_070_908_800_000
WALLS = st.one_of(
    st.sampled_from([IN_1970, IN_2026, IN_2099]),
    st.integers(-(10**6), IN_2099),
)


@given(st.lists(WALLS, min_size=1))
def test_stamps_rise_whatever_the_wall_clock_does(walls):
    last = Stamp(0)
    for wall in walls:
        after = tick(last, wall)
        assert last < after <= STAMP_MAX
        assert wall_ms_of(after) >= min(wall, IN_2099)
        last = after


@given(WALLS, WALLS, WALLS)
def test_whoever_has_seen_a_stamp_is_later_than_it(mine, theirs, wall):
    last, seen = stamp_at(mine), stamp_at(theirs)
    after = receive(last, seen, wall)
    assert after > last
    assert after > seen


def test_a_stamp_follows_a_right_clock():
    assert wall_ms_of(tick(stamp_at(IN_2026), IN_2026 + 5)) == IN_2026 + 5
    assert stamp_at(-1) == 0


@given(WALLS, WALLS, WALLS, st.booleans())
def test_time_is_never_before_this_build_and_confirmed_time_is_as_told(wall, floor, last, synced):
    used, confidence = believable(wall, floor, stamp_at(last), synced)
    assert used >= floor
    if confidence is not Confidence.SYNCED:
        assert used >= wall_ms_of(stamp_at(last))
    if synced and wall >= floor and not (floor and wall > floor + AHEAD_MS_MAX):
        assert confidence is Confidence.SYNCED
        assert wall <= used <= wall + 60_000


def test_a_box_that_boots_in_1970_knows_that_its_clock_is_wrong():
    last = stamp_at(IN_2026)
    assert believable(IN_1970, 0, last, synced=False) == (IN_2026, Confidence.UNCERTAIN)
    assert believable(IN_1970, IN_2026, Stamp(0), synced=True) == (IN_2026, Confidence.UNCERTAIN)


def test_a_plausible_clock_is_used_and_marked_as_unconfirmed_until_it_is():
    assert believable(IN_2026, 0, Stamp(0), synced=False) == (IN_2026, Confidence.FREE)
    assert believable(IN_2026, 0, Stamp(0), synced=True) == (IN_2026, Confidence.SYNCED)


def test_a_clock_set_back_a_little_does_not_turn_time_back():
    last = stamp_at(IN_2026)
    assert believable(IN_2026 - 2_000, 0, last, synced=True) == (IN_2026, Confidence.SYNCED)
    assert believable(IN_2026 - 60_000, 0, last, synced=False) == (IN_2026, Confidence.FREE)
    assert believable(IN_2026 - 60_001, 0, last, synced=False) == (IN_2026, Confidence.UNCERTAIN)


def test_a_clock_set_to_2099_is_not_believed_though_it_was_right_before():
    floor, last = IN_2026, stamp_at(IN_2026 + 5_000)
    for synced in (False, True):
        found = believable(IN_2099, floor, last, synced)
        assert found == (IN_2026 + 5_000, Confidence.UNCERTAIN)


def test_a_box_that_once_believed_2099_comes_home_when_its_clock_is_confirmed():
    last = stamp_at(IN_2099)
    assert believable(IN_2026, 0, last, synced=False) == (IN_2099, Confidence.UNCERTAIN)
    assert believable(IN_2026, 0, last, synced=True) == (IN_2026, Confidence.SYNCED)
