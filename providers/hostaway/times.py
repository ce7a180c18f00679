"""Hostaway's ways with days and hours."""

from datetime import UTC, date, datetime, time, timedelta

from providers.hostaway.paging import Query


def hour(value: int | None) -> time | None:
    """The time of day of an hour from 0 to 23; anything else is no time."""
    return time(value) if value is not None and 0 <= value <= 23 else None


def active_since(instant: datetime | None) -> Query:
    """The filter ``latestActivityStart``. It takes a day of an undocumented zone: the day before is safe in any."""
    if instant is None:
        return ()
    day = instant.astimezone(UTC).date()
    start = day - timedelta(days=1) if day > date.min else day
    return (("latestActivityStart", start.isoformat()),)


def active_until(instant: datetime | None) -> Query:
    """The filter ``latestActivityEnd``, for changes before an instant.

    Its day is of an undocumented zone, and whether it counts is not documented: two days later is safe in any reading.
    """
    if instant is None:
        return ()
    day = instant.astimezone(UTC).date()
    end = day + timedelta(days=2) if day < date.max - timedelta(days=2) else day
    return (("latestActivityEnd", end.isoformat()),)
