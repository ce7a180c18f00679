"""A PMS that is told through its API where to send webhooks: when an account comes, is repaired, and goes."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from graph.accounts.keys import Permission
from providers.hostaway.simulator.accounts import SimulatedAccount
from tests.gateway_world import World, world
from tests.graph.events.webhook_world import RESERVATION, ROTATE, basic, send
from tests.graph.schema.test_account_creation import CREATE, REAUTHORIZE

PUBLIC = "https://graph.example.com"
WEBHOOK = """query($id: ID!) { account(id: $id) {
  webhook { state subscribedAt subscriptionError address { url login password } } } }"""
REPAIR = """mutation($id: ID!) { repairWebhooks(id: $id) {
  webhook { state subscribedAt subscriptionError } userErrors { field code message } } }"""
DELETE = """mutation($id: ID!) { deleteIntegrationAccount(id: $id) { userErrors { code message } } }"""


@pytest.fixture
async def public(tmp_path: Path) -> AsyncIterator[World]:
    async with world(tmp_path, public_url=PUBLIC, webhook_alert_email="ops@example.com") as running:
        for account in await running.services.accounts.list("default"):
            await running.services.accounts.remove("default", account.id)
        running.calls.clear()
        yield running


def pms(running: World, number: int = 0) -> SimulatedAccount:
    account: SimulatedAccount = running.simulations["HOSTAWAY"].accounts[number]  # type: ignore[attr-defined]  # its own
    return account


async def connected(running: World, provider: str = "HOSTAWAY", number: int = 0) -> str:
    auth_type, config = running.simulations[provider].credentials()[number]
    fields = {"name": "A", "provider": provider, "authType": auth_type.value, "authConfig": config}
    payload = await running.change(CREATE, Permission.WRITE, input=fields)
    assert payload["userErrors"] == []
    return str(payload["result"]["account"]["id"])


async def told(running: World, id_: str) -> Any:
    secret = await running.key_with(Permission.WRITE)
    body = (await running.post(WEBHOOK, {"id": id_}, Authorization=f"Bearer {secret}")).json()
    return body["data"]["account"]["webhook"]


def webhook_calls(running: World) -> list[str]:
    return [f"{call.method} {call.status}" for call in running.calls if "unifiedWebhooks" in call.path]


async def test_connecting_an_account_tells_its_pms_where_to_send(public: World) -> None:
    id_ = await connected(public)
    webhook = await told(public, id_)
    address = webhook.pop("address")
    assert (webhook["state"], webhook["subscriptionError"]) == ("WAITING", None)
    assert webhook["subscribedAt"] is not None
    (sent,) = pms(public).unified_webhooks.values()
    assert sent == {
        "id": sent["id"],
        "isEnabled": 1,
        "url": address["url"],
        "login": address["login"],
        "password": address["password"],
        "alertingEmailAddress": "ops@example.com",
    }
    assert webhook_calls(public) == ["GET 200", "POST 200"]
    path = sent["url"].removeprefix(PUBLIC)
    assert (await send(public, path, RESERVATION, basic(sent["login"], sent["password"]))).status_code == 200
    assert (await told(public, id_))["state"] == "RECEIVING"


async def test_without_a_public_address_no_pms_is_told(tmp_path: Path) -> None:
    async with world(tmp_path) as running:
        await connected(running)
        assert pms(running).unified_webhooks == {}
        assert webhook_calls(running) == []


async def test_an_account_whose_webhooks_are_set_up_by_hand_is_told_nothing(public: World) -> None:
    id_ = await connected(public, "BOOKINGSYNC")
    assert (await told(public, id_))["subscribedAt"] is None
    payload = await public.change(REPAIR, Permission.WRITE, id=id_)
    assert [(each["field"], each["code"]) for each in payload["userErrors"]] == [(["id"], "NOT_SUPPORTED")]


async def test_a_pms_that_fails_at_that_keeps_no_account_away_and_is_told_later(public: World) -> None:
    await public.fault("HOSTAWAY", kind="status", status=503, path="/v1/webhooks", method="POST", times=2)
    id_ = await connected(public)
    webhook = await told(public, id_)
    assert webhook["subscribedAt"] is None
    assert webhook["subscriptionError"]
    assert pms(public).unified_webhooks == {}
    refused = await public.change(REPAIR, Permission.WRITE, id=id_)
    assert [each["field"] for each in refused["userErrors"]] == [["id"]]
    repaired = await public.change(REPAIR, Permission.WRITE, id=id_)
    assert repaired["userErrors"] == []
    assert repaired["webhook"]["subscriptionError"] is None
    assert len(pms(public).unified_webhooks) == 1


async def test_what_was_switched_off_or_removed_there_is_repaired(public: World) -> None:
    id_ = await connected(public)
    (webhook,) = pms(public).unified_webhooks.values()
    webhook["isEnabled"] = 0
    await public.change(REPAIR, Permission.WRITE, id=id_)
    ((key, again),) = pms(public).unified_webhooks.items()
    assert (again["id"], again["isEnabled"]) == (webhook["id"], 1)
    pms(public).unified_webhooks.pop(key)
    await public.change(REPAIR, Permission.WRITE, id=id_)
    assert len(pms(public).unified_webhooks) == 1


async def test_a_new_secret_is_told_to_the_pms(public: World) -> None:
    id_ = await connected(public)
    payload = await public.change(ROTATE, Permission.WRITE, id=id_)
    (webhook,) = pms(public).unified_webhooks.values()
    assert (webhook["url"], webhook["password"]) == (payload["address"]["url"], payload["address"]["password"])


async def test_an_answer_that_was_lost_makes_no_second_webhook(public: World) -> None:
    await public.fault("HOSTAWAY", kind="cut", method="POST", path="/v1/webhooks", times=1)
    id_ = await connected(public)
    assert len(pms(public).unified_webhooks) == 1
    assert (await told(public, id_))["subscriptionError"]
    repaired = await public.change(REPAIR, Permission.WRITE, id=id_)
    assert repaired["userErrors"] == []
    assert len(pms(public).unified_webhooks) == 1


async def test_connecting_again_tells_the_account_that_is_connected_now(public: World) -> None:
    id_ = await connected(public)
    _, other = public.simulations["HOSTAWAY"].credentials()[1]
    payload = await public.change(REAUTHORIZE, Permission.WRITE, id=id_, input={"authConfig": other})
    assert payload["userErrors"] == []
    assert len(pms(public, 1).unified_webhooks) == 1


async def test_removing_an_account_takes_the_webhook_back(public: World) -> None:
    id_ = await connected(public)
    payload = await public.change(DELETE, Permission.WRITE, id=id_)
    assert payload["userErrors"] == []
    assert pms(public).unified_webhooks == {}


async def test_a_pms_that_is_away_keeps_no_account_alive(public: World) -> None:
    id_ = await connected(public)
    await public.fault("HOSTAWAY", kind="status", status=503, path="/v1/webhooks")
    payload = await public.change(DELETE, Permission.WRITE, id=id_)
    assert payload["userErrors"] == []
    assert await public.services.accounts.list("default") == []


async def test_reading_is_not_repairing(public: World) -> None:
    id_ = await connected(public)
    secret = await public.key_with(Permission.READ)
    answer = await public.post(REPAIR, {"id": id_}, Authorization=f"Bearer {secret}")
    assert answer.json()["errors"][0]["extensions"]["code"] == "FORBIDDEN"
