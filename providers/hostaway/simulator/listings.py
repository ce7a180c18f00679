"""``GET /v1/listings`` and what belongs to one listing: units, fees, taxes, agreement, pricing settings."""

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from providers.hostaway.simulator.accounts import ListingRow, SimulatedAccount
from providers.hostaway.simulator.availability import is_open
from providers.hostaway.simulator.envelope import RefusedError, page, success
from providers.hostaway.simulator.listing_record import ON_REQUEST
from providers.hostaway.simulator.parameters import Parameters
from providers.hostaway.simulator.readings import HostawayReadings
from providers.hostaway.simulator.terms import account_tax_record, fee_record, tax_record
from providers.hostaway.simulator.users import listings_of_user

MOST_NIGHTS = 1000

LENGTH_OF_STAY_FLAGS = ("isAirbnbLOSActive", "isBookingLOSActive", "isVrboLOSActive", "isExpediaLOSActive")
"""The whole of the pricing settings."""

Filter = Callable[[ListingRow], bool]
Order = tuple[Callable[[ListingRow, SimulatedAccount], Any], bool]


def _name(row: ListingRow, account: SimulatedAccount) -> Any:
    return row.house.name.casefold()


def _number(row: ListingRow, account: SimulatedAccount) -> Any:
    return row.id


def _contact(row: ListingRow, account: SimulatedAccount) -> Any:
    return (row.record["contactName"] or "").casefold()


def _activity(row: ListingRow, account: SimulatedAccount) -> Any:
    return row.house.updated_at


ORDERS: Mapping[str, Order] = {
    "name": (_name, False),
    "nameReversed": (_name, True),
    "order": (_number, False),
    "orderReversed": (_number, True),
    "contactName": (_contact, False),
    "contactNameReversed": (_contact, True),
    "latestActivity": (_activity, False),
    "latestActivityDesc": (_activity, True),
}


class Listings:
    """The calls about listings."""

    def __init__(self, readings: HostawayReadings) -> None:
        self._readings = readings

    async def many(self, request: Request, account: SimulatedAccount) -> Response:
        given = Parameters(request.query_params, self._readings)
        filters = [*_texts(given), *_numbers(given, account), *self._activity(given), *self._availability(given)]
        rows = [row for row in account.listings.values() if all(wanted(row) for wanted in filters)]
        key, reverse = given.choice("sortOrder", ORDERS) or ORDERS["order"]
        rows.sort(key=lambda row: (key(row, account), row.id), reverse=reverse)
        limit = given.limit(self._readings.listings_page)
        offset = given.number("offset") or 0
        size = len(rows) if limit is None else limit
        shown = [_shown(row, account, request, given) for row in rows[offset : offset + size]]
        return page(shown, count=len(rows), limit=size, offset=offset)

    async def one(self, request: Request, account: SimulatedAccount) -> Response:
        given = Parameters(request.query_params, self._readings)
        return success(_shown(listing(request, account), account, request, given))

    async def units(self, request: Request, account: SimulatedAccount) -> Response:
        row = listing(request, account)
        numbers = range(1, row.terms.units + 1) if row.terms.units > 1 else ()
        return success(
            [
                {
                    "id": row.id * 10 + number,
                    "name": f"{row.house.name} / {number}",
                    "ground": str(number),
                    "unitNumber": f"{number}01",
                    "listingMapIdUnit": None,
                }
                for number in numbers
            ]
        )

    async def fees(self, request: Request, account: SimulatedAccount) -> Response:
        row = listing(request, account)
        return success([fee_record(fee, account_id=account.id, listing_id=row.id) for fee in row.terms.fees])

    async def taxes(self, request: Request, account: SimulatedAccount) -> Response:
        row = listing(request, account)
        ids = {"accountId": account.id, "listingMapId": row.id}
        return success([tax_record(tax, ids) for tax in row.terms.taxes])

    async def account_taxes(self, request: Request, account: SimulatedAccount) -> Response:
        """Account-wide taxes. They feed reports; whether quotes use them is not documented, so these do not."""
        return success([account_tax_record(account.id)])

    async def agreement(self, request: Request, account: SimulatedAccount) -> Response:
        """An array of one (Hostaway documentation, listing agreement)."""
        found = agreement_of(listing(request, account), account)
        return success([] if found is None else [found])

    async def pricing_settings(self, request: Request, account: SimulatedAccount) -> Response:
        """An array of one, without an id, as in the documented sample."""
        row = listing(request, account)
        made = {name: int(row.house.number % (index + 2) == 0) for index, name in enumerate(LENGTH_OF_STAY_FLAGS)}
        return success([{"listingMapId": row.id, **account.changed.length_of_stay.get(row.id, made)}])

    def _activity(self, given: Parameters) -> Iterator[Filter]:
        start, end = given.day("latestActivityStart"), given.day("latestActivityEnd")
        inclusive = self._readings.date_bounds_inclusive

        def active(row: ListingRow) -> bool:
            day = row.house.updated_at.date()
            return (
                row.record["latestActivityOn"] is not None
                and (start is None or day >= start)
                and (end is None or day < end or (inclusive and day == end))
            )

        if start or end:
            yield active

    def _availability(self, given: Parameters) -> Iterator[Filter]:
        """Free in all nights asked for, and large enough for the guests."""
        guests = given.number("availabilityGuestNumber")
        if guests is not None:
            yield lambda row: row.house.max_guests >= guests
        start, end = given.day("availabilityDateStart"), given.day("availabilityDateEnd")
        if start is None or end is None:
            return
        last = end - timedelta(days=1) if self._readings.availability_end_is_departure else end
        nights = [start + timedelta(days=night) for night in range(min((last - start).days + 1, MOST_NIGHTS))]
        yield lambda row: all(is_open(row, night) for night in nights)


def agreement_of(row: ListingRow, account: SimulatedAccount) -> dict[str, Any] | None:
    """The rental agreement of a listing. Every second one was made with one."""
    text = "House rules apply. Guest: {{guest_name}}."
    made = {"id": row.id, "listingMapId": row.id, "text": text} if row.house.number % 2 else None
    return account.changed.agreements.get(row.id, made)


def on_booking_engine(row: ListingRow) -> bool:
    """Whether the booking engine's website shows the listing. No field of its record says so."""
    return row.house.number % 3 != 0


def listing(request: Request, account: SimulatedAccount) -> ListingRow:
    """The listing that the path names. Raises ``RefusedError`` 404 where the account has none such."""
    row = account.listings.get(request.path_params["listing_id"])
    if row is None:
        raise RefusedError(404, "Listing not found")
    return row


def _texts(given: Parameters) -> Iterator[Filter]:
    if (match := given.text("match")) is not None:
        part = match.casefold()
        yield lambda row: part in row.house.name.casefold()
    for name, field in (("city", "city"), ("contactName", "contactName")):
        if (text := given.text(name)) is not None:
            yield _same_text(field, text.casefold())
    if (country := given.text("country")) is not None:
        wanted = country.casefold()
        yield lambda row: wanted in _countries(row.record)


def _numbers(given: Parameters, account: SimulatedAccount) -> Iterator[Filter]:
    kind, user = given.number("propertyTypeId"), given.number("userId")
    if kind is not None:
        yield lambda row: bool(row.record["propertyTypeId"] == kind)
    if user is not None:
        seen = frozenset(listings_of_user(user, account))
        yield lambda row: row.id in seen
    active = given.flag("isBookingEngineActive")
    if active is not None:
        yield lambda row: on_booking_engine(row) == active


def _same_text(field: str, text: str) -> Filter:
    return lambda row: (row.record[field] or "").casefold() == text


def _countries(record: dict[str, Any]) -> set[str]:
    """Whether ``country`` takes names or codes is not documented: both."""
    return {str(record[name] or "").casefold() for name in ("country", "countryCode")} - {""}


def _shown(row: ListingRow, account: SimulatedAccount, request: Request, given: Parameters) -> dict[str, Any]:
    record = account.listing_shown(row)
    if not given.flag("includeResources"):
        record = {**record, **{name: [] for name in ON_REQUEST}}
    if "bookingEngineUrls" in request.query_params.getlist("attachObjects[]"):
        urls = [f"https://booking.example.com/listings/{row.id}"] if on_booking_engine(row) else []
        record = {**record, "bookingEngineUrls": urls}
    return record
