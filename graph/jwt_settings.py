"""The settings for access tokens (JWT) of an identity provider, and their checks."""

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from graph.setting_sources import PREFIX

LOOPBACK = {"127.0.0.1", "::1", "localhost"}

_TOGETHER = ("jwt_issuer", "jwt_audience", "jwt_jwks_url")


def jwks_url(value: str) -> str:
    """The address of the issuer's keys. Raises ``ValueError``.

    Whoever can change what comes from there can sign tokens of their own, so it must not come in clear.
    """
    try:
        parts = urlsplit(value.strip())
        _ = parts.port
    except ValueError:
        raise ValueError("is not a URL") from None
    if not parts.hostname or parts.username or parts.password or parts.fragment:
        raise ValueError("is not an address of keys")
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in LOOPBACK):
        raise ValueError("does not begin with https://")
    return parts.geturl()


Issuer = Annotated[
    str | None, Field(min_length=1, description="Issuer of access tokens (JWT) that are accepted beside API keys.")
]
Audience = Annotated[str | None, Field(min_length=1, description="Audience that these tokens must name.")]
JwksUrl = Annotated[
    Annotated[str, AfterValidator(jwks_url)] | None,
    Field(
        description="Where their issuer publishes its public keys (JWKS).",
        json_schema_extra={"allowed": "an https:// address; http:// for this machine alone"},
    ),
]
TenantClaim = Annotated[str, Field(min_length=1, description="Claim of these tokens that names the tenant's id.")]
PermissionClaim = Annotated[
    str,
    Field(
        min_length=1,
        description="Claim of these tokens that says what their holder may do, in words such as staygraph:read.",
    ),
]


def jwt_problems(settings: object) -> list[tuple[str, None, str, str]]:
    """What is missing of settings that mean nothing without each other: variable, no value, what is wrong, allowed."""
    missing = [field for field in _TOGETHER if getattr(settings, field) is None]
    if len(missing) == len(_TOGETHER):
        return []
    allowed = f"a value, or none for all of {', '.join(PREFIX + field.upper() for field in _TOGETHER)}"
    return [(PREFIX + field.upper(), None, "is missing", allowed) for field in missing]
