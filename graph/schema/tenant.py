"""Tenants, as those who manage them see them."""

from collections.abc import Awaitable
from datetime import datetime
from typing import Annotated, Any

import strawberry

from graph.accounts.tenants import Tenant as StoredTenant
from graph.accounts.tenants import TenantStatus
from graph.rejections import Rejected
from graph.schema.arguments import After, First
from graph.schema.connection import PageInfo
from graph.schema.context import Info
from graph.schema.exposing import expose_enum
from graph.schema.permissions import require_default_admin
from graph.schema.stored_page import stored_page
from graph.schema.user_errors import UserError, user_errors

expose_enum(TenantStatus)


@strawberry.type(description="Somebody whose accounts, keys and data are kept apart from everybody else's.")
class Tenant:
    id: strawberry.ID = strawberry.field(description="Its id, as X-Tenant-Id and access tokens name it.")
    name: str = strawberry.field(description="Its name, unique.")
    status: TenantStatus = strawberry.field(description="Whether it is in use.")
    is_default: bool = strawberry.field(
        description="Whether it is the default tenant, whose ADMIN keys manage all tenants."
    )
    created_at: datetime = strawberry.field(description="When it was made, UTC.")
    updated_at: datetime = strawberry.field(description="When its name or status last changed, UTC.")

    @classmethod
    def is_type_of(cls, value: object, _: object) -> bool:
        return isinstance(value, StoredTenant)


@strawberry.type(description="One page of tenants, oldest first.")
class TenantConnection:
    nodes: list[Tenant] = strawberry.field(description="The tenants.")
    page_info: PageInfo = strawberry.field(description="Where the page lies in the list.")
    total_count: int = strawberry.field(description="How many tenants there are.")


@strawberry.type
class TenantQueries:
    """The reads; ``graph.schema.query`` puts them into the schema."""

    @strawberry.field(description="All tenants, oldest first. Needs ADMIN of the default tenant.")
    async def tenants(self, info: Info, first: First = 50, after: After = None) -> TenantConnection | None:
        require_default_admin(info)
        page = stored_page(info, "tenants", await info.context.administration.tenants.list(), first, after)
        nodes: Any = page.items
        return TenantConnection(nodes=nodes, page_info=page.info, total_count=page.total)


@strawberry.type(description="A tenant after a change.")
class TenantPayload:
    tenant: Tenant | None = strawberry.field(description="The tenant as it is now; null if nothing was changed.")
    user_errors: list[UserError] = strawberry.field(description="What was wrong; empty if it was done.")


TenantIdArgument = Annotated[strawberry.ID, strawberry.argument(description="The tenant's id.")]
NameArgument = Annotated[
    str, strawberry.argument(description="Its name: 1 to 200 characters, unlike that of any other tenant.")
]


@strawberry.type
class TenantChanges:
    """The mutations; ``graph.schema.mutation`` puts them into the schema."""

    @strawberry.mutation(description="Make a tenant, active and without keys. Needs ADMIN of the default tenant.")
    async def create_tenant(self, info: Info, name: NameArgument) -> TenantPayload:
        require_default_admin(info)
        return await _payload(info.context.administration.tenants.create(name))

    @strawberry.mutation(description="Give a tenant another name. Needs ADMIN of the default tenant.")
    async def rename_tenant(
        self,
        info: Info,
        id: TenantIdArgument,  # noqa: A002  # the schema's name
        name: NameArgument,
    ) -> TenantPayload:
        require_default_admin(info)
        return await _payload(info.context.administration.tenants.rename(id, name))

    @strawberry.mutation(
        description="Take a tenant out of use: its keys and tokens stop working within a second, all it has stays. "
        "The default tenant is always active. Needs ADMIN of the default tenant."
    )
    async def deactivate_tenant(self, info: Info, id: TenantIdArgument) -> TenantPayload:  # noqa: A002  # the schema's name
        require_default_admin(info)
        return await _payload(info.context.administration.tenants.set_status(id, TenantStatus.INACTIVE))

    @strawberry.mutation(description="Put a tenant back into use. Needs ADMIN of the default tenant.")
    async def activate_tenant(self, info: Info, id: TenantIdArgument) -> TenantPayload:  # noqa: A002  # the schema's name
        require_default_admin(info)
        return await _payload(info.context.administration.tenants.set_status(id, TenantStatus.ACTIVE))


async def _payload(change: Awaitable[StoredTenant]) -> TenantPayload:
    try:
        tenant: Any = await change
    except Rejected as refusal:
        return TenantPayload(tenant=None, user_errors=user_errors(refusal))
    return TenantPayload(tenant=tenant, user_errors=[])
