"""BookingSync: credentials, tokens, refusals, budget."""

from datetime import UTC, datetime, timedelta

import pytest
from pydantic import ValidationError

from providers.bookingsync import PLUGIN
from providers.bookingsync.dialect import BookingsyncDialect
from providers.bookingsync.manifest import AccessTokenConfig, OAuthConfig
from providers.errors import AuthenticationFailed, RateLimited, UpstreamInvalid, UpstreamUnavailable
from providers.manifest import AuthType, LimitScope
from providers.upstream.calls import Answer, Call, Token
from tests.providers.bookingsync.plugin_canned import NOW, answer, application, oauth

GRANTED = {
    "access_token": "0123cdef",
    "token_type": "bearer",
    "expires_in": 7200,
    "refresh_token": "fedc3210",
    "scope": "public bookings_write",
}
RESET = 1395140400


class TokenService:
    def __init__(self, reply: Answer) -> None:
        self.reply = reply
        self.calls: list[Call] = []

    async def __call__(self, call: Call) -> Answer:
        self.calls.append(call)
        return self.reply

    @property
    def form(self) -> dict[str, str]:
        return dict(self.calls[-1].form or ())


async def issue(config: OAuthConfig, service: TokenService, current: Token | None = None) -> Token:
    token = await BookingsyncDialect(config).issue(service, current)
    assert token is not None
    return token


async def test_refresh_sends_a_form_with_the_redirect_uri_and_no_token():
    service = TokenService(answer(GRANTED))
    token = await issue(oauth(redirectUri="https://app.example/back"), service)
    call = service.calls[0]
    assert (call.method, call.path, call.authorized, call.is_safe) == ("POST", "/oauth/token", False, False)
    assert service.form == {
        "client_id": "app",
        "client_secret": "s3cr3t",
        "grant_type": "refresh_token",
        "refresh_token": "r3fr3sh",
        "redirect_uri": "https://app.example/back",
    }
    assert (token.access, token.refresh) == ("0123cdef", "fedc3210")
    assert token.scopes == {"public", "bookings_write"}
    assert token.expires_at == NOW + timedelta(hours=2)


async def test_refresh_uses_the_rotated_refresh_token_of_the_token_in_use():
    service = TokenService(answer(GRANTED))
    await issue(oauth(), service, Token(access="old", issued_at=NOW, refresh="second"))
    assert service.form["refresh_token"] == "second"


async def test_answer_without_a_refresh_token_keeps_the_old_one_and_without_scope_the_old_scopes():
    bare = {"access_token": "new", "expires_in": 60}
    current = Token(access="old", issued_at=NOW, refresh="second", scopes=frozenset({"rates_read"}))
    token = await issue(oauth(), TokenService(answer(bare)), current)
    assert (token.refresh, token.scopes) == ("second", {"rates_read"})


async def test_client_credentials_have_no_refresh_token_and_may_be_asked_again():
    service = TokenService(answer({"access_token": "pub", "expires_in": 7200, "scope": "public"}))
    token = await issue(application(), service)
    assert service.form["grant_type"] == "client_credentials"
    assert "refresh_token" not in service.form
    assert service.calls[0].is_safe
    assert (token.refresh, token.scopes) == (None, {"public"})


async def test_expiry_counts_from_created_at():
    created = NOW - timedelta(minutes=10)
    service = TokenService(answer(GRANTED | {"created_at": int(created.timestamp())}))
    token = await issue(oauth(), service)
    assert (token.issued_at, token.expires_at) == (created, created + timedelta(hours=2))


@pytest.mark.parametrize("created", [0, 4102444800, "soon", int(NOW.timestamp()) - 9000])
async def test_created_at_that_cannot_be_true_gives_way_to_our_clock(created):
    token = await issue(oauth(), TokenService(answer(GRANTED | {"created_at": created})))
    assert token.expires_at == NOW + timedelta(hours=2)


@pytest.mark.parametrize("status", [400, 401])
async def test_refused_refresh_asks_to_connect_again_and_tells_no_secret(status):
    said = {"error": "invalid_grant", "error_description": "The refresh token r3fr3sh of s3cr3t is revoked."}
    with pytest.raises(AuthenticationFailed, match=r"invalid_grant.*Connect the account again") as failure:
        await issue(oauth(), TokenService(answer(said, status=status)))
    assert "r3fr3sh" not in failure.value.message
    assert "s3cr3t" not in failure.value.message
    assert failure.value.upstream_status == status


async def test_refused_client_credentials_name_the_id_and_secret():
    with pytest.raises(AuthenticationFailed, match="client ID and secret"):
        await issue(application(), TokenService(answer(b"", status=401)))


async def test_token_service_that_is_down_or_busy_says_nothing_about_the_credentials():
    with pytest.raises(UpstreamUnavailable):
        await issue(oauth(), TokenService(answer(b"<html>", status=503)))
    with pytest.raises(RateLimited) as failure:
        await issue(oauth(), TokenService(answer(b"", {"retry-after": "30"}, 429)))
    assert failure.value.retry_after == 30


@pytest.mark.parametrize("body", [{}, {"access_token": ""}, {"access_token": 5}, [], None])
async def test_token_answer_without_a_token_is_invalid(body):
    with pytest.raises(UpstreamInvalid):
        await issue(oauth(), TokenService(answer(body)))


async def test_bare_access_token_is_used_and_never_renewed():
    dialect = BookingsyncDialect(AccessTokenConfig.model_validate({"accessToken": "abc"}))
    token = dialect.initial_token()
    assert token is not None
    assert (token.access, token.expires_at, token.refresh) == ("abc", None, None)
    assert await dialect.issue(TokenService(answer(GRANTED)), token) is None


def test_stored_access_token_keeps_its_expiry_scopes_and_refresh_token():
    config = oauth(accessToken="abc", expiresAt="2026-12-09T12:00:00Z", scope="public rates_read")
    token = BookingsyncDialect(config).initial_token()
    assert token is not None
    assert token.expires_at == datetime(2026, 12, 9, 12, tzinfo=UTC)
    assert (token.refresh, token.scopes) == ("r3fr3sh", {"public", "rates_read"})
    assert BookingsyncDialect(oauth()).initial_token() is None


def test_calls_carry_the_bearer_token_and_the_media_type():
    headers = BookingsyncDialect(oauth()).headers(Token(access="abc", issued_at=NOW))
    assert headers == {
        "Authorization": "Bearer abc",
        "Accept": "application/vnd.api+json",
        "Content-Type": "application/vnd.api+json",
    }


def test_only_401_rejects_the_token_since_403_is_a_missing_scope():
    dialect = BookingsyncDialect(oauth())
    assert dialect.token_rejected(answer({"error": "Not authorized"}, status=401))
    assert not dialect.token_rejected(answer({"error": "Forbidden"}, status=403))


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"error": "Not authorized"}, "Not authorized"),
        ({"error": "invalid_grant", "error_description": "Gone."}, "invalid_grant; Gone."),
        ({"errors": {"country_code": ["is required", "is odd"]}}, "country_code is required; country_code is odd"),
        ({"errors": ["first", "second"]}, "first; second"),
        ({"errors": [{"code": "x", "title": "is taken", "field": "start_at"}]}, "start_at is taken"),
        ({"errors": [{"code": "locked"}]}, "locked"),
        ({"message": "line one\nline two\x00"}, "line one line two"),
        ({"errors": {}}, None),
        ({}, None),
        ([], None),
        (b"", None),
        (b"<html>no</html>", None),
        ({"errors": [[[[[[[["deep"]]]]]]]]}, None),
    ],
)
def test_reason_flattens_every_form_of_error_body(body, words):
    assert BookingsyncDialect(oauth()).reason(answer(body, status=422)) == words


def test_reason_is_short():
    body = {"errors": {f"field_{n}": ["x" * 500] for n in range(100)}}
    assert len(BookingsyncDialect(oauth()).reason(answer(body, status=422)) or "") == 300


def test_quota_is_read_from_every_answer():
    headers = {"x-ratelimit-limit": "1000", "x-ratelimit-remaining": "999", "x-ratelimit-reset": str(RESET)}
    quota = BookingsyncDialect(oauth()).quota(answer({}, headers))
    assert quota is not None
    assert (quota.scope, quota.limit, quota.remaining) == (LimitScope.APPLICATION, 1000, 999)
    assert quota.reset_at == datetime(2014, 3, 18, 11, tzinfo=UTC)
    assert quota.blocked_until is None


def test_refusal_blocks_until_retry_after_else_until_the_reset():
    dialect = BookingsyncDialect(oauth())
    reset = {"x-ratelimit-reset": str(RESET)}
    by_reset = dialect.quota(answer({}, reset, 429))
    by_seconds = dialect.quota(answer({}, reset | {"retry-after": "12"}, 429))
    by_date = dialect.quota(answer({}, {"retry-after": "Wed, 09 Dec 2026 11:00:30 GMT"}, 429))
    assert by_reset is not None
    assert by_seconds is not None
    assert by_date is not None
    assert by_reset.blocked_until == datetime(2014, 3, 18, 11, tzinfo=UTC)
    assert by_seconds.blocked_until == NOW + timedelta(seconds=12)
    assert by_date.blocked_until == NOW + timedelta(seconds=30)


@pytest.mark.parametrize(
    "headers", [{}, {"x-ratelimit-limit": "lots", "x-ratelimit-remaining": "-1", "x-ratelimit-reset": "9" * 40}]
)
def test_quota_without_sense_is_none(headers):
    assert BookingsyncDialect(oauth()).quota(answer({}, headers)) is None


def test_configuration_takes_account_ids_as_numbers_and_nothing_unknown():
    assert oauth(accountId=3837).account_id == "3837"
    for bad in ({"accountId": "7/../8"}, {"accountId": True}, {"apiKey": "x"}, {"clientId": ""}):
        with pytest.raises(ValidationError) as failure:
            oauth(**bad)
        assert "s3cr3t" not in str(failure.value)


def test_configuration_never_shows_its_secrets():
    shown = repr(oauth(accessToken="abc123xyz"))
    assert not [secret for secret in ("s3cr3t", "r3fr3sh", "abc123xyz") if secret in shown]


def test_budget_is_counted_by_application_and_named_without_a_secret():
    token = AccessTokenConfig.model_validate({"accessToken": "abc123xyz", "accountId": 7})
    identity = PLUGIN.identity(LimitScope.APPLICATION, token)
    assert PLUGIN.identity(LimitScope.APPLICATION, oauth()) == "app"
    assert PLUGIN.identity(LimitScope.ACCOUNT, token) == "7"
    assert PLUGIN.identity(LimitScope.ACCOUNT, oauth()) is None
    assert identity is not None
    assert identity.startswith("token-")
    assert "abc123xyz" not in identity


def test_documented_limit_is_a_thousand_calls_a_clock_hour_of_the_application():
    (limit,) = PLUGIN.manifest.limits[PLUGIN.manifest.default_limits]
    assert (limit.scope, limit.calls, limit.seconds, limit.kind) == ("APPLICATION", 1000, 3600, "CLOCK")
    assert PLUGIN.manifest.limits["off"] == ()
    assert [method.type for method in PLUGIN.manifest.auth_methods] == [AuthType.OAUTH, AuthType.ACCESS_TOKEN]
