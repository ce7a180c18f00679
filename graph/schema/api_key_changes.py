"""Mutations of API keys."""

from datetime import datetime
from typing import Annotated, Any

import strawberry

from graph.accounts.keys import Permission, Scope
from graph.rejections import Rejected, RejectionCode, rejected
from graph.schema.api_key import ApiKey
from graph.schema.context import Info
from graph.schema.permissions import require
from graph.schema.user_errors import UserError, user_errors


@strawberry.input(description="The API key to make. It may do no more than the key or token that makes it.")
class CreateApiKeyInput:
    name: str = strawberry.field(description="What to call it: 1 to 200 characters; others may have the same name.")
    permission: Permission = strawberry.field(default=Permission.READ, description="How much it may do.")
    scopes: list[Scope] = strawberry.field(default_factory=list, description="What it may do besides.")
    description: str = strawberry.field(default="", description="What it is for: at most 500 characters.")
    expires_at: datetime | None = strawberry.field(
        default=None,
        description="From when on it does not work, with a time zone, later than now by 3660 days at most; left out: "
        "never.",
    )
    tenant_id: strawberry.ID | None = strawberry.field(
        default=None,
        description="Id of the tenant it belongs to; left out: yours. Another one needs ADMIN of the default tenant.",
    )


@strawberry.type(description="An API key that was made, or why none was.")
class CreateApiKeyPayload:
    api_key: ApiKey | None = strawberry.field(description="The key; null if none was made.")
    secret: str | None = strawberry.field(
        description="What clients send as Authorization: Bearer. It is shown this once, never again."
    )
    user_errors: list[UserError] = strawberry.field(description="What was wrong; empty if it was done.")


@strawberry.type(description="An API key after a change.")
class ApiKeyPayload:
    api_key: ApiKey | None = strawberry.field(description="The key as it is now; null if nothing was changed.")
    user_errors: list[UserError] = strawberry.field(description="What was wrong; empty if it was done.")


@strawberry.type
class ApiKeyChanges:
    """The mutations; ``graph.schema.mutation`` puts them into the schema."""

    @strawberry.mutation(description="Make an API key. Needs ADMIN.")
    async def create_api_key(
        self,
        info: Info,
        input: Annotated[CreateApiKeyInput, strawberry.argument(description="The key.")],  # noqa: A002  # the schema's name
    ) -> CreateApiKeyPayload:
        viewer = require(info, Permission.ADMIN)
        try:
            made, secret = await info.context.administration.keys.create_as(
                viewer,
                viewer.tenant_id if input.tenant_id is None else input.tenant_id,
                input.name,
                scopes=input.scopes,
                permission=input.permission,
                description=input.description,
                expires_at=input.expires_at,
            )
        except Rejected as refusal:
            return CreateApiKeyPayload(api_key=None, secret=None, user_errors=user_errors(refusal))
        key: Any = made
        return CreateApiKeyPayload(api_key=key, secret=secret, user_errors=[])

    @strawberry.mutation(
        description="Make an API key useless for ever: everywhere within a second. Doing it again changes nothing. "
        "Needs ADMIN of its tenant, or of the default tenant."
    )
    async def revoke_api_key(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="The key's id.")],  # noqa: A002  # the schema's name
    ) -> ApiKeyPayload:
        viewer = require(info, Permission.ADMIN)
        keys = info.context.administration.keys
        tenant_id = None if viewer.manages_tenants else viewer.tenant_id
        if not await keys.revoke(tenant_id, id):
            refusal = rejected("id", RejectionCode.NOT_FOUND, "There is no such key.")
            return ApiKeyPayload(api_key=None, user_errors=user_errors(refusal))
        key: Any = await keys.get(tenant_id, id)
        return ApiKeyPayload(api_key=key, user_errors=[])
