"""A gateway over an invented PMS on a database of either kind, and ways to take the database away from it."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, event

from graph.storage.database import PATIENCE_SECONDS, Database
from tests.acme_world import Estate, acme_world, catalogued
from tests.gateway_world import World
from tests.postgres import Server

HASTY = 0.05
"""Seconds that writers wait who are to wait in vain."""

LOCKING = ("BEGIN IMMEDIATE", "SELECT pg_advisory_xact_lock")
"""How the statements begin that ask for the lock of all writers."""


@dataclass
class Away:
    """``begin`` takes the database away, ``end`` gives it back."""

    begin: Callable[[], object]
    end: Callable[[], object]


@pytest.fixture
def away(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Away]:
    """SQLite: the file is moved elsewhere. PostgreSQL: the server is stopped."""
    if kind == "sqlite":
        file, elsewhere = tmp_path / "data" / "staygraph.db", tmp_path / "elsewhere.db"
        yield Away(lambda: file.rename(elsewhere), lambda: elsewhere.rename(file))
        return
    server: Server = request.getfixturevalue("postgres")
    if not server.ours:
        pytest.skip("this server is not ours to stop")
    stopped = False

    def begin() -> None:
        nonlocal stopped
        server.stop()
        stopped = True

    def end() -> None:
        nonlocal stopped
        server.start()
        stopped = False

    yield Away(begin, end)
    if stopped:
        server.start()


@pytest.fixture
def estates(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Estate]]:
    with catalogued(monkeypatch) as made:
        yield made


@pytest.fixture
async def acme(tmp_path: Path, estates: dict[str, Estate], database_url: str) -> AsyncIterator[World]:
    """A gateway with one account, on a database of either kind."""
    async with acme_world(tmp_path / "gateway", estates, ["1"], database_url=database_url) as running:
        yield running


@contextmanager
def hasty(database: Database) -> Iterator[None]:
    """In the block writers wait only ``HASTY`` for those of other processes: who has the lock then, keeps it."""
    seconds = HASTY

    def shorten(connection: Connection, cursor: Any, statement: str, *_: object) -> None:
        if statement.startswith(LOCKING):
            sqlite = connection.dialect.name == "sqlite"
            setting = "PRAGMA busy_timeout" if sqlite else "SET LOCAL lock_timeout"
            cursor.execute(f"{setting}={round(seconds * 1000)}")

    # It stays: connections of SQLite's keep what they were told last.
    event.listen(database.engine.sync_engine, "before_cursor_execute", shorten)
    yield
    seconds = PATIENCE_SECONDS
