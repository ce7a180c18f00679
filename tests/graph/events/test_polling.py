"""Looking for changes that no webhook told of, over the real app and simulated PMSs."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from graph.accounts.accounts import AccountStatus
from graph.events.pacing import ALONE, BESIDE_WEBHOOKS, RARELY, Pace
from graph.storage.event_tables import AccountPollRow
from providers.manifest import LimitScope, WindowKind
from providers.upstream.accounts import WindowUsage
from tests.gateway_world import ShiftedClock, World, world
from tests.graph.events.event_world import Hostaway, events, learn, settle, states, told


@pytest.fixture
async def one(tmp_path: Path) -> AsyncIterator[World]:
    async with world(tmp_path, hostaway_accounts=1, bookingsync_accounts=1, early=True) as running:
        await running.services.processing.aclose()
        yield running


async def poll(running: World, after: timedelta = BESIDE_WEBHOOKS * 2) -> None:
    running.clock.advance(after.total_seconds())
    await learn(running)


async def row(running: World, account_id: str) -> AccountPollRow:
    async with running.services.database.reading() as session:
        found = await session.scalar(select(AccountPollRow).where(AccountPollRow.account_id == account_id))
    assert found is not None
    return found


async def test_the_first_poll_learns_and_tells_nothing(one: World) -> None:
    await learn(one)
    hostaway: Any = one.simulations["HOSTAWAY"]
    known = {each.reservation_id for each in await states(one)}
    assert {str(id_) for id_ in hostaway.accounts[0].reservations} <= known
    assert await told(one) == []


async def test_a_change_that_no_webhook_told_of_is_found_by_one_call(one: World) -> None:
    await learn(one)
    hostaway = await Hostaway.of(one)
    id_ = hostaway.ids[0]
    one.clock.advance(3600)
    hostaway.clock = one.clock.now().replace(microsecond=0)
    hostaway.change(id_, adults=9)
    one.calls.clear()
    await poll(one)
    (event,) = await events(one)
    assert (str(event.type), event.reservation_id) == ("UPDATED", str(id_))
    assert [each.field for each in event.changes or ()] == ["party.adults"]
    assert sorted(one.counted().values()) == [1, 1]
    await poll(one)
    assert len(await events(one)) == 1


async def test_both_roads_give_the_same_events_once(one: World) -> None:
    await learn(one)
    hostaway = await Hostaway.of(one)
    first, second = hostaway.ids[:2]
    webhook = hostaway.change(first, adults=9)
    await hostaway.send(webhook)
    late = hostaway.change(second, status="cancelled")
    await poll(one)
    await hostaway.send(late)
    await poll(one)
    assert await told(one) == [("UPDATED", str(first)), ("CANCELLED", str(second))]


async def test_a_deletion_that_the_pms_does_not_tell_is_found_by_a_walk_a_day(tmp_path: Path) -> None:
    async with world(tmp_path, hostaway_accounts=1, bookingsync_accounts=0) as running:
        await learn(running)
        hostaway = await Hostaway.of(running)
        gone = hostaway.ids[3]
        del hostaway.account.reservations[gone]
        hostaway.account._orders.clear()
        await poll(running)
        assert await told(running) == []
        await poll(running, timedelta(hours=25))
        assert await told(running) == [("DELETED", str(gone))]
        await poll(running, timedelta(hours=25))
        assert len(await told(running)) == 1


async def test_a_poll_that_fails_is_made_up_for_by_the_next(one: World) -> None:
    await learn(one)
    (account, _) = await one.services.accounts.list("default")
    await one.fault(account.provider, kind="status", status=503)
    await poll(one)
    found = await row(one, account.id)
    assert (found.failures, bool(found.last_error)) == (1, True)
    assert found.due_at - one.clock.now() > ALONE
    async with httpx.AsyncClient(base_url=one.urls[account.provider]) as client:
        await client.delete("/_control/faults")
    await poll(one)
    found = await row(one, account.id)
    assert (found.failures, found.last_error) == (0, None)


async def test_one_process_polls_an_account_at_a_time(one: World) -> None:
    own: Any = one.services.polling
    claimed = await own._claim()
    assert len(claimed) == 2
    assert await own._claim() == []
    # A process that died leaves its accounts to others.
    one.clock.advance(181)
    assert len(await own._claim()) == 2


async def test_paused_accounts_are_left_alone(one: World) -> None:
    accounts = await one.services.accounts.list("default")
    for account in accounts:
        await one.services.accounts.set_status("default", account.id, AccountStatus.PAUSED)
    assert await one.services.polling.poll_due() == 0
    assert one.data_calls() == []


async def test_bookingsyncs_changes_are_found_by_its_delta(tmp_path: Path) -> None:
    async with world(tmp_path, hostaway_accounts=0, bookingsync_accounts=1) as running:
        await running.services.processing.aclose()
        await learn(running)
        assert await states(running)
        running.calls.clear()
        await poll(running)
        assert await told(running) == []
        assert len(running.data_calls()) == 1
        await settle(running)


def window(clock: ShiftedClock, *, used: int = 0, limit: int = 1000, accounts: int = 1) -> WindowUsage:
    return WindowUsage(
        provider="BOOKINGSYNC",
        scope=LimitScope.APPLICATION,
        identity="1",
        charge=None,
        kind=WindowKind.CLOCK,
        account_ids=tuple(f"acc_{n}" for n in range(accounts)),
        limit=limit,
        seconds=3600,
        used=used,
        waiting=0,
        next_permit_at=clock.now(),
        blocked_until=None,
    )


def test_the_interval_adapts_to_webhooks_to_the_budget_and_to_failures() -> None:
    clock = ShiftedClock()
    free = [window(clock)]
    alone = Pace(False, 0, free).interval("acc_0")
    assert alone == ALONE
    assert Pace(True, 0, free).interval("acc_0") == BESIDE_WEBHOOKS
    assert Pace(False, 0, [window(clock, used=600)]).interval("acc_0") == 2 * ALONE
    # A hundred accounts share a thousand calls an hour: together they take a tenth of them.
    assert Pace(False, 0, [window(clock, accounts=100)]).interval("acc_0") == timedelta(hours=1)
    assert Pace(False, 3, free).interval("acc_0") == 8 * ALONE
    assert Pace(False, 99, free).interval("acc_0") == RARELY
    assert Pace(False, 0, [window(clock, accounts=100)]).interval("acc_900") == ALONE
