"""Many webhooks: what comes while the database is busy, what the worker stores, and what becomes of them later."""

import asyncio
import json
import sqlite3
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

import pytest
from sqlalchemy import Connection

from graph.accounts.accounts import ConnectedAccount
from graph.events import deliveries as module
from graph.events import handover, inbox_left
from graph.events.deliveries import Deliveries
from graph.events.delivery_rows import Kept
from graph.events.inbox import Inbox
from graph.events.inbox_left import LeftInboxes
from graph.events.processing import Processing
from graph.events.settling import SettledElsewhereError, Settlement, States
from graph.storage.database import Database
from graph.storage.durable import DurableWrites
from graph.storage.failures import StorageUnavailable
from providers.webhooks import WebhookNote
from tests.gateway_world import World, world
from tests.graph.events.event_world import Hostaway, every_event, learn
from tests.graph.events.webhook_world import accounts, rows, send, webhook

T = TypeVar("T")

NOTE = WebhookNote(event="reservation.updated", account_id="1", key=None)
WITHIN = 30


class Refusing(DurableWrites):
    """Refuses bodies of which each transaction is told to."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.error: Exception | None = None
        self.rows: Callable[[Any], bool] = lambda _: False

    async def write(self, work: Callable[[Connection], T]) -> T:
        if self.error is not None:
            raise self.error
        given: Any = work
        if any(self.rows(each) for each in given.args[0]):
            raise ValueError("refused")
        return await super().write(work)


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[World]:
    """One Hostaway account of two listings."""
    async with world(tmp_path, hostaway_accounts=1, bookingsync_accounts=0, listings=2) as made:
        yield made


@pytest.fixture
async def account(running: World) -> ConnectedAccount:
    (account,) = await accounts(running, "HOSTAWAY")
    return account


@pytest.fixture
def refusing(running: World) -> Refusing:
    return Refusing(running.services.database)


@pytest.fixture
def kept_by(running: World, refusing: Refusing, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Deliveries:
    monkeypatch.setattr(module, "AGAIN_SECONDS", 0.01)
    inbox = Inbox(tmp_path / "staygraph.db", running.clock)
    return Deliveries(refusing, running.services.vault, running.clock, inbox=inbox)


def files(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if "-inbox_" in path.name]


@asynccontextmanager
async def locked(folder: Path) -> AsyncIterator[None]:
    """Another process writes to the database."""
    other = sqlite3.connect(folder / "staygraph.db", isolation_level=None, check_same_thread=False)
    # The gateway may be writing itself: it has to get on.
    await asyncio.to_thread(other.execute, "BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.execute("ROLLBACK")
        other.close()


async def until(there: Callable[[], Any]) -> None:
    async with asyncio.timeout(WITHIN):
        while not there():  # noqa: ASYNC110  # what it waits for tells nobody
            await asyncio.sleep(0.01)


async def keep(kept_by: Deliveries, account: ConnectedAccount, number: int) -> list[Kept]:
    return await asyncio.gather(*(kept_by.keep(account, NOTE, b"x") for _ in range(number)))


async def first_waits(kept_by: Deliveries, account: ConnectedAccount) -> "asyncio.Task[Kept]":
    """One that the database keeps waiting."""
    first = asyncio.create_task(kept_by.keep(account, NOTE, b"first"))
    await until(lambda: kept_by._busy)
    return first


async def test_a_database_that_somebody_holds_keeps_no_more_than_the_first_waiting(
    running: World, account: ConnectedAccount, kept_by: Deliveries, tmp_path: Path
) -> None:
    async with locked(tmp_path):
        first = await first_waits(kept_by, account)
        assert await keep(kept_by, account, 20) == [Kept.FOR_LATER] * 20
        assert not first.done()
        assert len(files(tmp_path)) == 1
    assert await first is Kept.NEW
    await kept_by.aclose()
    assert len(await rows(running)) == 21
    assert files(tmp_path) == []


async def test_while_the_database_takes_nothing_nothing_more_is_taken_and_what_was_is_stored_later(
    running: World, account: ConnectedAccount, kept_by: Deliveries, refusing: Refusing, tmp_path: Path
) -> None:
    async with locked(tmp_path):
        first = await first_waits(kept_by, account)
        assert await keep(kept_by, account, 3) == [Kept.FOR_LATER] * 3
        refusing.error = StorageUnavailable()
    assert await first is Kept.NEW
    await until(lambda: kept_by._failing)
    with pytest.raises(StorageUnavailable):
        await kept_by.keep(account, NOTE, b"y")
    refusing.error = None
    await until(lambda: not kept_by._failing)
    assert await kept_by.keep(account, NOTE, b"z") is Kept.NEW
    await kept_by.aclose()
    assert len(await rows(running)) == 5


async def test_what_the_database_did_not_take_until_the_end_is_taken_in_at_the_next_start_once(
    running: World, account: ConnectedAccount, kept_by: Deliveries, refusing: Refusing, tmp_path: Path
) -> None:
    async with locked(tmp_path):
        first = await first_waits(kept_by, account)
        await keep(kept_by, account, 3)
        refusing.error = StorageUnavailable()
    await first
    await until(lambda: kept_by._failing)
    await kept_by.aclose()
    assert len(await rows(running)) == 1
    (name,) = files(tmp_path)
    copy = (tmp_path / name).read_bytes()
    woken: list[bool] = []
    left = LeftInboxes(tmp_path / "staygraph.db", DurableWrites(running.services.database), lambda: woken.append(True))
    assert await left.take_in() == 1
    assert len(await rows(running)) == 4
    assert woken == [True]
    assert files(tmp_path) == []
    # It died before it had removed the file.
    (tmp_path / name).write_bytes(copy)
    assert await left.take_in() == 1
    assert len(await rows(running)) == 4
    assert await left.take_in() == 0
    assert (await running.services.receiving._account_webhooks.of(account)).deliveries == 4


async def test_a_gateway_works_on_what_another_one_left_when_it_died(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox_left, "LOOK_SECONDS", 0.05)
    async with world(tmp_path, hostaway_accounts=1, bookingsync_accounts=0, listings=2) as running:
        await learn(running)
        hostaway = await Hostaway.of(running)
        (account,) = await accounts(running, "HOSTAWAY")
        change = json.dumps(hostaway.change(hostaway.ids[0], hostNote="Left")).encode()
        inbox = Inbox(tmp_path / "staygraph.db", running.clock)
        assert await inbox.keep(parts(running)._row(account, WebhookNote(), change))
        await inbox.aclose()
        async with asyncio.timeout(WITHIN):
            while not (told := await every_event(running)):
                running.clock.advance(1)
                await asyncio.sleep(0.02)
        assert [change.new for event in told for change in event.changes or ()] == ["Left"]
        assert files(tmp_path) == []


async def test_one_that_cannot_be_stored_stops_no_other_and_is_kept(
    running: World, account: ConnectedAccount, kept_by: Deliveries, refusing: Refusing, tmp_path: Path
) -> None:
    bad = WebhookNote(event="bad", account_id="1", key=None)
    refusing.rows = lambda row: row["event"] == "bad"
    async with locked(tmp_path):
        first = await first_waits(kept_by, account)
        await keep(kept_by, account, 2)
        assert await kept_by.keep(account, bad, b"x") is Kept.FOR_LATER
        await keep(kept_by, account, 2)
    assert await first is Kept.NEW
    await until(lambda: not kept_by._waiting and not kept_by._busy)
    assert len(await rows(running)) == 5
    await kept_by.aclose()
    assert len(files(tmp_path)) == 1
    left = LeftInboxes(tmp_path / "staygraph.db", refusing, lambda: None)
    assert await left.take_in() == 1
    (name,) = files(tmp_path)
    assert name.endswith(".refused")
    assert await left.take_in() == 0
    assert len(await rows(running)) == 5


async def send_at_once(hostaway: Hostaway, webhooks: list[dict[str, Any]]) -> None:
    answers = await asyncio.gather(
        *(send(hostaway.world, hostaway.to.path, each, hostaway.to.basic) for each in webhooks)
    )
    assert [answer.status_code for answer in answers] == [200] * len(webhooks)


async def many(hostaway: Hostaway, turn: str) -> int:
    """Change all reservations at once. How many webhooks that were."""
    await send_at_once(hostaway, [hostaway.change(id_, seconds=0.01, hostNote=turn) for id_ in hostaway.ids])
    return len(hostaway.ids)


def parts(running: World) -> Any:
    return running.services.receiving._deliveries


async def stored_by_worker(running: World, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many rows the worker is the first to store, from now on."""
    numbers: list[int] = []
    settle = States.settle

    async def settled(self: States, settlement: Settlement) -> None:
        await settle(self, settlement)
        numbers.append(len(settlement.unstored))

    monkeypatch.setattr(States, "settle", settled)
    return numbers


async def all_done(running: World, number: int) -> None:
    async with asyncio.timeout(WITHIN):
        while Counter(row.status for row in await rows(running)) != {"DONE": number}:  # noqa: ASYNC110  # untold
            await asyncio.sleep(0.02)


async def follow(running: World) -> Hostaway:
    await learn(running)
    hostaway = await Hostaway.of(running)
    # Once one was claimed as it was stored, the worker is known to take those of the account.
    await hostaway.send(hostaway.change(hostaway.ids[0], hostNote="First"))
    await all_done(running, 1)
    return hostaway


async def test_when_many_come_the_worker_stores_them_with_what_they_lead_to(
    running: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hostaway = await follow(running)
    numbers = await stored_by_worker(running, monkeypatch)
    sent = sum([await many(hostaway, f"Turn {turn}") for turn in range(3)])
    await all_done(running, 1 + sent)
    assert sum(numbers) > sent / 2
    notes = Counter(
        (each.reservation_id, change.new) for each in await every_event(running) for change in each.changes or ()
    )
    assert set(notes.values()) == {1}
    assert {id_ for id_, note in notes if note == "Turn 2"} == {str(id_) for id_ in hostaway.ids}
    assert (await webhook(running, hostaway.to.id))["deliveries"] == 1 + sent
    await until(lambda: not parts(running)._handover)
    await running.services.receiving._deliveries.aclose()
    assert files(tmp_path) == []


@pytest.mark.parametrize("error", [SettledElsewhereError(), StorageUnavailable(), ValueError()])
async def test_what_the_worker_gives_up_is_stored_and_worked_on_again(
    running: World, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    hostaway = await follow(running)
    settle, failed = States.settle, 0

    async def fails(self: States, settlement: Settlement) -> None:
        nonlocal failed
        if settlement.unstored and failed < 2:
            failed += 1
            raise error
        await settle(self, settlement)

    monkeypatch.setattr(States, "settle", fails)
    sent = sum([await many(hostaway, f"Turn {turn}") for turn in range(3)])
    async with asyncio.timeout(WITHIN):
        while Counter(row.status for row in await rows(running)) != {"DONE": 1 + sent}:
            # Some are to be tried later.
            running.clock.advance(1)
            await asyncio.sleep(0.05)
    assert failed
    assert not parts(running)._handover


async def test_what_the_worker_does_not_get_done_in_time_is_stored_meanwhile(
    running: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handover, "LOOK_SECONDS", 0.01)
    monkeypatch.setattr(handover, "OVERDUE_SECONDS", 0.1)
    hostaway = await follow(running)
    work, free = Processing._work, asyncio.Event()

    async def slow(self: Processing, *given: Any) -> set[str]:
        await free.wait()
        return await work(self, *given)

    monkeypatch.setattr(Processing, "_work", slow)
    sent = sum([await many(hostaway, f"Turn {turn}") for turn in range(2)])
    async with asyncio.timeout(WITHIN):
        while len(await rows(running)) < 1 + sent:  # noqa: ASYNC110  # it tells nobody
            await asyncio.sleep(0.02)
    free.set()
    async with asyncio.timeout(WITHIN):
        while Counter(row.status for row in await rows(running)) != {"DONE": 1 + sent}:
            running.clock.advance(1)
            await asyncio.sleep(0.05)
    told = Counter(
        (each.reservation_id, change.new) for each in await every_event(running) for change in each.changes or ()
    )
    assert set(told.values()) == {1}


async def test_what_is_of_an_account_that_was_removed_is_let_go(
    running: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(handover, "LOOK_SECONDS", 0.01)
    hostaway = await follow(running)
    work, free = Processing._work_on, asyncio.Event()

    async def slow(self: Processing, *given: Any) -> set[str]:
        await free.wait()
        return await work(self, *given)

    monkeypatch.setattr(Processing, "_work_on", slow)
    for turn in range(2):
        await many(hostaway, f"Turn {turn}")
    assert parts(running)._handover
    (account,) = await accounts(running, "HOSTAWAY")
    await running.services.accounts.remove("default", account.id)
    free.set()
    await until(lambda: not parts(running)._handover and not parts(running)._waiting)
    assert await rows(running) == []
    await parts(running).aclose()
    assert files(tmp_path) == []
