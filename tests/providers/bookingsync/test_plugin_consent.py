"""BookingSync's consent flow against answers as documented (documentation, Authorization)."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl

import pytest
from pydantic import SecretStr

from providers.bookingsync import PLUGIN
from providers.bookingsync.manifest import OAuthConfig
from providers.consent import AuthorizationCode, OtherAccountError
from providers.errors import AuthenticationFailed, ProviderError, RateLimited, UpstreamInvalid, UpstreamUnavailable
from providers.upstream.calls import Answer, Call, Token
from providers.upstream.exchange import content

NOW = datetime(2026, 3, 10, 11, 32, tzinfo=UTC)
CONFIG = OAuthConfig(client_id="app", client_secret=SecretStr("s3cret"))
CODE = AuthorizationCode(code="c0de", redirect_uri="https://graph.example.com/oauth/callback", verifier=None)
DOCUMENTED = {
    "access_token": "0123",
    "token_type": "bearer",
    "expires_in": 7200,
    "refresh_token": "fedc",
    "scope": "public",
}


async def exchange(status: int, body: Any, headers: dict[str, str] | None = None) -> tuple[Token, Call]:
    sent: list[Call] = []

    async def send(call: Call) -> Answer:
        sent.append(call)
        text = body if isinstance(body, bytes) else json.dumps(body).encode()
        return Answer(status=status, headers=headers or {}, body=text, received_at=NOW)

    flow = PLUGIN.consent
    assert flow is not None
    token = await flow.exchange(send, CONFIG, CODE)
    (call,) = sent
    return token, call


def config(**changes: Any) -> OAuthConfig:
    return CONFIG.model_copy(update=changes)


async def test_code_is_sent_in_a_form_as_documented() -> None:
    _, call = await exchange(200, DOCUMENTED)
    body, headers = content(call)
    assert (call.method, call.path, call.query, call.authorized, call.is_safe) == (
        "POST",
        "/oauth/token",
        (),
        False,
        False,
    )
    assert headers == {"Content-Type": "application/x-www-form-urlencoded"}
    assert dict(parse_qsl((body or b"").decode())) == {
        "client_id": "app",
        "client_secret": "s3cret",
        "code": "c0de",
        "grant_type": "authorization_code",
        "redirect_uri": "https://graph.example.com/oauth/callback",
    }


async def test_documented_answer_is_a_token_of_two_hours() -> None:
    token, _ = await exchange(200, DOCUMENTED)
    assert token == Token(
        access="0123", refresh="fedc", issued_at=NOW, expires_at=NOW + timedelta(hours=2), scopes=frozenset()
    )
    # "public" is what the documentation prints for every grant: it is not believed of an owner's.
    named, _ = await exchange(200, DOCUMENTED | {"scope": "public rates_read", "created_at": int(NOW.timestamp())})
    assert named.scopes == {"public", "rates_read"}


@pytest.mark.parametrize("status", [400, 401])
async def test_refused_code_is_a_refusal_that_shows_no_secret(status: int) -> None:
    said = {"error": "invalid_grant", "error_description": "c0de and s3cret are wrong"}
    with pytest.raises(AuthenticationFailed) as refused:
        await exchange(status, said)
    assert "Ask for the consent again" in refused.value.message
    assert "c0de" not in refused.value.message
    assert "s3cret" not in refused.value.message


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (429, {}, RateLimited),
        (302, b"", UpstreamUnavailable),
        (200, {}, UpstreamInvalid),
        (200, [], UpstreamInvalid),
        (200, {**DOCUMENTED, "access_token": 7}, UpstreamInvalid),
        (200, {**DOCUMENTED, "refresh_token": None}, UpstreamInvalid),
        (200, b"<html>", UpstreamInvalid),
    ],
)
async def test_answers_that_say_nothing_about_the_code_are_no_refusals(
    status: int, body: Any, error: type[ProviderError]
) -> None:
    with pytest.raises(error):
        await exchange(status, body)


def test_owner_is_asked_for_the_scopes_and_the_account_of_the_credentials() -> None:
    flow = PLUGIN.consent
    assert flow is not None
    plain = flow.request(CONFIG)
    assert (plain.scope, plain.redirect_uri, plain.parameters) == (
        "public bookings_write clients_write rates_write rentals_write",
        None,
        {},
    )
    named = flow.request(config(scope="public rates_read", account_id="3837", redirect_uri=CODE.redirect_uri))
    assert named.scope == "public rates_read"
    assert named.redirect_uri == CODE.redirect_uri
    assert named.parameters == {"account_id": "3837"}


def test_granted_credentials_hold_the_refresh_token_and_where_it_was_sent() -> None:
    flow = PLUGIN.consent
    assert flow is not None
    token = Token(access="a", refresh="r", issued_at=NOW)
    before = config(refresh_token=SecretStr("old"), access_token=SecretStr("old"), expires_at=NOW, account_id="3837")
    granted = flow.granted(before, token, CODE.redirect_uri)
    assert granted == config(refresh_token=SecretStr("r"), redirect_uri=CODE.redirect_uri)
    assert flow.bound(before, granted, "3837") == granted.model_copy(update={"account_id": "3837"})
    assert flow.bound(before, granted, None) == granted.model_copy(update={"account_id": "3837"})
    assert flow.bound(CONFIG, granted, "3838") == granted.model_copy(update={"account_id": "3838"})
    assert flow.bound(CONFIG, granted, None) == granted
    with pytest.raises(OtherAccountError):
        flow.bound(before, granted, "3838")
