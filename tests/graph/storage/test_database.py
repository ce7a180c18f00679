"""The database: pragmas, transactions, migrations by several processes, and clear words when it cannot be used."""

import asyncio
import stat
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, select, text
from sqlalchemy.exc import IntegrityError, StatementError

from graph.accounts.keys import ApiKeys
from graph.storage.database import Database, StorageError, _alembic
from graph.storage.tables import AccountRow, Table, TenantRow

NOW = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)


def file_url(folder: Path) -> str:
    return f"sqlite+aiosqlite:///{folder / 'data' / 'staygraph.db'}"


@pytest.fixture
async def database(tmp_path: Path):
    database = Database(file_url(tmp_path))
    await database.migrate()
    yield database
    await database.aclose()


def tenant(name: str, created_at: datetime = NOW) -> TenantRow:
    return TenantRow(id=name, name=name, created_at=created_at, updated_at=created_at)


async def test_models_and_migrations_agree(database: Database) -> None:
    def differences(connection: Connection) -> list[object]:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, Table.metadata))

    async with database.engine.connect() as connection:
        assert await connection.run_sync(differences) == []


async def test_connections_have_wal_foreign_keys_and_patience(database: Database) -> None:
    async with database.reading() as session:
        values = [
            await session.scalar(text(f"PRAGMA {name}"))
            for name in ("journal_mode", "foreign_keys", "busy_timeout", "synchronous")
        ]
    assert values == ["wal", 1, 5000, 1]


async def test_first_migration_makes_the_folder_and_the_default_tenant(database: Database, tmp_path: Path) -> None:
    assert stat.S_IMODE((tmp_path / "data").stat().st_mode) == 0o700
    async with database.reading() as session:
        assert await session.scalar(select(TenantRow.id)) == "default"


async def test_migrating_again_keeps_what_is_there(database: Database) -> None:
    async with database.session() as session:
        session.add(tenant("kept"))
    await database.migrate()
    async with database.reading() as session:
        assert await session.get(TenantRow, "kept") is not None


async def test_keys_of_an_older_version_stay_and_have_no_scope(tmp_path: Path) -> None:
    url = file_url(tmp_path)
    (tmp_path / "data").mkdir()
    older = Database(url)
    async with older.engine.begin() as connection:
        await connection.run_sync(lambda each: command.upgrade(_alembic(each), "0001"))
        await connection.execute(
            text("INSERT INTO api_key VALUES ('key_1', 'default', 'Old', x'00', '2026-01-01 00:00:00', NULL)")
        )
    await older.aclose()
    database = Database(url)
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


async def test_foreign_keys_are_enforced_also_after_a_migration(database: Database) -> None:
    row = AccountRow(
        id="acc_1",
        tenant_id="nobody",
        provider="ACME",
        name="x",
        auth_type="API_KEY",
        credentials=b"x",
        credentials_version="1",
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


async def test_databases_in_memory_work_too() -> None:
    database = Database("sqlite+aiosqlite://")
    await database.migrate()
    async with database.session() as session:
        session.add(tenant("here"))
    await asyncio.gather(*(_read_once(database) for _ in range(5)))
    await database.aclose()


async def _read_once(database: Database) -> None:
    async with database.reading() as session:
        assert await session.get(TenantRow, "here") is not None


def test_processes_that_start_at_once_migrate_once(tmp_path: Path) -> None:
    program = (
        "import asyncio, sys\n"
        "from graph.storage.database import Database\n"
        "async def main():\n"
        "    database = Database(sys.argv[1])\n"
        "    print('ready', flush=True)\n"
        "    sys.stdin.readline()\n"
        "    await database.migrate()\n"
        "    await database.aclose()\n"
        "asyncio.run(main())\n"
    )
    processes = [
        subprocess.Popen(  # noqa: S603  # our own interpreter and program
            [sys.executable, "-c", program, file_url(tmp_path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    ended = [process.communicate(timeout=30) for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0], [errors for _, errors in ended]


async def test_a_migration_that_fails_half_way_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from alembic import command

    real = command.upgrade

    def upgrade_and_fail(*args: object, **kwargs: object) -> None:
        real(*args, **kwargs)  # type: ignore[arg-type]  # handed on as they came
        raise RuntimeError("power cut")

    monkeypatch.setattr(command, "upgrade", upgrade_and_fail)
    database = Database(file_url(tmp_path))
    with pytest.raises(RuntimeError, match="power cut"):
        await database.migrate()
    monkeypatch.undo()
    async with database.reading() as session:
        assert (await session.execute(text("SELECT name FROM sqlite_master"))).all() == []
    await database.migrate()
    await database.aclose()


async def test_a_database_of_a_newer_version_is_refused_unchanged(database: Database) -> None:
    async with database.session() as session:
        await session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StorageError, match="newer StayGraph"):
        await database.migrate()
    async with database.reading() as session:
        assert await session.scalar(text("SELECT version_num FROM alembic_version")) == "9999"


async def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    path = tmp_path / "data" / "staygraph.db"
    path.parent.mkdir()
    path.write_bytes(b"not a database, but long enough to be one" * 50)
    database = Database(file_url(tmp_path))
    with pytest.raises(StorageError, match=r"staygraph\.db cannot be used"):
        await database.migrate()
    await database.aclose()
    assert path.read_bytes().startswith(b"not a database")


async def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file where the folder should be")
    database = Database(file_url(tmp_path))
    with pytest.raises(StorageError, match="data cannot be made"):
        await database.migrate()
    await database.aclose()
