"""The limit on calls: a thousand an hour of the clock, for the whole application."""

from datetime import UTC, datetime

import httpx
import pytest

from providers.bookingsync.simulator import BookingsyncReadings, CountedBy
from tests.providers.bookingsync.test_simulator_setup import Caller, caller

NOON = int(datetime(2026, 3, 10, 12, tzinfo=UTC).timestamp())


async def use_up(calls: Caller, number: int = 1000) -> None:
    transport = httpx.ASGITransport(calls.simulation.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://pms.test") as client:
        client.headers["authorization"] = f"Bearer {calls.token}"
        for _ in range(number):
            assert (await client.get("/api/v3/accounts/1")).status_code == 404


async def test_every_authorised_answer_tells_limit_rest_and_the_next_full_hour() -> None:
    calls = caller()
    for left, path in ((999, "accounts"), (998, "rentals/1"), (997, "nothing")):
        headers = (await calls.get(path)).headers
        assert headers["x-ratelimit-limit"] == "1000"
        assert headers["x-ratelimit-remaining"] == str(left)
        assert headers["x-ratelimit-reset"] == str(NOON)


async def test_accounts_share_the_budget_and_the_next_hour_brings_a_new_one() -> None:
    calls = caller()
    await use_up(calls)
    refused = await calls.use(1).get("accounts")
    assert refused.status_code == 429
    assert refused.json() == {"error": "API v3 rate limit exceeded."}
    assert refused.headers["x-ratelimit-remaining"] == "0"
    assert refused.headers["x-ratelimit-reset"] == str(NOON)
    assert "retry-after" not in refused.headers
    calls.clock.now = datetime(2026, 3, 10, 11, 59, 59, tzinfo=UTC)
    assert (await calls.get("accounts")).status_code == 429
    calls.clock.advance(seconds=1)
    answer = await calls.get("accounts")
    assert answer.status_code == 200
    assert answer.headers["x-ratelimit-remaining"] == "999"


async def test_tokens_are_counted_apart_and_told_when_to_retry_by_reading() -> None:
    readings = BookingsyncReadings(counted_by=CountedBy.TOKEN, retry_after=True)
    calls = caller(readings=readings)
    await use_up(calls)
    refused = await calls.get("accounts")
    assert refused.status_code == 429
    assert refused.headers["retry-after"] == str(NOON - int(calls.clock.now.timestamp()))
    assert (await calls.use(1).get("accounts")).status_code == 200


@pytest.mark.parametrize(("counted", "left"), [(False, "999"), (True, "998")])
async def test_windows_slide_and_refused_calls_count_by_reading(counted: bool, left: str) -> None:
    calls = caller(readings=BookingsyncReadings(sliding_window=True, refused_calls_count=counted))
    await use_up(calls)
    calls.clock.advance(minutes=59)
    refused = await calls.get("accounts")
    assert refused.status_code == 429
    assert int(refused.headers["x-ratelimit-reset"]) > calls.clock.now.timestamp()
    calls.clock.advance(minutes=1)
    assert (await calls.get("accounts")).headers["x-ratelimit-remaining"] == left


async def test_calls_for_tokens_and_without_good_tokens_are_free_unless_read_otherwise() -> None:
    for readings, left in ((BookingsyncReadings(), "999"), (BookingsyncReadings(token_calls_count=True), "998")):
        calls = caller(readings=readings)
        await calls.send("POST", "/oauth/token", data={"grant_type": "password"})
        good, calls.token = calls.token, "guess"
        assert (await calls.get("accounts")).status_code == 401
        calls.token = good
        assert (await calls.get("accounts")).headers["x-ratelimit-remaining"] == left


async def test_limits_can_be_off() -> None:
    calls = caller(limits="off")
    await use_up(calls, 1001)
    headers = (await calls.get("accounts")).headers
    assert headers["x-ratelimit-remaining"] == headers["x-ratelimit-limit"] == "1000000"


async def test_a_storm_is_the_documented_refusal() -> None:
    calls = caller()
    await calls.send("POST", "/_control/faults", json={"kind": "storm", "times": 1})
    refused = await calls.get("accounts")
    assert refused.status_code == 429
    assert refused.json() == {"error": "API v3 rate limit exceeded."}
    assert refused.headers["x-ratelimit-limit"] == "1000"
    assert refused.headers["x-ratelimit-remaining"] == "0"
    assert refused.headers["x-ratelimit-reset"] == str(NOON)
    assert (await calls.get("accounts")).status_code == 200
