"""Mutations of integration accounts that do not connect them."""

from decimal import Decimal
from typing import Annotated, Any

import strawberry

from graph.accounts.accounts import ConnectedAccount
from graph.accounts.keys import Permission
from graph.accounts.options import checked_options
from graph.rejections import Rejected
from graph.schema import ids
from graph.schema.account import Account
from graph.schema.approval_changes import keep_listings_shown
from graph.schema.context import Info
from graph.schema.permissions import require
from graph.schema.user_errors import UserError, user_errors


@strawberry.input(
    description="What to change about an integration account. What is left out stays as it is; percentages are exact."
)
class UpdateIntegrationAccountInput:
    name: str | None = strawberry.field(default=strawberry.UNSET, description="Its name: 1 to 200 characters.")
    account_identifier: str | None = strawberry.field(
        default=strawberry.UNSET, description="Your own id for it, unique among your accounts; null: its id here."
    )
    version: str | None = strawberry.field(
        default=strawberry.UNSET, description="Version of the integration that it was made for, as you count them."
    )
    default_discount_percentage: Decimal | None = strawberry.field(
        default=strawberry.UNSET, description="Discount on every price, in percent: 0 to 100."
    )
    markup_percentage: Decimal | None = strawberry.field(
        default=strawberry.UNSET, description="Markup on every price, in percent: 0 or more."
    )
    distribution_markup_percentage: Decimal | None = strawberry.field(
        default=strawberry.UNSET, description="Markup for other tenants that imported listings, in percent: 0 to 100."
    )
    allow_import: bool | None = strawberry.field(
        default=strawberry.UNSET, description="Whether other tenants may import its listings."
    )
    require_listing_approval: bool | None = strawberry.field(
        default=strawberry.UNSET,
        description="Whether listings seen for the first time wait for approval, hidden. When this is switched on, all "
        "listings that the account has are read, and stay shown.",
    )
    client_redirect_url: str | None = strawberry.field(
        default=strawberry.UNSET, description="Where its owner's browser is sent after the next consent; null: nowhere."
    )
    notification_url: str | None = strawberry.field(
        default=strawberry.UNSET, description="Where a message is posted after the next consent; null: nowhere."
    )


@strawberry.type(description="An integration account after a change.")
class IntegrationAccountPayload:
    account: Account | None = strawberry.field(description="The account as it is now; null if nothing was changed.")
    user_errors: list[UserError] = strawberry.field(description="What was wrong; empty if it was done.")


AccountIdArgument = Annotated[strawberry.ID, strawberry.argument(description="The account's id.")]


@strawberry.type
class AccountChanges:
    """The mutations; ``graph.schema.mutation`` puts them into the schema."""

    @strawberry.mutation(
        description="Change the name, your id, or the terms of an integration account. Needs WRITE.",
        graphql_type=IntegrationAccountPayload,
    )
    async def update_integration_account(
        self,
        info: Info,
        id: AccountIdArgument,  # noqa: A002  # the schema's name
        input: Annotated[  # noqa: A002  # the schema's name
            UpdateIntegrationAccountInput, strawberry.argument(description="What to change.")
        ],
    ) -> Any:
        viewer = require(info, Permission.WRITE)
        account_id = ids.parse(id, "id", ids.ACCOUNT).account_id
        given = _given(input)
        try:
            administration = info.context.administration
            given = {**given, **_nulls_refused(given)}
            values = checked_options(given, allow_private=administration.settings.allow_private_urls)
            await keep_listings_shown(info, account_id, values)
            changed = await administration.lifecycle.update(viewer.tenant_id, account_id, values)
        except Rejected as refusal:
            return _payload(None, refusal)
        return _payload(changed)


_NULLABLE = {"identifier", "version", "client_redirect_url", "notification_url"}


def _given(input_: UpdateIntegrationAccountInput) -> dict[str, Any]:
    fields = {("identifier" if name == "account_identifier" else name): value for name, value in vars(input_).items()}
    return {name: value for name, value in fields.items() if value is not strawberry.UNSET}


def _nulls_refused(given: dict[str, Any]) -> dict[str, Any]:
    """A null where there must be a value counts as an empty one, which the checks refuse by name."""
    return {name: "" for name, value in given.items() if value is None and name not in _NULLABLE}


def _payload(account: ConnectedAccount | None, refusal: Rejected | None = None) -> IntegrationAccountPayload:
    shown: Any = account
    return IntegrationAccountPayload(account=shown, user_errors=user_errors(refusal) if refusal else [])
