"""Many webhooks with a process for events: it stores them with what they lead to, also if it is killed meanwhile."""

import asyncio
import os
import signal
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from graph.events.apart.process import EventsProcess
from tests.gateway_world import World, world
from tests.graph.events.event_world import Hostaway, every_event, learn
from tests.graph.events.webhook_world import rows, send

pytestmark = pytest.mark.timeout(240)  # interpreters start, which takes long on a busy machine

WITHIN = 60


async def all_done(running: World, number: int) -> None:
    async with asyncio.timeout(WITHIN):
        while Counter(row.status for row in await rows(running)) != {"DONE": number}:  # noqa: ASYNC110  # untold
            await asyncio.sleep(0.05)


async def pid(running: World, *, but: int | None = None) -> int:
    worker: Any = running.services.receiving._deliveries._worker
    assert isinstance(worker, EventsProcess)
    async with asyncio.timeout(WITHIN):
        while worker.pid in (None, but):  # noqa: ASYNC110  # it tells nobody
            await asyncio.sleep(0.02)
    return worker.pid or 0


async def test_a_process_that_is_killed_while_many_come_loses_and_repeats_nothing(tmp_path: Path) -> None:
    async with world(tmp_path, hostaway_accounts=1, bookingsync_accounts=0, listings=2, event_process=True) as running:
        await learn(running)
        hostaway = await Hostaway.of(running)
        parts: Any = running.services.receiving._deliveries
        worker = await pid(running)
        sent: list[tuple[str, str]] = []
        handed = 0
        for turn in range(6):
            note = f"Turn {turn}"
            changes = [hostaway.change(id_, seconds=0.01, hostNote=note) for id_ in hostaway.ids]
            sent += [(str(id_), note) for id_ in hostaway.ids]
            answers = await asyncio.gather(
                *(send(running, hostaway.to.path, each, hostaway.to.basic) for each in changes)
            )
            assert {answer.status_code for answer in answers} == {200}
            if turn == 3:
                handed = len(parts._handover)
                os.kill(worker, signal.SIGKILL)
                worker = await pid(running, but=worker)
            elif turn % 2 == 0:
                await all_done(running, len(sent))
        await all_done(running, len(sent))
        assert handed
        told = Counter(
            (each.reservation_id, change.new) for each in await every_event(running) for change in each.changes or ()
        )
        assert set(told.values()) == {1}
        # Two changes that come close together may be told as one.
        assert {each for each in sent if each[1] == "Turn 5"} <= told.keys() <= set(sent)
        async with asyncio.timeout(WITHIN):
            while parts._handover:  # noqa: ASYNC110  # it tells nobody
                await asyncio.sleep(0.05)
