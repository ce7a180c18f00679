"""An event loop whose time jumps to the next timer when nothing is ready: hours pass in milliseconds.

``in_virtual_time`` turns an async test into a plain one that runs in such a loop; ``run_virtually`` runs a coroutine;
``VirtualClock`` is the upstream layer's clock on it. A test that waits for what can never happen fails at once.
"""

import asyncio
import functools
import selectors
from collections.abc import Awaitable, Callable, Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

START = datetime(2026, 3, 14, 9, 20, 0, tzinfo=UTC)
"""The wall time at which virtual time begins unless a test says otherwise: 40 minutes before a full hour."""

REAL_PATIENCE = 2.0
"""Real seconds to wait for another thread (a DNS look-up, for instance) when no timer is set."""


class StuckError(RuntimeError):
    """Nothing is ready and no timer is set: the test would hang."""


class _JumpingSelector(selectors.DefaultSelector):
    loop: "VirtualTimeLoop"

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        events: list[tuple[selectors.SelectorKey, int]] = super().select(0)
        if events or timeout == 0:
            return events
        if timeout is None:
            events = super().select(REAL_PATIENCE)
            if not events:
                raise StuckError("nothing is ready and no timer is set")
            return events
        self.loop.jump(timeout)
        return events


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """Its time is the sum of the waits that it has skipped."""

    def __init__(self) -> None:
        selector = _JumpingSelector()
        selector.loop = self
        self._elapsed = 0.0
        super().__init__(selector)
        # asyncio's nanosecond is lost in a time of years: a timer that is due would never be taken for it.
        self._clock_resolution = 1e-6

    def time(self) -> float:
        return self._elapsed

    def jump(self, seconds: float) -> None:
        # The least step keeps a timer from being missed for ever by a rounding error.
        self._elapsed += max(seconds, 1e-9)


class VirtualClock:
    """Wall and monotonic time of the running virtual loop."""

    def __init__(self, start: datetime = START) -> None:
        self.start = start

    def now(self) -> datetime:
        return self.start + timedelta(seconds=self.monotonic())

    def monotonic(self) -> float:
        return asyncio.get_running_loop().time()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


def run_virtually(main: Coroutine[Any, Any, T]) -> T:
    """Run ``main`` to its end in virtual time."""
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        return runner.run(main)


def in_virtual_time(test: Callable[P, Awaitable[T]]) -> Callable[P, T]:
    """A plain function that runs the async function ``test`` in virtual time; arguments and fixtures stay."""

    @functools.wraps(test)
    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        async def main() -> T:
            return await test(*args, **kwargs)

        return run_virtually(main())

    return run
