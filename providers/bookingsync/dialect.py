"""How to prove who we are to BookingSync, and how to read its refusals and its budget."""

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from providers.bookingsync.manifest import AccessTokenConfig, BookingsyncConfig, OAuthConfig
from providers.bookingsync.refusals import words
from providers.contract import Dialect, Send
from providers.errors import (
    AuthenticationFailed,
    ProviderError,
    RateLimited,
    UpstreamInvalid,
    UpstreamUnavailable,
)
from providers.manifest import LimitScope
from providers.upstream.calls import Answer, Call, Quota, Token
from providers.wire.values import OddValue, read_decimal

TOKEN_PATH = "/oauth/token"  # noqa: S105 -- a path
MEDIA_TYPE = "application/vnd.api+json"
PUBLIC_ONLY = frozenset({"public"})
TOKEN_LIFE = timedelta(hours=2)
_FAR = timedelta(days=366)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class BookingsyncDialect(Dialect):
    """BookingSync's OAuth 2.0: rotating refresh tokens, or client credentials, or a fixed token.

    Source: BookingSync documentation, Authorization; window headers: API reference, Rate limits.
    """

    def __init__(self, config: BookingsyncConfig) -> None:
        self._config = config

    def headers(self, token: Token | None) -> dict[str, str]:
        named = {"Accept": MEDIA_TYPE, "Content-Type": MEDIA_TYPE}
        return named | {"Authorization": f"Bearer {token.access}"} if token else named

    def initial_token(self) -> Token | None:
        config = self._config
        if config.access_token is None:
            return None
        access = config.access_token.get_secret_value()
        if isinstance(config, AccessTokenConfig):
            return Token(access=access, issued_at=_EPOCH)
        return Token(
            access=access,
            issued_at=config.expires_at - TOKEN_LIFE if config.expires_at else _EPOCH,
            expires_at=config.expires_at,
            refresh=config.refresh_token.get_secret_value() if config.refresh_token else None,
            scopes=scopes_of(config.scope),
        )

    async def issue(self, send: Send, current: Token | None) -> Token | None:
        """A token by the refresh token in use, else by the application's client credentials.

        Raises ``AuthenticationFailed`` where BookingSync wants the account to be connected again,
        ``RateLimited``, ``UpstreamUnavailable`` and ``UpstreamInvalid`` for answers that say nothing about
        the credentials.
        """
        config = self._config
        if not isinstance(config, OAuthConfig):
            return None
        refresh = self._refresh_token(config, current)
        answer = await send(_token_call(config, refresh))
        if not answer.ok:
            raise self._refusal(config, answer, refresh)
        return read_token(answer, refresh, current.scopes if current else scopes_of(config.scope), own=refresh is None)

    def token_rejected(self, answer: Answer) -> bool:
        """Only 401: BookingSync's 403 is a scope that was not granted, which a new token lacks as well."""
        return answer.status == 401

    def reason(self, answer: Answer) -> str | None:
        return words(answer)

    def quota(self, answer: Answer) -> Quota | None:
        """The three window headers that come with every authorized answer; on a 429 also how long to wait."""
        limit, remaining = (_header_int(answer, f"x-ratelimit-{name}") for name in ("limit", "remaining"))
        reset_at = _reset_at(answer)
        blocked_until = (_retry_after(answer) or reset_at) if answer.status == 429 else None
        if limit is None and remaining is None and reset_at is None and blocked_until is None:
            return None
        return Quota(
            scope=LimitScope.APPLICATION,
            limit=limit,
            remaining=remaining,
            reset_at=reset_at,
            blocked_until=blocked_until,
        )

    @staticmethod
    def _refresh_token(config: OAuthConfig, current: Token | None) -> str | None:
        if current is not None and current.refresh:
            return current.refresh
        return config.refresh_token.get_secret_value() if config.refresh_token else None

    def _refusal(self, config: OAuthConfig, answer: Answer, refresh: str | None) -> ProviderError:
        return token_refusal(answer, config, refresh, _ADVICE[refresh is None])


_ADVICE = {
    False: "BookingSync does not accept the account's authorization{reason}. If client ID and secret are right: "
    "Connect the account again.",
    True: "BookingSync does not accept the application's client ID and secret{reason}. "
    "Check them and connect the account again.",
}


def token_refusal(answer: Answer, config: OAuthConfig, spent: str | None, advice: str) -> ProviderError:
    """The error of a refused token call. ``advice`` has a place for ``{reason}``, BookingSync's words.

    ``spent`` is the refresh token or code that was sent: should those words hold it, it is masked.
    """
    if answer.status == 429:
        until = _retry_after(answer) or _reset_at(answer)
        wait = max(0.0, (until - answer.received_at).total_seconds()) if until else None
        return RateLimited("BookingSync issues no token at the moment.", retry_after=wait, upstream_status=429)
    if not 400 <= answer.status < 500:
        return UpstreamUnavailable(
            "BookingSync's token service does not answer as it should.", upstream_status=answer.status
        )
    said = _without_secrets(words(answer), config, spent)
    reason = f" ({said})" if said else ""
    return AuthenticationFailed(advice.format(reason=reason), upstream_status=answer.status)


def _token_call(config: OAuthConfig, refresh: str | None) -> Call:
    form = [("client_id", config.client_id), ("client_secret", config.client_secret.get_secret_value())]
    if refresh is None:
        form.append(("grant_type", "client_credentials"))
    else:
        form += [("grant_type", "refresh_token"), ("refresh_token", refresh)]
    if config.redirect_uri:
        form.append(("redirect_uri", config.redirect_uri))
    return Call(
        method="POST",
        path=TOKEN_PATH,
        form=form,
        headers={"Accept": "application/json"},
        safe=refresh is None,
        authorized=False,
    )


def read_token(answer: Answer, refresh: str | None, scopes: frozenset[str], *, own: bool) -> Token:
    """The token of an answer. Raises ``UpstreamInvalid`` where there is none.

    ``refresh`` stays if the answer brings no other, ``scopes`` if it names none. ``own`` means the application's own
    token, by client credentials.
    """
    body = answer.json()
    access = body.get("access_token") if isinstance(body, dict) else None
    if not isinstance(access, str) or not access:
        raise UpstreamInvalid("BookingSync's token answer holds no token.", upstream_status=answer.status)
    issued_at, expires_at = _life(body, answer.received_at)
    renewed = body.get("refresh_token")
    granted = body.get("scope")
    return Token(
        access=access,
        issued_at=issued_at,
        expires_at=expires_at,
        refresh=renewed if isinstance(renewed, str) and renewed else refresh,
        scopes=_granted(granted, scopes, own=own),
    )


def _life(body: dict[str, Any], received_at: datetime) -> tuple[datetime, datetime]:
    """When a token was made and when it ends, by BookingSync's clock unless that makes no sense beside ours.

    A token that would be dead on arrival, or live longer than promised, points to a clock that is wrong;
    believing it would mean a renewal before every call.
    """
    seconds = _number(body.get("expires_in"))
    life = timedelta(seconds=seconds) if seconds and 0 < seconds < _FAR.total_seconds() else TOKEN_LIFE
    created_at = _instant(body.get("created_at"))
    if created_at is None or not received_at < created_at + life <= received_at + life:
        created_at = received_at
    return created_at, created_at + life


def _granted(said: object, before: frozenset[str], *, own: bool) -> frozenset[str]:
    """The scopes of a token; empty where they are not known.

    The documentation prints ``"scope":"public"`` as its sample of every grant. Of client credentials it is true; of an
    account's own token it may be the sample's words, so it is not believed: what is really missing answers 403.
    """
    if own:
        return scopes_of(said) if isinstance(said, str) and said.strip() else PUBLIC_ONLY
    known = scopes_of(said) if isinstance(said, str) else before
    return frozenset() if known <= PUBLIC_ONLY else known


def scopes_of(text: str | None) -> frozenset[str]:
    """The scopes of a list with spaces."""
    return frozenset((text or "").split())


def _without_secrets(text: str | None, config: OAuthConfig, refresh: str | None) -> str | None:
    for secret in (config.client_secret.get_secret_value(), refresh):
        text = text.replace(secret, "…") if text and secret else text
    return text


def _number(value: Any) -> int | None:
    try:
        number = read_decimal(value)
    except OddValue:
        return None
    return int(number) if number is not None else None


def _header_int(answer: Answer, name: str) -> int | None:
    number = _number(answer.headers.get(name))
    return number if number is not None and number >= 0 else None


def _reset_at(answer: Answer) -> datetime | None:
    return _instant(answer.headers.get("x-ratelimit-reset"))


def _retry_after(answer: Answer) -> datetime | None:
    text = answer.headers.get("retry-after", "").strip()
    seconds = _number(text)
    if seconds is not None:
        return answer.received_at + timedelta(seconds=min(max(seconds, 0), int(_FAR.total_seconds())))
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _instant(value: Any) -> datetime | None:
    seconds = _number(value)
    try:
        return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None
