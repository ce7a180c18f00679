"""Values for every filter, taken from the data themselves, so that each finds something and stands on an edge."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from datetime import date, datetime, timedelta
from typing import Any, TypeVar

from providers.queries import DateRange, ListingQuery, ReservationQuery
from tests.conformance.known import Known

S = TypeVar("S")

_DAY = timedelta(days=1)
_NOT_FILTERS = {"order", "direction"}

LISTING_FILTERS = tuple(each.name for each in fields(ListingQuery) if each.name not in _NOT_FILTERS)
RESERVATION_FILTERS = tuple(each.name for each in fields(ReservationQuery) if each.name not in _NOT_FILTERS)


ONLY_THE_PMS_CAN_TELL = {"user_id", "booking_engine_active", "unread"}
"""Filters that nothing in the records can be held against."""


HELD_AGAINST: Mapping[str, Callable[[Any, Any], bool]] = {
    "updated_until": lambda until, each: each.updated_at is not None and each.updated_at < until,
    "country": lambda country, each: each.address is not None and each.address.country == country,
    "property_types": lambda types, each: each.property_type in types,
    "provider_property_type": lambda word, each: each.provider_property_type == word,
    "contact_name": lambda name, each: each.contact is not None and each.contact.first_name == name,
    "channels": lambda channels, each: each.channel in channels,
    "guest_email": lambda email, each: each.guest is not None and each.guest.email == email,
    "guest_ids": lambda ids, each: each.guest is not None and each.guest.provider_id in ids,
    "assignee_id": lambda key, each: each.assignee_id == key,
    "customer_reference": lambda text, each: each.customer_reference == text,
    "agreement": lambda state, each: each.agreement is state,
    "starred": lambda starred, each: each.is_starred is starred,
    "archived": lambda archived, each: each.is_archived is archived,
    "pinned": lambda pinned, each: each.is_pinned is pinned,
}
"""Which records surely fit the newer filters; the older ones are held against the gateway's own rules."""


def listing_samples(known: Known) -> Mapping[str, Sequence[Any]]:
    """For each filter of listings, values to filter by."""
    places = [each.address for each in known.listings if each.address]
    names = [name for each in known.listings if (name := each.name or each.internal_name)]
    return {
        "text": _some(word for name in names for word in (name, name.upper(), name[1:4])),
        "city": _some(text for each in places if (city := each.city) for text in (city, city.upper())),
        "country_code": _some(code for each in places if (code := each.country_code)),
        "min_guests": _some(each.max_guests for each in known.listings if each.max_guests),
        "updated_since": _instants(each.updated_at for each in known.listings),
        "updated_until": _instants(each.updated_at for each in known.listings)[1:],
        "country": _some(country for each in places if (country := each.country)),
        "property_types": _some(frozenset({each.property_type}) for each in known.listings if each.property_type),
        "provider_property_type": _some(
            word for each in known.listings if (word := each.provider_property_type) is not None
        ),
        "contact_name": _some(
            name for each in known.listings if each.contact and (name := each.contact.first_name) is not None
        ),
    }


def reservation_samples(known: Known) -> Mapping[str, Sequence[Any]]:
    """For each filter of reservations, values to filter by."""
    homes = sorted({each.listing_id for each in known.reservations if each.listing_id})
    arrivals = [each.arrival for each in known.reservations if each.arrival]
    departures = [each.departure for each in known.reservations if each.departure]
    statuses = sorted({each.status for each in known.reservations})
    guests = [each.guest.name for each in known.reservations if each.guest and each.guest.name]
    return {
        "listing_ids": [(homes[0],), (homes[-1], homes[0]), tuple(homes)],
        "arrival": _ranges(arrivals, known.today),
        "departure": _ranges(departures, known.today),
        "stay": [*_ranges(arrivals, known.today)[::2], *_ranges(departures, known.today)[1::2]],
        "statuses": [
            *(frozenset({each}) for each in statuses),
            frozenset(statuses[:2]),
            frozenset(statuses[1:]),
            frozenset(statuses),
        ],
        "updated_since": _instants(each.updated_at for each in known.reservations),
        "updated_until": _instants(each.updated_at for each in known.reservations)[1:],
        "channels": _some(frozenset({each.channel}) for each in known.reservations if each.channel),
        "guest_email": _some(
            email for each in known.reservations if each.guest and (email := each.guest.email) is not None
        ),
        "guest_ids": _some(
            (key,) for each in known.reservations if each.guest and (key := each.guest.provider_id) is not None
        ),
        "assignee_id": _some(key for each in known.reservations if (key := each.assignee_id) is not None),
        "customer_reference": _some(
            text for each in known.reservations if (text := each.customer_reference) is not None
        ),
        "agreement": _some(each.agreement for each in known.reservations if each.agreement),
        "starred": _some(each.is_starred for each in known.reservations if each.is_starred),
        "archived": _some(each.is_archived for each in known.reservations if each.is_archived),
        "pinned": _some(each.is_pinned for each in known.reservations if each.is_pinned),
        "text": _some(text for name in guests for text in (name, name.upper(), name[1:5])),
    }


def _some(values: Iterable[S], most: int = 4) -> list[S]:
    distinct = list(dict.fromkeys(values))
    return distinct[:: max(1, len(distinct) // most)][:most]


def _instants(moments: Iterable[datetime | None]) -> list[datetime]:
    """Before everything, a few moments of changes themselves, and just after one: to the second and below."""
    known = sorted(each for each in moments if each is not None)
    if not known:
        return []
    middle = known[len(known) // 2]
    return [known[0], middle, middle + timedelta(seconds=1), middle - timedelta(microseconds=1), known[-1]]


def _ranges(days: Sequence[date], today: date) -> list[DateRange]:
    """Ranges that begin and end on days of the data: of one day, of some weeks, in the past, open at either end."""
    return list(_edges(sorted(set(days)), today))


def _edges(days: Sequence[date], today: date) -> Iterator[DateRange]:
    early, middle, late = days[len(days) // 8], days[len(days) // 2], days[-len(days) // 8]
    yield DateRange(middle, middle + _DAY)
    yield DateRange(middle, late)
    yield DateRange(early, middle)
    yield DateRange(today, today + timedelta(days=30))
    yield DateRange(late, None)
    yield DateRange(None, early)
