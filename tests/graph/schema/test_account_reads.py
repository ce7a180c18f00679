"""What belongs to a whole account: users, and the business accounts that a connection sees."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from providers.errors import PermissionDenied, UpstreamUnavailable
from providers.queries import OddRecord
from tests.acme_world import Estate, acme_world
from tests.gateway_world import World

SEEN = (
    "query($ids: [ID!], $since: DateTime, $age: Int) { providerAccounts(accountIds: $ids, updatedSince: $since,"
    " maxAge: $age) { groups { account { name } nodes { providerId businessName } deletedIds }"
    " sources { account { name } status error { code } } } }"
)


async def test_users_have_their_listings_through_one_call(acme: World, estate: Estate) -> None:
    data = await acme.ask(
        "{ accounts { nodes { users { providerId firstName isAdmin listingIds listings { id name } } } }"
        " listings(first: 9) { nodes { id } } }"
    )
    ids = [node["id"] for node in data["data"]["listings"]["nodes"]]
    ada, bob = data["data"]["accounts"]["nodes"][0]["users"]
    assert (ada["firstName"], ada["listingIds"][:2]) == ("Ada", [ids[0], ids[2]])
    assert [each and each["name"] for each in ada["listings"]] == ["House 1", "House 3", None]
    assert (bob["isAdmin"], bob["listingIds"], bob["listings"]) == (True, None, None)
    assert estate.counted()["users"] == 1
    assert estate.counted()["listings"] <= 1


async def test_only_so_many_listings_of_a_user_are_read(acme: World, estate: Estate) -> None:
    data = await acme.data("{ accounts { nodes { users { listings(first: 1) { name } } } } }")
    assert data["accounts"]["nodes"][0]["users"][0]["listings"] == [{"name": "House 1"}]
    assert estate.calls == [("users",), ("listings", ("1",))]
    body = await acme.ask("{ accounts { nodes { users { listings(first: 0) { name } } } } }")
    assert body["errors"][0]["extensions"]["argument"] == "first"


async def test_users_whose_listings_could_not_be_read_are_told_and_not_kept(acme: World, estate: Estate) -> None:
    estate.failing_ids = {"1": UpstreamUnavailable("Down."), "2": UpstreamUnavailable("Down.")}
    estate.odd = [OddRecord("9", "id: not an id")]
    body = await acme.ask("{ accounts { nodes { users { firstName } } } }")
    assert body["data"]["accounts"]["nodes"][0]["users"] == [{"firstName": "Ada"}, {"firstName": "Bob"}]
    told = [(error["extensions"]["code"], error["message"]) for error in body["errors"]]
    assert told[0][0] == "UPSTREAM_INVALID"
    assert "9 (id: not an id)" in told[0][1]
    assert told[1:] == [("UPSTREAM_UNAVAILABLE", "Not every user's listings are told: Down.")]
    estate.failing_ids, estate.odd = {}, []
    await acme.data("{ accounts { nodes { users { firstName } } } }")
    await acme.data("{ accounts { nodes { users { firstName } } } }")
    assert estate.counted()["users"] == 2


async def test_users_that_may_not_be_read_are_null_with_an_error(acme: World, estate: Estate) -> None:
    estate.failing["users"] = PermissionDenied("The token may not read users.")
    body = await acme.ask("{ accounts { nodes { name users { email } } } }")
    assert body["data"]["accounts"]["nodes"] == [{"name": "1", "users": None}]
    assert body["errors"][0]["extensions"]["code"] == "PERMISSION_DENIED"


async def test_every_business_account_that_a_connection_sees(acme: World, estate: Estate) -> None:
    seen = (await acme.data(SEEN))["providerAccounts"]
    inns = [{"providerId": "1", "businessName": "Inn 1"}, {"providerId": "2", "businessName": "Inn 2"}]
    assert seen["groups"] == [{"account": {"name": "1"}, "nodes": inns, "deletedIds": None}]
    assert seen["sources"] == [{"account": {"name": "1"}, "status": "OK", "error": None}]
    since = await acme.data(SEEN, since="2026-01-01T01:00:00+01:00")
    assert since["providerAccounts"]["groups"][0]["deletedIds"] == ["9"]
    await acme.data(SEEN)
    assert estate.calls == [
        ("provider_accounts", None),
        ("provider_accounts", datetime(2026, 1, 1, tzinfo=UTC)),
    ]


async def test_one_connection_that_fails_leaves_the_others(tmp_path: Path, estates: dict[str, Estate]) -> None:
    async with acme_world(tmp_path, estates, ["1", "2", "3"]) as running:
        estates["1"].failing["provider_accounts"] = PermissionDenied("No.")
        body = await running.ask(SEEN)
        seen = body["data"]["providerAccounts"]
        assert [group["account"]["name"] for group in seen["groups"]] == ["2"]
        assert [(each["status"], (each["error"] or {}).get("code")) for each in seen["sources"]] == [
            ("FAILED", "PERMISSION_DENIED"),
            ("OK", None),
            ("FAILED", "NOT_SUPPORTED"),
        ]
        assert sorted(error["extensions"]["code"] for error in body["errors"]) == ["NOT_SUPPORTED", "PERMISSION_DENIED"]
        chosen = await account_id(running, "2")
        only = await running.data(SEEN, ids=[chosen])
        assert [each["account"]["name"] for each in only["providerAccounts"]["sources"]] == ["2"]


async def test_through_a_pms_that_lists_none_an_account_sees_its_own(running: World) -> None:
    account = await account_id(running, "HOSTAWAY 1")
    seen = (await running.data(SEEN, ids=[account]))["providerAccounts"]
    own = await running.data("{ accounts { nodes { name providerAccount { providerId businessName } } } }")
    expected = next(each for each in own["accounts"]["nodes"] if each["name"] == "HOSTAWAY 1")
    assert seen["groups"] == [
        {"account": {"name": "HOSTAWAY 1"}, "nodes": [expected["providerAccount"]], "deletedIds": None}
    ]


async def test_bad_input_is_named_before_any_call(acme: World, estate: Estate) -> None:
    for variables, argument in (
        ({"ids": []}, "accountIds"),
        ({"ids": ["x"]}, "accountIds[0]"),
        ({"since": "2026-01-01T00:00:00"}, "updatedSince"),
        ({"age": -1}, "maxAge"),
    ):
        given: dict[str, Any] = variables
        body = await acme.ask(SEEN, **given)
        assert body["data"]["providerAccounts"] is None
        assert body["errors"][0]["extensions"]["argument"] == argument
    assert not estate.calls


async def account_id(running: World, name: str) -> str:
    data = await running.data("{ accounts { nodes { id name } } }")
    found: str = next(each["id"] for each in data["accounts"]["nodes"] if each["name"] == name)
    return found
