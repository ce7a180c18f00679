"""Deliveries are worked on in a process of their own: nothing is lost or repeated, also when it dies or hangs."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from graph.events.apart.process import EventsProcess
from graph.events.claiming import DeliveryStatus
from graph.events.completing import Completing
from graph.events.event import EventType, ReservationEvent
from graph.events.handing import MOST_WAITING
from graph.storage.event_tables import AccountPollRow
from tests.gateway_world import World, world
from tests.graph.events.event_world import Hostaway, deliveries, events, learn
from tests.graph.events.webhook_world import rows, send

pytestmark = pytest.mark.timeout(240)  # interpreters start, which takes long on a busy machine

WITHIN = 30.0
"""Seconds that a process may take to start on a machine that does much else."""


def apart(folder: Path, **settings: Any) -> AbstractAsyncContextManager[World]:
    """A gateway with one Hostaway account, and a process for events."""
    return world(folder, hostaway_accounts=1, bookingsync_accounts=0, listings=2, event_process=True, **settings)


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[World]:
    async with apart(tmp_path) as made:
        await learn(made)
        yield made


def process(running: World) -> EventsProcess:
    found: Any = running.services.receiving._deliveries._worker
    assert isinstance(found, EventsProcess)
    return found


async def pid(running: World, *, but: int | None = None) -> int:
    """Of the process for events, once there is one other than ``but``."""
    async with asyncio.timeout(WITHIN):
        while (found := process(running).pid) is None or found == but:  # noqa: ASYNC110  # it tells nobody
            await asyncio.sleep(0.01)
    return found


async def come(running: World, count: int) -> list[ReservationEvent]:
    """The events, once there are so many."""
    found: list[ReservationEvent] = []
    async with asyncio.timeout(WITHIN):
        while len(found) < count:
            await running.services.events.wait("default", found[-1].cursor if found else 0)
            found = await events(running)
    return found


async def settled(running: World) -> None:
    """Wait until no delivery waits any more."""
    async with asyncio.timeout(WITHIN):
        while True:
            found = await deliveries(running)
            if all(status != DeliveryStatus.PENDING.value for status, _ in found):
                return
            await asyncio.sleep(0.05)


def notes(event: ReservationEvent) -> list[Any]:
    """What the guest's note became."""
    return [each.new for each in event.changes or () if each.field == "guestNote"]


async def accept(running: World, hostaway: Hostaway, *webhooks: Any) -> None:
    for each in webhooks:
        assert (await send(running, hostaway.to.path, each, hostaway.to.basic)).status_code == 200


async def test_what_is_sent_is_told_as_it_is_in_one_process(tmp_path: Path, database_url: str) -> None:
    async with apart(tmp_path, database_url=database_url) as running:
        await learn(running)
        await _is_told(running)


async def _is_told(running: World) -> None:
    hostaway = await Hostaway.of(running)
    whole, thin = hostaway.ids[:2]
    change = hostaway.change(whole, guestNote="Late")
    await accept(running, hostaway, change)
    (event,) = await come(running, 1)
    assert (event.type, event.reservation_id) == (EventType.UPDATED, str(whole))
    assert notes(event) == ["Late"]
    # Sent again it is no other event, and one that says too little is completed from the PMS.
    hostaway.change(thin, guestNote="Early")
    asked = {"object": "reservation", "objectId": thin, "event": "reservation.updated"}
    await accept(running, hostaway, change, asked)
    _, event = await come(running, 2)
    assert (event.type, event.reservation_id) == (EventType.UPDATED, str(thin))
    assert notes(event) == ["Early"]
    await settled(running)
    assert len(await events(running)) == 2


async def test_webhooks_and_polls_of_the_same_reservations_do_not_get_into_each_others_way(running: World) -> None:
    hostaway = await Hostaway.of(running)
    ids = hostaway.ids[:3]
    for turn in range(3):
        await accept(running, hostaway, *(hostaway.change(id_, guestNote=f"By webhook {turn}") for id_ in ids))
        await come(running, len(ids) * (2 * turn + 1))
        for id_ in ids:
            hostaway.change(id_, guestNote=f"By poll {turn}")
        async with running.services.database.session() as session:
            await session.execute(update(AccountPollRow).values(due_at=running.clock.now()))
        await learn(running)
        await come(running, len(ids) * (2 * turn + 2))
    found = await events(running)
    history = [note for turn in range(3) for note in (f"By webhook {turn}", f"By poll {turn}")]
    for id_ in ids:
        assert [note for each in found if each.reservation_id == str(id_) for note in notes(each)] == history
    assert len(found) == len(ids) * len(history)


async def test_a_process_that_dies_is_replaced_and_nothing_is_lost_or_repeated(running: World) -> None:
    hostaway = await Hostaway.of(running)
    sent: list[tuple[int, str]] = []
    for turn in range(2):
        first = await pid(running)
        for id_ in hostaway.ids[:3]:
            sent.append((id_, f"Turn {turn}"))
            await accept(running, hostaway, hostaway.change(id_, guestNote=f"Turn {turn}"))
        await asyncio.sleep(0.03 * turn)
        os.kill(first, signal.SIGKILL)
        # What is sent meanwhile is kept as ever.
        sent.append((hostaway.ids[3], f"Turn {turn}"))
        await accept(running, hostaway, hostaway.change(hostaway.ids[3], guestNote=f"Turn {turn}"))
        await pid(running, but=first)
        await come(running, len(sent))
    await settled(running)
    found = await events(running)
    assert sorted((int(each.reservation_id), note) for each in found for note in notes(each)) == sorted(sent)
    assert len(found) == len(sent)


async def test_one_that_hangs_is_replaced(running: World, monkeypatch: pytest.MonkeyPatch) -> None:
    hostaway = await Hostaway.of(running)
    first = await pid(running)
    monkeypatch.setattr("graph.events.apart.process.HANGS_SECONDS", 0.2)
    os.kill(first, signal.SIGSTOP)
    await accept(running, hostaway, hostaway.change(hostaway.ids[0], guestNote="Late"))
    await pid(running, but=first)
    (event,) = await come(running, 1)
    assert notes(event) == ["Late"]


async def test_signals_to_the_whole_group_leave_it_to_the_process_that_serves(running: World) -> None:
    hostaway = await Hostaway.of(running)
    first = await pid(running)
    for each in (signal.SIGINT, signal.SIGTERM):
        os.kill(first, each)
    await accept(running, hostaway, hostaway.change(hostaway.ids[0], guestNote="Late"))
    await come(running, 1)
    assert process(running).pid == first


async def test_it_goes_with_the_process_that_serves(tmp_path: Path) -> None:
    async with apart(tmp_path) as made:
        found = await pid(made)
    with pytest.raises(ProcessLookupError):
        os.kill(found, 0)


async def test_where_it_cannot_start_what_is_sent_is_kept_until_it_can(
    running: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    hostaway = await Hostaway.of(running)
    first = await pid(running)
    with monkeypatch.context() as patch:
        patch.setattr("sys.executable", "/nowhere/python")
        os.kill(first, signal.SIGKILL)
        async with asyncio.timeout(WITHIN):
            while process(running).pid is not None:  # noqa: ASYNC110  # it tells nobody
                await asyncio.sleep(0.01)
        await accept(running, hostaway, hostaway.change(hostaway.ids[0], guestNote="Late"))
        assert await events(running) == []
    (event,) = await come(running, 1)
    assert notes(event) == ["Late"]


async def test_what_a_dead_one_had_claimed_is_given_back_before_its_lease_is_over(
    running: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    hostaway = await Hostaway.of(running)
    first = await pid(running)
    holder = process(running).holder
    os.kill(first, signal.SIGSTOP)
    await accept(running, hostaway, hostaway.change(hostaway.ids[0], guestNote="Late"))
    (row,) = await rows(running)
    assert row.holder == holder
    with monkeypatch.context() as patch:
        patch.setattr("sys.executable", "/nowhere/python")
        os.kill(first, signal.SIGKILL)
        async with asyncio.timeout(WITHIN):
            while row.holder == holder:
                await asyncio.sleep(0.01)
                (row,) = await rows(running)
    assert (row.holder, row.lease_until, row.status) == (None, None, DeliveryStatus.PENDING.value)
    (event,) = await come(running, 1)
    assert notes(event) == ["Late"]


async def test_what_it_tells_and_is_not_done_yet_is_bounded(running: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("graph.events.apart.process.MOST_HEARD", 4)
    hostaway = await Hostaway.of(running)
    await pid(running)
    free = asyncio.Event()
    outdate = Completing.outdate

    async def outdated(self: Completing, *given: Any) -> Any:
        await free.wait()
        return await outdate(self, *given)

    monkeypatch.setattr(Completing, "outdate", outdated)
    channel: Any = process(running)._channel
    for id_ in hostaway.ids[:6]:
        await accept(running, hostaway, hostaway.change(id_, guestNote="Late"))
        await asyncio.sleep(0.05)
    async with asyncio.timeout(WITHIN):
        while channel._transport.is_reading():  # noqa: ASYNC110  # it tells nobody
            await asyncio.sleep(0.01)
    assert running.services.events.at_hand("default", 0, 10) == ([], 0)
    free.set()
    assert len(await come(running, 6)) == 6
    async with asyncio.timeout(WITHIN):
        while not channel._transport.is_reading():  # noqa: ASYNC110  # it tells nobody
            await asyncio.sleep(0.01)


async def test_no_more_is_handed_to_it_than_it_may_have_waiting(running: World) -> None:
    hostaway = await Hostaway.of(running)
    account = (await running.services.accounts.list("default"))[0].id
    await pid(running)
    worker = process(running)
    assert worker.takes(account)
    worker._handed[account] += MOST_WAITING
    assert not worker.takes(account)
    # It is not claimed for the process, which claims it in its turn, and says then how many wait.
    await accept(running, hostaway, hostaway.change(hostaway.ids[0], guestNote="Late"))
    (event,) = await come(running, 1)
    assert notes(event) == ["Late"]
    worker._note_waiting(account, MOST_WAITING, 3)
    assert worker.takes(account)
