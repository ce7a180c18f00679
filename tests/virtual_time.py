"""Virtual time, which simulators' own checks use as well, by its name in the tests."""

from providers.simulation.virtual_time import START, StuckError, VirtualClock, in_virtual_time, run_virtually

__all__ = ["START", "StuckError", "VirtualClock", "in_virtual_time", "run_virtually"]
