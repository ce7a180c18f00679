"""The facts about Hostaway: credentials, limits, and what it filters and orders itself."""

import re
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr
from pydantic.alias_generators import to_camel

from providers.manifest import AuthMethod, AuthType, Limit, LimitScope, Manifest, Precision, WebhookSetup

CODE = "HOSTAWAY"

QUOTE = "quote"
"""Price quotes have a limit of their own since 2026-08 (Hostaway documentation, Rate limits)."""

NEW_RESERVATION = "reservation"
"""So has the making of reservations."""

_ACCOUNT_ID = re.compile(r"[0-9]{1,18}")
_SECRET = re.compile(r"[\x21-\x7e]{1,8192}")


def _account_id(value: Any) -> Any:
    text = str(value).strip() if isinstance(value, int | str) and not isinstance(value, bool) else ""
    if not _ACCOUNT_ID.fullmatch(text):
        raise ValueError("must be the number of a Hostaway account")
    return text


def _secret(value: SecretStr) -> SecretStr:
    """Refuses what could not travel in a header; copied secrets often bring a line break with them."""
    text = value.get_secret_value().strip()
    if not _SECRET.fullmatch(text):
        raise ValueError("must be visible ASCII characters without spaces")
    return SecretStr(text)


AccountId = Annotated[str, BeforeValidator(_account_id, json_schema_input_type=int | str)]
Secret = Annotated[SecretStr, AfterValidator(_secret)]


class _Config(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, extra="forbid", frozen=True, hide_input_in_errors=True)


class ApiKeyConfig(_Config):
    """Credentials from which access tokens are made as needed."""

    account_id: AccountId = Field(description="Number of the Hostaway account (the API's client id).")
    api_key: Secret = Field(description="API key made in Hostaway under Settings, Hostaway API (the client secret).")


class AccessTokenConfig(_Config):
    """An access token made elsewhere. It lives for up to 24 months and cannot be renewed."""

    access_token: Secret = Field(description="Access token of the Hostaway Public API.")
    account_id: AccountId | None = Field(
        default=None,
        description="Number of the Hostaway account. Without it, limits are counted for this token alone.",
    )


HostawayConfig = ApiKeyConfig | AccessTokenConfig

# Hostaway documentation, Rate limits, as it stood until 2026-08.
_SEED = (
    Limit(scope=LimitScope.IP, calls=15, seconds=10),
    Limit(scope=LimitScope.ACCOUNT, calls=20, seconds=10),
)

# The same page since 2026-08-20. An endpoint with a limit of its own counts towards that one only.
_2026_08 = (
    Limit(scope=LimitScope.IP, calls=200, seconds=10),
    Limit(scope=LimitScope.ACCOUNT, calls=200, seconds=10),
    Limit(scope=LimitScope.ACCOUNT, calls=400, seconds=10, charge=QUOTE),
    Limit(scope=LimitScope.ACCOUNT, calls=200, seconds=10, charge=NEW_RESERVATION),
    Limit(scope=LimitScope.ACCOUNT, calls=30, seconds=60, charge="message"),
)

MANIFEST = Manifest(
    code=CODE,
    name="Hostaway",
    docs_url="https://api.hostaway.com/documentation",
    base_url="https://api.hostaway.com",
    api_prefix="/v1",
    auth_methods=(
        AuthMethod(
            type=AuthType.API_KEY,
            config=ApiKeyConfig,
            description="Account number and API key; access tokens are made and renewed by themselves.",
        ),
        AuthMethod(
            type=AuthType.ACCESS_TOKEN,
            config=AccessTokenConfig,
            description="An access token made elsewhere; connect again when it expires.",
        ),
    ),
    limits={"seed": _SEED, "2026-08": _2026_08, "off": ()},
    default_limits="seed",
    # Left out on purpose: `city`, `country`, `match`, `contactName` and `availabilityGuestNumber` exist, but whether
    # they mind case, match parts or count unknown values is not documented: they might drop what is wanted. Who sees a
    # listing, and where it is offered, only Hostaway knows.
    listing_filters={
        "updated_since": Precision.NARROWS,
        "updated_until": Precision.NARROWS,
        "provider_property_type": Precision.EXACT,
        "user_id": Precision.EXACT,
        "booking_engine_active": Precision.EXACT,
    },
    listing_orders=frozenset({"NAME", "UPDATED", "POSITION", "CONTACT_NAME"}),
    # Left out on purpose: `match` looks at the guest's name only. There is no filter by status, and none by guest.
    reservation_filters={
        "listing_ids": Precision.NARROWS,
        "arrival": Precision.NARROWS,
        "departure": Precision.NARROWS,
        "stay": Precision.NARROWS,
        "updated_since": Precision.NARROWS,
        "updated_until": Precision.NARROWS,
        "channels": Precision.NARROWS,
        "guest_email": Precision.NARROWS,
        "assignee_id": Precision.EXACT,
        "customer_reference": Precision.NARROWS,
        "agreement": Precision.NARROWS,
        "starred": Precision.NARROWS,
        "archived": Precision.NARROWS,
        "pinned": Precision.NARROWS,
        "unread": Precision.EXACT,
    },
    # A guest is some fields of a reservation, without an id (Hostaway documentation, Reservation object).
    untold_reservation_filters=frozenset({"guest_ids"}),
    reservation_orders=frozenset({"ARRIVAL", "UPDATED", "MESSAGE_SENT", "MESSAGE_RECEIVED"}),
    listing_page_size=100,
    reservation_page_size=100,
    # Hostaway documentation, Webhooks: unified webhooks are made through the API, each for one account.
    webhooks=WebhookSetup.API,
)
