"""The plugin of a case, and what its simulator holds."""

import pytest

from providers.contract import Plugin
from tests.conformance.known import Known, known_of


@pytest.fixture
def plugin() -> Plugin:
    """Replaced in every case by ``with_capabilities``."""
    raise LookupError("mark the case with_capabilities")


@pytest.fixture
def known(plugin: Plugin) -> Known:
    return known_of(plugin.manifest.code)
