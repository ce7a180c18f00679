"""Short memories of what the database holds, so that a busy process does not ask it for every operation."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

from providers.upstream.clock import Clock

_FRESH = 0.5
"""The part of a value's time after which whoever asks for it has it loaded anew."""

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

SNAPSHOT_SECONDS = 1.0
"""How long a change made by another process may go unseen."""


class Snapshots(Generic[K, V]):
    """What ``load`` gave for a key, for at most ``max_age`` seconds since it was asked.

    One load serves all that wait for the same key. What is asked for again and again is loaded anew before it is too
    old, while its value is still given: nobody waits for it every second. ``drop`` makes the next ``get`` load anew,
    also if a load is under way: that one may have begun before the change. The least recently loaded keys leave beyond
    ``max_entries``.
    """

    def __init__(
        self,
        load: Callable[[K], Awaitable[V]],
        *,
        clock: Clock,
        max_age: float = SNAPSHOT_SECONDS,
        max_entries: int = 1000,
    ) -> None:
        self._load = load
        self._clock = clock
        self._max_age = max_age
        self._max_entries = max_entries
        self._held: OrderedDict[K, tuple[float, V]] = OrderedDict()
        self._loading: dict[K, asyncio.Task[V]] = {}

    async def get(self, key: K) -> V:
        """The value, at most ``max_age`` seconds old."""
        held = self._held.get(key)
        age = self._max_age if held is None else self._clock.monotonic() - held[0]
        if held is not None and age < self._max_age * _FRESH:
            return held[1]
        task = self._loading.get(key)
        if task is None:
            task = self._loading[key] = asyncio.create_task(self._run(key))
            task.add_done_callback(lambda done: self._landed(key, done))
        return held[1] if held is not None and age < self._max_age else await asyncio.shield(task)

    def drop(self, key: K) -> None:
        """Forget a key: it was changed."""
        self._held.pop(key, None)
        self._loading.pop(key, None)

    def clear(self) -> None:
        """Forget all: what they are made of was changed."""
        self._held.clear()
        self._loading.clear()

    async def _run(self, key: K) -> V:
        # Counted from the question, not from the answer: that is the instant the answer is true for.
        asked = self._clock.monotonic()
        value = await self._load(key)
        if self._loading.get(key) is asyncio.current_task():
            self._held[key] = (asked, value)
            self._held.move_to_end(key)
            if len(self._held) > self._max_entries:
                self._held.popitem(last=False)
        return value

    def _landed(self, key: K, task: asyncio.Task[V]) -> None:
        if self._loading.get(key) is task:
            del self._loading[key]
        if not task.cancelled():
            # Whoever waited has the error; if nobody is left, it has no hearer.
            task.exception()
