"""Mutations that connect accounts, and connect them again."""

from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Union

import strawberry
from strawberry.scalars import JSON

from graph.accounts.accounts import AccountOptions
from graph.accounts.creation import Connected, NewAccount, NewCredentials
from graph.accounts.keys import Permission
from graph.rejections import Rejected
from graph.schema import ids
from graph.schema.account import Account
from graph.schema.account_changes import AccountIdArgument
from graph.schema.context import Info
from graph.schema.permissions import require
from graph.schema.user_errors import UserError, user_errors
from providers import catalogue
from providers.manifest import AuthType, WebhookSetup


@strawberry.enum(name="AuthTypeInput", description="How an account proves itself to its PMS, in an input.")
class AuthTypeInput(Enum):
    ACCESS_TOKEN = strawberry.enum_value("ACCESS_TOKEN", description=AuthType.ACCESS_TOKEN.description)
    API_KEY = strawberry.enum_value("API_KEY", description=AuthType.API_KEY.description)
    OAUTH = strawberry.enum_value("OAUTH", description=AuthType.OAUTH.description)
    EMAIL_PASSWORD = strawberry.enum_value("EMAIL_PASSWORD", description=AuthType.EMAIL_PASSWORD.description)
    USERNAME_PASSWORD = strawberry.enum_value("USERNAME_PASSWORD", description="Another word for EMAIL_PASSWORD.")
    PARTNER_TOKEN = strawberry.enum_value("PARTNER_TOKEN", description=AuthType.PARTNER_TOKEN.description)


_CONFIG = (
    "The credentials: an object that fits `providers { authTypes { configSchema } }`. It is sealed before it is stored "
    "and never shown again."
)
_REDIRECT = (
    "Where the owner's browser is sent after the consent: https or http, without credentials. OAUTH needs it, unless "
    "authConfig brings a refreshToken."
)
_NOTIFICATION = "Where StayGraph posts a signed message after the consent: https or http, without credentials."


@strawberry.input(description="An integration account to connect. Percentages are exact.")
class CreateIntegrationAccountInput:
    name: str = strawberry.field(description="Its name: 1 to 200 characters.")
    provider: str = strawberry.field(description="Code of its PMS, in any case: see providers.")
    auth_type: AuthTypeInput = strawberry.field(description="How it proves itself: one of the provider's authTypes.")
    account_identifier: str | None = strawberry.field(
        default=None, description="Your own id for it, unique among your accounts; without it, its id here."
    )
    id: str | None = strawberry.field(
        default=None,
        description="Id to store it under, if you want to choose it: 1 to 40 letters, digits, - and _, a UUID for one. "
        "The id that queries give is made from it.",
    )
    version: str | None = strawberry.field(
        default=None, description="Version of the integration that it is made for, as you count them."
    )
    auth_config: JSON | None = strawberry.field(default=None, description=_CONFIG)
    client_redirect_url: str | None = strawberry.field(default=None, description=_REDIRECT)
    notification_url: str | None = strawberry.field(default=None, description=_NOTIFICATION)
    default_discount_percentage: Decimal | None = strawberry.field(
        default=None, description="Discount on every price, in percent: 0 to 100; 0 without it."
    )
    markup_percentage: Decimal | None = strawberry.field(
        default=None, description="Markup on every price, in percent: 0 or more; 0 without it."
    )
    distribution_markup_percentage: Decimal | None = strawberry.field(
        default=None, description="Markup for other tenants that import listings, in percent: 0 to 100; 0 without it."
    )
    allow_import: bool | None = strawberry.field(
        default=None, description="Whether other tenants may import its listings; false without it."
    )
    require_listing_approval: bool | None = strawberry.field(
        default=None,
        description="Whether listings seen for the first time wait for approval, hidden; false without it.",
    )


@strawberry.input(description="New credentials of an integration account. What is left out stays as it is.")
class ReauthorizeIntegrationAccountInput:
    auth_config: JSON | None = strawberry.field(
        default=None,
        description=f"{_CONFIG} All of them, not only those that changed. Without it an OAUTH account's owner is asked "
        "to consent again, with the credentials that are stored.",
    )
    auth_type: AuthTypeInput | None = strawberry.field(default=None, description="How it proves itself from now on.")
    client_redirect_url: str | None = strawberry.field(default=None, description=_REDIRECT)
    notification_url: str | None = strawberry.field(default=None, description=_NOTIFICATION)


@strawberry.type(description="An integration account that is connected: its PMS accepted the credentials.")
class CreatedIntegrationAccount:
    account: Account = strawberry.field(description="The account.")
    webhook_urls: list[str] = strawberry.field(
        description="Addresses to enter in the PMS by hand, so that it tells of changes; empty where there is nothing "
        "to enter."
    )
    warning: str | None = strawberry.field(
        description="Set if the PMS accepted the credentials, replaced the refresh token, and then failed: the account "
        "was stored, since only the new token is good. Test it later."
    )


@strawberry.type(description="An integration account whose owner has to consent in the PMS before it can be read.")
class IntegrationAccountAuthorization:
    account: Account = strawberry.field(
        description="The account. A new one is AWAITING_AUTHORIZATION; one that is authorized again goes on with the "
        "credentials that it has until its owner has consented."
    )
    authorization_url: str = strawberry.field(
        description="Where the owner's browser has to go: the PMS's page of consent. For one use."
    )
    authorization_expires_at: datetime = strawberry.field(description="Until when the address is good, UTC.")
    webhook_urls: list[str] = strawberry.field(
        description="Addresses to enter in the PMS by hand, so that it tells of changes; empty where there is nothing "
        "to enter."
    )
    workspace_level_webhook_subscription_supported: bool = strawberry.field(
        description="Whether one setting of webhooks in the PMS serves all accounts of an application."
    )
    subscription_api_supported: bool = strawberry.field(
        description="Whether the PMS can be told through its API where to send webhooks."
    )


IntegrationAccountResult = Annotated[
    Union[CreatedIntegrationAccount, IntegrationAccountAuthorization],  # noqa: UP007  # Strawberry names it
    strawberry.union(
        "CreateIntegrationAccountResult",
        description="A connected account, or where its owner has to consent.",
    ),
]


@strawberry.type(description="An integration account that was connected, or connected again.")
class CreateIntegrationAccountPayload:
    result: IntegrationAccountResult | None = strawberry.field(
        description="The account, or where its owner has to consent; null if nothing was stored."
    )
    user_errors: list[UserError] = strawberry.field(description="What was wrong; empty if it was done.")


@strawberry.type
class AccountCreations:
    """The mutations; ``graph.schema.mutation`` puts them into the schema."""

    @strawberry.mutation(
        description="Connect an account of a PMS. Its PMS is asked first: if it refuses the credentials or is away, "
        "nothing is stored. For OAUTH without tokens at hand the answer says where the owner has to consent. Needs "
        "WRITE.",
        graphql_type=CreateIntegrationAccountPayload,
    )
    async def create_integration_account(
        self,
        info: Info,
        input: Annotated[  # noqa: A002  # the schema's name
            CreateIntegrationAccountInput, strawberry.argument(description="The account to connect.")
        ],
    ) -> Any:
        viewer = require(info, Permission.WRITE)
        wanted = NewAccount(
            provider=input.provider,
            auth_type=_auth_type(input.auth_type),
            config=input.auth_config,
            options=_options(input),
            account_id=input.id,
        )
        try:
            connected = await info.context.administration.creation.create(viewer.tenant_id, wanted)
        except Rejected as refusal:
            return _refused(refusal)
        return await _payload(info, connected)

    @strawberry.mutation(
        description="Give an integration account other credentials, which its PMS is asked about first, or have its "
        "owner consent again. Needs WRITE.",
        graphql_type=CreateIntegrationAccountPayload,
    )
    async def reauthorize_integration_account(
        self,
        info: Info,
        id: AccountIdArgument,  # noqa: A002  # the schema's name
        input: Annotated[  # noqa: A002  # the schema's name
            ReauthorizeIntegrationAccountInput, strawberry.argument(description="How it proves itself from now on.")
        ],
    ) -> Any:
        viewer = require(info, Permission.WRITE)
        account_id = ids.parse(id, "id", ids.ACCOUNT).account_id
        wanted = NewCredentials(
            auth_type=None if input.auth_type is None else _auth_type(input.auth_type),
            config=input.auth_config,
            options=_options(input),
        )
        try:
            connected = await info.context.administration.creation.reauthorize(viewer.tenant_id, account_id, wanted)
        except Rejected as refusal:
            return _refused(refusal)
        return await _payload(info, connected)


def _auth_type(given: AuthTypeInput) -> AuthType:
    return AuthType.EMAIL_PASSWORD if given is AuthTypeInput.USERNAME_PASSWORD else AuthType[given.name]


def _options(input_: Any) -> dict[str, Any]:
    """The options that were given. Null counts as left out."""
    given = {("identifier" if name == "account_identifier" else name): value for name, value in vars(input_).items()}
    known = AccountOptions.__dataclass_fields__
    return {name: value for name, value in given.items() if name in known and value is not None}


def _refused(refusal: Rejected) -> CreateIntegrationAccountPayload:
    return CreateIntegrationAccountPayload(result=None, user_errors=user_errors(refusal))


async def _payload(info: Info, connected: Connected) -> CreateIntegrationAccountPayload:
    return CreateIntegrationAccountPayload(result=await _result(info, connected), user_errors=[])


async def _result(info: Info, connected: Connected) -> CreatedIntegrationAccount | IntegrationAccountAuthorization:
    account: Any = connected.account
    manifest = catalogue.plugin(connected.account.provider).manifest
    by_hand = manifest.webhooks is WebhookSetup.MANUAL
    urls = await info.context.administration.webhooks.urls(connected.account) if by_hand else []
    if connected.consent is None:
        interruption = connected.interruption
        return CreatedIntegrationAccount(
            account=account, webhook_urls=urls, warning=interruption.message if interruption else None
        )
    return IntegrationAccountAuthorization(
        account=account,
        authorization_url=connected.consent.url,
        authorization_expires_at=connected.consent.expires_at,
        webhook_urls=urls,
        workspace_level_webhook_subscription_supported=manifest.webhooks_of_application,
        subscription_api_supported=manifest.webhooks is WebhookSetup.API,
    )
