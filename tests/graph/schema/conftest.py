"""An invented PMS that can do everything, behind the real gateway."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.acme_world import Estate, acme_world, catalogued
from tests.gateway_world import World


@pytest.fixture
def estates(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Estate]]:
    """ACME's estates 1 and 2, and BARE's estate 3."""
    with catalogued(monkeypatch) as made:
        yield made


@pytest.fixture
async def acme(tmp_path: Path, estates: dict[str, Estate]) -> AsyncIterator[World]:
    """A gateway with ACME's estate 1 connected."""
    async with acme_world(tmp_path, estates, ["1"]) as running:
        yield running


@pytest.fixture
def estate(estates: dict[str, Estate]) -> Estate:
    """The estate behind ``acme``."""
    return estates["1"]
