"""How an account does, as clients see it. Asks no PMS."""

from datetime import datetime

import strawberry

from graph.accounts.accounts import ConnectedAccount
from graph.accounts.health import CallHistory, HealthStatus
from graph.events.account_webhooks import WebhookState
from graph.schema.context import Info
from graph.schema.exposing import expose_enum
from graph.schema.rate_limit import RateLimit, rate_limits
from providers.errors import ErrorCode, ProviderError

expose_enum(ErrorCode, name="UpstreamErrorCode")
expose_enum(HealthStatus, name="AccountHealthStatus")
expose_enum(WebhookState)


@strawberry.type(description="How an account does, as its calls told. Reading it asks no PMS.")
class AccountHealth:
    source: strawberry.Private[ConnectedAccount]
    status: HealthStatus = strawberry.field(description="How it does.")
    last_success_at: datetime | None = strawberry.field(
        description="When its PMS last answered as it should, UTC; null if it never did. Other servers over the same "
        "database write theirs down every few seconds."
    )
    last_error_at: datetime | None = strawberry.field(description="When a call last failed, UTC; null if none did.")
    last_error_code: ErrorCode | None = strawberry.field(description="What kind of failure that was; stable.")
    last_error_message: str | None = strawberry.field(description="What happened then, for people.")
    webhooks: WebhookState = strawberry.field(description="Whether StayGraph hears from its PMS by itself.")

    @strawberry.field(
        description="When the token in use expires, UTC; it is renewed before. Null if there is none yet, or its end "
        "is not known."
    )
    async def token_expires_at(self, info: Info) -> datetime | None:
        try:
            token = await info.context.administration.tokens.load(self.source.id)
        except ProviderError:
            return None
        return token.expires_at if token is not None else None

    @strawberry.field(
        description="The budgets at the PMS that the account uses up; null if its credentials cannot be used.",
    )
    async def rate_limits(self, info: Info) -> list[RateLimit] | None:
        return await rate_limits(info, [self.source])


async def health_of(info: Info, account: ConnectedAccount) -> AccountHealth:
    """An account's health, from memory and our own storage."""
    history: CallHistory = await info.context.administration.health.of(account)
    return AccountHealth(
        source=account,
        status=history.status(account),
        last_success_at=history.last_success_at,
        last_error_at=history.last_error_at,
        last_error_code=history.last_error_code,
        last_error_message=history.last_error_message,
        webhooks=(await info.context.administration.webhooks.of(account)).state,
    )
