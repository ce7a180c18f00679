"""The way to the database: connections as SQLite needs them, transactions, and bringing the tables up to date."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool

BUSY_MILLISECONDS = 5_000
"""How long a writer waits for another one, in this process or another."""

MIGRATION_RETRIES = 40
MIGRATION_RETRY_SECONDS = 0.1
MIGRATION_BUSY_MILLISECONDS = 60_000

_PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=NORMAL",
    "PRAGMA foreign_keys=ON",
    f"PRAGMA busy_timeout={BUSY_MILLISECONDS}",
)


class StorageError(Exception):
    """The database cannot be used. The message is for the operator and holds no data."""


class Database:
    """A SQLite database. ``url`` is a SQLAlchemy URL with the driver ``sqlite+aiosqlite``."""

    def __init__(self, url: str) -> None:
        self._url = make_url(url)
        self._path = Path(self._url.database) if self._url.database and ":memory:" not in self._url.database else None
        # A database in memory lives and dies with its one connection, which must not serve two transactions at once.
        pool: dict[str, Any] = {} if self._path else {"pool_size": 1, "max_overflow": 0}
        self.engine: AsyncEngine = create_async_engine(self._url, poolclass=AsyncAdaptedQueuePool, **pool)
        event.listen(self.engine.sync_engine, "connect", _prepare)
        event.listen(self.engine.sync_engine, "begin", _begin)
        writing = self.engine.execution_options(sqlite_begin="IMMEDIATE")
        self._reading = async_sessionmaker(self.engine, expire_on_commit=False)
        self._writing = async_sessionmaker(writing, expire_on_commit=False)

    @asynccontextmanager
    async def session(self) -> AsyncIterator[AsyncSession]:
        """A session in one transaction: committed at the end, rolled back on an error.

        It holds SQLite's write lock from the start, so that what was read in it is still true when it writes.
        """
        async with self._writing.begin() as session:
            yield session

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncSession]:
        """A session to read in: sees one state of the data throughout, and never waits for a writer."""
        async with self._reading() as session:
            yield session

    async def migrate(self) -> None:
        """Bring the tables up to date, making the database if there is none. Any number of processes may do so at once.

        Raises ``StorageError``.
        """
        self._make_folder()
        try:
            await self._migrate_in_turn()
        except CommandError:
            raise StorageError(
                f"The database {self._shown} was written by a newer StayGraph. Run that version, or restore a backup."
            ) from None
        except DBAPIError as error:
            raise StorageError(f"The database {self._shown} cannot be used: {error.orig}.") from None

    async def _migrate_in_turn(self) -> None:
        """Tries again while another process makes the database: turning it to WAL does not heed the busy time-out."""
        for wait in (*(MIGRATION_RETRY_SECONDS for _ in range(MIGRATION_RETRIES)), None):
            try:
                async with self.engine.connect() as connection:
                    if await connection.run_sync(_is_current):
                        return
                await self._upgrade()
                return
            except OperationalError as error:
                if wait is None or "locked" not in str(error.orig):
                    raise
                await asyncio.sleep(wait)

    async def _upgrade(self) -> None:
        async with self.engine.connect() as connection:
            raw = await connection.get_raw_connection()
            driver: Any = raw.driver_connection
            # Rebuilding a table, SQLite's way to alter one, would otherwise delete the rows that refer to it.
            await driver.execute("PRAGMA foreign_keys=OFF")
            await driver.execute(f"PRAGMA busy_timeout={MIGRATION_BUSY_MILLISECONDS}")
            await connection.execution_options(sqlite_begin="IMMEDIATE")
            try:
                async with connection.begin():
                    # Whoever waited for the lock finds the work done: alembic then has nothing to do.
                    await connection.run_sync(lambda each: command.upgrade(_alembic(each), "head"))
            finally:
                for pragma in _PRAGMAS:
                    await driver.execute(pragma)

    def _make_folder(self) -> None:
        if self._path is None:
            return
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            # SQLite gives its side files the same rights.
            self._path.touch(mode=0o600)
        except OSError as error:
            raise StorageError(f"The folder {self._path.parent} cannot be made: {error.strerror}.") from None

    @property
    def _shown(self) -> str:
        return str(self._path or "in memory")

    async def aclose(self) -> None:
        """Close all connections."""
        await self.engine.dispose()


def _prepare(connection: Any, _: Any) -> None:
    # The driver's own transaction handling begins late and never before a SELECT: transactions are begun in _begin.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in _PRAGMAS:
        cursor.execute(pragma)
    cursor.close()


def _begin(connection: Connection) -> None:
    mode = connection.get_execution_options().get("sqlite_begin", "DEFERRED")
    connection.exec_driver_sql(f"BEGIN {mode}")


def _alembic(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def _is_current(connection: Connection) -> bool:
    heads = set(ScriptDirectory.from_config(_alembic(connection)).get_heads())
    return set(MigrationContext.configure(connection).get_current_heads()) == heads
