"""Listings that are free for a stay, as clients see them, and how they are searched for."""

from datetime import date, datetime
from typing import Any

import strawberry

from graph.gateway.applied import argument_of, used_filters
from graph.gateway.filters import PMS_ONLY_FILTERS
from graph.gateway.free_nights import earliest_today
from graph.gateway.free_stream import AvailabilityBasis, Available
from graph.gateway.listings import DECIDED
from graph.gateway.prices import Stay
from graph.schema.arguments import BadInput, check_guests, check_stay
from graph.schema.context import Info
from graph.schema.exposing import expose_enum
from graph.schema.listing import Listing, ListingFilter, ListingOrder, listing_query, wanted_approval
from graph.schema.price import PriceDetails
from graph.schema.price_bounds import PRICED_PAGE
from graph.schema.selecting import selects
from providers.queries import AvailabilityQuery, ListingQuery, QuoteRequest

expose_enum(AvailabilityBasis)

MAX_NIGHTS = 366


async def _price(found: strawberry.Parent[Available], info: Info) -> Any:
    """The price that the search brought along, else a quote; the PMS is asked for all of the page together."""
    if found.price is not None:
        return found.price
    request = QuoteRequest(
        listing_id=found.listing.provider_id,
        arrival=found.stay.arrival,
        departure=found.stay.departure,
        adults=found.stay.adults,
        children=found.stay.children,
    )
    return await info.context.loaders(info).price.load(Stay(found.listing.account_id, request))


@strawberry.type(
    description="A listing that is free for a whole stay, as far as its PMS tells. Nothing is held: the nights can be "
    "taken by others at any time."
)
class AvailableListing:
    listing: Listing = strawberry.field(description="The listing.", graphql_type=Listing)
    basis: AvailabilityBasis = strawberry.field(description="Why it counts as free.")
    fits_party: bool | None = strawberry.field(
        description="True if it holds adults and children together; null if the PMS does not say how many it holds."
    )
    price: PriceDetails | None = strawberry.field(
        resolver=_price,
        description="What the stay would cost now. Some PMSs tell it with the search; the others are asked for each "
        f"listing of the page. {PRICED_PAGE} Null, with an error of its own, where it cannot be had.",
        graphql_type=PriceDetails | None,
    )

    @classmethod
    def is_type_of(cls, value: object, _: object) -> bool:
        return isinstance(value, Available)


def availability_search(
    arrival: date,
    departure: date,
    party: tuple[int, int],
    given: ListingFilter | None,
    order: ListingOrder | None,
    now: datetime,
) -> tuple[AvailabilityQuery, ListingQuery]:
    """The stay of ``party`` (adults, children) and the listings that are asked for. Raises ``BadInput``."""
    check_stay(arrival, departure, "", MAX_NIGHTS)
    today = earliest_today(now)
    if arrival < today:
        raise BadInput("arrival", f"({arrival}) is in the past", allowed=f"{today} or later")
    query = listing_query(given, order)
    if wanted_approval(given) != DECIDED:
        raise BadInput("filter.approval", "cannot be combined with a search for free listings", allowed="APPROVED")
    for name in PMS_ONLY_FILTERS.intersection(used_filters(query)):
        raise BadInput(
            argument_of(name),
            "cannot be combined with a search for free listings: only the PMS can apply it, and not to this search",
            allowed="the other filters, or the field listings",
        )
    stay = AvailabilityQuery(
        arrival=arrival,
        departure=departure,
        adults=check_guests(party[0], 1, "adults"),
        children=check_guests(party[1], 0, "children"),
    )
    return stay, query


def wants_price(info: Info) -> bool:
    """Whether the operation asks for the price of what is found."""
    return selects(info, "nodes", "price") or selects(info, "edges", "node", "price")
