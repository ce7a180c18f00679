"""X-Tenant-Id: who may act for which tenant, with keys and with access tokens."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from graph.accounts.keys import Permission, Scope
from graph.accounts.tenants import Tenant, TenantStatus
from tests.gateway_world import World, serving, world
from tests.identity_provider import AUDIENCE, ISSUER, IdentityProvider

VIEWER = "{ viewer { tenant { id } key { id } permission scopes expiresAt } accounts { totalCount } }"


@pytest.fixture
async def provider() -> AsyncIterator[tuple[IdentityProvider, str]]:
    made = IdentityProvider()
    async with serving(made) as url:
        yield made, f"{url}/keys"


@pytest.fixture
async def gateway(tmp_path: Path, provider: tuple[IdentityProvider, str]) -> AsyncIterator[World]:
    """One account of the default tenant, and an identity provider."""
    async with world(
        tmp_path,
        hostaway_accounts=1,
        bookingsync_accounts=0,
        listings=1,
        jwt_issuer=ISSUER,
        jwt_audience=AUDIENCE,
        jwt_jwks_url=provider[1],
        allowed_origins=["https://app.example.com"],
    ) as running:
        yield running


@pytest.fixture
async def other(gateway: World) -> Tenant:
    return await gateway.services.tenants.create("Other")


async def ask(gateway: World, secret: str, *tenants: str) -> httpx.Response:
    headers = [("Authorization", f"Bearer {secret}"), *(("X-Tenant-Id", each) for each in tenants)]
    return await gateway.client.post("/graphql", json={"query": VIEWER}, headers=headers)


def tenant_of(answer: httpx.Response) -> tuple[str, int]:
    body = answer.json()
    assert "errors" not in body, body
    return body["data"]["viewer"]["tenant"]["id"], body["data"]["accounts"]["totalCount"]


async def test_without_the_header_a_key_acts_for_its_own_tenant(gateway: World, other: Tenant) -> None:
    assert tenant_of(await ask(gateway, gateway.key)) == ("default", 1)
    theirs = await gateway.key_with(Permission.READ, other.id)
    assert tenant_of(await ask(gateway, theirs)) == (other.id, 0)


async def test_every_key_may_name_its_own_tenant(gateway: World, other: Tenant) -> None:
    theirs = await gateway.key_with(Permission.READ, other.id)
    assert tenant_of(await ask(gateway, theirs, other.id)) == (other.id, 0)
    assert tenant_of(await ask(gateway, gateway.key, "default")) == ("default", 1)


async def test_administrators_of_the_default_tenant_and_keys_with_the_scope_act_for_any(
    gateway: World, other: Tenant
) -> None:
    for secret, permission in (
        (await gateway.key_with(Permission.ADMIN), "ADMIN"),
        (await gateway.key_with(Permission.READ, "default", Scope.ANY_TENANT), "READ"),
    ):
        answer = await ask(gateway, secret, other.id)
        assert tenant_of(answer) == (other.id, 0)
        assert answer.json()["data"]["viewer"]["permission"] == permission
        assert answer.json()["data"]["viewer"]["key"] is not None


async def test_all_else_is_forbidden_in_the_same_words(gateway: World, other: Tenant) -> None:
    asleep = await gateway.services.tenants.create("Asleep")
    await gateway.services.tenants.set_status(asleep.id, TenantStatus.INACTIVE)
    admin = await gateway.key_with(Permission.ADMIN)
    write = await gateway.key_with(Permission.WRITE)
    theirs = await gateway.key_with(Permission.ADMIN, other.id)
    refusals = [
        await ask(gateway, write, other.id),  # foreign
        await ask(gateway, write, "ten_none"),  # unknown
        await ask(gateway, theirs, "default"),
        await ask(gateway, theirs, "ten_none"),
        await ask(gateway, admin, "ten_none"),
        await ask(gateway, admin, asleep.id),
        await ask(gateway, admin, ""),
        await ask(gateway, admin, "x" * 5000),
        await ask(gateway, admin, "Other"),  # a name is no id
        await ask(gateway, admin, other.id, "default"),  # which of them?
    ]
    assert {answer.status_code for answer in refusals} == {403}
    assert len({answer.text for answer in refusals}) == 1
    assert refusals[0].json()["errors"][0]["extensions"] == {"code": "FORBIDDEN"}


async def test_a_key_of_a_tenant_out_of_use_is_not_valid_whatever_it_names(gateway: World, other: Tenant) -> None:
    theirs = await gateway.key_with(Permission.ADMIN, other.id)
    await gateway.services.tenants.set_status(other.id, TenantStatus.INACTIVE)
    answers = [await ask(gateway, theirs, *named) for named in ((), (other.id,), ("default",))]
    assert {answer.status_code for answer in answers} == {401}
    unknown = await ask(gateway, "sg_" + "x" * 43)
    assert {answer.text for answer in answers} == {unknown.text}


async def test_without_a_valid_key_the_header_tells_nothing(gateway: World, other: Tenant) -> None:
    answers = [await ask(gateway, "sg_" + "x" * 43, named) for named in ("default", other.id, "ten_none")]
    assert {(answer.status_code, answer.text) for answer in answers} == {(401, answers[0].text)}


async def test_pages_of_other_origins_may_send_the_header(gateway: World) -> None:
    answer = await gateway.client.options(
        "/graphql",
        headers={
            "Origin": "https://app.example.com",
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "authorization,content-type,x-tenant-id",
        },
    )
    assert answer.status_code == 200
    assert "x-tenant-id" in answer.headers["access-control-allow-headers"].lower()


# Access tokens.


def token(gateway: World, provider: tuple[IdentityProvider, str], **claims: Any) -> str:
    return provider[0].token(gateway.clock.now().timestamp(), **claims)


async def test_a_token_lets_its_holder_in_for_the_tenant_it_names(
    gateway: World, other: Tenant, provider: tuple[IdentityProvider, str]
) -> None:
    answer = await ask(gateway, token(gateway, provider, tenant=other.id, scope="staygraph:write staygraph:raw"))
    assert tenant_of(answer) == (other.id, 0)
    viewer = answer.json()["data"]["viewer"]
    assert (viewer["key"], viewer["permission"], viewer["scopes"]) == (None, "WRITE", ["RAW"])
    assert viewer["expiresAt"] is not None


async def test_a_token_may_name_other_tenants_as_a_key_may(
    gateway: World, other: Tenant, provider: tuple[IdentityProvider, str]
) -> None:
    for scope in ("staygraph:admin", "staygraph:read staygraph:any_tenant"):
        assert tenant_of(await ask(gateway, token(gateway, provider, scope=scope), other.id)) == (other.id, 0)
    for refused in (
        await ask(gateway, token(gateway, provider, scope="staygraph:write"), other.id),
        # The scope is worth something to the default tenant alone.
        await ask(gateway, token(gateway, provider, tenant=other.id, scope="staygraph:admin"), "default"),
        await ask(
            gateway, token(gateway, provider, tenant=other.id, scope="staygraph:read staygraph:any_tenant"), "default"
        ),
    ):
        assert (refused.status_code, refused.json()["errors"][0]["extensions"]["code"]) == (403, "FORBIDDEN")


async def test_a_token_for_a_tenant_that_is_not_there_or_out_of_use_is_not_valid(
    gateway: World, other: Tenant, provider: tuple[IdentityProvider, str]
) -> None:
    await gateway.services.tenants.set_status(other.id, TenantStatus.INACTIVE)
    answers = [await ask(gateway, token(gateway, provider, tenant=each)) for each in (other.id, "ten_none", "", "\x00")]
    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.text for answer in answers}) == 1


async def test_a_token_that_is_not_good_is_refused_with_its_reason(
    gateway: World, provider: tuple[IdentityProvider, str]
) -> None:
    answer = await ask(gateway, token(gateway, provider, aud="https://other.example"))
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.json()["errors"] == [
        {
            "message": "The token's audience is not what this server expects.",
            "extensions": {"code": "UNAUTHENTICATED"},
        }
    ]


async def test_keys_work_beside_tokens(gateway: World) -> None:
    assert tenant_of(await ask(gateway, gateway.key)) == ("default", 1)
