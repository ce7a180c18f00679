"""Which listings are free: Hostaway's search, whose last day may be read in two ways.

Whether ``availabilityDateEnd`` is the day of departure or the last night is not documented. Asked with the day before
departure, the search loses no free listing in either reading; asked with the day of departure, it names no taken one.
Listings that only the first search names are free or taken depending on the reading: their calendars tell.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from providers.errors import UpstreamRefused
from providers.hostaway.fanning import Fan
from providers.hostaway.paging import Query, Read, Walk, id_of, is_id
from providers.queries import AvailabilityQuery

SleepsOn = Callable[[str, date], Awaitable[tuple[bool | None, datetime]]]
"""Whether a listing can be booked for the night of a day, by its calendar; None where that does not say."""

_DAY = timedelta(days=1)
_WITNESSES = 3


@dataclass(slots=True)
class LastDay:
    """What the last day of a search was found to mean. True: the day of departure; None: not known yet."""

    end_is_departure: bool | None = None


@dataclass(slots=True)
class Free:
    """Raw listings that are free, those in doubt that stayed so, and the age of the oldest answer."""

    rows: list[Any] = field(default_factory=list)
    oldest: datetime | None = None


async def free_rows(
    query: AvailabilityQuery, complete: Query, read: Read, sleeps_on: SleepsOn, last_day: LastDay
) -> Free:
    """The raw listings that are free for the whole stay, with what the parameters ``complete`` ask for.

    While the reading is not known, that costs two searches and a calendar for each listing in doubt; once listings in
    doubt have told it with one voice, one search. Raises ``ProviderError`` where a search or a calendar fails.
    """
    last_night = query.departure - _DAY
    if last_day.end_is_departure is not None:
        end = query.departure if last_day.end_is_departure else last_night
        return await _search(query, end, complete, read)
    sure = await _search(query, query.departure, complete, read)
    wide = await _wide(query, last_night, complete, read)
    named = {id_of(row) for row in sure.rows}
    doubtful = [row for row in wide.rows if id_of(row) not in named]
    verdicts = await _verdicts([each for row in doubtful if (each := id_of(row))], last_night, sleeps_on)
    _learn(last_day, list(verdicts.found.values()))
    free = [row for row in doubtful if verdicts.found.get(id_of(row) or "")]
    times = [each for each in (wide.oldest, sure.oldest, verdicts.oldest) if each is not None]
    return Free(rows=[*sure.rows, *free], oldest=min(times, default=None))


async def _wide(query: AvailabilityQuery, last_night: date, complete: Query, read: Read) -> Free:
    """Of a single night, this search begins and ends on one day: who reads its end as departure may refuse that."""
    try:
        return await _search(query, last_night, complete, read)
    except UpstreamRefused:
        if query.arrival < last_night:
            raise
        return Free()


async def _search(query: AvailabilityQuery, end: date, complete: Query, read: Read) -> Free:
    """The number of guests is not sent: whether it drops listings of unknown capacity is not documented."""
    walk = Walk(read, (*complete, *_span(query.arrival, end)), cursor=False)
    found = Free()
    while not walk.done:
        found.rows += await walk.next()
    found.oldest = walk.oldest
    return found


def _span(start: date, end: date) -> Query:
    return (("availabilityDateStart", start.isoformat()), ("availabilityDateEnd", end.isoformat()))


async def _verdicts(ids: Sequence[str], night: date, sleeps_on: SleepsOn) -> Fan[str, bool | None]:
    async def one(listing_id: str) -> tuple[bool | None, datetime]:
        return await sleeps_on(listing_id, night)

    fan = await Fan[str, bool | None]().read(filter(is_id, ids), one)
    for error in fan.failed.values():
        raise error
    return fan


def _learn(last_day: LastDay, verdicts: Sequence[bool | None]) -> None:
    """If listings in doubt can be booked for the last night, the search looked at the night after it as well."""
    if len(verdicts) >= _WITNESSES and len(set(verdicts)) == 1 and verdicts[0] is not None:
        last_day.end_is_departure = not verdicts[0]
