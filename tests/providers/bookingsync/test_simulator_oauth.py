"""Tokens: issuing, rotation, expiry, scopes."""

import base64
from datetime import timedelta
from typing import Any

import httpx
import pytest

from providers.bookingsync.simulator import BookingsyncReadings, OldRefreshToken
from tests.providers.bookingsync.test_simulator_setup import Caller, caller


async def refresh(calls: Caller, **changes: Any) -> httpx.Response:
    config = calls.simulation.credentials()[0][1]
    form = {
        "grant_type": "refresh_token",
        "client_id": config["clientId"],
        "client_secret": config["clientSecret"],
        "refresh_token": config["refreshToken"],
        "redirect_uri": config["redirectUri"],
        **changes,
    }
    calls.token = ""
    return await calls.send("POST", "/oauth/token", data={key: text for key, text in form.items() if text is not None})


async def test_refreshing_gives_a_working_token_of_two_hours_and_a_new_refresh_token() -> None:
    calls = caller()
    answer = await refresh(calls)
    body = answer.json()
    assert answer.status_code == 200
    assert body["token_type"] == "bearer"
    assert body["expires_in"] == 7200
    assert body["created_at"] == int(calls.clock.now.timestamp())
    assert {"public", "bookings_write", "rates_write"} <= set(body["scope"].split())
    assert body["refresh_token"] != calls.simulation.refresh_token(0)
    calls.token = body["access_token"]
    assert (await calls.get("accounts")).json()["accounts"][0]["id"] == 3837


async def test_a_used_refresh_token_is_dead_at_once_and_its_successor_lives() -> None:
    calls = caller()
    following = (await refresh(calls)).json()["refresh_token"]
    dead = await refresh(calls)
    assert (dead.status_code, dead.json()["error"]) == (401, "invalid_grant")
    assert (await refresh(calls, refresh_token=following)).status_code == 200


async def test_old_refresh_token_may_live_until_the_new_access_token_is_used() -> None:
    readings = BookingsyncReadings(old_refresh_token=OldRefreshToken.UNTIL_NEW_TOKEN_IS_USED)
    calls = caller(readings=readings)
    await refresh(calls)
    body = (await refresh(calls)).json()
    calls.token = body["access_token"]
    assert (await calls.get("me")).status_code == 200
    assert (await refresh(calls)).status_code == 401


async def test_refresh_token_outlives_a_restart_of_the_simulator() -> None:
    following = (await refresh(caller())).json()["refresh_token"]
    restarted = caller()
    assert (await refresh(restarted, refresh_token=following)).status_code == 200
    assert (await refresh(restarted)).status_code == 401


async def test_access_token_lives_on_after_a_refresh_or_is_revoked_by_reading() -> None:
    lenient, strict = caller(), caller(readings=BookingsyncReadings(old_access_token_lives_on=False))
    for calls, status in ((lenient, 200), (strict, 401)):
        old = calls.token
        await refresh(calls)
        calls.token = old
        assert (await calls.get("me")).status_code == status


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"client_secret": "guess"}, "invalid_client"),
        ({"client_id": None}, "invalid_client"),
        ({"refresh_token": "0" * 64}, "invalid_grant"),
        ({"refresh_token": "ünlesbar"}, "invalid_grant"),
        ({"refresh_token": None}, "invalid_grant"),
        ({"redirect_uri": "https://elsewhere.example.com"}, "invalid_grant"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": None}, "invalid_request"),
    ],
)
async def test_wrong_token_calls_are_refused_with_oauth_errors(changes: dict[str, Any], error: str) -> None:
    answer = await refresh(caller(), **changes)
    assert answer.status_code == 401
    assert answer.json()["error"] == error


async def test_client_is_known_by_the_form_alone_unless_the_reading_allows_basic() -> None:
    for readings, status in (
        (BookingsyncReadings(), 401),
        (BookingsyncReadings(client_in_basic_or_query=True), 200),
    ):
        calls = caller(readings=readings)
        config = calls.simulation.client_credentials_config()
        pair = f"{config['clientId']}:{config['clientSecret']}".encode()
        calls.token = ""
        answer = await calls.send(
            "POST",
            "/oauth/token",
            data={"grant_type": "client_credentials"},
            headers={"authorization": f"Basic {base64.b64encode(pair).decode()}"},
        )
        assert answer.status_code == status


async def client_credentials(calls: Caller) -> dict[str, Any]:
    config = calls.simulation.client_credentials_config()
    calls.token = ""
    form = {
        "grant_type": "client_credentials",
        "client_id": config["clientId"],
        "client_secret": config["clientSecret"],
    }
    body: dict[str, Any] = (await calls.send("POST", "/oauth/token", data=form)).json()
    calls.token = body["access_token"]
    return body


async def test_client_credentials_open_the_public_data_of_all_accounts() -> None:
    calls = caller()
    body = await client_credentials(calls)
    assert body["scope"] == "public"
    assert "refresh_token" not in body
    accounts = await calls.records("accounts")
    assert [account["id"] for account in accounts] == [3837, 3838]
    rentals = await calls.records("rentals")
    assert {rental["links"]["account"] for rental in rentals} == {3837, 3838}
    assert all(rental["published_at"] for rental in rentals)
    assert not any("address1" in rental for rental in rentals)
    assert len(rentals) < 24


async def test_missing_unknown_expired_and_revoked_tokens_are_told_apart_in_www_authenticate() -> None:
    calls = caller()
    expired = calls.simulation.access_token(0, expires_in=timedelta(seconds=30))
    revoked = calls.simulation.access_token(0)
    calls.simulation.revoke(0)
    for token, reason in (
        ("", "The access token is invalid"),
        ("abc", "The access token is invalid"),
        (revoked, "The access token was revoked"),
    ):
        calls.token = token
        answer = await calls.get("rentals")
        assert answer.status_code == 401
        assert answer.headers["content-type"] == "application/json; charset=utf-8"
        assert answer.headers["www-authenticate"].startswith('Bearer realm="Doorkeeper", error="invalid_token"')
        assert reason in answer.headers["www-authenticate"]
        assert answer.json() == {"error": "Not authorized"}
        assert "x-ratelimit-limit" not in answer.headers
    expired = calls.simulation.access_token(0, expires_in=timedelta(seconds=30))
    calls.clock.advance(seconds=31)
    calls.token = expired
    assert "The access token expired" in (await calls.get("rentals")).headers["www-authenticate"]


@pytest.mark.parametrize(
    ("path", "scope"),
    [
        ("clients", "clients_read"),
        ("sources", "bookings_read"),
        ("bookings_fees", "bookings_read"),
        ("bookings_taxes", "bookings_read"),
        ("nightly_rate_maps", "rates_read"),
    ],
)
async def test_scopes_are_required_and_writing_includes_reading(path: str, scope: str) -> None:
    calls = caller().use(0, ("public",))
    refused = await calls.get(path)
    assert refused.status_code == 403
    assert refused.headers["x-ratelimit-limit"] == "1000"
    assert (await calls.use(0, ("public", scope)).get(path)).status_code == 200
    assert (await calls.use(0, ("public", scope.replace("_read", "_write"))).get(path)).status_code == 200


async def test_private_rental_and_tax_attributes_need_their_scopes() -> None:
    calls = caller().use(0, ("public",))
    rental = (await calls.records("rentals"))[0]
    assert "address1" not in rental
    assert "owner_email" not in rental
    assert "notes" not in (await calls.records("taxes"))[0]
    calls.use(0, ("public", "rentals_read", "rates_read"))
    assert "address1" in (await calls.records("rentals"))[0]
    assert "notes" in (await calls.records("taxes"))[0]
