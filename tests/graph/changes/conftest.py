"""An invented PMS that takes reservations, behind the real gateway."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.gateway_world import World
from tests.graph.changes.inn_world import Inn, inn_world, inns


@pytest.fixture
def inn(monkeypatch: pytest.MonkeyPatch) -> Iterator[Inn]:
    with inns(monkeypatch) as made:
        yield made["1"]


@pytest.fixture
async def running(tmp_path: Path, inn: Inn) -> AsyncIterator[World]:
    """A gateway with the inn connected."""
    async with inn_world(tmp_path, inn) as running:
        yield running
