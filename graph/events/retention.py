"""Letting go of received webhooks, and of what else is kept for days, when they are old."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta

import structlog
from sqlalchemy import delete, select

from graph.storage.database import Database
from graph.storage.tables import WebhookDeliveryRow
from providers.upstream.clock import Clock

log = structlog.get_logger(__name__)

_DELETED_AT_ONCE = 500
_HOUR = 3600.0


class Retention:
    """Lets go of deliveries that are older than ``days``, and has ``others`` let go of what they keep."""

    def __init__(
        self, database: Database, clock: Clock, days: int, others: Sequence[Callable[[], Awaitable[int]]] = ()
    ) -> None:
        self._others = list(others)
        self._database = database
        self._clock = clock
        self._age = timedelta(days=days)
        self._task: asyncio.Task[None] | None = None

    def also(self, clear: Callable[[], Awaitable[int]]) -> None:
        """Have ``clear`` called from now on as well."""
        self._others.append(clear)

    def start(self) -> None:
        """Look every hour, until ``aclose``."""
        self._task = asyncio.create_task(self._run())

    async def aclose(self) -> None:
        """Stop."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def clear(self) -> int:
        """Delete what is too old, of all tenants, a part at a time so that nobody waits long. How many that were."""
        gone = 0
        while found := await self._clear_some(self._clock.now() - self._age):
            gone += found
        return gone

    async def _clear_some(self, before: datetime) -> int:
        old = select(WebhookDeliveryRow.id).where(WebhookDeliveryRow.received_at < before).limit(_DELETED_AT_ONCE)
        async with self._database.session() as session:
            ids = list(await session.scalars(old))
            if ids:
                await session.execute(delete(WebhookDeliveryRow).where(WebhookDeliveryRow.id.in_(ids)))
        return len(ids)

    async def _run(self) -> None:
        while True:
            try:
                await self.clear()
                for clear in self._others:
                    await clear()
            except Exception as error:  # noqa: BLE001 - a database that is away must not end this: the next time may work
                log.warning("old webhooks and events could not be deleted", error=type(error).__name__)
            await asyncio.sleep(_HOUR)
