"""Transactions that are on the disk when they return, written in one go."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session
from sqlalchemy.pool import QueuePool

from graph.storage.database import Database

T = TypeVar("T")

BUSY_MILLISECONDS = 5_000
"""How long a writer waits for another one, in this process or another."""


class DurableWrites:
    """Runs whole transactions. What they wrote outlives the process and a loss of power.

    SQLite's asynchronous driver goes to another thread and back for each statement, and its commits do not wait for
    the disk: where there is a file, a transaction runs in one thread, on a connection of its own that waits.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        url = database.engine.url
        in_file = url.get_backend_name() == "sqlite" and bool(url.database) and ":memory:" not in str(url.database)
        self._engine = _engine(url) if in_file else None
        if self._engine is not None:
            # It must not outlive the file that it writes to.
            event.listen(database.engine.sync_engine, "engine_disposed", self._leave)

    async def write(self, work: Callable[[Session], T]) -> T:
        """What ``work`` returns, once it is committed; rolled back on an error. It holds the lock of all writers.

        ``work`` runs in another thread: it must touch nothing but the session and what it was given. Raises
        ``StorageUnavailable``.
        """
        if self._engine is not None:
            async with self._database.turn():
                return await asyncio.to_thread(partial(_written, self._engine, work))
        async with self._database.session() as session:
            return await session.run_sync(work)

    def _leave(self, _: Engine) -> None:
        if self._engine is not None:
            self._engine.dispose()


def _engine(url: URL) -> Engine:
    """An engine with one connection, which serves one transaction after the other, in whatever thread."""
    engine = create_engine(
        url.set(drivername="sqlite"),
        poolclass=QueuePool,
        pool_size=1,
        max_overflow=0,
        connect_args={"check_same_thread": False},
        hide_parameters=True,
    )
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    return engine


def _written(engine: Engine, work: Callable[[Session], T]) -> T:
    try:
        with Session(engine, expire_on_commit=False) as session, session.begin():
            return work(session)
    except DBAPIError:
        # What failed once on this connection may be mended on the next.
        engine.dispose()
        raise


def _prepare(connection: Any, _: Any) -> None:
    # The driver's own transaction handling begins late: it is done in _begin.
    connection.isolation_level = None
    for pragma in ("synchronous=FULL", "foreign_keys=ON", f"busy_timeout={BUSY_MILLISECONDS}"):
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")
