"""Hostaway as documented, for demos, tests and the conformance suite. Built from the documentation alone."""

from providers.hostaway.simulator.readings import HostawayReadings
from providers.hostaway.simulator.simulation import HostawaySimulation, simulator

__all__ = ["HostawayReadings", "HostawaySimulation", "simulator"]
