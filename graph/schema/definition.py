"""Integration definitions, as clients see them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

import strawberry
from strawberry.scalars import JSON

from graph.accounts.definitions import Definition
from graph.accounts.oauth_application import OAuthApplication
from graph.schema.arguments import BadInput
from graph.schema.context import Info
from providers.catalogue import UnknownProvider, plugins
from providers.model import ListingField
from providers.upstream.partner import MASK, PartnerKey

RULE = "Of fieldsToSync, the fields that you name as true are on afterwards, and ALL OTHERS ARE OFF, named or not"
"""What everybody who changes the fields must know."""


def listing_switches(name: str, kind: Any, default: Any, description: str) -> type:
    """A class with a field for each key of ``fieldsToSync.listing``, named as products in the field name them."""
    switches = {
        key.name.lower(): strawberry.field(name=key.value, default=default, description=f"Switches {key.description}")
        for key in ListingField
    }
    annotations = dict.fromkeys(switches, kind)
    return type(name, (), {"__annotations__": annotations, "__module__": __name__, "__doc__": description, **switches})


_SWITCHED = "Which fields of listings are read from a PMS; what is off is null in every answer, raw records included."

ListingFieldsToSync: Any = strawberry.type(
    listing_switches("ListingFieldsToSync", bool, False, _SWITCHED), description=_SWITCHED
)


@strawberry.type(description="Which fields are read from a PMS.")
class FieldsToSync:
    listing: ListingFieldsToSync = strawberry.field(description="Those of listings.")


@strawberry.type(
    name="PartnerKey", description="What goes with every call to a PMS, those for tokens included. Values are masked."
)
class MaskedPartnerKey:
    headers: JSON = strawberry.field(description="Names of headers, each with ******** for its value.")
    query_params: JSON = strawberry.field(description="Names of query parameters, each with ******** for its value.")


@strawberry.type(
    name="OAuthApplication",
    description="The registration at a PMS as which owners are asked for their consent, where an account names no "
    "other.",
)
class MaskedOAuthApplication:
    client_id: str = strawberry.field(description="The application's id at the PMS.")
    client_secret: str = strawberry.field(description="Always ********.")
    scopes: list[str] = strawberry.field(description="What it asks for, in the PMS's own words.")


@strawberry.type(description="What the operator of this server chose for a PMS, for all tenants.")
class IntegrationDefinition:
    id: strawberry.ID = strawberry.field(description="Its id here.")
    provider: str = strawberry.field(description="Code of the PMS, for example HOSTAWAY.")
    name: str = strawberry.field(description="Name for people.")
    icon: str | None = strawberry.field(description="Address of an icon (https); null if none was given.")
    partner_key: MaskedPartnerKey | None = strawberry.field(
        description="Null if there is none, and for all but keys of the default tenant with the permission ADMIN."
    )
    oauth_application: MaskedOAuthApplication | None = strawberry.field(
        description="Null if there is none, and for all but keys of the default tenant with the permission ADMIN."
    )
    fields_to_sync: FieldsToSync = strawberry.field(description="Which fields are read; at first all.")
    created_at: datetime = strawberry.field(description="When it was made: at the first look at it, UTC.")
    updated_at: datetime = strawberry.field(description="When it was last changed, UTC.")


def integration_definition(found: Definition, *, with_secrets: bool) -> IntegrationDefinition:
    """A definition as clients see it; ``with_secrets`` says whether they may know which secrets there are."""
    switches = {key.name.lower(): key not in found.fields_off for key in ListingField}
    return IntegrationDefinition(
        id=strawberry.ID(found.id),
        provider=found.provider,
        name=found.name,
        icon=found.icon,
        partner_key=_masked_key(found.partner_key) if with_secrets and found.partner_key else None,
        oauth_application=_masked_application(found.oauth_application) if with_secrets else None,
        fields_to_sync=FieldsToSync(listing=ListingFieldsToSync(**switches)),
        created_at=found.created_at,
        updated_at=found.updated_at,
    )


def masked_values(values: Mapping[str, str]) -> dict[str, str]:
    """The names of ``values``, each with the mask."""
    return dict.fromkeys(values, MASK)


def _masked_key(key: PartnerKey) -> MaskedPartnerKey:
    headers: Any = masked_values(key.headers)
    query: Any = masked_values(key.query)
    return MaskedPartnerKey(headers=headers, query_params=query)


def _masked_application(application: OAuthApplication | None) -> MaskedOAuthApplication | None:
    if application is None:
        return None
    return MaskedOAuthApplication(client_id=application.client_id, client_secret=MASK, scopes=list(application.scopes))


@strawberry.type
class DefinitionQueries:
    """The queries; ``graph.schema.query`` puts them into the schema."""

    @strawberry.field(
        description="What the operator chose for each PMS, in the order of their codes.",
        graphql_type=list[IntegrationDefinition] | None,
    )
    async def integration_definitions(self, info: Info) -> Any:
        with_secrets = info.context.operation.viewer.manages_tenants
        found = await info.context.administration.definitions.list()
        return [integration_definition(each, with_secrets=with_secrets) for each in found]

    @strawberry.field(description="What the operator chose for one PMS.", graphql_type=IntegrationDefinition | None)
    async def integration_definition(
        self,
        info: Info,
        provider: Annotated[str, strawberry.argument(description="The PMS, by code, for example HOSTAWAY.")],
    ) -> Any:
        try:
            found = await info.context.administration.definitions.get(provider)
        except UnknownProvider:
            raise BadInput("provider", "names no PMS", allowed=", ".join(plugins())) from None
        return integration_definition(found, with_secrets=info.context.operation.viewer.manages_tenants)
