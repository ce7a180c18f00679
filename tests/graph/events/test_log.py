"""The event log, on SQLite and on PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Connection, select, text

from graph.accounts.vault import Vault
from graph.events.event import Dumps, EventType, FieldChange, NewEvent
from graph.events.log import CursorAheadError, CursorTooOldError, EventFilter, EventLog
from graph.gateway.refs import Ref
from graph.storage.database import Database
from graph.storage.durable import DurableWrites
from graph.storage.event_tables import ReservationEventRow
from graph.storage.tables import AccountRow, TenantRow
from providers.model import Guest, Money, Reservation, ReservationStatus
from tests.gateway_world import ShiftedClock

NOW = datetime(2027, 5, 1, 12, tzinfo=UTC)
STAY = Reservation(
    provider="HOSTAWAY",
    account_id="acc_1",
    provider_id="20001",
    listing_id="40160",
    status=ReservationStatus.CONFIRMED,
    arrival=date(2027, 6, 1),
    departure=date(2027, 6, 4),
    guest=Guest(name="Ada Byron"),
    total=Money(amount=Decimal("720.50"), currency="EUR"),
    updated_at=NOW,
    raw={"secret": "only for those who may"},
)


def event(number: int = 1, **changed: Any) -> NewEvent:
    made = NewEvent(
        tenant_id="default",
        account_id="acc_1",
        listing_id="40160",
        reservation_id=str(number),
        type=EventType.UPDATED,
        occurred_at=NOW,
        received_at=datetime.now(UTC),
        changes=[FieldChange(field="guest.name", old="Ada", new="Ada Byron")],
        reservation=STAY,
    )
    return replace(made, **changed)


class Log:
    """The log with the transactions that its users make."""

    def __init__(self, database: Database, clock: ShiftedClock) -> None:
        self.vault = Vault([b"k" * 32])
        self.log = EventLog(database, self.vault, clock, days=30)
        self.writes = DurableWrites(database)

    async def add(self, *events: NewEvent) -> None:
        entries = self.log.entries(events, Dumps())
        self.log.wake(await self.writes.write(lambda connection: self.log.append(connection, entries)))

    async def numbers(self, cursor: int = 0, tenant: str = "default", **wanted: Any) -> list[str]:
        return [each.reservation_id for each in await self.log.after(tenant, cursor, EventFilter(**wanted))]


@pytest.fixture
async def clock() -> ShiftedClock:
    return ShiftedClock()


@pytest.fixture
async def log(database: Database, clock: ShiftedClock) -> AsyncIterator[Log]:
    await with_accounts(database)
    made = Log(database, clock)
    yield made
    await made.log.aclose()


async def with_accounts(database: Database) -> None:
    async with database.session() as session:
        session.add(TenantRow(id="other", name="Other", created_at=NOW, updated_at=NOW))
        await session.flush()
        for account, tenant in (("acc_1", "default"), ("acc_2", "default"), ("acc_3", "other")):
            session.add(
                AccountRow(
                    id=account,
                    tenant_id=tenant,
                    provider="HOSTAWAY",
                    name=account,
                    auth_type="API_KEY",
                    credentials=b"",
                    credentials_version="1",
                    identifier=account,
                    created_at=NOW,
                    updated_at=NOW,
                )
            )


async def test_events_come_back_as_they_were_written(log: Log) -> None:
    await log.add(event())
    (found,) = await log.log.after("default", 0)
    assert (found.type, found.occurred_at, found.listing_id) == (EventType.UPDATED, NOW, "40160")
    assert found.changes == [FieldChange(field="guest.name", old="Ada", new="Ada Byron")]
    assert found.reservation == replace(STAY, raw=None)
    assert found.id.startswith("evt_")


async def test_what_this_process_wrote_is_at_hand_as_it_is_read_back(log: Log) -> None:
    await log.add(event(1), event(2, account_id="acc_3", tenant_id="other"), event(3))
    found, cursor = log.log.at_hand("default", 0, 10)
    assert found == await log.log.after("default", 0)
    assert (len(found), cursor) == (2, 3)
    assert log.log.at_hand("default", 0, 1) == (found[:1], 1)
    assert log.log.at_hand("default", cursor, 10) == ([], cursor)


async def test_behind_an_event_of_another_process_nothing_is_at_hand(
    log: Log, database: Database, clock: ShiftedClock
) -> None:
    other = Log(database, clock)
    await log.add(event(1))
    await other.add(event(2))
    await log.add(event(3))
    found, cursor = log.log.at_hand("default", 0, 10)
    assert ([each.reservation_id for each in found], cursor) == (["1"], 1)
    assert await log.numbers(cursor) == ["2", "3"]
    await other.log.aclose()


async def test_they_are_read_in_the_order_of_writing_from_behind_a_cursor(log: Log) -> None:
    await log.add(*(event(number) for number in range(3)))
    await log.add(*(event(number) for number in range(3, 6)))
    assert await log.numbers() == ["0", "1", "2", "3", "4", "5"]
    (third,) = [each for each in await log.log.after("default", 0) if each.reservation_id == "2"]
    assert await log.numbers(third.cursor) == ["3", "4", "5"]
    assert [each.reservation_id for each in await log.log.after("default", third.cursor, limit=2)] == ["3", "4"]


async def test_tenants_have_a_log_each(log: Log) -> None:
    await log.add(event(1), event(2, tenant_id="other", account_id="acc_3"))
    assert await log.numbers() == ["1"]
    assert await log.numbers(tenant="other") == ["2"]


async def test_a_filter_leaves_what_it_names(log: Log) -> None:
    await log.add(
        event(1),
        event(2, account_id="acc_2"),
        event(3, listing_id="40161"),
        event(4, listing_id=None),
        event(5, type=EventType.CREATED),
    )
    assert await log.numbers(accounts=frozenset({"acc_2"})) == ["2"]
    assert await log.numbers(listings=frozenset({Ref("acc_1", "40161")})) == ["3"]
    assert await log.numbers(types=frozenset({EventType.CREATED})) == ["5"]
    assert await log.numbers(accounts=frozenset()) == []
    wanted = EventFilter(listings=frozenset({Ref("acc_1", "40160")}), types=frozenset({EventType.UPDATED}))
    kept = [each.reservation_id for each in await log.log.after("default", 0) if wanted.keeps(each)]
    assert kept == await log.numbers(listings=wanted.listings, types=wanted.types) == ["1"]


async def test_what_has_a_content_key_is_written_once(log: Log) -> None:
    message = event(1, type=EventType.MESSAGE_RECEIVED, content_key="message:1")
    await log.add(message, message)
    await log.add(message, event(2, account_id="acc_2", content_key="message:1"))
    assert await log.numbers() == ["1", "2"]


async def test_nothing_readable_of_a_guest_is_stored(log: Log, database: Database) -> None:
    await log.add(event())
    async with database.reading() as session:
        (row,) = (await session.scalars(select(ReservationEventRow))).all()
        stored = (await session.execute(text("SELECT * FROM reservation_event"))).all()
    assert "Ada" not in repr(stored)
    assert b"Byron" not in row.body


async def test_a_body_that_cannot_be_opened_does_not_stop_the_log(log: Log, database: Database) -> None:
    await log.add(event(1), event(2))
    async with database.session() as session:
        (row, _) = (await session.scalars(select(ReservationEventRow).order_by(ReservationEventRow.cursor))).all()
        row.body = row.body[:-1] + bytes([row.body[-1] ^ 1])
    first, second = await log.log.after("default", 0)
    assert (first.type, first.changes, first.reservation) == (EventType.UPDATED, None, None)
    assert second.reservation is not None


async def test_old_events_are_let_go_and_cursors_before_them_refused(log: Log, clock: ShiftedClock) -> None:
    await log.add(event(1, received_at=clock.now()), event(2, received_at=clock.now()))
    clock.advance(timedelta(days=20).total_seconds())
    await log.add(event(3, received_at=clock.now()))
    second = (await log.log.after("default", 0))[1].cursor
    clock.advance(timedelta(days=11).total_seconds())
    assert await log.log.clear() == 2
    with pytest.raises(CursorTooOldError) as refused:
        await log.log.after("default", 0)
    assert refused.value.oldest == await log.log.oldest("default") == second
    assert await log.numbers(second) == ["3"]
    # Nothing of this tenant's is gone.
    assert await log.numbers(tenant="other") == []


async def test_numbers_are_never_used_again(log: Log, clock: ShiftedClock) -> None:
    await log.add(event(1, received_at=clock.now()))
    newest = await log.log.newest("default")
    clock.advance(timedelta(days=31).total_seconds())
    await log.log.clear()
    assert await log.log.newest("default") == newest
    await log.add(event(2, received_at=clock.now()))
    assert await log.numbers(newest) == ["2"]


async def test_a_cursor_from_the_future_is_refused(log: Log) -> None:
    with pytest.raises(CursorAheadError):
        await log.log.after("default", 1)
    await log.add(event())
    assert await log.numbers(await log.log.newest("default")) == []
    with pytest.raises(CursorAheadError):
        await log.log.after("default", await log.log.newest("default") + 1)


async def test_what_was_rolled_back_was_never_there(log: Log) -> None:
    entries = log.log.entries([event(1)], Dumps())

    def fail(connection: Connection) -> None:
        log.log.append(connection, entries)
        raise RuntimeError

    with pytest.raises(RuntimeError):
        await log.writes.write(fail)
    await log.add(event(2))
    assert await log.numbers() == ["2"]


async def test_whoever_waits_is_woken_by_this_process_at_once(log: Log) -> None:
    waiting = asyncio.create_task(log.log.wait("default", 0, 5))
    others = asyncio.create_task(log.log.wait("other", 0, 0.05))
    await asyncio.sleep(0)
    await log.add(event())
    assert await waiting
    assert not await others
    assert await log.log.wait("default", 0)


async def test_whoever_waits_notices_another_process(log: Log, database: Database, clock: ShiftedClock) -> None:
    other = Log(database, clock)
    waiting = asyncio.create_task(log.log.wait("default", 0, 5))
    await other.add(event())
    assert await waiting
    await other.add(event(2))
    assert await log.log.wait("default", 1, 5)
