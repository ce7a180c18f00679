"""A process that dies at any moment of its work loses nothing and tells nothing twice; several share the work."""

import asyncio
from collections import Counter
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from graph.events.claiming import LEASE
from graph.events.own_ids import OwnIds
from graph.events.processing import Processing
from graph.events.settling import SettledElsewhereError, Settlement, States
from graph.storage.tables import WebhookDeliveryRow
from tests.gateway_world import World, world
from tests.graph.events.event_world import Hostaway, deliveries, events, learn, settle, told
from tests.graph.events.webhook_world import send


class Death(BaseException):
    """The process is no more."""


class Mortal:
    """Something that dies before or after the ``steps``-th thing that is waited for, counted over all that share it.

    Within a transaction of the database there is nothing to see: it is undone as a whole.
    """

    def __init__(self, steps: int) -> None:
        self.left = steps

    def __call__(self, mortal: Any) -> Any:
        return _MortalPart(self, mortal)

    def live(self) -> None:
        self.left -= 1
        if self.left == 0:
            raise Death


class _MortalPart:
    def __init__(self, whole: Mortal, part: Any) -> None:
        self._whole = whole
        self._part = part

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._part, name)
        if not asyncio.iscoroutinefunction(found):
            return found

        async def once(*arguments: Any, **named: Any) -> Any:
            self._whole.live()
            result = await found(*arguments, **named)
            self._whole.live()
            return result

        return once


def small(folder: Path, **settings: Any) -> AbstractAsyncContextManager[World]:
    """A gateway with one Hostaway account of two listings."""
    return world(folder, hostaway_accounts=1, bookingsync_accounts=0, listings=2, **settings)


def processing(running: World, mortal: Any = lambda part: part) -> Processing:
    """One that works when it is told to, on the same parts as the gateway's own."""
    own: Any = running.services.processing
    made: Any = Processing(
        own._database,
        own._vault,
        mortal(own._accounts),
        mortal(OwnIds(running.services.accounts, running.services.connections)).of,
        mortal(own._states),
        mortal(own._completing),
        own._clock,
    )
    made._claims = mortal(made._claims)
    return made


async def dies(running: World, steps: int) -> bool:
    """Work, and die at that step; whether it came to that."""
    own: Any = processing(running, Mortal(steps))
    try:
        for account_id, handed in (await own._claims.claim()).items():
            await own._work_on_handed(account_id, handed)
    except Death:
        return True
    return False


async def test_death_at_every_wait_loses_nothing_and_repeats_nothing(tmp_path: Path, database_url: str) -> None:
    async with small(tmp_path, database_url=database_url) as running:
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
            finished = not await dies(running, steps)
            # Whoever comes next takes over when the lease of the dead has ended.
            running.clock.advance(LEASE.total_seconds() + 1)
            await processing(running).drain()
            expected += [("UPDATED", str(full))] * 2 + [("UPDATED", str(thin)), ("MESSAGE_RECEIVED", str(messaged))]
            assert Counter(await told(running)) == Counter(expected), steps
        assert steps > 12
        assert {status for status, _ in await deliveries(running)} == {"DONE"}
        notes = [
            change.new
            for event in await events(running)
            if event.reservation_id == str(full)
            for change in event.changes or ()
        ]
        assert notes == [each for n in range(1, steps + 1) for each in (f"Note {n}", f"{n}")]


async def test_several_processes_share_the_work_and_tell_each_change_once_and_in_order(
    tmp_path: Path, database_url: str
) -> None:
    async with small(tmp_path, database_url=database_url) as running:
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
    async with small(tmp_path) as running:
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


async def test_a_judgement_on_a_state_that_another_process_replaced_is_not_written(tmp_path: Path) -> None:
    async with small(tmp_path) as running:
        await running.services.processing.aclose()
        await learn(running)
        hostaway = await Hostaway.of(running)
        (account,) = await running.services.accounts.list("default")
        id_ = str(hostaway.ids[0])
        own: Any = processing(running)
        states = own._states
        other = States(running.services.database, running.services.vault, running.services.events, states._writes)
        before = (await states.of(account, [id_]))[id_]
        newer = replace(before, changed_at=running.clock.now())
        await other.settle(Settlement(account=account, holder="", states={id_: newer}, judged={id_: before.revision}))
        assert (await states.of(account, [id_]))[id_] == before, "kept at hand"
        with pytest.raises(SettledElsewhereError):
            await states.settle(Settlement(account=account, holder="", judged={id_: before.revision}))
        assert (await states.of(account, [id_]))[id_] == replace(newer, revision=before.revision + 1)


async def test_what_was_claimed_early_has_its_turn_before_what_comes_later(tmp_path: Path) -> None:
    async with small(tmp_path, event_reorder_seconds=1) as running:
        await running.services.processing.aclose()
        await learn(running)
        hostaway = await Hostaway.of(running)
        first, second = (hostaway.change(hostaway.ids[0], guestNote=note) for note in ("One", "Two"))
        await send(running, hostaway.to.path, first, hostaway.to.basic)
        running.clock.advance(0.6)
        await send(running, hostaway.to.path, second, hostaway.to.basic)
        running.clock.advance(0.5)
        own: Any = processing(running)
        ((account_id, handed),) = (await own._claims.claim()).items()
        assert [each.claimed.early for each in handed] == [False, True]
        await own._work_on_handed(account_id, handed)
        assert len(await told(running)) == 1
        # Nobody else claims it, and nothing that comes later overtakes it.
        assert await own._claims.claim() == {}
        assert own._handing.waits(account_id)
        running.clock.advance(0.6)
        await own._work_through(account_id)
        assert [each.changes[0].new for each in await events(running) if each.changes] == ["One", "Two"]


async def test_what_is_put_off_for_long_is_not_kept(tmp_path: Path) -> None:
    async with small(tmp_path, event_reorder_seconds=1) as running:
        await running.services.processing.aclose()
        await learn(running)
        hostaway = await Hostaway.of(running)
        first, second = (hostaway.change(hostaway.ids[0], guestNote=note) for note in ("One", "Two"))
        await send(running, hostaway.to.path, second, hostaway.to.basic)
        async with running.services.database.session() as session:
            await session.execute(update(WebhookDeliveryRow).values(due_at=running.clock.now() + timedelta(minutes=1)))
        await send(running, hostaway.to.path, first, hostaway.to.basic)
        running.clock.advance(1.1)
        own: Any = processing(running)
        ((account_id, handed),) = (await own._claims.claim()).items()
        await own._work_on_handed(account_id, handed)
        assert not own._handing.waits(account_id)
        running.clock.advance(60)
        ((_, handed),) = (await own._claims.claim()).items()
        await own._work_on_handed(account_id, handed)
        assert [each.changes[0].new for each in await events(running) if each.changes] == ["One", "Two"]
