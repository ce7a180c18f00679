"""Time as the upstream layer sees it, so that tests can hold it in their hands."""

import asyncio
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Wall time for what a PMS says, monotonic time for what we measure."""

    def now(self) -> datetime:
        """The present, as aware UTC."""
        ...

    def monotonic(self) -> float:
        """The running event loop's time in seconds. It never goes back."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait ``seconds`` seconds; other tasks run."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return asyncio.get_running_loop().time()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
