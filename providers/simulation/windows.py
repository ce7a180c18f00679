"""Limits as a PMS enforces them: deliberately not StayGraph's own limiter, so that each checks the other."""

import math
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

MOST_WINDOWS = 20_000
"""How many windows are remembered; the one longest unused is forgotten first."""

ROUNDING = 1e-6
"""A caller that waits exactly as long as it was told must not miss the mark by the rounding of a float."""


@dataclass(frozen=True, slots=True)
class Charge:
    """At most ``calls`` calls of ``key`` in any ``seconds`` seconds; with ``clock``, in each such stretch."""

    key: str
    calls: int
    seconds: float
    clock: bool = False


@dataclass(frozen=True, slots=True)
class Refusal:
    """Which charge refused a call, and how many seconds later it would be granted."""

    charge: Charge
    seconds: float


class Windows:
    """Counts calls in windows. ``now`` gives seconds (Unix time, if windows are to begin at full hours).

    With ``count_refused`` a refused call uses up the budget like a granted one.
    """

    def __init__(self, now: Callable[[], float], *, count_refused: bool = False) -> None:
        self._now = now
        self._count_refused = count_refused
        self._times: OrderedDict[Charge, deque[float]] = OrderedDict()

    def charge(self, key: str, calls: int, seconds: float, *, clock: bool = False) -> float | None:
        """Count a call of ``key``. None: granted. Else the seconds until a call would be granted."""
        refusal = self.charge_all([Charge(key, calls, seconds, clock)])
        return None if refusal is None else refusal.seconds

    def charge_all(self, charges: Sequence[Charge]) -> Refusal | None:
        """Count a call in all windows, or in none if one refuses. The refusal with the longest wait."""
        now = self._now()
        refusals = [Refusal(each, wait) for each in charges if (wait := self._wait(each, now)) > 0]
        if not refusals or self._count_refused:
            for each in charges:
                self._remember(each).append(now)
        return max(refusals, key=lambda refusal: refusal.seconds, default=None)

    def remaining(self, charge: Charge) -> int:
        """How many more calls this window would grant now."""
        now = self._now()
        opens = _opens(charge, now)
        return charge.calls - sum(at > opens for at in self._times.get(charge, ()))

    def resets_in(self, charge: Charge) -> float:
        """Seconds until the window would be empty again if nobody called."""
        now = self._now()
        if charge.clock:
            return _opens(charge, now) + ROUNDING + charge.seconds - now
        times = self._times.get(charge)
        return max(0.0, times[-1] + charge.seconds - now) if times else 0.0

    def clear(self) -> None:
        """Forget all calls."""
        self._times.clear()

    def _wait(self, charge: Charge, now: float) -> float:
        if charge.calls <= 0:
            return charge.seconds
        if self.remaining(charge) > 0:
            return 0.0
        if charge.clock:
            return self.resets_in(charge)
        return max(self._times[charge][0] + charge.seconds - now, ROUNDING)

    def _remember(self, charge: Charge) -> deque[float]:
        """The times of the newest calls: no more than the window grants are ever needed to decide."""
        times = self._times.setdefault(charge, deque(maxlen=max(charge.calls, 1)))
        self._times.move_to_end(charge)
        while len(self._times) > MOST_WINDOWS:
            self._times.popitem(last=False)
        return times


def _opens(charge: Charge, now: float) -> float:
    """Calls later than this are in the window."""
    if charge.clock:
        return math.floor(now / charge.seconds) * charge.seconds - ROUNDING
    return now - charge.seconds + ROUNDING
