"""Writing the calendar of a listing: one interval, or up to 200 of them (Hostaway documentation, Calendar)."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Annotated, Any

from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from providers.hostaway.simulator.accounts import ListingRow, SimulatedAccount
from providers.hostaway.simulator.availability import nights, units
from providers.hostaway.simulator.calendar import day_record
from providers.hostaway.simulator.checked_bodies import checked, json_body
from providers.hostaway.simulator.envelope import RefusedError, success
from providers.hostaway.simulator.listings import listing
from providers.hostaway.simulator.parameters import FIRST_DAY, LAST_DAY
from providers.hostaway.simulator.readings import HostawayReadings
from providers.hostaway.simulator.reservation_bodies import MOST_MONEY, Body, Flag

MOST_INTERVALS = 200
MOST_DAYS = 1100

WRITTEN = ("price", "minimumStay", "maximumStay", "closedOnArrival", "closedOnDeparture", "note")
"""What an interval writes into its days as it is."""


class IntervalBody(Body):
    """An interval of days, and what is to hold in them."""

    start_date: Annotated[date, Field(ge=FIRST_DAY, le=LAST_DAY)]
    end_date: Annotated[date, Field(ge=FIRST_DAY, le=LAST_DAY)]
    is_available: Flag = None
    price: Annotated[Decimal | None, Field(gt=0, le=MOST_MONEY)] = None
    minimum_stay: Annotated[int | None, Field(ge=1, le=1125)] = None
    maximum_stay: Annotated[int | None, Field(ge=1, le=1125)] = None
    closed_on_arrival: Flag = None
    closed_on_departure: Flag = None
    note: Annotated[str | None, Field(max_length=5000)] = None
    desired_units_to_sell: Annotated[int | None, Field(ge=0, le=1000)] = None

    @property
    def sent(self) -> dict[str, Any]:
        return self.model_dump(by_alias=True, exclude_unset=True)


class CalendarWrites:
    """The calls that change calendars."""

    def __init__(self, readings: HostawayReadings) -> None:
        self._readings = readings

    async def one(self, request: Request, account: SimulatedAccount) -> Response:
        """One interval; the days that it changed are answered."""
        row = self._listing(request, account)
        interval = checked(IntervalBody, await json_body(request))
        self._check(row, interval)
        self._write(row, interval)
        return success([day_record(row, day) for day in self._days(interval)])

    async def many(self, request: Request, account: SimulatedAccount) -> Response:
        """A bare array of intervals; nothing is answered."""
        row = self._listing(request, account)
        body = await json_body(request)
        if not isinstance(body, list) or not body:
            raise RefusedError(422, "The request body must be a non-empty array of intervals.")
        if len(body) > MOST_INTERVALS:
            raise RefusedError(422, f"No more than {MOST_INTERVALS} intervals are allowed.")
        if self._readings.batch_is_atomic:
            for each in body:
                self._check(row, checked(IntervalBody, each))
        for each in body:
            interval = checked(IntervalBody, each)
            self._check(row, interval)
            self._write(row, interval)
        return success([])

    def _listing(self, request: Request, account: SimulatedAccount) -> ListingRow:
        row = listing(request, account)
        if row.is_archived:
            raise RefusedError(422, "The listing is archived.")
        return row

    def _days(self, interval: IntervalBody) -> Sequence[date]:
        last = interval.end_date + timedelta(days=int(self._readings.interval_end_inclusive))
        return list(nights(interval.start_date, last))

    def _check(self, row: ListingRow, interval: IntervalBody) -> None:
        days = self._days(interval)
        if interval.end_date < interval.start_date or len(days) > MOST_DAYS:
            raise RefusedError(422, "The date range is invalid.")
        if not days and self._readings.empty_interval_is_error:
            raise RefusedError(422, "The date range is empty.")
        if row.terms.units > 1 and interval.is_available is not None:
            raise RefusedError(422, 'Listings with several units take "desiredUnitsToSell" instead of "isAvailable".')
        if row.terms.units == 1 and interval.desired_units_to_sell is not None:
            raise RefusedError(422, 'Only listings with several units take "desiredUnitsToSell".')
        taken = any(row.nights.get(day) for day in days)
        if interval.is_available and taken and self._readings.freeing_taken_is_error:
            raise RefusedError(422, "Some of these days are reserved.")

    def _write(self, row: ListingRow, interval: IntervalBody) -> None:
        for day in self._days(interval):
            before = {} if self._readings.interval_resets_left_out else row.days.get(day, {})
            sent = interval.sent
            plain = {name: _shown(sent[name]) for name in WRITTEN if name in sent}
            row.days[day] = {**before, **plain, **_openness(row, day, interval)}


def _openness(row: ListingRow, day: date, interval: IntervalBody) -> dict[str, Any]:
    """Whether the night is blocked; of several units, how many are."""
    if interval.is_available is not None:
        return {"isAvailable": int(interval.is_available)}
    desired = interval.desired_units_to_sell
    if desired is None:
        return {}
    found = units(row, day)
    blocked = max(0, found.total - found.pending - found.reserved - desired)
    return {"desiredUnitsToSell": desired, "blockedUnits": blocked}


def _shown(value: Any) -> Any:
    return int(value) if isinstance(value, bool) else value
