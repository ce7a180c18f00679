"""The windows in which a PMS counts calls, as far as we can know them.

Times are seconds of the loop's monotonic time, except where a name says ``wall`` (seconds since the Unix epoch).
"""

from abc import ABC, abstractmethod
from bisect import bisect_left, bisect_right, insort
from dataclasses import dataclass, field
from math import ceil, inf
from typing import NamedTuple

from providers.manifest import LimitScope, WindowKind
from providers.upstream.caller import Priority
from providers.upstream.calls import Quota
from providers.upstream.clock import Clock

LONGEST_BLOCK = 120.0
"""Most seconds that a refusal closes a sliding window, whatever the PMS says: a wrong number must not end all calls."""

FIRST_UNTOLD_BLOCK = 30.0
"""Most seconds of the first block after a refusal that names no time: half an hour-long window would be a guess."""


class WindowKey(NamedTuple):
    """What makes two windows the same: calls of all accounts with equal keys are counted together."""

    provider: str
    scope: LimitScope
    identity: str
    charge: str | None
    seconds: int
    kind: WindowKind


@dataclass(frozen=True, slots=True)
class WindowSpec:
    """A window as the manifest declares it, for one identity."""

    key: WindowKey
    calls: int
    margin: float


@dataclass(eq=False, slots=True)
class Permit:
    """The right to send one call, taken from all of ``windows`` at ``at`` after ``waited`` seconds in line."""

    windows: tuple["Window", ...]
    at: float
    waited: float
    settled: bool = False
    marks: dict[WindowKey, int] = field(default_factory=dict)


class Window(ABC):
    """What is common to all windows: who uses it, who waits for it, and until when the PMS refuses."""

    def __init__(self, spec: WindowSpec, clock: Clock) -> None:
        self.key = spec.key
        self.limit = max(1, spec.calls)
        self.margin = spec.margin
        self.clock = clock
        self.account_ids: set[str] = set()
        self.blocked_until = -inf
        self.waiting = dict.fromkeys(Priority, 0)
        self.busy_lanes = dict.fromkeys(Priority, 0)
        self.interactive_run = 0
        """Permits given to interactive callers in a row while background callers waited."""
        self._refusals = 0
        self._refused_at = -inf

    @property
    def seconds(self) -> int:
        return self.key.seconds

    def join(self, account_id: str, spec: WindowSpec) -> None:
        """``account_id`` uses this window, too. Where two accounts declare it differently, the stricter one holds."""
        alone = self.account_ids <= {account_id}
        self.limit = max(1, spec.calls) if alone else min(self.limit, max(1, spec.calls))
        self.margin = spec.margin if alone else max(self.margin, spec.margin)
        self.account_ids.add(account_id)

    def free_at(self, now: float) -> float:
        """When the next permit can be given: ``now`` or later."""
        return self.nth_free_at(1, now)

    def nth_free_at(self, number: int, now: float) -> float:
        """When the ``number``-th permit from now (1: the next) can be given if all before it are given at once."""
        return max(self._nth_free_at(number, now), self.blocked_until)

    @abstractmethod
    def _nth_free_at(self, number: int, now: float) -> float: ...

    @abstractmethod
    def room_at(self, moment: float, now: float) -> int:
        """How many permits are free at ``moment`` if one more is given now and no other until then."""

    @abstractmethod
    def used(self, now: float) -> int:
        """Calls counted at present."""

    @abstractmethod
    def take(self, permit: Permit) -> None:
        """Count ``permit``."""

    @abstractmethod
    def give_back(self, permit: Permit) -> None:
        """Uncount ``permit``, whose call was never sent."""

    @abstractmethod
    def sent(self, permit: Permit, at: float) -> None:
        """The call of ``permit`` leaves only at ``at``."""

    @abstractmethod
    def finish(self, permit: Permit) -> None:
        """The call of ``permit`` is no longer on its way."""

    @abstractmethod
    def learn(self, permit: Permit, quota: Quota) -> None:
        """Correct the count by what the PMS says."""

    @abstractmethod
    def longest_block(self, now: float) -> float:
        """Most seconds from ``now`` that a refusal can close this window."""

    def accepted(self, permit: Permit) -> None:
        """The PMS accepted a call that was sent after the last refusal: back-off starts anew."""
        if permit.at > self._refused_at:
            self._refusals = 0

    def block(self, permit: Permit, seconds: float | None, now: float) -> None:
        """Close the window for ``seconds``, or, where the PMS says no time, for longer with each refusal.

        Calls that were under way together are refused together: that is one refusal, not many.
        """
        if seconds is None or seconds <= 0:
            if permit.at <= self._refused_at and self.blocked_until > now:
                return
            seconds = min(self.seconds / 2, FIRST_UNTOLD_BLOCK) * 2.0 ** min(self._refusals, 16)
            self._refusals += 1
        else:
            seconds += self.margin
        self._refused_at = now
        self.blocked_until = max(self.blocked_until, now + min(seconds, self.longest_block(now)))


class SlidingWindow(Window):
    """At most ``limit`` calls in any ``seconds``: a log of the moments at which calls were sent.

    The margin lengthens the window because the PMS counts arrivals: the first call of a burst may travel longer than
    the first one after it.
    """

    def __init__(self, spec: WindowSpec, clock: Clock) -> None:
        super().__init__(spec, clock)
        self._log: list[float] = []

    @property
    def period(self) -> float:
        return self.seconds + self.margin

    def _forget(self, now: float) -> None:
        # The same sum as in _nth_free_at, so that rounding can never make one call it full and the other empty.
        if self._log and self._log[0] + self.period <= now:
            del self._log[: bisect_right(self._log, now, key=lambda at: at + self.period)]

    def _nth_free_at(self, number: int, now: float) -> float:
        self._forget(now)
        rounds, place = divmod(number - 1, self.limit)
        index = place - (self.limit - len(self._log))
        first = now if index < 0 else self._log[index] + self.period
        return first + rounds * self.period

    def room_at(self, moment: float, now: float) -> int:
        alive = len(self._log) - bisect_right(self._log, moment, key=lambda at: at + self.period)
        return self.limit - alive - (1 if now + self.period > moment else 0)

    def used(self, now: float) -> int:
        self._forget(now)
        return len(self._log)

    def take(self, permit: Permit) -> None:
        insort(self._log, permit.at)

    def _strike_out(self, at: float) -> bool:
        index = bisect_left(self._log, at)
        if index < len(self._log) and self._log[index] == at:
            del self._log[index]
            return True
        return False

    def give_back(self, permit: Permit) -> None:
        self._strike_out(permit.at)

    def sent(self, permit: Permit, at: float) -> None:
        self._strike_out(permit.at)
        insort(self._log, at)

    def finish(self, permit: Permit) -> None:
        """Nothing: the log holds the call until its time is over."""

    def learn(self, permit: Permit, quota: Quota) -> None:
        """Lower the limit if the PMS names a lower one, and count calls that others have made.

        A higher limit than configured is not believed: the operator may have chosen the lower one on purpose. What a
        refusal says about the remainder is left aside: the time that it names says more.
        """
        if quota.limit is not None and 0 < quota.limit < self.limit:
            self.limit = quota.limit
        if quota.remaining is not None and quota.blocked_until is None:
            now = self.clock.monotonic()
            counted = min((quota.limit or self.limit) - quota.remaining, self.limit)
            for _ in range(counted - self.used(now)):
                insort(self._log, now)

    def longest_block(self, now: float) -> float:
        return LONGEST_BLOCK


class ClockWindow(Window):
    """At most ``limit`` calls between two moments of the PMS's clock: a counter that starts anew.

    Other programs may share the budget, so the count is ours plus what the PMS's answers show beyond it. Calls near the
    change of windows, and calls on their way then, may be counted on either side: we count them on both.
    """

    def __init__(self, spec: WindowSpec, clock: Clock) -> None:
        super().__init__(spec, clock)
        self._ends_wall = (self._wall() // self.seconds + 1) * self.seconds
        self._generation = 0
        self._on_the_way: set[Permit] = set()
        self._granted = 0
        self._arrived = 0
        self._arrived_late = 0
        self._foreign = 0

    def _wall(self) -> float:
        return self.clock.now().timestamp()

    def _turn(self) -> float:
        """Begin a new window if the old one is over. Returns the wall time."""
        wall = self._wall()
        if self._ends_wall - wall > self.seconds + self.margin:  # the machine's clock was set back
            self._ends_wall -= ((self._ends_wall - wall) // self.seconds) * self.seconds
        if wall >= self._ends_wall + self.margin:
            passed = int((wall - self.margin - self._ends_wall) // self.seconds) + 1
            self._start(self._ends_wall + passed * self.seconds, just_ended=passed == 1)
        return wall

    def _start(self, ends_wall: float, *, just_ended: bool) -> None:
        self._arrived = self._arrived_late if just_ended else 0
        self._granted = len(self._on_the_way) + self._arrived
        self._arrived_late = 0
        self._foreign = 0
        self._ends_wall = ends_wall
        self._generation += 1
        for permit in self._on_the_way:
            permit.marks[self.key] = self._generation

    def _opens_in(self, wall: float) -> float:
        return self._ends_wall + self.margin - wall

    def _nth_free_at(self, number: int, now: float) -> float:
        wall = self._turn()
        free = max(0, self.limit - self._granted - self._foreign)
        if number <= free:
            return now
        return now + self._opens_in(wall) + (ceil((number - free) / self.limit) - 1) * self.seconds

    def room_at(self, moment: float, now: float) -> int:
        if moment >= now + self._opens_in(self._turn()):
            return self.limit
        return self.limit - self._granted - self._foreign - 1

    def used(self, now: float) -> int:
        self._turn()
        return self._granted + self._foreign

    def take(self, permit: Permit) -> None:
        self._turn()
        self._granted += 1
        self._on_the_way.add(permit)
        permit.marks[self.key] = self._generation

    def give_back(self, permit: Permit) -> None:
        self._turn()
        if permit in self._on_the_way:
            self._on_the_way.remove(permit)
            self._granted -= 1

    def sent(self, permit: Permit, at: float) -> None:
        """Nothing: a call on its way is counted in the window that begins meanwhile, too."""

    def finish(self, permit: Permit) -> None:
        wall = self._turn()
        if permit in self._on_the_way:
            self._on_the_way.remove(permit)
            self._arrived += 1
            if wall >= self._ends_wall - self.margin:
                self._arrived_late += 1

    def learn(self, permit: Permit, quota: Quota) -> None:
        """Take over limit, end and count as the answer tells them.

        The PMS's count holds our calls that have arrived and those of others. Calls of ours still on their way are
        added to it, since it need not hold them yet; once they have arrived the figure is exact again.
        """
        wall = self._turn()
        if quota.limit is not None and quota.limit > 0:
            self.limit = quota.limit
        if quota.reset_at is not None:
            told = quota.reset_at.timestamp()
            if told <= wall:
                return
            told = min(told, wall + self.seconds)
            if told - self._ends_wall > self.seconds / 2:  # the PMS's clock is ahead: its next window has begun
                self._start(told, just_ended=True)
            self._ends_wall = told
        elif permit.marks.get(self.key) != self._generation:
            return
        if quota.remaining is not None:
            counted = max(0, self.limit - quota.remaining)
            self._foreign = max(0, counted - self._arrived)

    def longest_block(self, now: float) -> float:
        return self.seconds + self.margin


class OpenWindow(Window):
    """No known limit: it only remembers until when the PMS refuses calls."""

    def _nth_free_at(self, number: int, now: float) -> float:
        return now

    def room_at(self, moment: float, now: float) -> int:
        return self.limit

    def used(self, now: float) -> int:
        return 0

    def take(self, permit: Permit) -> None:
        """Nothing is counted."""

    def give_back(self, permit: Permit) -> None:
        """Nothing was counted."""

    def sent(self, permit: Permit, at: float) -> None:
        """Nothing is counted."""

    def finish(self, permit: Permit) -> None:
        """Nothing was counted."""

    def learn(self, permit: Permit, quota: Quota) -> None:
        """Nothing is counted."""

    def longest_block(self, now: float) -> float:
        return LONGEST_BLOCK


UNLIMITED = 1_000_000_000
"""The declared calls of a window that has no limit."""


def open_window(spec: WindowSpec, clock: Clock) -> Window:
    """The window that ``spec`` declares."""
    if spec.calls >= UNLIMITED:
        return OpenWindow(spec, clock)
    if spec.key.kind is WindowKind.CLOCK:
        return ClockWindow(spec, clock)
    return SlidingWindow(spec, clock)
