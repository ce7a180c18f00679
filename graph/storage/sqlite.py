"""SQLite: its pragmas, its locks, its one file, and what its errors mean."""

import asyncio
import sqlite3
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import URL, Connection, event
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool

from graph.storage.failures import Outage, StorageError, first_line
from graph.storage.migrating import is_current, upgrade

MIGRATION_RETRIES = 40
MIGRATION_RETRY_SECONDS = 0.1
MIGRATION_BUSY_MILLISECONDS = 60_000

# Primary result codes, https://sqlite.org/rescode.html
_AWAY = {
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_PROTOCOL,
    sqlite3.SQLITE_NOTADB,
}
_UNWRITABLE = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_FULL}


class FileGone(OSError):
    """The database file is no longer where it was."""


class Sqlite:
    """A SQLite database in a file, or in memory. ``patience``: seconds that a writer waits for another one."""

    def __init__(self, url: URL, *, patience: float) -> None:
        self._named = named = url.database or ":memory:"
        # What is not plainly a file's name (SQLite's own URIs) is the operator's to look after.
        self._path = None if ":memory:" in named or named.startswith("file:") else Path(named)
        self._pragmas = (
            "PRAGMA journal_mode=WAL",
            "PRAGMA synchronous=NORMAL",
            "PRAGMA foreign_keys=ON",
            f"PRAGMA busy_timeout={round(patience * 1000)}",
        )
        # A database in memory lives and dies with its one connection, which must not serve two transactions at once.
        pool: dict[str, Any] = (
            {"pool_size": 5, "max_overflow": 5} if self._path else {"pool_size": 1, "max_overflow": 0}
        )
        self.engine: AsyncEngine = create_async_engine(
            _never_making(url, self._path), poolclass=AsyncAdaptedQueuePool, hide_parameters=True, **pool
        )
        event.listen(self.engine.sync_engine, "connect", self._prepare)
        event.listen(self.engine.sync_engine, "begin", _begin)
        self.reading = self.engine
        self.writing = self.engine.execution_options(sqlite_begin="IMMEDIATE")
        self._file: tuple[int, int] | None = None

    @property
    def shown(self) -> str:
        """What to call it before the operator."""
        return str(self._path or self._named)

    @property
    def file(self) -> Path | None:
        """The file, where it is plainly one."""
        return self._path

    def make(self) -> None:
        """Make the folder and the file, for their owner only. Raises ``StorageError``."""
        if self._path is None:
            return
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            # SQLite gives its side files the same rights.
            self._path.touch(mode=0o600)
        except OSError as error:
            raise StorageError(f"The folder {self._path.parent} cannot be made: {error.strerror}.") from None

    async def check(self) -> None:
        """Leave a file that was removed or replaced: writes to it would reach nobody. Raises ``FileGone``."""
        if self._path is None:
            return
        try:
            # Of a file that is open the kernel knows this without the disk: a thread would take far longer.
            found = self._path.stat()
        except OSError as error:
            await self.engine.dispose()
            raise FileGone(error.errno, error.strerror) from None
        file = (found.st_dev, found.st_ino)
        if self._file not in (None, file):
            await self.engine.dispose()
        self._file = file

    async def migrate(self) -> None:
        """Tries again while another process makes the database: turning it to WAL does not heed the busy time-out."""
        for wait in (*(MIGRATION_RETRY_SECONDS for _ in range(MIGRATION_RETRIES)), None):
            try:
                async with self.engine.connect() as connection:
                    if await connection.run_sync(is_current):
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
                    await connection.run_sync(upgrade)
            finally:
                for pragma in self._pragmas:
                    await driver.execute(pragma)

    def outage(self, error: BaseException) -> Outage | None:
        """Why the database, not the statement, is at fault; None if it is not."""
        match error:
            case PoolTimeout():
                return Outage("all connections are in use")
            case OSError():
                return Outage(error.strerror or first_line(error))
            case DBAPIError():
                return _outage(error)
        return None

    def _prepare(self, connection: Any, _: Any) -> None:
        # The driver's own transaction handling begins late and never before a SELECT: _begin does it instead.
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in self._pragmas:
            cursor.execute(pragma)
        cursor.close()


def _never_making(url: URL, path: Path | None) -> URL:
    """``url`` so that opening makes no file: in place of a lost database an empty one would be taken for the truth."""
    if path is None or url.query:
        return url
    return url.set(database=f"file:{quote(str(path.absolute()))}", query={"mode": "rw", "uri": "true"})


def _begin(connection: Connection) -> None:
    mode = connection.get_execution_options().get("sqlite_begin", "DEFERRED")
    connection.exec_driver_sql(f"BEGIN {mode}")


def _outage(error: DBAPIError) -> Outage | None:
    said = first_line(error.orig)
    code = getattr(error.orig, "sqlite_errorcode", sqlite3.SQLITE_OK) & 0xFF
    if code in _UNWRITABLE:
        return Outage(said, writes_only=True)
    if code in _AWAY or said.startswith("no such table"):
        return Outage(said)
    return None
