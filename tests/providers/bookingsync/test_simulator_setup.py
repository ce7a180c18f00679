"""The BookingSync simulator as a whole - and the caller that its other tests use."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any

import httpx
import pytest

from providers.bookingsync.simulator import BookingsyncReadings, BookingsyncSimulation, simulator
from providers.contract import SimulatorOptions
from providers.manifest import AuthType

TODAY = date(2026, 3, 10)
FULL = ("public", "bookings_write", "clients_write", "rentals_write", "rates_write", "payments_read")


@dataclass
class Clock:
    now: datetime = datetime(2026, 3, 10, 11, 32, 52, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **length: float) -> None:
        self.now += timedelta(**length)


@dataclass
class Caller:
    """A client of account number 0 with all rights, unless it says otherwise."""

    simulation: BookingsyncSimulation
    clock: Clock
    token: str = ""
    slept: list[float] = field(default_factory=list)

    def use(self, account: int | None = 0, scopes: tuple[str, ...] = FULL, **options: Any) -> "Caller":
        self.token = self.simulation.access_token(account, scopes=scopes, **options)
        return self

    async def send(self, method: str, path: str, **options: Any) -> httpx.Response:
        headers = {"authorization": f"Bearer {self.token}"} if self.token else {}
        transport = httpx.ASGITransport(self.simulation.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://pms.test") as client:
            return await client.request(method, path, headers={**headers, **options.pop("headers", {})}, **options)

    async def get(self, path: str, **params: Any) -> httpx.Response:
        return await self.send("GET", f"/api/v3/{path}", params=params)

    async def records(self, name: str, **params: Any) -> list[dict[str, Any]]:
        """All records of a list, page after page."""
        found: list[dict[str, Any]] = []
        for page in count(1):
            answer = await self.get(name, **params, page=page)
            assert answer.status_code == 200, answer.text
            found += answer.json()[name.partition("/")[0]]
            if "next" not in answer.links:
                return found
        raise AssertionError


def caller(*, readings: BookingsyncReadings | None = None, **options: Any) -> Caller:
    clock = Clock()
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    simulation = simulator(
        SimulatorOptions(**{"listings": 12, "accounts": 2, **options}),
        today=TODAY,
        now=clock,
        readings=readings,
        sleep=sleep,
    )
    return Caller(simulation, clock, slept=slept).use()


async def test_same_arguments_give_the_same_rentals_and_other_seeds_other_ones() -> None:
    first, same, other = caller(), caller(), caller(seed=2)
    rentals = await first.records("rentals")
    assert rentals == await same.records("rentals")
    assert rentals != await other.records("rentals")


async def test_rental_ids_are_unique_across_accounts() -> None:
    calls = caller()
    first = {rental["id"] for rental in await calls.records("rentals")}
    second = {rental["id"] for rental in await calls.use(1).records("rentals")}
    assert len(first) == len(second) == 12
    assert not first & second


def test_credentials_are_those_that_the_code_flow_leaves() -> None:
    simulation = caller().simulation
    kinds, configs = zip(*simulation.credentials(), strict=True)
    assert set(kinds) == {AuthType.OAUTH}
    assert [config["accountId"] for config in configs] == ["3837", "3838"]
    assert set(configs[0]) == {"clientId", "clientSecret", "refreshToken", "redirectUri", "accountId"}
    assert set(simulation.client_credentials_config()) == {"clientId", "clientSecret"}


@pytest.mark.parametrize("wrong", [{"limits": "generous"}, {"accounts": 0}, {"listings": 100_000}])
def test_simulator_refuses_options_it_does_not_know(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"limits|accounts"):
        caller(**wrong)


@pytest.mark.parametrize("listings", [0, 1, 2, 3])
async def test_small_accounts_work(listings: int) -> None:
    calls = caller(listings=listings, accounts=1)
    assert len(await calls.records("rentals")) == listings
    assert (await calls.get("bookings")).status_code == 200
    assert (await calls.get("accounts")).json()["accounts"][0]["id"] == 3837


async def test_latency_delays_calls_and_faults_name_an_account() -> None:
    calls = caller(latency=0.2)
    await calls.get("accounts")
    assert calls.slept == [0.2]
    await calls.send("POST", "/_control/faults", json={"kind": "status", "status": 503, "account": "3838"})
    assert (await calls.get("rentals")).status_code == 200
    assert (await calls.use(1).get("rentals")).status_code == 503


async def test_calls_are_recorded_with_the_account_they_were_for() -> None:
    calls = caller()
    await calls.get("rentals", per_page=2)
    await calls.use(None, ("public",)).get("accounts")
    listed = (await calls.send("GET", "/_control/calls")).json()
    assert [(call["path"], call["account"]) for call in listed["calls"]] == [
        ("/api/v3/rentals", "3837"),
        ("/api/v3/accounts", None),
    ]


async def test_broken_records_appear_only_while_they_are_switched_on() -> None:
    calls = caller()

    async def broken() -> tuple[int, int]:
        rentals = [each for each in await calls.records("rentals") if isinstance(each["sleeps_max"], dict)]
        bookings = [each for each in await calls.records("bookings") if each["start_at"] == "soon"]
        return len(rentals), len(bookings)

    assert await broken() == (0, 0)
    switched = await calls.send("POST", "/_control/odd", json={"broken_records": True})
    assert switched.json() == {"broken_records": True}
    assert await broken() == (1, 1)
    await calls.send("POST", "/_control/odd", json={"broken_records": False})
    assert await broken() == (0, 0)


async def test_a_wrong_odd_switch_is_refused_by_the_name_of_its_field() -> None:
    answer = await caller().send("POST", "/_control/odd", json={"broken_records": "maybe"})
    assert answer.status_code == 422
    assert answer.json()["field"] == "broken_records"
