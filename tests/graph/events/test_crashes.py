"""A process that dies at any moment of its work loses nothing and tells nothing twice; several share the work."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Generator
from pathlib import Path
from typing import Any

import pytest

from graph.events.claiming import LEASE
from graph.events.processing import Processing
from tests.gateway_world import World, world
from tests.graph.events.event_world import Hostaway, deliveries, events, learn, settle, told
from tests.graph.events.webhook_world import send


class Crashing:
    """Runs a coroutine and kills it the ``steps``-th time that it waits."""

    def __init__(self, work: Any, steps: int) -> None:
        self._work = work
        self._steps = steps
        self.finished = False

    def __await__(self) -> Generator[Any, Any, None]:
        inner = self._work.__await__()
        waits = 0
        value: Any = None
        error: BaseException | None = None
        while True:
            try:
                waiting = inner.send(value) if error is None else inner.throw(error)
            except StopIteration:
                self.finished = True
                return
            except asyncio.CancelledError:
                return
            waits += 1
            value, error = None, None
            if waits == self._steps:
                error = asyncio.CancelledError()
                continue
            try:
                value = yield waiting
            except BaseException as raised:  # noqa: BLE001 - it is the work's to handle
                error = raised


async def _awaited(work: Awaitable[None]) -> None:
    await work


def processing(running: World) -> Processing:
    """One that works when it is told to, on the same parts as the gateway's own."""
    own: Any = running.services.processing
    return Processing(
        own._database, own._vault, own._accounts, own._connections, own._states, own._completing, own._clock
    )


async def work_once(own: Any) -> None:
    for account_id, claimed in (await own._claims.claim()).items():
        await own._work_on(account_id, claimed)


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_death_at_every_wait_loses_nothing_and_repeats_nothing(
    tmp_path: Path, kind: str, request: pytest.FixtureRequest
) -> None:
    settings: dict[str, Any] = {} if kind == "sqlite" else {"database_url": request.getfixturevalue("postgres_url")}
    async with world(tmp_path, hostaway_accounts=1, bookingsync_accounts=0, listings=2, **settings) as running:
        await running.services.processing.aclose()
        await learn(running)
        hostaway = await Hostaway.of(running)
        full, thin, messaged = hostaway.ids[:3]
        expected = []
        steps, finished = 0, False
        while not finished:
            steps += 1
            webhooks = [hostaway.change(full, guestNote=f"Note {steps}"), hostaway.change(full, hostNote=f"{steps}")]
            hostaway.change(thin, guestNote=f"Thin {steps}")
            webhooks.append({"object": "reservation", "objectId": thin, "event": "reservation.updated", "n": steps})
            webhooks.append(hostaway.message(messaged, 1000 + steps))
            for each in webhooks:
                await send(running, hostaway.to.path, each, hostaway.to.basic)
            running.clock.advance(1)
            dying = Crashing(_awaited(work_once(processing(running))), steps)
            await asyncio.create_task(_awaited(dying))
            finished = dying.finished
            # Whoever comes next takes over when the lease of the dead has ended.
            running.clock.advance(LEASE.total_seconds() + 1)
            await processing(running).drain()
            expected += [("UPDATED", str(full))] * 2 + [("UPDATED", str(thin)), ("MESSAGE_RECEIVED", str(messaged))]
            assert Counter(await told(running)) == Counter(expected), steps
        assert steps > 10
        assert {status for status, _ in await deliveries(running)} == {"DONE"}
        notes = [
            change.new
            for event in await events(running)
            if event.reservation_id == str(full)
            for change in event.changes or ()
        ]
        assert notes == [each for n in range(1, steps + 1) for each in (f"Note {n}", f"{n}")]


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_several_processes_share_the_work_and_tell_each_change_once_and_in_order(
    tmp_path: Path, kind: str, request: pytest.FixtureRequest
) -> None:
    settings: dict[str, Any] = {} if kind == "sqlite" else {"database_url": request.getfixturevalue("postgres_url")}
    async with world(tmp_path, hostaway_accounts=1, bookingsync_accounts=0, listings=2, **settings) as running:
        await running.services.processing.aclose()
        await learn(running)
        hostaway = await Hostaway.of(running)
        ids = hostaway.ids[:5]
        for n in range(8):
            for id_ in ids:
                webhook = hostaway.change(id_, hostNote=str(n))
                await send(running, hostaway.to.path, webhook, hostaway.to.basic)
        running.clock.advance(1)
        workers = [processing(running) for _ in range(3)]
        for _ in range(3):
            await asyncio.gather(*(each.drain() for each in workers))
        await settle(running)
        found = await events(running)
        for id_ in ids:
            notes = [
                change.new
                for event in found
                if event.reservation_id == str(id_)
                for change in event.changes or ()
                if change.field == "hostNote"
            ]
            assert notes == [str(n) for n in range(8)]
        assert len(found) == 40


async def test_what_two_roads_find_at_once_is_told_once(tmp_path: Path) -> None:
    async with world(tmp_path, hostaway_accounts=1, bookingsync_accounts=0, listings=2) as running:
        await running.services.processing.aclose()
        await learn(running)
        hostaway = await Hostaway.of(running)
        for n in range(5):
            webhooks = [hostaway.change(id_, hostNote=str(n)) for id_ in hostaway.ids[:10]]
            for each in webhooks:
                await send(running, hostaway.to.path, each, hostaway.to.basic)
            running.clock.advance(3600)
            await asyncio.gather(processing(running).drain(), running.services.polling.poll_due())
            await settle(running)
        assert Counter(await told(running)) == Counter({("UPDATED", str(id_)): 5 for id_ in hostaway.ids[:10]})
