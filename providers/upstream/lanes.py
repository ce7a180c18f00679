"""Who waits for a permit, and in what order they are served.

A lane holds the waiting calls of one account that need the same windows at the same priority. In a lane, callers take
turns and each caller's calls go in order.
"""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Iterator
from dataclasses import dataclass
from math import inf

from providers.upstream.caller import Caller, Priority
from providers.upstream.windows import Permit, Window

BACKGROUND_SHARE = 5
"""While background callers wait for a window, at least every fifth permit that it gives is theirs."""


@dataclass(eq=False, slots=True)
class Waiter:
    """A call in line since ``since``. ``ready`` is set to its permit, or fails."""

    caller: Caller
    since: float
    ready: "asyncio.Future[Permit]"
    lane: "Lane"


class Lane:
    """A line of waiters for one set of windows."""

    def __init__(self, account_id: str, windows: tuple[Window, ...], priority: Priority) -> None:
        self.account_id = account_id
        self.windows = windows
        self.priority = priority
        self._queues: OrderedDict[str, deque[Waiter]] = OrderedDict()
        self._size = 0

    def __len__(self) -> int:
        return self._size

    def waiters(self) -> list[Waiter]:
        return [waiter for queue in self._queues.values() for waiter in queue]

    def push(self, waiter: Waiter) -> None:
        self._queues.setdefault(waiter.caller.key, deque()).append(waiter)
        self._count(1)

    def pop(self) -> Waiter:
        """The waiter whose turn it is; the next turn is another caller's. The lane must not be empty."""
        key, queue = next(iter(self._queues.items()))
        waiter = queue.popleft()
        if queue:
            self._queues.move_to_end(key)
        else:
            del self._queues[key]
        self._count(-1)
        return waiter

    def remove(self, waiter: Waiter) -> bool:
        """Take ``waiter`` out of line. False if it is no longer in it."""
        queue = self._queues.get(waiter.caller.key)
        if queue is None or waiter not in queue:
            return False
        queue.remove(waiter)
        if not queue:
            del self._queues[waiter.caller.key]
        self._count(-1)
        return True

    def _count(self, change: int) -> None:
        was_busy = self._size > 0
        self._size += change
        lanes = (self._size > 0) - was_busy
        for window in self.windows:
            window.waiting[self.priority] += change
            window.busy_lanes[self.priority] += lanes

    def ahead_of(self, key: str) -> int:
        """How many waiters of this lane are served before a new one of caller ``key``."""
        own = len(self._queues.get(key, ()))
        if own == 0:
            return len(self._queues)
        others = sum(min(len(queue), own + 1) for name, queue in self._queues.items() if name != key)
        return own + others

    def expected_at(self, key: str, now: float) -> float:
        """When a new call of caller ``key`` would be served, if all lanes take turns and nobody else comes."""
        ahead = self.ahead_of(key)
        return max((window.nth_free_at(self._place(window, ahead), now) for window in self.windows), default=now)

    def _place(self, window: Window, ahead: int) -> int:
        """The place in line for ``window`` of a call with ``ahead`` others before it in this lane. 1 is the next."""
        waiting = window.waiting[self.priority] - self._size
        rivals = window.busy_lanes[self.priority] - (self._size > 0)
        before = ahead + min(waiting, rivals * (ahead + 1))
        if self.priority is Priority.BACKGROUND:
            before += min(window.waiting[Priority.INTERACTIVE], (BACKGROUND_SHARE - 1) * (before + 1))
        else:
            before += min(window.waiting[Priority.BACKGROUND], before // (BACKGROUND_SHARE - 1) + 1)
        return before + 1

    def ready_at(self, now: float) -> float:
        """When all windows of the lane have a permit to give."""
        return max((window.free_at(now) for window in self.windows), default=now)

    def due(self) -> bool:
        """Whether background callers have been passed over long enough."""
        return self.priority is Priority.BACKGROUND and any(
            window.interactive_run >= BACKGROUND_SHARE - 1 for window in self.windows
        )

    def served(self) -> None:
        """Keep account of turns between the priorities. To be called after each permit given to this lane."""
        for window in self.windows:
            if self.priority is Priority.BACKGROUND or not window.waiting[Priority.BACKGROUND]:
                window.interactive_run = 0
            else:
                window.interactive_run += 1

    def would_delay(self, other: "Lane", ready_at: float, now: float) -> bool:
        """Whether a permit given to this lane now takes away the one that ``other`` could have at ``ready_at``."""
        return any(window in other.windows and window.room_at(ready_at, now) < 1 for window in self.windows)


class Turns:
    """The lanes with waiters, in order of service: due background, interactive, background; each kind takes turns."""

    def __init__(self) -> None:
        self._rings: dict[Priority, dict[Lane, None]] = {priority: {} for priority in Priority}

    def __bool__(self) -> bool:
        return any(self._rings.values())

    def lanes(self) -> list[Lane]:
        return [*self._rings[Priority.INTERACTIVE], *self._rings[Priority.BACKGROUND]]

    def join(self, lane: Lane) -> None:
        """``lane`` has a waiter. It keeps its place if it is here already."""
        self._rings[lane.priority].setdefault(lane)

    def leave(self, lane: Lane) -> None:
        """``lane`` has no more waiters."""
        self._rings[lane.priority].pop(lane, None)

    def pass_on(self, lane: Lane) -> None:
        """``lane`` has had its turn: the others of its kind come first now."""
        self.leave(lane)
        if lane:
            self.join(lane)

    def next(self, now: float) -> tuple[Lane | None, float]:
        """The lane to be given a permit now, or None and the moment to ask again (infinity: not without an event).

        The first lane that must wait has its future permit kept: lanes behind it may go before it only where that does
        not delay it. Otherwise a call that needs two busy windows at once could be overtaken for ever by calls that
        need one of them.
        """
        first: Lane | None = None
        first_ready = moment = inf
        for lane in self._in_order():
            ready = lane.ready_at(now)
            if ready > now:
                moment = min(moment, ready)
                if first is None:
                    first, first_ready = lane, ready
            elif first is None or not lane.would_delay(first, first_ready, now):
                return lane, now
        return None, moment

    def _in_order(self) -> Iterator[Lane]:
        background = self._rings[Priority.BACKGROUND]
        due = {lane: None for lane in background if lane.due()}
        yield from due
        yield from self._rings[Priority.INTERACTIVE]
        yield from (lane for lane in background if lane not in due)
