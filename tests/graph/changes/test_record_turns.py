"""Changes of one record are made one after the other, in both kinds of database."""

import asyncio
from contextlib import AsyncExitStack

import pytest

from graph.accounts.accounts import ConnectedAccount
from graph.changes.places import Places
from graph.changes.record_turns import RecordTurns
from graph.rejections import Rejected
from graph.storage.database import Database
from providers.manifest import AuthType
from tests.gateway_world import ShiftedClock
from tests.graph.changes.test_claims import patience
from tests.graph.changes.test_ledger import ledger_of


class OnePlace(Places):
    """Every connection leads to the same account."""

    def __init__(self) -> None:
        pass

    async def of(self, account: ConnectedAccount) -> str:
        return "p"


@pytest.fixture
async def clock(database: Database) -> ShiftedClock:
    clock = ShiftedClock()
    await ledger_of(database, clock)
    return clock


def account(clock: ShiftedClock) -> ConnectedAccount:
    now = clock.now()
    return ConnectedAccount(
        id="a",
        tenant_id="t",
        provider="ACME",
        name="a",
        auth_type=AuthType.API_KEY,
        created_at=now,
        updated_at=now,
        credentials_version="1",
    )


def turns_of(database: Database, clock: ShiftedClock) -> RecordTurns:
    return RecordTurns(database, OnePlace(), clock, 5.0)


@pytest.mark.parametrize("processes", [1, 2])
async def test_a_change_waits_for_another_of_the_same_record(
    database: Database, database_url: str, clock: ShiftedClock, processes: int
) -> None:
    async with AsyncExitStack() as stack:
        turns = [turns_of(database, clock)] * 2
        if processes == 2:
            other = Database(database_url)
            stack.push_async_callback(other.aclose)
            turns[1] = turns_of(other, clock)
        seen: list[str] = []
        go = asyncio.Event()
        begun = {name: asyncio.Event() for name in ("first", "second", "third")}

        async def change(one: RecordTurns, name: str, record: str) -> None:
            async with one.of(account(clock), record):
                seen.append(f"{name} begins")
                begun[name].set()
                await go.wait()
                seen.append(f"{name} ends")

        first = asyncio.create_task(change(turns[0], "first", "reservation/1"))
        await begun["first"].wait()
        second = asyncio.create_task(change(turns[1], "second", "reservation/1"))
        third = asyncio.create_task(change(turns[1], "third", "reservation/2"))
        await begun["third"].wait()
        assert "second begins" not in seen
        go.set()
        await asyncio.gather(first, second, third)
        assert seen.index("first ends") < seen.index("second begins")


async def test_nobody_waits_beyond_the_deadline(database: Database, clock: ShiftedClock) -> None:
    here, there = turns_of(database, clock), turns_of(database, clock)
    async with here.of(account(clock), "listing/1"):
        for turns in (here, there):
            with patience(0.02), pytest.raises(Rejected, match="moment"):
                async with turns.of(account(clock), "listing/1"):
                    pass
    async with there.of(account(clock), "listing/1"):
        pass


async def test_the_turn_of_a_process_that_died_is_over_at_some_time(database: Database, clock: ShiftedClock) -> None:
    dead, heir = turns_of(database, clock), turns_of(database, clock)
    with patience(0.0):
        await dead._taken(account(clock), "p", "listing/1")
    before = clock.now()
    with patience(60.0):
        async with heir.of(account(clock), "listing/1"):
            assert 15 <= (clock.now() - before).total_seconds() <= 25


async def test_a_change_that_fails_gives_its_turn_up(database: Database, clock: ShiftedClock) -> None:
    turns = turns_of(database, clock)
    with pytest.raises(ZeroDivisionError):
        async with turns.of(account(clock), "listing/1"):
            raise ZeroDivisionError
    with patience(1.0):
        async with turns.of(account(clock), "listing/1"):
            pass
