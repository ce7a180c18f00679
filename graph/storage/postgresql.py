"""PostgreSQL: its pool, the lock that writers take in turn, and what its errors mean."""

from typing import Any

import asyncpg
from sqlalchemy import URL, Connection, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from graph.storage.failures import Outage, first_line
from graph.storage.migrating import is_current, upgrade

CONNECTIONS = 5
MORE_CONNECTIONS = 5
"""A process has at most ten: five that stay, five more when it is busy."""

WORK_SECONDS = 5.0
"""How long a statement may take beside waiting for other writers, and how long a connection may be waited for."""

CONNECT_SECONDS = 5.0
RECYCLE_SECONDS = 1800
MIGRATION_PATIENCE = 60.0

_LOCK = 0x53746179
"""The advisory lock of whoever writes, in this database: "Stay"."""

# Classes and codes of https://www.postgresql.org/docs/current/errcodes-appendix.html
_AWAY = ("08", "28", "3D000", "40", "42P01", "42501", "53", "55P03", "57", "58", "XX")
_UNWRITABLE = ("25006", "53100", "55P03")


class Postgresql:
    """A PostgreSQL database. ``patience``: seconds that a writer waits for another one.

    The URL goes to asyncpg as it is: its parameters are those of libpq (``sslmode``, ``sslrootcert``, ``host`` …).
    """

    def __init__(self, url: URL, *, patience: float) -> None:
        self._dsn = url.set(drivername="postgresql").render_as_string(hide_password=False)
        self.file = None
        self.shown = f"{url.database or ''} on {url.host or url.query.get('host') or 'the default host'}"
        self.engine = self._engine(
            patience,
            pool_size=CONNECTIONS,
            max_overflow=MORE_CONNECTIONS,
            pool_timeout=WORK_SECONDS,
            pool_pre_ping=True,
            pool_recycle=RECYCLE_SECONDS,
        )
        # One state of the data throughout, as a transaction of SQLite's sees it.
        self.reading = self.engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        self.writing = self.engine.execution_options(takes_turn=True)
        event.listen(self.engine.sync_engine, "begin", _begin)

    def _engine(self, patience: float, *, work: float = WORK_SECONDS, **pool: Any) -> AsyncEngine:
        timeouts = {
            "application_name": "staygraph",
            "lock_timeout": _milliseconds(patience),
            "statement_timeout": _milliseconds(patience + work),
            # A process that hangs must not hold the lock of all writers for ever.
            "idle_in_transaction_session_timeout": _milliseconds(patience + 3 * work),
        }

        async def connect() -> Any:
            # The last time-out is for a server that has stopped answering at all.
            return await asyncpg.connect(
                self._dsn, timeout=CONNECT_SECONDS, command_timeout=patience + 2 * work, server_settings=timeouts
            )

        return create_async_engine("postgresql+asyncpg://", async_creator=connect, hide_parameters=True, **pool)

    def make(self) -> None:
        """The database itself is the operator's to make."""

    async def check(self) -> None:
        """The pool looks at each connection before it hands it out."""

    async def migrate(self) -> None:
        """Take the steps that are missing, one process after the other."""
        engine = self._engine(MIGRATION_PATIENCE, work=MIGRATION_PATIENCE, poolclass=NullPool)
        try:
            async with engine.connect() as connection:
                if await connection.run_sync(is_current):
                    return
            async with engine.begin() as connection:
                await connection.run_sync(_take_turn)
                # Whoever waited for the lock finds the work done: alembic then has nothing to do.
                await connection.run_sync(upgrade)
        finally:
            await engine.dispose()

    def outage(self, error: BaseException) -> Outage | None:
        """Why the database, not the statement, is at fault; None if it is not."""
        match error:
            case PoolTimeout():
                return Outage("all connections are in use")
            case TimeoutError():
                return Outage("it did not answer in time")
            case OSError():
                return Outage(error.strerror or first_line(error))
            case DBAPIError():
                return _outage(error)
        return None


def _begin(connection: Connection) -> None:
    if connection.get_execution_options().get("takes_turn"):
        _take_turn(connection)


def _take_turn(connection: Connection) -> None:
    connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")


def _milliseconds(seconds: float) -> str:
    return str(round(seconds * 1000))


def _outage(error: DBAPIError) -> Outage | None:
    state = getattr(error.orig, "sqlstate", None) or ""
    if state.startswith(_UNWRITABLE):
        return Outage(first_line(error.orig), writes_only=True)
    if error.connection_invalidated or state.startswith(_AWAY):
        return Outage(first_line(error.orig))
    # Without a state it is the driver's own: it has no connection, or cannot make one.
    return None if state else Outage(first_line(error.orig))
