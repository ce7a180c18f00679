"""Which plugins a case runs for, and the connection to their simulators, which ships with the code."""

import pytest

from providers.capabilities import Capability
from providers.catalogue import plugins
from providers.contract import capabilities
from providers.quality.connection import (
    ACCOUNT,
    HOUSES,
    OFF,
    Connection,
    CountingTokens,
    Walked,
    all_listings,
    all_reservations,
    by_id,
    config_model,
    connected,
    failures,
    ids_of,
    on_upstream,
    patience,
    secret_fields,
    walk,
)

__all__ = [
    "ACCOUNT",
    "HOUSES",
    "OFF",
    "Connection",
    "CountingTokens",
    "Walked",
    "all_listings",
    "all_reservations",
    "by_id",
    "config_model",
    "connected",
    "every_plugin",
    "failures",
    "ids_of",
    "on_upstream",
    "patience",
    "secret_fields",
    "walk",
    "with_capabilities",
]


def with_capabilities(*needed: Capability) -> pytest.MarkDecorator:
    """Runs a case once for each plugin that can do all of it."""
    chosen = [plugin for plugin in plugins().values() if capabilities(plugin.client_class) >= set(needed)]
    return pytest.mark.parametrize("plugin", chosen, ids=lambda plugin: str(plugin.manifest.code))


every_plugin = with_capabilities()
