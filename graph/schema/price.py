"""Prices, as clients see them."""

from datetime import date
from typing import TYPE_CHECKING, Annotated, Any

import strawberry

from graph.gateway.prices import Stay
from graph.gateway.refs import Ref
from graph.schema import ids
from graph.schema.arguments import check_guests, check_stay
from graph.schema.context import Info
from graph.schema.exposing import exposes
from providers import model
from providers.queries import QuoteRequest

if TYPE_CHECKING:
    from graph.schema.listing import Listing


@exposes(model.PriceDetails)
class PriceDetails(model.PriceDetails):
    @strawberry.field(
        description="The listing.",
        graphql_type=Annotated["Listing", strawberry.lazy("graph.schema.listing")] | None,
    )
    async def listing(self, info: Info) -> Any:
        return await info.context.loaders(info).listing_by_id.load(Ref(self.account_id, self.listing_id))


@strawberry.input(description="A stay to be priced.")
class PriceDetailsInput:
    listing_id: strawberry.ID = strawberry.field(description="The listing's id.")
    arrival: date = strawberry.field(description="First night, in the listing's own time zone.")
    departure: date = strawberry.field(description="Day of departure: not a night. 1 to 366 days after arrival.")
    adults: int = strawberry.field(default=1, description="Adults, at least 1.")
    children: int = strawberry.field(default=0, description="Children.")


def stay_of(given: PriceDetailsInput, argument: str) -> Stay:
    """The stay that is asked for. Raises ``BadInput``."""
    listing = ids.parse(given.listing_id, f"{argument}.listingId", ids.LISTING)
    return stay(listing.ref, given.arrival, given.departure, given.adults, given.children, argument)


def stay(listing: Ref, arrival: date, departure: date, adults: int, children: int, argument: str) -> Stay:
    """A checked stay. Raises ``BadInput`` naming the part of ``argument`` that is wrong."""
    prefix = f"{argument}." if argument else ""
    check_stay(arrival, departure, argument)
    return Stay(
        listing.account_id,
        QuoteRequest(
            listing_id=listing.provider_id,
            arrival=arrival,
            departure=departure,
            adults=check_guests(adults, 1, f"{prefix}adults"),
            children=check_guests(children, 0, f"{prefix}children"),
        ),
    )
