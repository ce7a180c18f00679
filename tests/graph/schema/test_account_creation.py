"""Connecting accounts over HTTP, against simulated PMSs."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from graph.accounts.accounts import AccountStatus
from graph.accounts.keys import Permission
from graph.schema.account_creation import AuthTypeInput
from graph.storage.tables import TenantRow
from providers.manifest import AuthType
from tests.gateway_world import World, world

CREATE = """
mutation($input: CreateIntegrationAccountInput!) {
  createIntegrationAccount(input: $input) {
    result {
      __typename
      ... on CreatedIntegrationAccount {
        account {
          id name provider authType accountIdentifier status version defaultDiscountPercentage markupPercentage
          distributionMarkupPercentage allowImport requireListingApproval clientRedirectUrl notificationUrl
        }
        webhookUrls warning
      }
      ... on IntegrationAccountAuthorization {
        authorizationUrl authorizationExpiresAt webhookUrls workspaceLevelWebhookSubscriptionSupported
        subscriptionApiSupported
        authorized: account { id status accountIdentifier }
      }
    }
    userErrors { field code message allowed }
  }
}
"""

REAUTHORIZE = """
mutation($id: ID!, $input: ReauthorizeIntegrationAccountInput!) {
  reauthorizeIntegrationAccount(id: $id, input: $input) {
    result {
      __typename
      ... on CreatedIntegrationAccount { account { id authType status notificationUrl } warning }
      ... on IntegrationAccountAuthorization { authorizationUrl authorized: account { status } }
    }
    userErrors { field code message allowed }
  }
}
"""

SECRET = "pl4nted-s3cret"  # planted to be looked for


def config(running: World, provider: str, number: int = 0) -> dict[str, Any]:
    return dict(running.simulations[provider].credentials()[number][1])


def hostaway(running: World, **more: Any) -> dict[str, Any]:
    fields = {"name": "Beach", "provider": "hostaway", "authType": "API_KEY", "authConfig": config(running, "HOSTAWAY")}
    return fields | more


def bookingsync(running: World, **more: Any) -> dict[str, Any]:
    fields = {"name": "Alps", "provider": "BookingSync", "authType": "OAUTH"}
    return fields | {"authConfig": config(running, "BOOKINGSYNC")} | more


async def create(running: World, fields: dict[str, Any]) -> Any:
    return await running.change(CREATE, Permission.WRITE, input=fields)


async def refused(running: World, fields: dict[str, Any]) -> list[dict[str, Any]]:
    """The errors of an input that must not be carried out: nothing is stored, and nothing repeats a secret."""
    before = await stored(running)
    payload = await create(running, fields)
    assert payload["result"] is None
    assert await stored(running) == before
    assert SECRET not in str(payload)
    errors: list[dict[str, Any]] = payload["userErrors"]
    return errors


async def stored(running: World) -> list[Any]:
    async with running.services.database.reading() as session:
        return list((await session.execute(text("SELECT id FROM account ORDER BY id"))).scalars())


async def test_an_account_has_everything_it_was_created_with(running: World) -> None:
    payload = await create(
        running,
        hostaway(
            running,
            accountIdentifier="crm-7",
            version="1.0",
            defaultDiscountPercentage="10",
            markupPercentage="5.5",
            distributionMarkupPercentage="15",
            allowImport=True,
            requireListingApproval=True,
            notificationUrl="https://shop.example/notify",
        ),
    )
    assert payload["userErrors"] == []
    account = payload["result"].pop("account")
    assert payload["result"] == {"__typename": "CreatedIntegrationAccount", "webhookUrls": [], "warning": None}
    assert account == {
        "id": account["id"],
        "name": "Beach",
        "provider": "HOSTAWAY",
        "authType": "API_KEY",
        "accountIdentifier": "crm-7",
        "status": "ACTIVE",
        "version": "1.0",
        "defaultDiscountPercentage": "10",
        "markupPercentage": "5.5",
        "distributionMarkupPercentage": "15",
        "allowImport": True,
        "requireListingApproval": True,
        "clientRedirectUrl": None,
        "notificationUrl": "https://shop.example/notify",
    }
    read = await running.data(
        "query($id: ID!) { account(id: $id) { name listings(first: 3, filter: { approval: [PENDING] })"
        " { nodes { name } } } }",
        id=account["id"],
    )
    assert read["account"]["name"] == "Beach"
    assert len(read["account"]["listings"]["nodes"]) == 3


async def test_creating_costs_one_call_beside_the_token(running: World) -> None:
    await create(running, hostaway(running))
    assert len(running.data_calls()) == 1
    assert len(running.calls) == 2


async def test_the_id_may_be_chosen_and_is_unique(running: World) -> None:
    wanted = "123e4567-e89b-12d3-a456-426614174000"
    payload = await create(running, hostaway(running, id=wanted))
    assert payload["result"]["account"]["accountIdentifier"] == wanted
    calls = len(running.calls)
    errors = await refused(running, hostaway(running, id=wanted))
    assert errors == [{"field": ["id"], "code": "TAKEN", "message": "Another account has it.", "allowed": None}]
    assert len(running.calls) == calls


async def test_an_identifier_is_unique_before_any_token_is_spent(running: World) -> None:
    await create(running, hostaway(running, accountIdentifier="crm-7"))
    calls = len(running.calls)
    errors = await refused(running, bookingsync(running, accountIdentifier="crm-7"))
    assert [(error["field"], error["code"]) for error in errors] == [(["accountIdentifier"], "TAKEN")]
    assert len(running.calls) == calls


async def test_of_two_at_once_with_one_identifier_one_is_connected(running: World) -> None:
    key = await running.key_with(Permission.WRITE)
    body = {"input": hostaway(running, accountIdentifier="crm-7")}
    answers = await asyncio.gather(*(running.post(CREATE, body, Authorization=f"Bearer {key}") for _ in range(2)))
    payloads = [answer.json()["data"]["createIntegrationAccount"] for answer in answers]
    assert sorted(len(payload["userErrors"]) for payload in payloads) == [0, 1]
    assert next(each for each in payloads if each["userErrors"])["userErrors"][0]["code"] == "TAKEN"


async def test_a_refresh_token_at_hand_needs_no_consent(running: World) -> None:
    payload = await create(running, bookingsync(running))
    assert payload["result"]["__typename"] == "CreatedIntegrationAccount"
    assert payload["result"]["account"]["authType"] == "OAUTH"


async def test_an_application_may_sign_in_as_itself_where_the_provider_knows_that(running: World) -> None:
    given = config(running, "BOOKINGSYNC")
    del given["refreshToken"]
    payload = await create(running, bookingsync(running, authConfig=given))
    assert payload["result"]["account"]["status"] == "ACTIVE"


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("name", "  ", "REQUIRED"),
        ("name", "x" * 201, "OUT_OF_RANGE"),
        ("accountIdentifier", " ", "REQUIRED"),
        ("provider", "nosuch", "UNKNOWN"),
        ("authType", "PARTNER_TOKEN", "NOT_SUPPORTED"),
        ("authType", "USERNAME_PASSWORD", "NOT_SUPPORTED"),
        ("id", "a b", "INVALID"),
        ("id", "x" * 41, "INVALID"),
        ("id", "", "INVALID"),
        ("version", "", "REQUIRED"),
        ("authConfig", [1], "INVALID"),
        ("clientRedirectUrl", "javascript:alert(1)", "INVALID"),
        ("clientRedirectUrl", "https://user:pw@shop.example/", "INVALID"),
        ("notificationUrl", "ftp://shop.example/", "INVALID"),
        ("notificationUrl", "shop.example", "INVALID"),
        ("notificationUrl", "https://[::1", "INVALID"),
        ("defaultDiscountPercentage", "100.01", "OUT_OF_RANGE"),
        ("markupPercentage", "-0.5", "OUT_OF_RANGE"),
        ("distributionMarkupPercentage", "101", "OUT_OF_RANGE"),
    ],
)
async def test_each_field_that_does_not_fit_is_named(running: World, field: str, value: Any, code: str) -> None:
    (error,) = await refused(running, hostaway(running, **{field: value}))
    assert (error["field"], error["code"]) == ([field], code)
    assert error["message"]
    assert error["allowed"]
    assert running.calls == []


async def test_an_unknown_provider_is_told_which_there_are(running: World) -> None:
    (error,) = await refused(running, hostaway(running, provider="nosuch"))
    assert error["allowed"] == "BOOKINGSYNC, HOSTAWAY"


async def test_an_auth_type_is_told_which_the_provider_has(running: World) -> None:
    (error,) = await refused(running, hostaway(running, authType="OAUTH"))
    assert (error["field"], error["allowed"]) == (["authType"], "API_KEY, ACCESS_TOKEN")


async def test_credentials_are_held_against_the_published_schema_field_by_field(running: World) -> None:
    given = {"accountId": "x1", "colour": SECRET}
    errors = await refused(running, hostaway(running, name="", authConfig=given))
    assert {(*error["field"],): error["code"] for error in errors} == {
        ("name",): "REQUIRED",
        ("authConfig", "accountId"): "INVALID",
        ("authConfig", "apiKey"): "REQUIRED",
        ("authConfig", "colour"): "UNKNOWN",
    }
    published = await running.data("{ providers { code authTypes { type configSchema } } }")
    schema = published["providers"][1]["authTypes"][0]["configSchema"]
    meant = next(error for error in errors if error["field"] == ["authConfig", "accountId"])
    assert meant["allowed"] == schema["properties"]["accountId"]["description"]


@pytest.mark.parametrize("given", [None, {}, {"clientId": "c", "clientSecret": SECRET}])
async def test_oauth_without_a_redirect_address_is_refused(running: World, given: Any) -> None:
    errors = await refused(running, bookingsync(running, authConfig=given))
    (error,) = [each for each in errors if each["field"] == ["clientRedirectUrl"]]
    assert error["code"] == "REQUIRED"
    assert running.calls == []


async def test_a_pms_that_refuses_says_why_and_nothing_is_stored(running: World) -> None:
    wrong = config(running, "HOSTAWAY") | {"apiKey": SECRET}
    (error,) = await refused(running, hostaway(running, authConfig=wrong))
    assert (error["field"], error["code"]) == (["authConfig"], "REFUSED")
    assert "does not accept" in error["message"]


async def test_a_pms_that_is_away_leaves_nothing_behind(running: World) -> None:
    await running.fault("HOSTAWAY", kind="status", status=503)
    (error,) = await refused(running, hostaway(running))
    assert (error["field"], error["code"]) == (["authConfig"], "UNAVAILABLE")


async def test_a_pms_that_is_asked_too_often_says_when_to_come_back(tmp_path: Path) -> None:
    async with world(tmp_path, hostaway_accounts=1, bookingsync_accounts=0, operation_timeout=5.0) as running:
        await running.fault("HOSTAWAY", kind="storm", path="/v1/listings")
        (error,) = await refused(running, hostaway(running))
    assert error["code"] == "UNAVAILABLE"
    assert "Try again in" in error["message"]


async def test_a_refresh_token_that_was_spent_is_kept_though_the_pms_fails_then(running: World) -> None:
    await running.fault("BOOKINGSYNC", kind="status", status=503, path="/api/v3")
    payload = await create(running, bookingsync(running))
    assert payload["userErrors"] == []
    assert payload["result"]["warning"]
    await lift_faults(running, "BOOKINGSYNC")
    running.clock.advance(60)
    assert await names_of(running, payload["result"]["account"]["id"])


async def test_a_request_that_is_given_up_loses_no_refresh_token(running: World) -> None:
    await running.fault("BOOKINGSYNC", kind="latency", seconds=0.3, path="/oauth/token")
    key = await running.key_with(Permission.WRITE)
    body = {"input": bookingsync(running, accountIdentifier="crm-7")}
    request = asyncio.create_task(running.post(CREATE, body, Authorization=f"Bearer {key}"))
    while not any(each.startswith("trial_") for each in running.services.upstream._sessions):  # noqa: ASYNC110
        await asyncio.sleep(0)  # nobody tells when the first call is about to leave
    request.cancel()
    await running.services.administration.underway.aclose()
    connected = await running.data('{ accounts(accountIdentifiers: ["crm-7"]) { nodes { id status } } }')
    (account,) = connected["accounts"]["nodes"]
    assert account["status"] == "ACTIVE"
    assert await names_of(running, account["id"])


async def test_credentials_are_stored_sealed_and_never_told(running: World) -> None:
    payload = await create(running, hostaway(running))
    secret = config(running, "HOSTAWAY")["apiKey"]
    assert secret not in str(payload)
    folder = running.services.settings.data_dir
    assert secret.encode() not in b"".join(path.read_bytes() for path in folder.iterdir())


async def test_a_key_that_may_only_read_connects_nothing(running: World) -> None:
    answer = await running.post(CREATE, {"input": hostaway(running)})
    assert answer.json()["errors"][0]["extensions"] == {"code": "FORBIDDEN"}
    assert running.calls == []


async def names_of(running: World, account_id: str) -> list[str]:
    data = await running.data(
        "query($id: ID!) { account(id: $id) { listings(first: 2) { nodes { name } } } }", id=account_id
    )
    return [node["name"] for node in data["account"]["listings"]["nodes"]]


async def lift_faults(running: World, provider: str) -> None:
    async with httpx.AsyncClient(base_url=running.urls[provider]) as client:
        assert (await client.delete("/_control/faults")).is_success


# New credentials.


async def first_account(running: World, provider: str) -> str:
    data = await running.data(
        "query($code: [String!]) { accounts(providers: $code) { nodes { id } } }", code=[provider]
    )
    return str(data["accounts"]["nodes"][0]["id"])


async def reauthorize(running: World, provider: str, **fields: Any) -> Any:
    account = await first_account(running, provider)
    return await running.change(REAUTHORIZE, Permission.WRITE, id=account, input=fields)


async def test_new_credentials_are_tried_and_then_used(running: World) -> None:
    account = await first_account(running, "HOSTAWAY")
    before = await names_of(running, account)
    payload = await reauthorize(running, "HOSTAWAY", authConfig=config(running, "HOSTAWAY", 1))
    assert payload["userErrors"] == []
    assert payload["result"]["account"]["id"] == account
    assert await names_of(running, account) != before


async def test_credentials_that_the_pms_refuses_change_nothing(running: World) -> None:
    account = await first_account(running, "HOSTAWAY")
    wrong = config(running, "HOSTAWAY") | {"apiKey": SECRET}
    payload = await reauthorize(running, "HOSTAWAY", authConfig=wrong, notificationUrl="https://shop.example/")
    assert [(each["field"], each["code"]) for each in payload["userErrors"]] == [(["authConfig"], "REFUSED")]
    data = await running.data("query($id: ID!) { account(id: $id) { notificationUrl } }", id=account)
    assert data["account"]["notificationUrl"] is None
    assert await names_of(running, account)


async def test_the_way_to_authenticate_may_change(running: World) -> None:
    token = running.simulations["BOOKINGSYNC"].access_token(0)  # type: ignore[attr-defined]  # BookingSync's own
    payload = await reauthorize(
        running, "BOOKINGSYNC", authType="ACCESS_TOKEN", authConfig={"accessToken": token, "accountId": None}
    )
    assert payload["result"]["account"]["authType"] == "ACCESS_TOKEN"
    assert await names_of(running, payload["result"]["account"]["id"])


async def test_a_paused_account_stays_paused_with_its_new_credentials(running: World) -> None:
    (account, *_) = await running.services.accounts.list("default")
    await running.services.accounts.set_status("default", account.id, AccountStatus.PAUSED)
    payload = await reauthorize(running, account.provider, authConfig=config(running, account.provider))
    assert payload["result"]["account"]["status"] == "PAUSED"


@pytest.mark.parametrize(
    ("provider", "fields", "named", "code"),
    [
        ("HOSTAWAY", {}, ["authConfig"], "REQUIRED"),
        ("HOSTAWAY", {"authType": "ACCESS_TOKEN"}, ["authConfig"], "REQUIRED"),
        ("HOSTAWAY", {"authType": "OAUTH", "authConfig": {}}, ["authType"], "NOT_SUPPORTED"),
        ("HOSTAWAY", {"authConfig": {"accountId": 1}}, ["authConfig", "apiKey"], "REQUIRED"),
        ("BOOKINGSYNC", {}, ["clientRedirectUrl"], "REQUIRED"),
        ("HOSTAWAY", {"notificationUrl": "mailto:x@example.com"}, ["notificationUrl"], "INVALID"),
    ],
)
async def test_what_new_credentials_lack_is_named(
    running: World, provider: str, fields: dict[str, Any], named: list[str], code: str
) -> None:
    payload = await reauthorize(running, provider, **fields)
    assert payload["result"] is None
    assert (named, code) in [(each["field"], each["code"]) for each in payload["userErrors"]]
    assert running.calls == []


async def test_another_tenants_account_is_not_there(running: World) -> None:
    account = await first_account(running, "HOSTAWAY")
    await add_tenant(running, "other")
    secret = await running.key_with(Permission.WRITE, "other")
    body = {"id": account, "input": {"authConfig": config(running, "HOSTAWAY")}}
    answer = await running.post(REAUTHORIZE, body, Authorization=f"Bearer {secret}")
    payload = answer.json()["data"]["reauthorizeIntegrationAccount"]
    assert [(each["field"], each["code"]) for each in payload["userErrors"]] == [(["id"], "NOT_FOUND")]
    assert running.calls == []


async def add_tenant(running: World, name: str) -> None:
    now = datetime.now(UTC)
    async with running.services.database.session() as session:
        session.add(TenantRow(id=name, name=name, created_at=now, updated_at=now))


def test_every_way_to_authenticate_can_be_given() -> None:
    assert {each.name for each in AuthTypeInput} == {*AuthType.__members__, "USERNAME_PASSWORD"}
