"""The time our own layers add: queries answered from the cache beside a bare FastAPI route with the same JSON.

``python -m tests.bench.overhead`` calls both ASGI apps directly, in turn, and prints the ratio of the medians of their
CPU times, how much of it each layer adds, and who works when nothing is cached.
"""

import asyncio
import cProfile
import io
import json
import pstats
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from fastapi import FastAPI

from tests.gateway_world import DEMO, World, world

LISTINGS = """{ listings(first: 200) { nodes {
  id name provider maxGuests bedrooms bathrooms address { city } basePrice { amount currency } } } }"""

CALENDARS = """query($ids: [ID!]!, $from: Date!, $to: Date!) { calendars(listingIds: $ids, from: $from, to: $to) {
  days { date status price minimumStay } } }"""

RESERVATIONS = """{ reservations(first: 50) { nodes {
  id arrival departure status guest { name } listing { name } total { amount currency } } } }"""

ROUNDS = 60


async def _post(app: Any, path: str, body: bytes, key: str) -> bytes:
    headers = [(b"content-type", b"application/json"), (b"authorization", f"Bearer {key}".encode())]
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": headers,
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
        "state": {},
    }
    sent = bytearray()
    given = False

    async def receive() -> Any:
        nonlocal given
        if given:
            await asyncio.sleep(3600)
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        sent.extend(message.get("body", b""))

    await app(scope, receive, send)
    return bytes(sent)


def bare_app(answer: Any) -> FastAPI:
    """FastAPI and nothing else, answering with the same JSON."""
    app = FastAPI()

    @app.post("/bare")
    async def bare() -> Any:
        return answer

    return app


@dataclass(frozen=True, slots=True)
class Measured:
    """CPU seconds of an operation from the cache and of the bare route (medians), and each layer's share of them.

    ``cold`` are shares of the Python code that runs when nothing is cached: the simulated PMSs are left out.
    """

    name: str
    ours: float
    bare: float
    warm: dict[str, float]
    cold: dict[str, float]


LAYERS = {
    "": ("/simulator/", "/simulation/", "/tests/", "/uvicorn/"),
    "upstream: limits, calls": ("/providers/upstream/", "/httpx", "/httpcore/", "/aiohttp/"),
    "plugin: translation": ("/providers/", "/pydantic/"),
    "gateway: cache, paging, merging": ("/graph/gateway/", "/aiocache/"),
    "access: batches": ("/graph/access/", "/strawberry/dataloader"),
    "schema: resolvers, GraphQL": ("/graph/schema/", "/graphql/", "/strawberry/"),
    "HTTP, keys, accounts": ("/graph/web/", "/graph/", "/starlette/", "/fastapi/", "/sqlalchemy/"),
    "built-ins: JSON, event loop": ("",),
}
"""Which files make a layer: the first that fits. What has no name is not ours."""


async def _measure(running: World, name: str, query: str, variables: Mapping[str, Any]) -> Measured:
    body = json.dumps({"query": query, "variables": variables}).encode()

    async def ask() -> bytes:
        return await _post(running.app, "/graphql", body, running.key)

    answer = json.loads(await ask())
    assert "errors" not in answer
    bare = bare_app(answer)
    ours, theirs = [], []
    for _ in range(ROUNDS):
        started = time.process_time()
        await ask()
        middle = time.process_time()
        await _post(bare, "/bare", body, running.key)
        ours.append(middle - started)
        theirs.append(time.process_time() - middle)
    warm = cProfile.Profile()
    warm.enable()
    for _ in range(10):
        await ask()
    warm.disable()
    for account in await running.services.accounts.list("default"):
        running.services.gateway.reading.keeper.forget(account.id)
    await asyncio.sleep(0.01)
    cold = cProfile.Profile()
    cold.enable()
    await ask()
    cold.disable()
    return Measured(name, median(ours), median(theirs), _layers(warm), _layers(cold))


def _layers(profile: cProfile.Profile) -> dict[str, float]:
    """The share of each layer in the time spent in its own lines."""
    stats: Any = pstats.Stats(profile, stream=io.StringIO())
    seconds = dict.fromkeys(LAYERS, 0.0)
    for (file, _, _), (_, _, own, _, _) in stats.stats.items():
        seconds[next(name for name, parts in LAYERS.items() if any(part in file for part in parts))] += own
    seconds.pop("")
    total = sum(seconds.values())
    return {name: own / total for name, own in seconds.items()}


async def measure() -> list[Measured]:
    """The three operations over the demo's accounts."""
    with TemporaryDirectory() as folder:
        async with world(Path(folder), call_timeout=30.0, **DEMO) as running:
            data = await running.data("{ listings(first: 20) { nodes { id } } }")
            today = datetime.now(UTC).date()
            days = {"from": str(today), "to": str(today + timedelta(days=90))}
            ids = [node["id"] for node in data["listings"]["nodes"]]
            return [
                await _measure(running, "170 listings, 8 fields", LISTINGS, {}),
                await _measure(running, "20 calendars x 90 days", CALENDARS, {"ids": ids, **days}),
                await _measure(running, "50 reservations", RESERVATIONS, {}),
            ]


def main() -> None:
    """Print the figures."""
    measured = asyncio.run(measure())
    print(
        f"{'from the cache, to a bare route with the same JSON':<52}" + "".join(f"{each.name:>24}" for each in measured)
    )
    print(f"{'  all':<52}" + "".join(f"{each.ours / each.bare:>24.1f}" for each in measured))
    for layer in measured[0].warm:
        print(f"  {layer:<50}" + "".join(f"{each.warm[layer] * each.ours / each.bare:>24.2f}" for each in measured))
    print("nothing cached, shares of our own time (profiled)")
    for layer in measured[0].cold:
        print(f"  {layer:<50}" + "".join(f"{each.cold[layer]:>24.0%}" for each in measured))


if __name__ == "__main__":
    main()
