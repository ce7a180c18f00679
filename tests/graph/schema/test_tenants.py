"""Managing tenants over HTTP: for ADMIN of the default tenant alone."""

from typing import Any

import pytest

from graph.accounts.keys import Permission
from tests.gateway_world import World

TENANT = "tenant { id name status isDefault createdAt updatedAt } userErrors { field code message allowed }"
CREATE = f"mutation($name: String!) {{ createTenant(name: $name) {{ {TENANT} }} }}"
RENAME = f"mutation($id: ID!, $name: String!) {{ renameTenant(id: $id, name: $name) {{ {TENANT} }} }}"
DEACTIVATE = f"mutation($id: ID!) {{ deactivateTenant(id: $id) {{ {TENANT} }} }}"
ACTIVATE = f"mutation($id: ID!) {{ activateTenant(id: $id) {{ {TENANT} }} }}"
LIST = (
    "query($first: Int = 50, $after: String) { tenants(first: $first, after: $after)"
    " { totalCount nodes { id name } pageInfo { hasNextPage endCursor } } }"
)


def problems(payload: Any) -> list[tuple[list[str], str]]:
    assert payload["tenant"] is None
    assert all(error["message"] for error in payload["userErrors"])
    return [(error["field"], error["code"]) for error in payload["userErrors"]]


async def ask_as(world: World, secret: str, query: str, **variables: Any) -> Any:
    return (await world.post(query, variables, Authorization=f"Bearer {secret}")).json()


async def test_a_tenant_is_made_renamed_put_out_of_use_and_back(acme: World) -> None:
    made = await acme.change(CREATE, name=" Alps ")
    assert made["userErrors"] == []
    tenant = made["tenant"]
    assert (tenant["name"], tenant["status"], tenant["isDefault"]) == ("Alps", "ACTIVE", False)
    renamed = await acme.change(RENAME, id=tenant["id"], name="Dolomites")
    assert (renamed["tenant"]["id"], renamed["tenant"]["name"]) == (tenant["id"], "Dolomites")
    secret = await acme.key_with(Permission.READ, tenant["id"])
    assert (await ask_as(acme, secret, "{ viewer { tenant { name } } }"))["data"] == {
        "viewer": {"tenant": {"name": "Dolomites"}}
    }
    assert (await acme.change(DEACTIVATE, id=tenant["id"]))["tenant"]["status"] == "INACTIVE"
    refused = await acme.post("{ viewer { permission } }", None, Authorization=f"Bearer {secret}")
    assert refused.status_code == 401
    assert (await acme.change(ACTIVATE, id=tenant["id"]))["tenant"]["status"] == "ACTIVE"
    assert "errors" not in await ask_as(acme, secret, "{ viewer { permission } }")


async def test_what_is_wrong_is_said_as_data(acme: World) -> None:
    await acme.change(CREATE, name="Alps")
    assert problems(await acme.change(CREATE, name="Alps")) == [(["name"], "TAKEN")]
    assert problems(await acme.change(CREATE, name="")) == [(["name"], "REQUIRED")]
    assert problems(await acme.change(CREATE, name="x" * 201)) == [(["name"], "OUT_OF_RANGE")]
    assert problems(await acme.change(RENAME, id="ten_none", name="Beach")) == [(["id"], "NOT_FOUND")]
    assert problems(await acme.change(DEACTIVATE, id="ten_none")) == [(["id"], "NOT_FOUND")]
    assert problems(await acme.change(DEACTIVATE, id="default")) == [(["id"], "NOT_ALLOWED")]


async def test_tenants_are_listed_page_by_page(acme: World) -> None:
    for name in ("A", "B", "C"):
        acme.clock.advance(1)
        await acme.change(CREATE, name=name)
    admin = await acme.key_with(Permission.ADMIN)
    names: list[str] = []
    after = None
    for size in (2, 2):
        page = (await ask_as(acme, admin, LIST, first=size, after=after))["data"]["tenants"]
        assert page["totalCount"] == 4
        names += [node["name"] for node in page["nodes"]]
        after = page["pageInfo"]["endCursor"]
    assert names[-3:] == ["A", "B", "C"]
    assert page["pageInfo"]["hasNextPage"] is False
    wrong = await ask_as(acme, admin, LIST, after="x" + str(after))
    assert wrong["errors"][0]["extensions"]["argument"] == "after"
    assert (await ask_as(acme, admin, LIST, first=501))["errors"][0]["extensions"]["argument"] == "first"


@pytest.mark.parametrize(
    ("operation", "variables"),
    [
        (LIST, {}),
        (CREATE, {"name": "Mine"}),
        (RENAME, {"id": "default", "name": "Mine"}),
        (DEACTIVATE, {"id": "default"}),
        (ACTIVATE, {"id": "default"}),
    ],
)
async def test_only_administrators_of_the_default_tenant_manage_tenants(
    acme: World, operation: str, variables: dict[str, Any]
) -> None:
    other = await acme.services.tenants.create("Other")
    before = await acme.services.tenants.list()
    admin = await acme.key_with(Permission.ADMIN)
    for secret, headers in (
        (await acme.key_with(Permission.WRITE), {}),
        (await acme.key_with(Permission.ADMIN, other.id), {}),
        (admin, {"X-Tenant-Id": other.id}),
    ):
        answer = (await acme.post(operation, variables, Authorization=f"Bearer {secret}", **headers)).json()
        assert [error["extensions"]["code"] for error in answer["errors"]] == ["FORBIDDEN"]
    assert await acme.services.tenants.list() == before
