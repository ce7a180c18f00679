"""A gateway over small simulated PMSs, and databases of both kinds."""

import os
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from graph.storage.database import Database
from tests.gateway_world import World, world
from tests.postgres import Server, missing

KINDS = ("sqlite", "postgresql")


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[World]:
    """Two Hostaway accounts and one BookingSync account with six listings each, without limits."""
    async with world(tmp_path) as running:
        yield running


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """A PostgreSQL server, started when a test first needs it. Where CI lacks it the test fails; elsewhere it is
    skipped.
    """
    reason = missing()
    if reason and os.environ.get("CI"):
        pytest.fail(reason)
    if reason:
        pytest.skip(reason)
    server = Server()
    yield server
    server.close()


@pytest.fixture(scope="session")
def migrated_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where a SQLite file with all tables is once it was needed, to be copied: quicker than migrating each."""
    return tmp_path_factory.mktemp("migrated")


@pytest.fixture
async def postgres_url(postgres: Server) -> AsyncIterator[str]:
    """A PostgreSQL database of the test's own, with all tables."""
    async with postgres.migrated() as url:
        yield url


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    """Which kind of database: the test runs on each."""
    return str(request.param)


@pytest.fixture
async def empty_url(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[str]:
    """A database of the test's own that nobody has migrated yet."""
    if kind == "sqlite":
        yield sqlite_url(tmp_path)
        return
    server: Any = request.getfixturevalue("postgres")
    async with server.empty() as url:
        yield url


@pytest.fixture
async def database_url(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[str]:
    """A database of the test's own, with all tables."""
    if kind == "sqlite":
        await _copied(request.getfixturevalue("migrated_folder"), tmp_path)
        yield sqlite_url(tmp_path)
        return
    server: Any = request.getfixturevalue("postgres")
    async with server.migrated() as url:
        yield url


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """The database of ``database_url``, open."""
    database = Database(database_url)
    yield database
    await database.aclose()


def sqlite_url(folder: Path) -> str:
    """A SQLite file in a data folder."""
    return f"sqlite+aiosqlite:///{folder / 'data' / 'staygraph.db'}"


async def _copied(folder: Path, to: Path) -> None:
    if not (folder / "data").exists():
        database = Database(sqlite_url(folder))
        await database.migrate()
        await database.aclose()
    shutil.copytree(folder / "data", to / "data")
