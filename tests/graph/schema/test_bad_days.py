"""One account of several in trouble: the others' data arrives, and the answer says what happened."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from tests.gateway_world import World, world

LISTINGS = (
    "query($age: Int) { listings(first: 100, maxAge: $age) { nodes { id account { name } } sources { account { name }"
    " status error { code message upstreamStatus retryAfter } fetchedAt } } }"
)

TROUBLES = [
    ({"kind": "status", "status": 500}, "UPSTREAM_UNAVAILABLE"),
    ({"kind": "status", "status": 503}, "UPSTREAM_UNAVAILABLE"),
    ({"kind": "timeout"}, "UPSTREAM_TIMEOUT"),
    ({"kind": "latency", "seconds": 5}, "UPSTREAM_TIMEOUT"),
    ({"kind": "html"}, "UPSTREAM_INVALID"),
    ({"kind": "garbage"}, "UPSTREAM_INVALID"),
    ({"kind": "truncate"}, "UPSTREAM_INVALID"),
    ({"kind": "cut"}, "UPSTREAM_INVALID"),
]


def trouble(code: str, account: str) -> list[Any]:
    return [
        pytest.param(code, account, fault, expected, id=f"{code}-{fault['kind']}-{fault.get('status', '')}")
        for fault, expected in TROUBLES
    ]


@pytest.mark.parametrize(
    ("provider", "account", "fault", "expected"), [*trouble("HOSTAWAY", "10450"), *trouble("BOOKINGSYNC", "3837")]
)
async def test_the_other_accounts_are_served(
    tmp_path: Path, provider: str, account: str, fault: dict[str, Any], expected: str
) -> None:
    # Quick enough that three tries of a silent PMS pass, slow enough for a busy machine.
    async with world(tmp_path, call_timeout=1.0) as running:
        await running.data("{ accounts { nodes { providerAccount { providerId } } } }")
        await running.fault(provider, account=account, path="/v1/" if provider == "HOSTAWAY" else "/api/", **fault)
        body = await running.ask(LISTINGS)
        page = body["data"]["listings"]
        assert len(page["nodes"]) == 12
        failed = [source for source in page["sources"] if source["status"] == "FAILED"]
        assert [source["account"]["name"] for source in failed] == [f"{provider} 1"]
        assert failed[0]["error"]["code"] == expected
        (error,) = body["errors"]
        assert error["path"] == ["listings"]
        assert error["extensions"]["code"] == expected
        assert error["extensions"]["provider"] == provider
        assert error["extensions"]["account"]


async def test_a_pms_that_fails_with_200_is_reported_in_its_own_words(running: World) -> None:
    await running.fault("HOSTAWAY", account="10450", path="/v1/listings", kind="fail")
    body = await running.ask(LISTINGS)
    assert len(body["data"]["listings"]["nodes"]) == 12
    assert body["errors"][0]["extensions"]["code"] == "UPSTREAM_REFUSED"


async def test_a_storm_of_refusals_ends_in_rate_limited_with_a_time(tmp_path: Path) -> None:
    async with world(tmp_path, operation_timeout=4.0) as running:
        await running.fault("HOSTAWAY", account="10450", path="/v1/listings", kind="storm")
        body = await running.ask(LISTINGS)
        assert len(body["data"]["listings"]["nodes"]) == 12
        (error,) = body["errors"]
        assert error["extensions"]["code"] == "RATE_LIMITED"
        assert error["extensions"]["retryAfter"] >= 1


async def test_old_data_is_served_while_the_pms_is_down_and_marked(running: World) -> None:
    await running.data(LISTINGS)
    running.clock.advance(100_000)
    await running.fault("BOOKINGSYNC", kind="status", status=503)
    body = await running.ask(LISTINGS)
    page = body["data"]["listings"]
    assert len(page["nodes"]) == 18
    stale = [source for source in page["sources"] if source["status"] == "STALE"]
    assert [source["account"]["name"] for source in stale] == ["BOOKINGSYNC 1"]
    assert stale[0]["error"]["code"] == "UPSTREAM_UNAVAILABLE"
    strict = await running.ask(LISTINGS, age=0)
    assert len(strict["data"]["listings"]["nodes"]) == 12


async def test_an_account_that_is_removed_while_a_query_runs_does_not_empty_the_answer(running: World) -> None:
    await running.data(LISTINGS)
    await running.fault("BOOKINGSYNC", kind="latency", seconds=0.3)
    asking = asyncio.create_task(running.ask(LISTINGS, age=0))
    await asyncio.sleep(0.1)
    removed = (await running.services.accounts.list("default"))[0]
    assert await running.services.accounts.remove("default", removed.id)
    page = (await asking)["data"]["listings"]
    assert [source["account"]["name"] for source in page["sources"]] == ["HOSTAWAY 1", "HOSTAWAY 2", "BOOKINGSYNC 1"]
    assert len(page["nodes"]) >= 12


async def test_a_passing_fault_is_not_seen_at_all(running: World) -> None:
    await running.fault("HOSTAWAY", kind="status", status=502, path="/v1/listings", times=1)
    data = await running.data(LISTINGS)
    assert len(data["listings"]["nodes"]) == 18


async def test_records_that_break_their_type_are_left_out_and_reported(running: World) -> None:
    for provider in ("HOSTAWAY", "BOOKINGSYNC"):
        await running.control(provider, "odd", {"broken_records": True})
    data = await running.data(
        "{ listings(first: 100) { nodes { id } sources { account { provider } status skippedRecords note } }"
        " accounts { nodes { reservations(first: 500) { sources { status skippedRecords } } } } }"
    )
    listings = data["listings"]
    broken = [source for source in listings["sources"] if source["account"]["provider"] == "HOSTAWAY"]
    assert [(source["status"], source["skippedRecords"]) for source in broken] == [("PARTIAL", 1)] * 2
    assert all("name" in source["note"] for source in broken)
    assert len(listings["nodes"]) == 16
    for account in data["accounts"]["nodes"]:
        assert account["reservations"]["sources"] == [{"status": "PARTIAL", "skippedRecords": 1}]


async def test_odd_reservations_of_a_listing_are_reported_there(running: World) -> None:
    for provider in ("HOSTAWAY", "BOOKINGSYNC"):
        await running.control(provider, "odd", {"broken_records": True})
    data = await running.data(
        "{ listings(first: 100) { nodes { provider reservations(first: 500) {"
        " sources { status skippedRecords note } } } } }"
    )
    sources: dict[str, list[Any]] = {"HOSTAWAY": [], "BOOKINGSYNC": []}
    for node in data["listings"]["nodes"]:
        sources[node["provider"]] += node["reservations"]["sources"]
    for found in sources.values():
        odd = [source for source in found if source["status"] == "PARTIAL"]
        assert odd
        assert all(source["skippedRecords"] == 1 and source["note"] for source in odd)


async def test_nested_fields_of_a_failing_account_fail_alone(running: World) -> None:
    await running.data("{ listings(first: 100) { nodes { id } } }")
    await running.fault("HOSTAWAY", account="10450", kind="status", status=500)
    body = await running.ask(
        '{ listings(first: 100) { nodes { account { name } calendar(from: "2026-12-01", to: "2026-12-05") { start }'
        ' reservations(first: 5, filter: {stay: {from: "2026-12-01"}}) { nodes { id } sources { status } } } } }'
    )
    for node in body["data"]["listings"]["nodes"]:
        failing = node["account"]["name"] == "HOSTAWAY 1"
        assert (node["calendar"] is None) == failing
        assert node["reservations"]["sources"][0]["status"] == ("FAILED" if failing else "OK")
    assert len(body["errors"]) == 12


async def test_an_expired_token_recovers_without_being_seen(running: World) -> None:
    await running.data(LISTINGS)
    running.clock.advance(3 * 365 * 86_400)
    data = await running.data(LISTINGS, age=0)
    assert len(data["listings"]["nodes"]) == 18
    tokens = [call for call in running.calls if "oken" in call.path]
    assert len(tokens) == 6
