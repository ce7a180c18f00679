"""Whole transactions in one go: those that write are on the disk when they return."""

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

_READERS = 2
"""Connections that read at a time."""


class DurableWrites:
    """Runs whole transactions. What they wrote outlives the process and a loss of power.

    SQLite's asynchronous driver goes to another thread and back for each statement, and its commits do not wait for
    the disk: where there is a file, a transaction runs in one thread, on a connection of its own that waits. While the
    event loop is busy, each of those ways to another thread and back waits for it.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        url = database.engine.url
        in_file = url.get_backend_name() == "sqlite" and bool(url.database) and ":memory:" not in str(url.database)
        self._engine = _engine(url, _begin_writing, connections=1) if in_file else None
        self._reading = _engine(url, _begin_reading, connections=_READERS) if in_file else None
        if in_file:
            # It must not outlive the file that it writes to.
            event.listen(database.engine.sync_engine, "engine_disposed", self._leave)

    async def write(self, work: Callable[[Session], T]) -> T:
        """What ``work`` returns, once it is committed; rolled back on an error. It holds the lock of all writers.

        ``work`` runs in another thread: it must touch nothing but the session and what it was given. Raises
        ``StorageUnavailable``.
        """
        if self._engine is not None:
            async with self._database.turn():
                return await asyncio.to_thread(partial(_done, self._engine, work))
        async with self._database.session() as session:
            return await session.run_sync(work)

    async def read(self, work: Callable[[Session], T]) -> T:
        """What ``work`` returns, which only reads: it sees one state of the data and waits for no writer.

        It runs in another thread, as for ``write``. Raises ``StorageUnavailable``.
        """
        async with self._database.reading() as session:
            if self._reading is None:
                return await session.run_sync(work)
            # The session is not used, and costs nothing: what goes wrong is noticed by its block.
            return await asyncio.to_thread(partial(_done, self._reading, work))

    def _leave(self, _: Engine) -> None:
        for engine in (self._engine, self._reading):
            if engine is not None:
                engine.dispose()


def _engine(url: URL, begin: Callable[[Connection], None], *, connections: int) -> Engine:
    """An engine whose connections serve one transaction after the other, in whatever thread."""
    engine = create_engine(
        url.set(drivername="sqlite"),
        poolclass=QueuePool,
        pool_size=connections,
        max_overflow=0,
        connect_args={"check_same_thread": False},
        hide_parameters=True,
    )
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", begin)
    return engine


def _done(engine: Engine, work: Callable[[Session], T]) -> T:
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


def _begin_writing(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _begin_reading(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN")
