"""Trying accounts out, pausing, resuming and deleting them, over HTTP against simulated PMSs."""

import asyncio
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from graph.accounts.accounts import AccountStatus
from graph.accounts.keys import Permission
from providers.errors import AccountPaused
from providers.upstream.calls import Token
from tests.gateway_world import World

ACCOUNT = "account { id status } userErrors { field code message }"
TEST = (
    "mutation($id: ID!) { testIntegrationAccount(id: $id) { test { account { id } ok milliseconds"
    " error { code message retryAfter upstreamStatus } } userErrors { field code message } } }"
)
PAUSE = f"mutation($id: ID!) {{ pauseIntegrationAccount(id: $id) {{ {ACCOUNT} }} }}"
RESUME = f"mutation($id: ID!) {{ resumeIntegrationAccount(id: $id) {{ {ACCOUNT} }} }}"
DELETE = (
    "mutation($id: ID!) { deleteIntegrationAccount(id: $id) { deletedId tokenRevocation revocationError { code }"
    " userErrors { field code message } } }"
)
LISTINGS = (
    "query($first: Int = 100) { listings(first: $first) { totalCount nodes { id provider }"
    " sources { account { id } status error { code } } } }"
)


async def ids(running: World) -> list[str]:
    return [node["id"] for node in (await running.data("{ accounts { nodes { id } } }"))["accounts"]["nodes"]]


async def do(running: World, mutation: str, account: str) -> Any:
    return await running.change(mutation, Permission.WRITE, id=account)


async def rows(running: World, table: str) -> int:
    async with running.services.database.reading() as session:
        return int((await session.execute(text(f"SELECT count(*) FROM {table}"))).scalar_one())  # noqa: S608  # ours


# Trying.


async def test_a_working_account_takes_one_call(running: World) -> None:
    account, *_ = await ids(running)
    payload = await do(running, TEST, account)
    assert payload["userErrors"] == []
    test = payload["test"]
    assert (test["account"]["id"], test["ok"], test["error"]) == (account, True, None)
    assert 0 <= test["milliseconds"] < 10_000
    assert len(running.data_calls()) == 1


async def test_a_failing_account_says_why(running: World) -> None:
    account, *_ = await ids(running)
    await running.fault("HOSTAWAY", kind="status", status=503, path="/v1/listings")
    test = (await do(running, TEST, account))["test"]
    assert test["ok"] is False
    assert (test["error"]["code"], test["error"]["upstreamStatus"]) == ("UPSTREAM_UNAVAILABLE", 503)
    assert test["error"]["message"]


# Pausing.


async def test_a_paused_account_is_left_out_of_lists_without_a_call_or_an_error(running: World) -> None:
    account, *others = await ids(running)
    before = await running.data(LISTINGS)
    assert (await do(running, PAUSE, account))["account"] == {"id": account, "status": "PAUSED"}
    running.calls.clear()
    after = await running.data(LISTINGS)
    sources = {source["account"]["id"]: (source["status"], source["error"]) for source in after["listings"]["sources"]}
    assert sources == {account: ("PAUSED", None), others[0]: ("OK", None), others[1]: ("OK", None)}
    assert 0 < len(after["listings"]["nodes"]) < len(before["listings"]["nodes"])
    assert after["listings"]["totalCount"] == len(after["listings"]["nodes"])
    assert running.counted() == {}


async def test_nothing_is_asked_of_a_paused_account_whatever_is_read(running: World) -> None:
    account, *_ = await ids(running)
    listing = (await running.data(LISTINGS))["listings"]["nodes"][0]["id"]
    await do(running, PAUSE, account)
    internal = await internal_id(running, account)
    running.calls.clear()
    body = await running.ask(
        """
        query($account: ID!, $listing: ID!) {
          account(id: $account) {
            status
            listings { nodes { id } sources { status } }
            reservations { nodes { id } sources { status } }
            users { email }
          }
          listing(id: $listing, maxAge: 0) { name }
          calendars(listingIds: [$listing], from: "2027-07-01", to: "2027-07-03") { days { date } }
          priceDetails(inputs: [{ listingId: $listing, arrival: "2027-07-01", departure: "2027-07-03", adults: 1 }]) {
            total { amount }
          }
          reservations { sources { status } }
          availableListings(arrival: "2027-07-01", departure: "2027-07-03") { sources { status } }
          providerAccounts { sources { status } }
          rateLimits(accountIds: [$account]) { used }
        }
        """,
        account=account,
        listing=listing,
    )
    data = body["data"]
    assert data["account"]["status"] == "PAUSED"
    for field in ("listings", "reservations"):
        assert data["account"][field] == {"nodes": [], "sources": [{"status": "PAUSED"}]}
    assert (data["account"]["users"], data["listing"]) == (None, None)
    assert (data["calendars"], data["priceDetails"]) == ([None], [None])
    for field in ("reservations", "availableListings", "providerAccounts"):
        assert [source["status"] for source in data[field]["sources"]].count("PAUSED") == 1, field
    assert {error["extensions"]["code"] for error in body["errors"]} == {"ACCOUNT_PAUSED"}
    assert {error["extensions"]["account"] for error in body["errors"]} == {account}
    assert [call.path for call in running.calls if call.account_id == internal] == []


async def test_a_walk_goes_on_while_an_account_is_paused_and_finds_it_again(running: World) -> None:
    account, *_ = await ids(running)
    whole = [node["id"] for node in (await running.data(LISTINGS))["listings"]["nodes"]]
    query = (
        "query($after: String) { listings(first: 4, after: $after)"
        " { nodes { id } pageInfo { endCursor hasNextPage } } }"
    )
    first = (await running.data(query))["listings"]
    await do(running, PAUSE, account)
    second = (await running.data(query, after=first["pageInfo"]["endCursor"]))["listings"]
    await do(running, RESUME, account)
    seen = [node["id"] for page in (first, second) for node in page["nodes"]]
    page = second
    while page["pageInfo"]["hasNextPage"]:
        page = (await running.data(query, after=page["pageInfo"]["endCursor"]))["listings"]
        seen += [node["id"] for node in page["nodes"]]
    assert len(seen) == len(set(seen))
    assert set(seen) <= set(whole)


async def test_a_resumed_account_is_read_anew(running: World) -> None:
    account, *_ = await ids(running)
    before = await running.data(LISTINGS)
    await do(running, PAUSE, account)
    assert (await do(running, RESUME, account))["account"]["status"] == "ACTIVE"
    running.calls.clear()
    assert (await running.data(LISTINGS))["listings"]["nodes"] == before["listings"]["nodes"]
    assert set(running.counted()) == {await internal_id(running, account)}


async def test_a_refresh_that_was_planned_before_the_pause_asks_nobody(running: World) -> None:
    account, *_ = await ids(running)
    await running.data(LISTINGS)
    (stored, *_) = await running.services.accounts.list("default")
    await do(running, PAUSE, account)
    running.calls.clear()
    with pytest.raises(AccountPaused):
        await running.services.connections.client(stored)
    assert running.calls == []


async def test_a_paused_account_is_not_tried(running: World) -> None:
    account, *_ = await ids(running)
    await do(running, PAUSE, account)
    payload = await do(running, TEST, account)
    assert payload["test"] is None
    assert [(each["field"], each["code"]) for each in payload["userErrors"]] == [(["id"], "CONFLICT")]
    assert running.calls == []


async def test_an_account_that_waits_for_consent_is_neither_asked_nor_paused(running: World) -> None:
    account, *_ = await ids(running)
    internal = await internal_id(running, account)
    await running.services.accounts.set_status("default", internal, AccountStatus.AWAITING_AUTHORIZATION)
    for mutation in (PAUSE, RESUME, TEST):
        payload = await do(running, mutation, account)
        assert [each["code"] for each in payload["userErrors"]] == ["CONFLICT"]
    listings = (await running.data(LISTINGS))["listings"]
    assert listings["sources"][0]["status"] == "AWAITING_AUTHORIZATION"
    body = await running.ask("query($id: ID!) { account(id: $id) { users { email } } }", id=account)
    assert body["errors"][0]["extensions"]["code"] == "ACCOUNT_NOT_AUTHORIZED"
    assert internal not in running.counted()


# Deleting.


async def internal_id(running: World, account: str) -> str:
    order = await ids(running)
    return (await running.services.accounts.list("default"))[order.index(account)].id


async def token_of(running: World, account: str) -> Token:
    token = await running.services.administration.tokens.load(await internal_id(running, account))
    assert token is not None
    return token


async def status_with(running: World, token: Token) -> int:
    async with httpx.AsyncClient(base_url=running.urls["HOSTAWAY"]) as client:
        answer = await client.get("/v1/listings", headers={"Authorization": f"Bearer {token.access}"})
        return answer.status_code


async def test_a_deleted_account_is_gone_and_its_token_revoked_at_the_pms(running: World) -> None:
    account, *others = await ids(running)
    await running.data(LISTINGS)
    token = await token_of(running, account)
    assert await status_with(running, token) == 200
    running.calls.clear()
    payload = await do(running, DELETE, account)
    assert payload == {
        "deletedId": account,
        "tokenRevocation": "REVOKED",
        "revocationError": None,
        "userErrors": [],
    }
    assert [(call.method, call.path) for call in running.calls] == [("DELETE", "/v1/accessTokens")]
    assert await status_with(running, token) == 403
    assert await ids(running) == others
    assert await rows(running, "account") == 2
    assert await rows(running, "account_token") == 2
    assert (await do(running, DELETE, account))["userErrors"][0]["code"] == "NOT_FOUND"


async def test_an_account_that_was_never_used_has_no_token_to_revoke(running: World) -> None:
    account, *_ = await ids(running)
    assert (await do(running, DELETE, account))["tokenRevocation"] == "NOT_NEEDED"
    assert running.calls == []


async def test_a_pms_without_a_way_to_revoke_is_said_so(running: World) -> None:
    *_, account = await ids(running)
    await running.data(LISTINGS)
    assert (await do(running, DELETE, account))["tokenRevocation"] == "NOT_SUPPORTED"


async def test_a_token_made_elsewhere_is_left_alone(running: World) -> None:
    simulation: Any = running.simulations["HOSTAWAY"]
    token = simulation.access_token(0)
    created = await running.change(
        "mutation($input: CreateIntegrationAccountInput!) { createIntegrationAccount(input: $input) { result {"
        " ... on CreatedIntegrationAccount { account { id } } } } }",
        Permission.WRITE,
        input={
            "name": "Token",
            "provider": "HOSTAWAY",
            "authType": "ACCESS_TOKEN",
            "authConfig": {"accessToken": token},
        },
    )
    payload = await do(running, DELETE, created["result"]["account"]["id"])
    assert payload["tokenRevocation"] == "NOT_NEEDED"


async def test_a_pms_that_is_away_keeps_no_account_alive(running: World) -> None:
    account, *others = await ids(running)
    await running.data(LISTINGS)
    await running.fault("HOSTAWAY", kind="status", status=503)
    payload = await do(running, DELETE, account)
    assert (payload["deletedId"], payload["tokenRevocation"]) == (account, "FAILED")
    assert payload["revocationError"]["code"] == "UPSTREAM_UNAVAILABLE"
    assert await ids(running) == others
    assert await rows(running, "account_token") == 2


async def test_a_paused_account_can_be_deleted(running: World) -> None:
    account, *_ = await ids(running)
    await running.data(LISTINGS)
    await do(running, PAUSE, account)
    assert (await do(running, DELETE, account))["tokenRevocation"] == "REVOKED"


async def test_an_account_is_deleted_while_queries_run(running: World) -> None:
    account, *others = await ids(running)
    internal = await internal_id(running, account)
    await running.ask("{ accounts { nodes { users { email } } } }")  # Hostaway's have tokens now
    await running.fault("HOSTAWAY", kind="latency", seconds=0.5, path="/v1/listings")
    queries = [
        asyncio.create_task(running.ask(LISTINGS.replace("listings(", f"listings(maxAge: {age}, "))) for age in (0, 1)
    ]
    while not any(session._flights._tasks for session in running.services.upstream._sessions.values()):  # noqa: ASYNC110
        await asyncio.sleep(0)  # nobody tells when a call has left
    assert (await do(running, DELETE, account))["deletedId"] == account
    for body in await asyncio.gather(*queries):
        sources = {each["account"]["id"]: each for each in body["data"]["listings"]["sources"]}
        assert sources[account]["status"] == "FAILED"
        assert {sources[other]["status"] for other in others} == {"OK"}
        assert {error["extensions"]["account"] for error in body["errors"]} == {account}
    running.calls.clear()
    after = (await running.data(LISTINGS))["listings"]
    assert [source["account"]["id"] for source in after["sources"]] == others
    assert internal not in running.counted()


@pytest.mark.parametrize("mutation", [TEST, PAUSE, RESUME, DELETE])
async def test_these_need_write_and_an_account_of_ones_own(running: World, mutation: str) -> None:
    account, *_ = await ids(running)
    answer = await running.post(mutation, {"id": account})
    assert answer.json()["errors"][0]["extensions"] == {"code": "FORBIDDEN"}
    internal = await internal_id(running, account)
    await running.services.accounts.remove("default", internal)
    payload = await do(running, mutation, account)
    assert [(each["field"], each["code"]) for each in payload["userErrors"]] == [(["id"], "NOT_FOUND")]
    body = await running.ask("{ accounts { totalCount } }")
    assert body["data"]["accounts"]["totalCount"] == 2


async def test_accounts_are_listed_by_status_and_by_your_own_ids(running: World) -> None:
    account, *others = await ids(running)
    await do(running, PAUSE, account)
    query = (
        "query($statuses: [AccountStatus!], $own: [String!]) { accounts(statuses: $statuses, accountIdentifiers: $own)"
        " { totalCount nodes { id accountIdentifier } } }"
    )
    paused = (await running.data(query, statuses=["PAUSED"]))["accounts"]
    assert [node["id"] for node in paused["nodes"]] == [account]
    own = paused["nodes"][0]["accountIdentifier"]
    assert (await running.data(query, own=[own]))["accounts"]["nodes"] == paused["nodes"]
    assert (await running.data(query, own=[own], statuses=["ACTIVE"]))["accounts"]["totalCount"] == 0
    active = (await running.data(query, statuses=["ACTIVE"]))["accounts"]["nodes"]
    assert [node["id"] for node in active] == others
    body = await running.ask(query, own=[])
    assert body["errors"][0]["extensions"]["argument"] == "accountIdentifiers"
