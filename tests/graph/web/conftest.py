"""What tests of the web share."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.graph.web.consent_world import ConsentWorld, consent_world


@pytest.fixture
async def pms(tmp_path: Path) -> AsyncIterator[ConsentWorld]:
    async with consent_world(tmp_path) as running:
        yield running
