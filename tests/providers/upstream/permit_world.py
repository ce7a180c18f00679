"""Permits in virtual time."""

import asyncio

from providers.upstream.permits import MemoryPermits, Permits
from tests.providers.upstream.doubles import window
from tests.virtual_time import VirtualClock

A, B, C = window("a", 2, 10), window("b", 3, 7), window("c", 1, 3)


def create(max_waiting: int = 2000) -> Permits:
    return MemoryPermits(VirtualClock(), max_waiting=max_waiting)


def now() -> float:
    return asyncio.get_running_loop().time()
