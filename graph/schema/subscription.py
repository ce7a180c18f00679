"""The root of all subscriptions."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated

import strawberry
from graphql import GraphQLError

from graph.events.lifetime import Lifetime
from graph.events.log import CursorAheadError, CursorTooOldError
from graph.events.subscribers import LetGoError, Told
from graph.schema.context import Info
from graph.schema.reservation_event import (
    AccountIds,
    ListingIds,
    ReservationEvent,
    Types,
    bad_cursor,
    event_filter,
    private_cursor,
    public_cursor,
    shown_event,
)


@strawberry.type(
    description="What is told as it happens: over a WebSocket (graphql-transport-ws), as server-sent events or as a "
    "multipart response. A subscription that ends by itself says why in an error; its extensions hold the cursor to "
    "resume from."
)
class Subscription:
    @strawberry.subscription(
        description="What happens to your accounts' reservations, each event once and in order: with after first what "
        "happened since, then what happens from now on. Keep the cursor of the last event to resume from.",
    )
    async def reservation_events(
        self,
        info: Info,
        account_ids: AccountIds = None,
        listing_ids: ListingIds = None,
        types: Types = None,
        after: Annotated[
            str | None,
            strawberry.argument(
                description="Cursor of the event to go on behind, from here or from the query of the same name. Left "
                "out: only what happens from now on."
            ),
        ] = None,
    ) -> AsyncGenerator[ReservationEvent, None]:
        context = info.context
        tenant_id = context.operation.tenant_id
        wanted = await event_filter(info, account_ids, listing_ids, types)
        start = None if after is None else private_cursor(context, tenant_id, after)
        lifetime = context.lifetime or Lifetime()

        def at_once(told: Told) -> bool:
            return context.told_at_once(told, lambda: shown_event(context, told.event))

        try:
            async with aclosing(context.subscribers.follow(tenant_id, wanted, start, lifetime, at_once)) as events:
                async for told in events:
                    if await context.repeated(told):
                        continue
                    with context.telling(told):
                        yield shown_event(context, told.event)
        except (CursorTooOldError, CursorAheadError) as error:
            raise bad_cursor(context, error) from None
        except LetGoError as error:
            extensions = {"code": error.ending.code, "cursor": public_cursor(context, tenant_id, error.cursor)}
            raise GraphQLError(str(error), extensions=extensions) from None
