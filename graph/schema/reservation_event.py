"""Events of reservations, as clients see them, and reading them back page by page."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import strawberry
from graphql import GraphQLError
from strawberry.scalars import JSON

from graph.events.event import EventType
from graph.events.event import FieldChange as Change
from graph.events.event import ReservationEvent as Event
from graph.events.log import CursorAheadError, CursorTooOldError, EventFilter
from graph.events.seeing import Seeing
from graph.gateway.cursors import CursorError, fingerprint
from graph.gateway.marks import HeldMark
from graph.gateway.refs import Ref
from graph.schema import ids
from graph.schema.arguments import After, BadInput, First, check_first, check_list
from graph.schema.connection import PageInfo
from graph.schema.context import Context, Info
from graph.schema.errors import CURSOR_TOO_OLD
from graph.schema.exposing import expose_enum
from graph.schema.paging import chosen_accounts, on_cursor
from graph.schema.reservation import Reservation

if TYPE_CHECKING:
    from graph.schema.account import Account
    from graph.schema.listing import Listing

expose_enum(EventType)

_MOST_LOOKS = 10
"""Pages of the log that are looked through for one page of what is seen."""

AccountIds = Annotated[
    list[strawberry.ID] | None, strawberry.argument(description="Only events of these accounts of yours.")
]
ListingIds = Annotated[
    list[strawberry.ID] | None,
    strawberry.argument(description="Only events of reservations of these listings of your own accounts."),
]
Types = Annotated[list[EventType] | None, strawberry.argument(description="Only events of these types.")]


@strawberry.type(description="One field of a reservation that changed.")
class FieldChange:
    field: str = strawberry.field(
        description="Its name in Reservation; with a point where it lies within another field: guest.email."
    )
    old: JSON | None = strawberry.field(
        description="Its value before, as JSON: amounts as { amount, currency }, days and instants as text. Null if it "
        "had none."
    )
    new: JSON | None = strawberry.field(description="Its value since, as JSON; null if it has none any more.")


@strawberry.type(
    description="Something that happened to a reservation. A change is one event, however StayGraph learned of it."
)
class ReservationEvent:
    source: strawberry.Private[Event]
    id: strawberry.ID = strawberry.field(description="Names the event for ever: the same one never has another id.")
    cursor: str = strawberry.field(description="Pass it as after to read on behind this event.")
    type: EventType = strawberry.field(description="What happened.")
    changes: list[FieldChange] | None = strawberry.field(
        description="The fields that changed; null for types that change none, and where the reservation was not known "
        "before."
    )
    reservation: Reservation | None = strawberry.field(
        description="The reservation as it was behind the change; a deleted one as it was last known. What the PMS did "
        "not send with the change and was not known before is null. Null if it cannot be read any more."
    )
    occurred_at: datetime | None = strawberry.field(
        description="When it happened, by the PMS's own clock, UTC; null if the PMS does not say."
    )
    received_at: datetime = strawberry.field(description="When StayGraph learned of it, UTC.")

    @strawberry.field(
        description="The account that the reservation is of.",
        graphql_type=Annotated["Account", strawberry.lazy("graph.schema.account")] | None,
    )
    async def account(self, info: Info) -> Any:
        return await info.context.loaders(info).account_by_id.load(self.source.account_id)

    @strawberry.field(
        description="The listing that it is of; null if the PMS names none or no longer knows it.",
        graphql_type=Annotated["Listing", strawberry.lazy("graph.schema.listing")] | None,
    )
    async def listing(self, info: Info) -> Any:
        listing_id = self.source.listing_id
        if listing_id is None:
            return None
        return await info.context.loaders(info).listing_by_id.load(Ref(self.source.account_id, listing_id))


@strawberry.type(description="One page of events, the oldest first.")
class ReservationEventConnection:
    nodes: list[ReservationEvent] = strawberry.field(description="The events; each has its own cursor.")
    page_info: PageInfo = strawberry.field(
        description="Where the page lies. endCursor is null on an empty page: keep the one you had and ask again later."
    )


@strawberry.type
class EventLogQueries:
    """The queries of the log; ``EventQueries`` has them with those about webhooks."""

    @strawberry.field(
        description="What happened to your accounts' reservations, the oldest first, as far back as the server keeps "
        "it. Reading it asks no PMS. The cursors are those of the subscription of the same name."
    )
    async def reservation_events(
        self,
        info: Info,
        account_ids: AccountIds = None,
        listing_ids: ListingIds = None,
        types: Types = None,
        first: First = 50,
        after: After = None,
    ) -> ReservationEventConnection | None:
        context = info.context
        wanted = await event_filter(info, account_ids, listing_ids, types)
        tenant_id = context.operation.tenant_id
        log = context.administration.events
        try:
            start = await log.oldest(tenant_id) if after is None else private_cursor(context, tenant_id, after)
            found, more = await _seen(context, start, wanted, check_first(first))
        except (CursorTooOldError, CursorAheadError) as error:
            raise bad_cursor(context, error) from None
        nodes = [shown_event(context, event) for event in found]
        return ReservationEventConnection(
            nodes=nodes,
            page_info=PageInfo(
                has_next_page=more,
                has_previous_page=after is not None,
                start_cursor=nodes[0].cursor if nodes else None,
                end_cursor=nodes[-1].cursor if nodes else None,
            ),
        )


async def _seen(context: Context, start: int, wanted: EventFilter, first: int) -> tuple[list[Event], bool]:
    """The first events behind ``start`` that the viewer sees, and whether there may be more."""
    administration, tenant_id = context.administration, context.operation.tenant_id
    seeing = Seeing(administration.visibility)
    found: list[Event] = []
    for _ in range(_MOST_LOOKS):
        batch = await administration.events.after(tenant_id, start, wanted, first + 1)
        found += await seeing(tenant_id, batch)
        if len(batch) <= first or len(found) > first:
            return found[:first], len(found) > first
        start = batch[-1].cursor
    return found[:first], True


async def event_filter(
    info: Info,
    account_ids: Sequence[str] | None,
    listing_ids: Sequence[str] | None,
    types: Sequence[EventType] | None,
) -> EventFilter:
    """The events that are wanted. Raises ``BadInput``, for accounts and listings of others as well."""
    accounts = None if account_ids is None else await chosen_accounts(info, account_ids, None, "accountIds")
    chosen = check_list(types, "types")
    return EventFilter(
        accounts=None if accounts is None else frozenset(account.id for account in accounts),
        listings=await _own_listings(info, listing_ids),
        types=None if chosen is None else frozenset(chosen),
    )


async def _own_listings(info: Info, listing_ids: Sequence[str] | None) -> frozenset[Ref] | None:
    given = check_list(listing_ids, "listingIds")
    if given is None:
        return None
    own = await info.context.gateway.reading.known_accounts(info.context.operation)
    refs = [ids.parse(text, f"listingIds[{index}]", ids.LISTING).ref for index, text in enumerate(given)]
    for index, ref in enumerate(refs):
        if ref.account_id not in own:
            raise BadInput(f"listingIds[{index}]", "is no listing of yours", allowed="listings of your own accounts")
    return frozenset(refs)


def shown_event(context: Context, event: Event) -> ReservationEvent:
    """An event as clients see it."""
    reservation: Any = event.reservation
    return ReservationEvent(
        source=event,
        id=strawberry.ID(event.id),
        cursor=public_cursor(context, event.tenant_id, event.cursor),
        type=event.type,
        changes=None if event.changes is None else [_shown_change(each) for each in event.changes],
        reservation=reservation,
        occurred_at=event.occurred_at,
        received_at=event.received_at,
    )


def _shown_change(change: Change) -> FieldChange:
    return FieldChange(field=change.field, old=change.old, new=change.new)


def public_cursor(context: Context, tenant_id: str, cursor: int) -> str:
    """A place in the log as clients of this tenant, and of no other, may name it."""
    return context.cursors.write(fingerprint("reservationEvents", tenant_id), {"": HeldMark(str(cursor))})


def private_cursor(context: Context, tenant_id: str, cursor: str) -> int:
    """What ``public_cursor`` wrote. Raises ``BadInput``."""
    with on_cursor():
        mark = context.cursors.read(fingerprint("reservationEvents", tenant_id), cursor).get("")
        if not isinstance(mark, HeldMark) or not mark.id.isdecimal():
            raise CursorError("is the cursor of another list")
        return int(mark.id)


def bad_cursor(context: Context, error: CursorTooOldError | CursorAheadError) -> Exception:
    """Why a cursor cannot be read on from, and where to go on."""
    if isinstance(error, CursorTooOldError):
        oldest = public_cursor(context, context.operation.tenant_id, error.oldest)
        message = "What happened behind this cursor is no longer kept. Read on from oldest."
        return GraphQLError(message, extensions={"code": CURSOR_TOO_OLD, "argument": "after", "oldest": oldest})
    return BadInput(
        "after", "was given by another server, or before a backup was restored here", allowed="a cursor of this server"
    )
