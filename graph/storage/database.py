"""The way to the database: transactions, bringing the tables up to date, and what happens while it is away."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from alembic.util import CommandError
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker

from graph.storage.failures import Outage, Outages, StorageError, StorageUnavailable, first_line
from graph.storage.postgresql import Postgresql
from graph.storage.sqlite import Sqlite

if TYPE_CHECKING:
    from graph.storage.small_reads import SmallReads

PATIENCE_SECONDS = 5.0
"""How long a writer waits for another one, in this process or another."""

_FAILURES = (DBAPIError, PoolTimeout, OSError)
_TOOK_TOO_LONG = Outage("other writers of this process held it too long", writes_only=True)


class _TurnTimeout(TimeoutError):
    """The turn of a writer did not come."""


class Engine(Protocol):
    """What differs between the kinds of database."""

    @property
    def shown(self) -> str:
        """What to call it before the operator: no password."""
        ...

    @property
    def file(self) -> Path | None:
        """The file that it is in, on this machine."""
        ...

    @property
    def engine(self) -> AsyncEngine: ...

    @property
    def reading(self) -> AsyncEngine:
        """The engine with transactions that see one state of the data."""
        ...

    @property
    def writing(self) -> AsyncEngine:
        """The engine with transactions that hold the lock of all writers."""
        ...

    def make(self) -> None:
        """Make what must be there before a connection. Raises ``StorageError``."""
        ...

    async def check(self) -> None:
        """Raises ``OSError`` where connections that are open already lead nowhere."""
        ...

    async def migrate(self) -> None:
        """Take the steps that are missing, in turn with other processes."""
        ...

    def outage(self, error: BaseException) -> Outage | None:
        """Why the database, not the statement, is at fault; None if it is not."""
        ...


class Database:
    """A SQLite or PostgreSQL database. ``url`` is a SQLAlchemy URL, ``sqlite…`` or ``postgresql…``.

    ``patience`` is how many seconds a writer waits for another one.
    """

    def __init__(self, url: str, *, patience: float = PATIENCE_SECONDS) -> None:
        parsed = make_url(url)
        kind = Sqlite if parsed.get_backend_name() == "sqlite" else Postgresql
        self._kind: Engine = kind(parsed, patience=patience)
        self._patience = patience
        self._turn = asyncio.Lock()
        self._outages = Outages(self._kind.shown)
        self._reading = async_sessionmaker(self._kind.reading, expire_on_commit=False)
        self._writing = async_sessionmaker(self._kind.writing, expire_on_commit=False)
        self.small_reads: SmallReads | None = None
        """Kept by the function of that name."""

    @property
    def file(self) -> Path | None:
        """The file that it is in; None for a server, and for memory."""
        return self._kind.file

    @property
    def engine(self) -> AsyncEngine:
        """The SQLAlchemy engine beneath."""
        return self._kind.engine

    @asynccontextmanager
    async def session(self) -> AsyncIterator[AsyncSession]:
        """A session in one transaction: committed at the end, rolled back on an error.

        From its start it holds the lock of all writers, of every process, so that what was read in it is still true
        when it writes. Do nothing slow in it: everybody else waits. Raises ``StorageUnavailable``.
        """
        async with self.turn(), self._writing.begin() as session:
            # A transaction begins when its connection is asked for, and with it the lock.
            await session.connection()
            yield session

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncSession]:
        """A session to read in: sees one state of the data throughout, and never waits for a writer.

        Raises ``StorageUnavailable``.
        """
        async with self.looking(), self._reading() as session:
            yield session

    @asynccontextmanager
    async def looking(self) -> AsyncIterator[None]:
        """Read on a connection of one's own. Raises ``StorageUnavailable``."""
        async with self._noticing(writes=False):
            await self._kind.check()
            yield

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Be the one writer of this process, on a connection of one's own. Raises ``StorageUnavailable``."""
        async with self._noticing(writes=True), self._in_turn():
            await self._kind.check()
            yield

    async def migrate(self) -> None:
        """Bring the tables up to date, making the database if there is none. Any number of processes may do so at once.

        PostgreSQL's database itself must be there. Raises ``StorageError``.
        """
        self._kind.make()
        try:
            await self._kind.migrate()
        except CommandError:
            raise StorageError(
                f"The database {self._kind.shown} was written by a newer StayGraph. "
                "Run that version, or restore a backup."
            ) from None
        except _FAILURES as error:
            reason = error.orig if isinstance(error, DBAPIError) else error
            raise StorageError(f"The database {self._kind.shown} cannot be used: {first_line(reason)}.") from None

    @asynccontextmanager
    async def _noticing(self, *, writes: bool) -> AsyncIterator[None]:
        """Turns failures of the database itself into ``StorageUnavailable``, and logs their beginning and end."""
        try:
            yield
        except _FAILURES as error:
            outage = _TOOK_TOO_LONG if isinstance(error, _TurnTimeout) else self._kind.outage(error)
            if outage is None:
                raise
            self._outages.note(outage)
            # The driver's words may hold what no answer should: the log has what an operator needs.
            raise StorageUnavailable from None
        self._outages.worked(written=writes)

    @asynccontextmanager
    async def _in_turn(self) -> AsyncIterator[None]:
        """Writers of this process queue here, in order, rather than each with a connection at the database."""
        try:
            async with asyncio.timeout(self._patience):
                await self._turn.acquire()
        except TimeoutError:
            raise _TurnTimeout from None
        try:
            yield
        finally:
            self._turn.release()

    async def aclose(self) -> None:
        """Close all connections."""
        await self.engine.dispose()
