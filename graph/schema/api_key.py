"""API keys and whoever asks, as clients see them."""

from datetime import datetime
from typing import Annotated, Any

import strawberry

from graph.accounts.keys import ApiKey as StoredKey
from graph.accounts.keys import KeyStatus, Permission, Scope
from graph.schema.arguments import After, First
from graph.schema.connection import PageInfo
from graph.schema.context import Info
from graph.schema.exposing import expose_enum
from graph.schema.permissions import require, require_default_admin
from graph.schema.stored_page import stored_page
from graph.schema.tenant import Tenant

expose_enum(Permission)
expose_enum(Scope, name="ApiKeyScope")
expose_enum(KeyStatus, name="ApiKeyStatus")


def _status(key: strawberry.Parent[StoredKey], info: Info) -> KeyStatus:
    return key.status(info.context.administration.clock.now())


def _scopes(key: strawberry.Parent[StoredKey]) -> list[Scope]:
    return sorted(key.scopes)


@strawberry.type(description="An API key. Its secret is shown when it is made and never again.")
class ApiKey:
    id: strawberry.ID = strawberry.field(description="Its id: no secret.")
    tenant_id: strawberry.ID = strawberry.field(description="Id of the tenant it belongs to.")
    name: str = strawberry.field(description="What it is called; several may have the same name.")
    description: str = strawberry.field(description="What it is for; empty if nobody said.")
    permission: Permission = strawberry.field(description="How much it may do.")
    scopes: list[Scope] = strawberry.field(resolver=_scopes, description="What it may do besides.")
    status: KeyStatus = strawberry.field(resolver=_status, description="Whether it works.")
    created_at: datetime = strawberry.field(description="When it was made, UTC.")
    expires_at: datetime | None = strawberry.field(description="From when on it does not work, UTC; null: never.")
    revoked_at: datetime | None = strawberry.field(description="When it was revoked, UTC; null if it was not.")

    @classmethod
    def is_type_of(cls, value: object, _: object) -> bool:
        return isinstance(value, StoredKey)


@strawberry.type(description="One page of API keys, oldest first.")
class ApiKeyConnection:
    nodes: list[ApiKey] = strawberry.field(description="The keys, expired and revoked ones included.")
    page_info: PageInfo = strawberry.field(description="Where the page lies in the list.")
    total_count: int = strawberry.field(description="How many keys the whole list has.")


@strawberry.type(description="Whoever sent this operation, and what they may do.")
class Viewer:
    tenant: Tenant = strawberry.field(description="The tenant that the operation acts for.")
    key: ApiKey | None = strawberry.field(description="The API key; null for a token of an identity provider.")
    permission: Permission = strawberry.field(description="How much they may do.")
    scopes: list[Scope] = strawberry.field(description="What they may do besides.")
    expires_at: datetime | None = strawberry.field(description="When the key or token ends, UTC; null: never.")


@strawberry.type
class ApiKeyQueries:
    """The reads; ``graph.schema.query`` puts them into the schema."""

    @strawberry.field(
        description="API keys of the tenant, oldest first; never their secrets. Needs ADMIN, and of the default tenant "
        "for those of all tenants."
    )
    async def api_keys(
        self,
        info: Info,
        first: First = 50,
        after: After = None,
        all_tenants: Annotated[bool, strawberry.argument(description="Whether to list those of all tenants.")] = False,
    ) -> ApiKeyConnection | None:
        viewer = require_default_admin(info) if all_tenants else require(info, Permission.ADMIN)
        keys = await info.context.administration.keys.list(None if all_tenants else viewer.tenant_id)
        page = stored_page(info, "keys of all tenants" if all_tenants else "keys", keys, first, after)
        nodes: Any = page.items
        return ApiKeyConnection(nodes=nodes, page_info=page.info, total_count=page.total)

    @strawberry.field(description="Whoever sent this operation: for which tenant it acts, and what it may do.")
    async def viewer(self, info: Info) -> Viewer | None:
        viewer = info.context.operation.viewer
        administration = info.context.administration
        tenant: Any = await administration.tenants.get(viewer.tenant_id)
        # A key of the default tenant may act for another one.
        key: Any = None
        if viewer.key_id is not None:
            key = await administration.keys.get(None, viewer.key_id)
        return Viewer(
            tenant=tenant,
            key=key,
            permission=viewer.permission,
            scopes=sorted(viewer.scopes),
            expires_at=viewer.expires_at,
        )
