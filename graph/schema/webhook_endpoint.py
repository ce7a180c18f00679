"""Servers of a tenant's own that get events, as clients see them, and what arrived there."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

import strawberry

from graph.accounts.keys import Permission
from graph.events.event import EventType
from graph.events.outgoing_endpoints import MOST_ENDPOINTS, Endpoint, EndpointState
from graph.events.outgoing_log import Sending, SendingStatus
from graph.gateway.cursors import fingerprint
from graph.schema import ids
from graph.schema.arguments import After, BadInput, First, check_first, check_list
from graph.schema.connection import PageInfo
from graph.schema.context import Context, Info
from graph.schema.exposing import expose_enum
from graph.schema.permissions import require
from graph.schema.places import read_place, write_place
from graph.schema.received_webhook import ReceivedWebhookQueries
from graph.schema.reservation_event import public_cursor

expose_enum(EndpointState, name="WebhookEndpointState")
expose_enum(SendingStatus, name="WebhookDeliveryStatus")

EndpointId = Annotated[strawberry.ID, strawberry.argument(description="The endpoint's id.")]


@strawberry.type(
    description="A server of yours that gets a POST for each event, in the order of reservationEvents: the next one is "
    "sent when the one before was answered with a 2xx, or was tried for about a day and is set aside as FAILED. An "
    "event may come twice: its id tells."
)
class WebhookEndpoint:
    id: strawberry.ID = strawberry.field(description="Its id.")
    url: str = strawberry.field(description="Where events are sent.")
    description: str = strawberry.field(description="What it is for; empty if nobody said.")
    types: list[EventType] | None = strawberry.field(description="The types of events that it gets; null: all.")
    account_ids: list[strawberry.ID] | None = strawberry.field(
        description="Ids of the accounts whose events it gets; null: all of yours, also those to come."
    )
    state: EndpointState = strawberry.field(description="Whether it gets events.")
    disabled_reason: str | None = strawberry.field(description="Why it gets none; null while it is enabled.")
    cursor: str = strawberry.field(
        description="Everything up to here was sent or set aside: a cursor of reservationEvents."
    )
    failing_since: datetime | None = strawberry.field(
        description="Since when nothing has arrived, UTC; null if the last delivery did. After three days it is "
        "disabled."
    )
    skipped_at: datetime | None = strawberry.field(
        description="When events were last left out because they were no longer kept, UTC: it had been disabled for "
        "too long. Null if none ever were."
    )
    former_secret_until: datetime | None = strawberry.field(
        description="Until when messages are signed with the former secret as well, UTC; null if there was none."
    )
    created_at: datetime = strawberry.field(description="When it was made, UTC.")


@strawberry.type(description="One event at one endpoint, without what it holds.")
class WebhookDelivery:
    id: strawberry.ID = strawberry.field(description="Its id: see replayWebhookDeliveries.")
    event_id: strawberry.ID = strawberry.field(description="The event's id, as the endpoint gets it.")
    event_type: EventType = strawberry.field(description="What happened.")
    cursor: str = strawberry.field(description="The event's place among reservationEvents.")
    status: SendingStatus = strawberry.field(description="What became of it.")
    attempts: int = strawberry.field(description="How often it was tried since it was first sent, or last replayed.")
    last_status: int | None = strawberry.field(
        description="The HTTP status of the last answer; null if there was none."
    )
    last_error: str | None = strawberry.field(description="Why the last try failed; null if it did not.")
    created_at: datetime = strawberry.field(description="When it was first tried, UTC.")
    attempted_at: datetime = strawberry.field(description="When it was last tried, UTC.")
    settled_at: datetime | None = strawberry.field(description="When it arrived or was set aside, UTC; else null.")
    next_attempt_at: datetime | None = strawberry.field(
        description="From when on it is tried again, if the endpoint is enabled, UTC; null if it is not."
    )


@strawberry.type(description="One page of deliveries, the newest events first.")
class WebhookDeliveryConnection:
    nodes: list[WebhookDelivery] = strawberry.field(description="The deliveries.")
    page_info: PageInfo = strawberry.field(description="Where the page lies in the list.")


@strawberry.type
class EventQueries(ReceivedWebhookQueries):
    """All queries about events; ``graph.schema.query`` puts them into the schema."""

    @strawberry.field(
        description=f"The servers of yours that get events, oldest first; {MOST_ENDPOINTS} at most. Needs WRITE."
    )
    async def webhook_endpoints(self, info: Info) -> list[WebhookEndpoint] | None:
        viewer = require(info, Permission.WRITE)
        found = await info.context.administration.endpoints.list(viewer.tenant_id)
        return [shown_endpoint(info.context, each) for each in found]

    @strawberry.field(description="One of them; null if there is none with this id. Needs WRITE.")
    async def webhook_endpoint(self, info: Info, id: EndpointId) -> WebhookEndpoint | None:  # noqa: A002  # the schema's name
        viewer = require(info, Permission.WRITE)
        found = await info.context.administration.endpoints.get(viewer.tenant_id, id)
        return None if found is None else shown_endpoint(info.context, found)

    @strawberry.field(
        description="What was sent to an endpoint and what became of it, the newest events first. It is kept as long "
        "as events are. Needs WRITE."
    )
    async def webhook_deliveries(
        self,
        info: Info,
        endpoint_id: EndpointId,
        statuses: Annotated[
            list[SendingStatus] | None, strawberry.argument(description="Only those that are this.")
        ] = None,
        first: First = 50,
        after: After = None,
    ) -> WebhookDeliveryConnection | None:
        viewer = require(info, Permission.WRITE)
        context, wanted = info.context, check_first(first)
        endpoint = await context.administration.endpoints.get(viewer.tenant_id, endpoint_id)
        if endpoint is None:
            raise BadInput("endpointId", "is no endpoint of yours", allowed="an id that webhookEndpoints gives")
        name = fingerprint("webhookDeliveries", viewer.tenant_id, endpoint.id)
        found = await context.administration.sendings.page(
            viewer.tenant_id,
            endpoint.id,
            check_list(statuses, "statuses"),
            first=wanted + 1,
            before=None if after is None else read_place(context.cursors, name, after),
        )
        places = [write_place(context.cursors, name, each.cursor) for each in found[:wanted]]
        return WebhookDeliveryConnection(
            nodes=[_shown(context, each) for each in found[:wanted]],
            page_info=PageInfo(
                has_next_page=len(found) > wanted,
                has_previous_page=after is not None,
                start_cursor=places[0] if places else None,
                end_cursor=places[-1] if places else None,
            ),
        )


def shown_endpoint(context: Context, endpoint: Endpoint) -> WebhookEndpoint:
    """An endpoint as clients see it."""
    return WebhookEndpoint(
        id=strawberry.ID(endpoint.id),
        url=endpoint.url,
        description=endpoint.description,
        types=None if endpoint.types is None else list(endpoint.types),
        account_ids=None if endpoint.account_ids is None else _account_ids(endpoint.account_ids),
        state=endpoint.state,
        disabled_reason=endpoint.disabled_reason,
        cursor=public_cursor(context, endpoint.tenant_id, endpoint.cursor),
        failing_since=endpoint.failing_since,
        skipped_at=endpoint.skipped_at,
        former_secret_until=endpoint.former_until,
        created_at=endpoint.created_at,
    )


def _account_ids(account_ids: Sequence[str]) -> list[strawberry.ID]:
    return [ids.GlobalId(ids.ACCOUNT, each).text() for each in account_ids]


def _shown(context: Context, sending: Sending) -> WebhookDelivery:
    return WebhookDelivery(
        id=strawberry.ID(sending.id),
        event_id=strawberry.ID(sending.event_id),
        event_type=sending.event_type,
        cursor=public_cursor(context, sending.tenant_id, sending.cursor),
        status=sending.status,
        attempts=sending.attempts,
        last_status=sending.last_status,
        last_error=sending.last_error,
        created_at=sending.created_at,
        attempted_at=sending.attempted_at,
        settled_at=sending.settled_at,
        next_attempt_at=sending.next_attempt_at,
    )
