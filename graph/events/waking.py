"""Waiting until the log has more: this process's events are told at once, those of others are looked for."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

import structlog

log = structlog.get_logger(__name__)

SHORTEST = 0.2
LONGEST = 1.0
"""Seconds between two looks at the database; more while nothing happens."""

_SLOWER = 1.5

Look = Callable[[int], Awaitable[Mapping[str, int]]]
"""The newest cursor of each tenant that has events behind a cursor."""


class Waking:
    """Wakes those who wait for events of a tenant. It looks at the database only while somebody waits."""

    def __init__(self, look: Look) -> None:
        self._look = look
        self._seen = 0
        self._newest: dict[str, int] = {}
        self._waiting: dict[str, set[asyncio.Event]] = {}
        self._watch: asyncio.Task[None] | None = None

    async def wait(self, tenant_id: str, cursor: int, seconds: float | None = None) -> bool:
        """Wait until the tenant has an event behind ``cursor``; False if none came within ``seconds``."""
        if self._newest.get(tenant_id, 0) > cursor:
            return True
        woken = asyncio.Event()
        self._waiting.setdefault(tenant_id, set()).add(woken)
        self._seen = min(self._seen, cursor)
        if self._watch is None or self._watch.done():
            self._watch = asyncio.create_task(self._run())
        try:
            async with asyncio.timeout(seconds):
                while self._newest.get(tenant_id, 0) <= cursor:
                    await woken.wait()
                    woken.clear()
        except TimeoutError:
            return False
        finally:
            waiting = self._waiting[tenant_id]
            waiting.discard(woken)
            if not waiting:
                del self._waiting[tenant_id]
        return True

    def wake(self, newest: Mapping[str, int]) -> None:
        """These tenants have events up to these cursors."""
        for tenant_id, cursor in newest.items():
            if cursor > self._newest.get(tenant_id, 0):
                self._newest[tenant_id] = cursor
                for woken in self._waiting.get(tenant_id, ()):
                    woken.set()

    async def aclose(self) -> None:
        """Stop looking."""
        if self._watch is not None:
            self._watch.cancel()
            await asyncio.gather(self._watch, return_exceptions=True)

    async def _run(self) -> None:
        pause = SHORTEST
        while self._waiting:
            since = self._seen
            newest = await self._looked(since)
            # What this process wrote it was told of: that is no reason to look again soon.
            news = any(cursor > self._newest.get(tenant_id, 0) for tenant_id, cursor in newest.items())
            self.wake(newest)
            # Somebody may have begun to wait meanwhile for what lies further back.
            if newest and self._seen == since:
                self._seen = max(newest.values())
            pause = SHORTEST if news else min(LONGEST, pause * _SLOWER)
            await asyncio.sleep(pause)

    async def _looked(self, since: int) -> Mapping[str, int]:
        try:
            return await self._look(since)
        except Exception as error:  # noqa: BLE001 - a database that is away must not end this: the next time may work
            log.warning("the event log could not be looked at", error=type(error).__name__)
            return {}
