"""A gateway over an invented PMS on a database of either kind, and ways to take the database away from it."""

from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import graph.services
from graph.storage.database import Database
from tests.acme_world import Estate, acme_world, catalogued
from tests.gateway_world import World
from tests.postgres import Server

HASTY = 1.5
"""Seconds that a gateway of these tests waits for other writers."""


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
async def acme(
    tmp_path: Path, estates: dict[str, Estate], database_url: str, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[World]:
    """A gateway with one account, on a database of either kind, that does not wait long for other writers."""
    hasty: Any = partial(Database, patience=HASTY)
    monkeypatch.setattr(graph.services, "Database", hasty)
    async with acme_world(tmp_path / "gateway", estates, ["1"], database_url=database_url) as running:
        yield running
