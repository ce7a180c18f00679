"""The reservations of a calendar's nights."""

from collections.abc import Iterable

from providers.model import Calendar, Reservation, ReservationStatus
from providers.queries import Batch, DateRange, Days, ReservationQuery

_HOLDING = frozenset({ReservationStatus.CONFIRMED, ReservationStatus.PENDING, ReservationStatus.BLOCKED})


def holding(days: Days) -> ReservationQuery:
    """The reservations that hold a night of ``days``."""
    return ReservationQuery(stay=DateRange(days.start, days.end), statuses=_HOLDING)


def with_stays(calendars: Batch[Calendar], stays: Batch[list[Reservation]]) -> Batch[Calendar]:
    """The calendars with the reservations of each night; a calendar whose reservations failed fails with them."""
    failed = {key: error for key, error in stays.failed.items() if key in calendars.found}
    for key, calendar in calendars.found.items():
        if key not in failed:
            _put(calendar, stays.found.get(key, ()))
    return Batch(
        found={key: calendar for key, calendar in calendars.found.items() if key not in failed},
        failed={**calendars.failed, **failed},
        fetched_at=min(calendars.fetched_at, stays.fetched_at),
        odd={**calendars.odd, **stays.odd},
    )


def _put(calendar: Calendar, stays: Iterable[Reservation]) -> None:
    by_night: dict[object, list[Reservation]] = {}
    for stay in stays:
        if stay.status is ReservationStatus.CANCELLED or stay.arrival is None or stay.departure is None:
            continue
        first, last = max(stay.arrival, calendar.start), min(stay.departure, calendar.end)
        for night in Days(first, last):
            by_night.setdefault(night, []).append(stay)
    for day in calendar.days:
        day.reservations = by_night.get(day.date, [])
