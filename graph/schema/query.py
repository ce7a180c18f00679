"""The root of all reads."""

import asyncio
from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Any

import strawberry

from graph.access.loaders import settled
from graph.accounts.accounts import AccountStatus, ConnectedAccount
from graph.gateway.availability import Search
from graph.gateway.calendars import DaysOfListing
from graph.schema import ids
from graph.schema.account import Account
from graph.schema.accounts_page import AccountConnection, account_choice, accounts_page
from graph.schema.api_key import ApiKeyQueries
from graph.schema.arguments import (
    MAX_DAYS,
    MAX_IDS,
    After,
    BadInput,
    First,
    MaxAge,
    check_days,
    check_first,
    check_list,
    check_max_age,
)
from graph.schema.availability import MAX_NIGHTS, AvailableListing, availability_search, wants_price
from graph.schema.calendar import Calendar
from graph.schema.connection import Connection, connection, wants_total
from graph.schema.context import Info
from graph.schema.definition import DefinitionQueries
from graph.schema.importable import ImportableQueries
from graph.schema.listing import Listing, ListingFilter, ListingOrder, listing_query, wanted_approval
from graph.schema.node import Node
from graph.schema.notification_queries import NotificationQueries
from graph.schema.paging import chosen_accounts, listing_accounts, on_cursor
from graph.schema.price import PriceDetails, PriceDetailsInput, stay_of
from graph.schema.price_bounds import PRICE_DETAILS, check_listings, check_priced_page, check_stays
from graph.schema.provider import Provider, provider
from graph.schema.provider_account import ProviderAccountList, provider_account_list
from graph.schema.rate_limit import RateLimit, rate_limits
from graph.schema.received_webhook import EventQueries
from graph.schema.reservation import (
    Reservation,
    ReservationFilter,
    ReservationOrder,
    queries_by_account,
    reservation_query,
)
from graph.schema.selecting import selects
from graph.schema.tenant import TenantQueries
from providers.catalogue import plugins
from providers.errors import NotFound

MAX_CALENDAR_DAYS = 50_000
MAX_STAYS = 50


@strawberry.type(
    description="Everything that can be read. A field that can fail is nullable, so that its failure leaves the "
    "fields beside it alone: look for the reason in the answer's errors, under extensions.code."
)
class Query(ApiKeyQueries, DefinitionQueries, EventQueries, ImportableQueries, NotificationQueries, TenantQueries):
    @strawberry.field(description="Your connected accounts, oldest first.", graphql_type=AccountConnection | None)
    async def accounts(
        self,
        info: Info,
        first: First = 50,
        after: After = None,
        providers: Annotated[
            list[str] | None, strawberry.argument(description="Only accounts of these PMSs, by code.")
        ] = None,
        statuses: Annotated[
            list[AccountStatus] | None, strawberry.argument(description="Only accounts that are this.")
        ] = None,
        account_identifiers: Annotated[
            list[str] | None, strawberry.argument(description="Only the accounts that you gave these ids.")
        ] = None,
        max_age: MaxAge = None,
    ) -> Any:
        info.context.begin(info, check_max_age(max_age))
        choice = account_choice(providers, statuses, account_identifiers)
        return await accounts_page(info, check_first(first), after, choice)

    @strawberry.field(
        description="One connected account; null, with the error NOT_FOUND, if there is none with this id.",
        graphql_type=Account | None,
    )
    async def account(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="The account's id.")],  # noqa: A002  # the schema's name
        max_age: MaxAge = None,
    ) -> Any:
        info.context.begin(info, check_max_age(max_age))
        return await _load(info, ids.parse(id, "id", ids.ACCOUNT))

    @strawberry.field(
        description="Listings of all your accounts, and those you imported, one page at a time.",
        graphql_type=Connection[Listing] | None,
    )
    async def listings(
        self,
        info: Info,
        first: First = 50,
        after: After = None,
        filter: Annotated[ListingFilter | None, strawberry.argument(description="Which listings.")] = None,  # noqa: A002  # the schema's name
        order_by: Annotated[
            ListingOrder | None,
            strawberry.argument(description="In which order; else account by account: see PROVIDER."),
        ] = None,
        max_age: MaxAge = None,
    ) -> Any:
        info.context.begin(info, check_max_age(max_age))
        query = listing_query(filter, order_by)
        chosen = await _listing_accounts(info, filter)
        check_priced_page(info, chosen, first, PRICE_DETAILS)
        with on_cursor():
            page = await info.context.gateway.listings.page(
                info.context.operation,
                chosen,
                query,
                first=check_first(first),
                after=after,
                max_age=max_age,
                count=wants_total(info),
                approval=wanted_approval(filter),
            )
        return connection(page, info, after)

    @strawberry.field(
        description="One listing; null, with the error NOT_FOUND, if the PMS has none with this id or it is not shown.",
        graphql_type=Listing | None,
    )
    async def listing(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="The listing's id.")],  # noqa: A002  # the schema's name
        max_age: MaxAge = None,
    ) -> Any:
        info.context.begin(info, check_max_age(max_age))
        return await _load(info, ids.parse(id, "id", ids.LISTING))

    @strawberry.field(
        description="Reservations of all your accounts, one page at a time; of all statuses and times unless filtered.",
        graphql_type=Connection[Reservation] | None,
    )
    async def reservations(
        self,
        info: Info,
        first: First = 50,
        after: After = None,
        filter: Annotated[ReservationFilter | None, strawberry.argument(description="Which reservations.")] = None,  # noqa: A002  # the schema's name
        order_by: Annotated[
            ReservationOrder | None,
            strawberry.argument(description="In which order; else account by account: see PROVIDER."),
        ] = None,
        max_age: MaxAge = None,
    ) -> Any:
        info.context.begin(info, check_max_age(max_age))
        query = reservation_query(filter, order_by)
        named = (filter.account_ids, filter.providers) if filter else (None, None)
        chosen = await chosen_accounts(info, *named)
        queries = queries_by_account(query, chosen, filter.listing_ids if filter else None)
        check_priced_page(info, chosen, first, ("listing", *PRICE_DETAILS))
        with on_cursor():
            page = await info.context.gateway.reservations.page(
                info.context.operation,
                queries,
                first=check_first(first),
                after=after,
                max_age=max_age,
                count=wants_total(info),
            )
        return connection(page, info, after)

    @strawberry.field(
        description="Listings of all your accounts that are free for a whole stay and hold the party, one page at a "
        "time. Listings of which it is not known how many they hold are kept: see fitsParty. PMSs with a search for "
        "free listings are asked in as few calls as they allow; of the others, listings and their calendars are read. "
        "Archived listings, and those where the day of arrival is over, are left out.",
        graphql_type=Connection[AvailableListing] | None,
    )
    async def available_listings(
        self,
        info: Info,
        arrival: Annotated[
            date, strawberry.argument(description="First night, in the listing's own time zone; not in the past.")
        ],
        departure: Annotated[
            date,
            strawberry.argument(description=f"Day of departure: not a night. 1 to {MAX_NIGHTS} days after arrival."),
        ],
        adults: Annotated[int, strawberry.argument(description="Adults, at least 1.")] = 1,
        children: Annotated[int, strawberry.argument(description="Children; they count towards the capacity.")] = 0,
        first: First = 50,
        after: After = None,
        filter: Annotated[  # noqa: A002  # the schema's name
            ListingFilter | None,
            strawberry.argument(
                description="Which listings; userId and bookingEngineActive, which only a PMS can tell, are refused."
            ),
        ] = None,
        order_by: Annotated[
            ListingOrder | None,
            strawberry.argument(description="In which order; else account by account, each by ids. Prices give none."),
        ] = None,
        max_age: MaxAge = None,
    ) -> Any:
        info.context.begin(info, check_max_age(max_age))
        now = info.context.gateway.reading.clock.now()
        stay, listings = availability_search(arrival, departure, (adults, children), filter, order_by, now)
        search = Search(
            stay=stay,
            listings=listings,
            first=check_first(first),
            after=after,
            max_age=max_age,
            priced=wants_price(info),
        )
        chosen = await _listing_accounts(info, filter)
        check_priced_page(info, chosen, first, ("price",), ("listing", *PRICE_DETAILS))
        with on_cursor():
            page = await info.context.gateway.availability.page(info.context.operation, chosen, search)
        return connection(page, info, after)

    @strawberry.field(
        description="One reservation; null, with the error NOT_FOUND, if the PMS has none with this id.",
        graphql_type=Reservation | None,
    )
    async def reservation(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="The reservation's id.")],  # noqa: A002  # the schema's name
        max_age: MaxAge = None,
    ) -> Any:
        info.context.begin(info, check_max_age(max_age))
        return await _load(info, ids.parse(id, "id", ids.RESERVATION))

    @strawberry.field(
        description="The nights of several listings, in the order asked for. A listing that fails is null and has an "
        "error of its own.",
        graphql_type=list[Calendar | None] | None,
    )
    async def calendars(
        self,
        info: Info,
        listing_ids: Annotated[
            list[strawberry.ID], strawberry.argument(description=f"The listings' ids, 1 to {MAX_IDS}.")
        ],
        start: Annotated[date, strawberry.argument(name="from", description="First day, included.")],
        end: Annotated[
            date,
            strawberry.argument(
                name="to", description=f"Day after the last one: not included; {MAX_DAYS} days at most."
            ),
        ],
        max_age: MaxAge = None,
    ) -> Any:
        loaders = info.context.begin(info, check_max_age(max_age))
        days = check_days(start, end)
        chosen = check_list(listing_ids, "listingIds") or []
        if len(chosen) * len(days) > MAX_CALENDAR_DAYS:
            raise BadInput(
                "listingIds",
                f"and the range come to {len(chosen) * len(days)} days",
                allowed=f"at most {MAX_CALENDAR_DAYS} in one field",
            )
        refs = [ids.parse(text, f"listingIds[{n}]", ids.LISTING).ref for n, text in enumerate(listing_ids)]
        rich = selects(info, "days", "reservations")
        return await settled(loaders.calendar, [DaysOfListing(ref, days, rich) for ref in refs])

    @strawberry.field(
        description="What several stays would cost now, in the order asked for. A stay that fails is null and has an "
        "error of its own. Of an account whose PMS takes a call for each price, more stays than its limits let through "
        "in the time of an operation are refused with BAD_INPUT, which names the number.",
        graphql_type=list[PriceDetails | None] | None,
    )
    async def price_details(
        self,
        info: Info,
        inputs: Annotated[list[PriceDetailsInput], strawberry.argument(description=f"The stays, 1 to {MAX_STAYS}.")],
        max_age: MaxAge = None,
    ) -> Any:
        loaders = info.context.begin(info, check_max_age(max_age))
        if not 1 <= len(inputs) <= MAX_STAYS:
            raise BadInput("inputs", f"has {len(inputs)} entries", allowed=f"1 to {MAX_STAYS} entries")
        stays = [stay_of(each, f"inputs[{n}]") for n, each in enumerate(inputs)]
        await check_stays(info, stays, "inputs")
        return await settled(loaders.price, stays)

    @strawberry.field(
        description="Every business account that your connected accounts see: usually one each, but all those of an "
        "application that signs in as itself.",
    )
    async def provider_accounts(
        self,
        info: Info,
        account_ids: Annotated[
            list[strawberry.ID] | None, strawberry.argument(description="Only through these accounts; without it, all.")
        ] = None,
        updated_since: Annotated[
            datetime | None,
            strawberry.argument(
                description="Changed at the PMS at this instant or later; with a time zone. Those whose time of change "
                "it does not tell are kept."
            ),
        ] = None,
        max_age: MaxAge = None,
    ) -> ProviderAccountList | None:
        info.context.begin(info, check_max_age(max_age))
        return await provider_account_list(info, account_ids, updated_since, max_age)

    @strawberry.field(description="The PMSs that accounts can be connected to.")
    def providers(self) -> list[Provider]:
        return [provider(plugin) for plugin in plugins().values()]

    @strawberry.field(
        description="Anything by its id; null, with the error NOT_FOUND, if there is nothing with this id.",
        graphql_type=Node | None,
    )
    async def node(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="The id.")],  # noqa: A002  # the schema's name
        max_age: MaxAge = None,
    ) -> Any:
        info.context.begin(info, check_max_age(max_age))
        return await _load(info, ids.parse(id, "id"))

    @strawberry.field(
        description="Several things by their ids, in the order asked for. What fails is null and has an error of its "
        "own.",
        graphql_type=list[Node | None] | None,
    )
    async def nodes(
        self,
        info: Info,
        ids: Annotated[list[strawberry.ID], strawberry.argument(description=f"The ids, 1 to {MAX_IDS}.")],
        max_age: MaxAge = None,
    ) -> Any:
        info.context.begin(info, check_max_age(max_age))
        return await _load_nodes(info, ids)

    @strawberry.field(
        description="The budgets at the PMSs, per account, IP address and application. Asks no PMS.",
    )
    async def rate_limits(
        self,
        info: Info,
        account_ids: Annotated[
            list[strawberry.ID] | None, strawberry.argument(description="Only these accounts; without it, all.")
        ] = None,
    ) -> list[RateLimit] | None:
        info.context.begin(info, None)
        return await rate_limits(info, await chosen_accounts(info, account_ids, None, "accountIds"))


async def _listing_accounts(info: Info, given: ListingFilter | None) -> list[ConnectedAccount]:
    given = given or ListingFilter()
    return await listing_accounts(info, given.account_ids, given.providers, given.imported)


async def _load(info: Info, wanted: ids.GlobalId) -> Any:
    """The object. Raises ``NotFound``, or what kept it from being read."""
    (found,) = await _load_all(info, [wanted])
    if isinstance(found, BaseException):
        raise found
    return found


async def _load_nodes(info: Info, texts: Sequence[str]) -> Sequence[Any]:
    check_list(texts, "ids")
    wanted = [ids.parse(text, f"ids[{n}]") for n, text in enumerate(texts)]
    await check_listings(info, [each.ref for each in wanted if each.kind == ids.LISTING], "ids")
    return await _load_all(info, wanted)


async def _load_all(info: Info, wanted: Sequence[ids.GlobalId]) -> list[Any]:
    loaders = info.context.loaders(info)

    async def load(each: ids.GlobalId) -> Any:
        match each.kind:
            case ids.ACCOUNT:
                found: Any = await loaders.account_by_id.load(each.account_id)
            case ids.LISTING:
                found = await loaders.listing_by_id.load(each.ref)
            case _:
                found = await loaders.reservation_by_id.load(each.ref)
        return found if found is not None else NotFound(f"No {each.kind.lower()} has this id.")

    return await asyncio.gather(*(load(each) for each in wanted), return_exceptions=True)
