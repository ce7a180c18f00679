"""Whether nights are ever sold twice, and whether a create that is repeated ever makes a second reservation.

``python -m tests.bench.creates`` runs gateways in processes of their own over one database, and simulators of the PMSs.
Crowds of creates for the same nights are sent to one gateway, then to two; then each of many creates has its answer
cut off, or never reaches the PMS, and is repeated with its key until it is made.
"""

import asyncio
import json
import random
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx

from graph.accounts.keys import Permission
from graph.app import create_app
from graph.services import running
from graph.settings import Settings
from providers.contract import Simulation, SimulatorOptions
from providers.upstream.clock import SystemClock
from tests.gateway_world import SIMULATORS, connect, serving
from tests.graph.changes.operations import CREATE
from tests.graph.changes.simulated import draft, free_stays

CROWD = 50
REPETITIONS = 200
CREATES = 1000
AT_ONCE = 8
MOST_REPEATS = 40
PATHS = {"HOSTAWAY": "/v1/reservations", "BOOKINGSYNC": "/api/v3"}
MADE = {"HOSTAWAY": "/reservations", "BOOKINGSYNC": "/bookings"}
NEVER_THERE: Sequence[dict[str, Any]] = ({"kind": "garbage"}, {"kind": "html"}, {"kind": "status", "status": 500})
LOST: Sequence[dict[str, Any]] = ({"kind": "cut"}, {"kind": "truncate"})


@dataclass(frozen=True)
class Gateways:
    """Gateways over one database and one simulated PMS."""

    provider: str
    clients: Sequence[httpx.AsyncClient]
    pms: httpx.AsyncClient

    async def data(self, query: str, **variables: Any) -> dict[str, Any]:
        answer = (await self.clients[0].post("/graphql", json={"query": query, "variables": variables})).json()
        assert "errors" not in answer, answer["errors"]
        data: dict[str, Any] = answer["data"]
        return data

    async def create(self, number: int, stay: Mapping[str, Any], key: str | None = None) -> Any:
        """The payload of a create that the ``number``-th gateway makes, in turn."""
        variables = {"input": draft(dict(stay)), "key": key, "ignore": True}
        client = self.clients[number % len(self.clients)]
        body = (await client.post("/graphql", json={"query": CREATE, "variables": variables})).json()
        assert "errors" not in body, body["errors"]
        return body["data"]["createReservation"]

    async def asked(self) -> int:
        """How many calls that make reservations the PMS had since it was asked last."""
        calls = (await self.pms.get("/_control/calls")).json()["calls"]
        await self.pms.delete("/_control/calls")
        return sum(call["method"] == "POST" and call["path"].endswith(MADE[self.provider]) for call in calls)

    async def spoil(self, **fault: Any) -> None:
        """Spoil one call that changes something."""
        answer = await self.pms.post(
            "/_control/faults", json=fault | {"path": PATHS[self.provider], "method": "POST", "times": 1}
        )
        assert answer.is_success, answer.text

    async def reservations(self) -> list[Any]:
        """All that the PMS has, with our references."""
        query = """query ($after: String) { reservations(first: 500, after: $after, maxAge: 0) {
          pageInfo { hasNextPage endCursor } nodes { providerId arrival status listing { id } } } }"""
        found: list[Any] = []
        after = None
        while True:
            page = (await self.data(query, after=after))["reservations"]
            found += page["nodes"]
            if not page["pageInfo"]["hasNextPage"]:
                return found
            after = page["pageInfo"]["endCursor"]


@asynccontextmanager
async def gateways(provider: str, processes: int, listings: int) -> AsyncIterator[Gateways]:
    """So many processes over one database, whose simulated PMS runs here."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        simulation: Simulation = SIMULATORS[provider](SimulatorOptions(listings=listings, limits="off"))
        pms = await stack.enter_async_context(serving(simulation.app))
        chosen: dict[str, Any] = {
            "data_dir": str(folder),
            "provider_urls": {provider: pms},
            "limit_profiles": {provider: "off"},
            "background_refresh": False,
            "operation_timeout": 60.0,
        }
        async with running(Settings(**chosen), clock=SystemClock()) as services:
            _, key = await services.keys.create("default", "bench", permission=Permission.WRITE)
            await connect(services, provider, simulation)
        clients = []
        for _ in range(processes):
            url = await stack.enter_async_context(_apart(chosen))
            headers = {"Authorization": f"Bearer {key}"}
            clients.append(
                await stack.enter_async_context(httpx.AsyncClient(base_url=url, headers=headers, timeout=120))
            )
        control = await stack.enter_async_context(httpx.AsyncClient(base_url=pms, timeout=60))
        yield Gateways(provider, clients, control)


@asynccontextmanager
async def _apart(chosen: Mapping[str, Any]) -> AsyncIterator[str]:
    """The address of a gateway in a process of its own."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.bench.creates",
        "serve",
        json.dumps(chosen),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert process.stdout is not None
    try:
        while not (line := await process.stdout.readline()).startswith(b"http"):
            assert line, "the gateway did not start"
        yield line.decode().strip()
    finally:
        process.terminate()
        await process.communicate()


async def _serve(settings: Settings) -> None:
    app = create_app(settings)
    async with app.router.lifespan_context(app), serving(app) as url:
        print(url, flush=True)
        await asyncio.Event().wait()


@dataclass(frozen=True, slots=True)
class Crowds:
    """What became of crowds of creates for the same nights: the most reservations and calls that one of them made."""

    fewest: int
    most: int
    calls: int


async def crowds(provider: str, processes: int, repetitions: int = REPETITIONS, crowd: int = CROWD) -> Crowds:
    """Send ``crowd`` creates for the same nights at once, over and over."""
    async with gateways(provider, processes, listings=12) as at:
        stays = await free_stays(at, provider, 2, repetitions, days=1000, rules=False)
        made, calls = [], []
        for stay in stays:
            await at.asked()
            payloads = await asyncio.gather(*(at.create(number, stay) for number in range(crowd)))
            made.append(sum(payload["reservation"] is not None for payload in payloads))
            calls.append(await at.asked())
        return Crowds(min(made), max(made), max(calls))


@dataclass(frozen=True, slots=True)
class Repeats:
    """Creates that were repeated until they were made: how many, how many reservations the PMS has more, and calls."""

    creates: int
    reservations: int
    twice: int
    attempts: int


async def repeats(provider: str, creates: int = CREATES, seed: int = 1) -> Repeats:
    """Make reservations while answers are cut off, or calls never reach the PMS, at random."""
    chance = random.Random(seed)  # no secret
    async with gateways(provider, 1, listings=12) as at:
        stays = await free_stays(at, provider, 1, creates, days=1000, rules=False)
        before = {each["providerId"] for each in await at.reservations()}
        work = list(enumerate(stays))
        attempts = 0

        async def make(number: int, stay: Mapping[str, Any]) -> None:
            nonlocal attempts
            for _ in range(MOST_REPEATS):
                if chance.random() < 0.5:
                    await at.spoil(**chance.choice([*LOST, *NEVER_THERE]))
                attempts += 1
                if (await at.create(number, stay, key=f"create {number}"))["reservation"] is not None:
                    return
            raise AssertionError(f"create {number} was never made")

        async def worker() -> None:
            while work:
                await make(*work.pop())

        await asyncio.gather(*(worker() for _ in range(AT_ONCE)))
        new = [each for each in await at.reservations() if each["providerId"] not in before]
        nights = {(each["listing"]["id"], each["arrival"]) for each in new}
        return Repeats(creates, len(new), len(new) - len(nights), attempts)


def main() -> None:
    """Print the figures."""
    for processes in (1, 2):
        found = asyncio.run(crowds("HOSTAWAY", processes))
        print(f"{CROWD} creates for the same nights at once, {REPETITIONS} times, processes: {processes}")
        print(f"  reservations made   {found.fewest} to {found.most}")
        print(f"  calls to make one   {found.calls} at most")
    for provider in PATHS:
        done = asyncio.run(repeats(provider))
        print(f"{done.creates} creates of {provider}, half of the calls spoilt, repeated with their keys")
        print(f"  requests            {done.attempts}")
        print(f"  reservations made   {done.reservations}")
        print(f"  made twice          {done.twice}")


if __name__ == "__main__":
    if sys.argv[1:2] == ["serve"]:
        asyncio.run(_serve(Settings(**json.loads(sys.argv[2]))))
    else:
        main()
