"""What BookingSync is before anyone calls it: credentials, limits, what it filters itself."""

from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr
from pydantic.alias_generators import to_camel

from providers.manifest import AuthMethod, AuthType, Limit, LimitScope, Manifest, Precision, WebhookSetup, WindowKind

CODE = "BOOKINGSYNC"
RENTALS_PER_PAGE = 50
RECORDS_PER_PAGE = 100


def _as_text(value: Any) -> Any:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


AccountId = Annotated[
    str,
    BeforeValidator(_as_text, json_schema_input_type=str | int),
    Field(pattern=r"^[0-9]{1,19}$", description="Id of the BookingSync account, as in its web addresses."),
]


class _Config(BaseModel):
    model_config = ConfigDict(
        alias_generator=to_camel,
        populate_by_name=True,
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
    )


class OAuthConfig(_Config):
    """An application registered with BookingSync, and what its authorization by an account left behind."""

    client_id: str = Field(min_length=1, description="Client ID of the application, from the partner panel.")
    client_secret: SecretStr = Field(min_length=1, description="Client Secret of the application.")
    refresh_token: SecretStr | None = Field(
        default=None,
        min_length=1,
        description=(
            "Refresh token of the account's authorization; it is used up and replaced at each renewal. "
            "Without one the application's own client credentials are used, which see public data only."
        ),
    )
    redirect_uri: str | None = Field(
        default=None,
        min_length=1,
        description=(
            "Redirect URI of the authorization; sent again with each renewal. For the consent of an owner it must "
            "lead to /oauth/callback of this server; without one that address itself is used."
        ),
    )
    access_token: SecretStr | None = Field(
        default=None, min_length=1, description="Access token, if one is at hand that has not expired."
    )
    expires_at: AwareDatetime | None = Field(
        default=None,
        description="When that access token expires: an instant with its offset, or Unix seconds.",
    )
    scope: str | None = Field(
        default=None,
        description=(
            "Scopes, separated by spaces: those to ask the owner for (without: all that is read and written), or those "
            "that were granted."
        ),
    )
    account_id: AccountId | None = Field(
        default=None,
        description=(
            "The account to serve. Needed with client credentials, whose tokens see every account that "
            "installed the application."
        ),
    )


class AccessTokenConfig(_Config):
    """An access token made elsewhere. It lives two hours at most and cannot be renewed."""

    access_token: SecretStr = Field(min_length=1, description="A BookingSync access token.")
    account_id: AccountId | None = Field(
        default=None, description="The account to serve; needed if the token sees several."
    )


BookingsyncConfig = OAuthConfig | AccessTokenConfig

MANIFEST = Manifest(
    code=CODE,
    name="BookingSync (Smily)",
    docs_url="https://developers.bookingsync.com",
    base_url="https://www.bookingsync.com",
    api_prefix="/api/v3",
    auth_methods=(
        AuthMethod(
            type=AuthType.OAUTH,
            config=OAuthConfig,
            description=(
                "A registered application: with a refresh token as one account authorized it, without as "
                "itself (client credentials: public data only)."
            ),
            without_consent=lambda config: config.account_id is not None,
        ),
        AuthMethod(
            type=AuthType.ACCESS_TOKEN,
            config=AccessTokenConfig,
            description="An access token made elsewhere; good for two hours at most.",
        ),
    ),
    limits={
        "documented": (Limit(scope=LimitScope.APPLICATION, calls=1000, seconds=3600, kind=WindowKind.CLOCK),),
        "off": (),
    },
    default_limits="documented",
    listing_filters={"updated_since": Precision.NARROWS},
    # A rental has a country code, and no country in words (BookingSync documentation, Rentals).
    untold_listing_filters=frozenset({"country"}),
    reservation_filters={
        "listing_ids": Precision.EXACT,
        "guest_ids": Precision.NARROWS,
        "arrival": Precision.NARROWS,
        "departure": Precision.NARROWS,
        "stay": Precision.NARROWS,
        "statuses": Precision.NARROWS,
        "updated_since": Precision.NARROWS,
    },
    # A booking has no such fields (BookingSync documentation, Bookings).
    untold_reservation_filters=frozenset(
        {"assignee_id", "customer_reference", "agreement", "starred", "archived", "pinned"}
    ),
    listing_page_size=RENTALS_PER_PAGE,
    reservation_page_size=RECORDS_PER_PAGE,
    # BookingSync documentation, Webhook subscriptions: in the partner panel, for all accounts of the application.
    webhooks=WebhookSetup.MANUAL,
    webhooks_of_application=True,
)
