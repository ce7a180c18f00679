"""Questions to ask any PMS, made from what its simulator holds."""

from collections.abc import Awaitable, Callable, Iterable
from datetime import date, timedelta
from typing import Any

from providers.contract import Capability, capabilities
from providers.queries import Days, ListingQuery, QuoteRequest, ReservationQuery
from tests.conformance.connection import Connection
from tests.conformance.known import Known

Read = Callable[[], Awaitable[Any]]


def a_week(today: date) -> Days:
    return Days(today, today + timedelta(days=7))


def unknown_id(known: Iterable[str]) -> str:
    """An id of the same form that nothing has."""
    taken = set(known)
    form = max(taken, key=len)
    for digit in "876543219":
        made = "".join(digit if each.isdigit() else each for each in form)
        if made not in taken:
            return made
    raise AssertionError("no unknown id can be made")


def quote_requests(known: Known, days: Days) -> list[QuoteRequest]:
    """The same stay in every listing."""
    return [
        QuoteRequest(
            listing_id=listing.provider_id,
            arrival=days.start,
            departure=days.end,
            adults=1,
            currency=listing.currency,
        )
        for listing in known.listings
        if listing.currency
    ]


def every_read(there: Connection, known: Known) -> dict[str, Read]:
    """Every method of the client that its capabilities cover, each with a question that has an answer."""
    client, can = there.client, capabilities(there.plugin.client_class)
    listings = [each.provider_id for each in known.listings[:2]]
    stays = [each.provider_id for each in known.reservations[:2]]
    days = a_week(there.today)
    by_capability: dict[Capability, dict[str, Read]] = {
        Capability.ACCOUNT: {"account": client.account},
        Capability.LISTINGS: {
            "listing_page": lambda: client.listing_page(ListingQuery(), None),
            "listings": lambda: client.listings(listings),
        },
        Capability.RESERVATIONS: {
            "reservation_page": lambda: client.reservation_page(ReservationQuery(), None),
            "reservations": lambda: client.reservations(stays),
            "reservations_by_listing": lambda: client.reservations_by_listing(listings, ReservationQuery()),
        },
        Capability.CALENDAR: {"calendars": lambda: client.calendars(listings, days)},
        Capability.PRICE_DETAILS: {"quotes": lambda: client.quotes(quote_requests(known, days)[:2])},
    }
    reads: dict[str, Read] = {"check": client.check}
    for capability, named in by_capability.items():
        if capability in can:
            reads |= named
    return reads
