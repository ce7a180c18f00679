"""Making, listing and revoking API keys over HTTP, and what a key says of itself."""

from datetime import timedelta
from typing import Any

import pytest

from graph.accounts.keys import Permission, Scope
from tests.gateway_world import World

KEY = "id tenantId name description permission scopes status expiresAt revokedAt"
CREATE = (
    "mutation($input: CreateApiKeyInput!) { createApiKey(input: $input)"
    f" {{ secret apiKey {{ {KEY} }} userErrors {{ field code message allowed }} }} }}"
)
REVOKE = f"mutation($id: ID!) {{ revokeApiKey(id: $id) {{ apiKey {{ {KEY} }} userErrors {{ field code }} }} }}"
LIST = (
    "query($all: Boolean = false, $first: Int = 500, $after: String) { apiKeys(allTenants: $all, first: $first, after:"
    f" $after) {{ totalCount nodes {{ {KEY} }} pageInfo {{ hasNextPage endCursor }} }} }}"
)
VIEWER = "{ viewer { tenant { id name } key { name } permission scopes expiresAt } }"


async def ask_as(world: World, secret: str, query: str, **variables: Any) -> Any:
    return (await world.post(query, variables, Authorization=f"Bearer {secret}")).json()


async def make(world: World, secret: str, **fields: Any) -> Any:
    body = await ask_as(world, secret, CREATE, input=fields)
    assert "errors" not in body, body
    return body["data"]["createApiKey"]


async def test_a_key_is_made_shown_once_used_and_revoked(acme: World) -> None:
    admin = await acme.key_with(Permission.ADMIN)
    end = acme.clock.now() + timedelta(days=1)
    made = await make(acme, admin, name="Shop", permission="WRITE", description="web shop", expiresAt=end.isoformat())
    assert made["userErrors"] == []
    key, secret = made["apiKey"], made["secret"]
    assert (key["name"], key["permission"], key["status"]) == ("Shop", "WRITE", "ACTIVE")
    body = await ask_as(acme, secret, VIEWER)
    assert body["data"]["viewer"]["key"] == {"name": "Shop"}
    assert body["data"]["viewer"]["permission"] == "WRITE"
    assert body["data"]["viewer"]["expiresAt"] == key["expiresAt"]
    listed = await acme.post(LIST, None, Authorization=f"Bearer {admin}")
    assert key in listed.json()["data"]["apiKeys"]["nodes"]
    assert secret not in listed.text
    revoked = (await ask_as(acme, admin, REVOKE, id=key["id"]))["data"]["revokeApiKey"]
    assert (revoked["apiKey"]["status"], revoked["userErrors"]) == ("REVOKED", [])
    assert (await acme.post(VIEWER, None, Authorization=f"Bearer {secret}")).status_code == 401
    again = (await ask_as(acme, admin, REVOKE, id=key["id"]))["data"]["revokeApiKey"]
    assert again["apiKey"]["revokedAt"] == revoked["apiKey"]["revokedAt"]


async def test_a_key_can_only_read_and_never_expires_unless_it_is_said(acme: World) -> None:
    made = await make(acme, await acme.key_with(Permission.ADMIN), name="Plain")
    assert made["apiKey"] == {
        "id": made["apiKey"]["id"],
        "tenantId": "default",
        "name": "Plain",
        "description": "",
        "permission": "READ",
        "scopes": [],
        "status": "ACTIVE",
        "expiresAt": None,
        "revokedAt": None,
    }


async def test_an_expired_key_is_refused_with_the_words_for_an_unknown_and_a_revoked_one(acme: World) -> None:
    keys = acme.services.keys
    _, expired = await keys.create("default", "E", expires_at=acme.clock.now() + timedelta(seconds=10))
    gone, revoked = await keys.create("default", "R")
    await keys.revoke("default", gone.id)
    acme.clock.advance(11)
    refusals = [
        await acme.post(VIEWER, None, Authorization=f"Bearer {secret}")
        for secret in (expired, revoked, "sg_" + "x" * 43, "sg_x", "nonsense", "a.b.c")
    ]
    assert {answer.status_code for answer in refusals} == {401}
    assert len({answer.text for answer in refusals}) == 1
    assert refusals[0].json()["errors"][0]["extensions"] == {"code": "UNAUTHENTICATED"}


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"name": ""}, ("name", "REQUIRED")),
        ({"name": "x" * 201}, ("name", "OUT_OF_RANGE")),
        ({"name": "a\nb"}, ("name", "INVALID")),
        ({"description": "x" * 501}, ("description", "OUT_OF_RANGE")),
        ({"expiresAt": "2020-01-01T00:00:00Z"}, ("expiresAt", "OUT_OF_RANGE")),
        ({"expiresAt": "2999-01-01T00:00:00Z"}, ("expiresAt", "OUT_OF_RANGE")),
        ({"expiresAt": "2027-01-01T00:00:00"}, ("expiresAt", "INVALID")),
        ({"scopes": ["RAW"]}, ("scopes", "NOT_ALLOWED")),
        ({"tenantId": "ten_none"}, ("tenantId", "NOT_FOUND")),
        ({"tenantId": ""}, ("tenantId", "NOT_FOUND")),
    ],
)
async def test_what_is_wrong_is_named_and_no_key_is_made(
    acme: World, fields: dict[str, Any], problem: tuple[str, str]
) -> None:
    admin = await acme.key_with(Permission.ADMIN)
    before = await acme.services.keys.list(None)
    payload = await make(acme, admin, **{"name": "Shop", **fields})
    assert (payload["secret"], payload["apiKey"]) == (None, None)
    assert [(".".join(error["field"]), error["code"]) for error in payload["userErrors"]] == [problem]
    assert await acme.services.keys.list(None) == before


@pytest.mark.parametrize("permission", [Permission.READ, Permission.WRITE])
async def test_keys_need_an_administrator(acme: World, permission: Permission) -> None:
    secret = await acme.key_with(permission, "default", *Scope)
    for operation, variables in ((LIST, {}), (CREATE, {"input": {"name": "x"}}), (REVOKE, {"id": "key_1"})):
        body = await ask_as(acme, secret, operation, **variables)
        assert [error["extensions"]["code"] for error in body["errors"]] == ["FORBIDDEN"]
    assert (await ask_as(acme, secret, VIEWER))["data"]["viewer"]["permission"] == permission


async def test_an_administrator_of_another_tenant_has_its_own_keys_and_no_others(acme: World) -> None:
    other = await acme.services.tenants.create("Other")
    theirs, ours = await acme.key_with(Permission.ADMIN, other.id), await acme.key_with(Permission.ADMIN)
    made = (await make(acme, theirs, name="Own"))["apiKey"]
    assert made["tenantId"] == other.id
    listed = (await ask_as(acme, theirs, LIST))["data"]["apiKeys"]
    assert {node["tenantId"] for node in listed["nodes"]} == {other.id}
    assert listed["totalCount"] == 2
    assert (await ask_as(acme, theirs, LIST, all=True))["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    # Of a foreign key, and of a foreign tenant, it hears what it would hear of none.
    (key,) = [key for key in await acme.services.keys.list("default") if key.name == "ADMIN"]
    for absent in (key.id, "key_none"):
        refused = (await ask_as(acme, theirs, REVOKE, id=absent))["data"]["revokeApiKey"]
        assert refused == {"apiKey": None, "userErrors": [{"field": ["id"], "code": "NOT_FOUND"}]}
    refusals = [(await make(acme, theirs, name="x", tenantId=each))["userErrors"] for each in ("default", "ten_none")]
    assert refusals[0] == refusals[1] != []
    assert "errors" not in await ask_as(acme, ours, VIEWER)


async def test_an_administrator_of_the_default_tenant_manages_keys_of_all(acme: World) -> None:
    other = await acme.services.tenants.create("Other")
    admin = await acme.key_with(Permission.ADMIN)
    made = await make(acme, admin, name="Theirs", tenantId=other.id, permission="ADMIN")
    assert (await ask_as(acme, made["secret"], VIEWER))["data"]["viewer"]["tenant"] == {"id": other.id, "name": "Other"}
    everything = (await ask_as(acme, admin, LIST, all=True))["data"]["apiKeys"]
    assert {node["tenantId"] for node in everything["nodes"]} == {"default", other.id}
    own = (await ask_as(acme, admin, LIST))["data"]["apiKeys"]
    assert {node["tenantId"] for node in own["nodes"]} == {"default"}
    revoked = (await ask_as(acme, admin, REVOKE, id=made["apiKey"]["id"]))["data"]["revokeApiKey"]
    assert revoked["apiKey"]["status"] == "REVOKED"


async def test_keys_are_listed_page_by_page_and_the_cursor_fits_nothing_else(acme: World) -> None:
    admin = await acme.key_with(Permission.ADMIN)
    for name in "ABC":
        acme.clock.advance(1)
        await acme.services.keys.create("default", name)
    names: list[str] = []
    after = None
    more = True
    while more:
        page = (await ask_as(acme, admin, LIST, first=2, after=after))["data"]["apiKeys"]
        names += [node["name"] for node in page["nodes"]]
        after, more = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]
    assert names[-3:] == ["A", "B", "C"]
    assert len(names) == page["totalCount"]
    wrong = await ask_as(acme, admin, LIST, after=after, all=True)
    assert wrong["errors"][0]["extensions"]["argument"] == "after"


async def test_only_what_one_has_can_be_given_away(acme: World) -> None:
    _, secret = await acme.services.keys.create("default", "Raw", permission=Permission.ADMIN, scopes=[Scope.RAW])
    made = await make(acme, secret, name="x", scopes=["RAW", "ANY_TENANT"], permission="ADMIN")
    assert made["apiKey"]["scopes"] == ["ANY_TENANT", "RAW"]
    other = await acme.services.tenants.create("Other")
    for_other = await make(acme, secret, name="x", scopes=["ANY_TENANT"], tenantId=other.id)
    assert [(error["field"], error["code"]) for error in for_other["userErrors"]] == [(["scopes"], "NOT_ALLOWED")]


async def test_an_administrator_who_acts_for_another_tenant_manages_the_keys_of_that_one_alone(acme: World) -> None:
    other = await acme.services.tenants.create("Other")
    headers = {"Authorization": f"Bearer {await acme.key_with(Permission.ADMIN)}", "X-Tenant-Id": other.id}
    made = (await acme.post(CREATE, {"input": {"name": "Theirs"}}, **headers)).json()["data"]["createApiKey"]
    assert made["apiKey"]["tenantId"] == other.id
    listed = (await acme.post(LIST, None, **headers)).json()["data"]["apiKeys"]["nodes"]
    assert [node["id"] for node in listed] == [made["apiKey"]["id"]]
    everything = (await acme.post(LIST, {"all": True}, **headers)).json()
    assert everything["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    (own, *_) = await acme.services.keys.list("default")
    refused = (await acme.post(REVOKE, {"id": own.id}, **headers)).json()["data"]["revokeApiKey"]
    assert refused["userErrors"] == [{"field": ["id"], "code": "NOT_FOUND"}]
    elsewhere = (await acme.post(CREATE, {"input": {"name": "x", "tenantId": "default"}}, **headers)).json()
    assert [error["code"] for error in elsewhere["data"]["createApiKey"]["userErrors"]] == ["NOT_FOUND"]
