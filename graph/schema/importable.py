"""What other tenants offer: enough to choose by, and nothing of the account behind it."""

from typing import Annotated, Any

import strawberry

from graph.gateway.reports import SourceStatus
from graph.gateway.visibility import Sight
from graph.schema import ids
from graph.schema.arguments import After, First, check_country_code, check_first, check_guests, check_text
from graph.schema.connection import PageInfo
from graph.schema.context import Info
from graph.schema.exposing import exposed
from graph.schema.paging import check_providers, on_cursor
from graph.schema.plain import pure
from providers import model
from providers.queries import ListingQuery


@strawberry.type(description="The area that a listing lies in.")
class ListingArea:
    city: str | None = strawberry.field(description="City.")
    state: str | None = strawberry.field(description="State, region or province.")
    postal_code: str | None = strawberry.field(description="Postal code.")
    country: str | None = strawberry.field(description="Country's name, in the PMS's own words.")
    country_code: str | None = strawberry.field(description="ISO 3166-1 alpha-2 country code, upper case.")


@strawberry.type(description="A listing that another tenant offers for import.")
class ImportableListing:
    listing: strawberry.Private[model.Listing]
    imported: bool = strawberry.field(description="True if you have imported it.")

    @strawberry.field(description="The id to import it with; that of the listing, once it is imported.")
    @pure
    def id(self) -> strawberry.ID:
        return ids.GlobalId(ids.LISTING, self.listing.account_id, self.listing.provider_id).text()

    @strawberry.field(description="Code of the PMS it lives in, for example HOSTAWAY.")
    @pure
    def provider(self) -> str:
        return self.listing.provider

    @strawberry.field(description="Title that guests see.")
    @pure
    def name(self) -> str | None:
        return self.listing.name

    @strawberry.field(description="One-line description for guests.")
    @pure
    def headline(self) -> str | None:
        return self.listing.headline

    @strawberry.field(description="Where it is; the exact address is told once it is imported.")
    @pure
    def address(self) -> ListingArea | None:
        known = self.listing.address
        if known is None:
            return None
        return ListingArea(
            city=known.city,
            state=known.state,
            postal_code=known.postal_code,
            country=known.country,
            country_code=known.country_code,
        )

    @strawberry.field(description="Most guests it may hold.")
    @pure
    def max_guests(self) -> int | None:
        return self.listing.max_guests

    @strawberry.field(description="Number of bedrooms.")
    @pure
    def bedrooms(self) -> int | None:
        return self.listing.bedrooms

    @strawberry.field(description="Number of bathrooms; a half is one without bath or shower.")
    @pure
    def bathrooms(self) -> float | None:
        return self.listing.bathrooms

    @strawberry.field(
        description="Pictures in gallery order; null if the PMS did not send them.",
        graphql_type=exposed(list[model.Image] | None),
    )
    @pure
    def images(self) -> Any:
        return self.listing.images


@strawberry.type(description="One page of listings that other tenants offer.")
class ImportableListingConnection:
    nodes: list[ImportableListing] = strawberry.field(description="The listings.")
    page_info: PageInfo = strawberry.field(description="Where the page lies in the list.")
    incomplete: bool = strawberry.field(
        description="True if some listings are missing here since their PMS could not be read now."
    )


@strawberry.input(description="Filters on listings that other tenants offer. All that are given must hold together.")
class ImportableListingFilter:
    text: str | None = strawberry.field(default=None, description="Part of the name.")
    city: str | None = strawberry.field(default=None, description="The city, in full; case does not matter.")
    country_code: str | None = strawberry.field(default=None, description="ISO 3166-1 alpha-2 country code.")
    min_guests: int | None = strawberry.field(default=None, description="Holds at least so many guests.")
    providers: list[str] | None = strawberry.field(
        default=None, description="Only of these PMSs, by code, for example HOSTAWAY."
    )


@strawberry.type
class ImportableQueries:
    """The queries; ``graph.schema.query`` puts them into the schema."""

    @strawberry.field(
        description="Listings of other tenants' accounts that you may import, owner by owner, those that you have "
        "imported included.",
    )
    async def importable_listings(
        self,
        info: Info,
        first: First = 50,
        after: After = None,
        filter: Annotated[  # noqa: A002  # the schema's name
            ImportableListingFilter | None, strawberry.argument(description="Which listings.")
        ] = None,
    ) -> ImportableListingConnection | None:
        info.context.begin(info, None)
        return await _page(info, check_first(first), after, filter or ImportableListingFilter())


async def _page(
    info: Info, first: int, after: str | None, given: ImportableListingFilter
) -> ImportableListingConnection:
    context = info.context
    query, text = _query(given), check_text(given.text, "filter.text")
    codes = check_providers(given.providers)
    offers = await context.administration.visibility.offered(context.operation.tenant_id)
    chosen = {id_: each for id_, each in offers.items() if codes is None or each[0].provider in codes}
    with on_cursor():
        page = await context.gateway.listings.offered(
            context.operation, chosen, query, text=text, first=first, after=after
        )
    sight = await context.gateway.reading.sight(context.operation)
    return ImportableListingConnection(
        nodes=[_importable(each.record, sight) for each in page.taken],
        page_info=PageInfo(
            has_next_page=page.has_next,
            has_previous_page=after is not None,
            start_cursor=page.cursor(0) if page.taken else None,
            end_cursor=page.end_cursor() if page.taken or page.end else None,
        ),
        incomplete=any(source.status is SourceStatus.FAILED for source in page.sources),
    )


def _importable(listing: model.Listing, sight: Sight) -> ImportableListing:
    shared = sight.imported.get(listing.account_id)
    imported = shared is not None and listing.provider_id in shared.listing_ids
    return ImportableListing(listing=listing, imported=imported)


def _query(given: ImportableListingFilter) -> ListingQuery:
    if given.min_guests is not None:
        check_guests(given.min_guests, 1, "filter.minGuests")
    return ListingQuery(
        city=check_text(given.city, "filter.city"),
        country_code=check_country_code(given.country_code, "filter.countryCode"),
        min_guests=given.min_guests,
    )
