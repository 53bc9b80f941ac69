"""The trading day: the business date, hour and daypart of an instant, in the outlet's own time."""

from datetime import MAXYEAR, UTC, date, datetime, timedelta, tzinfo

LATEST_MS = 253_370_764_800_000
"""The last instant that has a date in every zone: the first of January 9999."""


def local_time(at_ms: int, zone: tzinfo) -> datetime:
    """The outlet's local time of an instant given in Unix milliseconds.

    What no calendar can show (before 1970, after 9998) is shown as the nearest it can.
    """
    shown_ms = min(max(at_ms, 0), LATEST_MS)
    return datetime.fromtimestamp(shown_ms / 1000, UTC).astimezone(zone)


def business_date(at_ms: int, zone: tzinfo, rollover_hour: int = 0) -> date:
    """The day an instant trades on: before `rollover_hour` (0–23) it still is yesterday."""
    return (local_time(at_ms, zone) - timedelta(hours=rollover_hour)).date()


def local_hour(at_ms: int, zone: tzinfo) -> int:
    """The clock hour (0–23) at the outlet, as hourly reports count it."""
    return local_time(at_ms, zone).hour


def instant(local: datetime, zone: tzinfo) -> int:
    """Unix milliseconds of a local time without zone; the first of two when clocks go back."""
    return round(local.replace(tzinfo=zone, fold=0).timestamp() * 1000)


def bounds_of(day: str, zone: tzinfo, rollover_hour: int = 0) -> tuple[int, int]:
    """Unix milliseconds at which a business date (ISO) begins, and at which the next one does.

    Raises ValueError for what is no date.
    """
    begin = datetime.fromisoformat(day) + timedelta(hours=rollover_hour)
    first_ms = instant(begin, zone)
    if begin.year == MAXYEAR:  # the calendar ends; somebody may ask for it all the same
        return first_ms, first_ms + 86_400_000
    return first_ms, instant(begin + timedelta(days=1), zone)
