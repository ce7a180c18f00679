"""Permits: the right to send one call, taken from every window that counts it, at one moment and in fair order.

Order of service. Calls of one account that need the same windows stand in one lane. In a lane, callers take turns; the
calls of one caller go in order. Lanes that share a window take turns. Interactive callers go before background callers,
but while background callers wait for a window, every fifth permit of that window is theirs.
"""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from heapq import heapify, heappop, heappush
from itertools import count
from math import ceil, inf
from typing import Protocol

from providers.errors import RateLimited
from providers.manifest import LimitScope
from providers.upstream.accounts import WindowUsage
from providers.upstream.caller import Caller, Priority
from providers.upstream.calls import Quota
from providers.upstream.clock import Clock
from providers.upstream.lanes import Lane, Turns, Waiter
from providers.upstream.windows import OpenWindow, Permit, Window, WindowKey, WindowSpec, open_window

SHORTEST_TIMER = 0.001
"""Wall and monotonic time drift apart: without a least step a timer that comes a hair early would spin."""


class Permits(Protocol):
    """Gives permits and keeps count. Every permit is settled once: answered, refused, lost or given back.

    Settling never waits, so that it also works while a call is being cancelled; an implementation that counts
    elsewhere sends these on by itself.
    """

    def register(self, account_id: str, specs: Sequence[WindowSpec]) -> None:
        """The account uses these windows."""
        ...

    def unregister(self, account_id: str) -> None:
        """The account uses no windows any more; its waiting calls keep theirs."""
        ...

    def forget(self, account_id: str) -> None:
        """The account is gone. Windows that it shares stay, and so do counts until their time is over."""
        ...

    async def acquire(self, account_id: str, specs: Sequence[WindowSpec], caller: Caller) -> Permit:
        """A permit from all of ``specs``. Raises ``RateLimited`` at once if none can come by ``caller.deadline``.

        ``caller.deadline`` may be moved while it waits.
        """
        ...

    def next_in(self, specs: Sequence[WindowSpec]) -> float:
        """In how many seconds all of ``specs`` have a permit to give, whoever gets it."""
        ...

    def promote(self, caller: Caller) -> None:
        """``caller``, an object given to ``acquire``, is interactive now: its waiting calls change lanes."""
        ...

    def sent(self, permit: Permit) -> None:
        """The call leaves only now. May be told more than once."""
        ...

    def answered(self, permit: Permit, quota: Quota | None) -> None:
        """The PMS answered, other than by a rate limit."""
        ...

    def refused(self, permit: Permit, quota: Quota | None) -> float:
        """The PMS refused the call by a rate limit. Returns for how many seconds the windows are closed."""
        ...

    def lost(self, permit: Permit) -> None:
        """The call was sent, or may have been, and its answer will not be seen."""
        ...

    def give_back(self, permit: Permit) -> None:
        """The call was certainly never sent."""
        ...

    def usage(self) -> list[WindowUsage]:
        """How full the windows are."""
        ...

    def close(self) -> None:
        """Fail all who wait."""
        ...


class MemoryPermits:
    """``Permits`` for one process. Belongs to one event loop; uses one timer, however many wait."""

    def __init__(self, clock: Clock, *, max_waiting: int) -> None:
        self._clock = clock
        self._max_waiting = max_waiting
        self._windows: dict[WindowKey, Window] = {}
        self._lanes: dict[tuple[str, tuple[WindowKey, ...], Priority], Lane] = {}
        self._turns = Turns()
        self._waiting: dict[str, int] = {}
        self._deadlines: list[tuple[float, int, Waiter]] = []
        self._order = count()
        self._timer: asyncio.Handle | None = None
        self._timer_at = inf

    def register(self, account_id: str, specs: Sequence[WindowSpec]) -> None:
        self._sweep()
        for spec in specs:
            window = self._windows.get(spec.key)
            if window is None:
                window = self._windows[spec.key] = open_window(spec, self._clock)
            window.join(account_id, spec)

    def forget(self, account_id: str) -> None:
        for lane in [lane for lane in self._turns.lanes() if lane.account_id == account_id]:
            for waiter in lane.waiters():
                self._fail(waiter, "The account was removed.", None)
        self.unregister(account_id)

    def unregister(self, account_id: str) -> None:
        for window in self._windows.values():
            window.account_ids.discard(account_id)
        self._sweep()

    def _sweep(self) -> None:
        now = self._clock.monotonic()
        idle = [
            key
            for key, window in self._windows.items()
            if not window.account_ids
            and not window.used(now)
            and not any(window.waiting.values())
            and window.blocked_until <= now
        ]
        for key in idle:
            del self._windows[key]

    async def acquire(self, account_id: str, specs: Sequence[WindowSpec], caller: Caller) -> Permit:
        now = self._clock.monotonic()
        lane = self._lane(account_id, specs, caller.priority)
        self._admit(lane, caller, now)
        waiter = Waiter(caller, now, asyncio.get_running_loop().create_future(), lane)
        self._enter(waiter)
        ready = lane.ready_at(now)
        if ready <= now:
            self._dispatch()
        else:  # nobody can be served by this: spare the walk through all lanes
            self._arm(ready)
        if not waiter.ready.done():
            heappush(self._deadlines, (caller.deadline, next(self._order), waiter))
            self._arm(caller.deadline)
        try:
            return await waiter.ready
        except asyncio.CancelledError:
            self._abandon(waiter)
            raise

    def _lane(self, account_id: str, specs: Sequence[WindowSpec], priority: Priority) -> Lane:
        keys = tuple(spec.key for spec in specs)
        lane = self._lanes.get((account_id, keys, priority))
        if lane is None:
            if any(key not in self._windows for key in keys):
                self.register(account_id, specs)
            lane = Lane(account_id, tuple(self._windows[key] for key in keys), priority)
        return lane

    def _admit(self, lane: Lane, caller: Caller, now: float) -> None:
        expected = lane.expected_at(caller.key, now)
        wait = max(0.0, expected - now)
        if max(expected, now) > caller.deadline:
            raise RateLimited(_text(wait), retry_after=wait)
        if self._waiting.get(lane.account_id, 0) >= self._max_waiting:
            raise RateLimited("Too many calls of this account are waiting.", retry_after=wait)

    def _enter(self, waiter: Waiter) -> None:
        lane = waiter.lane
        self._lanes.setdefault((lane.account_id, tuple(window.key for window in lane.windows), lane.priority), lane)
        lane.push(waiter)
        self._turns.join(lane)
        self._waiting[lane.account_id] = self._waiting.get(lane.account_id, 0) + 1

    def _left(self, lane: Lane) -> None:
        """Book-keeping after a waiter has left ``lane``."""
        remaining = self._waiting[lane.account_id] - 1
        if remaining:
            self._waiting[lane.account_id] = remaining
        else:
            del self._waiting[lane.account_id]
        if not lane:
            self._turns.leave(lane)
            self._lanes.pop((lane.account_id, tuple(window.key for window in lane.windows), lane.priority), None)

    def _leave(self, waiter: Waiter) -> None:
        if waiter.lane.remove(waiter):
            self._left(waiter.lane)

    def _abandon(self, waiter: Waiter) -> None:
        """The one who waited is cancelled: a permit that came at the same moment goes to the next."""
        if waiter.ready.cancelled():
            self._leave(waiter)
            now = self._clock.monotonic()
            if not waiter.lane and any(window.free_at(now) <= now for window in waiter.lane.windows):
                self._dispatch()  # a permit may have been kept for it
        elif waiter.ready.exception() is None:
            self.give_back(waiter.ready.result())

    def _fail(self, waiter: Waiter, text: str, retry_after: float | None) -> None:
        self._leave(waiter)
        if not waiter.ready.done():
            waiter.ready.set_exception(RateLimited(text, retry_after=retry_after))

    def _dispatch(self) -> None:
        """Give all permits that can be given now, and set the timer for the next."""
        if not self._turns:
            return
        now = self._clock.monotonic()
        lane, moment = self._turns.next(now)
        while lane is not None:
            self._serve(lane, now)
            lane, moment = self._turns.next(now)
        self._arm(moment)

    def _serve(self, lane: Lane, now: float) -> None:
        waiter = lane.pop()
        self._turns.pass_on(lane)
        self._left(lane)
        if waiter.ready.done():
            return
        permit = Permit(lane.windows, now, now - waiter.since)
        for window in lane.windows:
            window.take(permit)
        lane.served()
        waiter.ready.set_result(permit)

    def _arm(self, moment: float) -> None:
        # The moment is kept here: for the shortest delays uvloop gives a handle that does not know its own.
        if moment == inf or (self._timer is not None and self._timer_at <= moment):
            return
        if self._timer is not None:
            self._timer.cancel()
        loop = asyncio.get_running_loop()
        self._timer_at = max(moment, loop.time() + SHORTEST_TIMER)
        self._timer = loop.call_at(self._timer_at, self._on_timer)

    def _on_timer(self) -> None:
        self._timer = None
        self._expire(self._clock.monotonic())
        self._dispatch()
        if self._deadlines:
            self._arm(self._deadlines[0][0])

    def _expire(self, now: float) -> None:
        if len(self._deadlines) > 2 * sum(self._waiting.values()) + 64:
            self._deadlines = [entry for entry in self._deadlines if not entry[2].ready.done()]
            heapify(self._deadlines)
        while self._deadlines and (self._deadlines[0][0] <= now or self._deadlines[0][2].ready.done()):
            waiter = heappop(self._deadlines)[2]
            if waiter.ready.done():
                continue
            if waiter.caller.deadline > now:
                heappush(self._deadlines, (waiter.caller.deadline, next(self._order), waiter))
            else:
                self._expired(waiter, now)

    def _expired(self, waiter: Waiter, now: float) -> None:
        wait = max(0.0, waiter.lane.ready_at(now) - now)
        self._fail(waiter, _text(wait), wait)

    def next_in(self, specs: Sequence[WindowSpec]) -> float:
        now = self._clock.monotonic()
        known = (self._windows[spec.key] for spec in specs if spec.key in self._windows)
        return max((window.free_at(now) - now for window in known), default=0.0)

    def promote(self, caller: Caller) -> None:
        caller.priority = Priority.INTERACTIVE
        for lane in self._turns.lanes():
            if lane.priority is Priority.INTERACTIVE:
                continue
            for waiter in lane.waiters():
                if waiter.caller is caller:
                    self._leave(waiter)
                    keys = tuple(window.key for window in lane.windows)
                    waiter.lane = self._lanes.get((lane.account_id, keys, Priority.INTERACTIVE)) or Lane(
                        lane.account_id, lane.windows, Priority.INTERACTIVE
                    )
                    self._enter(waiter)
        self._dispatch()

    def sent(self, permit: Permit) -> None:
        now = self._clock.monotonic()
        for window in permit.windows:
            window.sent(permit, now)
        permit.at = now

    def answered(self, permit: Permit, quota: Quota | None) -> None:
        if not self._settle(permit):
            return
        for window in permit.windows:
            window.finish(permit)
            window.accepted(permit)
        self._learn(permit, quota)
        self._dispatch()

    def refused(self, permit: Permit, quota: Quota | None) -> float:
        now = self._clock.monotonic()
        if self._settle(permit):
            for window in permit.windows:
                window.finish(permit)
            self._learn(permit, quota)
            told = None
            if quota is not None and quota.blocked_until is not None:
                told = (quota.blocked_until - self._clock.now()).total_seconds()
            for window in _meant(permit, quota):
                window.block(permit, told, now)
            self._give_up_hopeless(now)
            self._dispatch()
        return max((0.0, *(window.blocked_until - now for window in permit.windows)))

    def _learn(self, permit: Permit, quota: Quota | None) -> None:
        windows = _meant(permit, quota)
        if quota is not None and len(windows) == 1:  # of several windows, nobody knows which the figures describe
            windows[0].learn(permit, quota)

    def _give_up_hopeless(self, now: float) -> None:
        """Fail at once those whose deadline comes before the PMS accepts calls again."""
        for lane in self._turns.lanes():
            ready = lane.ready_at(now)
            for waiter in lane.waiters():
                if waiter.caller.deadline < ready:
                    self._fail(waiter, _text(ready - now), ready - now)

    def lost(self, permit: Permit) -> None:
        if self._settle(permit):
            for window in permit.windows:
                window.finish(permit)

    def give_back(self, permit: Permit) -> None:
        if self._settle(permit):
            for window in permit.windows:
                window.give_back(permit)
            self._dispatch()

    @staticmethod
    def _settle(permit: Permit) -> bool:
        was_open = not permit.settled
        permit.settled = True
        return was_open

    def usage(self) -> list[WindowUsage]:
        now = self._clock.monotonic()
        return [
            self._usage(window, now)
            for window in self._windows.values()
            if not isinstance(window, OpenWindow) and window.account_ids
        ]

    def _usage(self, window: Window, now: float) -> WindowUsage:
        wall = self._clock.now()
        key = window.key
        blocked = window.blocked_until - now
        return WindowUsage(
            provider=key.provider,
            scope=key.scope,
            identity=key.identity,
            charge=key.charge,
            kind=key.kind,
            account_ids=tuple(sorted(window.account_ids)),
            limit=window.limit,
            seconds=key.seconds,
            used=window.used(now),
            waiting=sum(window.waiting.values()),
            next_permit_at=wall + timedelta(seconds=window.free_at(now) - now),
            blocked_until=wall + timedelta(seconds=blocked) if blocked > 0 else None,
        )

    def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        for lane in self._turns.lanes():
            for waiter in lane.waiters():
                self._fail(waiter, "StayGraph is shutting down.", None)


def _meant(permit: Permit, quota: Quota | None) -> Sequence[Window]:
    """The windows that ``quota`` speaks about: those of its scope, or all where it names none that we know."""
    scope: LimitScope | None = None if quota is None else quota.scope
    return [window for window in permit.windows if window.key.scope is scope] or permit.windows


def _text(wait: float) -> str:
    return f"The PMS's rate limit allows no call in time; the next one can go in about {ceil(wait)} s."
