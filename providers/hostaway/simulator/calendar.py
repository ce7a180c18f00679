"""``GET /v1/listings/{id}/calendar``: days that agree with the stays."""

from datetime import date, timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from providers.hostaway.simulator.accounts import ListingRow, SimulatedAccount
from providers.hostaway.simulator.availability import is_open, minimum_stay, weekly_changeover
from providers.hostaway.simulator.envelope import RefusedError, number, success
from providers.hostaway.simulator.listing_record import NO_MAXIMUM
from providers.hostaway.simulator.listings import listing
from providers.hostaway.simulator.parameters import Parameters
from providers.hostaway.simulator.readings import HostawayReadings
from providers.simulation.portfolio import House, Stay, StayKind, nightly_price

MOST_DAYS = 1100
SATURDAY = 5

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
        days = (start + timedelta(days=number) for number in range((end - start).days))
        return success([_day(row, day, reservations.get(_stay_number(row, day), [])) for day in days])

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

    def _reservations(self, row: ListingRow, account: SimulatedAccount) -> dict[int, list[dict[str, Any]]]:
        """What each stay of the listing shows of itself in the days that it holds."""
        found: dict[int, list[dict[str, Any]]] = {}
        for reservation in account.reservations_of(row.id):
            record = reservation.record
            found[reservation.stay.number] = [
                {name: value for name, value in record.items() if name not in NOT_IN_DAYS}
            ]
        return found


def _day(row: ListingRow, day: date, reservations: list[dict[str, Any]]) -> dict[str, Any]:
    available = is_open(row, day)
    closed = _closed(row.house, day)
    return {
        "id": row.id * 10_000 + day.toordinal() % 10_000,
        "date": day.isoformat(),
        "isAvailable": int(available),
        "isProcessed": 1,
        "status": "available" if available else _status(row.nights[day]),
        "price": number(nightly_price(row.house, day)),
        "minimumStay": minimum_stay(row.house, day),
        "maximumStay": NO_MAXIMUM if row.house.number % 5 else 28,
        "closedOnArrival": closed,
        "closedOnDeparture": closed,
        "note": "Owner's stay" if _blocked(row.nights.get(day)) else None,
        **_units(row, day),
        "reservations": reservations,
    }


def _stay_number(row: ListingRow, day: date) -> int:
    stay = row.nights.get(day)
    return 0 if stay is None else stay.number


def _status(stay: Stay) -> str:
    return {StayKind.BLOCKED: "blocked", StayKind.PENDING: "pending"}.get(stay.kind, "reserved")


def _blocked(stay: Stay | None) -> bool:
    return stay is not None and stay.kind is StayKind.BLOCKED


def _closed(house: House, day: date) -> int | None:
    """Null means open (Hostaway documentation, calendar day); a few days say so with a 0."""
    if not weekly_changeover(house, day):
        return None
    return int(day.weekday() != SATURDAY)


def _units(row: ListingRow, day: date) -> dict[str, int | None]:
    """Counters of multi-unit listings, null for others. A stay takes one unit, an owner's block all."""
    names = (
        "countAvailableUnits",
        "availableUnitsToSell",
        "countPendingUnits",
        "countBlockedUnits",
        "countBlockingReservations",
        "countReservedUnits",
        "desiredUnitsToSell",
    )
    units = row.terms.units
    if units == 1:
        return dict.fromkeys(names)
    stay = row.nights.get(day)
    blocked = units if _blocked(stay) else 0
    pending = int(stay is not None and stay.kind is StayKind.PENDING)
    reserved = int(stay is not None and not blocked and not pending)
    left = units - blocked - pending - reserved
    return dict(zip(names, (units, left, pending, blocked, reserved, reserved, None), strict=True))
