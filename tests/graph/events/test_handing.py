"""Deliveries that are worked on by the process that stored them, and when they are left to others."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update

from graph.events.claiming import AT_ONCE, LEASE, Claimed, Claims, Handed
from graph.events.handing import FRESH, MOST_WAITING, Handing
from graph.events.settling import SettledElsewhereError, Settlement, States
from graph.storage.failures import StorageUnavailable
from graph.storage.tables import WebhookDeliveryRow
from providers.webhooks import ReservationChange
from tests.gateway_world import ShiftedClock, World, world
from tests.graph.events.event_world import Hostaway, deliveries, events, learn, settle, told
from tests.graph.events.webhook_world import rows, send

NOW = ShiftedClock().now()
TOLD = ReservationChange(reservation_id="a")


def handed(number: int, *, due: float = 0.0, subject: str | None = None, age: float = 0.0) -> Handed:
    """A delivery that is due in ``due`` seconds and came ``age`` seconds ago."""
    claimed = Claimed(
        id=str(number),
        tenant_id="default",
        account_id="acc_1",
        event=None,
        provider_account=None,
        received_at=NOW - timedelta(seconds=age),
        tries=0,
        early=False,
        body=b"",
    )
    return Handed(claimed=claimed, due_at=NOW + timedelta(seconds=due), subject=subject)


def ids(taken: list[Handed], *, early: bool) -> list[str]:
    return [each.claimed.id for each in taken if each.claimed.early is early]


def test_what_is_due_comes_with_early_ones_about_the_same() -> None:
    waiting = Handing()
    waiting.put(
        [handed(1, subject="a"), handed(2, due=1, subject="a"), handed(3, due=1, subject="b"), handed(4, due=1)]
    )
    taken = waiting.take_due("acc_1", NOW)
    assert (ids(taken, early=False), ids(taken, early=True)) == (["1"], ["2"])
    waiting.put_back([each for each in taken if each.claimed.early], {"1": [], "2": [TOLD]})
    later = waiting.take_due("acc_1", NOW + timedelta(seconds=1))
    assert [each.told for each in later] == [[TOLD], None, None]
    assert (ids(later, early=False), ids(later, early=True)) == (["2", "3", "4"], [])
    assert not waiting.waits("acc_1")


def test_what_came_is_seen_once() -> None:
    waiting = Handing()
    waiting.put([handed(1, subject="a"), handed(2, subject="b"), handed(3)])
    assert waiting.unseen("acc_1") == {"a", "b"}
    waiting.put([handed(4, subject="b")])
    assert (waiting.unseen("acc_1"), waiting.unseen("acc_1"), waiting.unseen("acc_2")) == ({"b"}, set(), set())


def test_one_that_is_put_off_holds_up_no_other() -> None:
    waiting = Handing()
    waiting.put([handed(1, due=60), handed(2, due=1)])
    assert waiting.due_in("acc_1", NOW) == timedelta(seconds=1)


def test_what_waited_so_long_that_others_may_claim_it_is_given_back() -> None:
    waiting = Handing()
    waiting.put([handed(1, age=FRESH.total_seconds() + 1), handed(2)])
    assert ids(waiting.take_late("acc_1", NOW), early=False) == ["1"]
    assert ids(waiting.take_due("acc_1", NOW), early=False) == ["2"]


@given(st.integers(0, MOST_WAITING))
def test_what_waits_is_taken_once_in_parts_and_its_number_is_bounded(count: int) -> None:
    waiting = Handing()
    waiting.put(handed(number) for number in range(count))
    assert waiting.has_room("acc_1") is (count < MOST_WAITING)
    found: list[str] = []
    while waiting.waits("acc_1"):
        part = waiting.take_due("acc_1", NOW)
        assert 0 < len(part) <= AT_ONCE
        found += [each.claimed.id for each in part]
    assert found == [str(number) for number in range(count)]


@pytest.fixture
async def hostaway(tmp_path: Path) -> AsyncIterator[Hostaway]:
    async with world(tmp_path, hostaway_accounts=1, bookingsync_accounts=0, listings=2) as running:
        await learn(running)
        yield await Hostaway.of(running)


def claims(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many deliveries each claim found that found any."""
    found: list[int] = []
    claim = Claims.claim

    async def counted(self: Claims, busy: Any = ()) -> dict[str, list[Handed]]:
        claimed = await claim(self, busy)
        if claimed:
            found.append(sum(map(len, claimed.values())))
        return claimed

    monkeypatch.setattr(Claims, "claim", counted)
    return found


async def test_what_this_process_stores_it_works_on_without_looking_for_it(
    hostaway: Hostaway, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = claims(monkeypatch)
    first, second = hostaway.ids[:2]
    await hostaway.send(hostaway.change(first, guestNote="Late"), hostaway.change(second, guestNote="Later"))
    assert sorted(await told(hostaway.world)) == sorted([("UPDATED", str(first)), ("UPDATED", str(second))])
    assert found == []


async def hold_all(running: World, holder: str | None, seconds: float) -> None:
    """As if ``holder`` had claimed all that is stored, for ``seconds``; None: as if nobody had."""
    until = None if holder is None else running.clock.now() + timedelta(seconds=seconds)
    async with running.services.database.session() as session:
        values = {"holder": holder, "lease_until": until, "status": "PENDING"}
        await session.execute(update(WebhookDeliveryRow).values(values))


async def test_while_another_process_works_on_an_account_its_deliveries_wait_for_their_turn(
    hostaway: Hostaway, monkeypatch: pytest.MonkeyPatch
) -> None:
    running = hostaway.world
    await hostaway.send(hostaway.change(hostaway.ids[0], guestNote="Late"))
    before = await told(running)
    await hold_all(running, "prc_other", 60)
    await hostaway.send(hostaway.change(hostaway.ids[1], guestNote="Later"))
    assert await told(running) == before
    assert [status for status, _ in await deliveries(running)] == ["PENDING", "PENDING"]
    found = claims(monkeypatch)
    running.clock.advance(61)
    await settle(running)
    assert found == [2]
    assert (await told(running))[1:] == [("UPDATED", str(hostaway.ids[1]))]
    assert [status for status, _ in await deliveries(running)] == ["DONE", "DONE"]


async def test_what_waits_while_the_database_fails_is_worked_on_when_its_lease_is_over(
    hostaway: Hostaway, monkeypatch: pytest.MonkeyPatch
) -> None:
    running = hostaway.world
    settle_states = States.settle
    failing = [True]

    async def settled(self: States, settlement: Settlement) -> None:
        if failing and settlement.deliveries:
            raise StorageUnavailable
        await settle_states(self, settlement)

    monkeypatch.setattr(States, "settle", settled)
    await hostaway.send(hostaway.change(hostaway.ids[0], guestNote="Late"))
    await hostaway.send(hostaway.change(hostaway.ids[1], guestNote="Later"))
    assert [status for status, _ in await deliveries(running)] == ["PENDING", "PENDING"]
    failing.clear()
    running.clock.advance(LEASE.total_seconds())
    await settle(running)
    assert sorted(await told(running)) == sorted(("UPDATED", str(id_)) for id_ in hostaway.ids[:2])


async def test_what_was_begun_when_a_process_stops_is_given_back_for_the_next_one(
    hostaway: Hostaway, monkeypatch: pytest.MonkeyPatch
) -> None:
    running = hostaway.world
    begun = asyncio.Event()

    async def never(self: States, settlement: Settlement) -> None:
        begun.set()
        await asyncio.Event().wait()

    with monkeypatch.context() as patch:
        patch.setattr(States, "settle", never)
        running.services.processing.start()
        answer = await send(
            running, hostaway.to.path, hostaway.change(hostaway.ids[0], guestNote="Late"), hostaway.to.basic
        )
        assert answer.status_code == 200
        await begun.wait()
        (row,) = await rows(running)
        assert row.holder == running.services.processing.holder
        await running.services.processing.aclose()
    (row,) = await rows(running)
    assert (row.holder, row.lease_until, row.status) == (None, None, "PENDING")
    await settle(running)
    assert await told(running) == [("UPDATED", str(hostaway.ids[0]))]


@pytest.mark.parametrize("alone", [False, True], ids=["together", "one by one"])
async def test_what_another_process_settled_first_is_claimed_again_with_all_that_came_after_it(
    hostaway: Hostaway, monkeypatch: pytest.MonkeyPatch, alone: bool
) -> None:
    running = hostaway.world
    changes = [hostaway.change(hostaway.ids[0], guestNote=note) for note in ("One", "Two", "Three")]
    settle_states = States.settle
    elsewhere: list[Exception] = [SettledElsewhereError()]
    if alone:
        elsewhere.insert(0, ValueError())

    async def settled(self: States, settlement: Settlement) -> None:
        if elsewhere and settlement.deliveries:
            failure = elsewhere.pop(0)
            if not elsewhere:
                # They are handed to this process while it works on the first.
                for each in changes[1:]:
                    await send(running, hostaway.to.path, each, hostaway.to.basic)
                assert all(row.holder for row in await rows(running))
            raise failure
        await settle_states(self, settlement)

    monkeypatch.setattr(States, "settle", settled)
    found = claims(monkeypatch)
    await hostaway.send(changes[0])
    await settle(running)
    assert elsewhere == []
    assert found == [3]
    notes = [change.new for event in await events(running) for change in event.changes or ()]
    assert notes == ["One", "Two", "Three"]
    assert [status for status, _ in await deliveries(running)] == ["DONE"] * 3
