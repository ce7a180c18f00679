"""Lets go of what need not be remembered any more: old creates, and claims and turns whose time is over."""

import asyncio
from datetime import timedelta

import structlog

from graph.changes.claims import NightClaims
from graph.changes.ledger import Ledger
from graph.changes.record_turns import RecordTurns

log = structlog.get_logger(__name__)

_HOUR = 3600.0


class Forgetting:
    """Looks every hour. Creates are remembered for ``days``."""

    def __init__(self, ledger: Ledger, claims: NightClaims, turns: RecordTurns, days: int) -> None:
        self._ledger = ledger
        self._claims = claims
        self._turns = turns
        self._age = timedelta(days=days)
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Look every hour, until ``aclose``."""
        self._task = asyncio.create_task(self._run())

    async def aclose(self) -> None:
        """Stop."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def clear(self) -> None:
        """Forget what is too old now."""
        await self._ledger.clear(self._age)
        await self._claims.clear()
        await self._turns.clear()

    async def _run(self) -> None:
        while True:
            try:
                await self.clear()
            except Exception as error:  # noqa: BLE001 - a database that is away must not end this: the next time may work
                log.warning("old creates could not be forgotten", error=type(error).__name__)
            await asyncio.sleep(_HOUR)
