"""The budgets at the PMSs, as clients see them."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import strawberry

from graph.accounts.accounts import ConnectedAccount
from graph.accounts.use import out_of_use
from graph.schema.context import Info
from graph.schema.exposing import expose_enum
from providers.errors import ProviderError
from providers.manifest import LimitScope
from providers.upstream.upstream import WindowUsage

if TYPE_CHECKING:
    from graph.schema.account import Account

expose_enum(LimitScope, name="RateLimitScope")


@strawberry.type(
    description="One window of a PMS's limits: how much of it is used, and when the next call is possible."
)
class RateLimit:
    account_ids: strawberry.Private[list[str]]
    provider: str = strawberry.field(description="Code of the PMS.")
    scope: LimitScope = strawberry.field(description="What the PMS counts by.")
    limit: int = strawberry.field(description="Calls at most in the window.")
    window_seconds: int = strawberry.field(description="Length of the window in seconds.")
    used: int = strawberry.field(description="Calls counted in the window now, by this server.")
    remaining: int = strawberry.field(description="Calls left in the window now.")
    waiting: int = strawberry.field(description="Calls that wait for this window.")
    next_permit_at: datetime = strawberry.field(description="When a call that joined now could go out, UTC.")
    blocked_until: datetime | None = strawberry.field(
        description="Until when the PMS told us to make no call at all, UTC; null if it did not."
    )

    @strawberry.field(
        description="Your accounts that share this window.",
        graphql_type=list[Annotated["Account", strawberry.lazy("graph.schema.account")]],
    )
    async def accounts(self, info: Info) -> Any:
        found = await info.context.loaders(info).account_by_id.load_many(self.account_ids)
        return [account for account in found if account is not None]


async def rate_limits(info: Info, accounts: Sequence[ConnectedAccount]) -> list[RateLimit]:
    """The windows of these accounts; other tenants' accounts in them are not named."""
    mine = {account.id for account in accounts}
    for account in accounts:
        if out_of_use(account):
            continue
        # An account that was not used yet has no windows until its session is made; that asks nobody.
        try:
            await info.context.gateway.reading.client(account)
        except ProviderError as error:
            info.context.report(info, error)
    return [_rate_limit(usage, mine) for usage in info.context.upstream.usage() if mine & set(usage.account_ids)]


def _rate_limit(usage: WindowUsage, mine: set[str]) -> RateLimit:
    return RateLimit(
        account_ids=[id_ for id_ in usage.account_ids if id_ in mine],
        provider=usage.provider,
        scope=usage.scope,
        limit=usage.limit,
        window_seconds=usage.seconds,
        used=usage.used,
        remaining=max(usage.limit - usage.used, 0),
        waiting=usage.waiting,
        next_permit_at=usage.next_permit_at,
        blocked_until=usage.blocked_until,
    )
