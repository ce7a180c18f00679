"""How an account's owner consents in BookingSync (documentation, Authorization: authorization code flow)."""

from typing import ClassVar

from pydantic import BaseModel, SecretStr

from providers.bookingsync.dialect import TOKEN_PATH, read_token, scopes_of, token_refusal
from providers.bookingsync.manifest import OAuthConfig
from providers.consent import AuthorizationCode, ConsentFlow, ConsentRequest, OtherAccountError
from providers.contract import Send
from providers.errors import UpstreamInvalid
from providers.upstream.calls import Call, Token

SCOPES = "public bookings_write clients_write rates_write rentals_write"
"""What reading and writing need: the right to write holds that to read (documentation, OAuth scopes)."""

_ADVICE = (
    "BookingSync does not accept the authorization{reason}. If client ID, client secret and redirect URI are right: "
    "Ask for the consent again."
)


class BookingsyncConsent(ConsentFlow):
    """The flow as documented, without PKCE, which the documentation does not know."""

    authorize_path: ClassVar[str] = "/oauth/authorize"

    def request(self, config: BaseModel) -> ConsentRequest:
        """``account_id`` chooses the account beforehand, where the credentials name one."""
        known = _known(config)
        return ConsentRequest(
            client_id=known.client_id,
            scope=known.scope or SCOPES,
            redirect_uri=known.redirect_uri,
            parameters={"account_id": known.account_id} if known.account_id else {},
        )

    async def exchange(self, send: Send, config: BaseModel, code: AuthorizationCode) -> Token:
        """Raises ``UpstreamInvalid`` without a refresh token: the account would be lost after two hours."""
        known = _known(config)
        form = [
            ("client_id", known.client_id),
            ("client_secret", known.client_secret.get_secret_value()),
            ("code", code.code),
            ("grant_type", "authorization_code"),
            ("redirect_uri", code.redirect_uri),
        ]
        call = Call(
            method="POST",
            path=TOKEN_PATH,
            form=form,
            headers={"Accept": "application/json"},
            safe=False,
            authorized=False,
        )
        answer = await send(call)
        if not answer.ok:
            raise token_refusal(answer, known, code.code, _ADVICE)
        token = read_token(answer, None, scopes_of(known.scope or SCOPES), own=False)
        if token.refresh is None:
            raise UpstreamInvalid("BookingSync's token answer holds no refresh token.", upstream_status=answer.status)
        return token

    def granted(self, config: BaseModel, token: Token, redirect_uri: str) -> BaseModel:
        changes = {
            "refresh_token": SecretStr(token.refresh or ""),
            "redirect_uri": redirect_uri,
            "access_token": None,
            "expires_at": None,
            "account_id": None,
        }
        return _known(config).model_copy(update=changes)

    def bound(self, asked: BaseModel, granted: BaseModel, provider_id: str | None) -> BaseModel:
        wanted = _known(asked).account_id
        if None not in (wanted, provider_id) and wanted != provider_id:
            raise OtherAccountError
        kept = _known(granted)
        return kept.model_copy(update={"account_id": provider_id or wanted or kept.account_id})


def _known(config: BaseModel) -> OAuthConfig:
    if not isinstance(config, OAuthConfig):
        raise TypeError(f"Not BookingSync's OAuth configuration: {type(config).__name__}")
    return config
