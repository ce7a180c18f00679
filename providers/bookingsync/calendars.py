"""Reading calendars: the rentals with their maps in one call, and rate periods where a map does not speak."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta

from providers.bookingsync.batches import Piece, unreadable
from providers.bookingsync.day_rows import calendar, day_rows
from providers.bookingsync.envelope import all_records
from providers.bookingsync.grants import PUBLIC, RATES, Grants
from providers.bookingsync.manifest import RECORDS_PER_PAGE, RENTALS_PER_PAGE
from providers.bookingsync.night_rates import Rates, map_rates, period_rates, wants_periods
from providers.bookingsync.ownership import Ownership
from providers.bookingsync.parts import Part, PartsReader
from providers.bookingsync.resources import Options, Resources
from providers.bookingsync.wire import CalendarRental, Rate
from providers.errors import NotFound, PermissionDenied, UpstreamRefused
from providers.model import Calendar, CalendarDay
from providers.queries import Days, OddRecord
from providers.wire import read_records

CALENDAR_PARTS = (
    Part(name="availability", resource="availabilities", scopes=PUBLIC),
    Part(name="change_over", resource="change_overs", scopes=PUBLIC),
    Part(name="nightly_rate_map", resource="nightly_rate_maps", scopes=RATES),
)
_PER_PAGE: Options = (("per_page", str(RENTALS_PER_PAGE)),)
_MOST_RATE_PAGES = 50

DAYS_AT_ONCE = 200
"""Days of a calendar that are made before others have their turn."""


class Calendars:
    """The calendars of one account."""

    def __init__(
        self,
        resources: Resources,
        parts: PartsReader,
        grants: Grants,
        ownership: Ownership,
        account_id: str,
    ) -> None:
        self._resources = resources
        self._parts = parts
        self._grants = grants
        self._ownership = ownership
        self._account_id = account_id

    async def read(self, ids: Sequence[str], days: Days) -> Piece[Calendar]:
        """The calendars of at most a page of rentals; those that do not exist are missing."""
        reading = await self._parts.read(
            lambda include: self._resources.by_ids("rentals", ids, (*_PER_PAGE, *include)), CALENDAR_PARTS
        )
        ours, _ = self._ownership.ours(reading.records)
        rentals: list[CalendarRental] = []
        odd: list[OddRecord] = []
        for raw in ours:
            read, strange = read_records(CalendarRental, [raw])
            rentals += read
            odd += strange
            await asyncio.sleep(0)  # maps of three years take a while: others have their turn in between
        wanted = {rental.id: rental for rental in rentals if rental.id in ids}
        periods = await self._periods([rental.id for rental in wanted.values() if wants_periods(rental)])
        found: dict[str, Calendar] = {}
        for key, rental in wanted.items():
            found[key] = await self._calendar(rental, periods, days)
        return Piece(
            found=found,
            failed=unreadable(odd, ids),
            received_at=reading.received_at,
        )

    async def _calendar(self, rental: CalendarRental, periods: Mapping[str, list[Rate]], days: Days) -> Calendar:
        rows: list[CalendarDay] = []
        for some in _stretches(days):
            rows += day_rows(rental, _rates(rental, periods, some), some)
            await asyncio.sleep(0)
        return calendar(rental, rows, days, self._account_id)

    async def _periods(self, ids: Sequence[str]) -> Mapping[str, list[Rate]]:
        """Rate periods by rental, one list for each of ``ids``; empty where the token may not read them."""
        if not ids or not await self._grants.allow(PUBLIC, "rates"):
            return {}
        options = (("rental_id", ",".join(ids)), ("per_page", str(RECORDS_PER_PAGE)))
        try:
            pages = await self._resources.walk("rates", options, most=_MOST_RATE_PAGES)
        except (NotFound, PermissionDenied, UpstreamRefused):
            self._grants.refuse("rates")
            return {}
        periods: dict[str, list[Rate]] = {key: [] for key in ids}
        found, _ = read_records(Rate, all_records(pages))
        for rate in found:
            rental = rate.link("rental")
            if rental in periods:
                periods[rental].append(rate)
        return periods


def _stretches(days: Days) -> Iterator[Days]:
    start = days.start
    while start < days.end:
        end = min(days.end, start + timedelta(days=DAYS_AT_ONCE))
        yield Days(start, end)
        start = end


def _rates(rental: CalendarRental, periods: Mapping[str, list[Rate]], days: Days) -> Rates:
    if rental.id in periods:
        return period_rates(periods[rental.id], days)
    return map_rates(rental, days) or {}
