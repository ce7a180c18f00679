"""Rentals search, which is also the live quote (documentation, Rentals search).

``exchange_to_currency`` and the filters by amenity, tag, destination, map section and special offer are accepted and
do nothing.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from providers.bookingsync.simulator.access import Access
from providers.bookingsync.simulator.answers import answer
from providers.bookingsync.simulator.estate import Estate
from providers.bookingsync.simulator.formats import flag_option, id_list, number_option, time_option
from providers.bookingsync.simulator.includes import refuse_unknown
from providers.bookingsync.simulator.paging import paging
from providers.bookingsync.simulator.quoting import StayDates, is_bookable, is_free, quote, without_quote
from providers.bookingsync.simulator.refusals import Refused
from providers.bookingsync.simulator.resources import RESOURCES, shown
from providers.bookingsync.simulator.retrieval import API
from providers.bookingsync.simulator.units import Unit
from providers.bookingsync.simulator.view import Item, Record, View

LARGEST_BODY = 100_000
MOST_NIGHTS = 366
OPTIONS = frozenset(
    [
        "id",
        "rental_id",
        "start_at",
        "end_at",
        "adults",
        "children",
        "guests",
        "include_not_available",
        "include_tentative",
        "exchange_to_currency",
        "published_only",
        "bookable_online",
        "instantly_bookable",
        "min_price",
        "max_price",
        "amenities",
        "reject_amenities",
        "included_amenities[]",
        "excluded_amenities[]",
        "bedrooms_count",
        "full_bathrooms_count",
        "rental_type",
        "rentals_tags",
        "destination",
        "city",
        "country_code",
        "bb_ne",
        "bb_sw",
        "special_offers",
        "sort",
        "direction",
        "page",
        "per_page",
    ]
)
SORT_FIELDS: Mapping[str, Callable[[Record, Unit], Any]] = {
    "price": lambda record, unit: record["initial_price"],
    "sleeps": lambda record, unit: unit.house.guests_included,
    "sleeps_max": lambda record, unit: unit.house.max_guests,
    "bedrooms_count": lambda record, unit: unit.house.bedrooms,
}


@dataclass(frozen=True, slots=True)
class Search:
    """``GET`` and ``POST /rentals/search`` and ``/rentals/<ids>/search``."""

    access: Access

    async def search(self, request: Request) -> Response:
        """A page of light records. A rental that cannot be booked for the dates is absent."""
        options = {**request.query_params, **await _body_options(request)}
        view = self.access.view(request, options)
        if not view.readings.search_served:
            raise Refused(403, "This application may not search.")
        for name in options.keys() - OPTIONS:
            refuse_unknown(view.readings.unknown_parameters, f"{name} is not a parameter")
        wanted = _wanted_ids(request.path_params.get("ids"), options)
        dates = _dates(view)
        found: list[tuple[Record, Unit]] = []
        for estate in self.access.estates(view.grant):
            for unit in _chosen(estate, view, wanted):
                record = _priced(estate, unit, dates, view)
                if record is not None and _within_prices(record, options):
                    found.append((record, unit))
        _sort(found, options)
        page = paging(
            options,
            url=f"{view.base_url}{request.url.path}",
            total=len(found),
            most=RESOURCES["rentals"].page_size,
            readings=view.readings,
        )
        name = "rentals.rentals_fees"
        body: Record = {
            "links": {name: f"{view.base_url}{API}/rentals_fees/{{{name}}}"},
            "rentals": [record for record, _ in page.cut(found)],
        }
        if view.readings.meta_everywhere:
            body["meta"] = page.meta() if view.readings.paging_in_meta else {}
        return answer(request, body, page.headers() if view.readings.paging_in_headers else {})


async def _body_options(request: Request) -> dict[str, str]:
    """The parameters of a JSON body, as text like those of a query. Raises ``Refused`` (400)."""
    body = await request.body()
    if request.method != "POST" or not body:
        return {}
    try:
        parsed = orjson.loads(body) if len(body) <= LARGEST_BODY else None
    except orjson.JSONDecodeError:
        parsed = None
    if not isinstance(parsed, dict):
        raise Refused(400, "The body is not a JSON object.")
    return {name: _text(value) for name, value in parsed.items() if value is not None}


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)


def _wanted_ids(path_ids: str | None, options: Mapping[str, str]) -> set[int] | None:
    """The ids that path and parameters name, all of which must agree; None where they name none."""
    lists = [set(id_list(text)) for text in (path_ids, options.get("id"), options.get("rental_id")) if text]
    return set.intersection(*lists) if lists else None


def _dates(view: View) -> StayDates | None:
    """The stay to quote, or None without dates. Raises ``Refused`` (422) where they make no stay."""
    start, end = time_option(view.options, "start_at"), time_option(view.options, "end_at")
    if start is None or end is None:
        return None
    dates = StayDates(start.date(), end.date())
    if not 0 < (dates.departure - dates.arrival).days <= MOST_NIGHTS:
        raise Refused(422, "must be after start_at", field="end_at")
    return dates


def _chosen(estate: Estate, view: View, wanted: set[int] | None) -> list[Unit]:
    rentals = estate.items("rentals")
    return [
        unit
        for unit in estate.units
        if (wanted is None or unit.id in wanted)
        and shown(rentals[unit.id], view)
        and _fits(unit, rentals[unit.id], view)
    ]


def _fits(unit: Unit, rental: Item, view: View) -> bool:
    """Whether the filters that do not concern dates let the rental pass."""
    options, house = view.options, unit.house
    party = (number_option(options, "adults") or 1) + (number_option(options, "children") or 0)
    record = rental.record(view)
    flags = ("bookable_online", "instantly_bookable")
    words = ("rental_type", "city", "country_code")
    counts = ("bedrooms_count", "full_bathrooms_count")
    return (
        house.max_guests >= (number_option(options, "guests") or 0)
        and (party <= house.max_guests or not view.readings.search_checks_capacity)
        and (unit.published or not flag_option(options, "published_only", default=False))
        and all(record[name] for name in flags if flag_option(options, name, default=False))
        and all(record[name] == options[name] for name in words if options.get(name))
        and all((record[name] or 0) >= (number_option(options, name) or 0) for name in counts)
    )


def _priced(estate: Estate, unit: Unit, dates: StayDates | None, view: View) -> Record | None:
    """The light record, with a price where the stay can be booked; None where the rental is to be absent."""
    if dates is None:
        return without_quote(unit)
    tentative_too = flag_option(view.options, "include_tentative", default=False)
    free = is_free(estate.bookings_of(unit), dates, view, tentative_too=tentative_too)
    if free and is_bookable(unit, dates, view, estate.today):
        return quote(unit, dates, view)
    asked = flag_option(view.options, "include_not_available", default=False)
    return without_quote(unit) if asked or view.readings.quote_of_unavailable_has_nulls else None


def _within_prices(record: Record, options: Mapping[str, str]) -> bool:
    price = record["initial_price"]
    if price is None:
        return True
    lowest, highest = _amount(options, "min_price"), _amount(options, "max_price")
    return (lowest is None or price >= lowest) and (highest is None or price <= highest)


def _amount(options: Mapping[str, str], name: str) -> Decimal | None:
    try:
        amount = Decimal(options[name]) if options.get(name) else None
    except InvalidOperation:
        amount = Decimal("NaN")
    if amount is not None and not amount.is_finite():
        raise Refused(422, "is not a number", field=name)
    return amount


def _sort(found: list[tuple[Record, Unit]], options: Mapping[str, str]) -> None:
    """Sort as asked; rentals without a price come last."""
    key = SORT_FIELDS.get(options.get("sort", ""))
    if key is None:
        return
    down = options.get("direction", "asc").lower() == "desc"

    def place(entry: tuple[Record, Unit]) -> tuple[bool, Any]:
        value = key(*entry)
        return (value is None, 0 if value is None else -value if down else value)

    found.sort(key=place)
