"""Sockets that did not say yet with which key they come: bounded in time and in number."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

MOST = 1000
"""Sockets of a process that may wait at a time. A client that means well waits for some milliseconds."""


class Lobby:
    """Where they wait. When there are ``most``, the one that waits longest makes room for the next.

    So whoever opens sockets and says nothing drives out their own, and keeps nobody else away.
    """

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._waiting: dict[asyncio.Timeout, None] = {}

    @property
    def count(self) -> int:
        """How many wait."""
        return len(self._waiting)

    @asynccontextmanager
    async def wait(self, seconds: float) -> AsyncIterator[None]:
        """Within the block one more waits. Raises ``TimeoutError`` after so long, or when it has to make room."""
        async with asyncio.timeout(seconds) as patience:
            if len(self._waiting) >= self._most:
                self._make_room()
            self._waiting[patience] = None
            try:
                yield
            finally:
                self._waiting.pop(patience, None)

    def _make_room(self) -> None:
        longest = next(iter(self._waiting))
        del self._waiting[longest]
        if not longest.expired():
            longest.reschedule(asyncio.get_running_loop().time())
