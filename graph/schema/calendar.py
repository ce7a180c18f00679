"""Calendars, as clients see them."""

from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any

import strawberry

from graph.gateway.refs import Ref
from graph.schema.context import Info
from graph.schema.exposing import exposes
from graph.schema.plain import pure
from graph.schema.reservation import Reservation
from providers import model

if TYPE_CHECKING:
    from graph.schema.listing import Listing


@exposes(model.CalendarDay)
class CalendarDay(model.CalendarDay):
    @strawberry.field(
        description="Reservations that hold or ask for this night; null if the PMS does not tell. Asking for them may "
        "cost more calls than the days alone.",
        graphql_type=list[Reservation] | None,
    )
    @pure
    def reservations(self) -> Any:
        return self.reservations

    @strawberry.field(description="What the PMS asks for the night: without the account's terms.")
    @pure
    def original_price(self) -> Decimal | None:
        return self.price if self.price_modifications is None else self.original_price


@exposes(model.Calendar)
class Calendar(model.Calendar):
    @strawberry.field(
        description="The listing.",
        graphql_type=Annotated["Listing", strawberry.lazy("graph.schema.listing")] | None,
    )
    async def listing(self, info: Info) -> Any:
        return await info.context.loaders(info).listing_by_id.load(Ref(self.account_id, self.listing_id))

    @strawberry.field(
        description="ISO 4217 code of the days' prices: the listing's. Where the PMS's calendar does not name it, "
        "asking for it may cost one more call."
    )
    async def currency(self, info: Info) -> str | None:
        if self.currency is not None:
            return str(self.currency)
        listing = await info.context.loaders(info).listing_by_id.load(Ref(self.account_id, self.listing_id))
        return listing.currency if listing else None
