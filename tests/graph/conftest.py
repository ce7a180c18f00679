"""A gateway over small simulated PMSs."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.gateway_world import World, world


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[World]:
    """Two Hostaway accounts and one BookingSync account with six listings each, without limits."""
    async with world(tmp_path) as running:
        yield running
