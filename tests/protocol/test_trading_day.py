"""The business date: where the day rolls over, and where clocks are put forward and back."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from protocol.trading_day import LATEST_MS, business_date, instant, local_hour, local_time

JAKARTA, NEW_YORK = ZoneInfo("Asia/Jakarta"), ZoneInfo("America/New_York")


def at(text: str, zone: ZoneInfo) -> int:
    return instant(datetime.fromisoformat(text), zone)


@pytest.mark.parametrize(
    ("local", "rollover", "day"),
    [
        ("2026-05-28T00:00:00", 0, date(2026, 5, 28)),
        ("2026-05-27T23:59:59", 0, date(2026, 5, 27)),
        ("2026-05-28T03:59:59", 4, date(2026, 5, 27)),
        ("2026-05-28T04:00:00", 4, date(2026, 5, 28)),
        ("2026-05-28T23:59:59", 4, date(2026, 5, 28)),
        ("2026-01-01T01:00:00", 4, date(2025, 12, 31)),
        ("2024-03-01T03:00:00", 4, date(2024, 2, 29)),
        ("2026-05-28T22:59:59", 23, date(2026, 5, 27)),
    ],
)
def test_before_the_rollover_it_still_is_yesterday(local, rollover, day):
    assert business_date(at(local, JAKARTA), JAKARTA, rollover) == day


def test_the_outlets_own_time_counts_not_the_servers():
    moment = at("2026-05-28T06:30:00", JAKARTA)
    assert local_hour(moment, JAKARTA) == 6
    assert business_date(moment, JAKARTA) == date(2026, 5, 28)
    assert business_date(moment, ZoneInfo("UTC")) == date(2026, 5, 27)


def test_the_night_the_clocks_go_forward_keeps_its_rollover():
    before, after = at("2026-03-08T01:59:00", NEW_YORK), at("2026-03-08T03:00:00", NEW_YORK)
    assert after - before == 60_000
    assert business_date(before, NEW_YORK, 3) == date(2026, 3, 7)
    assert business_date(after, NEW_YORK, 3) == date(2026, 3, 8)


def test_the_night_the_clocks_go_back_has_its_hour_twice_and_one_date():
    first = at("2026-11-01T01:30:00", NEW_YORK)
    second = first + 3_600_000
    assert local_hour(first, NEW_YORK) == local_hour(second, NEW_YORK) == 1
    assert local_time(second, NEW_YORK).utcoffset() == timedelta(hours=-5)
    for moment in (first, second):
        assert business_date(moment, NEW_YORK, 2) == date(2026, 10, 31)
    assert business_date(second + 3_600_000, NEW_YORK, 2) == date(2026, 11, 1)


def test_every_minute_of_a_long_day_is_on_exactly_one_date():
    start = at("2026-11-01T04:00:00", NEW_YORK)
    days = {business_date(start + m * 60_000, NEW_YORK, 4) for m in range(24 * 60)}
    assert days == {date(2026, 11, 1)}
    short = at("2026-03-07T04:00:00", NEW_YORK)
    minutes = [
        m
        for m in range(26 * 60)
        if business_date(short + m * 60_000, NEW_YORK, 4) == date(2026, 3, 7)
    ]
    assert len(minutes) == 23 * 60


@pytest.mark.parametrize("zone", [JAKARTA, NEW_YORK, ZoneInfo("Pacific/Kiritimati")])
@pytest.mark.parametrize("at_ms", [-(10**18), -1, 0, LATEST_MS, 10**18, 10**30])
def test_a_time_that_no_calendar_shows_breaks_nothing(zone, at_ms):
    assert business_date(at_ms, zone, 4) == business_date(min(max(at_ms, 0), LATEST_MS), zone, 4)
