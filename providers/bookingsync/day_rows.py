"""From BookingSync's maps, one character or number per night, to one row per day.

Sources: BookingSync documentation, Availabilities, Change overs, Nightly rate maps; what the characters
mean for nights and days was proven on recorded answers: a booking marks its nights, not its day of
departure.
"""

from collections.abc import Iterator
from datetime import date

from providers.bookingsync.manifest import CODE
from providers.bookingsync.night_rates import NightRate, Rates
from providers.bookingsync.wire import CalendarRental, DayMap
from providers.model import Calendar, CalendarDay, DayStatus
from providers.queries import Days

_FREE = "0"
_TAKEN = {"1": DayStatus.RESERVED, "2": DayStatus.PENDING, "3": DayStatus.BLOCKED}
_CHANGES = frozenset("CIOX")
_ARRIVALS = frozenset("CI")
_DEPARTURES = frozenset("CO")


def calendar(rental: CalendarRental, rows: list[CalendarDay], days: Days, account_id: str) -> Calendar:
    """The rental's calendar for ``days``, of which ``rows`` are all. Its currency is the rental's; maps name none."""
    return Calendar(
        provider=CODE,
        account_id=account_id,
        listing_id=rental.id,
        start=days.start,
        end=days.end,
        currency=rental.currency.upper() if rental.currency else None,
        days=rows,
        closed_by_stays=True,
    )


def day_rows(rental: CalendarRental, rates: Rates, days: Days) -> Iterator[CalendarDay]:
    """One row for each of ``days``, in order."""
    for day in days:
        letter = _letter(rental.availability, day)
        change = _letter(rental.change_over, day)
        rate = rates.get(day)
        status = _status(letter, rate)
        yield CalendarDay(
            date=day,
            status=status,
            provider_status=letter,
            available=None if status is DayStatus.UNKNOWN else status is DayStatus.AVAILABLE,
            price=rate.price if rate else None,
            minimum_stay=_minimum_stay(rental, rate),
            closed_to_arrival=change not in _ARRIVALS if change in _CHANGES else None,
            closed_to_departure=change not in _DEPARTURES if change in _CHANGES else None,
        )


def _letter(sent: DayMap | None, day: date) -> str | None:
    """The map's character for a night; each map counts from its own first day, and ends somewhere."""
    if sent is None or sent.start_date is None or sent.map is None:
        return None
    index = (day - sent.start_date).days
    return sent.map[index] if 0 <= index < len(sent.map) else None


def _status(letter: str | None, rate: NightRate | None) -> DayStatus:
    """A free night without a rate is not for sale; one of which no rate map tells may be or not."""
    if letter != _FREE:
        return _TAKEN.get(letter or "", DayStatus.UNKNOWN)
    if rate is None:
        return DayStatus.UNKNOWN
    return DayStatus.NOT_SELLABLE if rate.price is None else DayStatus.AVAILABLE


def _minimum_stay(rental: CalendarRental, rate: NightRate | None) -> int | None:
    known = [each for each in (rental.absolute_min_stay, rate.minimum_stay if rate else None) if each is not None]
    return max(known, default=None)
