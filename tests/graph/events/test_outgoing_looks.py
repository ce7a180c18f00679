"""How often it is looked for something to send, where many events are written and nobody may want them."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from graph.accounts.vault import Vault
from graph.events import outgoing as module
from graph.events.log import EventLog
from graph.events.outgoing import LOOK_SECONDS, Outgoing
from graph.events.outgoing_endpoints import Endpoints
from graph.events.outgoing_turns import Turns
from graph.storage.database import Database
from tests.gateway_world import HandClock, ShiftedClock
from tests.graph.events.outgoing_world import Sent, sending


class Quiet:
    """Turns at endpoints that have nothing to get, where there are any."""

    def __init__(self) -> None:
        self.any = False
        self.nobody = False
        self.looks = asyncio.Queue[None]()
        self.gate = asyncio.Event()
        self.gate.set()

    async def claim(self, _: int) -> list[Any]:
        found = self.any
        self.looks.put_nowait(None)
        await self.gate.wait()
        self.nobody = not found
        return []

    async def looked(self) -> None:
        """Wait for the next look."""
        async with asyncio.timeout(0.9 * LOOK_SECONDS):  # that a look comes by itself is not what is waited for
            await self.looks.get()
        await self.rest()

    async def rest(self) -> None:
        for _ in range(20):
            await asyncio.sleep(0)


@pytest.fixture
def turns() -> Quiet:
    return Quiet()


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
async def worker(turns: Quiet, clock: HandClock, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Outgoing]:
    monkeypatch.setattr(module, "SOONEST", 0.0)
    unused: Any = None
    worker = Outgoing(turns, unused, unused, unused, unused, clock)  # type: ignore[arg-type]
    worker.start()
    await turns.looked()
    yield worker
    await worker.aclose()


async def test_where_nobody_is_not_each_event_is_looked_at(worker: Outgoing, turns: Quiet, clock: HandClock) -> None:
    for _ in range(5):
        worker.appended()
        await turns.rest()
    assert turns.looks.empty()
    clock.time += LOOK_SECONDS
    worker.appended()
    await turns.looked()


async def test_a_change_of_an_endpoint_is_looked_at_at_once_and_so_are_the_events_after_it(
    worker: Outgoing, turns: Quiet
) -> None:
    turns.any = True
    worker.wake()
    await turns.looked()
    worker.appended()
    await turns.looked()


async def test_a_change_during_a_look_is_not_overlooked(worker: Outgoing, turns: Quiet) -> None:
    turns.gate.clear()
    worker.wake()
    await turns.looked()
    # That look finds nobody, as it began before.
    turns.any = True
    worker.wake()
    turns.gate.set()
    await turns.looked()
    worker.appended()
    await turns.looked()


@pytest.fixture
async def sent(tmp_path: Path) -> AsyncIterator[Sent]:
    async with sending(tmp_path) as running:
        yield running


async def test_nobody_is_there_until_an_endpoint_is_enabled_by_whatever_process(sent: Sent) -> None:
    services = sent.world.services
    turns = Turns(services.database, services.vault, sent.world.clock)
    await turns.claim(1)
    assert turns.nobody
    elsewhere = Endpoints(services.database, services.vault, services.events, sent.world.clock, allow_private=True)
    endpoint, _ = await elsewhere.create("default", sent.server.url)
    assert await turns.claim(1) == []
    assert not turns.nobody
    await elsewhere.update("default", endpoint.id, {"enabled": False})
    await turns.claim(1)
    assert turns.nobody
    await elsewhere.update("default", endpoint.id, {"enabled": True})
    await sent.happened("1")
    assert len(await turns.claim(1)) == 1
    assert not turns.nobody


async def test_what_is_looked_at_is_the_same_in_each_kind_of_database(database: Database) -> None:
    clock, vault = ShiftedClock(), Vault([b"1" * 32])
    turns = Turns(database, vault, clock)
    assert await turns.claim(1) == []
    assert turns.nobody
    log = EventLog(database, vault, clock, days=1)
    await Endpoints(database, vault, log, clock, allow_private=True).create("default", "https://hooks.example.com/")
    assert await turns.claim(1) == []
    assert not turns.nobody
