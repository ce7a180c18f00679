"""Whole transactions in one go: those that write are on the disk when they return."""

import asyncio
import sqlite3
import time
from collections import deque
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from graph.storage.database import Database
from graph.storage.failures import StorageError

T = TypeVar("T")

BUSY_SECONDS = 5.0
"""How long a writer waits for another one, in this process or another."""

_AGAIN_SECONDS = 0.0005
"""How often it looks meanwhile. SQLite itself looks more and more rarely, up to ten times a second: others that come
later are let in before.
"""

TOGETHER = 20
"""Pieces of work that share a transaction, and with it one wait for the disk."""

_READERS = 2
"""Connections that read at a time."""

_FREE_SECONDS = 30.0
"""How long a thread waits for one of them."""

_PATIENT = "patient"


class _LockedError(Exception):
    """Somebody else has what is needed, and it is not to be waited for here."""


@dataclass(slots=True, eq=False)
class _Waiting:
    work: Callable[[Connection], Any]
    done: "asyncio.Future[Any]"


class DurableWrites:
    """Runs whole transactions. What they wrote outlives the process and a loss of power.

    SQLite's asynchronous driver goes to another thread and back for each statement, and its commits do not wait for
    the disk: where there is a file, a transaction runs in one thread, on a connection of its own that waits. While the
    event loop is busy, each of those ways to another thread and back waits for it. What is to be written meanwhile is
    written together, in the order in which it came.
    """

    def __init__(self, database: Database, *, in_place: bool = False) -> None:
        """``in_place``: in the thread of the event loop, unless another process is writing.

        That is for a process that has nothing to do while it waits for the disk: clients would wait for it as well.
        """
        self._database = database
        self._in_place = in_place
        url = database.engine.url
        in_file = url.get_backend_name() == "sqlite" and bool(url.database) and ":memory:" not in str(url.database)
        self._writing = _Connections(_engine(url, _begin_writing, busy=0), 1) if in_file else None
        self._reading = _Connections(_engine(url, _begin_reading), _READERS) if in_file else None
        self._waiting: deque[_Waiting] = deque()
        self._writer: asyncio.Task[None] | None = None
        if in_file:
            # It must not outlive the file that it writes to.
            event.listen(database.engine.sync_engine, "engine_disposed", self._leave)

    async def write(self, work: Callable[[Connection], T]) -> T:
        """What ``work`` returns, once it is committed; nothing of it is written on an error.

        It holds the lock of all writers, and shares its transaction with others: if one of them fails, each is run once
        more, alone. It may run in another thread, and must touch nothing but the connection and what it was given.
        Raises ``StorageUnavailable``.
        """
        if self._writing is None:
            async with self._database.session() as session:
                return await session.run_sync(partial(_on_connection, work))
        waiting = _Waiting(work, asyncio.get_running_loop().create_future())
        self._waiting.append(waiting)
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write_all(self._writing))
        written: T = await waiting.done
        return written

    async def read(self, work: Callable[[Connection], T]) -> T:
        """What ``work`` returns, which only reads: it sees one state of the data and waits for no writer.

        It may run in another thread, as for ``write``. Raises ``StorageUnavailable``.
        """
        if self._reading is None:
            async with self._database.reading() as session:
                return await session.run_sync(partial(_on_connection, work))
        async with self._database.looking():
            found: list[T] = await self._run(self._reading, [work])
        return found[0]

    async def _run(self, connections: "_Connections", together: Sequence[Callable[[Connection], Any]]) -> list[Any]:
        if self._in_place:
            with suppress(_LockedError):
                return connections.run(together, patient=False)
        return await asyncio.to_thread(connections.run, together)

    async def _write_all(self, connections: "_Connections") -> None:
        while self._waiting:
            together: list[_Waiting] = []
            try:
                async with self._database.turn():
                    # Now, not before: whatever came while others had their turn goes along.
                    together += self._next()
                    written = await self._run(connections, [each.work for each in together])
            except StorageError as error:
                _fail(together or self._next(), error)
            except Exception as error:  # noqa: BLE001 - it is told to whoever waits for it
                await self._one_by_one(connections, together, error)
            except BaseException:
                _cancel([*together, *self._waiting])
                raise
            else:
                _tell(together, written)
                # Whoever heard of it and has more to write has it written with what waits already.
                await asyncio.sleep(0)

    def _next(self) -> list[_Waiting]:
        """The next that somebody still waits for."""
        found: list[_Waiting] = []
        while self._waiting and len(found) < TOGETHER:
            each = self._waiting.popleft()
            if not each.done.done():
                found.append(each)
        return found

    async def _one_by_one(self, connections: "_Connections", together: Sequence[_Waiting], error: Exception) -> None:
        """Some of these failed, and nothing was written: whichever it is, it must not stop the others."""
        if len(together) == 1:
            _fail(together, error)
            return
        for each in together:
            try:
                async with self._database.turn():
                    written = await self._run(connections, [each.work])
            except StorageError as outage:
                _fail(together, outage)
                return
            except Exception as alone:  # noqa: BLE001 - it is told to whoever waits for it
                _fail([each], alone)
            except BaseException:
                _cancel([*together, *self._waiting])
                raise
            else:
                _tell([each], written)

    def _leave(self, _: Engine) -> None:
        for connections in (self._writing, self._reading):
            if connections is not None:
                connections.leave()


class _Connections:
    """Connections that stay open. Each serves one transaction after the other, in whatever thread.

    SQLAlchemy's own pool would make something new of a connection each time, which takes as long as what is written.
    """

    def __init__(self, engine: Engine, number: int) -> None:
        self.engine = engine
        self._free: SimpleQueue[Connection | None] = SimpleQueue()
        self._lives = 0
        for _ in range(number):
            self._free.put(None)

    def run(self, together: Sequence[Callable[[Connection], Any]], *, patient: bool = True) -> list[Any]:
        """What each of these returns, in one transaction, once there is a connection. Raises ``SQLAlchemyError``.

        Unless ``patient``, it waits for nobody else: raises ``_LockedError``, and nothing was done.
        """
        life, connection = self._lives, self._next(patient)
        failed = False
        try:
            if connection is None:
                connection = self.engine.connect()
            connection.info[_PATIENT] = patient
            with connection.begin():
                return [work(connection) for work in together]
        except DBAPIError:
            failed = True
            raise
        except sqlite3.Error as error:
            failed = True
            # Of a statement that went to the driver as it is.
            raise DBAPIError.instance(None, None, error, sqlite3.Error, hide_parameters=True) from None
        finally:
            # What failed once on this connection may be mended on the next.
            self._give_back(connection, keep=not failed and life == self._lives)

    def leave(self) -> None:
        """Close all: those that are at work, when that is done."""
        self._lives += 1
        with suppress(Empty):
            for _ in range(self._free.qsize()):
                self._give_back(self._free.get_nowait(), keep=False)

    def _next(self, patient: bool) -> Connection | None:
        """None stands for one that is not open."""
        try:
            return self._free.get(patient, _FREE_SECONDS)
        except Empty:
            raise PoolTimeout("all connections are in use") if patient else _LockedError from None

    def _give_back(self, connection: Connection | None, *, keep: bool) -> None:
        kept = connection if keep else None
        try:
            if connection is not None and not keep:
                connection.close()
        finally:
            self._free.put(kept)


def _tell(together: Sequence[_Waiting], written: Sequence[Any]) -> None:
    for each, result in zip(together, written, strict=True):
        if not each.done.done():
            each.done.set_result(result)


def _fail(together: Collection[_Waiting], error: Exception) -> None:
    for each in together:
        if not each.done.done():
            each.done.set_exception(error)


def _cancel(together: Collection[_Waiting]) -> None:
    for each in together:
        each.done.cancel()


def _on_connection(work: Callable[[Connection], T], session: Session) -> T:
    return work(session.connection())


def _engine(url: URL, begin: Callable[[Connection], None], *, busy: float = BUSY_SECONDS) -> Engine:
    """An engine that keeps no connections. ``busy``: seconds that SQLite itself waits for what another one holds."""
    engine = create_engine(
        url.set(drivername="sqlite"),
        poolclass=NullPool,
        connect_args={"check_same_thread": False},
        hide_parameters=True,
    )
    event.listen(engine, "connect", partial(_prepare, busy))
    event.listen(engine, "begin", begin)
    return engine


def _prepare(busy: float, connection: Any, _: Any) -> None:
    # The driver's own transaction handling begins late: it is done in _begin.
    connection.isolation_level = None
    for pragma in ("synchronous=FULL", "foreign_keys=ON", f"busy_timeout={round(busy * 1000)}"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_writing(connection: Connection) -> None:
    until = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            _driver(connection).execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            if not _is_busy(error) or time.monotonic() >= until:
                raise
            if not connection.info[_PATIENT]:
                raise _LockedError from None
            time.sleep(_AGAIN_SECONDS)
        else:
            return


def _is_busy(error: sqlite3.OperationalError) -> bool:
    """Whether another connection is writing."""
    return getattr(error, "sqlite_errorcode", sqlite3.SQLITE_OK) & 0xFF == sqlite3.SQLITE_BUSY


def _begin_reading(connection: Connection) -> None:
    _driver(connection).execute("BEGIN")


def _driver(connection: Connection) -> Any:
    """SQLite's own driver: SQLAlchemy takes longer for such a statement than the database."""
    return connection.connection.driver_connection
