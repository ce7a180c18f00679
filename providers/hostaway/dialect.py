"""How to prove who we are to Hostaway, and how to read its refusals and its budget."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, NoReturn

from providers.contract import Dialect, Send
from providers.errors import (
    AuthenticationFailed,
    ProviderError,
    RateLimited,
    UpstreamInvalid,
    UpstreamRefused,
    UpstreamUnavailable,
)
from providers.hostaway.envelope import reason_in
from providers.hostaway.manifest import ApiKeyConfig, HostawayConfig
from providers.manifest import LimitScope
from providers.upstream.calls import Answer, Call, Quota, Token
from providers.wire import OddValue
from providers.wire.values import read_decimal, read_int

_REFUSED_CREDENTIALS = frozenset({400, 401, 403, 404, 422})
_TOKENS = "/v1/accessTokens"
_REVOKE_HEADERS = {"Content-Type": "application/x-www-form-urlencoded"}
_LONGEST_BLOCK = timedelta(seconds=60)
_LONGEST_LIFE = timedelta(days=3660)
_FIRST_PLAUSIBLE_UNIX_TIME = 1_000_000_000
_SCOPES = {"account": LimitScope.ACCOUNT, "ip": LimitScope.IP}
_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


class HostawayDialect(Dialect):
    """OAuth 2.0 client credentials, or a fixed token (Hostaway documentation, Authentication)."""

    settle_seconds = 1.0
    """A fresh token is accepted about one second after it was made (same page, since 2026-02)."""

    def __init__(self, config: HostawayConfig) -> None:
        self._config = config

    def headers(self, token: Token | None) -> dict[str, str]:
        return {} if token is None else {"Authorization": f"Bearer {token.access}"}

    def initial_token(self) -> Token | None:
        """The token of an account that was connected with one. It has had its rest, and its end is not known."""
        if isinstance(self._config, ApiKeyConfig):
            return None
        return Token(access=self._config.access_token.get_secret_value(), issued_at=_LONG_AGO)

    async def issue(self, send: Send, current: Token | None) -> Token | None:
        """A new token. Several may be alive at once, so the call may safely be repeated."""
        if not isinstance(self._config, ApiKeyConfig):
            return None
        answer = await send(_token_call(self._config))
        if not answer.ok:
            self._refuse(answer)
        return self._token(answer)

    async def revoke(self, send: Send, token: Token) -> bool:
        """End a token (Hostaway documentation, Authentication, Revoke an authentication token)."""
        query = (("token", token.access),)
        answer = await send(
            Call(method="DELETE", path=_TOKENS, query=query, headers=_REVOKE_HEADERS, safe=True, authorized=False)
        )
        failed = answer.ok and answer.body and str(_fields(answer.json()).get("status")).lower() == "fail"
        if not answer.ok or failed:
            raise UpstreamRefused("Hostaway did not confirm that the token is revoked.", upstream_status=answer.status)
        return True

    def token_rejected(self, answer: Answer) -> bool:
        """403 is documented for an expired or revoked token; 401 is taken the same way."""
        return answer.status in (401, 403)

    def reason(self, answer: Answer) -> str | None:
        try:
            body = answer.json()
        except ProviderError:
            return None
        config = self._config
        secret = config.api_key if isinstance(config, ApiKeyConfig) else config.access_token
        return reason_in(body, secret.get_secret_value())

    def quota(self, answer: Answer) -> Quota | None:
        """Hostaway tells about its budget only when it refuses (429), and not in every version."""
        if answer.status != 429:
            return None
        headers = answer.headers
        quota = Quota(
            scope=_SCOPES.get(headers.get("x-ratelimit-applied", "").strip().lower()),
            limit=_whole(headers, "x-ratelimit-limit"),
            remaining=_whole(headers, "x-ratelimit-remaining"),
            blocked_until=_blocked_until(headers, answer.received_at),
        )
        return None if quota == Quota() else quota

    def _refuse(self, answer: Answer) -> NoReturn:
        status = answer.status
        if status == 429:
            quota = self.quota(answer)
            until = quota.blocked_until if quota else None
            wait = (until - answer.received_at).total_seconds() if until else None
            raise RateLimited("Hostaway gives no token: too many calls.", retry_after=wait, upstream_status=status)
        if status in _REFUSED_CREDENTIALS:
            raise self._not_accepted(answer)
        if status >= 500:
            raise UpstreamUnavailable("Hostaway could not make a token.", upstream_status=status)
        raise UpstreamInvalid("Hostaway's token answer is not what it promises.", upstream_status=status)

    def _token(self, answer: Answer) -> Token:
        """From ``{"access_token", "expires_in", …}``, bare as documented or wrapped in the usual envelope."""
        body = answer.json()
        if isinstance(body, dict) and str(body.get("status")).lower() == "fail":
            raise self._not_accepted(answer)
        inner = body.get("result") if isinstance(body, dict) else None
        found = inner if isinstance(inner, dict) else body
        access = found.get("access_token") if isinstance(found, dict) else None
        if not isinstance(access, str) or not access.isascii() or not access.isprintable() or not access.strip():
            raise UpstreamInvalid("Hostaway's token answer holds no token.", upstream_status=answer.status)
        issued = answer.received_at
        life = _life(found.get("expires_in"))
        return Token(access=access.strip(), issued_at=issued, expires_at=issued + life if life else None)

    def _not_accepted(self, answer: Answer) -> AuthenticationFailed:
        reason = self.reason(answer)
        text = "Hostaway does not accept this account number with this API key"
        return AuthenticationFailed(f"{text}: {reason}" if reason else f"{text}.", upstream_status=answer.status)


def _token_call(config: ApiKeyConfig) -> Call:
    form = (
        ("grant_type", "client_credentials"),
        ("client_id", config.account_id),
        ("client_secret", config.api_key.get_secret_value()),
        ("scope", "general"),
    )
    headers = {"Cache-Control": "no-cache"}
    return Call(method="POST", path=_TOKENS, form=form, headers=headers, safe=True, authorized=False)


def _fields(body: Any) -> dict[str, Any]:
    return body if isinstance(body, dict) else {}


def _life(value: Any) -> timedelta | None:
    try:
        seconds = read_int(value)
    except OddValue:
        return None
    return min(timedelta(seconds=seconds), _LONGEST_LIFE) if seconds and seconds > 0 else None


def _whole(headers: Mapping[str, str], name: str) -> int | None:
    try:
        found = read_int(headers.get(name))
    except OddValue:
        return None
    return found if found is not None and found >= 0 else None


def _blocked_until(headers: Mapping[str, str], received_at: datetime) -> datetime | None:
    until = _moment(headers.get("x-ratelimit-retry-after"), received_at)
    until = until or _moment(headers.get("retry-after"), received_at) or _http_date(headers.get("retry-after"))
    if until is None:
        return None
    return min(max(until, received_at), received_at + _LONGEST_BLOCK)


def _moment(value: str | None, received_at: datetime) -> datetime | None:
    """A Unix time, as documented; a number too small for one is taken as seconds from now."""
    try:
        number = read_decimal(value)
    except OddValue:
        return None
    if number is None or number < 0:
        return None
    try:
        if number < _FIRST_PLAUSIBLE_UNIX_TIME:
            return received_at + timedelta(seconds=float(number))
        return datetime.fromtimestamp(float(number), UTC)
    except (OverflowError, ValueError, OSError):
        return received_at + _LONGEST_BLOCK


def _http_date(value: str | None) -> datetime | None:
    try:
        found = parsedate_to_datetime(value) if value else None
    except ValueError:
        return None
    return found.replace(tzinfo=UTC) if found and found.tzinfo is None else found
