"""Work that must come to its end although whoever asked for it has left: a refresh token may be spent by then."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

import structlog

from graph.logs import place_of
from graph.rejections import Rejected, RejectionCode, rejected
from providers.upstream.caller import current_caller
from providers.upstream.clock import Clock

log = structlog.get_logger(__name__)
T = TypeVar("T")

GRACE_SECONDS = 1.0
"""Seconds after the deadline in which work that failed at it may say why."""


class Underway:
    """Runs work in tasks of its own, which outlive the request and are waited for when StayGraph stops."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._tasks: set[asyncio.Task[Any]] = set()

    async def run(self, work: Coroutine[Any, Any, T], *, late: Rejected | None = None) -> T:
        """The outcome of ``work``, whose calls have the caller's deadline.

        Raises ``late``, or ``Rejected`` with ``UNAVAILABLE``, shortly after the deadline; the work goes on.
        """
        left = current_caller().deadline - self._clock.monotonic()
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        # Neither the deadline nor a caller that is cancelled ends the task.
        done, _ = await asyncio.wait({task}, timeout=max(0.0, left) + GRACE_SECONDS)
        if not done:
            if late is not None:
                raise late
            message = "The PMS has not answered yet. It goes on in the background: look at the accounts in a minute."
            raise rejected("", RejectionCode.UNAVAILABLE, message)
        return task.result()

    def _ended(self, task: "asyncio.Task[Any]") -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) and not isinstance(error, Rejected):
            log.warning("work on an account failed", error=type(error).__name__, place=place_of(error))

    async def aclose(self) -> None:
        """Wait until all work has ended: its calls have deadlines, and a token call one of its own."""
        while self._tasks:
            await asyncio.wait(set(self._tasks))
