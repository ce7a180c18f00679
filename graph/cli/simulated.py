"""Simulated PMSs: started from their plugins, and how to point the gateway at them."""

import shlex
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from graph.cli.failures import CommandError, ExitCode
from graph.cli.servers import Site
from graph.settings import limit_profile_names
from providers.contract import Plugin, SimulatorOptions
from providers.manifest import AuthType

DOCUMENTED = "documented"
"""The limit profile that stands for the manifest's default one, whatever its name."""


@dataclass(frozen=True, slots=True)
class SimulatedPms:
    """A simulator on its socket. ``credentials`` are those of its accounts, in order; they are worth nothing."""

    plugin: Plugin
    site: Site
    credentials: Sequence[tuple[AuthType, dict[str, Any]]]
    limits: str


def simulate(
    plugin: Plugin,
    listener: socket.socket,
    *,
    seed: int,
    accounts: int,
    listings: int,
    limits: str,
    latency: float,
) -> SimulatedPms:
    """A simulator with seeded data, ready to be served. Raises ``CommandError`` for an unknown limit profile."""
    profile = plugin.manifest.default_limits if limits == DOCUMENTED else limits
    if profile not in limit_profile_names(plugin):
        names = ", ".join([DOCUMENTED, *limit_profile_names(plugin)])
        raise CommandError(
            f"{plugin.manifest.name} has no limit profile {limits!r}. Choose one of {names}.", ExitCode.USAGE
        )
    options = SimulatorOptions(seed=seed, accounts=accounts, listings=listings, limits=profile, latency=latency)
    try:
        simulation = plugin.simulator(options)
    except ValueError as error:
        raise CommandError(f"{plugin.manifest.name} cannot be simulated so: {error}", ExitCode.USAGE) from None
    return SimulatedPms(plugin, Site(simulation.app, listener, {"lifespan": "auto"}), simulation.credentials(), profile)


def connect_command(pms: SimulatedPms, index: int) -> str:
    """The shell command that connects the gateway to one simulated account."""
    auth_type, config = pms.credentials[index]
    parts = ["staygraph", "accounts", "add", pms.plugin.manifest.code.lower()]
    parts += ["--name", f"{pms.plugin.manifest.name} sandbox {index + 1}", "--auth-type", auth_type.value]
    for key, value in config.items():
        if value is not None:
            parts += ["--config", f"{key}={value}"]
    return shlex.join(parts)
