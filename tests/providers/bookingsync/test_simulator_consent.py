"""The consent page of the simulator, and the codes that come from it."""

import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from providers.bookingsync.simulator import BookingsyncReadings
from tests.providers.bookingsync.test_simulator_setup import Caller, caller

RETURN_TO = "https://app.staygraph.example.com/oauth/callback"


def asked(calls: Caller, **changes: Any) -> dict[str, str]:
    request = {
        "client_id": calls.simulation.client_credentials_config()["clientId"],
        "redirect_uri": RETURN_TO,
        "response_type": "code",
        "scope": "public rentals_read",
        "state": "s & t",
        **changes,
    }
    return {name: value for name, value in request.items() if value is not None}


async def authorize(calls: Caller, **changes: Any) -> httpx.Response:
    calls.token = ""
    return await calls.send("GET", "/oauth/authorize", params=asked(calls, **changes))


async def decide(calls: Caller, decision: str = "allow", account: str = "0", **changes: Any) -> httpx.Response:
    calls.token = ""
    form = {**asked(calls, **changes), "decision": decision, "account": account}
    return await calls.send("POST", "/oauth/authorize", data=form)


def sent_back(answer: httpx.Response, to: str = RETURN_TO) -> dict[str, str]:
    """What the browser takes back to the application."""
    assert answer.status_code == 302, answer.text
    parts = urlsplit(answer.headers["location"])
    assert f"{parts.scheme}://{parts.netloc}{parts.path}" == to
    return {name: value for name, (value,) in parse_qs(parts.query).items()}


async def exchange(calls: Caller, code: str, **changes: Any) -> httpx.Response:
    config = calls.simulation.client_credentials_config()
    form = {
        "grant_type": "authorization_code",
        "client_id": config["clientId"],
        "client_secret": config["clientSecret"],
        "code": code,
        "redirect_uri": RETURN_TO,
        **changes,
    }
    calls.token = ""
    return await calls.send("POST", "/oauth/token", data=form)


async def test_page_names_the_rights_and_the_accounts_and_escapes_what_was_sent() -> None:
    page = await authorize(caller(), state='"><script>')
    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")
    assert "<li>rentals_read</li>" in page.text
    assert re.findall(r'name="account" value="(\d)"', page.text) == ["0", "1"]
    assert "<script>" not in page.text
    chosen = await authorize(caller(), account_id="3838")
    assert re.findall(r'name="account" value="(\d)" checked', chosen.text) == ["1"]


async def test_code_gives_tokens_of_the_chosen_account_with_the_rights_asked_for() -> None:
    calls = caller()
    back = sent_back(await decide(calls, account="1"))
    assert back["state"] == "s & t"
    body = (await exchange(calls, back["code"])).json()
    assert body["scope"] == "public rentals_read"
    assert body["expires_in"] == 7200
    calls.token = body["access_token"]
    assert [each["id"] for each in await calls.records("accounts")] == [3838]
    assert (await calls.get("clients")).status_code == 403


async def test_refreshing_keeps_rights_and_demands_the_same_redirect_uri() -> None:
    calls = caller()
    body = (await exchange(calls, sent_back(await decide(calls))["code"])).json()
    spent = {"grant_type": "refresh_token", "refresh_token": body["refresh_token"]}
    assert (await exchange(calls, "", **spent, redirect_uri="https://staygraph.example.com")).status_code == 401
    renewed = await exchange(calls, "", **spent)
    assert renewed.json()["scope"] == "public rentals_read"
    assert (await exchange(calls, "", **spent)).status_code == 401


@pytest.mark.parametrize("lives_on", [True, False])
async def test_a_new_consent_leaves_the_tokens_of_the_former_one_alone(lives_on: bool) -> None:
    calls = caller(readings=BookingsyncReadings(old_access_token_lives_on=lives_on))
    first = (await exchange(calls, sent_back(await decide(calls))["code"])).json()
    second = (await exchange(calls, sent_back(await decide(calls))["code"])).json()
    for body in (first, second):
        spent = {"grant_type": "refresh_token", "refresh_token": body["refresh_token"]}
        assert (await exchange(calls, "", **spent)).status_code == 200


async def test_code_is_good_once_for_ten_minutes_and_for_one_address() -> None:
    calls = caller()
    code = sent_back(await decide(calls))["code"]
    assert (await exchange(calls, code)).status_code == 200
    assert (await exchange(calls, code)).json()["error"] == "invalid_grant"
    elsewhere = sent_back(await decide(calls))["code"]
    assert (await exchange(calls, elsewhere, redirect_uri="https://staygraph.example.com/")).status_code == 401
    late = sent_back(await decide(calls))["code"]
    calls.clock.advance(minutes=10)
    assert (await exchange(calls, late)).json()["error"] == "invalid_grant"


async def test_account_that_has_consented_passes_without_a_prompt() -> None:
    calls = caller()
    assert (await authorize(calls, account_id="3837")).status_code == 200
    await decide(calls, account="0")
    assert "code" in sent_back(await authorize(calls, account_id="3837"))
    assert (await authorize(calls, account_id="3838")).status_code == 200
    assert (await authorize(calls)).status_code == 200


async def test_refusals_go_back_to_the_application() -> None:
    calls = caller()
    assert sent_back(await decide(calls, "deny")) == {"error": "access_denied", "state": "s & t"}
    assert sent_back(await authorize(calls, response_type="token"))["error"] == "unsupported_response_type"
    assert sent_back(await authorize(calls, response_type=None))["error"] == "invalid_request"
    assert sent_back(await authorize(calls, scope="public everything"))["error"] == "invalid_scope"


@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": "guess"},
        {"redirect_uri": None},
        {"redirect_uri": "https://staygraph.example.com.evil.test/"},
        {"redirect_uri": "javascript://staygraph.example.com/%0aalert(1)"},
        {"redirect_uri": "https://staygraph.example.com/#part"},
    ],
)
async def test_nothing_is_sent_to_an_address_that_is_not_the_applications(changes: dict[str, Any]) -> None:
    for answer in (await authorize(caller(), **changes), await decide(caller(), **changes)):
        assert answer.status_code == 400
        assert "location" not in answer.headers


async def test_code_for_tests_is_shown_instead_of_sent() -> None:
    page = await decide(caller(), redirect_uri="urn:ietf:wg:oauth:2.0:oob")
    assert re.search(r"<code id='code'>[0-9a-f]{64}</code>", page.text)


async def test_consent_page_is_not_counted_as_a_call() -> None:
    calls = caller()
    await authorize(calls)
    answer = await calls.use().get("me")
    assert answer.headers["x-ratelimit-remaining"] == "999"
