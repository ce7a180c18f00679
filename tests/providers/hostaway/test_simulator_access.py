"""The Hostaway simulator: tokens, envelope, errors, limits."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx
import pytest

from providers.contract import SimulatorOptions
from providers.hostaway.simulator import HostawayReadings, HostawaySimulation, simulator
from providers.manifest import AuthType

TODAY = date(2027, 3, 4)
FORM = {"grant_type": "client_credentials", "scope": "general"}


class Clock:
    def __init__(self) -> None:
        self.at = datetime(2027, 3, 4, 9, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at

    def pass_by(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


def simulated(
    clock: Clock | None = None, *, limits: str = "off", accounts: int = 2, **readings: Any
) -> HostawaySimulation:
    options = SimulatorOptions(limits=limits, accounts=accounts, listings=3)
    return simulator(options, today=TODAY, now=clock or Clock(), readings=HostawayReadings(**readings))


@asynccontextmanager
async def calling(
    simulation: HostawaySimulation, token: str | None = None, ip: str = "10.0.0.1"
) -> AsyncIterator[httpx.AsyncClient]:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    transport = httpx.ASGITransport(simulation.app, client=(ip, 4711))
    async with httpx.AsyncClient(transport=transport, base_url="https://api.test", headers=headers) as client:
        yield client


def form(simulation: HostawaySimulation, index: int = 0) -> dict[str, str]:
    _, config = simulation.credentials()[index]
    return {**FORM, "client_id": str(config["accountId"]), "client_secret": config["apiKey"]}


async def mint(client: httpx.AsyncClient, simulation: HostawaySimulation, index: int = 0) -> str:
    answer = await client.post("/v1/accessTokens", data=form(simulation, index))
    assert answer.status_code == 200
    token: str = answer.json()["access_token"]
    return token


async def status_with(client: httpx.AsyncClient, token: str) -> int:
    answer = await client.get("/v1/listings", headers={"Authorization": f"Bearer {token}"})
    return answer.status_code


def test_credentials_follow_the_seed_and_differ_by_account() -> None:
    first, again = simulated().credentials(), simulated().credentials()
    assert first == again
    assert [config["accountId"] for _, config in first] == [10450, 10451]
    assert {kind for kind, _ in first} == {AuthType.API_KEY}
    assert first[0][1]["apiKey"] != first[1][1]["apiKey"]
    other_seed = simulator(SimulatorOptions(seed=2), today=TODAY).credentials()
    assert other_seed[0][1]["apiKey"] != first[0][1]["apiKey"]


async def test_token_comes_without_envelope_and_tells_its_life() -> None:
    simulation = simulated()
    async with calling(simulation) as client:
        body = (await client.post("/v1/accessTokens", data=form(simulation))).json()
    assert set(body) == {"token_type", "expires_in", "access_token"}
    assert (body["token_type"], body["expires_in"]) == ("Bearer", 63_072_000)


async def test_token_comes_inside_an_envelope_under_that_reading() -> None:
    simulation = simulated(token_enveloped=True)
    async with calling(simulation) as client:
        body = (await client.post("/v1/accessTokens", data=form(simulation))).json()
    assert body["status"] == "success"
    assert body["result"]["access_token"]


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"client_secret": "wrong"}, 401),
        ({"client_id": "99999"}, 401),
        ({"client_id": "ten"}, 401),
        ({"grant_type": "password"}, 400),
        ({"scope": "all"}, 400),
    ],
)
async def test_wrong_token_request_is_refused_in_the_envelope(changed: dict[str, str], status: int) -> None:
    simulation = simulated()
    async with calling(simulation) as client:
        answer = await client.post("/v1/accessTokens", data={**form(simulation), **changed})
    assert answer.status_code == status
    assert answer.json()["status"] == "fail"
    assert isinstance(answer.json()["result"], str)


async def test_secret_of_one_account_does_not_open_another() -> None:
    simulation = simulated()
    async with calling(simulation) as client:
        stolen = {**form(simulation, 0), "client_id": "10451"}
        assert (await client.post("/v1/accessTokens", data=stolen)).status_code == 401


async def test_token_request_must_be_a_form() -> None:
    simulation = simulated()
    async with calling(simulation) as client:
        assert (await client.post("/v1/accessTokens", json=form(simulation))).status_code == 400


async def test_token_settles_for_a_second_before_its_first_use() -> None:
    clock = Clock()
    simulation = simulated(clock)
    async with calling(simulation) as client:
        token = await mint(client, simulation)
        assert await status_with(client, token) == 403
        clock.pass_by(0.9)
        assert await status_with(client, token) == 403
        clock.pass_by(0.1)
        assert await status_with(client, token) == 200


async def test_token_works_at_once_under_that_reading() -> None:
    simulation = simulated(settle_seconds=0.0)
    async with calling(simulation) as client:
        assert await status_with(client, await mint(client, simulation)) == 200


async def test_several_tokens_live_until_each_expires_or_is_revoked() -> None:
    clock = Clock()
    simulation = simulated(clock, token_life=100)
    async with calling(simulation) as client:
        first = await mint(client, simulation)
        clock.pass_by(50)
        second = await mint(client, simulation)
        third = await mint(client, simulation)
        assert len({first, second, third}) == 3
        clock.pass_by(49)
        assert [await status_with(client, each) for each in (first, second, third)] == [200, 200, 200]
        clock.pass_by(1)
        assert [await status_with(client, each) for each in (first, second)] == [403, 200]
        revoked = await client.delete("/v1/accessTokens", params={"token": second})
        assert revoked.json() == {"status": "success", "result": []}
        assert [await status_with(client, each) for each in (second, third)] == [403, 200]
        assert (await client.delete("/v1/accessTokens")).status_code == 400


@pytest.mark.parametrize("header", ["Bearer unknown", "Basic dTpw", "Bearer", "unknown"])
async def test_unknown_tokens_are_forbidden(header: str) -> None:
    async with calling(simulated()) as client:
        answer = await client.get("/v1/listings", headers={"Authorization": header})
    assert answer.status_code == 403
    assert answer.json()["status"] == "fail"


@pytest.mark.parametrize("status", [401, 403])
async def test_call_without_token_is_refused_as_read(status: int) -> None:
    async with calling(simulated(missing_token_status=status)) as client:
        assert (await client.get("/v1/listings")).status_code == status
        assert (await client.get("/v1/nowhere")).status_code == status


async def test_token_opens_only_its_own_account() -> None:
    simulation = simulated()
    seen = []
    for index in (0, 1):
        async with calling(simulation, simulation.access_token(index)) as client:
            listings = (await client.get("/v1/listings")).json()["result"]
            seen.append({listing["id"] for listing in listings})
            foreign = simulation.accounts[1 - index]
            for path in (f"/v1/listings/{min(foreign.listings)}", f"/v1/reservations/{min(foreign.reservations)}"):
                assert (await client.get(path)).status_code == 404
    assert [len(ids) for ids in seen] == [3, 3]
    assert not seen[0] & seen[1]


async def test_errors_come_in_the_envelope() -> None:
    simulation = simulated()
    async with calling(simulation, simulation.access_token()) as client:
        unknown = await client.get("/v1/listings/1")
        nowhere = await client.get("/v1/nowhere")
        wrong_method = await client.put("/v1/listings")
        bad = await client.get("/v1/listings", params={"limit": "many"})
    assert [each.status_code for each in (unknown, nowhere, wrong_method, bad)] == [404, 404, 405, 400]
    assert unknown.json() == {"status": "fail", "result": "Listing not found"}
    assert bad.json()["result"] == 'The "limit" parameter has an invalid value.'


async def test_refusals_come_with_200_under_that_reading() -> None:
    simulation = simulated(refusals_with_200=True)
    async with calling(simulation, simulation.access_token()) as client:
        answer = await client.get("/v1/listings/1")
        forbidden = await client.get("/v1/listings", headers={"Authorization": "Bearer x"})
    assert (answer.status_code, answer.json()["status"]) == (200, "fail")
    assert forbidden.status_code == 403


@pytest.mark.parametrize(("bad_value", "status"), [(400, 400), (422, 422), (None, 200)])
async def test_bad_values_are_refused_or_ignored_as_read(bad_value: int | None, status: int) -> None:
    simulation = simulated(bad_value=bad_value)
    async with calling(simulation, simulation.access_token()) as client:
        for query in ("limit=x", "latestActivityStart=soon", "includeResources=maybe", "sortOrder=colour", "offset=-1"):
            assert (await client.get(f"/v1/listings?{query}")).status_code == status, query


async def test_empty_and_unknown_parameters_are_ignored() -> None:
    simulation = simulated()
    async with calling(simulation, simulation.access_token()) as client:
        for path in ("/v1/listings", "/v1/reservations"):
            plain = (await client.get(path)).json()
            assert (await client.get(f"{path}?limit=&offset=&colour=red&ids=1,2")).json() == plain


async def test_documented_limits_count_fifteen_calls_of_an_address() -> None:
    clock = Clock()
    simulation = simulated(clock, limits="documented")
    async with calling(simulation, simulation.access_token()) as client:
        statuses = [(await client.get("/v1/users")).status_code for _ in range(16)]
        refused = await client.get("/v1/users")
        clock.pass_by(10)
        later = await client.get("/v1/users")
    assert statuses == [200] * 15 + [429]
    assert set(refused.json()) == {"status", "message"}
    assert refused.json()["status"] == "fail"
    assert not [name for name in refused.headers if "limit" in name or name == "retry-after"]
    assert later.status_code == 200


async def test_documented_limits_count_twenty_calls_of_an_account_over_addresses() -> None:
    simulation = simulated(limits="seed")
    first, second = simulation.access_token(0), simulation.access_token(1)
    async with calling(simulation, first, "10.0.0.1") as one, calling(simulation, first, "10.0.0.2") as two:
        assert [(await one.get("/v1/users")).status_code for _ in range(15)] == [200] * 15
        assert [(await two.get("/v1/users")).status_code for _ in range(6)] == [200] * 5 + [429]
    async with calling(simulation, second, "10.0.0.3") as other:
        assert (await other.get("/v1/users")).status_code == 200


@pytest.mark.parametrize(("counted", "granted"), [(True, 14), (False, 15)])
async def test_token_calls_count_against_the_address_as_read(counted: bool, granted: int) -> None:
    simulation = simulated(limits="documented", token_calls_count=counted)
    async with calling(simulation, simulation.access_token()) as client:
        await mint(client, simulation)
        statuses = [(await client.get("/v1/users")).status_code for _ in range(15)]
    assert statuses.count(200) == granted


async def test_refused_calls_count_under_that_reading() -> None:
    clock = Clock()
    simulation = simulated(clock, limits="documented", refused_calls_count=True)
    async with calling(simulation, simulation.access_token()) as client:
        for _ in range(15):
            await client.get("/v1/users")
        for _ in range(30):
            clock.pass_by(0.5)
            assert (await client.get("/v1/users")).status_code == 429
        clock.pass_by(10)
        assert (await client.get("/v1/users")).status_code == 200


async def test_newer_limits_tell_when_to_come_back_as_an_instant() -> None:
    clock = Clock()
    simulation = simulated(clock, limits="2026-08")
    async with calling(simulation, simulation.access_token()) as client:
        statuses = [(await client.get("/v1/users")).status_code for _ in range(200)]
        clock.pass_by(2)
        refused = await client.get("/v1/users")
    assert set(statuses) == {200}
    assert refused.status_code == 429
    assert refused.headers["X-RateLimit-Limit"] == "200"
    assert refused.headers["X-RateLimit-Remaining"] == "0"
    assert refused.headers["X-RateLimit-Applied"] in {"ip", "account"}
    assert int(refused.headers["X-RateLimit-Retry-After"]) == int(clock.at.timestamp()) + 8


async def test_newer_limits_give_quotes_a_counter_of_their_own() -> None:
    simulation = simulated(limits="2026-08")
    quote = {"startingDate": "2027-05-01", "endingDate": "2027-05-04", "numberOfGuests": 1, "version": 2}
    async with calling(simulation, simulation.access_token()) as client:
        path = "/v1/listings/40001/calendar/priceDetails"
        statuses = [(await client.post(path, json=quote)).status_code for _ in range(401)]
        refused = await client.post(path, json=quote)
        assert (await client.get("/v1/users")).status_code == 200
    assert statuses == [200] * 400 + [429]
    assert refused.headers["X-RateLimit-Applied"] == "endpoint"
    assert refused.headers["X-RateLimit-Limit"] == "400"


def test_unknown_limit_profile_names_the_known_ones() -> None:
    with pytest.raises(ValueError, match="2026-08, documented, off, seed"):
        simulated(limits="generous")


def test_too_many_listings_are_refused() -> None:
    with pytest.raises(ValueError, match="at most 9999"):
        simulator(SimulatorOptions(listings=10_000), today=TODAY)


async def test_faults_take_hostaways_form_and_find_the_account() -> None:
    simulation = simulated(limits="2026-08")
    simulation.app.calls.clear()
    async with calling(simulation, simulation.access_token(0)) as client:
        for fault in (
            {"kind": "fail"},
            {"kind": "storm"},
            {"kind": "status", "status": 503, "account": 10450},
        ):
            await client.post("/_control/faults", json={**fault, "times": 1})
        answers = [await client.get("/v1/users") for _ in range(3)]
    assert [each.status_code for each in answers] == [200, 429, 503]
    assert answers[0].json()["status"] == "fail"
    assert answers[1].headers["X-RateLimit-Retry-After"].isdigit()
    assert [call.account for call in simulation.app.calls] == ["10450"] * 3


async def test_one_account_down_leaves_the_other_up() -> None:
    simulation = simulated()
    async with calling(simulation, simulation.access_token(0)) as down:
        await down.post("/_control/faults", json={"kind": "status", "status": 503, "account": "10450"})
        assert (await down.get("/v1/users")).status_code == 503
    async with calling(simulation, simulation.access_token(1)) as up:
        assert (await up.get("/v1/users")).status_code == 200


async def test_tokens_do_not_show_in_the_record_of_calls() -> None:
    simulation = simulated()
    async with calling(simulation) as client:
        token = await mint(client, simulation)
        await client.delete("/v1/accessTokens", params={"token": token})
        told = (await client.get("/_control/calls")).text
    assert token not in told
    assert simulation.accounts[0].secret not in told
