"""Invented PMSs that take changes, behind the real gateway."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.gateway_world import World
from tests.graph.changes.inn_world import Inn, inn_world, inns
from tests.graph.changes.writable import WritableEstate, writable, writable_world


@pytest.fixture
def inn(monkeypatch: pytest.MonkeyPatch) -> Iterator[Inn]:
    """An account whose PMS takes reservations."""
    with inns(monkeypatch) as made:
        yield made["1"]


@pytest.fixture
async def running(tmp_path: Path, inn: Inn) -> AsyncIterator[World]:
    """A gateway with the inn connected."""
    async with inn_world(tmp_path, inn) as running:
        yield running


@pytest.fixture
def estates(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, WritableEstate]]:
    """Estates 1 and 2 of a PMS that takes changes of listings, 3 of one that takes none."""
    with writable(monkeypatch) as made:
        yield made


@pytest.fixture
def estate(estates: dict[str, WritableEstate]) -> WritableEstate:
    """The estate behind account 1."""
    return estates["1"]


@pytest.fixture
async def acme(tmp_path: Path, estates: dict[str, WritableEstate]) -> AsyncIterator[World]:
    """A gateway with estates 1 and 3 connected."""
    async with writable_world(tmp_path, estates, ["1", "3"]) as running:
        yield running
