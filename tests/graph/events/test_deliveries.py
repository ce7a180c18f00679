"""Keeping deliveries: many in one transaction, one bad one among them, and letting go of old ones."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TypeVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, func, select, text, update

from graph.accounts.accounts import Accounts, ConnectedAccount
from graph.accounts.vault import Vault
from graph.events import deliveries as module
from graph.events.deliveries import Deliveries, TooMuchWaitingError
from graph.events.delivery_rows import Kept
from graph.events.retention import Retention
from graph.storage.database import Database
from graph.storage.durable import DurableWrites
from graph.storage.failures import StorageUnavailable
from graph.storage.tables import AccountWebhookRow, TenantRow, WebhookDeliveryRow
from providers.hostaway.manifest import ApiKeyConfig
from providers.manifest import AuthType
from providers.webhooks import WebhookNote
from tests.gateway_world import ShiftedClock, World
from tests.graph.events.webhook_world import RESERVATION, accounts, address, rows, send, webhook

T = TypeVar("T")

NOTE = WebhookNote(event="reservation.updated", account_id="1", key=None)


class Counting(DurableWrites):
    """Counts transactions, and fails those that are to."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.count = 0
        self.failing: Iterator[bool] = iter(())

    async def write(self, work: Callable[[Connection], T]) -> T:
        self.count += 1
        fails = next(self.failing, False)

        def work_or_fail(connection: Connection) -> T:
            done = work(connection)
            if fails:
                raise OSError("no disk")
            return done

        return await super().write(work_or_fail)


@pytest.fixture
async def account(running: World) -> ConnectedAccount:
    (account, _) = await accounts(running, "HOSTAWAY")
    return account


@pytest.fixture
def counting(running: World) -> Counting:
    return Counting(running.services.database)


@pytest.fixture
def kept_by(running: World, counting: Counting) -> Deliveries:
    return Deliveries(counting, running.services.vault, running.clock)


async def until_stored(running: World, number: int) -> None:
    async with asyncio.timeout(30):
        while await stored(running) < number:  # noqa: ASYNC110  # it tells nobody
            await asyncio.sleep(0.01)


async def stored(running: World) -> int:
    async with running.services.database.reading() as session:
        return await session.scalar(select(func.count()).select_from(WebhookDeliveryRow)) or 0


async def test_what_waits_at_a_time_shares_a_transaction(
    running: World, account: ConnectedAccount, kept_by: Deliveries, counting: Counting
) -> None:
    kept = await asyncio.gather(*(kept_by.keep(account, NOTE, b"x") for _ in range(250)))
    assert kept == [Kept.NEW] * 250
    assert counting.count == 3
    assert await stored(running) == 250


async def test_a_transaction_that_fails_takes_only_its_own_with_it(
    running: World, account: ConnectedAccount, kept_by: Deliveries, counting: Counting
) -> None:
    counting.failing = iter([True, False, False])
    kept = await asyncio.gather(*(kept_by.keep(account, NOTE, b"x") for _ in range(250)), return_exceptions=True)
    assert [type(each) for each in kept] == [StorageUnavailable] * 100 + [Kept] * 150
    assert await stored(running) == 150
    assert await kept_by.keep(account, NOTE, b"x") is Kept.NEW


async def test_an_account_that_is_gone_fails_no_other(
    running: World, account: ConnectedAccount, kept_by: Deliveries
) -> None:
    (_, gone) = await accounts(running, "HOSTAWAY")
    await running.services.accounts.remove("default", gone.id)
    kept = await asyncio.gather(*(kept_by.keep(each, NOTE, b"x") for each in (account, gone, account)))
    assert kept == [Kept.NEW, Kept.ACCOUNT_GONE, Kept.NEW]


async def test_a_sender_that_does_not_wait_stops_nobody(account: ConnectedAccount, kept_by: Deliveries) -> None:
    impatient = asyncio.create_task(kept_by.keep(account, NOTE, b"x"))
    patient = asyncio.create_task(kept_by.keep(account, NOTE, b"y"))
    await asyncio.sleep(0)
    impatient.cancel()
    assert await patient is Kept.NEW


async def test_more_than_the_memory_is_for_is_refused(
    account: ConnectedAccount, kept_by: Deliveries, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_WAITING_BYTES", 5000)
    kept = await asyncio.gather(*(kept_by.keep(account, NOTE, b"x" * 1000) for _ in range(6)), return_exceptions=True)
    assert [type(each) for each in kept] == [Kept] * 4 + [TooMuchWaitingError] * 2
    assert await kept_by.keep(account, NOTE, b"x" * 1000) is Kept.NEW


async def test_closing_waits_for_what_was_begun(running: World, account: ConnectedAccount, kept_by: Deliveries) -> None:
    begun = asyncio.create_task(kept_by.keep(account, NOTE, b"x"))
    await asyncio.sleep(0)
    await kept_by.aclose()
    assert await stored(running) == 1
    assert await begun is Kept.NEW


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(keys=st.lists(st.sampled_from(["a", "b", "c", None]), max_size=30), together=st.booleans())
async def test_each_key_is_new_once_and_what_has_none_always_is(
    running: World, account: ConnectedAccount, kept_by: Deliveries, keys: list[str | None], together: bool
) -> None:
    running.clock.advance(40 * 86_400)
    await Retention(running.services.database, running.clock, 30).clear()
    calls = [kept_by.keep(account, WebhookNote(key=key), b"x") for key in keys]
    kept = await asyncio.gather(*calls) if together else [await call for call in calls]
    seen: set[str] = set()
    for key, outcome in zip(keys, kept, strict=True):
        assert outcome is (Kept.REPEATED if key in seen else Kept.NEW)
        seen |= {key} if key is not None else set()
    assert await stored(running) == len(seen) + keys.count(None)


async def test_old_deliveries_are_let_go_and_the_count_stays(running: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("graph.events.retention._DELETED_AT_ONCE", 2)
    to = await address(running)
    for number in range(5):
        await send(running, to.path, RESERVATION | {"n": number}, to.basic)
    # Of many, some are stored with what they lead to.
    await until_stored(running, 5)
    running.clock.advance(20 * 86_400)
    await send(running, to.path, RESERVATION | {"n": 9}, to.basic)
    await until_stored(running, 6)
    retention = Retention(running.services.database, running.clock, 30)
    assert await retention.clear() == 0
    running.clock.advance(11 * 86_400)
    assert await retention.clear() == 5
    assert len(await rows(running)) == 1
    assert (await webhook(running, to.id))["deliveries"] == 6


async def test_a_transaction_waits_for_the_disk_and_holds_the_lock_of_all_writers(running: World) -> None:
    """PRAGMA synchronous is 2 where every commit waits."""
    writes = DurableWrites(running.services.database)
    assert await writes.write(lambda connection: connection.scalar(text("PRAGMA synchronous"))) == 2
    rows = await asyncio.gather(*(writes.write(count_up) for _ in range(20)))
    assert sorted(rows) == list(range(20))


def count_up(connection: Connection) -> int:
    """Reads and writes back: two at a time would read the same."""
    (name,) = connection.scalars(select(TenantRow.name))
    found = int(name) if name.isdigit() else 0
    connection.execute(update(TenantRow).values(name=str(found + 1)))
    return found


async def test_a_database_in_memory_is_written_to_as_well() -> None:
    database = Database("sqlite+aiosqlite:///:memory:")
    await database.migrate()
    writes = DurableWrites(database)
    assert [await writes.write(count_up) for _ in range(2)] == [0, 1]
    await database.aclose()


async def test_each_kind_of_database_keeps_a_delivery_once_and_counts_it(database: Database) -> None:
    clock = ShiftedClock()
    vault = Vault([bytes(32)])
    accounts = Accounts(database, vault, clock=clock)
    config = ApiKeyConfig.model_validate({"accountId": 1, "apiKey": "k"})
    account = await accounts.add("default", "HOSTAWAY", "Beach", AuthType.API_KEY, config)
    gone = replace(account, id="acc_gone")
    kept_by = Deliveries(DurableWrites(database), vault, clock)
    calls = [(account, "a"), (account, "b"), (gone, "a"), (account, "a"), (account, None), (account, None)]
    kept = await asyncio.gather(*(kept_by.keep(each, WebhookNote(key=key), b"x") for each, key in calls))
    assert kept == [Kept.NEW, Kept.NEW, Kept.ACCOUNT_GONE, Kept.REPEATED, Kept.NEW, Kept.NEW]
    assert await kept_by.keep(account, WebhookNote(key="b"), b"x") is Kept.REPEATED
    async with database.reading() as session:
        row = (await session.scalars(select(AccountWebhookRow))).one()
        assert (row.account_id, row.tenant_id, row.deliveries, row.refused) == (account.id, "default", 4, 0)
        assert row.token_digest is None
    clock.advance(31 * 86_400)
    assert await Retention(database, clock, 30).clear() == 4
