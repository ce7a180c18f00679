"""The database, on SQLite and on PostgreSQL: transactions, migrations by several processes, one state for a reader."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, LargeBinary, bindparam, inspect, select, text
from sqlalchemy.exc import IntegrityError, StatementError

from graph.accounts.keys import ApiKeys
from graph.storage.database import Database
from graph.storage.failures import StorageError, StorageUnavailable
from graph.storage.migrating import alembic_config
from graph.storage.tables import AccountRow, Table, TenantRow, UtcDateTime

NOW = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)


def tenant(name: str, created_at: datetime = NOW) -> TenantRow:
    return TenantRow(id=name, name=name, created_at=created_at, updated_at=created_at)


async def test_models_and_migrations_agree(database: Database) -> None:
    def differences(connection: Connection) -> list[object]:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, Table.metadata))

    async with database.engine.connect() as connection:
        assert await connection.run_sync(differences) == []


async def test_the_first_migration_makes_the_default_tenant(database: Database) -> None:
    async with database.reading() as session:
        assert await session.scalar(select(TenantRow.id)) == "default"


async def test_migrating_again_keeps_what_is_there(database: Database) -> None:
    async with database.session() as session:
        session.add(tenant("kept"))
    await database.migrate()
    async with database.reading() as session:
        assert await session.get(TenantRow, "kept") is not None


async def test_rows_of_an_older_version_stay(empty_url: str) -> None:
    older = Database(empty_url)
    older._kind.make()
    insert = text("INSERT INTO api_key VALUES ('key_1', 'default', 'Old', :digest, :made, NULL)")
    async with older.engine.begin() as connection:
        await connection.run_sync(lambda each: command.upgrade(alembic_config(each), "0001"))
        await connection.execute(
            insert.bindparams(bindparam("made", NOW, UtcDateTime), bindparam("digest", b"0", LargeBinary))
        )
    await older.aclose()
    database = Database(empty_url)
    await database.migrate()
    assert [(key.name, key.scopes) for key in await ApiKeys(database).list("default")] == [("Old", frozenset())]
    await database.aclose()


async def test_a_session_commits_at_its_end_and_rolls_back_on_an_error(database: Database) -> None:
    async def write_and_fail() -> None:
        async with database.session() as session:
            session.add(tenant("lost"))
            await session.flush()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await write_and_fail()
    async with database.session() as session:
        session.add(tenant("won"))
    async with database.reading() as session:
        assert await session.get(TenantRow, "lost") is None
        assert await session.get(TenantRow, "won") is not None


async def test_a_cancelled_session_leaves_nothing_behind_and_blocks_nobody(database: Database) -> None:
    inside = asyncio.Event()

    async def write() -> None:
        async with database.session() as session:
            session.add(tenant("cancelled"))
            await session.flush()
            inside.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(write())
    await inside.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    async with database.session() as session:
        assert await session.get(TenantRow, "cancelled") is None


async def test_concurrent_writers_of_one_row_lose_no_update(database: Database) -> None:
    async with database.session() as session:
        session.add(tenant("counter"))

    async def add_one() -> None:
        async with database.session() as session:
            row = await session.get(TenantRow, "counter")
            assert row is not None
            await asyncio.sleep(0)
            row.name = str(int(row.name) + 1) if row.name.isdigit() else "1"

    await asyncio.gather(*(add_one() for _ in range(20)))
    async with database.reading() as session:
        row = await session.get(TenantRow, "counter")
        assert row is not None
        assert row.name == "20"


async def test_a_reader_sees_one_state_and_does_not_wait_for_a_writer(database: Database) -> None:
    async with database.reading() as reader:
        before = (await reader.scalars(select(TenantRow.id))).all()
        async with database.session() as session:
            session.add(tenant("newer"))
        assert (await reader.scalars(select(TenantRow.id))).all() == before


async def test_what_one_writer_read_no_other_changes_before_it_writes(database_url: str) -> None:
    """Two processes, each with a pool of its own: "at most one such row" holds without a constraint that says so."""
    first, second = Database(database_url), Database(database_url)

    async def add_unless_there(database: Database, name: str) -> None:
        async with database.session() as session:
            others = (await session.scalars(select(TenantRow.id).where(TenantRow.status == "SPECIAL"))).all()
            await asyncio.sleep(0)
            if not others:
                row = tenant(name)
                row.status = "SPECIAL"
                session.add(row)

    await asyncio.gather(*(add_unless_there(each, f"{n}") for n, each in enumerate([first, second] * 5)))
    async with first.reading() as session:
        assert len((await session.scalars(select(TenantRow.id).where(TenantRow.status == "SPECIAL"))).all()) == 1
    await first.aclose()
    await second.aclose()


async def test_a_session_holds_the_lock_of_all_writers_before_its_first_statement(database_url: str) -> None:
    first, second = Database(database_url), Database(database_url, patience=0.05)
    async with first.session():
        with pytest.raises(StorageUnavailable):
            async with second.session():
                pytest.fail("two writers at once")
    async with second.session():
        pass
    await first.aclose()
    await second.aclose()


async def test_writers_of_a_process_take_one_connection_however_many_they_are(database: Database) -> None:
    most = 0

    async def write(number: int) -> None:
        nonlocal most
        async with database.session() as session:
            session.add(tenant(f"t{number}"))
            pool: Any = database.engine.pool
            most = max(most, pool.checkedout())
            await session.flush()
            most = max(most, pool.checkedout())

    await asyncio.gather(*(write(number) for number in range(30)))
    assert most == 1


async def test_foreign_keys_are_enforced_also_after_a_migration(database: Database) -> None:
    row = AccountRow(
        id="acc_1",
        tenant_id="nobody",
        provider="ACME",
        name="x",
        auth_type="API_KEY",
        credentials=b"x",
        credentials_version="1",
        identifier="acc_1",
        created_at=NOW,
        updated_at=NOW,
    )
    with pytest.raises(IntegrityError):
        async with database.session() as session:
            session.add(row)


async def test_instants_come_back_aware_and_naive_ones_are_refused(database: Database) -> None:
    local = NOW.astimezone().replace(microsecond=123456)
    async with database.session() as session:
        session.add(tenant("aware", local))
    async with database.reading() as session:
        row = await session.get(TenantRow, "aware")
    assert row is not None
    assert row.created_at == local
    assert row.created_at.utcoffset() == UTC.utcoffset(None)
    with pytest.raises(StatementError, match="time zone"):
        async with database.session() as session:
            session.add(tenant("naive", NOW.replace(tzinfo=None)))


async def test_whoever_starts_at_once_migrates_once(empty_url: str) -> None:
    databases = [Database(empty_url) for _ in range(3)]
    await asyncio.gather(*(database.migrate() for database in databases))
    for database in databases:
        async with database.reading() as session:
            assert await session.scalar(select(TenantRow.id)) == "default"
        await database.aclose()


async def test_a_migration_that_fails_half_way_leaves_nothing(empty_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    real = command.upgrade

    def upgrade_and_fail(*args: object, **kwargs: object) -> None:
        real(*args, **kwargs)  # type: ignore[arg-type]  # handed on as they came
        raise RuntimeError("power cut")

    monkeypatch.setattr(command, "upgrade", upgrade_and_fail)
    database = Database(empty_url)
    with pytest.raises(RuntimeError, match="power cut"):
        await database.migrate()
    monkeypatch.undo()
    async with database.engine.connect() as connection:
        assert await connection.run_sync(lambda each: inspect(each).get_table_names()) == []
    await database.migrate()
    await database.aclose()


async def test_a_database_of_a_newer_version_is_refused_unchanged(database: Database) -> None:
    async with database.session() as session:
        await session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StorageError, match="newer StayGraph"):
        await database.migrate()
    async with database.reading() as session:
        assert await session.scalar(text("SELECT version_num FROM alembic_version")) == "9999"
