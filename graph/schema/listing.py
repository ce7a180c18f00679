"""Listings, as clients see them, and how they are asked for."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated, Any

import strawberry

from graph.accounts.approvals import ListingApproval
from graph.changes.listing_version import listing_version
from graph.gateway.calendars import DaysOfListing
from graph.gateway.cursors import fingerprint
from graph.gateway.listings import DECIDED
from graph.gateway.lists import page_of_list
from graph.gateway.ordering import reservation_ordering
from graph.gateway.parts import Part
from graph.gateway.refs import Ref
from graph.gateway.reports import report_of_list
from graph.gateway.reservations import RESERVATIONS, OfListing, applied_to_listing
from graph.gateway.shared_records import SharedListing
from graph.schema import ids
from graph.schema.arguments import (
    After,
    First,
    check_changed,
    check_country_code,
    check_days,
    check_first,
    check_guests,
    check_list,
    check_text,
)
from graph.schema.calendar import Calendar
from graph.schema.connection import Connection, connection
from graph.schema.context import Info
from graph.schema.dictionary import (
    amenities_field,
    beds_field,
    custom_fields_field,
    property_type_field,
    rooms_field,
)
from graph.schema.exposing import expose_enum, exposed, exposes
from graph.schema.node import Node
from graph.schema.paging import on_cursor
from graph.schema.parts import cancellation_policies_field, part_field
from graph.schema.plain import pure
from graph.schema.price import Components, Coupon, Markup, PriceDetails, PriceWish, stay
from graph.schema.price_bounds import PRICED_PAGE
from graph.schema.reservation import ListingReservationFilter, Reservation, ReservationOrder, listing_reservation_query
from graph.schema.selecting import selects
from providers import model
from providers.errors import ProviderError
from providers.queries import ListingOrderField, ListingQuery, OrderDirection

if TYPE_CHECKING:
    from graph.schema.account import Account

expose_enum(ListingOrderField)
expose_enum(model.PropertyType)
expose_enum(ListingApproval)


def _provider_id_field() -> Any:
    @pure
    def shown(listing: strawberry.Parent[model.Listing]) -> str | None:
        return None if model.ListingField.PROVIDER_ID in listing.fields_off else listing.provider_id

    return strawberry.field(
        resolver=shown,
        description="The listing's id in the PMS; null while the operator has it switched off (providerID).",
    )


@exposes(model.Listing)
class Listing(model.Listing, Node):
    @strawberry.field(description="Opaque id, unique over all types, accounts and PMSs.")
    @pure
    def id(self) -> strawberry.ID:
        return ids.GlobalId(ids.LISTING, self.account_id, self.provider_id).text()

    provider_id = _provider_id_field()

    @strawberry.field(
        description="The account it was read through; null if the listing was imported: that account is another "
        "tenant's.",
        graphql_type=Annotated["Account", strawberry.lazy("graph.schema.account")] | None,
    )
    async def account(self, info: Info) -> Any:
        return await info.context.loaders(info).account_by_id.load(self.account_id)

    @strawberry.field(
        description="True if it is another tenant's and you imported it. You then see what guests may see: no account, "
        "reservations, ways in, contacts, fees, taxes, fields of the business or prices but those of priceDetails and "
        "calendars, which hold your terms; all that is null."
    )
    @pure
    def imported(self) -> bool:
        return isinstance(self, SharedListing)

    @strawberry.field(
        description="What it is like now, as an opaque text that changes with it: give it to updateListing, so that "
        "nothing is overwritten that you have not seen. Null if it was imported."
    )
    @pure
    def version(self) -> str | None:
        return None if isinstance(self, SharedListing) else listing_version(self)

    @strawberry.field(description="Whether it is shown.")
    async def approval(self, info: Info) -> ListingApproval:
        return await info.context.loaders(info).approval_of_listing.load(Ref(self.account_id, self.provider_id))

    @strawberry.field(
        description="Its reservations; the PMS is asked for all listings of the answer together. Null if it was "
        "imported.",
        graphql_type=Connection[Reservation] | None,
    )
    async def reservations(
        self,
        info: Info,
        first: First = 50,
        after: After = None,
        filter: Annotated[  # noqa: A002  # the schema's name
            ListingReservationFilter | None, strawberry.argument(description="Which reservations.")
        ] = None,
        order_by: Annotated[
            ReservationOrder | None, strawberry.argument(description="In which order; else the PMS's own.")
        ] = None,
    ) -> Any:
        wanted = OfListing(Ref(self.account_id, self.provider_id), listing_reservation_query(filter, order_by))
        return await _reservations_of(wanted, info, check_first(first), after)

    @strawberry.field(
        description="Its nights. The PMS is asked for all listings of the answer together.",
        graphql_type=Calendar | None,
    )
    async def calendar(
        self,
        info: Info,
        start: Annotated[date, strawberry.argument(name="from", description="First day, included.")],
        end: Annotated[
            date, strawberry.argument(name="to", description="Day after the last one: not included; 1096 days at most.")
        ],
    ) -> Any:
        days = check_days(start, end)
        wanted = DaysOfListing(Ref(self.account_id, self.provider_id), days, selects(info, "days", "reservations"))
        return await info.context.loaders(info).calendar.load(wanted)

    @strawberry.field(description=f"What a stay here would cost now. {PRICED_PAGE}", graphql_type=PriceDetails | None)
    async def price_details(
        self,
        info: Info,
        arrival: Annotated[date, strawberry.argument(description="First night.")],
        departure: Annotated[date, strawberry.argument(description="Day of departure: not a night of the stay.")],
        adults: Annotated[int, strawberry.argument(description="Adults, at least 1.")] = 1,
        children: Annotated[int, strawberry.argument(description="Children.")] = 0,
        markup: Markup = None,
        coupon: Coupon = None,
        components: Components = None,
    ) -> Any:
        wish = PriceWish(arrival, departure, adults, children, markup, coupon, components)
        wanted = stay(Ref(self.account_id, self.provider_id), wish, "")
        return await info.context.loaders(info).price.load(wanted)

    @strawberry.field(
        description="The base price as the PMS holds it: without the account's terms.",
        graphql_type=exposed(model.Money | None),
    )
    @pure
    def original_base_price(self) -> Any:
        return self.base_price if self.base_price_modifications is None else self.original_base_price

    amenities = amenities_field()
    property_type = property_type_field()
    beds_by_type = beds_field()
    rooms = rooms_field()
    custom_fields = custom_fields_field(model.Listing)
    fees = part_field(Part.FEES)
    taxes = part_field(Part.TAXES)
    units = part_field(Part.UNITS)
    agreements = part_field(Part.AGREEMENTS)
    pricing_settings = part_field(Part.PRICING_SETTINGS)
    cancellation_policies = cancellation_policies_field()


async def _reservations_of(wanted: OfListing, info: Info, first: int, after: str | None) -> Any:
    loaders = info.context.loaders(info)
    account = await loaders.account_by_id.load(wanted.listing.account_id)
    if account is None:
        return None
    found: Sequence[model.Reservation] = ()
    try:
        kept: Any = await loaders.reservations_by_listing.load(wanted)
        found = kept.value.reservations
        source = report_of_list(
            account,
            fetched_at=kept.fetched_at,
            error=kept.error,
            odd=kept.value.odd,
            applied=applied_to_listing(wanted.query, account),
            remark=RESERVATIONS.nothing_fits(wanted.query, account),
        )
    except ProviderError as error:
        source = report_of_list(account, error=error)
    with on_cursor():
        page = page_of_list(
            found,
            account,
            source,
            ordering=reservation_ordering(wanted.query),
            cursors=info.context.cursors,
            fingerprint=fingerprint("reservations of a listing", info.context.operation.tenant_id, *wanted),
            first=first,
            after=after,
        )
    return connection(page, info, after)


@strawberry.input(
    description="How to order listings. Those without the value come last, in both directions; in long lists that the "
    "PMS orders itself, where it puts them."
)
class ListingOrder:
    field: ListingOrderField = strawberry.field(description="What to order by.")
    direction: OrderDirection = strawberry.field(default=OrderDirection.ASC, description="Which end comes first.")


@strawberry.input(description="Filters on the listings of one account. All that are given must hold together.")
class AccountListingFilter:
    text: str | None = strawberry.field(default=None, description="Part of the name or the internal name.")
    city: str | None = strawberry.field(default=None, description="The city, in full; case does not matter.")
    country_code: str | None = strawberry.field(default=None, description="ISO 3166-1 alpha-2 country code.")
    country: str | None = strawberry.field(
        default=None, description="The country's name, in full and in the PMS's own words; case does not matter."
    )
    min_guests: int | None = strawberry.field(default=None, description="Holds at least so many guests.")
    updated_since: datetime | None = strawberry.field(
        default=None,
        description="Changed at the PMS at this instant or later; with a time zone. Where the PMS tells only the day "
        "of the change, any time of that day counts. A record without a time of change is kept if the PMS sends it for "
        "this filter: some leave it out.",
    )
    updated_until: datetime | None = strawberry.field(
        default=None, description="Last changed before this instant; with a time zone. In doubt as above."
    )
    property_types: list[model.PropertyType] | None = strawberry.field(
        default=None, description="Any of these kinds of building."
    )
    provider_property_type: str | None = strawberry.field(
        default=None, description="The PMS's own word or code for the kind of building, in full; case does not matter."
    )
    contact_name: str | None = strawberry.field(default=None, description="Part of the contact's name.")
    user_id: str | None = strawberry.field(
        default=None,
        description="What this user of the PMS may see: the PMS's own id of the user, so name the account too. Only "
        "the PMS can tell: accounts of a PMS that does not are reported as FAILED with NOT_SUPPORTED.",
    )
    booking_engine_active: bool | None = strawberry.field(
        default=None,
        description="Whether the PMS's own booking engine shows it. Only the PMS can tell: accounts of a PMS that does "
        "not are reported as FAILED with NOT_SUPPORTED.",
    )
    approval: list[ListingApproval] | None = strawberry.field(
        default=None,
        description="Any of these states; without it, APPROVED only. What PENDING and REJECTED find is for those who "
        "decide: calendars, prices and parts of such listings are not told.",
    )


@strawberry.input(description="Filters on listings. All that are given must hold together.")
class ListingFilter(AccountListingFilter):
    account_ids: list[strawberry.ID] | None = strawberry.field(
        default=None, description="Only these accounts; without it, all."
    )
    providers: list[str] | None = strawberry.field(
        default=None, description="Only accounts of these PMSs, by code, for example HOSTAWAY."
    )
    imported: bool | None = strawberry.field(
        default=None,
        description="True: only listings imported from other tenants; false: only those of your own accounts.",
    )


def listing_query(given: AccountListingFilter | None, order: ListingOrder | None) -> ListingQuery:
    """The query that filter and order ask for. Raises ``BadInput``."""
    given = given or AccountListingFilter()
    if given.min_guests is not None:
        check_guests(given.min_guests, 1, "filter.minGuests")
    since, until = check_changed(given.updated_since, given.updated_until, "filter")
    kinds = check_list(given.property_types, "filter.propertyTypes")
    return ListingQuery(
        text=check_text(given.text, "filter.text"),
        city=check_text(given.city, "filter.city"),
        country_code=check_country_code(given.country_code, "filter.countryCode"),
        country=check_text(given.country, "filter.country"),
        min_guests=given.min_guests,
        updated_since=since,
        updated_until=until,
        property_types=frozenset(kinds) if kinds else None,
        provider_property_type=check_text(given.provider_property_type, "filter.providerPropertyType"),
        contact_name=check_text(given.contact_name, "filter.contactName"),
        user_id=check_text(given.user_id, "filter.userId"),
        booking_engine_active=given.booking_engine_active,
        order=order.field if order else ListingOrderField.PROVIDER,
        direction=order.direction if order else OrderDirection.ASC,
    )


def wanted_approval(given: AccountListingFilter | None) -> frozenset[ListingApproval]:
    """The states that a filter asks for. Raises ``BadInput``."""
    chosen = check_list(given.approval, "filter.approval") if given else None
    return DECIDED if chosen is None else frozenset(chosen)
