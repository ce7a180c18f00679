"""When polls may make their calls: people's operations come first, and polling is never at a stand."""

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from graph.accounts.accounts import AccountStatus
from graph.events import polling
from graph.events.pacing import PATIENCE, RESERVE, SHARE, Budget
from graph.events.polling import LEASE, TAKEN_AT_ONCE
from graph.storage.event_tables import AccountPollRow
from providers.bookingsync import client as bookingsync
from providers.hostaway import client as hostaway
from providers.manifest import LimitScope, WindowKind
from providers.upstream.accounts import WindowUsage
from providers.wire.records import RECORDS_AT_ONCE
from tests.gateway_world import World, world
from tests.graph.events.event_world import states
from tests.graph.events.happenings import until
from tests.turns import counted_turns

NOW = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)
NONE = timedelta()


def window(
    *,
    used: int = 0,
    limit: int = 15,
    seconds: int = 10,
    waiting: int = 0,
    charge: str | None = None,
    blocked_until: datetime | None = None,
) -> WindowUsage:
    return WindowUsage(
        provider="HOSTAWAY",
        scope=LimitScope.IP,
        identity="here",
        charge=charge,
        kind=WindowKind.SLIDING,
        account_ids=("acc_1", "acc_2"),
        limit=limit,
        seconds=seconds,
        used=used,
        waiting=waiting,
        next_permit_at=NOW,
        blocked_until=blocked_until,
    )


class Time:
    """A clock, and the windows of that moment."""

    def __init__(self, *windows: WindowUsage) -> None:
        self.now = NOW
        self.windows = list(windows)
        self.budget = Budget(lambda: self.windows, lambda: self.now)

    def pause(self, since: datetime = NOW, account_id: str = "acc_1") -> timedelta:
        return self.budget.pause(account_id, since)


@pytest.mark.parametrize(
    ("limit", "used"),
    [(15, 15 - RESERVE), (20, 20 - RESERVE), (200, 100), (1000, 500), (RESERVE, 0)],
)
def test_half_of_each_window_and_what_an_operation_takes_is_left_to_people(limit: int, used: int) -> None:
    assert Time(window(limit=limit, used=used)).pause() > NONE
    if used:
        assert Time(window(limit=limit, used=used - 1)).pause() == NONE


def test_where_calls_wait_or_are_refused_none_is_made_for_polls() -> None:
    assert Time(window(limit=1000, waiting=1)).pause() > NONE
    assert Time(window(limit=1000, blocked_until=NOW + timedelta(seconds=9))).pause() > NONE
    assert Time(window(limit=1000, used=1)).pause() == NONE


def test_the_fullest_window_of_the_account_decides_and_others_do_not_count() -> None:
    full = window(used=15)
    assert Time(window(limit=1000), full).pause() > NONE
    assert Time(full).pause(account_id="acc_9") == NONE
    assert Time(window(used=15, charge="quote")).pause() == NONE


def test_calls_of_polls_under_way_count_before_the_window_knows_of_them() -> None:
    time = Time(window(used=2))
    assert time.pause() == NONE
    with time.budget.calling("acc_2"):
        assert time.pause() > NONE
    assert time.pause() == NONE


def test_in_a_window_that_people_keep_full_polling_takes_its_share_after_a_while() -> None:
    time = Time(window(used=15))
    apart = timedelta(seconds=10 / (15 * SHARE))
    made: list[datetime] = []
    since = NOW
    while time.now < NOW + timedelta(minutes=10):
        while pause := time.pause(since):
            time.now += pause
        made.append(time.now)
        with time.budget.calling("acc_1"):
            pass
        since = time.now
    assert made[0] == NOW + PATIENCE
    assert {later - earlier for earlier, later in pairwise(made)} == {max(PATIENCE, apart)}


def test_two_that_waited_as_long_do_not_take_more_than_the_share() -> None:
    time = Time(window(used=15))
    time.now += PATIENCE
    assert time.pause() == NONE
    with time.budget.calling("acc_1"):
        assert time.pause(account_id="acc_2") == timedelta(seconds=10 / (15 * SHARE))


def test_a_clock_that_is_set_back_does_not_stop_polling() -> None:
    time = Time(window(used=15))
    with time.budget.calling("acc_1"):
        pass
    time.now -= timedelta(days=1)
    assert time.pause() <= PATIENCE


async def test_what_people_ask_right_after_the_start_finds_the_budget_there(tmp_path: Path) -> None:
    query = '{ listings(first: 1) { nodes { calendar(from: "2027-01-01", to: "2027-01-08") { days { date } } } } }'
    async with world(tmp_path, hostaway_accounts=3, bookingsync_accounts=0, listings=40, limits="seed") as running:
        polled = asyncio.create_task(running.services.polling.poll_due())
        await until(lambda: bool(running.data_calls()))
        asked = len(running.calls)
        await running.data(query)
        (ip,) = (each for each in running.services.upstream.usage() if each.scope is LimitScope.IP)
        assert all(call.waited < 1 for call in running.calls[asked:])
        assert ip.limit - ip.used >= 0
        polled.cancel()
        await asyncio.gather(polled, return_exceptions=True)


@pytest.mark.parametrize("client", [hostaway, bookingsync], ids=["hostaway", "bookingsync"])
async def test_a_page_is_read_some_reservations_a_turn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, client: ModuleType
) -> None:
    read: Counter[int] = Counter()
    parse: Any = client.parse_records
    accounts: dict[str, Any] = {"hostaway_accounts": int(client is hostaway)}
    accounts["bookingsync_accounts"] = 1 - accounts["hostaway_accounts"]
    async with world(tmp_path, **accounts, listings=6) as running, counted_turns() as turn:

        def counted(model: Any, rows: Any, build: Any) -> Any:
            read[turn()] += len(rows)
            return parse(model, rows, build)

        monkeypatch.setattr(client, "parse_records", counted)
        await running.services.polling.poll_due()
    assert sum(read.values()) > 100
    assert max(read.values()) <= RECORDS_AT_ONCE


async def test_a_page_is_settled_some_reservations_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with world(tmp_path, hostaway_accounts=1, bookingsync_accounts=0, listings=6) as running:
        own: Any = running.services.polling
        settle, settled = own._states.settle, []

        async def noted(settlement: Any) -> None:
            settled.append(len(settlement.states))
            await settle(settlement)

        monkeypatch.setattr(own._states, "settle", noted)
        await own.poll_due()
        assert max(settled) == TAKEN_AT_ONCE
        assert sum(settled) == len(await states(running)) > 100


async def _row(running: World) -> AccountPollRow | None:
    (account,) = await running.services.accounts.list("default")
    async with running.services.database.reading() as session:
        return await session.get(AccountPollRow, account.id)


async def test_a_process_that_waits_for_the_budget_keeps_the_account(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(polling, "HOLD_SECONDS", 0.0)
    async with world(tmp_path, hostaway_accounts=1, bookingsync_accounts=0, listings=1) as running:
        own: Any = running.services.polling
        free = asyncio.Event()

        async def turn(account: Any) -> None:
            await free.wait()

        monkeypatch.setattr(own._pages, "_turn", turn)

        async def held_after(moment: datetime) -> bool:
            row = await _row(running)
            return row is not None and row.lease_until is not None and row.lease_until > moment

        polled = asyncio.create_task(own.poll_due())
        for _ in range(3):
            before = running.clock.now()
            running.clock.advance(LEASE.total_seconds())
            while not await held_after(before + LEASE):
                pass
            assert await own._claim() == []
        free.set()
        assert await polled == 1
        row = await _row(running)
        assert row is not None
        assert row.holder is None


async def test_an_account_that_is_paused_while_it_is_polled_is_left_alone(tmp_path: Path) -> None:
    async with world(tmp_path, hostaway_accounts=1, bookingsync_accounts=0, listings=6) as running:
        (account,) = await running.services.accounts.list("default")
        own: Any = running.services.polling
        take = own._take

        async def pausing(*arguments: Any) -> None:
            await take(*arguments)
            await running.services.accounts.set_status("default", account.id, AccountStatus.PAUSED)

        own._take = pausing
        assert await own.poll_due() == 1
        assert len(running.data_calls()) == 1
        row = await _row(running)
        assert row is not None
        assert row.learned_at is None


async def test_accounts_of_one_pms_leave_places_to_those_of_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(polling, "AT_ONCE", 2)
    async with world(tmp_path, hostaway_accounts=4, bookingsync_accounts=1, listings=1) as running:
        own: Any = running.services.polling
        asked = {"HOSTAWAY": 0, "BOOKINGSYNC": 0}
        never = asyncio.Event()

        async def poll(account: Any, _: Any) -> None:
            asked[account.provider] += 1
            await never.wait()

        monkeypatch.setattr(own, "_poll", poll)
        own.start()
        await until(lambda: asked["BOOKINGSYNC"] == 1 and asked["HOSTAWAY"] >= 2)
        assert asked == {"HOSTAWAY": 2, "BOOKINGSYNC": 1}
        await own.aclose()
