"""A simulator of BookingSync's API v3, built from its documentation alone."""

from providers.bookingsync.simulator.readings import (
    BookingsyncReadings,
    CountedBy,
    ErrorStyle,
    IncludeStyle,
    MapStart,
    OldRefreshToken,
    SuspendedStyle,
    UnknownStyle,
)
from providers.bookingsync.simulator.simulation import BookingsyncSimulation, simulator

__all__ = [
    "BookingsyncReadings",
    "BookingsyncSimulation",
    "CountedBy",
    "ErrorStyle",
    "IncludeStyle",
    "MapStart",
    "OldRefreshToken",
    "SuspendedStyle",
    "UnknownStyle",
    "simulator",
]
