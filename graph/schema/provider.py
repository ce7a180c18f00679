"""The catalogue of PMSs, as clients see it."""

from typing import Any

import strawberry
from strawberry.scalars import JSON

from graph.schema.exposing import expose_enum
from providers.capabilities import Capability
from providers.contract import Plugin, capabilities
from providers.manifest import AuthMethod, AuthType, Limit, LimitScope, WebhookSetup
from providers.model import DictionaryKind

expose_enum(WebhookSetup)
expose_enum(Capability, name="ProviderCapability")
expose_enum(LimitScope, name="RateLimitScope")


@strawberry.type(description="One way to connect an account of a PMS.")
class ProviderAuthType:
    type: AuthType = strawberry.field(description="How the account proves itself.")
    description: str = strawberry.field(description="Where to find the credentials, for people.")
    config_schema: JSON = strawberry.field(description="JSON Schema of the credentials to give.")


@strawberry.type(description="A limit that a PMS sets to calls.")
class ProviderLimit:
    scope: LimitScope = strawberry.field(description="What the PMS counts by.")
    calls: int = strawberry.field(description="Calls at most.")
    seconds: int = strawberry.field(description="In any stretch of so many seconds.")
    charge: str | None = strawberry.field(description="Kind of call that it is for alone; null: all others.")


@strawberry.type(description="Limits of a PMS that hold together.")
class ProviderLimitProfile:
    name: str = strawberry.field(description="Name, as the server's settings use it.")
    is_default: bool = strawberry.field(description="True if it holds unless the settings name another.")
    limits: list[ProviderLimit] = strawberry.field(description="The limits.")


@strawberry.type(description="A PMS that accounts can be connected to.")
class Provider:
    code: str = strawberry.field(description="Code by which the API names it, for example HOSTAWAY.")
    name: str = strawberry.field(description="Name for people.")
    docs_url: str = strawberry.field(description="Address of the documentation of its API.")
    capabilities: list[Capability] = strawberry.field(
        description="What can be read through it; anything else answers NOT_SUPPORTED."
    )
    dictionaries: list[DictionaryKind] = strawberry.field(description="Dictionaries that can be read through it.")
    auth_types: list[ProviderAuthType] = strawberry.field(description="Ways to connect an account.")
    webhooks: WebhookSetup = strawberry.field(description="How it is told where to send its webhooks.")
    webhooks_of_application: bool = strawberry.field(
        description="True if one such setting serves all accounts of an application."
    )
    limit_profiles: list[ProviderLimitProfile] = strawberry.field(description="Limits that it sets to calls.")


def provider(plugin: Plugin) -> Provider:
    """A plugin as clients see it."""
    manifest = plugin.manifest
    able = capabilities(plugin.client_class)
    return Provider(
        code=manifest.code,
        name=manifest.name,
        docs_url=manifest.docs_url,
        capabilities=[capability for capability in Capability if capability in able],
        dictionaries=[kind for kind in DictionaryKind if kind in plugin.client_class.dictionaries],
        auth_types=[_auth_type(method) for method in manifest.auth_methods],
        webhooks=manifest.webhooks,
        webhooks_of_application=manifest.webhooks_of_application,
        limit_profiles=[
            ProviderLimitProfile(
                name=name, is_default=name == manifest.default_limits, limits=[_limit(limit) for limit in limits]
            )
            for name, limits in manifest.limits.items()
        ],
    )


def _auth_type(method: AuthMethod) -> ProviderAuthType:
    schema: Any = method.config.model_json_schema()
    return ProviderAuthType(type=method.type, description=method.description, config_schema=schema)


def _limit(limit: Limit) -> ProviderLimit:
    return ProviderLimit(scope=limit.scope, calls=limit.calls, seconds=limit.seconds, charge=limit.charge)
