"""``GET /v1/listings/{id}/calendar``: days that agree with the stays."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from providers.hostaway.simulator.accounts import ListingRow, SimulatedAccount
from providers.hostaway.simulator.availability import (
    closed,
    is_block,
    is_open,
    maximum_stay,
    minimum_stay,
    nights,
    price,
    units,
)
from providers.hostaway.simulator.envelope import RefusedError, number, success
from providers.hostaway.simulator.listings import listing
from providers.hostaway.simulator.parameters import Parameters
from providers.hostaway.simulator.readings import HostawayReadings
from providers.simulation.portfolio import StayKind

MOST_DAYS = 1100

NOT_IN_DAYS = frozenset(
    {
        "hostawayReservationId",
        "source",
        "assigneeUserId",
        "customFieldValues",
        "financeField",
        "confirmationCode",
        "reservationFees",
        "reservationUnit",
        "remainingBalance",
        "cancellationPolicyDetails",
    }
)
"""Reservations inside a day are reduced objects (Hostaway documentation, calendar day)."""


class Calendars:
    """The calls about calendars."""

    def __init__(self, readings: HostawayReadings) -> None:
        self._readings = readings

    async def read(self, request: Request, account: SimulatedAccount) -> Response:
        row = listing(request, account)
        given = Parameters(request.query_params, self._readings)
        start, end = self._span(given, account.today)
        reservations = self._reservations(row, account) if given.flag("includeResources") else {}
        return success([day_record(row, day, _held(row, day, reservations)) for day in nights(start, end)])

    def _span(self, given: Parameters, today: date) -> tuple[date, date]:
        """The first day, and the day after the last one."""
        start = given.day("startDate") or today
        last = given.day("endDate")
        if last is None:
            return start, start + timedelta(days=self._readings.calendar_default_days)
        end = last + timedelta(days=1) if self._readings.calendar_end_inclusive else last
        if last < start or (end - start).days > MOST_DAYS:
            raise RefusedError(self._readings.bad_value or 400, "The date range is invalid.")
        return start, end

    def _reservations(self, row: ListingRow, account: SimulatedAccount) -> dict[int, dict[str, Any]]:
        """What each stay of the listing shows of itself in the days that it holds."""
        return {
            each.stay.number: {name: value for name, value in each.record.items() if name not in NOT_IN_DAYS}
            for each in account.reservations_of(row.id)
        }


def _held(row: ListingRow, day: date, reservations: dict[int, dict[str, Any]]) -> list[dict[str, Any]]:
    return [reservations[stay.number] for stay in row.nights.get(day, ()) if stay.number in reservations]


def day_record(row: ListingRow, day: date, reservations: Sequence[dict[str, Any]] = ()) -> dict[str, Any]:
    """A day of the calendar, with every property of the documentation's table."""
    available = is_open(row, day)
    owner = any(map(is_block, row.nights.get(day, ())))
    return {
        "id": row.id * 10_000 + day.toordinal() % 10_000,
        "date": day.isoformat(),
        "isAvailable": int(available),
        "isProcessed": 1,
        "status": "available" if available else _status(row, day),
        "price": number(price(row, day)),
        "minimumStay": minimum_stay(row, day),
        "maximumStay": maximum_stay(row, day),
        "closedOnArrival": closed(row, day, "closedOnArrival"),
        "closedOnDeparture": closed(row, day, "closedOnDeparture"),
        "note": row.days.get(day, {}).get("note", "Owner's stay" if owner else None),
        **_units(row, day),
        "reservations": list(reservations),
    }


def _status(row: ListingRow, day: date) -> str:
    """What takes the night: a guest, a request, or a block of the owner's or of the calendar."""
    guests = [stay.kind for stay in row.nights.get(day, ()) if not is_block(stay)]
    if not guests or row.terms.units > len(guests):
        return "blocked"
    return "pending" if all(kind is StayKind.PENDING for kind in guests) else "reserved"


def _units(row: ListingRow, day: date) -> dict[str, int | None]:
    """Counters of multi-unit listings, null for others."""
    names = (
        "countAvailableUnits",
        "availableUnitsToSell",
        "countPendingUnits",
        "countBlockedUnits",
        "countBlockingReservations",
        "countReservedUnits",
        "desiredUnitsToSell",
    )
    if row.terms.units == 1:
        return dict.fromkeys(names)
    found = units(row, day)
    desired = row.days.get(day, {}).get("desiredUnitsToSell")
    counts = (found.total, found.left, found.pending, found.blocked, found.reserved, found.reserved, desired)
    return dict(zip(names, counts, strict=True))
