"""Renews what is asked for often shortly before it grows too old, with calls that nobody else wants."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from graph.gateway.keeper import Keeper, Renewal
from graph.gateway.operation import Freshness
from graph.gateway.store import Key
from providers.upstream.accounts import WindowUsage
from providers.upstream.clock import Clock

MAX_KEYS = 500
"""Keys whose asking is counted; the one not asked for longest leaves first."""

HALF_LIFE = 300.0
"""Seconds in which a count halves: what was asked for an hour ago is not asked for often."""

OFTEN = 3.0
"""The count from which on a key is renewed."""

STILL_WANTED = 3.0
"""A key that nobody asked for in so many of its ages is left alone, however often it was asked for before."""

RENEWED_AT = 0.8
"""The part of its age at which an answer is renewed."""

AT_ONCE = 2
"""Renewals at a time."""

TICK = 1.0
"""Seconds between looks at what is due."""


@dataclass(slots=True)
class _Asked:
    """How often a key was asked for, decaying: ``heat`` as of ``at``; how to renew it, and its age in seconds."""

    heat: float
    at: datetime
    renewal: Renewal
    max_age: float

    def heat_at(self, now: datetime) -> float:
        return float(self.heat * 0.5 ** (max(0.0, (now - self.at).total_seconds()) / HALF_LIFE))


class Warming:
    """Counts what clients ask for without naming an age, and renews it. ``usage`` tells how full the windows are."""

    def __init__(self, keeper: Keeper, clock: Clock, usage: Callable[[], Iterable[WindowUsage]]) -> None:
        self._keeper = keeper
        self._clock = clock
        self._usage = usage
        self._asked: OrderedDict[Key, _Asked] = OrderedDict()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Count from now on, and renew, until ``aclose``."""
        self._keeper.when_asked(self.note)
        self._task = asyncio.create_task(self._run())

    async def aclose(self) -> None:
        """Stop."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def note(self, key: Key, renewal: Renewal, freshness: Freshness) -> None:
        """A key was asked for. An age that a client names is its own business: only the usual age is kept to."""
        if freshness.strict or freshness.max_age <= 0:
            return
        now = self._clock.now()
        known = self._asked.pop(key, None)
        heat = known.heat_at(now) if known else 0.0
        self._asked[key] = _Asked(heat + 1.0, now, renewal, freshness.max_age)
        if len(self._asked) > MAX_KEYS:
            self._asked.popitem(last=False)

    async def renew_due(self) -> None:
        """Renew the most wanted of what is due, as far as there is room in its account's windows."""
        due = await self._due()
        chosen: list[Key] = []
        for key in due:
            if len(chosen) < AT_ONCE and self._has_room(key.account):
                chosen.append(key)
        await asyncio.gather(*(self._keeper.behind_all(self._asked[key].renewal.renew) for key in chosen))

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(TICK)
            await self.renew_due()

    async def _due(self) -> list[Key]:
        now = self._clock.now()
        due: list[tuple[float, Key]] = []
        for key, asked in list(self._asked.items()):
            heat = asked.heat_at(now)
            if heat < OFTEN or (now - asked.at).total_seconds() > STILL_WANTED * asked.max_age:
                continue
            read_at = await asked.renewal.read_at()
            if read_at is not None and (now - read_at).total_seconds() >= RENEWED_AT * asked.max_age:
                due.append((heat, key))
        return [key for _, key in sorted(due, reverse=True)]

    def _has_room(self, account_id: str) -> bool:
        """Whether at least half of every window of the account is free, and nobody waits."""
        return all(
            window.used * 2 <= window.limit and not window.waiting and window.blocked_until is None
            for window in self._usage()
            if account_id in window.account_ids
        )
