"""A gateway on loopback whose simulated PMS runs in a process of its own, so that only our own cost is measured."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

from graph.app import create_app
from graph.services import Services
from graph.settings import Settings
from providers.contract import Simulation
from providers.manifest import AuthType
from tests.gateway_world import connect, serving

DAY = b'"date":'
PIECE = 65_536


@dataclass(frozen=True, slots=True)
class Apart(Simulation):
    """A simulator in another process: its address, and the credentials of its accounts."""

    url: str
    accounts: Sequence[tuple[AuthType, dict[str, Any]]]

    @property
    def app(self) -> Any:
        raise NotImplementedError("It runs in another process.")

    def credentials(self) -> Sequence[tuple[AuthType, dict[str, Any]]]:
        return self.accounts


@asynccontextmanager
async def simulator_apart(provider: str, listings: int) -> AsyncIterator[Apart]:
    """One account with ``listings`` listings and without limits."""
    options = ("--port", "0", "--listings", str(listings), "--limits", "off", "--json")
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "graph", "sandbox", provider.lower(), *options, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        said = json.loads(await asyncio.wait_for(process.stdout.readline(), 60))
        accounts = [(AuthType(each["authType"]), each["authConfig"]) for each in said["accounts"]]
        yield Apart(said["url"], accounts)
    finally:
        process.terminate()
        await process.wait()


@dataclass(frozen=True, slots=True)
class Gateway:
    """A gateway served over HTTP in this event loop, and how a client in a thread of its own asks it."""

    url: str
    key: str
    services: Services

    async def ask(self, query: str, **variables: Any) -> bytes:
        """The whole answer, unparsed: what a client does with it is not ours."""
        return await asyncio.to_thread(self._whole, query, variables)

    async def count_days(self, query: str, **variables: Any) -> int:
        """How many days the answer holds; it is read piece by piece and never kept, as it counts as memory here."""
        return await asyncio.to_thread(self._days, query, variables)

    def _whole(self, query: str, variables: dict[str, Any]) -> bytes:
        with urlopen(self._request(query, variables), timeout=120) as answer:  # noqa: S310  # our own address
            body: bytes = answer.read()
        return body

    def _days(self, query: str, variables: dict[str, Any]) -> int:
        found = 0
        rest = b""
        with urlopen(self._request(query, variables), timeout=120) as answer:  # noqa: S310  # our own address
            while piece := answer.read(PIECE):
                piece = rest + piece
                found += piece.count(DAY)
                rest = piece[-len(DAY) + 1 :]
        return found

    def _request(self, query: str, variables: dict[str, Any]) -> Request:
        headers = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}
        body = json.dumps({"query": query, "variables": variables}).encode()
        return Request(f"{self.url}/graphql", body, headers)  # noqa: S310  # our own address


@asynccontextmanager
async def gateway_apart(folder: Path, provider: str, listings: int) -> AsyncIterator[Gateway]:
    """A gateway with one account of ``listings`` listings."""
    async with simulator_apart(provider, listings) as simulation:
        settings = Settings(
            data_dir=folder,
            provider_urls={provider: simulation.url},
            limit_profiles={provider: "off"},
            background_refresh=False,
            operation_timeout=120.0,
            call_timeout=60.0,
        )
        app = create_app(settings)
        async with app.router.lifespan_context(app):
            services: Services = app.state.services
            _, key = await services.keys.create("default", "bench")
            await connect(services, provider, simulation)
            async with serving(app) as url:
                yield Gateway(url, key, services)
