"""The mutation of integration definitions."""

from typing import Annotated, Any

import strawberry
from strawberry.scalars import JSON

from graph.accounts.vault import VaultError
from graph.rejections import Rejected, RejectionCode, rejected
from graph.schema.context import Info
from graph.schema.definition import RULE, IntegrationDefinition, integration_definition, listing_switches
from graph.schema.permissions import require_default_admin
from graph.schema.user_errors import UserError, user_errors
from providers.catalogue import UnknownProvider, plugins
from providers.model import ListingField

_SWITCHES = (
    "Which fields of listings to read from a PMS. Those named as true are on afterwards; ALL OTHERS ARE OFF, whether "
    "they are named as false or not named."
)

ListingFieldsToSyncInput: Any = strawberry.input(
    listing_switches("ListingFieldsToSyncInput", bool | None, strawberry.UNSET, _SWITCHES), description=_SWITCHES
)


@strawberry.input(description=_SWITCHES)
class FieldsToSyncInput:
    listing: ListingFieldsToSyncInput = strawberry.field(description="Those of listings.")


@strawberry.input(
    description="Headers and query parameters to send with every call to a PMS, those for tokens included. It takes "
    "the place of the whole partner key that was there. What a call says itself wins over a like name here."
)
class PartnerKeyInput:
    headers: JSON | None = strawberry.field(
        default=strawberry.UNSET,
        description='An object of names and values, for example {"x-api-key": "…"}; 20 at most. Headers that calls and '
        "connections set themselves (Authorization, Host, Content-Type…) are refused.",
    )
    query_params: JSON | None = strawberry.field(
        default=strawberry.UNSET,
        description='An object of names and values, for example {"client_id": "…"}; 20 at most.',
    )


@strawberry.input(
    name="OAuthApplicationInput",
    description="A registration at a PMS as which owners are asked for their consent, where an account names no other.",
)
class OAuthApplicationInput:
    client_id: str = strawberry.field(description="The application's id at the PMS.")
    client_secret: str = strawberry.field(description="Its secret; never shown again.")
    scopes: list[str] | None = strawberry.field(
        default=strawberry.UNSET, description="What to ask for, in the PMS's own words; left out: what it needs."
    )


@strawberry.input(description=f"What to change about a PMS. What is left out stays as it is. {RULE}.")
class UpdateIntegrationDefinitionInput:
    name: str | None = strawberry.field(
        default=strawberry.UNSET, description="Name for people: 1 to 200 characters on one line."
    )
    icon: str | None = strawberry.field(
        default=strawberry.UNSET, description="Address of an icon: https, a public host, no password; null: none."
    )
    partner_key: PartnerKeyInput | None = strawberry.field(
        default=strawberry.UNSET, description="The partner key, whole; null takes it away."
    )
    fields_to_sync: FieldsToSyncInput | None = strawberry.field(
        default=strawberry.UNSET, description=f"{RULE}. Left out, all stay as they are."
    )
    oauth_application: OAuthApplicationInput | None = strawberry.field(
        default=strawberry.UNSET, description="The OAuth application; null takes it away."
    )


@strawberry.type(description="An integration definition after a change.")
class IntegrationDefinitionPayload:
    integration_definition: IntegrationDefinition | None = strawberry.field(
        description="The definition as it is now; null if nothing was changed."
    )
    user_errors: list[UserError] = strawberry.field(description="What was wrong; empty if it was done.")


@strawberry.type
class DefinitionChanges:
    """The mutations; ``graph.schema.mutation`` puts them into the schema."""

    @strawberry.mutation(
        description="Change what holds for a PMS as a whole, for all tenants; every process of this server keeps to it "
        f"within a second. {RULE}. Needs ADMIN of the default tenant.",
        graphql_type=IntegrationDefinitionPayload,
    )
    async def update_integration_definition(
        self,
        info: Info,
        provider: Annotated[str, strawberry.argument(description="The PMS, by code, for example HOSTAWAY.")],
        input: Annotated[  # noqa: A002  # the schema's name
            UpdateIntegrationDefinitionInput, strawberry.argument(description="What to change.")
        ],
    ) -> Any:
        require_default_admin(info)
        try:
            changed = await info.context.administration.definitions.update(provider, given_definition(input))
        except UnknownProvider:
            message = "There is no such PMS here."
            return _refused(rejected("provider", RejectionCode.UNKNOWN, message, allowed=", ".join(plugins())))
        except Rejected as refusal:
            return _refused(refusal)
        except VaultError as error:
            return _refused(rejected("", RejectionCode.CONFLICT, f"What is stored cannot be opened. {error}"))
        return IntegrationDefinitionPayload(
            integration_definition=integration_definition(changed, with_secrets=True), user_errors=[]
        )


def given_definition(input_: UpdateIntegrationDefinitionInput) -> dict[str, Any]:
    """What an input names, in the names and shapes of the API."""
    given = {_API_NAMES[name]: value for name, value in vars(input_).items() if value is not strawberry.UNSET}
    key, fields, application = (given.get(name) for name in ("partnerKey", "fieldsToSync", "oauthApplication"))
    if key is not None:
        given["partnerKey"] = _named(key, {"headers": "headers", "query_params": "queryParams"})
    if fields is not None:
        switches = _named(fields.listing, _KEYS)
        # A null switch says neither on nor off: like one that is not named, it is off.
        given["fieldsToSync"] = {"listing": {key: on for key, on in switches.items() if on is not None}}
    if application is not None:
        names = {"client_id": "clientId", "client_secret": "clientSecret", "scopes": "scopes"}
        given["oauthApplication"] = _named(application, names)
    return given


_API_NAMES = {
    "name": "name",
    "icon": "icon",
    "partner_key": "partnerKey",
    "fields_to_sync": "fieldsToSync",
    "oauth_application": "oauthApplication",
}

_KEYS = {key.name.lower(): key.value for key in ListingField}


def _named(value: Any, names: dict[str, str]) -> dict[str, Any]:
    return {names[name]: each for name, each in vars(value).items() if each is not strawberry.UNSET}


def _refused(refusal: Rejected) -> IntegrationDefinitionPayload:
    return IntegrationDefinitionPayload(integration_definition=None, user_errors=user_errors(refusal))
