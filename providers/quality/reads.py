"""The reads of a client by name, each with a question that its simulator can answer."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from providers.capabilities import Capability
from providers.contract import ProviderClient, capabilities
from providers.model import DictionaryKind, Listing, Reservation
from providers.queries import AvailabilityQuery, Batch, Days, ListingQuery, Page, QuoteRequest, ReservationQuery

Read = Callable[[], Awaitable[Any]]

IN_A_WHILE = timedelta(days=20)
"""From today: when nothing of the past is in the way any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """What to ask about: some of the account's records, and the day it is."""

    listings: list[Listing]
    reservations: list[Reservation]
    today: date


def a_week(today: date) -> Days:
    return Days(today, today + timedelta(days=7))


def quote_requests(listings: list[Listing], days: Days) -> list[QuoteRequest]:
    """The same stay in every listing that names its currency."""
    return [
        QuoteRequest(
            listing_id=listing.provider_id,
            arrival=days.start,
            departure=days.end,
            adults=1,
            currency=listing.currency,
        )
        for listing in listings
        if listing.currency
    ]


def unknown_id(known: Iterable[str]) -> str:
    """An id of the same form that nothing has."""
    taken = set(known)
    form = max(taken, key=len)
    for digit in "876543219":
        made = "".join(digit if each.isdigit() else each for each in form)
        if made not in taken:
            return made
    raise LookupError("no unknown id can be made")


def every_read(client: ProviderClient, sample: Sample) -> Mapping[str, Read]:
    """Every read that the client's capabilities cover, by the name of its method (``dictionary`` for each kind)."""
    ids = [each.provider_id for each in sample.listings]
    stays = [each.provider_id for each in sample.reservations]
    days = a_week(sample.today)
    later = sample.today + IN_A_WHILE
    search = AvailabilityQuery(arrival=later, departure=later + timedelta(days=4), adults=1)
    quoted = quote_requests(sample.listings, Days(later, later + timedelta(days=7)))
    by_capability: dict[Capability, dict[str, Read]] = {
        Capability.ACCOUNT: {"account": client.account},
        Capability.LISTINGS: {
            "listing_page": lambda: client.listing_page(ListingQuery(), None),
            "listings": lambda: client.listings(ids),
        },
        Capability.RESERVATIONS: {
            "reservation_page": lambda: client.reservation_page(ReservationQuery(), None),
            "reservations": lambda: client.reservations(stays),
            "reservations_by_listing": lambda: client.reservations_by_listing(ids, ReservationQuery()),
        },
        Capability.CALENDAR: {
            "calendars": lambda: client.calendars(ids, days),
            "calendars with reservations": lambda: client.calendars(ids, days, reservations=True),
        },
        Capability.PRICE_DETAILS: {"quotes": lambda: client.quotes(quoted)},
        Capability.AVAILABILITY_SEARCH: {"free_listings": lambda: client.free_listings(search)},
        Capability.PROVIDER_ACCOUNTS: {"provider_accounts": lambda: client.provider_accounts(None)},
        Capability.USERS: {"users": client.users},
        Capability.FEES: {"fees": lambda: client.fees(ids)},
        Capability.TAXES: {"taxes": lambda: client.taxes(ids)},
        Capability.UNITS: {"units": lambda: client.units(ids)},
        Capability.AGREEMENTS: {"agreements": lambda: client.agreements(ids)},
        Capability.PRICING_SETTINGS: {"pricing_settings": lambda: client.pricing_settings(ids)},
        Capability.CANCELLATION_POLICIES: {"cancellation_policies": lambda: client.cancellation_policies(())},
        Capability.DICTIONARIES: {
            f"dictionary {kind}": _dictionary(client, kind) for kind in sorted(client.dictionaries)
        },
        Capability.CUSTOM_FIELDS: {"custom_fields": client.custom_fields},
    }
    can = capabilities(type(client))
    reads: dict[str, Read] = {"check": client.check}
    for capability, named in by_capability.items():
        if capability in can:
            reads |= named
    return reads


def _dictionary(client: ProviderClient, kind: DictionaryKind) -> Read:
    return lambda: client.dictionary(kind)


def records_of(result: Any) -> list[Any]:
    """The records that a read brought, whatever it brings them in."""
    if result is None:
        return []
    if isinstance(result, Page):
        return list(result.items)
    if isinstance(result, Batch):
        return [each for _, found in sorted(result.found.items()) for each in records_of(found)]
    return list(result) if isinstance(result, list) else [result]
