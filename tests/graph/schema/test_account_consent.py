"""Connecting accounts by their owners' consent, begun over the API; the way through the browser is BookingSync's."""

from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from graph.accounts.keys import Permission
from tests.gateway_world import World
from tests.graph.schema.test_account_creation import CREATE, REAUTHORIZE, names_of
from tests.graph.web.consent_world import CLIENT_URL, ConsentWorld, consent_world

DEFINE = """mutation($provider: String!, $input: UpdateIntegrationDefinitionInput!) {
  updateIntegrationDefinition(provider: $provider, input: $input) { userErrors { field message } } }"""


@pytest.fixture
async def consenting(tmp_path: Path) -> AsyncIterator[ConsentWorld]:
    async with consent_world(tmp_path) as made:
        yield made


async def create(consenting: ConsentWorld, **fields: Any) -> Any:
    wanted = {
        "name": "Alps",
        "provider": "BOOKINGSYNC",
        "authType": "OAUTH",
        "authConfig": consenting.simulation.client_credentials_config(),
        "clientRedirectUrl": CLIENT_URL,
        "notificationUrl": f"{consenting.receiver.url}/hook",
        "accountIdentifier": "crm-9",
    }
    return await consenting.gateway.change(CREATE, Permission.WRITE, input=wanted | fields)


async def reauthorize(consenting: ConsentWorld, account: str, **fields: Any) -> Any:
    return await consenting.gateway.change(REAUTHORIZE, Permission.WRITE, id=account, input=fields)


async def consented(consenting: ConsentWorld, url: str) -> None:
    answer = await consenting.callback(await consenting.decide(url))
    assert answer.status_code == 303
    assert "status=success" in answer.headers["location"]


async def status(gateway: World, account: str) -> str:
    data = await gateway.data("query($id: ID!) { account(id: $id) { status } }", id=account)
    return str(data["account"]["status"])


async def test_an_owner_consents_and_the_account_is_read(consenting: ConsentWorld) -> None:
    payload = await create(consenting)
    assert payload["userErrors"] == []
    result = payload["result"]
    account = result["authorized"]["id"]
    assert result["__typename"] == "IntegrationAccountAuthorization"
    assert (result["authorized"]["status"], result["authorized"]["accountIdentifier"]) == (
        "AWAITING_AUTHORIZATION",
        "crm-9",
    )
    assert datetime.fromisoformat(result["authorizationExpiresAt"]) > consenting.gateway.clock.now()
    (webhook_url,) = result["webhookUrls"]
    assert "/webhooks/bookingsync/" in webhook_url
    assert result["subscriptionApiSupported"] is False
    assert result["workspaceLevelWebhookSubscriptionSupported"] is True
    assert "state" in parse_qs(urlsplit(result["authorizationUrl"]).query)
    assert consenting.gateway.calls == []
    await consented(consenting, result["authorizationUrl"])
    assert await status(consenting.gateway, account) == "ACTIVE"
    assert len(await names_of(consenting.gateway, account)) == 2


async def test_a_consent_that_cannot_be_begun_leaves_no_account(consenting: ConsentWorld) -> None:
    elsewhere = consenting.simulation.client_credentials_config() | {"redirectUri": "https://elsewhere.example/done"}
    payload = await create(consenting, authConfig=elsewhere)
    assert payload["result"] is None
    assert [error["field"] for error in payload["userErrors"]] == [["authConfig", "redirectUri"]]
    assert (await consenting.gateway.data("{ accounts { totalCount } }"))["accounts"]["totalCount"] == 0


async def test_an_account_works_on_until_its_owner_has_consented_again(consenting: ConsentWorld) -> None:
    result = (await create(consenting))["result"]
    account = result["authorized"]["id"]
    await consented(consenting, result["authorizationUrl"])
    again = (await reauthorize(consenting, account))["result"]
    assert again["authorized"] == {"status": "ACTIVE"}
    assert await names_of(consenting.gateway, account)
    await consented(consenting, again["authorizationUrl"])
    assert await names_of(consenting.gateway, account)


async def test_other_credentials_take_their_place_once_the_owner_has_consented(consenting: ConsentWorld) -> None:
    account = await connected(consenting)
    application = consenting.simulation.client_credentials_config() | {"scope": "public bookings_read rentals_read"}
    again = (await reauthorize(consenting, account, authConfig=application))["result"]
    assert again["authorized"] == {"status": "ACTIVE"}
    assert "scope=public+bookings_read+rentals_read" in again["authorizationUrl"].replace("%20", "+")
    assert await names_of(consenting.gateway, account)
    await consented(consenting, again["authorizationUrl"])
    assert await status(consenting.gateway, account) == "ACTIVE"


async def test_credentials_stay_where_no_consent_can_be_begun_with_others(consenting: ConsentWorld) -> None:
    account = await connected(consenting)
    before = await names_of(consenting.gateway, account)
    elsewhere = consenting.simulation.client_credentials_config() | {"redirectUri": "https://elsewhere.example/done"}
    payload = await reauthorize(consenting, account, authConfig=elsewhere)
    assert [error["code"] for error in payload["userErrors"]] == ["INVALID"]
    assert await status(consenting.gateway, account) == "ACTIVE"
    consenting.gateway.clock.advance(3600 * 3)
    assert await names_of(consenting.gateway, account) == before


async def test_an_account_of_another_type_does_not_wait_for_a_consent(consenting: ConsentWorld) -> None:
    token = consenting.simulation.access_token(0)
    created = await create(consenting, authType="ACCESS_TOKEN", authConfig={"accessToken": token})
    account = created["result"]["account"]["id"]
    application = consenting.simulation.client_credentials_config()
    payload = await reauthorize(consenting, account, authType="OAUTH", authConfig=application)
    assert [(each["field"], each["code"]) for each in payload["userErrors"]] == [(["authType"], "CONFLICT")]
    assert await names_of(consenting.gateway, account)


async def connected(consenting: ConsentWorld) -> str:
    result = (await create(consenting))["result"]
    await consented(consenting, result["authorizationUrl"])
    return str(result["authorized"]["id"])


@pytest.mark.parametrize("field", ["clientRedirectUrl", "notificationUrl"])
async def test_addresses_within_private_networks_need_a_setting(tmp_path: Path, field: str) -> None:
    async with consent_world(tmp_path, allow_private_urls=False) as consenting:
        for address in ("https://10.0.0.1/", "http://shop.example/", "https://localhost/"):
            public = {"clientRedirectUrl": "https://shop.example/", "notificationUrl": "https://shop.example/"}
            payload = await create(consenting, **(public | {field: address}))
            assert [(each["field"], each["code"]) for each in payload["userErrors"]] == [([field], "NOT_ALLOWED")]
            assert "https://" in payload["userErrors"][0]["allowed"]


async def define_application(consenting: ConsentWorld) -> None:
    config = consenting.simulation.client_credentials_config()
    application = {name: config[name] for name in ("clientId", "clientSecret")}
    chosen = {"oauthApplication": application}
    payload = await consenting.gateway.change(DEFINE, Permission.ADMIN, provider="BOOKINGSYNC", input=chosen)
    assert payload["userErrors"] == []


async def test_the_operators_application_stands_in_where_an_owner_is_to_consent(consenting: ConsentWorld) -> None:
    await define_application(consenting)
    payload = await create(consenting, authConfig=None)
    assert payload["userErrors"] == []
    account = payload["result"]["authorized"]["id"]
    await consented(consenting, payload["result"]["authorizationUrl"])
    assert await status(consenting.gateway, account) == "ACTIVE"


@pytest.mark.parametrize(
    "fields",
    [{"clientRedirectUrl": None, "authConfig": {}}, {"authConfig": {"accessToken": "made-up"}}],
    ids=["without a consent", "with a token of unknown origin"],
)
async def test_the_operators_application_never_signs_in_without_a_consent(
    consenting: ConsentWorld, fields: dict[str, Any]
) -> None:
    await define_application(consenting)
    payload = await create(consenting, **fields)
    assert payload["result"] is None
    assert ["authConfig", "clientId"] in [error["field"] for error in payload["userErrors"]]
    assert not [call for call in consenting.gateway.calls if call.path == "/oauth/token"]
