"""An owner of listings and an importer."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.acme_world import Estate, acme_world
from tests.gateway_world import World
from tests.listing_choices import OTHER, Tenant, connect, tenant


@pytest.fixture
async def running(tmp_path: Path, estates: dict[str, Estate]) -> AsyncIterator[World]:
    async with acme_world(tmp_path, estates, []) as world:
        estates["1"].now = estates["2"].now = world.clock.now
        yield world


@pytest.fixture
async def owner(running: World) -> Tenant:
    return await tenant(running)


@pytest.fixture
async def importer(running: World) -> Tenant:
    return await tenant(running, OTHER)


@pytest.fixture
async def offering(running: World) -> str:
    """The id of the default tenant's account whose listings may be imported."""
    return await connect(running, "1", allow_import=True)
