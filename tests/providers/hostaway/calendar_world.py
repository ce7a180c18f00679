"""Changes of calendars for tests, the readings they are made under, and the days that come of them."""

from datetime import date
from decimal import Decimal
from itertools import product

from providers.changes import CalendarChange
from providers.hostaway.simulator import HostawayReadings
from providers.queries import Days
from tests.providers.hostaway.writing_world import DAY, TODAY, Writing

FIRST = TODAY + 20 * DAY

READINGS = [
    HostawayReadings(
        interval_end_inclusive=inclusive,
        calendar_end_inclusive=inclusive if same else not inclusive,
        empty_interval_is_error=error,
        interval_resets_left_out=resets,
        batch_is_atomic=atomic,
        freeing_taken_is_error=resets,
    )
    for inclusive, same, error, resets, atomic in product((True, False), repeat=5)
    # A PMS that shows the end of what is read but takes single nights for an error tells nothing of its intervals.
    if not (error and not inclusive and not same)
]


def a_change(start: date, end: date, **fields) -> CalendarChange:
    return CalendarChange(start=start, end=end, **fields)


def prices(first: date, nights: int) -> list[CalendarChange]:
    """A price of its own for each night."""
    return [
        a_change(first + n * DAY, first + (n + 1) * DAY, price=Decimal(100) + Decimal(n) / 100) for n in range(nights)
    ]


async def days_of(there: Writing, listing_id, start: date, end: date):
    batch = await there.client.calendars([str(listing_id)], Days(start, end), reservations=True)
    assert not batch.failed
    return {day.date: day for day in batch.found[str(listing_id)].days}
