"""The time our own layers add: a query answered from the cache beside a bare FastAPI route with the same JSON.

``python -m tests.bench.overhead`` calls both ASGI apps directly, in turn, and prints the ratio of the medians and
where the time goes.
"""

import asyncio
import cProfile
import io
import json
import pstats
import time
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from fastapi import FastAPI

from tests.gateway_world import World, world

QUERY = """{ listings(first: 100) { nodes {
  id name provider maxGuests bedrooms bathrooms address { city } basePrice { amount currency } } } }"""

ROUNDS = 200


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


async def _measure(running: World) -> tuple[float, float, str]:
    body = json.dumps({"query": QUERY}).encode()
    answer = json.loads(await _post(running.app, "/graphql", body, running.key))
    assert len(answer["data"]["listings"]["nodes"]) == 100
    bare = bare_app(answer)
    ours, theirs = [], []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        await _post(running.app, "/graphql", body, running.key)
        middle = time.perf_counter()
        await _post(bare, "/bare", body, running.key)
        ours.append(middle - started)
        theirs.append(time.perf_counter() - middle)
    profile = cProfile.Profile()
    profile.enable()
    for _ in range(30):
        await _post(running.app, "/graphql", body, running.key)
    profile.disable()
    return median(ours), median(theirs), _layers(profile)


LAYERS = {
    "GraphQL execution (graphql-core)": ("/graphql/",),
    "Strawberry": ("/strawberry/",),
    "gateway: cache, paging, merging": ("/graph/gateway/", "/graph/access/", "/aiocache/"),
    "schema: resolvers, ids": ("/graph/schema/",),
    "web, keys, accounts": ("/graph/web/", "/graph/accounts/", "/graph/storage/", "/starlette/", "/fastapi/"),
}


def _layers(profile: cProfile.Profile) -> str:
    stats: Any = pstats.Stats(profile, stream=io.StringIO())
    shares = dict.fromkeys([*LAYERS, "the rest (JSON, asyncio, built-ins)"], 0.0)
    total = 0.0
    for (file, _, _), (_, _, own, _, _) in stats.stats.items():
        layer = next((name for name, parts in LAYERS.items() if any(part in file for part in parts)), None)
        shares[layer or "the rest (JSON, asyncio, built-ins)"] += own
        total += own
    return "\n".join(f"  {name:<40}{share / total:>6.0%}" for name, share in shares.items())


async def measure() -> tuple[float, float, str]:
    """Median seconds of the gateway and of the bare route, and the share of each layer."""
    with TemporaryDirectory() as folder:
        async with world(
            Path(folder), hostaway_accounts=1, bookingsync_accounts=0, listings=100, call_timeout=30.0
        ) as running:
            return await _measure(running)


def main() -> None:
    """Print the figures."""
    ours, theirs, layers = asyncio.run(measure())
    print(f"{'100 listings with 8 fields, warm cache':<48}{'ms':>8}")
    print(f"{'  StayGraph':<48}{ours * 1000:>8.2f}")
    print(f"{'  bare FastAPI route, same JSON':<48}{theirs * 1000:>8.2f}")
    print(f"{'  ratio':<48}{ours / theirs:>8.2f}")
    print("own time by layer (profiled):")
    print(layers)


if __name__ == "__main__":
    main()
