"""The root of all subscriptions."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Annotated

import strawberry
from graphql import GraphQLError

from graph.events.event import EventType
from graph.events.lifetime import Lifetime
from graph.events.log import CursorAheadError, CursorTooOldError, EventFilter
from graph.events.subscribers import LetGoError
from graph.gateway.cursors import CursorError
from graph.gateway.refs import Ref
from graph.schema import ids
from graph.schema.arguments import BadInput, check_list
from graph.schema.context import Context, Info
from graph.schema.errors import CURSOR_TOO_OLD
from graph.schema.paging import chosen_accounts
from graph.schema.reservation_event import ReservationEvent, private_cursor, public_cursor, shown_event


@strawberry.type(
    description="What is told as it happens, over a WebSocket (graphql-transport-ws), server-sent events or a multipart "
    "response. A subscription ends with an error when the key or token ends, the server stops or the client is too "
    "slow; the error's extensions then hold the cursor to resume from."
)
class Subscription:
    @strawberry.subscription(
        description="Changes of your accounts' reservations: first those behind after, then each as it becomes known, "
        "every one once and in order. Keep the cursor of the last one to resume from.",
    )
    async def reservation_events(
        self,
        info: Info,
        account_ids: Annotated[
            list[strawberry.ID] | None, strawberry.argument(description="Only of these accounts.")
        ] = None,
        listing_ids: Annotated[
            list[strawberry.ID] | None, strawberry.argument(description="Only of reservations of these listings.")
        ] = None,
        types: Annotated[list[EventType] | None, strawberry.argument(description="Only events of these types.")] = None,
        after: Annotated[
            str | None,
            strawberry.argument(
                description="Cursor of an event to go on behind: what happened since is told first. Left out: only what "
                "happens from now on."
            ),
        ] = None,
    ) -> AsyncGenerator[ReservationEvent, None]:
        context = info.context
        wanted = await _wanted(info, account_ids, listing_ids, types)
        start = _start(context, after)
        lifetime = context.lifetime or Lifetime()
        tenant_id = context.operation.tenant_id
        try:
            async with aclosing(context.subscribers.follow(tenant_id, wanted, start, lifetime)) as events:
                async for told in events:
                    with context.telling(told):
                        yield shown_event(context, told.event)
        except (LetGoError, CursorTooOldError, CursorAheadError) as error:
            raise _over(context, error) from None


def _over(context: Context, error: LetGoError | CursorTooOldError | CursorAheadError) -> Exception:
    """Why nothing more is told, and where to go on."""
    tenant_id = context.operation.tenant_id
    match error:
        case LetGoError():
            cursor = public_cursor(context, tenant_id, error.cursor)
            return GraphQLError(str(error), extensions={"code": error.ending.code, "cursor": cursor})
        case CursorTooOldError():
            oldest = public_cursor(context, tenant_id, error.oldest)
            message = "What happened behind this cursor is no longer kept. Read on from oldest."
            return GraphQLError(message, extensions={"code": CURSOR_TOO_OLD, "argument": "after", "oldest": oldest})
        case CursorAheadError():
            return _bad_cursor("was given by another server, or before a backup was restored here")


async def _wanted(
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


def _start(context: Context, after: str | None) -> int | None:
    if after is None:
        return None
    try:
        return private_cursor(context, context.operation.tenant_id, after)
    except CursorError as error:
        raise _bad_cursor(str(error)) from None


def _bad_cursor(problem: str) -> BadInput:
    return BadInput("after", problem, allowed="the cursor of an event that this server gave you, or nothing")
