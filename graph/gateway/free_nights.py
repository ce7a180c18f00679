"""Whether a stay fits a listing, as far as its record and its calendar tell."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from providers.model import CalendarDay, DayStatus, Listing
from providers.queries import AvailabilityQuery, Days

BEHIND_UTC = timedelta(hours=12)
"""By how much the last time zone to see a day begin is behind UTC."""


def earliest_today(now: datetime) -> date:
    """The day it still is somewhere on earth."""
    return (now - BEHIND_UTC).date()


def has_begun(listing: Listing, arrival: date, now: datetime) -> bool:
    """Whether the day of arrival is over where the listing is; False where its time zone is not known."""
    try:
        zone = ZoneInfo(listing.time_zone or "")
    except (KeyError, ValueError, OSError):  # what an unknown zone raises, and what names do that are none
        return False
    return arrival < now.astimezone(zone).date()


def fits_party(listing: Listing, query: AvailabilityQuery) -> bool | None:
    """Whether the listing holds the party; None if the PMS does not say how many it holds."""
    return None if listing.max_guests is None else query.guests <= listing.max_guests


def days_to_read(query: AvailabilityQuery) -> Days:
    """The nights of the stay, and the day of departure for the rules of leaving."""
    return Days(query.arrival, query.departure + timedelta(days=1))


def is_free(listing: Listing, days: Sequence[CalendarDay], query: AvailabilityQuery) -> bool:
    """Whether every night can be booked and the rules of the first day and of the day of departure allow the stay.

    What the calendar does not say of the length of stays, the listing's own limits say. A night of which nothing is
    known is not free.
    """
    by_date = {day.date: day for day in days}
    nights = [by_date.get(date_) for date_ in Days(query.arrival, query.departure)]
    first, last = nights[0], by_date.get(query.departure)
    if first is None or not all(night is not None and _is_open(night) for night in nights):
        return False
    fewest = first.minimum_stay if first.minimum_stay is not None else listing.minimum_nights
    most = first.maximum_stay if first.maximum_stay is not None else listing.maximum_nights
    return (
        (fewest is None or len(nights) >= fewest)
        # A most of 0 nights is how PMSs write that there is no limit.
        and (not most or len(nights) <= most)
        and not first.closed_to_arrival
        and not (last is not None and last.closed_to_departure)
    )


def _is_open(night: CalendarDay) -> bool:
    if night.available is None:
        return night.status is DayStatus.AVAILABLE
    return night.available
