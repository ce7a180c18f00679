"""``GET /v1/reservations``, single reservations, and their price lines."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from providers.hostaway.simulator.accounts import ReservationRow, SimulatedAccount
from providers.hostaway.simulator.envelope import RefusedError, page, success
from providers.hostaway.simulator.parameters import Parameters
from providers.hostaway.simulator.readings import HostawayReadings
from providers.hostaway.simulator.reservation_record import (
    WITH_PAYMENTS,
    WITH_POLICY,
    WITH_RESOURCES,
    WITH_RESOURCES_SINGLY,
    has_unread_messages,
)

PAGE = 100


def _arrival(row: ReservationRow) -> Any:
    return row.arrival, row.id


def _updated(row: ReservationRow) -> Any:
    return row.updated_at, row.id


def _number(row: ReservationRow) -> Any:
    return row.id


Order = tuple[Callable[[ReservationRow], Any], bool]
ORDERS: Mapping[str, Order] = {
    "": (_updated, True),
    "arrivalDate": (_arrival, False),
    "arrivalDateDesc": (_arrival, True),
    "latestActivity": (_updated, False),
    "latestActivityDesc": (_updated, True),
    "updatedOn": (_updated, False),
    "order": (_number, False),
    "lastConversationMessageSent": (_number, False),
    "lastConversationMessageSentDesc": (_number, True),
    "lastConversationMessageReceived": (_number, False),
    "lastConversationMessageReceivedDesc": (_number, True),
}
"""Keys and whether they run backwards. Conversations are not simulated: their orders are those of the ids."""

EQUAL_NUMBERS = {"listingId": "listingMapId", "channelId": "channelId", "assigneeUserId": "assigneeUserId"}
EQUAL_TEXTS = {
    "customerUserId": "customerUserId",
    "reservationAgreement": "reservationAgreement",
    "guestEmail": "guestEmail",
}
EQUAL_FLAGS = ("isStarred", "isArchived", "isPinned")

Filter = Callable[[ReservationRow], bool]


class Reservations:
    """The calls about reservations."""

    def __init__(self, readings: HostawayReadings) -> None:
        self._readings = readings

    async def many(self, request: Request, account: SimulatedAccount) -> Response:
        given = Parameters(request.query_params, self._readings)
        name = given.text("sortOrder") or ""
        order = given.choice("sortOrder", ORDERS)
        key, reverse = order or ORDERS[""]
        rows = account.reservations_ordered(name if order else "", key, reverse=reverse)
        for wanted in self._filters(given):
            rows = [row for row in rows if wanted(row)]
        limit = given.limit(PAGE) or PAGE
        start, offset = self._start(rows, given, account, Position(key, reverse=reverse))
        shown = [_in_list(account.reservation_shown(row), given) for row in rows[start : start + limit]]
        return page(shown, count=len(rows), limit=limit, offset=offset)

    async def one(self, request: Request, account: SimulatedAccount) -> Response:
        given = Parameters(request.query_params, self._readings)
        record = account.reservation_shown(reservation(request, account))
        left_out = set() if given.flag("includeResources") else set(WITH_RESOURCES_SINGLY)
        return success(_without(record, left_out | _no_payments(given)))

    async def finance_fields(self, request: Request, account: SimulatedAccount) -> Response:
        return success(reservation(request, account).record["financeField"])

    def _start(
        self, rows: Sequence[ReservationRow], given: Parameters, account: SimulatedAccount, order: "Position"
    ) -> tuple[int, int | None]:
        """Index of the first row of the page, and the offset to report. A cursor beats an offset."""
        after = given.number("afterId") if self._readings.after_id else None
        if after is None:
            offset = given.number("offset") or 0
            return offset, offset
        last = account.reservations.get(after)
        return (len(rows) if last is None else order.after(last, rows)), None

    def _filters(self, given: Parameters) -> list[Filter]:
        equal: dict[str, int | str | None] = {
            **{field: given.number(name) for name, field in EQUAL_NUMBERS.items()},
            **{field: given.text(name) for name, field in EQUAL_TEXTS.items()},
            **{name: given.flag(name) for name in EQUAL_FLAGS},
        }
        filters = [_equal(field, value) for field, value in equal.items() if value is not None]
        unread = given.flag("hasUnreadConversationMessages")
        if unread is not None:
            filters.append(lambda row: has_unread_messages(row.stay) == unread)
        if (match := given.text("match")) is not None:
            filters.append(_guest_matches(match.casefold()))
        return filters + self._day_filters(given)

    def _day_filters(self, given: Parameters) -> list[Filter]:
        days: dict[str, Callable[[ReservationRow], date]] = {
            "arrival{}Date": lambda row: row.arrival,
            "departure{}Date": lambda row: row.departure,
            "latestActivity{}": lambda row: row.updated_at.date(),
        }
        bounds = ((day, given.day(name.format("Start")), given.day(name.format("End"))) for name, day in days.items())
        return [self._between(day, start, end) for day, start, end in bounds if start or end]

    def _between(self, day: Callable[[ReservationRow], date], start: date | None, end: date | None) -> Filter:
        inclusive = self._readings.date_bounds_inclusive

        def between(row: ReservationRow) -> bool:
            value = day(row)
            return (start is None or value >= start) and (end is None or value < end or (inclusive and value == end))

        return between


class Position:
    """Finds the place after a row in rows that a key has ordered, also if the row is not among them."""

    def __init__(self, key: Callable[[ReservationRow], Any], *, reverse: bool) -> None:
        self._key = key
        self._reverse = reverse

    def after(self, last: ReservationRow, rows: Sequence[ReservationRow]) -> int:
        mark = self._key(last)
        passed = (self._key(row) >= mark if self._reverse else self._key(row) <= mark for row in rows)
        return sum(passed)


def reservation(request: Request, account: SimulatedAccount) -> ReservationRow:
    """The reservation that the path names. Raises ``RefusedError`` 404 where the account has none such."""
    row = account.reservations.get(request.path_params["reservation_id"])
    if row is None:
        raise RefusedError(404, "Reservation not found")
    return row


def _equal(name: str, value: Any) -> Filter:
    return lambda row: bool(row.record[name] == value)


def _guest_matches(part: str) -> Filter:
    return lambda row: part in (row.record["guestName"] or "").casefold()


def _in_list(record: dict[str, Any], given: Parameters) -> dict[str, Any]:
    if not given.flag("includeResources"):
        record = {**record, **WITH_RESOURCES}
    left_out = set(WITH_RESOURCES_SINGLY) | _no_payments(given)
    if not given.flag("includeCancellationPolicy"):
        left_out |= set(WITH_POLICY)
    return _without(record, left_out)


def _no_payments(given: Parameters) -> set[str]:
    return set() if given.flag("includePayments") else {WITH_PAYMENTS}


def _without(record: dict[str, Any], names: set[str]) -> dict[str, Any]:
    return {name: value for name, value in record.items() if name not in names} if names else record
