"""Owners' consents from end to end: begun here, given on the simulator's page, finished at the callback."""

import asyncio
import hmac
import json
import logging
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import pytest
from sqlalchemy import select

from graph.accounts.states import LIFE
from graph.accounts.vault import Vault
from graph.rejections import Rejected
from graph.storage.tables import AuthorizationRow
from providers.bookingsync.manifest import OAuthConfig
from providers.manifest import AuthType
from tests.graph.web.consent_told import notification, posted
from tests.graph.web.consent_world import CLIENT_URL, PUBLIC_URL, ConsentWorld, consent_world, shown_id


async def test_consent_page_is_asked_for_what_reading_needs(pms: ConsentWorld) -> None:
    url = urlsplit(await pms.begin(await pms.add()))
    asked = parse_qs(url.query)
    assert url._replace(query="").geturl() == f"{pms.gateway.urls['BOOKINGSYNC']}/oauth/authorize"
    assert asked.pop("state") != [""]
    assert asked == {
        "response_type": ["code"],
        "client_id": [pms.simulation.client_credentials_config()["clientId"]],
        "redirect_uri": [f"{PUBLIC_URL}/oauth/callback"],
        "scope": ["public bookings_write clients_write rates_write rentals_write"],
    }


async def test_account_works_after_its_owner_agreed(pms: ConsentWorld) -> None:
    account = await pms.add()
    answer = await pms.consent(account, number=1)
    assert pms.sent_back(answer, account) == {"status": "success"}
    assert [(call.method, call.path) for call in pms.gateway.calls] == [
        ("POST", "/oauth/token"),
        ("GET", "/api/v3/accounts"),
    ]
    data = await pms.gateway.data("{ accounts { nodes { status providerAccount { providerId } } } }")
    assert data["accounts"]["nodes"] == [{"status": "ACTIVE", "providerAccount": {"providerId": "3838"}}]
    # The token of the consent is in use: none was renewed for the query.
    assert sum(call.path == "/oauth/token" for call in pms.gateway.calls) == 1
    assert (await pms.credentials(account))["accountId"] == "3838"


async def test_notification_tells_and_proves_it(pms: ConsentWorld) -> None:
    account = await pms.add(identifier="crm-7")
    await pms.consent(account)
    headers, body = await posted(pms)
    message = json.loads(body)
    assert message.pop("id") == headers["staygraph-notification-id"]
    assert message.pop("occurredAt").endswith("Z")
    assert message == {
        "event": "integrationAccount.authorized",
        "account": {"id": shown_id(account), "identifier": "crm-7", "provider": "BOOKINGSYNC", "status": "ACTIVE"},
    }
    secret = pms.gateway.services.administration.signer.secret("default")
    signed = headers["staygraph-timestamp"].encode() + b"." + body
    assert headers["staygraph-signature"] == f"v1={hmac.new(secret.encode(), signed, sha256).hexdigest()}"
    assert headers["content-type"] == "application/json"


async def test_state_is_good_once(pms: ConsentWorld) -> None:
    account = await pms.add()
    query = await pms.decide(await pms.begin(account))
    await pms.callback(query)
    before = await pms.now(account)
    again = await pms.callback(query)
    assert again.status_code == 400
    assert "It was used before" in again.text
    assert await pms.now(account) == before


async def test_of_two_who_bring_the_same_state_one_succeeds(pms: ConsentWorld) -> None:
    account = await pms.add()
    query = await pms.decide(await pms.begin(account))
    answers = await asyncio.gather(*(pms.callback(query) for _ in range(5)))
    assert sorted(answer.status_code for answer in answers) == [303, 400, 400, 400, 400]
    assert await pms.status(account) == "ACTIVE"
    assert sum(call.path == "/oauth/token" for call in pms.gateway.calls) == 1


async def test_state_is_good_for_a_quarter_of_an_hour(pms: ConsentWorld) -> None:
    account = await pms.add()
    early, late = [await pms.begin(account) for _ in range(2)]
    pms.gateway.clock.advance(LIFE.total_seconds() - 60)
    in_time = await pms.decide(early)
    too_late = await pms.decide(late)
    assert (await pms.callback(in_time)).status_code == 303
    pms.gateway.clock.advance(60)
    answer = await pms.callback(too_late)
    assert answer.status_code == 400
    assert "older than 15 minutes" in answer.text


async def test_state_that_was_not_made_here_is_refused_before_anybody_is_asked(pms: ConsentWorld) -> None:
    account = await pms.add()
    query = dict(parse_qsl(await pms.decide(await pms.begin(account))))
    state = query["state"]
    identity, _, signature = state.partition(".")
    other = (await pms.begin(account)).partition("state=")[2].partition("&")[0]
    foreign = [
        "",
        identity,
        f"{identity}.",
        f"{identity}.{signature[::-1]}",
        f"{identity}x.{signature}",
        f"{other.partition('.')[0]}.{signature}",
        f"{state}é",
        "x" * 5000,
    ]
    for forged in foreign:
        answer = await pms.callback(urlencode({**query, "state": forged}))
        assert answer.status_code == 400, forged
    assert pms.gateway.calls == []
    assert await pms.status(account) == "AWAITING_AUTHORIZATION"
    assert (await pms.callback(urlencode(query))).status_code == 303


async def test_state_outlives_a_change_of_the_first_key(pms: ConsentWorld) -> None:
    account = await pms.add()
    query = await pms.decide(await pms.begin(account))
    states = pms.gateway.services.administration.consents._states
    old = states._vault
    states._vault = Vault([b"n" * 32, old._primary])
    assert (await pms.callback(query)).status_code == 303
    query = await pms.decide(await pms.begin(account))
    states._vault = Vault([b"n" * 32])
    assert (await pms.callback(query)).status_code == 303
    states._vault = old
    assert "not made by this server" in (await pms.callback(query)).text


async def test_renewed_consent_replaces_working_credentials_only_once_it_is_given(pms: ConsentWorld) -> None:
    account = await pms.add()
    await pms.consent(account)
    before = await pms.credentials(account)
    url = await pms.begin(account)
    assert dict(parse_qsl(urlsplit(url).query))["account_id"] == "3837"
    assert await pms.credentials(account) == before
    assert await pms.status(account) == "ACTIVE"
    denied = await pms.callback(await pms.decide(url, "deny"))
    assert pms.sent_back(denied, account) == {"status": "error", "error": "CONSENT_DENIED"}
    assert await pms.credentials(account) == before
    assert await pms.status(account) == "ACTIVE"
    pms.simulation.revoke(0)
    data = await pms.gateway.data("{ accounts { nodes { providerAccount { providerId } } } }")
    assert data["accounts"]["nodes"] == [{"providerAccount": {"providerId": "3837"}}]
    await pms.consent(account)
    assert (await pms.credentials(account))["refreshToken"] != before["refreshToken"]


async def test_new_credentials_wait_sealed_for_the_consent(pms: ConsentWorld) -> None:
    account = await pms.add()
    await pms.consent(account)
    before = await pms.credentials(account)
    changed = OAuthConfig.model_validate(pms.simulation.client_credentials_config() | {"scope": "public rates_read"})
    url = (await pms.gateway.services.administration.consents.begin(account, changed)).url
    assert dict(parse_qsl(urlsplit(url).query))["scope"] == "public rates_read"
    assert await pms.credentials(account) == before
    async with pms.gateway.services.database.reading() as session:
        kept = (await session.scalars(select(AuthorizationRow.config))).all()
    assert all(before["clientSecret"].encode() not in (each or b"") for each in kept)
    await pms.callback(await pms.decide(url))
    assert (await pms.credentials(account))["scope"] == "public rates_read"
    url = (await pms.gateway.services.administration.consents.begin(account, changed)).url
    other = await pms.callback(await pms.decide(url, account=1))
    assert pms.sent_back(other, account) == {"status": "error", "error": "OTHER_ACCOUNT"}


async def test_consent_for_another_account_of_the_pms_is_refused(pms: ConsentWorld) -> None:
    account = await pms.add()
    await pms.consent(account)
    before = await pms.credentials(account)
    answer = await pms.consent(account, number=1)
    assert pms.sent_back(answer, account) == {"status": "error", "error": "OTHER_ACCOUNT"}
    assert await pms.credentials(account) == before


async def test_paused_account_stays_paused(pms: ConsentWorld) -> None:
    from graph.accounts.accounts import AccountStatus

    account = await pms.add()
    await pms.gateway.services.accounts.set_status("default", account.id, AccountStatus.PAUSED)
    assert pms.sent_back(await pms.consent(account), account) == {"status": "success"}
    assert await pms.status(account) == "PAUSED"


async def test_page_shows_nothing_of_the_address_unescaped(pms: ConsentWorld) -> None:
    account = await pms.add()
    query = await pms.decide(await pms.begin(account))
    await pms.gateway.fault("BOOKINGSYNC", kind="status", status=503, path="/oauth/token", times=1)
    page = await pms.callback(f"{query}&x='\"><script>alert(1)</script>")
    assert page.status_code == 503
    assert "<script" not in page.text


@pytest.mark.parametrize(
    "redirect_uri",
    ["urn:ietf:wg:oauth:2.0:oob", "https://staygraph.example.com/", "https://staygraph.example.com/oauth/callback?a=1"],
)
async def test_redirect_uri_that_does_not_lead_here_is_refused(pms: ConsentWorld, redirect_uri: str) -> None:
    account = await with_redirect_uri(pms, redirect_uri)
    with pytest.raises(Rejected) as refused:
        await pms.begin(account)
    (rejection,) = refused.value.rejections
    assert rejection.field == ("authConfig", "redirectUri")
    assert "/oauth/callback" in (rejection.allowed or "")


async def test_redirect_uri_of_the_applications_domain_is_used(pms: ConsentWorld) -> None:
    account = await with_redirect_uri(pms, "https://app.staygraph.example.com/pms/oauth/callback")
    asked = parse_qs(urlsplit(await pms.begin(account)).query)
    assert asked["redirect_uri"] == ["https://app.staygraph.example.com/pms/oauth/callback"]


async def with_redirect_uri(pms: ConsentWorld, redirect_uri: str) -> Any:
    account = await pms.add()
    config = OAuthConfig.model_validate(await pms.credentials(account) | {"redirectUri": redirect_uri})
    return await pms.gateway.services.accounts.replace_credentials("default", account.id, AuthType.OAUTH, config)


async def test_accounts_that_need_no_consent_are_refused(pms: ConsentWorld) -> None:
    from dataclasses import replace

    account = await pms.add()
    for change, path in (({"auth_type": AuthType.ACCESS_TOKEN}, "authType"), ({"provider": "HOSTAWAY"}, "provider")):
        with pytest.raises(Rejected) as refused:
            await pms.begin(replace(account, **change))  # type: ignore[arg-type]
        assert [(each.field, each.code) for each in refused.value.rejections] == [((path,), "NOT_SUPPORTED")]


async def test_where_there_is_nowhere_to_go_a_page_says_how_it_ended(pms: ConsentWorld) -> None:
    account = await pms.add(client_redirect_url=None, notification_url=None)
    denied = await pms.consent(account, "deny")
    assert denied.status_code == 400
    assert "The owner did not agree." in denied.text
    connected = await pms.consent(account)
    assert connected.status_code == 200
    assert "The account is connected." in connected.text
    assert await notification(pms) is None


async def test_redirect_url_that_is_not_allowed_any_more_is_not_gone_to(tmp_path: Path) -> None:
    async with consent_world(tmp_path, allow_private_urls=False) as pms:
        account = await pms.add(client_redirect_url="http://127.0.0.1:1/", notification_url=None)
        answer = await pms.consent(account)
        assert answer.status_code == 200
        assert "location" not in answer.headers


async def test_every_answer_keeps_the_address_secret(pms: ConsentWorld) -> None:
    account = await pms.add()
    query = await pms.decide(await pms.begin(account))
    assert (await pms.callback(query, "HEAD")).status_code == 405
    assert (await pms.callback(query, "POST")).status_code == 405
    for answer in (await pms.callback(query), await pms.callback(query)):
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["cache-control"] == "no-store"
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["x-content-type-options"] == "nosniff"


async def test_no_secret_is_shown_or_logged(pms: ConsentWorld, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    account = await pms.add()
    query = await pms.decide(await pms.begin(account))
    await pms.gateway.fault("BOOKINGSYNC", kind="status", status=503, path="/oauth/token", times=1)
    down = await pms.callback(query)
    refused = await pms.callback(urlencode({**dict(parse_qsl(query)), "code": "planted-code"}))
    done = await pms.consent(account)
    config = await pms.credentials(account)
    shown = done.text + str(done.headers) + refused.text + str(refused.headers) + str(down.headers)
    logged = "\n".join(record.getMessage() for record in caplog.records if record.name.startswith("graph"))
    planted = ["planted-code", config["clientSecret"], config["refreshToken"], dict(parse_qsl(query))["code"]]
    assert logged
    assert not [secret for secret in planted if secret in shown or secret in logged]


async def test_client_redirect_keeps_its_own_parameters_and_fragment(pms: ConsentWorld) -> None:
    account = await pms.add()
    location = (await pms.consent(account)).headers["location"]
    assert location.startswith(CLIENT_URL.partition("#")[0] + "&status=success&accountId=")
    assert location.endswith("#/done")
