"""Mutations of the servers of a tenant's own that get events."""

from collections.abc import Sequence
from typing import Annotated, Any

import strawberry

from graph.accounts.keys import Permission
from graph.events.event import EventType
from graph.events.log import CursorAheadError, CursorTooOldError
from graph.events.outgoing_endpoints import MAX_DESCRIPTION, MOST_ENDPOINTS, Endpoint
from graph.rejections import Rejected, RejectionCode, rejected
from graph.schema import ids
from graph.schema.arguments import MAX_IDS, BadInput
from graph.schema.context import Context, Info
from graph.schema.permissions import require
from graph.schema.reservation_event import private_cursor, public_cursor
from graph.schema.user_errors import UserError, user_errors
from graph.schema.webhook_endpoint import EndpointId, WebhookEndpoint, shown_endpoint

ERRORS = "What was wrong; empty if it was done."
_URL = (
    "Where to send events: an https address on the internet, without user name and password. Its name is looked up, "
    "and where it leads is checked, each time."
)
_TYPES = "Only events of these types; null or left out: all."
_ACCOUNTS = "Only events of these accounts of yours; null or left out: all, also those to come."
_DESCRIPTION = f"What it is for: at most {MAX_DESCRIPTION} characters."


@strawberry.input(description="The server to send events to.")
class CreateWebhookEndpointInput:
    url: str = strawberry.field(description=_URL)
    types: list[EventType] | None = strawberry.field(default=None, description=_TYPES)
    account_ids: list[strawberry.ID] | None = strawberry.field(default=None, description=_ACCOUNTS)
    description: str = strawberry.field(default="", description=_DESCRIPTION)


@strawberry.input(description="What to change about an endpoint; what is left out stays as it is.")
class UpdateWebhookEndpointInput:
    url: str | None = strawberry.field(default=strawberry.UNSET, description=_URL)
    types: list[EventType] | None = strawberry.field(
        default=strawberry.UNSET, description="Only events of these types from now on; null: all."
    )
    account_ids: list[strawberry.ID] | None = strawberry.field(
        default=strawberry.UNSET, description="Only events of these accounts of yours from now on; null: all."
    )
    description: str | None = strawberry.field(default=strawberry.UNSET, description=_DESCRIPTION)
    enabled: bool | None = strawberry.field(
        default=strawberry.UNSET,
        description="Whether it gets events. Enabled again, it gets all that happened meanwhile and is still kept: see "
        "skippedAt.",
    )


@strawberry.type(description="An endpoint and its secret.")
class WebhookEndpointSecretPayload:
    endpoint: WebhookEndpoint | None = strawberry.field(description="The endpoint; null if nothing was changed.")
    secret: str | None = strawberry.field(
        description="What messages are signed with: StayGraph-Signature holds v1= and the HMAC-SHA256, in hexadecimal, "
        "of StayGraph-Timestamp, a point and the body. It is shown this once, never again."
    )
    user_errors: list[UserError] = strawberry.field(description=ERRORS)


@strawberry.type(description="An endpoint after a change.")
class WebhookEndpointPayload:
    endpoint: WebhookEndpoint | None = strawberry.field(
        description="The endpoint as it is now; null if nothing was changed."
    )
    user_errors: list[UserError] = strawberry.field(description=ERRORS)


@strawberry.type(description="What came of deleting an endpoint.")
class DeleteWebhookEndpointPayload:
    deleted_id: strawberry.ID | None = strawberry.field(
        description="Id of the endpoint that is gone; null if nothing was deleted."
    )
    user_errors: list[UserError] = strawberry.field(description=ERRORS)


@strawberry.type
class WebhookEndpointChanges:
    """The mutations; ``graph.schema.mutation`` puts them into the schema."""

    @strawberry.mutation(
        description="Have events sent to a server of yours, from now on. Deliveries are signed with the secret, which "
        f"is shown this once. You may have {MOST_ENDPOINTS} endpoints. Needs WRITE."
    )
    async def create_webhook_endpoint(
        self,
        info: Info,
        input: Annotated[CreateWebhookEndpointInput, strawberry.argument(description="The server.")],  # noqa: A002  # the schema's name
    ) -> WebhookEndpointSecretPayload:
        viewer = require(info, Permission.WRITE)
        try:
            made, secret = await info.context.administration.endpoints.create(
                viewer.tenant_id,
                input.url,
                types=_types(input.types),
                account_ids=await _accounts(info, input.account_ids),
                description=input.description,
            )
        except Rejected as refusal:
            return WebhookEndpointSecretPayload(endpoint=None, secret=None, user_errors=user_errors(refusal))
        return _with_secret(info.context, made, secret)

    @strawberry.mutation(
        description="Change where and which events are sent, or switch an endpoint off and on. Needs WRITE."
    )
    async def update_webhook_endpoint(
        self,
        info: Info,
        id: EndpointId,  # noqa: A002  # the schema's name
        input: Annotated[UpdateWebhookEndpointInput, strawberry.argument(description="What to change.")],  # noqa: A002  # the schema's name
    ) -> WebhookEndpointPayload:
        viewer = require(info, Permission.WRITE)
        try:
            given = await _given(info, input)
            changed = await info.context.administration.endpoints.update(viewer.tenant_id, id, given)
        except Rejected as refusal:
            return WebhookEndpointPayload(endpoint=None, user_errors=user_errors(refusal))
        return WebhookEndpointPayload(endpoint=shown_endpoint(info.context, changed), user_errors=[])

    @strawberry.mutation(
        description="Give an endpoint a new secret. For a day messages are signed with the present one as well: "
        "StayGraph-Signature holds both, with a comma between them. Needs WRITE."
    )
    async def rotate_webhook_endpoint_secret(
        self,
        info: Info,
        id: EndpointId,  # noqa: A002  # the schema's name
    ) -> WebhookEndpointSecretPayload:
        viewer = require(info, Permission.WRITE)
        try:
            changed, secret = await info.context.administration.endpoints.rotate(viewer.tenant_id, id)
        except Rejected as refusal:
            return WebhookEndpointSecretPayload(endpoint=None, secret=None, user_errors=user_errors(refusal))
        return _with_secret(info.context, changed, secret)

    @strawberry.mutation(
        description="Send nothing to an endpoint any more, and forget what was sent to it. Needs WRITE."
    )
    async def delete_webhook_endpoint(self, info: Info, id: EndpointId) -> DeleteWebhookEndpointPayload:  # noqa: A002  # the schema's name
        viewer = require(info, Permission.WRITE)
        try:
            await info.context.administration.endpoints.remove(viewer.tenant_id, id)
        except Rejected as refusal:
            return DeleteWebhookEndpointPayload(deleted_id=None, user_errors=user_errors(refusal))
        return DeleteWebhookEndpointPayload(deleted_id=id, user_errors=[])

    @strawberry.mutation(
        description="Send events to an endpoint again, with the ids that they have: either all behind a cursor, in "
        "order, or single deliveries, whatever became of them, beside what comes in its turn. A disabled endpoint gets "
        "them once it is enabled. Needs WRITE."
    )
    async def replay_webhook_deliveries(
        self,
        info: Info,
        endpoint_id: EndpointId,
        after: Annotated[
            str | None,
            strawberry.argument(
                description="A cursor of reservationEvents: send everything behind it that the endpoint is to get, "
                "also what happened before it was made."
            ),
        ] = None,
        delivery_ids: Annotated[
            list[strawberry.ID] | None,
            strawberry.argument(description=f"Ids of deliveries to this endpoint, at most {MAX_IDS}."),
        ] = None,
    ) -> WebhookEndpointPayload:
        viewer = require(info, Permission.WRITE)
        context, endpoints = info.context, info.context.administration.endpoints
        try:
            if await endpoints.get(viewer.tenant_id, endpoint_id) is None:
                raise rejected("endpointId", RejectionCode.NOT_FOUND, "There is no such endpoint.")
            if (after is None) == (delivery_ids is None):
                raise rejected("after", RejectionCode.REQUIRED, "One of after and deliveryIds must be given.")
            if after is not None:
                await _rewind(context, viewer.tenant_id, endpoint_id, after)
            else:
                chosen = _chosen(delivery_ids or (), "deliveryIds", f"1 to {MAX_IDS} ids")
                await context.administration.sendings.replay(viewer.tenant_id, endpoint_id, chosen)
        except Rejected as refusal:
            return WebhookEndpointPayload(endpoint=None, user_errors=user_errors(refusal))
        found = await endpoints.get(viewer.tenant_id, endpoint_id)
        return WebhookEndpointPayload(endpoint=shown_endpoint(context, found) if found else None, user_errors=[])


def _with_secret(context: Context, endpoint: Endpoint, secret: str) -> WebhookEndpointSecretPayload:
    return WebhookEndpointSecretPayload(endpoint=shown_endpoint(context, endpoint), secret=secret, user_errors=[])


async def _given(info: Info, given: UpdateWebhookEndpointInput) -> dict[str, Any]:
    """What was given, by the names of ``Endpoints.update``. Raises ``Rejected``."""
    values = {name: value for name, value in vars(given).items() if value is not strawberry.UNSET}
    for name in ("url", "enabled"):
        if name in values and values[name] is None:
            raise rejected(name, RejectionCode.REQUIRED, "It must have a value, or be left out.")
    if "types" in values:
        values["types"] = _types(values["types"])
    if "account_ids" in values:
        values["account_ids"] = await _accounts(info, values["account_ids"])
    return values


async def _rewind(context: Context, tenant_id: str, endpoint_id: str, after: str) -> None:
    try:
        await context.administration.sendings.rewind(tenant_id, endpoint_id, private_cursor(context, tenant_id, after))
    except BadInput as error:
        raise rejected("after", RejectionCode.INVALID, f"It {error.problem}.", allowed=error.allowed) from None
    except CursorTooOldError as error:
        oldest = public_cursor(context, tenant_id, error.oldest)
        message = "What happened behind this cursor is no longer kept."
        raise rejected("after", RejectionCode.OUT_OF_RANGE, message, allowed=f"{oldest} or a later one") from None
    except CursorAheadError:
        message = "It was given by another server, or before a backup was restored here."
        raise rejected("after", RejectionCode.INVALID, message, allowed="a cursor of this server") from None


def _types(types: Sequence[EventType] | None) -> Sequence[EventType] | None:
    return None if types is None else _chosen(types, "types", "one type at least, or null for all")


async def _accounts(info: Info, account_ids: Sequence[str] | None) -> list[str] | None:
    """Our ids of the accounts. Raises ``Rejected`` for those of others as well."""
    if account_ids is None:
        return None
    chosen = _chosen(account_ids, "accountIds", f"1 to {MAX_IDS} ids, or null for all")
    known = await info.context.gateway.reading.known_accounts(info.context.operation)
    found = []
    for index, text in enumerate(chosen):
        try:
            account_id = ids.parse(text, "accountIds", ids.ACCOUNT).account_id
        except BadInput:
            account_id = ""
        if account_id not in known:
            message, allowed = "There is no such account of yours.", "ids that the query accounts gives"
            raise rejected(f"accountIds.{index}", RejectionCode.NOT_FOUND, message, allowed=allowed)
        found.append(account_id)
    return found


def _chosen(given: Sequence[Any], field: str, allowed: str) -> list[Any]:
    if not given:
        raise rejected(field, RejectionCode.REQUIRED, "It is empty.", allowed=allowed)
    if len(given) > MAX_IDS:
        raise rejected(field, RejectionCode.OUT_OF_RANGE, f"It has {len(given)} entries.", allowed=allowed)
    return list(dict.fromkeys(given))
