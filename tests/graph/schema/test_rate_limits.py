"""The budgets at the PMSs, and what happens to an operation that would need more than there is."""

from pathlib import Path

from tests.gateway_world import connect, world

LIMITS = (
    "{ rateLimits { provider scope limit windowSeconds used remaining waiting nextPermitAt blockedUntil"
    " accounts { name } } }"
)


async def test_every_window_is_shown_with_the_accounts_that_share_it(tmp_path: Path) -> None:
    async with world(tmp_path, limits="documented", call_timeout=5.0) as running:
        before = (await running.data(LIMITS))["rateLimits"]
        assert {window["used"] for window in before} == {0}
        assert not running.calls
        await running.data("{ listings(first: 100) { nodes { id } } }")
        windows = (await running.data(LIMITS))["rateLimits"]
        ip = next(window for window in windows if window["scope"] == "IP")
        assert (ip["provider"], ip["limit"], ip["windowSeconds"]) == ("HOSTAWAY", 15, 10)
        assert {account["name"] for account in ip["accounts"]} == {"HOSTAWAY 1", "HOSTAWAY 2"}
        assert (ip["used"], ip["remaining"], ip["waiting"]) == (4, 11, 0)
        accounts = [window for window in windows if window["scope"] == "ACCOUNT"]
        assert {(each["limit"], each["used"], len(each["accounts"])) for each in accounts} == {(20, 2, 1)}
        application = next(window for window in windows if window["scope"] == "APPLICATION")
        assert (application["limit"], application["windowSeconds"]) == (1000, 3600)
        assert application["used"] >= 1


async def test_more_calls_than_fit_before_the_deadline_fail_at_once_and_the_rest_arrive(tmp_path: Path) -> None:
    async with world(
        tmp_path,
        hostaway_accounts=1,
        bookingsync_accounts=0,
        listings=30,
        limits="documented",
        operation_timeout=6.0,
        call_timeout=5.0,
    ) as running:
        data = await running.data("{ listings(first: 100) { nodes { id } } }")
        ids = [node["id"] for node in data["listings"]["nodes"]]
        body = await running.ask(
            'query($ids: [ID!]!) { calendars(listingIds: $ids, from: "2026-12-01", to: "2026-12-05") { start } }',
            ids=ids,
        )
        served = [calendar for calendar in body["data"]["calendars"] if calendar]
        assert len(served) == 13  # 15 in 10 seconds, less the token and the page of listings
        assert {error["extensions"]["code"] for error in body["errors"]} == {"RATE_LIMITED"}
        assert all(1 <= error["extensions"]["retryAfter"] <= 25 for error in body["errors"])
        assert not [call for call in running.calls if call.status == 429]


async def test_another_tenants_accounts_in_a_shared_window_are_not_named(tmp_path: Path) -> None:
    async with world(tmp_path, bookingsync_accounts=0, limits="documented") as running:
        other = await running.services.tenants.create("Other")
        await connect(running.services, "HOSTAWAY", running.simulations["HOSTAWAY"], other.id)
        _, key = await running.services.keys.create(other.id, "theirs")
        await running.data("{ listings(first: 100) { nodes { id } } }")
        answer = await running.post(LIMITS, None, Authorization=f"Bearer {key}")
        windows = answer.json()["data"]["rateLimits"]
        assert all(len(window["accounts"]) <= 2 for window in windows)
        mine = (await running.data("{ accounts { nodes { id } } }"))["accounts"]["nodes"]
        theirs = (await running.post("{ accounts { nodes { id } } }", None, Authorization=f"Bearer {key}")).json()
        ids = [node["id"] for node in mine]
        assert not set(ids) & {node["id"] for node in theirs["data"]["accounts"]["nodes"]}
        query = "query($id: ID!) { account(id: $id) { name } }"
        crossed = await running.post(query, {"id": ids[0]}, Authorization=f"Bearer {key}")
        assert crossed.json()["data"] == {"account": None}
        assert crossed.json()["errors"][0]["extensions"]["code"] == "NOT_FOUND"
