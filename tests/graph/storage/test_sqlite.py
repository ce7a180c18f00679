"""What only SQLite has: pragmas, a file and its folder, a database in memory."""

import asyncio
import stat
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import text

from graph.settings import Settings
from graph.storage.database import Database
from graph.storage.failures import StorageError
from graph.storage.tables import TenantRow

NOW = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)


def sqlite_url(folder: Path) -> str:
    return f"sqlite+aiosqlite:///{folder / 'data' / 'staygraph.db'}"


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    database = Database(sqlite_url(tmp_path))
    await database.migrate()
    yield database
    await database.aclose()


async def test_connections_have_wal_foreign_keys_and_patience(database: Database) -> None:
    async with database.reading() as session:
        values = [
            await session.scalar(text(f"PRAGMA {name}"))
            for name in ("journal_mode", "foreign_keys", "busy_timeout", "synchronous")
        ]
    assert values == ["wal", 1, 5000, 1]


async def test_first_migration_makes_folder_and_file_for_their_owner_only(database: Database, tmp_path: Path) -> None:
    assert stat.S_IMODE((tmp_path / "data").stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in (tmp_path / "data").iterdir()} == {0o600}


async def test_databases_in_memory_work_too() -> None:
    database = Database("sqlite+aiosqlite://")
    await database.migrate()
    async with database.session() as session:
        session.add(TenantRow(id="here", name="here", created_at=NOW, updated_at=NOW))
    await asyncio.gather(*(_read_once(database) for _ in range(5)))
    await database.aclose()


async def _read_once(database: Database) -> None:
    async with database.reading() as session:
        assert await session.get(TenantRow, "here") is not None


async def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    path = tmp_path / "data" / "staygraph.db"
    path.parent.mkdir()
    path.write_bytes(b"not a database, but long enough to be one" * 50)
    database = Database(sqlite_url(tmp_path))
    with pytest.raises(StorageError, match=r"staygraph\.db cannot be used"):
        await database.migrate()
    await database.aclose()
    assert path.read_bytes().startswith(b"not a database")


async def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file where the folder should be")
    database = Database(sqlite_url(tmp_path))
    with pytest.raises(StorageError, match="data cannot be made"):
        await database.migrate()
    await database.aclose()


async def test_a_folder_may_have_odd_characters(tmp_path: Path) -> None:
    folder = tmp_path / "50% of #1? ä & b"
    database = Database(Settings(data_dir=folder).database)
    await database.migrate()
    async with database.session() as session:
        session.add(TenantRow(id="here", name="here", created_at=NOW, updated_at=NOW))
    await database.aclose()
    assert (folder / "staygraph.db").stat().st_size > 0


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
            [sys.executable, "-c", program, sqlite_url(tmp_path)],
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
