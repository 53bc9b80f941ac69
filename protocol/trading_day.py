"""The trading day: the business date, hour and daypart of an instant, in the outlet's own time."""

from datetime import UTC, date, datetime, timedelta, tzinfo


def local_time(at_ms: int, zone: tzinfo) -> datetime:
    """The outlet's local time of an instant given in Unix milliseconds."""
    return datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(zone)


def business_date(at_ms: int, zone: tzinfo, rollover_hour: int = 0) -> date:
    """The day an instant trades on: before `rollover_hour` (0–23) it still is yesterday."""
    return (local_time(at_ms, zone) - timedelta(hours=rollover_hour)).date()


def local_hour(at_ms: int, zone: tzinfo) -> int:
    """The clock hour (0–23) at the outlet, as hourly reports count it."""
    return local_time(at_ms, zone).hour


def instant(local: datetime, zone: tzinfo) -> int:
    """Unix milliseconds of a local time without zone; the first of two when clocks go back."""
    return round(local.replace(tzinfo=zone, fold=0).timestamp() * 1000)
