"""Reservations, as clients see them, and how they are asked for."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import strawberry

from graph.accounts.accounts import ConnectedAccount
from graph.changes.versions import version_of
from graph.gateway.filters import PMS_ONLY_ORDERS
from graph.gateway.refs import Ref
from graph.schema import ids
from graph.schema.arguments import (
    BadInput,
    DateRangeInput,
    check_changed,
    check_list,
    check_range,
    check_text,
    check_texts,
)
from graph.schema.context import Info
from graph.schema.dictionary import custom_fields_field
from graph.schema.exposing import expose_enum, exposes
from graph.schema.node import Node
from graph.schema.plain import pure
from providers import model
from providers.queries import DateRange, OrderDirection, ReservationOrderField, ReservationQuery

if TYPE_CHECKING:
    from graph.schema.account import Account
    from graph.schema.listing import Listing

expose_enum(ReservationOrderField)
expose_enum(OrderDirection)
expose_enum(model.Channel)
expose_enum(model.AgreementState)


@exposes(model.Reservation)
class Reservation(model.Reservation, Node):
    @strawberry.field(description="Opaque id, unique over all types, accounts and PMSs.")
    @pure
    def id(self) -> strawberry.ID:
        return ids.GlobalId(ids.RESERVATION, self.account_id, self.provider_id).text()

    @strawberry.field(
        description="The account it was read through.",
        graphql_type=Annotated["Account", strawberry.lazy("graph.schema.account")] | None,
    )
    async def account(self, info: Info) -> Any:
        return await info.context.loaders(info).account_by_id.load(self.account_id)

    @strawberry.field(
        description="The listing; null if the PMS names none, no longer knows it, or it waits for approval.",
        graphql_type=Annotated["Listing", strawberry.lazy("graph.schema.listing")] | None,
    )
    async def listing(self, info: Info) -> Any:
        if self.listing_id is None:
            return None
        return await info.context.loaders(info).listing_by_id.load(Ref(self.account_id, self.listing_id))

    custom_fields = custom_fields_field(model.Reservation)

    @strawberry.field(
        description="Name of its present state. Give it to a change, and the change is refused (STALE) if somebody "
        "else was faster."
    )
    @pure
    def version(self) -> str:
        return version_of(self)


@strawberry.input(
    description="How to order reservations. Those without the value come last, in both directions; in long lists that "
    "the PMS orders itself, where it puts them. By messages, accounts come one after the other, and those of a PMS "
    "without that order are reported as FAILED with NOT_SUPPORTED."
)
class ReservationOrder:
    field: ReservationOrderField = strawberry.field(description="What to order by.")
    direction: OrderDirection = strawberry.field(default=OrderDirection.ASC, description="Which end comes first.")


@strawberry.input(description="Filters on the reservations of one listing. All that are given must hold together.")
class ListingReservationFilter:
    arrival: DateRangeInput | None = strawberry.field(default=None, description="Days of arrival.")
    departure: DateRangeInput | None = strawberry.field(default=None, description="Days of departure.")
    stay: DateRangeInput | None = strawberry.field(
        default=None, description="Reservations with at least one night in these days."
    )
    statuses: list[model.ReservationStatus] | None = strawberry.field(
        default=None, description="Any of these statuses; without it, all, cancelled ones included."
    )
    updated_since: datetime | None = strawberry.field(
        default=None,
        description="Changed at the PMS at this instant or later; with a time zone. Where the PMS tells only the day "
        "of the change, any time of that day counts. A record without a time of change is kept if the PMS sends it for "
        "this filter: some leave it out.",
    )
    updated_until: datetime | None = strawberry.field(
        default=None, description="Last changed before this instant; with a time zone. In doubt as above."
    )
    text: str | None = strawberry.field(
        default=None, description="Part of the guest's name, the confirmation code or the channel's reference."
    )
    channels: list[model.Channel] | None = strawberry.field(default=None, description="Any of these channels.")
    guest_email: str | None = strawberry.field(
        default=None, description="The guest's e-mail address, in full; case does not matter."
    )
    guest_ids: list[str] | None = strawberry.field(
        default=None, description="Any of these guests: the PMS's own ids, so name the account too."
    )
    assignee_id: str | None = strawberry.field(
        default=None, description="Looked after by this user: the PMS's own id, so name the account too."
    )
    customer_reference: str | None = strawberry.field(
        default=None, description="Reference of another program that made it, in full; case does not matter."
    )
    agreement: model.AgreementState | None = strawberry.field(
        default=None, description="Whether the rental agreement is accepted."
    )
    starred: bool | None = strawberry.field(
        default=None, description="Whether the business marked it with a star. Where the PMS does not tell, none fits."
    )
    archived: bool | None = strawberry.field(
        default=None, description="Whether the business put it away. Where the PMS does not tell, none fits."
    )
    pinned: bool | None = strawberry.field(
        default=None, description="Whether the business pinned it. Where the PMS does not tell, none fits."
    )


@strawberry.input(description="Filters on reservations. All that are given must hold together.")
class ReservationFilter(ListingReservationFilter):
    account_ids: list[strawberry.ID] | None = strawberry.field(
        default=None, description="Only these accounts; without it, all."
    )
    providers: list[str] | None = strawberry.field(
        default=None, description="Only accounts of these PMSs, by code, for example HOSTAWAY."
    )
    listing_ids: list[strawberry.ID] | None = strawberry.field(
        default=None, description="Only these listings, of any account."
    )
    unread: bool | None = strawberry.field(
        default=None,
        description="Whether the guest wrote something that nobody has read. Only the PMS can tell: accounts of a PMS "
        "that does not are reported as FAILED with NOT_SUPPORTED.",
    )


def reservation_query(
    given: ListingReservationFilter | None, order: ReservationOrder | None, argument: str = "filter"
) -> ReservationQuery:
    """The query that filter and order ask for, without accounts and listings. Raises ``BadInput``."""
    given = given or ListingReservationFilter()
    statuses = check_list(given.statuses, f"{argument}.statuses")
    channels = check_list(given.channels, f"{argument}.channels")
    since, until = check_changed(given.updated_since, given.updated_until, argument)
    arrival, departure, stay = _check_days(given, argument)
    return ReservationQuery(
        arrival=arrival,
        departure=departure,
        stay=stay,
        statuses=frozenset(statuses) if statuses else None,
        updated_since=since,
        updated_until=until,
        channels=frozenset(channels) if channels else None,
        guest_email=check_text(given.guest_email, f"{argument}.guestEmail"),
        guest_ids=check_texts(given.guest_ids, f"{argument}.guestIds"),
        assignee_id=check_text(given.assignee_id, f"{argument}.assigneeId"),
        customer_reference=check_text(given.customer_reference, f"{argument}.customerReference"),
        agreement=given.agreement,
        starred=given.starred,
        archived=given.archived,
        pinned=given.pinned,
        unread=given.unread if isinstance(given, ReservationFilter) else None,
        text=check_text(given.text, f"{argument}.text"),
        order=order.field if order else ReservationOrderField.PROVIDER,
        direction=order.direction if order else OrderDirection.ASC,
    )


def listing_reservation_query(
    given: ListingReservationFilter | None, order: ReservationOrder | None
) -> ReservationQuery:
    """The query for the reservations of single listings. Raises ``BadInput``."""
    if order is not None and order.field in PMS_ONLY_ORDERS:
        others = [each.value for each in ReservationOrderField if each not in PMS_ONLY_ORDERS]
        raise BadInput(
            "orderBy.field",
            f"is {order.field.value}, in which only whole accounts can be read",
            allowed=f"{', '.join(others)}; or the field reservations with filter.listingIds",
        )
    return reservation_query(given, order)


def _check_days(
    given: ListingReservationFilter, argument: str
) -> tuple[DateRange | None, DateRange | None, DateRange | None]:
    """The ranges of arrival, departure and stay. Raises ``BadInput``, also where no stay can fit them all."""
    arrival = check_range(given.arrival, f"{argument}.arrival")
    departure = check_range(given.departure, f"{argument}.departure")
    stay = check_range(given.stay, f"{argument}.stay")
    for name, limited, nights in (("departure", departure, 1), ("stay", stay, 0)):
        for other, earlier in (("arrival", arrival), ("stay", stay)):
            if limited is None or limited.end is None or earlier is None or earlier.start is None or name == other:
                continue
            # Behind the first arrival or night there is a departure; and the end of a range is not part of it.
            first = earlier.start + timedelta(days=nights + 1)
            if limited.end < first:
                raise BadInput(
                    f"{argument}.{name}.to",
                    f"({limited.end}) leaves no stay with {argument}.{other}.from ({earlier.start})",
                    allowed=f"{first} or later",
                )
    return arrival, departure, stay


def queries_by_account(
    query: ReservationQuery, accounts: Sequence[ConnectedAccount], listing_ids: Sequence[str] | None
) -> dict[ConnectedAccount, ReservationQuery]:
    """The query for each account; with ``listing_ids``, only for the accounts that these listings belong to.

    Raises ``BadInput`` for a listing of an account that is not among ``accounts``.
    """
    chosen = check_list(listing_ids, "filter.listingIds")
    if chosen is None:
        return dict.fromkeys(accounts, query)
    by_account: dict[str, list[str]] = {}
    known = {account.id for account in accounts}
    for index, text in enumerate(chosen):
        listing = ids.parse(text, f"filter.listingIds[{index}]", ids.LISTING)
        if listing.account_id not in known:
            raise BadInput(
                f"filter.listingIds[{index}]",
                "is of an account that is unknown or left out by this filter",
                allowed="listings of the accounts that are asked",
            )
        by_account.setdefault(listing.account_id, []).append(listing.provider_id)
    return {
        account: replace(query, listing_ids=tuple(by_account[account.id]))
        for account in accounts
        if account.id in by_account
    }
