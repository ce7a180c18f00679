"""How often an account is polled, and when a poll may make a call: people's operations come first.

That depends on the account's budget, on whether its webhooks arrive, and on how the last polls went.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from providers.manifest import LimitScope
from providers.upstream.accounts import WindowUsage

ALONE = timedelta(seconds=60)
"""Between two polls of an account whose PMS sends no webhooks, or none that arrive."""

BESIDE_WEBHOOKS = timedelta(minutes=10)
"""The same where webhooks arrive: polling finds what got lost."""

RARELY = timedelta(hours=1)
"""Never less often, whatever failed."""

SHARE = 0.1
"""The part of a PMS's limit that polling may take, of all accounts that share it, however busy they are."""

RESERVE = 12
"""Calls of a window that polling leaves to people, at least: about what one of their operations takes at once."""

PATIENCE = timedelta(seconds=20)
"""So long a poll waits for a window that people use, before it takes of the ``SHARE``."""

_FULL = 0.5


@dataclass(frozen=True, slots=True)
class Pace:
    """What the interval depends on. ``windows`` are those of all accounts; ``failures`` are of polls in a row."""

    receives: bool
    failures: int
    windows: Iterable[WindowUsage]

    def interval(self, account_id: str) -> timedelta:
        """How long to wait before the account is polled again."""
        pause = BESIDE_WEBHOOKS if self.receives else ALONE
        for window in self.windows:
            if account_id in window.account_ids:
                pause = max(pause, _apart(window) * max(1, len(window.account_ids)))
                if window.used > window.limit * _FULL or window.waiting or window.blocked_until is not None:
                    # Others need it now.
                    pause *= 2
        longer: timedelta = pause * (1 << min(self.failures, 10))
        return min(longer, max(RARELY, pause))


def _apart(window: WindowUsage) -> timedelta:
    """One call each such time takes the ``SHARE`` of the window."""
    return timedelta(seconds=window.seconds / (window.limit * SHARE))


class _Name(NamedTuple):
    """What makes two windows the same."""

    provider: str
    scope: LimitScope
    identity: str
    seconds: int


class Budget:
    """What is left of the windows for polling.

    A call may be made while it leaves half of each window, and ``RESERVE`` calls, to people. One that has waited for
    that in vain may be made as long as polling takes no more than its ``SHARE``. ``usage`` tells how full the windows
    are, ``now`` the time (aware UTC).
    """

    def __init__(self, usage: Callable[[], Iterable[WindowUsage]], now: Callable[[], datetime]) -> None:
        self._usage = usage
        self._now = now
        self._calling: Counter[_Name] = Counter()
        self._called_at: dict[_Name, datetime] = {}

    def pause(self, account_id: str, since: datetime) -> timedelta:
        """How long a call of the account, wanted ``since`` then, has to wait at least; zero: it may be made now."""
        return max((self._pause(window, since) for window in self._windows(account_id)), default=timedelta())

    @contextmanager
    def calling(self, account_id: str) -> Iterator[None]:
        """A call of the account is made in the block."""
        names = [_name(window) for window in self._windows(account_id)]
        self._called_at |= dict.fromkeys(names, self._now())
        self._calling.update(names)
        try:
            yield
        finally:
            self._calling.subtract(names)

    def _windows(self, account_id: str) -> list[WindowUsage]:
        """Those that a poll's calls count in: calls with a charge of their own are none of its."""
        return [window for window in self._usage() if account_id in window.account_ids and window.charge is None]

    def _pause(self, window: WindowUsage, since: datetime) -> timedelta:
        if self._is_idle(window):
            return timedelta()
        apart = _apart(window)
        called_at = self._called_at.get(_name(window), since)
        pause = max(since + PATIENCE, called_at + apart) - self._now()
        return min(max(timedelta(), pause), max(PATIENCE, apart))  # not longer, if the clock was set back

    def _is_idle(self, window: WindowUsage) -> bool:
        if window.waiting or window.blocked_until is not None:
            return False
        # Those under way may be counted already: rather one too few than one too many.
        left = window.limit - window.used - self._calling[_name(window)] - 1
        return left >= max(window.limit * _FULL, RESERVE)


def _name(window: WindowUsage) -> _Name:
    return _Name(window.provider, window.scope, window.identity, window.seconds)
