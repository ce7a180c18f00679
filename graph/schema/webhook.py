"""An account's webhooks, as clients see them, and making an address for them."""

from datetime import datetime
from typing import Annotated

import strawberry

from graph.accounts.accounts import AccountGoneError, ConnectedAccount
from graph.accounts.keys import Permission
from graph.events.account_webhooks import AccountWebhook as Webhook
from graph.events.account_webhooks import WebhookEntry, WebhookState, webhooks_of
from graph.rejections import Rejected, RejectionCode, rejected
from graph.schema import ids
from graph.schema.context import Info
from graph.schema.exposing import expose_enum
from graph.schema.permissions import require
from graph.schema.user_errors import UserError, user_errors

expose_enum(WebhookState)


@strawberry.type(
    description="What to enter in the PMS so that its webhooks arrive. Whoever knows it can send in the PMS's name."
)
class WebhookAddress:
    url: str = strawberry.field(description="The address to enter.")
    login: str | None = strawberry.field(
        description="User name to enter beside it; null where the PMS signs with a secret that it has already."
    )
    password: str | None = strawberry.field(description="Password to enter beside it; null where there is no login.")


@strawberry.type(description="Whether StayGraph hears from an account's PMS by itself. Reading it asks no PMS.")
class AccountWebhook:
    source: strawberry.Private[ConnectedAccount]
    state: WebhookState = strawberry.field(description="How it stands.")
    setup: str | None = strawberry.field(
        description="Where to enter the address in the PMS, for people; null where the PMS sends no webhooks."
    )
    issued_at: datetime | None = strawberry.field(description="When the address was made, UTC; null if none was.")
    last_delivery_at: datetime | None = strawberry.field(
        description="When a webhook last arrived, UTC; null if none ever did."
    )
    deliveries: int = strawberry.field(description="How many have arrived, each counted once.")
    last_refused_at: datetime | None = strawberry.field(
        description="When something last came without the PMS's proof, UTC: a wrong password or signature. Null if "
        "nothing did."
    )
    refused: int = strawberry.field(description="How many came without that proof. It is counted every few seconds.")

    subscribed_at: datetime | None = strawberry.field(
        description="When the PMS was last told the address through its API, UTC: nobody has to enter it then. Null if "
        "it was not."
    )
    subscription_error: str | None = strawberry.field(
        description="Why the PMS did not take the address through its API when it last was to; null if it did, or was "
        "not asked. See repairWebhooks."
    )

    @strawberry.field(
        description="What to enter in the PMS; null if nothing was made yet: see rotateWebhookSecret. Needs WRITE."
    )
    async def address(self, info: Info) -> WebhookAddress | None:
        require(info, Permission.WRITE)
        entry = await info.context.administration.webhooks.entry(self.source)
        return None if entry is None else _address(entry)


async def webhook_of(info: Info, account: ConnectedAccount) -> AccountWebhook:
    """How an account's webhooks go, from our own storage."""
    found: Webhook = await info.context.administration.webhooks.of(account)
    webhooks = webhooks_of(account.provider)
    return AccountWebhook(
        source=account,
        state=found.state,
        setup=webhooks.setup if webhooks is not None else None,
        issued_at=found.issued_at,
        last_delivery_at=found.last_delivery_at,
        deliveries=found.deliveries,
        last_refused_at=found.last_refused_at,
        refused=found.refused,
        subscribed_at=found.subscribed_at,
        subscription_error=found.subscription_error,
    )


@strawberry.type(description="An address for webhooks that was just made.")
class WebhookAddressPayload:
    address: WebhookAddress | None = strawberry.field(
        description="What to enter in the PMS from now on; null if nothing was changed."
    )
    user_errors: list[UserError] = strawberry.field(description="What was wrong; empty if it was done.")


@strawberry.type(description="How an account's webhooks go after its PMS was told where to send them.")
class RepairWebhooksPayload:
    webhook: AccountWebhook | None = strawberry.field(description="How they go now; null if there is no such account.")
    user_errors: list[UserError] = strawberry.field(description="What was wrong; empty if it was done.")


@strawberry.type
class WebhookChanges:
    """The mutations; ``graph.schema.mutation`` puts them into the schema."""

    @strawberry.mutation(
        description="Make the address to which an account's PMS sends its webhooks, with a password where there is "
        "one; or new ones, after somebody saw them who should not. The former stop working at once, so enter the new "
        "ones in the PMS, unless it was told through its API: then it is told again. Needs WRITE.",
    )
    async def rotate_webhook_secret(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="The account's id.")],  # noqa: A002  # the schema's name
    ) -> WebhookAddressPayload:
        viewer = require(info, Permission.WRITE)
        account_id = ids.parse(id, "id", ids.ACCOUNT).account_id
        try:
            entry = await info.context.administration.webhooks.make(viewer.tenant_id, account_id)
            await info.context.administration.subscribing.renewed(viewer.tenant_id, account_id)
        except AccountGoneError:
            return _refused(rejected("id", RejectionCode.NOT_FOUND, "There is no such account."))
        except Rejected as refusal:
            return _refused(refusal)
        return WebhookAddressPayload(address=_address(entry), user_errors=[])

    @strawberry.mutation(
        description="Tell an account's PMS through its API where to send webhooks, again or for the first time: after "
        "it switched them off, they were removed there, or this server's address changed. Needs WRITE.",
    )
    async def repair_webhooks(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="The account's id.")],  # noqa: A002  # the schema's name
    ) -> RepairWebhooksPayload:
        viewer = require(info, Permission.WRITE)
        administration = info.context.administration
        account_id = ids.parse(id, "id", ids.ACCOUNT).account_id
        account = await administration.accounts.get(viewer.tenant_id, account_id)
        if account is None:
            gone = rejected("id", RejectionCode.NOT_FOUND, "There is no such account.")
            return RepairWebhooksPayload(webhook=None, user_errors=user_errors(gone))
        try:
            await administration.subscribing.repair(account)
        except Rejected as refusal:
            return RepairWebhooksPayload(webhook=await webhook_of(info, account), user_errors=user_errors(refusal))
        return RepairWebhooksPayload(webhook=await webhook_of(info, account), user_errors=[])


def _address(entry: WebhookEntry) -> WebhookAddress:
    login = entry.login
    return WebhookAddress(
        url=entry.url, login=login.login if login else None, password=login.password if login else None
    )


def _refused(refusal: Rejected) -> WebhookAddressPayload:
    return WebhookAddressPayload(address=None, user_errors=user_errors(refusal))
