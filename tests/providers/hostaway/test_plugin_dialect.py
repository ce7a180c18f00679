from datetime import timedelta

import pytest
from pydantic import ValidationError

from providers.capabilities import Capability
from providers.contract import capabilities
from providers.errors import AuthenticationFailed, RateLimited, UpstreamInvalid, UpstreamRefused, UpstreamUnavailable
from providers.hostaway import PLUGIN
from providers.hostaway.dialect import HostawayDialect
from providers.hostaway.manifest import AccessTokenConfig, ApiKeyConfig
from providers.manifest import AuthType, LimitScope
from providers.upstream.calls import Quota, Token
from tests.providers.hostaway.plugin_session import NOW, answer

KEY = "5ecret-Key"
API_KEY = ApiKeyConfig.model_validate({"accountId": 10450, "apiKey": KEY})
ACCESS_TOKEN = AccessTokenConfig.model_validate({"accessToken": "eyJ0.tok"})
TOO_MANY = {"status": "fail", "message": "This error occurs because a server detects too many requests."}


async def issued(body, status=200, headers=None, config=API_KEY):
    calls = []

    async def send(call):
        calls.append(call)
        return answer(body, status, headers)

    return await HostawayDialect(config).issue(send, None), calls


@pytest.mark.parametrize("account", [10450, "10450", " 10450 "])
def test_the_account_number_may_be_a_number_or_text(account):
    assert ApiKeyConfig.model_validate({"accountId": account, "apiKey": KEY}).account_id == "10450"


@pytest.mark.parametrize(
    "config",
    [
        {"accountId": "abc", "apiKey": KEY},
        {"accountId": True, "apiKey": KEY},
        {"accountId": -1, "apiKey": KEY},
        {"accountId": 1.5, "apiKey": KEY},
        {"accountId": 1},
        {"apiKey": KEY},
        {"accountId": 1, "apiKey": "a b"},
        {"accountId": 1, "apiKey": "a\r\nX: y"},
        {"accountId": 1, "apiKey": ""},
        {"accountId": 1, "apiKey": KEY, "extra": 1},
    ],
)
def test_credentials_that_cannot_be_right_are_refused_without_being_quoted(config):
    with pytest.raises(ValidationError) as caught:
        ApiKeyConfig.model_validate(config)
    assert KEY not in str(caught.value)


def test_a_secret_loses_the_line_break_it_was_copied_with_and_never_shows():
    config = ApiKeyConfig.model_validate({"accountId": 1, "apiKey": KEY + "\n"})
    assert config.api_key.get_secret_value() == KEY
    assert KEY not in repr(config)


@pytest.mark.parametrize("body", [{"status": "success", "result": []}, {"status": "success"}, b""])
async def test_a_token_is_revoked_by_the_documented_call(body):
    calls = []

    async def send(call):
        calls.append(call)
        return answer(body)

    assert await HostawayDialect(API_KEY).revoke(send, Token(access="t", issued_at=NOW)) is True
    (call,) = calls
    assert (call.method, call.path, call.query) == ("DELETE", "/v1/accessTokens", (("token", "t"),))
    assert call.authorized is False


@pytest.mark.parametrize(("body", "status"), [({"status": "fail", "message": "no"}, 200), ({}, 404), ({}, 403)])
async def test_a_token_that_is_not_confirmed_to_be_revoked_is_no_success(body, status):
    async def send(_):
        return answer(body, status)

    with pytest.raises(UpstreamRefused):
        await HostawayDialect(API_KEY).revoke(send, Token(access="t", issued_at=NOW))


async def test_a_token_is_made_by_the_documented_form():
    _, (call,) = await issued({"access_token": "t", "expires_in": 60})
    assert (call.method, call.path, call.authorized) == ("POST", "/v1/accessTokens", False)
    assert dict(call.form) == {
        "grant_type": "client_credentials",
        "client_id": "10450",
        "client_secret": KEY,
        "scope": "general",
    }


@pytest.mark.parametrize("enveloped", [False, True])
async def test_both_forms_of_the_token_answer_are_read(enveloped):
    body = {"token_type": "Bearer", "expires_in": 63072000, "access_token": "eyJ0.tok"}
    token, _ = await issued({"status": "success", "result": body} if enveloped else body)
    assert (token.access, token.issued_at) == ("eyJ0.tok", NOW)
    assert token.expires_at == NOW + timedelta(days=730)


@pytest.mark.parametrize("life", [None, 0, -5, "soon", {}])
async def test_a_token_without_a_known_end_has_none(life):
    token, _ = await issued({"access_token": "t", "expires_in": life})
    assert token.expires_at is None


@pytest.mark.parametrize("status", [400, 401, 403, 422])
async def test_wrong_credentials_fail_with_the_words_of_hostaway_but_not_with_the_secret(status):
    body = {"status": "fail", "result": f"Client authentication failed for secret {KEY}"}
    with pytest.raises(AuthenticationFailed) as caught:
        await issued(body, status)
    assert "Client authentication failed" in caught.value.message
    assert KEY not in caught.value.message
    assert caught.value.upstream_status == status


async def test_a_refusal_with_http_200_is_one():
    with pytest.raises(AuthenticationFailed):
        await issued({"status": "fail", "result": "Wrong client"})


@pytest.mark.parametrize(
    "body", [{}, [], {"access_token": ""}, {"access_token": 5}, {"result": {}}, {"access_token": "a\nb"}]
)
async def test_an_answer_without_a_token_is_invalid(body):
    with pytest.raises(UpstreamInvalid):
        await issued(body)


async def test_troubles_at_the_token_endpoint_are_not_taken_for_wrong_credentials():
    with pytest.raises(UpstreamUnavailable):
        await issued(b"<html>", 502)
    with pytest.raises(RateLimited) as caught:
        await issued(TOO_MANY, 429, {"x-ratelimit-retry-after": str(int(NOW.timestamp()) + 7)})
    assert caught.value.retry_after == 7


async def test_a_fixed_token_is_used_at_once_and_cannot_be_renewed():
    dialect = HostawayDialect(ACCESS_TOKEN)
    token = dialect.initial_token()
    assert dialect.headers(token) == {"Authorization": "Bearer eyJ0.tok"}
    assert token.issued_at < NOW - timedelta(days=1)
    assert (await issued({}, config=ACCESS_TOKEN)) == (None, [])
    assert HostawayDialect(API_KEY).initial_token() is None


def test_a_fresh_token_rests_for_its_first_second():
    assert HostawayDialect(API_KEY).settle_seconds == 1


@pytest.mark.parametrize(("status", "rejected"), [(401, True), (403, True), (404, False), (429, False), (200, False)])
def test_401_and_403_reject_the_token(status, rejected):
    assert HostawayDialect(API_KEY).token_rejected(answer({}, status)) is rejected


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"status": "fail", "result": "Listing  not\nfound"}, "Listing not found"),
        (TOO_MANY, TOO_MANY["message"]),
        ({"error": "nope"}, "nope"),
        ({"result": {}}, None),
        ([], None),
        (b"<html>", None),
        ({"result": "x y " * 200}, ("x y " * 75)[:300]),
        ({"result": "token " + "eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9.abcdef.ghijkl"}, "token …"),
    ],
)
def test_the_reason_is_found_wherever_it_is(body, reason):
    assert HostawayDialect(API_KEY).reason(answer(body, 400)) == reason


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"x-ratelimit-retry-after": str(int(NOW.timestamp()) + 9)}, 9),
        ({"x-ratelimit-retry-after": "9"}, 9),
        ({"x-ratelimit-retry-after": str(int(NOW.timestamp()) + 9000)}, 60),
        ({"x-ratelimit-retry-after": str(int(NOW.timestamp()) - 9)}, 0),
        ({"x-ratelimit-retry-after": "1" + "0" * 25}, 60),
        ({"retry-after": "4"}, 4),
        ({"retry-after": "Fri, 15 Jan 2027 12:00:05 GMT"}, 5),
        ({"x-ratelimit-retry-after": "soon", "retry-after": "3"}, 3),
    ],
)
def test_the_end_of_a_block_is_read_from_any_of_its_forms(headers, seconds):
    quota = HostawayDialect(API_KEY).quota(answer(TOO_MANY, 429, headers))
    assert quota.blocked_until == NOW + timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("applied", "scope"),
    [("account", LimitScope.ACCOUNT), ("ip", LimitScope.IP), ("endpoint", None), ("provider", None)],
)
def test_the_refused_limit_is_named(applied, scope):
    headers = {"x-ratelimit-applied": applied, "x-ratelimit-limit": "200", "x-ratelimit-remaining": "0"}
    quota = HostawayDialect(API_KEY).quota(answer(TOO_MANY, 429, headers))
    assert quota == Quota(scope=scope, limit=200, remaining=0)


def test_without_headers_and_without_a_refusal_nothing_is_known_of_the_budget():
    dialect = HostawayDialect(API_KEY)
    assert dialect.quota(answer(TOO_MANY, 429)) is None
    assert dialect.quota(answer(TOO_MANY, 429, {"retry-after": "later"})) is None
    assert dialect.quota(answer({}, 200, {"x-ratelimit-limit": "200"})) is None


def test_budgets_are_those_of_the_account_and_of_this_machine():
    assert PLUGIN.identity(LimitScope.ACCOUNT, API_KEY) == "10450"
    assert PLUGIN.identity(LimitScope.IP, API_KEY) == "local"
    assert PLUGIN.identity(LimitScope.APPLICATION, API_KEY) is None


def test_an_unknown_account_is_named_by_a_digest_that_holds_nothing_of_its_token():
    name = PLUGIN.identity(LimitScope.ACCOUNT, ACCESS_TOKEN)
    assert name == PLUGIN.identity(LimitScope.ACCOUNT, ACCESS_TOKEN)
    assert name.startswith("token-")
    assert "eyJ0" not in name
    other = AccessTokenConfig.model_validate({"accessToken": "eyJ0.other"})
    assert PLUGIN.identity(LimitScope.ACCOUNT, other) != name


def test_hostaway_offers_all_but_other_accounts_and_changes_of_taxes():
    """All but a list of accounts: a key of Hostaway's is one account's."""
    assert capabilities(PLUGIN.client_class) == set(Capability) - {
        Capability.PROVIDER_ACCOUNTS,
        Capability.CHANGE_TAXES,
    }


def test_the_manifest_holds_both_published_sets_of_limits():
    def told(profile):
        return {(limit.scope, limit.charge, limit.calls, limit.seconds) for limit in PLUGIN.manifest.limits[profile]}

    assert PLUGIN.manifest.default_limits == "seed"
    assert told("seed") == {("IP", None, 15, 10), ("ACCOUNT", None, 20, 10)}
    assert {("IP", None, 200, 10), ("ACCOUNT", None, 200, 10), ("ACCOUNT", "quote", 400, 10)} < told("2026-08")
    assert told("off") == set()


def test_both_ways_to_connect_are_offered():
    methods = {method.type: method.config for method in PLUGIN.manifest.auth_methods}
    assert methods == {AuthType.API_KEY: ApiKeyConfig, AuthType.ACCESS_TOKEN: AccessTokenConfig}
    assert isinstance(PLUGIN.dialect(AuthType.API_KEY, API_KEY), HostawayDialect)
