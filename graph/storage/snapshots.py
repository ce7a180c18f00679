"""Short memories of what the database holds, so that a busy process does not ask it for every operation."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Collection, Hashable, Iterable, Mapping
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
    ``max_entries``. ``load_all`` gives what ``load`` would for many keys, for ``look_ahead``.
    """

    def __init__(
        self,
        load: Callable[[K], Awaitable[V]],
        *,
        clock: Clock,
        max_age: float = SNAPSHOT_SECONDS,
        max_entries: int = 1000,
        load_all: Callable[[Collection[K]], Awaitable[Mapping[K, V]]] | None = None,
    ) -> None:
        self._load = load
        self._load_all = load_all
        self._clock = clock
        self._max_age = max_age
        self._max_entries = max_entries
        self._held: OrderedDict[K, tuple[float, V]] = OrderedDict()
        self._loading: dict[K, asyncio.Future[V]] = {}
        self._ahead: set[asyncio.Task[None]] = set()

    async def get(self, key: K) -> V:
        """The value, at most ``max_age`` seconds old."""
        held = self._held.get(key)
        age = self._max_age if held is None else self._clock.monotonic() - held[0]
        if held is not None and age < self._max_age * _FRESH:
            return held[1]
        loading = self._loading.get(key)
        if loading is None:
            loading = self._loading[key] = asyncio.create_task(self._run(key))
            loading.add_done_callback(lambda done: self._landed(key, done))
        return held[1] if held is not None and age < self._max_age else await asyncio.shield(loading)

    async def look_ahead(self, keys: Iterable[K]) -> None:
        """Load those of ``keys`` together that ``get`` would load anew, and wait until they are there.

        Raises what ``load_all`` raises, which must have been given.
        """
        now = self._clock.monotonic()
        due = [key for key in dict.fromkeys(keys) if key not in self._loading and not self._is_fresh(key, now)]
        if not due:
            return
        assert self._load_all is not None  # noqa: S101  # as the contract says
        loop = asyncio.get_running_loop()
        loading: dict[K, asyncio.Future[V]] = {key: loop.create_future() for key in due}
        self._loading |= loading
        task = asyncio.create_task(self._run_all(self._load_all, loading))
        self._ahead.add(task)
        task.add_done_callback(self._ahead.discard)
        # Others may wait for some of them, too.
        await asyncio.shield(task)

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
            self._hold(key, asked, value)
        return value

    async def _run_all(
        self,
        load_all: Callable[[Collection[K]], Awaitable[Mapping[K, V]]],
        loading: Mapping[K, "asyncio.Future[V]"],
    ) -> None:
        asked = self._clock.monotonic()
        try:
            found = await load_all(loading.keys())
        except BaseException as error:
            for key, each in loading.items():
                if isinstance(error, Exception):
                    each.set_exception(error)
                else:
                    each.cancel()
                self._landed(key, each)
            raise
        for key, each in loading.items():
            if self._loading.get(key) is each:
                self._hold(key, asked, found[key])
            each.set_result(found[key])
            self._landed(key, each)

    def _hold(self, key: K, asked: float, value: V) -> None:
        self._held[key] = (asked, value)
        self._held.move_to_end(key)
        if len(self._held) > self._max_entries:
            self._held.popitem(last=False)

    def _is_fresh(self, key: K, now: float) -> bool:
        held = self._held.get(key)
        return held is not None and now - held[0] < self._max_age * _FRESH

    def _landed(self, key: K, loading: "asyncio.Future[V]") -> None:
        if self._loading.get(key) is loading:
            del self._loading[key]
        if not loading.cancelled():
            # Whoever waited has the error; if nobody is left, it has no hearer.
            loading.exception()
