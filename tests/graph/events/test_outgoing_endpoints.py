"""Endpoints of a tenant's own: how they are made and changed, their secrets, and that tenants never meet."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from graph.accounts.keys import Permission
from graph.accounts.rotation import Rotation
from graph.events.outgoing_endpoints import BOTH_SIGN, MOST_ENDPOINTS
from graph.storage.endpoint_tables import WebhookEndpointRow
from tests.graph.events.outgoing_world import (
    CREATE,
    DELETE,
    DELIVERIES,
    ENDPOINT,
    REPLAY,
    ROTATE,
    UPDATE,
    Sent,
    sending,
    signatures,
)

HOOK = "https://hooks.example.com/staygraph"
NOTHING = "whe_00000000000000000000"


@pytest.fixture
async def sent(tmp_path: Path) -> AsyncIterator[Sent]:
    async with sending(tmp_path) as running:
        yield running


def problems(payload: Any) -> list[tuple[str, str]]:
    """Field and code of each user error."""
    return [(".".join(error["field"]), error["code"]) for error in payload["userErrors"]]


async def test_an_endpoint_is_made_changed_and_deleted(sent: Sent) -> None:
    made = await sent.change(CREATE, input={"url": HOOK, "types": ["CANCELLED", "CREATED"], "description": " CRM "})
    assert made["secret"].startswith("sgn_")
    assert len(made["secret"]) == 68
    endpoint = made["endpoint"]
    assert endpoint["state"] == "ENABLED"
    assert (endpoint["url"], endpoint["description"]) == (HOOK, "CRM")
    assert (sorted(endpoint["types"]), endpoint["accountIds"]) == (["CANCELLED", "CREATED"], None)
    accounts = await sent.world.data("{ accounts { nodes { id } } }")
    account = accounts["accounts"]["nodes"][0]["id"]
    changed = await sent.change(
        UPDATE, id=endpoint["id"], input={"types": None, "accountIds": [account], "enabled": False, "description": None}
    )
    shown = await sent.show(endpoint["id"])
    assert changed["endpoint"] == shown
    assert (shown["types"], shown["accountIds"], shown["description"]) == (None, [account], "")
    assert (shown["state"], shown["disabledReason"]) == (
        "DISABLED",
        "It was switched off by updateWebhookEndpoint.",
    )
    listed = await sent.read("{ webhookEndpoints { id url } }")
    assert listed == [{"id": endpoint["id"], "url": HOOK}]
    gone = await sent.change(DELETE, id=endpoint["id"])
    assert gone == {"deletedId": endpoint["id"], "userErrors": []}
    assert await sent.show(endpoint["id"]) is None
    assert await sent.read("{ webhookEndpoints { id url } }") == []


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("", "REQUIRED"),
        ("ftp://hooks.example.com/", "INVALID"),
        ("https://user:pass@hooks.example.com/", "INVALID"),
        ("https://hooks.example.com/#part", "INVALID"),
        ("http://hooks.example.com/", "NOT_ALLOWED"),
        ("https://localhost/", "NOT_ALLOWED"),
        ("https://169.254.169.254/latest/", "NOT_ALLOWED"),
        ("https://0x7f000001/", "NOT_ALLOWED"),
    ],
)
async def test_addresses_that_lead_elsewhere_than_the_internet_are_refused(strict: Sent, url: str, code: str) -> None:
    refused = await strict.change(CREATE, input={"url": url})
    assert (refused["endpoint"], refused["secret"]) == (None, None)
    assert problems(refused) == [("url", code)]
    assert "pass" not in str(refused["userErrors"][0]["message"]).replace("password", "")
    made = await strict.change(CREATE, input={"url": HOOK})
    assert problems(await strict.change(UPDATE, id=made["endpoint"]["id"], input={"url": url})) == [("url", code)]
    assert (await strict.show(made["endpoint"]["id"]))["url"] == HOOK
    await strict.change(DELETE, id=made["endpoint"]["id"])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("strict")


@pytest.fixture
async def strict(folder: Path) -> AsyncIterator[Sent]:
    async with sending(folder, allow_private_urls=False) as running:
        yield running


async def test_everything_that_is_wrong_is_said_at_once_and_nothing_is_made(sent: Sent) -> None:
    refused = await sent.change(CREATE, input={"url": "nonsense", "description": "x" * 501})
    assert sorted(problems(refused)) == [("description", "OUT_OF_RANGE"), ("url", "INVALID")]
    assert problems(await sent.change(CREATE, input={"url": HOOK, "types": []})) == [("types", "REQUIRED")]
    assert problems(await sent.change(CREATE, input={"url": HOOK, "accountIds": []})) == [("accountIds", "REQUIRED")]
    for unknown in ("nonsense", "bDphY2NfMTox"):
        refused = await sent.change(CREATE, input={"url": HOOK, "accountIds": [unknown]})
        assert problems(refused) == [("accountIds.0", "NOT_FOUND")]
    assert await sent.read("{ webhookEndpoints { id } }") == []
    id_, _ = await sent.endpoint()
    for name in ("url", "enabled"):
        assert problems(await sent.change(UPDATE, id=id_, input={name: None})) == [(name, "REQUIRED")]
    assert problems(await sent.change(REPLAY, id=id_)) == [("after", "REQUIRED")]
    assert problems(await sent.change(REPLAY, id=id_, after="x", ids=["y"])) == [("after", "REQUIRED")]
    assert problems(await sent.change(REPLAY, id=id_, after="x")) == [("after", "INVALID")]
    assert problems(await sent.change(REPLAY, id=id_, ids=[])) == [("deliveryIds", "REQUIRED")]


async def test_a_tenant_may_have_only_so_many(sent: Sent) -> None:
    made = [await sent.endpoint() for _ in range(MOST_ENDPOINTS)]
    one_more = await sent.change(CREATE, input={"url": HOOK})
    assert problems(one_more) == [("", "OUT_OF_RANGE")]
    await sent.change(DELETE, id=made[0][0])
    assert problems(await sent.change(CREATE, input={"url": HOOK})) == []


@pytest.mark.parametrize(
    ("query", "variables"),
    [
        (CREATE, {"input": {"url": HOOK}}),
        (UPDATE, {"id": NOTHING, "input": {}}),
        (ROTATE, {"id": NOTHING}),
        (DELETE, {"id": NOTHING}),
        (REPLAY, {"id": NOTHING, "after": "x"}),
        (ENDPOINT, {"id": NOTHING}),
        (DELIVERIES, {"id": NOTHING}),
        ("{ webhookEndpoints { id } }", {}),
    ],
)
async def test_a_key_that_may_only_read_sees_and_changes_none(strict: Sent, query: str, variables: Any) -> None:
    body = await strict.world.ask(query, **variables)
    assert [error["extensions"]["code"] for error in body["errors"]] == ["FORBIDDEN"]


async def test_for_a_day_both_secrets_sign(sent: Sent) -> None:
    id_, first = await sent.endpoint()
    rotated = await sent.change(ROTATE, id=id_)
    second = rotated["secret"]
    assert second != first
    assert rotated["endpoint"]["formerSecretUntil"] is not None
    await sent.happened("1")
    await sent.drain()
    sent.world.clock.advance(BOTH_SIGN.total_seconds() + 1)
    await sent.happened("2")
    await sent.drain()
    (_, both, body), (_, one, later) = sent.server.got
    assert both["staygraph-signature"].split(",") == [signatures(each, both, body) for each in (second, first)]
    assert one["staygraph-signature"] == signatures(second, one, later)


async def test_secrets_are_sealed_with_keys_that_can_be_replaced(sent: Sent) -> None:
    id_, first = await sent.endpoint()
    second = (await sent.change(ROTATE, id=id_))["secret"]
    services = sent.world.services
    before, old = services.vault.keys, await sealed(sent)
    services.vault.use([b"n" * 32, *before])
    rotation = Rotation(services.database, services.vault)
    assert (await rotation.reseal()).unreadable == []
    services.vault.use([b"n" * 32])
    for secret in (first, second):
        assert all(secret.encode() not in each for each in (*old, *await sealed(sent)))
    assert set(old).isdisjoint(await sealed(sent))
    await sent.happened("1")
    services.vault.use([b"n" * 32, *before])
    await sent.drain()
    ((_, headers, body),) = sent.server.got
    assert signatures(second, headers, body) in headers["staygraph-signature"]
    services.vault.use(before)
    await sent.happened("2")
    await sent.drain()
    (lost,) = await sent.deliveries(id_, first=1)
    assert lost["lastError"] == "Its secret cannot be opened with the server's keys: rotate it."


async def sealed(sent: Sent) -> list[bytes]:
    """What is stored of secrets."""
    async with sent.world.services.database.reading() as session:
        row = await session.scalar(select(WebhookEndpointRow))
        assert row is not None
        assert row.former_secret is not None
        return [row.secret, row.former_secret]


async def test_deliveries_come_page_by_page_the_newest_first(sent: Sent) -> None:
    id_, _ = await sent.endpoint()
    await sent.happened("1", "2", "3")
    await sent.drain()
    events = await sent.world.data("{ reservationEvents { nodes { id cursor } } }")
    third, second, first = [(each["id"], each["cursor"]) for each in events["reservationEvents"]["nodes"]][::-1]
    page = await sent.read(DELIVERIES, id=id_, first=2)
    assert [(each["eventId"], each["cursor"]) for each in page["nodes"]] == [third, second]
    assert page["pageInfo"]["hasNextPage"]
    after = page["pageInfo"]["endCursor"]
    rest = await sent.read(DELIVERIES, id=id_, first=2, after=after)
    assert [(each["eventId"], each["cursor"]) for each in rest["nodes"]] == [first]
    assert not rest["pageInfo"]["hasNextPage"]
    assert await sent.deliveries(id_, statuses=["FAILED", "PENDING"]) == []
    # A cursor is good for its own endpoint alone.
    other, _ = await sent.endpoint("/other")
    secret = await sent.world.key_with(Permission.WRITE)
    foreign = await sent.world.post(DELIVERIES, {"id": other, "after": after}, Authorization=f"Bearer {secret}")
    assert foreign.json()["errors"][0]["extensions"]["argument"] == "after"


async def test_tenants_neither_see_nor_get_what_is_anothers(sent: Sent) -> None:
    services = sent.world.services
    id_, _ = await sent.endpoint()
    tenant = await services.tenants.create("Other")
    await sent.happened("1")
    await sent.drain()
    (delivery,) = await sent.deliveries(id_)
    key = await sent.world.key_with(Permission.WRITE, tenant.id)

    async def ask(query: str, **variables: Any) -> Any:
        return (await sent.world.post(query, variables, Authorization=f"Bearer {key}")).json()

    assert (await ask("{ webhookEndpoints { id } }"))["data"] == {"webhookEndpoints": []}
    for query, variables in (
        (ENDPOINT, {}),
        (DELIVERIES, {}),
        (UPDATE, {"input": {"url": HOOK}}),
        (ROTATE, {}),
        (DELETE, {}),
        (REPLAY, {"ids": [delivery["id"]]}),
        (REPLAY, {"after": delivery["cursor"]}),
    ):
        theirs, nobodys = [await ask(query, id=each, **variables) for each in (id_, NOTHING)]
        assert theirs == nobodys
    own = (await ask(CREATE, input={"url": f"{sent.server.url}/other"}))["data"]["createWebhookEndpoint"]["endpoint"]
    stolen = await ask(REPLAY, id=own["id"], ids=[delivery["id"]])
    assert problems(stolen["data"]["replayWebhookDeliveries"]) == [("deliveryIds", "NOT_FOUND")]
    # A cursor is good for its own tenant alone.
    stolen = await ask(REPLAY, id=own["id"], after=delivery["cursor"])
    assert problems(stolen["data"]["replayWebhookDeliveries"]) == [("after", "INVALID")]
    await sent.happened("2")
    await sent.drain()
    assert sent.server.reservations() == ["1", "2"]
    assert sent.server.bodies("/other") == []
    shown = await sent.show(id_)
    assert shown["url"].endswith("/hook")


async def test_a_tenant_that_is_out_of_use_gets_nothing_until_it_is_back(sent: Sent) -> None:
    from graph.accounts.tenants import TenantStatus

    services = sent.world.services
    tenant = await services.tenants.create("Other")
    (account,) = await services.accounts.list("default")
    key = await sent.world.key_with(Permission.WRITE, tenant.id)
    made = await sent.world.post(CREATE, {"input": {"url": f"{sent.server.url}/other"}}, Authorization=f"Bearer {key}")
    assert made.json()["data"]["createWebhookEndpoint"]["userErrors"] == []
    theirs = await connected(sent, tenant.id)
    assert theirs != account.id
    await services.tenants.set_status(tenant.id, TenantStatus.INACTIVE)
    await sent.happened("1", tenant=tenant.id)
    await sent.drain()
    assert sent.server.got == []
    await services.tenants.set_status(tenant.id, TenantStatus.ACTIVE)
    await sent.drain()
    assert sent.server.reservations("/other") == ["1"]


async def connected(sent: Sent, tenant_id: str) -> str:
    """An account of the tenant."""
    from tests.gateway_world import connect

    await connect(sent.world.services, "HOSTAWAY", sent.world.simulations["HOSTAWAY"], tenant_id)
    (account,) = await sent.world.services.accounts.list(tenant_id)
    return account.id


async def test_whoever_sends_is_told_of_a_new_endpoint(sent: Sent) -> None:
    told: list[None] = []
    endpoints = sent.world.services.administration.endpoints
    endpoints.when_changed(lambda: told.append(None))
    await sent.change(CREATE, input={"url": HOOK})
    assert len(told) == 1
