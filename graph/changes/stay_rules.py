"""Whether a calendar allows a stay: its nights, and the rules of its first day and of the day of departure."""

from collections.abc import Collection, Iterator
from datetime import date, timedelta

from graph.changes.claims import nights_taken
from graph.rejections import Rejection, RejectionCode
from providers.model import Calendar, CalendarDay, DayStatus, Listing
from providers.queries import Days

_HELD = frozenset({DayStatus.RESERVED, DayStatus.PENDING, DayStatus.BLOCKED})


def days_to_read(stay: Days) -> Days:
    """The nights of a stay, and the day of departure for the rule of leaving."""
    return Days(stay.start, stay.end + timedelta(days=1))


def is_multi_unit(calendar: Calendar) -> bool:
    """Whether the listing stands for several units: then the same nights can be sold more than once."""
    return any((day.units_total or 1) > 1 for day in calendar.days)


def night_problems(calendar: Calendar, nights: Collection[date]) -> Iterator[Rejection]:
    """That nights are taken, as far as the calendar says so. What it does not tell, the PMS decides."""
    taken = [day.date for day in calendar.days if day.date in nights and _is_taken(day)]
    if taken:
        yield from nights_taken(taken).rejections


def rule_problems(calendar: Calendar, listing: Listing, stay: Days, before: Days | None = None) -> Iterator[Rejection]:
    """Which rules a guest's stay would break. What the calendar does not say of its length, the listing's record says.

    ``before`` are the nights that the same reservation holds now: a day of arrival or departure that stays breaks
    nothing, nor does one that is closed for stays alone. ``NIGHTS_TAKEN`` is never among the problems.
    """
    by_date = {day.date: day for day in calendar.days}
    first, last = by_date.get(stay.start), by_date.get(stay.end)
    nights = len(stay)
    fewest = first.minimum_stay if first is not None and first.minimum_stay is not None else listing.minimum_nights
    most = first.maximum_stay if first is not None and first.maximum_stay is not None else listing.maximum_nights
    arrives_anew = before is None or stay.start != before.start
    leaves_anew = before is None or stay.end != before.end
    if first is not None and first.closed_to_arrival and arrives_anew and not _by_a_stay(calendar, first):
        yield _broken("arrival", f"No stay may begin on {stay.start}.")
    last_night = by_date.get(stay.end - timedelta(days=1))
    if last is not None and last.closed_to_departure and leaves_anew and not _by_a_stay(calendar, last_night):
        yield _broken("departure", f"No stay may end on {stay.end}.")
    if fewest is not None and nights < fewest:
        yield _broken("departure", f"These are {nights} nights.", f"{fewest} nights or more from {stay.start}")
    # A most of 0 nights is how PMSs write that there is no limit.
    if most and nights > most:
        yield _broken("departure", f"These are {nights} nights.", f"{most} nights at most from {stay.start}")


def _by_a_stay(calendar: Calendar, day: CalendarDay | None) -> bool:
    """Whether a stay on this night is why a day counts as closed: the nights tell that themselves."""
    return calendar.closed_by_stays and day is not None and _is_taken(day)


def _is_taken(day: CalendarDay) -> bool:
    if day.available is None:
        return day.status in _HELD
    # A night without a price can be sold at a price that the client names.
    return not day.available and day.status is not DayStatus.NOT_SELLABLE


def _broken(field: str, message: str, allowed: str | None = None) -> Rejection:
    return Rejection(field=(field,), code=RejectionCode.OUT_OF_RANGE, message=message, allowed=allowed)
