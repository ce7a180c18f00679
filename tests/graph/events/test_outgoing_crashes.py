"""A process that dies while it sends loses nothing; several share the work."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from graph.events.outgoing import Outgoing
from graph.events.outgoing_turns import LEASE
from tests.graph.events.happenings import until
from tests.graph.events.outgoing_world import Sent, sending
from tests.graph.events.test_crashes import Death, Mortal


class MortalPost:
    """Posts like the gateway; dies before or after."""

    def __init__(self, mortal: Mortal, deliver: Any) -> None:
        self._mortal = mortal
        self._deliver = deliver

    async def __call__(self, url: str, headers: Mapping[str, str], body: bytes) -> int:
        self._mortal.live()
        status: int = await self._deliver(url, headers, body)
        self._mortal.live()
        return status


def worker(sent: Sent, mortal: Mortal | None = None) -> Outgoing:
    """One that works when it is told to, on the same parts as the gateway's own."""
    own: Any = sent.world.services.outgoing
    turns, deliver = own._turns, own._deliver
    if mortal is not None:
        turns, deliver = mortal(turns), MortalPost(mortal, deliver)
    return Outgoing(turns, own._events, own._seeing, own._bodies, deliver, own._clock)


async def dies(sent: Sent, steps: int) -> bool:
    """Send, and die at that step; whether it came to that."""
    try:
        await worker(sent, Mortal(steps)).drain()
    except Death:
        return True
    return False


async def test_death_at_every_wait_loses_no_event_and_sends_it_with_the_same_id(
    tmp_path: Path, database_url: str
) -> None:
    async with sending(tmp_path, database_url=database_url) as sent:
        id_, _ = await sent.endpoint()
        steps, finished, expected = 0, False, []
        while not finished:
            steps += 1
            numbers = [f"{steps}-{n}" for n in range(3)]
            expected += numbers
            await sent.happened(*numbers)
            finished = not await dies(sent, steps)
            await sent.drain()
            sent.world.clock.advance(LEASE.total_seconds() + 1)
            await sent.drain()
            assert list(dict.fromkeys(sent.server.reservations())) == expected, steps
        assert steps > 10
        pairs = set(zip(sent.server.reservations(), sent.server.event_ids(), strict=True))
        assert len(pairs) == len(expected)
        # Some were sent again by whoever came next: after the POST, before the note.
        assert len(sent.server.got) > len(expected)
        assert {each["status"] for each in await sent.deliveries(id_, first=500)} == {"DELIVERED"}


async def test_what_was_posted_and_not_noted_is_sent_again_with_the_same_id(tmp_path: Path) -> None:
    async with sending(tmp_path) as sent:
        await sent.endpoint("/slow")
        await sent.happened("1")
        sent.server.gate = asyncio.Event()
        killed = asyncio.create_task(worker(sent).drain())
        await until(lambda: len(sent.server.got) == 1)
        killed.cancel()
        await asyncio.gather(killed, return_exceptions=True)
        sent.server.gate.set()
        await sent.drain()
        assert len(sent.server.got) == 1
        sent.world.clock.advance(LEASE.total_seconds() + 1)
        await sent.drain()
        assert len(sent.server.got) == 2
        assert len(set(sent.server.event_ids())) == 1


async def test_several_processes_send_each_event_once_and_in_order(tmp_path: Path, database_url: str) -> None:
    async with sending(tmp_path, database_url=database_url) as sent:
        paths = [f"/{n}" for n in range(5)]
        for path in paths:
            await sent.endpoint(path)
        workers = [worker(sent) for _ in range(4)]
        expected = []
        for round_ in range(4):
            numbers = [f"{round_}-{n}" for n in range(5)]
            expected += numbers
            await sent.happened(*numbers)
            await asyncio.gather(*(each.drain() for each in workers))
        for path in paths:
            assert sent.server.reservations(path) == expected
