"""A real gateway over real simulators on loopback, for tests that speak GraphQL to it.

Only time is ours: waiting for a token to settle or for a retry passes at once, and ``World.clock.advance`` ages what
is cached.
"""

import asyncio
import socket
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from fastapi import FastAPI

from graph.accounts.connections import auth_method
from graph.accounts.keys import Permission, Scope
from graph.app import create_app
from graph.cli.servers import Server
from graph.services import Services
from graph.settings import Settings
from graph.web.connections import HttpConnection, SocketConnection
from providers.bookingsync.simulator import simulator as bookingsync
from providers.catalogue import plugin
from providers.contract import Simulation, SimulatorOptions
from providers.hostaway.simulator import simulator as hostaway
from providers.upstream.accounts import CallOutcome
from tests.template import copy_database

DEMO = {"hostaway_accounts": 3, "bookingsync_accounts": 2, "listings": {"HOSTAWAY": 40, "BOOKINGSYNC": 25}}
"""The demo's data: 170 listings of 5 accounts."""

LAST_SECONDS = 0.1
"""How long requests may go on after a server was told to end."""

SIMULATORS: dict[str, Any] = {"HOSTAWAY": hostaway, "BOOKINGSYNC": bookingsync}


class ShiftedClock:
    """The machine's clock, moved on by every wait instead of waiting."""

    def __init__(self) -> None:
        self._ahead = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self._ahead

    def monotonic(self) -> float:
        return asyncio.get_running_loop().time()

    async def sleep(self, seconds: float) -> None:
        self.advance(seconds)
        await asyncio.sleep(0)

    def advance(self, seconds: float) -> None:
        self._ahead += timedelta(seconds=seconds)

    def leave_the_evening(self) -> None:
        """Go on to the next morning, if it is late."""
        now = self.now()
        if now.hour >= 20:  # no test takes longer
            morning = now.replace(hour=1, minute=0, second=0, microsecond=0) + timedelta(days=1)
            self._ahead += morning - now


class HandClock(ShiftedClock):
    """How old something is goes by ``time``, which tests set."""

    def __init__(self) -> None:
        super().__init__()
        self.time = 100.0

    def monotonic(self) -> float:
        return self.time


class RealClock(ShiftedClock):
    """The machine's clock, which other processes have, too: waiting takes its time."""

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


@dataclass
class World:
    """A running gateway: how to ask it, what it asked the PMSs, and how to trouble them."""

    app: FastAPI
    client: httpx.AsyncClient
    services: Services
    clock: ShiftedClock
    simulations: Mapping[str, Simulation]
    urls: Mapping[str, str]
    key: str
    calls: list[CallOutcome] = field(default_factory=list)

    async def post(self, query: str, variables: Mapping[str, Any] | None = None, **headers: str) -> httpx.Response:
        sent = {"Authorization": f"Bearer {self.key}"} | headers
        body = {"query": query, "variables": variables or {}}
        return await self.client.post("/graphql", json=body, headers=sent)

    async def ask(self, query: str, **variables: Any) -> dict[str, Any]:
        """The whole answer, data and errors."""
        answer = await self.post(query, variables)
        assert answer.status_code == 200, answer.text
        body: dict[str, Any] = answer.json()
        return body

    async def data(self, query: str, **variables: Any) -> dict[str, Any]:
        """The data of an answer that must have no errors."""
        body = await self.ask(query, **variables)
        assert "errors" not in body, body["errors"]
        data: dict[str, Any] = body["data"]
        return data

    async def key_with(self, permission: Permission, tenant: str = "default", *scopes: Scope) -> str:
        """The secret of a new key."""
        _, secret = await self.services.keys.create(tenant, permission.value, scopes=scopes, permission=permission)
        return secret

    async def change(self, mutation: str, permission: Permission = Permission.ADMIN, **variables: Any) -> Any:
        """The payload of a mutation with one field, sent with a key that has ``permission``; no errors beside it."""
        secret = await self.key_with(permission)
        answer = await self.post(mutation, variables, Authorization=f"Bearer {secret}")
        body = answer.json()
        assert "errors" not in body, body["errors"]
        (payload,) = body["data"].values()
        return payload

    async def fault(self, provider: str, **fault: Any) -> None:
        """Switch a fault on at a simulator."""
        async with httpx.AsyncClient(base_url=self.urls[provider]) as client:
            answer = await client.post("/_control/faults", json=fault)
            assert answer.is_success, answer.text

    async def control(self, provider: str, path: str, body: Mapping[str, Any]) -> None:
        async with httpx.AsyncClient(base_url=self.urls[provider]) as client:
            answer = await client.post(f"/_control/{path}", json=body)
            assert answer.is_success, answer.text

    def data_calls(self) -> list[CallOutcome]:
        """Calls to the PMSs so far, token calls left out."""
        return [call for call in self.calls if "oken" not in call.path]

    def counted(self) -> Counter[str]:
        """How many data calls each account made."""
        return Counter(call.account_id for call in self.data_calls())


@asynccontextmanager
async def world(
    folder: Path,
    *,
    hostaway_accounts: int = 2,
    bookingsync_accounts: int = 1,
    listings: int | Mapping[str, int] = 6,
    limits: str = "off",
    readings: Mapping[str, Any] | None = None,
    today: date | None = None,
    early: bool = False,
    real_time: bool = False,
    **settings: Any,
) -> AsyncIterator[World]:
    """A gateway with simulated accounts connected to it. With ``event_process`` or ``real_time`` time is not ours.

    ``early``: there are hours until midnight, when simulated PMSs change something by themselves.
    """
    clock = RealClock() if real_time or settings.get("event_process") else ShiftedClock()
    if early:
        clock.leave_the_evening()
    counts = {"HOSTAWAY": hostaway_accounts, "BOOKINGSYNC": bookingsync_accounts}
    simulations: dict[str, Any] = {
        code: SIMULATORS[code](
            SimulatorOptions(
                seed=1,
                accounts=count,
                listings=listings if isinstance(listings, int) else listings[code],
                limits=limits,
            ),
            now=clock.now,
            today=today,
            readings=(readings or {}).get(code),
        )
        for code, count in counts.items()
        if count
    }
    async with AsyncExitStack() as stack:
        urls = {
            code: await stack.enter_async_context(serving(simulation.app)) for code, simulation in simulations.items()
        }
        chosen = {
            "data_dir": folder,
            "provider_urls": urls,
            "limit_profiles": dict.fromkeys(urls, "off") if limits == "off" else {},
            "call_timeout": 5.0,
            # What it does depends on real time; tests count calls.
            "background_refresh": False,
            "event_polling": False,
        } | settings
        if "database_url" not in chosen:
            copy_database(Path(str(chosen["data_dir"])))
        calls: list[CallOutcome] = []
        app = create_app(Settings(**chosen), clock=clock, observe=calls.append)
        await stack.enter_async_context(app.router.lifespan_context(app))
        services: Services = app.state.services
        _, key = await services.keys.create("default", "test")
        for code, simulation in simulations.items():
            await connect(services, code, simulation)
        client = await stack.enter_async_context(
            httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://gateway.test")
        )
        yield World(app, client, services, clock, simulations, urls, key, calls)


async def connect(services: Services, code: str, simulation: Simulation, tenant: str = "default") -> None:
    """Connect every account of a simulation."""
    for number, (auth_type, config) in enumerate(simulation.credentials(), start=1):
        checked = auth_method(plugin(code), auth_type).config.model_validate(config)
        await services.accounts.add(tenant, code, f"{code} {number}", auth_type, checked)


@asynccontextmanager
async def serving(app: Any, *, sent_ahead: int | None = None) -> AsyncIterator[str]:
    """The address of ``app``, served in this event loop. ``sent_ahead``: bytes that may be under way to a client."""
    listener = socket.create_server(("127.0.0.1", 0))
    if sent_ahead is not None:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, sent_ahead)
    ours: dict[str, Any] = {"http": HttpConnection, "ws": SocketConnection}
    config = uvicorn.Config(app, log_config=None, lifespan="off", timeout_graceful_shutdown=0, **ours)
    server = _Server(config)
    task = asyncio.create_task(server.serve(sockets=[listener]))
    async with asyncio.timeout(10):
        await server.up.wait()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.ending.set()
        await task


class _Server(Server):
    """Starts and ends at once. uvicorn's own looks ten times a second whether to, and thousands of tests would wait."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ending = asyncio.Event()

    async def main_loop(self) -> None:
        while not self.ending.is_set():
            # It keeps the time that answers tell.
            await self.on_tick(0)
            with suppress(TimeoutError):
                async with asyncio.timeout(1):
                    await self.ending.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        for each in sockets or ():
            each.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        with suppress(TimeoutError):
            async with asyncio.timeout(LAST_SECONDS):
                while self.server_state.connections or self.server_state.tasks:  # noqa: ASYNC110  # uvicorn tells nobody
                    await asyncio.sleep(0.001)
        for task in self.server_state.tasks:
            task.cancel()
