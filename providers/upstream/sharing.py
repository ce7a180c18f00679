"""Identical safe calls in flight are one call, whose answer all who asked receive."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from copy import copy
from json import dumps

from providers.errors import ProviderError, RateLimited, UpstreamTimeout, UpstreamUnavailable
from providers.upstream.caller import Caller, Priority
from providers.upstream.calls import Answer, Call
from providers.upstream.clock import Clock

Work = Callable[["Flight"], Awaitable[Answer]]
SPENT = "The time allowed for this call was over before it could be sent."
GIVEN_UP = "The call was given up because its account was removed or StayGraph stops."

LAST_WORD = 0.01
"""Seconds that a caller stays past its deadline: the call fails at that moment, too, and knows better why."""


class Flight:
    """A call under way for one or more callers.

    ``caller`` stands for all of them: it has the latest of their deadlines and the highest of their priorities.
    ``queued`` tells, while the call is in line for a permit, in how many seconds the next one can be given.
    ``was_sent`` is True once an attempt was sent.
    """

    def __init__(self, caller: Caller) -> None:
        self.caller = Caller(caller.key, caller.deadline, caller.priority)
        self.queued: Callable[[], float] | None = None
        self.was_sent = False
        self.waiters = 0
        self.task: asyncio.Task[Answer] | None = None


def sharing_key(call: Call) -> Hashable:
    """Equal for calls that are the same to the PMS."""
    body = None if call.json is None else dumps(call.json, default=repr, sort_keys=True)
    form = None if call.form is None else tuple(call.form)
    headers = tuple(sorted(call.headers.items()))
    return call.method, call.path, tuple(call.query), body, form, headers, call.authorized, call.charge


class Flights:
    """The calls of one account that are under way."""

    def __init__(self, clock: Clock, promote: Callable[[Caller], None]) -> None:
        self._clock = clock
        self._promote = promote
        self._shared: dict[Hashable, Flight] = {}
        self._tasks: set[asyncio.Task[Answer]] = set()
        self._closed = False

    @property
    def closed(self) -> bool:
        """Whether calls are given up: the account is gone, or StayGraph stops."""
        return self._closed

    async def join(self, call: Call, caller: Caller, work: Work) -> Answer:
        """The answer to ``call``, by ``work`` or by a flight that does the same work already.

        A caller that is cancelled, or whose deadline passes, leaves; the others stay. When the last one leaves, the
        work is cancelled. Calls that are not safe have a flight each; when one ends, what is under way may be from
        before it, and is joined by nobody any more.
        """
        if self._closed:
            raise UpstreamUnavailable(GIVEN_UP)
        if caller.deadline <= self._clock.monotonic():
            raise UpstreamTimeout(SPENT)
        key = sharing_key(call) if call.is_safe else None
        flight = self._shared.get(key) if key is not None else None
        if flight is None:
            flight = self._start(key, caller, work)
        else:
            flight.caller.deadline = max(flight.caller.deadline, caller.deadline)
            if caller.priority is Priority.INTERACTIVE and flight.caller.priority is Priority.BACKGROUND:
                self._promote(flight.caller)
        try:
            return await self._wait(flight, key, caller.deadline, call.is_safe)
        finally:
            if not call.is_safe:
                self.part()

    def part(self) -> None:
        """Whoever asks from now on has a call of its own: something was changed. Those who wait are served."""
        self._shared.clear()

    def _start(self, key: Hashable | None, caller: Caller, work: Work) -> Flight:
        flight = Flight(caller)
        task = asyncio.ensure_future(work(flight))
        flight.task = task
        self._tasks.add(task)
        if key is not None:
            self._shared[key] = flight

        def landed(done: asyncio.Task[Answer]) -> None:
            self._tasks.discard(done)
            self._forget(key, flight)
            if not done.cancelled():
                done.exception()  # every waiter may have left: asyncio must not report it as never seen

        task.add_done_callback(landed)
        return flight

    def _forget(self, key: Hashable | None, flight: Flight) -> None:
        if key is not None and self._shared.get(key) is flight:
            del self._shared[key]

    async def _wait(self, flight: Flight, key: Hashable | None, deadline: float, safe: bool) -> Answer:
        task = flight.task
        assert task is not None  # noqa: S101 - set where the flight is made
        flight.waiters += 1
        try:
            await asyncio.wait({task}, timeout=deadline - self._clock.monotonic() + LAST_WORD)
        finally:
            flight.waiters -= 1
            if not flight.waiters and not task.done():
                self._forget(key, flight)  # nobody may join a call that is being cancelled
                task.cancel()
        if not task.done():
            raise self._too_late(flight, safe)
        return _result(task, was_sent=flight.was_sent and not safe)

    @staticmethod
    def _too_late(flight: Flight, safe: bool) -> ProviderError:
        if flight.was_sent and not safe:
            message = "The PMS did not answer in time; whether it did what was asked is not known."
            return UpstreamTimeout(message, was_sent=True)
        if flight.queued is not None:
            return RateLimited(SPENT, retry_after=flight.queued())
        return UpstreamTimeout("The PMS did not answer in time." if flight.was_sent else SPENT)

    async def aclose(self) -> None:
        """Cancel all calls and wait until they are gone."""
        tasks = list(self._tasks)
        self.cancel()
        if tasks:
            await asyncio.wait(tasks)

    def cancel(self) -> None:
        """Cancel all calls and take no more; callers get ``UpstreamUnavailable``."""
        self._closed = True
        for task in list(self._tasks):
            task.cancel()


def _result(task: asyncio.Task[Answer], *, was_sent: bool) -> Answer:
    if task.cancelled():
        raise UpstreamUnavailable(GIVEN_UP, was_sent=was_sent)
    error = task.exception()
    if isinstance(error, ProviderError):
        raise copy(error)  # one exception raised for many would gather the tracebacks of all
    return task.result()
