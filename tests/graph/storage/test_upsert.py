"""Insert or update, the same on both kinds of database."""

from datetime import UTC, datetime

from graph.storage.database import Database
from graph.storage.tables import TenantRow
from graph.storage.upsert import upsert

EARLY = datetime(2026, 3, 1, tzinfo=UTC)
LATE = datetime(2026, 4, 1, tzinfo=UTC)


async def put(database: Database, name: str, at: datetime) -> TenantRow:
    async with database.session() as session:
        await upsert(session, TenantRow, {"id": "t"}, {"name": name, "updated_at": at}, when_new={"created_at": at})
    async with database.reading() as session:
        row = await session.get(TenantRow, "t")
    assert row is not None
    return row


async def test_a_row_is_made_once_and_changed_afterwards(database: Database) -> None:
    first = await put(database, "First", EARLY)
    assert (first.name, first.created_at, first.updated_at) == ("First", EARLY, EARLY)
    second = await put(database, "Second", LATE)
    assert (second.name, second.created_at, second.updated_at) == ("Second", EARLY, LATE)


async def test_without_values_a_row_that_is_there_stays_as_it_is(database: Database) -> None:
    for name in ("First", "Second"):
        async with database.session() as session:
            when_new = {"name": name, "created_at": EARLY, "updated_at": EARLY}
            await upsert(session, TenantRow, {"id": "t"}, {}, when_new=when_new)
    async with database.reading() as session:
        row = await session.get(TenantRow, "t")
    assert row is not None
    assert row.name == "First"
