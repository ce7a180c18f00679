"""Connected accounts, as clients see them."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

import strawberry

from graph.access.loaders import settled
from graph.accounts.accounts import AccountStatus, ConnectedAccount
from graph.accounts.approvals import ListingApproval
from graph.gateway.dictionaries import DictionaryOf
from graph.gateway.policies import PoliciesOf
from graph.schema import ids
from graph.schema.account_health import AccountHealth, health_of
from graph.schema.arguments import After, First, check_first, check_list
from graph.schema.connection import Connection, connection, wants_total
from graph.schema.context import Info
from graph.schema.exposing import expose_enum, exposed
from graph.schema.gaps import policies_in, report_gaps
from graph.schema.listing import AccountListingFilter, Listing, ListingOrder, listing_query, wanted_approval
from graph.schema.node import Node
from graph.schema.paging import on_cursor
from graph.schema.plain import pure
from graph.schema.price_bounds import PRICE_DETAILS, check_priced_page
from graph.schema.provider_account import ProviderAccount
from graph.schema.reservation import (
    ListingReservationFilter,
    Reservation,
    ReservationOrder,
    reservation_query,
)
from graph.schema.user import User, users_of
from graph.schema.webhook import AccountWebhook, webhook_of
from providers import model
from providers.manifest import AuthType

expose_enum(AuthType)
expose_enum(AccountStatus)
expose_enum(model.DictionaryKind)


@pure
def _identifier(account: strawberry.Parent[ConnectedAccount]) -> str:
    return account.identifier


@pure
def _id(account: strawberry.Parent[ConnectedAccount]) -> strawberry.ID:
    return ids.GlobalId(ids.ACCOUNT, account.id).text()


async def _health(account: strawberry.Parent[ConnectedAccount], info: Info) -> Any:
    return await health_of(info, account)


async def _webhook(account: strawberry.Parent[ConnectedAccount], info: Info) -> Any:
    return await webhook_of(info, account)


async def _provider_account(account: strawberry.Parent[ConnectedAccount], info: Info) -> Any:
    return await info.context.loaders(info).provider_account.load(account.id)


async def _listings(
    account: strawberry.Parent[ConnectedAccount],
    info: Info,
    first: First = 50,
    after: After = None,
    filter: Annotated[AccountListingFilter | None, strawberry.argument(description="Which listings.")] = None,  # noqa: A002  # the schema's name
    order_by: Annotated[
        ListingOrder | None, strawberry.argument(description="In which order; else the PMS's own.")
    ] = None,
) -> Any:
    query = listing_query(filter, order_by)
    check_priced_page(info, [account], first, PRICE_DETAILS)
    with on_cursor():
        page = await info.context.gateway.listings.page(
            info.context.operation,
            [account],
            query,
            first=check_first(first),
            after=after,
            max_age=info.context.max_age(info),
            count=wants_total(info),
            approval=wanted_approval(filter),
        )
    return connection(page, info, after)


async def _pending_listing_count(account: strawberry.Parent[ConnectedAccount], info: Info) -> int:
    if not account.require_listing_approval:
        return 0
    return (await info.context.administration.approvals.of(account)).count(ListingApproval.PENDING)


async def _reservations(
    account: strawberry.Parent[ConnectedAccount],
    info: Info,
    first: First = 50,
    after: After = None,
    filter: Annotated[ListingReservationFilter | None, strawberry.argument(description="Which reservations.")] = None,  # noqa: A002  # the schema's name
    order_by: Annotated[
        ReservationOrder | None, strawberry.argument(description="In which order; else the PMS's own.")
    ] = None,
) -> Any:
    query = reservation_query(filter, order_by)
    check_priced_page(info, [account], first, ("listing", *PRICE_DETAILS))
    with on_cursor():
        page = await info.context.gateway.reservations.page(
            info.context.operation,
            {account: query},
            first=check_first(first),
            after=after,
            max_age=info.context.max_age(info),
            count=wants_total(info),
        )
    return connection(page, info, after)


async def _users(account: strawberry.Parent[ConnectedAccount], info: Info) -> Any:
    found = await info.context.loaders(info).users.load(account.id)
    report_gaps(info, account.provider, account.id, found, "Not every user's listings are told")
    return users_of(account.id, found.value)


async def _cancellation_policies(
    account: strawberry.Parent[ConnectedAccount],
    info: Info,
    channels: Annotated[
        list[model.Channel] | None,
        strawberry.argument(description="Only for these channels; without it, for all, which may cost a call each."),
    ] = None,
) -> Any:
    chosen = check_list(channels, "channels")
    loader = info.context.loaders(info).policies
    lists = await settled(loader, [PoliciesOf(account.id, channel) for channel in chosen or (None,)])
    return policies_in(info, account.provider, account.id, lists)


async def _dictionary(
    account: strawberry.Parent[ConnectedAccount],
    info: Info,
    kind: Annotated[model.DictionaryKind, strawberry.argument(description="Which dictionary.")],
) -> Any:
    return (await info.context.loaders(info).dictionary.load(DictionaryOf(account.id, kind))).entries


async def _custom_fields(account: strawberry.Parent[ConnectedAccount], info: Info) -> Any:
    return await info.context.loaders(info).custom_fields.load(account.id)


@strawberry.type(description="A connected account: StayGraph's way into one business's PMS.")
class Account(Node):
    name: str = strawberry.field(description="Name given when the account was connected.")
    provider: str = strawberry.field(description="Code of its PMS, for example HOSTAWAY.")
    auth_type: AuthType = strawberry.field(description="How it proves itself to the PMS.")
    account_identifier: str = strawberry.field(
        resolver=_identifier,
        description="Your own id for it, unique among your accounts; else its id here.",
    )
    status: AccountStatus = strawberry.field(description="Whether it is in use.")
    version: str | None = strawberry.field(description="Version of the integration that you named, if any.")
    default_discount_percentage: Decimal = strawberry.field(
        description="Discount on every price, in percent: PriceModifications says of what."
    )
    markup_percentage: Decimal = strawberry.field(
        description="Markup on every price, in percent: PriceModifications says of what."
    )
    distribution_markup_percentage: Decimal = strawberry.field(
        description="Markup for other tenants that imported listings, in percent."
    )
    allow_import: bool = strawberry.field(description="Whether other tenants may import its listings.")
    require_listing_approval: bool = strawberry.field(
        description="Whether listings seen for the first time wait for approval, hidden."
    )
    client_redirect_url: str | None = strawberry.field(
        description="Where its owner's browser is sent after a consent; null where there is none."
    )
    notification_url: str | None = strawberry.field(
        description="Where a message is posted to after a consent; null where nobody is told."
    )
    pending_listing_count: int = strawberry.field(
        resolver=_pending_listing_count,
        description="How many listings were seen and wait for approval, those that the PMS deleted meanwhile included. "
        "Asks no PMS.",
    )
    created_at: datetime = strawberry.field(description="When it was connected, UTC.")
    updated_at: datetime = strawberry.field(description="When its settings or credentials last changed, UTC.")
    health: AccountHealth | None = strawberry.field(
        resolver=_health, description="How it does, as its calls told; asks no PMS.", graphql_type=AccountHealth | None
    )
    webhook: AccountWebhook | None = strawberry.field(
        resolver=_webhook,
        description="Whether StayGraph hears from its PMS by itself; asks no PMS.",
        graphql_type=AccountWebhook | None,
    )
    provider_account: ProviderAccount | None = strawberry.field(
        resolver=_provider_account,
        description="The business account in the PMS; null where the PMS has no such record or fails.",
        graphql_type=ProviderAccount | None,
    )
    listings: Connection[Listing] | None = strawberry.field(
        resolver=_listings, description="The account's listings.", graphql_type=Connection[Listing] | None
    )
    reservations: Connection[Reservation] | None = strawberry.field(
        resolver=_reservations,
        description="The account's reservations, of all statuses and times unless filtered.",
        graphql_type=Connection[Reservation] | None,
    )
    users: list[User] | None = strawberry.field(
        resolver=_users,
        description="People who work in the business's PMS.",
        graphql_type=list[User] | None,
    )
    cancellation_policies: Any = strawberry.field(
        resolver=_cancellation_policies,
        description="Cancellation policies of the whole account.",
        graphql_type=exposed(list[model.CancellationPolicy] | None),
    )
    dictionary: Any = strawberry.field(
        resolver=_dictionary,
        description="Words that the PMS's records name by id. `Provider.dictionaries` says which there are.",
        graphql_type=exposed(list[model.DictionaryEntry] | None),
    )
    custom_fields: Any = strawberry.field(
        resolver=_custom_fields,
        description="Fields that the business added to its PMS.",
        graphql_type=exposed(list[model.CustomField] | None),
    )

    id: strawberry.ID = strawberry.field(
        resolver=_id, description="Opaque id, unique over all types, accounts and PMSs."
    )

    @classmethod
    def is_type_of(cls, value: object, _: object) -> bool:
        return isinstance(value, ConnectedAccount)
